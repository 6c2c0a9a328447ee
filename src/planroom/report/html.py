"""The report as one HTML file that needs nothing else: no network, no second file.

It is written sheet by sheet, so that its memory is that of the largest sheet, not of the set. Everything that comes
from a drawing is untrusted: text is escaped, and the page's own policy lets no script run but the one shipped here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib import resources
from pathlib import Path, PurePath
from typing import Any

from planroom.memory.collector import collector_paused
from planroom.records import Report, Sheet
from planroom.report import overlay, picture
from planroom.report.bill import bill_table, shown_amount
from planroom.report.tables import (
    facts_table,
    fault_table,
    finding_table,
    item_name,
    quantity_table,
    schedule_table,
    state_word,
)
from planroom.report.takeoff import Takeoff, figure, number_text, unit_name
from planroom.store.files import atomic_path
from planroom.units import format_bytes, in_system

_BYTES_AN_ELEMENT = 4_000  # its index entries, its shape and its share of the sheet's data
_BYTES_A_LINE = 240  # eight-digit pixels as Python integers and as text
_BYTES_A_QUANTITY = 3_000


def lease_bytes(report: Report) -> int:
    """Anonymous bytes that `write_html` takes at its peak, beside the report itself."""
    pictures = [picture.lease_bytes(sheet.width_px, sheet.height_px) for sheet in report.sheets]
    overlays = [
        sum(_BYTES_AN_ELEMENT + _BYTES_A_LINE * len(element.lines) for element in sheet.elements)
        for sheet in report.sheets
    ]
    sources = sum(len(quantity.sources) for quantity in report.quantities)
    sources += sum(len(line.sources) for line in report.bill.lines)
    index = _BYTES_A_QUANTITY * (len(report.quantities) + len(report.bill.lines)) + 200 * (
        sources + sum(len(s.elements) for s in report.sheets)
    )
    return 2_000_000 + max(pictures, default=0) + max(overlays, default=0) + index


@collector_paused()
def write_html(report: Report, path: Path) -> None:
    """Write the report to `path`, whole or not at all."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors="replace") as out:
        out.writelines(_page(report))


def _page(report: Report) -> Iterator[str]:
    takeoff = Takeoff(report)
    style, script = _shipped("page.css"), _shipped("page.js")
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>planroom takeoff: {escape(', '.join(_files(report)) or 'no file')}</title>"
    yield f"<style>{style}</style></head>\n<body>\n"
    yield from _header(report)
    yield "<main>\n"
    yield from _totals(takeoff)
    if report.bill.lines:
        yield '<section id="bill"><h2>Bill of quantities</h2>'
        yield from bill_table(takeoff)
        yield "</section>\n"
    yield from _problems(takeoff)
    for index, sheet in enumerate(report.sheets):
        yield from _sheet(takeoff, index, sheet)
    if report.timings:
        yield '<section id="timings"><h2>Timings</h2>'
        yield from facts_table(report.timings)
        yield "</section>\n"
    yield '</main>\n<aside id="trail" aria-live="polite" hidden></aside>\n'
    yield f'<script type="application/json" id="index">{_index(takeoff)}</script>\n'
    yield f"<script>{script}</script>\n</body></html>\n"


def _shipped(name: str) -> str:
    return resources.files("planroom.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _files(report: Report) -> list[str]:
    names = [sheet.file for sheet in report.sheets] + [fault.file for fault in report.faults]
    return list(dict.fromkeys(PurePath(name).name for name in names if name))


def _header(report: Report) -> Iterator[str]:
    files = _files(report)
    words = "everything was read" if report.status == "complete" else f"{len(report.faults)} part(s) could not be done"
    yield f'<header><h1>Takeoff</h1><p class="files">{escape(", ".join(files)) or "no file"}</p><dl class="facts">'
    yield f'<div><dt>Status</dt><dd><span class="status {report.status}">{report.status}</span> {words}</dd></div>'
    yield f"<div><dt>Sheets</dt><dd>{len(report.sheets)} from {len(files)} file(s)</dd></div>"
    yield f"<div><dt>Memory</dt><dd>{escape(_memory_line(report))}</dd></div></dl></header>\n"


def _memory_line(report: Report) -> str:
    names = {"budget_bytes": "budget", "peak_leased_bytes": "peak leased", "peak_real_bytes": "peak real"}
    words = [
        f"{name} {format_bytes(report.memory[key])}"
        for key, name in names.items()
        if report.memory.get(key) is not None
    ]
    enforcer = {"kernel": "the kernel", "cooperative": "planroom itself"}.get(str(report.memory.get("enforced")))
    return ", ".join(words + ([f"enforced by {enforcer}"] if enforcer else [])) or "not recorded"


def _totals(takeoff: Takeoff) -> Iterator[str]:
    rows = [(i, q) for i, q in enumerate(takeoff.report.quantities) if q.total or q.sheet not in takeoff.sheets]
    yield '<section id="totals"><h2>Totals</h2>\n'
    if rows:
        yield '<p class="hint">Pick an item to walk down to its quantities, its elements and their lines.</p>'
        yield from quantity_table(takeoff, rows, "Totals over the set, each storey once", across=True)
    else:
        yield "<p>Nothing was added up.</p>"
    yield "</section>\n"


def _problems(takeoff: Takeoff) -> Iterator[str]:
    report = takeoff.report
    if report.faults:
        yield f'<section id="faults"><h2>Not done <span class="count">{len(report.faults)}</span></h2>'
        yield from fault_table(report.faults)
        yield "</section>\n"
    if report.findings:
        count = f'<span class="count">{len(report.findings)}</span>'
        yield f'<section id="findings"><h2>To check on the drawings {count}</h2>'
        yield from finding_table(takeoff, report.findings)
        yield "</section>\n"


def _sheet(takeoff: Takeoff, index: int, sheet: Sheet) -> Iterator[str]:
    title = " ".join(word for word in (sheet.number, sheet.title) if word) or sheet.name
    yield f'<section class="sheet" id="s-{escape(sheet.id)}" data-s="{index}"><h2>{escape(title)}</h2>'
    yield '<dl class="facts">' + "".join(_facts(takeoff, sheet)) + "</dl>\n"
    yield '<div class="work"><div class="drawing"><div class="tools" role="group" aria-label="Show on the picture">'
    yield "".join(_toggles(sheet))
    yield '<span class="zoom"><button type="button" data-zoom="in" aria-label="Zoom in">+</button>'
    yield '<button type="button" data-zoom="out" aria-label="Zoom out">−</button>'
    yield '<button type="button" data-zoom="fit">Fit</button></span></div>\n'
    findings = [(i, finding) for i, finding in enumerate(takeoff.report.findings) if finding.sheet == sheet.id]
    yield from overlay.svg(sheet, findings, takeoff.system)
    yield f'<script type="application/json" class="data">{overlay.data(sheet)}</script></div>\n'
    yield '<div class="list">'
    rows = [(i, q) for i, q in enumerate(takeoff.report.quantities) if q.sheet == sheet.id and not q.total]
    if rows:
        yield from quantity_table(takeoff, rows, f"Quantities of {takeoff.sheet_name(sheet.id)}", across=False)
    else:
        why = f": {escape(sheet.remark)}" if sheet.remark else ""
        yield f"<p>No quantity was taken from this sheet{why}.</p>"
    for schedule in sheet.schedules:
        yield from schedule_table(schedule)
    yield "</div></div></section>\n"


def _facts(takeoff: Takeoff, sheet: Sheet) -> Iterator[str]:
    scale = sheet.scale
    if scale is None:
        shown = "none found"
    else:
        ratio = f"1:{scale.ratio:g}" if scale.ratio else "not printed"
        shown = f'{ratio} {state_word(scale.state)} <span class="note">{escape(scale.evidence)}</span>'
    where = f"{PurePath(sheet.file).name}, page {sheet.page + 1}"
    kind = " · ".join(word for word in (sheet.kind, sheet.view, sheet.discipline) if word)
    facts = {"Scale": shown, "Kind": escape(kind), "Storey": escape(sheet.storey), "File": escape(where)}
    facts |= {"Revision": escape(sheet.revision or ""), "Date": escape(sheet.date or "")}
    facts |= {"Project": escape(sheet.project or ""), "Client": escape(sheet.client or "")}
    told = [viewport for viewport in sheet.viewports if viewport["title"] or viewport.get("ratio")]
    facts |= {"Drawings": "; ".join(map(_drawing, told)), "Group": escape(takeoff.grouping(sheet))}
    for name, value in facts.items():
        if value:
            yield f"<div><dt>{name}</dt><dd>{value}</dd></div>"


def _drawing(viewport: dict[str, Any]) -> str:
    """One of several drawings on a sheet, with its scale."""
    ratio = f" 1:{viewport['ratio']:g}" if viewport.get("ratio") else ""
    return f"{escape(viewport['title'] or 'untitled')}{ratio} {state_word(viewport['state'])}"


def _toggles(sheet: Sheet) -> Iterator[str]:
    found = [overlay.kind_class(element.kind) for element in sheet.elements if element.outline.size]
    for kind in (*reversed(overlay.KINDS), "other"):
        if kind in found:
            yield (
                f'<button type="button" class="toggle" data-kind="{kind}" aria-pressed="true">'
                f'<svg class="swatch" viewBox="0 0 18 12" aria-hidden="true"><rect class="shape {kind}" x="1" y="1" '
                f'width="16" height="10"/></svg>{kind} <span class="count">{found.count(kind)}</span></button>'
            )


def _index(takeoff: Takeoff) -> str:
    """What the page knows of each quantity and finding: its elements as [sheet, element], its quantities by place."""
    report = takeoff.report
    at = {quantity.id: index for index, quantity in enumerate(report.quantities)}
    sheet_at = {sheet.id: index for index, sheet in enumerate(report.sheets)}
    quantities = []
    for quantity in report.quantities:
        shown = figure(quantity, takeoff.system)
        number = f"{number_text(shown.value, shown.unit)} {unit_name(shown.unit)}" if shown.value is not None else ""
        quantities.append(
            {
                "id": quantity.id,
                "name": f"{item_name(quantity)}, {quantity.measure}",
                "number": number or quantity.state,
                "sheet": takeoff.sheet_name(quantity.sheet),
                "elements": [takeoff.place[source] for source in quantity.sources if source in takeoff.place],
                "quantities": [at[source] for source in quantity.sources if source in at],
            }
        )
    for line in report.bill.lines:
        amount = shown_amount(line.ruled, line.unit, takeoff.system)
        unit = in_system(0.0, line.unit, takeoff.system)[1]
        places = [takeoff.place[source] for source in line.sources if source in takeoff.place]
        quantities.append(
            {
                "id": line.id,
                "name": f"{line.number} {line.title}",
                "number": f"{number_text(amount.value, line.unit)} {unit_name(unit)}" if amount else line.state,
                "sheet": ", ".join(dict.fromkeys(takeoff.sheet_name(report.sheets[s].id) for s, _ in places)),
                "elements": places,
                "quantities": [],
            }
        )
    findings = [
        {
            "name": f"{finding.code}: {finding.message}",
            "sheet": sheet_at.get(finding.sheet, -1),
            "elements": [takeoff.place[source] for source in finding.sources if source in takeoff.place],
        }
        for finding in report.findings
    ]
    return overlay.embedded({"quantities": quantities, "findings": findings})
