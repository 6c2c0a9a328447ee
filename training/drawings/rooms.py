"""The rooms of a plan on the sheet: the truth between closed walls, before anything stands there."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from .board import Board
from .plan import Plan, Wall
from .truth import Element, Mask, Points


class Region(NamedTuple):
    """The part of the sheet that a plan covers, pixels."""

    x0: int
    y0: int
    x1: int
    y1: int

    def of(self, image: Mask) -> Mask:
        """The view of an image."""
        return image[self.y0 : self.y1, self.x0 : self.x1]


def extent(board: Board, plan: Plan) -> Region:
    """The pixels around a plan's walls."""
    points = board.px(np.concatenate([wall.points for wall in plan.walls]))
    margin = round(0.8 * board.px_per_m) + 4
    height, width = board.sheet.image.shape
    x0, y0 = np.clip(np.floor(points.min(0)).astype(int) - margin, 0, (width, height))
    x1, y1 = np.clip(np.ceil(points.max(0)).astype(int) + margin, 0, (width, height))
    return Region(int(x0), int(y0), int(x1), int(y1))


def fill_band(board: Board, mask: Mask, at: Region, band: Points, value: int = 255) -> None:
    """Fill a polygon given in metres into a mask of the plan's region."""
    fixed = np.rint((board.px(band) - (at.x0, at.y0)) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], value, cv2.LINE_8, 4)


class Rooms(NamedTuple):
    """Where the rooms are on the sheet."""

    at: Region
    pieces: npt.NDArray[np.int32]
    """Connected free areas of the plan's region by number."""
    number: dict[int, int]
    """The area of each room that is on the sheet."""
    spot: dict[int, tuple[float, float]]
    """A point well inside each of them, px of the sheet."""


def half_of(board: Board, wall: Wall) -> float:
    """Half of the thickness with which a wall is drawn, metres: never less than a pixel or so."""
    return max(wall.thickness / 2, 1.4 / board.px_per_m)


def fill_walls(board: Board, plan: Plan, at: Region, kinds: tuple[str, ...]) -> Mask:
    """The bodies of all walls of these kinds, openings filled."""
    mask = np.zeros((at.y1 - at.y0, at.x1 - at.x0), np.uint8)
    for wall in plan.walls:
        if wall.kind in kinds:
            half = half_of(board, wall)
            fill_band(board, mask, at, wall.band(-wall.grow[0], wall.length + wall.grow[1], -half, half))
    return mask


def lay_rooms(board: Board, plan: Plan) -> Rooms:
    """Say in the truth where rooms are, before anything stands in them."""
    at = extent(board, plan)
    closed = fill_walls(board, plan, at, ("outer", "party", "inner", "bearing"))
    barrier = closed.copy()
    for wall in plan.walls:
        if wall.kind in ("virtual", "rail"):
            points = (board.px(wall.points) - (at.x0, at.y0)).round().astype(np.int32)
            cv2.polylines(barrier, [points], False, 255, 2)
    free = cv2.bitwise_not(barrier)
    count, pieces = cv2.connectedComponents(free, connectivity=4)
    uses = np.zeros(count, np.uint8)
    number: dict[int, int] = {}
    spot: dict[int, tuple[float, float]] = {}
    for key, middle in spots(plan).items():
        x, y = (board.px(plan.bend(np.array([middle])))[0] - (at.x0, at.y0)).round().astype(int)
        if 0 <= x < free.shape[1] and 0 <= y < free.shape[0] and pieces[y, x]:
            number[key] = int(pieces[y, x])
            spot[key] = (x + at.x0, y + at.y0)
            uses[number[key]] = plan.rooms[key].use
    filled = uses[pieces]
    np.copyto(at.of(board.sheet.uses), filled, where=filled > 0)
    rooms = (filled > 0) | widened(plan, filled, barrier, closed)
    at.of(board.sheet.classes)[rooms] = Element.ROOM
    return Rooms(at, pieces, number, spot)


def widened(plan: Plan, filled: Mask, barrier: Mask, closed: Mask) -> npt.NDArray[np.bool_]:
    """The pixels of drawn borders that are no wall and lie between rooms."""
    if not any(wall.kind == "virtual" for wall in plan.walls):
        return np.zeros(filled.shape, np.bool_)
    near = cv2.dilate((filled > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    out: npt.NDArray[np.bool_] = (near > 0) & (barrier > 0) & (closed == 0)
    return out


def spots(plan: Plan) -> dict[int, tuple[float, float]]:
    """A point well inside each room, metres."""
    out = {}
    for key in plan.rooms:
        rows, columns = np.nonzero(plan.cells == key)
        if not len(rows):
            continue
        y0, x0 = rows.min(), columns.min()
        mask = np.zeros((rows.max() - y0 + 3, columns.max() - x0 + 3), np.uint8)
        mask[rows - y0 + 1, columns - x0 + 1] = 1
        _, _, _, (x, y) = cv2.minMaxLoc(cv2.distanceTransform(mask, cv2.DIST_L2, 3))
        out[key] = ((x + x0 - 0.5) * 0.1, (y + y0 - 0.5) * 0.1)
    return out
