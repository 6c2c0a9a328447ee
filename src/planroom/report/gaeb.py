"""GAEB DA XML 3.3: the bill of quantities out as X81, X82 or X83, tenders and offers (X81 to X84) in.

Money is decimal from end to end; what a file says of itself is checked to the cent when it is read. Quantities are
written with two decimals, those that the workbook shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from textwrap import shorten
from typing import Any, Final, NamedTuple

from lxml import etree

from planroom.errors import BadExchange, MissingExtra, OversizedInput, UnreadableFile
from planroom.records import Bill, BillLine
from planroom.store.files import atomic_path

PHASES: Final = ("X81", "X82", "X83")
"""What is written: the specification, the estimate with prices, the call for offers."""
_PRICED: Final = "X82"
_CENT = Decimal("0.01")
_UNITS: Final = {"pcs": "St"}
_SI: Final = {"St": "pcs", "Stk": "pcs", "Stck": "pcs", "m²": "m2", "m³": "m3"}
_DIN276: Final = "DIN276"
_MOST_BYTES: Final = 64 << 20
_NUMBERS: Final = {"Qty", "UP", "IT", "Total", "TotalGross", "VATAmount", "TotAfterDisc", "DiscountAmt", "Markup"}
_NUMBER: Final = re.compile(r"\s*[-+]?\d{1,15}([.,]\d{1,8})?\s*")
_BYTES_TO_IMPORT: Final = 60_000_000  # measured 41 for the library
_BYTES_A_LINE: Final = 60_000


class TenderLine(NamedTuple):
    """A position: number with its sections ("01.02.0010", an index behind it), and what is said of it; None where not.

    counts: whether its total is part of the sums (an alternative's is not).
    """

    number: str
    title: str
    unit: str
    quantity: Decimal | None
    unit_price: Decimal | None
    total: Decimal | None
    counts: bool


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


def lease_bytes(bill: Bill) -> int:
    """Anonymous bytes that `write_gaeb` takes at its peak."""
    return _BYTES_TO_IMPORT + _BYTES_A_LINE * len(bill.lines)


def write_gaeb(bill: Bill, path: Path, phase: str, *, project: str = "", currency: str = "EUR") -> None:
    """Write the bill, whole or not at all; X82 alone has prices. What is withheld is a free quantity. Raises
    MissingExtra.
    """
    library = open_library()
    document = _document(library, bill, phase, project, currency)
    written, _ = library.GAEBWriter.to_bytes(document, prog_system="planroom", prog_name="planroom")
    with atomic_path(path) as part:
        part.write_bytes(written)


def _document(library: Any, bill: Bill, phase: str, project: str, currency: str) -> Any:
    from pygaeb.models.boq import BoQ, BoQBkdn, BoQBody, BoQCtgy, BoQInfo, Lot, Totals
    from pygaeb.models.catalog import Catalog
    from pygaeb.models.document import AwardInfo, GAEBInfo
    from pygaeb.models.enums import BkdnType

    sections: dict[str, Any] = {}
    for line in sorted(bill.lines, key=lambda line: line.number):
        number, _, place = line.number.rpartition(".")
        section = sections.setdefault(number, BoQCtgy(rno=number, label=line.section))
        section.items.append(_item(line, number, place, line.unit_price if phase == _PRICED else None))
    priced = phase == _PRICED and any(item.total_price is not None for s in sections.values() for item in s.items)
    for section in sections.values():
        section.totals = Totals(total=section.subtotal) if priced else None
    total = sum((section.subtotal for section in sections.values()), Decimal(0))
    levels = [
        BoQBkdn(bkdn_type=BkdnType.BOQ_LEVEL, length=2, num=True),
        BoQBkdn(bkdn_type=BkdnType.ITEM, length=4, num=True),
    ]
    info = BoQInfo(
        name=shorten(bill.name, 20, placeholder=""),
        lbl_boq=f"{bill.name}, {bill.rules}"[:60],
        bkdn=levels,
        outl_compl="AllTxt",
        catalogues=[Catalog(ctlg_id=_DIN276, ctlg_type="cost group DIN 276-18", ctlg_name="DIN 276:2018-12")],
        totals=Totals(total=total) if priced else None,
    )
    body = BoQBody(categories=list(sections.values()))
    award = AwardInfo(
        project_name=project[:60] or bill.name[:60], currency=currency,
        boq=BoQ(boq_info=info, lots=[Lot(rno="1", synthetic=True, body=body)]),
    )  # fmt: skip
    return library.GAEBDocument(
        source_version=library.SourceVersion.DA_XML_33,
        exchange_phase=library.ExchangePhase(phase),
        gaeb_info=GAEBInfo(prog_system="planroom", prog_name="planroom"),
        award=award,
    )


def _item(line: BillLine, section: str, place: str, price: Decimal | None) -> Any:
    from pygaeb.models.catalog import CtlgAssign
    from pygaeb.models.item import Item, RichText

    quantity = quantity_of(line)
    total = None if price is None or quantity is None else (quantity * price).quantize(_CENT, ROUND_HALF_UP)
    codes = [CtlgAssign(ctlg_id=_DIN276, ctlg_code=code)] if (code := line.codes.get("din276")) else []
    return Item(
        oz=place,
        oz_path=[section, place],
        short_text=line.title,
        long_text=RichText.from_plain("\n".join(_told(line))),
        qty=quantity,
        qty_tbd=quantity is None,
        unit=_UNITS.get(line.unit, line.unit),
        unit_price=price,
        total_price=total,
        ctlg_assigns=codes,
    )


def quantity_of(line: BillLine) -> Decimal | None:
    """What is billed of a line, in hundredths of its unit."""
    return None if line.ruled is None else Decimal(repr(line.ruled.value)).quantize(_CENT, ROUND_HALF_UP)


def _told(line: BillLine) -> Iterator[str]:
    """How a line was measured, for its long text."""
    yield line.title
    if line.gross and line.net and line.gross != line.net:
        yield f"gross {line.gross.value:.2f} {line.unit}, net {line.net.value:.2f} {line.unit}"
    if line.rule:
        yield f"measured by {line.rule}"
    if line.reason:
        yield f"{line.state}: {line.reason}"


def read_gaeb(path: Path) -> Tender:
    """A GAEB file of the phases X81 to X84. Raises BadExchange where it is none, is cut off, has a number twice, a
    position's total is not quantity times price, a section's or the file's is not the sum of its positions, or the sum
    with tax not that of both; UnreadableFile; OversizedInput; MissingExtra. The file is only read.
    """
    library = open_library()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise OversizedInput(f"is larger than {_MOST_BYTES >> 20} MiB", place=str(path))
        raw = path.read_bytes()
        _check_xml(raw, path)
        document = library.GAEBParser.parse_bytes(raw, path.name, collect_raw_data=True)
    except BadExchange:
        raise
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error), place=str(path)) from error
    except (library.PyGAEBError, etree.XMLSyntaxError, ValueError) as error:
        raise BadExchange(f"is no GAEB file that can be read: {error}"[:300], place=str(path)) from error
    if not hasattr(document, "award") or document.award is None:
        raise BadExchange("holds no bill of quantities", place=str(path))
    boq = document.award.boq
    lines = [_line(item) for item in boq.iter_items()]
    if not lines:
        raise BadExchange("holds no position", place=str(path))
    numbers = [line.number for line in lines]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise BadExchange("is there twice", place=f"{path} position {twice}")
    _check_lines(lines, path)
    for lot in boq.lots:
        for category in lot.body.categories:
            _check_section(category, path)
    priced = any(line.total is not None for line in lines)
    total = (
        sum((line.total for line in lines if line.total is not None and line.counts), Decimal(0)) if priced else None
    )
    stated = boq.boq_info.totals if boq.boq_info else None
    if stated is not None and stated.total is not None and priced and stated.total != total:
        raise BadExchange(f"states a total of {stated.total}, its positions add up to {total}", place=str(path))
    with_tax = stated.total_gross if stated else None
    if stated and None not in (with_tax, stated.vat_amount, total):
        before = stated.tot_after_disc if stated.tot_after_disc is not None else total
        if with_tax != before + stated.vat_amount:
            said = (
                f"states {with_tax} with tax, {before} and {stated.vat_amount} of tax are {before + stated.vat_amount}"
            )
            raise BadExchange(said, place=str(path))
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
            hint = "give the tender that it answers with --tender" if tender is None else None
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
        raise BadExchange("holds no price", place=place)
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


def _check_section(section: Any, path: Path) -> None:
    stated = section.totals.total if section.totals else None
    if stated is not None and stated != section.subtotal:
        said = f"states a total of {stated}, its positions add up to {section.subtotal}"
        raise BadExchange(said, place=f"{path} section {section.rno} {section.label}".strip())
    for inner in section.subcategories:
        _check_section(inner, path)


def open_library() -> Any:
    """pygaeb, loaded when it is needed: 41 MB. Raises MissingExtra."""
    try:
        import pygaeb
    except ImportError as error:
        raise MissingExtra("GAEB files need the extra gaeb", hint="pip install 'planroom[gaeb]'") from error
    return pygaeb
