"""What an IFC model says of itself: its storeys, which element stands on which of them, names and stated figures.

Glossary. *Occurrence*: an element of the building, as against its type. *Parent*: what contains, aggregates, nests, is
filled by or is voided for an element. *Stated*: read from a quantity or property set, never computed here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import ifcopenshell
import ifcopenshell.util.element as ifc_element
import ifcopenshell.util.placement as ifc_placement
import ifcopenshell.util.unit as ifc_unit
import numpy as np

from planroom.errors import UnsupportedFile
from planroom.records import Floats, Status

Entity = Any  # ifcopenshell ships no type information
Kinds = Iterator[tuple[str, Entity]]

KINDS: Final = {"IfcSpace": "room", "IfcWall": "wall", "IfcDoor": "door", "IfcWindow": "window", "IfcStair": "stair"}

# The parser knows one identifier a schema; corrigenda and release candidates of it differ in rare entities only.
_SCHEMA_FAMILIES: Final = {"IFC2X3": "IFC2X3", "IFC4X3": "IFC4X3_ADD2", "IFC4_ADD": "IFC4"}

_STATUS: Final[dict[str, Status]] = {"NEW": "new", "EXISTING": "existing", "DEMOLISH": "demolished"}
_GROUND: Final = re.compile(r"\b(ground|erdgeschoss|eg|rez|begane|planta baja|piano terra)", re.IGNORECASE)
_ROOF: Final = re.compile(r"\b(roof|dach|toiture|tak|dak|cubierta)\b", re.IGNORECASE)
_UNSET: Final = {"", "NOTDEFINED", "UNSET"}

# Which sets hold figures: the standard's, and what Revit writes where it exports no base quantities. First set wins.
_QUANTITY_SETS: Final = (
    re.compile(r"^Qto_|BaseQuantities$", re.IGNORECASE),
    re.compile(r"^GSA |(^|_)Dimensions$|(^|_)Constraints$", re.IGNORECASE),
)
_STATED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "room": {
        "area_m2": ("GrossFloorArea", "NetFloorArea", "GSA BIM Area", "Area"),
        "area_net_m2": ("NetFloorArea",),
        "perimeter_m": ("GrossPerimeter", "NetPerimeter", "Perimeter"),
        "height_m": ("Height", "ClearHeight", "FinishCeilingHeight", "Unbounded Height"),
        "volume_m3": ("NetVolume", "GrossVolume", "Volume"),
    },
    "wall": {
        "length_m": ("Length",),
        "thickness_m": ("Width",),
        "height_m": ("Height", "Unconnected Height"),
        "area_side_m2": ("GrossSideArea",),
        "area_side_net_m2": ("NetSideArea",),
        "volume_m3": ("NetVolume", "GrossVolume", "Volume"),
    },
    "door": {"width_m": ("Width",), "height_m": ("Height",), "area_m2": ("Area",)},
    "window": {"width_m": ("Width",), "height_m": ("Height",), "area_m2": ("Area",)},
    "stair": {},
}


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
    """An opened file with its units; everything that comes out is in metres."""

    def __init__(self, file: Entity):
        self.file = file
        self.length_m: float = ifc_unit.calculate_unit_scale(file)
        self._unit = {
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

    def stated(self, kind: str, product: Entity, sets: dict[str, dict[str, Any]]) -> dict[str, float]:
        """What the file itself says in its attributes and quantity sets, in SI; only positive figures."""
        figures: dict[str, float] = {}
        for key, names in _STATED[kind].items():
            value = _look_up(sets, names)
            if value is not None:
                figures[key] = value * self._unit[key.rsplit("_", 1)[1]]
        for key, attribute in (("width_m", "OverallWidth"), ("height_m", "OverallHeight")):
            value = getattr(product, attribute, None)
            if value:
                figures[key] = float(value) * self.length_m
        return figures

    def _occurrences(self) -> Kinds:
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


def property_sets(product: Entity) -> dict[str, dict[str, Any]]:
    """All property and quantity sets of an occurrence, its type's included, by name."""
    sets: dict[str, dict[str, Any]] = ifc_element.get_psets(product)
    return sets


def status_of(sets: dict[str, dict[str, Any]]) -> Status | None:
    """New, existing or demolished where a Pset_*Common says one of them, else None."""
    for name, values in sets.items():
        if name.startswith("Pset_") and name.endswith("Common"):
            said = values.get("Status")
            for word in said if isinstance(said, list | tuple) else [said]:
                if str(word).upper() in _STATUS:
                    return _STATUS[str(word).upper()]
    return None


def traits_of(kind: str, product: Entity, sets: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What words describe: subtype, name, number, long name, tag, class, whether it is external."""
    name = str(product.Name or "").strip()
    long_name = str(getattr(product, "LongName", None) or "").strip()
    traits = {"class": product.is_a(), "subtype": _subtype(product), "tag": getattr(product, "Tag", None) or ""}
    if kind == "room":
        traits |= {"name": long_name or name, "number": name, "long_name": long_name}
        traits["composition"] = _word(getattr(product, "CompositionType", None))
    else:
        mark = next((str(v["Mark"]) for n, v in sets.items() if n.endswith("Identity Data") and v.get("Mark")), "")
        traits |= {"name": name, "number": mark, "type": str(product.ObjectType or "")}
    for set_name, values in sets.items():
        if set_name.startswith("Pset_") and isinstance(values.get("IsExternal"), bool):
            traits["is_external"] = str(values["IsExternal"]).lower()
    return {key: value for key, value in traits.items() if value}


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


def _look_up(sets: dict[str, dict[str, Any]], names: tuple[str, ...]) -> float | None:
    for pattern in _QUANTITY_SETS:
        figures = [values for name, values in sets.items() if pattern.search(name)]
        for name in names:
            for values in figures:
                value = values.get(name)
                if isinstance(value, int | float) and value > 0:
                    return float(value)
    return None


def _subtype(product: Entity) -> str:
    """The kind of operation or construction, from the occurrence, else from its type."""
    type_entity = ifc_element.get_type(product)
    names = ("OperationType", "PartitioningType", "PredefinedType", "InteriorOrExteriorSpace")
    for name in names:
        for entity in (product, type_entity):
            value = str(getattr(entity, name, None) or "")
            if value == "USERDEFINED":
                named = ("UserDefinedOperationType", "UserDefinedPartitioningType", "ObjectType", "ElementType")
                value = next((str(v) for n in named if (v := getattr(entity, n, None))), "")
            if value not in _UNSET:
                return _word(value)
    return ""


def _word(value: str | None) -> str:
    return (value or "").replace("_", " ").lower()
