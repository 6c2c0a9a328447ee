"""What the vision networks saw on a picture, as elements: walls from their mask, openings where they stand, rooms
between them.

The mask knows better where walls are than how far they reach. Where they are drawn solid, the ink tells that to the
pixel.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.detect.bands import Bands
from planroom.detect.elements import ElementMaker, element_id
from planroom.detect.openings import Opening
from planroom.detect.pixels.ink import find_ink, resized
from planroom.detect.pixels.solid import solid_edges
from planroom.detect.pixels.trace import canvas_factor
from planroom.detect.raster import reaching, rooms_between, without_stubs
from planroom.detect.rooms import find_wall_pieces
from planroom.detect.rooms import solid as solid_of
from planroom.detect.scene import set_scene
from planroom.detect.standing import connected, find_junctions
from planroom.detect.walls import find_bands
from planroom.engine.vision import CLASSES, DOOR_KINDS, STRIDE, USES, Instance, Seen
from planroom.records import Element, Floats, Linework, Page, Style

Grey = NDArray[np.uint8]
_SUBTYPES: Final = {"hinged": "single", "door": "unclear"}  # the others are named as planroom names them
_USUAL_DOOR_M: Final = 0.85
_USUAL_DOORS_ACROSS: Final = 24  # a sheet, where none was seen
_WALL: Final = CLASSES.index("wall")
_OUTSIDE: Final = USES.index("outside")
_BESIDE: Final = (0.1, 0.2, 0.3, 0.4, 0.5)  # of its length, where it is asked what lies beside an opening
_LEAST_WALL_M: Final = 0.04
_SOLID_SHARE: Final = 0.6  # of the mask that is solid ink, where walls are drawn solid
_BESIDE_M: Final = 0.5
_PLAN_M: Final = 4.0


class Rules(NamedTuple):
    """How sure an opening must be to count, and whether glass that slides in an outer wall is a window.

    The defaults are first guesses; `benchmarks/counts.py --only rules` fits them by cross-validation on real plans.
    """

    door: float = 0.4
    window: float = 0.4
    opening: float = 0.5
    sliders_are_windows: bool = True

    def least(self, kind: str) -> float:
        """The score that an opening of `kind` must have; none suffices for what is no opening."""
        return {"door": self.door, "window": self.window, "opening": self.opening}.get(kind, float("inf"))


RULES: Final = Rules()
_FIXTURES: Final = {"wc": ("fixture", "toilet"), "bed": ("fixture", "bed"), "stair": ("stair", "")}
_FIXTURE_SCORE: Final = 0.5
_OFF_M: Final = 0.25
_OFF_SCORE: Final = 0.75


def find_elements(grey: Grey, seen: Seen, *, m_per_px: float | None = None, rules: Rules = RULES) -> list[Element]:
    """Elements of a clean, upright picture (H, W), dark on light, in its pixels, y up. m_per_px: its scale; where
    unknown, its doors tell a rough one.
    """
    height, width = grey.shape
    door_px = _USUAL_DOOR_M / m_per_px if m_per_px else usual_door_px(seen, grey.shape)
    m_per_px = _USUAL_DOOR_M / door_px
    walls = find_walls(grey, seen, door_px)
    linework = _outlines(walls, height)
    page = Page(0, "", (0.0, 0.0, float(width), float(height)), linework, np.zeros((1, 1, 3), np.uint8))
    scene = set_scene(page, m_per_px, np.zeros(2))
    faces = np.ones(len(scene.lines), bool)  # the mask has no other lines
    bands = find_bands(scene.lines, faces, scene.styles, np.zeros((0, 2, 2)))
    bands = bands.take(bands.high - bands.low > _LEAST_WALL_M)
    openings = reaching(_openings(seen, bands, height, m_per_px, rules), bands.polygons())
    make = ElementMaker(scene, np.zeros(2), m_per_px)
    pieces = find_wall_pieces(bands, solid_of(bands, find_junctions(bands), openings))
    found = [make.wall(piece, bands) for piece in pieces] + [make.opening(opening) for opening in openings]
    found = _plans(found, m_per_px)
    found = without_stubs(found + rooms_between(found, m_per_px), m_per_px)
    found += _fixtures(seen, height, m_per_px)
    for element in found:
        element.lines, element.sources = np.zeros((0, 4)), ["pixels", "VisionDecoder"]
    return found


def _plans(found: list[Element], m_per_px: float) -> list[Element]:
    """Without what stands apart and has no opening in a few metres of wall: legends, details, scale bars."""
    if not found:
        return []
    near = [shapely.Polygon(e.outline * m_per_px).buffer(_BESIDE_M, join_style="mitre") for e in found]
    group = connected(np.array(near, dtype=object))
    length = np.bincount(group, [e.sizes.get("length", 0.0) * m_per_px for e in found])
    openings = np.bincount(group, [float(e.kind != "wall") for e in found])
    return [e for e, part in zip(found, group.tolist(), strict=True) if length[part] > _PLAN_M and openings[part]]


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


def _outlines(walls: Grey, height: int) -> Linework:
    """The edges of `walls` as linework in pixels of the picture, y up."""
    factor = len(walls) / height
    segments = solid_edges(walls) / factor
    segments[:, [1, 3]] = height - segments[:, [1, 3]]
    none = np.zeros(0, np.int32)
    paths = np.zeros(len(segments), np.int32)
    style = Style("", "", 0, 2.0, False, False)
    return Linework(segments, paths, np.zeros((0, 5)), none, [], none, np.zeros(1, np.int32), [style], [])


def _openings(seen: Seen, bands: Bands, height: int, m_per_px: float, rules: Rules) -> list[Opening]:
    """Doors, windows and plain openings in metres, y up; those off any wall only where they are sure."""
    walls = shapely.STRtree(bands.polygons())
    found = []
    for one in seen.instances:
        kind = "door" if one.kind in DOOR_KINDS else one.kind
        if rules.sliders_are_windows and one.kind == "sliding" and leads_out(one, seen):
            kind = "window"  # glass that slides; people who count windows count it
        if one.score < rules.least(kind):
            continue
        ring = _ring(one, height, m_per_px)
        if one.score < _OFF_SCORE and not len(walls.query(shapely.Polygon(ring), "dwithin", _OFF_M)):
            continue
        subtype = _SUBTYPES.get(one.kind, one.kind if one.kind in DOOR_KINDS else "")
        width, thickness = one.length * m_per_px, one.thickness * m_per_px
        found.append(Opening(kind, subtype, ring, width, thickness, one.score))
    return found


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
        ring = _ring(one, height, 1.0)
        kind, subtype = _FIXTURES[one.kind]
        sizes = {"length": one.length, "width": one.thickness}
        element = Element(element_id(kind, ring, m_per_px), kind, ring, one.score, np.zeros((0, 4)), [], sizes=sizes)
        if subtype:
            element.traits["subtype"] = subtype
        found.append(element)
    return found


def _ring(one: Instance, height: int, m_per_px: float) -> Floats:
    """Its corners (4, 2) in metres, y up, as those of an opening: along one face and back along the other."""
    along = np.array([np.cos(one.angle), -np.sin(one.angle)]) * one.length / 2
    across = np.array([np.sin(one.angle), np.cos(one.angle)]) * one.thickness / 2
    middle = np.array([one.x + 0.5, height - one.y - 0.5])
    corners = np.array([-along - across, along - across, along + across, -along + across])
    ring: Floats = (middle + corners) * m_per_px
    return ring
