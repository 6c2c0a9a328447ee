"""What of a model's bodies a plan shows: their lines from above, treads of stairs, clean polygons; in metres."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from planroom.ingest.ifc_mesh import Mesh, polygons_of
from planroom.records import Floats

_LEVEL_M: Final = 0.02  # level faces no further apart are one


def from_above(mesh: Mesh, footprint: BaseGeometry) -> BaseGeometry:
    """The lines that show of a body from above: its outline, and the edges of its level faces that nothing hides."""
    rings, covered = [footprint.boundary], Polygon()
    for _, face in sorted(_level_faces(mesh), key=lambda one: -one[0])[:12]:
        shown = clean(face.difference(covered))
        covered = shapely.union_all([covered, face], grid_size=1e-3)
        if shown.area > 0.004:
            rings.append(shown.boundary)
    return shapely.union_all(rings, grid_size=1e-3)


def treads_of(mesh: Mesh, at_m: float) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """The treads of a stair from the lowest up: those beneath the cut and those above it."""
    faces = [one for one in sorted(_level_faces(mesh), key=lambda one: one[0]) if one[1].area > 0.02]
    return [face for z, face in faces if z <= at_m], [face for z, face in faces if z > at_m]


def _level_faces(mesh: Mesh) -> Iterator[tuple[float, BaseGeometry]]:
    """The level faces that look up, height by height."""
    corners = mesh.corners()
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    level = corners[(np.ptp(corners[:, :, 2], axis=1) < _LEVEL_M / 4) & (np.abs(normal[:, 2]) > 1e-9)]
    steps = np.round(level[:, :, 2].mean(1) / _LEVEL_M)
    for step in np.unique(steps):
        yield (
            float(step * _LEVEL_M),
            shapely.union_all(shapely.polygons(level[steps == step][:, :, :2]), grid_size=1e-3),
        )


def upright(footprints: list[BaseGeometry]) -> Floats:
    """The turn (2, 2) that lays the longest straight wall level; none where it stands upright or level already."""
    best, turn = 0.0, 0.0
    for footprint in footprints:
        ring = shapely.get_coordinates(shapely.oriented_envelope(footprint))
        sides = np.diff(ring, axis=0)
        lengths = np.hypot(sides[:, 0], sides[:, 1])
        if len(lengths) and lengths.max() > best:
            best, side = float(lengths.max()), sides[int(lengths.argmax())]
            turn = math.atan2(side[1], side[0]) % (math.pi / 2)
    turn = 0.0 if min(turn, math.pi / 2 - turn) < 1e-3 else turn
    return np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])


def clean(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape without points that lie on their lines."""
    parts = [part for part in polygons_of(shape) if part.area > 1e-4]
    return shapely.simplify(shapely.union_all(parts), 5e-4) if parts else Polygon()
