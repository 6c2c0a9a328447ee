"""Dimension strings against the lines under them: what a sheet unit is in metres by what the drawing itself says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.records import Floats, Linework, Text
from planroom.units import parse_lengths

_AGREE = 0.015
_LEAST_DIMENSIONS = 3
_USUAL_M = 2.5


@dataclass(frozen=True, slots=True)
class Measure:
    """Metres in a sheet unit as one kind of evidence gives it, and how many pieces of evidence agree."""

    m_per_unit: float
    agree: int
    of: int


def measure_dimensions(
    linework: Linework, texts: list[Text], hints: list[float], *, imperial: bool = False
) -> Measure | None:
    """What dimension strings give: each text's value over the length between the ticks that it stands between.

    hints: metres per unit that other evidence gives; a bare number ("1280") may be mm, cm or m, and agreement decides.
    imperial: whether the sheet writes feet and inches, so that a bare number on it is a mark.
    """
    candidates = [(t, values) for t in texts if (values := parse_lengths(t.string)) and _is_length(t.string, imperial)]
    lengths = _between_ticks(linework, [t for t, _ in candidates])
    logs: list[tuple[float, float]] = []
    owner: list[int] = []
    for i, ((_, values), spans) in enumerate(zip(candidates, lengths, strict=True)):
        for span in spans:
            for value in (v for v in values if v > 0):
                logs.append((float(np.log(value / span)), float(np.log(value))))
                owner.append(i)
    if not logs:
        return None
    pairs, of = np.array(logs), np.array(owner)
    order = np.argsort(pairs[:, 0])
    x, value_log, of = pairs[order, 0], pairs[order, 1], of[order]
    stop = np.searchsorted(x, x + _AGREE)
    k = _peak(x, value_log, _owners_ahead(of, stop), stop, hints)
    agree = len(np.unique(of[k : stop[k]]))
    dimensioned = len({i for i, spans in enumerate(lengths) if spans})
    if agree < _LEAST_DIMENSIONS or agree < 0.35 * dimensioned:
        return None
    value = np.exp(value_log[k : stop[k]])
    span = value / np.exp(x[k : stop[k]])  # the longer, the less its ends' places matter
    return Measure(float((value * span).sum() / (span * span).sum()), agree, dimensioned)


def _peak(x: Floats, value_log: Floats, votes: Floats, stop: NDArray[np.int64], hints: list[float]) -> int:
    """Where the window begins that most dimensions agree in.

    Bare numbers agree as well in millimetres as in centimetres: then what they come to should be as long as dimensions
    are, and a hint outweighs a factor of some five in that, not of ten.
    """
    hinted = votes.copy()
    for hint in hints:
        hinted += 0.5 * (np.abs(x + _AGREE / 2 - np.log(hint)) < _AGREE)
    best = int(np.argmax(hinted))
    found, cost = best, np.inf
    for unit in np.log([1e-3, 1e-2, 0.1, 1, 10, 100, 1e3]):
        near = np.flatnonzero(np.abs(x - x[best] - unit) < _AGREE)
        if len(near) == 0:
            continue
        k = int(near[np.argmax(hinted[near])])
        if votes[k] < 0.8 * votes[best]:
            continue
        named = any(abs(np.median(x[k : stop[k]]) - np.log(hint)) < _AGREE for hint in hints)
        unlikely = abs(float(np.median(value_log[k : stop[k]])) - np.log(_USUAL_M)) - (np.log(5.5) if named else 0)
        if unlikely < cost - 1e-9:
            cost, found = unlikely, k
    return found


def _is_length(string: str, imperial: bool) -> bool:
    """Whether a number may be a dimension: "7" and "07" are marks, as are all bare ones among feet."""
    digits = string.strip()
    return not digits.isdigit() or (len(digits) > 1 and digits[0] != "0" and not imperial)


def _owners_ahead(of: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
    """How many different owners (N,) stand in each window of[i:stop[i]]; stop never falls."""
    inside: Counter[int] = Counter()
    votes = np.zeros(len(of))
    reach = 0
    for i, (owner, end) in enumerate(zip(of.tolist(), stop.tolist(), strict=True)):
        inside.update(of[reach:end].tolist())
        reach = end
        votes[i] = len(inside)
        inside[owner] -= 1
        if not inside[owner]:
            del inside[owner]
    return votes


class _Lines(NamedTuple):
    """Segments (N, 4) with their vectors, lengths and an index of where they lie."""

    segments: Floats
    vector: Floats
    length: Floats
    tree: shapely.STRtree


def _between_ticks(linework: Linework, texts: list[Text]) -> list[list[float]]:
    """For each text the lengths, in sheet units, that it may stand for: between marks on the lines under it."""
    segments = linework.segments_xyxy
    if len(segments) == 0 or not texts:
        return [[] for _ in texts]
    vector = segments[:, 2:] - segments[:, :2]
    tree = shapely.STRtree(shapely.linestrings(segments.reshape(-1, 2, 2)))
    lines = _Lines(segments, vector, np.hypot(vector[:, 0], vector[:, 1]), tree)
    found = []
    for text in texts:
        turn = np.radians(text.angle)
        u = np.array([np.cos(turn), np.sin(turn)])
        spans: list[float] = []
        for at, low, high in _levels(lines, text, u):
            spans.extend(_spans(lines, at, u, low, high, text.height))
        found.append(sorted(set(np.round(spans, 4).tolist())))
    return found


def _levels(lines: _Lines, text: Text, u: Floats) -> list[tuple[Floats, float, float]]:
    """The lines along a text, pieces of one line together: the point of each nearest to it, and where it ends."""
    n, at = np.array([-u[1], u[0]]), np.array([text.x, text.y])
    half = 0.4 * text.height * len(text.string)
    near = lines.tree.query(shapely.Point(at).buffer(half + 2.6 * text.height))
    near = near[(np.abs(lines.vector[near] @ n) <= 0.02 * lines.length[near]) & (lines.length[near] > 1e-9)]
    level = (lines.segments[near, :2] - at) @ n
    ends = np.sort(np.stack([(lines.segments[near, i : i + 2] - at) @ u for i in (0, 2)], axis=1), axis=1)
    clear = np.where(np.abs(level) < 0.7 * text.height, half, 0.0) + 1.2 * text.height
    fits = (np.abs(level) <= 2.4 * text.height) & (ends[:, 0] <= clear) & (ends[:, 1] >= -clear)
    level, ends = level[fits], ends[fits]
    order = np.argsort(level)
    found = []
    for group in np.split(order, np.flatnonzero(np.diff(level[order]) > 0.08 * text.height) + 1):
        if len(group) == 0:
            continue
        low, high = float(ends[group, 0].min()), float(ends[group, 1].max())
        longest = group[np.argmax(ends[group, 1] - ends[group, 0])]
        if high - low > 1.2 * text.height:  # strokes of letters are shorter
            found.append((at + n * level[longest], low, high))
    return found


def _spans(lines: _Lines, at: Floats, u: Floats, low: float, high: float, height: float) -> list[float]:
    """The gap round `at` between the marks that cross the line from `low` to `high`; a gap for the text joins on."""
    segments, vector, length, tree = lines
    reach = max(high - low, height) + 8 * height
    strip = shapely.LineString([at + u * (low - reach), at + u * (high + reach)])
    near = tree.query(strip, predicate="dwithin", distance=0.15 * height)
    slant = np.abs(vector[near] @ np.array([-u[1], u[0]])) > 0.3 * length[near]
    marks = near[slant & (length[near] > 0.2 * height)]
    n = np.array([-u[1], u[0]])
    a, b = segments[marks, :2] - at, segments[marks, 2:] - at
    da, db = a @ n, b @ n
    share = np.clip(np.where(np.abs(da - db) > 1e-9, da / np.where(da == db, 1, da - db), 0.5), 0, 1)
    position = np.sort((a + (b - a) * share[:, None]) @ u)
    left, right = position[position < -0.2 * height], position[position > 0.2 * height]
    if len(left) == 0 or len(right) == 0:
        return []
    # the text stands in the middle of what it measures
    best = [
        end - start
        for start in left[-4:].tolist()
        for end in right[:4].tolist()
        if abs(end + start) < 0.12 * (end - start) + 0.3 * height and end - start > height
    ]
    return best[:4]


def is_imperial(texts: list[Text]) -> bool:
    """Whether the sheet is written in feet and inches."""
    feet = sum("'" in t.string and bool(parse_lengths(t.string)) for t in texts)
    metric = sum("'" not in t.string and bool(parse_lengths(t.string)) and len(t.string) > 2 for t in texts)
    return feet > 2 and feet > 0.3 * metric
