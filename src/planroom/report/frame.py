"""A PDF page's two frames: as it is displayed, and as its content is written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pikepdf
from pikepdf import Array

from planroom.records import Floats, Sheet

_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """How points of the page as displayed become points of its user space.

    corner: lower left of the visible box in user space. size: its width and height before turning. turn: /Rotate, in
    degrees clockwise. origin, grow: of the sheet's units against displayed points.
    """

    corner: tuple[float, float]
    size: tuple[float, float]
    turn: int
    origin: tuple[float, float]
    grow: float

    def to_user(self, points: Floats) -> Floats:
        """Points (K, 2) in user space."""
        width, height = self.size
        u, v = ((points - self.origin) * self.grow).T
        x, y = {0: (u, v), 90: (width - v, u), 180: (width - u, height - v), 270: (v, height - u)}[self.turn]
        return np.stack([x + self.corner[0], y + self.corner[1]], axis=1)


def frame_of(page: pikepdf.Page, sheet: Sheet) -> Frame:
    """The frame of a PDF page whose displayed extent is the sheet's."""
    x0, y0, x1, y1 = _visible_box(page)
    turn = _whole(_inherited(page, "/Rotate")) % 360 // 90 * 90
    shown_width = x1 - x0 if turn in (0, 180) else y1 - y0
    left, bottom, right, _ = sheet.extent
    return Frame((x0, y0), (x1 - x0, y1 - y0), turn, (left, bottom), shown_width / (right - left))


def _visible_box(page: pikepdf.Page) -> _Box:
    """The crop box, cut to the media box, as viewers show it."""
    media = _box(_inherited(page, "/MediaBox")) or (0.0, 0.0, 612.0, 792.0)
    crop = _box(_inherited(page, "/CropBox")) or media
    x0, y0 = max(media[0], crop[0]), max(media[1], crop[1])
    x1, y1 = min(media[2], crop[2]), min(media[3], crop[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else media


def _inherited(page: pikepdf.Page, name: str) -> pikepdf.Object | None:
    node, seen = page.obj, 0
    while node is not None and seen < 64:  # a damaged page tree may run in circles
        if name in node:
            return node[name]
        node, seen = node.get("/Parent"), seen + 1
    return None


def _box(value: pikepdf.Object | None) -> _Box | None:
    if not isinstance(value, Array) or len(value) != 4:
        return None
    try:
        a, b, c, d = (float(number) for number in value)
    except (TypeError, ValueError):
        return None
    box = min(a, c), min(b, d), max(a, c), max(b, d)
    return box if box[0] < box[2] and box[1] < box[3] else None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
