"""A plan before it is drawn: rooms on a grid, walls along its lines, openings in the walls. Metres, y down."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .truth import Kind, Points, Use

CELL_M = 0.1
OUTSIDE = 0
"""The grid's label for what lies outside any room."""

Cells = npt.NDArray[np.int16]


class Role(NamedTuple):
    """What rooms of one role are like: areas in m², shortest side in metres, windows a room gets."""

    use: Use
    area: tuple[float, float]
    side: float
    windows: tuple[float, float] = (0.0, 0.0)
    """Chance that an outer wall gets a window, and the window's usual width in metres."""
    leaf: float = 0.8
    """Width of its door in metres."""


ROLES = {
    "living": Role(Use.LIVING, (16, 38), 3.0, (0.9, 1.8), 0.9),
    "dining": Role(Use.LIVING, (8, 16), 2.6, (0.9, 1.6), 0.9),
    "kitchen": Role(Use.KITCHEN, (6, 16), 2.1, (0.9, 1.2)),
    "bedroom": Role(Use.BEDROOM, (8, 17), 2.5, (0.95, 1.3)),
    "bath": Role(Use.TOILET, (3.5, 7.5), 1.6, (0.5, 0.6), 0.75),
    "wc": Role(Use.TOILET, (1.1, 2.4), 0.9, (0.35, 0.5), 0.7),
    "shower": Role(Use.OTHER_ROOM, (2.5, 5), 1.4, (0.4, 0.6), 0.75),
    "hall": Role(Use.HALL, (4, 12), 1.1, (0.3, 0.8)),
    "entry": Role(Use.HALL, (2.5, 7), 1.3, (0.3, 0.6), 0.9),
    "closet": Role(Use.CLOSET, (0.6, 2.5), 0.6, (0.03, 0.5), 0.7),
    "wardrobe": Role(Use.CLOSET, (2.5, 5), 1.3, (0.1, 0.6), 0.7),
    "pantry": Role(Use.CLOSET, (1.2, 3.5), 1.0, (0.2, 0.5), 0.7),
    "laundry": Role(Use.OTHER_ROOM, (3.5, 8), 1.7, (0.5, 0.8)),
    "sauna": Role(Use.OTHER_ROOM, (2.6, 5), 1.5, (0.3, 0.6), 0.7),
    "study": Role(Use.OTHER_ROOM, (6, 12), 2.1, (0.9, 1.2)),
    "tech": Role(Use.OTHER_ROOM, (1.8, 5), 1.2, (0.15, 0.6)),
    "storage": Role(Use.OTHER_ROOM, (3, 9), 1.5, (0.3, 0.7)),
    "garage": Role(Use.OTHER_ROOM, (17, 42), 3.0, (0.35, 0.9), 0.85),
    "stairs": Role(Use.HALL, (4, 7), 1.9, (0.4, 0.8)),
    "veranda": Role(Use.OTHER_ROOM, (8, 18), 2.2, (1.0, 2.6), 0.9),
    "office": Role(Use.OTHER_ROOM, (9, 24), 2.6, (0.95, 1.6), 0.9),
    "meeting": Role(Use.OTHER_ROOM, (14, 36), 3.2, (0.9, 1.8), 0.9),
    "balcony": Role(Use.OUTSIDE, (3, 14), 1.1),
    "porch": Role(Use.OUTSIDE, (2, 12), 1.0),
    "terrace": Role(Use.OUTSIDE, (8, 30), 1.8),
    "carport": Role(Use.OUTSIDE, (14, 30), 2.8),
}
OPEN_AIR = frozenset(name for name, role in ROLES.items() if role.use == Use.OUTSIDE)


@dataclass
class Room:
    """One room; `key` is its label on the grid, `group` the flat or house it belongs to."""

    key: int
    role: str
    group: int = 0

    @property
    def use(self) -> Use:
        """What the truth says it serves for."""
        return ROLES[self.role].use

    @property
    def is_open_air(self) -> bool:
        """Whether it lies outside: a balcony, a porch."""
        return self.role in OPEN_AIR


@dataclass
class Opening:
    """A gap in a wall from `start` to `end`, metres along it. The leaf hangs at `hinge_at` and swings to `side`."""

    kind: Kind
    start: float
    end: float
    hinge_at: float = 0.0
    side: int = 1
    """+1: to the left of the wall's direction (its `left` room), -1: to the right."""
    entrance: bool = False
    closet: bool = False
    slides: bool = False
    """A glazed slider that is drawn as a window."""

    @property
    def width(self) -> float:
        """Metres along the wall."""
        return self.end - self.start


@dataclass
class Wall:
    """A wall's axis between two rooms. `kind`: outer, inner, bearing, party, rail, or virtual (no wall at all)."""

    points: Points
    kind: str
    thickness: float
    left: int
    right: int
    openings: list[Opening] = field(default_factory=list)
    grow: tuple[float, float] = (0.0, 0.0)
    """How far the body reaches beyond either end, so that corners close."""

    @property
    def length(self) -> float:
        """Metres along the axis."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())

    def at(self, along: float) -> tuple[Points, Points]:
        """The point `along` metres from the start, and the direction there; beyond the ends it goes straight on."""
        steps = np.diff(self.points, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        ends = np.cumsum(lengths)
        index = min(int(np.searchsorted(ends, along)), len(steps) - 1)
        direction: Points = steps[index] / max(lengths[index], 1e-9)
        point: Points = self.points[index] + direction * (along - (ends[index] - lengths[index]))
        return point, direction

    def path(self, start: float, end: float) -> tuple[Points, Points]:
        """The axis between two distances along it, and the unit normals to its left (y down: turned by -90°)."""
        if len(self.points) == 2:
            (ax, ay), (bx, by) = self.points.tolist()
            length = math.hypot(bx - ax, by - ay) or 1e-9
            tx, ty = (bx - ax) / length, (by - ay) / length
            straight = [(ax + tx * start, ay + ty * start), (ax + tx * end, ay + ty * end)]
            return np.array(straight), np.array([(ty, -tx), (ty, -tx)])
        corners = np.cumsum(np.hypot(*np.diff(self.points, axis=0).T))[:-1].tolist()
        stops = [start, *(corner for corner in corners if start + 1e-6 < corner < end - 1e-6), end]
        found = [self.at(stop) for stop in stops]
        points = np.array([p for p, _ in found])
        tangents = np.array([d for _, d in found])
        return points, np.stack([tangents[:, 1], -tangents[:, 0]], 1)

    def band(self, start: float, end: float, low: float, high: float) -> Points:
        """The polygon between two distances along the wall and two offsets to its left, metres."""
        points, normals = self.path(start, end)
        return np.concatenate([points + normals * low, (points + normals * high)[::-1]])

    def solids(self) -> list[tuple[float, float]]:
        """The stretches between the openings, its ends grown."""
        stops = [-self.grow[0]]
        for opening in sorted(self.openings, key=lambda o: o.start):
            stops += [opening.start, opening.end]
        stops.append(self.length + self.grow[1])
        return [(a, b) for a, b in zip(stops[::2], stops[1::2], strict=True) if b > a + 1e-6]


@dataclass
class Plan:
    """One floor: its grid of room labels, rooms by label, walls, and the size of the grid in metres."""

    cells: Cells
    rooms: dict[int, Room]
    walls: list[Wall] = field(default_factory=list)
    blocks: list[Points] = field(default_factory=list)
    """Solid masonry that is no wall: chimneys, piers, columns; polygons."""
    bend: Callable[[Points], Points] = np.asarray
    """Where a point of the grid lies, metres to metres; the walls are bent already."""

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height."""
        return self.cells.shape[1] * CELL_M, self.cells.shape[0] * CELL_M

    def between(self, a: int, b: int) -> list[Wall]:
        """The walls between two rooms."""
        return [wall for wall in self.walls if {wall.left, wall.right} == {a, b}]
