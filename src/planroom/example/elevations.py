"""The four elevations: the house's outline, its floor lines, and every window and door of the outer walls.

Frame of one elevation: x along the facade from the viewer's left, y the height over the ground floor, in metres.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from shapely import box, union_all

from planroom.example.canvas import Canvas, Pen, box_points
from planroom.example.dimensions import SIDES
from planroom.example.house import Box, House, Opening, Point, Storey, footprint, outward
from planroom.example.sheets import Paper
from planroom.example.truth import ElementTruth
from planroom.example.variants import Variant

OUTLINE: Final = Pen("A-ELEV-OTLN", 0.35)
GROUND: Final = Pen("A-ELEV-OTLN", 0.7)
DETAIL: Final = Pen("A-ELEV-DETL", 0.18)
LEVEL: Final = Pen("A-ANNO-DIMS", 0.13, dash_mm=(4.0, 1.0, 0.8, 1.0))
TEXT: Final = Pen("A-ANNO-TEXT", 0.18)


def draw_elevations(paper: Paper, house: House, variant: Variant) -> list[ElementTruth]:
    """Draw all four, two by two; the doors and windows that they show."""
    x0, y0, x1, y1 = paper.area
    ratio, elements = variant.scales.elevation, []
    left = x0 + (x1 - x0) * _share(house)
    for index, side in enumerate((SIDES[0], SIDES[3], SIDES[1], SIDES[2])):
        column, row = index % 2, index // 2
        middle = (y0 + y1) / 2
        area = (left if column else x0, y0 if row else middle, x1 if column else left, middle if row else y1)
        bounds = _bounds(house, side)
        canvas = paper.model(ratio, bounds, area=area)
        draw_facade(canvas, house, side, variant, paper.factor)
        title = variant.words(compass(house, side))
        scale = f"{variant.words('scale')} {variant.words.scale(ratio)}"
        paper.heading(title, scale, (area[0] + 12 * paper.factor, area[1] + 14 * paper.factor))
        for storey, opening, bounds in facade_openings(house, side):
            elements.append(
                ElementTruth(
                    f"{storey.name}/{opening.id}",
                    opening.kind,
                    opening.type,
                    bounds,
                    canvas.box_pt(bounds),
                    drawn="elevation",
                    storey=storey.name,
                    width_m=opening.width_m,
                    height_m=opening.height_m,
                )
            )
    return elements


def _share(house: House) -> float:
    x0, y0, x1, y1 = footprint(house.storeys[0]).bounds
    return float(min(0.62, max(0.38, (x1 - x0) / (x1 - x0 + y1 - y0))))


def compass(house: House, side: Point) -> str:
    """The side's name by the real north: "north", "east", "south" or "west"."""
    angle = {(1.0, 0.0): 0, (0.0, 1.0): 90, (-1.0, 0.0): 180, (0.0, -1.0): 270}[side]
    return {0: "north", 90: "west", 180: "south", 270: "east"}[round(angle - house.north_deg) % 360]


def along(side: Point, point: Point) -> float:
    """Where a point of the plan appears from the left to someone who looks at this side."""
    return -side[1] * point[0] + side[0] * point[1]


def facade_openings(house: House, side: Point) -> Iterator[tuple[Storey, Opening, Box]]:
    """The doors and windows that face a side, with their boxes in the elevation."""
    for storey in (s.kept() for s in house.storeys):
        for opening in storey.openings:
            if opening.kind == "opening" or outward(storey, opening) != side:
                continue
            at = along(side, storey.wall(opening.wall).at(opening.centre_m))
            low, half = storey.floor_m + opening.sill_m, opening.width_m / 2
            bounds = (round(at - half, 5), low, round(at + half, 5), round(low + opening.height_m, 5))
            yield storey, opening, bounds


def _span(storey: Storey, side: Point) -> tuple[float, float]:
    places = [along(side, p) for p in footprint(storey.kept()).exterior.coords]
    return min(places), max(places)


def roof_rise_m(house: House) -> float:
    """The ridge's height over the eaves."""
    x0, y0, x1, y1 = footprint(house.storeys[-1].kept()).bounds
    return float(round(0.32 * min(x1 - x0, y1 - y0), 2))


def _bounds(house: House, side: Point) -> Box:
    left, right = _span(house.storeys[0], side)
    top = house.storeys[-1].floor_m + house.storeys[-1].clear_m + house.slab_m
    return left, 0.0, right, top + roof_rise_m(house)


def draw_facade(canvas: Canvas, house: House, side: Point, variant: Variant, factor: float) -> None:
    """Draw one side."""
    blocks = []
    for storey in house.storeys:
        left, right = _span(storey, side)
        blocks.append(box(left, storey.floor_m, right, storey.floor_m + storey.clear_m + house.slab_m))
    hull = union_all(blocks).simplify(1e-6)
    ring = list(hull.exterior.coords)
    for start, end in pairwise(ring):
        canvas.line(start, end, OUTLINE)
    top = house.storeys[-1]
    left, right = _span(top, side)
    eaves, rise = top.floor_m + top.clear_m + house.slab_m, roof_rise_m(house)
    x0, y0, x1, y1 = footprint(top.kept()).bounds
    ridge_along_x = x1 - x0 >= y1 - y0
    if (side[0] == 0) == ridge_along_x:
        roof = [(left - 0.4, eaves), (left - 0.4, eaves + rise), (right + 0.4, eaves + rise), (right + 0.4, eaves)]
        for index in range(1, 8):
            level = eaves + rise * index / 8
            canvas.line((left - 0.4, level), (right + 0.4, level), DETAIL._replace(colour=0x909090))
    else:
        roof = [(left - 0.5, eaves - 0.1), ((left + right) / 2, eaves + rise), (right + 0.5, eaves - 0.1)]
    canvas.polyline(roof, OUTLINE, closed=True)
    low, high = _span(house.storeys[0], side)
    canvas.line((low - 1.5, 0.0), (high + 1.5, 0.0), GROUND)
    for storey in house.storeys:
        canvas.line((low - 1.2, storey.floor_m), (low, storey.floor_m), LEVEL)
        text = f"{'+' if storey.floor_m else '±'}{variant.words.number(storey.floor_m, 2)}"
        if variant.units == "imperial":
            text = variant.words.length(storey.floor_m)
        canvas.text(text, (low - 1.2, storey.floor_m + 2.2 * factor * canvas.mm), 1.8 * factor, TEXT, align="right")
    for _, opening, bounds in facade_openings(house, side):
        _draw_opening(canvas, opening, bounds)


def _draw_opening(canvas: Canvas, opening: Opening, bounds: Box) -> None:
    """A window with its frame and panes, or a door with its leaf, as seen from outside."""
    x0, y0, x1, y1 = bounds
    canvas.polyline(box_points(x0, y0, x1, y1), DETAIL, closed=True)
    if opening.type == "garage":
        for index in range(1, 5):
            level = y0 + (y1 - y0) * index / 5
            canvas.line((x0, level), (x1, level), DETAIL)
        return
    panes = {"window": opening.panes, "double": 2, "sliding": 2}.get(opening.type, 1)
    pane = (x1 - x0) / panes
    for index in range(panes):
        left = x0 + index * pane
        canvas.polyline(box_points(left + 0.06, y0 + 0.06, left + pane - 0.06, y1 - 0.06), DETAIL, closed=True)
    if opening.type == "single":
        canvas.arc((x1 - 0.15, y0 + 1.05), 0.03, 0.0, 360.0, DETAIL)
