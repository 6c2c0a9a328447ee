"""Walls found along the borders of a plan's rooms, with corners cut and bays pushed out."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from .board import arc_points
from .plan import CELL_M, OUTSIDE, Opening, Plan, Wall
from .truth import Kind, Points


class Thickness(NamedTuple):
    """How thick walls are, metres."""

    outer: float
    inner: float
    bearing: float
    party: float
    rail: float


OPEN_PAIRS = (
    {"living", "kitchen"},
    {"living", "dining"},
    {"kitchen", "dining"},
    {"living", "hall"},
    {"entry", "hall"},
    {"living", "entry"},
    {"stairs", "hall"},
    {"stairs", "living"},
)


def build_walls(rng: random.Random, plan: Plan, thickness: Thickness, openness: float) -> None:
    """Fill `plan.walls` from its grid; `openness` is the chance that rooms that may flow together do."""
    plan.walls = find_walls(rng, plan, thickness, openness)
    grow_ends(plan.walls)
    if rng.random() < 0.25:
        cut_corners(rng, plan, rng.choice((0.1, 0.4)))
    if rng.random() < 0.15:
        push_bays(rng, plan)


def find_walls(rng: random.Random, plan: Plan, thickness: Thickness, openness: float) -> list[Wall]:
    """One wall for each straight border between two labels."""
    walls: list[Wall] = []
    kinds: dict[frozenset[int], str] = {}
    for upright in (True, False):
        cells = plan.cells if upright else plan.cells.T
        before, after = cells[:, :-1], cells[:, 1:]
        for line in np.flatnonzero((before != after).any(0)):
            pair = before[:, line].astype(np.int64) * 100_000 + after[:, line]
            stops = np.flatnonzero(np.diff(pair)) + 1
            for start, end in zip([0, *stops.tolist()], [*stops.tolist(), len(pair)], strict=True):
                a, b = int(before[start, line]), int(after[start, line])
                if a == b:
                    continue
                key = frozenset((a, b))
                if key not in kinds:
                    kinds[key] = wall_kind(rng, plan, a, b, openness)
                x = (line + 1) * CELL_M
                along = np.array([(x, start * CELL_M), (x, end * CELL_M)])
                left, right = (b, a) if upright else (a, b)
                points = along if upright else along[:, ::-1].copy()
                walls.append(Wall(points, kinds[key], width_of(kinds[key], thickness), left, right))
                widen(rng, walls[-1], kinds[key])
    return walls


def wall_kind(rng: random.Random, plan: Plan, a: int, b: int, openness: float) -> str:
    """What kind of wall two neighbours have between them."""
    sides = [plan.rooms[key] for key in (a, b) if key != OUTSIDE]
    open_air = [room.is_open_air for room in sides]
    if all(open_air):
        return "rail"
    if len(sides) == 1 or any(open_air):
        return "outer"
    first, second = sides
    if first.group != second.group:
        return "party"
    if {first.role, second.role} in OPEN_PAIRS and rng.random() < openness:
        return "virtual" if rng.random() < 0.6 else "wide"
    return "bearing" if rng.random() < 0.15 else "inner"


def width_of(kind: str, thickness: Thickness) -> float:
    """The thickness of a wall of this kind."""
    table = {"outer": thickness.outer, "bearing": thickness.bearing, "party": thickness.party, "rail": thickness.rail}
    return table.get(kind, thickness.inner)


def widen(rng: random.Random, wall: Wall, kind: str) -> None:
    """Turn a `wide` border into an inner wall with a large cased opening in it."""
    if kind != "wide":
        return
    wall.kind = "inner" if wall.length > 1.2 else "virtual"
    if wall.kind == "inner":
        start = rng.uniform(0.15, max(0.16, 0.35 * wall.length))
        end = wall.length - rng.uniform(0.15, max(0.16, 0.3 * wall.length))
        if end - start > 0.6:
            wall.openings.append(Opening(Kind.OPENING, start, end))
        else:
            wall.kind = "virtual"


def ends_of(walls: list[Wall]) -> dict[tuple[int, int], list[tuple[Wall, int]]]:
    """All walls with a body that end at each point; with which end (0 or -1)."""
    at: dict[tuple[int, int], list[tuple[Wall, int]]] = defaultdict(list)
    for wall in walls:
        if wall.kind != "virtual":
            for end in (0, -1):
                x, y = wall.points[end]
                at[round(x / CELL_M), round(y / CELL_M)].append((wall, end))
    return at


def grow_ends(walls: list[Wall]) -> None:
    """Let each wall reach the far face of what it meets at a corner."""
    grow: dict[int, list[float]] = {id(wall): [0.0, 0.0] for wall in walls}
    for met in ends_of(walls).values():
        for wall, end in met:
            flat = is_flat(wall)
            others = [other for other, _ in met if other is not wall]
            if wall.kind == "rail":
                others = [other for other in others if other.kind == "rail"]
            if any(is_flat(other) == flat for other in others):
                continue
            across = [other.thickness / 2 for other in others if is_flat(other) != flat]
            grow[id(wall)][0 if end == 0 else 1] = max(across, default=0.0)
    for wall in walls:
        wall.grow = (grow[id(wall)][0], grow[id(wall)][1])


def is_flat(wall: Wall) -> bool:
    """Whether it runs from left to right."""
    return abs(float(wall.points[-1, 0] - wall.points[0, 0])) > abs(float(wall.points[-1, 1] - wall.points[0, 1]))


def cut_corners(rng: random.Random, plan: Plan, chance: float) -> None:
    """Cut some corners where just two walls meet at 45°."""
    for met in ends_of(plan.walls).values():
        if len(met) != 2 or is_flat(met[0][0]) == is_flat(met[1][0]) or rng.random() > chance:
            continue
        (first, end), (second, other_end) = met
        if "rail" in (first.kind, second.kind) or first.openings or second.openings:
            continue
        room_left = min(first.length, second.length) - 0.6
        if room_left < 0.4:
            continue
        cut = min(room_left, rng.choice((0.4, 0.7, 0.9, 1.1, 1.6)))
        a, b = shorten(first, end, cut), shorten(second, other_end, cut)
        points = np.array([a, b] if end == -1 else [b, a])
        slant = Wall(points, first.kind, first.thickness, first.left, first.right)
        slant.grow = (0.207 * first.thickness, 0.207 * first.thickness)
        plan.walls.append(slant)


def shorten(wall: Wall, end: int, cut: float) -> tuple[float, float]:
    """Take `cut` metres off one end of a wall; its new end."""
    step = (wall.points[-1] - wall.points[0]) / wall.length * cut
    wall.points = wall.points.copy()
    wall.points[end] += step if end == 0 else -step
    slight = 0.207 * wall.thickness  # half the thickness times the tangent of 22.5 degrees
    wall.grow = (slight, wall.grow[1]) if end == 0 else (wall.grow[0], slight)
    x, y = wall.points[end]
    return float(x), float(y)


def push_bays(rng: random.Random, plan: Plan) -> None:
    """Push the middle of some outer walls out: angular or round bays."""
    for wall in list(plan.walls):
        if wall.kind != "outer" or OUTSIDE not in (wall.left, wall.right) or wall.length < 2.6 or rng.random() > 0.3:
            continue
        width = min(wall.length - 0.6, rng.uniform(1.6, 3.6))
        start = rng.uniform(0.3, wall.length - width - 0.3)
        out = 1.0 if wall.left == OUTSIDE else -1.0
        depth = rng.uniform(0.4, 1.1)
        path, normals = wall.path(start, start + width)
        a, b, normal = path[0], path[-1], normals[0] * out
        if rng.random() < 0.7:
            inset = depth * rng.choice((0.5, 1.0, 0.0)) * (b - a) / width
            if width - 2 * float(np.hypot(*inset)) < 0.4:
                continue
            turn = math.atan2(depth, float(np.hypot(*inset)))
            corners = [a, a + inset + normal * depth, b - inset + normal * depth, b]
            paths = [np.array(corners[i : i + 2]) for i in range(3)]
        else:
            depth = min(depth, 0.48 * width)
            turn = 2 * math.atan2(2 * depth, width)
            paths = [round_bay(a, b, normal, depth)]
        rest = wall.points[1].copy()
        wall.points = np.array([wall.points[0], a])
        tail = Wall(np.array([b, rest]), wall.kind, wall.thickness, wall.left, wall.right)
        slight = wall.thickness / 2 * math.tan(turn / 2)
        tail.grow, wall.grow = (slight, wall.grow[1]), (wall.grow[0], slight)
        plan.walls.append(tail)
        for path in paths:
            bay = Wall(path, wall.kind, wall.thickness, wall.left, wall.right)
            bay.grow = (slight, slight)
            plan.walls.append(bay)


def round_bay(a: Points, b: Points, normal: Points, depth: float) -> Points:
    """Points on an arc from `a` to `b` that reaches `depth` metres out."""
    half = float(np.hypot(*(b - a))) / 2
    radius = (half * half + depth * depth) / (2 * depth)
    along = (b - a) / (2 * half)
    sweep = math.degrees(math.asin(min(1.0, half / radius)))
    local = arc_points((0.0, 0.0), radius, radius, -sweep, sweep, 10)
    middle = (a + b) / 2 - normal * (radius - depth)
    points: Points = middle + local[:, :1] * normal + local[:, 1:] * along
    return points
