"""The scale of a sheet, with the evidence: printed ratios, dimension strings against their lines, graphic bars.

A printed ratio says what the drawing was made for; dimensions and bars are drawn with it and survive a resized print,
so they decide. Where they contradict each other nothing is measured: a withheld number beats a wrong one.
"""

from __future__ import annotations

from planroom.records import Page, Scale, Text
from planroom.sheet.bars import UNITS_M
from planroom.sheet.dimensions import Lettered, find_lettered, measure_dimensions
from planroom.sheet.evidence import agree, hear, weigh
from planroom.sheet.notes import printed_ratios, ratios_of
from planroom.sheet.viewports import find_drawings, main_scale


def find_scale(
    page: Page, texts: list[Text], door_m_per_unit: float | None, lettered: list[Lettered] | None = None
) -> Scale | None:
    """The scale of `page` with its state and evidence; None where the sheet says nothing of a scale.

    texts: joined runs. door_m_per_unit: what the door swings suggest; it only picks among units, it is no evidence.
    lettered: the texts that may be dimensions, where they were found before.
    """
    lettered = find_lettered(page.linework, texts) if lettered is None else lettered
    if page.unit_m is not None and page.paper_unit_m is None:
        return _model_scale(page, lettered, printed_ratios(texts), door_m_per_unit)
    said = hear(page, texts, lettered)
    one_ratio = len(ratios_of([n for n in said.notes if n.kind == "ratio"])) < 2
    one_bar = all(agree(bar.m_per_unit, said.bars[0].m_per_unit) for bar in said.bars)
    if not (one_ratio and one_bar):
        drawings = find_drawings(said)
        if drawings:
            return main_scale(said, drawings)
    notes = [n for n in said.notes if n.kind != "none" or n.in_block]
    return weigh(said, notes, said.bars, lettered)


def _model_scale(page: Page, lettered: list[Lettered], ratios: list[float], doors: float | None) -> Scale | None:
    """The scale of a drawing in real units (DXF): its header, checked against its dimensions and its doors."""
    header = page.unit_m
    ratio = ratios[0] if len(ratios) == 1 else None
    dimensions = measure_dimensions(lettered, [header] if header else [])
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
    unit = next((u for u in UNITS_M.values() if agree(u, dimensions.m_per_unit)), None)
    if header is not None and agree(header, dimensions.m_per_unit):
        return Scale(ratio, header, "measured", f"{page.unit_evidence}; {said} agree")
    if unit is not None and (doors is None or 0.6 < doors / unit < 1.6):
        return Scale(ratio, unit, "measured", f"{said} and the doors; {page.unit_evidence} is wrong")
    return Scale(ratio, None, "withheld", f"{page.unit_evidence} and {said} contradict each other")
