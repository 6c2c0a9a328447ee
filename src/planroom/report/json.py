"""The report as JSON: the contract that other programs build on. Names stay; fields may be added.

Pixels are of the sheet's picture, y down; metres are the sheet's units times its scale, y up. A quantity is in the unit
that stands beside it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from planroom.amounts import Amount
from planroom.geometry import box_of
from planroom.memory.collector import collector_paused
from planroom.records import BillLine, Dimension, Element, Finding, Floats, Quantity, Report, Scale, Sheet
from planroom.report.bill import shown_price
from planroom.report.takeoff import Takeoff, figure
from planroom.store.files import atomic_path
from planroom.units import UnitSystem, in_system

SCHEMA = 1
_BYTES_AN_ELEMENT = 4_000
_BYTES_A_QUANTITY = 2_500
_BYTES_A_DIMENSION = 1_500
_MEMORY = ("budget_bytes", "enforced", "peak_leased_bytes", "peak_real_bytes")


def lease_bytes(report: Report) -> int:
    """Anonymous bytes that `write_json` takes at its peak, beside the report itself."""
    elements = sum(len(sheet.elements) for sheet in report.sheets)
    sources = sum(len(quantity.sources) for quantity in report.quantities)
    sources += sum(len(line.sources) + 10 * len(line.deductions) for line in report.bill.lines)
    rows = len(report.quantities) + len(report.bill.lines)
    sources += sum(len(sheet.dimensions) for sheet in report.sheets) * _BYTES_A_DIMENSION // 100
    return 2_000_000 + _BYTES_AN_ELEMENT * elements + _BYTES_A_QUANTITY * rows + 100 * sources


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and finite numbers, in the order in which it was found."""
    takeoff = Takeoff(report)
    return {
        "schema": SCHEMA,
        "status": report.status,
        "units": report.units,
        "sheets": [_sheet(sheet, takeoff) for sheet in report.sheets],
        "quantities": [_quantity(quantity, takeoff) for quantity in report.quantities],
        "bill": _bill(report),
        "findings": [_finding(finding) for finding in report.findings],
        "bid": None,
        "schedule": None,
        "decision": None,
        "faults": [fault.as_json() for fault in report.faults],
        "groups": _plain(report.groups),
        "timings": _plain(report.timings),
        "memory": dict.fromkeys(_MEMORY) | {"pools": {}} | _plain(report.memory),
    }


@collector_paused()
def write_json(report: Report, path: Path) -> None:
    """Write the report to `path`, whole or not at all."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors="backslashreplace") as out:
        # a lone surrogate (an undecodable file name) is written as \udcXX, which is how JSON spells it
        json.dump(as_json(report), out, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        out.write("\n")


def _sheet(sheet: Sheet, takeoff: Takeoff) -> dict[str, Any]:
    return {
        "id": sheet.id,
        "file": sheet.file,
        "page": sheet.page,
        "remark": sheet.remark,
        "name": sheet.name,
        "width_px": sheet.width_px,
        "height_px": sheet.height_px,
        "number": sheet.number,
        "title": sheet.title,
        "kind": sheet.kind,
        "view": sheet.view,
        "storey": sheet.storey,
        "discipline": sheet.discipline,
        "revision": sheet.revision,
        "date": sheet.date,
        "project": sheet.project,
        "client": sheet.client,
        "grouping": takeoff.grouping(sheet),
        "scale": _scale(sheet.scale, sheet.px_per_unit),
        "viewports": [_viewport(viewport, sheet) for viewport in sheet.viewports],
        "schedules": _plain(_in_px(sheet.schedules, sheet)),
        "listed": _plain(sheet.listed),
        "dimensions": [_dimension(one, sheet) for one in sheet.dimensions],
        "heights_m": _plain(sheet.heights),
        "counts": {kind: int(count) for kind, count in sheet.counts.items()},
        "ranges": {kind: [int(low), int(high)] for kind, (low, high) in sheet.ranges.items()},
        "chances": _plain(sheet.chances),
        "channels": {channel: _plain(counts) for channel, counts in sheet.channels.items()},
        "elements": [_element(element, sheet) for element in sheet.elements],
        "timings": _plain(sheet.timings),
    }


def _viewport(viewport: dict[str, Any], sheet: Sheet) -> dict[str, Any]:
    """A drawing on the sheet, its scale in metres a pixel."""
    plain: dict[str, Any] = _plain(_in_px(viewport, sheet))
    m_per_unit = plain.pop("m_per_unit", None)
    return plain | {"m_per_px": None if m_per_unit is None else m_per_unit / sheet.px_per_unit}


def _in_px(value: Any, sheet: Sheet) -> Any:
    """The same with every "box" in sheet units as a "box_px"."""
    if isinstance(value, list):
        return [_in_px(item, sheet) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _in_px(item, sheet) for name, item in value.items() if name != "box"}
    if value.get("box") is not None:
        corners = sheet.to_px(np.array(value["box"], np.float64).reshape(2, 2))
        plain["box_px"] = [round(v, 1) for v in box_of(corners)]
    return plain


def _scale(scale: Scale | None, px_per_unit: float) -> dict[str, Any] | None:
    if scale is None:
        return None
    m_per_px = None if scale.m_per_unit is None else scale.m_per_unit / px_per_unit
    return {
        "ratio": _plain(scale.ratio),
        "m_per_px": _plain(m_per_px),
        "state": scale.state,
        "evidence": scale.evidence,
    }


def _dimension(one: Dimension, sheet: Sheet) -> dict[str, Any]:
    line, corners = (sheet.to_px(np.array(four).reshape(2, 2)) for four in (one.ends, one.box))
    return {
        "id": one.id,
        "text": one.text,
        "value_m": round(one.value_m, 5),
        "off_m": round(one.value_m - one.length_m, 4),
        "agrees": one.agrees,
        "marked": one.is_marked,
        "score": round(one.score, 3),
        "line_px": line.round(1).ravel().tolist(),
        "box_px": [round(v, 1) for v in box_of(corners)],
    }


def _element(element: Element, sheet: Sheet) -> dict[str, Any]:
    outline_px = sheet.to_px(element.outline) if _is_drawn(element.outline) else None
    m_per_unit = sheet.scale.m_per_unit if sheet.scale is not None else None
    to_scale = outline_px is not None and m_per_unit is not None
    lines = element.lines.reshape(-1, 2) if _is_drawn(element.lines) else None
    return {
        "id": element.id,
        "kind": element.kind,
        "box_px": None if outline_px is None else [round(v, 1) for v in box_of(outline_px)],
        "box_m": [round(v * m_per_unit, 4) for v in box_of(element.outline)] if to_scale and m_per_unit else None,
        "outline_px": [] if outline_px is None else outline_px.round(1).tolist(),
        "lines_px": [] if lines is None else sheet.to_px(lines).round(1).reshape(-1, 4).tolist(),
        "status": element.status,
        "confidence": _plain(element.confidence),
        "sizes": _plain(element.sizes),
        "stated": _plain(element.stated),
        "traits": _plain(element.traits),
        "sources": list(element.sources),
    }


def _is_drawn(points: Floats) -> bool:
    return points.size > 0 and bool(np.isfinite(points).all())


def _quantity(quantity: Quantity, takeoff: Takeoff) -> dict[str, Any]:
    shown = figure(quantity, takeoff.system)
    bounded = shown.low is not None and shown.high is not None
    return {
        "id": quantity.id,
        "item": quantity.item,
        "measure": quantity.measure,
        "value": _whole(shown.value, shown.unit),
        "interval": [_whole(shown.low, shown.unit), _whole(shown.high, shown.unit)] if bounded else None,
        "unit": shown.unit,
        "state": quantity.state,
        "reason": quantity.reason,
        "sheet": quantity.sheet,
        "sources": list(quantity.sources),
        "stated": shown.stated,
        "confidence": quantity.confidence,
        "channels": shown.said,
        "note": quantity.note,
        "total": quantity.total,
        "counted": quantity.total or quantity.id in takeoff.counted,
    }


def _bill(report: Report) -> dict[str, Any]:
    return {
        "name": report.bill.name,
        "rules": report.bill.rules,
        "currency": report.bill.currency,
        "lines": [_line(line, report.units) for line in report.bill.lines],
    }


def _line(line: BillLine, system: UnitSystem) -> dict[str, Any]:
    """Every amount with what it lies between."""

    def shown(amount: Amount | None) -> dict[str, Any] | None:
        if amount is None:
            return None
        value, low, high = (in_system(one, line.unit, system)[0] for one in amount)
        return {"value": value, "interval": [low, high]}

    return {
        "id": line.id,
        "number": line.number,
        "section": line.section,
        "title": line.title,
        "unit": in_system(0.0, line.unit, system)[1],
        "gross": shown(line.gross),
        "net": shown(line.net),
        "ruled": shown(line.ruled),
        "unit_price": shown_price(line, system),
        "state": line.state,
        "reason": line.reason,
        "trade": line.trade,
        "rule": line.rule,
        "codes": dict(line.codes),
        "sources": list(line.sources),
        "factors_m": [list(factors) for factors in line.factors],
        "deductions": [
            {
                "element": one.element,
                "of": one.of,
                "size": shown(one.size),
                "deducted": one.deducted,
                "source": one.source,
                "factors_m": list(one.factors),
            }
            for one in line.deductions
        ],
    }


def _whole(value: float | None, unit: str) -> float | int | None:
    """Pieces as whole numbers; everything else as it is."""
    return int(value) if value is not None and unit == "pcs" and value == int(value) else value


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "sheet": finding.sheet,
        "box_px": _plain(finding.box_px),
        "message": finding.message,
        "sources": list(finding.sources),
    }


def _plain(value: Any) -> Any:
    """The same value of JSON's own types; a number that is not finite becomes None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
