"""The site plan: boundary, house, drive, trees and the distances between house and boundary."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from planroom.example.canvas import Canvas, Pen, arc_points, box_points
from planroom.example.dimensions import Dimension
from planroom.example.house import Box, House, footprint
from planroom.example.variants import Variant
from planroom.example.walls import rings_of

BOUNDARY: Final = Pen("C-PROP", 0.5, dash_mm=(8.0, 2.0, 1.5, 2.0))
HOUSE: Final = Pen("A-FLOR-OTLN", 0.5)
HATCH: Final = Pen("A-FLOR-PATT", 0.13, 0x808080)
LAND: Final = Pen("L-PLNT", 0.18, 0x508050)
TEXT: Final = Pen("A-ANNO-TEXT", 0.18)
DIMS: Final = Pen("A-ANNO-DIMS", 0.13)
SETBACKS_M: Final = (5.0, 8.0, 6.0, 7.0)


def site_bounds(house: House) -> Box:
    """The plot, in the house's metres."""
    x0, y0, x1, y1 = footprint(house.storeys[0].kept()).bounds
    left, below, right, above = SETBACKS_M
    return x0 - left, y0 - below, x1 + right, y1 + above


def draw_site(canvas: Canvas, house: House, variant: Variant, factor: float) -> list[Dimension]:
    """Draw the plot; its dimensions."""
    ground = footprint(house.storeys[0].kept())
    x0, y0, x1, y1 = site_bounds(house)
    canvas.polyline(box_points(x0, y0, x1, y1), BOUNDARY, closed=True)
    canvas.text(variant.words("boundary"), (x0 + 0.3 * (x1 - x0), y1 - 0.6), 1.8 * factor, TEXT)
    canvas.text(variant.words("street"), ((x0 + x1) / 2, y1 + 3.0), 3.0 * factor, TEXT)
    for level in (y1 + 1.5, y1 + 6.0):
        canvas.line((x0 - 4.0, level), (x1 + 4.0, level), HATCH._replace(width_mm=0.25))
    for rings in rings_of(ground):
        canvas.hatch(rings, 2.5, HATCH)
        canvas.polyline(rings[0], HOUSE, closed=True)
    a0, b0, a1, b1 = ground.bounds
    canvas.polyline([(a1 - 3.6, b1), (a1 - 3.6, y1 + 1.5)], LAND)
    canvas.polyline([(a1 - 0.4, b1), (a1 - 0.4, y1 + 1.5)], LAND)
    for spot, radius in (((x0 + 2.4, y0 + 2.6), 1.6), ((x0 + 8.0, y0 + 3.0), 1.9), ((x1 - 3.0, y0 + 3.2), 2.1)):
        canvas.arc(spot, radius, 0.0, 360.0, LAND)
        for rim in arc_points(spot, radius, 0.0, 300.0)[::10]:
            canvas.line(spot, rim, LAND)
    middle = ((a0 + a1) / 2 + 1.0, (b0 + b1) / 2)
    off = 9.0 * factor * canvas.mm
    strings = [
        Dimension((x0, middle[1]), (a0, middle[1]), (x0, middle[1]), level=True),
        Dimension((a1, middle[1]), (x1, middle[1]), (a1, middle[1]), level=True),
        Dimension((middle[0], y0), (middle[0], b0), (middle[0], y0), level=False),
        Dimension((middle[0], b1), (middle[0], y1), (middle[0], b1), level=False),
        Dimension((x0, y0), (x1, y0), (x0, y0 - off), level=True),
        Dimension((x0, y0), (x0, y1), (x0 - off, y0), level=False),
    ]
    printed = [replace(d, text=variant.words.length(d.value_m)) for d in strings]
    for one in printed:
        canvas.dimension(one.start, one.end, one.base, one.text, 1.9 * factor, DIMS, level=one.level)
    return printed
