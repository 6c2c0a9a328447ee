"""Dimension strings against the lines under them: what a sheet unit is in metres by what the drawing itself says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planroom.records import Dimension, Floats, Linework, Scale, Text
from planroom.sheet.spans import Span, find_spans
from planroom.units import parse_lengths, written_step_m

_AGREE = 0.015
_LEAST_DIMENSIONS = 3
_USUAL_M = 2.5
_OFF = 0.004  # of its length, that a dimension may differ from its line, where the others hardly do
_OFF_HEIGHTS = 0.08  # of the text's height, by which ends are drawn beside where they belong
_SPREADS = 4.0
_MOST_READ = 0.999  # what is read off pixels is never quite sure


@dataclass(frozen=True, slots=True)
class Measure:
    """Metres in a sheet unit as one kind of evidence gives it, and how many pieces of evidence agree."""

    m_per_unit: float
    agree: int
    of: int


class Lettered(NamedTuple):
    """A text that may be a dimension: the lengths that it can mean, in metres, and the spans that it can stand for."""

    text: Text
    values: list[float]
    spans: list[Span]


def find_lettered(linework: Linework, texts: list[Text]) -> list[Lettered]:
    """The texts that say a length, with what each may measure."""
    said = [(text, [v for v in parse_lengths(text.string) if v > 0]) for text in texts]
    said = [(text, values) for text, values in said if values and _is_length(text.string)]
    spans = find_spans(linework, [text for text, _ in said])
    return [Lettered(text, values, own) for (text, values), own in zip(said, spans, strict=True)]


def measure_dimensions(lettered: list[Lettered], hints: list[float], *, imperial: bool = False) -> Measure | None:
    """What dimension strings give: each text's value over the length between the ticks that it stands between.

    hints: metres per unit that other evidence gives; a bare number ("1280") may be mm, cm or m, and agreement decides.
    imperial: whether the sheet writes feet and inches, so that a bare number on it is a mark.
    """
    told = _dimensions_of(lettered, imperial=imperial)
    logs: list[tuple[float, float]] = []
    owner: list[int] = []
    for i, one in enumerate(told):
        for span in one.spans:
            for value in one.values:
                logs.append((float(np.log(value / span.length)), float(np.log(value))))
                owner.append(i)
    if not logs:
        return None
    pairs, of = np.array(logs), np.array(owner)
    order = np.argsort(pairs[:, 0])
    x, value_log, of = pairs[order, 0], pairs[order, 1], of[order]
    stop = np.searchsorted(x, x + _AGREE)
    k = _peak(x, value_log, _owners_ahead(of, stop), stop, hints)
    agree = len(np.unique(of[k : stop[k]]))
    dimensioned = sum(bool(one.spans) for one in told)
    if agree < _LEAST_DIMENSIONS or agree < 0.35 * dimensioned:
        return None
    value = np.exp(value_log[k : stop[k]])
    span = value / np.exp(x[k : stop[k]])  # the longer, the less its ends' places matter
    return Measure(float((value * span).sum() / (span * span).sum()), agree, dimensioned)


def read_dimensions(
    lettered: list[Lettered], scale: Scale | None, viewports: list[dict[str, Any]], *, imperial: bool
) -> list[Dimension]:
    """The dimension strings of a sheet, each with its line, held against what most of its drawing agree on.

    A text counts whose line agrees with it, or bears the marks of one. Drawings of other scales than the sheet's are
    asked each by itself; where dimensions are too few to agree on a scale there are none.
    """
    known = scale.rough_m_per_unit if scale else None
    own = [view for view in viewports if known and view["m_per_unit"] and abs(view["m_per_unit"] / known - 1) > _AGREE]
    rest = _dimensions_of(lettered, imperial=imperial)
    found: list[Dimension] = []
    for view in own:
        x0, y0, x1, y1 = view["box"]
        held = [x0 <= one.text.x <= x1 and y0 <= one.text.y <= y1 for one in rest]
        found.extend(_held_against(list(compress(rest, held)), [view["m_per_unit"]]))
        rest = [one for one, is_held in zip(rest, held, strict=True) if not is_held]
    found.extend(_held_against(rest, [known] if known else []))
    for number, one in enumerate(found, start=1):
        one.id = f"dimension-{number}"
    return found


def _held_against(lettered: list[Lettered], hints: list[float]) -> Iterator[Dimension]:
    """Each dimension with the line that fits it best, by the scale that the most of them agree on."""
    measure = measure_dimensions(lettered, hints)
    if measure is None:
        return
    m_per_unit, spread = _settled(lettered, measure.m_per_unit)
    for text, values, spans in lettered:
        pairs = [(value, span) for span in spans for value in values]
        fitting = [
            (value, span)
            for value, span in pairs
            if _off_m(value, span, m_per_unit) <= _allowed_m(text, value, m_per_unit, spread)
        ]
        marked = [pair for pair in pairs if pair[1].is_marked]
        if fitting:
            value, span = min(fitting, key=lambda pair: (not pair[1].is_marked, _off_m(pair[0], pair[1], m_per_unit)))
        elif marked:  # no mark stands within the shortest; a bare number is in the unit that comes nearest
            value, span = min(
                marked, key=lambda pair: (pair[1].length, abs(np.log(pair[0] / pair[1].length / m_per_unit)))
            )
        else:
            continue
        score = text.score if text.source != "ocr" else min(text.score, _MOST_READ)
        length_m = span.length * m_per_unit
        yield Dimension("", text.string, value, length_m, bool(fitting), span.ends, text.box, span.is_marked, score)


def _off_m(value_m: float, span: Span, m_per_unit: float) -> float:
    return abs(value_m - span.length * m_per_unit)


def _allowed_m(text: Text, value_m: float, m_per_unit: float, spread: float) -> float:
    """What a dimension may be off its line: by rounding, by how exactly lines end, and by how well the others agree."""
    share = min(max(_OFF, _SPREADS * spread), _AGREE)
    return share * value_m + written_step_m(text.string, value_m) / 2 + _OFF_HEIGHTS * text.height * m_per_unit


def _settled(lettered: list[Lettered], m_per_unit: float) -> tuple[float, float]:
    """The median of what the dimensions that agree on about `m_per_unit` give, the long ones above all, and how far
    they usually lie from it, as a share.
    """
    near = [
        (value / span.length, span.length)
        for _, values, spans in lettered
        for span in spans
        for value in values
        if abs(value / span.length / m_per_unit - 1) < _AGREE
    ]
    ratio, length = np.array(sorted(near)).T
    weight = np.cumsum(np.sqrt(length))  # the longer, the more exact, but one overall dimension may be wrong itself
    settled = float(ratio[np.searchsorted(weight, weight[-1] / 2)])
    return settled, float(np.median(np.abs(ratio / settled - 1)))


def _peak(x: Floats, value_log: Floats, votes: Floats, stop: NDArray[np.int64], hints: list[float]) -> int:
    """Where the window begins that most dimensions agree in.

    Bare numbers agree as well in millimetres as in centimetres: then what they come to should be as long as dimensions
    are, and a hint outweighs a factor of some five in that, not of ten.
    """
    hinted = votes.copy()
    for hint in hints:
        hinted += 0.5 * (np.abs(x + _AGREE / 2 - np.log(hint)) < _AGREE)
    best = int(np.argmax(hinted))
    found, cost = best, np.inf
    for unit in np.log([1e-3, 1e-2, 0.1, 1, 10, 100, 1e3]):
        near = np.flatnonzero(np.abs(x - x[best] - unit) < _AGREE)
        if len(near) == 0:
            continue
        k = int(near[np.argmax(hinted[near])])
        if votes[k] < 0.8 * votes[best]:
            continue
        named = any(abs(np.median(x[k : stop[k]]) - np.log(hint)) < _AGREE for hint in hints)
        unlikely = abs(float(np.median(value_log[k : stop[k]])) - np.log(_USUAL_M)) - (np.log(5.5) if named else 0)
        if unlikely < cost - 1e-9:
            cost, found = unlikely, k
    return found


def _is_length(string: str) -> bool:
    """Whether a number may be a dimension: "7" and "07" are marks."""
    digits = string.strip()
    return not digits.isdigit() or (len(digits) > 1 and digits[0] != "0")


def _dimensions_of(lettered: list[Lettered], *, imperial: bool) -> list[Lettered]:
    """Those that may be dimensions: among feet and inches all bare numbers are marks."""
    return [one for one in lettered if not (imperial and one.text.string.strip().isdigit())]


def _owners_ahead(of: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
    """How many different owners (N,) stand in each window of[i:stop[i]]; stop never falls."""
    inside: Counter[int] = Counter()
    votes = np.zeros(len(of))
    reach = 0
    for i, (owner, end) in enumerate(zip(of.tolist(), stop.tolist(), strict=True)):
        inside.update(of[reach:end].tolist())
        reach = end
        votes[i] = len(inside)
        inside[owner] -= 1
        if not inside[owner]:
            del inside[owner]
    return votes


def is_imperial(texts: list[Text]) -> bool:
    """Whether the sheet is written in feet and inches."""
    feet = sum("'" in t.string and bool(parse_lengths(t.string)) for t in texts)
    metric = sum("'" not in t.string and bool(parse_lengths(t.string)) and len(t.string) > 2 for t in texts)
    return feet > 2 and feet > 0.3 * metric
