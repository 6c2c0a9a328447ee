"""Doors that slide, fold, lift or revolve. Drawn in a frame with x across the opening and y to the leaf's side."""

from __future__ import annotations

import math

import numpy as np

from .board import Board, Ink, arc_points
from .looks import DoorLook
from .style import Style


def hang_at(look: DoorLook, half: float) -> float:
    """Where the leaf hangs in the wall's depth."""
    return {"face": half, "centre": 0.0, "far": -half}[look.hinge]


def draw_sliding(board: Board, width: float, half: float, ink: Ink, closet: bool, style: Style) -> None:
    """Leaves that slide: past each other, along the wall's face, into a pocket."""
    rng = board.rng
    thin = rng.choice((0.03, 0.04, 0.05))
    fill = rng.choice((255, 255, 255, ink.grey))
    if closet or width > 1.5:
        count = 2 if width < 2.2 or rng.random() < 0.5 else rng.choice((3, 4, 4, 6))
        panel = width / count + rng.choice((0.03, 0.08, 0.15))
        for index in range(count):
            x = min(max(0.0, index * width / count - 0.04), width - panel)
            y = thin * (0.6 if index % 2 else -0.6)
            board.box(x, y - thin / 2, x + panel, y + thin / 2, ink, fill)
        return
    variant = rng.choice(("face", "face", "pocket", "pocket", "inside"))
    if variant == "face":
        shift = rng.choice((0.15, 0.5, 0.8, 1.0)) * width * rng.choice((1, -1))
        y = half + 0.02 + thin / 2
        board.box(shift - 0.04, y - thin / 2, shift + width + 0.04, y + thin / 2, ink, fill)
        if rng.random() < 0.3:
            board.dashes([(0, y), (width, y)], ink, (0.08, 0.06))
        board.mark_swing([(shift, y - thin), (shift + width, y - thin), (shift + width, y + thin), (shift, y + thin)])
    elif variant == "pocket":
        into = rng.choice((0.35, 0.6, 0.9)) * width
        if half * board.px_per_m > 2:
            board.box(-width, -thin, 0, thin, ink, 255 if rng.random() < 0.7 else None)
        board.box(-into, -thin / 2, width - into, thin / 2, ink, fill)
    else:
        share = rng.choice((0.5, 0.9, 1.0))
        board.box(0, -thin / 2, width * share, thin / 2, ink, fill)
    if rng.random() < 0.25:
        draw_arrow(board, (width * 0.2, half + 0.15), (width * 0.8, half + 0.15), style.thin)


def draw_arrow(board: Board, start: tuple[float, float], end: tuple[float, float], ink: Ink, size: float = 0.1) -> None:
    """A line with an open head at its end."""
    board.line([start, end], ink)
    direction = np.subtract(end, start) / max(math.dist(start, end), 1e-6)
    left = np.array([-direction[1], direction[0]])
    back = np.asarray(end) - direction * size
    board.line(np.array([back + left * size / 2, end, back - left * size / 2]), ink)


def draw_folding(board: Board, width: float, half: float, look: DoorLook, ink: Ink) -> None:
    """Bifold panels, or an accordion across the opening."""
    rng = board.rng
    if rng.random() < 0.25:
        count = rng.randint(7, 15)
        depth = rng.choice((0.04, 0.06, 0.1))
        x = np.linspace(0, width * rng.choice((1.0, 1.0, 0.6)), count)
        points = np.stack([x, np.where(np.arange(count) % 2 == 0, -depth, depth)], 1)
        board.line(points, ink)
        return
    pairs = 1 if width < 1.0 else rng.choice((2, 2, 2, 1, 3))
    y0 = hang_at(look, half)
    span = width / pairs
    panel = span / 2
    opened = math.radians(rng.choice((20, 30, 45, 60, 70)))
    slab = rng.choice((0.0, 0.0, 0.035))
    for index in range(pairs):
        from_left = index % 2 == 0
        hinge, way = (index * span, 1.0) if from_left else ((index + 1) * span, -1.0)
        knee = (hinge + way * panel * math.cos(opened), y0 + panel * math.sin(opened))
        foot = (hinge + way * 2 * panel * math.cos(opened), y0)
        for start, end in (((hinge, y0), knee), (knee, foot)):
            draw_panel(board, start, end, slab, ink)
        board.mark_swing([(hinge, y0), knee, foot])
    if rng.random() < 0.15:
        board.dashes([(0, y0), (width, y0)], ink, (0.08, 0.06))


def draw_panel(board: Board, start: tuple[float, float], end: tuple[float, float], slab: float, ink: Ink) -> None:
    """A straight panel: a line, or a thin box."""
    if slab == 0.0:
        board.line([start, end], ink)
        return
    length = math.dist(start, end)
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    board.frame(start, along).box(0, -slab / 2, length, slab / 2, ink, 255)


def draw_garage(board: Board, width: float, half: float, ink: Ink) -> None:
    """An overhead door: its panel in or before the wall, its track dashed inside."""
    rng = board.rng
    variant = rng.choice(("lines", "panel", "proud", "single", "ticks"))
    if variant == "lines":
        board.strokes([[(0, -half), (width, -half)], [(0, half), (width, half)]], ink)
    elif variant == "panel":
        y = rng.choice((-half, 0.0, half - 0.05))
        board.box(0, y, width, y + 0.06, ink, 255)
    elif variant == "proud":
        board.box(-0.08, -half - 0.06, width + 0.08, -half + 0.04, ink, 255)
        board.strokes([[(0.0, y), (width, y)] for y in (half, 0.0)], ink)
    elif variant == "single":
        y = rng.choice((-half, 0.0))
        board.line([(0, y), (width, y)], ink.times(rng.choice((1, 2, 3))))
    else:
        board.strokes([[(0, -half * 0.4), (width, -half * 0.4)], [(0, half * 0.4), (width, half * 0.4)]], ink)
        stops = np.linspace(0, width, 5)
        board.strokes(np.array([[(x, -half * 0.4), (x, half * 0.4)] for x in stops]), ink)
    if rng.random() < 0.55:
        depth = rng.uniform(0.6, 2.4)
        corners = [(0.05, half), (0.05, half + depth), (width - 0.05, half + depth), (width - 0.05, half)]
        board.dashes(corners, ink, (0.18, 0.12))
        if rng.random() < 0.3:
            board.dashes([corners[0], corners[2]], ink, (0.18, 0.12))
            board.dashes([corners[1], corners[3]], ink, (0.18, 0.12))


def draw_other(board: Board, width: float, half: float, ink: Ink) -> None:
    """A revolving door, or a frame with a threshold and no leaf."""
    if width > 1.0 or board.rng.random() < 0.3:
        radius = width / 2
        board.ellipse(radius, 0, radius, radius, ink)
        turn = board.rng.uniform(0, 90)
        for angle in (turn, turn + 90):
            ends = arc_points((radius, 0), radius, radius, angle, angle + 180, 1)
            board.line(ends, ink)
        return
    board.box(0, -half, 0.05, half, ink, 255)
    board.box(width - 0.05, -half, width, half, ink, 255)
    board.strokes([[(0, -half), (width, -half)], [(0, half), (width, half)]], ink)
