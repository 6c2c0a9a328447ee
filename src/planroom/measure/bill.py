"""The bill of quantities: what each thing that was found gives in work, gross, net and as its trade's rules measure it.

A line adds up what stands on the sheets that count; where one of them cannot tell its part, for want of a scale, of a
height or of closed rooms, the line is withheld.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

from planroom.measure.heights import heights_of
from planroom.measure.rules import RuleSet, read_rules
from planroom.measure.template import Item, Template, read_template
from planroom.measure.work import Line, SheetWork
from planroom.records import Bill, BillLine, Sheet, State
from planroom.units import UnitSystem

_UNITS: Final = {
    "count": "pcs", "length": "m", "perimeter": "m", "area": "m2", "surface": "m2", "outside": "m2", "volume": "m3",
}  # fmt: skip


def find_tables(rules: str, template: str, units: UnitSystem) -> tuple[RuleSet, Template]:
    """The rules and the template asked for, by file or shipped name ("" for the usual ones). Raises BadTable."""
    found = read_rules(rules or {"metric": "vob-c", "imperial": "us-net"}[units])
    return found, read_template(template or "house", found)


def make_bill(
    sheets: list[Sheet],
    groups: list[dict[str, Any]],
    template: Template,
    rules: RuleSet,
    height_m: float | None = None,
    units: UnitSystem = "metric",
) -> Bill:
    """The bill of the sheets that count. height_m: clear height in metres where no drawing tells one."""
    doubts = {group["counts"]: group["note"] if group.get("doubt") else "" for group in groups if group["counts"]}
    heights = heights_of(sheets, height_m)
    counting = [sheet for sheet in sheets if sheet.id in doubts]
    works = [SheetWork(sheet, heights.get(sheet.id), rules, units, doubts[sheet.id]) for sheet in counting]
    bill = Bill(template.name, f"{rules.name} {rules.edition}".strip())
    sections = list(dict.fromkeys(item.section for item in template.items))
    places: dict[str, int] = defaultdict(int)
    for item in template.items:
        lines: dict[tuple[str, ...], Line] = defaultdict(Line)
        for work in works:
            work.add(item, lines)
        lacking = next(filter(None, (work.lacking(item) for work in works)), "")
        if lacking and not lines:
            lines[("",) * len(item.by)].lacking = lacking
        for labels, line in sorted(lines.items(), key=lambda pair: [_natural(label) for label in pair[0]]):
            places[item.section] += 10
            number = f"{sections.index(item.section) + 1:02d}.{places[item.section]:04d}"
            line.lacking = lacking or line.lacking
            bill.lines.append(_line(item, labels, number, line, rules))
    return bill


def _natural(label: str) -> list[tuple[float, str]]:
    """A label so that 110 mm comes before 1000 mm, and 4 3/8 in before 14 1/8 in."""
    parts = re.findall(r"(\d+(?:\.\d+)?)|(\D+)", label)
    return [(float(number), "") if number else (-1.0, words) for number, words in parts]


def _line(item: Item, labels: tuple[str, ...], number: str, line: Line, rules: RuleSet) -> BillLine:
    doubts = line.reasons()
    state: State = "withheld" if line.lacking else "estimated" if doubts else "measured"
    title = item.title
    for by, label in zip(item.by, labels, strict=True):
        title = title.replace(f"{{{by}}}", label)
    title = ", ".join(part for part in (part.strip() for part in title.split(",")) if part)
    billed = BillLine(
        id="-".join(("bill:" + item.key, *labels)).replace(" ", "-"),
        number=number,
        section=item.section,
        title=title,
        unit=_UNITS[item.measure],
        state=state,
        trade=item.trade,
        rule=rules.trades[item.trade].source,
        sources=line.sources,
        reason=line.lacking or "; ".join(doubts) or None,
        codes=dict(item.codes),
    )
    if not line.lacking:
        billed.gross, billed.net, billed.ruled = line.gross, line.net, line.ruled
        billed.deductions, billed.factors = line.deductions, line.factors
    return billed
