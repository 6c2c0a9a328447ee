"""The strokes of a clean scan as linework: centre lines of thin strokes, rings round solid areas.

Glossary. *Pen*: the width that most strokes of the sheet have, in pixels. *Solid*: ink that is broader than a few pens
in every direction (filled walls); it becomes fills.

Level and upright strokes are found as long straight runs first, across whatever crosses them; what is left is chained
in both directions. The sheet is worked on in tiles, and what the tiles' borders cut is joined afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import shapely

from planroom.geometry import arc_points
from planroom.ingest.arcs import find_arcs, on_arcs
from planroom.ingest.joints import distinct, joined
from planroom.ingest.linework import LineworkBuilder
from planroom.ingest.strokes import Bools, Grey, Strokes, bent_strokes, chains_of, straight_strokes
from planroom.records import Floats, Linework, Style

_TILE_PX = 1536
_HALO_PX = 64
_CONTRAST = 28  # darker by this than what is round it: ink
_FAINT = 15
_DARK = 128  # and from here on in any case
_SOLID_PENS = 4.0
_LONG_PENS = 7.0
_LEAST_RUNS = 4
_LEAST_BENT = 8
_ROUNDS = 3  # of joining: each joins what the last made longer
Box = tuple[float, float, float, float]


class _Tile(NamedTuple):
    """Strokes, middles (K, 2) of bent ones, and rings of solids of a part of the sheet, in pixels, y down."""

    strokes: Strokes
    bent: list[Floats]
    rings: list[Floats]


def lease_bytes(pixels: int) -> int:
    """Anonymous bytes that tracing takes beside the picture: one tile, and what was found on all of them."""
    return 160_000_000 + 2 * pixels


def trace(grey: Grey, skip: Sequence[Box] = (), progress: Callable[[str, float], None] | None = None) -> Linework:
    """The strokes and solids of a clean scan (H, W), dark on light, in pixels, y up, as `Linework` without texts.

    skip: boxes of lettering in the same units; strokes that lie within one are letters.
    """
    height, width = grey.shape
    pen = pen_px(grey)
    tiles: list[_Tile] = []
    places = list(_tiles(height, width))
    for index, (top, left) in enumerate(places):
        if progress:
            progress("trace", index / len(places))
        tiles.append(_trace_tile(grey, top, left, pen))
    strokes = Strokes(np.concatenate([t.strokes.ends for t in tiles]), np.concatenate([t.strokes.width for t in tiles]))
    arcs = find_arcs([points for tile in tiles for points in tile.bent], grey, pen)
    strokes = strokes.take(~on_arcs(strokes.ends, arcs))
    for _ in range(_ROUNDS):
        strokes = joined(distinct(strokes), grey, pen)
    length = np.hypot(*(strokes.ends[:, 2:] - strokes.ends[:, :2]).T)
    strokes = strokes.take(length >= max(5.0, 2.0 * pen))
    ends = strokes.ends * (1, -1, 1, -1) + (0, height, 0, height)
    strokes = Strokes(ends, strokes.width).take(~_inside(list(ends.reshape(-1, 2, 2)), skip))
    arcs = _upward(arcs, height)
    arcs = arcs[~_inside([arc_points(arc, 9) for arc in arcs], skip)]
    return _linework(strokes, arcs, pen, [ring * (1, -1) + (0, height) for tile in tiles for ring in tile.rings])


def _upward(arcs: Floats, height: int) -> Floats:
    """Arcs (M, 5) with y up: turned over, an arc starts where it ended."""
    flipped = arcs.copy()
    flipped[:, 1] = height - arcs[:, 1]
    flipped[:, 3] = (-arcs[:, 3] - arcs[:, 4]) % math.tau
    return flipped


def pen_px(grey: Grey) -> float:
    """The width of the sheet's common strokes: the middle one of the short runs of ink on every few rows."""
    rows = np.ascontiguousarray(grey[:: max(1, grey.shape[0] // 800)])
    ink = np.pad(ink_of(rows, size=(31, 1)), ((0, 0), (1, 1))).ravel()
    change = np.flatnonzero(ink[1:] != ink[:-1])
    runs = change[1::2] - change[::2]
    runs = runs[runs <= 12]
    return float(np.median(runs)) if len(runs) > 50 else 2.0


def ink_of(grey: Grey, contrast: int = _CONTRAST, size: tuple[int, int] = (31, 31)) -> Bools:
    """Which pixels are ink: dark ones, and those darker by `contrast` than what lies round them."""
    around = cv2.subtract(cv2.blur(grey, size), np.array([contrast], np.float64))
    ink: Bools = (grey < _DARK) | (grey < around)
    return ink


def _tiles(height: int, width: int) -> Iterator[tuple[int, int]]:
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            yield top, left


def _trace_tile(grey: Grey, top: int, left: int, pen: float) -> _Tile:
    """What one tile holds."""
    y0, x0 = max(0, top - _HALO_PX), max(0, left - _HALO_PX)
    part = grey[y0 : top + _TILE_PX + _HALO_PX, x0 : left + _TILE_PX + _HALO_PX]
    core = np.s_[top - y0 : top - y0 + _TILE_PX, left - x0 : left - x0 + _TILE_PX]
    ink = ink_of(part).astype(np.uint8)
    broad = max(7, round(_SOLID_PENS * pen)) | 1  # even sizes would shift what they leave
    solid = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((broad, broad), np.uint8))
    thin = ink & ~cv2.dilate(solid, np.ones((3, 3), np.uint8)) if solid.any() else ink
    long = int(min(max(_LONG_PENS * pen, 12), _HALO_PX / 2)) | 1
    # long lines may be faint; what is faint beside strong ink is its fringe
    strong = ink_of(part, 2 * _CONTRAST).astype(np.uint8)
    faint = ink_of(part, _FAINT).astype(np.uint8) & ~cv2.dilate(strong, np.ones((7, 7), np.uint8))
    level, upright = _long_runs(thin | faint, (1, long)), _long_runs(thin | faint, (long, 1))
    rest = thin & ~cv2.dilate(level, np.ones((3, 1), np.uint8)) & ~cv2.dilate(upright, np.ones((1, 3), np.uint8))
    rest = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))  # double lines a pixel apart are one
    depth = 255 - part[core]
    corner = np.array([left, top], np.float64)
    found, bent = [], []
    for mask, least in ((level, long // 2), (upright, long // 2), (rest, _LEAST_RUNS)):
        for turned in (True, False):
            if mask is (upright if turned else level):
                continue
            chains = chains_of(mask[core].T if turned else mask[core], depth.T if turned else depth, least)
            found.append(straight_strokes(chains, least, turned=turned))
            if mask is rest:
                bent += [points + corner for points in bent_strokes(chains, _LEAST_BENT, turned=turned)]
    ends = np.concatenate([s.ends for s in found]) + np.tile(corner, 2)
    rings = [ring + corner for ring in _rings(np.ascontiguousarray(solid[core]))]
    return _Tile(Strokes(ends, np.concatenate([s.width for s in found])), bent, rings)


def _long_runs(thin: Grey, size: tuple[int, int]) -> Grey:
    """The ink in straight runs of at least `size` (rows, columns), across gaps of two pixels."""
    bridge = (1, 3) if size[0] == 1 else (3, 1)
    whole = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones(bridge, np.uint8))
    opened: Grey = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones(size, np.uint8))
    return opened


def _inside(lines: list[Floats], boxes: Sequence[Box]) -> Bools:
    """Which lines (K, 2) lie within one of the boxes, give or take a pixel or two."""
    inside = np.zeros(len(lines), bool)
    if len(boxes) and len(lines):
        grown = [shapely.box(x0 - 2, y0 - 2, x1 + 2, y1 + 2) for x0, y0, x1, y1 in boxes]
        drawn = [shapely.LineString(points) for points in lines]
        inside[shapely.STRtree(drawn).query(grown, predicate="contains")[1]] = True
    return inside


def _rings(solid: Grey) -> list[Floats]:
    """The outlines (K, 2) of solid areas; a hole is cut out through a slit from the outline nearest to it."""
    contours, tree = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings: dict[int, Floats] = {}
    holes: list[tuple[int, Floats]] = []
    for index, contour in enumerate(contours):
        points = cv2.approxPolyDP(contour, 1.0, True)[:, 0].astype(np.float64) + 0.5
        if len(points) < 3:
            continue
        owner = int(tree[0][index][3])
        if owner < 0:
            rings[index] = points
        else:
            holes.append((owner, points))
    for owner, hole in holes:
        if owner in rings:
            rings[owner] = _slit(rings[owner], hole)
    return list(rings.values())


def _slit(ring: Floats, hole: Floats) -> Floats:
    """One ring that runs round `ring`, through a slit to `hole`, round it the other way and back."""
    distance = np.hypot(*(ring[:, None] - hole[None]).transpose(2, 0, 1))
    i, j = np.unravel_index(int(np.argmin(distance)), distance.shape)
    return np.concatenate([ring[: i + 1], hole[j:], hole[: j + 1], ring[i:]])


def _linework(strokes: Strokes, arcs: Floats, pen: float, rings: list[Floats]) -> Linework:
    builder = LineworkBuilder()
    widths = np.maximum(np.round(strokes.width), 1.0)
    for width in np.unique(widths).tolist():
        builder.path(Style("", "", 0, width, False, False))
        for x0, y0, x1, y1 in strokes.ends[widths == width].tolist():
            builder.line(x0, y0, x1, y1)
    for cx, cy, radius, start, sweep in arcs.tolist():
        builder.path(Style("", "", 0, max(round(pen), 1.0), False, False))
        builder.arc(cx, cy, radius, start, sweep)
    for ring in rings:
        builder.path(Style("", "", 0, 0.0, False, True))
        builder.fill(ring)
    return builder.build()
