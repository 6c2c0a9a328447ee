"""A sheet's pixels into elements: what `pixels` traces is searched as drawn linework is.

A scan's walls are believed where they are solid. Where no scale is known, doors tell a rough one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.detect.clashes import merge_layers
from planroom.detect.elements import ElementMaker, element_id
from planroom.detect.pixels.trace import find_door_px, trace
from planroom.detect.rooms import find_rooms, find_wall_pieces
from planroom.detect.rooms import solid as solid_of
from planroom.detect.scene import set_scene
from planroom.detect.slim import are_inset, goes_on, in_gaps, loose_stubs, mended, without_stubs
from planroom.detect.standing import believable, connected, find_junctions, rooted, standing
from planroom.detect.swings import find_swings
from planroom.detect.torn import find_openings, glazed, reaching, slid_over
from planroom.detect.walls import bands_of, find_bands, find_faces
from planroom.records import Element, Floats, Page, Text

Grey = NDArray[np.uint8]
_USUAL_DOOR_M = 0.85
_CRACK_M = 0.13
_WIDE_M = 2.05
_SURE_GAP_M, _NEAR_M = 0.6, 0.15
_HELD = 0.6  # an opening that a wall goes on beyond is surer
_INK = 150  # of a clean picture, 255 is paper
_LEAF_SHARE = 0.5
_WALL_M = 0.6
_TONGUE_M = 0.1  # a rebate that a window's frame stands in
_BESIDE_M, _PART = 0.5, 0.15
_FILLED, _FILLED_M = 0.3, 8.0
_LEAST_WALL_M, _LEAST_SOLID_M = 0.055, 0.08  # leaves and frames are thinner


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
    found = _main_part(_search(page, grey, m_per_px, view, scaled), m_per_px)
    rooms = rooms_between(found, m_per_px)
    least_m = _SURE_GAP_M if scaled else _WIDE_M
    found = [e for e in found if e.kind != "opening" or _leads_on(e, rooms, m_per_px, least_m)] + rooms
    for element in found:
        if element.kind == "opening" and _is_filled(element.outline, grey):
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
    """Whether an empty gap joins two rooms, or leads out and is wide enough; others are where a trace is torn, or, with
    no wall going on beyond them and one room on both sides, between pieces of furniture.
    """
    edge = shapely.Polygon(opening.outline).buffer(_NEAR_M / m_per_px)
    near = [shapely.Polygon(room.outline) for room in rooms]
    beside = [room for room in near if edge.intersects(room)]
    a, b, c, d = opening.outline
    off = (d - a) / np.hypot(*(d - a)) * _NEAR_M / m_per_px
    sides = shapely.points([(a + b) / 2 - off, (c + d) / 2 + off])
    is_within = opening.confidence < _HELD and any(shapely.contains(room, sides).all() for room in beside)
    return not is_within and (len(beside) > 1 or opening.sizes["width"] * m_per_px > least_m)


def _is_filled(ring: Floats, grey: Grey) -> bool:
    """Whether something is drawn in the middle of a gap, most of the way from jamb to jamb: a leaf that slides.

    ring (4, 2): its corners in pixels, y up.
    """
    along = np.linspace(0.1, 0.9, 64)[:, None, None]
    across = np.linspace(0.25, 0.75, 9)[None, :, None]
    a, b, c, d = ring
    points = (a * (1 - along) + b * along) * (1 - across) + (d * (1 - along) + c * along) * across
    x = np.clip(points[..., 0], 0, grey.shape[1] - 1).astype(int)
    y = np.clip(grey.shape[0] - 1 - points[..., 1], 0, grey.shape[0] - 1).astype(int)
    return float((grey[y, x] < _INK).any(axis=1).mean()) > _LEAF_SHARE


def _search(page: Page, grey: Grey, m_per_px: float, view: str, scaled: bool) -> list[Element]:
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
        kept = np.concatenate([poche.faces, bands.faces[goes_on(bands, poche)]])  # what else is hollow is furniture
        bands = bands_of(scene.lines, kept[:, 0], kept[:, 1])
    filled = (scene.lines.style[bands.faces] == len(scene.styles) - 1).all(1)
    kept = bands.high - bands.low > np.where(filled, _LEAST_SOLID_M, _LEAST_WALL_M)
    bands, filled = bands.take(kept), filled[kept]
    openings = find_openings(scene, bands, swings, view, scaled)
    sure = np.array([o.confidence > 0.84 and o.kind != "opening" for o in openings], bool)
    proven = [o.thickness_m for o, one in zip(openings, sure, strict=True) if one]
    thickness = bands.high - bands.low
    kept = filled | believable(bands, np.array([*proven, *thickness[filled & (bands.end - bands.start > _WALL_M)]]))
    bands, filled = bands.take(kept), filled[kept]
    rings = np.array([o.ring for o in openings]).reshape(-1, 4, 2)
    kept = filled | rooted(bands, find_junctions(bands), rings, sure)
    bands, filled = bands.take(kept), filled[kept]
    if scaled:
        bands = bands.take(~are_inset(bands))
        bands = bands.take(~loose_stubs(bands))
        bands = mended(bands.take(~in_gaps(bands, openings)), scene.lines)
        filled = (scene.lines.style[bands.faces] == len(scene.styles) - 1).all(1)
    openings = find_openings(scene, bands, swings, view, scaled)
    bands = bands.take(filled | standing(bands, openings, False))
    if scaled:
        openings = slid_over(bands, openings, lambda opening: _is_filled(opening.ring / m_per_px, grey))
    make = ElementMaker(scene, np.zeros(2), m_per_px)
    openings = reaching(merge_layers(openings), bands.polygons())
    pieces = find_wall_pieces(bands, solid_of(bands, find_junctions(bands), openings))
    if view != "ceiling":
        openings = glazed(openings, bands.take(bands.end - bands.start > _WALL_M).polygons())
    return [make.wall(piece, bands) for piece in pieces] + [make.opening(opening) for opening in openings]


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
