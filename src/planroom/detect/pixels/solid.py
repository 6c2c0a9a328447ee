"""Walls that are filled: their edges, whether drawn solid, hatched or with one heavy stroke."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.detect.pixels.ink import PEN_PX, level_runs, turned
from planroom.records import Floats

Grey = NDArray[np.uint8]
_MARGIN = 0.035
_THICK_PX = 4.5
_LEAST_PX = 15  # of a straight line
_CORNER_PX = 5  # a corner's rounding in a scan
_ROUNDED_PX = 12.0
_SLANT = 0.1
_ERASE_PX, _FACE_PX = 5, 4  # as wide as a line is drawn over to take it out, and half of that with some room
_PITCH_PX, _DENSE = 17, 0.6  # of a wall's hatch, and how much of the wall it covers then
_HATCHED_PX, _MOST_HATCH_PX = 30, 55  # least length and most thickness of a hatched wall
_STUB_PX, _THIN_PX = 14, 8.5  # the same, least, of one that goes on from another: stubs beside doors, thin partitions
_EDGE_PX = 5  # along either face it is as dense: what stands off a wall's face is none of it
_NEAR_PX = 51
_WALL_SHARE = 0.5  # of a leaf that is solid on one side


def hatched(drawn: Grey, lettered: Grey, flat: Floats, upright: Floats) -> Grey:
    """Where (0 or 1) level lines (N, 4), or upright ones (M, 4), have a wall's hatch between them.

    Short and thin pieces count beside what is surely hatched, where something slants in them. Behind letters (where
    `lettered` is 1) a hatch goes on.
    """
    swap = [1, 0, 3, 2]
    slanting = _drawn_over(_drawn_over(drawn, flat, 0), upright, 0)
    sure, stubs = _hatched(_drawn_over(slanting, upright, 1), slanting, lettered, flat)
    rest = turned(_drawn_over(slanting, flat, 1))
    more = _hatched(rest, turned(slanting), turned(lettered), upright[:, swap])
    sure, stubs = sure | turned(more[0]), stubs | turned(more[1])
    near = cv2.dilate(sure, np.ones((_NEAR_PX, _NEAR_PX), np.uint8))
    _, labels = cv2.connectedComponents(stubs, connectivity=8, ltype=cv2.CV_32S)
    held = np.zeros(int(labels.max()) + 1, np.uint8)
    held[labels[near > 0]] = 1
    filled = sure | (stubs & held[labels])
    return np.asarray(cv2.morphologyEx(filled, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _drawn_over(strokes: Grey, lines: Floats, value: int) -> Grey:
    """The strokes (0 or 1) with lines (N, 4) taken out, or drawn again."""
    rest = strokes.copy()
    for x0, y0, x1, y1 in lines.round().astype(int).tolist():
        cv2.line(rest, (x0, y0), (x1, y1), value, 1 if value else _ERASE_PX)
    return rest


def _hatched(rest: Grey, slanting: Grey, lettered: Grey, lines: Floats) -> tuple[Grey, Grey]:
    """Where (0 or 1) something is drawn everywhere between two level lines (N, 4), surely and in short pieces.

    rest: strokes without those lines; slanting: without upright ones too.
    """
    sure, stubs = np.zeros_like(rest), np.zeros_like(rest)
    near = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((1, _PITCH_PX), np.uint8))
    slanting = cv2.dilate(slanting, np.ones((1, _PITCH_PX), np.uint8))
    lines = lines[lines[:, 2] - lines[:, 0] > _STUB_PX]
    lines = lines[np.argsort(lines[:, 1])]
    for k, (x0, y0, x1, _) in enumerate(lines.tolist()):
        below = lines[k + 1 : int(np.searchsorted(lines[:, 1], y0 + _MOST_HATCH_PX))]
        for u0, v0, u1, _ in below[below[:, 1] > y0 + _THIN_PX].tolist():
            start, end = round(max(x0, u0)), round(min(x1, u1))
            if end - start < _STUB_PX:
                continue
            place = slice(round(y0) + _FACE_PX, round(v0) + 1 - _FACE_PX), slice(start, end)
            strip = near[place]
            dense = strip.mean(0) > _DENSE
            dense &= (strip[:_EDGE_PX].mean(0) > _DENSE) & (strip[-_EDGE_PX:].mean(0) > _DENSE)
            letters = np.asarray(lettered[place].max(0) > 0)
            dense = _read_under(dense, letters)
            whole = slice(round(y0), round(v0)), slice(start, end)
            if v0 - y0 > PEN_PX:
                sure[whole] |= _runs(dense, _HATCHED_PX)
            slants = _read_under(slanting[place].mean(0) > _DENSE, letters)
            stubs[whole] |= _runs(dense & slants, _STUB_PX)
    return sure, stubs


def _read_under(there: NDArray[np.bool_], lettered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is there (N,), and on behind letters (N,) that have it on both sides."""
    known = there | lettered
    known[: int(np.argmax(there))] = False
    known[len(there) - int(np.argmax(there[::-1])) :] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known & ~there, [False]]).astype(np.int8))).reshape(-1, 2)
    for start, end in edges.tolist():
        if not (there[start - 1] and there[end]):
            known[start:end] = False
    return known if there.any() else there


def _runs(there: NDArray[np.bool_], least: int) -> Grey:
    """The runs (1, N), 0 or 1, of what is there (N,) that are long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8))).reshape(-1, 2)
    runs = np.zeros((1, len(there)), np.uint8)
    for start, end in edges[edges[:, 1] - edges[:, 0] >= least].tolist():
        runs[0, start:end] = 1
    return runs


def stroke_edges(lines: Floats, pens: Floats, frame_px: float, across_px: int) -> Floats:
    """Both edges (N, 4) of level lines so thick that they are walls, unless most of them are faces of hollow walls.

    frame_px, across_px: the canvas's longer side, and its height; long lines and those at its edge frame the sheet.
    """
    width, length = pens / 200, lines[:, 2] - lines[:, 0]
    edge_px = _MARGIN * frame_px
    level = lines[:, 1]
    thick = (width > _THICK_PX) & (length < 0.45 * frame_px) & (level > edge_px) & (level < across_px - edge_px)
    lines, width, length = lines[thick], width[thick], length[thick]
    apart = np.abs(lines[:, None, 1] - lines[None, :, 1])
    overlap = np.minimum(lines[:, None, 2], lines[None, :, 2]) - np.maximum(lines[:, None, 0], lines[None, :, 0])
    paired = ((apart > _THICK_PX) & (apart < 70) & (overlap > 0.25 * length[:, None])).any(1)
    if length[paired].sum() > 0.4 * length.sum():
        return np.zeros((0, 4))
    off = np.maximum(width, 6.0)[:, None] / 2 * np.array([0, 1, 0, 1])
    return np.concatenate([lines - off, lines + off])[np.tile(length > 25, 2)]


def drop_leaves(solid: Grey, leaves: Floats, lettered: Grey) -> None:
    """Take thick leaves (L, 4), letters and whatever is too small to be a wall out of what is solid."""
    thick = [leaf for leaf in leaves.tolist() if not _is_in_wall(solid, *leaf)]
    for x0, y0, x1, y1 in thick:
        near = (round(x0 + 0.15 * (x1 - x0)), round(y0 + 0.15 * (y1 - y0)))
        cv2.line(solid, near, (round(x1), round(y1)), 0, PEN_PX + 2)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4, ltype=cv2.CV_32S)
    words = np.bincount(labels[lettered > 0], minlength=len(stats)) > 0.7 * stats[:, cv2.CC_STAT_AREA]
    gone = words | (stats[:, 2:4].max(1) < 3 * PEN_PX)
    solid[gone[labels]] = 0


def _is_in_wall(solid: Grey, x0: float, y0: float, x1: float, y1: float) -> bool:
    """Whether it is solid beside a leaf, on one side or the other: then it is a wall's face beside some arc."""
    length = float(np.hypot(x1 - x0, y1 - y0))
    along = np.linspace(0.2, 0.9, 24)[:, None] * (x1 - x0, y1 - y0)
    off = np.array([[y0 - y1, x1 - x0]]) * PEN_PX / max(length, 1.0)
    for side in (-1, 1):
        x, y = np.rint((x0, y0) + along + side * off).astype(int).T
        beside = solid[np.clip(y, 0, solid.shape[0] - 1), np.clip(x, 0, solid.shape[1] - 1)]
        if beside.mean() > _WALL_SHARE:
            return True
    return False


def solid_edges(solid: Grey, rim_px: float = 0.0) -> Floats:
    """Straight pieces (N, 4) of the outlines of solid areas, in pixels, y down; level and upright ones `rim_px` within
    them.
    """
    level, upright = _level_edges(solid, rim_px), _level_edges(turned(solid), rim_px)
    sides = [_met(level, upright, rim_px), _met(upright, level, rim_px)[:, [1, 0, 3, 2]]]
    contours, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        ring = cv2.approxPolyDP(contour, 1.6, True)[:, 0].astype(np.float64) + 0.5
        edges = np.concatenate([ring, np.roll(ring, -1, 0)], axis=1)
        span = np.abs(edges[:, 2:] - edges[:, :2])
        sides.append(edges[(span.max(1) > _LEAST_PX) & (span.min(1) > _SLANT * span.max(1)) & (span.min(1) > 4)])
    return np.concatenate(sides)


def _level_edges(solid: Grey, rim_px: float) -> Floats:
    """Level upper and lower edges (N, 4) of solid areas, drawn on over a corner's rounding."""
    edges = []
    for way in (-1, 1):
        beyond = np.zeros_like(solid)
        beyond[max(-way, 0) : len(solid) - max(way, 0)] = solid[max(way, 0) : len(solid) - max(-way, 0)]
        for x, y, w, h in level_runs(solid & (1 - beyond), _CORNER_PX + 1, 2):
            if h < 6:
                middle = y + (h - 1) / 2 + way * (0.5 - rim_px)
                edges.append((x - 1.5, middle, x + w + 1.5, middle))
    return np.array(edges, np.float64).reshape(-1, 4)


def _met(edges: Floats, across: Floats, rim_px: float) -> Floats:
    """Level edges (N, 4) drawn on to the upright ones (M, 4, turned) that they nearly meet: symbols round corners."""
    met = edges.copy()
    if len(across):
        at, low, high = across[:, 1], across[:, 0] - _ROUNDED_PX, across[:, 2] + _ROUNDED_PX
        beside = (edges[:, 1, None] > low) & (edges[:, 1, None] < high)
        for column, way in ((0, -1), (2, 1)):
            beyond = way * (at - edges[:, column, None])
            off = np.where(beside & (beyond > (-rim_px - 2 if rim_px > 1 else 0)), np.abs(beyond), np.inf)
            nearest = off.argmin(1)
            near = off.min(1) < _ROUNDED_PX
            met[near, column] = at[nearest[near]]
    return met
