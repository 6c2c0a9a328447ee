"""What makes plans differ from rectangles: setbacks, wings, garages, porches, closets."""

from __future__ import annotations

import random
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .plan import CELL_M, OUTSIDE, Cells, Plan
from .slicing import add_room

Integer = TypeVar("Integer", bound=np.integer[Any])
SIDES = ("up", "down", "left", "right")


def turned(grid: npt.NDArray[Integer], side: str) -> npt.NDArray[Integer]:
    """A view of a grid in which `side` is up."""
    return {"up": grid, "down": grid[::-1], "left": grid.T, "right": grid[:, ::-1].T}[side]


def edge_of(view: Cells, key: int, beyond: int) -> tuple[int, int, int] | None:
    """(row, first column, end column) of the longest straight top edge of room `key` that borders label `beyond`."""
    best: tuple[int, int, int] | None = None
    rows, columns = np.nonzero((view[1:] == key) & (view[:-1] == beyond))
    for row in np.unique(rows):
        at = columns[rows == row]
        for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
            if best is None or len(run) > best[2] - best[1]:
                best = (int(row) + 1, int(run[0]), int(run[-1]) + 1)
    return best


def push_and_pull(rng: random.Random, plan: Plan, times: int) -> None:
    """Move some outer walls out or in, so that the outline gets steps."""
    for _ in range(times):
        key = rng.choice(list(plan.rooms))
        view = turned(plan.cells, rng.choice(SIDES))
        edge = edge_of(view, key, OUTSIDE)
        if edge is None or edge[2] - edge[1] < 15:
            continue
        row, x0, x1 = edge
        depth = rng.choice((3, 4, 6, 8, 10, 14, 18))
        if rng.random() < 0.6:
            if row - depth >= 2 and not view[row - depth : row, x0:x1].any():
                view[row - depth : row, x0:x1] = key
        elif (view[row : row + depth + 22, x0:x1] == key).all():
            view[row : row + depth, x0:x1] = OUTSIDE


def attach(rng: random.Random, plan: Plan, role: str, width_m: float, depth_m: float, group: int = 0) -> bool:
    """Put a new room of this role outside against an outer wall; whether there was place for it."""
    width, depth = round(width_m / CELL_M), round(depth_m / CELL_M)
    for _ in range(10):
        view = turned(plan.cells, rng.choice(SIDES))
        edge = edge_of(view, rng.choice(list(plan.rooms)), OUTSIDE)
        if edge is None or edge[2] - edge[1] < 12:
            continue
        row, x0, x1 = edge
        left = rng.choice((x0, max(0, x1 - width), x0 + max(0, (x1 - x0 - width) // 2)))
        area = view[max(0, row - depth) : row, left : left + width]
        if row - depth < 2 or left + width > view.shape[1] - 2 or area.any():
            continue
        view[row - depth : row, left : left + width] = add_room(plan, role, group)
        return True
    return False


def indent(rng: random.Random, plan: Plan, role: str) -> bool:
    """Cut a porch or a loggia into a corner or an edge of the house; whether one was cut."""
    for _ in range(8):
        key = rng.choice(list(plan.rooms))
        view = turned(plan.cells, rng.choice(SIDES))
        edge = edge_of(view, key, OUTSIDE)
        if edge is None or plan.rooms[key].is_open_air or edge[2] - edge[1] < 34:
            continue
        row, x0, x1 = edge
        width, depth = rng.randint(13, min(30, x1 - x0 - 16)), rng.randint(9, 18)
        left = rng.choice((x0, x1 - width))
        if not (view[row : row + depth + 20, left : left + width] == key).all():
            continue
        view[row : row + depth, left : left + width] = add_room(plan, role, plan.rooms[key].group)
        return True
    return False


def carve_closets(rng: random.Random, plan: Plan, chance: float) -> None:
    """Cut closets out of bedrooms and halls, along an inner wall."""
    for key, room in list(plan.rooms.items()):
        if room.role not in ("bedroom", "hall", "entry", "study", "office") or rng.random() > chance:
            continue
        view = turned(plan.cells, rng.choice(SIDES))
        rows, columns = np.nonzero(view == key)
        if not len(rows):
            continue
        y0, x0, x1 = int(rows.min()), int(columns.min()), int(columns.max()) + 1
        depth = rng.choice((6, 6, 7, 7, 8, 12))
        longest = min(32, x1 - x0 - 10)
        if longest < 9 or (view[y0 - 1, x0:x1] == OUTSIDE).any():
            continue
        width = rng.randint(9, longest) if rng.random() < 0.8 else x1 - x0
        left = x0 if rng.random() < 0.5 else x1 - width
        if (view[y0 : y0 + depth + 18, left : left + width] == key).all():
            view[y0 : y0 + depth, left : left + width] = add_room(plan, "closet", room.group)


def trim(plan: Plan, margin: int = 6) -> Plan:
    """The plan with its grid cut down to what is used."""
    rows, columns = np.nonzero(plan.cells)
    y0, y1, x0, x1 = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    plan.cells = np.pad(plan.cells[y0:y1, x0:x1], margin)
    return plan
