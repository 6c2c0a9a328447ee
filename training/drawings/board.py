"""The drawing board: lines and fills in metres on a grey sheet, and the truth drawn beside them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from .truth import Element, Kind, Mask, Points

SHIFT = 4
ONE = 1 << SHIFT
NAN = float("nan")


Line = Points | Sequence[Sequence[float]] | Sequence[Points]
"""Points, (n, 2)."""
Lines = Points | Sequence[Sequence[Sequence[float]]] | Sequence[Sequence[Points]]
"""Lines of equally many points, (n, k, 2)."""


class Ink(NamedTuple):
    """A pen: grey level (0 black) and width in pixels; below one pixel it gets lighter instead of thinner."""

    grey: int = 0
    width_px: float = 1.0

    def drawn(self) -> tuple[int, int]:
        """The grey and the whole width it is drawn with."""
        if self.width_px >= 1:
            return self.grey, max(1, round(self.width_px))
        return round(255 - (255 - self.grey) * max(self.width_px, 0.3)), 1

    def lighter(self, grey: int) -> Ink:
        """The same pen with ink at least as light as `grey`."""
        return Ink(max(self.grey, grey), self.width_px)

    def times(self, factor: float) -> Ink:
        """The same ink with another width."""
        return Ink(self.grey, self.width_px * factor)


class Sheet(NamedTuple):
    """What is drawn on: the picture, its truth, and the lists that fill as things are drawn. Pixels."""

    image: Mask
    classes: Mask
    uses: Mask
    instances: list[tuple[float, ...]]
    labels: list[tuple[float, float, float, float]]


class Board:
    """Draws on a `Sheet` in a frame of metres. Frames share the sheet; not for several threads."""

    def __init__(self, sheet: Sheet, matrix: Points, rng: random.Random, paper: int = 255) -> None:
        self.sheet = sheet
        self.matrix = matrix
        self.rng = rng
        self.paper = paper
        """The grey that things are filled with."""
        self.px_per_m = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))

    def frame(self, origin: Sequence[float], along: Sequence[float], flip: bool = False) -> Board:
        """A board whose origin is `origin` and whose x axis goes `along` (a unit vector); `flip` mirrors its y."""
        ax, ay = along
        across = (ay, -ax) if flip else (-ay, ax)
        local = np.array([[ax, across[0], origin[0]], [ay, across[1], origin[1]], [0.0, 0.0, 1.0]])
        return Board(self.sheet, self.matrix @ local, self.rng, self.paper)

    def px(self, points: Line) -> Points:
        """`points` in pixels, (n, 2)."""
        array = np.asarray(points, np.float64).reshape(-1, 2)
        moved: Points = array @ self.matrix[:, :2].T + self.matrix[:, 2]
        return moved

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """One point in pixels."""
        (px, py), *_ = self.px([(x, y)]).tolist()
        return px, py

    def local(self, point: Points) -> tuple[float, float]:
        """Where a point given in pixels lies in this frame."""
        x, y = np.linalg.solve(self.matrix[:, :2], point - self.matrix[:, 2]).tolist()
        return x, y

    def fixed(self, points: Line) -> npt.NDArray[np.int32]:
        """`points` in sixteenths of a pixel, as the drawing calls take them."""
        return np.rint(np.clip(self.px(points), -8000, 8000) * ONE).astype(np.int32)

    def line(self, points: Line, ink: Ink, closed: bool = False) -> None:
        """One polyline."""
        grey, width = ink.drawn()
        cv2.polylines(self.sheet.image, [self.fixed(points)], closed, grey, width, cv2.LINE_AA, SHIFT)

    def strokes(self, segments: Lines, ink: Ink) -> None:
        """Many segments of equal length in points: (n, k, 2)."""
        array = np.asarray(segments, np.float64)
        if not array.size:
            return
        grey, width = ink.drawn()
        fixed = self.fixed(array.reshape(-1, 2)).reshape(array.shape)
        cv2.polylines(self.sheet.image, list(fixed), False, grey, width, cv2.LINE_AA, SHIFT)

    def shape(self, points: Line, ink: Ink | None = None, fill: int | None = None) -> None:
        """A closed polygon, filled with a grey, outlined with a pen, or both."""
        fixed = self.fixed(points)
        if fill is not None:
            cv2.fillPoly(self.sheet.image, [fixed], fill, cv2.LINE_AA, SHIFT)
        if ink is not None:
            grey, width = ink.drawn()
            cv2.polylines(self.sheet.image, [fixed], True, grey, width, cv2.LINE_AA, SHIFT)

    def box(self, x0: float, y0: float, x1: float, y1: float, ink: Ink | None = None, fill: int | None = None) -> None:
        """A rectangle in this frame."""
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], ink, fill)

    def rounded(self, x0: float, y0: float, x1: float, y1: float, radius: float, ink: Ink, fill: int | None) -> None:
        """A rectangle with round corners."""
        r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
        corners = [(x1 - r, y1 - r, 0.0), (x0 + r, y1 - r, 90.0), (x0 + r, y0 + r, 180.0), (x1 - r, y0 + r, 270.0)]
        self.shape(np.concatenate([arc_points((x, y), r, r, a, a + 90, 5) for x, y, a in corners]), ink, fill)

    def arc(self, centre: Sequence[float], radius: float, start_deg: float, end_deg: float, ink: Ink) -> None:
        """A circular arc."""
        steps = max(6, int(abs(end_deg - start_deg) * (radius * self.px_per_m) ** 0.5 / 40))
        self.line(arc_points(centre, radius, radius, start_deg, end_deg, steps), ink)

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, ink: Ink | None, fill: int | None = None) -> None:
        """An ellipse along this frame's axes."""
        steps = max(8, int(4 * (max(rx, ry) * self.px_per_m) ** 0.5))
        self.shape(arc_points((cx, cy), rx, ry, 0, 360, steps), ink, fill)

    def dashes(self, points: Line, ink: Ink, pattern: Sequence[float]) -> None:
        """A polyline in dashes; `pattern` is on, off, on, off ... in metres."""
        array = np.asarray(points, np.float64)
        pieces: list[Points] = []
        period = sum(pattern)
        for a, b in pairwise(array):
            length = float(np.hypot(*(b - a)))
            if length <= 0 or period * self.px_per_m < 2:
                continue
            starts = np.arange(0, length, period)
            offset = 0.0
            for on, off in zip(pattern[::2], pattern[1::2], strict=True):
                first = np.minimum(starts + offset, length) / length
                last = np.minimum(starts + offset + on, length) / length
                pieces.append(np.stack([a + first[:, None] * (b - a), a + last[:, None] * (b - a)], 1))
                offset += on + off
        if pieces:
            self.strokes(np.concatenate(pieces), ink)

    def mark(self, points: Line, element: Element) -> None:
        """Say in the truth that this polygon is `element`."""
        cv2.fillPoly(self.sheet.classes, [np.rint(self.px(points)).astype(np.int32)], int(element))

    def mark_swing(self, points: Line) -> None:
        """Say in the truth that a leaf sweeps this polygon, as far as nothing but floor or paper is there."""
        corners = np.rint(self.px(points)).astype(np.int32)
        height, width = self.sheet.classes.shape
        x0, y0 = np.clip(corners.min(0), 0, (width, height))
        x1, y1 = np.clip(corners.max(0) + 1, 0, (width, height))
        view = self.sheet.classes[y0:y1, x0:x1]
        if not view.size:
            return
        inside = np.zeros(view.shape, np.uint8)
        cv2.fillPoly(inside, [corners - (x0, y0)], 1)
        view[(inside > 0) & ((view == Element.ROOM) | (view == Element.OTHER))] = Element.SWING

    def mark_box(self, x0: float, y0: float, x1: float, y1: float, element: Element) -> None:
        """Say in the truth that this rectangle is `element`."""
        self.mark([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], element)

    def instance(
        self,
        kind: Kind,
        centre: Sequence[float],
        length_m: float,
        thickness_m: float,
        hinge: Sequence[float] | None = None,
    ) -> None:
        """Record an instance whose length lies along this frame's x axis."""
        x, y = self.px([centre])[0]
        hx, hy = self.px([hinge])[0] if hinge is not None else (NAN, NAN)
        along, across = self.matrix[:, 0], self.matrix[:, 1]
        angle = math.atan2(along[1], along[0])
        length, thickness = length_m * math.hypot(*along), thickness_m * math.hypot(*across)
        self.sheet.instances.append((float(kind), x, y, angle, length, thickness, hx, hy))


def arc_points(
    centre: Sequence[float], rx: float, ry: float, start_deg: float, end_deg: float, steps: int = 16
) -> Points:
    """Points on an elliptic arc, (steps + 1, 2)."""
    angles = np.radians(np.linspace(start_deg, end_deg, steps + 1))
    return np.stack([centre[0] + rx * np.cos(angles), centre[1] + ry * np.sin(angles)], 1)
