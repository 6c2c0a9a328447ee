"""Doors drawn: hinged ones and cased openings; each with what is true of it: opening, swing, instance."""

from __future__ import annotations

import math

import numpy as np

from .board import Board, Ink, arc_points
from .looks import DoorLook, door_look
from .moving import draw_folding, draw_garage, draw_other, draw_sliding, hang_at
from .plan import Opening, Wall
from .style import Style
from .truth import Element, Kind, Points


def draw_door(board: Board, wall: Wall, opening: Opening, style: Style) -> None:
    """One door or cased opening as the sheet draws it."""
    rng = board.rng
    look = door_look(rng, style.door.grey) if rng.random() < style.mixed else style.door
    half = wall.thickness / 2
    if opening.kind != Kind.OPENING:
        least = max(half, 2.5 / board.px_per_m)
        board.mark(wall.band(opening.start, opening.end, -least, least), Element.DOOR)
    local, width = door_frame(board, wall, opening)
    middle = local.local(board.px([wall.at((opening.start + opening.end) / 2)[0]])[0])
    ink = Ink(max(look.grey, style.thin.grey), style.thin.width_px)
    if opening.kind == Kind.OPENING:
        draw_cased(local, width, half, ink, opening.closet)
        local.instance(opening.kind, middle, width, wall.thickness)
        return
    hinge: tuple[float, float] | None = None
    if opening.kind != Kind.DOOR_SLIDING:
        draw_sills(local, width, half, look, ink)
    if opening.kind == Kind.DOOR_HINGED:
        hinge = draw_hinged(local, width, half, look, ink, opening.closet)
        if opening.entrance and rng.random() < look.series:
            back = local.frame((0, 0), (1, 0), flip=False)
            back.matrix[:, 1] *= -1
            draw_leaf(back, (0.0, half), width, 90.0, look, ink)
    elif opening.kind == Kind.DOOR_DOUBLE:
        draw_pair(local, width, half, look, ink, opening.closet)
    elif opening.kind == Kind.DOOR_SLIDING:
        draw_sliding(local, width, half, ink, opening.closet, style)
    elif opening.kind == Kind.DOOR_FOLDING:
        draw_folding(local, width, half, look, ink)
    elif opening.kind == Kind.DOOR_GARAGE:
        draw_garage(local, width, half, ink)
    else:
        draw_other(local, width, half, ink)
    local.instance(opening.kind, middle, width, wall.thickness, hinge)


def door_frame(board: Board, wall: Wall, opening: Opening) -> tuple[Board, float]:
    """A frame at the hinge's end of the opening, x across the opening, y to the swing's side; and the width."""
    a, b = wall.at(opening.start)[0], wall.at(opening.end)[0]
    if abs(opening.hinge_at - opening.end) < abs(opening.hinge_at - opening.start):
        a, b = b, a
    width = float(np.hypot(*(b - a)))
    along = (b - a) / width
    _, direction = wall.at((opening.start + opening.end) / 2)
    left = np.array([direction[1], -direction[0]]) * opening.side
    flip = float(np.dot((-along[1], along[0]), left)) < 0
    return board.frame(a.tolist(), along.tolist(), flip), width


def draw_sills(board: Board, width: float, half: float, look: DoorLook, ink: Ink) -> None:
    """Lines across the opening, and its frame."""
    near = [(0.0, half), (width, half)]
    far = [(0.0, -half), (width, -half)]
    middle = [(0.0, 0.0), (width, 0.0)]
    table = {"none": [], "near": [near], "far": [far], "both": [near, far], "middle": [middle]}
    board.strokes(table[look.sill], ink)
    if look.jamb == "none" or half * board.px_per_m < 2:
        return
    size, over = {"box": (0.05, 0.0), "stub": (0.03, 0.02), "post": (0.08, 0.04)}[look.jamb]
    reach = half + over
    starts = (-size / 2, width - size / 2) if look.jamb == "post" else (0.0, width - size)
    for x in starts:
        board.box(x, -reach, x + size, reach, ink, 255)


def draw_hinged(board: Board, width: float, half: float, look: DoorLook, ink: Ink, closet: bool) -> tuple[float, float]:
    """A single leaf; its hinge."""
    angle = look.closet_angle if closet and look.closet_angle and board.rng.random() < 0.5 else look.angle
    hinge = (0.0, hang_at(look, half))
    draw_leaf(board, hinge, width, angle, look, ink)
    return hinge


def draw_leaf(board: Board, hinge: tuple[float, float], width: float, angle: float, look: DoorLook, ink: Ink) -> None:
    """A leaf that hangs at `hinge`, closed along +x, open towards +y, with its arc and its swing in the truth."""
    sector = arc_points(hinge, width, width, 0, max(angle, 20), 10)
    board.mark_swing(np.concatenate([[hinge], sector]))
    turned = board.frame(hinge, (math.cos(math.radians(angle)), math.sin(math.radians(angle))))
    slab = board.rng.choice((0.03, 0.04, 0.05, 0.07)) if look.leaf != "line" else 0.0
    if look.leaf == "line":
        turned.line([(0, 0), (width, 0)], ink)
    elif look.leaf == "slab":
        turned.box(0, -slab, width, 0, ink, 255)
    elif look.leaf == "bar":
        turned.line([(0, -slab / 2), (width, -slab / 2)], Ink(ink.grey, max(ink.width_px, slab * board.px_per_m)))
    tip = sector[-1] if angle >= 20 else arc_points(hinge, width, width, 0, angle, 1)[-1]
    end = (hinge[0] + width, hinge[1])
    light = ink.lighter(look.arc_grey)
    if look.arc == "chord":
        board.line([tip, end], light)
    elif look.arc == "solid":
        board.arc(hinge, width, 0, angle, light)
    elif look.arc == "dashed":
        board.dashes(arc_points(hinge, width, width, 0, angle, 24), light, (width / 24, width / 24))


def draw_pair(board: Board, width: float, half: float, look: DoorLook, ink: Ink, closet: bool) -> None:
    """Two leaves that meet; equal or a wide and a narrow one."""
    share = board.rng.choice((0.5, 0.5, 0.5, 0.5, 0.67, 0.72)) if not closet else 0.5
    angle = look.closet_angle if closet and look.closet_angle else look.angle
    y = hang_at(look, half)
    draw_leaf(board, (0.0, y), width * share, angle, look, ink)
    mirror = board.frame((width, 0.0), (-1.0, 0.0), flip=True)
    draw_leaf(mirror, (0.0, y), width * (1 - share), angle, look, ink)


def draw_cased(board: Board, width: float, half: float, ink: Ink, closet: bool) -> None:
    """An opening without a leaf: nothing, its lintel's edges, or a line for the front of a closet."""
    chance = board.rng.random()
    edges: list[Points] = [np.array([(0, y), (width, y)]) for y in (-half, half)]
    if closet and chance > 0.38:
        board.line(edges[1] if chance > 0.6 else edges[0], ink)
    elif chance < 0.3:
        for edge in edges:
            board.dashes(edge, ink, (0.12, 0.08))
    elif chance < 0.38:
        board.strokes(np.array(edges), ink)
