"""The tables of the HTML report. Whatever comes from a drawing is untrusted: it passes `escape` here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from planroom.errors import Fault
from planroom.records import Finding, Quantity
from planroom.report.takeoff import (
    Figure,
    Takeoff,
    channels_text,
    confidence_text,
    figure,
    label,
    number_text,
    remark,
    unit_name,
)

_MARKS = {"measured": "●", "estimated": "◐", "withheld": "○"}  # the state never hangs on the colour alone
_HEADS = ("Item", "Measure", "Quantity", "Unit", "State", "Printed")


def state_word(state: str) -> str:
    """The state as a coloured word with a mark of its own."""
    return f'<span class="state {escape(state)}">{_MARKS.get(state, "")} {escape(state)}</span>'


def quantity_table(
    takeoff: Takeoff, rows: Iterable[tuple[int, Quantity]], caption: str, *, across: bool
) -> Iterator[str]:
    """Rows to pick, each with its place in the report. across: with columns for its sheets and its note, which has a
    line of its own below elsewhere.
    """
    heads = [*_HEADS] + ["Sheets", "Note"] * across
    yield f'<table class="takeoff"><caption>{escape(caption)}</caption><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr></thead><tbody>\n"
    for index, quantity in rows:
        yield _quantity_row(takeoff, index, quantity, across=across)
    yield "</tbody></table>\n"


def _quantity_row(takeoff: Takeoff, index: int, quantity: Quantity, *, across: bool) -> str:
    shown = figure(quantity, takeoff.system)
    value = number_text(shown.value, shown.unit)
    if shown.low is not None and shown.high is not None and shown.low < shown.high:
        span = f"{number_text(shown.low, shown.unit)} – {number_text(shown.high, shown.unit)}"
        value += f'<small class="interval">{span}</small>'
    sheets = ", ".join(takeoff.sheet_name(sheet) for sheet in takeoff.sheet_ids(quantity))
    kind = "counts" if quantity.total or quantity.id in takeoff.counted else "aside"
    note = escape(remark(quantity))
    beside = f'<td>{escape(sheets)}</td><td class="note">{note}</td>' if across else ""
    below = f'<tr class="said {kind}"><td colspan="{len(_HEADS)}">{note}</td></tr>\n' if note and not across else ""
    return (
        f'<tr id="q-{escape(quantity.id)}" data-q="{index}" class="{kind}{" told" * bool(below)}">'
        f'<th scope="row"><button type="button" class="pick" aria-pressed="false">{escape(item_name(quantity))}'
        f"</button>{_subject(takeoff, quantity)}</th>"
        f"<td>{escape(quantity.measure)}</td>"
        f'<td class="number">{value}</td><td>{unit_name(shown.unit)}</td>'
        f"<td>{state_word(quantity.state)}{_trust(quantity, shown)}</td>"
        f'<td class="number">{number_text(shown.stated, shown.unit)}</td>{beside}</tr>\n{below}'
    )


def _trust(quantity: Quantity, shown: Figure) -> str:
    """The confidence, with what each channel says where one points at it."""
    if quantity.confidence is None:
        return ""
    said = escape(channels_text(shown.said, quantity.measure, shown.unit))
    return f'<small class="trust" title="{said}">{confidence_text(quantity.confidence, quantity.measure)}</small>'


def item_name(quantity: Quantity) -> str:
    """The item for people: "interior wall"."""
    return quantity.item.replace("_", " ") or quantity.measure


def _subject(takeoff: Takeoff, quantity: Quantity) -> str:
    """The name of the one element that a quantity is about, or how many it rests on."""
    if quantity.total:
        return ""
    if len(quantity.sources) == 1 and quantity.sources[0] in takeoff.place:
        sheet, element = takeoff.place[quantity.sources[0]]
        name = label(takeoff.report.sheets[sheet].elements[element]).removeprefix(quantity.item).strip()
        return f"<small>{escape(name)}</small>" if name else ""
    return f"<small>{len(quantity.sources)} elements</small>" if quantity.sources else ""


def fault_table(faults: Iterable[Fault]) -> Iterator[str]:
    """What could not be done, and what to do about it."""
    yield '<table><thead><tr><th scope="col">Code</th><th scope="col">Place</th><th scope="col">Stage</th>'
    yield '<th scope="col">What happened</th><th scope="col">What helps</th></tr></thead><tbody>\n'
    for fault in faults:
        place = fault.file if fault.page is None else f"{fault.file}, page {fault.page + 1}"
        cells = "".join(f"<td>{escape(text)}</td>" for text in (place, fault.stage, fault.message, fault.hint))
        yield f'<tr><th scope="row">{escape(fault.code)}</th>{cells}</tr>\n'
    yield "</tbody></table>\n"


def finding_table(takeoff: Takeoff, findings: Iterable[Finding]) -> Iterator[str]:
    """What is wrong on the drawings; a finding with a place is a button that shows it."""
    yield '<table><thead><tr><th scope="col">Code</th><th scope="col">Severity</th><th scope="col">Sheet</th>'
    yield '<th scope="col">What is wrong</th></tr></thead><tbody>\n'
    for index, finding in enumerate(findings):
        pick = (
            f'<button type="button" class="pick" data-f="{index}" aria-pressed="false">{escape(finding.code)}</button>'
        )
        cells = (
            f'<span class="severity {finding.severity}">{escape(finding.severity)}</span>',
            escape(takeoff.sheet_name(finding.sheet)),
            escape(finding.message),
        )
        yield f'<tr><th scope="row">{pick}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    yield "</tbody></table>\n"


def facts_table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Rows of named values, one column a name, in the order in which the names first come up."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    numeric = [all(isinstance(row.get(name, 0), int | float) for row in rows) for name in names]
    kinds = [' class="number"' if number else "" for number in numeric]
    heads = (f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(names, kinds, strict=True))
    yield "<table><thead><tr>" + "".join(heads)
    yield "</tr></thead><tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(_fact(row.get(name)) for name in names) + "</tr>\n"
    yield "</tbody></table>\n"


def schedule_table(schedule: dict[str, Any]) -> Iterator[str]:
    """A table as it was read off the sheet: its own heads and cells."""
    title = schedule["title"] or f"{schedule['kind']} schedule"
    read = " (read from the picture)" if schedule["source"] == "ocr" else ""
    yield f"<table><caption>{escape(title)}{read}</caption><thead><tr>"
    yield "".join(f'<th scope="col">{escape(column["header"])}</th>' for column in schedule["columns"])
    yield "</tr></thead><tbody>\n"
    for row in schedule["rows"]:
        yield "<tr>" + "".join(f"<td>{escape(cell['text'])}</td>" for cell in row) + "</tr>\n"
    yield "</tbody></table>\n"


def _fact(value: Any) -> str:
    if isinstance(value, float):
        return f'<td class="number">{value:,.3f}</td>'
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{'' if value is None else escape(str(value))}</td>"
