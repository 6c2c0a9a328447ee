"""What stands in what on one sheet, and beside what: openings in walls and of rooms, rooms on a wall's sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.measure.outline import along_and_thick, as_polygon, building, clear_runs, to_end
from planroom.records import Element, Floats, Sheet

OPENINGS: Final = ("door", "window", "opening")
_REACH_M: Final = 0.15  # how far off its wall an opening may be drawn, and a room off an opening's face
_FACE_M: Final = 0.01  # how far off a wall's face the building's outline may run and still be it
_PROBES: Final = np.linspace(0.005, 0.995, 199)  # along a wall, where it is asked what lies beside it
_LEAST_SHARE: Final = 0.1  # of a wall that is another side than the rest


class Surroundings:
    """Answers for one sheet that has a scale; elements that were not drawn have none. Lengths in sheet units."""

    def __init__(self, sheet: Sheet):
        assert sheet.scale is not None and sheet.scale.m_per_unit is not None
        self._reach = _REACH_M / sheet.scale.m_per_unit
        standing = [e for e in sheet.elements if len(e.outline) > 2 and e.status != "demolished"]
        self._walls = [e for e in standing if e.kind == "wall"]
        self._rooms = [e for e in standing if e.kind == "room"]
        openings = [e for e in standing if e.kind in OPENINGS]
        walls, rooms = [as_polygon(e) for e in self._walls], [as_polygon(e) for e in self._rooms]
        shapes = [as_polygon(e) for e in openings]
        self.in_wall: dict[str, list[Element]] = {}
        """By a wall's id, the openings that stand in it; each stands in one."""
        self.at_room: dict[str, list[Element]] = {}
        """By a room's id, the openings that it has."""
        self._holder: dict[str, Element] = {}
        tree, wall_tree = shapely.STRtree(rooms), shapely.STRtree(walls)
        for opening, shape in zip(openings, shapes, strict=True):
            k = _holder(shape, wall_tree, self._reach)
            if k is not None:
                self.in_wall.setdefault(self._walls[k].id, []).append(opening)
                self._holder[opening.id] = self._walls[k]
            through = along_and_thick(self._walls[k])[1] if k is not None else 0.0
            for room in _beside(shape, rooms, tree, self._reach, through):
                self.at_room.setdefault(self._rooms[room].id, []).append(opening)
        self._room_tree = tree
        self._runs = dict(zip((wall.id for wall in self._walls), clear_runs(self._walls), strict=True))
        self._face = _FACE_M / sheet.scale.m_per_unit
        enclosing = [e for e in (*self._walls, *self._rooms, *openings) if e.traits.get("use") != "outdoor"]
        self._outside = shapely.STRtree(_segments(building(enclosing, sheet.scale.m_per_unit)))
        self._bounding = shapely.STRtree(shapely.buffer([*walls, *shapes], self._reach))
        self._sides: dict[str, dict[str, float]] = {}

    def run(self, wall: Element) -> float | None:
        """A wall's length, where crossings and corners count once among all walls; None where it was not drawn."""
        return self._runs.get(wall.id)

    def outside(self, wall: Element) -> float:
        """How much of the building's outline runs along a wall."""
        if len(wall.outline) < 3:
            return 0.0
        ring, _ = along_and_thick(wall)
        step = to_end(wall)
        faces = shapely.linestrings([[ring[0] - step, ring[1] + step], [ring[3] - step, ring[2] + step]])
        beside = shapely.union_all(shapely.buffer(faces, self._face, cap_style="flat"))
        near = self._outside.geometries[self._outside.query(beside, "intersects")]
        return _length_along(shapely.intersection(near, beside), step)

    def along_walls(self, room: Element) -> float:
        """How much of a room's outline runs along walls and openings: a model may part rooms where nothing stands."""
        if len(room.outline) < 3:
            return 0.0
        shape = as_polygon(room)
        near = self._bounding.geometries[self._bounding.query(shape, "intersects")]
        return float(shapely.length(shapely.intersection(shapely.boundary(shape), shapely.union_all(near))))

    def sides(self, element: Element) -> dict[str, float]:
        """Which shares of a wall, or of an opening, are "inner", with rooms on both sides, and "outer", with rooms on
        one; all of it "" where no room tells. Ends are no share of their own: there another wall lies beside.
        """
        if element.id not in self._sides:
            self._sides[element.id] = self._told_sides(element)
        return self._sides[element.id]

    def _told_sides(self, element: Element) -> dict[str, float]:
        if not self._rooms or len(element.outline) < 3:
            return {"": 1.0}
        one, other = (self._in_room(points) for points in self._faces(element))
        told = int((one | other).sum())
        if not told:
            return {"": 1.0}
        inner = float((one & other).sum()) / told
        inner = 0.0 if inner < _LEAST_SHARE else 1.0 if inner > 1 - _LEAST_SHARE else inner
        return {side: share for side, share in (("inner", inner), ("outer", 1 - inner)) if share}

    def side(self, element: Element) -> str:
        """What most of it is: inner, outer or ""."""
        shares = self.sides(element)
        return max(shares, key=shares.__getitem__)

    def _faces(self, element: Element) -> list[Floats]:
        """Points (n, 2) along both faces, a little off them; of an opening beyond the wall that it stands in."""
        ring, thick = along_and_thick(element)
        holder = self._holder.get(element.id)
        through = max(thick, along_and_thick(holder)[1]) if holder is not None else thick
        start, end = (ring[0] + ring[3]) / 2, (ring[1] + ring[2]) / 2
        along = end - start
        across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
        off = (through - thick / 2 + self._reach) * across  # a model's door stands at one of the wall's faces
        middle = start + _PROBES[:, None] * along
        return [middle - off, middle + off]

    def _in_room(self, points: Floats) -> NDArray[np.bool_]:
        inside = np.zeros(len(points), np.bool_)
        inside[self._room_tree.query(shapely.points(points), "within")[0]] = True
        return inside


def _segments(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """The straight pieces of a shape's outline."""
    pieces: list[shapely.Geometry] = []
    for line in shapely.get_parts(shapely.boundary(shape)):
        points = shapely.get_coordinates(line)
        pieces += shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)).tolist()
    return pieces


def _length_along(lines: NDArray[np.object_], way: Floats) -> float:
    """How long straight lines are in a direction; what runs across it, round the end of a wall, is nothing."""
    unit = way / max(float(np.hypot(*way)), 1e-9)
    total = 0.0
    for part in shapely.get_parts(lines):
        if part.geom_type == "LineString":
            total += float(np.abs(np.diff(shapely.get_coordinates(part), axis=0) @ unit).sum())
    return total


def _holder(shape: shapely.Geometry, walls: shapely.STRtree, reach: float) -> int | None:
    """Which wall holds most of an opening; the nearest within reach where none does."""
    near = walls.query(shape, "dwithin", reach)
    if not len(near):
        return None
    shared = shapely.area(shapely.intersection(walls.geometries[near], shape))
    if shared.max() > 0:
        return int(near[np.argmax(shared)])
    return int(near[np.argmin(shapely.distance(walls.geometries[near], shape))])


def _beside(
    opening: shapely.Geometry, rooms: list[shapely.Geometry], tree: shapely.STRtree, reach: float, through: float
) -> Iterator[int]:
    """Rooms that an opening leads to: they border at least half of it, not a corner. through: its wall's thickness, for
    a model's door is as thick as its frame and stands at one of the wall's faces.
    """
    box = shapely.minimum_rotated_rectangle(opening)
    sides = np.hypot(*np.diff(np.array(box.exterior.coords), axis=0).T) if box.geom_type == "Polygon" else np.zeros(4)
    far = reach + max(0.0, through - float(sides.min()))
    half = max(float(sides.max()) / 2, reach)
    grown = opening.buffer(far, cap_style="flat", join_style="mitre")
    for room in tree.query(grown, "intersects").tolist():
        if shapely.area(shapely.intersection(grown, rooms[room])) > 0.5 * reach * half:
            yield room
