"""Windows placed in the outer walls of a plan."""

from __future__ import annotations

import random

from .plan import OUTSIDE, ROLES, Opening, Plan, Wall
from .truth import Kind

WIDTHS = (0.4, 0.5, 0.6, 0.8, 0.9, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8, 2.0, 2.1, 2.4, 2.7, 3.0, 3.6, 4.2)


def add_windows(
    rng: random.Random,
    plan: Plan,
    clear: dict[int, tuple[float, float]],
    glazing: float,
    blind: float,
    sidelight: float,
) -> None:
    """Put windows where rooms border the outside; `glazing` scales their widths, `blind` walls stay closed."""
    blind_sides = {rng.choice((0, 1)): rng.random() < 0.25}
    for wall in plan.walls:
        keys = [key for key in (wall.left, wall.right) if key != OUTSIDE]
        inner = [plan.rooms[key] for key in keys if not plan.rooms[key].is_open_air]
        if wall.kind == "inner":
            if rng.random() < 0.006:
                fill(rng, wall, clear[id(wall)], 1, rng.choice((0.6, 1.0)))
            continue
        if wall.kind != "outer" or len(inner) != 1:
            continue
        if rng.random() < sidelight and wall.openings:
            add_sidelight(rng, wall, clear[id(wall)])
        chance, usual = ROLES[inner[0].role].windows
        upright = abs(wall.points[-1, 0] - wall.points[0, 0]) < 0.1
        if rng.random() > chance * (1 - blind) or (blind_sides.get(int(upright)) and rng.random() < 0.7):
            continue
        width = min(WIDTHS, key=lambda w: abs(w - usual * glazing * rng.lognormvariate(0, 0.35)))
        free = wall.length - sum(o.width for o in wall.openings)
        count = 1 if free < 2 * width + 1 else rng.choice((1, 1, 2, 2, 3))
        if rng.random() < (0.9 if inner[0].role == "veranda" else 0.06 * glazing):
            count, width = 1, max(width, free - rng.uniform(0.3, 1.2))
        fill(rng, wall, clear[id(wall)], count, width)
        slides = width > 1.5 and any(plan.rooms[key].is_open_air for key in keys)
        for opening in wall.openings:
            opening.slides = slides and opening.kind == Kind.WINDOW


def fill(rng: random.Random, wall: Wall, clear: tuple[float, float], count: int, width: float) -> None:
    """`count` windows in the longest free stretch of a wall, evenly or anywhere; narrower or fewer if they must."""
    stops = [clear[0] + 0.02]
    for opening in sorted(wall.openings, key=lambda o: o.start):
        stops += [opening.start - 0.12, opening.end + 0.12]
    stops.append(wall.length - clear[1] - 0.02)
    start, end = max(zip(stops[::2], stops[1::2], strict=True), key=lambda gap: gap[1] - gap[0])
    space = end - start
    width = min(width, space)
    if width < 0.3:
        return
    pier = rng.choice((0.1, 0.15, 0.3, 0.6))
    while count > 1 and count * width + (count - 1) * pier > space:
        count -= 1
    between = (space - count * width) / (count + 1)
    style = rng.random()
    if style < 0.55 or count == 1:
        first, step = start + between, width + between
        if count == 1 and style > 0.45:
            first = start + rng.random() * (space - width)
        elif count == 1 and style < 0.06:
            first = start if rng.random() < 0.5 else end - width  # right at the corner, or at a door
    else:
        step = width + pier
        first = start + (space - (count - 1) * step - width) * rng.choice((0.5, rng.random()))
    for index in range(count):
        at = first + index * step
        wall.openings.append(Opening(Kind.WINDOW, at, at + width, at, rng.choice((1, -1))))


def add_sidelight(rng: random.Random, wall: Wall, clear: tuple[float, float]) -> None:
    """A window that shares a jamb with a door."""
    door = wall.openings[0]
    if door.kind == Kind.DOOR_GARAGE:
        return
    width = rng.choice((0.3, 0.5, 0.9, 1.4))
    joint = rng.choice((0.0, 0.05, 0.1))
    if door.start - joint - width > clear[0]:
        wall.openings.append(Opening(Kind.WINDOW, door.start - joint - width, door.start - joint, 0.0, 1))
    elif door.end + joint + width < wall.length - clear[1]:
        wall.openings.append(Opening(Kind.WINDOW, door.end + joint, door.end + joint + width, 0.0, 1))
