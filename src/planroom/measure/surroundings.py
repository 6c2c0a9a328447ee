"""What stands in what on one sheet, and beside what: openings in walls and of rooms, rooms on a wall's sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.records import Element, Floats, Sheet

OPENINGS: Final = ("door", "window", "opening")
_REACH_M: Final = 0.15  # how far off its wall an opening may be drawn, and a room off an opening's face
_PROBES: Final = np.linspace(0.05, 0.95, 19)  # along a wall, where it is asked what lies beside it
_LEAST_SHARE: Final = 0.1  # of a wall that is another side than the rest


class Surroundings:
    """Answers for one sheet that has a scale; elements that were not drawn have none."""

    def __init__(self, sheet: Sheet):
        assert sheet.scale is not None and sheet.scale.m_per_unit is not None
        self._reach = _REACH_M / sheet.scale.m_per_unit
        standing = [e for e in sheet.elements if len(e.outline) > 2 and e.status != "demolished"]
        self._walls = [e for e in standing if e.kind == "wall"]
        self._rooms = [e for e in standing if e.kind == "room"]
        openings = [e for e in standing if e.kind in OPENINGS]
        shapes = _shapes(openings)
        self.in_wall: dict[str, list[Element]] = {}
        """By a wall's id, the openings that stand in it; each stands in one."""
        walls = _shapes(self._walls)
        for opening, shape in zip(openings, shapes, strict=True):
            k = _holder(shape, walls, self._reach)
            if k is not None:
                self.in_wall.setdefault(self._walls[k].id, []).append(opening)
        self.at_room: dict[str, list[Element]] = {}
        """By a room's id, the openings that it has."""
        for k, room in _beside(shapes, _shapes(self._rooms), self._reach):
            self.at_room.setdefault(self._rooms[room].id, []).append(openings[k])
        self._room_tree = shapely.STRtree(_shapes(self._rooms))

    def sides(self, element: Element) -> dict[str, float]:
        """Which shares of a wall, or of an opening, are "inner", with rooms on both sides, and "outer", with rooms on
        one; all of it "" where no room tells. Ends are no share of their own: there another wall lies beside.
        """
        if not self._rooms or len(element.outline) != 4:
            return {"": 1.0}
        one, other = (self._in_room(points) for points in self._beside(element))
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

    def _beside(self, element: Element) -> list[Floats]:
        """Points (n, 2) along both faces, a little off them."""
        a, b, c, d = element.outline
        start, end = (a + d) / 2, (b + c) / 2
        if np.hypot(*(b - a)) < np.hypot(*(d - a)):  # its ring begins across
            start, end = (a + b) / 2, (c + d) / 2
        along = end - start
        length = max(float(np.hypot(*along)), 1e-9)
        across = np.array([-along[1], along[0]]) / length
        thickness = shapely.Polygon(element.outline).area / length
        middle = start + _PROBES[:, None] * along
        return [middle + way * (thickness / 2 + self._reach) * across for way in (-1, 1)]

    def _in_room(self, points: Floats) -> NDArray[np.bool_]:
        inside = np.zeros(len(points), np.bool_)
        inside[self._room_tree.query(shapely.points(points), "within")[0]] = True
        return inside


def _shapes(elements: list[Element]) -> list[shapely.Polygon]:
    return [shapely.make_valid(shapely.Polygon(e.outline)) for e in elements]


def _holder(shape: shapely.Geometry, walls: list[shapely.Polygon], reach: float) -> int | None:
    """Which wall holds most of an opening; the nearest within reach where none does."""
    if not walls:
        return None
    shared = shapely.area(shapely.intersection(walls, shape))
    if shared.max() > 0:
        return int(np.argmax(shared))
    away = shapely.distance(walls, shape)
    return int(np.argmin(away)) if away.min() < reach else None


def _beside(openings: list[shapely.Polygon], rooms: list[shapely.Polygon], reach: float) -> Iterator[tuple[int, int]]:
    """Pairs of an opening and a room that it leads to: the room borders at least half of it, not a corner."""
    if not openings or not rooms:
        return
    tree = shapely.STRtree(rooms)
    for k, opening in enumerate(openings):
        grown = opening.buffer(reach, cap_style="flat", join_style="mitre")
        half = max(shapely.length(shapely.minimum_rotated_rectangle(opening)) / 4, reach)
        for room in tree.query(grown, "intersects").tolist():
            if shapely.area(shapely.intersection(grown, rooms[room])) > 0.5 * reach * half:
                yield k, room
