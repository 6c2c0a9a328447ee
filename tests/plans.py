"""Small drawings made by hand for the tests: walls as drawn outlines, and the symbols that stand in their openings.

Everything is said in metres, y up, and leaves through a `Placing`: turned, mirrored, shifted and scaled to sheet units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.affinity import rotate

from planroom.detect.vectors import find_elements
from planroom.ingest.linework import LineworkBuilder
from planroom.records import Element, Floats, Linework, Page, Scale, Sheet, Style, Text

THICK = Style("", "", 0x000000, 0.5, False, False)
THIN = Style("", "", 0x000000, 0.18, False, False)
SOLID = Style("", "", 0x000000, 0.5, False, True)
DASHED = Style("", "", 0x000000, 0.18, True, False)
Point = tuple[float, float]


@dataclass(frozen=True)
class Placing:
    """From metres to the sheet: mirrored at the y axis, turned by an angle in radians, scaled, then shifted."""

    angle: float = 0.0
    mirror: bool = False
    shift: Point = (0.0, 0.0)
    unit_m: float = 1.0

    def points(self, points: Sequence[Point] | Floats) -> Floats:
        given = np.array(points, np.float64).reshape(-1, 2)
        if self.mirror:
            given = given * (-1.0, 1.0)
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        placed: Floats = given @ np.array([(cos, sin), (-sin, cos)]) / self.unit_m + self.shift
        return placed

    def start(self, start: float, sweep: float) -> float:
        return (math.pi - start - sweep if self.mirror else start) + self.angle


PLAIN = Placing()


@dataclass
class Drawing:
    """Paths in the order in which they are drawn; each is a style with what it holds, in metres."""

    paths: list[tuple[Style, list[list[Point]], list[tuple[float, ...]], bool]] = field(default_factory=list)
    texts: list[tuple[str, Point, float]] = field(default_factory=list)

    def lines(self, style: Style, *chains: Sequence[Point]) -> None:
        """One path of open chains of straight pieces."""
        self.paths.append((style, [list(chain) for chain in chains], [], False))

    def arc(self, style: Style, centre: Point, radius: float, start: float, sweep: float) -> None:
        self.paths.append((style, [], [(*centre, radius, start, sweep)], False))

    def area(self, style: Style, area: shapely.Geometry) -> None:
        """Each outline as a path; where the style fills, the areas within are filled."""
        for part in shapely.get_parts(area):
            rings = [list(ring.coords) for ring in (part.exterior, *part.interiors)]
            self.paths.append((style, rings, [], style.filled))

    def text(self, string: str, at: Point, height: float = 0.15) -> None:
        self.texts.append((string, at, height))

    def linework(self, placing: Placing = PLAIN, order: Sequence[int] | None = None) -> Linework:
        """All of it in sheet units; `order` rearranges the paths."""
        builder = LineworkBuilder()
        for index in range(len(self.paths)) if order is None else order:
            style, chains, arcs, filled = self.paths[index]
            builder.path(style)
            for chain in chains:
                placed = placing.points(chain)
                builder.polyline([(float(x), float(y)) for x, y in placed], closed=False)
                if filled:
                    builder.fill(placed[:-1])
            for cx, cy, radius, start, sweep in arcs:
                x, y = placing.points([(cx, cy)])[0]
                builder.arc(float(x), float(y), radius / placing.unit_m, placing.start(start, sweep), sweep)
        for string, at, height in self.texts:
            (x, y), h = placing.points([at])[0], height / placing.unit_m
            builder.texts.append(text(string, (float(x), float(y)), h))
        return builder.build()

    def page(self, placing: Placing = PLAIN, order: Sequence[int] | None = None) -> Page:
        """The drawing as a reader would hand it over, with a margin of three metres."""
        return page_of(self.linework(placing, order), margin=3 / placing.unit_m)

    def elements(
        self, placing: Placing = PLAIN, *, view: str = "", order: Sequence[int] | None = None
    ) -> list[Element]:
        """What is found in it."""
        return find_elements(self.page(placing, order), placing.unit_m, lambda _stage, _share: None, view=view)


def text(string: str, at: Point, height: float = 2.5, angle: float = 0.0) -> Text:
    """A run of text round `at`, as wide as usual letters are."""
    half = (0.3 * height * len(string), height / 2)
    if angle % 180 == 90:
        half = (half[1], half[0])
    box = (at[0] - half[0], at[1] - half[1], at[0] + half[0], at[1] + half[1])
    return Text(string, *at, box, height, angle, "text layer")


def page_of(linework: Linework, *, margin: float = 0.0, **facts: Any) -> Page:
    """A page that just holds `linework`; facts: fields of Page."""
    ends = linework.segments_xyxy.reshape(-1, 2)
    (x0, y0), (x1, y1) = (ends.min(0), ends.max(0)) if len(ends) else ((0.0, 0.0), (100.0, 100.0))
    extent = (float(x0 - margin), float(y0 - margin), float(x1 + margin), float(y1 + margin))
    page = Page(0, "1", extent, linework, np.full((8, 8, 3), 255, np.uint8))
    for name, value in facts.items():
        setattr(page, name, value)
    return page


# ---- openings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hole:
    """A hole in a wall: from `at`, along the wall by `width`, the wall's thickness to the left of that way.

    symbol: what is drawn in it, of SYMBOLS. turn: the way in degrees.
    """

    at: Point
    width: float
    thickness: float
    symbol: str
    turn: float = 0.0

    def place(self, s: float, t: float) -> Point:
        cos, sin = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        return self.at[0] + s * cos - t * sin, self.at[1] + s * sin + t * cos

    def ring(self) -> shapely.Polygon:
        s0, s1, t0, t1 = 0.0, self.width, -0.001, self.thickness + 0.001
        return shapely.Polygon([self.place(*p) for p in ((s0, t0), (s1, t0), (s1, t1), (s0, t1))])

    def lines(self, drawing: Drawing, style: Style, *chains: Sequence[Point]) -> None:
        drawing.lines(style, *([self.place(*p) for p in chain] for chain in chains))

    def arc(self, drawing: Drawing, style: Style, centre: Point, radius: float, start: float, sweep: float) -> None:
        first = math.radians(start + self.turn)
        drawing.arc(style, self.place(*centre), radius, first, math.radians(sweep))


def _swing(drawing: Drawing, hole: Hole, style: Style) -> None:
    w, t = hole.width, hole.thickness
    hole.lines(drawing, style, [(0, t), (0, t + w)])
    hole.arc(drawing, style, (0, t), w, 0, 90)


def _double(drawing: Drawing, hole: Hole, style: Style) -> None:
    w, t = hole.width, hole.thickness
    for hinge, start in ((0.0, 0), (w, 90)):
        hole.lines(drawing, style, [(hinge, t), (hinge, t + w / 2)])
        hole.arc(drawing, style, (hinge, t), w / 2, start, 90)


def _panel(hole: Hole, drawing: Drawing, style: Style, start: float, end: float, depth: float) -> None:
    low, high = depth - 0.02, depth + 0.02
    hole.lines(drawing, style, [(start, low), (end, low), (end, high), (start, high), (start, low)])


def _sliding(drawing: Drawing, hole: Hole, style: Style) -> None:
    _panel(hole, drawing, style, 0.0, 0.53 * hole.width, 0.4 * hole.thickness)
    _panel(hole, drawing, style, 0.47 * hole.width, hole.width, 0.6 * hole.thickness)


def _window(drawing: Drawing, hole: Hole, style: Style) -> None:
    hole.lines(drawing, style, *([(0, t), (hole.width, t)] for t in (f * hole.thickness for f in (0, 0.4, 0.6, 1))))


def _mullions(drawing: Drawing, hole: Hole, style: Style) -> None:
    _window(drawing, hole, style)
    for share in (1 / 3, 2 / 3):
        hole.lines(drawing, style, [(share * hole.width, 0), (share * hole.width, hole.thickness)])


def _folding(drawing: Drawing, hole: Hole, style: Style) -> None:
    w, t = hole.width, hole.thickness / 2
    hole.lines(drawing, style, [(0, t), (0.2 * w, t + 0.15 * w), (0.4 * w, t)])
    hole.lines(drawing, style, [(w, t), (0.8 * w, t + 0.15 * w), (0.6 * w, t)])


def _pocket(drawing: Drawing, hole: Hole, style: Style) -> None:
    _panel(hole, drawing, style, -0.6 * hole.width, 0.4 * hole.width, hole.thickness / 2)


def _cased(drawing: Drawing, hole: Hole, style: Style) -> None:
    """Nothing stands in it."""


SYMBOLS: dict[str, Callable[[Drawing, Hole, Style], None]] = {
    "single": _swing,
    "double": _double,
    "sliding": _sliding,
    "window": _window,
    "mullions": _mullions,
    "folding": _folding,
    "pocket": _pocket,
    "cased": _cased,
}


# ---- the house ---------------------------------------------------------------------------------------------------

OUTSIDE = (0.0, 0.0, 8.0, 5.0)
ROOMS = ((0.3, 0.3, 4.5, 4.7), (4.62, 0.3, 7.7, 4.7))
AREAS_M2 = (4.2 * 4.4, 3.08 * 4.4)
OUTER_M, INNER_M = 0.3, 0.12

ENTRANCE = Hole((1.0, 0.0), 1.0, OUTER_M, "single")
INNER_DOOR = Hole((4.62, 1.0), 0.8, INNER_M, "single", 90)
WINDOWS = (Hole((1.5, 4.7), 1.6, OUTER_M, "window"), Hole((5.4, 4.7), 1.2, OUTER_M, "window"))
HOLES = (ENTRANCE, INNER_DOOR, *WINDOWS)


def two_rooms(
    holes: Sequence[Hole] = HOLES,
    *,
    walls: Style = THICK,
    symbols: Style = THIN,
    hatch: Style | None = None,
    turn: float = 0.0,
) -> Drawing:
    """A house of two rooms in a row, 8 × 5 m outside, 300 mm round it and 120 mm between: walls, then symbols.

    hatch: what hatches the walls. turn: degrees by which the whole is drawn turned, all lines in one go.
    """
    drawing = Drawing()
    solid = shapely.box(*OUTSIDE)
    for room in ROOMS:
        solid = solid.difference(shapely.box(*room))
    for hole in holes:
        solid = solid.difference(hole.ring())
    drawing.area(walls, solid)
    if hatch:
        strokes = shapely.MultiLineString([[(x / 10, -9), (x / 10, 14)] for x in range(-60, 160)])
        for part in shapely.get_parts(rotate(strokes, -45, origin=(4, 2.5)).intersection(solid)):
            drawing.lines(hatch, list(part.coords))
    for hole in holes:
        SYMBOLS[hole.symbol](drawing, hole, symbols)
    return drawing


def counts(elements: Sequence[Element]) -> dict[str, int]:
    """How many elements of each kind."""
    kinds = [element.kind for element in elements]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def areas(elements: Sequence[Element], unit_m: float = 1.0) -> list[float]:
    """The rooms' areas in square metres, largest first."""
    return sorted((e.sizes["area"] * unit_m**2 for e in elements if e.kind == "room"), reverse=True)


# ---- sheets for measuring ----------------------------------------------------------------------------------------


def ring(x0: float, y0: float, x1: float, y1: float) -> Floats:
    """A box's corners (4, 2)."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)


def element(key: str, kind: str, sizes: dict[str, float] | None = None, **traits: str) -> Element:
    """An element that has sizes and traits, and lies somewhere."""
    return Element(key, kind, ring(0, 0, 1, 1), 0.97, np.zeros((0, 4)), ["path:0"], sizes=sizes or {}, traits=traits)


def sheet(key: str, elements: Sequence[Element] = (), scale: Scale | None = None, **facts: Any) -> Sheet:
    """A sheet, by default a general plan measured in metres, whose elements bear its id; facts: fields of Sheet."""
    known = Scale(None, 1.0, "measured", "the file's unit is the metre")
    made = Sheet(f"{key}", "set.pdf", 0, key, 800, 600, (0.0, 0.0, 800.0, 600.0), "", kind="plan", view="general")
    made.scale, made.elements = scale or known, list(elements)
    for item in made.elements:
        item.id = f"{key}.{item.id}"
    for name, value in facts.items():
        setattr(made, name, value)
    kinds = ("door", "window", "opening", "room", "wall")
    made.counts = {kind: sum(e.kind == kind for e in made.elements) for kind in kinds}
    return made
