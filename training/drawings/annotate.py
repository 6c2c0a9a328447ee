"""What is written and marked in a plan: room names, tags, dimensions, notes, section marks, grids."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .board import Board
from .lettering import letter, paste
from .moving import draw_arrow
from .plan import CELL_M, Opening, Plan
from .rooms import Rooms
from .style import Style
from .truth import Kind, Points
from .words import area_text, name_of, note

SWINGING = frozenset((Kind.DOOR_HINGED, Kind.DOOR_DOUBLE))
DASHES = ((0.2, 0.1), (0.4, 0.1, 0.05, 0.1), (0.1, 0.1))


def write(
    board: Board, text: str, x: float, y: float, height_px: float, style: Style, angle: float = 0.0
) -> tuple[float, float]:
    """Write text around a point in pixels; its width and height there."""
    cover = letter(board.rng, text, style.lettering, height_px, style.text_ink)
    paste(board.sheet.image, cover, x, y, style.text_ink.grey, angle)
    return (cover.shape[0], cover.shape[1]) if angle in (90, -90) else (cover.shape[1], cover.shape[0])


def name_rooms(board: Board, plan: Plan, style: Style, rooms: Rooms) -> None:
    """Write each room's name, and often its area."""
    rng = board.rng
    habitual = style.habitual()
    named = habitual.choice((1.0, 1.0, 0.95, 0.7, 0.0))
    with_area = habitual.choice((0.0, 0.5, 1.0))
    underline = habitual.random() < 0.08
    quarter = habitual.choice((0,) * 9 + (90,))
    small = style.text_m * board.px_per_m
    for key, (x, y) in rooms.spot.items():
        room = plan.rooms[key]
        cells = plan.cells == key
        columns, rows = cells.any(0).sum(), cells.any(1).sum()
        if rng.random() > named:
            continue
        text = name_of(rng, room.role, style.language)
        text = text.upper() if style.capitals else text
        room_px = max(columns, 0.7 * rows) * CELL_M * board.px_per_m
        height = max(4.5, min(small, 0.95 * room_px / max(3, len(text)) / 0.75))
        x, y = x + rng.gauss(0, 0.1) * board.px_per_m, y + rng.gauss(0, 0.15) * board.px_per_m
        width, tall = write(board, text, x, y, height, style, quarter)
        board.sheet.labels.append((x - width / 2, y - tall / 2, x + width / 2, y + tall / 2))
        if underline and not quarter:
            under = y + tall * 0.75
            on_sheet(board).line([(x - width / 2, under), (x + width / 2, under)], style.thin)
        if rng.random() < with_area and not quarter:
            area = float(cells.sum()) * CELL_M * CELL_M
            text = area_text(style.habitual(), style.language, area, (columns * CELL_M, rows * CELL_M))
            smaller = max(4.5, min(0.8 * height, 0.95 * room_px / len(text) / 0.75))
            write(board, text, x, y + height * (2.3 if underline else 1.9), smaller, style)


def on_sheet(board: Board) -> Board:
    """The same board in the frame of the sheet's pixels."""
    return Board(board.sheet, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), board.rng)


def tag_openings(board: Board, plan: Plan, style: Style) -> None:
    """Number doors and windows: in bubbles, hexagons, boxes, or plainly; beside them, touching them or on them."""
    rng = board.rng
    if style.tags == 0:
        return
    habitual = style.habitual()
    shape = habitual.choice(("circle", "hexagon", "box", "pill", "plain", "plain", "plain"))
    height = max(4.5, habitual.choice((0.12, 0.16, 0.2)) * board.px_per_m)
    forms: list[Callable[[Opening], str]] = [
        lambda o: f"{o.width * 10:.0f}x21",
        lambda o: f"{o.width * 1000:.0f}",
        lambda _: f"W{rng.randint(1, 20)}",
        lambda _: f"D0{rng.randint(1, 9)}",
        lambda _: str(rng.randint(1, 12)),
        lambda _: rng.choice("ABCDEFGH"),
        lambda _: f"(W{rng.randint(1, 14)})",
        lambda o: f"{rng.choice((9, 12, 18, 21))}-{o.width * 10:02.0f}",
        lambda o: f"MEK{o.width * 10:.0f}*{rng.choice((6, 12, 16, 24))}",
    ]
    form = habitual.choice(forms if shape == "plain" else forms[:6])
    below = habitual.choice((None,) * 4 + ("25dB", "ASW", "TL", "EI30"))
    close = habitual.random() < 0.3
    on_doors = shape != "plain" and habitual.random() < 0.4
    opaque = habitual.random() < 0.6
    for wall in plan.walls:
        for opening in wall.openings:
            if rng.random() > style.tags or wall.kind == "virtual":
                continue
            middle, direction = wall.at((opening.start + opening.end) / 2)
            swings = opening.kind == Kind.DOOR_HINGED and shape == "plain"
            side = opening.side if swings else rng.choice((1, -1))
            normal = np.array([direction[1], -direction[0]]) * side
            off = 0.35 * opening.width if swings else rng.uniform(0.1, 0.2) if close else rng.uniform(0.25, 0.5)
            cover = letter(rng, form(opening), style.lettering, height, style.text_ink)
            radius = max(cover.shape) / 2 + 3
            if shape != "plain":
                radius_m = radius / board.px_per_m
                if on_doors and opening.kind in SWINGING and radius_m < 0.25 * opening.width:
                    off = rng.choice((-wall.thickness / 2, 0.2 * opening.width))
                else:
                    off = max(off, radius_m + rng.choice((0.02, 0.2)))  # what a bubble hides cannot be learnt
            x, y = board.px([middle + normal * (wall.thickness / 2 + off)])[0].tolist()
            across = abs(board.px([middle + direction])[0] - board.px([middle])[0])
            angle = -90 if shape == "plain" and across[1] > across[0] else 0
            frame_tag(board, shape, x, y, radius, style, 255 if opaque else None)
            paste(board.sheet.image, cover, x, y, style.text_ink.grey, angle)
            if below is not None and shape == "plain":
                step = (1.5 * height, 0.0) if angle else (0.0, 1.5 * height)
                write(board, below, x + step[0], y + step[1], height, style, angle)


def frame_tag(board: Board, shape: str, x: float, y: float, radius: float, style: Style, fill: int | None) -> None:
    """The outline around a tag, which blanks what is below it if it is filled."""
    page = on_sheet(board)
    if shape == "circle":
        page.ellipse(x, y, radius, radius, style.thin, fill)
    elif shape == "hexagon":
        corners = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in np.arange(6) * math.pi / 3]
        page.shape(corners, style.thin, fill)
    elif shape == "box":
        page.box(x - radius, y - radius * 0.6, x + radius, y + radius * 0.6, style.thin, fill)
    elif shape == "pill":
        tall = radius * 0.6
        page.rounded(x - radius, y - tall, x + radius, y + tall, tall, style.thin, fill)


def scatter_notes(board: Board, plan: Plan, style: Style, count: int) -> None:
    """Notes with leaders, levels in circles, dashed circles and lines across the plan, entrance arrows."""
    rng = board.rng
    width, height = plan.size_m
    small = max(4.5, 0.14 * board.px_per_m)
    for _ in range(count):
        point = np.array([rng.uniform(0.3, width - 0.3), rng.uniform(0.3, height - 0.3)])
        x, y = board.px([point])[0]
        variant = rng.randrange(7)
        if variant in (0, 1):
            write(board, note(rng), x, y, small, style, rng.choice((0, 0, 0, -90)))
        elif variant == 2:
            end = (point[0] + rng.uniform(-1.5, 1.5), point[1] + rng.uniform(-1.5, 1.5))
            if rng.random() < 0.4:
                draw_curved_leader(board, np.array(end), point, style)
            else:
                draw_arrow(board, end, (point[0], point[1]), style.thin)
            write(board, note(rng), *board.spot(end[0], end[1]), small, style)
        elif variant == 3:
            text_width, _ = write(board, f"{rng.choice('+-')}{rng.uniform(0, 99):.2f}", x, y, small * 1.2, style)
            on_sheet(board).ellipse(x, y, text_width * 0.6 + 3, text_width * 0.6 + 3, style.thin)
        elif variant == 4:
            radius = rng.choice((0.65, 0.75))
            circle = [point + radius * np.array([math.cos(a), math.sin(a)]) for a in np.linspace(0, 2 * math.pi, 25)]
            board.dashes(np.array(circle), style.thin, (0.1, 0.08))
        elif variant == 5:
            y = point[1] if rng.random() < 0.6 else rng.uniform(0, height)
            far = np.array([rng.uniform(0, width), y])
            board.dashes(np.array([point, far]), style.thin, rng.choice(DASHES))
        else:
            left, top = float(point[0]), float(point[1])
            board.box(left, top, left + rng.uniform(0.2, 0.6), top + rng.uniform(0.2, 0.4), style.thin)


def draw_curved_leader(board: Board, start: Points, tip: Points, style: Style) -> None:
    """A leader in an arc or a wave, which passes for a door's arc; its head at `tip`."""
    rng = board.rng
    t = np.linspace(0, 1, 12)[:, None]
    way = tip - start
    normal = np.array([-way[1], way[0]])
    swell = np.sin(t * math.pi * rng.choice((1, 1, 2))) * rng.uniform(-0.4, 0.4)
    path = start + t * way + swell * normal
    board.line(path[:-1], style.thin)
    (x, y), (tip_x, tip_y) = path[-2].tolist(), tip.tolist()
    draw_arrow(board, (x, y), (tip_x, tip_y), style.thin)


def mark_entrances(board: Board, plan: Plan, style: Style) -> None:
    """Arrows at entrances."""
    for wall in plan.walls:
        for opening in wall.openings:
            if opening.entrance and opening.kind != Kind.DOOR_GARAGE and board.rng.random() < 0.3:
                middle, direction = wall.at((opening.start + opening.end) / 2)
                out = np.array([direction[1], -direction[0]]) * (1.0 if wall.left == 0 else -1.0)
                tip = middle + out * (wall.thickness / 2 + 0.15)
                side = np.array([-out[1], out[0]])
                if board.rng.random() < 0.35:
                    draw_block_arrow(board, tip, out, side, style)
                    continue
                head = np.array([tip, tip + out * 0.35 + side * 0.25, tip + out * 0.35 - side * 0.25])
                board.shape(head, style.thin, style.thin.grey if board.rng.random() < 0.6 else None)
                board.line(np.array([tip + out * 0.35, tip + out * 0.8]), style.thin.times(2))


def draw_block_arrow(board: Board, tip: Points, out: Points, side: Points, style: Style) -> None:
    """A broad arrow in outline or solid that points at an entrance, a word behind it."""
    rng = board.rng
    ways = ((0.0, 0.0), (0.25, 0.25), (0.25, 0.12), (0.5, 0.12), (0.5, -0.12), (0.25, -0.12), (0.25, -0.25))
    board.shape(np.array([tip + out * u + side * v for u, v in ways]), style.thin, rng.choice((None, style.thin.grey)))
    if rng.random() < 0.7:
        height = max(4.5, 0.22 * board.px_per_m)
        x, y = board.px([tip + out * 0.9])[0].tolist()
        write(board, rng.choice(("IN", "ENTRY", "ENTRANCE", "IN", "SISÄÄN")), x, y, height, style)
