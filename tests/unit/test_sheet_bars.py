"""Graphic bars by their numbers, by their lines, and by what optical reading leaves of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from planroom.ingest.linework import LineworkBuilder
from planroom.records import Linework, Text
from planroom.sheet.bars import Bar, find_bars
from planroom.sheet.notes import find_notes
from planroom.units import FOOT_M, POINT_M
from plans import SOLID, THIN, text

AT_50 = 50 * POINT_M
NOTHING = LineworkBuilder().build()


def bar(m_per_unit: float, ticks: Sequence[float] = (0, 1, 2, 5), unit: str = "m", unit_m: float = 1.0) -> list[Text]:
    """The numbers of a graphic bar, the last with its unit beside it."""
    words = [f"{t:g}" for t in ticks[:-1]] + [f"{ticks[-1]:g} {unit}".strip()]
    return [text(w, (400 + t * unit_m / m_per_unit, 60), 6) for w, t in zip(words, ticks, strict=True)]


def drawn(m_per_unit: float, ticks: Sequence[float] = (0, 1, 2, 5), unit_m: float = 1.0) -> Linework:
    """The bar over those numbers: fields between the ticks, every other one black; and a wall elsewhere."""
    builder = LineworkBuilder()
    xs = [400 + t * unit_m / m_per_unit for t in ticks]
    for i, (x0, x1) in enumerate(pairwise(xs)):
        ring = [(x0, 70.0), (x1, 70.0), (x1, 75.0), (x0, 75.0)]
        builder.path(SOLID if i % 2 else THIN)
        if i % 2:
            builder.fill(np.array(ring))
        else:
            builder.polyline(ring, closed=True)
    builder.path(THIN)
    builder.line(0, 900, 900, 900)
    return builder.build()


def found(texts: list[Text], work: Linework = NOTHING, *, imperial: bool | None = None) -> list[Bar]:
    return find_bars(work, texts, find_notes(texts), imperial=imperial)


@pytest.mark.parametrize(
    ("unit", "unit_m", "ticks"), [("m", 1.0, (0, 1, 2, 5)), ("ft", FOOT_M, (0, 4, 8, 16)), ("m", 1.0, (0, 1, 2))]
)
def test_a_bars_numbers_give_metres_in_a_unit(unit: str, unit_m: float, ticks: tuple[int, ...]) -> None:
    (one,) = found(bar(AT_50, ticks, unit, unit_m))

    assert one.m_per_unit == pytest.approx(AT_50, rel=0.02)
    assert not one.is_drawn


def test_numbers_that_are_unevenly_spaced_or_unitless_are_no_bar() -> None:
    uneven = bar(AT_50)
    uneven[2] = uneven[2]._replace(x=uneven[2].x + 20)

    assert found(uneven) == []
    assert found(bar(AT_50, unit="")) == []
    assert found(bar(AT_50)[1:]) == []  # grid numbers, none of them 0


def test_the_drawn_bar_says_exactly_where_the_numbers_are() -> None:
    shifted = [t._replace(x=t.x + 1.5 * (-1) ** i) for i, t in enumerate(bar(AT_50))]

    (one,) = found(shifted, drawn(AT_50))

    assert one.is_drawn
    assert one.m_per_unit == pytest.approx(AT_50, rel=1e-6)


def test_a_bar_whose_zero_was_not_read_begins_where_it_is_drawn() -> None:
    (one,) = found(bar(AT_50, (0, 2, 4, 8))[1:], drawn(AT_50, (0, 2, 4, 8)))

    assert one.m_per_unit == pytest.approx(AT_50, rel=1e-6)
    assert found(bar(AT_50, (0, 2, 4, 8))[1:]) == []


def test_numbers_read_as_one_run_are_taken_apart() -> None:
    ticks = (0, 4, 8, 16)
    texts = [text("0 4' 8' 16'", (400 + 8 * FOOT_M / AT_50, 60), 6)]
    half = 8 * FOOT_M / AT_50 + 4
    texts = [texts[0]._replace(box=(texts[0].x - half, 57, texts[0].x + half, 63))]

    four = 400 + 4 * FOOT_M / AT_50
    zero_and_four = text("04", ((400 + four) / 2, 60), 6)._replace(box=(397.5, 57, four + 2.5, 63))

    merged = found(texts, drawn(AT_50, ticks, FOOT_M))
    glued = found([*bar(AT_50, ticks, "'", FOOT_M)[2:], zero_and_four], drawn(AT_50, ticks, FOOT_M))

    for bars in (merged, glued):
        assert [b.m_per_unit for b in bars] == [pytest.approx(AT_50, rel=1e-6)]


def test_a_bars_unit_may_stand_in_its_caption() -> None:
    numbers = bar(AT_50, (0, 30, 60), "", FOOT_M)

    assert [b.m_per_unit for b in found([*numbers, text("SCALE: 1\"=30'", (440, 48), 6)])] == [pytest.approx(AT_50)]
    assert [b.m_per_unit for b in found([*numbers, text("SCALE IN FEET", (440, 48), 6)])] == [pytest.approx(AT_50)]
    assert [b.m_per_unit for b in found(numbers, imperial=True)] == [pytest.approx(AT_50)]
    assert found(numbers) == []


def test_two_bars_in_one_row_are_two_and_numbers_left_of_zero_do_not_count() -> None:
    left = [text("10", (370, 60), 6), *bar(AT_50, (0, 1, 2), "m")]
    right = [t._replace(x=t.x + 500, box=(t.box[0] + 500, t.box[1], t.box[2] + 500, t.box[3])) for t in bar(3 * AT_50)]
    captions = [text("VERTICAL SCALE 1:50", (450, 48), 6), text("HORIZONTAL SCALE 1:150", (950, 48), 6)]

    bars = found(left + right + captions)

    assert sorted((round(b.m_per_unit / AT_50, 1), b.axis) for b in bars) == [(1.0, "vertical"), (3.0, "horizontal")]


def test_feet_that_may_be_inches_misread_are_left_out() -> None:
    feet = bar(AT_50, (0, 6, 12, 24), "'", FOOT_M)
    inches = [t._replace(y=t.y + 300) for t in bar(AT_50, (0, 1, 3, 12), '"', 0.0254)]

    assert len(found(feet)) == 1
    assert [round(b.m_per_unit / AT_50, 2) for b in found(feet + inches)] == [1.0]


def test_sizes_in_feet_and_inches_are_no_numbers_of_a_bar() -> None:
    row = [text(w, (400 + 60 * i, 60), 6) for i, w in enumerate(("0'-8\"", "2'-2\"", "4'-4\""))]

    assert found(row, drawn(AT_50)) == []
