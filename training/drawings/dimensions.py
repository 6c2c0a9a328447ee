"""Dimensions: chains around a plan, clear widths inside it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from .annotate import write
from .board import Board
from .plan import CELL_M, Plan
from .rooms import Rooms
from .style import Style
from .truth import Points
from .words import feet

Length = Callable[[float], str]


def choose_lengths(style: Style) -> Length:
    """How lengths are written on this sheet."""
    formats: list[Length] = [
        lambda m: f"{m * 1000:.0f}",
        lambda m: f"{m:.2f}",
        lambda m: f"{m * 100:.0f}",
        lambda m: f"{m:.2f}".replace(".", ","),
        lambda m: f"{int(m)} {int(m * 1000) % 1000:03d}",
        lambda m: f"{m:.2f} m",
    ]
    return feet if style.language == "us" else style.habitual().choice(formats)


def dimension(board: Board, start: Points, end: Points, offset: Points, text: str, style: Style, mark: str) -> None:
    """One dimension between two points, drawn `offset` away: line, ends, witness lines, figure."""
    a, b = start + offset, end + offset
    length = float(np.hypot(*(b - a)))
    if length < 0.05:
        return
    direction = (b - a) / length
    normal = np.array([-direction[1], direction[0]])
    over = 0.1
    board.line(np.array([a - direction * over, b + direction * over]), style.thin)
    board.strokes(np.array([[p - normal * over, p + normal * over] for p in (a, b)]), style.thin)
    size = max(0.07, 3 / board.px_per_m)
    for point, way in ((a, 1.0), (b, -1.0)):
        if mark == "tick":
            slant = (direction + normal) * size * 0.7
            board.line(np.array([point - slant, point + slant]), style.thin.times(1.6))
        elif mark == "arrow":
            tip = direction * way * size * 2
            board.shape(
                np.array([point, point + tip + normal * size * 0.5, point + tip - normal * size * 0.5]),
                None,
                style.thin.grey,
            )
        elif mark == "dot":
            board.ellipse(point[0], point[1], size * 0.5, size * 0.5, None, style.thin.grey)
    height = max(4.5, min(style.text_m, 0.2) * board.px_per_m)
    along = board.px([b])[0] - board.px([a])[0]
    if len(text) * height * 0.75 > np.hypot(*along) * 1.4:
        return
    middle = (board.px([a])[0] + board.px([b])[0]) / 2
    upright = abs(along[1]) > abs(along[0])
    shift = np.array([-height * 0.85, 0]) if upright else np.array([0, -height * 0.85])
    write(board, text, float(middle[0] + shift[0]), float(middle[1] + shift[1]), height, style, -90 if upright else 0)


def dimension_outside(board: Board, plan: Plan, style: Style, lengths: Length) -> None:
    """Chains of dimensions around the plan: openings, rooms, the whole."""
    rng = board.rng
    mark = style.habitual().choice(("tick", "tick", "tick", "arrow", "dot", "cross"))
    rows = np.flatnonzero((plan.cells > 0).any(1)) * CELL_M
    columns = np.flatnonzero((plan.cells > 0).any(0)) * CELL_M
    x0, x1, y0, y1 = columns[0], columns[-1] + CELL_M, rows[0], rows[-1] + CELL_M
    witness = style.habitual().choice((None, None, 0.3, 0.1, -0.15))
    centred = style.habitual().random() < 0.2
    for side in range(4):
        if rng.random() > style.dimensions:
            continue
        flat = side < 2
        edge = (y0, y1, x0, x1)[side]
        way = -1.0 if side in (0, 2) else 1.0
        off = np.array([0.0, way]) if flat else np.array([way, 0.0])
        chains = [sorted({x0, x1} if flat else {y0, y1})]
        if rng.random() < 0.7:
            chains.insert(0, stops_of(plan, flat, edge, centred))
        if rng.random() < 0.4:
            chains.insert(0, stops_of(plan, flat, edge, centred)[:: rng.choice((1, 2))])
        distance = rng.uniform(0.5, 1.0)
        for stops in chains:
            for a, b in pairwise(stops):
                start, end = (
                    (np.array([a, edge]), np.array([b, edge])) if flat else (np.array([edge, a]), np.array([edge, b]))
                )
                dimension(board, start, end, off * distance, lengths(b - a), style, mark)
            if witness is not None and stops:
                on_edge = np.array([(stop, edge) if flat else (edge, stop) for stop in stops])
                draw_witnesses(board, on_edge + off * witness, on_edge + off * distance, centred, style)
            distance += rng.uniform(0.4, 0.7)


def draw_witnesses(board: Board, feet: Points, heads: Points, centred: bool, style: Style) -> None:
    """Lines from a plan's edge out to a chain of dimensions; chain lines if they are axes of openings."""
    if centred:
        for foot, head in zip(feet, heads, strict=True):
            board.dashes([foot, head], style.thin, (0.4, 0.1, 0.06, 0.1))
    else:
        board.strokes(np.stack([feet, heads], 1), style.thin)


def stops_of(plan: Plan, flat: bool, edge: float, centred: bool = False) -> list[float]:
    """Where walls and openings near an edge of the plan start and end, along that edge; or the openings' middles."""
    axis, other = (0, 1) if flat else (1, 0)
    stops = set()
    for wall in plan.walls:
        low, high = sorted((float(wall.points[0, axis]), float(wall.points[-1, axis])))
        if wall.kind == "outer" and np.abs(wall.points[:, other] - edge).max() < 0.6:
            stops |= {round(low, 2), round(high, 2)}
            for opening in wall.openings:
                ends = ((opening.start + opening.end) / 2,) if centred else (opening.start, opening.end)
                stops |= {round(float(wall.at(s)[0][axis]), 2) for s in ends}
    return sorted(stops)


def dimension_inside(board: Board, plan: Plan, style: Style, rooms: Rooms, lengths: Length) -> None:
    """Clear widths and depths across some rooms."""
    rng = board.rng
    mark = style.habitual().choice(("tick", "arrow", "dot"))
    if style.habitual().random() < 0.12:
        point_at_walls(board, plan, style, rooms)
    for key in rooms.spot:
        if rng.random() > 0.5 * style.dimensions:
            continue
        rows, columns = np.nonzero(plan.cells == key)
        row = int(rng.choice(rows.tolist()))
        across = np.flatnonzero(plan.cells[row] == key)
        start, end = np.array([across[0] * CELL_M, row * CELL_M]), np.array([(across[-1] + 1) * CELL_M, row * CELL_M])
        if rng.random() < 0.5:
            column = int(rng.choice(columns.tolist()))
            down = np.flatnonzero(plan.cells[:, column] == key)
            start, end = (
                np.array([column * CELL_M, down[0] * CELL_M]),
                np.array([column * CELL_M, (down[-1] + 1) * CELL_M]),
            )
        start, end = plan.bend(np.array([start, end]))
        dimension(board, start, end, np.zeros(2), lengths(float(np.hypot(*(end - start)))), style, mark)


def point_at_walls(board: Board, plan: Plan, style: Style, rooms: Rooms) -> None:
    """Solid heads at the faces of walls where a room was measured, as sellers draw them: no lines, no figures."""
    rng = board.rng
    size, half = rng.uniform(0.12, 0.3), style.thickness.inner / 2
    for key in rooms.spot:
        rows, columns = np.nonzero(plan.cells == key)
        for upright in (False, True):
            at = rng.randrange(len(rows))
            line = plan.cells[:, columns[at]] if upright else plan.cells[rows[at]]
            span = np.flatnonzero(line == key)
            other = float(columns[at] if upright else rows[at]) * CELL_M
            for tip, way in ((span[0] * CELL_M + half, 1.0), ((span[-1] + 1) * CELL_M - half, -1.0)):
                head = [(tip, other), (tip + way * size, other + size / 3), (tip + way * size, other - size / 3)]
                points = plan.bend(np.array(head)[:, ::-1] if upright else np.array(head))
                board.shape(points, None, style.thin.grey)
