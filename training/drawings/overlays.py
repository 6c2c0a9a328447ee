"""Beams, columns, wiring, and what somebody drew over it all by hand."""

from __future__ import annotations

import math

import numpy as np

from .board import Board
from .plan import CELL_M, Plan
from .style import Style

DASHES = ((0.25, 0.12), (0.12, 0.1), (0.4, 0.1, 0.06, 0.1), (0.6, 0.12, 0.1, 0.12))


def draw_electrics(board: Board, plan: Plan, style: Style) -> None:
    """Sockets, switches and outlets along walls, lamps in rooms, and the wires between them."""
    rng = board.rng
    size = rng.uniform(0.06, 0.14)
    last: tuple[float, float] | None = None
    for wall in plan.walls:
        if wall.kind in ("virtual", "rail") or rng.random() < 0.3:
            continue
        point, direction = wall.at(rng.uniform(0.1, 0.9) * wall.length)
        side = rng.choice((1.0, -1.0))
        normal = np.array([direction[1], -direction[0]]) * side
        foot = point + normal * wall.thickness / 2
        local = board.frame((float(foot[0]), float(foot[1])), (float(direction[0]), float(direction[1])), flip=side > 0)
        variant = rng.randrange(4)
        if variant == 3:
            local.shape(
                [(-size, 0.0), (size, 0.0), (0.0, 1.5 * size)], style.symbols, rng.choice((255, style.symbols.grey))
            )
        elif variant == 0:
            local.arc((0.0, size), size, 0, -180, style.symbols)
            local.line([(-size, size), (size, size)], style.symbols)
        elif variant == 1:
            local.ellipse(0, size, size, size, style.symbols)
            local.line([(0, 0), (0, 2 * size)], style.symbols)
        else:
            local.line([(0, 0), (size * 2, size * 2.5), (size * 3, size * 2)], style.symbols)
        here = point + normal * rng.uniform(0.5, 1.8)
        x, y = float(here[0]), float(here[1])
        if last is not None and rng.random() < 0.5:
            board.dashes([last, (x, y)], style.symbols, (0.1, 0.08))
        if rng.random() < 0.5:
            board.ellipse(x, y, size * 1.3, size * 1.3, style.symbols)
            board.strokes(
                [[(x - size, y - size), (x + size, y + size)], [(x - size, y + size), (x + size, y - size)]],
                style.symbols,
            )
        last = (x, y)


def draw_beams(board: Board, plan: Plan, style: Style) -> None:
    """Beams above: pairs of dashed lines from wall to wall."""
    rng = board.rng
    apart = rng.uniform(0.08, 0.25)
    pattern = rng.choice(DASHES)
    for key in list(plan.rooms):
        rows, columns = np.nonzero(plan.cells == key)
        if not len(rows) or rng.random() < 0.6:
            continue
        at = rng.randrange(len(rows))
        upright = rng.random() < 0.5
        line = plan.cells[:, columns[at]] if upright else plan.cells[rows[at]]
        span = np.flatnonzero(line == key) * CELL_M
        other = (columns[at] if upright else rows[at]) * CELL_M
        for offset in (0.0, apart):
            ends = np.array([(span[0], other + offset), (span[-1] + CELL_M, other + offset)])
            board.dashes(plan.bend(ends[:, ::-1] if upright else ends), style.thin, pattern)


def scribble(board: Board, style: Style, x0: float, y0: float, x1: float, y1: float) -> None:
    """Somebody's pen: loops, crossings-out, a signature."""
    rng = board.rng
    for _ in range(rng.randint(1, 3)):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        count, size = rng.randint(12, 40), rng.uniform(0.3, 1.2)
        steps = np.array([(rng.gauss(0.06, 0.5) * size, rng.gauss(0, 0.5) * size) for _ in range(count)])
        smooth = np.cumsum(steps, 0) * 0.5
        board.line(np.array([x, y]) + smooth, style.thin.times(rng.choice((1, 1.5))))


def draw_posts(board: Board, plan: Plan, style: Style) -> None:
    """Columns: small squares or circles where walls meet, or free in rooms and along open edges."""
    rng = board.rng
    size = rng.uniform(0.05, 0.16)
    fill = rng.choice((0, style.wall_ink.grey, 255, 160))
    spots = [wall.points[end] for wall in plan.walls for end in (0, -1) if wall.kind != "virtual"]
    rails = [wall for wall in plan.walls if wall.kind == "rail"]
    spots += [wall.at(s)[0] for wall in rails for s in np.arange(0, wall.length, 2.4)]
    share = rng.choice((0.3, 1.0))
    for spot in spots:
        if rng.random() < share:
            x, y = float(spot[0]), float(spot[1])
            board.box(x - size, y - size, x + size, y + size, style.thin, fill)
    if rng.random() < 0.3:
        rows, columns = np.nonzero(plan.cells > 0)
        for _ in range(rng.randint(1, 4)):
            index = rng.randrange(len(rows))
            x, y = plan.bend(np.array([[columns[index] * CELL_M, rows[index] * CELL_M]]))[0].tolist()
            angles = np.linspace(0, 2 * math.pi, 13)[:-1]
            board.shape(np.stack([x + size * np.cos(angles), y + size * np.sin(angles)], 1), style.thin, fill)
