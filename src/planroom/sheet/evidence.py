"""What all that a drawing shows of its scale comes to: printed ratio, dimensions and graphic bar held together.

A number of which one doubts is withheld. Measured is what two witnesses agree on, or a bar where no ratio is printed;
a printed ratio alone is an estimate, for prints get resized; where a title block prints none, dimensions alone are not
enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from planroom.records import Page, Scale, Text
from planroom.sheet.bars import Bar, find_bars
from planroom.sheet.dimensions import Lettered, Measure, is_imperial, measure_dimensions
from planroom.sheet.notes import Note, find_notes, has_title_block, ratios_of
from planroom.sheet.prints import NO_PAPER, resized_by, unlikely_print, usual_factor

_ENOUGH_DIMENSIONS = 5


@dataclass(slots=True)
class Sayings:
    """All that a sheet says of its scales: its page, joined runs, those that may be dimensions, notes and bars."""

    page: Page
    texts: list[Text]
    lettered: list[Lettered]
    notes: list[Note] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    imperial: bool = False
    has_block: bool = False

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height of the paper, 0 where a unit's size is not known."""
        x0, y0, x1, y1 = self.page.extent
        unit_m = self.page.paper_unit_m or 0.0
        return (x1 - x0) * unit_m, (y1 - y0) * unit_m


def hear(page: Page, texts: list[Text], lettered: list[Lettered]) -> Sayings:
    """The notes and bars of a page. texts: joined runs. lettered: those that may be dimensions."""
    notes = find_notes(texts)
    imperial = is_imperial(texts) or any(n.ratios and "=" in n.text.string for n in notes)
    bars = find_bars(page.linework, texts, notes, imperial=imperial or None)
    level = [b for b in bars if b.axis != "vertical"]
    return Sayings(page, texts, lettered, notes, level, imperial, has_title_block(texts))


def bar_of(bars: list[Bar]) -> Measure | None:
    """What bars that agree with each other give, the longest first; None where they do not agree or there is none."""
    if not bars or any(not agree(bar.m_per_unit, bars[0].m_per_unit) for bar in bars):
        return None
    best = max(bars, key=lambda bar: (bar.is_drawn, bar.numbers, bar.box[2] - bar.box[0]))
    return Measure(best.m_per_unit, best.numbers, best.numbers)


def weigh(said: Sayings, notes: list[Note], bars: list[Bar], lettered: list[Lettered]) -> Scale | None:
    """The scale of one drawing of the sheet by its `notes`, its `bars` and what may be its dimensions."""
    sure = ratios_of([n for n in notes if n.kind == "ratio"])
    wished = [r for r in ratios_of([n for n in notes if n.kind == "choice"]) if r not in sure]
    bar, unit_m = bar_of(bars), said.page.paper_unit_m
    hints = [r * unit_m for r in sure + wished] if unit_m else []
    hints += [bar.m_per_unit] if bar else []
    dimensions = measure_dimensions(lettered, hints, imperial=said.imperial)
    if bars and bar is None:
        return Scale(next(iter(sure + wished), None), None, "withheld", "its graphic bars contradict each other")
    if dimensions and bar and not agree(dimensions.m_per_unit, bar.m_per_unit):
        note = _note(sure + wished)
        words = f"{_words(dimensions, None)} and the graphic bar contradict each other; {note}"
        return Scale(next(iter(sure + wished), None), None, "withheld", words)
    if len(sure) == 1:
        return _against_print(said, sure[0], dimensions, bar)
    if sure or wished:
        return _among(sure + wished, unit_m, dimensions, bar, is_wished=len(sure) < 2)
    if any(n.kind == "none" for n in notes):
        return Scale(None, None, "withheld", "the sheet says that it is not to scale")
    return _unprinted(said, dimensions, bar)


def agree(one: float, two: float) -> bool:
    """Whether two scales are one, but for drawing and reading them."""
    return abs(one / two - 1) < 0.02


def _note(ratios: list[float]) -> str:
    return "printed " + ", ".join(f"1:{r:g}" for r in ratios) if ratios else "no scale printed"


def _words(dimensions: Measure | None, bar: Measure | None) -> str:
    said = [f"{dimensions.agree} of {dimensions.of} dimensions"] if dimensions else []
    return " and ".join([*said, *(["the graphic bar"] if bar else [])])


def _against_print(said: Sayings, ratio: float, dimensions: Measure | None, bar: Measure | None) -> Scale:
    """One printed ratio against what is drawn."""
    unit_m, note, words = said.page.paper_unit_m, _note([ratio]), _words(dimensions, bar)
    drawn = dimensions or bar
    if drawn is None:
        if unit_m is None:
            return Scale(ratio, None, "withheld", f"{note}; {NO_PAPER}")
        return Scale(ratio, ratio * unit_m, "estimated", f"{note}; nothing drawn confirms it")
    if unit_m is None:
        x0, y0, x1, y1 = said.page.extent
        doubt = unlikely_print(ratio, drawn.m_per_unit, said.texts, max(x1 - x0, y1 - y0))
        if doubt:
            return Scale(ratio, None, "withheld", f"{note} but {words} contradict it: {doubt}", drawn.m_per_unit)
        return Scale(ratio, drawn.m_per_unit, "measured", f"{words}; {note}")
    if agree(ratio * unit_m, drawn.m_per_unit):
        return Scale(ratio, ratio * unit_m, "measured", f"{note}; {words} agree")
    factor = drawn.m_per_unit / (ratio * unit_m)
    usual = usual_factor(factor)
    why = resized_by(factor, said.texts, said.notes, said.size_m, unit_m)
    enough = dimensions is not None and dimensions.agree >= _ENOUGH_DIMENSIONS and 2 * dimensions.agree > dimensions.of
    if why and ((dimensions and bar) or (usual and (enough or bar))):
        m_per_unit = ratio * unit_m * usual if usual else drawn.m_per_unit
        text = f"{words}; {note} does not hold on this print, which is {usual or factor:.3g} times smaller: {why}"
        return Scale(ratio, m_per_unit, "measured", text)
    return Scale(ratio, None, "withheld", f"{note} but {words} say {factor:.3g} times that", drawn.m_per_unit)


def _among(
    ratios: list[float], unit_m: float | None, dimensions: Measure | None, bar: Measure | None, *, is_wished: bool
) -> Scale:
    """Several printed ratios, or one that is only wished for: what is drawn decides, or nothing does."""
    note, drawn = _note(ratios), bar or dimensions
    if drawn is None:
        return Scale(ratios[0], None, "withheld", f"{note}: which one holds is not clear")
    if unit_m is not None:
        for ratio in ratios:
            if agree(ratio * unit_m, drawn.m_per_unit):
                return Scale(
                    ratio, ratio * unit_m, "measured", f"{note}; {_words(dimensions, bar)} agree with 1:{ratio:g}"
                )
    if bar is None or not is_wished:
        return Scale(ratios[0], None, "withheld", f"{note}; {_words(dimensions, bar)} agree with none of them")
    return Scale(ratios[0], drawn.m_per_unit, "measured", f"{_words(dimensions, bar)}; {note} leaves it open")


def _unprinted(said: Sayings, dimensions: Measure | None, bar: Measure | None) -> Scale | None:
    """No printed ratio: a bar is one; dimensions alone are not, on a sheet that ought to print its scale."""
    drawn, words = dimensions or bar, _words(dimensions, bar)
    if drawn is None:
        return Scale(None, None, "withheld", "no scale printed or drawn") if said.has_block else None
    if bar is not None:
        return Scale(None, drawn.m_per_unit, "measured", f"{words}; no scale printed")
    if said.has_block:
        unit_m = said.page.paper_unit_m
        about = f" say 1:{drawn.m_per_unit / unit_m:.4g}" if unit_m else ""
        return Scale(None, None, "withheld", f"no scale printed; {words} alone{about}", drawn.m_per_unit)
    return Scale(None, drawn.m_per_unit, "estimated", f"{words} alone; no scale printed")
