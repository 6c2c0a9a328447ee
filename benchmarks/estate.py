"""Large sheets at constant density: an estate of the example's houses on one page, so that all grows in proportion.

Every house brings its walls, doors, windows, rooms, labels, dimensions and hatches; houses are stretched by different
seeds, so that no two neighbours are the same. One title block, as a real site plan has.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from reportlab.pdfgen.canvas import Canvas as Page

from planroom.example import VARIANTS, Variant
from planroom.example.canvas import Canvas, Placed
from planroom.example.dxf import DxfFile
from planroom.example.house import Frame, Storey
from planroom.example.pdf import PT_PER_MM, PdfCanvas
from planroom.example.plans import Slips, draw_plan, plan_bounds
from planroom.example.sheets import Label, Paper

RATIO: Final = 100
_PITCH_M: Final = 28.0  # a house with its dimension strings, and a garden
_PAPER_MM: Final = (841.0, 594.0)  # the sheet's own paper, with its title block, at the lower left
_SEEDS: Final = 6


def write_pdf(path: Path, houses: int, variant: Variant = VARIANTS[0]) -> None:
    """Write `houses` ground floors in a square field above the title block of an A1 sheet, at 1:100."""
    page = Page(str(path), invariant=1)
    columns = math.ceil(math.sqrt(houses))
    Paper(page, variant, Label("A-101", variant.words("plan").format(variant.words("storey 0")), f"1:{RATIO}"))
    width = max(_PAPER_MM[0], (columns + 0.5) * _PITCH_M * 1000 / RATIO)
    height = _PAPER_MM[1] + (math.ceil(houses / columns) + 0.5) * _PITCH_M * 1000 / RATIO
    page.setPageSize((width * PT_PER_MM, height * PT_PER_MM))
    per_m = 1000 / RATIO * PT_PER_MM
    for index in range(houses):
        x, y = _place_m(index, columns)
        origin = (x * per_m, _PAPER_MM[1] * PT_PER_MM + y * per_m)
        _draw(PdfCanvas(page, origin, per_m), index, variant)
    page.showPage()
    page.save()


def write_dxf(path: Path, houses: int, variant: Variant = VARIANTS[0]) -> None:
    """Write `houses` ground floors in a square field in model space."""
    file = DxfFile(RATIO, imperial=False, blocks=variant.door_blocks, text_factor=1.0)
    columns = math.ceil(math.sqrt(houses))
    for index in range(houses):
        _draw(Placed(file.canvas, Frame(_place_m(index, columns), 0.0)), index, variant)
    file.save(path)


def _place_m(index: int, columns: int) -> tuple[float, float]:
    """The lower left corner of a house's plot."""
    return (index % columns + 0.3) * _PITCH_M, (index // columns + 0.3) * _PITCH_M


def _draw(canvas: Canvas, index: int, variant: Variant) -> None:
    draw_plan(canvas, _storey(variant, index % _SEEDS), variant, "general", Slips())


@cache
def _storey(variant: Variant, seed: int) -> Storey:
    storey = replace(variant, jitter=seed).house().storeys[0]
    x0, y0, _, _ = plan_bounds(storey)
    assert x0 > -1 and y0 > -1, "houses stand at their own origin"
    return storey
