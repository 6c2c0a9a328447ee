"""One quantity of a sheet: its value in SI, its state with the reason, its interval, and how far it can be trusted.

Counts rest on elements; of what was seen on a scan they say what they likely lie between. Lengths and areas need the
sheet's scale, surfaces a height too; without it they are withheld and say why.
"""

from __future__ import annotations

from typing import Any, Final

from planroom.measure.floors import FloorArea
from planroom.measure.fuse import (
    COUNTED,
    PRINTED_OFF,
    UNSURE,
    in_words,
    made_of,
    trust_area,
    trust_count,
    witnesses_against,
)
from planroom.records import Element, Quantity, Sheet, State
from planroom.units import UnitSystem

LINE_M: Final = 0.01  # what a drawn line's place is good for
ESTIMATED: Final = 0.02  # a scale that nothing drawn confirms: paper shrinks, prints get resized
GROSS: Final = "one side, openings not deducted"
_WIDE: Final = 0.5  # of a count: an interval wider than that
_FEW: Final = 2  # and than so many pieces says too little


class Maker:
    """Makes the quantities of one sheet: knows its scale, why it may have none, and the note that all carry."""

    def __init__(self, sheet: Sheet, note: str, units: UnitSystem, doubt: str):
        self.sheet = sheet
        self.note = note
        self.units = units
        self.doubt = doubt
        self.modelled = made_of(sheet) == "model"  # nothing was recognised
        scale = sheet.scale
        self.m_per_unit = scale.m_per_unit if scale else None
        self.state: State = scale.state if scale and scale.m_per_unit else "withheld"
        self.reason = "" if self.m_per_unit else (scale.evidence if scale else "the sheet shows no scale")

    def metres(self, value: float | None, power: int = 1) -> float | None:
        """A size in sheet units as metres to the power; None without a scale."""
        return None if value is None or self.m_per_unit is None else value * self.m_per_unit**power

    def count(
        self, key: str, item: str, elements: list[Element], given: int | None, *, apart: bool = False
    ) -> Quantity:
        """How many; unsure elements, walls told without a scale, or what was only likely seen make it an estimate.

        given: the sheet's count; where it is not the number of elements, a person has said so, or labels do.
        """
        value = len(elements) if given is None else given
        unsure = sum(e.confidence < UNSURE for e in elements)
        missed = self._missed(key)
        by_hand = given is not None and key in self.sheet.given
        by_labels = value != len(elements) and not by_hand
        rough = self.m_per_unit is None and bool(elements)
        likely = None if by_hand or given is None else self.sheet.ranges.get(key)
        withheld = "" if by_hand or by_labels else self._uncountable(key, elements, likely)
        if withheld:
            quantity = self._quantity(key, item, "count", "pcs", None, elements, apart)
            quantity.reason = withheld
            return quantity
        low, high = likely or ((value, value) if by_hand else (max(0, value - unsure), value + missed))
        reason = None
        if by_labels:
            low, high = sorted((value, len(elements)))
            reason = f"told by labels and fixtures: {len(elements)} such rooms are closed on the sheet"
        elif not by_hand and self.doubt and not apart:
            reason = self.doubt
        elif likely and low < high:
            reason = f"seen on a scan: likely between {low} and {high}"
        elif not by_hand and not likely and unsure + missed:
            reason = f"not sure of {unsure + missed}"
        elif not by_hand and rough:
            reason = "told with a scale guessed from the doors, as the sheet shows none that holds"
        is_read = given is not None and not by_hand and not self.modelled
        told = trust_count(self.sheet, key, float(value)) if is_read and key in COUNTED else None
        against = witnesses_against(told.said, float(value)) if told else {}
        if against and not reason:
            reason = f"the sheet does not agree with itself: {in_words(against)}"
            low, high = min(low, *map(round, against.values())), max(high, *map(round, against.values()))
        return Quantity(
            id=self._id(key, "count"),
            item=item,
            measure="count",
            unit="pcs",
            value=float(value),
            interval=(float(low), float(high)),
            state="estimated" if reason else "measured",
            sheet=self.sheet.id,
            sources=[e.id for e in elements],
            note="; ".join(filter(None, (self._note(apart), "given by hand" if by_hand else ""))),
            reason=reason,
            confidence=round(told.confidence, 3) if told and told.confidence is not None else None,
            channels=told.said if told else {},
        )

    def _missed(self, key: str) -> int:
        """How many more a scan may have: in walls that were not found, or doors that may as well have no leaf."""
        if key not in ("door", "window", "opening"):
            return 0
        torn = sum("doubt" in e.traits for e in self.sheet.elements)
        bare = sum(e.kind == "door" and e.confidence < UNSURE and "pixels" in e.sources for e in self.sheet.elements)
        return torn + (bare if key == "opening" else 0)

    def _uncountable(self, key: str, elements: list[Element], likely: tuple[int, int] | None) -> str:
        """Why a kind cannot be counted on this sheet although others can; "" if it can."""
        if likely and likely[1] - likely[0] > max(_FEW, _WIDE * len(elements)):
            return f"seen on a scan, and too doubtful: anything between {likely[0]} and {likely[1]}"
        walls = sum(e.kind == "wall" for e in self.sheet.elements)
        named = any(e.traits.get("name") for e in self.sheet.elements if e.kind == "room")
        if key == "room" and not elements and walls > 3:
            return "no outline of walls closes"
        if key in ("bedroom", "toilet") and walls > 3 and not named:
            return "no room on the sheet carries a name that could be read"
        return ""

    def sum(
        self, key: str, item: str, measure: Any, elements: list[Element], size: str, *, apart: bool = False
    ) -> Quantity:
        """The sum of a size over elements, in metres or square metres."""
        power = 2 if size.startswith("area") else 1
        sizes = [e.sizes.get(size) for e in elements]
        missing = sum(s is None for s in sizes)
        value = self.metres(sum(s for s in sizes if s is not None), power)
        quantity = self._quantity(key, item, measure, "m2" if power == 2 else "m", value, elements, apart)
        if missing:
            quantity.value, quantity.interval, quantity.state = None, None, "withheld"
            quantity.reason = f"{missing} of {len(sizes)} have no geometry"
        elif quantity.value is not None:
            slack = LINE_M * len(elements) ** 0.5 + (ESTIMATED * quantity.value if self.state == "estimated" else 0)
            quantity.interval = (max(0.0, quantity.value - slack), quantity.value + slack)
        return quantity

    def area(self, room: Element, item: str) -> Quantity:
        """A room's floor area, beside the printed one; an estimate where the two are not the same."""
        value = self.metres(room.sizes.get("area"), 2)
        quantity = self._quantity(room.id, item, "area", "m2", value, [room], False)
        printed = room.stated.get("area_m2")
        quantity.stated = printed
        several = room.traits.get("also")
        if value is None:
            if quantity.reason is None:
                quantity.reason = "the room has no geometry"
            return quantity
        around = self.metres(room.sizes.get("perimeter")) or 4 * value**0.5
        slack = LINE_M * around / 2 + (2 * ESTIMATED * value if self.state == "estimated" else 0)
        quantity.interval = (max(0.0, value - slack), value + slack)
        if not self.modelled:
            told = trust_area(self.sheet, room, value)
            quantity.channels = told.said
            quantity.confidence = None if told.confidence is None else round(told.confidence, 3)
        if several:
            quantity.state, quantity.reason = "estimated", f"{several} stands in it too: nothing drawn divides them"
        elif "doubt" in room.traits:
            quantity.state, quantity.reason = "estimated", room.traits["doubt"]
        elif printed and abs(printed / value - 1) > PRINTED_OFF:
            quantity.state = "estimated"
            quantity.interval = (min(quantity.interval[0], printed), max(quantity.interval[1], printed))
            quantity.reason = f"the file states {printed:.2f} m²"
        return quantity

    def floor(self, name: str, item: str, told: FloorArea) -> Quantity:
        """A class of the storey's floor area."""
        quantity = self._quantity(f"din277-{name}", item, "area", "m2", self.metres(told.area, 2), [], False)
        quantity.sources = told.sources
        quantity.reason = told.reason or quantity.reason
        if quantity.value is not None:
            slack = 4 * LINE_M * quantity.value**0.5 + (
                2 * ESTIMATED * quantity.value if self.state == "estimated" else 0
            )
            quantity.interval = (max(0.0, quantity.value - slack), quantity.value + slack)
        return quantity

    def size(self, element: Element, item: str, name: str) -> Quantity:
        """An opening's width or height, beside what the drawing states."""
        value = self.metres(element.sizes.get(name))
        stated = element.stated.get(f"{name}_m")
        quantity = self._quantity(element.id, item, name, "m", value, [element], element.status == "demolished")
        quantity.stated = stated
        if value is None and stated is not None:
            quantity.value, quantity.state, quantity.reason = stated, "estimated", "as stated, not measured"
            value = stated
        if value is not None:
            slack = 2 * LINE_M + (ESTIMATED * value if quantity.state == "estimated" else 0)
            quantity.interval = (max(0.0, value - slack), value + slack)
        return quantity

    def times_height(
        self, length: Quantity, key: str, item: str, height: tuple[float, str] | None, *, apart: bool = False
    ) -> Quantity:
        """A length times the clear height: one-sided, openings not deducted; withheld where no height is known."""
        known = length.value is not None and height is not None
        value = length.value * height[0] if length.value is not None and height is not None else None
        quantity = Quantity(
            id=self._id(key, "surface"),
            item=item,
            measure="surface",
            unit="m2",
            value=value,
            interval=(length.interval[0] * height[0], length.interval[1] * height[0])
            if known and length.interval and height
            else None,
            state=length.state if known else "withheld",
            sheet=self.sheet.id,
            sources=length.sources,
            note=self._note(apart),
        )
        if known and height:
            quantity.note = "; ".join(
                filter(None, (quantity.note, f"height {height[0]:.3g} m from {height[1]}, {GROSS}"))
            )
        else:
            quantity.reason = length.reason if height else "no height is known: give --height, or a section"
        return quantity

    def _quantity(
        self, key: str, item: str, measure: Any, unit: str, value: float | None, elements: list[Element], apart: bool
    ) -> Quantity:
        return Quantity(
            id=self._id(key, measure),
            item=item,
            measure=measure,
            unit=unit,
            value=value,
            state=self.state if value is not None else "withheld",
            sheet=self.sheet.id,
            sources=[e.id for e in elements],
            reason=(self.reason or None) if value is None else None,
            note=self._note(apart),
        )

    def _id(self, key: str, measure: str) -> str:
        return f"{self.sheet.id}:{key}:{measure}"

    def _note(self, apart: bool) -> str:
        return "demolished: not in the totals" if apart else self.note
