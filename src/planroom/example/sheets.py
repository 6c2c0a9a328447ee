"""The paper of a sheet: border, title block, notes, scale bar, north arrow, and the frame that a drawing is placed in.

Paper coordinates are millimetres from the lower left corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from planroom.example.canvas import Pen, box_points
from planroom.example.house import Box, Point
from planroom.example.pdf import PT_PER_MM, PdfCanvas
from planroom.example.variants import PAPERS, Variant
from planroom.units import FOOT_M

FRAME: Final = Pen("A-ANNO-TTLB", 0.7)
THIN: Final = Pen("A-ANNO-TTLB", 0.18)
TEXT: Final = Pen("A-ANNO-TEXT", 0.18)
MARGIN_MM: Final = 10.0
DATE: Final = "2024-03-18"
REVISION: Final = "B"
DRAWN_BY: Final = "KM"


@dataclass(frozen=True, slots=True)
class Label:
    """What a title block prints of its sheet; an empty scale prints nothing."""

    number: str
    title: str
    scale: str


class Paper:
    """One page of the set, with its border drawn: `canvas` in millimetres, `area` the box left for the drawing."""

    def __init__(self, page: Any, variant: Variant, label: Label):
        self.page = page
        self.variant = variant
        width, height, self.factor = PAPERS[variant.paper]
        page.setPageSize((width * PT_PER_MM, height * PT_PER_MM))
        self.size_pt = (round(width * PT_PER_MM, 3), round(height * PT_PER_MM, 3))
        self.canvas = PdfCanvas(page, (0.0, 0.0), PT_PER_MM)
        x0, y0, x1, y1 = MARGIN_MM, MARGIN_MM, width - MARGIN_MM, height - MARGIN_MM
        self.canvas.polyline(box_points(x0, y0, x1, y1), FRAME, closed=True)
        if variant.units == "imperial":
            strip = (x1 - 75 * self.factor, y0, x1, y1)
            self.area: Box = (x0, y0, strip[0], y1)
        else:
            strip = (x0, y0, x1, y0 + 42 * self.factor)
            self.area = (x0, strip[3], x1, y1)
        self.canvas.polyline(box_points(*strip), FRAME, closed=True)
        self._title_block(strip, label, upright=variant.units == "imperial")

    def _title_block(self, strip: Box, label: Label, *, upright: bool) -> None:
        """Cells of label and value, side by side or one over the other."""
        words, factor = self.variant.words, self.factor
        cells = [
            ("project", words("project name"), 3.0, 4.0),
            ("client", words("client name"), 2.0, 3.0),
            ("title", label.title, 3.2, 3.6),
            ("scale", label.scale, 1.4, 3.0),
            ("date", DATE, 1.2, 3.0),
            ("revision", REVISION, 0.8, 3.0),
            ("drawn", DRAWN_BY, 0.9, 3.0),
            ("sheet", label.number, 1.6, 7.0),
        ]
        x0, y0, x1, y1 = strip
        whole = sum(weight for _, _, weight, _ in cells)
        run = (y1 - y0) if upright else (x1 - x0)
        at = 0.0
        for key, value, weight, height in cells:
            size = run * weight / whole
            if upright:
                left, right, top = x0, x1, y1 - at
                self.canvas.line((left, top), (right, top), THIN)
            else:
                left, right, top = x0 + at, x0 + at + size, y1
                self.canvas.line((left, y0), (left, y1), THIN)
            pad = 2.5 * factor
            self.canvas.text(words(key), (left + pad, top - 4 * factor), 1.8 * factor, TEXT, align="left")
            fitted = min(height * factor, (right - left - 2 * pad) / max(1, len(value)) / 0.95)
            self.canvas.text(value, (left + pad, top - 15 * factor), fitted, TEXT, align="left")
            at += size

    def model(self, ratio: int, bounds: Box, *, area: Box | None = None) -> PdfCanvas:
        """A canvas in metres at 1:`ratio` with `bounds` in the middle of the area."""
        x0, y0, x1, y1 = area or self.area
        per_m = 1000 / ratio  # millimetres of paper
        origin = (
            (x0 + x1) / 2 - (bounds[0] + bounds[2]) / 2 * per_m,
            (y0 + y1) / 2 - (bounds[1] + bounds[3]) / 2 * per_m,
        )
        return PdfCanvas(self.page, (origin[0] * PT_PER_MM, origin[1] * PT_PER_MM), per_m * PT_PER_MM)

    def heading(self, title: str, scale: str, at: Point) -> None:
        """A drawing's title, underlined, with its scale below, starting at `at`."""
        height = 4.0 * self.factor
        self.canvas.text(title, at, height, TEXT, align="left")
        line = at[1] - height
        self.canvas.line((at[0], line), (at[0] + len(title) * height, line), FRAME)
        if scale:
            self.canvas.text(scale, (at[0], line - height), 2.5 * self.factor, TEXT, align="left")

    def notes(self, at: Point) -> None:
        """The general notes, downward from `at`."""
        words = self.variant.words
        lines = [words(key) for key in ("notes", f"note {words.lengths}", "note 2", "note 3")]
        for index, line in enumerate(lines):
            place = (at[0], at[1] - index * 5.0 * self.factor)
            self.canvas.text(line, place, (2.2 if index else 3.0) * self.factor, TEXT, align="left")

    def scale_bar(self, ratio: int, right: Point) -> None:
        """A bar of four fields, black and white, numbered in metres or feet, its lower right corner at `right`."""
        unit_m, unit = (FOOT_M, "ft") if self.variant.units == "imperial" else (1.0, "m")
        widest = 28.0 * self.factor
        one = max(v for v in (0.5, 1, 2, 4, 5, 10) if v == 0.5 or v * unit_m * 1000 / ratio <= widest)
        step, high = one * unit_m * 1000 / ratio, 2.0 * self.factor
        x, y = right[0] - 4 * step, right[1]
        for index in range(4):
            corners = box_points(x + index * step, y, x + (index + 1) * step, y + high)
            if index % 2 == 0:
                self.canvas.fill([corners], THIN)
            self.canvas.polyline(corners, THIN, closed=True)
        for index in range(5):
            value = self.variant.words.number(one * index, 0 if one >= 1 else 1)
            text = f"{value} {unit}" if index == 4 else value
            self.canvas.text(text, (x + index * step, y + 2.4 * high), 2.0 * self.factor, TEXT)

    def north_arrow(self, angle_deg: float, at: Point) -> None:
        """A circle with an arrow to the north."""
        r = 8.0 * self.factor
        self.canvas.arc(at, r, 0.0, 360.0, THIN)

        def rim(degrees: float, reach: float) -> Point:
            turn = math.radians(angle_deg + degrees)
            return at[0] + reach * math.cos(turn), at[1] + reach * math.sin(turn)

        self.canvas.fill([[rim(0, r), rim(150, r), at]], THIN)
        self.canvas.polyline([rim(0, r), rim(-150, r), at], THIN, closed=True)
        self.canvas.text("N", rim(0, r * 1.45), 3.0 * self.factor, TEXT)
