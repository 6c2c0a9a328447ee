"""Boxes of tiles as one set."""

from __future__ import annotations

import numpy as np
import pytest

from planroom.engine.quads import Quad, join_quads, sides, stands


def box(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float)


def turned(quad: Quad, degrees: float) -> Quad:
    angle = np.radians(degrees)
    middle = quad.mean(0)
    round_: Quad = (quad - middle) @ np.array(
        [(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))]
    ) + middle
    return round_


def bounds(quad: Quad) -> list[float]:
    return [*quad.min(0).tolist(), *quad.max(0).tolist()]


def test_a_line_cut_by_a_tile_is_one() -> None:
    joined = join_quads([box(900, 100, 1024, 130), box(896, 101, 1300, 131), box(1290, 99, 1500, 129)])

    assert [bounds(q) for q in joined] == [[896, 99, 1500, 131]]


def test_words_that_do_not_overlap_stay_apart() -> None:
    assert len(join_quads([box(0, 0, 100, 30), box(104, 0, 200, 30), box(0, 28, 100, 58)])) == 3


def test_lettering_of_another_size_stays_apart() -> None:
    assert len(join_quads([box(0, 0, 400, 120), box(300, 90, 460, 120)])) == 2


def test_a_standing_line_cut_by_a_tile_is_one() -> None:
    joined = join_quads([box(10, 700, 40, 1024), box(11, 990, 41, 1200)])

    assert [bounds(q) for q in joined] == [[10, 700, 41, 1200]]
    assert stands(joined[0])


@pytest.mark.parametrize("slant_deg", [6.0, 30.0, 45.0, -20.0])
def test_slanted_lines_are_kept_once(slant_deg: float) -> None:
    one = turned(box(0, 0, 300, 30), slant_deg)

    assert len(join_quads([one, one + 2.0, one + 400.0])) == 2


def test_a_slanted_box_on_a_level_one_is_dropped() -> None:
    level = box(100, 100, 190, 148)

    joined = join_quads([turned(level, 6.0), level])

    assert [bounds(q) for q in joined] == [bounds(level)]


def test_sides_follow_the_corners() -> None:
    assert sides(box(0, 0, 30, 10)) == (30.0, 10.0)
    assert sides(np.roll(box(0, 0, 30, 10), 1, axis=0)) == (10.0, 30.0)
