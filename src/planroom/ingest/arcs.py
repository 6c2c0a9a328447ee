"""Circular arcs among the bent strokes of a scan, followed along the ink: door swings, bends, bubbles.

A bent stroke gives a circle; the ink under that circle says how far the arc goes. What crosses it does not matter, for
a gap of a few pens is stepped over. Frame: pixels, y down, so angles run clockwise here.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from planroom.ingest.strokes import Bools, Grey
from planroom.records import Floats

_LEAST_RADIUS_PX = 12.0
_MOST_RADIUS_PX = 450.0
_ROUND_PX, _ROUND_SHARE = 0.1, 0.012  # how far, on average, points may lie off their circle: so much and of its radius
_NEAR_PX = 1.6
_LEAST_SWEEP = math.radians(35)
_LEAST_POINTS = 6
_REFINED = 3  # times; the first guess makes short arcs too small
_MOST_BENT = 4_000
_MOSTLY = 0.8  # of its points lie on an arc where a stroke does
_INK_SHARE = 0.35  # of the depth that the bent stroke has: what is fainter is paper


def find_arcs(bent: list[Floats], grey: Grey, pen: float) -> Floats:
    """Arcs (M, 5) as cx, cy, radius, start, sweep that the points (K, 2) of bent strokes lie on, each once."""
    arcs: list[Floats] = []
    bent = sorted((points for points in bent if len(points) >= _LEAST_POINTS), key=len, reverse=True)[:_MOST_BENT]
    middles = np.array([points.mean(0) for points in bent]).reshape(-1, 2)
    for points in bent:
        if arcs and _on_circles(points, np.array(arcs)):
            continue
        circle = _fit(points)
        if circle is None:
            continue
        arc = _followed(circle, points, grey, pen)
        if arc is not None:
            # all points of the arc together tell its circle better than one piece of it
            close = np.flatnonzero(np.hypot(*(middles - arc[:2]).T) < arc[2] + 3)
            near = np.concatenate([bent[k] for k in close if _beside(bent[k], arc).mean() > _MOSTLY] or [points])
            better = _fit(near)
            refined = None if better is None else _followed(better, points, grey, pen)
            arcs.append(arc if refined is None or refined[4] < arc[4] else refined)
    return np.array(arcs, np.float64).reshape(-1, 5)


def on_arcs(ends: Floats, arcs: Floats) -> Bools:
    """Which strokes (N, 4) are chords of one of the arcs: both ends and the middle lie on it."""
    on = np.zeros(len(ends), bool)
    length = np.hypot(*(ends[:, 2:] - ends[:, :2]).T)
    points = np.stack([ends[:, :2], (ends[:, :2] + ends[:, 2:]) / 2, ends[:, 2:]], axis=1)
    for arc in arcs:
        close = np.flatnonzero(np.abs(points[:, 1] - arc[:2]).max(1) < arc[2] + 3)
        close = close[length[close] < 0.75 * arc[2]]
        on[close[_beside(points[close], arc).all(1)]] = True
    return on


def _beside(points: Floats, arc: Floats) -> Bools:
    """Which points (..., 2) lie on the arc, give or take a pixel or two."""
    offset = points - arc[:2]
    off = np.abs(np.hypot(offset[..., 0], offset[..., 1]) - arc[2]) < _NEAR_PX + 0.02 * arc[2]
    slack = 4.0 / arc[2]
    within = (np.arctan2(offset[..., 1], offset[..., 0]) - arc[3] + slack) % math.tau < arc[4] + 2 * slack
    on: Bools = off & within
    return on


def _on_circles(points: Floats, arcs: Floats) -> bool:
    """Whether most of points (K, 2) lie on one of the arcs."""
    spread = np.hypot(*(points.mean(0) - arcs[:, :2]).T)
    return any(_beside(points, arc).mean() > _MOSTLY for arc in arcs[spread < arcs[:, 2] + 3])


def _fit(points: Floats) -> tuple[float, float, float] | None:
    """The circle through points (K, 2) by least squares; None where they lie on none of a sensible size."""
    middle = points.mean(0)
    x, y = (points - middle).T
    square = x * x + y * y
    matrix = np.stack([x, y, np.ones_like(x)], axis=1)
    (a, b, c), *_ = np.linalg.lstsq(matrix, square, rcond=None)
    cx, cy, radius = a / 2, b / 2, math.sqrt(max(a * a / 4 + b * b / 4 + c, 0.0))
    for _ in range(_REFINED):
        far = np.maximum(np.hypot(x - cx, y - cy), 1e-9)
        slopes = np.stack([(cx - x) / far, (cy - y) / far, -np.ones_like(x)], axis=1)
        step, *_ = np.linalg.lstsq(slopes, radius - far, rcond=None)
        cx, cy, radius = cx + step[0], cy + step[1], radius + step[2]
    if not _LEAST_RADIUS_PX <= radius <= _MOST_RADIUS_PX:
        return None
    off = np.abs(np.hypot(x - cx, y - cy) - radius)
    most = _ROUND_PX + _ROUND_SHARE * radius
    if off.mean() > most or off.max() > 4 * most:
        return None
    return float(middle[0] + cx), float(middle[1] + cy), float(radius)


def _followed(circle: tuple[float, float, float], points: Floats, grey: Grey, pen: float) -> Floats | None:
    """The arc of `circle` that is drawn, both ways from the midst of points (K, 2); None where that is too little."""
    cx, cy, radius = circle
    seed, place = points[len(points) // 2], points.astype(np.int64)
    ink = 255.0 - float(np.median(grey[place[:, 1], place[:, 0]]))
    count = math.ceil(math.tau * radius)
    angle = np.arange(count) * math.tau / count + math.atan2(seed[1] - cy, seed[0] - cx)
    offset = np.linspace(-1.0, 1.0, 9) * (pen + 2.0 + _ROUND_SHARE * radius)
    x = (cx + np.cos(angle)[:, None] * (radius + offset)).astype(np.float32)
    y = (cy + np.sin(angle)[:, None] * (radius + offset)).astype(np.float32)
    depth = 255.0 - cv2.remap(grey, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderValue=255)
    aside = (depth * offset).sum(1) / np.maximum(depth.sum(1), 1.0)
    # ink that lies to one side is a wall or a line that the arc runs into
    drawn = (depth[:, 3:6].max(1) > _INK_SHARE * ink) & (np.abs(aside) < 0.3 * (pen + 1.0) + _ROUND_SHARE * radius)
    gap = int(3 * pen + 3)
    after, before = _reach(drawn, gap), _reach(np.roll(drawn[::-1], 1), gap)
    whole = after + before >= count - gap
    sweep = math.tau if whole else (after + before) * math.tau / count
    inked = drawn.mean() if whole else np.take(drawn, np.arange(-before, after + 1), mode="wrap").mean()
    if sweep < _LEAST_SWEEP or sweep * radius < 16 or inked < 0.85:
        return None
    return np.array([cx, cy, radius, angle[-before] if not whole else 0.0, sweep])


def _reach(drawn: Bools, gap: int) -> int:
    """How many steps the ink goes on from the first, over gaps of at most `gap`."""
    inked = np.flatnonzero(drawn)
    if len(inked) == 0 or inked[0] > gap:
        return 0
    breaks = np.flatnonzero(np.diff(inked) > gap)
    return int(inked[breaks[0]] if len(breaks) else inked[-1])
