"""Floor areas of a storey by DIN 277: gross, net, usable, circulation, technical, construction."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from planroom.measure.outline import building
from planroom.measure.rules import read_table
from planroom.records import Element, Sheet

ITEMS: Final = {
    "BGF": "Gross floor area (BGF)",
    "NRF": "Net room area (NRF)",
    "NUF": "Usable area (NUF)",
    "VF": "Circulation area (VF)",
    "TF": "Technical area (TF)",
    "KGF": "Construction area (KGF)",
}
_STANDING: Final = ("wall", "room", "door", "window", "opening")


class FloorArea(NamedTuple):
    """A class's area in sheet units squared, None where it cannot be told, and why; the elements that it rests on."""

    area: float | None
    reason: str
    sources: list[str]


def floor_areas(sheet: Sheet) -> dict[str, FloorArea]:
    """By class, for a plan with rooms; {} for other sheets. Rooms whose use nobody tells withhold what hangs on it."""
    standing = [e for e in sheet.elements if e.kind in _STANDING and len(e.outline) > 2 and e.status != "demolished"]
    rooms = [e for e in standing if e.kind == "room"]
    walls = [e for e in standing if e.kind == "wall"]
    if not rooms or not walls or sheet.scale is None or sheet.scale.m_per_unit is None:
        return {}
    by_use = {room.id: _class_of(room) for room in rooms}
    inside = [room for room in rooms if by_use[room.id] != ""]
    unnamed = sum(one is None for one in by_use.values())
    unknown = f"{unnamed} of {len(rooms)} rooms bear no name that tells their use" if unnamed else ""
    net = sum(room.sizes.get("area", 0.0) for room in inside)
    gross = float(building([e for e in standing if by_use.get(e.id) != ""], sheet.scale.m_per_unit).area)
    everything = [e.id for e in standing if e.kind in ("wall", "room")]
    apart = "" if gross >= net else "the walls that were found do not enclose the rooms"
    found = {
        "BGF": FloorArea(None if apart else gross, apart, everything),
        "NRF": FloorArea(net, "", [room.id for room in inside]),
        "KGF": FloorArea(None if apart else gross - net, apart, everything),
    }
    for name in ("NUF", "VF", "TF"):
        own = [room for room in inside if (by_use[room.id] or "").startswith(name)]
        area = None if unknown else sum(room.sizes.get("area", 0.0) for room in own)
        found[name] = FloorArea(area, unknown, [room.id for room in own])
    return {name: found[name] for name in ITEMS}


def _class_of(room: Element) -> str | None:
    """Its class, "" for what lies outside, None where its use is not known or is several."""
    if room.traits.get("also"):
        return None
    return _classes().get(room.traits.get("use", ""))


@cache
def _classes() -> dict[str, str]:
    told = read_table("din277", ("din277",))["class"]
    return {str(use): str(name) for use, name in told.items()}
