"""A house's plans drawn as an architect draws them, storey by storey on the sheets of one PDF."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from reportlab.pdfgen.canvas import Canvas as Page
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from houses_plan import Plan, Space
from houses_styles import Style
from houses_symbols import draw_door, draw_lines, draw_stair, draw_window, widened
from planroom.example.canvas import Pen, box_points
from planroom.example.pdf import PT_PER_MM, PdfCanvas
from planroom.example.walls import draw_edges, rings_of

_PAPERS_MM: Final = ((420.0, 297.0), (594.0, 420.0), (841.0, 594.0), (1189.0, 841.0))
_MARGIN_MM: Final = 10.0
_BLOCK_MM: Final = (150.0, 42.0)  # of a title block in the corner
_STRIP_MM: Final = 26.0
_AROUND_MM: Final = 34.0  # of dimension strings on each side
_HATCH: Final = Pen("", 0.13, 0x303030)
_FILLS: Final = {"solid": Pen("", 0.1, 0x202020), "grey": Pen("", 0.1, 0xB0B0B0)}
_SHORTEST_M: Final = 0.05  # a length that nobody writes down


class Sheet:
    """One sheet: `canvas` in millimetres of paper, `model` in the house's metres."""

    def __init__(self, page: Any, plan: Plan, style: Style):
        self.style, self._plan = style, plan
        x0, y0, x1, y1 = shapely.union_all([*plan.body.values(), plan.overhang, *plan.fronts]).bounds
        per_m = 1000 / style.ratio
        wide, high = (x1 - x0) * per_m + 2 * _AROUND_MM, (y1 - y0) * per_m + 2 * _AROUND_MM
        below = _STRIP_MM if style.block == "strip" else _BLOCK_MM[1]
        fits = (p for p in _PAPERS_MM if p[0] > wide + 2 * _MARGIN_MM and p[1] > high + below + 2 * _MARGIN_MM)
        self.size_mm = next(fits, _PAPERS_MM[-1])
        page.setPageSize((self.size_mm[0] * PT_PER_MM, self.size_mm[1] * PT_PER_MM))
        self.canvas = PdfCanvas(page, (0.0, 0.0), PT_PER_MM)
        middle = self.size_mm[0] / 2, (self.size_mm[1] + below) / 2
        origin = middle[0] - (x0 + x1) / 2 * per_m, middle[1] - (y0 + y1) / 2 * per_m
        self.model = PdfCanvas(page, (origin[0] * PT_PER_MM, origin[1] * PT_PER_MM), per_m * PT_PER_MM)

    def share(self, x: float, y: float) -> tuple[float, float]:
        """A point of the house as shares of the sheet's width and height, from its upper left corner."""
        px, py = self.model.to_pt((x, y))
        return px / self.size_mm[0] / PT_PER_MM, 1 - py / self.size_mm[1] / PT_PER_MM

    def draw(self, number: str, project: str) -> None:
        """Everything on it."""
        plan, style = self._plan, self.style
        body = plan.cut_body()
        for floor in plan.floors:
            draw_lines(self.model, plan.beneath(floor.boundary).difference(widened(body, 0.02)), style.thin)
        draw_lines(self.model, plan.overhang.boundary.difference(widened(body, 0.02)), style.dashed)
        self._walls(body)
        draw_lines(self.model, plan.beneath(_sills(plan, body)), style.thin)
        for shape in [*plan.fronts, *plan.timber]:
            draw_lines(self.model, shape.boundary, style.middle)
        for treads, above in plan.stairs:
            draw_stair(self.model, treads, above, body, style)
        if style.furniture:
            for seen in plan.seen:
                draw_lines(self.model, seen.difference(body), style.thin)
        for hole in plan.holes:
            if hole.shown:
                (draw_door if hole.kind == "door" else draw_window)(self.model, hole, style)
        for space in plan.spaces:
            self._labels(space)
        self._dimensions(body)
        self._paper(number, project)
        if style.bar:
            self._bar()

    def _walls(self, body: BaseGeometry) -> None:
        style, model = self.style, self.model
        for rings in rings_of(body):
            if style.walls == "hatch":
                model.hatch(rings, 1.5, _HATCH)
            elif style.walls in _FILLS:
                model.fill(rings, _FILLS[style.walls])
        for shape in [*self._plan.body.values(), self._plan.roof] if style.walls == "each" else [body]:
            draw_edges(model, shape, style.heavy)

    def _labels(self, space: Space) -> None:
        """Name, number and area of each of the model's spaces, in the clearest place."""
        step = 4.0 * self.model.mm
        areas = [shape.area for shape in space.shapes]
        for name, number, shape in zip(space.names, space.numbers, space.shapes, strict=True):
            x, y = label_point(shape)
            lines = [name, *([number] if number and number not in name and name not in number else [])]
            if self.style.areas:
                lines.append(self.style.area(shape.area / sum(areas) * space.area_m2))
            chord = shape.intersection(LineString([(shape.bounds[0], y), (shape.bounds[2], y)]))
            room_mm = max(piece.length for piece in shapely.get_parts(chord)) / self.model.mm
            small = min(1.0, room_mm / (1.9 * max(map(len, lines))))
            for row, line in enumerate(lines):
                height = (2.5 if row == 0 else 2.0) * small
                self.model.text(line, (x, y + small * step * (len(lines) / 2 - row - 0.5)), height, self.style.thin)

    def _dimensions(self, body: BaseGeometry) -> None:
        """On each side a string over corners and openings, and one over all."""
        x0, y0, x1, y1 = shapely.union_all([body, *self._plan.fronts]).bounds
        mm = self.model.mm
        holes = [shapely.get_coordinates(Polygon(hole.ring)) for hole in self._plan.holes if hole.shown]
        for level, edge, out, (start, end) in (
            (True, y0, -1, (x0, x1)),
            (True, y1, 1, (x0, x1)),
            (False, x0, -1, (y0, y1)),
            (False, x1, 1, (y0, y1)),
        ):
            axis = 0 if level else 1
            stations = {start, end}
            for ring in holes:
                if np.abs(ring[:, 1 - axis] - edge).min() < 0.35 and np.ptp(ring[:, axis]) > np.ptp(ring[:, 1 - axis]):
                    stations |= {float(ring[:, axis].min()), float(ring[:, axis].max())}
            kept: list[float] = []
            for station in sorted(stations):
                if not kept or station - kept[-1] > _SHORTEST_M:
                    kept.append(station)
            for near, pairs in ((12.0, list(pairwise(kept)) if len(kept) > 2 else []), (20.0, [(start, end)])):
                base = edge + out * near * mm
                for one, other in pairs:
                    first, last = ((v, edge) if level else (edge, v) for v in (one, other))
                    foot = (one, base) if level else (base, one)
                    text = self.style.length(other - one)
                    fits = len(text) * 1.1 * mm < other - one
                    self.model.dimension(first, last, foot, text if fits else "", 1.8, self.style.thin, level=level)
                    if not fits:  # it stands further out, where the next one leaves room
                        at = ((one + other) / 2, base + 4.5 * mm) if level else (base - 4.5 * mm, (one + other) / 2)
                        self.model.text(text, at, 1.8, self.style.thin, angle_deg=0.0 if level else 90.0)

    def _paper(self, number: str, project: str) -> None:
        """Border and title block: rows in the corner, or a strip along the foot."""
        style, canvas = self.style, self.canvas
        x0, y0, x1, y1 = _MARGIN_MM, _MARGIN_MM, self.size_mm[0] - _MARGIN_MM, self.size_mm[1] - _MARGIN_MM
        canvas.polyline(box_points(x0, y0, x1, y1), Pen("", 0.5), closed=True)
        title = style.word("plan").format(style.word(self._plan.level))
        pairs = [("project", project), ("title", title), ("scale", f"1:{style.ratio}"), ("date", "2025-04-07")]
        pairs.append(("number", number))
        if style.block == "strip":
            canvas.line((x0, y0 + _STRIP_MM), (x1, y0 + _STRIP_MM), Pen("", 0.5))
            cells = [(x0 + (x1 - x0) * k / 5, y0, x0 + (x1 - x0) * (k + 1) / 5, y0 + _STRIP_MM) for k in range(5)]
        else:
            left, high = x1 - _BLOCK_MM[0], _BLOCK_MM[1] / 3
            cells = [(left, y0 + 2 * high, x1, y0 + 3 * high), (left, y0 + high, x1, y0 + 2 * high)]
            cells += [(left + 50 * k, y0, left + 50 * (k + 1), y0 + high) for k in range(3)]
        for (key, value), cell in zip(pairs, cells, strict=True):
            canvas.polyline(box_points(*cell), Pen("", 0.25), closed=True)
            canvas.text(style.word(key), (cell[0] + 2, cell[3] - 3), 1.6, style.thin, align="left")
            height = min(4.0, (cell[2] - cell[0] - 4) / max(1, len(value)) / 0.85)
            canvas.text(value, (cell[0] + 2, cell[1] + 5), height, style.thin, align="left")

    def _bar(self) -> None:
        """A bar of five metres, field by field black and white."""
        step = 1000 / self.style.ratio
        x, y = _MARGIN_MM + 12, _MARGIN_MM + (_STRIP_MM if self.style.block == "strip" else 0) + 8
        for k in range(5):
            corners = box_points(x + k * step, y, x + (k + 1) * step, y + 2)
            if k % 2 == 0:
                self.canvas.fill([corners], self.style.thin)
            self.canvas.polyline(corners, self.style.thin, closed=True)
        for k in range(6):
            self.canvas.text(f"{k} m" if k == 5 else str(k), (x + k * step, y + 4.5), 1.8, self.style.thin)


def draw_house(path: Path, plans: list[Plan], style: Style, project: str) -> list[Sheet]:
    """Write `plans` as the sheets of one PDF; the sheets."""
    page = Page(str(path), invariant=1)
    sheets = []
    for at, plan in enumerate(plans):
        sheet = Sheet(page, plan, style)
        sheet.draw(f"A-{101 + at}", project)
        page.showPage()
        sheets.append(sheet)
    page.save()
    return sheets


def label_point(shape: BaseGeometry) -> tuple[float, float]:
    """Where a space's label stands: as far from its walls as may be."""
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    point = shapely.get_coordinates(shapely.maximum_inscribed_circle(largest, tolerance=0.05))[0]
    return float(point[0]), float(point[1])


def _sills(plan: Plan, body: BaseGeometry) -> BaseGeometry:
    """The edges of what stands beneath the cut, away from what is cut."""
    return plan.low.difference(widened(body, 0.001)).boundary.difference(widened(body, 0.01))
