"""Section A-A: walls, slabs and roof where an upright plane cuts them, with storey and clear heights.

Frame: x is the plan's y, y the height over the ground floor, in metres.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from shapely import LineString, box

from planroom.example.canvas import Canvas, Pen, box_points
from planroom.example.dimensions import Dimension
from planroom.example.elevations import roof_rise_m
from planroom.example.house import Box, House, Storey, footprint, gap, massing, room_shape
from planroom.example.plans import section_station_m
from planroom.example.variants import Variant
from planroom.example.walls import fill_walls

CUT: Final = Pen("A-SECT-MCUT", 0.5)
SEEN: Final = Pen("A-SECT-OTLN", 0.18)
GLASS: Final = Pen("A-GLAZ", 0.18)
TEXT: Final = Pen("A-ANNO-TEXT", 0.18)
DIMS: Final = Pen("A-ANNO-DIMS", 0.13)
SLAB: Final = Pen("A-SECT-PATT", 0.13, 0x909090)


def section_bounds(house: House) -> Box:
    """What the section covers, in its own frame."""
    _, y0, _, y1 = footprint(house.storeys[0].kept()).bounds
    top = house.storeys[-1]
    return y0, -house.slab_m, y1, top.floor_m + top.clear_m + house.slab_m + roof_rise_m(house)


def _pieces(line: LineString, shape: object) -> Iterator[tuple[float, float]]:
    cut = line.intersection(shape)
    for piece in getattr(cut, "geoms", [cut]):
        if piece.length > 1e-6:
            yield piece.bounds[1], piece.bounds[3]


def draw_section(canvas: Canvas, house: House, variant: Variant, factor: float) -> list[Dimension]:
    """Draw the section; its storey and clear heights."""
    x = section_station_m(house)
    plane = LineString([(x, -1000.0), (x, 1000.0)])
    heights: list[Dimension] = []
    left, _, right, _ = section_bounds(house)
    near, far = 8.0 * factor * canvas.mm, 17.0 * factor * canvas.mm
    for storey in (s.kept() for s in house.storeys):
        floor, ceiling = storey.floor_m, storey.floor_m + storey.clear_m
        _draw_storey(canvas, storey, plane, variant, factor)
        for low, high in ((floor - house.slab_m, floor), (ceiling, ceiling + house.slab_m)):
            for start, end in _pieces(plane, footprint(storey)):
                corners = box_points(start, low, end, high)
                canvas.fill([corners], SLAB)
                canvas.polyline(corners, CUT, closed=True)
        heights.append(Dimension((left, floor), (left, ceiling), (left - near, floor), level=False))
        top = ceiling + house.slab_m
        heights.append(Dimension((left, floor), (left, top), (left - far, floor), level=False))
    eaves = house.storeys[-1].floor_m + house.storeys[-1].clear_m + house.slab_m
    for start, end in _pieces(plane, footprint(house.storeys[-1].kept())):
        for lift in (0.0, 0.3):
            peak = ((start + end) / 2, eaves + roof_rise_m(house) + lift)
            canvas.polyline([(start - 0.5, eaves - 0.1 + lift), peak, (end + 0.5, eaves - 0.1 + lift)], CUT)
    canvas.line((left - 3.0, 0.0), (right + 3.0, 0.0), SEEN._replace(width_mm=0.5))
    printed = [replace(d, text=variant.words.length(d.value_m)) for d in heights]
    for one in printed:
        canvas.dimension(one.start, one.end, one.base, one.text, 1.9 * factor, DIMS, level=one.level)
    return printed


def _draw_storey(canvas: Canvas, storey: Storey, plane: LineString, variant: Variant, factor: float) -> None:
    """The storey's cut walls, broken where the plane meets an opening, and its rooms' names."""
    floor, ceiling = storey.floor_m, storey.floor_m + storey.clear_m
    for start, end in _pieces(plane, massing(storey)):
        cut = LineString([(plane.coords[0][0], start), (plane.coords[0][0], end)])
        wall = box(start, floor, end, ceiling)
        for opening in storey.openings:
            if cut.intersects(gap(storey, opening)):
                low = floor + opening.sill_m
                wall = wall - box(start - 1, low, end + 1, low + opening.height_m)
                pen = GLASS if opening.kind == "window" else SEEN
                middle = (start + end) / 2
                canvas.line((middle, low), (middle, low + opening.height_m), pen)
        fill_walls(canvas, wall, variant)
        for part in getattr(wall, "geoms", [wall]):
            canvas.polyline(list(part.exterior.coords)[:-1], CUT, closed=True)
    for room in storey.rooms:
        for start, end in _pieces(plane, room_shape(storey, room)):
            if end - start > 0.8:
                words, middle = variant.words, (start + end) / 2
                clear = f"{words('clear height')} {words.length(storey.clear_m)}"
                canvas.text(words(room.use), (middle, floor + 1.4), 2.2 * factor, TEXT)
                canvas.text(clear, (middle, floor + 1.4 - 4.0 * factor * canvas.mm), 1.8 * factor, TEXT)
