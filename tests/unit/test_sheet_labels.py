"""Rooms counted by their labels."""

from __future__ import annotations

import pytest

from planroom.records import Element, Text
from planroom.sheet.labels import count_labels, doubt_rooms, number_rooms, stacked
from plans import element, ring


def text(string: str, x: float, y: float, height: float = 10.0, angle: float = 0.0) -> Text:
    half = 0.3 * height * len(string)
    wide, high = (half, 0.7 * height) if angle == 0 else (0.7 * height, half)
    return Text(string, x, y, (x - wide, y - high, x + wide, y + high), height, angle, "ocr", 0.9)


@pytest.mark.parametrize(
    ("labels", "bedrooms", "toilets"),
    [
        ([("BEDROOM 1", 0, 0), ("BEDROOM 2", 300, 0), ("BATH", 150, 200)], 2, 1),
        ([("MASTER", 0, 20), ("BEDROOM", 0, 0), ("3.2 x 4.1", 0, -20), ("WC", 300, 0)], 1, 1),
        ([("KITCHEN", 0, 0), ("HALL", 300, 0)], 0, 1),  # nobody lives without
        ([("LOFT BEDROOM", 0, 0), ("LOFT", 300, 0)], 1, 0),  # but it may be on another storey
        ([("GARAGE", 0, 0), ("STORE", 300, 0)], 0, 0),
        ([("CHAMBRE2", 0, 0), ("BAINS", 0, 300), ("WC", 300, 0)], 1, 2),
        ([("MH", 0, 0), ("MH", 300, 0), ("KPH", 600, 0), ("S", 700, 0)], 2, 1),
        ([("1500 BATH", 0, 0), ("BATH", 300, 0)], 0, 1),
        ([("PROVIDE BLOCKING IN ALL BEDROOM WALLS AS SHOWN", 0, 0)], 0, 0),
        ([], 0, 0),
    ],
)
def test_counts(labels: list[tuple[str, float, float]], bedrooms: int, toilets: int) -> None:
    assert count_labels([text(*label) for label in labels], []) == {"bedroom": bedrooms, "toilet": toilets}


def standing(kind: str, box: tuple[float, float, float, float], subtype: str = "") -> Element:
    made = element(f"{kind}{box}", kind, subtype=subtype)
    made.outline = ring(*box)
    return made


@pytest.mark.parametrize(
    ("toilets", "many"),
    [
        ([(1, 1, 2, 2), (3, 1, 4, 2)], 1),  # a basin beside it is taken for one too
        ([(1, 1, 2, 2), (11, 1, 12, 2)], 2),
        ([(1, 1, 2, 2), (31, 1, 32, 2)], 2),  # in no room that closes
        ([(31, 1, 32, 2), (33, 1, 34, 2)], 2),
        ([], 0),
    ],
)
def test_a_room_has_one_toilet_whatever_else_looks_like_one(
    toilets: list[tuple[float, float, float, float]], many: int
) -> None:
    rooms = [standing("room", (0, 0, 9, 9)), standing("room", (10, 0, 19, 9))]

    counted = count_labels([], [*rooms, *(standing("fixture", box, "toilet") for box in toilets)])

    assert counted["toilet"] == many


def test_a_label_runs_on_in_its_own_direction() -> None:
    lines = [text("MASTER", 0, 0, angle=90), text("BEDROOM", 20, 0, angle=90), text("HALL", 0, 300)]

    assert sorted(map(sorted, stacked(lines))) == [["BEDROOM", "MASTER"], ["HALL"]]


def test_a_second_number_in_a_room_tells_of_a_wall_that_was_not_found() -> None:
    rooms = [standing("room", (0, 0, 400, 300)), standing("room", (410, 0, 700, 300))]
    for room, number in zip(rooms, ("01", "03"), strict=True):
        room.traits["number"], room.confidence = number, 0.97
    texts = [text("01", 100, 100), text("03", 550, 100), text("02", 300, 100), text("85", 300, 200)]

    doubt_rooms(rooms, texts)

    assert count_labels(texts, rooms)["room"] == 3
    assert [room.confidence < 0.7 for room in rooms] == [True, False]
    assert rooms[0].traits["doubt"] == "02 stands in it too"


@pytest.mark.parametrize(
    ("read", "number"),
    [("0031", "003"), ("1003", "003"), ("0021", ""), ("0301", ""), ("31", ""), ("00311", "")],
)
def test_a_line_beside_a_rooms_number_is_no_digit_of_it(read: str, number: str) -> None:
    """Rooms 001 and 002 bear theirs; a third has what was read in it, unless that is another's, or far from all."""
    rooms = [standing("room", (x, 0, x + 300, 300)) for x in (0, 400, 800)]
    for room, borne in zip(rooms, ("001", "002"), strict=False):
        room.traits["number"] = borne

    number_rooms(rooms, [text("001", 100, 100), text("002", 500, 100), text(read, 900, 100)])

    assert rooms[2].traits.get("number", "") == number
