"""Graphic scale bars: numbers from 0 upwards in one row with a unit, and the drawn bar that their ticks belong to.

Numbers say roughly where a tick is; where the bar's lines are at hand, their ends say it exactly.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from planroom.records import Floats, Linework, Text
from planroom.sheet.notes import Axis, Note
from planroom.sheet.ticks import find_ticks, fit_ticks, is_spanned, with_edges
from planroom.units import FOOT_M

UNITS_M = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254, "ft": FOOT_M}
_SPELT = {"'": "ft", "feet": "ft", "foot": "ft", '"': "in", "inch": "in", "inches": "in"}
_SPELT |= dict.fromkeys(("meter", "meters", "metre", "metres", "mètre", "mètres", "metri", "metros", "metrai"), "m")
_UNIT = r"(?:ft\.?|feet|foot|mm|cm|m[eè]t(?:er|re|ri|ro)s?|m|in\.|inch(?:es)?|'|\")"
_TOKEN = re.compile(rf"\s*(\d+(?:[.,]\d+)?)\s*({_UNIT})?(?![A-Za-zà-ÿ])\s*", re.IGNORECASE)
_LEAST_NUMBERS = 3
Box = tuple[float, float, float, float]


class Bar(NamedTuple):
    """One graphic bar: metres in a sheet unit, how many numbers it rests on, its box, whether its lines were found.

    axis: what it measures where a profile has two bars. is_doubtful: whether its feet may be inches misread.
    """

    m_per_unit: float
    numbers: int
    box: Box
    is_drawn: bool
    axis: Axis = ""
    is_doubtful: bool = False


class _Number(NamedTuple):
    """One number beside a bar. is_firm: whether its place is its own, not guessed from a longer run."""

    x: float
    y: float
    value: float
    unit: str
    height: float
    is_firm: bool


def find_bars(linework: Linework, texts: list[Text], notes: list[Note], *, imperial: bool | None = None) -> list[Bar]:
    """The graphic bars of a sheet. `imperial`: the sheet's system where bars do not say theirs; None leaves those out.

    texts: joined runs or raw ones, all in sheet units.
    """
    numbers = [n for t in texts if min(t.angle % 360, -t.angle % 360) < 3 for n in _numbers(t)]
    bars: list[Bar] = []
    if not numbers:
        return bars
    segments = with_edges(linework)
    for row in _rows(numbers):
        zeros = [n for n in row if n.value == 0]
        starts: list[_Number | None] = [*zeros] or [None]
        for start in starts:
            bar = _bar(row, start, segments, texts, notes, imperial)
            if bar and not any(_overlap(bar.box, b.box) and b.numbers >= bar.numbers for b in bars):
                bars = [b for b in bars if not _overlap(bar.box, b.box)] + [bar]
    return bars if "in" not in {n.unit for n in numbers} else [b for b in bars if not b.is_doubtful]


def _numbers(text: Text) -> list[_Number]:
    """The numbers that a run is made of; none where it holds anything else."""
    string = re.sub(r"[oO](?![A-Za-z])", "0", text.string.replace("’", "'").replace("”", '"').strip())
    if not any(c.isdigit() for c in string) or len(string) > 40:
        return []
    parts: list[tuple[int, int, str, str]] = []
    at = 0
    while at < len(string):
        match = _TOKEN.match(string, at)
        if not match:
            return []
        start, end = match.span(1)
        if match[1][0] == "0" and match[1].isdigit() and end - start > 1:
            parts += [(start, start + 1, "0", ""), (start + 1, end, match[1][1:], match[2] or "")]  # "0 1" read as "01"
        else:
            parts.append((start, end, match[1], match[2] or ""))
        at = match.end()
    x0, _, x1, _ = text.box
    digit = min(0.85 * text.height, (x1 - x0) / len(string))
    found = []
    for i, (start, end, digits, unit) in enumerate(parts):
        half = (end - start) * digit / 2
        firm = i == 0
        if len(parts) == 1:
            x = text.x
        elif i == 0:
            x = x0 + half
        elif i == len(parts) - 1:
            x = x1 - half - len(unit) * digit
        else:
            x = x0 + (start + end) / 2 / len(string) * (x1 - x0)
        spelt = unit.lower().rstrip(".")
        number = float(digits.replace(",", "."))
        found.append(_Number(x, text.y, number, _SPELT.get(spelt, spelt), max(text.height, 1e-6), firm))
    return found


def _rows(numbers: list[_Number]) -> list[list[_Number]]:
    """Numbers of one size in one line, from left to right."""
    rows: list[list[_Number]] = []
    for number in sorted(numbers, key=lambda n: -n.y):
        for row in rows:
            if abs(row[0].y - number.y) < 0.7 * number.height and 0.5 < row[0].height / number.height < 2:
                row.append(number)
                break
        else:
            rows.append([number])
    return [sorted(row) for row in rows if len(row) >= 2]


def _bar(
    row: list[_Number],
    zero: _Number | None,
    segments: Floats,
    texts: list[Text],
    notes: list[Note],
    imperial: bool | None,
) -> Bar | None:
    """The bar whose numbers in `row` begin with `zero`; without one, the drawn bar has to begin where 0 would be."""
    run = _even_run(row, zero)
    if run is None:
        return None
    x0, slope, members = run
    height = sorted(n.height for n in members)[len(members) // 2]
    values = np.array(sorted({0.0, *(n.value for n in members)}))
    ticks = find_ticks(segments, x0, slope * values[-1], members[0].y, height)
    fit = fit_ticks(ticks, x0, slope, values, height)
    stated = _stated_units(members)
    least = _LEAST_NUMBERS + (len(segments) > 0)
    firm = sum(n.is_firm for n in members)
    if len(stated) > 1 or (fit is None and (zero is None or firm < least)):
        return None
    if len(members) < _LEAST_NUMBERS and not stated:
        return None
    if fit:
        x0, slope = fit
    if (zero is None or len(members) < _LEAST_NUMBERS) and not is_spanned(
        segments, x0, x0 + slope * float(values[-1]), members[0].y, height
    ):
        return None
    y = members[0].y
    box = (x0, y - height, x0 + slope * float(values[-1]), y + height)
    caption = _caption(box, height, notes)
    unit = stated.pop() if stated else _unit_beside(box, height, texts, caption, imperial)
    if unit not in UNITS_M:
        return None
    doubtful = unit == "ft" and all(value % 3 == 0 or value == 1 for value in values)
    return Bar(UNITS_M[unit] / slope, len(members), box, fit is not None, caption.axis if caption else "", doubtful)


def _stated_units(members: list[_Number]) -> set[str]:
    """The units that a bar's numbers carry. Optical reading takes the mark of inches for that of feet."""
    units = {n.unit for n in members if n.unit}
    return {"in"} if units == {"in", "ft"} else units


def _even_run(row: list[_Number], zero: _Number | None) -> tuple[float, float, list[_Number]] | None:
    """Where 0 is, sheet units per number, and the numbers of `row` in one even scale from there to the right."""
    after = [n for n in row if n.value > 0 and (zero is None or n.x > zero.x)]
    if zero is not None:
        stop = next((i for i, n in enumerate(after) if i and n.value <= after[i - 1].value), len(after))
        after = after[:stop]
    best: tuple[float, float, list[_Number]] | None = None
    pairs = [(zero, n) for n in after] if zero else [(a, b) for a in after for b in after if b.value > a.value]
    for first, second in pairs:
        slope = (second.x - first.x) / (second.value - first.value)
        start = first.x - slope * first.value
        if slope <= 0:
            continue
        fits = [n for n in after if _is_at(n, start, slope, second)]
        last = max((n.x for n in fits), default=0.0)
        strangers = [n for n in after if n.is_firm and n.x < last and n not in fits]
        members = ([zero] if zero else []) + fits
        if not strangers and len(members) >= 2 and (best is None or len(members) >= len(best[2])):
            best = (start, slope, members)
    if best is None:
        return None
    start, slope, members = best
    if zero is None:
        steps = np.diff([n.value for n in members])  # even steps without a 0 may be anything, such as grid numbers
        known = any(n.unit for n in members) or (len(members) >= _LEAST_NUMBERS and np.ptp(steps) > 0)
        return best if known and 2 * slope * members[0].value > members[0].height else None
    firm = [n for n in members if n.is_firm and not n.unit] or members
    if len(firm) >= _LEAST_NUMBERS:
        slope, start = (float(v) for v in np.polyfit([n.value for n in firm], [n.x for n in firm], 1))
    return start, slope, members


def _is_at(number: _Number, start: float, slope: float, anchor: _Number) -> bool:
    off = abs(start + slope * number.value - number.x)
    wide = 0.5 * number.height * len(f"{number.value:g}{number.unit}") if number.unit or anchor.unit else 0.0
    return off < 0.45 * number.height + wide + (0.0 if number.is_firm else 1.5 * number.height)


def _caption(box: Box, height: float, notes: list[Note]) -> Note | None:
    """The scale note that stands under or over a bar."""
    near = [n for n in notes if _near(n.text, box, height) and not n.in_block]
    middle = (box[0] + box[2]) / 2
    return min(near, key=lambda n: abs(n.text.y - box[1]) + 0.3 * abs(n.text.x - middle), default=None)


def _near(text: Text, box: Box, height: float) -> bool:
    wide = box[2] - box[0]
    level = text.box[2] > box[0] - wide and text.box[0] < box[2] + 0.3 * wide
    return level and box[1] - 7 * height < text.y < box[3] + 7 * height


def _unit_beside(
    box: Box,
    height: float,
    texts: list[Text],
    caption: Note | None,
    imperial: bool | None,
) -> str:
    """The unit of a bar whose numbers have none: beside it, in its caption, or the sheet's."""
    for text in texts:
        if not _near(text, box, height) or len(text.string) > 40:
            continue
        for word in re.findall(r"[^\W\d_]+", text.string.lower()):
            spelt = str(_SPELT.get(word, word))
            if spelt in ("ft", "m", "mm", "cm") and (len(word) > 2 or abs(text.y - box[1] - height) < height):
                return spelt
    if caption is not None and caption.ratios:
        return "ft" if "'" in caption.text.string or "=" in caption.text.string else "m"
    return "" if imperial is None else "ft" if imperial else "m"


def _overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
