"""The scale of a sheet, with the evidence: printed ratios, dimension strings against their lines, graphic bars.

A printed ratio says what the drawing was made for; dimensions and bars are drawn with it and survive a resized print,
so they decide. Where they contradict each other nothing is measured: a withheld number beats a wrong one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from planroom.records import Floats, Linework, Page, Scale, Text
from planroom.sheet.text import plain, table
from planroom.units import FOOT_M, parse_lengths, parse_ratio

_AGREE = 0.015
_LEAST_DIMENSIONS = 3
_UNITS_M = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254, "ft": FOOT_M}


@dataclass(frozen=True, slots=True)
class Measure:
    """Metres in a sheet unit as one kind of evidence gives it, and how many pieces of evidence agree."""

    m_per_unit: float
    agree: int
    of: int


def find_scale(page: Page, texts: list[Text], door_m_per_unit: float | None) -> Scale | None:
    """The scale of `page` with its state and evidence; None where the sheet says nothing of a scale.

    texts: joined runs. door_m_per_unit: what the door swings suggest; it only picks among units, it is no evidence.
    """
    ratios = printed_ratios(texts)
    bar = measure_bar(texts)
    if page.unit_m is not None and page.paper_unit_m is None:
        return _model_scale(page, texts, ratios, door_m_per_unit)
    printed = ratios[0] * page.paper_unit_m if len(ratios) == 1 and page.paper_unit_m else None
    dimensions = measure_dimensions(page.linework, texts, [m for m in (printed, bar and bar.m_per_unit) if m])
    return _paper_scale(ratios, printed, dimensions, bar)


def printed_ratios(texts: list[Text]) -> list[float]:
    """The ratios that scale notes print, commonest first. A lone ratio elsewhere (a slope 1:20) does not count."""
    captions = set(table("words.json")["fields"]["scale"])
    votes: dict[float, int] = {}
    caption_at = [t for t in texts if plain(t.string).rstrip(":") in captions]
    for text in texts:
        ratio = parse_ratio(text.string)
        if ratio is None:
            continue
        words = plain(text.string)
        named = any(words.startswith(c) for c in captions) or "=" in words or words.startswith("m 1")
        beside = any(abs(text.x - c.x) < 12 * c.height and abs(text.y - c.y) < 10 * c.height for c in caption_at)
        if named or beside:
            votes[ratio] = votes.get(ratio, 0) + 1
    return sorted(votes, key=lambda r: -votes[r])


def measure_bar(texts: list[Text]) -> Measure | None:
    """What a graphic bar gives: numbers from 0 upwards in one row, evenly spaced, the last with its unit."""
    rows: dict[int, list[tuple[float, float, str]]] = {}
    for text in texts:
        parts = text.string.strip().replace(",", ".").split()
        if not 1 <= len(parts) <= 2 or not parts[0].rstrip("'mft").replace(".", "", 1).isdigit():
            continue
        unit = parts[1].lower().rstrip(".") if len(parts) == 2 else ""
        head = parts[0]
        if not unit and head[-1] in "'m":
            unit, head = ("ft" if head[-1] == "'" else "m"), head[:-1]
        rows.setdefault(round(text.y / max(text.height, 1e-6)), []).append((text.x, float(head.rstrip("mft'")), unit))
    best: Measure | None = None
    for y in list(rows):
        row = sorted(rows[y] + rows.get(y + 1, []))
        units = {unit for _, _, unit in row if unit in _UNITS_M}
        zero = next((i for i, (_, value, _) in enumerate(row) if value == 0), None)
        if zero is None or len(units) != 1:
            continue
        run = [row[zero]]
        for item in row[zero + 1 :]:
            if item[1] > run[-1][1]:
                run.append(item)
        if len(run) < 3:
            continue
        x, value = np.array([r[0] for r in run]), np.array([r[1] for r in run])
        # a text with its unit is wider, so its middle lies off the tick: the first numbers count
        slope = float(np.polyfit(value[:-1], x[:-1], 1)[0]) if len(run) > 3 else float((x[1] - x[0]) / value[1])
        off = np.abs(x[0] + slope * value - x)[:-1].max() / max(slope * value[-1], 1e-9)
        if slope > 0 and off < 0.02 and (best is None or len(run) > best.of):
            best = Measure(_UNITS_M[units.pop()] / slope, len(run), len(run))
    return best


def measure_dimensions(linework: Linework, texts: list[Text], hints: list[float]) -> Measure | None:
    """What dimension strings give: each text's value over the length between the ticks that it stands between.

    hints: metres per unit that other evidence gives; a bare number ("1280") may be mm, cm or m, and agreement decides.
    """
    candidates = [(t, values) for t in texts if (values := parse_lengths(t.string))]
    lengths = _between_ticks(linework, [t for t, _ in candidates])
    logs: list[float] = []
    owner: list[int] = []
    for i, ((_, values), spans) in enumerate(zip(candidates, lengths, strict=True)):
        for span in spans:
            for value in (v for v in values if v > 0):
                logs.append(float(np.log(value / span)))
                owner.append(i)
    if not logs:
        return None
    x, of = np.array(logs), np.array(owner)
    order = np.argsort(x)
    x, of = x[order], of[order]
    stop = np.searchsorted(x, x + _AGREE)
    votes = _owners_ahead(of, stop)
    for hint in hints:
        votes += 0.5 * (np.abs(x + _AGREE / 2 - np.log(hint)) < _AGREE)
    k = int(np.argmax(votes))
    agree = len(np.unique(of[k : stop[k]]))
    dimensioned = len({i for i, spans in enumerate(lengths) if spans})
    if agree < _LEAST_DIMENSIONS or agree < 0.35 * dimensioned:
        return None
    return Measure(float(np.exp(np.median(x[k : stop[k]]))), agree, dimensioned)


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


def _between_ticks(linework: Linework, texts: list[Text]) -> list[list[float]]:
    """For each text the lengths, in sheet units, that it may stand for: between marks on the lines under it."""
    segments = linework.segments_xyxy
    if len(segments) == 0 or not texts:
        return [[] for _ in texts]
    vector = segments[:, 2:] - segments[:, :2]
    length = np.hypot(vector[:, 0], vector[:, 1])
    tree = shapely.STRtree(shapely.linestrings(segments.reshape(-1, 2, 2)))
    found = []
    for text in texts:
        turn = np.radians(text.angle)
        u, n = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        at, half = np.array([text.x, text.y]), 0.4 * text.height * len(text.string)
        reach = half + 2.6 * text.height
        near = tree.query(shapely.Point(at).buffer(reach))
        spans = []
        for k in near.tolist():
            if length[k] < 2 * text.height and length[k] < 1e-9:
                continue
            if abs(vector[k] @ n) > 0.02 * length[k]:
                continue
            a, b = segments[k, :2] - at, segments[k, 2:] - at
            level, low, high = float(a @ n), *sorted((float(a @ u), float(b @ u)))
            clear = (half if abs(level) < 0.7 * text.height else 0.0) + 1.2 * text.height
            if abs(level) > 2.4 * text.height or low > clear or high < -clear:
                continue
            spans.extend(_spans(tree, segments, vector, length, at + n * level, u, low, high, text.height))
        found.append(sorted(set(np.round(spans, 4).tolist())))
    return found


def _spans(
    tree: shapely.STRtree,
    segments: Floats,
    vector: Floats,
    length: Floats,
    at: Floats,
    u: Floats,
    low: float,
    high: float,
    height: float,
) -> list[float]:
    """The gap round `at` between the marks that cross the line from `low` to `high`; a gap for the text joins on."""
    reach = max(high - low, 2.0) + 8 * height
    strip = shapely.LineString([at + u * (low - reach), at + u * (high + reach)])
    near = tree.query(strip, predicate="dwithin", distance=0.15 * height)
    slant = np.abs(vector[near] @ np.array([-u[1], u[0]])) > 0.3 * length[near]
    marks = near[slant & (length[near] > 0.2 * height)]
    n = np.array([-u[1], u[0]])
    a, b = segments[marks, :2] - at, segments[marks, 2:] - at
    da, db = a @ n, b @ n
    share = np.clip(np.where(np.abs(da - db) > 1e-9, da / np.where(da == db, 1, da - db), 0.5), 0, 1)
    position = np.sort((a + (b - a) * share[:, None]) @ u)
    left, right = position[position < -0.2 * height], position[position > 0.2 * height]
    if len(left) == 0 or len(right) == 0:
        return []
    # the text stands in the middle of what it measures
    best = [
        end - start
        for start in left[-4:].tolist()
        for end in right[:4].tolist()
        if abs(end + start) < 0.12 * (end - start) + 0.3 * height and end - start > height
    ]
    return best[:4]


def _paper_scale(
    ratios: list[float], printed: float | None, dimensions: Measure | None, bar: Measure | None
) -> Scale | None:
    ratio = ratios[0] if ratios else None
    note = f"printed 1:{ratio:g}" if ratio else "no scale printed"
    if len(ratios) > 1:
        note = "printed " + ", ".join(f"1:{r:g}" for r in ratios)
    if dimensions is None and bar is None:
        if printed is None:
            return None if ratio is None else Scale(ratio, None, "withheld", f"{note}: which one holds is not clear")
        return Scale(ratio, printed, "estimated", f"{note}; nothing drawn confirms it")
    drawn = dimensions or bar
    assert drawn is not None
    said = f"{dimensions.agree} of {dimensions.of} dimensions" if dimensions else "the graphic bar"
    if dimensions and bar and not _agree(dimensions.m_per_unit, bar.m_per_unit):
        return Scale(ratio, None, "withheld", f"{said} and the graphic bar contradict each other; {note}")
    if dimensions and bar:
        said += " and the graphic bar"
    if printed is None or _agree(printed, drawn.m_per_unit):
        exact = printed if printed is not None else drawn.m_per_unit
        return Scale(ratio, exact, "measured", f"{note}; {said} agree" if printed else f"{said}; {note}")
    resized = drawn.m_per_unit / printed
    if bar and dimensions:
        return Scale(
            ratio, drawn.m_per_unit, "measured", f"{said}; {note} does not hold on this print ({resized:.3g}×)"
        )
    return Scale(ratio, None, "withheld", f"{note} but {said} say {resized:.3g} times that")


def _agree(one: float, two: float) -> bool:
    return abs(one / two - 1) < 0.02


def _model_scale(page: Page, texts: list[Text], ratios: list[float], doors: float | None) -> Scale | None:
    """The scale of a drawing in real units (DXF): its header, checked against its dimensions and its doors."""
    header = page.unit_m
    ratio = ratios[0] if len(ratios) == 1 else None
    dimensions = measure_dimensions(page.linework, texts, [header] if header else [])
    if dimensions is None:
        if header is None:
            return None
        sane = doors is not None and 0.6 < doors / header < 1.6
        if doors is not None and not sane:
            return Scale(
                ratio, None, "withheld", f"{page.unit_evidence} would make the doors {0.85 * header / doors:.3g} m wide"
            )
        return Scale(ratio, header, "measured" if sane else "estimated", page.unit_evidence)
    said = f"{dimensions.agree} of {dimensions.of} dimensions"
    unit = next((u for u in _UNITS_M.values() if _agree(u, dimensions.m_per_unit)), None)
    if header is not None and _agree(header, dimensions.m_per_unit):
        return Scale(ratio, header, "measured", f"{page.unit_evidence}; {said} agree")
    if unit is not None and (doors is None or 0.6 < doors / unit < 1.6):
        return Scale(ratio, unit, "measured", f"{said} and the doors; {page.unit_evidence} is wrong")
    return Scale(ratio, None, "withheld", f"{page.unit_evidence} and {said} contradict each other")


def is_imperial(texts: list[Text]) -> bool:
    """Whether the sheet is written in feet and inches."""
    feet = sum("'" in t.string and bool(parse_lengths(t.string)) for t in texts)
    metric = sum("'" not in t.string and bool(parse_lengths(t.string)) and len(t.string) > 2 for t in texts)
    return feet > 2 and feet > 0.3 * metric
