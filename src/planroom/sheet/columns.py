"""The columns of one table: where their edges are, and which heads stand over one of them and which over several."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from planroom.records import Text
from planroom.sheet.grids import Box, Frame, Rule, Rules
from planroom.sheet.text import join_runs


def part_heads(
    frame: Frame, rules: Rules, heads: list[Text], letter: float
) -> tuple[list[Text], list[tuple[Text, Rule]]]:
    """The columns' own heads, and those of groups with the rule that each stands on: it spans a part of the table."""
    whole = frame.right - frame.left
    shorter = [
        r
        for r in rules.level
        if frame.head.bottom + letter < r.at < frame.head.top - letter
        and r.start > frame.left - letter
        and r.end < frame.right + letter
        and 3 * letter < r.end - r.start < 0.9 * whole
    ]
    own, groups = [], []
    for text in heads:
        under = [r for r in shorter if r.at < text.y and r.start < text.x < r.end]
        if under:
            groups.append((text, under[-1]))  # the highest
        else:
            own.append(text)
    return own, groups


def group_over(
    span: tuple[float, float], groups: list[tuple[Text, Rule]], rules: Rules, top: float, letter: float
) -> tuple[list[Text], Box]:
    """The head of the group that the column from and to `span` belongs to, and its box; without one an empty box."""
    middle = sum(span) / 2
    over = [(text, rule) for text, rule in groups if rule.start < middle < rule.end]
    if not over:
        return [], (span[0], top, span[1], top)
    rule = over[0][1]
    sides = [r.at for r in rules.upright if r.covers(rule.at + 0.2 * letter, top - 0.2 * letter) > 0.7]
    left = max([rule.start, *(x for x in sides if x < middle)])
    right = min([rule.end, *(x for x in sides if x > middle)])
    return [text for text, _ in over if left < text.x < right], (left, rule.at, right, top)


def find_edges(frame: Frame, rules: Rules, heads: list[Text], body: list[Text], letter: float) -> list[float]:
    """The columns' edges from left to right: upright rules, and where there are none the blank between two heads."""
    low, high = frame.box[1], frame.head.bottom + 1.5 * letter
    edges = [frame.left]
    inside = [r for r in rules.upright if frame.left + letter < r.at < frame.right - letter]
    inside = [r for r in inside if r.covers(low, high) > 0.7]
    own = [r for r in inside if r.start > low - 2 * letter and r.end < frame.head.top + 2 * letter]
    for rule in own if 2 * len(own) >= len(inside) else inside:  # the drawing's lines may run through a table
        if rule.at - edges[-1] > letter:
            edges.append(rule.at)
    edges.append(frame.right)
    clusters: list[list[float]] = []
    for text in sorted(join_runs(heads), key=lambda t: t.box[0]):
        if clusters and text.box[0] - clusters[-1][1] < 0.9 * letter:
            clusters[-1][1] = max(clusters[-1][1], text.box[2])
        else:
            clusters.append([text.box[0], text.box[2]])
    if len(edges) == 2:
        clusters = sorted([*clusters, *_headless(clusters, join_runs(body), letter)])
    spans = [(t.box[0], t.box[2]) for t in join_runs([*heads, *body])]
    for one, two in pairwise(clusters):
        start, end = sum(one) / 2, sum(two) / 2
        if not any(start < edge < end for edge in edges):
            edges.append(_blank(start, end, spans, letter))
    return sorted(edges)


def _blank(start: float, end: float, spans: list[tuple[float, float]], letter: float) -> float:
    """The middle of the widest stretch between `start` and `end` that the fewest of `spans` reach over."""
    at = np.arange(start, end, letter / 4)
    crossed = np.zeros(len(at), np.int64)
    for x0, x1 in spans:
        crossed += (at > x0) & (at < x1)
    best, best_length, run = 0, 0, 0
    for k, blank in enumerate((crossed == crossed.min()).tolist()):
        run = run + 1 if blank else 0
        if run > best_length:
            best, best_length = k, run
    return float(at[best] - (best_length - 1) * letter / 8)


def _headless(clusters: list[list[float]], body: list[Text], letter: float) -> list[list[float]]:
    """Where texts stand one under the other that no head stands over: it was not read, or not printed."""
    columns: list[list[float]] = []  # start, end, how many
    for text in sorted(body, key=lambda t: t.box[0]):
        if columns and text.box[0] - columns[-1][1] < letter:
            columns[-1][1:] = max(columns[-1][1], text.box[2]), columns[-1][2] + 1
        else:
            columns.append([text.box[0], text.box[2], 1])
    most = max((many for *_, many in columns), default=0)
    return [
        [start, end]
        for start, end, many in columns
        if many >= max(3, 0.5 * most) and not any(a < end + letter and start - letter < b for a, b in clusters)
    ]
