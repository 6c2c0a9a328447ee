"""What is wrong with a sheet's dimensions: a number that its own line belies, partial ones that miss the overall one.

Only where the text was read surely and the line bears marks; a wrong finding is worse than a missed one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from planroom.geometry import box_of
from planroom.records import Dimension, Finding, Sheet
from planroom.units import INCH_M, write_like, written_step_m

_SURE: Final = 1.0  # a letter that was read off pixels is a likelier mistake than one on the drawing
_LEAST_AGREEING: Final = 5  # dimensions of a sheet: fewer show nothing against one
_MOST_DIFFERING: Final = 0.1  # of a sheet's: where more differ it is the reading that is wrong
_LIKELY: Final = 2.5  # beyond such a factor it is the line that was taken for another
_BESIDE: Final = 15.0  # heights of a text, between a chain and its overall dimension
_LEVEL, _JOINT = 0.3, 0.3  # heights of a text, between dimensions of one line, and between their ends
_ROOM: Final = 0.5  # heights of a text, round what a finding shows
_STEPS_M: Final = (0.1, 0.05, 0.01, 0.005, 0.001)
_STEPS_IN: Final = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)


class _Piece(NamedTuple):
    """A dimension along its own direction: which, its distance from the origin, where it begins and ends, and the
    height of its text.
    """

    of: Dimension
    direction: int  # whole degrees below 180
    level: float
    start: float
    end: float
    height: float


def check_dimensions(sheet: Sheet) -> Iterator[Finding]:
    """The dimensions of a sheet that differ from their lines, and the chains that do not add up."""
    sure = _sure(_piece(one) for one in sheet.dimensions)
    differing = find_differing(sheet.dimensions)
    for one in differing:
        drawn = write_like(one.text, one.value_m, one.length_m)
        words = f"{one.text} is written where the line is {drawn} long"
        yield Finding("dimension-differs", "warning", sheet.id, _box_px(sheet, [one]), words, [one.id])
    told = {one.id for one in differing}
    exact = _are_exact(sure)
    for overall, chain in _chains(sure):
        members = [overall, *chain]
        sum_m = math.fsum(one.value_m for one in chain)
        allowed_m = _rounding_m(members, 0.0 if exact else _common_step_m(members))
        if abs(sum_m - overall.value_m) > allowed_m and not told.intersection(one.id for one in members):
            total = write_like(overall.text, overall.value_m, sum_m)
            words = f"{' + '.join(one.text for one in chain)} makes {total}, and {overall.text} is written over them"
            ids = [one.id for one in members]
            yield Finding("dimension-sum", "warning", sheet.id, _box_px(sheet, members), words, ids)


def _are_exact(sure: list[_Piece]) -> bool:
    """Whether numbers are drawn to the last digit that is written. They may all be whole centimetres because the
    building is, or because they were rounded: then the lines are not.
    """
    off = [
        (abs(one.of.value_m - one.of.length_m), written_step_m(one.of.text, one.of.value_m))
        for one in sure
        if one.of.agrees
    ]
    return bool(off) and median(off_m - step_m / 2 for off_m, step_m in off) <= 0


def find_differing(dimensions: list[Dimension]) -> list[Dimension]:
    """Those that surely do not agree with their lines where nearly all others of a sheet do; nothing else stands on
    these.
    """
    pieces = [_piece(one) for one in dimensions]
    sure = _sure(pieces)
    agreeing = sum(one.of.agrees for one in sure)
    off = [one for one in sure if not one.of.agrees]
    if agreeing < _LEAST_AGREEING or len(off) > max(1, _MOST_DIFFERING * len(sure)):
        return []
    likely = [one for one in off if 1 / _LIKELY < one.of.value_m / one.of.length_m < _LIKELY]
    return [one.of for one in likely if not any(_overlap(one, other) for other in pieces if other is not one)]


def _sure(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Those whose letters the file holds, on lines that bear marks; not what is said to be about so long."""
    return [one for one in pieces if one.of.is_marked and one.of.score >= _SURE and "±" not in one.of.text]


def _chains(sure: list[_Piece]) -> Iterator[tuple[Dimension, list[Dimension]]]:
    """Each overall dimension with the partial ones beside it that go from its one end to its other, without a gap."""
    by_direction: dict[int, list[_Piece]] = {}
    for one in sure:
        by_direction.setdefault(one.direction, []).append(one)
    for along in by_direction.values():
        for overall in along:
            beside = [
                one
                for one in along
                if _LEVEL * one.height < abs(one.level - overall.level) < _BESIDE * overall.height
                and one.start > overall.start - _JOINT * one.height
                and one.end < overall.end + _JOINT * one.height
            ]
            for line in _lines(beside):
                if len(line) > 1 and _covers(line, overall):
                    yield overall.of, [one.of for one in line]


def _lines(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces of one direction that lie on one line, in order, line by line."""
    line: list[_Piece] = []
    for one in sorted(pieces, key=lambda one: one.level):
        if line and one.level - line[0].level > _LEVEL * one.height:
            yield sorted(line, key=lambda one: one.start)
            line = []
        line.append(one)
    if line:
        yield sorted(line, key=lambda one: one.start)


def _covers(line: list[_Piece], overall: _Piece) -> bool:
    """Whether each piece begins where the last one ended, from the one end of the overall piece to its other."""
    near = _JOINT * overall.height
    joined = all(abs(one.end - two.start) < near for one, two in pairwise(line))
    return joined and abs(line[0].start - overall.start) < near and abs(line[-1].end - overall.end) < near


def _overlap(one: _Piece, two: _Piece) -> bool:
    """Whether both are drawn on one line, in part at least."""
    height = min(one.height, two.height)
    level = one.direction == two.direction and abs(one.level - two.level) < _LEVEL * height
    return level and min(one.end, two.end) - max(one.start, two.start) > _JOINT * height


def _rounding_m(dimensions: list[Dimension], step_m: float) -> float:
    """By how much numbers may miss their sum where each was rounded, to its last digit or to steps of `step_m`; feet to
    the finest fraction among them.
    """
    if any(written_step_m(one.text, one.value_m) == 0.0 for one in dimensions):
        step_m = _common_step_m(dimensions)
    halves = (max(step_m, written_step_m(one.text, one.value_m)) / 2 for one in dimensions)
    return math.fsum(halves) + 1e-6


def _common_step_m(dimensions: list[Dimension]) -> float:
    """The largest step of a rule that all are whole in."""
    feet = any(written_step_m(one.text, one.value_m) == 0.0 for one in dimensions)
    steps_m = [step * INCH_M for step in _STEPS_IN] if feet else _STEPS_M
    return next((step for step in steps_m if all(_is_whole(one.value_m, step) for one in dimensions)), steps_m[-1])


def _is_whole(value_m: float, step_m: float) -> bool:
    return abs(value_m / step_m - round(value_m / step_m)) < 1e-3


def _piece(one: Dimension) -> _Piece:
    x0, y0, x1, y1 = one.ends
    direction = round(math.degrees(math.atan2(y1 - y0, x1 - x0))) % 180
    cos, sin = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    start, end = sorted((x0 * cos + y0 * sin, x1 * cos + y1 * sin))
    level = ((y0 + y1) * cos - (x0 + x1) * sin) / 2
    return _Piece(one, direction, level, start, end, _height(one))


def _height(one: Dimension) -> float:
    """Of its text, which runs along the longer side of its box."""
    x0, y0, x1, y1 = one.box
    return min(x1 - x0, y1 - y0)


def _box_px(sheet: Sheet, dimensions: list[Dimension]) -> tuple[float, float, float, float]:
    """The box round texts and lines, in pixels, with some room, so that its frame does not cross what it shows."""
    points = np.array([four for one in dimensions for four in (one.ends, one.box)], np.float64).reshape(-1, 2)
    x0, y0, x1, y1 = box_of(sheet.to_px(points))
    room = _ROOM * min(map(_height, dimensions)) * sheet.px_per_unit
    return x0 - room, y0 - room, x1 + room, y1 + room
