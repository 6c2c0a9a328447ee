"""Window symbols, each with its opening and its instance in the truth."""

from __future__ import annotations

import math

import numpy as np

from .board import Board, Ink, arc_points
from .looks import WindowLook, told_apart, window_look
from .masonry import SLACK_M
from .plan import OUTSIDE, Opening, Plan, Wall
from .style import Style
from .truth import Element, Kind


def draw_window(board: Board, plan: Plan, wall: Wall, opening: Opening, style: Style) -> None:
    """One window as the sheet draws it; a unit of several panes is one window."""
    rng = board.rng
    mixed = rng.random() < style.mixed
    look = told_apart(window_look(rng), style.outer, style.caps) if mixed else style.window
    half = wall.thickness / 2
    least = max(half, 2.5 / board.px_per_m)
    board.mark(wall.band(opening.start, opening.end, -least, least), Element.WINDOW)
    ink = style.thin
    if len(wall.points) > 2:
        draw_curved(board, wall, opening, look, ink)
    out = outward(plan, wall)
    a, b = wall.at(opening.start)[0], wall.at(opening.end)[0]
    width = float(np.hypot(*(b - a)))
    along = (b - a) / width
    local = board.frame(a.tolist(), along.tolist(), flip=out > 0)
    if len(wall.points) <= 2:
        if opening.width > 1.4 and rng.random() < (0.4 if opening.slides else 0.07):
            draw_sliders(local, width, half, ink)
        else:
            draw_panes(local, width, half, look, ink)
        draw_extras(local, width, half, look, ink)
    middle = local.local(board.px([wall.at((opening.start + opening.end) / 2)[0]])[0])
    local.instance(Kind.WINDOW, middle, width, wall.thickness)


def outward(plan: Plan, wall: Wall) -> int:
    """+1 if the wall's left side is the outer one."""
    left = plan.rooms.get(wall.left)
    return 1 if wall.left == OUTSIDE or (left is not None and left.is_open_air) else -1


def draw_curved(board: Board, wall: Wall, opening: Opening, look: WindowLook, ink: Ink) -> None:
    """Lines that follow a curved wall."""
    for line in look.lines:
        points, normals = wall.path(opening.start, opening.end)
        board.line(points + normals * (line * wall.thickness), ink)
    for at in (opening.start, opening.end):
        board.line(wall.band(at, at, -wall.thickness / 2 - SLACK_M, wall.thickness / 2)[[0, 2]], ink)


def draw_panes(board: Board, width: float, half: float, look: WindowLook, ink: Ink) -> None:
    """The window's lines, frame, mullions and sill; y goes outwards."""
    thick = 2 * half
    if any(look.proud):
        board.box(0, -half - look.proud[0], width, half + look.proud[1], ink, 255)
    if look.glass is not None:
        low, high = (min(look.lines) * thick, max(look.lines) * thick) if len(look.lines) > 1 else (-half, half)
        board.box(0, low, width, high, None, look.glass)
    board.strokes(np.array([[(0, y * thick), (width, y * thick)] for y in look.lines]), ink)
    if look.heavy > 1:
        y = board.rng.choice(look.lines) * thick
        board.line([(0, y), (width, y)], ink.times(look.heavy))
    inner = [y * thick for y in look.lines if abs(y) < 0.45] or [y * thick for y in look.lines]
    low, high = min(inner), max(inner)
    if high - low < 0.03:
        low, high = low - 0.03, high + 0.03
    size = min(0.06, width / 6)
    if look.frame == "line":
        board.strokes([[(x, -half), (x, half)] for x in (0, width)], ink)
    elif look.frame in ("box", "wide"):
        size = size if look.frame == "box" else size * 1.8
        for x in (0.0, width - size):
            board.box(x, low - 0.02, x + size, high + 0.02, ink, 255)
    elif look.frame == "post":
        for x in (-0.04, width - 0.04):
            board.box(x, -half - 0.03, x + 0.08, half + 0.03, ink, 255)
    if look.mullion and width > 1.4 * look.mullion:
        count = round(width / look.mullion)
        for index in range(1, count):
            x = width * index / count
            if look.frame in ("box", "wide"):
                board.box(x - size / 2, low - 0.02, x + size / 2, high + 0.02, ink, 255)
            else:
                board.line([(x, low), (x, high)], ink)


def draw_extras(board: Board, width: float, half: float, look: WindowLook, ink: Ink) -> None:
    """What stands out of the wall: sills, shutters, casements drawn open."""
    if look.sill:
        over = look.sill * 0.6
        board.line(
            [(-over, half), (-over, half + look.sill), (width + over, half + look.sill), (width + over, half)], ink
        )
    if look.shutters:
        for x0, x1 in ((-width / 2, 0.0), (width, width * 1.5)):
            board.box(x0, half + 0.01, x1, half + 0.05, ink, 255)
    if width >= 0.35 and board.rng.random() < look.vent:
        draw_vent(board, width, half, look, ink)
    elif width >= 0.35 and look.sash != "none":
        draw_casements(board, width, half, look, ink)


def draw_casements(board: Board, width: float, half: float, look: WindowLook, ink: Ink) -> None:
    """One or two casements that stand open into the room; no doors, though they look like small ones."""
    leaves = 1 if width < 0.9 else 2
    size = width / leaves * look.reach
    at = -half if board.rng.random() < 0.6 else 0.0
    for index in range(leaves):
        local = board.frame((0.0, at), (1.0, 0.0)) if index == 0 else board.frame((width, at), (-1.0, 0.0), flip=True)
        tip = arc_points((0, 0), size, size, 0, -look.ajar, 8)
        if look.sash in ("leaf", "both"):
            local.line([(0, 0), tip[-1]], ink)
        if look.sash in ("arc", "both"):
            local.line(tip, ink)


def draw_vent(board: Board, width: float, half: float, look: WindowLook, ink: Ink) -> None:
    """A narrow sash at one end of the window, ajar: a slim wedge inside, and the post between it and the pane."""
    rng = board.rng
    size = min(0.5 * width, rng.choice((0.25, 0.3, 0.4))) if width > 0.7 else width - 0.08
    at_end = rng.random() < 0.5
    local = board.frame((width, 0.0), (-1.0, 0.0), flip=True) if at_end else board.frame((0.0, 0.0), (1.0, 0.0))
    depth = max(1.5 / board.px_per_m, 0.4 * half)
    if width > 0.7:
        local.box(size, -depth, size + 0.05, depth, ink, 255)
    x, way = (0.0, 1.0) if rng.random() < 0.5 else (size, -1.0)
    y = rng.choice((-half, -0.5 * half, 0.0))
    angle = math.radians(min(look.ajar, 35.0))
    tip = (x + way * size * math.cos(angle), y - size * math.sin(angle))
    local.line([(x, y), tip], ink)
    if rng.random() < 0.7:
        local.line([tip, (x + way * size, y)], ink)


def draw_sliders(board: Board, width: float, half: float, ink: Ink) -> None:
    """A window of sliding panes: staggered panels between frame lines."""
    count = max(2, round(width / board.rng.uniform(0.8, 1.4)))
    depth = min(0.05, half / 2)
    board.strokes([[(0, -half), (width, -half)], [(0, half), (width, half)]], ink)
    for index in range(count):
        y = 0.0 if index % 2 else -depth
        x0, x1 = index * width / count, (index + 1) * width / count
        board.box(max(0.0, x0 - 0.03), y, min(width, x1 + 0.03), y + depth, ink, 255)
