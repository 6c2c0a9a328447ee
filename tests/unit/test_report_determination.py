"""X31: the rows of every position add up to what is billed of it, read back by two libraries; broken ones refused."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from planroom.amounts import NOTHING, Amount, exactly
from planroom.errors import BadExchange
from planroom.ingest.gaeb import Tender, read_gaeb
from planroom.measure.bill import make_bill
from planroom.measure.rules import read_rules
from planroom.measure.sets import group_sheets
from planroom.measure.template import read_template
from planroom.reb import ROWS_A_SHEET, sum_of_rows
from planroom.records import Bill, BillLine, Deduction, Report, Scale, Sheet
from planroom.report.determination import write_determination
from planroom.report.gaeb import quantity_of, write_gaeb
from planroom.tender import describe_tender, read_tender
from plans import sheet, two_rooms

pygaeb = pytest.importorskip("pygaeb", reason="the extra gaeb is not installed")
HEIGHTS = {1.0: 2.1, 0.8: 2.0, 1.6: 1.6, 1.2: 1.6}  # of the house's openings, by their widths
NAMESPACE = "{http://www.gaeb.de/GAEB_DA_XML/DA31/3.3}"


def house(key: str, scale: Scale | None = None) -> Sheet:
    made = sheet(key, two_rooms().elements(), scale)
    for one in made.elements:
        if one.kind in ("door", "window"):
            one.stated["height_m"] = HEIGHTS[round(one.sizes["width"], 2)]
    return made


def report(*sheets: Sheet, rules: str = "vob-c", height_m: float | None = 2.507) -> Report:
    found = read_rules(rules)
    groups = group_sheets(list(sheets))
    bill = make_bill(list(sheets), groups, read_template("house", found), found, height_m)
    return Report(sheets=list(sheets), bill=bill, groups=groups)


def one_line(**facts: object) -> Report:
    line = BillLine("bill:p", "01.0010", "Plaster", "Wände <außen>", "m2", "measured", "plaster", "clause 5", {}, ["w"])
    for key, value in facts.items():
        setattr(line, key, value)
    return Report(bill=Bill("House", "VOB/C 2019", [line]))


def written(made: Report, tmp_path: Path) -> Tender:
    write_determination(made, tmp_path / "bill.x31", project="Haus & Hof")
    return read_gaeb(tmp_path / "bill.x31")


def raw_rows(path: Path) -> dict[str, list[str]]:
    """The rows by position, without any of our code."""
    found = {}
    for section in etree.parse(str(path)).iter(f"{NAMESPACE}BoQCtgy"):
        for item in section.iter(f"{NAMESPACE}Item"):
            number = f"{section.get('RNoPart')}.{item.get('RNoPart')}"
            found[number] = [str(one.get("Row")) for one in item.iter(f"{NAMESPACE}QTakeoff")]
    return found


@pytest.mark.parametrize("rules", ["vob-c", "us-net"])
def test_rows_add_up_to_what_is_billed(rules: str, tmp_path: Path) -> None:
    made = report(house("s"), rules=rules)
    found = written(made, tmp_path)
    other = pygaeb.GAEBParser.parse(str(tmp_path / "bill.x31"))
    rows = raw_rows(tmp_path / "bill.x31")

    assert (found.phase, found.project, len(found.lines)) == ("X31", "Haus & Hof", len(made.bill.lines))
    by_number = {line.number: line for line in made.bill.lines}
    for line, item in zip(found.lines, other.qty_determination.iter_items(), strict=True):
        billed = by_number[line.number]
        assert line.quantity == quantity_of(billed) == item.qty == sum_of_rows(line.rows)
        assert item.oz == line.number
        products = [re.sub(r"=.*", "", row[31:69]).replace(",", ".") for row in rows[line.number] if row[12] != "*"]
        computed = sum(round(eval(one), 3) for one in products)
        assert computed == pytest.approx(float(line.quantity or 0), abs=1e-9)
        taken = sum(bool(one.taken.value) for one in billed.deductions)
        rest = [row for row in line.rows if row.label == "rounding"]
        assert len(products) == len(billed.sources) + taken + len(rest)
        assert all(abs(row.result or Decimal(0)) < Decimal("0.005") * (1 + len(products)) for row in rest)
    every = [row for position in rows.values() for row in position]
    assert {len(row) for row in every} == {80}
    assert len({row[69:75] for row in every}) == len(every)
    assert all(re.fullmatch(r"\d{4}[A-Z]\d", row[69:75]) for row in every)


def test_a_wall_is_length_by_height_without_what_is_deducted(tmp_path: Path) -> None:
    made = report(house("s"), height_m=2.5)
    found = {line.number: line for line in written(made, tmp_path).lines}
    billed = {line.title: line for line in made.bill.lines}

    render = found[billed["Outer walls, render outside"].number]
    texts = [row.text for row in render.rows]
    assert "8,000*2,500=" in texts
    assert "-1,600*1,600=" in texts
    assert texts[1] == "measured by ATV DIN 18350:2019, section 5"
    assert texts[2] == "estimated: to clear heights: slabs are not in it"
    over = texts.index("2.100 m2, ATV DIN 18350:2019, section 5")
    assert texts[over - 1].startswith("measured over: door")
    deducted = texts.index("-1,600*1,600=")
    assert texts[deducted - 1] == "ATV DIN 18350:2019, section 5"
    assert texts[deducted - 2].startswith("without window [s.")
    masonry = found[billed["Outer walls, masonry, 300 mm"].number]
    assert any(row.text.endswith("*2,500*0,300=") for row in masonry.rows)
    floors = found[billed["Floors of rooms, screed"].number]
    assert sum(not row.is_remark and "room" in row.label for row in floors.rows) == 2


def test_a_position_that_fills_its_sheet_takes_no_other(tmp_path: Path) -> None:
    many = ROWS_A_SHEET // 2 - 1  # two rows say what it is, two stand for each source
    factors, ruled = [(1.0,)] * many, exactly(many)
    made = one_line(sources=[f"w{k}" for k in range(many)], factors=factors, ruled=ruled, unit="m")
    made.bill.lines.append(replace(made.bill.lines[0], number="01.0020"))
    written(made, tmp_path)
    first, second = raw_rows(tmp_path / "bill.x31").values()

    assert (len(first), first[-1][69:75]) == (ROWS_A_SHEET, "0001Z9")
    assert second[0][69:75] == "0002A0"


def test_pieces_count_one_each_with_their_sheet(tmp_path: Path) -> None:
    made = report(house("s"))
    doors = next(line for line in made.bill.lines if line.unit == "pcs")
    found = next(line for line in written(made, tmp_path).lines if line.number == doors.number)

    assert [row.text for row in found.rows if not row.is_remark] == ["1="] * len(doors.sources)
    for source in doors.sources:
        assert any(row.is_remark and row.text.endswith(f"[{source}]") for row in found.rows)


def test_what_is_withheld_says_so_and_has_no_rows(tmp_path: Path) -> None:
    made = report(house("s"), height_m=None)
    lost = [line for line in made.bill.lines if line.state == "withheld"]
    found = {line.number: line for line in written(made, tmp_path).lines}

    assert lost
    for line in lost:
        there = found[line.number]
        assert there.quantity is None
        assert all(row.is_remark for row in there.rows)
        assert "withheld: no height is known" in " ".join(row.text for row in there.rows)


def test_no_more_is_deducted_than_there_is(tmp_path: Path) -> None:
    gaps = [
        Deduction(f"d{i}", "w", exactly(2.0), True, "clause 5", (1.0, 2.0), exactly(2.0)) for i in range(2)
    ]  # a wall of 3 m² with two doors of 2 m² in it
    made = one_line(factors=[(1.5, 2.0)], ruled=NOTHING, deductions=gaps)
    found = written(made, tmp_path).lines[0]

    assert found.quantity == 0
    assert [str(row.result) for row in found.rows if not row.is_remark] == ["3.000", "-2.000", "-1.000"]


def test_names_that_no_row_can_hold_are_wrapped(tmp_path: Path) -> None:
    made = one_line(title="Wände\x07 " + "sehr lange " * 12, factors=[(2.0,)], ruled=exactly(2.0))
    rows = written(made, tmp_path).lines[0].rows

    assert " ".join(row.text for row in rows[:3]).startswith("Wände sehr lange sehr")
    assert rows[-1].result == 2


def test_numbers_that_no_row_can_hold_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    made = one_line(factors=[(1e9,) * 4], ruled=exactly(1e9))

    with pytest.raises(BadExchange, match="cannot be written") as caught:
        write_determination(made, tmp_path / "bill.x31")

    assert caught.value.place == "position 01.0010"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("true", "false"),
    [("<Qty>", "<Qty>1"), ("8,000*2,500=", "9,000*2,500="), ("-1,600*1,600=", "-1,600*1,700=")],
)
def test_rows_that_do_not_add_up_are_told_with_their_place(true: str, false: str, tmp_path: Path) -> None:
    path = tmp_path / "bill.x31"
    write_determination(report(house("s"), height_m=2.5), path)
    text = path.read_text("utf-8")
    assert true in text
    path.write_text(text.replace(true, false, 1), "utf-8")
    before = path.read_bytes()

    with pytest.raises(BadExchange, match="its rows add up to") as caught:
        read_gaeb(path)

    assert re.search(r"bill\.x31 position \d\d\.\d{4}$", caught.value.place)
    assert path.read_bytes() == before


def test_numbers_are_those_of_the_tender_and_take_its_titles(tmp_path: Path) -> None:
    made = report(house("s"))
    write_determination(made, tmp_path / "bill.x31")
    write_gaeb(made.bill, tmp_path / "bill.x83", "X83")

    names = [re.search(rf"<{tag}>(.*)</{tag}>", (tmp_path / name).read_text("utf-8"))
             for tag, name in (("Name", "bill.x83"), ("RefBoQName", "bill.x31"))]  # fmt: skip
    assert [found and found[1] for found in names] == ["House", "House"]
    tender, plain = read_gaeb(tmp_path / "bill.x83"), read_gaeb(tmp_path / "bill.x31")
    found = read_tender(tmp_path / "bill.x31", tmp_path / "bill.x83")

    assert [line.number for line in plain.lines] == [line.number for line in tender.lines]
    assert [line.quantity for line in plain.lines] == [line.quantity for line in tender.lines]
    assert [(line.title, line.unit) for line in found.lines] == [(line.title, line.unit) for line in tender.lines]
    assert describe_tender(found)["lines"][0]["rows"][2]["result"] is None
    made.bill.lines.pop()
    write_gaeb(made.bill, tmp_path / "less.x83", "X83")
    with pytest.raises(BadExchange, match="is not in"):
        read_tender(tmp_path / "bill.x31", tmp_path / "less.x83")


def test_a_doubtful_opening_is_deducted_as_far_as_the_number_is(tmp_path: Path) -> None:
    unsure = Amount(2.4, 2.0, 2.8)
    over = Deduction("d0", "w", unsure, None, "clause 5", (1.2, 2.0), Amount(0.0, 0.0, 2.8))
    under = Deduction("d1", "w", unsure, None, "clause 5", (1.2, 2.0), Amount(2.4, 0.0, 2.8))
    made = one_line(factors=[(4.0, 2.5)], ruled=Amount(7.6, 4.4, 10.0), deductions=[over, under])

    assert [str(row.result) for row in written(made, tmp_path).lines[0].rows if not row.is_remark] == [
        "10.000",
        "-2.400",
    ]
