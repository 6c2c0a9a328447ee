"""Triangle meshes of solids, and what they look like from above, from the side and when cut.

Frames: world metres, z up. A *shadow* is the outline of a mesh seen along an axis, as a shapely polygon.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from planroom.records import Floats

PLAN: Final = np.eye(3)[:2]  # the axes of what is seen from above
_GRID_M: Final = 1e-5  # coordinates closer than this are one: the kernel's are exact to about 1e-7
_SLIVER_M2: Final = 1e-3  # smaller holes and islands are rounding along the joints of triangles


class Mesh(NamedTuple):
    """Triangles: vertices (N, 3) in world metres, faces (M, 3) of vertex indices."""

    vertices: Floats
    faces: NDArray[np.int64]

    def corners(self) -> Floats:
        """The corners of all triangles (M, 3, 3)."""
        return self.vertices[self.faces]


def shadow(mesh: Mesh, axes: Floats) -> BaseGeometry:
    """What the mesh covers when seen across the plane of `axes` (2, 3), in that plane's coordinates."""
    # Relative to the mesh's own corner: world coordinates of a surveyed site leave the grid no digits.
    origin = mesh.vertices.min(axis=0)
    offset = axes @ origin
    return shapely.transform(_union((mesh.corners() - origin) @ axes.T), lambda points: points + offset)


def cut(mesh: Mesh, height_m: float) -> BaseGeometry:
    """The section of the mesh at `height_m` of the world; empty where the plane passes above or below it."""
    corners = mesh.corners()
    above = corners[:, :, 2] > height_m
    crossed = corners[above.any(axis=1) & ~above.all(axis=1)]
    if not len(crossed):
        return Polygon()
    ends = np.empty((len(crossed), 2, 2))
    at = np.zeros(len(crossed), dtype=np.intp)
    rows = np.arange(len(crossed))
    for one, other in ((0, 1), (1, 2), (2, 0)):
        a, b = crossed[:, one], crossed[:, other]
        hit = (a[:, 2] > height_m) != (b[:, 2] > height_m)
        share = (height_m - a[hit, 2]) / (b[hit, 2] - a[hit, 2])
        ends[rows[hit], at[hit]] = a[hit, :2] + share[:, None] * (b[hit, :2] - a[hit, :2])
        at[hit] += 1
    origin = ends.min(axis=(0, 1))
    lines = shapely.union_all(shapely.linestrings(ends - origin), grid_size=_GRID_M)
    return shapely.transform(shapely.build_area(lines), lambda points: points + origin)


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    """The polygons in a geometry of any kind, the degenerate left out."""
    return [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and part.area > 0]


def joined(meshes: list[Mesh]) -> Mesh | None:
    """The meshes as one, None where there are none."""
    if not meshes:
        return None
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
    )


def volume(mesh: Mesh) -> float:
    """The volume that the mesh encloses, negative where its faces look inwards."""
    corners = mesh.corners() - mesh.vertices.min(axis=0)
    return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6


def extent_in(mesh: Mesh, placement: Floats) -> tuple[Floats, Floats]:
    """The lowest and highest coordinates (3,) of the mesh in a placement's own axes."""
    local = (mesh.vertices - placement[:3, 3]) @ placement[:3, :3]
    return local.min(axis=0), local.max(axis=0)


def _union(triangles: Floats) -> BaseGeometry:
    """The union of triangles (M, 3, 2), slivers left out."""
    edges = triangles[:, 1:] - triangles[:, :1]
    doubled = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    solid = triangles[np.abs(doubled) > 2 * _GRID_M**2]
    merged = shapely.union_all(shapely.polygons(solid), grid_size=_GRID_M) if len(solid) else Polygon()
    parts = [
        Polygon(part.exterior, [ring for ring in part.interiors if Polygon(ring).area > _SLIVER_M2])
        for part in polygons_of(merged)
        if part.area > _SLIVER_M2
    ]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)
