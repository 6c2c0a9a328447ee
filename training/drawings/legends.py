"""Legends, schedules, title blocks and elevations: they show doors and windows that are none of the plan's."""

from __future__ import annotations

from .annotate import write
from .board import Board
from .doors import draw_leaf
from .looks import door_look
from .moving import draw_folding
from .style import Style
from .words import note, title_in


def draw_legend(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A legend: door and window symbols beside words. None of them is a door or a window of the plan."""
    rng = board.rng
    if rng.random() < 0.6:
        board.box(x, y, x + width, y + height, style.thin)
    rows = rng.randint(3, 6)
    for row in range(rows):
        top = y + height * (row + 0.5) / rows
        local = board.frame((x + width * 0.08, top), (1.0, 0.0))
        wide = min(width * 0.25, height / rows * 0.7)
        variant = rng.randrange(5)
        if variant == 0:
            draw_leaf(
                local,
                (0.0, wide * 0.4),
                wide * 0.9,
                -90.0,
                door_look(rng, style.thin.grey)._replace(leaf="line", arc="solid"),
                style.thin,
            )
        elif variant == 1:
            local.box(0, -wide * 0.1, wide, wide * 0.1, style.thin, 255)
            local.line([(0, 0), (wide, 0)], style.thin)
        elif variant == 2:
            draw_folding(local, wide, 1.0, style.door, style.thin)
        elif variant == 3:
            local.box(0, -wide * 0.2, wide, wide * 0.2, style.thin, rng.choice((0, 128, 200)))
        else:
            local.dashes([(0, 0), (wide, 0)], style.thin, (6, 4))
        write(board, note(rng), x + width * 0.65, top, max(4.5, min(height / rows * 0.25, width * 0.035)), style)


def draw_schedule(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A table of doors and windows, at times with small drawings of them."""
    rng = board.rng
    rows, columns = rng.randint(4, 9), rng.randint(3, 6)
    board.strokes(
        [[(x, y + height * i / rows), (x + width, y + height * i / rows)] for i in range(rows + 1)], style.thin
    )
    board.strokes(
        [[(x + width * i / columns, y), (x + width * i / columns, y + height)] for i in range(columns + 1)], style.thin
    )
    tall = max(4.5, min(height / rows * 0.4, width / columns * 0.12))
    pictures = rng.random() < 0.4
    for row in range(rows):
        for column in range(columns):
            cx, cy = x + width * (column + 0.5) / columns, y + height * (row + 0.5) / rows
            if pictures and column == columns - 1 and row:
                half = min(height / rows, width / columns) * 0.35
                board.box(cx - half * 0.7, cy - half, cx + half * 0.7, cy + half, style.thin)
                board.line(
                    [(cx - half * 0.7, cy - half), (cx + half * 0.7, cy), (cx - half * 0.7, cy + half)], style.thin
                )
            elif rng.random() < 0.8:
                write(
                    board,
                    rng.choice((f"D{row}", f"W{row}", f"{rng.randint(6, 30) * 100}", "2.10", "WOOD", "1", "x")),
                    cx,
                    cy,
                    tall,
                    style,
                )


def draw_title_block(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A title block: boxes with words."""
    rng = board.rng
    board.box(x, y, x + width, y + height, style.wall_ink)
    top = y
    for _ in range(rng.randint(2, 5)):
        next_top = min(y + height, top + height * rng.uniform(0.15, 0.4))
        board.line([(x, next_top), (x + width, next_top)], style.thin)
        split = x + width * rng.uniform(0.2, 0.8)
        board.line([(split, top), (split, next_top)], style.thin)
        tall = max(4.5, min((next_top - top) * 0.35, width * 0.03))
        write(board, title_in(rng, style.language)[:24], x + width * 0.3, (top + next_top) / 2, tall, style)
        top = next_top


def draw_elevation(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """The side of a house: roof, windows and doors that are none of the plan's."""
    rng = board.rng
    ground, eaves = y + height * 0.9, y + height * rng.uniform(0.3, 0.5)
    board.box(x + width * 0.08, eaves, x + width * 0.92, ground, style.thin)
    board.line(
        [(x, eaves), (x + width / 2, y), (x + width, eaves)]
        if rng.random() < 0.6
        else [(x, eaves), (x + width * 0.15, y), (x + width * 0.85, y), (x + width, eaves), (x, eaves)],
        style.thin,
    )
    board.line([(x, ground), (x + width, ground)], style.thin.times(2))
    count = rng.randint(2, 6)
    for index in range(count):
        cx = x + width * (0.08 + 0.84 * (index + 0.5) / count)
        half = width * 0.84 / count * rng.uniform(0.2, 0.4)
        top = eaves + (ground - eaves) * 0.2
        bottom = ground if rng.random() < 0.3 else eaves + (ground - eaves) * 0.65
        board.box(cx - half, top, cx + half, bottom, style.thin)
        board.box(cx - half * 0.85, top + half * 0.15, cx + half * 0.85, bottom - half * 0.15, style.thin)
        if rng.random() < 0.6:
            board.line([(cx, top), (cx, bottom)], style.thin)
