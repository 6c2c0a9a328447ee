"""Footprints and sizes of IFC elements, computed from their solids.

Frames: world metres, z up. Gross meshes have no openings cut out of them, net meshes have.
Source of the wall's rules: Qto_WallBaseQuantities of IFC 4 (length along the axis, side area seen across it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import ifcopenshell.geom
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from planroom.ingest.ifc_mesh import PLAN, Mesh, extent_in, joined, polygons_of, shadow, volume
from planroom.ingest.ifc_model import Model, opening_of, parts_of
from planroom.ingest.ifc_properties import Entity
from planroom.records import Floats

_STRAIGHT: Final = 0.85  # share of its rectangle that a straight wall's footprint fills; mitred ends fill less than 1
_LEVEL_NORMAL: Final = 0.5  # a face whose normal leans up to 60 degrees from the vertical still is a floor
_TURNED: Final = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])  # a quarter turn about z
_DEPTH: Final = 6  # how deep aggregates may nest before we stop looking for geometry


@dataclass(slots=True)
class Body:
    """An element's geometry, ready for the plan.

    footprint: its shadow on the floor. box (4, 2): for a door or window its rectangle, from the near end of its local x
    axis, the local y axis pointing from the first edge to the third. mesh: what a horizontal cut is taken through.
    """

    footprint: BaseGeometry
    low_m: float
    high_m: float
    mesh: Mesh
    sizes: dict[str, float] = field(default_factory=dict)
    box: Floats | None = None
    note: str = ""

    def outline(self) -> Floats:
        """The exterior ring of the largest part of the footprint (K, 2), not repeated at the end."""
        largest = max(polygons_of(self.footprint), key=lambda part: part.area, default=None)
        return np.empty((0, 2)) if largest is None else np.array(largest.exterior.coords)[:-1]


class Kernel:
    """Turns elements of one model into bodies, one at a time, so that a failure costs one element. Not thread-safe."""

    def __init__(self, model: Model):
        self._model = model
        self._gross = _settings(cut_openings=False)
        self._net = _settings(cut_openings=True)

    def body(self, kind: str, product: Entity) -> Body | None:
        """The element's body, None where it has no usable geometry, neither of its own nor of its parts."""
        if kind in ("door", "window"):
            return self._filling(product)
        gross = self._mesh(product, self._gross)
        if gross is None:
            return None
        low_m, high_m = float(gross.vertices[:, 2].min()), float(gross.vertices[:, 2].max())
        footprint = _floor(gross) if kind == "room" else shadow(gross, PLAN)
        if footprint.is_empty:
            return None
        if kind == "wall":
            net = (self._mesh(product, self._net) if getattr(product, "HasOpenings", ()) else None) or gross
            return Body(footprint, low_m, high_m, net, _wall_sizes(footprint, gross, net))
        sizes = {"area": footprint.area, "perimeter": footprint.length, "height": high_m - low_m}
        return Body(footprint, low_m, high_m, gross, sizes)

    def _filling(self, product: Entity) -> Body | None:
        """The body of a door or window: its own box without what reaches past its opening (trims, handles, sills)."""
        opening = opening_of(product)
        own = self._mesh(product, self._gross)
        hole = None if opening is None else self._mesh(opening, self._gross)
        mesh = own or hole
        if mesh is None:
            return None
        placement = self._model.placement(product)
        low, high = extent_in(mesh, placement)
        if self._is_turned(product, high - low):
            placement = placement @ _TURNED
            low, high = extent_in(mesh, placement)
        if own is not None and hole is not None:
            hole_low, hole_high = extent_in(hole, placement)
            inner_low, inner_high = np.maximum(low, hole_low), np.minimum(high, hole_high)
            if (inner_high - inner_low > 0.5 * (high - low) * (1, 0, 1)).all():
                low, high = inner_low, inner_high
        corners = np.array([(x, y, z) for z in (low[2], high[2]) for x, y in _ring(low, high)])
        world = corners @ placement[:3, :3].T + placement[:3, 3]
        width, depth, height = (float(size) for size in high - low)
        # A roof light lies in its plane: what is its height on a wall is then its y extent.
        sizes = {"width": width, "height": height if depth < 2 * height else depth}
        footprint = shapely.convex_hull(shapely.multipoints(world[:, :2]))
        heights = world[:, 2]
        note = "" if own is not None else "opening"
        return Body(footprint, float(heights.min()), float(heights.max()), mesh, sizes, world[:4, :2], note)

    def _is_turned(self, product: Entity, size: Floats) -> bool:
        """Whether only the y extent fits the stated width: IFC wants a door in the x-z plane, some exporters don't."""
        stated = float(getattr(product, "OverallWidth", None) or 0.0) * self._model.length_m
        return abs(float(size[1]) - stated) < 0.1 * stated < abs(float(size[0]) - stated)

    def _mesh(self, product: Entity, settings: object, depth: int = 0) -> Mesh | None:
        """The mesh of the product or, where it has none, of its parts together."""
        if getattr(product, "Representation", None) is not None:
            try:
                geometry = ifcopenshell.geom.create_shape(settings, product).geometry
            except RuntimeError as error:
                if "bad_alloc" in str(error):
                    raise MemoryError(str(error)) from error
            else:
                mesh = _usable(np.array(geometry.verts), np.array(geometry.faces))
                if mesh is not None:
                    return mesh
        parts = [] if depth == _DEPTH else [self._mesh(part, settings, depth + 1) for part in parts_of(product)]
        return joined([part for part in parts if part is not None])


def _settings(*, cut_openings: bool) -> object:
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    settings.set("disable-opening-subtractions", not cut_openings)
    settings.set("no-normals", True)
    return settings


def _usable(coordinates: Floats, indices: NDArray[np.int64]) -> Mesh | None:
    vertices, faces = coordinates.reshape(-1, 3), indices.reshape(-1, 3)
    return Mesh(vertices, faces) if len(faces) and np.isfinite(vertices).all() else None


def _floor(mesh: Mesh) -> BaseGeometry:
    """The floor of a room: its downward faces seen from above; its whole shadow where it has none."""
    corners = mesh.corners()
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # The sign of the volume tells whether the faces look out of the solid, as they should, or into it.
    outward = -1.0 if volume(mesh) < 0 else 1.0
    lengths = np.linalg.norm(normals, axis=1)
    down = outward * normals[:, 2] < -_LEVEL_NORMAL * lengths
    return shadow(Mesh(mesh.vertices, mesh.faces[down]) if down.any() else mesh, PLAN)


def _ring(low: Floats, high: Floats) -> list[tuple[float, float]]:
    return [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]


def _wall_sizes(footprint: BaseGeometry, gross: Mesh, net: Mesh) -> dict[str, float]:
    """Length, thickness and height of a wall, its side area without (`area_side`) and with openings off (`_net`).

    Lengths and areas are those of the wall's middle: the mean of its two faces, which mitred ends make unequal.
    """
    height = float(np.ptp(gross.vertices[:, 2]))
    rectangle = shapely.oriented_envelope(footprint)
    if not isinstance(rectangle, Polygon) or rectangle.area == 0:
        return {"height": height}
    ring = np.array(rectangle.exterior.coords)
    sides = np.linalg.norm(np.diff(ring[:3], axis=0), axis=1)
    length, thickness = float(sides.max()), float(sides.min())
    if footprint.area >= _STRAIGHT * rectangle.area:
        along = np.diff(ring[:3], axis=0)[int(sides.argmax())] / length
        plane = np.array([[along[0], along[1], 0.0], [0.0, 0.0, 1.0]])
        length = footprint.area / thickness
        areas = [_side_area(mesh, plane, thickness) for mesh in (gross, net)]
    else:
        length, thickness = _strip(footprint, length, thickness)
        areas = [_lateral_area(mesh, thickness) for mesh in (gross, net)]
    sizes = {"length": length, "thickness": thickness, "height": height}
    return sizes | {"area_side": areas[0], "area_side_net": areas[1]}


def _side_area(mesh: Mesh, plane: Floats, thickness: float) -> float:
    """The mean of the two side areas of a straight wall, its shadow where it is no solid of one piece."""
    seen = shadow(mesh, plane).area
    mean = abs(volume(mesh)) / thickness
    return mean if 0.8 * seen < mean < 1.01 * seen else seen


def _strip(footprint: BaseGeometry, length: float, thickness: float) -> tuple[float, float]:
    """Length along the middle and thickness of a bent or curved strip; what was given where it is no strip.

    An open strip has area L·t and perimeter 2(L + t), exact for arcs and right-angled bends; a closed one 2L.
    """
    half, area = footprint.length / 2, footprint.area
    if any(part.interiors for part in polygons_of(footprint)):
        return half, area / half
    root = half**2 - 4 * area
    return (length, thickness) if root < 0 else ((half + math.sqrt(root)) / 2, (half - math.sqrt(root)) / 2)


def _lateral_area(mesh: Mesh, thickness: float) -> float:
    """The area of one side of a bent wall: half its upright faces, its two ends left out."""
    corners = mesh.corners()
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    areas = np.linalg.norm(normals, axis=1)
    upright = float(areas[np.abs(normals[:, 2]) < 0.1 * areas].sum())
    return upright / 2 - thickness * float(np.ptp(mesh.vertices[:, 2]))
