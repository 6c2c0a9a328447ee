"""Walls of a trace: torn ones whole, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest

from planroom.detect.bands import Bands
from planroom.detect.lines import Lines, merge_lines
from planroom.detect.openings import Opening
from planroom.detect.slim import are_inset, in_gaps, loose_stubs, mended
from plans import ring

Span = tuple[float, float, float, float]  # start, end, low, high
THIN, THICK, FILLED = 0, 1, 2


def level(*spans: Span) -> Bands:
    """Bands along x."""
    start, end, low, high = np.array(spans, np.float64).T
    zero = np.zeros(len(spans), np.int32)
    return Bands(np.array([(1.0, 0.0)]), zero, low, high, start, end, np.zeros((len(spans), 2), np.int32), zero)


def faces(pen: int, *spans: tuple[float, float]) -> Lines:
    """Both faces of a wall, 0.2 m apart, drawn over spans of x, and what fills it."""
    rows = [(a, y, b, y) for a, b in spans for y in (0.0, 0.2)]
    styles = [THICK] * 2 + [pen] * (len(rows) - 2)
    rows.append((0.0, 0.1, 1.0, 0.1))
    return merge_lines(np.array(rows, np.float64), np.array([*styles, FILLED], np.int32))


WALL = level((0.0, 2.0, 0.0, 0.2), (2.8, 4.0, 0.0, 0.2))


@pytest.mark.parametrize(
    ("pen", "drawn", "whole"),
    [(THICK, (2.05, 2.7), True), (THICK, (2.05, 2.3), False), (THIN, (2.05, 2.7), False)],
)
def test_a_wall_is_whole_where_both_faces_run_on_in_its_own_pen(
    pen: int, drawn: tuple[float, float], whole: bool
) -> None:
    bands = mended(WALL, faces(pen, (0.0, 2.0), drawn, (2.8, 4.0)))

    assert bands.end.max() == 4.0
    assert len(bands) == (1 if whole else 2)


def test_a_wall_torn_twice_is_whole() -> None:
    wall = level((2.8, 4.0, 0.0, 0.2), (0.0, 1.0, 0.0, 0.2), (1.6, 2.2, 0.0, 0.2))

    bands = mended(wall, faces(THICK, (0.0, 4.0)))

    assert (bands.start.tolist(), bands.end.tolist()) == ([0.0], [4.0])


def test_a_stub_that_meets_no_wall_is_none_but_a_pier_is() -> None:
    wall, far = (0.0, 2.0, 0.0, 0.2), (3.5, 5.0, 0.0, 0.2)
    pier, leaf_ends, tongue = (2.6, 2.8, 0.0, 0.2), (2.6, 2.8, 0.03, 0.2), (2.0, 2.15, 0.0, 0.2)

    assert loose_stubs(level(wall, far, pier)).tolist() == [False, False, False]
    assert loose_stubs(level(wall, far, leaf_ends)).tolist() == [False, False, True]
    assert loose_stubs(level(wall, far, tongue)).tolist() == [False, False, False]


def test_what_stands_alone_in_a_gap_is_a_leaf_unless_an_opening_is_beside_it() -> None:
    bands = level((0.0, 2.0, 0.0, 0.2), (2.5, 3.3, 0.0, 0.2), (3.6, 5.0, 0.0, 0.2))
    window = Opening("window", "", ring(2.0, 0.0, 2.5, 0.2), 0.5, 0.2, 0.9)

    assert in_gaps(bands, []).tolist() == [False, True, False]
    assert not in_gaps(bands, [window]).any()


def test_the_halves_of_a_pocket_are_no_walls() -> None:
    bands = level((0.0, 2.0, 0.0, 0.2), (2.05, 2.9, 0.0, 0.06), (2.05, 2.9, 0.14, 0.2))

    assert are_inset(bands).tolist() == [False, True, True]
