"""The bill of quantities in the workbook and on the page: gross, net and as measured side by side, each deduction with
its clause.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from openpyxl import Workbook

from planroom.amounts import Amount
from planroom.records import Bill, BillLine
from planroom.report.tables import state_word
from planroom.report.takeoff import Takeoff, number_text, unit_name
from planroom.report.workbook import DECIMAL, WHOLE, colour_state, emphasize, finish_sheet, formula, new_sheet, put
from planroom.units import UnitSystem, in_system

_HEADS: Final = (
    ("Number", 11), ("Title", 44), ("Quantity", 12), ("Unit", 7), ("Unit price", 12), ("Total", 14), ("Gross", 12),
    ("Net", 12), ("At least", 12), ("At most", 12), ("State", 12), ("DIN 276", 9), ("UniFormat", 13),
    ("MasterFormat", 16), ("Measured by", 34), ("Reason", 44),
)  # fmt: skip
_QUANTITY, _PRICE, _TOTAL, _STATE, _REASON = 3, 5, 6, 11, 16
_MONEY: Final = ("Unit price", "Total")
_GAP_HEADS: Final = (
    ("Line", 11), ("Title", 44), ("Opening", 24), ("Of", 24), ("Sheet", 18), ("Size", 12), ("Unit", 7),
    ("Deducted", 20),
    ("By", 34),
)  # fmt: skip
_DEDUCTED: Final = {True: "yes", False: "no, measured over", None: "not sure"}


def shown_amount(amount: Amount | None, unit: str, system: UnitSystem) -> Amount | None:
    """An amount of an SI unit in the customer's system."""
    return None if amount is None else Amount(*(in_system(one, unit, system)[0] for one in amount))


def shown_price(line: BillLine, system: UnitSystem) -> float | None:
    """The price of the customer's unit: that of a square foot is not that of a square metre."""
    if line.unit_price is None:
        return None
    return float(line.unit_price) / in_system(1.0, line.unit, system)[0]


def write_bill(book: Workbook, takeoff: Takeoff) -> None:
    """The sheets "Bill", where prices are filled in and totals follow by formula, and "Deductions"."""
    bill = takeoff.report.bill
    if not bill.lines:
        return
    heads = [(f"{name} {bill.currency}".strip() if name in _MONEY else name, width) for name, width in _HEADS]
    sheet = new_sheet(book, "Bill", heads)
    row, section_rows = 2, []
    for section, lines in _sections(bill):
        put(sheet, row, ["", section])
        emphasize(sheet, row, len(_HEADS), ruled=True)
        section_row, first = row, row + 1
        for line in lines:
            row += 1
            unit = in_system(0.0, line.unit, takeoff.system)[1]
            gross, net, ruled = (
                shown_amount(one, line.unit, takeoff.system) for one in (line.gross, line.net, line.ruled)
            )
            number_format = WHOLE if line.unit == "pcs" else DECIMAL
            put(
                sheet, row,
                [line.number, line.title, ruled.value if ruled else None, unit_name(unit),
                 shown_price(line, takeoff.system), None,
                 gross.value if gross else None, net.value if net else None, ruled.low if ruled else None,
                 ruled.high if ruled else None, line.state, *_codes(line), line.rule,
                 line.reason or ""],
                formats=dict.fromkeys((_QUANTITY, 7, 8, 9, 10), number_format),
            )  # fmt: skip
            sheet.cell(row, _PRICE).number_format = "#,##0.00#"
            amounts = f"AND(ISNUMBER(C{row}),ISNUMBER(E{row}))"
            formula(sheet, row, _TOTAL, f'IF({amounts},ROUND(ROUND(C{row},2)*E{row},2),"")', DECIMAL)
            colour_state(sheet, row, _STATE, line.state)
        formula(sheet, section_row, _TOTAL, f"SUM(F{first}:F{row})", DECIMAL)
        section_rows.append(section_row)
        row += 1
    priceless = sum(line.ruled is not None and line.unit_price is None for line in bill.lines)
    withheld = sum(line.ruled is None for line in bill.lines)
    left = [
        f"{many} line{'s' * (many > 1)} {word}"
        for many, word in ((priceless, "without a price"), (withheld, "withheld"))
        if many
    ]
    told = [""] * (_REASON - 3)
    put(sheet, row, ["", f"{bill.name}, total without tax", *told, "; ".join([f"measured by {bill.rules}", *left])])
    formula(sheet, row, _TOTAL, "+".join(f"F{one}" for one in section_rows), DECIMAL)
    emphasize(sheet, row, len(_HEADS), ruled=True)
    finish_sheet(sheet)
    _write_deductions(book, takeoff)


def _write_deductions(book: Workbook, takeoff: Takeoff) -> None:
    sheet = new_sheet(book, "Deductions", _GAP_HEADS)
    row = 2
    for line in sorted(takeoff.report.bill.lines, key=lambda line: line.number):
        unit = in_system(0.0, line.unit, takeoff.system)[1]
        for one in line.deductions:
            name, drawing = takeoff.named(one.element)
            holder, _ = takeoff.named(one.of)
            size = shown_amount(one.size, line.unit, takeoff.system)
            where = takeoff.sheet_name(drawing.id if drawing else None)
            figures = [size.value if size else None, unit_name(unit), _DEDUCTED[one.deducted], one.source]
            put(sheet, row, [line.number, line.title, name, holder, where, *figures])
            row += 1
    finish_sheet(sheet)


def bill_table(takeoff: Takeoff) -> Iterator[str]:
    """The bill as a table of the page, each line to pick: the page's index has the lines after the quantities."""
    heads = ("No.", "Title", "Gross", "Net", "Measured", "Unit", "State", "DIN 276", "UniFormat", "Measured by", "Note")
    bill = takeoff.report.bill
    yield f'<table class="takeoff"><caption>{escape(bill.name)}, measured by {escape(bill.rules)}</caption><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead><tbody>\n"
    at = {line.id: k for k, line in enumerate(bill.lines, start=len(takeoff.report.quantities))}
    for section, lines in _sections(bill):
        yield f'<tr><th scope="rowgroup" colspan="{len(heads)}">{escape(section)}</th></tr>\n'
        for line in lines:
            yield _row(line, at[line.id], takeoff.system)
    yield "</tbody></table>\n"


def _row(line: BillLine, at: int, system: UnitSystem) -> str:
    unit = in_system(0.0, line.unit, system)[1]
    gross, net, ruled = (shown_amount(one, line.unit, system) for one in (line.gross, line.net, line.ruled))
    cells = [number_text(one.value if one else None, line.unit) for one in (gross, net, ruled)]
    if ruled and ruled.low < ruled.high:
        span = f"{number_text(ruled.low, line.unit)} – {number_text(ruled.high, line.unit)}"
        cells[2] += f'<small class="interval">{span}</small>'
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    words = "".join(f"<td>{escape(text)}</td>" for text in (*_codes(line)[:2], line.rule))
    return (
        f'<tr id="q-{escape(line.id)}" data-q="{at}" class="counts"><th scope="row"><button type="button" class="pick" '
        f'aria-pressed="false">{escape(line.number)}</button></th><td>{escape(line.title)}</td>{numbers}'
        f"<td>{unit_name(unit)}</td><td>{state_word(line.state)}</td>{words}"
        f'<td class="note">{escape(line.reason or "")}</td></tr>\n'
    )


def _codes(line: BillLine) -> list[str]:
    return [line.codes.get(system, "") for system in ("din276", "uniformat", "masterformat")]


def _sections(bill: Bill) -> Iterator[tuple[str, list[BillLine]]]:
    """The lines by section, in the order of their numbers."""
    ordered = sorted(bill.lines, key=lambda line: line.number)
    for section, lines in groupby(ordered, key=lambda line: line.section):
        yield section, list(lines)
