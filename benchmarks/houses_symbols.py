"""Doors, windows and stairs as a plan shows them, drawn in the house's metres."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import shapely
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from houses_plan import Hole
from houses_styles import Style
from planroom.example.canvas import Pen, arc_points
from planroom.example.pdf import PdfCanvas
from planroom.records import Floats

_FRAME_M: Final = 0.05
_LEAF_M: Final = 0.04


def draw_lines(model: PdfCanvas, shape: BaseGeometry, pen: Pen) -> None:
    """The lines of a shape, pieces that meet as one; specks are left out."""
    for part in shapely.get_parts(shapely.line_merge(shape) if shape.geom_type != "LineString" else shape):
        points = list(part.coords) if isinstance(part, LineString) else []
        if part.length > 0.01:
            model.polyline(points, pen)


def _box(model: PdfCanvas, ring: Floats, x0: float, y0: float, x1: float, y1: float, pen: Pen) -> None:
    corners = [_at(ring, u, v) for u, v in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    model.polyline(corners, pen, closed=True)


def draw_window(model: PdfCanvas, hole: Hole, style: Style) -> None:
    """Its frame as it is cut, or a box with glass in it, or the glass alone."""
    ring, (low, high) = hole.ring, hole.own_m
    width = _side(ring, 0)
    if style.windows == "cut" and not hole.section.is_empty:
        draw_lines(model, hole.section.boundary, style.middle)
        return
    if high - low > 0.12:  # a window as deep as its wall has its frame in the middle
        low, high = (low + high) / 2 - 0.04, (low + high) / 2 + 0.04
    glass = ((low + high) / 2,) if style.windows == "lines" else ((low + high) / 2 - 0.015, (low + high) / 2 + 0.015)
    if style.windows == "lines":
        _box(model, ring, 0.0, low, width, high, style.middle)
    for y in glass:
        model.line(_at(ring, 0.0, y), _at(ring, width, y), style.thin)


def draw_door(model: PdfCanvas, hole: Hole, style: Style) -> None:
    """Leaves as the model says that they open, in their frame; where it says nothing, one leaf hinged on the left.

    IFC's rule: leaves open towards the local +y, left and right as seen looking that way.
    """
    ring, (low, high) = hole.ring, hole.own_m
    width, depth = _side(ring, 0), _side(ring, 1)
    if style.thresholds:
        for y in (0.0, depth):
            model.line(_at(ring, 0.0, y), _at(ring, width, y), style.thin)
    frame = _FRAME_M if style.frames else 0.0
    if frame:
        for x in (0.0, width - frame):
            _box(model, ring, x, low, x + frame, high, style.middle)
    if "sliding" in hole.operation:
        middle = (low + high) / 2
        _box(model, ring, frame, middle, width / 2 + 0.05, middle + _LEAF_M, style.middle)
        _box(model, ring, width / 2 - 0.05, middle - _LEAF_M, width - frame, middle, style.middle)
        return
    if "double door" in hole.operation:
        leaves = [(frame, 1, width / 2 - frame), (width - frame, -1, width / 2 - frame)]
    else:
        right = "right" in hole.operation
        leaves = [(width - frame if right else frame, -1 if right else 1, width - 2 * frame)]
    for hinge, way, length in leaves:
        _leaf(model, ring, hinge, high, way, length, style)


def _leaf(model: PdfCanvas, ring: Floats, hinge: float, y: float, way: int, length: float, style: Style) -> None:
    """A leaf hinged at `hinge` that closes towards `way`, and the arc that it swings through."""
    turn = math.radians(style.open_deg)
    arc = [_at(ring, hinge + way * u * length, y + v * length) for u, v in arc_points((0, 0), 1.0, 0.0, style.open_deg)]
    cos, sin = math.cos(turn), math.sin(turn)
    if style.doors == "leaf":
        corners = [(0.0, 0.0), (length, 0.0), (length, _LEAF_M), (0.0, _LEAF_M)]
        turned = [(u * cos - v * sin, u * sin + v * cos) for u, v in corners]
        model.polyline(
            [_at(ring, hinge + way * (u + _LEAF_M * sin), y + v) for u, v in turned], style.middle, closed=True
        )
    else:
        model.line(_at(ring, hinge, y), arc[-1], style.middle)
    centre, start, end = np.array(_at(ring, hinge, y)), np.array(arc[0]), np.array(arc[-1])
    first, last = (math.degrees(math.atan2(*(p - centre)[::-1])) for p in (start, end))
    sweep = (last - first + 180) % 360 - 180
    model.arc((centre[0], centre[1]), length, first if sweep > 0 else last, abs(sweep), style.thin)


def draw_stair(
    model: PdfCanvas, treads: list[BaseGeometry], above: list[BaseGeometry], body: BaseGeometry, style: Style
) -> None:
    """Treads as far as they are beneath the cut, those above dashed, and the line of walking up with its arrow."""
    for tread in treads:
        draw_lines(model, tread.boundary.difference(widened(body, 0.01)), style.thin)
    under = shapely.union_all([*treads, widened(body, 0.01)])
    for tread in above:
        draw_lines(model, tread.boundary.difference(widened(under, 0.01)), style.dashed)
    middles = [tread.centroid for tread in treads]
    if len(middles) < 3:
        return
    path = [(point.x, point.y) for point in middles]
    model.polyline(path, style.thin)
    (bx, by), (x, y) = path[-2:]
    reach = math.hypot(x - bx, y - by) or 1.0
    ux, uy = (x - bx) / reach * 0.2, (y - by) / reach * 0.2
    model.polyline([(x - ux - uy / 2, y - uy + ux / 2), (x, y), (x - ux + uy / 2, y - uy - ux / 2)], style.thin)
    model.text(style.word("up"), (path[0][0] - 1.2 * ux, path[0][1] - 1.2 * uy), 1.8, style.thin)


def widened(shape: BaseGeometry, by_m: float) -> BaseGeometry:
    """A shape with so much round it, corners sharp."""
    return shape.buffer(by_m, join_style="mitre")


def _side(ring: Floats, axis: int) -> float:
    return float(np.hypot(*(ring[1 if axis == 0 else 3] - ring[0])))


def _at(ring: Floats, along_m: float, across_m: float) -> tuple[float, float]:
    along, across = ring[1] - ring[0], ring[3] - ring[0]
    x, y = ring[0] + along / np.hypot(*along) * along_m + across / np.hypot(*across) * across_m
    return float(x), float(y)
