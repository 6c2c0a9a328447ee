"""Staircases: straight, with a landing, winding, spiral. Each is drawn in a frame with its back at y = 0."""

from __future__ import annotations

import math

import numpy as np

from .board import Board, Ink, arc_points
from .moving import draw_arrow
from .truth import Element, Kind

GOING_M = 0.26
SIZES = {
    "straight": ((0.9, 1.1), (2.6, 4.2)),
    "landing": ((1.9, 2.4), (2.4, 3.6)),
    "winding": ((1.8, 2.2), (1.9, 3.2)),
    "spiral": ((1.4, 2.2), (1.4, 2.2)),
}


def draw_stairs(board: Board, width: float, depth: float, shape: str, ink: Ink) -> None:
    """A staircase of one of `SIZES`; its length runs along y."""
    if board.rng.random() < 0.7:
        board.box(0, 0, width, depth, ink, 255 if board.rng.random() < 0.5 else None)
    if shape == "straight":
        draw_flight(board, 0, 0, width, depth, ink)
        draw_arrow(board, (width / 2, depth - 0.1), (width / 2, 0.2), ink)
    elif shape == "landing":
        draw_landing(board, width, depth, ink)
    elif shape == "winding":
        draw_winding(board, width, depth, ink)
    else:
        draw_spiral(board, width, ink)
        depth = width
    board.mark_box(0, 0, width, depth, Element.STAIRS)
    board.instance(Kind.STAIR, (width / 2, depth / 2), width, depth)


def draw_flight(board: Board, x0: float, y0: float, x1: float, y1: float, ink: Ink) -> None:
    """Treads from y0 to y1; at times broken off by a slant, dashed beyond."""
    rng = board.rng
    count = max(3, round((y1 - y0) / GOING_M))
    stops = np.linspace(y0, y1, count + 1)
    treads = np.array([[(x0, y), (x1, y)] for y in stops])
    if rng.random() < 0.35:
        cut = y0 + (y1 - y0) * rng.uniform(0.35, 0.6)
        board.strokes(treads[stops >= cut + 0.15], ink)
        board.strokes([[(x0, cut - 0.15), (x1, cut + 0.15)], [(x0, cut - 0.22), (x1, cut + 0.08)]], ink)
        if rng.random() < 0.6:
            for tread in treads[stops < cut - 0.15]:
                board.dashes(tread, ink, (0.08, 0.06))
        return
    board.strokes(treads, ink)


def draw_landing(board: Board, width: float, depth: float, ink: Ink) -> None:
    """Two flights side by side and a landing at the back."""
    well = board.rng.choice((0.04, 0.1, 0.2))
    landing = min(depth * 0.4, width / 2)
    half = (width - well) / 2
    draw_flight(board, 0, landing, half, depth, ink)
    draw_flight(board, width - half, landing, width, depth, ink)
    board.line([(0, landing), (width, landing)], ink)
    board.box(half, landing, width - half, depth, ink)
    path = [(half / 2, depth - 0.15), (half / 2, landing / 2), (width - half / 2, landing / 2)]
    board.line(path, ink)
    draw_arrow(board, path[-1], (width - half / 2, depth - 0.3), ink)
    if board.rng.random() < 0.3:
        board.ellipse(half / 2, depth - 0.15, 0.05, 0.05, ink)


def draw_winding(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A flight that turns: steps that fan out around the newel."""
    flight = 0.42 * width
    newel = (width / 2, flight + 0.05)
    turn = board.rng.choice((90, 180))
    count = 4 if turn == 90 else 7
    angles = np.radians(np.linspace(180, 180 + turn, count + 1))
    lines = []
    for angle in angles:
        dx, dy = math.cos(angle), math.sin(angle)
        reach = min(newel[0] / max(abs(dx), 1e-6), newel[1] / max(abs(dy), 1e-6))
        lines.append([(newel[0] + 0.06 * dx, newel[1] + 0.06 * dy), (newel[0] + reach * dx, newel[1] + reach * dy)])
    board.strokes(lines, ink)
    draw_flight(board, 0, newel[1], flight, depth, ink)
    if turn == 180:
        draw_flight(board, width - flight, newel[1], width, depth, ink)
    else:
        count = max(2, round((width - newel[0]) / GOING_M))
        board.strokes([[(x, 0), (x, flight)] for x in np.linspace(newel[0], width, count)], ink)
    walk = arc_points(newel, width * 0.28, flight * 0.6, 180, 180 + turn, 10)
    board.line(np.concatenate([[(flight / 2, depth - 0.1)], walk]), ink)
    board.ellipse(flight / 2, depth - 0.1, 0.04, 0.04, ink)


def draw_spiral(board: Board, width: float, ink: Ink) -> None:
    """A spiral staircase in a circle."""
    radius = width / 2
    board.ellipse(radius, radius, radius, radius, ink, 255)
    board.ellipse(radius, radius, 0.1, 0.1, ink)
    turns = np.radians(np.arange(0, board.rng.choice((270, 330, 360)), board.rng.choice((22.5, 24, 30))))
    ends = np.stack([np.cos(turns), np.sin(turns)], 1)
    middle = np.array([radius, radius])
    board.strokes(np.stack([middle + ends * 0.1, middle + ends * radius], 1), ink)
    board.line(arc_points((radius, radius), radius * 0.65, radius * 0.65, 0, 250, 16), ink)
