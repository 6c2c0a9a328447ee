"""Dimension strings: what a plan measures outside its walls, and where each string ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from shapely import LineString

from planroom.example.house import Point, Storey, footprint, outward, room_shape

# the four sides: the way out of the house
SIDES: Final[tuple[Point, ...]] = ((0.0, -1.0), (0.0, 1.0), (-1.0, 0.0), (1.0, 0.0))


@dataclass(frozen=True, slots=True)
class Dimension:
    """One measured distance: its ends on the building, a point of its line, and what it prints."""

    start: Point
    end: Point
    base: Point
    level: bool
    text: str = ""

    @property
    def value_m(self) -> float:
        """The true distance along the dimension line."""
        axis = 0 if self.level else 1
        return abs(self.end[axis] - self.start[axis])


def outer_strings(storey: Storey, near_m: float, far_m: float) -> Iterator[Dimension]:
    """Per side: a string over corners and openings at `near_m` from the house, and the overall one at `far_m`."""
    bounds = footprint(storey).bounds
    for side in SIDES:
        across = 0 if side[0] == 0 else 1  # the axis along which the string runs
        edge = bounds[(0 if side[1 - across] < 0 else 2) + 1 - across]
        outward_sign = side[1 - across]
        stations = _stations(storey, side, across)
        level = [edge + outward_sign * near_m, edge + outward_sign * far_m]
        bases = [(0.0, v) if across == 0 else (v, 0.0) for v in level]
        if len(stations) > 2:
            for start, end in pairwise(stations):
                yield Dimension(start, end, bases[0], across == 0)
        yield Dimension(stations[0], stations[-1], bases[1], across == 0)


def _stations(storey: Storey, side: Point, across: int) -> list[Point]:
    """The points of the outer faces that one side's string measures, in order, no two at one station."""
    covered = footprint(storey)
    far = 1000.0
    points: list[Point] = []
    for x, y in covered.exterior.coords:
        lifted = (x + side[0] * 1e-3, y + side[1] * 1e-3)
        if not covered.intersects(LineString([lifted, (x + side[0] * far, y + side[1] * far)])):
            points.append((x, y))
    for opening in storey.openings:
        wall = storey.wall(opening.wall)
        if outward(storey, opening) != side:
            continue
        for end in (-1, 1):
            x, y = wall.at(opening.centre_m + end * opening.width_m / 2)
            points.append((x + side[0] * wall.thickness_m / 2, y + side[1] * wall.thickness_m / 2))
    # of two points at one station the outer one is measured
    points.sort(key=lambda p: (round(p[across], 4), -p[1 - across] * side[1 - across]))
    kept: list[Point] = []
    for point in points:
        if not kept or point[across] - kept[-1][across] > 1e-3:
            kept.append(point)
    return kept


def inner_strings(storey: Storey) -> Iterator[Dimension]:
    """The clear widths and depths of rooms along one level and one upright line through the storey."""
    x0, y0, x1, y1 = footprint(storey).bounds
    y, x = y0 + 0.14 * (y1 - y0), x0 + 0.07 * (x1 - x0)
    for line, level in ((LineString([(x0, y), (x1, y)]), True), (LineString([(x, y0), (x, y1)]), False)):
        for room in storey.rooms:
            cut = line.intersection(room_shape(storey, room))
            for piece in getattr(cut, "geoms", [cut]):
                if piece.length > 0.5:
                    ends = sorted(piece.coords)
                    yield Dimension(ends[0], ends[1], ends[0], level)
