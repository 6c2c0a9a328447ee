"""Rooms counted by their labels and by what stands in them, for scans, where a room's outline is not always found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely

from planroom.records import Element, Text
from planroom.sheet.text import uses_of

_LONGEST = 5  # words: longer is a note
_APART = 2.0  # heights between the middles of two lines of one label
_ALIKE = 0.6  # of the taller line's height
_FEW = 2  # rooms with a number: what a sheet's numbers look like is not known
_HEIGHT_OFF = 0.25
_DOUBTED = 0.6
_TOILETS = ("toilet", "bathroom")
_LIVED_IN = {"kitchen", "living", "shower"}  # where only bedrooms are, people go downstairs


def count_labels(texts: list[Text], elements: list[Element]) -> dict[str, int]:
    """How many rooms, rooms for sleeping, and with a toilet, the labels name, or toilets and beds tell where they do
    not: outlines leave some labels without a room.
    """
    uses = [use for label in stacked(texts) for use in dict.fromkeys(u for line in label for u in uses_of(line))]
    toilets = sum(use in _TOILETS for use in uses)
    if toilets == 0 and _LIVED_IN & set(uses):
        toilets = 1  # nobody lives without one: its label was not read, or it shows only its fixtures
    fixtures = [e.traits.get("subtype") for e in elements if e.kind == "fixture"]
    bedrooms = uses.count("bedroom") or fixtures.count("bed")
    counts = {"bedroom": bedrooms, "toilet": max(toilets, _rooms_with_toilet(elements))}
    unheld = len(unheld_numbers(elements, texts))
    return counts | ({"room": sum(e.kind == "room" for e in elements) + unheld} if unheld else {})


def doubt_rooms(elements: list[Element], texts: list[Text]) -> None:
    """Make rooms unsure that hold a second room's number: a wall between the two was not found."""
    rooms = _rooms(elements)
    shapes = shapely.STRtree([shapely.Polygon(room.outline) for room in rooms])
    for text in unheld_numbers(elements, texts):
        for k in shapes.query(shapely.Point(text.x, text.y), "within").tolist():
            rooms[k].confidence = min(rooms[k].confidence, _DOUBTED)
            rooms[k].traits["doubt"] = f"{text.string} stands in it too"


def number_rooms(elements: list[Element], texts: list[Text]) -> None:
    """Give rooms without a number the one that stands in them with a line beside it that was read as a digit ("0071"):
    as long as most rooms' numbers, next to theirs, and no other room's.
    """
    usual = _usual_numbers(elements)
    if usual is None:
        return
    digits = [text for text in texts if text.string.strip().isdigit()]
    places = shapely.STRtree(shapely.points([(text.x, text.y) for text in digits]))
    for room in _rooms(elements):
        if room.traits.get("number"):
            continue
        inside = places.query(shapely.Polygon(room.outline), "contains").tolist()
        struck = [string for k in inside if len(string := digits[k].string.strip()) == usual.long + 1]
        likely = {cut for string in struck for cut in (string[1:], string[:-1]) if usual.has_room_for(cut)}
        if len(likely) == 1:
            room.traits["number"] = likely.pop()
            usual.borne.add(room.traits["number"])


def unheld_numbers(elements: list[Element], texts: list[Text]) -> list[Text]:
    """Numbers like those that the rooms bear, of which no room is the bearer: as long, as large, next to theirs."""
    usual = _usual_numbers(elements)
    if usual is None:
        return []
    heights = [text.height for text in texts if text.string.strip() in usual.borne]
    height = float(np.median(heights)) if heights else 0.0
    alike = {}
    for text in texts:
        number = text.string.strip()
        if usual.has_room_for(number) and abs(text.height - height) < _HEIGHT_OFF * height:
            alike[number] = text
    return list(alike.values())


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What the rooms' numbers are like: those borne, how long most are, and what those lie between."""

    borne: set[str]
    long: int
    low: int
    high: int

    def has_room_for(self, number: str) -> bool:
        """Whether a number may be that of another room."""
        near = number.isdigit() and len(number) == self.long and self.low - 1 <= int(number) <= self.high + 1
        return near and number not in self.borne


def _usual_numbers(elements: list[Element]) -> _Numbers | None:
    """What the rooms' numbers are like; None where too few have one."""
    borne = {room.traits["number"] for room in _rooms(elements) if room.traits.get("number", "").isdigit()}
    if len(borne) < _FEW:
        return None
    long = Counter(len(number) for number in borne).most_common(1)[0][0]
    values = [int(number) for number in borne if len(number) == long]
    return _Numbers(borne, long, min(values), max(values))


def _rooms(elements: list[Element]) -> list[Element]:
    return [e for e in elements if e.kind == "room" and len(e.outline) > 2]


def _rooms_with_toilet(elements: list[Element]) -> int:
    """How many rooms toilets stand in: a room has one, whatever else in it looks like one. Each that stands in no room
    that closes is taken for a room's own.
    """
    rooms = shapely.STRtree([shapely.Polygon(e.outline) for e in elements if e.kind == "room" and len(e.outline) > 2])
    toilets = [e for e in elements if e.kind == "fixture" and e.traits.get("subtype") == "toilet"]
    held = [rooms.query(shapely.Point(e.outline.mean(0)), "within").tolist() for e in toilets]
    return len({one[0] for one in held if one}) + sum(not one for one in held)


def names_rooms(texts: list[Text]) -> bool:
    """Whether the labels are those of a floor plan: at least two name rooms."""
    uses = [use for text in texts if len(text.string.split()) <= _LONGEST for use in uses_of(text.string)]
    return len(uses) >= 2


def stacked(texts: list[Text]) -> list[list[str]]:
    """Short texts, those that stand one under another in one label together: MASTER over BEDROOM."""
    short = [t for t in texts if len(t.string.split()) <= _LONGEST]
    labels: list[list[Text]] = []
    for text in sorted(short, key=lambda t: (-t.y, t.x)):
        over = next((label for label in labels if _goes_on(label[-1], text)), None)
        if over is None:
            labels.append([text])
        else:
            over.append(text)
    return [[text.string for text in label] for label in labels]


def _goes_on(one: Text, two: Text) -> bool:
    if one.angle != two.angle or min(one.height, two.height) < _ALIKE * max(one.height, two.height):
        return False
    across, along = (abs(one.y - two.y), abs(one.x - two.x))
    wide = max(one.box[2] - one.box[0], two.box[2] - two.box[0])
    if round(one.angle / 90) % 2:
        across, along = along, across
        wide = max(one.box[3] - one.box[1], two.box[3] - two.box[1])
    return across < _APART * max(one.height, two.height) / 0.7 and along < 0.5 * wide
