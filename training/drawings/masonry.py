"""Walls drawn on the board: bodies, fills, hatches, layers, outlines."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .board import Board
from .looks import WallLook
from .plan import OUTSIDE, Plan, Wall
from .rooms import Region, fill_band, fill_walls, half_of
from .style import Style
from .truth import Element, Kind, Mask

SLACK_M = 0.01
"""By how much openings are cut wider than a wall is thick."""


def draw_walls(board: Board, plan: Plan, style: Style, at: Region) -> None:
    """Draw all walls but their openings, and say in the truth where they are."""
    outer = fill_walls(board, plan, at, ("outer", "party"))
    inner = fill_walls(board, plan, at, ("inner", "bearing"))
    gaps = np.zeros_like(outer)
    for block in plan.blocks:
        fill_band(board, outer, at, block)
    for wall in plan.walls:
        half = half_of(board, wall) + SLACK_M
        for opening in wall.openings:
            fill_band(board, gaps, at, wall.band(opening.start, opening.end, -half, half))
            if opening.kind == Kind.OPENING:
                board.mark(wall.band(opening.start, opening.end, -half, half), Element.ROOM)
    closed = cv2.bitwise_or(outer, inner)
    gaps = cv2.bitwise_not(gaps)
    solid = cv2.bitwise_and(closed, gaps)
    at.of(board.sheet.classes)[solid > 0] = Element.WALL
    inner = cv2.bitwise_and(cv2.bitwise_and(inner, cv2.bitwise_not(outer)), gaps)
    for mask, look in ((inner, style.inner), (cv2.bitwise_and(outer, gaps), style.outer)):
        fill_body(board, at, mask, look, style, closed)
    outlined = solid if style.caps else cv2.bitwise_and(closed, cv2.bitwise_not(doorways(board, plan, at)))
    if style.joints:
        outline_each(board, plan, style)
    else:
        draw_contours(board, at, outlined, style)
    for wall in plan.walls:
        look = style.outer if wall.kind in ("outer", "party") else style.inner
        if wall.kind not in ("virtual", "rail") and look.hatch in ("zigzag", "coil", "ladder"):
            draw_along(board, wall, look, style)
        if wall.kind == "rail":
            draw_rail(board, wall, style)


def doorways(board: Board, plan: Plan, at: Region) -> Mask:
    """The openings of doors, without those of windows."""
    mask = np.zeros((at.y1 - at.y0, at.x1 - at.x0), np.uint8)
    for wall in plan.walls:
        half = half_of(board, wall) + SLACK_M
        for opening in wall.openings:
            if opening.kind != Kind.WINDOW:
                fill_band(board, mask, at, wall.band(opening.start, opening.end, -half, half))
    return mask


def draw_rail(board: Board, wall: Wall, style: Style) -> None:
    """The edge of a balcony or a terrace: one line to three, or dashes, often with posts; no wall, and no windows."""
    variant = board.rng.random()
    if variant < 0.2:
        board.dashes(wall.points, style.thin, (0.15, 0.1))
        return
    board.line(wall.points, style.thin)
    offset = 0.0
    if variant > 0.35:
        offset = wall.thickness if variant > 0.7 else -wall.thickness
        path, normals = wall.path(-wall.grow[0], wall.length + wall.grow[1])
        for share in (1.0, 0.5) if 0.6 < variant < 0.85 else (1.0,):
            board.line(path + normals * share * offset, style.thin)
    if board.rng.random() < 0.5:
        draw_rail_posts(board, wall, offset, style)


def draw_rail_posts(board: Board, wall: Wall, offset: float, style: Style) -> None:
    """Posts along a rail, as strokes between its lines or as small squares, evenly apart."""
    rng = board.rng
    panes = max(1, round(wall.length / rng.choice((rng.uniform(0.8, 2.6), rng.uniform(2.0, 4.0)))))
    half, fill = rng.uniform(0.03, 0.12), rng.choice((0, style.wall_ink.grey, 255))
    is_stroke = bool(offset) and rng.random() < 0.5
    for along in np.linspace(0, wall.length, panes + 1):
        point, normal = wall.at(float(along))
        if is_stroke:
            board.line([point, point + normal * offset], style.thin)
        else:
            x, y = (point + normal * offset / 2).tolist()
            board.box(x - half, y - half, x + half, y + half, style.thin, fill)


def fill_body(board: Board, at: Region, mask: Mask, look: WallLook, style: Style, closed: Mask) -> None:
    """Fill walls with grey, or with a pattern between their faces."""
    view = at.of(board.sheet.image)
    if look.fill is not None:
        view[mask > 0] = look.fill
        return
    view[mask > 0] = 255
    if look.layers and min(mask.shape) > 16:
        inside = np.where((closed > 0) | (at.of(board.sheet.uses) > 0), 255, 0).astype(np.uint8)
        depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
        thick = style.thickness.outer * board.px_per_m
        lines = np.zeros_like(mask)
        for layer in look.layers:
            if layer < 0.99:
                edge, _ = cv2.findContours(
                    (depth > layer * thick).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
                )
                cv2.drawContours(lines, edge, -1, 255, 1)
        grey, _ = style.thin.drawn()
        view[(lines > 0) & (mask > 0)] = grey
        if len(look.layers) == 2:
            low, high = look.layers
            if look.facing and low * thick > 4:
                brick = pattern(board, look._replace(hatch="diagonal", pitch=0.7 * look.pitch), style, mask.shape)
                np.copyto(view, np.minimum(view, brick), where=(mask > 0) & (depth <= low * thick))
            mask = np.where((depth > low * thick) & (depth < high * thick), mask, 0).astype(np.uint8)
    if look.hatch in ("diagonal", "cross", "brick", "dots", "board"):
        tone = pattern(board, look, style, mask.shape)
        np.copyto(view, np.minimum(view, tone), where=mask > 0)


def pattern(board: Board, look: WallLook, style: Style, shape: tuple[int, int]) -> Mask:
    """A grey image of a hatch that covers a plan."""
    out = np.full(shape, 255, np.uint8)
    height, width = shape
    step = max(3.0, look.pitch * board.px_per_m)
    grey, _ = style.thin.drawn()
    if look.hatch == "dots":
        count = int(min(60_000, height * width / (step * step) * 2))
        spread = np.random.default_rng(board.rng.randrange(1 << 30))
        out[spread.integers(0, height, count), spread.integers(0, width, count)] = grey
        return out
    sides = (1, -1) if look.hatch == "cross" else (0,) if look.hatch == "board" else (1,)
    starts = np.arange(-height, width + height, step * (1.4 if sides != (0,) else 1.0))
    if look.hatch == "brick":
        starts = np.sort(np.concatenate([starts, starts + max(2.0, step * 0.3)]))
    for side in sides:
        ends = starts + height * side
        lines = np.stack([starts, np.zeros_like(starts), ends, np.full_like(starts, height)], 1)
        if side == 0:
            lines = np.stack([np.zeros_like(starts), starts, np.full_like(starts, width), starts], 1)
        cv2.polylines(out, list(np.rint(lines * 16).astype(np.int32).reshape(-1, 2, 2)), False, grey, 1, cv2.LINE_AA, 4)
    return out


def draw_contours(board: Board, at: Region, solid: Mask, style: Style) -> None:
    """Draw the faces of walls around the solid bodies."""
    if not (style.outer.outline or style.inner.outline):
        return
    contours, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(at.x0, at.y0))
    simple = [cv2.approxPolyDP(contour, 0.9, True) for contour in contours]
    grey, width = style.wall_ink.drawn()
    if not style.overshoot:
        cv2.polylines(board.sheet.image, simple, True, grey, width, cv2.LINE_AA)
        return
    over = style.overshoot * board.px_per_m
    for contour in simple:
        starts = contour[:, 0].astype(np.float64)
        steps = np.roll(starts, -1, 0) - starts
        steps *= over / np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1.0)[:, None]
        lines = np.stack([starts - steps, np.roll(starts, -1, 0) + steps], 1)
        cv2.polylines(board.sheet.image, list(np.rint(lines).astype(np.int32)), False, grey, width, cv2.LINE_AA)


def outline_each(board: Board, plan: Plan, style: Style) -> None:
    """Draw the outline of each stretch of wall by itself."""
    for wall in plan.walls:
        if wall.kind in ("virtual", "rail"):
            continue
        for start, end in wall.solids():
            half = half_of(board, wall)
            board.shape(wall.band(start, end, -half, half), style.wall_ink)


def draw_along(board: Board, wall: Wall, look: WallLook, style: Style) -> None:
    """Draw hatches that follow a wall: insulation in zigzag or coils, boards across."""
    low, high = look.layers if len(look.layers) == 2 else (0.0, 1.0)
    if wall.right == OUTSIDE:
        low, high = 1 - high, 1 - low
    near, far = (0.5 - high) * wall.thickness, (0.5 - low) * wall.thickness
    step = max(look.pitch * 0.8, 2.5 / board.px_per_m)
    if (far - near) * board.px_per_m < 2.5:
        return
    for start, end in wall.solids():
        stops = np.arange(max(start, -near), min(end, wall.length + near), step)
        if len(stops) < 2:
            continue
        if look.hatch == "zigzag":
            points = [wall.band(s, s, near if i % 2 else far, 0)[0] for i, s in enumerate(stops)]
            board.line(np.array(points), style.thin)
        elif look.hatch == "coil":
            coil = np.linspace(stops[0], stops[-1], 6 * len(stops))
            turn = (coil - stops[0]) / step * math.pi
            offsets = (near + far) / 2 + (far - near) / 2 * np.cos(turn)
            back = 0.45 * step * np.sin(2 * turn)  # the loops lean over, so that they nearly touch
            points = [wall.band(s, s, y, 0)[0] for s, y in zip((coil + back).tolist(), offsets.tolist(), strict=True)]
            board.line(np.array(points), style.thin)
        else:
            board.strokes(np.array([wall.band(s, s, near, far)[[0, 2]] for s in stops]), style.thin)
