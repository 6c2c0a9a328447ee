from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from report_sample import HOSTILE, large_report, small_report

from planroom.records import Quantity, Report
from planroom.report.xlsx import write_xlsx


def book_of(report: Report, folder: Path) -> Workbook:
    write_xlsx(report, folder / "takeoff.xlsx")
    return openpyxl.load_workbook(folder / "takeoff.xlsx")


def rows_of(sheet: Worksheet) -> list[dict[str, object]]:
    heads = [str(cell.value) for cell in sheet[1]]
    return [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]


def compute(sheet: Worksheet, expression: str) -> float:
    """What a spreadsheet program makes of our SUMIFS and SUM over columns C and J."""
    rows: list[int] = []
    only_counted = expression.startswith("=SUMIFS")
    for first, last in re.findall(r"C(\d+):C(\d+)", expression):
        rows += range(int(first), int(last) + 1)
    values = (sheet.cell(row, 3).value for row in rows if not only_counted or sheet.cell(row, 10).value == "yes")
    return sum(value for value in values if isinstance(value, int | float))


def test_totals_are_formulas_that_give_the_reports_numbers(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    takeoff = book_of(report, tmp_path)["Takeoff"]
    computed = {
        (row["Item"], row["Measure"]): compute(takeoff, str(row["Quantity"]))
        for row in rows_of(takeoff)
        if str(row["Item"]).endswith(", total")
    }

    assert computed == {
        (f"{total.item}, total", total.measure): pytest.approx(total.value)
        for total in report.quantities
        if total.total
    }


def test_totals_stand_first_and_are_those_of_the_takeoff(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    lost = Quantity("t", "floor", "area", "m2", None, "withheld", None, [], reason="no scale", total=True)
    report.quantities.append(lost)
    book = book_of(report, tmp_path)
    totals, takeoff = rows_of(book["Totals"]), book["Takeoff"]

    assert book.sheetnames[:2] == ["Totals", "Takeoff"]
    assert [(row["Item"], row["Measure"]) for row in totals] == [
        (total.item, total.measure) for total in report.quantities if total.total
    ]
    for row in totals[:-1]:
        cell = takeoff[str(row["Quantity"]).removeprefix("=Takeoff!")]
        assert (takeoff.cell(cell.row, 1).value, takeoff.cell(cell.row, 2).value) == (
            f"{row['Item']}, total", row["Measure"],
        )  # fmt: skip
    assert (totals[-1]["Quantity"], totals[-1]["Reason, note"]) == (None, "no scale")


def test_long_words_have_room_and_numbers_their_heads_over_them(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    report.quantities[4].note = "twenty characters... " * 6
    sheet = book_of(report, tmp_path)["Takeoff"]
    row = next(cell.row for cell in sheet["N"] if str(cell.value).startswith("twenty"))

    assert sheet.row_dimensions[row].height == 30  # 126 characters in a column of 58
    assert sheet.row_dimensions[1].height == 30  # "Printed value" in one of 12
    assert sheet["C1"].alignment.horizontal == "right"
    assert sheet["A1"].alignment.horizontal == "left"
    assert {sheet.cell(1, 1).font.name, sheet.cell(row, 5).font.name, sheet.cell(row, 1).font.name} == {"Calibri"}


def test_repeated_sheets_are_listed_and_not_added(tmp_path: Path) -> None:
    rows = rows_of(book_of(small_report(tmp_path), tmp_path)["Takeoff"])
    repeated = [row for row in rows if row["Sheet"] == "A-111"]

    assert repeated and all(row["In total"] == "no" for row in repeated)
    assert all("repeats storey 0" in str(row["Reason, note"]) for row in repeated)


def test_total_over_other_items_adds_just_their_cells(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    sources = ["a-r0-area", "b-r1-area"]
    report.quantities.append(Quantity("t", "floor", "area", "m2", 1.0, "measured", None, sources, total=True))
    takeoff = book_of(report, tmp_path)["Takeoff"]
    row = next(row for row in rows_of(takeoff) if row["Item"] == "floor, total")
    wanted = sum(quantity.value or 0 for quantity in report.quantities if quantity.id in sources)

    assert compute(takeoff, str(row["Quantity"])) == pytest.approx(wanted)


def test_withheld_has_no_number_but_a_reason(tmp_path: Path) -> None:
    rows = rows_of(book_of(small_report(tmp_path), tmp_path)["Takeoff"])
    row = next(row for row in rows if row["Item"] == "facade")

    assert (row["Quantity"], row["State"], row["Reason, note"]) == (None, "withheld", "no scale")


def test_words_of_a_drawing_never_become_formulas(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    for sheet, start in zip(report.sheets, "+-@", strict=True):
        sheet.title = f"{start}1+cmd|' /C calc'!A0\x0b\ud800"
    report.quantities[4].note = "=1+1"
    book = book_of(report, tmp_path)
    formulas = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    room = book["Rooms"]["A3"]

    assert all(re.match(r"=((SUMIFS|SUM|COUNTIFS|IF)\(|Takeoff!C\d+$)", text) for text in formulas)
    assert not any("HYPERLINK" in text or "1+1" in text or "cmd" in text for text in formulas)
    assert room.data_type == "s" and str(room.value).startswith("=HYPERLINK") and room.quotePrefix
    assert book["Sheets"]["B2"].value == "+1+cmd|' /C calc'!A0?"


def test_openings_are_counted_by_formula_over_the_list(tmp_path: Path) -> None:
    book = book_of(small_report(tmp_path), tmp_path)
    listed = rows_of(book["Opening list"])
    counts = {(row["Kind"], row["Width m"]): row["Count"] for row in rows_of(book["Openings"])}

    assert counts.keys() == {(row["Kind"], row["Width m"]) for row in listed}
    assert all(str(count).startswith("=COUNTIFS('Opening list'!$A$2:$A$10,") for count in counts.values())
    assert ("door", 0.885) in counts and ("window", 1.765) in counts


def test_rooms_sheets_and_faults_are_there(tmp_path: Path) -> None:
    book = book_of(small_report(tmp_path), tmp_path)
    room = rows_of(book["Rooms"])[0]

    assert (room["Name"], room["Number"], room["Sheet"]) == ("Küche", "0.01", "A-101")
    assert room["Measured area m²"] == pytest.approx(72.73, abs=0.01) and room["Printed area m²"] == 72.7
    assert [row["Scale"] for row in rows_of(book["Sheets"])] == ["1:50", "1:50", None]
    (finding,) = rows_of(book["Findings"])
    assert (finding["Code"], finding["Sheet"], finding["What is wrong"]) == ("F101", "A-101", HOSTILE)
    assert rows_of(book["Faults"])[0]["What helps"] == "export it again"


def test_a_number_stands_beside_what_speaks_for_it_in_its_own_unit(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    report.units = "imperial"
    area = next(one for one in report.quantities if one.id == "a-r0-area")
    area.confidence, area.channels = 0.97, {"geometry": 10.0, "text": 9.9}
    row = next(row for row in rows_of(book_of(report, tmp_path)["Takeoff"]) if str(row["Source"]).startswith("a-r0 "))

    assert (row["Unit"], row["Confidence"], row["Cross-check"]) == ("ft²", 0.97, "lines 107.64, printed 106.56")


def test_imperial_report_has_feet_in_every_list(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    report.units = "imperial"
    book = book_of(report, tmp_path)

    assert {row["Unit"] for row in rows_of(book["Takeoff"])} == {"pcs", "ft", "ft²"}
    assert rows_of(book["Rooms"])[0]["Measured area ft²"] == pytest.approx(72.729 / 0.3048**2, abs=0.01)
    assert rows_of(book["Opening list"])[0]["Width ft"] == pytest.approx(0.8855 / 0.3048, abs=0.03)


def test_sheets_are_set_up_for_work_and_print(tmp_path: Path) -> None:
    for sheet in book_of(small_report(tmp_path), tmp_path):
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:")
        assert sheet.print_title_rows == "$1:$1" and sheet.page_setup.fitToHeight == 0


def test_sources_link_into_the_page_beside_it(tmp_path: Path) -> None:
    takeoff = book_of(small_report(tmp_path), tmp_path)["Takeoff"]

    assert takeoff["K2"].hyperlink is not None and takeoff["K2"].hyperlink.target == "report.html#q-A-101-door"


def test_equal_reports_give_equal_bytes(tmp_path: Path) -> None:
    report = large_report(tmp_path, 200)
    for name in ("one.xlsx", "two.xlsx"):
        write_xlsx(report, tmp_path / name)

    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert {entry.date_time[0] for entry in zipfile.ZipFile(tmp_path / "one.xlsx").infolist()} == {2000}


def test_empty_report_is_a_workbook(tmp_path: Path) -> None:
    assert "Takeoff" in book_of(Report(), tmp_path).sheetnames
