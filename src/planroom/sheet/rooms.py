"""Rooms named by the words that stand in them, and what a room's use says of the openings on its edge."""

from __future__ import annotations

import shapely

from planroom.records import Element, Text
from planroom.sheet.text import read_label, use_of

_GARAGE_DOOR_M = 2.05


def label_rooms(elements: list[Element], texts: list[Text], m_per_unit: float) -> None:
    """Give the rooms among `elements` their name, number, use and printed area; correct what the use tells better.

    A wide opening on a garage's outer edge is its door, however it is drawn. texts: joined runs in sheet units.
    """
    rooms = [e for e in elements if e.kind == "room"]
    if not rooms:
        return
    shapes = [shapely.make_valid(shapely.Polygon(room.outline)) for room in rooms]
    if texts:
        room_of, text_of = shapely.STRtree(shapely.points([(t.x, t.y) for t in texts])).query(
            shapes, predicate="contains"
        )
        for i, room in enumerate(rooms):
            _name(room, [texts[k] for k in text_of[room_of == i]])
    _correct_openings(elements, rooms, shapes, m_per_unit)


def _correct_openings(
    elements: list[Element], rooms: list[Element], shapes: list[shapely.Geometry], m_per_unit: float
) -> None:
    """Openings whose rooms tell better what they are: a garage's door, a closed leaf between two rooms."""
    tree = shapely.STRtree(shapes)
    for element in elements:
        if element.kind not in ("window", "opening"):
            continue
        edge = shapely.Polygon(element.outline).buffer(0.1 / m_per_unit)
        beside = [rooms[k] for k in tree.query(edge, predicate="intersects")]
        width = element.sizes.get("width", 0) * m_per_unit
        thickness = element.sizes.get("thickness", 1) * m_per_unit
        inside = [room for room in beside if room.traits.get("use") != "outdoor"]
        if width > _GARAGE_DOOR_M and beside and all(room.traits.get("use") == "garage" for room in beside):
            element.kind, element.traits["subtype"] = "door", "garage"
        elif element.kind == "window" and len(inside) > 1 and thickness < 0.2 and 0.55 < width < 1.3:
            # nobody glazes a partition at that width: it is a leaf drawn closed
            element.kind, element.traits["subtype"] = "door", "closed"
            element.confidence = min(element.confidence, 0.6)
        elif element.kind == "opening" and len(beside) == 1 and inside and inside[0].traits.get("use") and width < 3.2:
            # a hole from a room to the open air is closed by something, and it shows no glass
            element.kind, element.traits["subtype"] = "door", "unclear"
            element.confidence = 0.55


def name_uses(elements: list[Element]) -> None:
    """Give the rooms of a model, which bring their names along, the use that the name says."""
    for room in elements:
        use = use_of(room.traits.get("name", "")) if room.kind == "room" else ""
        if use:
            room.traits.setdefault("use", use)


def shows_rooms(elements: list[Element]) -> bool:
    """Whether what was found on a sheet that names no kind looks like a floor plan: labelled rooms, or hung doors.

    A civil sheet or an elevation is full of parallel lines and arcs; nothing found there is worth a number.
    """
    labelled = sum(e.kind == "room" and bool(e.traits.get("use")) for e in elements)
    hung = sum(e.kind == "door" and e.traits.get("subtype") in ("single", "double") for e in elements)
    walls = sum(e.kind == "wall" for e in elements)
    return labelled >= 2 or (hung >= 3 and walls >= 2 * hung)


def _name(room: Element, texts: list[Text]) -> None:
    label = read_label(texts)
    room.traits |= {k: v for k, v in (("name", label.name), ("number", label.number), ("use", label.use)) if v}
    if label.also:
        room.traits["also"] = ", ".join(dict.fromkeys(label.also))
    if label.area_m2 is not None and not label.also:
        room.stated["area_m2"] = label.area_m2
    room.confidence = 0.97 if label.name else 0.8


def count(elements: list[Element]) -> dict[str, int]:
    """The best single guess of how many there are of each kind: the contract's `counts`.

    toilet: rooms labelled as toilet, or as bathroom, unless the sheet has toilets of their own for every bathroom.
    """
    counts = dict.fromkeys(("door", "window", "opening", "room", "bedroom", "toilet", "wall"), 0)
    for element in elements:
        if element.kind in counts:
            counts[element.kind] += 1
        if element.kind == "room":
            uses = [element.traits.get("use", ""), *element.traits.get("also", "").split(", ")]
            counts["bedroom"] += "bedroom" in uses
            counts["toilet"] += "toilet" in uses or "bathroom" in uses
    return counts
