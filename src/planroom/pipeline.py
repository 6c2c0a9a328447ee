"""The order of the work on a set; the only module that knows it.

    files -> documents -> sheets (in a child each: planroom.reading) -> group -> take off -> bill -> report

Every stage takes its bytes from the ledger.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from planroom.config import Settings
from planroom.errors import NothingToRead, UsageError
from planroom.ingest import documents
from planroom.measure.bill import find_tables, make_bill
from planroom.measure.corrections import apply_corrections
from planroom.measure.fuse import find_differences
from planroom.measure.sets import group_sheets
from planroom.measure.takeoff import compare_with_schedules, take_off
from planroom.measure.views import settle_heads
from planroom.readers import Step, read_all
from planroom.records import Finding, Report, Sheet
from planroom.runtime import Runtime
from planroom.sheet.chains import check_dimensions
from planroom.sheet.index import check_index
from planroom.sheet.prints import settle_prints
from planroom.sheet.schedules import count_pieces, table_of
from planroom.sheet.sizes import listed_sizes, state_sizes

_QUANTITIES_BYTES = 4_500  # what measuring and billing make of an element: 3,700, of 9,900


def analyze(
    paths: Sequence[Path],
    settings: Settings,
    runtime: Runtime,
    progress: Callable[[Step], None],
    *,
    stop: threading.Event | None = None,
) -> Report:
    """Everything that `paths` hold, read, found and measured. Each input ends in `sheets` or in `faults`.

    stop: set by somebody else, ends it. Raises NothingToRead where no file was named or found at all; Cancelled when it
    was stopped, which leaves finished sheets in the store, as KeyboardInterrupt does.
    """
    found, faults = documents.find_documents(paths)
    if not found and not faults:
        raise NothingToRead("there is no drawing here", place=", ".join(map(str, paths)))
    report = Report(faults=faults, units=settings.units, paths={document.name: document.path for document in found})
    for reading in read_all(found, settings, runtime, "planroom.reading:read_sheets", progress, stop):
        report.sheets.extend(reading.sheets)
        report.faults.extend(reading.faults)
        report.timings.extend(reading.timings)
    runtime.store.trim()
    elements = sum(len(sheet.elements) for sheet in report.sheets)
    with runtime.manager.lease_at_most(2_000_000 + _QUANTITIES_BYTES * elements, "measure"):
        measure(report, settings)
    return report


def measure(report: Report, settings: Settings) -> None:
    """Apply the corrections, group the sheets, and fill in the quantities.

    Raises UsageError where sheets were asked for, or given a scale, by names that none of them has.
    """
    start_s = time.monotonic()
    if settings.sheets and report.sheets:
        named = [sheet for sheet in report.sheets if _is_named(sheet, settings.sheets)]
        if not named:
            there = ", ".join(sheet.number or sheet.name for sheet in report.sheets[:20])
            raise UsageError(
                f"--sheets {','.join(settings.sheets)}: no sheet has such a name", hint=f"there are {there}"
            )
        report.sheets = named
    unknown = [n for n in settings.scales if n != "*" and not any(_is_named(s, (n,)) for s in report.sheets)]
    if unknown and report.sheets:
        raise UsageError(f"--scale {unknown[0]}=…: no sheet has such a name")
    settle_prints(report.sheets)
    apply_corrections(report.sheets, settings.corrections)
    report.groups = group_sheets(report.sheets)
    settle_heads(report.sheets, report.groups)
    report.findings = list(_check_lists(report.sheets))
    tables = [table_of(plain) for sheet in report.sheets for plain in sheet.schedules]
    sizes = listed_sizes(tables)
    for sheet in report.sheets:
        report.findings.extend(check_dimensions(sheet))
        report.findings.extend(state_sizes(sheet, sizes))
    report.quantities = take_off(report.sheets, report.groups, settings.height_m, settings.units)
    report.findings.extend(find_differences(report.quantities))
    rules, template = find_tables(settings.rules, settings.template, settings.units)
    report.bill = make_bill(report.sheets, report.groups, template, rules, settings.height_m, settings.units)
    report.bill.currency = settings.currency if settings.prices else ""
    for line in report.bill.lines:
        line.unit_price = settings.prices.get((line.title, line.unit))
    compare_with_schedules(report.quantities, count_pieces(tables))
    report.timings.append({"stage": "measure", "wall_s": round(time.monotonic() - start_s, 4)})


def _check_lists(sheets: list[Sheet]) -> Iterator[Finding]:
    """Where a list of drawings and the sheets disagree: one list speaks for all, several for their files."""
    listing = {sheet.file for sheet in sheets if sheet.listed}
    for file in dict.fromkeys(sheet.file for sheet in sheets):
        if len(listing) == 1 and file not in listing:
            continue
        own = [sheet for sheet in sheets if sheet.file == file or len(listing) == 1]
        lists = [sheet for sheet in own if sheet.listed]
        listed = [(number, title) for sheet in lists for number, title in sheet.listed]
        for one in check_index(listed, own):
            words = {
                "listed but missing": f"{one.number} {one.listed} is in the list of drawings, and no sheet bears it",
                "not listed": f"{one.number} {one.found} is not in the list of drawings",
                "number twice": f"{one.number} is the number of more than one sheet: {one.listed or one.found}",
                "title differs": f"{one.number} is {one.listed} in the list of drawings, {one.found} on the sheet",
            }[one.code]
            at = one.sheets[-1] if one.sheets else lists[0].id
            yield Finding(f"index-{one.code.replace(' ', '-')}", "warning", at, None, words, list(one.sheets))


def _is_named(sheet: Sheet, wanted: tuple[str, ...]) -> bool:
    return bool({sheet.number, sheet.id, sheet.name, str(sheet.page + 1)} & set(wanted))
