"""A workbook in the house's style: heads, widths, print set-up, text that stays text, bytes that repeat.

Text from a drawing is stored as text whatever it begins with; only `formula` makes formulas.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

DECIMAL: Final = "#,##0.00"
WHOLE: Final = "#,##0"
PERCENT: Final = "0%"
_LONGEST_TEXT = 32_767
_EPOCH = datetime.datetime(2000, 1, 1)
_ZIP_EPOCH = (2000, 1, 1, 0, 0, 0)
_SURROGATES = re.compile("[\ud800-\udfff]")
_HEAD_FILL = PatternFill("solid", fgColor="FF274156")
_FACE = "Calibri"  # as cells without a font of their own have it; without a name some programs take another
_BOLD = Font(name=_FACE, size=11, bold=True)
_HEAD_FONT = Font(name=_FACE, size=11, bold=True, color="FFFFFFFF")
_LINE_PT = 15
_MOST_LINES = 10
_ROWS_ASKED = 50
_BROAD, _NARROW = 1.1, 0.9  # how wide capitals and bold letters are, and others, in the unit of a column's width
_RULE = Border(top=Side(style="thin", color="FF9AA5B0"))
_STATE_FONTS = {
    state: Font(name=_FACE, size=11, bold=True, color=colour)
    for state, colour in (("measured", "FF17663A"), ("estimated", "FF8A5200"), ("withheld", "FFA3212A"))
}
_NUMBER_AT = Alignment(vertical="top")
_TEXT_AT = Alignment(horizontal="left", vertical="top", indent=1)  # else it touches the number before it
_WRAPPED_AT = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=True)
_HEAD_OF_NUMBERS_AT = Alignment(horizontal="right", vertical="top", wrap_text=True)

Value = str | float | int | None


def new_workbook() -> Workbook:
    """An empty workbook that computes its formulas when it is opened and carries no date of today."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.calculation = CalcProperties(fullCalcOnLoad=True)
    book.properties.creator = "planroom"
    book.properties.created = book.properties.modified = _EPOCH
    return book


def new_sheet(book: Workbook, title: str, heads: Sequence[tuple[str, int]]) -> Worksheet:
    """A sheet with a frozen, repeated head row (name, width in characters), one page wide in print."""
    sheet: Worksheet = book.create_sheet(title)
    for column, (name, width) in enumerate(heads, start=1):
        cell = sheet.cell(1, column, name)
        cell.font, cell.fill, cell.alignment = _HEAD_FONT, _HEAD_FILL, _WRAPPED_AT
        _make_room(sheet, 1, name, width)
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    assert sheet.oddFooter is not None  # only chart sheets have none
    sheet.oddFooter.center.text = "&A, page &P of &N"
    return sheet


def finish_sheet(sheet: Worksheet) -> None:
    """Put the heads of numbers over their numbers, and the filter over all that was written."""
    for head, *below in sheet.iter_cols(max_row=min(sheet.max_row, _ROWS_ASKED)):
        if any(cell.number_format != "General" for cell in below):
            head.alignment = _HEAD_OF_NUMBERS_AT
    sheet.auto_filter.ref = f"A1:{get_column_letter(sheet.max_column)}{max(2, sheet.max_row)}"


def put(sheet: Worksheet, row: int, values: Sequence[Value], *, formats: dict[int, str] | None = None) -> None:
    """Write one row: numbers as numbers, text as text. formats: number format by 1-based column."""
    for column, value in enumerate(values, start=1):
        cell = sheet.cell(row, column)
        if isinstance(value, str):
            _put_text(sheet, cell, value)
        elif value is not None:
            cell.value, cell.alignment = value, _NUMBER_AT
            cell.number_format = (formats or {}).get(column, DECIMAL if isinstance(value, float) else WHOLE)


def formula(sheet: Worksheet, row: int, column: int, expression: str, number_format: str) -> None:
    """Write a formula of our own making; nothing from a drawing may be part of `expression`."""
    cell = sheet.cell(row, column, f"={expression}")
    cell.number_format, cell.alignment = number_format, _NUMBER_AT


def emphasize(sheet: Worksheet, row: int, columns: int, *, ruled: bool) -> None:
    """Set a row in bold, with a line above it where `ruled`."""
    for column in range(1, columns + 1):
        cell = sheet.cell(row, column)
        cell.font = _BOLD
        if ruled:
            cell.border = _RULE


def colour_state(sheet: Worksheet, row: int, column: int, state: str) -> None:
    """Colour the word of the state, which says the same."""
    if state in _STATE_FONTS:
        sheet.cell(row, column).font = _STATE_FONTS[state]


def clean(text: str) -> str:
    """`text` without what XLSX cannot hold."""
    return _SURROGATES.sub("?", ILLEGAL_CHARACTERS_RE.sub("", text))[:_LONGEST_TEXT]


def save(book: Workbook, path: Path) -> None:
    """Write the workbook; equal workbooks give equal bytes."""
    with path.open("wb") as out, _SteadyZip(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _Writer(book, archive).write_data()  # save() would stamp today's date


def _make_room(sheet: Worksheet, row: int, text: str, width: float) -> bool:
    """Whether a text runs over several lines; its row is made as high as it needs."""
    room = int((width - 1) / (_BROAD if row == 1 or text.isupper() else _NARROW))
    if len(text) <= room and "\n" not in text:
        return False
    lines = sum(len(wrap(line, max(1, room))) for line in text.splitlines())
    if lines > 1:
        size = sheet.row_dimensions[row]
        size.height = max(size.height or 0, _LINE_PT * min(lines, _MOST_LINES))
    return lines > 1


def _put_text(sheet: Worksheet, cell: Any, text: str) -> None:
    if not text:
        return
    width = sheet.column_dimensions[cell.column_letter].width
    cell.alignment = _WRAPPED_AT if _make_room(sheet, cell.row, text, width) else _TEXT_AT
    cell.value = clean(text)
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula
    if text[0] in "=+-@\t\r":
        cell.quotePrefix = True  # stays text when somebody edits the cell


class _SteadyZip(zipfile.ZipFile):
    """A ZIP whose entries carry one fixed date."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        """Add `data` under the name."""
        entry = zipfile.ZipInfo(str(zinfo_or_arcname), _ZIP_EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        super().writestr(entry, data, *args, **kwargs)


class _Writer(ExcelWriter):
    """openpyxl's writer, without its files in the system's temporary folder, which may be RAM or full."""

    def write_worksheet(self, ws: Worksheet) -> None:
        """Add one worksheet to the archive."""
        ws._drawing = SpreadsheetDrawing()  # type: ignore[attr-defined] # what openpyxl's own method does first
        written = io.BytesIO()
        writer = WorksheetWriter(ws, written)
        writer.write()
        ws._rels = writer._rels  # type: ignore[attr-defined]
        self._archive.writestr(ws.path[1:], written.getbuffer())  # type: ignore[attr-defined] # not in the stubs
        self.manifest.append(ws)
