"""The bill of quantities: lines, deductions, what makes a line doubtful or withheld; templates that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from planroom.errors import BadTable
from planroom.measure.bill import find_tables, make_bill
from planroom.measure.rules import read_rules
from planroom.measure.sets import group_sheets
from planroom.measure.surroundings import Surroundings
from planroom.measure.template import read_template
from planroom.records import Bill, BillLine, Element, Scale, Sheet
from planroom.sheet.grids import Cell
from planroom.sheet.schedules import Column, Table
from planroom.sheet.sizes import listed_sizes, state_sizes
from planroom.units import UnitSystem
from plans import element, ring, sheet, two_rooms

WITHHELD = Scale(50.0, None, "withheld", "printed 1:50 but the bar says twice that")
HEIGHTS = {1.0: 2.1, 0.8: 2.0, 1.6: 1.6, 1.2: 1.6}  # of the house's openings, by their widths


def house(key: str = "s", scale: Scale | None = None, *, heights: bool = True) -> Sheet:
    made = sheet(key, two_rooms().elements(), scale)
    for one in made.elements:
        if heights and one.kind in ("door", "window"):
            width_m = round(one.sizes["width"], 2)
            one.stated |= {"width_m": width_m, "height_m": HEIGHTS[width_m]}
    return made


def bill(*sheets: Sheet, rules: str = "vob-c", height_m: float | None = 2.5, units: UnitSystem = "metric") -> Bill:
    found = read_rules(rules)
    return make_bill(list(sheets), group_sheets(list(sheets)), read_template("house", found), found, height_m, units)


def lines(made: Bill) -> dict[str, BillLine]:
    return {line.title: line for line in made.lines}


def test_a_line_has_gross_net_and_what_the_trade_measures_over() -> None:
    found = lines(bill(house()))
    render = found["Outer walls, render outside"]

    assert render.gross is not None
    assert render.net is not None
    assert render.ruled is not None
    assert render.gross.value == pytest.approx(65.0, abs=0.02)  # 2 (8 + 5) 2.5: along the outer faces
    assert render.net.value == pytest.approx(65.0 - 2.1 - 2.56 - 1.92, abs=0.02)
    assert render.ruled.value == pytest.approx(65.0 - 2.56, abs=0.02)  # only one opening is larger than 2.5 m²
    assert sorted((round(one.size.value, 2), one.deducted) for one in render.deductions) == [
        (1.92, False), (2.1, False), (2.56, True),
    ]  # fmt: skip
    assert {one.source for one in render.deductions} == {"ATV DIN 18350:2019, section 5"}
    assert (render.state, render.reason) == ("estimated", "to clear heights: slabs are not in it")
    assert render.codes["din276"] == "335"
    assert found["Walls of rooms, plaster"].state == "measured"


def test_every_kind_of_element_gives_its_work() -> None:
    values = {title: round(line.ruled.value, 2) for title, line in lines(bill(house())).items() if line.ruled}

    assert values == {
        "Outer walls, masonry, 300 mm": pytest.approx(7.44 * 2.5 - 0.63 - 0.768 - 0.576, abs=0.02),  # all over 0.5 m³
        "Outer walls, render outside": pytest.approx(62.44, abs=0.02),
        "Inner walls, masonry, 120 mm": pytest.approx(11.0, abs=0.02),  # 4.4 m clear
        "Walls of rooms, plaster": 77.84,  # (17.2 + 14.96) 2.5, less the window of 2.56 m²
        "Walls of rooms, paint": 77.84,
        "Ceilings of rooms, paint": 32.03,
        "Floors of rooms, screed": 32.03,
        "Skirting": 32.16,  # no door is wider than 1 m
        "Doors, single, 0.800 m": 1,
        "Outer doors, single, 1.000 m": 1,
        "Windows, 1.200 m": 1,
        "Windows, 1.600 m": 1,
    }


def test_numbers_go_up_within_their_section() -> None:
    numbers = [line.number for line in bill(house()).lines]

    assert sorted(numbers)[:3] == ["01.0010", "01.0020", "02.0010"]
    assert len(set(numbers)) == len(numbers)


def test_heights_that_nobody_tells_make_what_hangs_on_them_an_estimate() -> None:
    found = lines(bill(house(heights=False)))

    render, inner = found["Outer walls, render outside"], found["Inner walls, masonry, 120 mm"]
    assert render.state == "estimated"
    assert render.reason == "no height is known of 2 openings; to clear heights: slabs are not in it"
    assert render.ruled is not None
    assert render.ruled.low < render.ruled.value
    assert {line.state for title, line in found.items() if title.startswith("Windows")} == {"measured"}  # are counted
    assert inner.state == "measured"  # a door of 0.8 m is measured over, however high it is


def test_a_room_that_is_not_equally_high_everywhere_withholds_its_walls_only() -> None:
    made = house()
    room = next(e for e in made.elements if e.kind == "room")
    room.sizes["height"] = 4.0
    room.stated["volume_m3"], room.traits["name"] = 30.0, "Attic"
    found = lines(bill(made))

    assert found["Walls of rooms, paint"].reason == "Attic: the room is not equally high everywhere"
    assert found["Floors of rooms, screed"].state == "measured"


def test_without_a_height_surfaces_are_withheld_and_areas_are_not() -> None:
    found = lines(bill(house(), height_m=None))

    assert found["Walls of rooms, plaster"].state == "withheld"
    assert found["Walls of rooms, plaster"].ruled is None
    assert "--height" in (found["Walls of rooms, plaster"].reason or "")
    assert found["Floors of rooms, screed"].state == "measured"


def test_a_sheet_without_scale_withholds_the_line_but_not_the_count() -> None:
    found = lines(bill(house(scale=WITHHELD)))

    assert found["Floors of rooms, screed"].reason == f"s: {WITHHELD.evidence}"
    assert found["Outer walls, render outside"].state == "withheld"
    doors = next(line for title, line in found.items() if title.startswith("Doors"))
    assert doors.ruled is not None
    assert doors.ruled.value == 1


def test_what_is_demolished_or_on_a_sheet_that_does_not_count_is_not_billed() -> None:
    one, repeated = house("a"), house("b")
    inner = next(e for e in one.elements if e.kind == "wall" and e.sizes["thickness"] < 0.2)
    inner.status = "demolished"
    rules = read_rules("vob-c")

    made = make_bill(
        [one, repeated], [{"counts": "a", "sheets": ["a", "b"]}], read_template("house", rules), rules, 2.5
    )

    assert not any(line.title.startswith("Inner walls") for line in made.lines)
    assert all(source.startswith("a.") for line in made.lines for source in line.sources)


def test_imperial_bills_follow_net_rules_and_spell_inches() -> None:
    rules, _ = find_tables("", "", "imperial")
    made = bill(house(), rules="us-net", units="imperial")

    assert rules.name == "Net in place"
    assert any("11 3/4 in" in line.title for line in made.lines)
    assert all(line.ruled == line.net for line in made.lines)


def test_an_opening_stands_in_one_wall_and_belongs_to_the_rooms_on_its_sides() -> None:
    made = house()
    around = Surroundings(made)
    in_walls = [e.id for openings in around.in_wall.values() for e in openings]
    of_rooms = [e.id for openings in around.at_room.values() for e in openings]

    openings = [e for e in made.elements if e.kind in ("door", "window")]
    assert sorted(in_walls) == sorted(e.id for e in openings)
    assert {e.id: of_rooms.count(e.id) for e in openings if e.sizes["width"] != pytest.approx(0.8)} == {
        e.id: 1 for e in openings if e.sizes["width"] != pytest.approx(0.8)
    }
    inner = next(e for e in openings if e.sizes["width"] == pytest.approx(0.8))
    assert of_rooms.count(inner.id) == 2
    assert sorted(around.side(e) for e in openings) == ["inner", "outer", "outer", "outer"]
    sides = [around.side(e) for e in made.elements if e.kind == "wall"]
    assert sorted(sides) == ["inner", "outer", "outer", "outer", "outer"]


def tagged(width: float, tag: str) -> tuple[Sheet, Element]:
    made = house(heights=False)
    door = next(e for e in made.elements if e.kind == "door" and e.sizes["width"] == pytest.approx(width))
    door.traits["tag"] = tag
    return made, door


def test_a_schedule_tells_heights_by_tag() -> None:
    made, door = tagged(1.0, "D 1")

    assert list(state_sizes(made, {("door", "D1"): {"width": 1.01, "height": 2.13}})) == []
    assert door.stated == {"width_m": 1.01, "height_m": 2.13}


@pytest.mark.parametrize(
    ("sizes", "metres"),
    [(("885", "2100"), (0.885, 2.1)), (("88.5", "210"), (0.885, 2.1)), (("0,885", "2,10"), (0.885, 2.1)),
     (("36", "84"), (0.9144, 2.1336)), (("3'-0\"", "7'-0\""), (0.9144, 2.1336)), (("7", "3"), ())],
)  # fmt: skip
def test_bare_numbers_of_a_schedule_are_all_of_one_unit(sizes: tuple[str, str], metres: tuple[float, ...]) -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    columns = tuple(Column(name, name) for name in ("mark", "width", "height"))
    rows = tuple(tuple(Cell(text, box) for text in (f"D{k}", *sizes)) for k in range(3))
    told = listed_sizes([Table("door", "DOORS", box, columns, rows, "text layer")])

    assert tuple(told.get(("door", "D1"), {}).values()) == pytest.approx(metres)


def test_what_is_drawn_otherwise_than_listed_is_a_finding_and_takes_nothing_over() -> None:
    made, door = tagged(1.0, "D1")
    found = list(state_sizes(made, {("door", "D1"): {"width": 1.26, "height": 2.13}}))

    assert [(one.code, one.sources) for one in found] == [("schedule-size-differs", [door.id])]
    assert found[0].box_px is not None
    assert "1.00 m wide, its schedule lists 1.26 m" in found[0].message
    assert door.stated == {}


def test_a_sliding_door_that_was_measured_with_its_pocket_is_as_wide_as_listed() -> None:
    made, door = tagged(1.0, "D1")
    door.traits["subtype"], door.sizes["width"] = "sliding", 1.4

    assert list(state_sizes(made, {("door", "D1"): {"width": 0.76}})) == []
    assert door.sizes["width"] == pytest.approx(0.76)
    door.sizes["width"] = 2.0
    assert [one.code for one in state_sizes(made, {("door", "D1"): {"width": 0.76}})] == ["schedule-size-differs"]


ITEM = '[[assembly.item]]\nkey = "k"\nsection = "S"\ntitle = "T"\n'


def test_a_storey_that_cannot_tell_its_part_withholds_the_line() -> None:
    one, other = house("a"), house("b", WITHHELD)
    rules = read_rules("vob-c")
    groups = [{"counts": "a", "sheets": ["a"]}, {"counts": "b", "sheets": ["b"]}]
    found = lines(make_bill([one, other], groups, read_template("house", rules), rules, 2.5))

    assert found["Outer walls, render outside"].state == "withheld"
    assert found["Floors of rooms, screed"].reason == f"b: {WITHHELD.evidence}"
    assert found["Windows, 1.200 m"].state == "measured"


def test_crossings_and_corners_count_once() -> None:
    made = house()
    around = Surroundings(made)
    walls = [e for e in made.elements if e.kind == "wall"]

    area = sum((around.run(wall) or 0) * wall.sizes["thickness"] for wall in walls)
    assert area == pytest.approx(40.0 - 7.28 * 4.4, abs=0.01)  # all but the two rooms
    assert sum(around.outside(wall) for wall in walls) == pytest.approx(26.0, abs=0.01)


def test_what_makes_the_total_doubtful_makes_the_bill_doubtful() -> None:
    unsure, counted, printed = house(), house(), house()
    next(e for e in unsure.elements if e.kind == "window").confidence = 0.4
    counted.given, counted.counts["window"] = ["window"], 5
    next(e for e in printed.elements if e.kind == "room").stated["area_m2"] = 30.0

    windows = [line for title, line in lines(bill(unsure)).items() if title.startswith("Windows")]
    assert sorted(line.state for line in windows) == ["estimated", "measured"]
    assert "counted by hand: 5 windows" in (lines(bill(counted))["Windows, 1.200 m"].reason or "")
    assert "30.00 m² printed" in (lines(bill(printed))["Floors of rooms, screed"].reason or "")


def test_thicknesses_come_in_the_order_of_their_size() -> None:
    made = house()
    for wall, thick in zip([e for e in made.elements if e.kind == "wall"], (1.0, 0.11, 0.2, 0.095, 0.36), strict=True):
        wall.sizes["thickness"] = thick
    titles = [line.title for line in bill(made).lines if "masonry" in line.title and "Outer" in line.title]

    assert titles == sorted(titles, key=lambda title: int(title.rpartition(" mm")[0].rpartition(" ")[2]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[assembly]]\nof = "wall"\nwher = {side = "outer"}\n', "unknown ['wher']"),
        ('[[assembly]]\nof = "wall"\nwhere = {side = "outside"}\n' + "[[assembly.item]]\n", "where.side = 'outside'"),
        ('[[assembly]]\nof = ["wall"]\n', "of = ['wall']"),
        ("assembly = [1, 2]\n", "is no table"),
        ('[[assembly]]\nof = "wall"\nitem = 5\n', "needs an [[assembly.item]]"),
        ('[[assembly]]\nof = "wall"\n[[assembly.item]]\nkey = 3\n', "no text in quotes"),
        ("", "needs an [[assembly]]"),
        ('[[assembly]]\nof = "roof"\n', "of = 'roof'"),
        ('[[assembly]]\nof = "wall"\nwhere = {colour = "red"}\n' + ITEM, "where of a wall knows side only"),
        ('[[assembly]]\nof = "wall"\n' + ITEM, "lacks measure, trade"),
        ('[[assembly]]\nof = "wall"\n' + ITEM + 'measure = "area"\ntrade = "paint"\n', "'area' is none of"),
        ('[[assembly]]\nof = "wall"\n' + ITEM + 'measure = "length"\ntrade = "magic"\n', "'magic' is none of"),
        ('[[assembly]]\nof = "wall"\n' + ITEM + 'measure = "length"\ntrade = "paint"\nby = "mood"\n', "'mood' is none"),
        (
            '[[assembly]]\nof = "wall"\n' + 2 * (ITEM + 'measure = "length"\ntrade = "paint"\n'),
            "two items have the key",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bill.toml"
    file.write_text(text)

    with pytest.raises(BadTable) as caught:
        read_template(str(file), read_rules("vob-c"))

    assert said in caught.value.message
    assert caught.value.place.startswith(str(file))


def test_a_wall_that_is_inner_and_outer_in_turn_gives_each_its_part() -> None:
    def drawn(kind: str, box: tuple[float, float, float, float], **sizes: float) -> Element:
        made = element(f"{kind}{box}", kind, sizes)
        made.outline = ring(*box)
        return made

    things = [
        drawn("wall", (4.0, 0.0, 4.3, 10.0), length=10.0, thickness=0.3),
        drawn("room", (0.0, 0.0, 4.0, 10.0), area=40.0, perimeter=28.0),
        drawn("room", (4.3, 0.0, 8.0, 6.0), area=22.2, perimeter=19.4),
        drawn("window", (4.0, 7.5, 4.3, 9.0), width=1.5, height=2.0),
        drawn("door", (4.0, 2.0, 4.3, 4.0), width=2.0, height=2.0),
    ]
    found = lines(bill(sheet("s", things), height_m=3.0))

    outside, inside = found["Outer walls, render outside"], found["Inner walls, masonry, 300 mm"]
    assert outside.gross is not None
    assert inside.gross is not None
    assert outside.gross.value == pytest.approx(12.0, abs=0.5)  # 4 of 10 m
    assert inside.gross.value == pytest.approx(18.0, abs=0.2)
    assert [round(one.size.value, 1) for one in outside.deductions] == [3.0]
    assert [round(one.size.value, 1) for one in inside.deductions] == [4.0]
