"""Doors, windows, fixtures and furniture as trades draw them, each in a frame of its own.

An opening's frame: origin at its centre on the wall's axis, x along the wall, y to the side it opens to, hinged at -x.
A fixture's frame: origin in the middle of its back, x to its front.
"""

from __future__ import annotations

import math
from typing import Final

from planroom.example.canvas import Canvas, Pen, arc_points, box_points
from planroom.example.house import Fixture, Opening, Point
from planroom.example.variants import Variant

LEAF_M: Final = 0.04
POCKET_M: Final = 0.06

DOOR: Final = Pen("A-DOOR", 0.25)
SWING: Final = Pen("A-DOOR", 0.13)
OVERHEAD: Final = Pen("A-DOOR", 0.13, dash_mm=(1.5, 1.0))
GLASS: Final = Pen("A-GLAZ", 0.18)
STAIR: Final = Pen("A-FLOR-STRS", 0.18)
FIXED: Final = Pen("A-FLOR-PFIX", 0.18)
LOOSE: Final = Pen("A-FURN", 0.13, 0x606060)


def draw_opening(canvas: Canvas, opening: Opening, depth_m: float, variant: Variant, *, ceiling: bool = False) -> None:
    """Draw what stands in an opening of a wall `depth_m` thick; a ceiling plan shows doors as their heads only."""
    half = opening.width_m / 2
    if opening.kind == "window":
        _window(canvas, opening, depth_m, variant)
    elif ceiling or opening.type == "cased":
        for y in (-depth_m / 2, depth_m / 2):
            canvas.line((-half, y), (half, y), SWING if ceiling else OVERHEAD)
    else:
        _DOORS[opening.type](canvas, half, depth_m, variant)


def _leaf(canvas: Canvas, hinge: Point, length_m: float, toward: int, variant: Variant) -> None:
    """One leaf, hinged at `hinge`, closing toward +x or -x, and the arc that it swings through."""
    sweep = 45.0 if variant.doors == "half" else 90.0
    start = 0.0 if toward > 0 else 180.0 - sweep
    angle = math.radians(sweep if toward > 0 else 180.0 - sweep)
    cos, sin = math.cos(angle), math.sin(angle)
    tip = (hinge[0] + length_m * cos, hinge[1] + length_m * sin)
    if variant.doors == "leaf":
        side = -LEAF_M * toward
        across = (-sin * side, cos * side)
        corners = [hinge, tip, (tip[0] + across[0], tip[1] + across[1]), (hinge[0] + across[0], hinge[1] + across[1])]
        canvas.polyline(corners, DOOR, closed=True)
    else:
        canvas.line(hinge, tip, DOOR)
    if variant.arcs == "lines":
        canvas.polyline(arc_points(hinge, length_m, start, sweep), SWING)
    else:
        canvas.arc(hinge, length_m, start, sweep, SWING)


def _single(canvas: Canvas, half: float, depth_m: float, variant: Variant) -> None:
    _leaf(canvas, (-half, depth_m / 2), 2 * half, 1, variant)


def _double(canvas: Canvas, half: float, depth_m: float, variant: Variant) -> None:
    _leaf(canvas, (-half, depth_m / 2), half, 1, variant)
    _leaf(canvas, (half, depth_m / 2), half, -1, variant)


def _sliding(canvas: Canvas, half: float, depth_m: float, variant: Variant) -> None:
    del variant
    canvas.polyline(box_points(-half, 0.0, 0.05, LEAF_M), DOOR, closed=True)
    canvas.polyline(box_points(-0.05, -LEAF_M, half, 0.0), DOOR, closed=True)
    for y in (-depth_m / 2, depth_m / 2):
        canvas.line((-half, y), (half, y), SWING)


def _pocket(canvas: Canvas, half: float, depth_m: float, variant: Variant) -> None:
    del depth_m, variant
    canvas.polyline(box_points(-half * 1.6, -LEAF_M / 2, half * 0.4, LEAF_M / 2), DOOR, closed=True)


def _bifold(canvas: Canvas, half: float, depth_m: float, variant: Variant) -> None:
    del depth_m, variant
    panel = half / 2
    step, rise = panel * math.cos(math.radians(55)), panel * math.sin(math.radians(55))
    for side in (-1, 1):
        jamb = side * half
        canvas.polyline([(jamb, 0.0), (jamb - side * step, rise), (jamb - side * 2 * step, 0.0)], DOOR)


def _garage(canvas: Canvas, half: float, depth_m: float, variant: Variant) -> None:
    del variant
    canvas.polyline(box_points(-half, depth_m / 2 - 0.06, half, depth_m / 2), DOOR, closed=True)
    inside = [(-half, depth_m / 2), (-half, depth_m / 2 + 2.2), (half, depth_m / 2 + 2.2), (half, depth_m / 2)]
    canvas.polyline(inside, OVERHEAD)


_DOORS: Final = {
    "single": _single,
    "double": _double,
    "sliding": _sliding,
    "pocket": _pocket,
    "bifold": _bifold,
    "garage": _garage,
}


def _window(canvas: Canvas, opening: Opening, depth_m: float, variant: Variant) -> None:
    """Glass between the jambs, in one of three ways; panes are divided by mullions."""
    half, face = opening.width_m / 2, depth_m / 2
    pane = opening.width_m / opening.panes
    mullions = [-half + pane * i for i in range(1, opening.panes)]
    if variant.windows == "2-line":
        for y in (-0.04, 0.04):
            canvas.line((-half, y), (half, y), GLASS)
        for x in mullions:
            canvas.line((x, -0.04), (x, 0.04), GLASS)
        return
    for y in (-face, face):
        canvas.line((-half, y), (half, y), GLASS)
    if variant.windows == "3-line":
        canvas.line((-half, 0.0), (half, 0.0), GLASS)
        for x in mullions:
            canvas.line((x, -0.05), (x, 0.05), GLASS)
        return
    bar = 0.06
    for x in (-half, half - bar, *(m - bar / 2 for m in mullions)):
        canvas.polyline(box_points(x, -0.04, x + bar, 0.04), GLASS, closed=True)
    edges = [-half + bar, *(e for m in mullions for e in (m - bar / 2, m + bar / 2)), half - bar]
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        for y in (-0.012, 0.012):
            canvas.line((left, y), (right, y), GLASS)


SIZES: Final[dict[str, tuple[float, float]]] = {
    "toilet": (0.38, 0.68),
    "basin": (0.6, 0.48),
    "sink": (0.9, 0.6),
    "hob": (0.6, 0.6),
    "washer": (0.6, 0.62),
}
LOOSE_KINDS: Final = frozenset({"sofa", "table", "dining-table", "bed", "wardrobe", "car"})


def draw_fixture(canvas: Canvas, fixture: Fixture, label: str, text_mm: float) -> None:
    """Draw a fixture or a piece of furniture; `label` is what a stair says beside its arrow."""
    width, depth = SIZES.get(fixture.kind, (0.0, 0.0))
    width, depth = fixture.width_m or width, fixture.depth_m or depth
    pen = LOOSE if fixture.kind in LOOSE_KINDS else FIXED
    side = width / 2
    if fixture.kind == "stairs":
        _stairs(canvas, width, depth, label, text_mm)
    elif fixture.kind == "toilet":
        canvas.polyline(box_points(0.0, -side, 0.18, side), pen, closed=True)
        _ellipse(canvas, (0.45, 0.0), depth - 0.45, side * 0.9, pen)
    elif fixture.kind == "dining-table":
        canvas.polyline(box_points(0.0, -side, depth, side), pen, closed=True)
        for x in (-0.42, depth + 0.05):
            for y in (-side / 2, side / 2):
                canvas.polyline(box_points(x, y - 0.22, x + 0.37, y + 0.22), pen, closed=True)
    else:
        canvas.polyline(box_points(0.0, -side, depth, side), pen, closed=True)
        _inside(canvas, fixture.kind, depth, side, pen)


def _inside(canvas: Canvas, kind: str, depth: float, side: float, pen: Pen) -> None:
    """What a boxy fixture shows within its outline."""
    if kind == "basin":
        _ellipse(canvas, (depth * 0.55, 0.0), depth * 0.33, side * 0.75, pen)
    elif kind == "sink":
        canvas.polyline(box_points(0.1, -side + 0.05, depth - 0.1, -0.02), pen, closed=True)
        canvas.polyline(box_points(0.1, 0.02, depth - 0.1, side - 0.05), pen, closed=True)
    elif kind == "hob":
        for x in (depth * 0.28, depth * 0.72):
            for y in (-side * 0.45, side * 0.45):
                canvas.arc((x, y), 0.09, 0.0, 360.0, pen)
    elif kind == "bath":
        _ellipse(canvas, (depth / 2, 0.0), depth * 0.4, side * 0.9, pen)
        canvas.arc((depth / 2, -side * 0.7), 0.03, 0.0, 360.0, pen)
    elif kind == "shower":
        canvas.line((0.0, -side), (depth, side), pen)
        canvas.line((0.0, side), (depth, -side), pen)
    elif kind == "washer":
        canvas.arc((depth / 2, 0.0), 0.2, 0.0, 360.0, pen)
    elif kind == "bed":
        canvas.line((0.6, -side), (0.6, side), pen)
        pillows = (0.0,) if side < 0.6 else (-side / 2, side / 2)
        for y in pillows:
            canvas.polyline(box_points(0.1, y - 0.3, 0.45, y + 0.3), pen, closed=True)
    elif kind == "sofa":
        canvas.line((0.2, -side), (0.2, side), pen)
        canvas.line((0.2, -side + 0.2), (depth, -side + 0.2), pen)
        canvas.line((0.2, side - 0.2), (depth, side - 0.2), pen)
    elif kind == "wardrobe":
        canvas.line((depth / 2, -side), (depth / 2, side), pen)
    elif kind == "car":
        canvas.line((depth * 0.3, -side), (depth * 0.25, side), pen)
        canvas.line((depth * 0.7, -side), (depth * 0.75, side), pen)


def _ellipse(canvas: Canvas, centre: Point, x_radius: float, y_radius: float, pen: Pen) -> None:
    circle = arc_points((0.0, 0.0), 1.0, 0.0, 360.0)[:-1]
    canvas.polyline([(centre[0] + x * x_radius, centre[1] + y * y_radius) for x, y in circle], pen, closed=True)


def _stairs(canvas: Canvas, width: float, depth: float, label: str, text_mm: float) -> None:
    """Two flights side by side with a landing at the back, an arrow up one and back the other."""
    side, landing = width / 2, width / 2
    canvas.line((landing, -side), (landing, side), STAIR)
    canvas.polyline(box_points(landing, -0.05, depth, 0.05), STAIR, closed=True)
    treads = 8
    going = (depth - landing) / treads
    for flight in (-1, 1):
        for i in range(1, treads + 1):
            x = landing + going * i
            canvas.line((x, flight * 0.05), (x, flight * side), STAIR)
    lane = side / 2
    canvas.polyline([(depth + 0.25, lane), (landing / 2, lane), (landing / 2, -lane), (depth - 0.1, -lane)], STAIR)
    canvas.polyline([(depth - 0.3, -lane - 0.08), (depth - 0.1, -lane), (depth - 0.3, -lane + 0.08)], STAIR)
    canvas.text(label, (depth + 0.4, lane), text_mm, STAIR._replace(layer="A-ANNO-TEXT"))
