"""What the vision networks saw on a picture, as elements: walls from their mask, openings where they stand, rooms
between them.

Geometry that traced the same picture (`raster.py`) is a second witness of its doors, as independent as can be had: it
knows arcs and leaves, and nothing of what things look like. Codes that tell an opening's size are a third. What several
show is surer than what one does.

The mask knows better where walls are than how far they reach. Where they are drawn solid, the ink tells that to the
pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
import shapely

from planroom.detect.bands import Bands
from planroom.detect.codes import Code, read_codes
from planroom.detect.elements import element_id
from planroom.detect.odds import certainty, chance, how_many
from planroom.detect.openings import Opening
from planroom.detect.pixels.bodies import spaces, wall_bands
from planroom.detect.pixels.ink import find_ink, resized
from planroom.detect.pixels.trace import canvas_factor
from planroom.detect.rooms import WallPiece, find_wall_pieces
from planroom.detect.slim import without_stubs
from planroom.detect.standing import connected
from planroom.detect.torn import reaching
from planroom.engine.instances import DOOR_KINDS, OPENING_KINDS, STRIDE, Instance, sort_of
from planroom.engine.pictures import Grey
from planroom.engine.vision import CLASSES, USES, Seen
from planroom.records import Element, Floats, Text

_SUBTYPES: Final = {"hinged": "single", "door": "unclear"}  # the others are named as planroom names them
_USUAL_DOOR_M: Final = 0.85
_USUAL_DOORS_ACROSS: Final = 24  # a sheet, where none was seen
_WALL: Final = CLASSES.index("wall")
_OUTSIDE: Final = USES.index("outside")
_BESIDE: Final = (0.1, 0.2, 0.3, 0.4, 0.5)  # of its length, where it is asked what lies beside an opening
_LEAST_WALL_M: Final = 0.04
_LEAST_GAP: Final = 0.2  # the score of an opening that a wall runs through,
_INTO_WALL_M: Final = 0.1  # and how far it may stop short of either side
_MOSTLY: Final = 0.5  # of a space that is outside: it is no room
_SHUT: Final = [CLASSES.index("door"), CLASSES.index("window")]
_ROOM_CONFIDENCE: Final = 0.7
_SOLID_SHARE: Final = 0.6  # of the mask that is solid ink, where walls are drawn solid
_BESIDE_M: Final = 0.5
_PLAN_M: Final = 4.0


class Candidate(NamedTuple):
    """Something that may be an opening: whether it stands in a wall, and whether one of its sides is outside; who else
    shows it: traced lines, or a code beside it that says its size ("9x21"). What was only traced has no score.
    """

    seen: Instance
    in_wall: bool
    leads_out: bool
    traced: bool = False
    coded: bool = False


class Rules(NamedTuple):
    """At which score an opening is as likely there as not, and whether glass that slides in an outer wall is a window.

    `benchmarks/counts.py --only rules` fits the even scores of doors and windows, `off_wall` and `sliders_are_windows`
    on real plans, and tells by cross-validation what they are worth. Whether sliders are windows makes no difference
    there; looked at, labels take them for such. The rest was tried by hand.
    """

    door: float = 0.5
    window: float = 0.45
    opening: float = 0.5
    off_wall: float = 0.05  # so much more an opening must score that stands in no wall that was seen,
    inside: float = 0.1  # or a window that does not lead outside
    sliders_are_windows: bool = True
    traced: float = 0.25  # so much less a door must score that geometry traced too,
    coded: float = 0.1  # or an opening beside which a code stands
    traced_only: float = 0.15  # the chance that a door is there which geometry traced and nobody saw,
    traced_and_coded: float = 0.9  # and where a code stands beside it

    def kind(self, one: Candidate) -> str:
        """Door, window or opening, as people count them."""
        if one.seen.kind == "sliding" and one.leads_out and self.sliders_are_windows:
            return "window"
        return "door" if one.seen.kind in DOOR_KINDS else one.seen.kind

    def chance(self, one: Candidate) -> float:
        """The chance that it is there."""
        if one.seen.score == 0:
            return self.traced_and_coded if one.coded else self.traced_only
        kind = self.kind(one)
        even = {"door": self.door, "window": self.window, "opening": self.opening}[kind]
        even += self.inside * (kind == "window" and not one.leads_out)
        even -= self.traced * one.traced + self.coded * one.coded
        return chance(one.seen.score, even if one.in_wall else even + self.off_wall)


class Found(NamedTuple):
    """Elements; by kind between which numbers their counts likely lie, and the chance that they are right."""

    elements: list[Element]
    ranges: dict[str, tuple[int, int]]
    chances: dict[str, float]


RULES: Final = Rules()
_AS_SEEN: Final = {"single": "hinged"} | {kind: kind for kind in DOOR_KINDS}
_SAME_PLACE: Final = 0.6  # of the shorter one's length
_CODE_REACH_M: Final = 1.3
_FIXTURES: Final = {"wc": ("fixture", "toilet"), "bed": ("fixture", "bed"), "stair": ("stair", "")}
_FIXTURE_SCORE: Final = 0.5
_OFF_M: Final = 0.25
LEAST_CHANCE: Final = 0.02  # what is less likely there is none
OPENINGS: Final = ("door", "window", "opening")


def find_elements(
    grey: Grey,
    seen: Seen,
    traced: Sequence[Element],
    texts: list[Text],
    *,
    m_per_px: float | None = None,
    rules: Rules = RULES,
) -> Found:
    """Elements of a clean, upright picture (H, W), dark on light, in its pixels, y up. traced: what geometry found on
    it, and texts: what is written there, in the same. m_per_px: its scale; where unknown, its doors tell a rough one.
    """
    height = len(grey)
    m_per_px = m_per_px or _USUAL_DOOR_M / usual_door_px(seen, grey.shape)
    walls = find_walls(grey, seen, _USUAL_DOOR_M / m_per_px)
    factor = len(walls) / height
    bands = _bands(walls, seen, factor, m_per_px)
    candidates = _candidates(seen, traced, texts, bands, height, m_per_px)
    possible = [_opening(one, rules, height, m_per_px) for one in candidates if rules.chance(one) > LEAST_CHANCE]
    bands, possible = _of_plans(bands, possible)
    openings = reaching(surest(possible), bands.polygons())
    pieces = find_wall_pieces(bands, shapely.GeometryCollection())
    found = [_wall(piece, m_per_px) for piece in pieces] + [_opening_element(one, m_per_px) for one in openings]
    found = without_stubs(found, m_per_px)
    found += [room for room in _rooms(found, walls, seen, factor, m_per_px) if not _is_outside(room, seen, height)]
    found += _fixtures(seen, height, m_per_px)
    for element in found:
        element.sources = ["pixels", "VisionDecoder"]
    counts = {kind: sum(element.kind == kind for element in found) for kind in OPENINGS}
    chances = {
        kind: certainty([one.confidence for one in possible if one.kind == kind], counts[kind]) for kind in OPENINGS
    }
    return Found(found, _ranges(counts, possible), chances)


def find_candidates(grey: Grey, seen: Seen, traced: Sequence[Element], texts: list[Text]) -> list[Candidate]:
    """All that may be an opening of a picture as `find_elements` takes it, for fitting rules."""
    m_per_px = _USUAL_DOOR_M / usual_door_px(seen, grey.shape)
    walls = find_walls(grey, seen, _USUAL_DOOR_M / m_per_px)
    bands = _bands(walls, seen, len(walls) / len(grey), m_per_px)
    return _candidates(seen, traced, texts, bands, len(grey), m_per_px)


def _bands(walls: Grey, seen: Seen, factor: float, m_per_px: float) -> Bands:
    """The walls of a mask that is `factor` times as large as the picture, in metres, y up."""
    openings = _shut(seen, walls.shape)
    for one in seen.instances:
        if one.kind in OPENING_KINDS and one.score > _LEAST_GAP:
            x, y = (factor * (place + 0.5) - 0.5 for place in (one.x, one.y))
            sizes = factor * (one.length + 2 * _INTO_WALL_M / m_per_px), factor * one.thickness
            corners = cv2.boxPoints(((x, y), sizes, float(np.degrees(one.angle))))
            cv2.fillPoly(openings, [np.rint(corners).astype(np.int32)], 1)
    bands = wall_bands(walls[::-1], openings[::-1], m_per_px / factor)
    return bands.take(bands.high - bands.low > _LEAST_WALL_M)


def surest(possible: list[Opening]) -> list[Opening]:
    """As many of each kind as are to be expected."""
    kept = []
    for kind in OPENINGS:
        ranked = sorted((one for one in possible if one.kind == kind), key=lambda one: -one.confidence)
        kept += ranked[: how_many([one.confidence for one in ranked])[0]]
    return kept


def _ranges(counts: dict[str, int], possible: list[Opening]) -> dict[str, tuple[int, int]]:
    """Between which numbers the count of each kind likely lies."""
    ranges = {}
    for kind in OPENINGS:
        best, low, high = how_many([one.confidence for one in possible if one.kind == kind])
        dropped = best - counts[kind]  # where nothing that closes is left of a wall
        ranges[kind] = max(0, low - dropped), max(0, high - dropped)
    return ranges


def _of_plans(bands: Bands, possible: list[Opening]) -> tuple[Bands, list[Opening]]:
    """Without what stands apart and has no likely opening in a few metres of wall: legends, details, scale bars. An
    opening whose wall was not seen belongs to the plan that it stands in.
    """
    walls = bands.polygons()
    likely = [shapely.Polygon(one.ring) for one in possible if one.confidence >= 0.5]
    near = np.array([shapely.buffer(one, _BESIDE_M, join_style="mitre") for one in (*walls, *likely)], dtype=object)
    if not len(near):
        return bands, []
    group = connected(near)
    n_walls = len(walls)
    length = np.bincount(group, np.append(shapely.length(walls) / 2, np.zeros(len(likely))))
    openings = np.bincount(group, np.arange(len(near)) >= n_walls)
    is_plan = (length > _PLAN_M) & (openings > 0)
    plans = shapely.STRtree([shapely.convex_hull(shapely.union_all(near[group == k])) for k in np.flatnonzero(is_plan)])
    inside = [len(plans.query(shapely.Point(one.ring.mean(0)), "within")) > 0 for one in possible]
    return bands.take(is_plan[group[:n_walls]]), [one for one, there in zip(possible, inside, strict=True) if there]


def usual_door_px(seen: Seen, shape: tuple[int, ...]) -> float:
    """How wide the usual door is; a guess where none was seen."""
    hinged = [one.length for one in seen.instances if one.kind == "hinged" and one.score > RULES.door]
    return float(np.median(hinged)) if hinged else max(shape) / _USUAL_DOORS_ACROSS


def find_walls(grey: Grey, seen: Seen, door_px: float) -> Grey:
    """Where walls are, 0 or 1, on a canvas `canvas_factor` times as large as the picture."""
    factor = canvas_factor(grey.shape, door_px)
    size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
    told = np.asarray(seen.classes == _WALL, np.uint8) * 255
    mask = cv2.resize(told, size, interpolation=cv2.INTER_CUBIC)
    walls = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.0) > 127, np.uint8)
    ink = find_ink(resized(grey, factor)).solid[: size[1], : size[0]]
    ink = np.pad(ink, [(0, size[1] - ink.shape[0]), (0, size[0] - ink.shape[1])])
    if (ink & walls).sum() > _SOLID_SHARE * max(int(walls.sum()), 1):
        reach = max(3, round(2 * factor / seen.zoom * 1.5)) | 1
        near = cv2.dilate(walls, np.ones((reach, reach), np.uint8))
        sure = cv2.erode(walls, np.ones((reach, reach), np.uint8))
        walls = (ink & near) | sure
    return np.asarray(walls, np.uint8)


def _candidates(
    seen: Seen, traced: Sequence[Element], texts: list[Text], bands: Bands, height: int, m_per_px: float
) -> list[Candidate]:
    walls = shapely.STRtree(bands.polygons())
    found = []
    for one, is_traced in _seen_or_traced([one for one in seen.instances if one.kind in OPENING_KINDS], traced, height):
        ring = shapely.Polygon(_ring(one, height, m_per_px))
        in_wall = len(walls.query(ring, "dwithin", _OFF_M)) > 0
        found.append(Candidate(one, in_wall, leads_out(one, seen), is_traced))
    return _with_codes(found, read_codes(texts), height, m_per_px)


def _seen_or_traced(seen: list[Instance], traced: Sequence[Element], height: int) -> list[tuple[Instance, bool]]:
    """Each opening once, and whether it is a door that was traced too; one that was only traced has no score. What was
    seen as something else than a door stays that. Traced windows say little: geometry takes gaps in walls for them.
    """
    is_traced = [False] * len(seen)
    places = np.array([(one.x, one.y, one.length) for one in seen]).reshape(-1, 3)
    alone = []
    for element in traced:
        if element.kind != "door":
            continue
        one = _as_seen(element, height)
        away = np.hypot(places[:, 0] - one.x, places[:, 1] - one.y) / np.minimum(places[:, 2], one.length)
        near = np.flatnonzero(away < _SAME_PLACE)
        for k in near:
            is_traced[k] |= sort_of(seen[k]) == "door"
        if not len(near):
            alone.append((one, True))
    return [*zip(seen, is_traced, strict=True), *alone]


def _with_codes(candidates: list[Candidate], codes: list[Code], height: int, m_per_px: float) -> list[Candidate]:
    """Each code given to what it fits best: the nearest of its kind, as wide as it says, the surest of those alike."""
    places = np.array([(one.seen.x, height - one.seen.y, one.seen.length) for one in candidates]).reshape(-1, 3)
    scores = np.array([one.seen.score for one in candidates])
    kinds = np.array([sort_of(one.seen) for one in candidates], np.str_)
    free = np.ones(len(candidates), bool)
    for code in codes:
        away_m = np.hypot(places[:, 0] - code.at[0], places[:, 1] - code.at[1]) * m_per_px
        off_m = np.abs(places[:, 2] * m_per_px - (code.width_m or 0.0)) if code.width_m else 0.0
        unfit = away_m + off_m - scores
        fits = free & (kinds == code.kind) & (away_m < _CODE_REACH_M)
        if fits.any():
            free[np.argmin(np.where(fits, unfit, np.inf))] = False
    return [one._replace(coded=not is_free) for one, is_free in zip(candidates, free.tolist(), strict=True)]


def _as_seen(element: Element, height: int) -> Instance:
    """A door that was traced, as if it were seen. Its outline goes along one face and back along the other."""
    kind = _AS_SEEN.get(element.traits.get("subtype", ""), "door")
    along, across = element.outline[1] - element.outline[0], element.outline[2] - element.outline[1]
    x, y = element.outline.mean(0)
    angle = float(np.arctan2(-along[1], along[0]))
    sizes = float(np.hypot(*along)), float(np.hypot(*across))
    return Instance(kind, float(x) - 0.5, height - float(y) - 0.5, angle, *sizes, 0.0)


def _opening(candidate: Candidate, rules: Rules, height: int, m_per_px: float) -> Opening:
    """In metres, y up, its chance as its confidence."""
    one = candidate.seen
    subtype = _SUBTYPES.get(one.kind, one.kind if one.kind in DOOR_KINDS else "")
    sizes = _ring(one, height, m_per_px), one.length * m_per_px, one.thickness * m_per_px
    return Opening(rules.kind(candidate), subtype, *sizes, rules.chance(candidate))


def _wall(piece: WallPiece, m_per_px: float) -> Element:
    sizes = {"length": piece.length_m / m_per_px, "thickness": piece.thickness_m / m_per_px}
    return _element("wall", piece.ring, 0.9, sizes, "", m_per_px)


def _opening_element(opening: Opening, m_per_px: float) -> Element:
    sizes = {"width": opening.width_m / m_per_px, "thickness": opening.thickness_m / m_per_px}
    return _element(opening.kind, opening.ring, opening.confidence, sizes, opening.subtype, m_per_px)


def _element(
    kind: str, ring_m: Floats, confidence: float, sizes: dict[str, float], subtype: str, m_per_px: float
) -> Element:
    """In pixels, y up."""
    ring = ring_m / m_per_px
    traits = {"subtype": subtype} if subtype else {}
    name = element_id(kind, ring, m_per_px)
    return Element(name, kind, ring, confidence, np.zeros((0, 4)), [], sizes=sizes, traits=traits)


def _rooms(found: list[Element], walls: Grey, seen: Seen, factor: float, m_per_px: float) -> list[Element]:
    """The spaces between walls and all that may be an opening, whether it counts or not."""
    closed = np.ascontiguousarray((walls | _shut(seen, walls.shape))[::-1])
    for element in found:
        cv2.fillPoly(closed, [np.rint(element.outline * factor - 0.5).astype(np.int32)], 1)
    rooms = []
    for space in spaces(closed, m_per_px / factor):
        ring = np.array(space.exterior.coords)[:-1]
        sizes = {"area": space.area / m_per_px**2, "perimeter": space.length / m_per_px}
        rooms.append(_element("room", ring, _ROOM_CONFIDENCE, sizes, "", m_per_px))
    return rooms


def _shut(seen: Seen, shape: tuple[int, ...]) -> Grey:
    """Where pixels are those of doors and windows, 0 or 1, as large as `shape`."""
    told = np.isin(seen.classes, _SHUT).astype(np.uint8)
    return np.asarray(cv2.resize(told, shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _is_outside(room: Element, seen: Seen, height: int) -> bool:
    """Whether most of a closed space is outside, as a porch within its rails is."""
    factor = seen.zoom / STRIDE
    mask = np.zeros(seen.uses.shape, np.uint8)
    ring = np.column_stack([room.outline[:, 0], height - room.outline[:, 1]]) * factor
    cv2.fillPoly(mask, [np.rint(ring).astype(np.int32)], 1)
    uses = seen.uses[mask > 0]
    return len(uses) > 0 and float((uses == _OUTSIDE).mean()) > _MOSTLY


def leads_out(one: Instance, seen: Seen) -> bool:
    """Whether one of its sides is outside, and the other is not."""
    across = np.array([-np.sin(one.angle), np.cos(one.angle)])
    reach = one.thickness / 2 + one.length * np.array(_BESIDE)[:, None]
    sides = [np.array([one.x, one.y]) + way * reach * across for way in (-1, 1)]
    outside = []
    for points in sides:
        column, row = (points * seen.zoom / STRIDE).astype(int).T
        inside = (row >= 0) & (row < seen.uses.shape[0]) & (column >= 0) & (column < seen.uses.shape[1])
        uses = seen.uses[row[inside], column[inside]]
        outside.append(bool((uses == _OUTSIDE).sum() + (~inside).sum() > len(reach) / 2))
    return outside[0] != outside[1]


def _fixtures(seen: Seen, height: int, m_per_px: float) -> list[Element]:
    """Toilets, beds and stairs, in pixels, y up."""
    found = []
    for one in seen.instances:
        if one.kind not in _FIXTURES or one.score < _FIXTURE_SCORE:
            continue
        kind, subtype = _FIXTURES[one.kind]
        sizes = {"length": one.length, "width": one.thickness}
        found.append(_element(kind, _ring(one, height, m_per_px), one.score, sizes, subtype, m_per_px))
    return found


def _ring(one: Instance, height: int, m_per_px: float) -> Floats:
    """Its corners (4, 2) in metres, y up, as those of an opening: along one face and back along the other."""
    along = np.array([np.cos(one.angle), -np.sin(one.angle)]) * one.length / 2
    across = np.array([np.sin(one.angle), np.cos(one.angle)]) * one.thickness / 2
    middle = np.array([one.x + 0.5, height - one.y - 0.5])
    corners = np.array([-along - across, along - across, along + across, -along + across])
    ring: Floats = (middle + corners) * m_per_px
    return ring
