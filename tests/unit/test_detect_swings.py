from __future__ import annotations

import math

import numpy as np
import pytest

from planroom.detect.swings import find_swings, swing_radius_unit
from planroom.detect.vectors import guess_scale
from planroom.records import Floats
from plans import THIN, Drawing, Placing, two_rooms

NONE = np.zeros((0, 4))


def arcs(*given: tuple[float, float, float, float, float]) -> Floats:
    """cx, cy, radius, start and sweep in degrees."""
    return np.array([(x, y, r, math.radians(a), math.radians(b)) for x, y, r, a, b in given], np.float64)


def leaf(*ends: float) -> Floats:
    return np.array([ends], np.float64)


def test_the_end_with_the_leaf_is_the_tip() -> None:
    for tip, latch in (((0.9, 0), (0, 0.9)), ((0, 0.9), (0.9, 0))):
        (swing,) = find_swings(arcs((0, 0, 0.9, 0, 90)), leaf(0, 0, *tip))

        assert swing.leaf
        assert swing.tip == pytest.approx(tip)
        assert swing.latch == pytest.approx(latch)
        assert swing.hinge.tolist() == [0, 0]
        assert swing.leaf_lines == (0,)


def test_a_leaf_may_stand_half_open_and_be_as_thick_as_one() -> None:
    tip = (0.9 * math.cos(math.radians(45)), 0.9 * math.sin(math.radians(45)))
    beside = np.array([(0.03, -0.03, tip[0] + 0.03, tip[1] - 0.03)])

    (swing,) = find_swings(arcs((0, 0, 0.9, 0, 45)), beside)

    assert swing.leaf and swing.latch == pytest.approx((0.9, 0))


@pytest.mark.parametrize(
    "line",
    [(0.0, 0.0, 0.5, 0.0), (0.0, 0.0, 1.3, 0.0), (0.0, 0.2, 0.9, 0.2), (0.0, 0.0, 0.64, 0.64)],
    ids=["too short", "too long", "beside", "half way"],
)
def test_a_line_elsewhere_is_no_leaf(line: tuple[float, float, float, float]) -> None:
    (swing,) = find_swings(arcs((0, 0, 0.9, 0, 90)), leaf(*line))

    assert not swing.leaf and swing.leaf_lines == ()


@pytest.mark.parametrize(
    "arc",
    [(0, 0, 0.3, 0, 90), (0, 0, 1.6, 0, 90), (0, 0, 0.9, 0, 10), (0, 0, 0.9, 0, 180), (0, 0, 0.9, 0, 360)],
    ids=["a basin", "a path", "a sliver", "a half circle", "a table"],
)
def test_arcs_of_other_things_are_no_swings(arc: tuple[float, float, float, float, float]) -> None:
    assert find_swings(arcs(arc), NONE) == []


def test_two_arcs_of_one_thick_leaf_are_one_swing() -> None:
    (swing,) = find_swings(arcs((0, 0, 0.86, 0, 90), (0, 0, 0.9, 0, 90)), leaf(0, 0, 0, 0.9))

    assert (swing.radius, swing.arc) == (0.9, 1)


def test_two_leaves_on_one_frame_are_two_swings() -> None:
    back_to_back = arcs((0, 0, 0.9, 0, 90), (0, 0, 0.9, 180, 90))
    double = arcs((0, 0, 0.8, 0, 90), (1.6, 0, 0.8, 90, 90))

    assert len(find_swings(back_to_back, NONE)) == len(find_swings(double, NONE)) == 2


def test_flipped_is_the_same_arc_read_the_other_way() -> None:
    (swing,) = find_swings(arcs((0, 0, 0.9, 0, 90)), leaf(0, 0, 0, 0.9))

    other = swing.flipped()

    assert other.tip.tolist() == swing.latch.tolist() and other.latch.tolist() == swing.tip.tolist()
    assert not other.leaf


def test_a_threshold_and_a_leaf_may_each_be_the_other() -> None:
    both = np.array([(0, 0, 0, 0.9), (0, 0, 0.9, 0)], np.float64)

    (swing,) = find_swings(arcs((0, 0, 0.9, 0, 90)), both)
    other = swing.flipped()

    assert swing.leaf and other.leaf
    assert {swing.leaf_lines, other.leaf_lines} == {(0,), (1,)}
    assert other.sill_lines == swing.leaf_lines


# ---- a rough scale from the doors --------------------------------------------------------------------------------


def test_the_commonest_radius_with_a_leaf_counts() -> None:
    quarters = arcs(*((5.0 * k, 0, r, 0, 90) for k, r in enumerate((48, 50, 52, 50, 300, 300, 300, 300))))
    leaves = np.array([(5.0 * k, 0, 5.0 * k, r) for k, r in enumerate((48.0, 50.0, 52.0, 50.0))])

    assert swing_radius_unit(quarters, leaves) == pytest.approx(50)


def test_one_door_alone_gives_no_scale() -> None:
    assert swing_radius_unit(arcs((0, 0, 50, 0, 90)), leaf(0, 0, 0, 50)) is None


@pytest.mark.parametrize("unit_m", [1.0, 0.001, 0.0254 / 72 * 100])
def test_doors_give_about_the_scale_in_any_unit(unit_m: float) -> None:
    work = two_rooms().linework(Placing(unit_m=unit_m))

    assert guess_scale(work) == pytest.approx(unit_m, rel=0.25)


def test_only_scales_that_plans_are_drawn_in_are_believed() -> None:
    point_m = 0.0254 / 72
    at_50, at_1000 = (two_rooms().linework(Placing(unit_m=ratio * point_m)) for ratio in (50, 1000))

    assert guess_scale(at_50, point_m) == pytest.approx(50 * point_m, rel=0.25)
    assert guess_scale(at_1000, point_m) is None


def test_swings_drawn_as_chains_of_pieces_are_doors_too() -> None:
    drawing = two_rooms()
    chained = Drawing()
    for style, chains, curves, filled in drawing.paths:
        points = [
            [(cx + r * math.cos(a), cy + r * math.sin(a)) for a in np.linspace(start, start + sweep, 13)]
            for cx, cy, r, start, sweep in curves
        ]
        chained.paths.append((style, chains + points, [], filled))

    doors = [e.sizes["width"] for e in chained.elements() if e.kind == "door"]

    assert THIN in {style for style, *_ in chained.paths}
    assert sorted(doors) == pytest.approx([0.8, 1.0], abs=0.02)
