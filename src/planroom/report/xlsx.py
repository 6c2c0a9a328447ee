"""The takeoff as a workbook that an estimator keeps: totals by formula, details, bill, lists.

A total adds the rows whose "In total" says yes: switch a row to no and the total follows. Rows of a sheet that repeats
a storey stay listed with no, and their note says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from planroom.memory.collector import collector_paused
from planroom.records import Quantity, Report
from planroom.report.bill import write_bill
from planroom.report.takeoff import Figure, Takeoff, channels_text, figure, remark, unit_name
from planroom.report.workbook import (
    DECIMAL,
    PERCENT,
    WHOLE,
    Value,
    colour_state,
    emphasize,
    finish_sheet,
    formula,
    new_sheet,
    new_workbook,
    put,
    save,
)
from planroom.report.worksheets import (
    OPENINGS,
    write_faults,
    write_findings,
    write_openings,
    write_rooms,
    write_schedules,
    write_sheets,
)
from planroom.store.files import atomic_path

_HEADS = (
    ("Item", 26), ("Measure", 11), ("Quantity", 13), ("Unit", 7), ("State", 12), ("Interval low", 12),
    ("Interval high", 12), ("Sheet", 18), ("Printed value", 12), ("In total", 9), ("Source", 50), ("Confidence", 11),
    ("Cross-check", 26), ("Reason, note", 58),
)  # fmt: skip
_TOTAL_HEADS = (
    ("Item", 34), ("Measure", 11), ("Quantity", 13), ("Unit", 7), ("State", 12), ("Interval low", 12),
    ("Interval high", 12), ("Printed value", 12), ("Sheets", 24), ("Reason, note", 52),
)  # fmt: skip
_QUANTITY, _STATE, _SOURCE, _CONFIDENCE = 3, 5, 11, 12
_MOST_LINKS = 60_000  # a worksheet holds 65,530
_MOST_ARGUMENTS = 200  # SUM takes 255
_BYTES_A_ROW = 12_000  # measured 7,000 for a detail row, its styles and its link
_Group = tuple[str, str, str]


def lease_bytes(report: Report) -> int:
    """Anonymous bytes that `write_xlsx` takes at its peak, beside the report itself."""
    listed = sum(element.kind in (*OPENINGS, "room") for sheet in report.sheets for element in sheet.elements)
    tabled = sum(len(table["rows"]) + 2 for sheet in report.sheets for table in sheet.schedules)
    billed = sum(3 + len(line.deductions) for line in report.bill.lines)
    told = len(report.sheets) + len(report.findings) + len(report.faults)
    rows = billed + len(report.quantities) + listed + tabled + told
    return 12_000_000 + _BYTES_A_ROW * rows


@collector_paused()
def write_xlsx(report: Report, path: Path, *, page: str = "report.html") -> None:
    """Write the workbook to `path`, whole or not at all. page: the HTML report beside it that sources link to."""
    takeoff = Takeoff(report)
    book = new_workbook()
    totals = new_sheet(book, "Totals", _TOTAL_HEADS)
    _write_totals(totals, takeoff, _write_takeoff(book, takeoff, page))
    write_bill(book, takeoff)
    write_rooms(book, takeoff)
    write_openings(book, takeoff)
    write_sheets(book, takeoff)
    write_schedules(book, takeoff)
    write_findings(book, takeoff)
    write_faults(book, takeoff)
    with atomic_path(path) as part:
        save(book, part)


def _write_totals(sheet: Worksheet, takeoff: Takeoff, rows_of: dict[str, int]) -> None:
    """What the whole set adds up to, each number taken from the sheet "Takeoff", in the order of the report."""
    for row, total in enumerate(takeoff.totals, start=2):
        shown = figure(total, takeoff.system)
        values = _cells(total, shown)
        values[2] = None
        put(sheet, row, [*values, shown.stated, _sheets(takeoff, total), remark(total)], formats=_formats(total))
        if total.state != "withheld":
            formula(sheet, row, _QUANTITY, f"Takeoff!C{rows_of[total.id]}", _formats(total)[_QUANTITY])
        colour_state(sheet, row, _STATE, total.state)
    finish_sheet(sheet)


def _write_takeoff(book: Workbook, takeoff: Takeoff, page: str) -> dict[str, int]:
    """The sheet "Takeoff"; returns the row of each total."""
    sheet = new_sheet(book, "Takeoff", _HEADS)
    totals: dict[_Group, list[Quantity]] = {}
    for total in takeoff.totals:
        totals.setdefault(_group(total), []).append(total)
    details: dict[_Group, list[Quantity]] = {}
    for quantity in takeoff.report.quantities:
        if not quantity.total:
            details.setdefault(_group(quantity), []).append(quantity)
    row, rows_of = 2, dict[str, int]()
    reserved: list[tuple[Quantity, int, range]] = []
    for group in sorted(details.keys() | totals.keys()):
        first = row
        row = _write_details(sheet, takeoff, details.get(group, []), row, rows_of, page, adds_up=group in totals)
        own_rows = range(first, row)
        for total in totals.get(group, []):
            reserved.append((total, row, own_rows))
            row += 1
    for total, at, own_rows in reserved:  # last, because a total may add rows of another item, further down
        _write_total(sheet, takeoff, total, at, own_rows, rows_of)
    finish_sheet(sheet)
    return {total.id: at for total, at, _ in reserved}


def _sheets(takeoff: Takeoff, total: Quantity) -> str:
    return ", ".join(takeoff.sheet_name(sheet_id) for sheet_id in takeoff.sheet_ids(total))


def _group(quantity: Quantity) -> _Group:
    return quantity.item, quantity.measure, quantity.unit


def _write_details(
    sheet: Worksheet, takeoff: Takeoff, details: list[Quantity], row: int, rows_of: dict[str, int], page: str, *,
    adds_up: bool,
) -> int:  # fmt: skip
    """Rows of one item, sheet after sheet, each sheet of several rows with its subtotal; returns the next free row."""
    order = {sheet_id: place for place, sheet_id in enumerate(takeoff.sheets)}
    details = sorted(details, key=lambda quantity: order.get(quantity.sheet or "", -1))
    for sheet_id, members in groupby(details, key=lambda quantity: quantity.sheet):
        first = row
        for quantity in members:
            put(sheet, row, _detail_row(takeoff, quantity), formats=_formats(quantity))
            colour_state(sheet, row, _STATE, quantity.state)
            if row < _MOST_LINKS:
                target = f"{page}#q-{quote(quantity.id, safe='')}"
                cell = sheet.cell(row, _SOURCE)
                cell.hyperlink = Hyperlink(ref=cell.coordinate, target=target)
            sheet.row_dimensions[row].outlineLevel = 1
            rows_of[quantity.id] = row
            row += 1
        if adds_up and row - first > 1:
            name = f"{quantity.item}, {takeoff.sheet_name(sheet_id) or 'whole set'}"
            put(sheet, row, [name, quantity.measure, None, unit_name(figure(quantity, takeoff.system).unit)])
            # its own "In total" cell stays empty, so that no total counts it twice
            formula(sheet, row, _QUANTITY, _sum_if_counted(first, row - 1), _formats(quantity)[_QUANTITY])
            emphasize(sheet, row, len(_HEADS), ruled=False)
            row += 1
    return row


def _detail_row(takeoff: Takeoff, quantity: Quantity) -> list[Value]:
    shown = figure(quantity, takeoff.system)
    return [
        *_cells(quantity, shown),
        takeoff.sheet_name(quantity.sheet),
        shown.stated,
        "yes" if quantity.id in takeoff.counted else "no",
        _sources(takeoff, quantity),
        quantity.confidence,
        channels_text(shown.said, quantity.measure, shown.unit),
        remark(quantity),
    ]


def _cells(quantity: Quantity, shown: Figure) -> list[Value]:
    item, unit = quantity.item, unit_name(shown.unit)
    return [item, quantity.measure, shown.value, unit, quantity.state, shown.low, shown.high]


def _write_total(
    sheet: Worksheet, takeoff: Takeoff, total: Quantity, row: int, own_rows: range, rows_of: dict[str, int]
) -> None:
    """The total of an item as a formula over its detail rows; empty, with the reason, where it is withheld."""
    shown = figure(total, takeoff.system)
    values = _cells(total, shown)
    values[0], values[2] = f"{total.item}, total", None
    words = [_sheets(takeoff, total), shown.stated, None, None, None, None, remark(total)]
    put(sheet, row, [*values, *words], formats=_formats(total))
    emphasize(sheet, row, len(_HEADS), ruled=True)
    colour_state(sheet, row, _STATE, total.state)
    if total.state == "withheld":
        return
    rows = sorted({rows_of[source] for source in total.sources if source in rows_of})
    counted = sorted(at for name, at in rows_of.items() if at in own_rows and name in takeoff.counted)
    if rows and rows == counted:
        expression = _sum_if_counted(own_rows[0], own_rows[-1])
    elif rows:
        expression = _sum_of_rows(rows)
    else:
        put(sheet, row, [None, None, shown.value], formats=_formats(total))  # nothing below it to add
        return
    formula(sheet, row, _QUANTITY, expression, _formats(total)[_QUANTITY])


def _sum_if_counted(first: int, last: int) -> str:
    return f'SUMIFS(C{first}:C{last},J{first}:J{last},"yes")'


def _sum_of_rows(rows: list[int]) -> str:
    """A sum over any rows, with neighbours as ranges, nested where SUM would get too many arguments."""
    ranges = list(_ranges(rows))
    chunks = [ranges[i : i + _MOST_ARGUMENTS] for i in range(0, len(ranges), _MOST_ARGUMENTS)]
    return "+".join(f"SUM({','.join(chunk)})" for chunk in chunks)


def _ranges(rows: list[int]) -> Iterator[str]:
    for _, members in groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
        run = [row for _, row in members]
        yield f"C{run[0]}:C{run[-1]}"


def _formats(quantity: Quantity) -> dict[int, str]:
    numbers = dict.fromkeys((3, 6, 7, 8, 9), WHOLE if quantity.unit == "pcs" else DECIMAL)
    return numbers | {_CONFIDENCE: PERCENT}


def _sources(takeoff: Takeoff, quantity: Quantity) -> str:
    if not quantity.sources:
        return "no element"
    places = [takeoff.place[source] for source in quantity.sources if source in takeoff.place]
    lines = sum(len(takeoff.report.sheets[s].elements[e].lines) for s, e in places)
    more = len(quantity.sources) - 1
    ids = quantity.sources[0] + (f" and {more} more" if more else "")
    return f"{ids} ({lines} line{'s' * (lines > 1)})" if lines else ids
