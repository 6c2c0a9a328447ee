"""Tenders and offers in GAEB form, as the command line asks for them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from planroom.errors import BadExchange, UsageError
from planroom.ingest.gaeb import Tender, TenderLine, prices_of, read_gaeb
from planroom.reb import FREE, Row, sum_of_rows
from planroom.report import determination
from planroom.report.gaeb import PHASES, open_library


def parse_phases(text: str) -> tuple[str, ...]:
    """The phases in "X81,x83". Raises UsageError, and MissingExtra where they could not be written in the end."""
    phases = tuple(word.strip().upper() for word in text.split(",") if word.strip())
    known = (determination.PHASE, *PHASES)
    unknown = [phase for phase in phases if phase not in known]
    if unknown:
        raise UsageError(f"--gaeb {unknown[0]}: phases are {', '.join(known)}")
    if any(phase in PHASES for phase in phases):
        open_library()
    return tuple(dict.fromkeys(phases))


def read_prices(offer: Path | None, tender: Path | None) -> tuple[dict[tuple[str, str], Decimal], str]:
    """Unit prices by title and unit, of an offer and the tender that it answers, and their currency; no prices and EUR
    where there is no offer. Raises BadExchange, UsageError.
    """
    if offer is None:
        if tender is not None:
            raise UsageError("--tender without --prices", hint="name the offer that answers it with --prices")
        return {}, "EUR"
    found = read_gaeb(offer)
    return prices_of(found, read_gaeb(tender) if tender else None, str(offer)), found.currency


def read_tender(path: Path, asked: Path | None = None) -> Tender:
    """A GAEB file; an offer with titles and quantities of the tender `asked` that it answers, a quantity determination
    with titles and units of the one that it belongs to. Raises BadExchange.
    """
    found = read_gaeb(path)
    if asked is None:
        return found
    tender = read_gaeb(asked)
    is_determination = found.phase == determination.PHASE
    if not is_determination:
        prices_of(found, tender, str(path))
    by_number = {line.number: line for line in tender.lines}
    strangers = [line.number for line in found.lines if line.number not in by_number]
    if strangers:
        raise BadExchange(f"position {strangers[0]} is not in {asked}", place=str(path))
    lines = [
        line._replace(title=by_number[line.number].title, unit=by_number[line.number].unit)
        if is_determination
        else by_number[line.number]._replace(unit_price=line.unit_price, total=line.total)
        for line in found.lines
    ]
    return Tender(found.phase, found.project, found.currency, lines, found.total, found.with_tax)


def describe_tender(tender: Tender) -> dict[str, Any]:
    """The same as plain data; numbers as text, as exact as they are."""
    return {
        "phase": tender.phase,
        "project": tender.project,
        "currency": tender.currency,
        "total": _text(tender.total),
        "with_tax": _text(tender.with_tax),
        "lines": [_plain(line) | {"rows": [_plain(row) for row in line.rows]} for line in tender.lines],
    }


def show_tender(console: Console, tender: Tender) -> None:
    """A table for people."""
    if tender.phase == determination.PHASE:
        _show_determination(console, tender)
        return
    table = Table(title=escape(f"{tender.phase} {tender.project}".strip()), title_justify="left")
    for head, right in (("Number", 0), ("Title", 0), ("Quantity", 1), ("Unit", 0), ("Unit price", 1), ("Total", 1)):
        table.add_column(head, justify="right" if right else "left")
    for line in tender.lines:
        total = _shown(line.total) + ("" if line.counts or line.total is None else " not in the sum")
        table.add_row(line.number, escape(line.title), _shown(line.quantity), line.unit, _shown(line.unit_price), total)
    console.print(table)
    if tender.total is not None:
        taxed = f", with tax {_shown(tender.with_tax)}" if tender.with_tax is not None else ""
        console.print(f"Total {_shown(tender.total)} {tender.currency}{taxed}; sums checked to the cent.")
    unchecked = sum(line.total is not None and line.quantity is None for line in tender.lines)
    if unchecked:
        console.print(f"{unchecked} positions have no quantity to check by: name the tender with --tender.")
    left = sum(line.total is None for line in tender.lines) if tender.total is not None else 0
    if left:
        console.print(f"{left} positions without a price.")


def _show_determination(console: Console, tender: Tender) -> None:
    """Each position, and under it its rows."""
    table = Table(title=escape(f"{tender.phase} {tender.project}".strip()), title_justify="left")
    table.add_column("Number")
    table.add_column("What is computed")
    table.add_column("Quantity", justify="right")
    table.add_column("Unit")
    for line in tender.lines:
        table.add_row(line.number, escape(line.title), _shown(line.quantity), line.unit, style="bold")
        for row in line.rows:
            by = "" if row.formula == FREE else f"by formula {row.formula}: "
            words = row.text if row.is_remark else f"{row.label:9} {by}{row.text}"
            table.add_row(row.address, escape(words), _shown(row.result), style="dim" if row.is_remark else None)
    console.print(table)
    computed = [line for line in tender.lines if sum_of_rows(line.rows) is not None]
    console.print(f"{len(computed)} positions: the rows of each add up to its quantity.")
    free = sum(line.quantity is None and all(row.is_remark for row in line.rows) for line in tender.lines)
    unchecked = len(tender.lines) - len(computed) - free
    if free:
        console.print(f"{free} positions without a quantity.")
    if unchecked:
        console.print(f"{unchecked} positions have no rows to check by, or some that are not computed here.")


def _plain(record: TenderLine | Row) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, Decimal) else value for name, value in record._asdict().items()}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _shown(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,}"
