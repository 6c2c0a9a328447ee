"""What lies above a room and is drawn on its floor: spans of joists, roof lights, sloping or high ceilings."""

from __future__ import annotations

import numpy as np

from .annotate import write
from .board import Board, Lines
from .plan import CELL_M, Plan
from .style import Style
from .truth import Points

SPANS = ("2x10 JOISTS", '2x6 RAFTERS @ 24" O.C.', "SLOPE 3/12", '@ 16" O.C.', "KANTAVA", "1:3", "korkea tila", "EI30")
DASHES = ((0.25, 0.1), (0.12, 0.08), (0.5, 0.12, 0.06, 0.12))


def draw_ceilings(board: Board, plan: Plan, style: Style) -> None:
    """One of these over some of the larger rooms; none of it is in the truth."""
    rng = board.rng
    usual = rng.choice((draw_span, draw_span, draw_roof_light, draw_slope))
    for key, room in plan.rooms.items():
        rows, columns = np.nonzero(plan.cells == key)
        if len(rows) * CELL_M**2 < 5.0 or room.is_open_air or rng.random() > 0.4:
            continue
        index = rng.randrange(len(rows))
        row, column = int(rows[index]), int(columns[index])
        usual(board, plan, style, row, column)


def run_of(plan: Plan, row: int, column: int, upright: bool) -> tuple[float, float]:
    """How far the room around a cell reaches along its column or its row, metres."""
    line = plan.cells[:, column] if upright else plan.cells[row]
    at = row if upright else column
    other = np.flatnonzero(line != plan.cells[row, column])
    low = other[other < at].max(initial=-1) + 1
    high = other[other > at].min(initial=len(line))
    return float(low) * CELL_M, float(high) * CELL_M


def draw_span(board: Board, plan: Plan, style: Style, row: int, column: int) -> None:
    """The way joists run: a long line with half an arrowhead at either end, named beside it."""
    rng = board.rng
    upright = rng.random() < 0.5
    low, high = run_of(plan, row, column, upright)
    over = (high - low) * rng.uniform(0.08, 0.3)
    size = rng.choice((0.1, 0.16, 0.25))
    side = rng.choice((1.0, -1.0))
    other = (column if upright else row) * CELL_M
    shape = [(low + over + size, other + side * size * 0.5), (low + over, other), (high - over, other)]
    shape.append((high - over - size, other - side * size * 0.5))
    points = plan.bend(np.array(shape)[:, ::-1] if upright else np.array(shape))
    board.line(points, style.thin)
    middle, ahead = board.px(points[1:3]).mean(0), np.ptp(board.px(points[1:3]), axis=0)
    height = max(4.5, 0.15 * board.px_per_m)
    across = np.array([-height, 0.0]) if ahead[1] > ahead[0] else np.array([0.0, -height])
    x, y = (middle + across).tolist()
    write(board, rng.choice(SPANS), x, y, height, style, -90 if ahead[1] > ahead[0] else 0)


def draw_roof_light(board: Board, plan: Plan, style: Style, row: int, column: int) -> None:
    """A window in the roof above, no window in a wall: a dashed rectangle, crossed or with its corners marked."""
    rng = board.rng
    x, y = column * CELL_M, row * CELL_M
    half_x, half_y = rng.uniform(0.3, 0.6), rng.uniform(0.35, 0.7)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * [half_x, half_y]
    middle: Points = np.array([x, y])
    if rng.random() < 0.7:
        board.dashes(plan.bend(middle + corners), style.thin, rng.choice(DASHES))
    else:
        board.line(plan.bend(middle + corners), style.thin)
    share = rng.choice((0.0, 1.0, 0.35))
    if share:
        arms: Lines = [[corner, corner * (1 - share)] for corner in corners[:4]]
        board.strokes(plan.bend((middle + np.array(arms)).reshape(-1, 2)).reshape(-1, 2, 2), style.thin)


def draw_slope(board: Board, plan: Plan, style: Style, row: int, column: int) -> None:
    """A dashed diagonal over the whole of a room, with a word on it at times: a high or a sloping ceiling."""
    rng = board.rng
    (x0, x1), (y0, y1) = run_of(plan, row, column, False), run_of(plan, row, column, True)
    line = [(x0, y0), (x1, y1)] if rng.random() < 0.5 else [(x0, y1), (x1, y0)]
    points = plan.bend(np.array(line))
    board.dashes(points, style.thin, rng.choice(DASHES))
    if rng.random() < 0.6:
        a, b = board.px(points)
        if a[0] > b[0]:
            a, b = b, a
        x, y = ((a + b) / 2).tolist()
        turn = float(np.degrees(np.arctan2(b[1] - a[1], b[0] - a[0])))
        height = max(4.5, 0.15 * board.px_per_m)
        write(board, rng.choice(SPANS), x, y - height, height, style, turn)
