"""Where walls really end, and where the building does: on plans they end on each other's axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely

from planroom.records import Element, Floats

_CRACK_M: Final = 0.05  # what is closed between a wall and what it meets


def as_polygon(element: Element) -> shapely.Geometry:
    """What it covers, in sheet units."""
    return shapely.make_valid(shapely.Polygon(element.outline))


def along_and_thick(element: Element) -> tuple[Floats, float]:
    """A wall's or an opening's ring (4, 2) with its first side along it, and how thick it is; any other shape as the
    smallest rectangle round it.
    """
    ring = element.outline
    if len(ring) != 4:
        ring = np.array(shapely.minimum_rotated_rectangle(shapely.Polygon(ring)).exterior.coords)[:4]
    if np.hypot(*(ring[1] - ring[0])) < np.hypot(*(ring[3] - ring[0])):
        ring = np.roll(ring, -1, axis=0)
    return ring, float(np.hypot(*(ring[3] - ring[0])))


def to_corner(element: Element) -> shapely.Geometry:
    """What a wall covers, half its thickness longer at both ends; of anything else what it covers."""
    if element.kind != "wall" or len(element.outline) != 4:
        return as_polygon(element)
    ring, _ = along_and_thick(element)
    step = to_end(element)
    return shapely.Polygon(ring + np.array([-step, step, step, -step]))


def to_end(wall: Element) -> Floats:
    """(2,): along a wall, half its thickness: from the axis of the wall that it ends on to that one's far face."""
    ring, thick = along_and_thick(wall)
    along = ring[1] - ring[0]
    step: Floats = along / max(float(np.hypot(*along)), 1e-9) * thick / 2
    return step


def with_corners(walls: Sequence[Element]) -> list[shapely.Geometry]:
    """What each wall covers, with the corners that it forms with others."""
    longer = [to_corner(wall) for wall in walls]
    tree = shapely.STRtree(longer)
    shapes = []
    for k, wall in enumerate(walls):
        near = [n for n in tree.query(longer[k], "intersects").tolist() if n != k]
        corners = shapely.intersection(longer[k], shapely.union_all([longer[n] for n in near]))
        shapes.append(shapely.union(as_polygon(wall), corners))
    return shapes


def building(elements: Sequence[Element], m_per_unit: float) -> shapely.Geometry:
    """What the outermost faces of walls, rooms and openings enclose, in sheet units."""
    crack = _CRACK_M / m_per_unit
    walls, others = [e for e in elements if e.kind == "wall"], [e for e in elements if e.kind != "wall"]
    shapes = shapely.buffer([*with_corners(walls), *map(as_polygon, others)], crack, join_style="mitre")
    whole = shapely.buffer(shapely.union_all(shapes), -crack, join_style="mitre")
    parts = [p for p in shapely.get_parts(whole) if p.geom_type == "Polygon"]
    return shapely.union_all([shapely.Polygon(part.exterior) for part in parts])


def clear_runs(walls: Sequence[Element]) -> list[float]:
    """Of each wall its length, in sheet units, where crossings and corners count once: the thicker wall goes through,
    of equal ones the longer.
    """
    shapes = with_corners(walls)
    thick = [along_and_thick(wall)[1] for wall in walls]
    tree = shapely.STRtree(shapes)
    order = sorted(range(len(walls)), key=lambda k: (-round(thick[k], 3), -as_polygon(walls[k]).area))
    rank = {k: place for place, k in enumerate(order)}
    runs = []
    for k, shape in enumerate(shapes):
        before = [shapes[n] for n in tree.query(shape, "intersects").tolist() if rank[n] < rank[k]]
        own = shapely.difference(shape, shapely.union_all(before))
        runs.append(float(own.area) / max(thick[k], 1e-9))
    return runs
