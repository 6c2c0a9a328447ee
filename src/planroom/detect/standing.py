"""What of the bands is really wall: where they meet, what hangs together, and what holds a door or a window."""

from __future__ import annotations

import numpy as np
import shapely

from planroom.detect.bands import Bands, Polygons
from planroom.detect.lines import Bools, Lines, groups
from planroom.detect.openings import Opening
from planroom.records import Floats, Ints

_MOSTLY = 0.5  # of what a pen draws, for one that draws walls and little else
_WIDEST_M = 1.0
_OVER_M = 0.015
_REACHES_M = 1.0  # a letter is smaller
_LEAST_CORE_M = 0.05  # less is left along the joints of bands


def find_junctions(bands: Bands) -> Polygons:
    """The patches (J,) where two walls meet and neither is drawn as a band: corners, and T and X crossings.

    A patch is what the two strips share, where it touches both bands.
    """
    none: Polygons = np.zeros(0, dtype=object)
    if len(bands) < 2:
        return none
    polygons = bands.polygons()
    first, second = shapely.STRtree(polygons).query(
        shapely.buffer(polygons, 0.06, join_style="mitre"), predicate="intersects"
    )
    along = bands.axes[bands.direction]
    cross = along[first, 0] * along[second, 1] - along[first, 1] * along[second, 0]
    keep = (first < second) & (np.abs(cross) > 0.35)
    first, second, cross = first[keep], second[keep], cross[keep]
    if len(first) == 0:
        return none
    corners = [_meet(along, first, second, cross, a, b) for a, b in _corner_offsets(bands, first, second)]
    patches = np.asarray(shapely.polygons(np.stack([*corners, corners[0]], axis=1)), dtype=object)
    touches = (shapely.distance(patches, polygons[first]) < 0.05) & (shapely.distance(patches, polygons[second]) < 0.05)
    return np.asarray(patches[touches], dtype=object)


def _corner_offsets(bands: Bands, first: Ints, second: Ints) -> list[tuple[Floats, Floats]]:
    low_a, high_a, low_b, high_b = bands.low[first], bands.high[first], bands.low[second], bands.high[second]
    return [(low_a, low_b), (low_a, high_b), (high_a, high_b), (high_a, low_b)]


def _meet(along: Floats, first: Ints, second: Ints, cross: Floats, a: Floats, b: Floats) -> Floats:
    """Where two lines given by direction and offset cross (N, 2): offset = -x sin + y cos for both."""
    u, v = along[first], along[second]
    return np.stack([(v[:, 0] * a - u[:, 0] * b) / cross, (v[:, 1] * a - u[:, 1] * b) / cross], axis=1)


def find_blocks(lines: Lines, faces: Bools, bands: Bands, texts: Floats) -> Polygons:
    """Closed outlines (K,) of faces too thick for a band: piers and stone walls. texts (T, 2): where words stand.

    Meant for drawings whose layers name the walls, where nothing else closes such a small space.
    """
    first, last = lines.points()
    strings = shapely.linestrings(np.stack([first[faces], last[faces]], axis=1))
    if len(strings) == 0:
        return np.zeros(0, dtype=object)
    noded = shapely.union_all(shapely.set_precision(strings, 0.002))
    blocks = shapely.get_parts(shapely.polygonize([noded]))
    small = (shapely.area(blocks) < 4.0) & shapely.is_empty(shapely.buffer(blocks, -0.65))
    if len(texts) and small.any():
        small[np.unique(shapely.STRtree(shapely.points(texts)).query(blocks, predicate="contains")[0])] = False
    blocks = blocks[small]
    polygons = bands.polygons()
    at, band = shapely.STRtree(polygons).query(blocks, predicate="intersects")
    order = np.argsort(at, kind="stable")
    uncovered = shapely.area(blocks)
    for block, group in zip(*groups(at[order]), strict=True):
        uncovered[block] = shapely.difference(blocks[block], shapely.union_all(polygons[band[order][group]])).area
    return np.asarray(blocks[uncovered > 0.5 * shapely.area(blocks)], dtype=object)


def find_cores(lines: Lines, bands: Bands, junctions: Polygons, texts: Floats) -> Polygons:
    """What of closed wall outlines neither bands nor `junctions` cover (K,): stepped and very thick walls.

    texts (T, 2): where words stand.

    Jambs close the outlines of walls, and doors leave those of rooms open: what a pen closes that draws little else
    than walls is solid, where it is nowhere wider than a wall may be.
    """
    none: Polygons = np.zeros(0, dtype=object)
    if len(bands) == 0:
        return none
    polygons = bands.polygons()
    first, last = lines.points()
    over = _OVER_M * lines.axes[lines.direction]
    first, last = first - over, last + over  # corners meet to a few millimetres; what sticks out closes nothing
    x0, y0, x1, y1 = shapely.total_bounds(polygons)
    low, high = np.minimum(first, last), np.maximum(first, last)
    near = np.asarray((high >= (x0, y0)).all(1) & (low <= (x1, y1)).all(1))
    drawn = np.bincount(lines.style[near], lines.length[near], minlength=int(lines.style.max()) + 1)
    faces = np.zeros(len(lines), bool)
    faces[bands.faces.ravel()] = True
    walls = np.bincount(lines.style[faces], lines.length[faces], minlength=len(drawn))
    pens = walls > _MOSTLY * np.maximum(drawn, 1e-9)
    chosen = near & pens[lines.style]  # of tens of thousands of lines, some hundreds
    strings = _long_ones(shapely.linestrings(np.stack([first[chosen], last[chosen]], axis=1)))
    noded = shapely.union_all(shapely.set_precision(strings, 0.002))
    outlines = shapely.get_parts(shapely.polygonize([noded]))
    solid = shapely.is_empty(shapely.buffer(outlines, -_WIDEST_M / 2))
    if len(texts) and len(outlines):
        solid[np.unique(shapely.STRtree(shapely.points(texts)).query(outlines, predicate="contains")[0])] = False
    left = shapely.difference(
        shapely.union_all(outlines[solid]), shapely.union_all(np.concatenate([polygons, junctions]))
    )
    parts = shapely.get_parts(left)
    return np.asarray(parts[~shapely.is_empty(shapely.buffer(parts, -_LEAST_CORE_M / 2))], dtype=object)


def _long_ones(strings: Polygons) -> Polygons:
    """Without lines (K,) that touch only such as reach nowhere, as the strokes of letters do."""
    if len(strings) == 0:
        return strings
    group = connected(strings)
    x0, y0, x1, y1 = shapely.bounds(strings).T
    low, high = np.full((2, group.max() + 1), np.inf), np.full((2, group.max() + 1), -np.inf)
    for axis, (least, most) in enumerate(((x0, x1), (y0, y1))):
        np.minimum.at(low[axis], group, least)
        np.maximum.at(high[axis], group, most)
    return np.asarray(strings[(high - low).max(0)[group] > _REACHES_M])


def believable(bands: Bands, proven_m: Floats) -> Bools:
    """Which bands (N,) are about as thick as walls with openings in them are: thicknesses `proven_m` (K,).

    Anything between the thinnest and the thickest proven wall stays, with some room; roof edges and shelves go.
    """
    thickness = bands.high - bands.low
    if len(proven_m) < 3:
        return np.ones(len(bands), bool)
    low, high = np.quantile(proven_m, [0.1, 0.9])
    return np.asarray((thickness > min(0.55 * low, 0.085)) & (thickness < 1.4 * high + 0.02))


def rooted(bands: Bands, patches: Polygons, openings: Floats, sure: Bools) -> Bools:
    """Which bands (N,) hang together over a good length, or hold a sure door or window; the rest are symbols' strokes.

    patches (J,): junctions. openings (K, 4, 2): rings of doors and windows, which join the bands at their ends;
    sure (K,).
    """
    rings = shapely.polygons(openings) if len(openings) else np.zeros(0, dtype=object)
    parts = shapely.buffer(np.concatenate([bands.polygons(), patches, rings]), 0.02, join_style="mitre")
    group = connected(parts)
    n = len(bands)
    metres = np.bincount(group[:n], bands.end - bands.start, minlength=len(parts))
    holds = np.bincount(group[n + len(patches) :][sure], minlength=len(parts)) > 0
    return np.asarray(holds[group[:n]] | (metres[group[:n]] > 4.0))


def connected(polygons: Polygons) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A group number (N,) for each polygon: those that touch, directly or over others, share it."""
    parent = list(range(len(polygons)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i < j:
            parent[root(i)] = root(j)
    return np.array([root(i) for i in range(len(polygons))], np.int64)


def standing(bands: Bands, openings: list[Opening], named: bool) -> Bools:
    """Which bands (N,) belong to a connected group that holds a door or a window.

    Frames, tables, furniture and title blocks have neither. Where layers name the walls (`named`) all stand.
    """
    if len(bands) == 0 or named:
        return np.ones(len(bands), bool)
    polygons = np.concatenate([bands.polygons(), np.array([shapely.Polygon(o.ring) for o in openings], dtype=object)])
    group = connected(shapely.buffer(polygons, 0.03, join_style="mitre"))
    alive = {int(group[len(bands) + i]) for i, o in enumerate(openings) if o.kind != "opening"}
    return np.isin(group[: len(bands)], list(alive))
