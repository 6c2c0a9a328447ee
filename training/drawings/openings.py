"""Doors, cased openings and windows placed in a plan's walls, so that every room is reached."""

from __future__ import annotations

import random
from typing import NamedTuple

from .fenestration import add_windows
from .plan import OUTSIDE, ROLES, Opening, Plan, Room, Wall
from .truth import Kind, Use
from .walling import ends_of, is_flat

CORE = 99
"""The group of an apartment floor's stairs and corridor."""
CLOSETS = {"closet", "wardrobe", "pantry"}


class Habits(NamedTuple):
    """What the doors and windows of one building are mostly like; chances unless said otherwise."""

    leaf: float
    """Factor on the usual leaf widths."""
    cased: float
    sliding: float
    double: float
    folding: float
    outward: float
    """That an outer door opens outwards."""
    at_corner: float
    glazing: float
    """Factor on window widths."""
    blind: float
    """That an outer wall stays without a window."""
    sidelight: float
    open_closets: float
    """That a closet is drawn with its front's line only, without a leaf."""


class Gap(NamedTuple):
    """A free stretch of a wall."""

    start: float
    end: float


def place_openings(rng: random.Random, plan: Plan, habits: Habits) -> None:
    """Put doors and windows into the walls; afterwards every room is reached from outside."""
    clear = clearances(plan.walls)
    for group in sorted({room.group for room in plan.rooms.values()}):
        connect(rng, plan, habits, clear, group)
        enter(rng, plan, habits, clear, group)
    add_more_doors(rng, plan, habits, clear)
    add_windows(rng, plan, clear, habits.glazing, habits.blind, habits.sidelight)


def clearances(walls: list[Wall]) -> dict[int, tuple[float, float]]:
    """How much of each wall's two ends lies inside walls that it meets, by the wall's id."""
    out = {id(wall): [0.04, 0.04] for wall in walls}
    for met in ends_of(walls).values():
        for wall, end in met:
            across = [o.thickness / 2 for o, _ in met if o is not wall and is_flat(o) != is_flat(wall)]
            out[id(wall)][0 if end == 0 else 1] = max(across, default=0.02) + 0.03
    return {key: (a, b) for key, (a, b) in out.items()}


def gaps_of(wall: Wall, clear: tuple[float, float]) -> list[Gap]:
    """The stretches of a wall where an opening may still go."""
    stops = [clear[0]]
    for opening in sorted(wall.openings, key=lambda o: o.start):
        stops += [opening.start - 0.1, opening.end + 0.1]
    stops.append(wall.length - clear[1])
    return [Gap(a, b) for a, b in zip(stops[::2], stops[1::2], strict=True) if b - a > 0.3]


def cost(rng: random.Random, a: Room, b: Room) -> float:
    """How unlikely a door between two rooms is; the likeliest first."""
    if CLOSETS & {a.role, b.role}:
        other = b if a.role in CLOSETS else a
        return 9.0 if other.role in CLOSETS else (0.4 if other.use == Use.BEDROOM else 1.5) + rng.random()
    rank = {Use.HALL: 0.0, Use.LIVING: 1.2, Use.KITCHEN: 2.2, Use.OTHER_ROOM: 3.5, Use.BEDROOM: 3.2, Use.TOILET: 6.0}
    low, high = sorted((rank[a.use], rank[b.use]))
    return low * 2 + 0.2 * high + rng.random() * 1.5


def connect(rng: random.Random, plan: Plan, habits: Habits, clear: dict[int, tuple[float, float]], group: int) -> None:
    """Doors along a cheapest spanning tree of the group's rooms; borders fall where no door fits."""
    rooms = {key: room for key, room in plan.rooms.items() if room.group == group and not room.is_open_air}
    parent = {key: key for key in rooms}

    def root(key: int) -> int:
        while parent[key] != key:
            key = parent[key]
        return key

    inside = [wall for wall in plan.walls if wall.left in rooms and wall.right in rooms]
    for wall in inside:
        if wall.kind == "virtual" or wall.openings:
            parent[root(wall.left)] = root(wall.right)
    ranked = sorted(inside, key=lambda wall: cost(rng, rooms[wall.left], rooms[wall.right]))
    for tightest in (1.0, 0.8, 0.0):
        for wall in ranked:
            if root(wall.left) == root(wall.right):
                continue
            if tightest == 0.0:
                wall.kind, wall.openings = "virtual", []
            elif not add_door(rng, plan, wall, habits._replace(leaf=habits.leaf * tightest), clear[id(wall)]):
                continue
            parent[root(wall.left)] = root(wall.right)
    for key in rooms:
        if root(key) != root(next(iter(rooms))):
            outer = [w for w in plan.walls if key in (w.left, w.right) and w.kind != "virtual"]
            outer.sort(key=lambda w: -w.length)
            any(add_door(rng, plan, wall, habits, clear[id(wall)]) for wall in outer)


def add_door(rng: random.Random, plan: Plan, wall: Wall, habits: Habits, clear: tuple[float, float]) -> bool:
    """Put a fitting door into a wall between two rooms; whether there was place."""
    rooms = [plan.rooms[key] for key in (wall.left, wall.right) if key != OUTSIDE]
    kind, width = choose_kind(rng, rooms, wall, habits)
    free = [gap for gap in gaps_of(wall, clear) if gap.end - gap.start >= width]
    if not free:
        kind, width = Kind.DOOR_HINGED, 0.62 * habits.leaf if CLOSETS & {r.role for r in rooms} else 0.72 * habits.leaf
        free = [gap for gap in gaps_of(wall, clear) if gap.end - gap.start >= width]
    if not free:
        return False
    gap = rng.choice(free)
    spare = gap.end - gap.start - width
    at_start = rng.random() < 0.5
    off = min(spare, rng.choice((0.0, 0.05, 0.1, 0.2))) if rng.random() < habits.at_corner else rng.uniform(0, spare)
    off = spare / 2 if kind in (Kind.DOOR_GARAGE, Kind.DOOR_SLIDING) and rng.random() < 0.6 else off
    start = gap.start + off if at_start else gap.end - off - width
    near = start if at_start == (rng.random() < 0.82) else start + width
    opening = Opening(kind, start, start + width, near, swing_side(rng, plan, wall, habits))
    opening.entrance = any(key == OUTSIDE or plan.rooms[key].is_open_air for key in (wall.left, wall.right))
    opening.closet = bool(CLOSETS & {room.role for room in rooms})
    wall.openings.append(opening)
    return True


def choose_kind(rng: random.Random, rooms: list[Room], wall: Wall, habits: Habits) -> tuple[Kind, float]:
    """What kind of door goes between these rooms, and how wide it is in metres."""
    roles = {room.role for room in rooms}
    leaf = min(ROLES[room.role].leaf for room in rooms) * habits.leaf * rng.choice((0.94, 1.0, 1.0, 1.06))
    chance = rng.random()
    if roles & CLOSETS:
        if rng.random() < habits.open_closets:
            return Kind.OPENING, max(0.6, min(wall.length - rng.uniform(0.4, 0.9), 2.6))
        if wall.length > 1.35 and chance < 0.75:
            kind = weighted(rng, habits, (Kind.DOOR_DOUBLE, Kind.DOOR_SLIDING, Kind.DOOR_FOLDING))
            return kind, min(wall.length - 0.3, rng.uniform(1.0, 2.4))
        if chance > 0.93:
            return Kind.OPENING, leaf
        return (Kind.DOOR_FOLDING if chance < 0.3 * habits.folding else Kind.DOOR_HINGED), leaf
    private = {Use.TOILET, Use.BEDROOM} & {room.use for room in rooms}
    if "garage" in roles and len(rooms) == 1:
        return Kind.DOOR_HINGED, leaf
    if not private and chance < habits.cased:
        return Kind.OPENING, rng.uniform(0.8, 1.8)
    if chance < habits.cased + habits.sliding:
        if len(rooms) == 2 and not any(room.is_open_air for room in rooms):
            return Kind.DOOR_SLIDING, leaf
        width = rng.choice((rng.uniform(1.5, 2.8), rng.uniform(1.5, 2.8), rng.uniform(2.8, 6.0)))
        return weighted_outer(rng, habits), width if wall.length > width + 0.6 else min(width, 1.8)
    if not private and chance < habits.cased + habits.sliding + habits.double:
        return Kind.DOOR_DOUBLE, rng.uniform(1.15, 1.8)
    if rng.random() < 0.03 * habits.folding:
        return Kind.DOOR_FOLDING, leaf
    return (Kind.DOOR_OTHER if rng.random() < 0.012 else Kind.DOOR_HINGED), leaf


def weighted_outer(rng: random.Random, habits: Habits) -> Kind:
    """How a wide glazed door to a terrace opens: it slides, or at times folds."""
    return Kind.DOOR_FOLDING if rng.random() < 0.2 * habits.folding else Kind.DOOR_SLIDING


def weighted(rng: random.Random, habits: Habits, kinds: tuple[Kind, ...]) -> Kind:
    """One of the kinds of wide closet doors, by habit."""
    weights = {Kind.DOOR_DOUBLE: 0.5 + habits.double, Kind.DOOR_SLIDING: 0.2 + habits.sliding * 4}
    return rng.choices(kinds, [weights.get(kind, habits.folding) for kind in kinds])[0]


def swing_side(rng: random.Random, plan: Plan, wall: Wall, habits: Habits) -> int:
    """+1 if the leaf swings into the wall's left room, -1 into its right one."""
    left, right = (None if key == OUTSIDE else plan.rooms[key] for key in (wall.left, wall.right))
    if left is None or right is None or left.is_open_air != right.is_open_air:
        inner = 1 if right is None or (left is not None and right.is_open_air) else -1
        return -inner if rng.random() < habits.outward else inner

    def pull(room: Room) -> float:
        if room.role in CLOSETS:
            return -2.0
        return {Use.HALL: 0.0, Use.TOILET: 0.8, Use.BEDROOM: 2.0, Use.LIVING: 1.0}.get(room.use, 1.2) + rng.random()

    return 1 if pull(left) >= pull(right) else -1


def enter(rng: random.Random, plan: Plan, habits: Habits, clear: dict[int, tuple[float, float]], group: int) -> None:
    """An entrance for the group: from the core where there is one, else from outside."""
    ways = []
    for wall in plan.walls:
        keys = {wall.left, wall.right} - {OUTSIDE}
        inner = [plan.rooms[k] for k in keys if plan.rooms[k].group == group and not plan.rooms[k].is_open_air]
        others = [plan.rooms[k] for k in keys if plan.rooms[k].group != group]
        if not inner or wall.kind in ("virtual", "rail") or len(inner) == 2:
            continue
        if others and others[0].group != CORE:
            continue
        rank = {"entry": 0.0, "hall": 1.0, "stairs": 2.0, "living": 2.5, "kitchen": 3.0}.get(inner[0].role, 5.0)
        porch = any(plan.rooms[k].role == "porch" for k in keys)
        ways.append((rank - 2.0 * porch - 6.0 * bool(others) + rng.random() * 1.5, id(wall), wall))
    for _, _, wall in sorted(ways, key=lambda way: way[:2]):
        entrance = habits._replace(cased=0.0, sliding=0.0, double=0.12)
        if add_door(rng, plan, wall, entrance, clear[id(wall)]):
            return


def add_more_doors(rng: random.Random, plan: Plan, habits: Habits, clear: dict[int, tuple[float, float]]) -> None:
    """Doors that no room needs to be reached: to terraces and gardens, between living rooms, of garages."""
    outside = habits._replace(cased=0.0, sliding=0.25 * rng.random(), double=0.45 * rng.random())
    for wall in list(plan.walls):
        if wall.kind in ("virtual", "rail", "party"):
            continue
        rooms = [plan.rooms[key] for key in (wall.left, wall.right) if key != OUTSIDE]
        open_air = [room for room in rooms if room.is_open_air]
        inner = [room for room in rooms if not room.is_open_air]
        if wall.kind == "outer" and inner[0].role == "garage":
            add_garage_doors(rng, wall, clear[id(wall)])
        elif open_air and inner[0].use in (Use.LIVING, Use.BEDROOM, Use.KITCHEN) and not wall.openings:
            if rng.random() < 0.65:
                add_door(rng, plan, wall, outside, clear[id(wall)])
        elif wall.kind == "outer" and inner[0].role in ("living", "kitchen", "laundry") and rng.random() < 0.12:
            add_door(rng, plan, wall, outside, clear[id(wall)])
        elif len(inner) == 2 and not wall.openings and inner[0].role != "closet" != inner[1].role:
            uses = {inner[0].use, inner[1].use}
            chance = 0.25 if uses <= {Use.HALL, Use.LIVING, Use.KITCHEN} else 0.12 if Use.BEDROOM in uses else 0.04
            if rng.random() < chance and uses != {Use.BEDROOM}:
                add_door(rng, plan, wall, habits, clear[id(wall)])


def add_garage_doors(rng: random.Random, wall: Wall, clear: tuple[float, float]) -> None:
    """One or two overhead doors, if the wall is one they fit into."""
    free = [gap for gap in gaps_of(wall, clear) if gap.end - gap.start >= 2.6]
    if not free or rng.random() < 0.55 or wall.openings:
        return
    gap = free[0]
    spare = gap.end - gap.start
    if spare > 5.4 and rng.random() < 0.5:
        widths = [rng.uniform(2.2, 2.6)] * 2
    else:
        widths = [min(spare - 0.2, rng.choice((2.4, 2.5, 2.7, 3.0, 4.8, 5.0)))]
    room = (spare - sum(widths)) / (len(widths) + 1)
    side = -1 if wall.left == OUTSIDE else 1
    at = gap.start + room
    for width in widths:
        wall.openings.append(Opening(Kind.DOOR_GARAGE, at, at + width, at, side, entrance=True))
        at += width + room
