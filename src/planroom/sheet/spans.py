"""Where a dimension text's line lies: between which marks, and whether these are ticks, dots or arrowheads for sure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from planroom.records import Floats, Linework, Text

_RING_POINTS = 24  # of an arrowhead or a dot
_LEVEL = 0.08  # of a text's height: pieces so near are one line


class Span(NamedTuple):
    """What a text may measure: from one mark to the next on a line beside it, in sheet units.

    ends: x0, y0, x1, y1, in the direction of reading. is_marked: the line is drawn from end to end, and both ends
    bear what only dimensions have: a slanted tick, a dot, an arrowhead.
    """

    ends: tuple[float, float, float, float]
    length: float
    is_marked: bool


class _Lines(NamedTuple):
    """Segments (N, 4) with their vectors, lengths and an index of where they lie; the middles (K, 2) and the sizes
    (K,) of fills with few corners.
    """

    segments: Floats
    vector: Floats
    length: Floats
    tree: shapely.STRtree
    spots: Floats
    spot_size: Floats


class _Level(NamedTuple):
    """A line along a text: its point nearest to the text's middle, where it ends, its pieces (K, 2) from there on."""

    at: Floats
    low: float
    high: float
    pieces: Floats


def find_spans(linework: Linework, texts: list[Text]) -> list[list[Span]]:
    """For each text the spans that it may stand for, the shortest first; the text stands in the middle of each."""
    segments = linework.segments_xyxy
    if len(segments) == 0 or not texts:
        return [[] for _ in texts]
    vector = segments[:, 2:] - segments[:, :2]
    rings = [ring for ring in linework.fills if 2 < len(ring) <= _RING_POINTS]
    low = np.array([ring.min(axis=0) for ring in rings]).reshape(-1, 2)
    high = np.array([ring.max(axis=0) for ring in rings]).reshape(-1, 2)
    lines = _Lines(
        segments,
        vector,
        np.hypot(vector[:, 0], vector[:, 1]),
        shapely.STRtree(shapely.linestrings(segments.reshape(-1, 2, 2))),
        (low + high) / 2,
        (high - low).max(axis=1, initial=0.0),
    )
    return [_spans_of(lines, text) for text in texts]


def _spans_of(lines: _Lines, text: Text) -> list[Span]:
    turn = np.radians(text.angle)
    u = np.array([np.cos(turn), np.sin(turn)])
    found: dict[float, Span] = {}
    for level in _levels(lines, text, u):
        for start, end in _between(lines, level, u, text.height):
            length = round(end - start, 4)
            marked = _is_drawn(level.pieces, start, end, text) and all(
                _is_mark(lines, level, place, u, text.height) for place in (start, end)
            )
            if length not in found or (marked and not found[length].is_marked):
                ends = (*(level.at + u * start).tolist(), *(level.at + u * end).tolist())
                found[length] = Span(ends, length, marked)
    return [found[length] for length in sorted(found)]


def _levels(lines: _Lines, text: Text, u: Floats) -> list[_Level]:
    """The lines along a text, pieces of one line together."""
    n, at = np.array([-u[1], u[0]]), np.array([text.x, text.y])
    half = _half(text)
    near = lines.tree.query(shapely.Point(at).buffer(half + 2.6 * text.height))
    near = near[(np.abs(lines.vector[near] @ n) <= 0.02 * lines.length[near]) & (lines.length[near] > 1e-9)]
    level = (lines.segments[near, :2] - at) @ n
    ends = np.sort(np.stack([(lines.segments[near, i : i + 2] - at) @ u for i in (0, 2)], axis=1), axis=1)
    clear = np.where(np.abs(level) < 0.7 * text.height, half, 0.0) + 1.2 * text.height
    fits = (np.abs(level) <= 2.4 * text.height) & (ends[:, 0] <= clear) & (ends[:, 1] >= -clear)
    level, ends = level[fits], ends[fits]
    order = np.argsort(level)
    found = []
    for group in np.split(order, np.flatnonzero(np.diff(level[order]) > _LEVEL * text.height) + 1):
        if len(group) == 0:
            continue
        low, high = float(ends[group, 0].min()), float(ends[group, 1].max())
        longest = group[np.argmax(ends[group, 1] - ends[group, 0])]
        if high - low > 1.2 * text.height:  # strokes of letters are shorter
            found.append(_Level(at + n * level[longest], low, high, ends[group]))
    return found


def _between(lines: _Lines, level: _Level, u: Floats, height: float) -> list[tuple[float, float]]:
    """From where to where it is round the text between marks that cross the line; a gap for the text joins on."""
    at, n = level.at, np.array([-u[1], u[0]])
    reach = max(level.high - level.low, height) + 8 * height
    strip = shapely.LineString([at + u * (level.low - reach), at + u * (level.high + reach)])
    near = lines.tree.query(strip, predicate="dwithin", distance=0.15 * height)
    slant = np.abs(lines.vector[near] @ n) > 0.3 * lines.length[near]
    marks = near[slant & (lines.length[near] > 0.2 * height)]
    a, b = lines.segments[marks, :2] - at, lines.segments[marks, 2:] - at
    da, db = a @ n, b @ n
    share = np.clip(np.where(np.abs(da - db) > 1e-9, da / np.where(da == db, 1, da - db), 0.5), 0, 1)
    position = np.sort((a + (b - a) * share[:, None]) @ u)
    position = position[np.diff(position, prepend=-np.inf) > 0.02 * height]
    left, right = position[position < -0.2 * height], position[position > 0.2 * height]
    if len(left) == 0 or len(right) == 0:
        return []
    # the text stands in the middle of what it measures
    best = [
        (start, end)
        for start in left[-4:].tolist()
        for end in right[:4].tolist()
        if abs(end + start) < 0.12 * (end - start) + 0.3 * height and end - start > height
    ]
    return sorted(best, key=lambda pair: abs(pair[0] + pair[1]))[:4]


def _is_drawn(pieces: Floats, start: float, end: float, text: Text) -> bool:
    """Whether pieces (K, 2) of a line fill it from start to end, but for a gap in which the text stands."""
    slack = 0.2 * text.height
    gap = _half(text) + 1.2 * text.height
    at = start
    for low, high in sorted(map(tuple, pieces.tolist())):
        if low > at + slack and not (at >= -gap and low <= gap):
            return False
        at = max(at, high)
    return at >= end - slack


def _is_mark(lines: _Lines, level: _Level, place: float, u: Floats, height: float) -> bool:
    """Whether the line ends or is crossed squarely there, and a tick, an arrowhead or a dot stands at that place."""
    at, near_by = level.at + u * place, 0.12 * height
    near = lines.tree.query(shapely.Point(at), predicate="dwithin", distance=near_by)
    length = np.maximum(lines.length[near], 1e-9)
    along = np.abs(lines.vector[near] @ u) / length
    ends = bool((np.abs(level.pieces - place) < near_by).any())
    if not ends and not bool(((along < 0.05) & (length > height)).any()):
        return False
    short = (length > 0.3 * height) & (length < 3 * height)
    middle = (lines.segments[near, :2] + lines.segments[near, 2:]) / 2 - at
    tick = short & (along > 0.2) & (along < 0.98) & (np.hypot(*middle.T) < 0.2 * length)
    tips = np.minimum(*(np.hypot(*(lines.segments[near, i : i + 2] - at).T) for i in (0, 2)))
    stroke = short & (along > 0.8) & (along < 0.99) & (tips < near_by)
    if bool(tick.any()) or np.count_nonzero(stroke) > 1:
        return True
    reach = np.hypot(lines.spots[:, 0] - at[0], lines.spots[:, 1] - at[1])
    spot = (lines.spot_size > 0.2 * height) & (lines.spot_size < 2.5 * height)
    return bool((spot & (reach < 0.7 * lines.spot_size)).any())


def _half(text: Text) -> float:
    """About half of how long a text is."""
    return 0.4 * text.height * len(text.string)
