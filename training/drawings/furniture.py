"""Furniture symbols. Each is drawn in a frame with its back at y = 0, x from 0 to its width."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from .board import Board, Ink, arc_points
from .truth import Element, Kind


def draw_bed(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A bed with its head at the wall: pillows, blanket, turned-down corner."""
    rng = board.rng
    variant = rng.randrange(5)
    board.rounded(0, 0, width, depth, rng.choice((0.0, 0.05, 0.12)) + 0.001, ink, board.paper)
    pillows = 2 if width > 1.25 else 1
    if variant != 4:
        for index in range(pillows):
            x = width * (index + 0.5) / pillows
            half = min(0.3, width / pillows * 0.4)
            board.rounded(x - half, 0.08, x + half, 0.42, 0.08, ink, None)
    if variant in (0, 1):
        board.line([(0, 0.55), (width, 0.55)], ink)
    if variant == 1:
        board.line([(0, 0.55), (width * 0.45, 0.95), (width, 0.55)], ink)
    elif variant == 2:
        board.shape([(0, 0.55), (width, 0.55), (width * 0.1, depth * 0.6)], ink)
    elif variant == 3:
        board.line(arc_points((0, 0.5), width * 0.75, 0.6, 0, 90, 10), ink)
    elif variant == 4:
        board.strokes([[(0, depth), (width / pillows, 0.0)]], ink)
        if pillows == 2:
            board.strokes([[(width / 2, 0), (width / 2, depth)]], ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)
    board.instance(Kind.BED, (width / 2, depth / 2), width, depth)


def draw_sofa(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A sofa or an armchair: back, arms, cushions."""
    rng = board.rng
    arm, back = 0.14, 0.2
    radius = rng.choice((0.001, 0.06, 0.12))
    board.rounded(0, 0, width, depth, radius, ink, board.paper)
    board.line([(arm, depth), (arm, back), (width - arm, back), (width - arm, depth)], ink)
    seats = max(1, round((width - 2 * arm) / 0.65))
    for index in range(1, seats):
        x = arm + (width - 2 * arm) * index / seats
        board.line([(x, back), (x, depth)], ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_chair(board: Board, ink: Ink) -> None:
    """A chair of 0.45 m in a frame whose y goes away from the table."""
    size = 0.42
    variant = board.rng.randrange(3)
    if variant == 0:
        board.box(-size / 2, 0.02, size / 2, size, ink, board.paper)
    elif variant == 1:
        board.rounded(-size / 2, 0.02, size / 2, size, 0.1, ink, board.paper)
        board.line([(-size / 2, size * 0.85), (size / 2, size * 0.85)], ink)
    else:
        board.rounded(-size / 2, 0.02, size / 2, size * 0.8, 0.08, ink, board.paper)
        board.line(arc_points((0, size * 0.45), size * 0.6, size * 0.5, 20, 160, 8), ink)


def draw_table(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A table with chairs around it, round, oval or rectangular, inside width x depth."""
    rng = board.rng
    reach = 0.4
    cx, cy = width / 2, depth / 2
    round_one = rng.random() < 0.35
    rx, ry = max(0.25, cx - reach), max(0.25, cy - reach)
    seats: list[tuple[float, float, float]] = []
    if round_one:
        ry = rx = min(rx, ry) if rng.random() < 0.6 else rx
        ry = min(ry, max(0.25, cy - reach))
        count = rng.choice((4, 5, 6, 8))
        for angle in np.arange(count) * (2 * math.pi / count) + rng.choice((0.0, 0.4)):
            seats.append((cx + rx * 0.95 * math.cos(angle), cy + ry * 0.95 * math.sin(angle), float(angle)))
    else:
        per_side = max(1, int(2 * rx / 0.6))
        for index in range(per_side):
            x = cx - rx + 2 * rx * (index + 0.5) / per_side
            seats += [(x, cy - ry, -math.pi / 2), (x, cy + ry, math.pi / 2)]
        if rng.random() < 0.5:
            seats += [(cx - rx, cy, math.pi), (cx + rx, cy, 0.0)]
    for x, y, angle in seats:
        if rng.random() < 0.95:
            draw_chair(board.frame((x, y), (math.sin(angle), -math.cos(angle))), ink)
    if round_one:
        board.ellipse(cx, cy, rx, ry, ink, board.paper)
    else:
        board.rounded(cx - rx, cy - ry, cx + rx, cy + ry, rng.choice((0.001, 0.1)), ink, board.paper)
    board.mark_box(0.05, 0.05, width - 0.05, depth - 0.05, Element.FURNITURE)


def draw_low_table(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A coffee table, a TV bench, a chest of drawers."""
    rng = board.rng
    if rng.random() < 0.2:
        board.ellipse(width / 2, depth / 2, width / 2, depth / 2, ink, board.paper)
    else:
        board.box(0, 0, width, depth, ink, board.paper)
        if rng.random() < 0.5:
            board.box(0.04, 0.04, width - 0.04, depth - 0.04, ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_wardrobe(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A wardrobe: box, rail with hangers, diagonals, or fronts."""
    rng = board.rng
    board.box(0, 0, width, depth, ink, board.paper)
    variant = rng.randrange(6)
    if variant == 0:
        board.line([(0, depth / 2), (width, depth / 2)], ink)
        x = np.arange(0.08, width - 0.05, rng.choice((0.07, 0.1, 0.14)))
        lean = rng.choice((0.0, 0.03, 0.06))
        board.strokes(np.array([[(v, depth * 0.12), (v + lean, depth * 0.88)] for v in x]), ink)
    elif variant == 1:
        count = max(1, round(width / 0.6))
        x = np.linspace(0, width, count + 1)
        board.strokes(np.array([[(v, 0), (v, depth)] for v in x[1:-1]]).reshape(-1, 2, 2), ink)
        board.strokes(np.array([[(a, depth), (b, 0)] for a, b in pairwise(x)]), ink)
    elif variant == 5:
        count = max(1, round(width / 0.5))
        for index in range(count):
            hinge = (width * index / count, depth)
            board.line(arc_points(hinge, width / count, width / count, 0, 60, 8), ink)
            board.line([hinge, arc_points(hinge, width / count, width / count, 0, 60, 1)[-1]], ink)
    elif variant == 2:
        board.dashes([(0, depth * 0.5), (width, depth * 0.5)], ink, (0.12, 0.08))
    elif variant == 3:
        steps = int(width / 0.12)
        points = [
            (0.06 + i * (width - 0.12) / max(1, steps), depth * (0.2 if i % 2 else 0.8)) for i in range(steps + 1)
        ]
        board.line(points, ink)
        board.line([(0, depth / 2), (width, depth / 2)], ink)
    else:
        board.line([(0, depth * 0.9), (width, depth * 0.9)], ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_desk(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A desk with a chair before it; the depth includes the chair."""
    top = depth - 0.5
    board.box(0, 0, width, top, ink, board.paper)
    draw_chair(board.frame((width / 2, top), (1.0, 0.0)), ink)
    board.mark_box(0, 0, width, top, Element.FURNITURE)
    board.mark_box(width / 2 - 0.2, top, width / 2 + 0.2, depth - 0.1, Element.FURNITURE)


def draw_plant(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A potted plant: leaves around a point."""
    cx, cy, radius = width / 2, depth / 2, min(width, depth) / 2
    count = board.rng.randint(5, 11)
    if board.rng.random() < 0.3:
        board.ellipse(cx, cy, radius, radius, ink)
    for angle in np.linspace(0, 2 * math.pi, count, endpoint=False):
        leaf = board.frame((cx, cy), (math.cos(angle), math.sin(angle)))
        leaf.line([(0, 0), (radius * 0.6, radius * 0.22), (radius, 0), (radius * 0.6, -radius * 0.22), (0, 0)], ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_car(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A car seen from above, its length along y."""
    cx = width / 2
    board.rounded(0.08, 0, width - 0.08, depth, 0.45, ink, board.paper)
    for low, high, inset in ((0.24, 0.36, 0.16), (0.78, 0.86, 0.2)):
        board.shape(
            [
                (inset, depth * low),
                (width - inset, depth * low),
                (width - inset - 0.12, depth * high),
                (inset + 0.12, depth * high),
            ],
            ink,
        )
    board.rounded(0.24, depth * 0.38, width - 0.24, depth * 0.76, 0.12, ink, None)
    board.strokes([[(0.15, 0.15), (cx - 0.3, depth * 0.24)], [(width - 0.15, 0.15), (cx + 0.3, depth * 0.24)]], ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_fireplace(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A fireplace or a stove."""
    variant = board.rng.randrange(3)
    board.box(0, 0, width, depth, ink, board.paper)
    if variant == 0:
        board.shape(
            [(width * 0.2, depth), (width * 0.3, depth * 0.3), (width * 0.7, depth * 0.3), (width * 0.8, depth)],
            ink,
            board.paper,
        )
    elif variant == 1:
        board.strokes([[(x, 0), (x - 0.1, depth)] for x in np.arange(0.1, width, 0.09)], ink)
    else:
        board.box(0.1, 0.1, width - 0.1, depth - 0.08, ink, board.paper)
        board.ellipse(width / 2, depth / 2, min(width, depth) * 0.2, min(width, depth) * 0.2, ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_benches(board: Board, width: float, depth: float, ink: Ink) -> None:
    """Sauna benches: boards along the wall, in two steps."""
    count = board.rng.randint(5, 10)
    board.box(0, 0, width, depth, ink, board.paper)
    board.strokes(np.array([[(0, y), (width, y)] for y in np.linspace(0, depth, count)[1:-1]]), ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_piano(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A grand piano."""
    curve = arc_points((width * 0.3, depth * 0.45), width * 0.3, depth * 0.5, 180, 0, 12)
    board.shape(np.concatenate([[(0, depth)], curve, [(width, depth * 0.6), (width, depth)]]), ink, board.paper)
    board.line([(0, depth * 0.88), (width, depth * 0.88)], ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)
