"""The workbook's lists beside the takeoff: rooms, openings by size, sheets, schedules as printed, findings, faults."""

from __future__ import annotations

import math
from collections.abc import Iterator

from openpyxl import Workbook

from planroom.records import Element, Sheet
from planroom.report.takeoff import Takeoff, figure, size_m, unit_name
from planroom.report.workbook import (
    DECIMAL,
    WHOLE,
    Value,
    colour_state,
    emphasize,
    finish_sheet,
    formula,
    new_sheet,
    put,
)
from planroom.units import in_system

OPENINGS = ("door", "window", "opening")
_CLASS_M = 0.005  # openings are counted by size to 5 mm; in feet, to half an inch
_CLASS_FT = 1 / 24
_UNKNOWN = "not measured"


def write_rooms(book: Workbook, takeoff: Takeoff) -> None:
    """The sheet "Rooms": one row a room, measured beside printed, the difference by formula."""
    area, length = (unit_name(in_system(0.0, unit, takeoff.system)[1]) for unit in ("m2", "m"))
    heads = (
        ("Name", 28), ("Number", 11), (f"Measured area {area}", 14), (f"Printed area {area}", 14),
        (f"Difference {area}", 13), ("State", 12), (f"Perimeter {length}", 13), ("Sheet", 18), ("In total", 9),
    )  # fmt: skip
    sheet = new_sheet(book, "Rooms", heads)
    row = 2
    for drawing, room in _elements(takeoff, ("room",)):
        measured, printed, state = _measure(takeoff, drawing, room, "area", "m2")
        perimeter, _, _ = _measure(takeoff, drawing, room, "perimeter", "m")
        name, number = room.traits.get("name", ""), room.traits.get("number", "")
        counts = "yes" if _counts(takeoff, room) else "no"
        put(sheet, row, [name, number, measured, printed, None, state, perimeter,
                         takeoff.sheet_name(drawing.id), counts])  # fmt: skip
        formula(sheet, row, 5, f'IF(AND(ISNUMBER(C{row}),ISNUMBER(D{row})),C{row}-D{row},"")', DECIMAL)
        colour_state(sheet, row, 6, state)
        row += 1
    finish_sheet(sheet)


def write_openings(book: Workbook, takeoff: Takeoff) -> None:
    """The sheets "Openings", how many of each kind and size by formula, and "Opening list", which they count."""
    unit = in_system(0.0, "m", takeoff.system)[1]
    sizes = ((f"Width {unit}", 13), (f"Height {unit}", 13))
    summary = new_sheet(book, "Openings", (("Kind", 12), *sizes, ("Count", 10), ("Listed, not in total", 14)))
    listed = new_sheet(
        book, "Opening list",
        (("Kind", 12), *sizes, ("In total", 9), ("Number, tag", 14), ("Type", 18), ("Status", 12), ("Sheet", 18)),
    )  # fmt: skip
    found = list(_elements(takeoff, OPENINGS))
    classes: dict[tuple[str, Value, Value], None] = {}
    for row, (drawing, opening) in enumerate(found, start=2):
        width, height = (_size_class(takeoff, drawing, opening, name) for name in ("width", "height"))
        classes[opening.kind, width, height] = None
        tag = opening.traits.get("number") or opening.traits.get("tag", "")
        counts = "yes" if _counts(takeoff, opening) else "no"
        put(listed, row, [opening.kind, width, height, counts, tag, opening.traits.get("subtype", ""),
                          opening.status or "", takeoff.sheet_name(drawing.id)],
            formats={2: "0.000", 3: "0.000"})  # fmt: skip
    last = max(2, len(found) + 1)
    ranges = [f"'Opening list'!${column}$2:${column}${last}" for column in "ABCD"]
    for row, (kind, width, height) in enumerate(sorted(classes, key=str), start=2):
        put(summary, row, [kind, width, height], formats={2: "0.000", 3: "0.000"})
        same = ",".join(f"{cells},${column}{row}" for cells, column in zip(ranges, "ABC", strict=False))
        for column, answer in ((4, "yes"), (5, "no")):
            formula(summary, row, column, f'COUNTIFS({same},{ranges[3]},"{answer}")', WHOLE)
    finish_sheet(summary)
    finish_sheet(listed)


def write_sheets(book: Workbook, takeoff: Takeoff) -> None:
    """The sheet "Sheets": every drawing sheet with its scale and why we believe it."""
    heads = (
        ("Number", 12), ("Title", 34), ("File", 34), ("Page", 7), ("Kind", 14), ("Storey", 9), ("Scale", 12),
        ("State", 12), ("Evidence", 48), ("Group", 44), ("Revision", 9), ("Date", 12), ("Project", 28), ("Client", 24),
    )  # fmt: skip
    sheet = new_sheet(book, "Sheets", heads)
    for row, drawing in enumerate(takeoff.report.sheets, start=2):
        scale = drawing.scale
        ratio = f"1:{scale.ratio:g}" if scale and scale.ratio else ""
        kind = ", ".join(word for word in (drawing.kind, drawing.view) if word)
        state, evidence = (scale.state, scale.evidence) if scale else ("none found", "")
        put(sheet, row, [drawing.number or "", drawing.title or drawing.name, drawing.file, drawing.page + 1, kind,
                         drawing.storey, ratio, state, evidence, takeoff.grouping(drawing), drawing.revision or "",
                         drawing.date or "", drawing.project or "", drawing.client or ""])  # fmt: skip
        colour_state(sheet, row, 8, state)
    finish_sheet(sheet)


def write_schedules(book: Workbook, takeoff: Takeoff) -> None:
    """The sheet "Schedules": every table that was read, one under another, as it is printed."""
    tables = [(sheet, table) for sheet in takeoff.report.sheets for table in sheet.schedules]
    if not tables:
        return
    most = max(len(table["columns"]) for _, table in tables)
    widths = [("Sheet", 12), ("Table", 24), *((f"Column {k + 1}", 16) for k in range(most))]
    sheet, row = new_sheet(book, "Schedules", widths), 2
    for drawing, table in tables:
        name, title = takeoff.sheet_name(drawing.id), table["title"] or table["kind"]
        put(sheet, row, [name, title, *(column["header"] for column in table["columns"])])
        emphasize(sheet, row, len(widths), ruled=True)
        for cells in table["rows"]:
            row += 1
            put(sheet, row, [name, title, *(cell["text"] for cell in cells)])
        row += 2
    finish_sheet(sheet)


def write_findings(book: Workbook, takeoff: Takeoff) -> None:
    """The sheet "Findings": what is wrong on the drawings."""
    if not takeoff.report.findings:
        return
    sheet = new_sheet(book, "Findings", (("Code", 24), ("Severity", 10), ("Sheet", 18), ("What is wrong", 90)))
    for row, one in enumerate(takeoff.report.findings, start=2):
        put(sheet, row, [one.code, one.severity, takeoff.sheet_name(one.sheet), one.message])
    finish_sheet(sheet)


def write_faults(book: Workbook, takeoff: Takeoff) -> None:
    """The sheet "Faults": what could not be done."""
    heads = (("Code", 9), ("File", 40), ("Page", 7), ("Stage", 14), ("What happened", 60), ("What helps", 48))
    sheet = new_sheet(book, "Faults", heads)
    for row, fault in enumerate(takeoff.report.faults, start=2):
        page = None if fault.page is None else fault.page + 1
        put(sheet, row, [fault.code, fault.file, page, fault.stage, fault.message, fault.hint])
    if not takeoff.report.faults:
        put(sheet, 2, ["", "", None, "", "none: everything was read"])
    finish_sheet(sheet)


def _elements(takeoff: Takeoff, kinds: tuple[str, ...]) -> Iterator[tuple[Sheet, Element]]:
    for drawing in takeoff.report.sheets:
        for element in drawing.elements:
            if element.kind in kinds:
                yield drawing, element


def _counts(takeoff: Takeoff, element: Element) -> bool:
    return element.id in takeoff.counted_elements


def _measure(
    takeoff: Takeoff, drawing: Sheet, element: Element, name: str, unit: str
) -> tuple[float | None, float | None, str]:
    """Measured, printed, state: from the element's own quantity, else from its size at the sheet's scale."""
    stated = element.stated.get(f"{name}_{unit}")
    printed = None if stated is None or not math.isfinite(stated) else in_system(stated, unit, takeoff.system)[0]
    own = takeoff.own_quantity(element.id, name)
    if own is not None:
        shown = figure(own, takeoff.system)
        return shown.value, printed if shown.stated is None else shown.stated, own.state
    size = size_m(element, name, drawing.scale)
    if size is None or drawing.scale is None:
        return None, printed, "withheld"
    return in_system(size, unit, takeoff.system)[0], printed, drawing.scale.state


def _size_class(takeoff: Takeoff, drawing: Sheet, opening: Element, name: str) -> Value:
    """The size, rounded so that equal openings are counted together, or the words that it was not measured."""
    measured, printed, _ = _measure(takeoff, drawing, opening, name, "m")
    size = printed if measured is None else measured
    if size is None:
        return _UNKNOWN
    step = _CLASS_M if takeoff.system == "metric" else _CLASS_FT
    return round(round(size / step) * step, 4)
