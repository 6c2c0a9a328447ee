"""What the elements of one sheet give in work: sizes with what they lie between, gaps, what is doubtful about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from planroom.amounts import NOTHING, Amount, about, exactly, product_of
from planroom.measure.fuse import PRINTED_OFF, UNSURE
from planroom.measure.maker import ESTIMATED, LINE_M
from planroom.measure.rules import Gap, RuleSet, net
from planroom.measure.surroundings import OPENINGS, Surroundings
from planroom.measure.takeoff import UNEVEN, is_uneven
from planroom.measure.template import Item
from planroom.measure.thickness import length_text, thicknesses
from planroom.records import Deduction, Element, Sheet
from planroom.units import INCH_M, UnitSystem

_NEEDS_HEIGHT: Final = {"surface", "outside", "volume"}
_LONG: Final = {"length", "perimeter"}
_WIDTH_M: Final[Mapping[UnitSystem, float]] = {"metric": 0.005, "imperial": INCH_M / 2}  # widths are told apart by that
_NO_HEIGHT: Final = "no height is known: give --height, or a section"
_WHOLLY: Final = 0.97  # of a room's outline that runs along walls: the rest is what drawing leaves open
_ABOUT: Final = "some openings are about as large as what is measured over"
_SLABS: Final = "to clear heights: slabs are not in it"

Factors = tuple[Amount, ...]
"""What is multiplied to a size."""


@dataclass(slots=True)
class Line:
    """A line while it is added up. factors: of each source. guessed: openings whose height nobody tells. lacking: why
    a sheet cannot tell its part.
    """

    sources: list[str] = field(default_factory=list)
    factors: list[tuple[float, ...]] = field(default_factory=list)
    gross: Amount = NOTHING
    net: Amount = NOTHING
    ruled: Amount = NOTHING
    deductions: list[Deduction] = field(default_factory=list)
    doubts: dict[str, None] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    lacking: str = ""

    def reasons(self) -> list[str]:
        """Why it is an estimate; empty if it is none."""
        many = len(self.guessed)
        heights = f"no height is known of {many} opening{'s' * (many > 1)}"
        return [heights, *self.doubts] if many else list(self.doubts)


class SheetWork:
    """Tells what one sheet adds to each line of a bill. doubt: why its whole group is doubtful, "" if it is not."""

    def __init__(
        self, sheet: Sheet, height: tuple[float, str] | None, rules: RuleSet, units: UnitSystem, doubt: str = ""
    ):
        self._rules, self._units, self._height_m, self._doubt = rules, units, height, doubt
        self._sheet = sheet
        self._name = sheet.number or sheet.title or sheet.name
        scale = sheet.scale
        self._m_per_unit = scale.m_per_unit if scale else None
        self._no_scale = "" if self._m_per_unit else (scale.evidence if scale else "the sheet shows no scale")
        self._is_estimated = scale is not None and scale.state == "estimated"
        self._around = Surroundings(sheet) if self._m_per_unit else None
        self._guessed: set[str] = set()  # openings whose height is only what such ones usually have
        walls = [e for e in sheet.elements if e.kind == "wall"]
        self._mm = {wall.id: mm for wall, mm in zip(walls, thicknesses(walls, self._m_per_unit), strict=True)}

    def lacking(self, item: Item) -> str:
        """Why the sheet cannot tell its part of an item at all; "" if it can, or has none."""
        standing = [e for e in self._sheet.elements if e.status != "demolished"]
        own = [e for e in standing if e.kind == item.of]
        if item.measure != "count" and own and self._no_scale:
            return f"{self._name}: {self._no_scale}"
        if item.of == "room" and not own and sum(e.kind == "wall" for e in standing) > 3:
            return f"{self._name}: no outline of walls closes"
        return ""

    def add(self, item: Item, lines: dict[tuple[str, ...], Line]) -> None:
        """Add to the item's lines what stands on the sheet."""
        for element in self._sheet.elements:
            if element.kind != item.of or element.status == "demolished":
                continue
            share = self._share(element, item)
            if share == 0:
                continue
            line = lines[tuple(self._label(element, by) for by in item.by)]
            line.sources.append(element.id)
            self._doubt_element(element, item, line)
            self._measure(element, item, line, share)

    def _share(self, element: Element, item: Item) -> float:
        """How much of an element is what a line is about: a wall may be an inner and an outer one in turn."""
        share = 1.0
        for trait, wanted in item.where.items():
            if trait != "side":
                share *= element.traits.get(trait, "") in wanted
            elif element.kind in OPENINGS or item.measure == "count":
                share *= (self._around.side(element) if self._around else "") in wanted
            else:
                sides = self._around.sides(element) if self._around else {"": 1.0}
                part = sum(part for side, part in sides.items() if side in wanted)
                share *= part if item.measure != "outside" else part > 0  # the building's outline tells how much of it
        return share

    def _label(self, element: Element, by: str) -> str:
        if by == "thickness":
            mm = self._mm.get(element.id)
            return "thickness not known" if mm is None else length_text(mm, self._units)
        if by == "width":
            width = self._size(element, "width")
            if width is None:
                return "width not known"
            step = _WIDTH_M[self._units]
            in_step = round(width.value / step) * step
            return f"{in_step:.3f} m" if self._units == "metric" else length_text(1000 * in_step, "imperial")
        return element.traits.get(by, "")

    def _doubt_element(self, element: Element, item: Item, line: Line) -> None:
        """What makes a line an estimate, whatever it measures."""
        if self._doubt:
            line.doubts[self._doubt] = None
        if element.confidence < UNSURE:
            line.doubts["not sure of all of them"] = None
        if item.measure != "count" and self._is_estimated:
            line.doubts[f"the scale of {self._name} is estimated"] = None
        if item.measure == "count" and element.kind in self._sheet.given:
            told = self._sheet.counts[element.kind]
            line.doubts[f"counted by hand: {told} {element.kind}s on {self._name}, of every kind and size"] = None
        low, high = self._sheet.ranges.get(element.kind, (0, 0))
        if item.measure == "count" and low < high:
            line.doubts[f"seen on a scan: {low} to {high} {element.kind}s on {self._name}"] = None
        if item.measure == "area" and element.kind == "room":
            area, printed = self._size(element, "area"), element.stated.get("area_m2")
            if area and printed and abs(printed / area.value - 1) > PRINTED_OFF:
                name = element.traits.get("name", "a room")
                line.doubts[f"{name}: {area.value:.2f} m² measured, {printed:.2f} m² printed"] = None

    def _measure(self, element: Element, item: Item, line: Line, share: float) -> None:
        factors = self._factors(element, item.measure, line)
        if factors is None:
            return
        factors = (factors[0].times(exactly(share)), *factors[1:])
        gross = product_of(factors)
        line.factors.append(tuple(factor.value for factor in factors))
        gaps = self._gaps(element, item, line, share)
        measure = {"perimeter": "length", "outside": "surface"}.get(item.measure, item.measure)
        ruled, deductions = self._rules.deduct(item.trade, measure, gross, gaps)
        unsure = [one for one in deductions if one.deducted is not False]
        needs_height = item.measure in _NEEDS_HEIGHT or (element.kind in OPENINGS and item.measure == "area")
        guessed = self._guessed & {element.id, *(one.element for one in unsure)} if needs_height else set()
        if guessed:
            line.guessed |= guessed
        elif any(one.deducted is None for one in unsure):
            line.doubts[_ABOUT] = None
        line.gross, line.net = line.gross.more(gross), line.net.more(net(gross, gaps))
        line.ruled = line.ruled.more(ruled)
        line.deductions += deductions

    def _factors(self, element: Element, measure: str, line: Line) -> Factors | None:
        """What is multiplied to what the element gives; None where that cannot be told, with the reason in `line`."""
        if measure == "count":
            return (exactly(1),)
        ways = {"wall": self._of_wall, "room": self._of_room}
        sizes = ways[element.kind](element, measure, line) if element.kind in ways else self._area(element)
        if sizes is None:
            line.lacking = line.lacking or f"{self._name}: {element.kind} {element.id} has no geometry"
        return sizes

    def _of_wall(self, wall: Element, measure: str, line: Line) -> Factors | None:
        """A model tells a wall's side, gables too; else it is as long as it runs, as high as the storey is clear."""
        run = self._around.run(wall) if self._around else None
        long = self._size(wall, "length") if run is None else self._length(run)
        outside = self._length(self._around.outside(wall)) if self._around and measure == "outside" else None
        if measure == "length" or long is None:
            return (long,) if long else None
        side, own = self._size(wall, "area_side"), self._size(wall, "length")
        if side is not None and own is not None:
            sizes: Factors = (side.times(exactly(outside.value / max(own.value, 1e-9))) if outside else side,)
        else:
            height = self._height(wall, line)
            if height is None:
                return None
            if outside:
                line.doubts[_SLABS] = None
            sizes = (outside or long, height)
        if measure != "volume":
            return sizes
        thick = self._size(wall, "thickness")
        return (*sizes, thick) if thick else None

    def _of_room(self, room: Element, measure: str, line: Line) -> Factors | None:
        if measure in ("area", "volume"):
            size = self._size(room, "area")
        else:
            size = self._size(room, "perimeter")
            run = self._length(self._around.along_walls(room)) if self._around else None
            size = run if size and run and run.value < _WHOLLY * size.value else size
        if size is None or measure not in _NEEDS_HEIGHT:
            return (size,) if size else None
        if is_uneven(room):
            line.lacking = line.lacking or f"{room.traits.get('name', room.id)}: {UNEVEN}"
            return None
        height = self._height(room, line)
        return (size, height) if height else None

    def _height(self, element: Element, line: Line) -> Amount | None:
        own = self._size(element, "height")
        if own is None and self._height_m is None:
            line.lacking = line.lacking or _NO_HEIGHT
            return None
        return own or exactly(self._height_m[0] if self._height_m else 0.0)

    def _gaps(self, element: Element, item: Item, line: Line, share: float) -> list[Gap]:
        """The openings in a wall, or of a room, in the unit of the measure; of a part of a wall those on its side."""
        measure = item.measure
        if measure in ("count", "area") or self._around is None or element.kind not in ("wall", "room"):
            return []
        openings = (self._around.in_wall if element.kind == "wall" else self._around.at_room).get(element.id, [])
        if share < 1 or measure == "outside":
            wanted = item.where.get("side", ("outer", ""))
            openings = [one for one in openings if self._around.side(one) in wanted]
        gaps = []
        for opening in openings:
            if measure in _LONG and opening.kind == "window":
                continue  # a wall runs on under it, and so does its skirting
            sizes = self._area(opening)
            if sizes is not None and measure in _LONG:
                sizes = sizes[:1]
            elif sizes is not None and measure == "volume":
                thick = self._size(element, "thickness") if element.kind == "wall" else None
                sizes = (*sizes, thick) if thick else None
            if sizes is None:
                line.lacking = line.lacking or f"{self._name}: {opening.kind} {opening.id} has no size"
            else:
                gaps.append(Gap(opening.id, element.id, sizes))
        return gaps

    def _area(self, opening: Element) -> Factors | None:
        """An opening's width and height: as drawn or written, else as high as such openings usually are."""
        width, height = self._size(opening, "width"), self._size(opening, "height")
        if width is None:
            return None
        if height is None:
            height = self._rules.height_m[opening.kind]
            clear_m = self._height_m[0] if self._height_m else height.high
            height = Amount(*(min(one, clear_m) for one in height))
            self._guessed.add(opening.id)
        return width, height

    def _length(self, units: float) -> Amount:
        """A length in sheet units, in metres."""
        value = units * (self._m_per_unit or 0.0)
        return about(value, LINE_M + (ESTIMATED * value if self._is_estimated else 0.0))

    def _size(self, element: Element, name: str) -> Amount | None:
        """In metres (an area in square metres): as stated, else as drawn."""
        stated = element.stated.get(f"{name}_m")
        if stated is not None and name in ("width", "height"):
            return exactly(stated)
        drawn = element.sizes.get(name)
        if drawn is None or self._m_per_unit is None:
            return None
        power = 2 if name.startswith("area") else 1
        value = drawn * self._m_per_unit**power
        slack = LINE_M * (2 * value**0.5 if power == 2 else 1)
        return about(value, slack + (power * ESTIMATED * value if self._is_estimated else 0.0))
