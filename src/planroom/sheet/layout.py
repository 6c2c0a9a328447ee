"""Which part of a sheet belongs to which title.

Most drawings stand above their titles, and white space tells them apart: ink that hangs together is one piece, and goes
to the title that it holds or stands on. Where a piece holds several, each cell of it goes to the title that suits it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.records import Floats, Page

_CELLS = 240  # along the sheet's long side
_LARGE = 0.07  # of the long side: a piece that is a drawing of its own, not a word
_BORDER = 0.7  # of the sheet: longer lines are its border
_NEAR = 0.05  # of the long side: words that belong to the drawing beside them
_SIDEWAYS = 0.5  # what a step beside a title costs, in steps above it
_UNDER = 3.0  # what a step below it costs
Box = tuple[float, float, float, float]
Cells = NDArray[np.uint8]


class _Piece(NamedTuple):
    """Ink that hangs together: its number, its box in sheet units, its cells."""

    label: int
    box: Box
    area: int


def share_out(page: Page, anchors: list[Box], block: Box | None) -> list[tuple[Box, float]]:
    """For each title its part of the sheet, in sheet units, and its share of the ink.

    anchors: the boxes of titles with what stands by them. block: the title block, which belongs to none.
    """
    x0, y0, x1, y1 = page.extent
    long_side = max(x1 - x0, y1 - y0)
    step = long_side / _CELLS
    ink = _ink(page, step)
    if block:
        ink[_cells(block, page.extent, step)] = 0
    count, label, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pieces = [_piece(k, stats[k].tolist(), page.extent, step) for k in range(1, count)]
    pieces = [piece for piece in pieces if not _is_frame(piece, page.extent, step)]
    large = [p for p in pieces if max(p.box[2] - p.box[0], p.box[3] - p.box[1]) > _LARGE * long_side]
    boxes, shares = list(anchors), [0.0] * len(anchors)
    kept: list[tuple[Box, int]] = []
    for piece in large:
        inside = [k for k, anchor in enumerate(anchors) if _gap(piece.box, _middle(anchor)) == 0]
        if len(inside) < 2:
            owner = inside[0] if inside else _stands_on(piece.box, anchors)
            kept.append((piece.box, owner))
            boxes[owner] = _joined(boxes[owner], piece.box)
            shares[owner] += piece.area
            continue
        rows, columns = np.nonzero(label == piece.label)
        x: Floats = x0 + (columns.astype(np.float64) + 0.5) * step
        y: Floats = y0 + (rows.astype(np.float64) + 0.5) * step
        owners = np.argmin(np.stack([_cost(anchors[k], x, y) for k in inside]), axis=0)
        for i, owner in enumerate(inside):
            own = owners == i
            if own.any():
                part = (float(x[own].min()), float(y[own].min()), float(x[own].max()), float(y[own].max()))
                kept.append((part, owner))
                boxes[owner] = _joined(boxes[owner], part)
                shares[owner] += float(own.sum())
    for piece in pieces:
        near = min(kept, key=lambda k: _gap(k[0], _middle(piece.box)), default=None)
        if near and _gap(near[0], _middle(piece.box)) < _NEAR * long_side:
            boxes[near[1]] = _joined(boxes[near[1]], piece.box)
    whole = sum(shares) or 1.0
    return [(box, share / whole) for box, share in zip(boxes, shares, strict=True)]


def _piece(label: int, stats: list[int], extent: Box, step: float) -> _Piece:
    left, low, wide, high, area = stats
    x, y = extent[0] + left * step, extent[1] + low * step
    return _Piece(label, (x, y, x + wide * step, y + high * step), area)


def _is_frame(piece: _Piece, extent: Box, step: float) -> bool:
    """Whether a piece is the sheet's border or a rule: it encloses nearly everything, or is a single long line."""
    wide, high = piece.box[2] - piece.box[0], piece.box[3] - piece.box[1]
    across, up = extent[2] - extent[0], extent[3] - extent[1]
    ring = wide > 0.75 * across and high > 0.75 * up and piece.area * step * step < 0.06 * wide * high
    return ring or (min(wide, high) < 2.5 * step and max(wide, high) > 0.3 * min(across, up))


def _stands_on(box: Box, anchors: list[Box]) -> int:
    """The title that a piece stands on: under its lower edge, the nearest; else the nearest of all."""
    reach = 0.15 * (box[3] - box[1])

    def cost(k: int) -> tuple[bool, float]:
        anchor = anchors[k]
        aside = max(0.0, anchor[0] - box[2], box[0] - anchor[2])
        below = (anchor[1] + anchor[3]) / 2 < box[1] + reach
        return not below, max(0.0, box[1] - anchor[3]) + max(0.0, anchor[1] - box[3]) + _SIDEWAYS * aside

    return min(range(len(anchors)), key=cost)


def _cost(anchor: Box, x: Floats, y: Floats) -> Floats:
    """How far cells are from belonging to a title: upward is near, sideways farther, below far."""
    aside = np.maximum(np.maximum(anchor[0] - x, x - anchor[2]), 0)
    above, under = np.maximum(y - anchor[3], 0), np.maximum(anchor[1] - y, 0)
    cost: Floats = above + _SIDEWAYS * aside + _UNDER * under + np.where(under > 0, _SIDEWAYS * aside, 0)
    return cost


def _ink(page: Page, step: float) -> Cells:
    """Cells (rows upward, columns) that hold lines, without the long ones of borders; 1 where there is ink."""
    x0, y0, x1, y1 = page.extent
    shape = (int(np.ceil((y1 - y0) / step)) + 1, int(np.ceil((x1 - x0) / step)) + 1)
    segments = page.linework.segments_xyxy
    ink = np.zeros(shape, np.uint8)
    if len(segments) == 0:
        small = cv2.resize(page.picture_bgr.min(axis=2), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
        ink[:] = (small < 235)[::-1]
        return ink
    reach = np.abs(segments[:, 2:] - segments[:, :2])
    kept = segments[(reach[:, 0] < _BORDER * (x1 - x0)) & (reach[:, 1] < _BORDER * (y1 - y0))]
    cells = np.ceil(np.abs(kept[:, 2:] - kept[:, :2]).max(axis=1) / step) if len(kept) else np.zeros(0)
    for most in (1, 8, max(shape)):
        some = kept[(cells <= most) & (cells > {1: -1, 8: 1}.get(most, 8))]
        for share in np.linspace(0, 1, most + 1) if len(some) else ():
            at = some[:, :2] + share * (some[:, 2:] - some[:, :2])
            column, row = ((at[:, 0] - x0) / step).astype(int), ((at[:, 1] - y0) / step).astype(int)
            inside = (column >= 0) & (column < shape[1]) & (row >= 0) & (row < shape[0])
            ink[row[inside], column[inside]] = 1
    return ink


def _cells(box: Box, extent: Box, step: float) -> tuple[slice, slice]:
    a, b, c, d = (int((v - e) / step) for v, e in zip(box, (extent[0], extent[1]) * 2, strict=True))
    return slice(max(b, 0), d + 2), slice(max(a, 0), c + 2)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _gap(box: Box, point: tuple[float, float]) -> float:
    """How far a point lies outside a box."""
    x, y = point
    return max(box[0] - x, 0.0, x - box[2]) + max(box[1] - y, 0.0, y - box[3])


def _joined(one: Box, two: Box) -> Box:
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])
