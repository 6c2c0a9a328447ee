"""GAEB DA XML 3.3: tenders and offers (X81 to X84) and quantity determinations (X31), read and checked.

Money is decimal from end to end; what a file says of itself is checked to the cent.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from lxml import etree

from planroom import reb
from planroom.errors import BadExchange, MissingExtra, OversizedInput, PlanroomError, UnreadableFile

_CENT: Final = Decimal("0.01")
_SI: Final = {"St": "pcs", "Stk": "pcs", "Stck": "pcs", "m²": "m2", "m³": "m3"}
_MOST_BYTES: Final = 64 << 20
_NUMBERS: Final = {"Qty", "UP", "IT", "Total", "TotalGross", "VATAmount", "TotAfterDisc", "DiscountAmt", "Markup"}
_NUMBER: Final = re.compile(r"\s*[-+]?\d{1,15}([.,]\d{1,8})?\s*")


class TenderLine(NamedTuple):
    """A position: number with its sections ("01.02.0010", an index behind it), and what is said of it; None where not.

    counts: whether its total is part of the sums (an alternative's is not). rows: what its quantity adds up from, in an
    X31, which has neither titles nor units.
    """

    number: str
    title: str
    unit: str
    quantity: Decimal | None
    unit_price: Decimal | None
    total: Decimal | None
    counts: bool
    rows: tuple[reb.Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Tender:
    """A tender or an offer as it was read, its totals checked. total: of all that counts, None where there are no
    prices; with_tax: as the file states it.
    """

    phase: str
    project: str
    currency: str
    lines: list[TenderLine] = field(default_factory=list)
    total: Decimal | None = None
    with_tax: Decimal | None = None


def read_gaeb(path: Path) -> Tender:
    """A GAEB file of the phases X31 and X81 to X84. Raises BadExchange where it is none, is cut off, has a number
    twice, a position's total is not quantity times price or its quantity not the sum of its rows, a section's or the
    file's total is not the sum of its positions, or the sum with tax not that of both; UnreadableFile; OversizedInput;
    MissingExtra. The file is only read.
    """
    try:
        import pygaeb as library  # 41 MB, loaded when it is needed
    except ImportError as error:
        raise MissingExtra("reading GAEB needs the extra gaeb", hint="pip install 'planroom[gaeb]'") from error
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise OversizedInput(f"is larger than {_MOST_BYTES >> 20} MiB", place=str(path))
        raw = path.read_bytes()
        _check_xml(raw, path)
        document = library.GAEBParser.parse_bytes(raw, path.name, collect_raw_data=True)
    except PlanroomError:
        raise
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error), place=str(path)) from error
    except (library.PyGAEBError, etree.XMLSyntaxError, ValueError) as error:
        raise BadExchange(f"is no GAEB file that can be read: {error}"[:300], place=str(path)) from error
    determined = document.qty_determination
    if determined is not None:
        lines = [_determined(item) for item in determined.iter_items()]
        _check_numbers(lines, path)
        _check_rows(lines, path)
        project = determined.prj_info.ref_prj_name if determined.prj_info else determined.info.project_descr
        return Tender(document.exchange_phase.value, project, "", lines)
    if document.award is None:
        raise BadExchange("holds no bill of quantities", place=str(path))
    boq = document.award.boq
    lines = [_line(item) for item in boq.iter_items()]
    _check_numbers(lines, path)
    _check_lines(lines, path)
    for lot in boq.lots:
        for category in lot.body.categories:
            _check_section(category, path)
    total, with_tax = _checked_sums(lines, boq.boq_info.totals if boq.boq_info else None, path)
    return Tender(
        phase=document.exchange_phase.value,
        project=document.award.project_name or "",
        currency=document.award.currency or "EUR",
        lines=lines,
        total=total,
        with_tax=with_tax,
    )


def prices_of(offer: Tender, tender: Tender | None, place: str) -> dict[tuple[str, str], Decimal]:
    """The unit prices of an offer by title and unit: numbers move when drawings change, titles do not. An X84 has no
    titles: those stand in the tender that it answers. A title with several prices has none. Raises BadExchange where a
    price cannot be given to a title, where a quantity is not the tender's, or a total not quantity times price.
    """
    asked = {line.number: line for line in tender.lines} if tender else {}
    prices: dict[tuple[str, str], Decimal] = {}
    several: set[tuple[str, str]] = set()
    for line in offer.lines:
        if line.unit_price is None:
            continue
        known = asked.get(line.number, line)
        if not known.title:
            hint = "give the tender that it answers (X83) with --tender"
            raise BadExchange("has a price and no title", place=f"{place} position {line.number}", hint=hint)
        if line.quantity is not None and known.quantity is not None and line.quantity != known.quantity:
            said = f"has a quantity of {line.quantity}, the tender of {known.quantity}"
            raise BadExchange(said, place=f"{place} position {line.number}")
        whole = line._replace(quantity=line.quantity or known.quantity, counts=line.counts and known.counts)
        _check_lines([whole], Path(place))
        key = known.title, _SI.get(known.unit, known.unit)
        if prices.setdefault(key, line.unit_price) != line.unit_price:
            several.add(key)
    if not prices:
        raise BadExchange("holds no price", place=place, hint="prices stand in an offer (X84) or an estimate (X82)")
    return {key: price for key, price in prices.items() if key not in several}


def _check_xml(raw: bytes, path: Path) -> None:
    """Refuse what is cut off, which the library would mend without a word, and numbers that are none in money."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    for one in etree.fromstring(raw, parser).iter():
        tag = one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""
        if tag in _NUMBERS and one.text and not _NUMBER.fullmatch(one.text):
            raise BadExchange(f"<{tag}>{one.text[:40]}</{tag}> is no number", place=f"{path} line {one.sourceline}")


def _line(item: Any) -> TenderLine:
    number = item.full_oz + (f".{item.rno_index}" if item.rno_index else "")
    serial = (item.raw_data or {}).get("ALNSerNo") or "0"  # 0 is the position itself, others may be chosen instead
    counts = bool(item.affects_total) and str(serial) == "0"
    return TenderLine(
        number, item.short_text or "", item.unit or "", item.qty, item.unit_price, item.total_price, counts
    )


def _determined(item: Any) -> TenderLine:
    rows = tuple(reb.read_rows(one.takeoff_row.raw for one in item.determ_items))
    quantity = item.qty if item.qty is not None else reb.sum_of_rows(rows)
    return TenderLine(item.oz, "", "", quantity, None, None, counts=True, rows=rows)


def _check_numbers(lines: list[TenderLine], path: Path) -> None:
    if not lines:
        raise BadExchange("holds no position", place=str(path))
    twice = [number for number, many in Counter(line.number for line in lines).items() if many > 1]
    if twice:
        raise BadExchange("is there twice", place=f"{path} position {twice[0]}")


def _check_rows(lines: list[TenderLine], path: Path) -> None:
    for line in lines:
        total = reb.sum_of_rows(line.rows)
        if total is not None and line.quantity != total:
            said = f"states a quantity of {line.quantity}, its rows add up to {total}"
            raise BadExchange(said, place=f"{path} position {line.number}")


def _check_lines(lines: list[TenderLine], path: Path) -> None:
    for line in lines:
        if None in (line.quantity, line.unit_price, line.total):
            continue
        assert line.quantity is not None
        assert line.unit_price is not None
        should = (line.quantity * line.unit_price).quantize(_CENT, ROUND_HALF_UP)
        if line.counts and line.total != should:
            said = f"{line.quantity} × {line.unit_price} is {should}, not {line.total}"
            raise BadExchange(said, place=f"{path} position {line.number}")


def _checked_sums(lines: list[TenderLine], stated: Any, path: Path) -> tuple[Decimal | None, Decimal | None]:
    """What all positions that count add up to, None where none has a price; the sum with tax, as the file states it."""
    counted = [line.total for line in lines if line.total is not None and line.counts]
    total = sum(counted, Decimal(0)) if any(line.total is not None for line in lines) else None
    if stated is None:
        return total, None
    if total is not None and stated.total is not None and stated.total != total:
        raise BadExchange(f"states a total of {stated.total}, its positions add up to {total}", place=str(path))
    before = total if stated.tot_after_disc is None else stated.tot_after_disc
    if total is not None and stated.total_gross is not None and stated.vat_amount is not None:
        should = before + stated.vat_amount
        if stated.total_gross != should:
            said = f"states {stated.total_gross} with tax, {before} and {stated.vat_amount} of tax are {should}"
            raise BadExchange(said, place=str(path))
    return total, stated.total_gross


def _check_section(section: Any, path: Path) -> None:
    stated = section.totals.total if section.totals else None
    if stated is not None and stated != section.subtotal:
        said = f"states a total of {stated}, its positions add up to {section.subtotal}"
        raise BadExchange(said, place=f"{path} section {section.rno} {section.label}".strip())
    for inner in section.subcategories:
        _check_section(inner, path)
