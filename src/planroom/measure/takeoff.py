"""Elements into quantities: which there are of a sheet, and what they add up to over the sheets that count.

What a total adds up are only sheets that count (`sets.group_sheets`) and nothing demolished. How one number comes about
is `maker.py`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from planroom.measure.floors import ITEMS as FLOOR_ITEMS
from planroom.measure.floors import floor_areas
from planroom.measure.heights import heights_of
from planroom.measure.maker import GROSS, Maker
from planroom.measure.thickness import length_text, thicknesses
from planroom.records import Element, Quantity, Sheet
from planroom.units import UnitSystem

_COUNTED = (
    ("door", "Doors"),
    ("window", "Windows"),
    ("opening", "Openings without leaf"),
    ("room", "Rooms"),
    ("wall", "Walls"),
)
_ROOM_USES = (("bedroom", "Bedrooms", {"bedroom"}), ("toilet", "Rooms with toilet", {"toilet", "bathroom"}))
_PRISM_OFF = 0.05
UNEVEN = "the room is not equally high everywhere"


def take_off(
    sheets: list[Sheet], groups: list[dict[str, Any]], height_m: float | None, units: UnitSystem = "metric"
) -> list[Quantity]:
    """Quantities of every sheet, in SI, then totals over the sheets that count.

    height_m: clear height in metres where neither the sheet nor a section of the set tells one. units: how thicknesses
    are spelt in items.
    """
    heights = heights_of(sheets, height_m)
    counting = {g["counts"] for g in groups if g["counts"]}
    notes = {sheet: g["note"] for g in groups for sheet in g["sheets"] if sheet not in counting}
    doubts = {g["counts"]: g["note"] for g in groups if g.get("doubt")}
    quantities: list[Quantity] = []
    for sheet in sheets:
        note = notes.get(sheet.id, "" if sheet.id in counting else f"{sheet.kind}: not in the totals")
        maker = Maker(sheet, note, units, doubts.get(sheet.id, ""))
        quantities.extend(_of_sheet(maker, sheet, heights.get(sheet.id)))
    return quantities + _totals(quantities, counting)


def _of_sheet(maker: Maker, sheet: Sheet, height: tuple[float, str] | None) -> Iterator[Quantity]:
    by_kind: dict[str, list[Element]] = defaultdict(list)
    for element in sheet.elements:
        by_kind[element.kind].append(element)
    if not sheet.elements:
        return
    for kind, item in _COUNTED:
        standing = [e for e in by_kind[kind] if e.status != "demolished"]
        gone = [e for e in by_kind[kind] if e.status == "demolished"]
        yield maker.count(kind, item, standing, sheet.counts.get(kind) if not gone else None)
        if gone:
            yield maker.count(f"{kind}-demolished", f"{item}, demolished", gone, None, apart=True)
    rooms = by_kind["room"]
    for key, item, uses in _ROOM_USES:
        yield maker.count(key, item, [r for r in rooms if _uses(r) & uses], sheet.counts.get(key))
    yield from _walls(maker, by_kind["wall"], height)
    if sheet.kind == "plan":
        yield from _floors(maker, sheet)
    for room in rooms:
        yield from _room(maker, room, height)
    for kind in ("door", "window", "opening"):
        for element in by_kind[kind]:
            yield from _opening(maker, element)


def _floors(maker: Maker, sheet: Sheet) -> Iterator[Quantity]:
    """The storey's floor areas by DIN 277."""
    for name, told in floor_areas(sheet).items():
        yield maker.floor(name, FLOOR_ITEMS[name], told)


def _uses(room: Element) -> set[str]:
    """What a room is used as, by all the names that stand in it."""
    return {room.traits.get("use", ""), *room.traits.get("also", "").split(", ")} - {""}


def _walls(maker: Maker, walls: list[Element], height: tuple[float, str] | None) -> Iterator[Quantity]:
    """Length and one-sided surface of the walls of each thickness, openings not deducted."""
    labels = thicknesses(walls, maker.m_per_unit)
    classes: dict[tuple[int | None, bool], list[Element]] = defaultdict(list)
    for wall, label in zip(walls, labels, strict=True):
        classes[label, wall.status == "demolished"].append(wall)
    for (mm, gone), members in sorted(classes.items(), key=lambda c: (c[0][0] or 0, c[0][1])):
        item = ("Walls" if mm is None else f"Walls {length_text(mm, maker.units)}") + (", demolished" if gone else "")
        key = f"wall-{mm}" + ("-demolished" if gone else "")
        length = maker.sum(key, item, "length", members, "length", apart=gone)
        yield length
        if all("area_side" in wall.sizes for wall in members):
            surface = maker.sum(key, item, "surface", members, "area_side", apart=gone)
            surface.note = "; ".join(filter(None, (surface.note, GROSS)))
            yield surface
        else:
            yield maker.times_height(length, key, item, height, apart=gone)


def _room(maker: Maker, room: Element, height: tuple[float, str] | None) -> Iterator[Quantity]:
    name = " ".join(filter(None, (room.traits.get("number"), room.traits.get("name")))) or "unnamed"
    item = f"Room {name}"
    yield maker.area(room, item)
    perimeter = maker.sum(room.id, item, "perimeter", [room], "perimeter")
    yield perimeter
    own = room.sizes.get("height")
    surface = maker.times_height(perimeter, room.id, f"{item}, walls", (own, "the model") if own else height)
    if is_uneven(room):
        surface.value, surface.interval, surface.state = None, None, "withheld"
        surface.reason = UNEVEN
    yield surface


def is_uneven(room: Element) -> bool:
    """Whether a model's room is not equally high everywhere: its volume is not its area times its height."""
    own, volume, area = room.sizes.get("height"), room.stated.get("volume_m3"), room.sizes.get("area")
    return bool(own and volume and area and abs(volume / (area * own) - 1) > _PRISM_OFF)


def _opening(maker: Maker, element: Element) -> Iterator[Quantity]:
    word = {"door": "Door", "window": "Window", "opening": "Opening"}[element.kind]
    tag = element.traits.get("tag") or element.traits.get("number") or element.id.rpartition(".")[2]
    for name in ("width", "height"):
        if name in element.sizes or f"{name}_m" in element.stated:
            yield maker.size(element, f"{word} {tag}", name)


_TOTALLED = ("count", "length", "surface", "area")


def compare_with_schedules(quantities: list[Quantity], listed: Mapping[str, tuple[int | None, str]]) -> None:
    """Put beside the totals of doors and windows what the schedules list, and say where the two differ.

    listed: by kind the pieces (None where the schedules do not tell) and what is doubtful about them.
    """
    items = dict(_COUNTED)
    for kind, (pieces, doubt) in listed.items():
        total = next((q for q in quantities if q.total and (q.item, q.measure) == (items[kind], "count")), None)
        if total is None or pieces is None:
            continue
        total.stated = float(pieces)
        if total.value is None or round(total.value) != pieces:
            said = f"the {kind} schedule lists {pieces}" + (f" ({doubt})" if doubt else "")
            total.note = "; ".join(filter(None, (total.note, said)))


def _totals(quantities: list[Quantity], counting: set[str]) -> list[Quantity]:
    """One total for each item and measure that sheets share, over what counts; rooms' floor areas as one."""
    parts: dict[tuple[str, str, str], list[Quantity]] = defaultdict(list)
    for quantity in quantities:
        if quantity.sheet not in counting or quantity.note.startswith("demolished"):
            continue
        single = quantity.item.startswith("Room ") and not quantity.item.endswith("toilet")
        if single and quantity.measure == "area":
            parts["Floor area of rooms", "area", quantity.unit].append(quantity)
        elif single and quantity.measure == "surface":
            parts["Wall surface of rooms", "surface", quantity.unit].append(quantity)
        elif not single and quantity.measure in _TOTALLED:
            parts[quantity.item, quantity.measure, quantity.unit].append(quantity)
    return [_total(item, measure, unit, members) for (item, measure, unit), members in parts.items() if members]


def _total(item: str, measure: Any, unit: str, members: list[Quantity]) -> Quantity:
    withheld = [q for q in members if q.value is None]
    low = sum(q.interval[0] if q.interval else q.value or 0.0 for q in members)
    high = sum(q.interval[1] if q.interval else q.value or 0.0 for q in members)
    sure = all(q.state == "measured" for q in members)
    return Quantity(
        id=f"total:{item}:{measure}".replace(" ", "-").lower(),
        item=item,
        measure=measure,
        unit=unit,
        value=None if withheld else sum(q.value or 0.0 for q in members),
        interval=None if withheld else (low, high),
        state="withheld" if withheld else "measured" if sure else "estimated",
        sheet=None,
        sources=[q.id for q in members],
        reason=f"{len(withheld)} of {len(members)} parts are withheld: {withheld[0].reason}" if withheld else None,
        note=GROSS if measure == "surface" else "",
        total=True,
    )
