"""Floor areas by DIN 277: to the outermost faces, by use, withheld where a use is not known."""

from __future__ import annotations

import pytest

from planroom.measure.sets import group_sheets
from planroom.measure.takeoff import take_off
from planroom.records import Quantity, Sheet
from plans import AREAS_M2, sheet, two_rooms


def house(*uses: str) -> Sheet:
    made = sheet("s", two_rooms().elements())
    rooms = sorted((e for e in made.elements if e.kind == "room"), key=lambda e: -e.sizes["area"])
    for room, use in zip(rooms, uses, strict=True):
        room.traits["use"] = use
    return made


def floors(made: Sheet, height_m: float | None = None) -> dict[str, Quantity]:
    found = take_off([made], group_sheets([made]), height_m)
    return {q.item.rpartition("(")[2].rstrip(")"): q for q in found if "din277" in q.id}


def test_gross_is_to_the_outer_faces_and_construction_what_is_left() -> None:
    found = floors(house("bedroom", "hall"))

    values = {name: q.value for name, q in found.items()}
    large, small = max(AREAS_M2), min(AREAS_M2)
    assert values == {
        "BGF": pytest.approx(40.0, abs=0.01),  # 8 × 5 m
        "NRF": pytest.approx(large + small),
        "NUF": pytest.approx(large),
        "VF": pytest.approx(small),
        "TF": 0.0,
        "KGF": pytest.approx(40.0 - large - small, abs=0.01),
    }
    assert {q.state for q in found.values()} == {"measured"}


def test_a_room_without_a_known_use_withholds_what_hangs_on_it() -> None:
    found = floors(house("bedroom", ""))

    assert found["BGF"].value == pytest.approx(40.0, abs=0.01)
    assert found["NUF"].value is None
    assert found["NUF"].reason == "1 of 2 rooms bear no name that tells their use"


def test_what_lies_outside_is_no_room_of_it() -> None:
    found = floors(house("living", "outdoor"))

    assert found["NRF"].value == pytest.approx(max(AREAS_M2))


def test_totals_add_storeys() -> None:
    made = house("bedroom", "hall")
    total = next(q for q in take_off([made], group_sheets([made]), None) if q.total and "BGF" in q.item)

    assert total.value == pytest.approx(40.0, abs=0.01)


def test_a_plan_without_walls_has_none() -> None:
    made = house("bedroom", "hall")
    made.elements = [e for e in made.elements if e.kind == "room"]

    assert floors(made) == {}
