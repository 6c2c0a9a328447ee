"""Which sheets show one storey, and which of them is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from planroom.measure.sets import group_sheets, revision_order
from planroom.measure.takeoff import take_off
from planroom.records import Element, Scale, Sheet
from plans import element, sheet

GROUND = (18.48, 13.55, 9.2, 4.1)
UPPER = (15.1, 12.0, 8.0, 3.3)


def rooms(areas: Sequence[float] = GROUND, unit_m: float = 1.0) -> list[Element]:
    return [element(f"r{k}", "room", {"area": area / unit_m**2}) for k, area in enumerate(areas)]


def plan(
    key: str, areas: Sequence[float] = GROUND, unit_m: float = 1.0, state: Any = "measured", **facts: Any
) -> Sheet:
    return sheet(key, [*rooms(areas, unit_m), element("d", "door")], Scale(None, unit_m, state, ""), **facts)


def grouped(*sheets: Sheet) -> list[tuple[list[str], str | None]]:
    return [(group["sheets"], group["counts"]) for group in group_sheets(list(sheets))]


def test_two_storeys_count_both() -> None:
    found = group_sheets([plan("g", storey="0"), plan("u", UPPER, storey="1")])

    assert [(g["storey"], g["sheets"], g["counts"], g["note"]) for g in found] == [
        ("0", ["g"], "g", "counted on g"),
        ("1", ["u"], "u", "counted on u"),
    ]


@pytest.mark.parametrize("view", ["enlarged", "ceiling", "demolition", "furniture", "electrical"])
def test_a_special_view_never_counts_beside_the_general_plan(view: str) -> None:
    special, general = plan("s", view=view, storey="0"), plan("g", storey="0")

    (group,) = group_sheets([special, general])

    assert (group["sheets"], group["counts"]) == (["s", "g"], "g")
    assert group["note"] == "counted once, on g; the same storey is on s"


def test_an_enlarged_plan_of_a_few_rooms_belongs_to_its_storey_by_its_rooms_in_another_scale() -> None:
    enlarged = plan("e", GROUND[1:], 0.001, view="enlarged")

    assert grouped(plan("g"), plan("u", UPPER), enlarged) == [(["g", "e"], "g"), (["u"], "u")]


def test_an_enlarged_plan_without_rooms_belongs_to_its_storey_by_name() -> None:
    enlarged = plan("e", (), view="enlarged", storey="1")

    assert grouped(plan("g", storey="0"), plan("u", UPPER, storey="1"), enlarged)[1] == (["u", "e"], "u")


def test_the_later_revision_counts_whatever_the_order() -> None:
    old, new = plan("old", revision="A", file="a.pdf"), plan("new", revision="B", file="b.pdf")

    assert [grouped(*pair) for pair in ((old, new), (new, old))] == [
        [(["old", "new"], "new")],
        [(["new", "old"], "new")],
    ]


def test_a_revision_that_changed_a_room_is_still_the_same_storey() -> None:
    old = plan("old", revision="A", file="a.pdf")
    new = plan("new", (*GROUND[:3], 5.0), revision="B", file="b.pdf")

    assert grouped(old, new) == [(["old", "new"], "new")]


def test_two_houses_with_the_same_names_of_storeys_count_both() -> None:
    one, other = plan("one", storey="0", file="one.pdf"), plan("other", UPPER, storey="0", file="other.pdf")

    assert grouped(one, other) == [(["one"], "one"), (["other"], "other")]


def test_a_plan_as_pdf_and_dxf_counts_once_whatever_the_order() -> None:
    pdf, dxf = plan("pdf", unit_m=0.0176, storey="0"), plan("dxf", unit_m=0.001, file="set.dxf")

    ((_, forwards),), ((_, backwards),) = grouped(pdf, dxf), grouped(dxf, pdf)

    assert forwards == backwards in ("pdf", "dxf")


def test_two_copies_of_one_file_count_once() -> None:
    assert grouped(plan("a-1", ()), plan("a-1~2", ())) == [(["a-1", "a-1~2"], "a-1")]


def test_plans_of_one_revision_that_disagree_are_in_doubt() -> None:
    one, other = plan("one", file="a.pdf"), plan("other", file="b.pdf")
    other.elements.append(element("other.d2", "door"))
    other.counts["door"] = 2

    (group,) = group_sheets([one, other])

    assert group["doubt"] is True
    assert "doors instead of" in group["note"]
    assert not group_sheets([one, plan("same", file="b.pdf")])[0]["doubt"]
    doubted = {q.sheet: q.state for q in take_off([one, other], [group], None) if q.item == "Doors"}
    assert doubted[group["counts"]] == "estimated"


def test_a_model_exported_twice_is_one_storey_by_its_ids() -> None:
    one, other = plan("one", (), file="a.ifc"), plan("other", UPPER, file="b.ifc")
    third = plan("third", (), file="c.ifc")
    for made, ids in ((one, "xyz"), (other, "xy"), (third, "pq")):
        made.elements = [element(f"{made.id}.{key}", "wall") for key in ids]
        for item, key in zip(made.elements, ids, strict=True):
            item.sources = [f"ifc:{key}"]

    assert [sheets for sheets, _ in grouped(one, other, third)] == [["one", "other"], ["third"]]


def test_storeys_of_a_tower_that_are_alike_count_each() -> None:
    assert grouped(plan("1", storey="1"), plan("2", storey="2")) == [(["1"], "1"), (["2"], "2")]


def test_storeys_of_a_model_are_never_one() -> None:
    assert grouped(*(plan(k, file="house.ifc") for k in ("a", "b"))) == [(["a"], "a"), (["b"], "b")]


@pytest.mark.parametrize(
    ("view", "kind"), [("foundation", "plan"), ("roof", "plan"), ("framing", "plan"), ("", "site")]
)
def test_a_plan_that_shows_no_storey_is_never_counted(view: str, kind: str) -> None:
    (group,) = group_sheets([plan("f", view=view, kind=kind)])

    assert group["counts"] is None
    assert group["note"].endswith("shows no storey of its own: not in the totals")


def test_elevations_and_schedules_are_in_no_group() -> None:
    others = [sheet(kind, kind=kind) for kind in ("elevation", "section", "schedule", "cover", "detail", "unknown")]

    assert grouped(*others) == []


def test_an_empty_plan_gives_way_to_one_with_elements() -> None:
    empty, full = sheet("empty", storey="0"), plan("full", storey="0")

    assert grouped(empty, full) == [(["empty", "full"], "full")]


@pytest.mark.parametrize("view", ["enlarged", "ceiling", "demolition"])
def test_totals_hold_a_storey_once(view: str) -> None:
    sheets = [plan("g", storey="0"), plan("s", view=view, storey="0"), plan("u", UPPER, storey="1")]

    totals = {(q.item, q.measure): q for q in take_off(sheets, group_sheets(sheets), None) if q.total}

    assert totals["Doors", "count"].value == 2
    assert totals["Floor area of rooms", "area"].value == pytest.approx(sum(GROUND) + sum(UPPER))


def test_revisions_stand_in_their_order() -> None:
    revisions = ["", "P01", "P2", "A", "Rev. B", "z", "1", "rev 2", "2a", "10", "C01", "C02"]

    order = [revision_order(r) for r in revisions]

    assert order == sorted(set(order))
    assert revision_order(None) == revision_order("") == revision_order("?")
