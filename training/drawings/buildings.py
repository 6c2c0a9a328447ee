"""Whole floors: houses, flats, apartment floors, offices, outbuildings, as plans without walls yet."""

from __future__ import annotations

import math
import random

import numpy as np

from .outline import attach, carve_closets, indent, push_and_pull, trim
from .plan import CELL_M, Plan, Room
from .programme import Asked, ask_flat, ask_house, ask_offices, ask_outbuilding
from .slicing import Rect, add_room, paint, slice_rooms

MARGIN = 75
"""Free cells around a building, for what is attached to it."""
KINDS = ("house", "flat", "floor", "office", "outbuilding", "cabin", "terraced")


def make_plan(rng: random.Random, kind: str) -> Plan:
    """A floor of this kind of building (one of `KINDS`), trimmed to its size."""
    plan = {
        "house": house,
        "flat": flat,
        "floor": apartment_floor,
        "office": office_floor,
        "outbuilding": outbuilding,
        "cabin": cabin,
        "terraced": terraced,
    }[kind](rng)
    return trim(plan)


def blank(width: int, height: int) -> Plan:
    """An empty plan with a margin around a building of this many cells."""
    return Plan(np.zeros((height + 2 * MARGIN, width + 2 * MARGIN), np.int16), {})


def sized(rng: random.Random, asked: Asked, spare: float = 1.12, longest: float = 2.0) -> tuple[int, int]:
    """Width and height in cells of a rectangle that has room for what is asked."""
    area = sum(area for _, area in asked) * spare
    aspect = math.exp(rng.uniform(-math.log(longest), math.log(longest)))
    return max(20, round(math.sqrt(area * aspect) / CELL_M)), max(20, round(math.sqrt(area / aspect) / CELL_M))


def house(rng: random.Random) -> Plan:
    """A detached house: a ground floor or an upper floor, often with wings."""
    storey = rng.choice((0, 0, 0, 1))
    asked = ask_house(rng, rng.randint(1, 5), storey, stairs=rng.random() < (0.35 if storey == 0 else 0.95))
    plan = winged(rng, asked, corridors=rng.choice((1, 1, 2)))
    return dress_house(rng, plan, storey)


def winged(rng: random.Random, asked: Asked, corridors: int) -> Plan:
    """Rooms in one rectangle, or in two that make an L or a T."""
    if len(asked) < 6 or rng.random() < 0.55:
        width, height = sized(rng, asked)
        plan = blank(width, height)
        slice_rooms(rng, plan, Rect(MARGIN, MARGIN, MARGIN + width, MARGIN + height), asked, corridors)
        return plan
    cut = rng.randint(2, len(asked) // 2)
    wing, main = asked[:cut], asked[cut:]
    width, height = sized(rng, main)
    wing_area = sum(area for _, area in wing)
    across = min(round(rng.uniform(0.35, 0.8) * width), round(9 / CELL_M))
    deep = min(max(24, round(wing_area * 1.08 / (across * CELL_M) / CELL_M)), MARGIN - 10 + height)
    plan = blank(max(width, across) + 40, height + deep)
    top = MARGIN + deep
    slice_rooms(rng, plan, Rect(MARGIN, top, MARGIN + width, top + height), main, corridors)
    left = MARGIN + rng.choice((0, max(0, width - across), max(0, (width - across) // 2), -rng.randint(0, 12)))
    slice_rooms(rng, plan, Rect(left, MARGIN, left + across, top), wing, 0 if len(wing) < 5 else 1)
    if rng.random() < 0.5:
        plan.cells = plan.cells[::-1].copy()
    return plan


def dress_house(rng: random.Random, plan: Plan, storey: int) -> Plan:
    """Add what houses have around and inside: garage, porches, closets, setbacks."""
    push_and_pull(rng, plan, rng.randint(0, 4))
    if storey == 0 and rng.random() < 0.35:
        double = rng.random() < 0.4
        attach(rng, plan, "garage", rng.uniform(5.4, 6.6) if double else rng.uniform(3, 4), rng.uniform(5.2, 7))
    if rng.random() < 0.3:
        indent(rng, plan, rng.choice(("porch", "porch", "terrace", "balcony")))
    for role, chance, width, depth in (
        ("terrace", 0.35, (3, 14), (1.8, 4)),
        ("porch", 0.3, (1.5, 9), (1.2, 2.6)),
        ("balcony", 0.35 if storey else 0.05, (2, 5), (1.1, 1.8)),
        ("carport", 0.08, (3, 5.6), (5, 6)),
        ("veranda", 0.06, (3, 5), (2.2, 3.6)),
    ):
        if rng.random() < chance:
            attach(rng, plan, role, rng.uniform(*width), rng.uniform(*depth))
    carve_closets(rng, plan, rng.choice((0, 0.5, 0.9)))
    return plan


def flat(rng: random.Random) -> Plan:
    """One flat of a building."""
    asked = ask_flat(rng, rng.choice((0, 1, 1, 2, 2, 3)))
    plan = winged(rng, asked, corridors=1)
    push_and_pull(rng, plan, rng.choice((0, 1, 3)))
    if rng.random() < 0.5:
        attach(rng, plan, "balcony", rng.uniform(2, 5), rng.uniform(1.1, 2))
    carve_closets(rng, plan, rng.choice((0, 0.4, 0.8)))
    return plan


def cabin(rng: random.Random) -> Plan:
    """A small one-storey box: one or two bedrooms, a bath, a living room with a kitchen."""
    asked = [(role, area * 0.75) for role, area in ask_flat(rng, rng.choice((1, 1, 2)))]
    width, height = sized(rng, asked, 1.05, longest=3.2)
    plan = blank(width, height)
    slice_rooms(rng, plan, Rect(MARGIN, MARGIN, MARGIN + width, MARGIN + height), asked, 0)
    carve_closets(rng, plan, 0.6)
    for role in ("terrace", "porch"):
        if rng.random() < 0.4:
            attach(rng, plan, role, rng.uniform(2, 6), rng.uniform(1.5, 3))
    return plan


def outbuilding(rng: random.Random) -> Plan:
    """A garage, a store, a sauna."""
    asked = ask_outbuilding(rng)
    width, height = sized(rng, asked, 1.0, 1.8)
    plan = blank(width, height)
    slice_rooms(rng, plan, Rect(MARGIN, MARGIN, MARGIN + width, MARGIN + height), asked, 0)
    push_and_pull(rng, plan, rng.choice((0, 0, 1)))
    return plan


def terraced(rng: random.Random) -> Plan:
    """Two to five alike houses in a row, every other one mirrored."""
    asked = ask_house(rng, rng.randint(1, 3), rng.choice((0, 1)), stairs=True)
    width = rng.randint(50, 80)
    height = max(50, round(sum(area for _, area in asked) * 1.12 / (width * CELL_M) / CELL_M))
    plan = blank(width, height)
    slice_rooms(rng, plan, Rect(MARGIN, MARGIN, MARGIN + width, MARGIN + height), asked, 1)
    carve_closets(rng, plan, 0.5)
    unit = plan.cells[MARGIN:-MARGIN, MARGIN:-MARGIN]
    out = blank(0, height)
    for index in range(rng.randint(2, 4)):
        out = beside(out, plan, unit if index % 2 == 0 else unit[:, ::-1], index)
    for _ in range(rng.randint(0, 4)):
        attach(rng, out, rng.choice(("porch", "terrace", "balcony")), rng.uniform(1.5, 4), rng.uniform(1.2, 2.5))
    return out


def beside(out: Plan, unit_plan: Plan, unit: np.ndarray[tuple[int, int], np.dtype[np.int16]], group: int) -> Plan:
    """`out` with one more unit to the right of what is there; the unit's rooms get labels of their own."""
    offset = max(out.rooms, default=0)
    moved = np.where(unit > 0, unit + offset, unit).astype(np.int16)
    pad = ((MARGIN, MARGIN), (0, 0))
    middle = out.cells[:, MARGIN:-MARGIN]
    sides = np.zeros((out.cells.shape[0], MARGIN), np.int16)
    out.cells = np.concatenate([sides, middle, np.pad(moved, pad), sides], 1)
    for key, room in unit_plan.rooms.items():
        out.rooms[key + offset] = Room(key + offset, room.role, group)
    return out


def apartment_floor(rng: random.Random) -> Plan:
    """Flats on both sides of a stair and a corridor; pairs of them mirrored."""
    depth = rng.randint(58, 85)
    made: list[tuple[Plan, np.ndarray[tuple[int, int], np.dtype[np.int16]]]] = []
    for _ in range(rng.randint(1, 2)):
        asked = ask_flat(rng, rng.choice((0, 1, 2)))
        width = max(40, round(sum(area for _, area in asked) * 1.1 / (depth * CELL_M) / CELL_M))
        plan = blank(width, depth)
        slice_rooms(rng, plan, Rect(MARGIN, MARGIN, MARGIN + width, MARGIN + depth), asked, 1)
        carve_closets(rng, plan, 0.4)
        made.append((plan, plan.cells[MARGIN:-MARGIN, MARGIN:-MARGIN]))
    row = blank(0, depth)
    for index in range(rng.randint(2, 4)):
        plan, unit = made[(index // 2) % len(made)]
        row = beside(row, plan, unit if index % 2 == 0 else unit[:, ::-1], index)
    return with_core(rng, row, depth)


def with_core(rng: random.Random, row: Plan, depth: int) -> Plan:
    """A row of flats with a corridor below it and stairs, and often the same row again below, mirrored."""
    inner = row.cells[MARGIN:-MARGIN]
    width = inner.shape[1]
    strip = rng.choice((14, 16, 18, 22))
    both = rng.random() < 0.6
    rows = [np.zeros((MARGIN, width), np.int16), inner, np.zeros((strip, width), np.int16)]
    offset = max(row.rooms)
    if both:
        rows.append(np.where(inner[::-1] > 0, inner[::-1] + offset, inner[::-1]).astype(np.int16))
        for key, room in list(row.rooms.items()):
            row.rooms[key + offset] = Room(key + offset, room.role, room.group + 10)
    rows.append(np.zeros((MARGIN, width), np.int16))
    row.cells = np.concatenate(rows, 0)
    top = MARGIN + depth
    paint(row.cells, Rect(MARGIN, top, width - MARGIN, top + strip), add_room(row, "hall", 99))
    core = rng.randint(24, 32)
    if not both:
        left = rng.randint(MARGIN, max(MARGIN, width - MARGIN - core))
        paint(
            row.cells,
            Rect(left, top + strip, left + core, top + strip + rng.randint(30, 52)),
            add_room(row, "stairs", 99),
        )
    else:
        at = rng.choice((MARGIN - core, width - MARGIN))
        paint(row.cells, Rect(at, top - 8, at + core, top + strip + 26), add_room(row, "stairs", 99))
    for _ in range(rng.randint(0, 5)):
        attach(rng, row, "balcony", rng.uniform(2, 4.5), rng.uniform(1.2, 1.8))
    return row


def office_floor(rng: random.Random) -> Plan:
    """Offices along corridors."""
    asked = ask_offices(rng, rng.randint(7, 18))
    width, height = sized(rng, asked, 1.2, 2.2)
    plan = blank(width, height)
    slice_rooms(rng, plan, Rect(MARGIN, MARGIN, MARGIN + width, MARGIN + height), asked, 2)
    push_and_pull(rng, plan, rng.randint(0, 2))
    return plan
