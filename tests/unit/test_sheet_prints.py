"""Resized prints: what tells them from wrong printed ratios, on one sheet and across a set."""

from __future__ import annotations

import pytest

from planroom.records import Scale, Sheet, State, Text
from planroom.sheet.notes import find_notes
from planroom.sheet.prints import (
    NO_PAPER,
    lettering_mm,
    original_size_m,
    resized_by,
    settle_prints,
    unlikely_print,
    usual_factor,
)
from planroom.units import POINT_M
from plans import text

A3_M = (0.42, 0.297)
MM = 0.001 / POINT_M  # points in a millimetre


def lettered(height_mm: float) -> list[Text]:
    return [text(f"NOTE {i}", (100, 20 * i), height_mm * MM) for i in range(30)]


def why(factor: float, texts: list[Text], size_m: tuple[float, float] = A3_M) -> str | None:
    return resized_by(factor, texts, find_notes(texts), size_m, POINT_M)


def test_lettering_tells_a_half_size_print() -> None:
    assert lettering_mm(lettered(0.9), POINT_M) == pytest.approx(0.9)
    assert lettering_mm(lettered(0.9)[:5], POINT_M) is None
    assert "0.9 mm" in (why(2, lettered(0.9)) or "")
    assert why(2, lettered(1.4)) is None  # of a sheet that is lettered for its paper
    assert why(1.3, lettered(0.5)) is None  # too small even for the larger one


def test_no_sheet_is_printed_larger_nor_made_for_paper_that_does_not_exist() -> None:
    assert why(0.5, lettered(0.9)) is None
    assert why(2, lettered(0.9), (0.841, 0.594)) is None


def test_a_sheet_may_say_that_it_is_reduced() -> None:
    assert "reduced" in (why(2, [text("HALF SIZE PRINT", (0, 0))]) or "")
    assert "0.91 m" in (why(2.27, [text('(MAX SHEET SIZE: 24" X 36")', (0, 0))], (0.432, 0.279)) or "")
    assert why(1.5, [text("SCALE 1:50 @ A1", (0, 0))]) is None  # A1 on A3 is a factor of two


@pytest.mark.parametrize(
    ("string", "size_m"),
    [
        ('SHEET SIZE: 24" X 36"', (0.61, 0.914)),
        ("SCALE 1:50 @ A1", (0.841, 0.594)),
        ("ORIGINAL SIZE A2", (0.594, 0.42)),
    ],
)
def test_a_sheet_may_name_the_paper_that_it_is_made_for(string: str, size_m: tuple[float, float]) -> None:
    texts = [text(string, (0, 0))]

    assert original_size_m(texts, find_notes(texts)) == pytest.approx(size_m, abs=0.001)


def test_usual_factors_are_those_between_usual_papers() -> None:
    assert usual_factor(2.004) == 2
    assert usual_factor(1.415) == pytest.approx(2**0.5)
    assert usual_factor(1.8) is None


def test_a_ratio_is_unlikely_by_the_lettering_or_the_size_that_it_implies() -> None:
    texts = [t._replace(height=10) for t in lettered(1)]

    assert unlikely_print(50, 0.01, texts, 3000) is None  # 2 mm on 0.6 m
    assert "1.0 mm high" in (unlikely_print(100, 0.01, texts, 3000) or "")
    assert "1.5 m long" in (unlikely_print(20, 0.01, texts, 3000) or "")


# ---- across a set ------------------------------------------------------------------------------------------------


def sheet(file: str, page: int, ratio: float, factor: float, state: State = "measured", side: float = 1000) -> Sheet:
    """A sheet whose drawing is `factor` times smaller than its printed ratio says."""
    scale = Scale(ratio, factor * ratio * POINT_M, state, "seen")
    return Sheet(f"{file}-{page}", file, page, "", 10, 10, (0, 0, side, side), "", scale=scale)


def scales(sheets: list[Sheet]) -> list[tuple[float | None, str]]:
    settle_prints(sheets)
    told: list[tuple[float | None, str]] = []
    for one in sheets:
        assert one.scale is not None and one.scale.ratio is not None
        factor = one.scale.m_per_unit and round(one.scale.m_per_unit / one.scale.ratio / POINT_M, 3)
        told.append((factor, one.scale.state))
    return told


def test_unconfirmed_ratios_shrink_with_the_set() -> None:
    set_ = [sheet("a.pdf", 0, 50, 2), sheet("a.pdf", 1, 200, 2), sheet("a.pdf", 2, 100, 1, "estimated")]

    assert scales(set_) == [(2, "measured"), (2, "measured"), (2, "estimated")]


def test_one_sheet_that_is_resized_alone_is_withheld() -> None:
    set_ = [sheet(f"set/{i}.png", 0, ratio, 1) for i, ratio in enumerate((50, 50, 200))]

    assert scales([*set_, sheet("set/9.png", 0, 50, 2)])[3:] == [(None, "withheld")]
    assert scales([*set_, sheet("else/9.png", 0, 50, 2)])[3:] == [(2, "measured")]
    assert scales([*set_, sheet("set/9.png", 0, 50, 2, side=700)])[3:] == [(2, "measured")]


def test_a_sheet_drawn_for_the_paper_stays_among_resized_ones() -> None:
    set_ = [sheet("a.pdf", i, 50, 2) for i in range(3)]

    assert scales([*set_, sheet("a.pdf", 9, 100, 1)])[3:] == [(1, "measured")]


def test_a_picture_without_a_size_borrows_it_from_the_set() -> None:
    bare = sheet("set/9.png", 0, 200, 1)
    bare.scale = Scale(200, None, "withheld", f"printed 1:200; {NO_PAPER}")

    assert scales([sheet("set/1.png", 0, 50, 1), bare]) == [(1, "measured"), (1, "estimated")]


def test_drawings_in_real_units_have_no_print() -> None:
    assert scales([sheet("a.dxf", 0, 50, 1), sheet("b.dxf", 0, 200, 3)]) == [(1, "measured"), (3, "measured")]
