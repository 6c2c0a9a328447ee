"""Openings in the walls of a trace, whose lines are torn, a little off, and run on through gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import shapely

from planroom.detect.bands import Bands, Polygons
from planroom.detect.clashes import distinct
from planroom.detect.codes import read_codes
from planroom.detect.gaps import cut_gaps, find_gaps
from planroom.detect.openings import Opening, read_gaps
from planroom.detect.scene import Scene
from planroom.detect.standing import find_junctions
from planroom.detect.strays import inset_windows, loose_doors
from planroom.detect.swings import Swing
from planroom.records import Floats

_CRACK_M = 0.13
_HINGE_OFF = 0.4  # of a gap's width a door may lie off it, and be wider or narrower
_LEAST_DOOR_M = 0.62  # of a leaf without a gap: basins have smaller arcs
_SLIDING_M = (0.5, 2.4)  # with what the leaf goes into
_BEHIND_M, _BEHIND = 0.06, 0.6
_SHORT_M = 0.35
_GLAZED_M, _BRIDGE_M = 3.5, 0.8
_SPLINTER_M, _SAME_FACE_M = 0.45, 0.05
_HELD, _MAX_END_PLAIN_M = 0.6, 1.4  # an empty gap that no wall goes on beyond is no wider


def find_openings(scene: Scene, bands: Bands, swings: list[Swing], view: str, scaled: bool) -> list[Opening]:
    """Doors, windows and plain openings in the bands, each once."""
    usable = np.arange(len(scene.lines), dtype=np.int32)
    cells = cut_gaps(find_gaps(bands, find_junctions(bands)), scene.lines, usable)
    codes = read_codes(scene.texts)
    openings, loose = read_gaps(cells, swings, codes, scene.lines, scene.meanings, heads=view == "ceiling")
    openings = _hung(openings, loose_doors(loose, bands, [s.leaf for s in loose]), scaled)
    openings += inset_windows(bands, scene.lines, usable, scene.meanings, openings)
    return _joined(distinct(_through([o for o in openings if _fits(o)], bands.polygons())))


def slid_over(bands: Bands, openings: list[Opening], is_filled: Callable[[Opening], bool]) -> list[Opening]:
    """The openings, and what slides in gaps in which nothing else is: all between two ends of walls is one gap.

    is_filled: whether something is drawn in the middle of an opening, all along it.
    """
    known = [shapely.Polygon(o.ring) for o in openings if o.kind != "opening" or o.arcs]
    tree = shapely.STRtree(shapely.buffer(np.array(known, dtype=object), -_CRACK_M / 3, join_style="mitre"))
    wide = [g for g in find_gaps(bands, find_junctions(bands)) if _SLIDING_M[0] < g.width < _SLIDING_M[1]]
    free = [g for g in wide if not len(tree.query(shapely.Polygon(g.ring()), "intersects"))]
    found = [Opening("door", "sliding", g.ring(), g.width, g.thickness, 0.6) for g in free]
    return distinct(openings + _through([o for o in found if is_filled(o)], bands.polygons()))


def _through(openings: list[Opening], walls: Polygons) -> list[Opening]:
    """Openings that go through their wall: one that nothing hangs in and that has a wall behind it is furniture."""
    tree = shapely.STRtree(walls)
    return [o for o in openings if o.kind == "window" or o.arcs or _share_behind(o, tree) < _BEHIND]


def _share_behind(opening: Opening, walls: shapely.STRtree) -> float:
    """The share of an opening's width that has a wall right behind it, on the side that has more."""
    a, b, c, d = opening.ring
    shares = []
    for near, far, way in ((a, b, a - d), (d, c, d - a)):
        off = way * _BEHIND_M / opening.thickness_m
        strip = shapely.Polygon([near + 0.2 * off, far + 0.2 * off, far + off, near + off])
        wall = shapely.union_all(shapely.intersection(strip, walls.geometries[walls.query(strip)]))
        shares.append(float(wall.area / strip.area))
    return max(shares)


def _joined(openings: list[Opening]) -> list[Opening]:
    """Openings that lie end to end in one wall as one: a line that only crosses a gap does not divide it."""
    rings = np.array([shapely.Polygon(o.ring) for o in openings], dtype=object)
    tree = shapely.STRtree(shapely.buffer(rings, _CRACK_M / 2, join_style="mitre"))
    left, found = dict(enumerate(openings)), []
    for i, opening in enumerate(openings):
        if i not in left or opening.kind == "window" or opening.arcs:
            continue
        whole = left.pop(i)
        while True:
            near = tree.query(shapely.Polygon(whole.ring), predicate="intersects").tolist()
            beside = [k for k in near if k in left and left[k].kind != "window" and _in_line(whole, left[k])]
            plain = [k for k in beside if not left[k].arcs]
            if not plain:
                break
            whole = _as_one(whole, left.pop(plain[0]))
        is_splinter = whole.width_m < _SPLINTER_M and beside  # of a door with its swing
        is_torn = whole.kind == "opening" and whole.confidence < _HELD and whole.width_m > _MAX_END_PLAIN_M
        if not is_splinter and not is_torn:
            found.append(whole)
    return found + list(left.values())


def _in_line(one: Opening, other: Opening) -> bool:
    """Whether two openings have the same faces."""
    along = (one.ring[1] - one.ring[0]) / one.width_m
    across = np.array([-along[1], along[0]])
    mine, its = (np.sort(o.ring @ across) for o in (one, other))
    return bool(np.abs(mine - its).max() < _SAME_FACE_M)


def _as_one(one: Opening, other: Opening) -> Opening:
    """Both openings as one, of the kind of the surer."""
    surer = max((one, other), key=lambda o: (o.kind == "door", o.subtype != "", o.confidence))
    a, b, _, d = surer.ring
    along, across = (b - a) / surer.width_m, d - a
    at = np.concatenate([one.ring - a, other.ring - a]) @ along
    ends = a + at.min() * along, a + at.max() * along
    ring = np.array([ends[0], ends[1], ends[1] + across, ends[0] + across])
    code = surer.code or one.code or other.code
    return replace(surer, ring=ring, width_m=float(at.max() - at.min()), code=code)


def _hung(openings: list[Opening], doors: list[Opening], scaled: bool) -> list[Opening]:
    """Openings with the doors that hang beside them in place: a traced hinge lies a little off its gap.

    scaled: walls are then found well enough that an arc without a gap is furniture.
    """
    left = list(doors)
    placed = []
    for opening in openings:
        beside = [d for d in left if _is_beside(d, opening)] if opening.kind == "opening" else []
        if beside:
            door = min(beside, key=lambda d: abs(d.width_m - opening.width_m))
            left = [other for other in left if other is not door]
            opening = replace(door, ring=opening.ring, width_m=opening.width_m, thickness_m=opening.thickness_m)
        placed.append(opening)
    return placed if scaled else placed + [d for d in left if d.width_m > _LEAST_DOOR_M]


def _is_beside(door: Opening, gap: Opening) -> bool:
    apart = float(np.hypot(*(door.ring.mean(0) - gap.ring.mean(0))))
    return apart < _HINGE_OFF * gap.width_m and abs(door.width_m / gap.width_m - 1) < _HINGE_OFF


def _fits(opening: Opening) -> bool:
    """Whether an opening has a size at which the noise of a trace is not read as one."""
    if opening.subtype == "pocket":
        return _SLIDING_M[0] < opening.width_m < _SLIDING_M[1]
    return opening.kind != "window" or opening.width_m > max(0.35, 0.8 * opening.thickness_m)


def reaching(openings: list[Opening], walls: Polygons) -> list[Opening]:
    """Openings drawn on to the wall ends that they stop short of, where another line crossed the gap."""
    tree = shapely.STRtree(walls)
    reaching = []
    for opening in openings:
        a, b, c, d = opening.ring
        along = (b - a) / opening.width_m
        short_m = _SHORT_M + (opening.width_m if opening.subtype == "pocket" else 0.0)  # to where its leaf goes
        on = []
        for near, far, way in ((a, d, -along), (b, c, along)):
            inner = shapely.LineString([near + 0.1 * (far - near), far - 0.1 * (far - near)])
            strip = shapely.Polygon([*inner.coords, far + short_m * way, near + short_m * way])
            apart = shapely.distance(inner, walls[tree.query(strip, "intersects")]).min(initial=np.inf)
            on.append(way * (apart if 0.02 < apart < short_m else 0.0))
        ring = np.array([a + on[0], b + on[1], c + on[1], d + on[0]])
        reaching.append(replace(opening, ring=ring, width_m=float(np.hypot(*(ring[1] - ring[0])))))
    return reaching


def glazed(openings: list[Opening], walls: Polygons) -> list[Opening]:
    """Openings of which those in the house's outline without a leaf and without a code are windows."""
    parts = np.array([*walls, *(shapely.Polygon(o.ring) for o in openings)], dtype=object)
    closed = shapely.union_all(shapely.buffer(parts, _BRIDGE_M))
    houses = shapely.buffer(closed, -_BRIDGE_M)
    outline = shapely.union_all([house.exterior for house in shapely.get_parts(houses)])
    ends = shapely.STRtree(walls)
    found = []
    for opening in openings:
        bare = opening.kind == "opening" or opening.subtype == "sliding"
        if bare and opening.code is None and opening.width_m < _GLAZED_M:
            reach = 0.5 * opening.thickness_m + 0.2
            held = [len(ends.query(shapely.Point(end), "dwithin", 0.1)) for end in _ends(opening)]
            if outline.distance(shapely.Point(opening.ring.mean(0))) < reach and all(held):
                opening = replace(opening, kind="window", subtype="", confidence=0.6)
        found.append(opening)
    return found


def _ends(opening: Opening) -> list[Floats]:
    """The middles (2,) of both jambs."""
    a, b, c, d = opening.ring
    return [(a + d) / 2, (b + c) / 2]
