"""Rooms cut out of a rectangle by halving it again and again, with corridors along some of the cuts."""

from __future__ import annotations

import random
from typing import NamedTuple

from .plan import CELL_M, ROLES, Cells, Plan, Room
from .programme import Asked

TRIES = 10


class Rect(NamedTuple):
    """A rectangle of grid cells; `x1` and `y1` are outside."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Cells across."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Cells down."""
        return self.y1 - self.y0


class Cut(NamedTuple):
    """What slicing made: a rectangle for each room asked for, in their order, and the corridors."""

    rooms: list[Rect]
    halls: list[Rect]


def slice_rooms(rng: random.Random, plan: Plan, rect: Rect, asked: Asked, corridors: int, group: int = 0) -> None:
    """Cut `rect` into the rooms asked for and write them into the plan; the best of a few tries."""
    best = min((divide(rng, rect, asked, corridors) for _ in range(TRIES)), key=lambda cut: badness(cut, asked))
    hall = add_room(plan, "hall", group) if best.halls else 0
    for (role, _), room in zip(asked, best.rooms, strict=True):
        paint(plan.cells, room, add_room(plan, role, group))
    for strip in best.halls:
        paint(plan.cells, strip, hall)
        if rng.random() < 0.6:
            shorten(rng, plan, strip)


def add_room(plan: Plan, role: str, group: int = 0) -> int:
    """A new room's label."""
    key = max(plan.rooms, default=0) + 1
    plan.rooms[key] = Room(key, role, group)
    return key


def paint(cells: Cells, rect: Rect, key: int) -> None:
    """Give the cells of a rectangle to one room."""
    cells[rect.y0 : rect.y1, rect.x0 : rect.x1] = key


def divide(rng: random.Random, rect: Rect, asked: Asked, corridors: int) -> Cut:
    """One way to cut `rect` into the rooms asked for, areas in proportion."""
    if len(asked) == 1:
        return Cut([rect], [])
    areas = [area for _, area in asked]
    total = sum(areas)
    index = halving(rng, areas)
    across = rect.width >= rect.height if rng.random() < 0.88 else rect.width < rect.height
    low, high = (rect.x0, rect.x1) if across else (rect.y0, rect.y1)
    strip = 0
    if corridors > 0 and len(asked) >= 4 and min(rect.width, rect.height) >= 45:
        across = not across if len(asked) >= 6 and rng.random() < 0.75 else across
        low, high = (rect.x0, rect.x1) if across else (rect.y0, rect.y1)
        strip = rng.choice((9, 10, 11, 12, 12, 14, 16))
    at = round(low + (high - low - strip) * sum(areas[:index]) / total)
    first = Rect(rect.x0, rect.y0, at, rect.y1) if across else Rect(rect.x0, rect.y0, rect.x1, at)
    second = Rect(at + strip, rect.y0, rect.x1, rect.y1) if across else Rect(rect.x0, at + strip, rect.x1, rect.y1)
    halls = []
    if strip:
        halls = [Rect(at, rect.y0, at + strip, rect.y1) if across else Rect(rect.x0, at, rect.x1, at + strip)]
    a = divide(rng, first, asked[:index], corridors - 1 if strip else corridors)
    b = divide(rng, second, asked[index:], corridors - 1 if strip else corridors)
    return Cut(a.rooms + b.rooms, halls + a.halls + b.halls)


def halving(rng: random.Random, areas: list[float]) -> int:
    """Where to split the list so that its halves weigh about the same; not always the evenest place."""
    total = sum(areas)
    sums = [sum(areas[:i]) for i in range(1, len(areas))]
    return 1 + min(range(len(sums)), key=lambda i: abs(sums[i] - total / 2) + rng.random() * total * 0.25)


def badness(cut: Cut, asked: Asked) -> float:
    """How far the rooms are from what their roles need: too narrow, too long."""
    bad = 0.0
    for (role, _), room in zip(asked, cut.rooms, strict=True):
        short, long = sorted((room.width * CELL_M, room.height * CELL_M))
        bad += 6 * max(0.0, ROLES[role].side - short) / ROLES[role].side
        bad += max(0.0, long / max(short, 0.1) - 1.9)
    return bad


def shorten(rng: random.Random, plan: Plan, strip: Rect) -> None:
    """Give one end of a corridor to the rooms beside it, so that it does not reach the outer wall."""
    keep = rng.uniform(0.55, 0.85)
    cells = plan.cells
    if strip.width > strip.height:
        cut = round(strip.width * (1 - keep))
        x0, x1 = (strip.x0, strip.x0 + cut) if rng.random() < 0.5 else (strip.x1 - cut, strip.x1)
        source = strip.y0 - 1 if rng.random() < 0.5 else strip.y1
        if 0 <= source < cells.shape[0] and cells[source, x0:x1].all():
            cells[strip.y0 : strip.y1, x0:x1] = cells[source, x0:x1]
    else:
        cut = round(strip.height * (1 - keep))
        y0, y1 = (strip.y0, strip.y0 + cut) if rng.random() < 0.5 else (strip.y1 - cut, strip.y1)
        source = strip.x0 - 1 if rng.random() < 0.5 else strip.x1
        if 0 <= source < cells.shape[1] and cells[y0:y1, source].all():
            cells[y0:y1, strip.x0 : strip.x1] = cells[y0:y1, source][:, None]
