"""Where things may stand: the free floor of each room, and places found on it."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from .outline import SIDES, turned
from .plan import CELL_M, OUTSIDE, Plan
from .truth import Kind, Mask, Points
from .walling import Thickness


class Place(NamedTuple):
    """A frame for something that stands in a room: x along its back, y away from it; metres."""

    origin: tuple[float, float]
    along: tuple[float, float]
    flip: bool

    def corners(self, width: float, depth: float) -> Points:
        """The corners of a rectangle that stands here, metres."""
        (ax, ay), (x, y) = self.along, self.origin
        bx, by = (ay, -ax) if self.flip else (-ay, ax)
        local = ((0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth))
        return np.array([(x + u * ax + v * bx, y + u * ay + v * by) for u, v in local])

    def bent(self, plan: Plan, width: float, depth: float) -> Place:
        """Where a rectangle that stands here stands once the plan is bent; its middle moves, it stays a rectangle."""
        corners = self.corners(width, depth)
        middle, ahead = plan.bend(np.array([corners.mean(0), corners.mean(0) + 0.05 * np.array(self.along)]))
        ax, ay = (ahead - middle) / float(np.hypot(*(ahead - middle)))
        bx, by = (ay, -ax) if self.flip else (-ay, ax)
        x, y = middle - (ax * width / 2 + bx * depth / 2, ay * width / 2 + by * depth / 2)
        return Place((float(x), float(y)), (float(ax), float(ay)), self.flip)


class Floor:
    """The cells of a plan that are still free. Not for several threads."""

    def __init__(self, plan: Plan, thickness: Thickness) -> None:
        self.plan = plan
        self.thickness = thickness
        self.walls = np.zeros(plan.cells.shape, np.uint8)
        self.taken = np.zeros(plan.cells.shape, np.uint8)
        for wall in plan.walls:
            half = wall.thickness / 2
            if wall.kind == "virtual":
                continue
            fill_cells(self.walls, wall.band(-wall.grow[0], wall.length + wall.grow[1], -half, half))
            for opening in wall.openings:
                if opening.kind == Kind.WINDOW:
                    continue
                reach = min(opening.width, 1.0) if opening.kind != Kind.OPENING else 0.5
                low, high = (-0.4, reach) if opening.side > 0 else (-reach, 0.4)
                fill_cells(self.taken, wall.band(opening.start, opening.end, low - half, high + half))

    def place(
        self, rng: random.Random, key: int, width: float, depth: float, at_wall: bool = True, corner: bool = False
    ) -> Place | None:
        """A free rectangle in a room, with its back to a wall if asked, in a corner if asked; None if there is none."""
        across, deep = max(1, round(width / CELL_M)), max(1, round(depth / CELL_M))
        sides = list(SIDES)
        rng.shuffle(sides)
        for side in sides:
            cells, taken, walls = (turned(grid, side) for grid in (self.plan.cells, self.taken, self.walls))
            rows, columns = np.nonzero(cells == key)
            if not len(rows):
                return None
            y0, y1, x0, x1 = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
            if y1 - y0 < deep or x1 - x0 < across:
                continue
            window = (slice(y0 - 1, y1 + 1), slice(x0 - 1, x1 + 1))
            wall = ((walls[window] > 0) | (cells[window] != key)).astype(np.uint8)
            busy = wall | (taken[window] > 0)
            fits = block_sums(busy, deep, across) == 0
            if at_wall:
                back = block_sums(wall, 1, across)[: fits.shape[0] - 1, : fits.shape[1]] == across
                fits[1:] &= back
                fits[0] = False
            if corner:
                beside = block_sums(wall, deep, 1)
                left = np.zeros_like(fits)
                left[:, 1:] = beside[:, : fits.shape[1] - 1] == deep
                right = np.zeros_like(fits)
                right[:, : beside.shape[1] - across] = beside[:, across:] == deep
                fits &= left | right[:, : fits.shape[1]]
            spots = np.argwhere(fits)
            if not len(spots):
                continue
            row, column = spots[rng.randrange(len(spots))] + (y0 - 1, x0 - 1)
            taken[row : row + deep, column : column + across] = 1
            gap = self.gap_behind(cells, key, int(row), int(column) + across // 2) if at_wall else 0.0
            return self.placed(side, row * CELL_M - gap, column * CELL_M)
        return None

    def gap_behind(self, cells: npt.NDArray[np.integer[Any]], key: int, row: int, column: int) -> float:
        """Metres between the first free row and the face of the wall behind it."""
        steps = 0
        while row - steps - 1 >= 0 and cells[row - steps - 1, column] == key and steps < 5:
            steps += 1
        beyond = int(cells[row - steps - 1, column])
        other = self.plan.rooms.get(beyond)
        if beyond == OUTSIDE or other is None or other.is_open_air:
            half = self.thickness.outer / 2
        elif other.group != self.plan.rooms[key].group:
            half = self.thickness.party / 2
        else:
            half = self.thickness.inner / 2
        return float(np.clip(steps * CELL_M - half, 0.0, 0.3))

    def placed(self, side: str, row_m: float, column_m: float) -> Place:
        """The frame of a rectangle found in a turned grid."""
        width, height = self.plan.size_m
        if side == "up":
            return Place((column_m, row_m), (1.0, 0.0), False)
        if side == "down":
            return Place((column_m, height - row_m), (1.0, 0.0), True)
        if side == "left":
            return Place((row_m, column_m), (0.0, 1.0), True)
        return Place((width - row_m, column_m), (0.0, 1.0), False)


def block_sums(mask: Mask, rows: int, columns: int) -> Points:
    """The sum of each rows x columns block, by the block's first row and column."""
    total = cv2.integral(mask)
    if mask.shape[0] < rows or mask.shape[1] < columns:
        return np.ones((1, 1))
    sums: Points = total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    return sums


def fill_cells(grid: Mask, polygon: Points) -> None:
    """Mark the cells that a polygon in metres covers."""
    cv2.fillPoly(grid, [np.rint(polygon / CELL_M - 0.5).astype(np.int32)], 1)
