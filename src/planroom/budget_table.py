"""A memory plan or its refusal as tables for people, on a rich console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from planroom.memory.plans.capacity import capacity
from planroom.memory.plans.parts import GIB, MODEL_TENTHS, PROFILE_CLAIMS
from planroom.memory.plans.plan import Plan, Refusal
from planroom.units import format_bytes

_Row = tuple[str, int]


def show_budget(console: Console, planned: Plan | Refusal) -> None:
    """Print where the bytes go, what fits in them, and what would free some."""
    plan = planned.needed if isinstance(planned, Refusal) else planned
    _say(console, f"[bold]{escape(plan.configuration.words())}[/]")
    _say(console, f"resident: {', '.join(plan.configuration.resident)}")
    if plan.profile in PROFILE_CLAIMS:
        _say(console, f"claimed for 512 GiB, not measured: {PROFILE_CLAIMS[plan.profile]}")
    console.print()
    console.print(_bytes_table(plan, planned))
    console.print()
    if isinstance(planned, Refusal):
        _say(console, f"[bold red]Refused[/]: {escape(planned.reason)}")
        _show_remedies(console, planned)
    else:
        console.print(_capacity_table(plan))
        console.print()
        console.print(_loads_table(plan))
        console.print()
        _show_levers(console, plan)
    for note in plan.notes:
        _say(console, f"[dim]note[/] {escape(note)}")


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, soft_wrap=True)


def _table(title: str, *heads: str) -> Table:
    """A table whose heads that start with ">" stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", show_edge=False)
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left")
    return table


def _bytes_table(plan: Plan, planned: Plan | Refusal) -> Table:
    kind = "Needed" if isinstance(planned, Refusal) else "Planned"
    table = _table(f"{kind}: {plan.scope}, profile {plan.profile}", "Part", ">Size", ">Share")
    for name, rows in (("reserve", list(_reserve_rows(plan))), ("pools", list(plan.pools.items()))):
        size = plan.reserve_bytes if name == "reserve" else plan.pools_bytes
        table.add_row(f"[bold]{name}[/]", f"[bold]{format_bytes(size)}[/]", _share(size, plan.total_bytes))
        for part, part_bytes in rows:
            table.add_row(f"  {escape(part)}", format_bytes(part_bytes), _share(part_bytes, plan.total_bytes))
        table.add_section()
    table.add_row("[bold]total[/]", f"[bold]{format_bytes(plan.total_bytes)}[/]", "")
    if isinstance(planned, Refusal):
        table.add_row("given", format_bytes(planned.total_bytes), "")
        table.add_row("[bold red]short[/]", f"[bold red]{format_bytes(planned.shortfall_bytes)}[/]", "")
    return table


def _reserve_rows(plan: Plan) -> Iterator[_Row]:
    for part, size in plan.vlm.items():
        if size:
            yield f"vision-language model, {part}", size
    named = sum(size for name, size in plan.models.items() if name in MODEL_TENTHS)
    yield f"task models, {sum(name in MODEL_TENTHS and size > 0 for name, size in plan.models.items())} resident", named
    words = {"on_demand": "task models, room to load one", "ocr": "networks for lettering"}
    for name, size in plan.models.items():
        if name not in MODEL_TENTHS and size:
            yield words.get(name, f"task models, {name}"), size
    for part, size in plan.system.items():
        if size:
            yield f"system, {part}", size


def _share(size: int, total: int) -> str:
    return f"{100 * size / total:.1f} %"


def _capacity_table(plan: Plan) -> Table:
    table = _table("What fits", "Item", "In", ">Fit", ">Usual session", ">Factor")
    for name, item in _items(plan):
        table.add_row(
            f"{name.replace('_', ' ')} of {format_bytes(item['item_bytes'])}",
            item["pool"],
            f"{item['count']:,}",
            f"{item['typical']:,}",
            f"{item['factor']:,.2f}",
        )
    return table


def _items(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    told = capacity(plan.pools, plan.system["workers"], plan.footprints)
    return ((name, item) for name, item in told.items() if isinstance(item, dict))


def _loads_table(plan: Plan) -> Table:
    told = capacity(plan.pools, plan.system["workers"], plan.footprints)
    readers = "1 reader" if told["readers"] == 1 else f"{told['readers']} readers side by side"
    title = f"Loads, {readers} (claims are for 512 GiB, not measured)"
    table = _table(title, "Load", ">Plans at once", ">In flight", ">Turns", ">Claimed hits", ">Claimed time")
    for tier in told["tiers"]:
        table.add_row(
            tier["name"],
            tier["plans"],
            f"{tier['in_flight']:,}",
            f"{tier['turns']:,}",
            f"{tier['claimed_hits_percent']} %",
            f"{tier['claimed_ms']} ms",
        )
    return table


def _show_levers(console: Console, plan: Plan) -> None:
    if not plan.savings:
        return
    table = _table("Levers, priced from their own parts", "Lever", ">Frees here", ">Claimed at 512 GiB", "Costs")
    for saving in plan.savings:
        claimed = f"{saving.claimed_bytes // GIB} GiB"
        table.add_row(escape(saving.what), format_bytes(saving.saves_bytes), claimed, escape(saving.costs))
    console.print(table)
    if plan.configuration.scale == "full":
        _say(
            console,
            "[dim]note[/] the claims do not add up: the first three levers of the design promise 25 GiB, its "
            "max-speed profile takes 18 GiB off the models (35 → 17)",
        )


def _show_remedies(console: Console, refusal: Refusal) -> None:
    table = _table("What would help, best first", "Remedy", ">Saves", "Enough", "Costs")
    for remedy in refusal.remedies:
        enough = "[green]yes[/]" if remedy.enough else "no"
        table.add_row(escape(remedy.what), format_bytes(remedy.saves_bytes), enough, escape(remedy.costs))
    console.print(table)
