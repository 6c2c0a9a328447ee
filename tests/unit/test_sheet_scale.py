"""Scales from printed ratios, dimension strings and bars, and what happens where they contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from planroom.ingest.linework import LineworkBuilder
from planroom.records import Page, Scale, Text
from planroom.sheet.dimensions import Measure, find_lettered, is_imperial, measure_dimensions
from planroom.sheet.scale import find_scale
from planroom.units import FOOT_M, INCH_M, POINT_M
from plans import THIN, page_of, text

AT_50 = 50 * POINT_M  # metres in a point at 1:50
LENGTHS_M = (1.28, 3.5, 2.42, 4.0, 0.9)


def millimetres(length_m: float) -> str:
    return f"{length_m * 1000:.0f}"


def comma(length_m: float) -> str:
    return f"{length_m:.2f}".replace(".", ",")


def feet(length_m: float) -> str:
    """Feet, inches and halves of inches; the lengths used here are whole halves."""
    whole, inches = divmod(round(length_m / INCH_M * 2), 24)
    return f"{whole}'-{inches // 2}{' 1/2' if inches % 2 else ''}\""


def dimensions(
    m_per_unit: float,
    lengths_m: Sequence[float] = LENGTHS_M,
    write: Callable[[float], str] = millimetres,
    *,
    upright: bool = False,
) -> tuple[LineworkBuilder, list[Text]]:
    """A chain of dimensions with slanted ticks, each text above the middle of its piece."""
    builder, texts = LineworkBuilder(), []
    builder.path(THIN)
    height = 7.0 if m_per_unit < 0.1 else 0.15 / m_per_unit
    at, level = 100.0, 200.0

    def line(x0: float, y0: float, x1: float, y1: float) -> None:
        builder.line(*((-y0, x0, -y1, x1) if upright else (x0, y0, x1, y1)))

    def tick(x: float) -> None:
        line(x - 0.4 * height, level - 0.4 * height, x + 0.4 * height, level + 0.4 * height)

    tick(at)
    for length_m in lengths_m:
        end = at + length_m / m_per_unit
        line(at, level, end, level)
        tick(end)
        x, y = (at + end) / 2, level + 0.9 * height
        texts.append(text(write(length_m), (-y, x) if upright else (x, y), height, 90 if upright else 0))
        at = end
    return builder, texts


def bar(m_per_unit: float, ticks: Sequence[int] = (0, 1, 2, 5), unit: str = "m", unit_m: float = 1.0) -> list[Text]:
    """The numbers of a graphic bar, the last with its unit beside it."""
    words = [f"{t}" for t in ticks[:-1]] + [f"{ticks[-1]} {unit}"]
    return [text(w, (400 + t * unit_m / m_per_unit, 60), 6) for w, t in zip(words, ticks, strict=True)]


def printed(ratio: str = "1:50") -> list[Text]:
    return [text(f"SCALE {ratio}", (900, 40), 6)]


def scale_of(work: LineworkBuilder, texts: list[Text], doors: float | None = None, **facts: Any) -> Scale | None:
    page = page_of(work.build(), **(facts or {"paper_unit_m": POINT_M}))
    return find_scale(page, texts, doors)


def measured(work: LineworkBuilder, texts: list[Text]) -> Measure | None:
    return measure_dimensions(find_lettered(work.build(), texts), [AT_50])


# ---- one kind of evidence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(
    ("write", "lengths"),
    [(millimetres, LENGTHS_M), (comma, LENGTHS_M), (feet, [n * INCH_M for n in (42, 138.5, 96, 60.5)])],
)
def test_dimensions_give_metres_in_a_unit(
    write: Callable[[float], str], lengths: Sequence[float], upright: bool
) -> None:
    builder, texts = dimensions(AT_50, lengths, write, upright=upright)

    found = measured(builder, texts)

    assert found is not None
    assert found.m_per_unit == pytest.approx(AT_50, rel=0.005)
    assert found.agree == found.of == len(lengths)


def test_a_few_dimensions_are_no_evidence_and_wrong_ones_are_outvoted() -> None:
    few, two_texts = dimensions(AT_50, LENGTHS_M[:2])
    builder, texts = dimensions(AT_50)
    texts[1] = texts[1]._replace(string="3800")

    found = measured(builder, texts)

    assert measured(few, two_texts) is None
    assert found is not None
    assert found.m_per_unit == pytest.approx(AT_50, rel=0.005)
    assert (found.agree, found.of) == (4, 5)


def test_numbers_without_dimension_lines_are_no_evidence() -> None:
    _, texts = dimensions(AT_50)
    builder = LineworkBuilder()
    builder.path(THIN)
    builder.line(0, 900, 900, 900)

    assert measured(builder, texts) is None


# ---- on paper ----------------------------------------------------------------------------------------------------


def test_a_printed_ratio_alone_is_an_estimate() -> None:
    found = scale_of(LineworkBuilder(), printed())

    assert found is not None
    assert (found.ratio, found.state) == (50, "estimated")
    assert found.m_per_unit == pytest.approx(AT_50)
    assert "printed 1:50" in found.evidence


def test_a_sheet_that_says_nothing_has_no_scale() -> None:
    assert scale_of(LineworkBuilder(), [text("NOTES", (0, 0))]) is None


def test_two_ratios_without_anything_drawn_are_withheld() -> None:
    found = scale_of(LineworkBuilder(), printed() + printed("1:100"))

    assert found is not None
    assert (found.m_per_unit, found.state) == (None, "withheld")


@pytest.mark.parametrize("evidence", ["dimensions", "bar", "both"])
def test_what_is_drawn_confirms_the_printed_ratio(evidence: str) -> None:
    builder, texts = dimensions(AT_50) if evidence != "bar" else (LineworkBuilder(), [])
    texts = texts + (bar(AT_50) if evidence != "dimensions" else []) + printed()

    found = scale_of(builder, texts)

    assert found is not None
    assert (found.ratio, found.state) == (50, "measured")
    assert found.m_per_unit == pytest.approx(AT_50, rel=1e-9)


def test_dimensions_and_bar_measure_where_nothing_is_printed() -> None:
    builder, texts = dimensions(AT_50, write=comma)

    found = scale_of(builder, texts + bar(AT_50))

    assert found is not None
    assert (found.ratio, found.state) == (None, "measured")
    assert found.m_per_unit == pytest.approx(AT_50, rel=0.005)


def notes(height: float, many: int = 30) -> list[Text]:
    """Lettering that stands about the sheet."""
    return [text(f"NOTE {i}", (900, 500 + 20 * i), height) for i in range(many)]


def test_a_half_size_print_is_measured_by_what_shrank_with_it() -> None:
    half = 2 * AT_50
    builder, texts = dimensions(half, [2 * length for length in LENGTHS_M])

    found = scale_of(builder, texts + bar(half) + printed() + notes(1.0 / 1000 / POINT_M))

    assert found is not None
    assert (found.ratio, found.state) == (50, "measured")
    assert found.m_per_unit == pytest.approx(half, rel=1e-9)
    assert "lettering of 1.0 mm" in found.evidence


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_wrong_printed_ratio_is_no_resized_print(factor: float) -> None:
    drawn = factor * AT_50
    builder, texts = dimensions(drawn, [factor * length for length in LENGTHS_M])

    found = scale_of(builder, texts + bar(drawn, (0, 1, 2, 5, 10)) + printed() + notes(2.0 / 1000 / POINT_M))

    assert found is not None
    assert (found.ratio, found.m_per_unit, found.state) == (50, None, "withheld")


def test_a_ratio_made_for_larger_paper_shrinks_with_it() -> None:
    builder, texts = dimensions(2 * AT_50, [2 * length for length in LENGTHS_M])
    page = page_of(builder.build(), paper_unit_m=POINT_M)
    page.extent = (0.0, 0.0, 0.42 / POINT_M, 0.297 / POINT_M)

    found = find_scale(page, texts + printed("1:50 @ A1"), None)

    assert found is not None
    assert (found.ratio, found.state) == (50, "measured")
    assert found.m_per_unit == pytest.approx(2 * AT_50)


def test_a_picture_without_a_size_is_measured_by_what_is_drawn_on_it() -> None:
    builder, texts = dimensions(0.005)
    page = page_of(builder.build())

    alone, both = find_scale(page, printed(), None), find_scale(page, texts + printed(), None)

    assert alone is not None and both is not None
    assert (alone.ratio, alone.m_per_unit, alone.state) == (50, None, "withheld")
    assert (both.ratio, both.state) == (50, "measured")
    assert both.m_per_unit == pytest.approx(0.005, rel=0.005)


def test_a_ratio_that_makes_lettering_too_small_is_withheld_without_any_paper() -> None:
    builder, texts = dimensions(0.005)
    page = page_of(builder.build())

    found = find_scale(page, texts + printed("1:100") + notes(0.09 / 0.005), None)

    assert found is not None
    assert (found.ratio, found.m_per_unit, found.state) == (100, None, "withheld")
    assert "0.9 mm high" in found.evidence


def test_dimensions_alone_are_not_enough_where_a_title_block_prints_no_scale() -> None:
    builder, texts = dimensions(AT_50)
    block = [text("DATE", (900, 30), 4), text("REV", (900, 60), 4), text("SCALE", (900, 90), 4)]

    bare, blocked = scale_of(builder, texts), scale_of(builder, texts + block)

    assert bare is not None and blocked is not None
    assert bare.state == "estimated"
    assert bare.m_per_unit == pytest.approx(AT_50, rel=0.005)
    assert (blocked.ratio, blocked.m_per_unit, blocked.state) == (None, None, "withheld")
    assert "say 1:50" in blocked.evidence


def test_a_bar_decides_between_two_ratios_and_dimensions_do_not_override_them() -> None:
    both = printed('1/4" = 1\'-0" OR 1/8" = 1\'-0" PREFERRED')
    shrunk = 48 / 0.44 * POINT_M

    undecided = scale_of(LineworkBuilder(), both)
    decided = scale_of(LineworkBuilder(), both + bar(shrunk, (0, 1, 2, 4, 6, 10), "'", FOOT_M))
    one = scale_of(LineworkBuilder(), both + bar(96 * POINT_M, (0, 4, 8, 16), "'", FOOT_M))

    assert undecided is not None and decided is not None and one is not None
    assert (undecided.ratio, undecided.m_per_unit, undecided.state) == (48, None, "withheld")
    assert (decided.ratio, decided.state) == (48, "measured")
    assert decided.m_per_unit == pytest.approx(shrunk, rel=0.005)
    assert one.m_per_unit == pytest.approx(96 * POINT_M)


def test_a_sheet_that_is_not_to_scale_is_withheld() -> None:
    builder, texts = dimensions(AT_50)

    found = scale_of(builder, [*texts, text("SCALE", (900, 90), 4), text("N.T.S.", (900, 80), 4)])
    block = [text("DATE", (900, 30), 4), text("REV", (900, 60), 4)]
    blocked = scale_of(builder, [*texts, *block, text("SCALE", (900, 90), 4), text("N.T.S.", (900, 80), 4)])

    assert found is not None and blocked is not None
    assert blocked.state == "withheld"
    assert "not to scale" in blocked.evidence


@pytest.mark.parametrize("evidence", ["dimensions", "bar"])
def test_one_witness_against_the_printed_ratio_withholds(evidence: str) -> None:
    builder, texts = dimensions(2 * AT_50, [2 * length for length in LENGTHS_M])
    texts = texts if evidence == "dimensions" else bar(2 * AT_50)

    found = scale_of(builder if evidence == "dimensions" else LineworkBuilder(), texts + printed())

    assert found is not None
    assert (found.ratio, found.m_per_unit, found.state) == (50, None, "withheld")
    assert "say 2 times" in found.evidence


def test_dimensions_against_the_bar_withhold() -> None:
    builder, texts = dimensions(AT_50)

    found = scale_of(builder, texts + bar(1.3 * AT_50) + printed())

    assert found is not None
    assert (found.m_per_unit, found.state) == (None, "withheld")
    assert "contradict" in found.evidence


def test_an_imperial_sheet_is_measured() -> None:
    at_48 = 48 * POINT_M
    builder, texts = dimensions(at_48, [n * INCH_M for n in (42, 138.5, 96, 60.5)], feet)

    found = scale_of(builder, [*texts, *printed('1/4" = 1\'-0"')])

    assert found is not None
    assert (found.ratio, found.state) == (48, "measured")
    assert found.m_per_unit == pytest.approx(at_48)
    assert is_imperial(texts)


def test_a_metric_sheet_with_a_note_in_feet_is_metric() -> None:
    _, texts = dimensions(AT_50)

    assert not is_imperial([*texts, text("3'-6\"", (0, 0))])
    assert not is_imperial([])


# ---- in real units (DXF) -----------------------------------------------------------------------------------------


def model(unit_m: float, header_m: float | None, doors: float | None, *, drawn: bool) -> Scale | None:
    """The scale of a drawing in units of `unit_m` whose header says `header_m`."""
    builder, texts = dimensions(unit_m) if drawn else (LineworkBuilder(), [])
    return scale_of(builder, texts, doors, unit_m=header_m, unit_evidence="the header's unit")


def test_a_header_is_confirmed_by_dimensions_or_doors() -> None:
    by_dimensions = model(0.001, 0.001, None, drawn=True)
    by_doors = model(0.001, 0.001, 0.0011, drawn=False)
    alone = model(0.001, 0.001, None, drawn=False)

    assert [s and (s.m_per_unit, s.state) for s in (by_dimensions, by_doors, alone)] == [
        (0.001, "measured"),
        (0.001, "measured"),
        (0.001, "estimated"),
    ]


def test_a_header_that_makes_doors_absurd_is_withheld() -> None:
    found = model(0.001, 1.0, 0.001, drawn=False)

    assert found is not None
    assert (found.m_per_unit, found.state) == (None, "withheld")
    assert "doors 850 m wide" in found.evidence


def test_dimensions_and_doors_overrule_a_wrong_header() -> None:
    found = model(0.001, 1.0, 0.001, drawn=True)

    assert found is not None
    assert (found.m_per_unit, found.state) == (0.001, "measured")
    assert "is wrong" in found.evidence


def test_dimensions_of_no_usual_unit_withhold() -> None:
    found = model(0.0037, 0.001, None, drawn=True)

    assert found is not None
    assert (found.m_per_unit, found.state) == (None, "withheld")


def test_a_page_of_a_model_without_any_unit_has_none() -> None:
    page = Page(0, "1", (0, 0, 1, 1), LineworkBuilder().build(), page_of(LineworkBuilder().build()).picture_bgr)

    assert find_scale(page, [], None) is None
