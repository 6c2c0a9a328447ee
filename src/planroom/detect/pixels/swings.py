"""Door swings in pixels: arcs traced along the strokes of a picture, with the leaves that they carry."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.geometry import fit_circles
from planroom.records import Floats

Grey = NDArray[np.uint8]
_STEPS = (6, 12, 24, 48, 80)
_LEAST_RADIUS_PX = 14.0
_MOST_RADIUS_PX = 420.0
_LEAST_BULGE_PX = 4.0  # less could be a straight stroke
_CLEAR_PX = 8.0  # no other stroke runs beside an arc
_STEP_DEG = 2
_ANGLES = np.radians(np.arange(0, 360, _STEP_DEG))
_LEAF_SLACK_DEG = 14


def trace_swings(drawn: Grey, rest: Grey, solid: Grey) -> tuple[Floats, Floats]:
    """Arcs (M, 5) as in `Linework` that may be door swings, and their leaves (L, 4), in pixels, y down.

    Only arcs of 30 to 125 degrees; those with a leaf are cut where it stands.
    """
    hypotheses = _hypotheses(rest)
    ink = cv2.dilate(drawn | solid, np.ones((3, 3), np.uint8))
    order = np.argsort(-hypotheses[:, 3], kind="stable")
    free = np.ones(len(hypotheses), bool)
    found: list[tuple[float, float, float, float, float, float]] = []
    for k in order.tolist():
        if not free[k]:
            continue
        x, y, radius, _ = hypotheses[k]
        near = np.hypot(hypotheses[:, 0] - x, hypotheses[:, 1] - y) + np.abs(hypotheses[:, 2] - radius)
        free[near < max(5.0, 0.12 * radius)] = False
        # the fit is drawn aside where other ink touches the arc; the better of the two stays
        both = [(float(x), float(y), float(radius)), _refined(drawn, x, y, radius)]
        runs = [_runs(drawn, *circle) for circle in both]
        best = max((0, 1), key=lambda i: sum(sweep * share for _, sweep, share in runs[i]))
        found.extend((*both[best], *run) for run in runs[best])
    return _with_leaves(ink, found)


def _with_leaves(ink: Grey, found: list[tuple[float, float, float, float, float, float]]) -> tuple[Floats, Floats]:
    """Arcs and leaves of what was found: x, y, radius, start, sweep and drawn share; each swing once."""
    rated = []
    for x, y, radius, start, sweep, drawn in found:
        leaf, at, other = max(_leaf(ink, x, y, radius, start, sweep, side) for side in (0, 1))
        if leaf < 0.8:
            rated.append((drawn * 0.5, 0.0, x, y, radius, start, sweep))
            continue
        turn = (other - at + math.pi) % math.tau - math.pi
        if abs(turn) > math.radians(78):  # a door that stands open at a right angle
            turn = math.copysign(math.pi / 2, turn)
        rated.append((leaf + min(abs(turn), 1.6) * drawn, 1.0, x, y, radius, at, turn))
    arcs: list[tuple[float, float, float, float, float]] = []
    leaves: list[tuple[float, float, float, float]] = []
    for _, hung, x, y, radius, start, turn in sorted(rated, reverse=True):
        if not math.radians(28) < abs(turn) < math.radians(125) or any(
            _same(a, (x, y, radius, start, turn)) for a in arcs
        ):
            continue
        arcs.append((x, y, radius, start, turn))
        if hung:
            leaves.append((x, y, x + radius * math.cos(start), y + radius * math.sin(start)))
    table = np.array(arcs, np.float64).reshape(-1, 5)
    back = table[:, 4] < 0
    table[back, 3] += table[back, 4]
    table[back, 4] *= -1
    return table, np.array(leaves, np.float64).reshape(-1, 4)


def _same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether the arc `other` is drawn by the stroke of `one`, seen in part or with a centre that is a little off."""
    at = other[3] + other[4] * np.linspace(0.1, 0.9, 9)
    x, y = other[0] + other[2] * np.cos(at) - one[0], other[1] + other[2] * np.sin(at) - one[1]
    on = np.abs(np.hypot(x, y) - one[2]) < max(4.0, 0.07 * one[2])
    turned = (np.arctan2(y, x) - one[3] - one[4] / 2 + math.pi) % math.tau - math.pi
    return float((on & (np.abs(turned) < abs(one[4]) / 2 + 0.15)).mean()) > 0.6


def _leaf(
    ink: Grey, x: float, y: float, radius: float, start: float, sweep: float, side: int
) -> tuple[float, float, float]:
    """How much of a leaf is drawn near one end of an arc (0 to 1), its angle, and the angle of the arc's other end."""
    end, other = (start, start + sweep) if side == 0 else (start + sweep, start)
    best = (0.0, end, other)
    reach = np.linspace(0.12, 0.92, max(12, int(radius / 2))) * radius
    for off in sorted(range(-_LEAF_SLACK_DEG, _LEAF_SLACK_DEG + 1), key=abs):
        at = end + math.radians(off)
        share = float(_sampled(ink, x + reach * math.cos(at), y + reach * math.sin(at)).mean())
        if share > best[0] + 0.03:
            best = (share, at, other)
    return best


def _sampled(mask: Grey, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Whether there is ink at each place; none beyond the picture."""
    column, row = np.rint(x).astype(int), np.rint(y).astype(int)
    inside = (column >= 0) & (column < mask.shape[1]) & (row >= 0) & (row < mask.shape[0])
    found = np.zeros(len(column), bool)
    found[inside] = mask[row[inside], column[inside]] > 0
    return found


def _hypotheses(mask: Grey) -> Floats:
    """Circles (K, 4) as x, y, radius and votes, from three points in a row on an outline, near ones put together."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    found = [np.zeros((0, 3))]
    for contour in contours:
        points = contour[:, 0].astype(np.float64)
        n = len(points)
        for step in _STEPS:
            if n < 4 * step + 4 or n < 40:
                break
            at = np.arange(0, n, max(1, step // 8))
            first, middle, last = points[at], points[(at + 2 * step) % n], points[(at + 4 * step) % n]
            centre, radius = fit_circles(first, middle, last)
            with np.errstate(invalid="ignore"):
                fits = (radius > _LEAST_RADIUS_PX) & (radius < _MOST_RADIUS_PX)
                fits &= np.hypot(*(last - first).T) > 2.6 * step
                fits &= np.hypot(*((first + last) / 2 - middle).T) > 2.5
                for part in (step // 2, step, 3 * step // 2, 5 * step // 2, 3 * step, 7 * step // 2):
                    between = points[(at + part) % n]
                    fits &= np.abs(np.hypot(*(between - centre).T) - radius) < 1.1
            found.append(np.column_stack([centre, radius])[fits])
    circles = np.concatenate(found)
    bins = np.column_stack([circles[:, :2] / 6, 12 * np.log(circles[:, 2])]).round().astype(np.int64)
    _, owner, votes = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    owner = owner.ravel()
    mean = np.column_stack([np.bincount(owner, circles[:, k], len(votes)) / votes for k in range(3)])
    return np.asarray(np.column_stack([mean, votes])[votes >= 2])


def _refined(mask: Grey, x: float, y: float, radius: float) -> tuple[float, float, float]:
    """The circle fitted to the ink near it."""
    for reach in (4.0, 2.5, 2.5):
        pad = int(radius + reach + 2)
        x0, y0 = max(int(x) - pad, 0), max(int(y) - pad, 0)
        rows, columns = np.nonzero(mask[y0 : max(int(y) + pad, 0), x0 : max(int(x) + pad, 0)])
        px, py = columns + x0 + 0.0, rows + y0 + 0.0
        near = np.abs(np.hypot(px - x, py - y) - radius) < reach
        px, py = px[near] - x, py[near] - y
        if len(px) < 12:
            break
        design = np.column_stack([px, py, np.ones(len(px))])
        solution = np.linalg.lstsq(design, px**2 + py**2, rcond=None)[0]
        moved = math.hypot(solution[0], solution[1]) / 2
        fitted = math.sqrt(max(solution[2] + moved**2, 1.0))
        if moved + abs(fitted - radius) > 0.15 * radius + 3:
            break
        x, y, radius = x + float(solution[0]) / 2, y + float(solution[1]) / 2, fitted
    return x, y, radius


def _runs(mask: Grey, x: float, y: float, radius: float) -> list[tuple[float, float, float]]:
    """Start, sweep and drawn share of each stretch of the circle that is drawn, from 30 to 150 degrees long."""
    rings = {
        off: _sampled(mask, x + (radius + off) * np.cos(_ANGLES), y + (radius + off) * np.sin(_ANGLES))
        for off in (-_CLEAR_PX, -1.0, 0.0, 1.0, _CLEAR_PX)
    }
    drawn = rings[-1.0] | rings[0.0] | rings[1.0]
    alone = drawn & ~rings[-_CLEAR_PX] & ~rings[_CLEAR_PX]
    if drawn.all():
        return []
    shift = int(np.argmin(drawn))
    drawn, alone = np.roll(drawn, -shift), np.roll(alone, -shift)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], drawn, [False]]).astype(int)))
    runs: list[list[int]] = []
    for begin, stop in edges.reshape(-1, 2).tolist():
        if runs and begin - runs[-1][1] <= 4 and stop - begin > 2:
            runs[-1][1] = stop
        else:
            runs.append([begin, stop])
    step = math.radians(_STEP_DEG)
    found = []
    for begin, stop in runs:
        start, sweep = (begin + shift) * step, (stop - begin - 1) * step
        bulge = radius * (1 - math.cos(sweep / 2))
        if 30 <= (stop - begin) * _STEP_DEG <= 150 and bulge > _LEAST_BULGE_PX and alone[begin:stop].mean() > 0.6:
            at = start + sweep * np.linspace(0.15, 0.85, 12)[:, None]
            reach = radius * np.linspace(0.25, 0.85, 8)[None, :]
            filled = _sampled(mask, (x + reach * np.cos(at)).ravel(), (y + reach * np.sin(at)).ravel()).mean()
            if filled < 0.22:
                found.append((start, sweep, float(drawn[begin:stop].mean())))
    return found
