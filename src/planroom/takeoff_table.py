"""A report as tables for people, on a rich console."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from planroom.records import Report
from planroom.report.takeoff import Takeoff, figure, number_text, unit_name
from planroom.units import format_bytes


def show_takeoff(console: Console, report: Report, written: list[Path], wall_s: float) -> None:
    """The takeoff table, the faults, the memory line, and where the files lie."""
    takeoff = Takeoff(report)
    table = Table(title="Takeoff", title_justify="left", header_style="bold", show_edge=False)
    for head, right in (("Item", False), ("Quantity", True), ("Unit", False), ("State", False), ("Sheets", False)):
        table.add_column(head, justify="right" if right else "left")
    colours = {"measured": "green", "estimated": "yellow", "withheld": "red"}
    for total in takeoff.totals:
        shown = figure(total, report.units)
        names = _few([takeoff.sheet_name(s) for s in takeoff.sheet_ids(total)])
        colour = colours[total.state]
        value = number_text(shown.value, total.unit) if shown.value is not None else "–"
        state = f"[{colour}]{total.state}[/]"
        table.add_row(escape(f"{total.item}, {total.measure}"), value, unit_name(shown.unit), state, escape(names))
    if takeoff.totals:
        console.print(table)
        reasons = [t.reason.rpartition("withheld: ")[2] for t in takeoff.totals if t.reason and t.value is None]
        for reason in dict.fromkeys(reasons):
            console.print(f"withheld: {escape(reason)}", highlight=False, soft_wrap=True)
    for fault in report.faults:
        console.print(f"[red]fault[/] {escape(fault.line())}", highlight=False, soft_wrap=True)
    remarks = Counter(sheet.remark for sheet in report.sheets if sheet.remark)
    for remark, sheets in remarks.items():
        console.print(f"{_number(sheets, 'sheet')}: {escape(remark)}", highlight=False, soft_wrap=True)
    memory = report.memory
    console.print(
        f"{_number(len(report.sheets), 'sheet')} in {wall_s:.1f} s, {report.status}. "
        f"Memory: {format_bytes(memory['budget_bytes'])} given, "
        f"peak {format_bytes(memory['peak_leased_bytes'])} leased, {format_bytes(memory['peak_real_bytes'])} real, "
        f"enforced: {memory['enforced']}.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"Report: {escape(str(written[0].resolve()))}", highlight=False, soft_wrap=True)
    console.print(f"        {escape(_few([p.name for p in written[1:]], most=5))}", highlight=False, soft_wrap=True)


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _few(names: list[str], most: int = 3) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def show_timings(console: Console, report: Report) -> None:
    """Seconds and bytes of every stage."""
    table = Table(title="Stages", title_justify="left", header_style="bold", show_edge=False)
    for head in ("File", "Page", "Stage", "Seconds", "Leased", "Grown"):
        table.add_column(head, justify="left" if head in ("File", "Stage") else "right")
    for row in report.timings:
        page = row.get("page")
        grown = row.get("grown_bytes", row.get("peak_bytes"))
        leased = row.get("leased_bytes")
        table.add_row(
            escape(Path(row.get("file", "")).name),
            "" if page is None else str(page + 1),
            row["stage"],
            f"{row['wall_s']:.3f}",
            "" if leased is None else format_bytes(leased),
            "" if grown is None else format_bytes(grown),
        )
    console.print(table)
