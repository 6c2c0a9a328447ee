"""A customer's workbook filled: what asks gets its number, everything else stays byte by byte."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill, Protection
from test_explain import run
from test_report_bill import billed

from planroom.errors import BadExchange, UnreadableFile
from planroom.kept import KeptReport
from planroom.report.fill import fill_workbook


@pytest.fixture
def kept(tmp_path: Path) -> KeptReport:
    return KeptReport(run(billed(tmp_path), tmp_path))


def estimate(folder: Path, *, protected: bool = False, asked: str = "{{01.0010}}") -> Path:
    """A workbook as an estimator has one: styles, a formula, a chart, a second sheet that asks nothing."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Übersicht", 0)
    book.remove(book.worksheets[1])
    sheet["A1"], sheet["A1"].font = "Plaster", Font(bold=True, color="FFAA0000")
    sheet["B1"], sheet["B1"].fill, sheet["B1"].number_format = asked, PatternFill("solid", fgColor="FFFFFF00"), "0.0"
    sheet["C1"], sheet["D1"] = 12.35, "=ROUND(B1*C1,2)"
    sheet["A2"], sheet["B2"] = "Doors: {{bill:d}} {{bill:d.unit}}, {{bill:d.state}}", "{{ bill:p.net }}"
    sheet["B3"] = "{{02.0020}}"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=3, min_row=1, max_row=2))
    sheet.add_chart(chart, "F2")
    book.create_sheet("Notes")["A1"] = "stays"
    if protected:
        sheet.protection.sheet = True
        for cell in ("A2", "B2", "B3"):
            sheet[cell].protection = Protection(locked=False)
    path = folder / "estimate.xlsx"
    book.save(path)
    return path


def test_cells_that_ask_are_filled_and_keep_their_style(tmp_path: Path, kept: KeptReport) -> None:
    source = estimate(tmp_path)
    before = source.read_bytes()

    filled = fill_workbook(source, tmp_path / "filled.xlsx", kept.value)

    sheet = openpyxl.load_workbook(tmp_path / "filled.xlsx")["Übersicht"]
    assert sheet["B1"].value == 37.33
    assert (sheet["B1"].fill.fgColor.rgb, sheet["B1"].number_format) == ("FFFFFF00", "0.0")
    assert sheet["D1"].value == "=ROUND(B1*C1,2)"
    assert sheet["A2"].value == "Doors: 2 pcs, measured"
    assert sheet["B2"].value == 36.0
    assert sheet["B3"].value == "#N/A"
    assert len(filled.cells) == 4
    assert filled.cells["Übersicht!B1"][0] == "01.0010"
    assert source.read_bytes() == before


def test_every_other_part_stays_byte_by_byte(tmp_path: Path, kept: KeptReport) -> None:
    source, target = estimate(tmp_path), tmp_path / "filled.xlsx"
    fill_workbook(source, target, kept.value)

    with zipfile.ZipFile(source) as one, zipfile.ZipFile(target) as two:
        assert one.namelist() == two.namelist()
        differ = [name for name in one.namelist() if one.read(name) != two.read(name)]
    assert set(differ) == {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}


def test_a_spreadsheet_program_opens_it_and_computes_its_formulas(tmp_path: Path, kept: KeptReport) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here")
    fill_workbook(estimate(tmp_path), tmp_path / "filled.xlsx", kept.value)

    done = subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "csv", "--outdir",
         str(tmp_path), str(tmp_path / "filled.xlsx")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "filled.csv").read_text("utf-8").splitlines()[0].split(",") == [
        "Plaster", "37.33", "12.35", "461.03",
    ]  # fmt: skip


def test_a_locked_cell_of_a_protected_sheet_is_refused(tmp_path: Path, kept: KeptReport) -> None:
    source = estimate(tmp_path, protected=True)

    with pytest.raises(BadExchange, match="locked on a protected sheet") as caught:
        fill_workbook(source, tmp_path / "filled.xlsx", kept.value)

    assert caught.value.place.endswith("Übersicht!B1")
    assert not (tmp_path / "filled.xlsx").exists()


def test_unlocked_cells_of_a_protected_sheet_are_filled(tmp_path: Path, kept: KeptReport) -> None:
    source = estimate(tmp_path, protected=True, asked="no question")

    filled = fill_workbook(source, tmp_path / "filled.xlsx", kept.value)

    assert set(filled.cells) == {"Übersicht!A2", "Übersicht!B2", "Übersicht!B3"}


def test_an_unknown_key_names_its_cell_and_what_is_near(tmp_path: Path, kept: KeptReport) -> None:
    source = estimate(tmp_path, asked="{{01.0011}}")

    with pytest.raises(BadExchange) as caught:
        fill_workbook(source, tmp_path / "filled.xlsx", kept.value)

    assert caught.value.place.endswith("Übersicht!B1")
    assert "01.0010" in caught.value.advice
    assert not (tmp_path / "filled.xlsx").exists()


@pytest.mark.parametrize("asked", ["{{01.0010}", "{01.0010}} and {{bill:p}}"])
def test_a_question_that_is_not_closed_is_told(asked: str, tmp_path: Path, kept: KeptReport) -> None:
    with pytest.raises(BadExchange, match="does not close it"):
        fill_workbook(estimate(tmp_path, asked=asked), tmp_path / "filled.xlsx", kept.value)


def test_a_workbook_behind_a_password_says_so_and_stays(tmp_path: Path, kept: KeptReport) -> None:
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000))
    before = locked.read_bytes()

    with pytest.raises(BadExchange, match="password") as caught:
        fill_workbook(locked, tmp_path / "filled.xlsx", kept.value)

    assert "without a password" in caught.value.advice
    assert locked.read_bytes() == before
    assert not (tmp_path / "filled.xlsx").exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_refused(content: bytes, tmp_path: Path, kept: KeptReport) -> None:
    path = tmp_path / "bad.xlsx"
    path.write_bytes(content)

    with pytest.raises(BadExchange):
        fill_workbook(path, tmp_path / "filled.xlsx", kept.value)


def test_a_workbook_that_asks_nothing_is_refused(tmp_path: Path, kept: KeptReport) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "plain.xlsx")

    with pytest.raises(BadExchange, match="asks for anything"):
        fill_workbook(tmp_path / "plain.xlsx", tmp_path / "filled.xlsx", kept.value)


def test_a_workbook_that_is_not_there_is_told(tmp_path: Path, kept: KeptReport) -> None:
    with pytest.raises(UnreadableFile):
        fill_workbook(tmp_path / "none.xlsx", tmp_path / "filled.xlsx", kept.value)


def test_quantities_answer_too(kept: KeptReport) -> None:
    assert kept.value("total-door-count") == 2.0
    assert kept.value("total-door-count.unit") == "pcs"
    assert kept.value("c-area") == "withheld"
    for part in ("colour", "gross"):
        with pytest.raises(KeyError):
            kept.value(f"total-door-count.{part}")
