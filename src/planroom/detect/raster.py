"""A sheet's pixels into elements: lines, arcs and solid walls are traced, then searched as drawn linework is.

Works in pixels of a canvas that small pictures are enlarged for, so that one set of thresholds serves all; what leaves
is in pixels of the picture, y up. No scale is needed: doors are about as wide as doors usually are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.detect.bands import Bands, Polygons
from planroom.detect.codes import read_codes
from planroom.detect.elements import ElementMaker, element_id
from planroom.detect.gaps import cut_gaps, find_gaps
from planroom.detect.openings import Opening, read_gaps
from planroom.detect.raster_openings import trace_swings
from planroom.detect.rooms import find_rooms, find_wall_pieces
from planroom.detect.rooms import solid as solid_of
from planroom.detect.scene import Scene, set_scene
from planroom.detect.standing import believable, connected, find_junctions, rooted, standing
from planroom.detect.strays import inset_windows, loose_doors
from planroom.detect.swings import Swing, find_swings
from planroom.detect.vectors import _distinct as distinct
from planroom.detect.walls import find_bands, find_faces
from planroom.records import Element, Floats, Linework, Page, Style, Text

Grey = NDArray[np.uint8]
_USUAL_DOOR_M = 0.85
_USUAL_DOORS_ACROSS = 24  # a sheet, where none is drawn with its swing
_TEXT_HEIGHTS = 5.5  # a door is so many letters wide, roughly
_DOOR_PX = 100.0  # on the canvas
_FIRST_PX = 2600
_MOST_PIXELS = 14e6  # of the canvas
_MOST_FACTOR = 4.0
_BYTES_PER_PIXEL = 28  # of the canvas, in the worst case: noise
_CRACK_M = 0.13
_WIDE_M = 2.05
_HINGE_OFF = 0.4  # of a gap's width a door may lie off it, and be wider or narrower
_SURE_GAP_M = 0.6
_LEAST_DOOR_M = 0.62  # of a leaf without a gap: basins have smaller arcs
_INK = 150  # of a clean picture, 255 is paper
_LEAF_SHARE = 0.5
_WALL_M = 0.6
_TONGUE_M = 0.1  # a rebate that a window's frame stands in
_BESIDE_M, _PART = 0.5, 0.15
_POCKET_M = (0.5, 1.2)
_FILLED, _FILLED_M = 0.3, 8.0
_MARGIN = 0.035
_LEAST_WALL_M = 0.055  # leaves and frames are thinner
_PEN_PX = 11  # no pen is wider, no solid wall thinner
_PEN_STEP = 0.1  # of a pen's weight, as a logarithm
_VALLEY = 0.3
_THICK_PX, _THICK_SHARE = 4.5, 0.35
_LEAST_PX = 15  # of a straight line
_FAINTEST = (18, 40)  # of 255; a stroke is darker than the paper by a fifth of the dark ones
_SOLID = 65  # of 255, darker than the paper
_CORNER_PX = 5  # a corner's rounding in a scan
_ROUNDED_PX = 12.0
_SLANT = 0.1
_ERASE_PX = 5  # as wide as a line is drawn over to take it out
_PITCH_PX, _DENSE = 17, 0.6  # of a wall's hatch, and how much of the wall it covers then
_HATCHED_PX, _MOST_HATCH_PX = 30, 55  # least length and most thickness of a hatched wall
_SAME_PLACE, _LAYER_M = 0.6, 0.12
_GLAZED_M, _BRIDGE_M = 3.5, 0.8
_GAP_PX = 7  # where another pen crosses


def lease_bytes(pixels: int) -> int:
    """Anonymous bytes that finding elements in a grey picture of `pixels` takes: its canvas, measured."""
    return 40_000_000 + round(_BYTES_PER_PIXEL * min(_MOST_PIXELS, _MOST_FACTOR**2 * pixels))


@dataclass(slots=True)
class Ink:
    """A picture's ink (H, W), 0 to 255: strokes as wide as pens, and where it is solid (0 or 1)."""

    strokes: Grey
    solid: Grey
    least: float

    @property
    def drawn(self) -> Grey:
        """Where strokes are, 0 or 1."""
        return np.asarray(self.strokes > self.least, np.uint8)


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
    rooms = _rooms(found, m_per_px)
    least_m = _SURE_GAP_M if scaled else _WIDE_M
    found = [e for e in found if e.kind != "opening" or _leads_on(e, rooms, m_per_px, least_m)] + rooms
    for element in found:
        if element.kind == "opening" and _is_filled(element, grey):
            element.kind, element.traits["subtype"], element.confidence = "door", "sliding", 0.6
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
        bands = poche.take(poche.end - poche.start > _TONGUE_M)  # what is hollow then is furniture
    bands = bands.take(bands.high - bands.low > _LEAST_WALL_M)
    filled = (scene.lines.style[bands.faces] == len(scene.styles) - 1).all(1)
    openings = _openings(scene, bands, swings, view, scaled)
    sure = np.array([o.confidence > 0.84 and o.kind != "opening" for o in openings], bool)
    proven = [o.thickness_m for o, one in zip(openings, sure, strict=True) if one]
    thickness = bands.high - bands.low
    kept = filled | believable(bands, np.array([*proven, *thickness[filled & (bands.end - bands.start > _WALL_M)]]))
    bands, filled = bands.take(kept), filled[kept]
    rings = np.array([o.ring for o in openings]).reshape(-1, 4, 2)
    kept = filled | rooted(bands, find_junctions(bands), rings, sure)
    bands, filled = bands.take(kept), filled[kept]
    openings = _openings(scene, bands, swings, view, scaled)
    bands = bands.take(filled | standing(bands, openings, False))
    make = ElementMaker(scene, np.zeros(2), m_per_px)
    pieces = find_wall_pieces(bands, solid_of(bands, find_junctions(bands), openings))
    openings = _unlayered(openings)
    if view != "ceiling":
        openings = _glazed(openings, bands.take(bands.end - bands.start > _WALL_M).polygons())
    return [make.wall(piece, bands) for piece in pieces] + [make.opening(opening) for opening in openings]


def _unlayered(openings: list[Opening]) -> list[Opening]:
    """Openings of a wall whose layers were each taken for a wall as one, as the surest of them."""
    rank = {"door": 0, "window": 1, "opening": 2}
    kept: list[Opening] = []
    for opening in sorted(openings, key=lambda o: (rank[o.kind], o.subtype == "sliding", -o.confidence)):
        if not any(_behind(opening, other) for other in kept):
            kept.append(opening)
    return kept


def _behind(one: Opening, other: Opening) -> bool:
    """Whether two openings lie behind each other in one wall."""
    along = other.ring[1] - other.ring[0]
    along = along / max(float(np.hypot(*along)), 1e-9)
    turn = np.array([along, (-along[1], along[0])]).T
    (a, b), (c, d) = (((ring @ turn).min(0), (ring @ turn).max(0)) for ring in (one.ring, other.ring))
    common = min(b[0], d[0]) - max(a[0], c[0])
    return bool(common > _SAME_PLACE * min(b[0] - a[0], d[0] - c[0]) and max(a[1], c[1]) - min(b[1], d[1]) < _LAYER_M)


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
    return distinct([o for o in openings if _fits(o)])


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


def _rooms(found: list[Element], m_per_px: float) -> list[Element]:
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


def find_door_px(grey: Grey, texts: list[Text]) -> float:
    """How wide the usual door is, from the leaves that are drawn; a guess where there are too few."""
    height, width = grey.shape
    factor = float(np.clip(_FIRST_PX / max(height, width), min(1.0, (_MOST_PIXELS / grey.size) ** 0.5), 3.0))
    canvas = _resized(grey, factor)
    ink = find_ink(canvas)
    _wipe(ink.strokes, texts, height, factor)
    leaves = trace_swings(ink.drawn, ink.drawn, ink.solid)[1]
    length = np.hypot(*(leaves[:, 2:] - leaves[:, :2]).T) / factor
    if len(length) < 2:
        heights = [t.height for t in texts if t.height > 0]
        return _TEXT_HEIGHTS * float(np.median(heights)) if heights else float(max(grey.shape)) / _USUAL_DOORS_ACROSS
    spread = length[None, :] / length[:, None]
    votes = ((spread > 0.8) & (spread < 1.25)) @ length  # the long ones are less likely letters and hatches
    return float(np.median(length[votes == votes.max()]))


def trace(grey: Grey, texts: list[Text], door_px: float) -> Linework:
    """Lines, arcs and edges of solid walls as linework in the picture's own pixels, y up."""
    height = grey.shape[0]
    factor = float(np.clip(_DOOR_PX / door_px, 0.2, min(_MOST_FACTOR, (_MOST_PIXELS / grey.size) ** 0.5)))
    ink = find_ink(_resized(grey, factor))
    lettered = np.zeros_like(ink.solid)
    _wipe(lettered, texts, height, factor, 1)
    flat, flat_pen = straight(ink, lettered)
    upright, upright_pen = straight(Ink(_turned(ink.strokes), _turned(ink.solid), ink.least), _turned(lettered))
    upright = upright[:, [1, 0, 3, 2]]
    ink.strokes[lettered > 0] = 0
    hatched = _hatched(ink.drawn, flat) | _turned(_hatched(_turned(ink.drawn), upright[:, [1, 0, 3, 2]]))
    ink.solid |= hatched
    ink.strokes[hatched > 0] = 0
    rest = _unexplained(ink, np.concatenate([flat, upright]))
    oblique = _oblique(ink, rest)
    arcs, leaves = trace_swings(ink.drawn, rest, ink.solid)
    _drop_leaves(ink.solid, leaves, lettered)
    edges = _edges(ink.solid)
    straights = np.concatenate([flat, upright])
    swap, frame_px = [1, 0, 3, 2], float(max(ink.solid.shape))
    thick = np.concatenate(
        [
            _filled_strokes(flat, flat_pen, frame_px, ink.solid.shape[0]),
            _filled_strokes(upright[:, swap], upright_pen, frame_px, ink.solid.shape[1])[:, swap],
        ]
    )
    if _length(thick) > _THICK_SHARE * _length(edges):  # else they are glass and leaves in solid walls
        edges = np.concatenate([edges, thick])
    segments = np.concatenate([straights, oblique, leaves, edges])
    drawn_by = _pens(
        np.concatenate([flat_pen, upright_pen]), np.abs(straights[:, 2:] - straights[:, :2]).max(1, initial=0)
    )
    light, solid = 0, int(drawn_by.max(initial=0)) + 1
    pens = np.concatenate([drawn_by, np.full(len(oblique) + len(leaves), light), np.full(len(edges), solid)])
    segments[:, [1, 3]] = height * factor - segments[:, [1, 3]]
    arcs[:, 1] = height * factor - arcs[:, 1]
    arcs[:, 3] = -arcs[:, 3] - arcs[:, 4]
    arcs[:, :3] /= factor
    styles = [Style("", "", 0, 2.0**k, False, False) for k in range(solid + 1)]
    return Linework(
        segments / factor,
        pens.astype(np.int32),
        arcs,
        np.full(len(arcs), solid + 1, np.int32),
        [],
        np.zeros(0, np.int32),
        np.array([*range(solid + 1), light], np.int32),
        styles,
        texts,
    )


def _resized(grey: Grey, factor: float) -> Grey:
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def _wipe(mask: Grey, texts: list[Text], height: int, factor: float, value: int = 0) -> None:
    """Set the boxes of texts, which are in pixels of the picture, y up, in a mask of the canvas."""
    for text in texts:
        x0, y0, x1, y1 = (max(0, round(v * factor)) for v in text.box)
        bottom = round(height * factor)
        mask[max(0, bottom - y1) : max(0, bottom - y0), x0:x1] = value


def _turned(mask: Grey) -> Grey:
    return np.ascontiguousarray(mask.T)


def find_ink(grey: Grey) -> Ink:
    """Strokes and solid areas, each as dark as it is against the paper around it."""
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 16), max(1, height // 16)), interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((15, 15), np.uint8)), (9, 9))
    dark = cv2.subtract(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), grey)
    broad = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((_PEN_PX, _PEN_PX), np.uint8))
    strokes = cv2.GaussianBlur(cv2.subtract(dark, broad), (0, 0), 0.7)
    solid = np.asarray(broad > _SOLID, np.uint8)
    strokes[solid > 0] = 0
    seen = strokes[strokes > 25]
    usual = float(np.quantile(seen[:: max(1, len(seen) // 200_000)], 0.9)) if len(seen) else 0.0
    least = float(np.clip(0.2 * usual, *_FAINTEST))
    return Ink(np.asarray(strokes, np.uint8), solid, least)


def straight(ink: Ink, lettered: Grey) -> tuple[Floats, Floats]:
    """Level lines (N, 4) in pixels, y down, along the middle of their stroke, and how heavy each pen is (N,)."""
    soft = cv2.GaussianBlur(ink.strokes, (1, 5), 1.0)
    above, below = np.zeros_like(soft), np.zeros_like(soft)
    above[1:], below[:-1] = soft[:-1], soft[1:]
    ridge = ((soft >= above) & (soft > below)).astype(np.uint8) & ink.drawn
    del above, below
    ridge = cv2.dilate(ridge, np.ones((3, 1), np.uint8))
    ridge = cv2.morphologyEx(ridge, cv2.MORPH_OPEN, np.ones((1, _GAP_PX), np.uint8))
    ridge = cv2.morphologyEx(ridge, cv2.MORPH_CLOSE, np.ones((1, _GAP_PX), np.uint8))
    lines, pens = [], []
    for x, y, w, h in _level_runs(ridge, _LEAST_PX):
        top = max(y - _PEN_PX, 0)
        patch = ink.strokes[top : y + h + _PEN_PX, x : x + w]
        profile = patch.mean(1)
        peak = y - top + int(np.argmax(profile[y - top : y - top + h]))
        faint = np.flatnonzero(profile < 0.4 * profile[peak])
        first = int(faint[faint < peak].max(initial=-1)) + 1
        last = int(faint[faint > peak].min(initial=len(profile)))
        if h > 9 or profile[peak] < 1 or lettered[y : y + h, x : x + w].mean() > 0.8:
            continue
        profile = profile[first:last]
        middle = top + first + float((profile * np.arange(len(profile))).sum() / profile.sum()) + 0.5
        for start, end, ink_sum in _by_pen(patch[max(first - 1, 0) : last + 1].astype(np.float32)):
            lines.append((x + start, middle, x + end, middle))
            pens.append(ink_sum)
    return np.array(lines, np.float64).reshape(-1, 4), np.array(pens)


def _hatched(drawn: Grey, lines: Floats) -> Grey:
    """Where (0 or 1) level lines (N, 4) have a wall's hatch between them: strokes everywhere, and none along it."""
    filled = np.zeros_like(drawn)
    rest = drawn.copy()
    for x0, y0, x1, _ in lines.round().astype(int).tolist():
        cv2.line(rest, (x0, y0), (x1, y0), 0, _ERASE_PX)
    near = cv2.dilate(rest, np.ones((1, _PITCH_PX), np.uint8))
    lines = lines[lines[:, 2] - lines[:, 0] > _HATCHED_PX]
    lines = lines[np.argsort(lines[:, 1])]
    for k, (x0, y0, x1, _) in enumerate(lines.tolist()):
        below = lines[k + 1 : int(np.searchsorted(lines[:, 1], y0 + _MOST_HATCH_PX))]
        for u0, v0, u1, _ in below[below[:, 1] > y0 + _PEN_PX].tolist():
            start, end = round(max(x0, u0)), round(min(x1, u1))
            if end - start < _HATCHED_PX:
                continue
            top, bottom = round(y0), round(v0)
            dense = near[top + 3 : bottom - 2, start:end].mean(0) > _DENSE
            runs = cv2.morphologyEx(dense.astype(np.uint8)[None], cv2.MORPH_OPEN, np.ones((1, _HATCHED_PX), np.uint8))
            filled[top : bottom + 1, start:end] |= runs
    return filled


def _by_pen(patch: NDArray[np.float32]) -> list[tuple[int, int, float]]:
    """Start, end and ink across of each stretch of a level line (rows, columns) that one pen drew."""
    width = patch.shape[1]
    ink = cv2.blur(np.maximum(patch.sum(0), 1.0)[None], (_CORNER_PX, 1))[0]
    low, high = np.quantile(ink, (0.08, 0.92))
    if high < 1.7 * low or width < 3 * _LEAST_PX:
        return [(0, width, float(np.median(ink)))]
    heavy = cv2.morphologyEx(
        (ink > (low * high) ** 0.5).astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, _LEAST_PX))
    )
    heavy = cv2.morphologyEx(heavy, cv2.MORPH_OPEN, np.ones((1, _LEAST_PX)))[0]
    cuts = [0, *(np.flatnonzero(np.diff(heavy)) + 1).tolist(), width]
    return [(a, b, float(np.median(ink[a:b]))) for a, b in pairwise(cuts)]


def _filled_strokes(lines: Floats, pens: Floats, frame_px: float, across_px: int) -> Floats:
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


def _length(lines: Floats) -> float:
    return float(np.hypot(*(lines[:, 2:] - lines[:, :2]).T).sum())


def _pens(ink: Floats, length: Floats) -> NDArray[np.int32]:
    """Which pen drew each line (N,), lightest first: pens are apart where hardly a line is as heavy."""
    if len(ink) == 0:
        return np.zeros(0, np.int32)
    value = np.log(np.maximum(ink, 1.0)) / _PEN_STEP
    at = np.round(value - value.min()).astype(int)
    mass = np.convolve(np.bincount(at, length, at.max() + 1), [0.5, 1.0, 0.5], "same")
    cuts: list[int] = []
    top = valley = 0
    for k in range(1, len(mass)):
        if mass[k] < mass[valley] or valley < top:
            valley = k if mass[k] < mass[max(valley, top)] or valley < top else valley
        if mass[k] > mass[top] and mass[valley] > _VALLEY * mass[top]:
            top, valley = k, k
        elif mass[valley] < _VALLEY * min(mass[top], mass[k]):
            cuts.append(valley)
            top, valley = k, k
    return np.asarray(np.searchsorted(cuts, at, side="right"), np.int32)


def _drop_leaves(solid: Grey, leaves: Floats, lettered: Grey) -> None:
    """Take thick leaves (L, 4), letters and whatever is too small to be a wall out of what is solid."""
    for x0, y0, x1, y1 in leaves.tolist():
        near = (round(x0 + 0.15 * (x1 - x0)), round(y0 + 0.15 * (y1 - y0)))
        cv2.line(solid, near, (round(x1), round(y1)), 0, _PEN_PX + 2)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4, ltype=cv2.CV_32S)
    words = np.bincount(labels[lettered > 0], minlength=len(stats)) > 0.7 * stats[:, cv2.CC_STAT_AREA]
    gone = words | (stats[:, 2:4].max(1) < 3 * _PEN_PX)
    solid[gone[labels]] = 0


def _edges(solid: Grey) -> Floats:
    """Straight pieces (N, 4) of the outlines of solid areas, in pixels, y down."""
    level, upright = _level_edges(solid), _level_edges(_turned(solid))
    sides = [_met(level, upright), _met(upright, level)[:, [1, 0, 3, 2]]]
    contours, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        ring = cv2.approxPolyDP(contour, 1.6, True)[:, 0].astype(np.float64) + 0.5
        edges = np.concatenate([ring, np.roll(ring, -1, 0)], axis=1)
        span = np.abs(edges[:, 2:] - edges[:, :2])
        sides.append(edges[(span.max(1) > _LEAST_PX) & (span.min(1) > _SLANT * span.max(1)) & (span.min(1) > 4)])
    return np.concatenate(sides)


def _level_edges(solid: Grey) -> Floats:
    """Level upper and lower edges (N, 4) of solid areas, drawn on over a corner's rounding."""
    edges = []
    for way in (-1, 1):
        beyond = np.zeros_like(solid)
        beyond[max(-way, 0) : len(solid) - max(way, 0)] = solid[max(way, 0) : len(solid) - max(-way, 0)]
        for x, y, w, h in _level_runs(solid & (1 - beyond), _CORNER_PX + 1, 2):
            if h < 6:
                middle = y + (h - 1) / 2 + way / 2
                edges.append((x - 1.5, middle, x + w + 1.5, middle))
    return np.array(edges, np.float64).reshape(-1, 4)


def _met(edges: Floats, across: Floats) -> Floats:
    """Level edges (N, 4) drawn on to the upright ones (M, 4, turned) that they nearly meet: symbols round corners."""
    met = edges.copy()
    if len(across):
        at, low, high = across[:, 1], across[:, 0] - _ROUNDED_PX, across[:, 2] + _ROUNDED_PX
        beside = (edges[:, 1, None] > low) & (edges[:, 1, None] < high)
        for column, way in ((0, -1), (2, 1)):
            beyond = way * (at - edges[:, column, None])
            off = np.where(beside & (beyond > 0), beyond, np.inf)
            nearest = off.argmin(1)
            near = off.min(1) < _ROUNDED_PX
            met[near, column] = at[nearest[near]]
    return met


def _level_runs(mask: Grey, least: int, join: int = 1) -> list[list[int]]:
    """Boxes x, y, w, h of the level runs in a mask; with `join` 2 one may step by a pixel here and there."""
    runs = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    runs = cv2.dilate(runs, np.ones((join, 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8, ltype=cv2.CV_32S)
    boxes: list[list[int]] = stats[1:, :4].tolist()
    return boxes


def _unexplained(ink: Ink, lines: Floats) -> Grey:
    """Where there is ink (0 or 1) that no level or upright line (N, 4) explains; what they crossed is joined again."""
    rest = ink.drawn
    long = lines[np.abs(lines[:, 2:] - lines[:, :2]).max(1) > 55]
    for x0, y0, x1, y1 in long.round().astype(int).tolist():
        cv2.line(rest, (x0, y0), (x1, y1), 0, 4)
    return np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))


def _oblique(ink: Ink, rest: Grey) -> Floats:
    """Slanting lines (N, 4) in pixels, y down, among the strokes of `rest`."""
    soft = cv2.GaussianBlur(ink.strokes, (0, 0), 1.0)
    peak = np.zeros_like(rest)
    core = soft[1:-1, 1:-1]
    for one, other in ((soft[1:-1, :-2], soft[1:-1, 2:]), (soft[:-2, 1:-1], soft[2:, 1:-1])):
        peak[1:-1, 1:-1] |= ((core >= one) & (core > other)).astype(np.uint8)
    found = cv2.HoughLinesP(rest & peak, 1, np.pi / 180, 14, minLineLength=_LEAST_PX, maxLineGap=4)
    if found is None:
        return np.zeros((0, 4))
    lines = found.reshape(-1, 4).astype(np.float64) + 0.5
    span = np.abs(lines[:, 2:] - lines[:, :2])
    return np.asarray(lines[span.min(1) > _SLANT * span.max(1)])
