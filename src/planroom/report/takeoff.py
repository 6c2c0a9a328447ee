"""What every output asks of a report: which quantity counts, what it rests on, what a sheet is called.

A detail quantity *counts* if a total names it among its sources; the others are listed beside it, with their note.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from planroom.records import CHANNEL_WORDS, Element, Quantity, Report, Scale, Sheet
from planroom.units import UnitSystem, in_system

_UNIT_NAMES = {"m2": "m²", "m3": "m³", "ft2": "ft²", "ft3": "ft³"}
_MEASURES_OF_SIZE = {"area": 2, "volume": 3}


class Takeoff:
    """A report, indexed once: its quantities by what they rest on and its sheets by what people call them."""

    def __init__(self, report: Report):
        self.report = report
        self.system: UnitSystem = report.units
        self.quantities = {quantity.id: quantity for quantity in report.quantities}
        self.totals = [quantity for quantity in report.quantities if quantity.total]
        self.counted = frozenset(source for total in self.totals for source in total.sources)
        self.counted_elements = frozenset(
            source
            for quantity in report.quantities
            if quantity.id in self.counted and not quantity.total
            for source in quantity.sources
        )
        self.sheets = {sheet.id: sheet for sheet in report.sheets}
        self.place = {
            element.id: (s, e) for s, sheet in enumerate(report.sheets) for e, element in enumerate(sheet.elements)
        }
        self._names = Counter(_plain_name(sheet) for sheet in report.sheets)
        self._own: dict[tuple[str, str], Quantity] = {
            (quantity.sources[0], quantity.measure): quantity
            for quantity in report.quantities
            if len(quantity.sources) == 1 and not quantity.total
        }

    def sheet_name(self, sheet_id: str | None) -> str:
        """The sheet's number or name, with file and page where two sheets share it; "" for the whole set."""
        sheet = self.sheets.get(sheet_id or "")
        if sheet is None:
            return ""
        name = _plain_name(sheet)
        return name if self._names[name] == 1 else f"{name} ({PurePath(sheet.file).name}, page {sheet.page + 1})"

    def sheet_ids(self, quantity: Quantity) -> list[str]:
        """The sheets that a quantity, or a total's details, were taken from, in the report's order."""
        if quantity.sheet is not None:
            return [quantity.sheet]
        details = (self.quantities.get(source) for source in quantity.sources)
        found = {detail.sheet for detail in details if detail is not None}
        return [sheet for sheet in self.sheets if sheet in found]

    def own_quantity(self, element_id: str, measure: str) -> Quantity | None:
        """The quantity that measures this element alone."""
        return self._own.get((element_id, measure))

    def named(self, element_id: str) -> tuple[str, Sheet | None]:
        """What people call an element, and the sheet that it stands on."""
        at = self.place.get(element_id)
        if at is None:
            return element_id, None
        drawing = self.report.sheets[at[0]]
        return label(drawing.elements[at[1]]), drawing

    def grouping(self, sheet: Sheet) -> str:
        """Why the sheet was grouped with others, or counted instead of them; "" if it stands alone."""
        for group in self.report.groups:
            if sheet.id in group.get("sheets", ()):
                return str(group.get("note") or "")
        return ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in the customer's units, with its interval, what the drawing prints and what each channel says; None
    where there is none.
    """

    value: float | None
    low: float | None
    high: float | None
    stated: float | None
    unit: str
    said: dict[str, float]


def figure(quantity: Quantity, system: UnitSystem) -> Figure:
    """The quantity's numbers in `system`; what is withheld has no value and no interval."""

    def shown(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else in_system(value, quantity.unit, system)[0]

    withheld = quantity.state == "withheld"
    low, high = (None, None) if withheld else quantity.interval or (None, None)
    unit = in_system(0.0, quantity.unit, system)[1]
    said = {channel: in_system(number, quantity.unit, system)[0] for channel, number in quantity.channels.items()}
    value = None if withheld else shown(quantity.value)
    return Figure(value, shown(low), shown(high), shown(quantity.stated), unit, said)


def unit_name(unit: str) -> str:
    """The unit as people write it: "m²"."""
    return _UNIT_NAMES.get(unit, unit)


def number_text(value: float | None, unit: str) -> str:
    """The number with two decimals (none for pieces); "" for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if unit == "pcs" else f"{value:,.2f}"


def remark(quantity: Quantity) -> str:
    """The reason of a withheld quantity and its note, in one line."""
    return "; ".join(words for words in (quantity.reason, quantity.note) if words)


def channels_text(channels: Mapping[str, float], measure: str, unit: str) -> str:
    """What each channel says by itself, in `unit`: "lines 9, tags 9"; an area's text is the one that is printed."""
    names = CHANNEL_WORDS if measure == "count" else CHANNEL_WORDS | {"text": "printed"}
    return ", ".join(f"{names.get(channel, channel)} {number_text(said, unit)}" for channel, said in channels.items())


def confidence_text(confidence: float, measure: str) -> str:
    """What a confidence is the chance of."""
    return f"{confidence:.0%} likely {'exact' if measure == 'count' else 'within 2%'}"


def size_m(element: Element, name: str, scale: Scale | None) -> float | None:
    """A size of the element in metres (square metres, for an area), None where the sheet's scale is withheld."""
    size = element.sizes.get(name)
    if size is None or scale is None or scale.m_per_unit is None or scale.state == "withheld":
        return None
    metres: float = size * scale.m_per_unit ** _MEASURES_OF_SIZE.get(name, 1)
    return metres if math.isfinite(metres) else None


def label(element: Element) -> str:
    """What people call the element: "door D12", "room 1.04 Bath"."""
    traits = element.traits
    words = [element.kind, traits.get("number", ""), traits.get("tag", ""), traits.get("name", "")]
    return " ".join(dict.fromkeys(word for word in words if word))


def _plain_name(sheet: Sheet) -> str:
    return sheet.number or sheet.title or sheet.name or f"{PurePath(sheet.file).name} page {sheet.page + 1}"
