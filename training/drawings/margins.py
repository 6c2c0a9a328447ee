"""What stands around the plans of a sheet: titles, north arrows, scale bars, legends, schedules, title blocks."""

from __future__ import annotations

import math

import numpy as np

from .annotate import on_sheet, write
from .board import Board
from .legends import draw_elevation, draw_legend, draw_schedule, draw_title_block
from .lettering import letter, paste
from .moving import draw_arrow
from .style import Style
from .words import note, title_in


def draw_margins(board: Board, style: Style) -> None:
    """Put some of these at random places on what is still free paper; nothing of it is in the truth."""
    rng = board.rng
    height, width = board.sheet.image.shape
    usual = [(write_title, 0.6), (draw_north, 0.35), (draw_scale_bar, 0.2), (draw_legend, 0.12), (draw_schedule, 0.12)]
    usual += [
        (draw_title_block, 0.12),
        (write_notes, 0.25),
        (draw_elevation, 0.08),
        (draw_section_mark, 0.3),
        (draw_section_mark, 0.3),
    ]
    usual += [(draw_tree, 0.05), (draw_tree, 0.05), (draw_site, 0.06)]
    truth = board.sheet.classes.copy(), board.sheet.uses.copy(), len(board.sheet.instances)
    unit = board.px_per_m
    for draw, chance in usual:
        if rng.random() > chance:
            continue
        w, h = size_of(draw.__name__, unit, rng.random())
        spot = free_spot(board, w, h)
        if spot is not None:
            draw(on_sheet(board), style, spot[0], spot[1], w, h)
    board.sheet.classes[:], board.sheet.uses[:] = truth[0], truth[1]
    del board.sheet.instances[truth[2] :]
    if rng.random() < 0.03:
        text = title_in(rng, style.language)[:16].upper()
        cover = letter(rng, text, "bold", width / len(text) * rng.uniform(0.6, 1.0), style.text_ink)
        place = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.3, 0.7)
        paste(board.sheet.image, cover // 2, *place, rng.randint(150, 225), rng.choice((0, 0, -30, 90)))
    if rng.random() < 0.12:
        inset = rng.uniform(2, 12)
        on_sheet(board).box(inset, inset, width - inset, height - inset, style.wall_ink)


def size_of(name: str, unit: float, share: float) -> tuple[float, float]:
    """The pixels that something takes, by its name: width and height from metres on the ground."""
    low, high = {
        "write_title": ((3, 0.6), (7, 1.4)),
        "draw_north": ((1.2, 1.2), (2.4, 2.4)),
        "draw_scale_bar": ((3, 0.5), (6, 0.8)),
        "draw_legend": ((2.5, 3.0), (4, 5)),
        "draw_schedule": ((4, 2.5), (7, 5)),
        "draw_title_block": ((4, 1.6), (8, 3)),
        "write_notes": ((3, 1.2), (6, 3)),
        "draw_elevation": ((6, 3.5), (11, 6)),
        "draw_section_mark": ((0.8, 0.8), (1.2, 1.2)),
        "draw_tree": ((1.0, 1.0), (3, 3)),
        "draw_site": ((3, 3), (6, 6)),
    }[name]
    return (low[0] + (high[0] - low[0]) * share) * unit, (low[1] + (high[1] - low[1]) * share) * unit


def free_spot(board: Board, width: float, height: float) -> tuple[float, float] | None:
    """Where on the sheet a box of this size covers paper only: its left top corner."""
    rows, columns = board.sheet.image.shape
    for _ in range(8):
        if width >= columns - 4 or height >= rows - 4:
            return None
        x, y = board.rng.uniform(2, columns - width - 2), board.rng.uniform(2, rows - height - 2)
        box = (slice(int(y), int(y + height), 3), slice(int(x), int(x + width), 3))
        if not board.sheet.classes[box].any() and (board.sheet.image[box] < 200).mean() < 0.02:
            return x, y
    return None


def write_title(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """The plan's title, underlined at times, with its scale below."""
    rng = board.rng
    text = title_in(rng, style.language)
    text = text.upper() if rng.random() < 0.4 else text
    tall = min(height * 0.4, width / len(text) * 1.3, 40)
    w, h = write(board, text, x + width / 2, y + tall, max(5, tall), style)
    if rng.random() < 0.4:
        board.line([(x + width / 2 - w / 2, y + tall + h), (x + width / 2 + w / 2, y + tall + h)], style.thin)
        board.ellipse(x + width / 2 - w / 2 - tall, y + tall, tall * 0.8, tall * 0.8, style.thin)
    if rng.random() < 0.6:
        scale = rng.choice(("1:100", "1:50", 'SCALE: 1/4" = 1\'-0"', "échelle 1/100", "M 1:100", "1:200", "ESC. 1/50"))
        write(board, scale, x + width / 2, y + tall + h * 1.6, max(4.5, tall * 0.5), style)


def draw_north(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A north arrow."""
    rng = board.rng
    cx, cy, radius = x + width / 2, y + height / 2, width * 0.35
    turn = rng.uniform(0, 2 * math.pi)
    local = board.frame((cx, cy), (math.cos(turn), math.sin(turn)))
    if rng.random() < 0.7:
        local.ellipse(0, 0, radius, radius, style.thin)
    local.shape([(radius, 0), (-radius * 0.7, radius * 0.4), (-radius * 0.3, 0)], style.thin, style.thin.grey)
    local.shape([(radius, 0), (-radius * 0.7, -radius * 0.4), (-radius * 0.3, 0)], style.thin, 255)
    if rng.random() < 0.3:
        local.strokes(
            [
                [
                    (radius * 0.9 * math.cos(a), radius * 0.9 * math.sin(a)),
                    (radius * 1.3 * math.cos(a), radius * 1.3 * math.sin(a)),
                ]
                for a in np.arange(8) * math.pi / 4
            ],
            style.thin,
        )
    write(board, "N", *local.spot(radius * 1.4, 0.0), max(5, radius * 0.4), style)


def draw_scale_bar(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A scale bar in metres."""
    count = board.rng.choice((2, 4, 5))
    step, bar = width * 0.9 / count, height * 0.2
    for index in range(count):
        fill = style.thin.grey if index % 2 == 0 else 255
        board.box(x + index * step, y + height * 0.5, x + (index + 1) * step, y + height * 0.5 + bar, style.thin, fill)
        write(board, str(index), x + index * step, y + height * 0.25, max(4.5, height * 0.22), style)


def write_notes(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A paragraph of notes."""
    rng = board.rng
    rows = rng.randint(2, 8)
    tall = max(4.5, min(height / rows * 0.5, width * 0.035))
    for row in range(rows):
        text = f"{row + 1}. {note(rng)} {note(rng)}"
        write(board, text, x + min(width / 2, len(text) * tall * 0.4), y + height * (row + 0.5) / rows, tall, style)


def draw_section_mark(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A section or elevation mark: a circle with a filled point and a sheet's number, or an arrow with a letter."""
    rng = board.rng
    cx, cy, radius = x + width / 2, y + height / 2, width * 0.3
    if rng.random() < 0.6:
        turn = rng.randrange(4) * math.pi / 2
        local = board.frame((cx, cy), (math.cos(turn), math.sin(turn)))
        local.shape([(radius * 1.45, 0), (0, radius * 1.45), (0, -radius * 1.45)], None, style.thin.grey)
        board.ellipse(cx, cy, radius, radius, style.thin, 255)
        board.line([(cx - radius, cy), (cx + radius, cy)], style.thin)
        write(board, str(rng.randint(1, 4)), cx, cy - radius * 0.45, max(4.5, radius * 0.5), style)
        write(board, f"A{rng.randint(1, 4)}.{rng.randint(0, 3)}", cx, cy + radius * 0.45, max(4.5, radius * 0.4), style)
    else:
        draw_arrow(board, (cx, cy + radius), (cx, cy - radius), style.wall_ink, radius * 0.6)
        board.line([(cx, cy + radius), (cx + radius * rng.choice((2, -2)), cy + radius)], style.wall_ink)
        write(board, rng.choice("AB"), cx + radius, cy, max(5, radius * 0.6), style)


def draw_tree(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A tree or a bush seen from above."""
    radius = min(width, height) / 2
    angles = np.linspace(0, 2 * math.pi, 40)
    wave = 1 - 0.15 * np.abs(np.sin(angles * board.rng.randint(3, 8)))
    board.line(
        np.stack([x + radius * (1 + wave * np.cos(angles)), y + radius * (1 + wave * np.sin(angles))], 1), style.symbols
    )
    board.ellipse(x + radius, y + radius, radius * 0.08, radius * 0.08, style.symbols)


def draw_site(board: Board, style: Style, x: float, y: float, width: float, height: float) -> None:
    """A small site plan: plot lines and a hatched block."""
    rng = board.rng
    plot = [
        (x + rng.uniform(0, 0.2) * width, y),
        (x + width, y + rng.uniform(0, 0.2) * height),
        (x + width * 0.9, y + height),
        (x, y + height * 0.85),
    ]
    board.dashes([*plot, plot[0]], style.thin, (8, 3, 2, 3))
    board.box(
        x + width * 0.3,
        y + height * 0.3,
        x + width * 0.65,
        y + height * 0.6,
        style.wall_ink,
        rng.choice((255, 120, 200)),
    )
    board.strokes(
        [[(x + width * f, y + height * 0.3), (x + width * (f - 0.1), y + height * 0.6)] for f in (0.4, 0.5, 0.6)],
        style.thin,
    )
