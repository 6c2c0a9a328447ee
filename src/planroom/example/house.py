"""A house as data: axis lines, openings on them, rooms between them. All that is drawn or counted comes from here.

Frame: metres, x to the right, y up, one frame for all storeys. A *wall* is a straight piece of axis with a thickness,
between the junctions at which the tables of `layouts` let it end; a wall that others meet on its way stays one piece.
A *room* is the hole in the union of the walls around its label, so its area is exact at the finished wall faces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from shapely import Point as ShapelyPoint
from shapely import Polygon, union_all
from shapely.geometry.base import BaseGeometry

from planroom.records import Status

Point = tuple[float, float]
Box = tuple[float, float, float, float]
OpeningKind = Literal["door", "window", "opening"]
OpeningType = Literal["single", "double", "sliding", "pocket", "bifold", "garage", "cased", "window"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A place for a symbol: its origin, the direction of its x axis, and a flip of either of its axes."""

    origin: Point
    angle_deg: float
    flip_x: bool = False
    flip_y: bool = False

    def place(self, point: Point) -> Point:
        """The symbol's `point` in the frame around it."""
        x, y = (-point[0] if self.flip_x else point[0]), (-point[1] if self.flip_y else point[1])
        cos, sin = math.cos(math.radians(self.angle_deg)), math.sin(math.radians(self.angle_deg))
        return self.origin[0] + x * cos - y * sin, self.origin[1] + x * sin + y * cos


@dataclass(frozen=True, slots=True)
class Wall:
    """A straight wall piece: its axis and thickness."""

    id: str
    start: Point
    end: Point
    thickness_m: float
    status: Status | None = None

    @property
    def length_m(self) -> float:
        """Length of the axis."""
        return math.dist(self.start, self.end)

    @property
    def angle_deg(self) -> float:
        """Direction from start to end."""
        return math.degrees(math.atan2(self.end[1] - self.start[1], self.end[0] - self.start[0]))

    def at(self, along_m: float) -> Point:
        """The point of the axis at `along_m` from the start."""
        part = along_m / self.length_m
        return (
            self.start[0] + part * (self.end[0] - self.start[0]),
            self.start[1] + part * (self.end[1] - self.start[1]),
        )

    def strip(self, from_m: float, to_m: float, depth_m: float) -> Polygon:
        """The rectangle along the axis between two stations, `depth_m` across."""
        frame = Frame(self.start, self.angle_deg)
        half = depth_m / 2
        return Polygon([frame.place(p) for p in ((from_m, -half), (to_m, -half), (to_m, half), (from_m, half))])


@dataclass(frozen=True, slots=True)
class Opening:
    """A hole in a wall, its centre along the axis. flip_x: hinged at the far end; flip_y: opens to the right."""

    id: str
    wall: str
    type: OpeningType
    centre_m: float
    width_m: float
    height_m: float
    sill_m: float = 0.0
    panes: int = 1
    flip_x: bool = False
    flip_y: bool = False
    tag: str = ""
    status: Status | None = None

    @property
    def kind(self) -> OpeningKind:
        """Door, window, or an opening that nothing closes."""
        return "window" if self.type == "window" else "opening" if self.type == "cased" else "door"


@dataclass(frozen=True, slots=True)
class Room:
    """A room by its number, its use (a key of `words`) and the point where its label stands."""

    number: str
    use: str
    label: Point


@dataclass(frozen=True, slots=True)
class Fixture:
    """A thing with the middle of its back at `at`, facing along `angle_deg`; a size of 0 is its kind's usual one."""

    kind: str
    at: Point
    angle_deg: float
    width_m: float = 0.0
    depth_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Storey:
    """One floor: its name ("0", "1"), heights and everything that stands on it."""

    name: str
    floor_m: float
    clear_m: float
    walls: tuple[Wall, ...]
    openings: tuple[Opening, ...]
    rooms: tuple[Room, ...]
    fixtures: tuple[Fixture, ...]

    def wall(self, wall_id: str) -> Wall:
        """The wall of that id. Raises KeyError."""
        for wall in self.walls:
            if wall.id == wall_id:
                return wall
        raise KeyError(wall_id)

    def kept(self) -> Storey:
        """The storey as it will be: without what is to be demolished."""
        walls = tuple(w for w in self.walls if w.status != "demolished")
        openings = tuple(o for o in self.openings if o.status != "demolished")
        return replace(self, walls=walls, openings=openings)


@dataclass(frozen=True, slots=True)
class House:
    """The storeys from below, the slab between them, and the rooms that the enlarged plan shows."""

    storeys: tuple[Storey, ...]
    slab_m: float
    enlarged: tuple[str, ...]
    north_deg: float = 90.0


def gap(storey: Storey, opening: Opening) -> Polygon:
    """The hole that an opening leaves in its wall, a little deeper than the wall."""
    wall = storey.wall(opening.wall)
    half = opening.width_m / 2
    return wall.strip(opening.centre_m - half, opening.centre_m + half, wall.thickness_m + 1e-6)


def frame_of(storey: Storey, opening: Opening) -> Frame:
    """Where an opening's symbol is placed: on the axis at its centre, y to the side it opens to."""
    wall = storey.wall(opening.wall)
    return Frame(wall.at(opening.centre_m), wall.angle_deg, opening.flip_x, opening.flip_y)


def footing(storey: Storey, wall: Wall) -> Polygon:
    """A wall's rectangle without its openings, long enough to fill the corners that it shares."""
    others = [w for w in storey.walls if w is not wall and w.status != "demolished"]
    reach = []
    for end in (wall.start, wall.end):
        meeting = [w.thickness_m for w in others if math.dist(end, w.start) < 1e-6 or math.dist(end, w.end) < 1e-6]
        reach.append(max(meeting, default=0.0) / 2)
    return wall.strip(-reach[0], wall.length_m + reach[1], wall.thickness_m)


@lru_cache(maxsize=256)
def massing(storey: Storey) -> BaseGeometry:
    """The union of a storey's remaining walls as if they had no openings."""
    return union_all([footing(storey, w) for w in storey.kept().walls]).simplify(1e-7)


@lru_cache(maxsize=256)
def footprint(storey: Storey) -> BaseGeometry:
    """What a storey covers, to the outer faces."""
    parts = getattr(massing(storey), "geoms", [massing(storey)])
    return union_all([Polygon(p.exterior) for p in parts])


@lru_cache(maxsize=1024)
def room_shape(storey: Storey, room: Room) -> Polygon:
    """The room's polygon at the wall faces. Raises ValueError where its label does not lie in a closed room."""
    for part in getattr(massing(storey), "geoms", [massing(storey)]):
        for hole in part.interiors:
            shape = Polygon(hole)
            if shape.contains(ShapelyPoint(room.label)):
                return shape
    raise ValueError(f"room {room.number} is not closed")


def outward(storey: Storey, opening: Opening) -> Point | None:
    """The unit vector out of the house through an opening, None for one between two rooms."""
    wall = storey.wall(opening.wall)
    covered = footprint(storey)
    frame = Frame(wall.at(opening.centre_m), wall.angle_deg)
    for side in (1.0, -1.0):
        outside = frame.place((0.0, side * (wall.thickness_m / 2 + 0.05)))
        if not covered.contains(ShapelyPoint(outside)):
            here, there = frame.place((0.0, 0.0)), frame.place((0.0, side))
            return round(there[0] - here[0], 9), round(there[1] - here[1], 9)
    return None
