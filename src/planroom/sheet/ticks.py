"""The drawn part of a graphic bar: where its lines end, which of those ends its numbers stand at."""

from __future__ import annotations

import numpy as np

from planroom.records import Floats, Linework

_RING_POINTS = 24


def with_edges(linework: Linework) -> Floats:
    """The segments (N, 4) with the edges of small fills, which is what the black fields of a bar are."""
    rings = [ring for ring in linework.fills if len(ring) <= _RING_POINTS]
    edges = [np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1) for ring in rings]
    return np.concatenate([linework.segments_xyxy, *edges])


def find_ticks(segments: Floats, x0: float, length: float, y: float, height: float) -> Floats:
    """Places along the row where level lines near it end or upright ones cross, (K,) sorted."""
    if len(segments) == 0:
        return np.zeros(0)
    low, high = np.minimum(segments[:, :2], segments[:, 2:]), np.maximum(segments[:, :2], segments[:, 2:])
    reach = 1.5 * height
    near = (high[:, 1] > y - 6 * height) & (low[:, 1] < y + 6 * height)
    near &= (high[:, 0] > x0 - reach) & (low[:, 0] < x0 + length + reach)
    wide, tall = high[:, 0] - low[:, 0], high[:, 1] - low[:, 1]
    level = near & (wide > 1.2 * height) & (tall < 0.03 * wide) & (wide < 3 * length)
    upright = near & (tall > 0.25 * height) & (wide < 0.06 * tall) & (tall < 6 * height)
    upright &= np.abs((low[:, 1] + high[:, 1]) / 2 - y) > 0.7 * height  # strokes of the numbers themselves
    if not level.any():
        return np.zeros(0)
    return np.sort(np.concatenate([low[level, 0], high[level, 0], (low[upright, 0] + high[upright, 0]) / 2]))


def fit_ticks(ticks: Floats, x0: float, slope: float, values: Floats, height: float) -> tuple[float, float] | None:
    """Where 0 is and units per number by the ticks that best carry all of `values`; None where some have none."""
    if len(ticks) == 0:
        return None
    begin = ticks[np.abs(ticks - x0) < 1.2 * height]
    finish = ticks[np.abs(ticks - x0 - slope * values[-1]) < 1.2 * height]
    best: tuple[float, float, float] | None = None
    for a in _apart(begin, 0.01 * height):
        for b in _apart(finish, 0.01 * height):
            step = (b - a) / values[-1]
            wanted = a + step * values
            k = (
                np.clip(np.searchsorted(ticks, wanted), 1, len(ticks) - 1)
                if len(ticks) > 1
                else np.zeros(len(values), int)
            )
            nearest = np.where(np.abs(ticks[k] - wanted) < np.abs(ticks[k - 1] - wanted), ticks[k], ticks[k - 1])
            off = np.abs(nearest - wanted)
            if off.max() > 0.15 * height:
                continue
            # a tick is where most of the bar's lines end, among those the one that its number stands nearest to
            reach = 0.08 * height
            ends = np.searchsorted(ticks, wanted + reach) - np.searchsorted(ticks, wanted - reach)
            shift = abs(a - x0) + abs(b - x0 - slope * values[-1])
            cost = float((5 * off.sum() + 0.05 * shift) / height - 0.2 * np.minimum(ends, 5).sum())
            if best is None or cost < best[0]:
                s, c = np.polyfit(values, nearest, 1)
                best = (cost, float(c), float(s))
    return best[1:] if best else None


def is_spanned(segments: Floats, x0: float, x1: float, y: float, height: float) -> bool:
    """Whether fields between level lines by the row fill all from `x0` to `x1` and no more, as a bar's do."""
    low, high = np.minimum(segments[:, :2], segments[:, 2:]), np.maximum(segments[:, :2], segments[:, 2:])
    reach, middle = 0.8 * height, (low[:, 1] + high[:, 1]) / 2
    level = (high[:, 1] - low[:, 1] < 0.03 * (high[:, 0] - low[:, 0])) & (high[:, 0] - low[:, 0] > 0.5 * height)
    level &= (np.abs(middle - y) < 5 * height) & (low[:, 0] > x0 - reach) & (high[:, 0] < x1 + reach)
    if not level.any() or np.ptp(middle[level]) < 0.1 * height:
        return False
    at = x0
    for a, b in sorted(zip(low[level, 0].tolist(), high[level, 0].tolist(), strict=True)):
        if a > at + reach:
            return False
        at = max(at, b)
    return at > x1 - reach


def _apart(places: Floats, gap: float) -> Floats:
    """`places`, sorted, without those that repeat another within `gap`; at most 60."""
    kept = places[np.concatenate([[True], np.diff(places) > gap])] if len(places) else places
    return kept[:60]
