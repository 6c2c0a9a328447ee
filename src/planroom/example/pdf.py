"""Drawing on a PDF page. Texts become a text layer, every line, arc and area a path of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from shapely import LineString, Polygon

from planroom.example.canvas import Align, Canvas, Pen, Placed, Rings
from planroom.example.house import Box, Frame, Point

PT_PER_MM: Final = 72 / 25.4
CAPITAL: Final = 0.718  # Helvetica's capitals, as a part of the font size


class PdfCanvas:
    """A frame on a page of reportlab: its origin in points and its points per unit."""

    def __init__(self, page: Any, origin_pt: Point, pt_per_unit: float):
        self._page = page
        self._origin = origin_pt
        self._factor = pt_per_unit
        self.mm = PT_PER_MM / pt_per_unit

    def to_pt(self, point: Point) -> Point:
        """A point of the frame as page points."""
        return self._origin[0] + point[0] * self._factor, self._origin[1] + point[1] * self._factor

    def box_pt(self, bounds: Box) -> Box:
        """A box of the frame as page points."""
        x0, y0 = self.to_pt(bounds[:2])
        x1, y1 = self.to_pt(bounds[2:])
        return round(x0, 3), round(y0, 3), round(x1, 3), round(y1, 3)

    def _use(self, pen: Pen) -> None:
        self._page.setLineWidth(pen.width_mm * PT_PER_MM)
        self._page.setDash([d * PT_PER_MM for d in pen.dash_mm])
        red, green, blue = pen.colour >> 16, pen.colour >> 8 & 255, pen.colour & 255
        self._page.setStrokeColorRGB(red / 255, green / 255, blue / 255)
        self._page.setFillColorRGB(red / 255, green / 255, blue / 255)

    def line(self, start: Point, end: Point, pen: Pen) -> None:
        """A path of one line."""
        self._use(pen)
        self._page.line(*self.to_pt(start), *self.to_pt(end))

    def polyline(self, points: Sequence[Point], pen: Pen, *, closed: bool = False) -> None:
        """A path of several lines."""
        self._use(pen)
        self._page.drawPath(self._path([points], closed=closed), stroke=1, fill=0)

    def _path(self, rings: Rings, *, closed: bool) -> Any:
        path = self._page.beginPath()
        for ring in rings:
            path.moveTo(*self.to_pt(ring[0]))
            for point in ring[1:]:
                path.lineTo(*self.to_pt(point))
            if closed:
                path.close()
        return path

    def fill(self, rings: Rings, pen: Pen) -> None:
        """A filled path by the even-odd rule, without an outline."""
        self._use(pen)
        self._page.drawPath(self._path(rings, closed=True), stroke=0, fill=1, fillMode=0)

    def hatch(self, rings: Rings, spacing_mm: float, pen: Pen) -> None:
        """Each hatch line as a path, cut at the area's edges."""
        area = Polygon(rings[0], rings[1:])
        x0, y0, x1, y1 = area.bounds
        step, height = spacing_mm * self.mm * math.sqrt(2), y1 - y0
        first = math.floor((x0 - y0 - height) / step)  # the same family of lines for every area of the sheet
        for index in range(first, math.ceil((x1 - y0) / step) + 1):
            start = index * step + y0
            cut = area.intersection(LineString([(start, y0), (start + height, y1)]))
            for piece in getattr(cut, "geoms", [cut]):
                if isinstance(piece, LineString) and piece.length > 0:
                    self.line(piece.coords[0], piece.coords[-1], pen)

    def arc(self, centre: Point, radius: float, start_deg: float, sweep_deg: float, pen: Pen) -> None:
        """An arc as Bézier curves."""
        self._use(pen)
        x, y = self.to_pt(centre)
        r = radius * self._factor
        path = self._page.beginPath()
        path.arc(x - r, y - r, x + r, y + r, start_deg, sweep_deg)
        if sweep_deg == 360:
            path.close()
        self._page.drawPath(path, stroke=1, fill=0)

    def text(
        self, string: str, at: Point, height_mm: float, pen: Pen, *, angle_deg: float = 0.0, align: Align = "middle"
    ) -> None:
        """Helvetica with capitals of the height."""
        page = self._page
        self._use(pen)
        page.saveState()
        page.translate(*self.to_pt(at))
        page.rotate(angle_deg)
        page.setFont("Helvetica", height_mm * PT_PER_MM / CAPITAL)
        put = {"left": page.drawString, "middle": page.drawCentredString, "right": page.drawRightString}[align]
        put(0, -height_mm * PT_PER_MM / 2, string)
        page.restoreState()

    def dimension(
        self, start: Point, end: Point, base: Point, string: str, height_mm: float, pen: Pen, *, level: bool
    ) -> None:
        """Extension lines, the dimension line with slanted ticks, and the text above it."""
        ends: list[Point] = []
        for point in (start, end):
            foot = (point[0], base[1]) if level else (base[0], point[1])
            ends.append(foot)
            reach = math.dist(point, foot)
            along = ((foot[0] - point[0]) / reach, (foot[1] - point[1]) / reach) if reach else (0.0, 0.0)
            skip, over = 1.5 * self.mm, 1.5 * self.mm
            self.line(
                (point[0] + along[0] * skip, point[1] + along[1] * skip),
                (foot[0] + along[0] * over, foot[1] + along[1] * over),
                pen,
            )
            tick = 1.0 * self.mm
            heavy = pen._replace(width_mm=pen.width_mm * 2)
            self.line((foot[0] - tick, foot[1] - tick), (foot[0] + tick, foot[1] + tick), heavy)
        self.line(ends[0], ends[1], pen)
        middle = ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
        lift = (height_mm / 2 + 0.8) * self.mm
        at = (middle[0], middle[1] + lift) if level else (middle[0] - lift, middle[1])
        self.text(string, at, height_mm, pen._replace(layer="A-ANNO-TEXT"), angle_deg=0.0 if level else 90.0)

    def symbol(self, name: str, layer: str, frame: Frame, draw: Callable[[Canvas], None]) -> None:
        """The symbol's lines, in place."""
        del name, layer
        draw(Placed(self, frame))
