"""A corrections file: what is in it is checked before anything is read, and it changes only the sheet it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planroom.errors import BadCorrections
from planroom.measure.corrections import apply_corrections, read_corrections
from planroom.measure.takeoff import take_off
from planroom.records import Sheet
from planroom.sheet.rooms import count
from plans import element, sheet


def write(path: Path, told: Any) -> Path:
    path.write_text(told if isinstance(told, str) else json.dumps(told), "utf-8")
    return path


def entry(folder: Path, told: Any) -> Any:
    """The one sheet's entry as it is read back."""
    return read_corrections(write(folder / "fix.json", {"schema": 1, "sheets": {"abc-1": told}}))["abc-1"]


def plan(key: str = "abc-1") -> Sheet:
    made = sheet(
        key,
        [
            element("d", "door", {"width": 0.9}),
            element("o", "opening", {"width": 0.8}),
            element("w", "wall", {"length": 4.0, "thickness": 0.3}),
            element("r", "room", {"area": 12.0, "perimeter": 14.0}, use="bedroom", name="BED"),
            element("b", "room", {"area": 6.0, "perimeter": 10.0}, use="bathroom", name="BATH"),
        ],
        storey="0",
    )
    made.counts = count(made.elements)
    return made


def correct(**told: Any) -> Sheet:
    made = plan()
    apply_corrections([made], {made.id: told})
    return made


# ---- reading -----------------------------------------------------------------------------------------------------


def test_a_good_file_is_read(tmp_path: Path) -> None:
    told = {
        "counts": {"window": 10, "bedroom": 0},
        "remove": ["abc-1.x"],
        "kinds": {"abc-1.o": "door"},
        "status": {"abc-1.w": "demolished", "abc-1.d": "new", "abc-1.o": "existing"},
        "storey": "0",
        "view": "general",
        "height_m": 2.6,
    }

    assert entry(tmp_path, told) == told
    assert entry(tmp_path, {}) == {}


@pytest.mark.parametrize(("scale", "ratio"), [("1:50", 50), (100, 100), ('1/4"=1\'-0"', 48)])
def test_a_scale_may_be_written_in_every_usual_way(tmp_path: Path, scale: Any, ratio: float) -> None:
    assert entry(tmp_path, {"scale": scale}) == {"scale": ratio}


@pytest.mark.parametrize(
    "told", ["", "{", "[]", "{}", '{"schema": 2, "sheets": {}}', '{"schema": 1}', '{"schema": 1, "sheets": []}']
)
def test_another_file_is_refused_with_its_name(tmp_path: Path, told: str) -> None:
    with pytest.raises(BadCorrections) as refused:
        read_corrections(write(tmp_path / "fix.json", told))

    assert refused.value.place.endswith("fix.json")
    assert refused.value.code == "E502"


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCorrections, match=r"No such file"):
        read_corrections(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([], "no object"),
        ({"windows": 3}, "windows"),
        ({"scale": "large"}, "scale"),
        ({"scale": 0.2}, "scale"),
        ({"counts": [1]}, "counts"),
        ({"counts": {"door": -1}}, "counts"),
        ({"counts": {"door": 1.5}}, "counts"),
        ({"counts": {"door": True}}, "counts"),
        ({"counts": {"doors": 3}}, "doors"),
        ({"kinds": {"x": "lift"}}, "kinds"),
        ({"kinds": ["x"]}, "kinds"),
        ({"status": {"x": "old"}}, "status"),
        ({"status": {"x": None}}, "status"),
        ({"status": "new"}, "status"),
        ({"remove": "x"}, "remove"),
        ({"remove": [["x"]]}, "remove"),
        ({"storey": 1}, "storey"),
        ({"view": ["general"]}, "view"),
        ({"height_m": 0}, "height_m"),
        ({"height_m": "2.6"}, "height_m"),
        ({"height_m": True}, "height_m"),
        ({"height_m": None}, "height_m"),
        ({"height_m": 2600}, "height_m"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, told: Any, says: str) -> None:
    with pytest.raises(BadCorrections) as refused:
        entry(tmp_path, told)

    assert says in refused.value.message
    assert refused.value.place.endswith("fix.json sheets.abc-1")


# ---- applying ----------------------------------------------------------------------------------------------------


def test_a_kind_is_changed_and_counted_anew() -> None:
    made = correct(kinds={"abc-1.o": "door"})

    assert {e.id: (e.kind, e.confidence) for e in made.elements}["abc-1.o"] == ("door", 1.0)
    assert (made.counts["door"], made.counts["opening"]) == (2, 0)


def test_what_is_removed_is_in_no_count() -> None:
    made = correct(remove=["abc-1.r", "abc-1.d"])

    assert [e.id for e in made.elements] == ["abc-1.o", "abc-1.w", "abc-1.b"]
    assert made.counts == count(made.elements)
    assert made.counts["bedroom"] == 0 and made.counts["toilet"] == 1


def test_rooms_that_become_something_else_leave_the_counts_of_their_use() -> None:
    made = correct(kinds={"abc-1.b": "opening"})

    assert made.counts == count(made.elements)
    assert made.counts["toilet"] == 0


def test_what_sheets_do_not_count_can_be_removed_too() -> None:
    made = plan()
    made.elements.append(element("abc-1.s", "stair"))

    apply_corrections([made], {"abc-1": {"remove": ["abc-1.s"]}})

    assert len(made.elements) == 5 and min(made.counts.values()) == 0


def test_counts_have_the_last_word() -> None:
    made = correct(kinds={"abc-1.o": "door"}, counts={"door": 7})

    doors = next(q for q in take_off([made], [], None) if q.item == "Doors")

    assert made.counts["door"] == 7
    assert doors.value == 7


def test_what_a_count_lies_between_moves_with_it_and_ends_with_a_persons_count() -> None:
    seen, told = plan(), plan()
    seen.ranges, told.ranges = ({"door": (1, 3), "opening": (0, 1)} for _ in range(2))

    apply_corrections([seen], {"abc-1": {"kinds": {"abc-1.o": "door"}, "remove": ["abc-1.d"]}})
    apply_corrections([told], {"abc-1": {"counts": {"door": 1}}})

    assert seen.ranges == {"door": (1, 3), "opening": (0, 0)}
    assert told.ranges == {"opening": (0, 1)} and told.given == ["door"]
    doors = next(q for q in take_off([told], [], None) if q.item == "Doors")
    assert (doors.value, doors.interval, doors.state) == (1, (1, 1), "measured")
    assert doors.note.endswith("given by hand")


def test_status_storey_view_and_height_are_set() -> None:
    made = correct(status={"abc-1.w": "demolished"}, storey="1", view="ceiling", height_m=3)

    assert [e.status for e in made.elements] == [None, None, "demolished", None, None]
    assert (made.storey, made.view, made.heights) == ("1", "ceiling", {"clear": 3.0})
    surface = next(q for q in take_off([made], [], 2.5) if q.measure == "surface")
    assert surface.value == pytest.approx(12.0)


def test_other_sheets_stay_as_they_were() -> None:
    one, other = plan(), plan("def-1")

    apply_corrections([one, other], {"abc-1": {"counts": {"door": 9}}, "ghi-1": {"counts": {"door": 9}}})

    assert one.counts["door"] == 9
    assert other.counts == plan("def-1").counts


@pytest.mark.parametrize("told", [{"remove": ["x"]}, {"kinds": {"x": "door"}}, {"status": {"x": "new"}}])
def test_an_element_that_is_not_there_is_an_error(told: dict[str, Any]) -> None:
    with pytest.raises(BadCorrections, match="has no element x") as refused:
        correct(**told)

    assert refused.value.place == "sheet abc-1"
