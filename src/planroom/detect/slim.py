"""The walls of a trace: those torn by letters made whole, without what only looks like one: leaves that slide, halves
of pockets, stubs, parts of longer walls.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from planroom.detect.bands import Bands
from planroom.detect.lines import Bools, Lines
from planroom.detect.openings import Opening
from planroom.records import Element, Floats

_STUB_M = 0.3
_STUB = 1.2  # of its thickness: a shorter wall is part of another
_SLIM_M, _THIN, _LAYER_M = 0.02, 0.7, 0.12
_PANELS, _PANEL_M = 4, 1.2  # leaves that slide, one beyond the other,
_PIECE_M, _LESS_THIN = 0.5, 0.9  # and what is left of one in a trace
_OFF_M = 0.025  # a trace may be off so much
_PIER_M, _APART_M = 0.015, 2.5
_TORN_M, _RUNS_ON = 1.5, 0.55
_ALONE_M, _COVERED = 2.0, 0.6


def goes_on(bands: Bands, walls: Bands) -> Bools:
    """Which bands (N,) are stubs between the faces of a wall, at its end: too short to show that they are filled."""
    ends = np.stack([bands.start, bands.low, bands.end, bands.high], axis=1)
    off = np.abs(ends[:, None, [1, 3]] - np.stack([walls.low, walls.high], axis=1)[None]).max(2)
    apart = np.maximum(bands.start[:, None], walls.start) - np.minimum(bands.end[:, None], walls.end)
    thickness = walls.high - walls.low
    on = (bands.direction[:, None] == walls.direction) & (off < _SLIM_M) & (apart < thickness) & (apart > -_SLIM_M)
    return np.asarray(on.any(1) & (bands.end - bands.start < _STUB_M))


def are_inset(bands: Bands) -> Bools:
    """Which bands (N,) are the halves of a pocket or a frame, or leaves that slide: thin, between the faces of a
    thicker one that they go on, or that others like them go on.
    """
    boxes = shapely.box(bands.start, bands.low, bands.end, bands.high)
    length, thickness = bands.end - bands.start, bands.high - bands.low
    near = [np.zeros((2, 0), np.int64)]
    for direction in np.unique(bands.direction):
        here = np.flatnonzero(bands.direction == direction)
        reach = shapely.box(bands.start[here] - _PANEL_M, bands.low[here], bands.end[here] + _PANEL_M, bands.high[here])
        near.append(here[shapely.STRtree(boxes[here]).query(reach)])
    one, beside = np.concatenate(near, axis=1)
    apart = np.maximum(bands.start[one], bands.start[beside]) - np.minimum(bands.end[one], bands.end[beside])
    close = (apart > -_LAYER_M) & (apart < np.where(length[one] < _PIECE_M, _PANEL_M, _LAYER_M))
    one, beside = one[close], beside[close]
    wall = np.where(length > thickness, np.arange(len(bands)), -1)  # that each is part of
    inset = np.zeros(len(bands), bool)
    for _ in range(_PANELS):
        other = np.where(inset[beside] | (wall[beside] == beside), wall[beside], -1)
        within = (bands.low[one] > bands.low[other] - _SLIM_M) & (bands.high[one] < bands.high[other] + _SLIM_M)
        thin = np.where(length[one] < _PIECE_M, _LESS_THIN, _THIN)
        thick = np.minimum(thin * thickness[other], thickness[other] - _OFF_M)
        found = (other >= 0) & within & (thickness[one] < thick) & ~inset[one]
        inset[one[found]], wall[one[found]] = True, other[found]
    return inset


def in_gaps(bands: Bands, openings: list[Opening]) -> Bools:
    """Which bands (N,) stand alone in a gap between two walls in line with them, without an opening beside them: leaves
    that slide, taken for a wall with what they slide into.
    """
    walls, polygons = bands.take(_are_long(bands)).polygons(), bands.polygons()
    tree = shapely.STRtree(np.array([*walls, *(shapely.Polygon(o.ring) for o in openings)], dtype=object))
    lost = np.zeros(len(bands), bool)
    for k in np.flatnonzero(_are_long(bands) & (bands.end - bands.start < _PANEL_M)).tolist():
        line, before, after = _in_line(bands, k, _SLIM_M)
        sides = [((apart > _SLIM_M) & (apart < _PANEL_M) & line).any() for apart in (before, after)]
        lost[k] = all(sides) and len(tree.query(polygons[k].buffer(_LAYER_M), "intersects")) == 1
    return lost


def loose_stubs(bands: Bands) -> Bools:
    """Which bands (N,) are no longer than thick, meet no wall, and are no pier: piers are as thick as their wall."""
    long = _are_long(bands)
    tree = shapely.STRtree(bands.take(long).polygons())
    loose = ~long
    loose[tree.query(bands.polygons(), "dwithin", distance=_SLIM_M)[0]] = False
    for k in np.flatnonzero(loose).tolist():
        line, before, after = _in_line(bands, k, _PIER_M)
        loose[k] = not (line & long & (np.maximum(before, after) < _APART_M)).any()
    return loose


def mended(bands: Bands, lines: Lines) -> Bands:
    """The bands, of which two in line are one where both faces run on from one to the other: letters hide the fill."""
    order = np.lexsort((bands.start, bands.direction))
    end, kept = bands.end.copy(), np.ones(len(bands), bool)
    for at, k in enumerate(order.tolist()):
        if not kept[k]:
            continue
        line, _, after = _in_line(bands, k, _SLIM_M)
        later = order[at + 1 :]
        for other in later[(line & (after > -_SLIM_M))[later]].tolist():
            gap = bands.start[other] - end[k]
            if _SLIM_M < gap < _TORN_M and kept[other]:
                faces = (bands.low[k], bands.high[k])
                if all(_drawn(lines, bands.direction[k], f, bands.start[k], end[k], gap) > _RUNS_ON for f in faces):
                    end[k], kept[other] = bands.end[other], False
    return replace(bands, end=end).take(kept)


def _drawn(lines: Lines, direction: int, face: float, start: float, end: float, gap: float) -> float:
    """The share of a gap behind `end` along which a face is drawn with the pen of the band before it."""
    on = (lines.direction == direction) & (np.abs(lines.offset - face) < _SLIM_M)
    style = lines.style[on]
    before = np.minimum(lines.end[on], end) - np.maximum(lines.start[on], start)
    within = np.minimum(lines.end[on], end + gap) - np.maximum(lines.start[on], end)
    drawn = style < lines.style.max()  # the last is what is filled
    if not (drawn & (before > 0)).any():
        return 0.0
    pen = np.bincount(style[drawn & (before > 0)], before[drawn & (before > 0)]).argmax()
    return float(within[(style == pen) & (within > 0)].sum() / gap)


def _in_line(bands: Bands, k: int, off_m: float) -> tuple[Bools, Floats, Floats]:
    """Which bands (N,) have the faces of band `k`, and how far before and after it each lies."""
    off = np.maximum(np.abs(bands.low - bands.low[k]), np.abs(bands.high - bands.high[k]))
    line = (bands.direction == bands.direction[k]) & (off < off_m)
    line[k] = False
    return line, bands.start[k] - bands.end, bands.start - bands.end[k]


def _are_long(bands: Bands) -> Bools:
    return np.asarray(bands.end - bands.start > _STUB * (bands.high - bands.low))


def without_stubs(found: list[Element], m_per_px: float) -> list[Element]:
    """Without walls that are stubs or parts of longer ones, or short and joined to nothing."""
    solid = [e for e in found if e.kind != "room"]
    places = shapely.make_valid(np.array([shapely.Polygon(e.outline * m_per_px) for e in solid], dtype=object))
    length = np.array([e.sizes.get("length", 0.0) * m_per_px if e.kind == "wall" else 0.0 for e in solid])
    one, other = shapely.STRtree(places).query(shapely.buffer(places, 0.1), predicate="intersects")
    one, other = one[one != other], other[one != other]
    joined = np.bincount(one, minlength=len(solid)) > 0
    one, other = (side[length[other] > length[one]] for side in (one, other))
    shared = shapely.area(shapely.intersection(places[one], places[other])) / np.maximum(
        shapely.area(places[one]), 1e-9
    )
    part = np.bincount(one, shared > _COVERED, len(solid)) > 0
    gone = {
        id(e)
        for e, long_m, is_part, is_joined in zip(solid, length, part, joined, strict=True)
        if e.kind == "wall"
        and (is_part or long_m < _STUB * e.sizes["thickness"] * m_per_px or (long_m < _ALONE_M and not is_joined))
    }
    return [e for e in found if id(e) not in gone]
