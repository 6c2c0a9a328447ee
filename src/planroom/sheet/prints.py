"""Resized prints: whether a sheet that is drawn smaller than it says was printed smaller, or prints a wrong scale.

A wrong scale is usually another usual one, and half a sheet is the usual print, so that the factor between the two
decides nothing. What tells them apart has shrunk with the print, or names the size that it was made for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from planroom.records import Sheet, Text
from planroom.sheet.notes import Note
from planroom.sheet.text import plain, table
from planroom.units import INCH_M

PAPERS_M = {"A0": (1.189, 0.841), "A1": (0.841, 0.594), "A2": (0.594, 0.42), "A3": (0.42, 0.297), "A4": (0.297, 0.21)}
_USUAL_FACTORS = (2**0.5, 17 / 11, 2.0, 36 / 17, 24 / 11, 8**0.5, 4.0)
_LARGEST_M = 1.3  # the long side of A0 and ARCH E, and some
NO_PAPER = "how large its paper is, the picture does not say"
_MODELS = (".dxf", ".ifc")
_SMALL_MM = 1.1  # no sheet is lettered smaller than this
_LEAST_MM = 1.15
_INCHES = re.compile(r"(\d{2})\s*[\"”]?\s*[xX×]\s*(\d{2})\s*[\"”]?")


def lettering_mm(texts: list[Text], paper_unit_m: float, share: float = 0.1) -> float | None:
    """The height of a capital in millimetres of paper that only `share` of the runs stay under; None without runs."""
    heights = [text.height for text in texts if sum(c.isalnum() for c in text.string) >= 2]
    return float(np.quantile(heights, share)) * paper_unit_m * 1000 if len(heights) >= 10 else None


def usual_factor(factor: float) -> float | None:
    """The factor between two usual sheet sizes that `factor` is within a hundredth of; None where there is none."""
    return next((usual for usual in _USUAL_FACTORS if abs(factor / usual - 1) < 0.01), None)


def resized_by(
    factor: float, texts: list[Text], notes: list[Note], size_m: tuple[float, float], paper_unit_m: float
) -> str | None:
    """What shows that the sheet is a print `factor` times smaller than the drawing; None where nothing does.

    size_m: width and height of the paper.
    """
    if not 1.25 < factor < 4.5 or factor * max(size_m) > _LARGEST_M:
        return None
    made_for = original_size_m(texts, notes)
    if made_for is not None:
        least = max(made_for) / max(size_m)
        if 0.97 < factor / least < 1.15:  # a print is fitted into its paper with some margin
            return f"the sheet says that it was made for {max(made_for):.2f} m of paper"
    words = [plain(text.string) for text in texts]
    if any(word in string for word in table("scale.json")["resized"] for string in words if len(string) < 60):
        return "the sheet says that it is reduced"
    small_mm = lettering_mm(texts, paper_unit_m)
    if small_mm is not None and small_mm < _SMALL_MM and small_mm * factor > _LEAST_MM:
        return f"lettering of {small_mm:.1f} mm shows a reduced print"
    return None


def original_size_m(texts: list[Text], notes: list[Note]) -> tuple[float, float] | None:
    """Width and height of the paper that the sheet says it is made for: 1:50 @ A1, SHEET SIZE 24" X 36"."""
    named = {size for note in notes for size in note.sizes if size in PAPERS_M}
    if len(named) == 1:
        return PAPERS_M[named.pop()]
    for text in texts:
        words = plain(text.string)
        if not any(word in words for word in table("scale.json")["size"]):
            continue
        if match := _INCHES.search(text.string):
            return int(match[1]) * INCH_M, int(match[2]) * INCH_M
        if match := re.search(r"(?<![\w-])(a[0-4])(?![\w-])", words):
            return PAPERS_M[match[1].upper()]
    return None


def unlikely_print(ratio: float, m_per_unit: float, texts: list[Text], long_side: float) -> str | None:
    """Why `ratio` cannot be what the sheet was drawn for, by its lettering and size; None where it can.

    Needs no paper: units over ratio are metres of the original sheet, however it was printed or scanned since.
    long_side: of the sheet, in units.
    """
    if long_side * m_per_unit / ratio > _LARGEST_M:
        return f"it would make the sheet {long_side * m_per_unit / ratio:.1f} m long"
    small_mm = lettering_mm(texts, m_per_unit / ratio, share=0.25)
    if small_mm is None or small_mm > 1.08:
        return None
    return f"it would make the lettering {small_mm:.1f} mm high"


def settle_prints(sheets: Sequence[Sheet]) -> None:
    """Hold the scales of sheets that were printed together against each other, and mend or withhold what stands out.

    Those of one size in one file, or of one-sheet files in one folder, were printed alike: the scale in use over the
    printed ratio, which is the size of the original, is one. A sheet that needs a larger original than most prints a
    wrong ratio; a ratio that nothing drawn confirmed shrinks with the others, or takes their paper where a picture
    has none. Drawings in real units have no print.
    """
    alone = Counter(sheet.file for sheet in sheets)
    groups: dict[tuple[str, int, int], list[tuple[Sheet, float | None]]] = {}
    for sheet in sheets:
        unit_m = _original_unit_m(sheet)
        if (unit_m or _lacks_paper(sheet)) and Path(sheet.file).suffix.lower() not in _MODELS:
            x0, y0, x1, y1 = sheet.extent
            place = sheet.file if alone[sheet.file] > 1 else str(Path(sheet.file).parent)
            groups.setdefault((place, round(x1 - x0), round(y1 - y0)), []).append((sheet, unit_m))
    for group in groups.values():
        measured = [unit_m for sheet, unit_m in group if unit_m and sheet.scale and sheet.scale.state == "measured"]
        if not measured:
            continue
        usual_m = max(measured, key=lambda one: (sum(abs(one / other - 1) < 0.02 for other in measured), -one))
        alike = all(abs(one / usual_m - 1) < 0.02 for one in measured)
        for sheet, unit_m in group:
            if unit_m is None:
                _lend(sheet, usual_m)
            elif alike:
                _shrink(sheet, usual_m / unit_m)
            elif unit_m > 1.02 * usual_m:
                _doubt(sheet)


def _original_unit_m(sheet: Sheet) -> float | None:
    """Metres of original paper in a sheet unit, as the printed ratio and the scale in use imply it."""
    scale = sheet.scale
    known = scale and scale.m_per_unit and scale.ratio and "by hand" not in scale.evidence
    return scale.m_per_unit / scale.ratio if scale and known and scale.m_per_unit and scale.ratio else None


def _lacks_paper(sheet: Sheet) -> bool:
    """Whether a sheet prints its ratio, and only the size of its paper is missing."""
    return sheet.scale is not None and sheet.scale.evidence.endswith(NO_PAPER)


def _lend(sheet: Sheet, unit_m: float) -> None:
    """Estimate the scale of a picture by its printed ratio, on paper as large as that of the set's other pictures."""
    if sheet.scale and sheet.scale.ratio:
        sheet.scale.m_per_unit, sheet.scale.state = sheet.scale.ratio * unit_m, "estimated"
        sheet.scale.evidence += ", but the other sheets do"


def _shrink(sheet: Sheet, factor: float) -> None:
    """Carry an unconfirmed printed scale over to a print that is `factor` times smaller."""
    scale = sheet.scale
    if scale and scale.m_per_unit and scale.state == "estimated" and factor > 1.02:
        scale.m_per_unit *= factor
        scale.evidence += f"; the other sheets are printed {factor:.3g} times smaller, so this one is too"


def _doubt(sheet: Sheet) -> None:
    """Withhold a scale whose printed ratio no other sheet of the set goes with."""
    if sheet.scale and sheet.scale.state == "measured":
        sheet.scale.m_per_unit, sheet.scale.state = None, "withheld"
        sheet.scale.evidence += "; but the other sheets are not printed so much smaller"
