"""What can be drawn, whatever it is drawn on.

Frame: the canvas's own units (metres of the house, or millimetres of paper), x to the right, y up, angles in degrees
counter-clockwise. Pens, text heights and dashes are millimetres of paper on every canvas; `mm` is one in its units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from planroom.example.house import Box, Frame, Point

Align = Literal["left", "middle", "right"]
Rings = Sequence[Sequence[Point]]


class Pen(NamedTuple):
    """How a line is drawn: its layer, width and dashes in millimetres of paper, colour as 0xRRGGBB."""

    layer: str
    width_mm: float
    colour: int = 0x000000
    dash_mm: tuple[float, ...] = ()


class Canvas(Protocol):
    """Anything to draw on."""

    mm: float

    def line(self, start: Point, end: Point, pen: Pen) -> None:
        """A straight line."""

    def polyline(self, points: Sequence[Point], pen: Pen, *, closed: bool = False) -> None:
        """Straight lines as one path."""

    def fill(self, rings: Rings, pen: Pen) -> None:
        """An area in the pen's colour; the first ring is its outside, the others are holes."""

    def hatch(self, rings: Rings, spacing_mm: float, pen: Pen) -> None:
        """Lines at 45 degrees inside an area."""

    def arc(self, centre: Point, radius: float, start_deg: float, sweep_deg: float, pen: Pen) -> None:
        """A circular arc, counter-clockwise; 360 degrees make a circle."""

    def text(
        self, string: str, at: Point, height_mm: float, pen: Pen, *, angle_deg: float = 0.0, align: Align = "middle"
    ) -> None:
        """One line of text, `at` halfway up its capitals, `height_mm` high."""

    def dimension(
        self, start: Point, end: Point, base: Point, string: str, height_mm: float, pen: Pen, *, level: bool
    ) -> None:
        """A level or upright dimension from `start` to `end`, its line through `base`."""

    def symbol(self, name: str, layer: str, frame: Frame, draw: Callable[[Canvas], None]) -> None:
        """What `draw` draws, placed at `frame`; canvases that have blocks make one of it."""


class Placed:
    """A canvas whose own frame lies somewhere on another; `dash_mm`, where given, is every pen's."""

    def __init__(self, under: Canvas, frame: Frame, dash_mm: tuple[float, ...] = ()):
        self._under = under
        self._frame = frame
        self._dash_mm = dash_mm
        self.mm = under.mm

    def _own(self, pen: Pen) -> Pen:
        return pen._replace(dash_mm=self._dash_mm) if self._dash_mm else pen

    def line(self, start: Point, end: Point, pen: Pen) -> None:
        """A straight line."""
        self._under.line(self._frame.place(start), self._frame.place(end), self._own(pen))

    def polyline(self, points: Sequence[Point], pen: Pen, *, closed: bool = False) -> None:
        """Straight lines as one path."""
        self._under.polyline([self._frame.place(p) for p in points], self._own(pen), closed=closed)

    def fill(self, rings: Rings, pen: Pen) -> None:
        """An area in the pen's colour."""
        self._under.fill([[self._frame.place(p) for p in ring] for ring in rings], pen)

    def hatch(self, rings: Rings, spacing_mm: float, pen: Pen) -> None:
        """Lines at 45 degrees of the canvas below."""
        self._under.hatch([[self._frame.place(p) for p in ring] for ring in rings], spacing_mm, pen)

    def arc(self, centre: Point, radius: float, start_deg: float, sweep_deg: float, pen: Pen) -> None:
        """An arc; a frame with one flipped axis makes its end the start."""
        flipped = self._frame.flip_x != self._frame.flip_y
        first = math.radians(start_deg + sweep_deg if flipped else start_deg)
        middle = self._frame.place(centre)
        rim = self._frame.place((centre[0] + math.cos(first), centre[1] + math.sin(first)))
        start = math.degrees(math.atan2(rim[1] - middle[1], rim[0] - middle[0]))
        self._under.arc(middle, radius, start % 360, sweep_deg, self._own(pen))

    def text(
        self, string: str, at: Point, height_mm: float, pen: Pen, *, angle_deg: float = 0.0, align: Align = "middle"
    ) -> None:
        """A line of text, never mirrored."""
        angle = angle_deg + self._frame.angle_deg
        self._under.text(string, self._frame.place(at), height_mm, pen, angle_deg=angle, align=align)

    def dimension(
        self, start: Point, end: Point, base: Point, string: str, height_mm: float, pen: Pen, *, level: bool
    ) -> None:
        """A dimension, in frames that are moved but not turned."""
        place = self._frame.place
        self._under.dimension(place(start), place(end), place(base), string, height_mm, pen, level=level)

    def symbol(self, name: str, layer: str, frame: Frame, draw: Callable[[Canvas], None]) -> None:
        """A symbol inside this one."""
        del name, layer
        draw(Placed(self, frame))


class Extent:
    """A canvas that keeps nothing but the box of what was drawn."""

    def __init__(self) -> None:
        self.mm = 1.0
        self._points: list[Point] = []

    @property
    def bounds(self) -> Box:
        """x0, y0, x1, y1 of everything drawn. Raises ValueError where nothing was."""
        xs, ys = [p[0] for p in self._points], [p[1] for p in self._points]
        return min(xs), min(ys), max(xs), max(ys)

    def line(self, start: Point, end: Point, pen: Pen) -> None:
        """Keep both ends."""
        del pen
        self._points += [start, end]

    def polyline(self, points: Sequence[Point], pen: Pen, *, closed: bool = False) -> None:
        """Keep the points."""
        del pen, closed
        self._points += points

    def fill(self, rings: Rings, pen: Pen) -> None:
        """Keep the outside."""
        del pen
        self._points += rings[0]

    def hatch(self, rings: Rings, spacing_mm: float, pen: Pen) -> None:
        """Keep the outside."""
        del spacing_mm, pen
        self._points += rings[0]

    def arc(self, centre: Point, radius: float, start_deg: float, sweep_deg: float, pen: Pen) -> None:
        """Keep the arc as short lines."""
        del pen
        self._points += arc_points(centre, radius, start_deg, sweep_deg)

    def text(
        self, string: str, at: Point, height_mm: float, pen: Pen, *, angle_deg: float = 0.0, align: Align = "middle"
    ) -> None:
        """Texts do not count."""

    def dimension(
        self, start: Point, end: Point, base: Point, string: str, height_mm: float, pen: Pen, *, level: bool
    ) -> None:
        """Dimensions do not count."""

    def symbol(self, name: str, layer: str, frame: Frame, draw: Callable[[Canvas], None]) -> None:
        """Keep what the symbol draws."""
        del name, layer
        draw(Placed(self, frame))


def arc_points(centre: Point, radius: float, start_deg: float, sweep_deg: float) -> list[Point]:
    """An arc as points, every 6 degrees at most."""
    steps = max(2, math.ceil(sweep_deg / 6))
    angles = [math.radians(start_deg + sweep_deg * i / steps) for i in range(steps + 1)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def box_points(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """The corners of a box, counter-clockwise."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
