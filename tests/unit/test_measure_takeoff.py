"""Quantities: their states, intervals, reasons, totals, and that their sources resolve."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from planroom.measure.floors import ITEMS
from planroom.measure.sets import group_sheets
from planroom.measure.takeoff import take_off
from planroom.records import Element, Quantity, Scale, Sheet, Status
from plans import element, sheet, two_rooms

ESTIMATED = Scale(50.0, 1.0, "estimated", "printed 1:50; nothing drawn confirms it")
WITHHELD = Scale(50.0, None, "withheld", "printed 1:50 but the graphic bar says 2 times that")


def wall(key: str, length: float, thickness: float = 0.3, status: Status | None = None) -> Element:
    made = element(key, "wall", {"length": length, "thickness": thickness})
    made.status = status
    return made


def room(key: str, width: float, depth: float, **traits: str) -> Element:
    return element(key, "room", {"area": width * depth, "perimeter": 2 * (width + depth)}, **traits)


def house() -> list[Element]:
    return [
        wall("w1", 8.0),
        wall("w2", 5.0),
        wall("w3", 4.7, 0.12),
        room("r1", 4.2, 4.4, name="BEDROOM", number="1", use="bedroom"),
        room("r2", 3.0, 4.4, name="WC", use="toilet"),
        element("d1", "door", {"width": 0.9}, tag="D1"),
        element("n1", "window", {"width": 1.2}),
    ]


def of(sheets: Sequence[Sheet], height_m: float | None = None) -> dict[tuple[str, str], Quantity]:
    """Quantities by item and measure, without classes of floor area; totals as "total ITEM"."""
    found = [q for q in take_off(list(sheets), group_sheets(list(sheets)), height_m) if q.item not in ITEMS.values()]
    return {(f"total {q.item}" if q.total else q.item, q.measure): q for q in found}


def test_counts_lengths_areas_and_sizes_of_a_sheet() -> None:
    found = of([sheet("s", house())])

    values = {key: q.value for key, q in found.items() if not q.total and q.value}

    assert values == {
        ("Doors", "count"): 1,
        ("Windows", "count"): 1,
        ("Rooms", "count"): 2,
        ("Walls", "count"): 3,
        ("Bedrooms", "count"): 1,
        ("Rooms with toilet", "count"): 1,
        ("Walls 120 mm", "length"): pytest.approx(4.7),
        ("Walls 300 mm", "length"): pytest.approx(13.0),
        ("Room 1 BEDROOM", "area"): pytest.approx(18.48),
        ("Room 1 BEDROOM", "perimeter"): pytest.approx(17.2),
        ("Room WC", "area"): pytest.approx(13.2),
        ("Room WC", "perimeter"): pytest.approx(14.8),
        ("Door D1", "width"): pytest.approx(0.9),
        ("Window n1", "width"): pytest.approx(1.2),
    }
    assert {q.state for q in found.values() if q.value is not None} == {"measured"}


def test_sheet_units_become_metres() -> None:
    sizes = [element("w", "wall", {"length": 8000, "thickness": 240}), room("r", 4200, 4400)]

    found = of([sheet("s", sizes, Scale(None, 0.001, "measured", ""))])

    assert found["Walls 240 mm", "length"].value == pytest.approx(8.0)
    assert found["Room unnamed", "area"].value == pytest.approx(18.48)


def test_walls_of_a_scan_are_as_thick_as_long_ones_that_they_cannot_be_told_from() -> None:
    """A pixel is a centimetre: 2 px of blur are more than the 13 mm between a long wall and a short piece of it."""
    sizes = [(400, 11.5), (30, 10.2), (900, 24.0), (20, 25.3), (200, 17.5)]
    walls = [element(f"w{k}", "wall", {"length": long, "thickness": thick}) for k, (long, thick) in enumerate(sizes)]
    drawn = of([sheet("s", walls, Scale(None, 0.01, "measured", ""))])
    for one in walls:
        one.sources = ["pixels"]

    scanned = of([sheet("s", walls, Scale(None, 0.01, "measured", ""))])

    def lengths(found: dict[tuple[str, str], Quantity]) -> dict[str, float | None]:
        return {item: q.value for (item, measure), q in found.items() if measure == "length" and not q.total}

    assert len(lengths(drawn)) == 5
    assert lengths(scanned) == {
        "Walls 115 mm": pytest.approx(4.3),
        "Walls 175 mm": pytest.approx(2.0),
        "Walls 240 mm": pytest.approx(9.2),
    }


def test_walls_are_classed_to_five_millimetres() -> None:
    found = of([sheet("s", [wall("a", 1, 0.2991), wall("b", 2, 0.3012), wall("c", 4, 0.306)])])

    lengths = {item: q.value for (item, measure), q in found.items() if measure == "length" and not q.total}

    assert lengths == {"Walls 300 mm": pytest.approx(3), "Walls 305 mm": pytest.approx(4)}


# ---- states, intervals and reasons -------------------------------------------------------------------------------


def test_without_a_scale_all_but_counts_is_withheld_with_the_reason() -> None:
    for scale, reason in ((WITHHELD, WITHHELD.evidence), (None, "the sheet shows no scale")):
        given = sheet("s", house())
        given.scale = scale

        found = of([given], 2.5)

        assert found["Doors", "count"].value == 1
        withheld = [q for q in found.values() if q.measure != "count" and not q.total]
        assert {(q.value, q.interval, q.state, q.reason) for q in withheld} == {(None, None, "withheld", reason)}


def test_intervals_hold_the_value_and_widen_with_doubt() -> None:
    sure, estimated = of([sheet("s", house())], 2.5), of([sheet("s", house(), ESTIMATED)], 2.5)

    for key, quantity in sure.items():
        other = estimated[key]
        assert quantity.value is not None and other.value is not None
        for q in (quantity, other):
            assert q.interval is not None and q.interval[0] <= quantity.value <= q.interval[1]
        if quantity.measure != "count":
            assert quantity.state == "measured" and other.state == "estimated"
            assert quantity.interval is not None and other.interval is not None
            assert other.interval[1] - other.interval[0] > quantity.interval[1] - quantity.interval[0] > 0
    assert sure["Door D1", "width"].interval == pytest.approx((0.88, 0.92))
    assert estimated["Room WC", "area"].interval == pytest.approx((13.2 * 0.96 - 0.074, 13.2 * 1.04 + 0.074))


def test_unsure_elements_make_a_count_an_estimate() -> None:
    doors = [element(str(k), "door") for k in range(3)]
    doors[0].confidence = 0.5

    quantity = of([sheet("s", doors)])["Doors", "count"]

    assert (quantity.value, quantity.interval, quantity.state) == (3, (2, 3), "estimated")
    assert quantity.reason == "not sure of 1"


def test_a_count_given_by_hand_has_the_last_word_and_says_so() -> None:
    given = sheet("s", house())
    given.counts["window"], given.given = 4, ["window"]

    quantity = of([given])["Windows", "count"]

    assert (quantity.value, quantity.interval, quantity.note) == (4, (4, 4), "given by hand")


@pytest.mark.parametrize(("printed", "state"), [(18.5, "measured"), (19.2, "measured"), (20.0, "estimated")])
def test_the_printed_area_stands_beside_the_measured_one(printed: float, state: str) -> None:
    space = room("r", 4.2, 4.4)
    space.stated["area_m2"] = printed

    quantity = of([sheet("s", [space])])["Room unnamed", "area"]

    assert quantity.value == pytest.approx(18.48)
    assert (quantity.stated, quantity.state) == (printed, state)
    if state == "estimated":
        assert quantity.reason == "the file states 20.00 m²"
        assert quantity.interval is not None and quantity.interval[1] == 20


def test_a_room_with_two_names_is_an_estimate_and_counts_for_both_uses() -> None:
    space = room("r", 6, 5, name="BEDROOM", use="bedroom", also="bathroom")

    found = of([sheet("s", [space])])

    assert found["Room BEDROOM", "area"].state == "estimated"
    assert found["Room BEDROOM", "area"].reason == "bathroom stands in it too: nothing drawn divides them"
    assert found["Bedrooms", "count"].sources == found["Rooms with toilet", "count"].sources == ["s.r"]


def test_rooms_are_not_counted_where_walls_enclose_none_or_no_name_could_be_read() -> None:
    walls = [wall(f"w{k}", 4) for k in range(4)]

    open_, unnamed = of([sheet("s", walls)]), of([sheet("s", [*walls, room("r", 3, 3)])])

    assert (open_["Rooms", "count"].value, open_["Rooms", "count"].reason) == (None, "no outline of walls closes")
    assert unnamed["Rooms", "count"].value == 1
    assert unnamed["Bedrooms", "count"].value is None
    assert "name" in (unnamed["Bedrooms", "count"].reason or "")


def test_without_a_scale_counts_of_what_was_told_by_the_doors_are_estimates() -> None:
    found = of([sheet("s", house(), WITHHELD)])

    assert (found["Walls", "count"].value, found["Walls", "count"].state) == (3, "estimated")
    assert found["Openings without leaf", "count"].state == "measured"  # there are none


def test_thicknesses_are_spelt_in_the_customers_units() -> None:
    made = sheet("s", [wall("a", 4, 4.5 * 0.0254), wall("b", 4, 12 * 0.0254)])

    items = {q.item for q in take_off([made], group_sheets([made]), None, "imperial") if q.measure == "length"}

    assert items == {"Walls 4 1/2 in", "Walls 12 in"}


def test_a_room_under_a_slope_has_no_wall_surface() -> None:
    space = room("r", 4, 4)
    space.sizes["height"] = 2.7
    space.stated["volume_m3"] = 30.0

    quantity = of([sheet("s", [space])])["Room unnamed, walls", "surface"]

    assert (quantity.value, quantity.reason) == (None, "the room is not equally high everywhere")


def test_an_opening_that_only_states_its_size_is_an_estimate() -> None:
    door = element("d", "door", {"width": 0.9})
    door.stated |= {"width_m": 0.91, "height_m": 2.03}

    found = of([sheet("s", [door])])

    assert (found["Door d", "width"].value, found["Door d", "width"].stated) == (0.9, 0.91)
    height = found["Door d", "height"]
    assert (height.value, height.state, height.reason) == (2.03, "estimated", "as stated, not measured")


def test_elements_without_geometry_withhold_their_sum() -> None:
    found = of([sheet("s", [wall("a", 4), element("b", "wall", {"thickness": 0.3}), element("r", "room")])])

    assert found["Walls 300 mm", "length"].value is None
    assert found["Walls 300 mm", "length"].reason == "1 of 2 have no geometry"
    assert found["Room unnamed", "area"].reason == "the room has no geometry"
    assert found["Walls", "count"].value == 2


# ---- heights -----------------------------------------------------------------------------------------------------


def section(key: str, file: str = "set.pdf", **clear: float) -> Sheet:
    return sheet(key, kind="section", view="", file=file, heights={f"clear {k[1:]}": v for k, v in clear.items()})


def surface(sheets: Sequence[Sheet], height_m: float | None = None) -> tuple[float | None, str]:
    quantity = of(sheets, height_m)["Walls 300 mm", "surface"]
    return quantity.value, quantity.note or quantity.reason or ""


def test_without_a_height_surfaces_are_withheld() -> None:
    assert surface([sheet("s", house())]) == (None, "no height is known: give --height, or a section")


def test_a_given_height_makes_surfaces() -> None:
    value, note = surface([sheet("s", house())], 2.5)

    assert value == pytest.approx(32.5)
    assert note == "height 2.5 m from --height, one side, openings not deducted"


def test_a_section_beats_the_given_height_for_its_storey_only() -> None:
    sheets = [sheet("s", house(), storey="0"), section("A-301", _0=2.6)]

    assert surface(sheets, 2.5)[0] == pytest.approx(33.8)
    assert surface(sheets, 2.5)[1].startswith("height 2.6 m from section A-301")
    sheets[0].storey = "1"
    assert surface(sheets, 2.5)[0] == pytest.approx(32.5)


def test_the_sheets_own_height_beats_the_section() -> None:
    sheets = [sheet("s", house(), storey="0", heights={"clear": 3.0}), section("A-301", _0=2.6)]

    assert surface(sheets)[0] == pytest.approx(39.0)


def test_each_building_has_the_heights_of_its_own_section() -> None:
    plans = [sheet(key, house(), storey="0", file=f"{key}.pdf") for key in ("one", "two", "three")]
    plans[1].elements[3].sizes["area"] += 3
    sections = [section("S1", "one.pdf", _0=2.4), section("S2", "two.pdf", _0=3.0)]

    found = take_off([*plans, *sections], [], 2.0)

    walls = {q.sheet: q.value for q in found if q.item == "Walls 300 mm" and q.measure == "surface"}
    assert walls == {"one": pytest.approx(31.2), "two": pytest.approx(39.0), "three": pytest.approx(26.0)}


def test_sections_that_agree_speak_for_other_files_too() -> None:
    plan = sheet("s", house(), storey="0", file="plan.dxf")

    assert surface([plan, section("S1", "one.pdf", _0=2.4), section("S2", "two.pdf", _0=2.4)])[0] == pytest.approx(31.2)


def test_a_models_own_heights_and_sides_are_taken() -> None:
    space, side = room("r", 4, 4), wall("w", 4)
    space.sizes["height"] = 2.7
    side.sizes["area_side"] = 11.0

    found = of([sheet("s", [space, side])], 2.0)

    assert found["Room unnamed, walls", "surface"].value == pytest.approx(16 * 2.7)
    assert found["Walls 300 mm", "surface"].value == pytest.approx(11.0)


# ---- demolished --------------------------------------------------------------------------------------------------


def test_what_is_demolished_stands_apart_and_is_in_no_total() -> None:
    gone = element("d2", "door", {"width": 0.8})
    gone.status = "demolished"

    found = of([sheet("s", [*house(), gone, wall("w9", 3.0, 0.12, "demolished")])], 2.5)

    assert found["Doors", "count"].value == found["total Doors", "count"].value == 1
    assert found["Doors, demolished", "count"].value == 1
    assert found["Walls 120 mm", "length"].value == pytest.approx(4.7)
    assert found["Walls 120 mm, demolished", "length"].value == pytest.approx(3.0)
    assert found["Walls 120 mm, demolished", "surface"].value == pytest.approx(7.5)
    assert not [item for item, _ in found if item.startswith("total") and "demolished" in item]
    apart = [q.note for (item, _), q in found.items() if "demolished" in item or item == "Door d2"]
    assert apart and all(note.startswith("demolished: not in the totals") for note in apart)


# ---- totals ------------------------------------------------------------------------------------------------------


def test_totals_add_up_what_counts() -> None:
    ground, upper = sheet("g", house(), storey="0"), sheet("u", house(), storey="1")
    ceiling = sheet("c", house(), storey="0", view="ceiling")

    found = of([ground, upper, ceiling], 2.5)

    totals = {key: q for key, q in found.items() if q.total}
    assert totals["total Doors", "count"].value == 2
    assert totals["total Walls 300 mm", "length"].value == pytest.approx(26)
    assert totals["total Floor area of rooms", "area"].value == pytest.approx(2 * (18.48 + 13.2))
    assert totals["total Wall surface of rooms", "surface"].value == pytest.approx(2 * 2.5 * (17.2 + 14.8))
    assert all(q.sheet is None and q.interval for q in totals.values())


def test_a_total_with_a_withheld_part_is_withheld_and_says_which() -> None:
    found = of([sheet("g", house(), storey="0"), sheet("u", house(), WITHHELD, storey="1")])

    total = found["total Floor area of rooms", "area"]
    assert (total.value, total.interval, total.state) == (None, None, "withheld")
    assert total.reason == f"2 of 4 parts are withheld: {WITHHELD.evidence}"
    assert found["total Doors", "count"].value == 2


def test_a_total_is_as_sure_as_its_least_sure_part() -> None:
    found = of([sheet("g", house(), storey="0"), sheet("u", house(), ESTIMATED, storey="1")])

    assert found["total Walls 300 mm", "length"].state == "estimated"
    assert found["total Doors", "count"].state == "measured"


def test_a_sheet_outside_the_totals_says_why() -> None:
    found = of([sheet("g", house(), storey="0", number="A-101"), sheet("c", house(), storey="0", view="ceiling")])

    assert found["Doors", "count"].note == "counted once, on A-101; the same storey is on c"


def test_sources_lead_from_totals_down_to_elements() -> None:
    upper = two_rooms().elements()
    for number, space in enumerate(e for e in upper if e.kind == "room"):
        space.traits["name"] = f"ROOM {number}"
    sheets = [sheet("g", house(), storey="0"), sheet("u", upper, storey="1")]

    quantities = take_off(sheets, group_sheets(sheets), 2.5)

    ids = [q.id for q in quantities]
    assert len(ids) == len(set(ids))
    parts = {q.id: q for q in quantities if not q.total}
    elements = {e.id for s in sheets for e in s.elements}
    for quantity in quantities:
        known = set(parts) if quantity.total else elements
        assert set(quantity.sources) <= known
        if quantity.total:
            told = [parts[key].value for key in quantity.sources]
            assert quantity.value == (None if None in told else pytest.approx(sum(v or 0 for v in told)))
        elif quantity.value:
            assert quantity.sources


def test_a_sheet_without_elements_has_no_quantities() -> None:
    assert take_off([sheet("s", kind="elevation")], [], 2.5) == []


def test_a_count_seen_on_a_scan_carries_what_it_likely_lies_between() -> None:
    seen = sheet("s", house())
    seen.ranges = {"door": (1, 2), "window": (1, 1)}

    found = of([seen])

    doors, windows = found["Doors", "count"], found["Windows", "count"]
    assert (doors.value, doors.interval, doors.state) == (1, (1, 2), "estimated")
    assert "between 1 and 2" in str(doors.reason)
    assert (windows.value, windows.interval, windows.state) == (1, (1, 1), "measured")
    assert found["total Doors", "count"].interval == (1, 2)


def test_a_count_that_may_be_anything_is_withheld_unless_given_by_hand() -> None:
    seen = sheet("s", house())
    seen.ranges = {"door": (0, 5)}

    withheld = of([seen])["Doors", "count"]
    seen.counts["door"], seen.given = 1, ["door"]
    given = of([seen])["Doors", "count"]

    assert (withheld.value, withheld.state) == (None, "withheld") and "between 0 and 5" in str(withheld.reason)
    assert (given.value, given.state, given.interval) == (1, "measured", (1, 1))


def test_a_count_told_by_labels_is_an_estimate_and_says_so() -> None:
    labelled = sheet("s", house())
    labelled.counts["bedroom"] = 3

    bedrooms = of([labelled])["Bedrooms", "count"]

    assert (bedrooms.value, bedrooms.interval, bedrooms.state) == (3, (1, 3), "estimated")
    assert "labels" in str(bedrooms.reason) and "by hand" not in bedrooms.note


def test_a_wall_that_was_not_found_may_hold_a_window() -> None:
    windows = [element("w", "window", {"width": 1.2})]
    rooms = [element("r", "room", {"area": 20.0}), element("r", "room", {"area": 20.0}, doubt="02 stands in it too")]

    states = [of([sheet("s", [*windows, room])])["Windows", "count"].state for room in rooms]

    assert states == ["measured", "estimated"]
