"""Plane geometry on NumPy arrays: directions, circles through points, chains that bend like arcs.

Angles are radians, counter-clockwise; every function keeps the unit of what it is given.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit_circles(start: Floats, middle: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Centres (N, 2) and radii (N,) of the circles through three points each; radius is inf where they are in line."""
    a, b = middle - start, end - start
    cross = 2 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    aa, bb = (a * a).sum(1), (b * b).sum(1)
    flat = np.abs(cross) < 1e-12 * np.maximum(np.maximum(aa, bb), 1e-300)
    safe = np.where(flat, 1.0, cross)
    offset = np.stack([(b[:, 1] * aa - a[:, 1] * bb) / safe, (a[:, 0] * bb - b[:, 0] * aa) / safe], axis=1)
    radius = np.where(flat, np.inf, np.hypot(offset[:, 0], offset[:, 1]))
    return start + offset, radius


def arc_through(centre: Floats, start: Floats, middle: Floats, end: Floats) -> tuple[float, float]:
    """Start angle and positive, counter-clockwise sweep of the arc from `start` over `middle` to `end`."""
    a0, am, a1 = (math.atan2(p[1] - centre[1], p[0] - centre[0]) for p in (start, middle, end))
    sweep, part = (a1 - a0) % math.tau, (am - a0) % math.tau
    if part <= sweep:
        return a0 % math.tau, sweep
    return a1 % math.tau, math.tau - sweep


def arc_points(arc: Floats, count: int) -> Floats:
    """`count` points (count, 2) along an arc given as cx, cy, radius, start, sweep."""
    angles = arc[3] + np.linspace(0.0, arc[4], count)
    return np.stack([arc[0] + arc[2] * np.cos(angles), arc[1] + arc[2] * np.sin(angles)], axis=1)


def box_of(points: Floats) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of points (K, 2)."""
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def area_of(ring: Floats) -> float:
    """The area inside a ring (K, 2) that does not cross itself, its first point not repeated at the end."""
    x, y = ring.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def flatten_beziers(control: Floats, steps: int) -> Floats:
    """Points (N, steps + 1, 2) along cubic Bézier curves given as (N, 8) control points."""
    t = np.linspace(0.0, 1.0, steps + 1)[None, :, None]
    p = control.reshape(-1, 4, 1, 2)
    return np.asarray(
        (1 - t) ** 3 * p[:, 0] + 3 * t * (1 - t) ** 2 * p[:, 1] + 3 * t * t * (1 - t) * p[:, 2] + t**3 * p[:, 3]
    )
