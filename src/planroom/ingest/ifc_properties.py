"""What an IFC element says of itself: names, status and the figures that its file states.

Glossary. *Stated*: read from an attribute, quantity set or property set, never computed here.
"""

from __future__ import annotations

import re
from typing import Any, Final

import ifcopenshell.util.element as ifc_element

from planroom.records import Status

Entity = Any  # ifcopenshell ships no type information
Sets = dict[str, dict[str, Any]]

_STATUS: Final[dict[str, Status]] = {"NEW": "new", "EXISTING": "existing", "DEMOLISH": "demolished"}
_UNSET: Final = {"", "NOTDEFINED", "UNSET"}

# Which sets hold figures: the standard's, and what Revit writes where it exports no base quantities. First set wins.
_QUANTITY_SETS: Final = (
    re.compile(r"^Qto_|BaseQuantities$", re.IGNORECASE),
    re.compile(r"^GSA |(^|_)Dimensions$|(^|_)Constraints$", re.IGNORECASE),
)
_STATED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "room": {
        "area_m2": ("GrossFloorArea", "NetFloorArea"),
        # by the rule of the program that made the model, often to the middle of the walls: no base quantity
        "area_program_m2": ("GSA BIM Area", "Area"),
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


def property_sets(product: Entity) -> Sets:
    """All property and quantity sets of an occurrence, its type's included, by name."""
    sets: Sets = ifc_element.get_psets(product)
    return sets


def status_of(sets: Sets) -> Status | None:
    """New, existing or demolished where a Pset_*Common says one of them, else None."""
    for name, values in sets.items():
        if name.startswith("Pset_") and name.endswith("Common"):
            said = values.get("Status")
            for word in said if isinstance(said, list | tuple) else [said]:
                if str(word).upper() in _STATUS:
                    return _STATUS[str(word).upper()]
    return None


def traits_of(kind: str, product: Entity, sets: Sets) -> dict[str, str]:
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


def stated_of(kind: str, product: Entity, sets: Sets, unit: dict[str, float]) -> dict[str, float]:
    """What the file itself says in its attributes and quantity sets, in SI; only positive figures.

    unit: how many m, m2 and m3 the model's own units are.
    """
    figures: dict[str, float] = {}
    for key, names in _STATED[kind].items():
        value = _look_up(sets, names)
        if value is not None:
            figures[key] = value * unit[key.rsplit("_", 1)[1]]
    for key, attribute in (("width_m", "OverallWidth"), ("height_m", "OverallHeight")):
        value = getattr(product, attribute, None)
        if value:
            figures[key] = float(value) * unit["m"]
    return figures


def _look_up(sets: Sets, names: tuple[str, ...]) -> float | None:
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
