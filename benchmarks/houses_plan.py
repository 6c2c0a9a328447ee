"""One storey's section: what is cut, what is seen below and above, its holes and the spaces that it encloses.

Glossary. *Body*: what is cut of walls, columns and roofs. *Hole*: the rectangle that a door or window leaves open in
its wall, through the wall's whole thickness. *Front*: glass and posts of a curtain wall. *Plain*: a hole with nothing
in it. *Face*: what the cut encloses; several spaces of the model that nothing drawn parts share one, and are one space
on paper.

Frame: metres, x to the right, y up, the house's longest wall level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from houses_shapes import clean
from planroom.detect.rooms import is_large_enough
from planroom.ingest.ifc_mesh import polygons_of
from planroom.records import Floats

_CRACK_M: Final = 0.03  # what stands in a hole fills it but for this


class Hole(NamedTuple):
    """A door or window of the model. ring (4, 2): its hole from the near end of its local x axis, local y from the
    first edge to the third. own_m: where the element itself lies across the hole, as (low, high) from the first edge.
    """

    kind: str
    operation: str
    ring: Floats
    own_m: tuple[float, float]
    section: BaseGeometry
    shown: bool


class Space(NamedTuple):
    """An enclosed space as it is drawn: the IfcSpaces in it with their outlines at the cut, the area that the model
    says, and what the cut encloses.
    """

    names: list[str]
    numbers: list[str]
    shapes: list[BaseGeometry]
    area_m2: float
    face: Polygon

    @property
    def other(self) -> bool:
        """Whether paper encloses what the model does not measure: under a slope, or with a stair well in it."""
        return bool(abs(self.face.area / self.area_m2 - 1) > 0.02)


@dataclass(slots=True)
class Plan:
    """One storey's section. body: by type of wall. low: what of the walls stands beneath the cut, sills among it."""

    name: str
    level: str
    body: dict[str, BaseGeometry] = field(default_factory=dict)
    low: BaseGeometry = field(default_factory=Polygon)
    roof: BaseGeometry = field(default_factory=Polygon)
    overhang: BaseGeometry = field(default_factory=Polygon)
    timber: list[BaseGeometry] = field(default_factory=list)
    fronts: list[BaseGeometry] = field(default_factory=list)
    front_runs: int = 0  # how many curtain walls they are of
    plain: list[BaseGeometry] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)
    floors: list[BaseGeometry] = field(default_factory=list)
    seen: list[BaseGeometry] = field(default_factory=list)
    stairs: list[tuple[list[BaseGeometry], list[BaseGeometry]]] = field(default_factory=list)
    outside: int = 0

    def cut_body(self) -> BaseGeometry:
        """Walls of all types and the roof as one shape."""
        return clean(shapely.union_all([*self.body.values(), self.roof], grid_size=1e-4))

    def beneath(self, shape: BaseGeometry) -> BaseGeometry:
        """What of a shape beneath the cut is seen: where the roof itself is cut, it hides all that is outside it."""
        return shape if self.roof.is_empty else shape.intersection(self.cut_body().convex_hull)

    def windows(self) -> int:
        """How many windows are shown; those that stand frame to frame in one line are one."""
        rings = [Polygon(hole.ring) for hole in self.holes if hole.shown and hole.kind == "window"]
        along = [hole.ring[1] - hole.ring[0] for hole in self.holes if hole.shown and hole.kind == "window"]
        run = list(range(len(rings)))
        for i, ring in enumerate(rings):
            for j in range(i):
                in_line = abs(np.cross(along[i], along[j])) < 0.1 * np.hypot(*along[i]) * np.hypot(*along[j])
                if in_line and ring.distance(rings[j]) < 0.01:
                    run = [run[j] if r == run[i] else r for r in run]
        return len(set(run))

    def faces(self) -> list[Polygon]:
        """What walls, roof, doors, windows and glass enclose together."""
        holes = [Polygon(hole.ring) for hole in self.holes if hole.shown]
        closed = shapely.union_all([self.cut_body(), *holes, *self.fronts, *self.plain])
        closed = closed.buffer(_CRACK_M, join_style="mitre").buffer(-_CRACK_M, join_style="mitre")
        rings = [ring for part in polygons_of(closed) for ring in part.interiors]
        inside = [polygons_of(Polygon(ring).difference(closed)) for ring in rings]
        return [face for faces in inside for face in faces if is_large_enough(face)]
