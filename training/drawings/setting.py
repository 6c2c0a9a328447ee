"""What lies over and around a plan without being part of it: eaves, roof hips, section lines, grids, steps."""

from __future__ import annotations

import numpy as np

from .annotate import write
from .board import Board
from .ceilings import draw_ceilings
from .moving import draw_arrow
from .overlays import DASHES, draw_beams, draw_electrics, draw_posts, scribble
from .plan import OUTSIDE, Plan
from .style import Style
from .truth import DOORS, Kind, Points


def draw_setting(board: Board, plan: Plan, style: Style) -> None:
    """Some of all this, at random."""
    rng = board.rng
    x0, y0, x1, y1 = bounds(plan)
    if rng.random() < 0.25:
        draw_eaves(board, style, x0, y0, x1, y1)
    if rng.random() < 0.1:
        draw_hips(board, style, x0, y0, x1, y1)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        draw_section_line(board, style, x0, y0, x1, y1)
    if rng.random() < 0.1:
        draw_grid(board, plan, style, x0, y0, x1, y1)
    if rng.random() < 0.35:
        draw_steps(board, plan, style)
    if rng.random() < 0.15:
        draw_radiators(board, plan, style)
    if rng.random() < 0.1:
        draw_posts(board, plan, style)
    if rng.random() < 0.1:
        draw_beams(board, plan, style)
    if rng.random() < 0.15:
        draw_ceilings(board, plan, style)
    if rng.random() < 0.04:
        scribble(board, style, x0, y0, x1, y1)
    if rng.random() < 0.07:
        draw_electrics(board, plan, style)


def bounds(plan: Plan) -> tuple[float, float, float, float]:
    """The box around all walls but rails, metres."""
    points = np.concatenate([wall.points for wall in plan.walls if wall.kind != "rail"])
    low, high = points.min(0), points.max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def draw_eaves(board: Board, style: Style, x0: float, y0: float, x1: float, y1: float) -> None:
    """The roof's edge around the house, dashed or thin."""
    rng = board.rng
    over = rng.uniform(0.3, 1.0)
    corners = [(x0 - over, y0 - over), (x1 + over, y0 - over), (x1 + over, y1 + over), (x0 - over, y1 + over)]
    if rng.random() < 0.75:
        board.dashes([*corners, corners[0]], style.thin, rng.choice(DASHES))
    else:
        board.line([*corners, corners[0]], style.thin.lighter(120))


def draw_hips(board: Board, style: Style, x0: float, y0: float, x1: float, y1: float) -> None:
    """Ridge and hips of the roof above, across the rooms."""
    ink = style.thin.lighter(board.rng.choice((0, 90, 150)))
    half = min(x1 - x0, y1 - y0) / 2
    if x1 - x0 >= y1 - y0:
        a, b = (x0 + half, (y0 + y1) / 2), (x1 - half, (y0 + y1) / 2)
        lines = [[(x0, y0), a, (x0, y1)], [(x1, y0), b, (x1, y1)]]
    else:
        a, b = ((x0 + x1) / 2, y0 + half), ((x0 + x1) / 2, y1 - half)
        lines = [[(x0, y0), a, (x1, y0)], [(x0, y1), b, (x1, y1)]]
    if board.rng.random() < 0.4:
        for line in lines:
            board.dashes(line, ink, board.rng.choice(DASHES))
        board.dashes([a, b], ink, (0.4, 0.1))
    else:
        board.strokes(lines, ink)
        board.line([a, b], ink)


def draw_section_line(board: Board, style: Style, x0: float, y0: float, x1: float, y1: float) -> None:
    """A section through the plan: a long chain line with its ends marked."""
    rng = board.rng
    over = rng.uniform(0.5, 1.6)
    if rng.random() < 0.5:
        y = rng.uniform(y0, y1)
        a, b, way = (x0 - over, y), (x1 + over, y), (0.0, rng.choice((-0.5, 0.5)))
    else:
        x = rng.uniform(x0, x1)
        a, b, way = (x, y0 - over), (x, y1 + over), (rng.choice((-0.5, 0.5)), 0.0)
    through = rng.random() < 0.6
    if through:
        board.dashes([a, b], style.thin, rng.choice(DASHES))
    letter = rng.choice(("A", "B", "A-A", "1", "C"))
    for end, other in ((a, b), (b, a)):
        inward = np.subtract(other, end)
        inward = inward / np.hypot(*inward) * 0.8
        board.line([end, (end[0] + inward[0], end[1] + inward[1])], style.wall_ink.times(1.5))
        draw_arrow(board, end, (end[0] + way[0], end[1] + way[1]), style.wall_ink, 0.2)
        px = board.px([(end[0] + way[0] * 1.7, end[1] + way[1] * 1.7)])[0]
        write(board, letter, float(px[0]), float(px[1]), max(5.0, 0.25 * board.px_per_m), style)


def draw_grid(board: Board, plan: Plan, style: Style, x0: float, y0: float, x1: float, y1: float) -> None:
    """Axes of the structure with lettered bubbles at their ends."""
    rng = board.rng
    over, radius = rng.uniform(1.0, 2.2), rng.choice((0.25, 0.35))
    through = rng.random() < 0.5
    for upright in (True, False):
        axis = 0 if upright else 1
        stops = sorted(
            {
                round(float(w.points[0, axis]), 1)
                for w in plan.walls
                if w.length > 2.5 and abs(np.ptp(w.points[:, axis])) < 0.05
            }
        )
        for index, stop in enumerate(stops[:: max(1, len(stops) // 6)]):
            low, high = (y0, y1) if upright else (x0, x1)
            a, b = (stop, low - over), (stop, high + (over if through else 0.0))
            if not through:
                b = (stop, low - 0.3)
            if not upright:
                a, b = (a[1], a[0]), (b[1], b[0])
            board.dashes([a, b], style.thin, (0.4, 0.1, 0.06, 0.1))
            for end in (a, b) if through else (a,):
                board.ellipse(end[0], end[1], radius, radius, style.thin, 255)
                text = str(index + 1) if upright else "ABCDEFGHIJKL"[index % 12]
                x, y = board.px([end])[0]
                write(board, text, float(x), float(y), max(4.5, radius * 0.8 * board.px_per_m), style)


def draw_steps(board: Board, plan: Plan, style: Style) -> None:
    """Steps, landings and mats before outer doors."""
    rng = board.rng
    for wall in plan.walls:
        if OUTSIDE not in (wall.left, wall.right) or wall.kind != "outer":
            continue
        for opening in wall.openings:
            if opening.kind not in DOORS or opening.kind == Kind.DOOR_GARAGE or rng.random() < 0.4:
                continue
            out = 1.0 if wall.left == OUTSIDE else -1.0
            side = rng.uniform(0.0, 0.5)
            near, count = wall.thickness / 2, rng.choice((1, 1, 2, 3))
            for index in range(count):
                far = near + (rng.uniform(0.6, 1.5) if index == 0 else 0.3)
                board.line(
                    band_open(wall.band(opening.start - side, opening.end + side, out * near, out * far)), style.thin
                )
                near = far


def band_open(band: Points) -> Points:
    """A band's outline without the edge at the wall."""
    half = len(band) // 2
    return np.concatenate([band[:1], band[half:][::-1], band[half - 1 : half]])


def draw_radiators(board: Board, plan: Plan, style: Style) -> None:
    """Thin boxes under windows, inside."""
    for wall in plan.walls:
        for opening in wall.openings:
            if opening.kind != Kind.WINDOW or board.rng.random() < 0.3 or opening.width < 0.5:
                continue
            inward = -1.0 if wall.left == OUTSIDE else 1.0
            near, far = wall.thickness / 2 + 0.04, wall.thickness / 2 + 0.12
            board.shape(wall.band(opening.start + 0.05, opening.end - 0.05, inward * near, inward * far), style.symbols)
