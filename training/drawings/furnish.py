"""What stands in which room, and where."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import numpy as np

from . import fixtures, furniture, stairs
from .board import Board, Ink
from .floor import Floor, Place
from .plan import CELL_M, Plan, Room
from .style import Style

Draw = Callable[[Board, float, float, Ink], None]
Item = tuple[Draw, tuple[float, float], tuple[float, float], str]
"""What draws it, the ranges of its width and depth in metres, and where: wall, corner, or free."""

WC: Item = (fixtures.draw_wc, (0.36, 0.45), (0.6, 0.75), "wall")
BASIN: Item = (fixtures.draw_basin, (0.45, 0.7), (0.4, 0.55), "wall")
VANITY: Item = (fixtures.draw_basin, (0.9, 1.8), (0.5, 0.6), "wall")
BATH: Item = (fixtures.draw_bath, (1.5, 1.8), (0.7, 0.8), "corner")
SHOWER: Item = (fixtures.draw_shower, (0.8, 1.1), (0.8, 1.0), "corner")
WASHER: Item = (fixtures.draw_washer, (0.6, 0.65), (0.6, 0.65), "wall")
BOILER: Item = (fixtures.draw_boiler, (0.5, 0.7), (0.5, 0.7), "wall")
SINGLE: Item = (furniture.draw_bed, (0.85, 1.1), (1.95, 2.1), "wall")
DOUBLE: Item = (furniture.draw_bed, (1.4, 1.9), (2.0, 2.1), "wall")
NIGHT: Item = (furniture.draw_low_table, (0.4, 0.55), (0.35, 0.5), "wall")
WARDROBE: Item = (furniture.draw_wardrobe, (0.9, 2.6), (0.55, 0.62), "wall")
DESK: Item = (furniture.draw_desk, (1.1, 1.6), (1.1, 1.25), "wall")
SOFA: Item = (furniture.draw_sofa, (1.6, 2.6), (0.8, 0.95), "wall")
SOFA_FREE: Item = (furniture.draw_sofa, (1.6, 2.4), (0.8, 0.95), "free")
ARMCHAIR: Item = (furniture.draw_sofa, (0.75, 0.95), (0.75, 0.9), "free")
COFFEE: Item = (furniture.draw_low_table, (0.6, 1.2), (0.5, 0.8), "free")
BENCH: Item = (furniture.draw_low_table, (1.0, 2.0), (0.35, 0.5), "wall")
TABLE: Item = (furniture.draw_table, (1.6, 2.6), (1.6, 1.9), "free")
MEETING: Item = (furniture.draw_table, (2.6, 4.5), (1.9, 2.3), "free")
PLANT: Item = (furniture.draw_plant, (0.4, 0.8), (0.4, 0.8), "corner")
FIRE: Item = (furniture.draw_fireplace, (0.9, 1.6), (0.45, 0.7), "wall")
PIANO: Item = (furniture.draw_piano, (1.4, 1.5), (1.5, 1.8), "corner")
CAR: Item = (furniture.draw_car, (1.75, 1.95), (4.2, 4.8), "free")
BENCHES: Item = (furniture.draw_benches, (1.4, 2.4), (0.6, 1.3), "wall")
FIXED = {WC[0], BASIN[0], BATH[0], SHOWER[0], WASHER[0]}

WANTED: dict[str, list[tuple[Item, float]]] = {
    "bath": [(WC, 1.0), (BATH, 0.6), (SHOWER, 0.5), (VANITY, 0.4), (BASIN, 0.7), (WASHER, 0.25)],
    "wc": [(WC, 1.0), (BASIN, 0.8)],
    "shower": [(SHOWER, 1.0), (BASIN, 0.6), (WASHER, 0.3)],
    "laundry": [(WASHER, 0.9), (WASHER, 0.7), (VANITY, 0.5), (WARDROBE, 0.4), (BOILER, 0.2)],
    "sauna": [(BENCHES, 1.0), (BENCHES, 0.3), (BOILER, 0.6)],
    "bedroom": [(DOUBLE, 0.75), (SINGLE, 0.5), (NIGHT, 0.5), (WARDROBE, 0.6), (DESK, 0.3), (PLANT, 0.1), (BENCH, 0.2)],
    "living": [
        (SOFA, 0.7),
        (SOFA_FREE, 0.4),
        (COFFEE, 0.7),
        (ARMCHAIR, 0.5),
        (ARMCHAIR, 0.4),
        (BENCH, 0.6),
        (TABLE, 0.5),
        (FIRE, 0.3),
        (PLANT, 0.4),
        (PIANO, 0.05),
    ],
    "dining": [(TABLE, 1.0), (BENCH, 0.4), (PLANT, 0.3)],
    "kitchen": [(TABLE, 0.4)],
    "study": [(DESK, 0.9), (WARDROBE, 0.4), (SOFA, 0.3), (PLANT, 0.2)],
    "office": [(DESK, 1.0), (DESK, 0.7), (WARDROBE, 0.4), (PLANT, 0.3)],
    "meeting": [(MEETING, 1.0), (PLANT, 0.4)],
    "garage": [(CAR, 0.75), (CAR, 0.4), (BENCH, 0.2), (BOILER, 0.2)],
    "carport": [(CAR, 0.8)],
    "storage": [(WARDROBE, 0.4), (BENCH, 0.3)],
    "tech": [(BOILER, 0.8), (WASHER, 0.3)],
    "pantry": [(WARDROBE, 0.5)],
    "wardrobe": [(WARDROBE, 0.9), (WARDROBE, 0.7)],
    "hall": [(WARDROBE, 0.25), (BENCH, 0.1), (PLANT, 0.1)],
    "entry": [(WARDROBE, 0.4), (BENCH, 0.2)],
    "terrace": [(TABLE, 0.4), (PLANT, 0.4), (ARMCHAIR, 0.4)],
    "balcony": [(PLANT, 0.3), (ARMCHAIR, 0.2)],
}


def furnish(board: Board, plan: Plan, floor: Floor, style: Style) -> None:
    """Put stairs, masonry, kitchens, fixtures and furniture into all rooms; what is masonry is left to the walls."""
    board = Board(board.sheet, board.matrix, board.rng, style.furniture_fill)
    rng = board.rng
    for room in plan.rooms.values():
        if room.role == "stairs" or (room.role in ("hall", "living") and rng.random() < 0.06):
            put_stairs(board, floor, room, style)
    piers = rng.choice((0.0, 0.0, 0.05, 0.25))
    for room in plan.rooms.values():
        if rng.random() < piers and room.role not in ("closet", "wc", "hall") and not room.is_open_air:
            put_pier(rng, plan, floor, room)
        if room.role == "kitchen" and rng.random() < 0.92:
            put_kitchen(board, floor, room, style)
        if room.role == "closet":
            put_rail(board, plan, room, style)
    has_kitchen = any(room.role == "kitchen" for room in plan.rooms.values())
    for room in plan.rooms.values():
        if room.role == "living" and not has_kitchen and rng.random() < 0.8:
            put_kitchen(board, floor, room, style)
        for item, chance in WANTED.get(room.role, []):
            likely = chance * (
                min(1.0, 0.93 if item is WC else 0.6 + style.furnished) if item[0] in FIXED else style.furnished
            )
            if rng.random() < likely:
                put(board, floor, room, item, style)


def put(board: Board, floor: Floor, room: Room, item: Item, style: Style) -> bool:
    """Draw one item where it fits in a room; whether it did."""
    draw, widths, depths, where = item
    rng = board.rng
    width, depth = rng.uniform(*widths), rng.uniform(*depths)
    place = floor.place(rng, room.key, width, depth, where != "free", where == "corner")
    if place is None and where == "corner":
        place = floor.place(rng, room.key, width, depth)
    if place is None and item is WC:
        place = floor.place(rng, room.key, width, depth, at_wall=False)
    if place is None:
        return False
    draw(at(board, place.bent(floor.plan, width, depth)), width, depth, style.symbols)
    return True


def at(board: Board, place: Place) -> Board:
    """The board in the frame of a place."""
    return board.frame(place.origin, place.along, place.flip)


def put_stairs(board: Board, floor: Floor, room: Room, style: Style) -> None:
    """A staircase in a room, the first shape that fits."""
    rng = board.rng
    shapes = list(stairs.SIZES)
    rng.shuffle(shapes)
    for shape in shapes:
        widths, depths = stairs.SIZES[shape]
        width, depth = rng.uniform(*widths), rng.uniform(*depths)
        place = floor.place(rng, room.key, width, depth)
        if place is not None:
            stairs.draw_stairs(at(board, place.bent(floor.plan, width, depth)), width, depth, shape, style.symbols)
            return


def put_pier(rng: random.Random, plan: Plan, floor: Floor, room: Room) -> None:
    """Solid masonry at a wall: a chimney breast, a shaft."""
    width, depth = rng.uniform(0.35, 1.7), rng.uniform(0.25, 0.6)
    place = floor.place(rng, room.key, width, depth)
    if place is None:
        return
    plan.blocks.append(place.bent(plan, width, depth).corners(width, depth))


def put_kitchen(board: Board, floor: Floor, room: Room, style: Style) -> None:
    """One or two runs of counters, at times an island."""
    rng = board.rng
    contents = ["sink", "hob", "fridge", "machine"][: rng.choice((2, 3, 3, 4))]
    rng.shuffle(contents)
    split = rng.randint(0, len(contents))
    runs = [contents] if rng.random() < 0.4 else [contents[:split], contents[split:]]
    for run in runs:
        for width in (rng.uniform(2.2, 4.0), 2.2, 1.6):
            place = floor.place(rng, room.key, width, 0.6, corner=rng.random() < 0.7)
            if place is not None:
                fixtures.draw_counter(
                    at(board, place.bent(floor.plan, width, 0.6)), width, 0.6, style.symbols, tuple(run)
                )
                break
    if rng.random() < 0.3 * style.furnished:
        island = (rng.uniform(1.4, 2.4), rng.uniform(0.7, 1.0))
        draw = partial(fixtures.draw_counter, contents=("sink",) if rng.random() < 0.3 else ())
        put(board, floor, room, (draw, (island[0], island[0]), (island[1], island[1]), "free"), style)


def put_rail(board: Board, plan: Plan, room: Room, style: Style) -> None:
    """What a closet shows: a rail, a shelf, hangers, a cross, or nothing."""
    rng = board.rng
    rows, columns = np.nonzero(plan.cells == room.key)
    if not len(rows) or rng.random() < 0.35:
        return
    x0, x1 = columns.min() * CELL_M, (columns.max() + 1) * CELL_M
    y0, y1 = rows.min() * CELL_M, (rows.max() + 1) * CELL_M
    edge = 0.08
    wide = x1 - x0 >= y1 - y0
    place = Place((x0, y0), (1.0, 0.0), False) if wide else Place((x0, y1), (0.0, -1.0), False)
    length, depth = max(x1 - x0, y1 - y0), min(x1 - x0, y1 - y0)
    local = at(board, place.bent(plan, length, depth))
    variant = rng.randrange(4)
    middle = depth * rng.choice((0.4, 0.5, 0.6))
    if variant == 0:
        local.dashes([(edge, middle), (length - edge, middle)], style.symbols, (0.14, 0.09))
    elif variant == 1:
        local.strokes([[(edge, middle - g), (length - edge, middle - g)] for g in (0.0, 0.04)], style.symbols)
    elif variant == 2:
        x = np.arange(2 * edge, length - edge, rng.choice((0.08, 0.12)))
        local.strokes(
            np.array([[(v, depth * 0.2), (v + 0.05, depth * 0.8)] for v in x]).reshape(-1, 2, 2), style.symbols
        )
        local.line([(edge, middle), (length - edge, middle)], style.symbols)
    else:
        local.strokes([[(edge, edge), (length - edge, depth - edge)]], style.symbols)
