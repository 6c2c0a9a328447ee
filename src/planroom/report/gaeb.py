"""GAEB DA XML 3.3: the bill of quantities as X81, X82 or X83.

Money is decimal from end to end. Quantities have two decimals, those that the workbook shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from textwrap import shorten
from typing import Any, Final

from planroom.errors import MissingExtra
from planroom.records import Bill, BillLine
from planroom.store.files import atomic_path

PHASES: Final = ("X81", "X82", "X83")
"""What is written: the specification, the estimate with prices, the call for offers."""
_PRICED: Final = "X82"
_CENT = Decimal("0.01")
_UNITS: Final = {"pcs": "St"}
_DIN276: Final = "DIN276"
_BYTES_TO_IMPORT: Final = 60_000_000  # measured 41 for the library
_BYTES_A_LINE: Final = 60_000


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
        name=short_name(bill),
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


def short_name(bill: Bill) -> str:
    """What the bill is called in 20 characters, by which a quantity determination names it again."""
    return shorten(bill.name.partition(":")[0], 20, placeholder="")


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


def open_library() -> Any:
    """pygaeb, loaded when it is needed: 41 MB. Raises MissingExtra."""
    try:
        import pygaeb
    except ImportError as error:
        raise MissingExtra("GAEB files need the extra gaeb", hint="pip install 'planroom[gaeb]'") from error
    return pygaeb
