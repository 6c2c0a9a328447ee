"""Drawing a floor plan: walls, what stands in and between them, labels, tags and dimension strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

from shapely import LineString, Polygon

from planroom.example.canvas import Canvas, Pen, Placed
from planroom.example.dimensions import Dimension, inner_strings, outer_strings
from planroom.example.house import (
    Box,
    Frame,
    House,
    Opening,
    Point,
    Room,
    Storey,
    footprint,
    frame_of,
    outward,
    room_shape,
)
from planroom.example.symbols import LOOSE_KINDS, draw_fixture, draw_opening
from planroom.example.variants import PAPERS, Variant
from planroom.example.walls import EDGE, draw_edges, draw_status_walls, fill_walls, wall_body

View = Literal["general", "enlarged", "ceiling", "demolition"]

GONE_DASH_MM: Final = (1.2, 0.8)
TEXT: Final = Pen("A-ANNO-TEXT", 0.18)
SYMBOL: Final = Pen("A-ANNO-SYMB", 0.18)
DIMS: Final = Pen("A-ANNO-DIMS", 0.13)
CEILING: Final = Pen("A-CLNG", 0.13, 0x808080)


@dataclass(frozen=True, slots=True)
class Slips:
    """What a plan prints wrongly: dimension texts by their place in the list, area texts by room number."""

    dimensions: Mapping[int, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)


def draw_plan(canvas: Canvas, storey: Storey, variant: Variant, view: View, slips: Slips) -> list[Dimension]:
    """Draw one storey in one view; the dimensions that it prints."""
    if view != "demolition":
        storey = storey.kept()
    factor = PAPERS[variant.paper][2]
    if view == "ceiling":
        _draw_ceilings(canvas, storey)
    if view == "demolition":
        draw_status_walls(canvas, storey, variant)
    else:
        fill_walls(canvas, wall_body(storey, list(storey.walls)), variant)
        draw_edges(canvas, wall_body(storey, list(storey.walls)), EDGE)
    for opening in storey.openings:
        place_opening(canvas, storey, opening, variant, ceiling=view == "ceiling")
        if view != "ceiling" and opening.tag:
            _draw_tag(canvas, storey, opening, 1.9 * factor)
    if view != "ceiling":
        for fixture in storey.fixtures:
            if (variant.furniture and view == "general") or fixture.kind not in LOOSE_KINDS:
                place = Placed(canvas, Frame(fixture.at, fixture.angle_deg))
                draw_fixture(place, fixture, variant.words("up" if storey.name == "0" else "down"), 1.8 * factor)
    _draw_labels(canvas, storey, variant, view, slips, factor)
    return _draw_dimensions(canvas, storey, variant, view, slips, factor)


def place_opening(canvas: Canvas, storey: Storey, opening: Opening, variant: Variant, *, ceiling: bool = False) -> None:
    """Draw an opening's symbol where it stands."""
    depth_m = storey.wall(opening.wall).thickness_m
    draw = partial(draw_opening, opening=opening, depth_m=depth_m, variant=variant, ceiling=ceiling)
    frame = frame_of(storey, opening)
    if opening.status == "demolished":
        draw(Placed(canvas, frame, GONE_DASH_MM))
        return
    name = f"{opening.type}-{opening.width_m * 1000:.0f}-{depth_m * 1000:.0f}-{opening.panes}{'-head' * ceiling}"
    canvas.symbol(name, "A-GLAZ" if opening.kind == "window" else "A-DOOR", frame, draw)


def _draw_tag(canvas: Canvas, storey: Storey, opening: Opening, height_mm: float) -> None:
    """A door's mark in a circle where the door does not swing, a window's in a hexagon outside."""
    radius = 2.0 * height_mm * canvas.mm
    reach = storey.wall(opening.wall).thickness_m / 2 + radius + 1.0 * canvas.mm
    frame = frame_of(storey, opening)
    at = frame.place((0.0, -reach))
    side = outward(storey, opening)
    if side and opening.kind == "window":
        at = frame.origin[0] + side[0] * reach, frame.origin[1] + side[1] * reach
    if opening.kind == "window":
        corners = [(1.0, 0.0), (0.5, 0.866), (-0.5, 0.866), (-1.0, 0.0), (-0.5, -0.866), (0.5, -0.866)]
        canvas.polyline([(at[0] + x * radius, at[1] + y * radius) for x, y in corners], SYMBOL, closed=True)
    else:
        canvas.arc(at, radius, 0.0, 360.0, SYMBOL)
    canvas.text(opening.tag, at, height_mm, TEXT)


def _draw_labels(canvas: Canvas, storey: Storey, variant: Variant, view: View, slips: Slips, factor: float) -> None:
    """Each room's name and number, and its area, or on a ceiling plan its clear height."""
    words = variant.words
    for room in storey.rooms:
        x, y = room.label
        step = 4.2 * factor * canvas.mm
        if view == "ceiling":
            third = f"{words('clear')} {words.length(storey.clear_m)}"
        else:
            third = slips.areas.get(room.number) or words.area(room_shape(storey, room).area)
        canvas.text(words(room.use), (x, y + step), 2.5 * factor, TEXT)
        canvas.text(room.number, (x, y), 2.0 * factor, TEXT)
        canvas.text(third, (x, y - step), 2.0 * factor, TEXT)


def _draw_ceilings(canvas: Canvas, storey: Storey) -> None:
    """A grid of 600 mm in halls, kitchens and wet rooms, and a light in every room."""
    for room in storey.rooms:
        shape = room_shape(storey, room)
        x0, y0, x1, y1 = shape.bounds
        if room.use in ("hall", "kitchen", "bathroom", "utility"):
            uprights = [
                LineString([(x0 + 0.6 * i, y0), (x0 + 0.6 * i, y1)]) for i in range(1, int((x1 - x0) / 0.6) + 1)
            ]
            levels = [LineString([(x0, y0 + 0.6 * i), (x1, y0 + 0.6 * i)]) for i in range(1, int((y1 - y0) / 0.6) + 1)]
            for cut in (shape.intersection(line) for line in uprights + levels):
                for piece in (p for p in getattr(cut, "geoms", [cut]) if p.length > 0.01):
                    canvas.line(piece.coords[0], piece.coords[-1], CEILING)
        x, y = _light(room, shape)
        canvas.arc((x, y), 0.12, 0.0, 360.0, SYMBOL)
        canvas.line((x - 0.18, y), (x + 0.18, y), SYMBOL)
        canvas.line((x, y - 0.18), (x, y + 0.18), SYMBOL)


def _light(room: Room, shape: Polygon) -> Point:
    """A place for a light: the room's middle, or beside its label where that stands there."""
    x, y = shape.centroid.x, shape.centroid.y
    if abs(x - room.label[0]) < 0.9 and abs(y - room.label[1]) < 0.6:
        y = room.label[1] + (0.75 if shape.bounds[3] - room.label[1] > room.label[1] - shape.bounds[1] else -0.75)
    return x, y


def _draw_dimensions(
    canvas: Canvas, storey: Storey, variant: Variant, view: View, slips: Slips, factor: float
) -> list[Dimension]:
    near_m, far_m = 17.0 * factor * canvas.mm, 26.0 * factor * canvas.mm
    strings = list(outer_strings(storey, near_m, far_m))
    if view == "general" and factor == 1.0:
        strings += inner_strings(storey)
    printed = []
    for index, one in enumerate(strings):
        text = slips.dimensions.get(index) or variant.words.length(one.value_m)
        canvas.dimension(one.start, one.end, one.base, text, 1.9 * factor, DIMS, level=one.level)
        printed.append(replace(one, text=text))
    return printed


def plan_bounds(storey: Storey) -> Box:
    """The box that a plan is centred by."""
    x0, y0, x1, y1 = footprint(storey.kept()).bounds
    return x0, y0, x1, y1


def section_station_m(house: House) -> float:
    """The x of section A-A: left of the middle, and not along a wall of any storey."""
    x0, _, x1, _ = footprint(house.storeys[0].kept()).bounds
    upright = [w for s in house.storeys for w in s.walls if abs(w.start[0] - w.end[0]) < 1e-6]
    shares = sorted((0.2 + 0.01 * step for step in range(60)), key=lambda share: abs(share - 0.41))
    free = (x0 + share * (x1 - x0) for share in shares)
    return float(round(next(x for x in free if all(abs(x - w.start[0]) > 0.4 for w in upright)), 3))


def draw_section_mark(canvas: Canvas, storey: Storey, x: float, factor: float) -> None:
    """The line of section A-A across a plan at `x`, with its letters."""
    _, y0, _, y1 = footprint(storey).bounds
    reach = 6.0 * factor * canvas.mm
    canvas.line((x, y0 - reach), (x, y1 + reach), SYMBOL._replace(dash_mm=(8.0, 1.5, 1.0, 1.5)))
    for y, off in ((y0 - reach, -1), (y1 + reach, 1)):
        canvas.text("A", (x - 2.5 * factor * canvas.mm, y + off * 0.5 * canvas.mm), 3.0 * factor, TEXT)
