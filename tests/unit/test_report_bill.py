"""The bill in the workbook, computed by a spreadsheet program, and on the page."""

from __future__ import annotations

import csv
import shutil
import subprocess
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from report_sample import FORMULA, HOSTILE, small_report

from planroom.amounts import NOTHING, Amount, exactly
from planroom.records import Bill, BillLine, Deduction, Report
from planroom.report.html import write_html
from planroom.report.xlsx import write_xlsx

CODES = {"din276": "345", "uniformat": "C3010", "masterformat": "09 91 00"}
PRICES = {"01.0010": "12.35", "01.0020": "0.07", "02.0010": "310"}


def billed(folder: Path) -> Report:
    report = small_report(folder)
    plaster = BillLine("bill:p", "01.0010", FORMULA, HOSTILE, "m2", "measured", "plaster", "clause 5", CODES, ["a-r0"])
    plaster.gross, plaster.net, plaster.ruled = exactly(40.0), exactly(36.0), Amount(37.3333, 37.0, 37.6)
    plaster.deductions = [
        Deduction("a-d0", "a-w0", exactly(2.6667), True, "clause 5", (1.2698, 2.1), exactly(2.6667)),
        Deduction("a-d1", "a-w0", exactly(1.3), False, "clause 5", (0.65, 2.0), NOTHING),
    ]
    plaster.factors = [(16.0, 2.5)]
    skirting = BillLine(
        "bill:s", "01.0020", FORMULA, "Skirting", "m", "measured", "floors", "clause 6", CODES, ["a-r0"]
    )
    skirting.gross = skirting.net = skirting.ruled = exactly(22.5)
    doors = BillLine("bill:d", "02.0010", "Doors", "Doors", "pcs", "measured", "openings", "", CODES, ["a-d0", "a-d1"])
    doors.gross = doors.net = doors.ruled = exactly(2)
    lost = BillLine(
        "bill:l", "02.0020", "Doors", "Lost", "m2", "withheld", "paint", "", CODES, ["c-o"], reason="no scale"
    )
    report.bill = Bill("House", "VOB/C 2019", [plaster, skirting, doors, lost])
    return report


def test_totals_follow_prices_to_the_cent_in_a_spreadsheet_program(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here")
    book = tmp_path / "takeoff.xlsx"
    write_xlsx(billed(tmp_path), book)
    priced = openpyxl.load_workbook(book)
    sheet = priced["Bill"]
    for row in range(2, sheet.max_row + 1):
        if price := PRICES.get(str(sheet.cell(row, 1).value)):
            sheet.cell(row, 5, float(price))
    priced.active = priced.sheetnames.index("Bill")
    priced.save(tmp_path / "priced.xlsx")

    done = subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
         'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,3', "--outdir", str(tmp_path),
         str(tmp_path / "priced.xlsx")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (table,) = tmp_path.glob("priced*.csv")
    rows = {row[0] or row[1]: row for row in csv.reader(table.open(encoding="utf-8"))}
    totals = {key: Decimal(row[5].replace(",", "")) for key, row in rows.items() if row[5] not in ("", "Total")}
    assert totals["01.0010"] == Decimal("461.03")  # 37.33 × 12.35, to the cent
    assert totals["01.0020"] == Decimal("1.58")
    assert totals["02.0010"] == Decimal("620.00")
    assert "02.0020" not in totals
    assert totals["Doors"] == Decimal("620.00")
    (whole,) = (value for key, value in totals.items() if key.startswith("House, total"))
    assert whole == Decimal("1082.61")
    assert not any("#" in cell or "Err:" in cell for row in rows.values() for cell in row)


def test_every_deduction_is_listed_with_its_clause(tmp_path: Path) -> None:
    write_xlsx(billed(tmp_path), tmp_path / "t.xlsx")

    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["Deductions"]

    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["01.0010", HOSTILE, "door D1", "wall", "A-101", 2.6667, "m²", "yes", "clause 5"],
        ["01.0010", HOSTILE, "door D2", "wall", "A-101", 1.3, "m²", "no, measured over", "clause 5"],
    ]


def test_a_price_of_a_square_metre_is_not_that_of_a_square_foot(tmp_path: Path) -> None:
    report = billed(tmp_path)
    report.units, report.bill.lines[0].unit_price = "imperial", Decimal("10.00")
    write_xlsx(report, tmp_path / "t.xlsx")

    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["Bill"]

    rows = sheet.iter_rows(min_row=2, values_only=True)
    quantity, unit, price = next(row[2:5] for row in rows if row[0] == "01.0010")
    assert unit == "ft²"
    assert float(str(quantity)) * float(str(price)) == pytest.approx(373.33, abs=0.01)


def test_words_of_the_bill_never_become_formulas(tmp_path: Path) -> None:
    write_xlsx(billed(tmp_path), tmp_path / "t.xlsx")

    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["Bill"]

    formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert formulas
    assert not any("HYPERLINK" in str(one) for one in formulas)


def test_without_lines_there_is_no_bill(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    write_xlsx(report, tmp_path / "t.xlsx")
    write_html(report, tmp_path / "t.html")

    assert "Bill" not in openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames
    assert "Bill of quantities" not in (tmp_path / "t.html").read_text("utf-8")


class _Rows(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.picks: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "tr" and "data-q" in told:
            self.picks.append(str(told["data-q"]))
        self.scripts += tag == "script" and "type" not in told


def test_lines_of_the_page_are_picked_like_quantities(tmp_path: Path) -> None:
    report = billed(tmp_path)
    write_html(report, tmp_path / "t.html")
    page = _Rows()
    text = (tmp_path / "t.html").read_text("utf-8")
    page.feed(text)

    first = len(report.quantities)
    assert {str(k) for k in range(first, first + 4)} <= set(page.picks)
    assert len(page.picks) == len(set(page.picks)) == first + 4
    assert page.scripts == 1  # the page's own
    assert '"id":"bill:p"' in text.replace(" ", "")
