"""Sanitary and kitchen symbols. Each is drawn in a frame with its back at y = 0, x from 0 to its width."""

from __future__ import annotations

import numpy as np

from .board import Board, Ink, arc_points
from .truth import Element, Kind


def draw_wc(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A water closet: cistern and bowl."""
    variant = board.rng.randrange(5)
    middle = width / 2
    tank = depth * board.rng.choice((0.22, 0.28, 0.3))
    if variant == 0:
        board.box(0, 0, width, tank, ink, board.paper)
        board.ellipse(middle, tank + (depth - tank) / 2, width * 0.42, (depth - tank) / 2, ink, board.paper)
    elif variant == 1:
        board.rounded(0, 0, width, tank, 0.05, ink, board.paper)
        bowl = arc_points((middle, depth * 0.62), width * 0.45, depth * 0.38, -20, 200, 14)
        board.shape(np.concatenate([[(width * 0.92, tank)], bowl, [(width * 0.08, tank)]]), ink, board.paper)
        board.ellipse(middle, depth * 0.62, width * 0.28, depth * 0.22, ink)
    elif variant == 2:
        board.rounded(width * 0.05, 0, width * 0.95, depth, width * 0.45, ink, board.paper)
        board.line([(width * 0.05, tank), (width * 0.95, tank)], ink)
        board.ellipse(middle, depth * 0.6, width * 0.3, depth * 0.27, ink)
    elif variant == 3:
        bowl = arc_points((middle, depth * 0.55), width * 0.5, depth * 0.45, -30, 210, 14)
        board.shape(np.concatenate([[(width * 0.75, 0)], bowl, [(width * 0.25, 0)]]), ink, board.paper)
        board.box(width * 0.1, 0, width * 0.9, tank * 0.8, ink, board.paper)
    else:
        board.ellipse(middle, depth / 2 + tank / 3, width * 0.45, depth / 2 - tank / 3, ink, board.paper)
        board.line([(0, tank * 0.6), (width, tank * 0.6)], ink)
    board.mark_box(0, 0, width, depth, Element.FIXTURE)
    board.instance(Kind.WC, (middle, depth / 2), width, depth)


def draw_basin(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A wash basin, in a counter if it is wide."""
    rng = board.rng
    variant = rng.randrange(4)
    bowls = 2 if width > 1.15 and rng.random() < 0.7 else 1
    if variant != 3:
        board.box(0, 0, width, depth, ink, board.paper)
    for index in range(bowls):
        middle = width * (index + 0.5) / bowls
        half = min(width / bowls * 0.4, 0.28)
        if variant == 0:
            board.ellipse(middle, depth * 0.52, half, depth * 0.34, ink, board.paper)
        elif variant == 1:
            board.rounded(middle - half, depth * 0.18, middle + half, depth * 0.85, 0.06, ink, board.paper)
        elif variant == 2:
            board.ellipse(middle, depth * 0.52, half, depth * 0.36, ink, board.paper)
            board.ellipse(middle, depth * 0.54, half * 0.75, depth * 0.25, ink)
        else:
            bowl = arc_points((middle, depth * 0.35), half * 1.1, depth * 0.6, 0, 180, 10)
            board.shape(
                np.concatenate([[(middle + half * 1.1, 0), (middle + half * 1.1, depth * 0.3)], bowl]), ink, board.paper
            )
        if rng.random() < 0.5:
            board.ellipse(middle, depth * 0.4, 0.02, 0.02, ink)
        if rng.random() < 0.5:
            board.line([(middle, depth * 0.08), (middle, depth * 0.28)], ink)
    board.mark_box(0, 0, width, depth, Element.FIXTURE)


def draw_bath(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A bathtub with its back at the long wall."""
    variant = board.rng.randrange(4)
    board.box(0, 0, width, depth, ink, board.paper)
    inset = depth * 0.1
    if variant == 0:
        board.rounded(inset, inset, width - inset, depth - inset, depth * 0.3, ink, None)
    elif variant == 1:
        board.ellipse(width / 2, depth / 2, width / 2 - inset, depth / 2 - inset, ink)
    elif variant == 2:
        end = arc_points((width - depth / 2, depth / 2), depth * 0.4, depth * 0.4, -90, 90, 10)
        board.shape(np.concatenate([[(inset, depth * 0.1)], end, [(inset, depth * 0.9)]]), ink)
    else:
        board.shape(
            [
                (inset, inset),
                (width - inset, inset * 1.6),
                (width - inset, depth - inset * 1.6),
                (inset, depth - inset),
            ],
            ink,
        )
    board.ellipse(depth * 0.3, depth / 2, 0.025, 0.025, ink)
    board.mark_box(0, 0, width, depth, Element.FIXTURE)


def draw_shower(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A shower: a tray with a cross, a drain, a curved front, or a spray."""
    variant = board.rng.randrange(9)
    if variant == 5:
        board.shape(np.concatenate([[(0.0, 0.0)], arc_points((0, 0), width, depth, 0, 90, 12)]), ink, board.paper)
    else:
        board.box(0, 0, width, depth, ink, board.paper)
    if variant in (0, 3):
        board.strokes([[(0, 0), (width, depth)], [(width, 0), (0, depth)]], ink)
    if variant in (1, 2, 3):
        inset = 0.06
        board.rounded(inset, inset, width - inset, depth - inset, 0.08, ink, None)
    if variant in (1, 4, 5):
        board.ellipse(width * 0.5, depth * 0.5, 0.05, 0.05, ink)
    if variant == 2:
        board.strokes([[(0.1, 0.1), (width * 0.45, depth * f)] for f in (0.25, 0.4, 0.55)], ink)
    if variant == 4:
        board.dashes(arc_points((0, depth), width, width, -90, 0, 14), ink, (0.1, 0.06))
    if variant == 6:
        half = width / 2
        for x, sweep in ((0.0, (0, 60)), (width, (180, 120))):
            leaf = arc_points((x, depth), half, half, *sweep, 6)
            board.line(leaf, ink)
            board.line([(x, depth), leaf[-1]], ink)
    if variant in (0, 7, 8):
        draw_front(board, 0.0, width * board.rng.choice((0.6, 0.75, 1.0)), depth, ink)
    board.mark_box(0, 0, width, depth, Element.FIXTURE)


def draw_front(board: Board, x: float, width: float, depth: float, ink: Ink) -> None:
    """The door of a shower or of an appliance, open or ajar before it: it looks like a door, but closes no opening."""
    rng = board.rng
    turn = rng.choice((20.0, 30.0, 45.0, 60.0, 90.0))
    hinge, sweep = ((x, depth), (0.0, turn)) if rng.random() < 0.5 else ((x + width, depth), (180.0, 180.0 - turn))
    swept = arc_points(hinge, width, width, *sweep, 8)
    edge = swept if rng.random() < 0.6 else swept[[0, -1]]
    outline = np.concatenate([edge, [hinge]])
    if rng.random() < 0.5:
        board.line(outline, ink)
    else:
        board.dashes(outline, ink, (0.07, 0.05))


def draw_sink(board: Board, x: float, depth: float, ink: Ink) -> None:
    """A kitchen sink let into a counter at `x`; 0.8 m wide."""
    variant = board.rng.randrange(4)
    top, bottom = depth * 0.18, depth * 0.85
    if variant in (0, 1):
        board.rounded(x + 0.05, top, x + 0.75, bottom, 0.04, ink, None)
    splits = ((0.08, 0.38), (0.42, 0.72)) if variant in (0, 2) else ((0.08, 0.46),)
    for a, b in splits:
        board.rounded(x + a, top + 0.04, x + b, bottom - 0.04, 0.06, ink, board.paper)
        board.ellipse(x + (a + b) / 2, depth * 0.5, 0.025, 0.025, ink)
    if variant == 1:
        board.strokes([[(x + f, top + 0.06), (x + f, bottom - 0.06)] for f in (0.52, 0.58, 0.64, 0.7)], ink)
    board.line([(x + 0.4, top - 0.04), (x + 0.4, depth * 0.35)], ink)


def draw_hob(board: Board, x: float, depth: float, ink: Ink) -> None:
    """A hob or a range of 0.6 m with its rings."""
    rng = board.rng
    board.box(x, 0.02, x + 0.6, depth - 0.02, ink, board.paper)
    big = rng.choice((0.08, 0.1, 0.11))
    for index, (cx, cy) in enumerate(((0.17, 0.3), (0.43, 0.3), (0.17, 0.72), (0.43, 0.72))):
        radius = big if index in (0, 3) else big * rng.choice((0.75, 1.0))
        board.ellipse(x + cx, depth * cy, radius, radius, ink)
        if big > 0.09:
            board.ellipse(x + cx, depth * cy, radius * 0.4, radius * 0.4, ink)


def draw_appliance(board: Board, x: float, width: float, depth: float, ink: Ink) -> None:
    """A fridge, an oven, a machine: a box with a cross, a bolt, a circle, or dashed."""
    variant = board.rng.randrange(6)
    if board.rng.random() < 0.12:
        draw_front(board, x, width, depth, ink)
    if variant == 0:
        board.dashes([(x, depth), (x, 0), (x + width, 0), (x + width, depth), (x, depth)], ink, (0.1, 0.06))
        return
    board.box(x, 0, x + width, depth, ink, board.paper)
    if variant == 1:
        board.strokes([[(x, 0), (x + width, depth)], [(x + width, 0), (x, depth)]], ink)
    elif variant == 2:
        board.line([(x, depth), (x + width * 0.55, depth * 0.4), (x + width * 0.5, depth * 0.65), (x + width, 0)], ink)
    elif variant == 3:
        board.ellipse(x + width / 2, depth / 2, width * 0.36, width * 0.36, ink)
    elif variant == 4:
        board.line([(x, depth * 0.88), (x + width, depth * 0.88)], ink)
    else:
        board.rounded(x + 0.05, 0.05, x + width - 0.05, depth - 0.1, 0.08, ink, None)


def draw_counter(board: Board, width: float, depth: float, ink: Ink, contents: tuple[str, ...]) -> None:
    """A run of kitchen counter with what stands in it, from left to right."""
    rng = board.rng
    if not contents and rng.random() < 0.4:
        end = arc_points((width - depth * 0.6, depth / 2), depth * 0.6, depth * 0.6, -130, 130, 14)
        board.shape(np.concatenate([[(0.0, depth)], [(0.0, 0.0)], end]), ink, board.paper)
    else:
        board.box(0, 0, width, depth, ink, board.paper)
    if rng.random() < 0.3:
        board.dashes([(0, depth * 0.6), (width, depth * 0.6)], ink, (0.12, 0.08))
    if rng.random() < 0.25:
        step = 0.6
        board.strokes([[(x, 0), (x, depth)] for x in np.arange(step, width - 0.1, step)], ink)
    x = rng.uniform(0, 0.2)
    sizes = {"sink": 0.8, "hob": 0.6, "fridge": 0.65, "machine": 0.6}
    for index, name in enumerate(contents):
        left = width - x - sum(sizes[later] for later in contents[index:])
        if left < 0:
            break
        x += rng.uniform(0, left / (len(contents) - index))
        if name == "sink":
            draw_sink(board, x, depth, ink)
        elif name == "hob":
            draw_hob(board, x, depth, ink)
        else:
            draw_appliance(board, x, sizes[name], depth, ink)
        x += sizes[name]
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_washer(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A washing machine or a dryer."""
    draw_appliance(board, 0, width, depth, ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)


def draw_boiler(board: Board, width: float, depth: float, ink: Ink) -> None:
    """A water heater: a circle, in a box at times."""
    if board.rng.random() < 0.4:
        board.box(0, 0, width, depth, ink, board.paper)
    radius = min(width, depth) * 0.45
    board.ellipse(width / 2, depth / 2, radius, radius, ink)
    board.mark_box(0, 0, width, depth, Element.FURNITURE)
