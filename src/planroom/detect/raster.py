"""A sheet's pixels into elements: what `pixels` traces is searched as drawn linework is.

A scan's walls are believed where they are solid. Where no scale is known, doors tell a rough one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.detect.bands import Bands, Polygons
from planroom.detect.clashes import distinct, merge_layers
from planroom.detect.codes import read_codes
from planroom.detect.elements import ElementMaker, element_id
from planroom.detect.gaps import cut_gaps, find_gaps
from planroom.detect.lines import Bools
from planroom.detect.openings import Opening, read_gaps
from planroom.detect.pixels.trace import find_door_px, trace
from planroom.detect.rooms import find_rooms, find_wall_pieces
from planroom.detect.rooms import solid as solid_of
from planroom.detect.scene import Scene, set_scene
from planroom.detect.standing import believable, connected, find_junctions, rooted, standing
from planroom.detect.strays import inset_windows, loose_doors
from planroom.detect.swings import Swing, find_swings
from planroom.detect.walls import bands_of, find_bands, find_faces
from planroom.records import Element, Floats, Page, Text

Grey = NDArray[np.uint8]
_USUAL_DOOR_M = 0.85
_CRACK_M = 0.13
_WIDE_M = 2.05
_HINGE_OFF = 0.4  # of a gap's width a door may lie off it, and be wider or narrower
_SURE_GAP_M = 0.6
_LEAST_DOOR_M = 0.62  # of a leaf without a gap: basins have smaller arcs
_INK = 150  # of a clean picture, 255 is paper
_LEAF_SHARE = 0.5
_WALL_M = 0.6
_STUB_M = 0.3
_TONGUE_M = 0.1  # a rebate that a window's frame stands in
_BESIDE_M, _PART = 0.5, 0.15
_POCKET_M = (0.5, 1.2)
_FILLED, _FILLED_M = 0.3, 8.0
_LEAST_WALL_M, _LEAST_SOLID_M = 0.055, 0.08  # leaves and frames are thinner
_STUB = 1.2  # of its thickness: a shorter wall is part of another
_SLIM_M, _THIN, _LAYER_M = 0.02, 0.7, 0.12
_PANELS, _PANEL_M = 4, 1.2  # leaves that slide, one beyond the other,
_PIECE_M, _LESS_THIN = 0.5, 0.9  # and what is left of one in a trace
_OFF_M = 0.025  # a trace may be off so much
_SHORT_M, _ALONE_M = 0.35, 2.0
_COVERED = 0.6
_GLAZED_M, _BRIDGE_M = 3.5, 0.8
_SPLINTER_M, _SAME_FACE_M = 0.45, 0.05
_HELD, _MAX_END_PLAIN_M = 0.6, 1.4  # an empty gap that no wall goes on beyond is no wider


def find_elements(
    grey: Grey,
    texts: list[Text],
    progress: Callable[[str, float], None],
    *,
    view: str = "",
    m_per_px: float | None = None,
) -> list[Element]:
    """Elements of a clean, upright picture (H, W), dark on light; texts in its pixels, y up.

    view: what kind of plan it is, as in `Sheet`. m_per_px: its scale; where unknown, its doors tell a rough one.
    """
    height, width = grey.shape
    progress("trace", 0.0)
    scaled = m_per_px is not None
    door_px = _USUAL_DOOR_M / m_per_px if m_per_px else find_door_px(grey, texts)
    progress("trace", 0.4)
    linework = trace(grey, texts, door_px)
    progress("trace", 1.0)
    page = Page(0, "", (0.0, 0.0, float(width), float(height)), linework, np.zeros((1, 1, 3), np.uint8))
    m_per_px = _USUAL_DOOR_M / door_px
    found = _main_part(_search(page, m_per_px, view, scaled), m_per_px)
    rooms = rooms_between(found, m_per_px)
    least_m = _SURE_GAP_M if scaled else _WIDE_M
    found = [e for e in found if e.kind != "opening" or _leads_on(e, rooms, m_per_px, least_m)] + rooms
    for element in found:
        if element.kind == "opening" and _is_filled(element, grey):
            element.kind, element.traits["subtype"], element.confidence = "door", "sliding", 0.6
    found = without_stubs(found, m_per_px)
    progress("detect", 1.0)
    for element in found:
        element.lines, element.sources = np.zeros((0, 4)), ["pixels"]
    return found


def _main_part(found: list[Element], m_per_px: float) -> list[Element]:
    """Without what stands apart with hardly any wall: scale bars, legends, tables."""
    if not any(e.kind == "wall" for e in found):
        return []
    near = [shapely.Polygon(e.outline * m_per_px).buffer(_BESIDE_M, join_style="mitre") for e in found]
    group = connected(np.array(near, dtype=object))
    is_wall = np.array([e.kind == "wall" for e in found], bool)
    length = np.bincount(group, [e.sizes.get("length", 0.0) * wall for e, wall in zip(found, is_wall, strict=True)])
    if not length.any():
        return []
    main = [length[part] >= _PART * length.max() for part in group.tolist()]
    inside = shapely.MultiPoint(
        np.concatenate([e.outline for e, kept in zip(found, main, strict=True) if kept])
    ).convex_hull
    return [e for e, kept in zip(found, main, strict=True) if kept or _hung_in(e, inside)]


def _hung_in(element: Element, inside: shapely.Geometry) -> bool:
    """A door with its swing counts though its wall was not traced."""
    hung = element.kind == "door" and element.traits.get("subtype") in ("single", "double")
    return hung and bool(inside.contains(shapely.Point(element.outline.mean(0))))


def _leads_on(opening: Element, rooms: list[Element], m_per_px: float, least_m: float) -> bool:
    """Whether an empty gap joins two rooms, or leads out and is wide enough; others are where a trace is torn."""
    edge = shapely.Polygon(opening.outline).buffer(0.15 / m_per_px)
    beside = sum(edge.intersects(shapely.Polygon(room.outline)) for room in rooms)
    return beside > 1 or opening.sizes["width"] * m_per_px > least_m


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


def _is_filled(opening: Element, grey: Grey) -> bool:
    """Whether something is drawn in the middle of a gap, most of the way from jamb to jamb: a leaf that slides."""
    along = np.linspace(0.1, 0.9, 64)[:, None, None]
    across = np.linspace(0.25, 0.75, 9)[None, :, None]
    a, b, c, d = opening.outline
    points = (a * (1 - along) + b * along) * (1 - across) + (d * (1 - along) + c * along) * across
    x = np.clip(points[..., 0], 0, grey.shape[1] - 1).astype(int)
    y = np.clip(grey.shape[0] - 1 - points[..., 1], 0, grey.shape[0] - 1).astype(int)
    return float((grey[y, x] < _INK).any(axis=1).mean()) > _LEAF_SHARE


def _search(page: Page, m_per_px: float, view: str, scaled: bool) -> list[Element]:
    """Walls and openings of traced linework, whose solid walls prove themselves."""
    scene = set_scene(page, m_per_px, np.zeros(2))
    width_m, height_m = page.extent[2] * m_per_px, page.extent[3] * m_per_px
    faces = find_faces(scene.lines, scene.styles, (0.0, 0.0, width_m, height_m))
    swings = find_swings(scene.arcs, scene.segments)
    doors = np.array([(s.hinge, s.latch) for s in swings if s.leaf]).reshape(-1, 2, 2)
    bands = find_bands(scene.lines, faces, scene.styles, doors)
    poche = find_bands(scene.lines, faces & (scene.lines.style == len(scene.styles) - 1), scene.styles, doors)
    filled_m, every_m = (float((b.end - b.start)[b.end - b.start > _WALL_M].sum()) for b in (poche, bands))
    if filled_m > max(_FILLED * every_m, _FILLED_M):
        poche = poche.take(poche.end - poche.start > _TONGUE_M)
        kept = np.concatenate([poche.faces, bands.faces[_goes_on(bands, poche)]])  # what else is hollow is furniture
        bands = bands_of(scene.lines, kept[:, 0], kept[:, 1])
    filled = (scene.lines.style[bands.faces] == len(scene.styles) - 1).all(1)
    kept = bands.high - bands.low > np.where(filled, _LEAST_SOLID_M, _LEAST_WALL_M)
    bands, filled = bands.take(kept), filled[kept]
    openings = _openings(scene, bands, swings, view, scaled)
    sure = np.array([o.confidence > 0.84 and o.kind != "opening" for o in openings], bool)
    proven = [o.thickness_m for o, one in zip(openings, sure, strict=True) if one]
    thickness = bands.high - bands.low
    kept = filled | believable(bands, np.array([*proven, *thickness[filled & (bands.end - bands.start > _WALL_M)]]))
    bands, filled = bands.take(kept), filled[kept]
    rings = np.array([o.ring for o in openings]).reshape(-1, 4, 2)
    kept = filled | rooted(bands, find_junctions(bands), rings, sure)
    bands, filled = bands.take(kept), filled[kept]
    inset = _inset(bands) & scaled
    bands, filled = bands.take(~inset), filled[~inset]
    openings = _openings(scene, bands, swings, view, scaled)
    bands = bands.take(filled | standing(bands, openings, False))
    make = ElementMaker(scene, np.zeros(2), m_per_px)
    openings = reaching(merge_layers(openings), bands.polygons())
    pieces = find_wall_pieces(bands, solid_of(bands, find_junctions(bands), openings))
    if view != "ceiling":
        openings = _glazed(openings, bands.take(bands.end - bands.start > _WALL_M).polygons())
    return [make.wall(piece, bands) for piece in pieces] + [make.opening(opening) for opening in openings]


def _goes_on(bands: Bands, walls: Bands) -> Bools:
    """Which bands (N,) are stubs between the faces of a wall, at its end: too short to show that they are filled."""
    ends = np.stack([bands.start, bands.low, bands.end, bands.high], axis=1)
    off = np.abs(ends[:, None, [1, 3]] - np.stack([walls.low, walls.high], axis=1)[None]).max(2)
    apart = np.maximum(bands.start[:, None], walls.start) - np.minimum(bands.end[:, None], walls.end)
    thickness = walls.high - walls.low
    on = (bands.direction[:, None] == walls.direction) & (off < _SLIM_M) & (apart < thickness) & (apart > -_SLIM_M)
    return np.asarray(on.any(1) & (bands.end - bands.start < _STUB_M))


def _inset(bands: Bands) -> Bools:
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


def _glazed(openings: list[Opening], walls: Polygons) -> list[Opening]:
    """Openings of which those in the house's outline without a leaf and without a code are windows."""
    parts = np.array([*walls, *(shapely.Polygon(o.ring) for o in openings)], dtype=object)
    closed = shapely.union_all(shapely.buffer(parts, _BRIDGE_M, join_style="mitre"))
    houses = shapely.buffer(closed, -_BRIDGE_M, join_style="mitre")
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


def _ends(opening: Opening) -> list[Floats]:
    """The middles (2,) of both jambs."""
    a, b, c, d = opening.ring
    return [(a + d) / 2, (b + c) / 2]


def _openings(scene: Scene, bands: Bands, swings: list[Swing], view: str, scaled: bool) -> list[Opening]:
    """Doors, windows and plain openings in the bands, each once."""
    usable = np.arange(len(scene.lines), dtype=np.int32)
    cells = cut_gaps(find_gaps(bands, find_junctions(bands)), scene.lines, usable)
    codes = read_codes(scene.texts)
    openings, loose = read_gaps(cells, swings, codes, scene.lines, scene.meanings, heads=view == "ceiling")
    openings = _hung(openings, loose_doors(loose, bands, [s.leaf for s in loose]), scaled)
    openings += inset_windows(bands, scene.lines, usable, scene.meanings, openings)
    return _joined(distinct([o for o in openings if _fits(o)]))


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
        return _POCKET_M[0] < opening.width_m < _POCKET_M[1]
    return opening.kind != "window" or opening.width_m > max(0.35, 0.8 * opening.thickness_m)


def rooms_between(found: list[Element], m_per_px: float) -> list[Element]:
    """The spaces that walls and openings enclose, cracks as wide as a trace may be off healed."""
    parts = shapely.make_valid(np.array([shapely.Polygon(e.outline * m_per_px) for e in found], dtype=object))
    closed = shapely.union_all(shapely.buffer(parts, _CRACK_M, join_style="mitre"))
    rooms = []
    for room in find_rooms(shapely.buffer(closed, -_CRACK_M, join_style="mitre")):
        ring = np.array(room.exterior.coords)[:-1] / m_per_px
        sizes = {"area": room.area / m_per_px**2, "perimeter": room.length / m_per_px}
        name = element_id("room", ring, m_per_px)
        rooms.append(Element(name, "room", ring, 0.7, np.zeros((0, 4)), [], sizes=sizes))
    return rooms
