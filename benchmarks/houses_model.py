"""Floor plans cut out of an IFC model: what a horizontal section through each storey shows, and what that is of.

*Cut*: the plane 1.1 m above a storey's floor, in world metres. What a plan consists of is named in houses_plan.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import ifcopenshell.util.element as ifc_element
import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from houses_plan import Hole, Plan, Space
from houses_shapes import clean, from_above, treads_of, upright
from planroom.ingest.ifc_geometry import Body, Kernel
from planroom.ingest.ifc_mesh import PLAN, Mesh, cut, shadow
from planroom.ingest.ifc_model import Storey, open_model, opening_of
from planroom.ingest.ifc_properties import Entity, property_sets, stated_of, traits_of

CUT_M: Final = 1.1
_CLASSES: Final = {
    "IfcWall": "wall",
    "IfcColumn": "wall",
    "IfcCurtainWall": "front",
    "IfcSlab": "slab",
    "IfcStair": "stair",
    "IfcStairFlight": "stair",
    "IfcRailing": "railing",
    "IfcMember": "timber",
    "IfcFurnishingElement": "furniture",
    "IfcFlowTerminal": "furniture",
}


class Thing(NamedTuple):
    """An element with its body: its kind, the body, its footprint, and the name of its type, a front's own."""

    kind: str
    mesh: Mesh
    footprint: BaseGeometry
    low_m: float
    high_m: float
    type: str


class House:
    """A model, its things turned so that its walls run along the sheet."""

    def __init__(self, path: Path):
        self.name = path.stem
        self._model = open_model(path)
        self._kernel = Kernel(self._model)
        self._turn = np.eye(2)
        walls = [self._kernel.body("wall", wall) for wall in self._model.file.by_type("IfcWall")]
        self._turn = upright([wall.footprint for wall in walls if wall is not None])
        self._things = list(self._all_things())

    def plans(self) -> Iterator[tuple[str, Plan | None]]:
        """The name of each storey and its plan, None where the cut shows no walls with anything in or between them."""
        storeys = [storey for storey in self._model.storeys() if storey.entity is not None]
        for at, storey in enumerate(storeys):
            plan = self._plan(storey)
            shows = plan.body and (plan.holes or plan.spaces)
            yield storey.name or f"storey {at + 1}", plan if shows else None

    def _all_things(self) -> Iterator[Thing]:
        for name, kind in _CLASSES.items():
            for product in self._model.file.by_type(name):
                whole = ifc_element.get_aggregate(product)
                part_of = "" if whole is None else whole.is_a()
                if part_of in ("IfcWindow", "IfcDoor", "IfcCurtainWall") or (
                    name in ("IfcStairFlight", "IfcMember") and _is_stair(whole)
                ):
                    continue
                for piece in _pieces(product) if kind == "front" else [product]:
                    body = self._kernel.body("wall", piece)
                    if body is not None:
                        is_roof = kind == "slab" and product.PredefinedType == "ROOF"
                        name_of = product.GlobalId if kind == "front" else _type_name(product)
                        yield self._thing("roof" if is_roof else kind, body, name_of)

    def _thing(self, kind: str, body: Body, type_name: str) -> Thing:
        mesh = Mesh(
            np.column_stack([body.mesh.vertices[:, :2] @ self._turn.T, body.mesh.vertices[:, 2]]), body.mesh.faces
        )
        return Thing(kind, mesh, self._turned(body.footprint), body.low_m, body.high_m, type_name)

    def _turned(self, shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, lambda points: points @ self._turn.T)

    def _plan(self, storey: Storey) -> Plan:
        floor_m = self._floor_m(storey)
        at_m, top_m = floor_m + CUT_M, floor_m + (storey.height_m or 3.0)
        plan = Plan(storey.name, storey.level)
        bodies: dict[str, list[BaseGeometry]] = {}
        low: list[BaseGeometry] = []
        for thing in self._things:
            is_cut = thing.low_m < at_m < thing.high_m
            if thing.kind == "wall" and thing.low_m < at_m and thing.high_m > floor_m + 0.1:
                low.append(cut(thing.mesh, max(floor_m + 0.12, thing.low_m + 0.01)))
                if is_cut:
                    bodies.setdefault(thing.type, []).append(cut(thing.mesh, at_m))
            elif thing.kind == "front" and is_cut:
                plan.fronts.append(cut(thing.mesh, at_m))
            elif thing.kind == "timber" and is_cut:
                plan.timber.append(cut(thing.mesh, at_m))
            elif thing.kind == "roof" and thing.high_m > at_m and thing.low_m < top_m + 1.0:
                plan.overhang = plan.overhang.union(thing.footprint)
                if is_cut:
                    plan.roof = plan.roof.union(cut(thing.mesh, at_m))
            elif thing.kind == "slab" and abs(thing.high_m - floor_m) < 0.16:
                plan.floors.append(shadow(thing.mesh, PLAN))
            elif thing.kind == "stair" and thing.low_m < at_m and thing.high_m > floor_m - 0.4:
                plan.stairs.append(treads_of(thing.mesh, at_m))
            elif thing.kind in ("furniture", "railing") and floor_m - 0.2 < thing.low_m < at_m:
                plan.seen.append(from_above(thing.mesh, thing.footprint))
        plan.body = {name: clean(shapely.union_all(shapes, grid_size=1e-4)) for name, shapes in bodies.items()}
        plan.body = {name: shape for name, shape in plan.body.items() if not shape.is_empty}
        plan.low = clean(shapely.union_all(low, grid_size=1e-4))
        plan.front_runs = len({t.type for t in self._things if t.kind == "front" and t.low_m < at_m < t.high_m})
        plan.plain = list(self._plain(plan, at_m))
        plan.holes = [hole for kind, product in storey.occurrences if (hole := self._hole(kind, product, at_m))]
        self._add_spaces(plan, storey, at_m)
        return plan

    def _plain(self, plan: Plan, at_m: float) -> Iterator[BaseGeometry]:
        """The holes in walls that nothing fills."""
        for opening in self._model.file.by_type("IfcOpeningElement"):
            voids: tuple[Entity, ...] = getattr(opening, "VoidsElements", ())
            wall = voids[0].RelatingBuildingElement if voids else None
            if wall is None or not wall.is_a("IfcWall") or opening.HasFillings:
                continue
            hollow, whole = self._kernel.body("opening", opening), self._kernel.body("wall", wall)
            if hollow is not None and whole is not None and hollow.low_m < at_m < hollow.high_m:
                hole = self._turned(hollow.footprint.intersection(whole.footprint)).difference(plan.cut_body())
                if hole.area > 0.02:
                    yield hole

    def _floor_m(self, storey: Storey) -> float:
        """Where rooms, else doors, else walls begin, else the storey's elevation."""
        for kind in ("room", "door", "wall"):
            bodies = (self._kernel.body(kind, product) for own, product in storey.occurrences if own == kind)
            lows = [body.low_m for body in bodies if body is not None]
            if lows:
                return float(np.median(lows))
        return storey.floor_m

    def _hole(self, kind: str, product: Entity, at_m: float) -> Hole | None:
        if kind not in ("door", "window"):
            return None
        body = self._kernel.body(kind, product)
        if body is None or body.box is None:
            return None
        thing = self._thing(kind, body, "")
        box = body.box @ self._turn.T
        along, across = box[1] - box[0], box[3] - box[0]
        along, across = along / np.hypot(*along), across / max(float(np.hypot(*across)), 1e-9)
        opening = opening_of(product)
        hollow = None if opening is None else self._kernel.body("opening", opening)
        wall = shapely.union_all([t.footprint for t in self._things if t.kind == "wall" and t.low_m < at_m < t.high_m])
        shape = wall.intersection(self._turned(hollow.footprint)) if hollow is not None else Polygon(box)
        if shape.is_empty or shape.area < 0.5 * Polygon(box).area:
            shape = Polygon(box)
        corners = shapely.get_coordinates(shape)
        x, y = (corners - box[0]) @ along, (corners - box[0]) @ across
        # along the wall an opening is as wide as its element, whatever crosses there
        width = float((box[1] - box[0]) @ along)
        x0, x1 = max(float(x.min()), -0.1), min(float(x.max()), width + 0.1)
        y0, y1 = float(y.min()), float(y.max())
        ring = np.array([box[0] + along * u + across * v for u, v in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))])
        own_m = (max(0.0, -y0), min(y1 - y0, float((box[3] - box[0]) @ across) - y0))
        operation = traits_of(kind, product, {}).get("subtype", "")
        shown = body.low_m < at_m < body.high_m and bool(shapely.intersects(wall, Polygon(ring).buffer(0.05)))
        return Hole(kind, operation, ring, own_m, clean(cut(thing.mesh, at_m)), shown)

    def _add_spaces(self, plan: Plan, storey: Storey, at_m: float) -> None:
        """The faces that the cut encloses, each with the model's spaces in it; those in no face are counted."""
        faces = plan.faces()
        held: dict[int, list[tuple[str, str, BaseGeometry, float]]] = {}
        for kind, product in storey.occurrences:
            body = self._kernel.body("room", product) if kind == "room" else None
            shape = Polygon() if body is None else clean(cut(self._thing("room", body, "").mesh, at_m))
            if body is None or shape.is_empty:
                continue
            sets = property_sets(product)
            says = traits_of("room", product, sets)
            area_m2 = stated_of("room", product, sets, self._model.unit).get("area_m2", body.footprint.area)
            shared = [face.intersection(shape).area for face in faces]
            best = max(range(len(faces)), key=shared.__getitem__, default=-1)
            if best < 0 or shared[best] < 0.9 * shape.area:
                plan.outside += 1
            else:
                held.setdefault(best, []).append((says.get("name", ""), says.get("number", ""), shape, area_m2))
        for at, members in held.items():
            names, numbers, shapes, areas = zip(*members, strict=True)
            plan.spaces.append(Space(list(names), list(numbers), list(shapes), sum(areas), faces[at]))


def _pieces(product: Entity) -> list[Entity]:
    parts = [part for relation in getattr(product, "IsDecomposedBy", ()) for part in relation.RelatedObjects]
    return parts or [product]


def _is_stair(whole: Entity | None) -> bool:
    return whole is not None and whole.is_a("IfcStair")


def _type_name(product: Entity) -> str:
    kind = ifc_element.get_type(product)
    return str(getattr(kind, "Name", "") or product.ObjectType or "")
