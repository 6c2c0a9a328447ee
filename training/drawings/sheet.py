"""Whole sheets: plans side by side, drawn in one style, annotated, then degraded."""

from __future__ import annotations

import math
import random
from typing import NamedTuple

import numpy as np

from .annotate import mark_entrances, name_rooms, scatter_notes, tag_openings
from .board import Board, Sheet
from .buildings import make_plan
from .degrade import degrade, move
from .dimensions import choose_lengths, dimension_inside, dimension_outside
from .doors import draw_door
from .floor import Floor
from .floors import draw_floors
from .furnish import furnish
from .margins import draw_margins
from .masonry import draw_walls
from .openings import place_openings
from .plan import Plan
from .profiles import with_profile
from .rooms import extent, lay_rooms
from .setting import draw_setting
from .style import Style, choose_style
from .truth import Drawing, Kind, Points, Use, count_instances
from .walling import build_walls
from .warp import bend_walls, choose_bend
from .windows import draw_window

SIDES_PX = (400, 2200)
PX_PER_M = (14.0, 150.0)
"""The scales drawn; a door of 0.85 m is 12 to 130 px wide."""
WEIGHTS = {"house": 5.0, "flat": 4.0, "floor": 1.2, "office": 0.8, "outbuilding": 0.8, "cabin": 2.0, "terraced": 0.8}


class Put(NamedTuple):
    """A plan and where it lies: the matrix from its metres to the sheet's pixels."""

    plan: Plan
    floor: Floor
    matrix: Points


def draw_sheet(seed: int, *, clean: bool = False) -> Drawing:
    """A sheet and its truth; the same for the same seed. Independent of all other calls.

    clean: as a CAD program prints it, neither scanned nor turned nor faded.
    """
    rng = random.Random(seed)
    px_per_m = math.exp(rng.uniform(math.log(PX_PER_M[0]), math.log(PX_PER_M[1])))
    finer = 2.0 if px_per_m < 26 else rng.choice((1.0, 1.0, 1.0, 1.0, 1.3))
    style = with_profile(rng, choose_style(rng, px_per_m * finer))
    puts, (width, height) = arrange(rng, style, finer)
    sheet = Sheet(
        np.full((height, width), 255, np.uint8),
        np.zeros((height, width), np.uint8),
        np.zeros((height, width), np.uint8),
        [],
        [],
    )
    rooms: list[Use] = []
    for put in puts:
        rooms += draw_plan(Board(sheet, put.matrix, rng), put.plan, put.floor, style)
    page = Board(sheet, np.array([[style.px_per_m, 0.0, 0.0], [0.0, style.px_per_m, 0.0]]), rng)
    draw_margins(page, style)
    return deliver(rng, sheet, rooms, 1 / finer, None if clean else px_per_m)


def deliver(rng: random.Random, sheet: Sheet, rooms: list[Use], scale: float, px_per_m: float | None) -> Drawing:
    """The drawn sheet as it reaches us; straight from the program that drew it where `px_per_m` is None."""
    stretched = rng.random() < 0.14 and px_per_m is not None
    stretch = math.exp(max(-0.4, min(0.4, rng.gauss(0, 0.2)))) if stretched else 1.0
    instances = np.array(sheet.instances, np.float32).reshape(-1, 8)
    labels = np.array(sheet.labels, np.float32).reshape(-1, 4)
    image, (classes, uses), instances, labels = move(
        rng,
        sheet.image,
        [sheet.classes, sheet.uses],
        instances,
        labels,
        (scale * stretch, scale),
        straight=px_per_m is None,
    )
    height, width = image.shape
    inside = (instances[:, 1] >= 0) & (instances[:, 1] < width) & (instances[:, 2] >= 0) & (instances[:, 2] < height)
    instances = instances[inside]
    image = image if px_per_m is None else degrade(rng, image, px_per_m)
    return Drawing(image, classes, uses, instances, labels, count_instances(instances, rooms))


def new_plan(rng: random.Random, style: Style, kind: str) -> tuple[Plan, Floor]:
    """A plan with walls and openings in this style, and the floor that is left free."""
    plan = make_plan(rng, kind)
    build_walls(rng, plan, style.thickness, rng.choice((0.2, 0.6, 0.9)))
    place_openings(rng, plan, style.habits)
    floor = Floor(plan, style.thickness)
    plan.bend = choose_bend(rng, plan)
    bend_walls(plan, plan.bend)
    return plan, floor


def arrange(rng: random.Random, style: Style, finer: float) -> tuple[list[Put], tuple[int, int]]:
    """Plans beside and above each other, and the size of the sheet that holds them, px."""
    scale = style.px_per_m
    low, high = (round(side * finer) for side in SIDES_PX)
    kind = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    if scale / finer < 30 and rng.random() < 0.5:
        kind = rng.choice(("floor", "office", "house", "terraced"))
    count = 1 if rng.random() < 0.75 else rng.choice((2, 2, 3, 4))
    while count * 18 * scale / finer < SIDES_PX[0] and rng.random() < 0.85:
        count += 1
    puts: list[Put] = []
    margin = rng.uniform(0.6, 3.2) * scale
    x = y = margin
    row_height = right = 0.0
    columns = max(1, round(math.sqrt(count * rng.choice((0.5, 1, 2, 4)))))
    for index in range(count):
        plan, floor = new_plan(rng, style, kind if rng.random() < 0.8 else rng.choice(("house", "flat", "outbuilding")))
        turn = orientation(rng)
        corners = np.concatenate([wall.points for wall in plan.walls]) @ turn.T * scale
        corner, (w, h) = corners.min(0), np.ptp(corners, axis=0)
        puts.append(Put(plan, floor, np.column_stack([turn * scale, np.array([x, y]) - corner])))
        right, row_height = max(right, x + w), max(row_height, h)
        x += w + margin
        if (index + 1) % columns == 0 and index + 1 < count:
            x, y, row_height = margin, y + row_height + margin, 0.0
    content = np.array([right + margin, y + row_height + margin])
    shown = content * [rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.0)] if rng.random() < 0.1 else content
    size = np.clip(shown, low, high).astype(int)
    spare = size - content
    shift = np.array([rng.uniform(min(0.0, free), max(0.0, free)) for free in spare.tolist()])
    for put in puts:
        put.matrix[:, 2] += shift
    return puts, (int(size[0]), int(size[1]))


def orientation(rng: random.Random) -> Points:
    """A quarter turn, a mirror, or at times any angle."""
    angle = rng.randrange(4) * math.pi / 2 + (rng.gauss(0, 0.25) if rng.random() < 0.05 else 0.0)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.round(turn @ np.diag([rng.choice((1.0, -1.0)), 1.0]), 12)


def touches(board: Board, plan: Plan) -> bool:
    """Whether enough of the plan lies on the sheet to be drawn."""
    at = extent(board, plan)
    return min(at.x1 - at.x0, at.y1 - at.y0) >= 16


def draw_plan(board: Board, plan: Plan, floor: Floor, style: Style) -> list[Use]:
    """Draw one plan from the floor up; the uses of its rooms that are on the sheet."""
    rng = board.rng
    if not touches(board, plan):
        return []
    rooms = lay_rooms(board, plan)
    draw_floors(board, plan, style, rooms)
    furnish(board, plan, floor, style)
    draw_walls(board, plan, style, rooms.at)
    for wall in plan.walls:
        for opening in wall.openings:
            if wall.kind == "virtual":
                continue
            if opening.kind == Kind.WINDOW:
                draw_window(board, plan, wall, opening, style)
            else:
                draw_door(board, wall, opening, style)
    draw_setting(board, plan, style)
    lengths = choose_lengths(style)
    dimension_outside(board, plan, style, lengths)
    dimension_inside(board, plan, style, rooms, lengths)
    tag_openings(board, plan, style)
    if rng.random() < 0.25:
        mark_entrances(board, plan, style)
    scatter_notes(board, plan, style, rng.choice((0, 0, 1, 4, 10)))
    name_rooms(board, plan, style, rooms)
    return [plan.rooms[key].use for key in rooms.number if not plan.rooms[key].is_open_air]
