"""Rooms as the holes that walls and their closed openings leave; walls as straight pieces through their openings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from planroom.detect.bands import Bands, Polygons, strips
from planroom.detect.openings import Opening
from planroom.records import Floats

_CRACK_M = 0.012
_GRID_M = 1e-5
_LEAST_AREA_M2 = 0.45
_LEAST_WIDTH_M = 0.36
_PROBES = np.linspace(0.02, 0.98, 33)


@dataclass(slots=True)
class WallPiece:
    """A straight wall: axis (2, 2), ring (4, 2), thickness and length in metres, and the bands it was drawn as."""

    axis: Floats
    ring: Floats
    thickness_m: float
    length_m: float
    bands: list[int]


def solid(bands: Bands, junctions: Polygons, openings: list[Opening]) -> shapely.Geometry:
    """Walls with every opening closed, cracks healed; the holes of its parts are the rooms."""
    parts = [*bands.polygons(), *junctions, *(shapely.Polygon(_longer(o.ring, 0.005)) for o in openings)]
    # on a grid, pieces that touch become one: with a hair between them, buffers leave spikes where they meet
    whole = shapely.union_all(shapely.make_valid(np.array(parts, dtype=object)), grid_size=_GRID_M)
    return shapely.buffer(shapely.buffer(whole, _CRACK_M, join_style="mitre"), -_CRACK_M, join_style="mitre")


def _longer(ring: Floats, by_m: float) -> Floats:
    """An opening's ring (4, 2) drawn out at both ends, into the wall, its faces unmoved."""
    along = ring[1] - ring[0]
    step = along / max(float(np.hypot(*along)), 1e-9) * by_m
    moved: Floats = ring + np.array([-step, step, step, -step])
    return moved


def find_rooms(closed: shapely.Geometry) -> list[shapely.Polygon]:
    """Enclosed spaces in metres, at the faces of their walls; without shafts and slivers narrower than a person."""
    rooms = []
    parts = shapely.get_parts(closed)
    tree = shapely.STRtree(parts)
    for at, part in enumerate(parts):
        for ring in getattr(part, "interiors", ()):
            space = shapely.Polygon(ring)
            standing_in = [k for k in tree.query(space, predicate="intersects").tolist() if k != at]
            if standing_in:  # with what they enclose: that is found as theirs
                space = space.difference(shapely.union_all([_filled(parts[k]) for k in standing_in]))
            for room in shapely.get_parts(space):
                if is_large_enough(room):
                    rooms.append(shapely.simplify(shapely.Polygon(room.exterior, room.interiors), 0.003))
    return rooms


def is_large_enough(space: shapely.Polygon) -> bool:
    """Whether an enclosed space, in metres, is a room and no shaft or sliver narrower than a person."""
    return bool(space.area >= _LEAST_AREA_M2) and not space.buffer(-_LEAST_WIDTH_M / 2).is_empty


def _filled(part: shapely.Geometry) -> shapely.Geometry:
    return shapely.Polygon(part.exterior) if isinstance(part, shapely.Polygon) else part


def find_wall_pieces(bands: Bands, closed: shapely.Geometry) -> list[WallPiece]:
    """Straight walls, from junction to junction along their axis, through doors and windows.

    A wall that ends at another runs on to that one's axis.
    """
    pieces: list[WallPiece] = []
    if len(bands) == 0:
        return pieces
    shapely.prepare(closed)
    order = np.lexsort((bands.start, bands.corridor))
    run: list[int] = []
    for k in order.tolist():
        if run and not _continues(bands, run, k, closed):
            pieces.append(_piece(bands, run))
            run = []
        run.append(k)
    pieces.append(_piece(bands, run))
    return [piece for piece in _reach_axes(pieces) if piece.length_m > 0.12]


def _continues(bands: Bands, run: list[int], k: int, closed: shapely.Geometry) -> bool:
    last = max(run, key=lambda i: bands.end[i])
    if bands.corridor[last] != bands.corridor[k]:
        return False
    if bands.start[k] <= bands.end[last] + 0.02:
        return True
    along = bands.axes[bands.direction[k]]
    across = np.array([-along[1], along[0]])
    middle = (bands.low[k] + bands.high[k]) / 2
    gap = shapely.LineString([across * middle + along * s for s in (bands.end[last], bands.start[k])])
    if closed.covers(gap):
        return True
    # a few points tell most gaps that are open; only what is nearly closed is worth an exact look at all walls
    open_share = 1 - shapely.covers(closed, shapely.line_interpolate_point(gap, _PROBES, normalized=True)).mean()
    return bool(open_share * gap.length < 0.2 and gap.difference(closed).length < 0.04)


def _piece(bands: Bands, run: list[int]) -> WallPiece:
    k = run[0]
    along = bands.axes[bands.direction[k]]
    across = np.array([-along[1], along[0]])
    start, end = float(bands.start[run].min()), float(bands.end[run].max())
    low, high = float(np.median(bands.low[run])), float(np.median(bands.high[run]))
    axis = np.array([across * (low + high) / 2 + along * s for s in (start, end)])
    ring = shapely.get_coordinates(strips(along[None], *(np.array([v]) for v in (low, high, start, end)))[0])[:4]
    return WallPiece(axis, ring, high - low, end - start, run)


def _reach_axes(pieces: list[WallPiece]) -> list[WallPiece]:
    """The pieces with each end moved on to the axis of the wall that it meets."""
    rings = np.array([shapely.Polygon(piece.ring) for piece in pieces], dtype=object)
    tree = shapely.STRtree(rings)
    reached = [piece.axis.copy() for piece in pieces]
    for i, piece in enumerate(pieces):
        along = (piece.axis[1] - piece.axis[0]) / max(piece.length_m, 1e-9)
        for side, way in ((0, -along), (1, along)):
            end = piece.axis[side]
            near = tree.query(shapely.LineString([end, end + way * 0.03]).buffer(piece.thickness_m / 2 + 0.02))
            best = 0.0
            for j in near.tolist():
                other = pieces[j]
                step = _to_axis(end, way, other)
                if j != i and step is not None and best < step < other.thickness_m / 2 + 0.6 * piece.thickness_m + 0.03:
                    best = step
            reached[i][side] = end + way * best
    for piece, axis in zip(pieces, reached, strict=True):
        before, after = axis[0] - piece.axis[0], axis[1] - piece.axis[1]
        piece.ring = piece.ring + np.array([before, after, after, before])
        piece.axis = axis
        piece.length_m = float(np.hypot(*(axis[1] - axis[0])))
    return pieces


def _to_axis(end: Floats, way: Floats, other: WallPiece) -> float | None:
    """Distance from `end` along `way` to the axis line of `other`; None where they are nearly parallel."""
    direction = (other.axis[1] - other.axis[0]) / max(other.length_m, 1e-9)
    cross = way[0] * direction[1] - way[1] * direction[0]
    if abs(cross) < 0.3:
        return None
    gap = other.axis[0] - end
    return float((gap[0] * direction[1] - gap[1] * direction[0]) / cross)
