"""Floors drawn under everything else: coloured rooms, tiles, boards, paving."""

from __future__ import annotations

import cv2
import numpy as np

from .board import Board
from .plan import CELL_M, Plan
from .rooms import Rooms
from .style import Style
from .truth import Mask, Use

WET = {"bath", "wc", "shower", "laundry", "sauna"}
PAVED = {"terrace", "porch", "balcony"}


def draw_floors(board: Board, plan: Plan, style: Style, rooms: Rooms) -> None:
    """Fill and pattern the rooms' floors."""
    rng = board.rng
    habitual = style.habitual()
    colouring = habitual.random()
    if colouring < 0.14:
        tones = {use: habitual.randint(165, 250) for use in Use}
        flat = habitual.randint(190, 248) if colouring < 0.05 else None
        colour_rooms(board, plan, rooms, tones, flat)
    boards = habitual.random() < 0.06
    for key, number in rooms.number.items():
        role = plan.rooms[key].role
        if role in WET and rng.random() < style.tiles:
            lay_pattern(
                board, rooms, number, rng.choice(("tiles", "tiles", "diamond")), rng.choice((0.15, 0.2, 0.3)), style
            )
        elif role in PAVED and rng.random() < 0.25 + style.tiles:
            pitch = rng.choice((0.12, 0.15, 0.25, 0.4, 0.6))
            lay_pattern(board, rooms, number, rng.choice(("tiles", "diamond", "boards", "boards")), pitch, style)
        elif rng.random() < 0.02:
            cross_room(board, plan, key, style)
        elif boards and role not in PAVED:
            lay_pattern(board, rooms, number, "boards", rng.choice((0.12, 0.2)), style)


def cross_room(board: Board, plan: Plan, key: int, style: Style) -> None:
    """Two diagonals across a room: a void, a shaft, a roof light."""
    rows, columns = np.nonzero(plan.cells == key)
    x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    for line in ([(x0, y0), (x1, y1)], [(x0, y1), (x1, y0)]):
        points = plan.bend(np.array(line, np.float64) * CELL_M)
        if board.rng.random() < 0.5:
            board.dashes(points, style.thin, (0.25, 0.1))
        else:
            board.line(points, style.thin)


def colour_rooms(board: Board, plan: Plan, rooms: Rooms, tones: dict[Use, int], flat: int | None) -> None:
    """Fill rooms with greys, by use or all alike."""
    table = np.full(int(rooms.pieces.max()) + 1, 255, np.uint8)
    for key, number in rooms.number.items():
        if not plan.rooms[key].is_open_air:
            table[number] = flat if flat is not None else tones[plan.rooms[key].use]
    view = rooms.at.of(board.sheet.image)
    np.minimum(view, table[rooms.pieces], out=view)


def lay_pattern(board: Board, rooms: Rooms, number: int, pattern: str, pitch_m: float, style: Style) -> None:
    """Lines over one room's floor, clipped to it."""
    inside = rooms.pieces == number
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return
    y0, y1, x0, x1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    step = pitch_m * board.px_per_m
    if step < 4:
        return
    grey, width = style.symbols.drawn()
    tone: Mask = np.full((y1 - y0, x1 - x0), 255, np.uint8)
    for lines in grid_lines(pattern, x1 - x0, y1 - y0, step, board.rng.random() < 0.5):
        cv2.polylines(tone, list(lines), False, grey, width, cv2.LINE_AA, 4)
    view = rooms.at.of(board.sheet.image)[y0:y1, x0:x1]
    np.copyto(view, np.minimum(view, tone), where=inside[y0:y1, x0:x1])


def grid_lines(
    pattern: str, width: int, height: int, step: float, upright: bool
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    """The lines of a floor pattern over a rectangle, in sixteenths of a pixel."""
    families = []
    if pattern == "diamond":
        starts = np.arange(-height, width + height, step * 1.41)
        for side in (1, -1):
            families.append(
                np.stack([starts, np.zeros_like(starts), starts + side * height, np.full_like(starts, height)], 1)
            )
    if pattern == "tiles" or (pattern == "boards" and upright):
        x = np.arange(0, width, step)
        families.append(np.stack([x, np.zeros_like(x), x, np.full_like(x, height)], 1))
    if pattern == "tiles" or (pattern == "boards" and not upright):
        y = np.arange(0, height, step)
        families.append(np.stack([np.zeros_like(y), y, np.full_like(y, width), y], 1))
    return [np.rint(lines * 16).astype(np.int32).reshape(-1, 2, 2) for lines in families]
