"""The rules of tables, made whole out of a sheet's lines; which of them end alike; and what a table is made of.

The rules that part a table's rows start and end at the same places, whatever else crosses them, and whether or not
upright ones stand between them: that is what tells a table from the rest of a drawing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from planroom.records import Floats, Linework, Text

Box = tuple[float, float, float, float]

_MOST = 20_000  # rules looked at, the longest: a sheet with more is full of hatching


class Rule(NamedTuple):
    """A line along one axis: where it lies across it, where it starts and ends along it."""

    at: float
    start: float
    end: float

    def covers(self, start: float, end: float) -> float:
        """How much of the stretch from `start` to `end` the rule runs along, 0 to 1."""
        return max(0.0, min(self.end, end) - max(self.start, start)) / max(end - start, 1e-9)


class Rules(NamedTuple):
    """The level rules (at: y) and the upright ones (at: x), each sorted by where they lie."""

    level: list[Rule]
    upright: list[Rule]


class Band(NamedTuple):
    """A strip of a table, from its upper to its lower rule."""

    top: float
    bottom: float

    def holds(self, text: Text) -> bool:
        """Whether the text's middle lies in it."""
        return self.bottom < text.y <= self.top


class Frame(NamedTuple):
    """Where one table stands: its left and right edge, the band of its heads, the bands below that."""

    left: float
    right: float
    head: Band
    body: list[Band]

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1."""
        return self.left, self.body[-1].bottom, self.right, self.head.top


class Cell(NamedTuple):
    """What is written in one cell, its lines joined, where it lies, and how sure its reading is (0 to 1)."""

    text: str
    box: Box
    score: float = 1.0


class Grid(NamedTuple):
    """A table's cells: for each column its head and that of its group (empty without one), and the rows."""

    box: Box
    heads: list[Cell]
    groups: list[Cell]
    rows: list[list[Cell]]
    source: str


def find_rules(linework: Linework, letter: float) -> Rules:
    """Every level and upright line longer than a letter, pieces in one line as one; `letter`: a capital's height.

    A line drawn as a thin filled area counts as well; a traced one may be off level by 2 % of its length.
    """
    lines = np.concatenate([linework.segments_xyxy.reshape(-1, 4), _thin_fills(linework, letter)])
    dx, dy = np.abs(lines[:, 2] - lines[:, 0]), np.abs(lines[:, 3] - lines[:, 1])
    level = (dx > 1.2 * letter) & (dy < np.maximum(0.02 * dx, 1e-6)) & (dy < 0.5 * letter)
    upright = (dy > 1.2 * letter) & (dx < np.maximum(0.02 * dy, 1e-6)) & (dx < 0.5 * letter)
    return Rules(_whole(lines[level], 0, letter), _whole(lines[upright], 1, letter))


def _thin_fills(linework: Linework, letter: float) -> Floats:
    """The middle lines (N, 4) of filled areas that are no thicker than a rule."""
    lines = []
    for ring in linework.fills:
        (x0, y0), (x1, y1) = ring.min(0), ring.max(0)
        if min(x1 - x0, y1 - y0) < 0.4 * letter < max(x1 - x0, y1 - y0) / 3:
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            lines.append((x0, y, x1, y) if x1 - x0 > y1 - y0 else (x, y0, x, y1))
    return np.array(lines, np.float64).reshape(-1, 4)


def _whole(lines: Floats, axis: int, letter: float) -> list[Rule]:
    """Lines (N, 4) along `axis` (0: x) as rules: those in one line joined over gaps of a letter and a half."""
    if not len(lines):
        return []
    at = (lines[:, 1 - axis] + lines[:, 3 - axis]) / 2
    start = np.minimum(lines[:, axis], lines[:, axis + 2])
    end = np.maximum(lines[:, axis], lines[:, axis + 2])
    longest = np.argsort(start - end)[:_MOST]
    at, start, end = at[longest], start[longest], end[longest]
    order = np.argsort(at)
    step = np.diff(at[order], prepend=at[order[0]])
    group = np.empty(len(at), np.int64)
    group[order] = np.cumsum(step > 0.25 * letter)
    rules: list[Rule] = []
    last = -1
    weight = 0.0
    for k in np.lexsort((start, group)).tolist():
        if last >= 0 and group[last] == group[k] and start[k] - rules[-1].end < 1.5 * letter:
            old, longer = rules[-1], end[k] - start[k]
            mean = (old.at * weight + at[k] * longer) / (weight + longer)
            weight += longer
            rules[-1] = Rule(float(mean), old.start, max(old.end, float(end[k])))
        else:
            rules.append(Rule(float(at[k]), float(start[k]), float(end[k])))
            weight = float(end[k] - start[k])
        last = k
    return sorted(rules)


def alike(level: Iterable[Rule], letter: float) -> list[list[Rule]]:
    """Level rules that start and end at the same places, within a letter, from the top down; two at least."""
    step = 2 * letter
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    groups: list[list[Rule]] = []
    for rule in sorted(level, key=lambda r: -r.at):
        if rule.end - rule.start < 8 * letter:
            continue
        left, right = round(rule.start / step), round(rule.end / step)
        beside = [(i, j) for i in (left - 1, left, left + 1) for j in (right - 1, right, right + 1)]
        near = (k for place in beside for k in buckets.get(place, ()))
        found = next((k for k in near if _same(groups[k][0], rule, letter)), None)
        if found is None:
            buckets[left, right].append(len(groups))
            groups.append([rule])
        else:
            groups[found].append(rule)
    return [group for group in groups if len(group) > 1]


def _same(one: Rule, two: Rule, letter: float) -> bool:
    return abs(one.start - two.start) < letter and abs(one.end - two.end) < letter
