"""The building in an IFC model: its storeys from the lowest up, and which element stands on which of them.

Glossary. *Occurrence*: an element of the building, as against its type. *Parent*: what contains, aggregates, nests, is
filled by or is voided for an element. *Level*: a storey's normal name, "-1", "0", "1" or "roof".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import ifcopenshell
import ifcopenshell.util.element as ifc_element
import ifcopenshell.util.placement as ifc_placement
import ifcopenshell.util.unit as ifc_unit
import numpy as np

from planroom.errors import UnsupportedFile
from planroom.ingest.ifc_properties import Entity
from planroom.records import Floats

KINDS: Final = {"IfcSpace": "room", "IfcWall": "wall", "IfcDoor": "door", "IfcWindow": "window", "IfcStair": "stair"}

# The parser knows one identifier a schema; corrigenda and release candidates of it differ in rare entities only.
_SCHEMA_FAMILIES: Final = {"IFC2X3": "IFC2X3", "IFC4X3": "IFC4X3_ADD2", "IFC4_ADD": "IFC4"}

_GROUND: Final = re.compile(r"\b(ground|erdgeschoss|eg|rez|begane|planta baja|piano terra)", re.IGNORECASE)
_ROOF: Final = re.compile(r"\b(roof|dach|toiture|tak|dak|cubierta)\b", re.IGNORECASE)


@dataclass(slots=True)
class Storey:
    """One level of one building, or (`entity` None) the sheet of all that stands on no level.

    level: "-1", "0", "1", "roof", "" where nothing stands on it. floor_m: its elevation in the world. occurrences: kind
    and entity. height_m: up to the next level of the same building, None for the topmost.
    """

    entity: Entity | None
    name: str
    building: str
    floor_m: float = 0.0
    level: str = ""
    height_m: float | None = None
    occurrences: list[tuple[str, Entity]] = field(default_factory=list)


class Model:
    """An opened file with its units (how many m, m2 and m3 they are); everything that comes out is in metres."""

    def __init__(self, file: Entity):
        self.file = file
        self.length_m: float = ifc_unit.calculate_unit_scale(file)
        self.unit: dict[str, float] = {
            "m": self.length_m,
            "m2": ifc_unit.calculate_unit_scale(file, "AREAUNIT"),
            "m3": ifc_unit.calculate_unit_scale(file, "VOLUMEUNIT"),
        }

    def placement(self, product: Entity) -> Floats:
        """World placement (4, 4) with its origin in metres; the identity where the product has none."""
        if getattr(product, "ObjectPlacement", None) is None:
            return np.eye(4)
        matrix = np.array(ifc_placement.get_local_placement(product.ObjectPlacement), dtype=np.float64)
        matrix[:3, 3] *= self.length_m
        return matrix

    def storeys(self) -> list[Storey]:
        """All storeys by elevation, each with its occurrences; then, where some are left, "unplaced"."""
        found = {entity.id(): self._storey(entity) for entity in self.file.by_type("IfcBuildingStorey")}
        unplaced = Storey(None, "unplaced", "")
        for kind, product in self._occurrences():
            home = _storey_of(product)
            (unplaced if home is None else found[home.id()]).occurrences.append((kind, product))
        storeys = sorted(found.values(), key=lambda storey: (round(storey.floor_m, 3), storey.building))
        for building in {storey.building for storey in storeys}:
            _name_levels([storey for storey in storeys if storey.building == building])
        return [*storeys, unplaced] if unplaced.occurrences else storeys

    def ids(self) -> dict[int, str]:
        """A stable id for each occurrence, by entity number: its GlobalId, numbered where a broken file repeats it."""
        repeats: Counter[str] = Counter()
        ids = {}
        for _, product in self._occurrences():
            guid = str(product.GlobalId or f"#{product.id()}")
            repeats[guid] += 1
            ids[product.id()] = guid if repeats[guid] == 1 else f"{guid}-{repeats[guid]}"
        return ids

    def _occurrences(self) -> Iterator[tuple[str, Entity]]:
        for name, kind in KINDS.items():
            for product in self.file.by_type(name):
                yield kind, product
        for flight in self.file.by_type("IfcStairFlight"):
            parent = ifc_element.get_aggregate(flight)
            if parent is None or not parent.is_a("IfcStair"):
                yield "stair", flight

    def _storey(self, entity: Entity) -> Storey:
        building = entity
        seen: set[int] = set()
        while building is not None and not building.is_a("IfcBuilding") and building.id() not in seen:
            seen.add(building.id())
            building = ifc_element.get_aggregate(building)
        floor_m = float(self.placement(entity)[2, 3]) or float(entity.Elevation or 0.0) * self.length_m
        owner = f"#{building.id()}" if building is not None else ""
        return Storey(entity, (entity.Name or entity.LongName or "").strip(), owner, floor_m)


def open_model(path: Path) -> Model:
    """The model in `path`. Raises UnsupportedFile for an unknown schema, ifcopenshell's errors for a broken file."""
    try:
        return Model(ifcopenshell.open(str(path), format=".ifc"))
    except ifcopenshell.SchemaError as error:
        text = path.read_text(encoding="utf-8", errors="replace")
        declared = re.search(r"FILE_SCHEMA\s*\(\s*\(\s*'([^']*)'", text[:65536])
        name = declared[1] if declared else "none"
        known = next((to for family, to in _SCHEMA_FAMILIES.items() if name.upper().startswith(family)), None)
        if declared is None or known is None:
            raise UnsupportedFile(
                f"the schema {name} is not known", hint="export it as IFC2x3, IFC4 or IFC4X3_ADD2"
            ) from error
        return Model(ifcopenshell.file.from_string(text[: declared.start(1)] + known + text[declared.end(1) :]))


def parts_of(product: Entity) -> list[Entity]:
    """The direct parts of an aggregate, none where it is one piece."""
    return [part for relation in getattr(product, "IsDecomposedBy", ()) for part in relation.RelatedObjects]


def opening_of(product: Entity) -> Entity | None:
    """The opening that a door or window fills, None where it fills none."""
    return next((relation.RelatingOpeningElement for relation in getattr(product, "FillsVoids", ())), None)


def _storey_of(product: Entity) -> Entity | None:
    """The nearest storey among the parents, breadth first, so that an own container wins over a host's."""
    queue, seen = [product], {product.id()}
    for entity in queue:
        if entity.is_a("IfcBuildingStorey"):
            return entity
        parents = (
            ifc_element.get_container(entity, should_get_direct=True),
            ifc_element.get_aggregate(entity),
            ifc_element.get_nest(entity),
            ifc_element.get_filled_void(entity),
            ifc_element.get_voided_element(entity),
        )
        fresh = [parent for parent in parents if parent is not None and parent.id() not in seen]
        seen.update(parent.id() for parent in fresh)
        queue.extend(fresh)
    return None


def _name_levels(storeys: list[Storey]) -> None:
    """Number the occupied levels of one building from the ground, and measure each up to the next."""
    for storey, above in pairwise(storeys):
        if above.floor_m - storey.floor_m > 0.1:
            storey.height_m = above.floor_m - storey.floor_m
    used = [storey for storey in storeys if storey.occurrences]
    for storey in [one for one in used if _ROOF.search(one.name)]:
        storey.level = "roof"
        used.remove(storey)
    if not used:
        return
    nearest = min(range(len(used)), key=lambda at: abs(used[at].floor_m))
    ground = next((at for at, storey in enumerate(used) if _GROUND.search(storey.name)), nearest)
    for at, storey in enumerate(used):
        storey.level = str(at - ground)
