"""The bill's quantity determination as GAEB DA XML 3.3, phase X31: each position with the rows that it adds up from.

Factors are rounded to tenths of a millimetre, each row's result to thousandths. A position ends with one row more where
its rows do not add up to what is billed, in hundredths: the bill is added up before anything is rounded.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any, Final, NamedTuple

from lxml import etree

from planroom import reb
from planroom.errors import BadExchange
from planroom.records import BillLine, Deduction, Report
from planroom.report.gaeb import quantity_of, short_name
from planroom.report.takeoff import Takeoff
from planroom.store.files import atomic_path

PHASE: Final = "X31"
_NAMESPACE: Final = "http://www.gaeb.de/GAEB_DA_XML/DA31/3.3"
_EDITION: Final = "2023-01"  # of the schema of X31, which was issued again after that of the bills
_METHOD: Final = "REB23003-2009"
_LEVELS: Final = (("BoQLevel", "2"), ("Item", "4"))  # of the numbers, as in the other phases
_TENTH_MM: Final = Decimal("0.0001")
_REST: Final = "rows have three decimals, the bill has two"
_BYTES_A_PART: Final = 2_500  # of an element or an opening, with its remarks: measured 1,830


class _Planned(NamedTuple):
    """A row before it has its address: a remark where there are no factors."""

    text: str
    factors: tuple[Decimal, ...] = ()
    minus: bool = False


def lease_bytes(report: Report) -> int:
    """Anonymous bytes that `write_determination` takes at its peak: one position at a time."""
    most = max((len(line.sources) + len(line.deductions) for line in report.bill.lines), default=0)
    elements = sum(len(sheet.elements) for sheet in report.sheets)
    return 2_000_000 + _BYTES_A_PART * most + 200 * elements


def write_determination(report: Report, path: Path, *, project: str = "") -> None:
    """Write it, whole or not at all. What is withheld has remarks and no quantity. Raises BadExchange where the
    numbers do not fit into rows.
    """
    name = _plain(project or report.bill.name)
    today = datetime.datetime.now(tz=datetime.UTC).astimezone().date().isoformat()
    about = (("Version", "3.3"), ("VersDate", _EDITION), ("Date", today), ("ProgSystem", "planroom"))
    levels = [_texts("BoQBkdn", ("Type", kind), ("Length", many), ("Num", "Yes")) for kind, many in _LEVELS]
    with atomic_path(path) as part, part.open("wb") as raw, etree.xmlfile(raw, encoding="utf-8") as file:
        file.write_declaration()
        with file.element("GAEB", nsmap={None: _NAMESPACE}):
            file.write(_texts("GAEBInfo", *about, ("ProgName", "planroom")), pretty_print=True)
            with file.element("QtyDeterm"):
                file.write(
                    _texts("PrjInfo", ("RefPrjName", name[:60])),
                    _texts("QtyDetermInfo", ("MethodDescription", _METHOD), ("ProjDescr", name[:80])),
                    _text("DP", "31"),
                    pretty_print=True,
                )
                with file.element("BoQ", ID="B1"):
                    file.write(_text("RefBoQName", _plain(short_name(report.bill))), *levels, pretty_print=True)
                    with file.element("BoQBody"):
                        _write_positions(file, Takeoff(report))


def _write_positions(file: Any, takeoff: Takeoff) -> None:
    lines = sorted(takeoff.report.bill.lines, key=lambda line: line.number)
    sheet = 1
    for number, own in groupby(lines, key=lambda line: line.number.rpartition(".")[0]):
        section = file.element("BoQCtgy", ID=f"C{number}", RNoPart=number)
        with section, file.element("BoQBody"), file.element("Itemlist"):
            for line in own:
                item, used = _item(line, takeoff, sheet)
                file.write(item, pretty_print=True)
                sheet += used


def _item(line: BillLine, takeoff: Takeoff, sheet: int) -> tuple[etree._Element, int]:
    """A position, its rows addressed from the sheet on, and how many sheets they take."""
    item = etree.Element("Item", ID=f"I{line.number}", RNoPart=line.number.rpartition(".")[2])
    determination = etree.SubElement(item, "QtyDeterm")
    quantity = quantity_of(line)
    if quantity is not None:
        determination.append(_text("Qty", f"{quantity:f}"))
    rows = 0
    try:
        addresses = reb.addresses(sheet)
        for planned in _rows(line, quantity, takeoff):
            address = next(addresses)
            row = (
                reb.write_product(_plain(planned.text), planned.factors, address, minus=planned.minus)
                if planned.factors
                else reb.write_remark(planned.text, address)
            )
            etree.SubElement(etree.SubElement(determination, "QDetermItem"), "QTakeoff", Row=row)
            rows += 1
    except ValueError as error:
        raise BadExchange(f"cannot be written: {error}", place=f"position {line.number}") from error
    return item, -(-rows // reb.ROWS_A_SHEET)


def _rows(line: BillLine, quantity: Decimal | None, takeoff: Takeoff) -> Iterator[_Planned]:
    yield from _remarks(line.title)
    yield from _remarks(f"measured by {line.rule}" if line.rule else "")
    yield from _remarks(f"{line.state}: {line.reason}" if line.reason else "")
    if quantity is None:
        return
    gaps = defaultdict(list)
    for gap in line.deductions:
        gaps[gap.of].append(gap)
    total = Decimal(0)
    for source, factors in zip(line.sources, line.factors, strict=True):
        name, sheet = takeoff.named(source)
        yield from _remarks(f"{takeoff.sheet_name(sheet.id if sheet else None)}: {name} [{source}]")
        exact = _exact(factors)
        yield _Planned(_short(name), exact)
        left = reb.product(exact)
        for gap in gaps.pop(source, []):
            for planned in _gap(gap, line.unit, left, takeoff):
                yield planned
                left -= reb.product(planned.factors) if planned.factors else Decimal(0)
        total += left
    if rest := quantity - total:
        yield from _remarks(_REST)
        yield _Planned("rounding", (abs(rest),), minus=rest < 0)


def _gap(gap: Deduction, unit: str, left: Decimal, takeoff: Takeoff) -> Iterator[_Planned]:
    """An opening in what is left of its wall or room: no more is taken than there is."""
    name, _ = takeoff.named(gap.element)
    factors = _exact(gap.factors)
    size = reb.product(factors)
    if not gap.taken.value:
        yield from _remarks(f"measured over: {name} [{gap.element}]")
        yield from _remarks(f"{size} {unit}, {gap.source}")
        return
    yield from _remarks(f"without {name} [{gap.element}]")
    yield from _remarks(gap.source)
    if size > left:
        yield from _remarks(f"of its {size} {unit} as much as there is")
        factors = (left,)
    if reb.product(factors):
        yield _Planned(_short(name), factors, minus=True)


def _short(name: str) -> str:
    """As much of a name as a row has room for: what the thing is called rather than what kind it is of."""
    return name if len(name) <= reb.LABEL_CHARS else name.partition(" ")[2] or name


def _exact(factors: tuple[float, ...]) -> tuple[Decimal, ...]:
    """In tenths of a millimetre, for an error of a thickness counts along all of a wall; whole millimetres as such."""
    tenths = [Decimal(repr(float(factor))).quantize(_TENTH_MM, ROUND_HALF_UP) for factor in factors]
    return tuple(one.quantize(reb.THOUSANDTH) if one % reb.THOUSANDTH == 0 else one for one in tenths)


def _remarks(text: str) -> Iterator[_Planned]:
    """A text in as many rows as it needs."""
    return (_Planned(part) for part in wrap(" ".join(_plain(text).split()), reb.REMARK_CHARS))


def _plain(text: str) -> str:
    """Without what neither XML nor a row of print can hold."""
    return "".join(char if char.isprintable() else " " for char in text)


def _texts(tag: str, *parts: tuple[str, str]) -> etree._Element:
    made = etree.Element(tag)
    made.extend(_text(name, text) for name, text in parts)
    return made


def _text(tag: str, text: str) -> etree._Element:
    made = etree.Element(tag)
    made.text = text
    return made
