"""The bill of quantities: what each thing that was found gives in work, gross, net and as its trade's rules measure it.

A template (TOML) says what is billed: every assembly takes one kind of element, each of its items makes lines of it. A
line adds up what stands on the sheets that count; where one of them tells no scale or no height that it needs, the line
is withheld.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from planroom.amounts import NOTHING, Amount, about, exactly
from planroom.errors import BadTable
from planroom.measure.rules import Gap, RuleSet, net, read_rules, read_table
from planroom.measure.surroundings import OPENINGS, Surroundings
from planroom.measure.takeoff import ESTIMATED, LINE_M, UNEVEN, heights_of, is_uneven, thickness_text, thicknesses
from planroom.records import Bill, BillLine, Deduction, Element, Sheet, State
from planroom.units import INCH_M, UnitSystem

SHIPPED: Final = ("house",)
_MEASURES: Final = {
    "wall": {"count", "length", "surface", "volume"},
    "room": {"count", "area", "perimeter", "surface", "volume"},
} | {kind: {"count", "area"} for kind in OPENINGS}
_UNITS: Final = {"count": "pcs", "length": "m", "perimeter": "m", "area": "m2", "surface": "m2", "volume": "m3"}
_SIZES: Final = {
    ("wall", "length"): "length",
    ("wall", "surface"): "length",
    ("wall", "volume"): "length",
    ("room", "area"): "area",
    ("room", "perimeter"): "perimeter",
    ("room", "surface"): "perimeter",
    ("room", "volume"): "area",
}
_NEEDS_HEIGHT: Final = {"surface", "volume"}
_WHERE: Final = {"side", "use", "subtype"}
_BY: Final = {"thickness", "width", "subtype", "use"}
_CODES: Final = ("din276", "uniformat", "masterformat")
_ITEM: Final = {"key", "section", "title", "measure", "trade", "by", *_CODES}
_WIDTH_M: Final = {"metric": 0.005, "imperial": INCH_M / 2}  # widths are told apart by so much


class Item(NamedTuple):
    """What one kind of element gives: a line for each of `by`."""

    key: str
    section: str
    title: str
    of: str
    where: Mapping[str, str]
    by: tuple[str, ...]
    measure: str
    trade: str
    codes: Mapping[str, str]


class Template(NamedTuple):
    """What a bill lists, in its order."""

    name: str
    items: tuple[Item, ...]


@dataclass(slots=True)
class _Sum:
    """A line while it is added up. lacking: why a sheet cannot tell its part."""

    sources: list[str] = field(default_factory=list)
    gross: Amount = NOTHING
    net: Amount = NOTHING
    ruled: Amount = NOTHING
    deductions: list[Deduction] = field(default_factory=list)
    doubts: dict[str, None] = field(default_factory=dict)
    lacking: str = ""


def find_tables(rules: str, template: str, units: UnitSystem) -> tuple[RuleSet, Template]:
    """The rules and the template asked for, by file or shipped name ("" for the usual ones). Raises BadTable."""
    found = read_rules(rules or {"metric": "vob-c", "imperial": "us-net"}[units])
    return found, read_template(template or "house", found)


def read_template(named: str, rules: RuleSet) -> Template:
    """The template of a file, or one that comes with planroom by its name. Raises BadTable with the place in it."""
    table = read_table(named, SHIPPED)
    assemblies = table.get("assembly")
    if not isinstance(assemblies, list) or not assemblies:
        raise BadTable("needs an [[assembly]] for each kind of element", place=named)
    items = [item for k, one in enumerate(assemblies) for item in _items(one, rules, f"{named} assembly {k + 1}")]
    keys = [item.key for item in items]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise BadTable(f"two items have the key {twice!r}", place=named)
    return Template(str(table.get("name", named)), tuple(items))


def _items(assembly: dict[str, Any], rules: RuleSet, where: str) -> Iterable[Item]:
    of, wanted = assembly.get("of"), assembly.get("where", {})
    if of not in _MEASURES:
        raise BadTable(f"of = {of!r}, not one of {', '.join(_MEASURES)}", place=where)
    if not isinstance(wanted, dict) or set(wanted) - _WHERE:
        raise BadTable(f"where knows {', '.join(sorted(_WHERE))} only", place=where)
    for k, item in enumerate(assembly.get("item", [])):
        place = f"{where} item {k + 1}"
        lacking = {"key", "section", "title", "measure", "trade"} - set(item)
        if lacking or set(item) - _ITEM:
            raise BadTable(
                f"lacks {sorted(lacking)}" if lacking else f"unknown {sorted(set(item) - _ITEM)}", place=place
            )
        by = tuple(word.strip() for word in str(item.get("by", "")).split(",") if word.strip())
        for value, known in ((item["measure"], _MEASURES[of]), (item["trade"], rules.trades), *((b, _BY) for b in by)):
            if value not in known:
                raise BadTable(f"{value!r} is none of {', '.join(sorted(known))}", place=place)
        yield Item(
            str(item["key"]), str(item["section"]), str(item["title"]), str(of), wanted, by, item["measure"],
            item["trade"], {code: str(item.get(code, "")) for code in _CODES},
        )  # fmt: skip


def make_bill(
    sheets: list[Sheet],
    groups: list[dict[str, Any]],
    template: Template,
    rules: RuleSet,
    height_m: float | None = None,
    units: UnitSystem = "metric",
) -> Bill:
    """The bill of the sheets that count. height_m: clear height in metres where no drawing tells one."""
    counting = {group["counts"] for group in groups if group["counts"]}
    heights = heights_of(sheets, height_m)
    billers = [_Biller(s, heights.get(s.id), rules, units) for s in sheets if s.id in counting]
    bill = Bill(template.name, f"{rules.name} {rules.edition}".strip())
    sections = list(dict.fromkeys(item.section for item in template.items))
    places: dict[str, int] = defaultdict(int)
    for item in template.items:
        sums: dict[tuple[str, ...], _Sum] = defaultdict(_Sum)
        for biller in billers:
            biller.add(item, sums)
        for labels, total in sorted(sums.items()):
            places[item.section] += 10
            number = f"{sections.index(item.section) + 1:02d}.{places[item.section]:04d}"
            bill.lines.append(_line(item, labels, number, total, rules))
    return bill


def _line(item: Item, labels: tuple[str, ...], number: str, total: _Sum, rules: RuleSet) -> BillLine:
    state: State = "withheld" if total.lacking else "estimated" if total.doubts else "measured"
    title = item.title
    for by, label in zip(item.by, labels, strict=True):
        title = title.replace(f"{{{by}}}", label)
    title = ", ".join(part for part in (part.strip() for part in title.split(",")) if part)
    line = BillLine(
        id="-".join(("bill:" + item.key, *labels)).replace(" ", "-"),
        number=number,
        section=item.section,
        title=title,
        unit=_UNITS[item.measure],
        state=state,
        trade=item.trade,
        rule=rules.trades[item.trade].source,
        sources=total.sources,
        reason=total.lacking or "; ".join(total.doubts) or None,
        codes=dict(item.codes),
    )
    if not total.lacking:
        line.gross, line.net, line.ruled = total.gross, total.net, total.ruled
        line.deductions = total.deductions
    return line


class _Biller:
    """Tells what one sheet adds to each line."""

    def __init__(self, sheet: Sheet, height: tuple[float, str] | None, rules: RuleSet, units: UnitSystem):
        self.rules, self.units, self.height = rules, units, height
        self.sheet = sheet
        scale = sheet.scale
        self.m_per_unit = scale.m_per_unit if scale else None
        self.no_scale = "" if self.m_per_unit else (scale.evidence if scale else "the sheet shows no scale")
        self.is_estimated = scale is not None and scale.state == "estimated"
        self.around = Surroundings(sheet) if self.m_per_unit else None
        self.guessed: set[str] = set()  # openings whose height is only what such ones usually have
        walls = [e for e in sheet.elements if e.kind == "wall"]
        self.mm = {wall.id: mm for wall, mm in zip(walls, thicknesses(walls, self.m_per_unit), strict=True)}

    def add(self, item: Item, sums: dict[tuple[str, ...], _Sum]) -> None:
        """Add to the item's lines what stands on the sheet."""
        for element in self.sheet.elements:
            share = self._share(element, item.where)
            if element.kind != item.of or element.status == "demolished" or share == 0:
                continue
            total = sums[tuple(self._label(element, by) for by in item.by)]
            total.sources.append(element.id)
            self._measure(element, item, total, share)

    def _share(self, element: Element, where: Mapping[str, str]) -> float:
        """How much of an element is what a line is about: a wall may be an inner and an outer one in turn."""
        share = 1.0
        for trait, wanted in where.items():
            if trait == "side":
                share *= (self.around.sides(element) if self.around else {"": 1.0}).get(wanted, 0.0)
            elif element.traits.get(trait, "") != wanted:
                return 0.0
        return share

    def _label(self, element: Element, by: str) -> str:
        if by == "thickness":
            mm = self.mm.get(element.id)
            return "thickness not known" if mm is None else thickness_text(mm, self.units)
        if by == "width":
            width = self._size(element, "width")
            if width is None:
                return "width not known"
            step = _WIDTH_M[self.units]
            in_step = round(width.value / step) * step
            return f"{in_step:.3f} m" if self.units == "metric" else f"{in_step / INCH_M:g} in"
        return element.traits.get(by, "")

    def _measure(self, element: Element, item: Item, total: _Sum, share: float) -> None:
        gross = self._gross(element, item.measure, total)
        if gross is None:
            return
        gross = gross.times(exactly(share))
        gaps = self._gaps(element, item, total, share)
        measure = "length" if item.measure == "perimeter" else item.measure
        ruled, deductions = self.rules.deduct(item.trade, measure, gross, gaps)
        if self.is_estimated and item.measure != "count":
            total.doubts[f"the scale of {self.sheet.number or self.sheet.name} is estimated"] = None
        unsure = [one for one in deductions if one.deducted is not False]
        if item.measure != "count" and self.guessed & {element.id, *(one.element for one in unsure)}:
            total.doubts["the heights of openings are not known"] = None
        elif any(one.deducted is None for one in unsure):
            total.doubts["some openings are about as large as what is measured over"] = None
        total.gross, total.net = total.gross.more(gross), total.net.more(net(gross, gaps))
        total.ruled = total.ruled.more(ruled)
        total.deductions += deductions

    def _gross(self, element: Element, measure: str, total: _Sum) -> Amount | None:
        """What the element gives; None where that cannot be told, with the reason in `total`."""
        if measure == "count":
            low, high = self.sheet.ranges.get(element.kind, (0, 0))
            if low < high:
                total.doubts[f"seen on a scan: {low} to {high} {element.kind}s in all"] = None
            return exactly(1)
        if self.m_per_unit is None:
            total.lacking = total.lacking or self.no_scale
            return None
        if element.kind in OPENINGS:
            return self._area(element, total)
        if element.kind == "room" and measure in _NEEDS_HEIGHT and is_uneven(element):
            total.lacking = total.lacking or f"{element.traits.get('name', element.id)}: {UNEVEN}"
            return None
        face = self._size(element, "area_side") if measure in _NEEDS_HEIGHT else None  # a model tells it, gables too
        size = face or self._size(element, _SIZES[element.kind, measure])
        height = self._height(element) if measure in _NEEDS_HEIGHT and face is None else exactly(1)
        if size is None or height is None:
            total.lacking = total.lacking or (
                "no height is known: give --height, or a section" if height is None else f"{element.id} has no geometry"
            )
            return None
        thick = self._size(element, "thickness") if (element.kind, measure) == ("wall", "volume") else exactly(1)
        if thick is None:
            total.lacking = total.lacking or f"{element.id} has no thickness"
            return None
        return size.times(height).times(thick)

    def _height(self, element: Element) -> Amount | None:
        own = self._size(element, "height")
        return own or (exactly(self.height[0]) if self.height else None)

    def _gaps(self, element: Element, item: Item, total: _Sum, share: float) -> list[Gap]:
        """The openings in a wall, or of a room, in the unit of the measure; of a part of a wall those on its side."""
        measure = item.measure
        if measure in ("count", "area") or self.around is None or element.kind not in ("wall", "room"):
            return []
        openings = (self.around.in_wall if element.kind == "wall" else self.around.at_room).get(element.id, [])
        if share < 1:
            openings = [one for one in openings if self.around.side(one) == item.where["side"]]
        gaps = []
        for opening in openings:
            if measure in ("length", "perimeter"):
                width = self._size(opening, "width")
                goes_to_floor = measure == "length" or opening.kind != "window"
                if width is not None and goes_to_floor:
                    gaps.append(Gap(opening.id, width))
                continue
            size = self._area(opening, total)
            if size is not None and measure == "volume":
                thick = self._size(element, "thickness") if element.kind == "wall" else None
                size = size.times(thick) if thick else None
            if size is not None:
                gaps.append(Gap(opening.id, size))
        return gaps

    def _area(self, opening: Element, total: _Sum) -> Amount | None:
        """An opening's area, its height as drawn or written, else what such openings usually have."""
        width, height = self._size(opening, "width"), self._size(opening, "height")
        if width is None:
            total.lacking = total.lacking or f"{opening.id} has no width"
            return None
        if height is None:
            height = self.rules.height_m[opening.kind]
            if self.height and height.high > self.height[0]:
                height = Amount(min(height.value, self.height[0]), min(height.low, self.height[0]), self.height[0])
            self.guessed.add(opening.id)
        return width.times(height)

    def _size(self, element: Element, name: str) -> Amount | None:
        """In metres (an area in square metres): as stated, else as drawn."""
        stated = element.stated.get(f"{name}_m")
        if stated is not None and name in ("width", "height"):
            return exactly(stated)
        drawn = element.sizes.get(name)
        if drawn is None or self.m_per_unit is None:
            return None
        power = 2 if name.startswith("area") else 1
        value = drawn * self.m_per_unit**power
        slack = LINE_M * (2 * value**0.5 if power == 2 else 1)
        return about(value, slack + (power * ESTIMATED * value if self.is_estimated else 0.0))
