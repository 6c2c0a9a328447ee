from __future__ import annotations

import math

import numpy as np
import pytest

from planroom.geometry import arc_points, arc_through, area_of, box_of, fit_circles, flatten_beziers
from planroom.ingest.linework import LineworkBuilder
from plans import THIN


def on_circle(centre: tuple[float, float], radius: float, *angles: float) -> list[np.ndarray]:
    return [np.array([centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)]) for a in angles]


def quarter(radius: float) -> list[float]:
    """The usual cubic curve for a quarter of a circle round the origin, from east to north."""
    k = 0.5522847498 * radius
    return [radius, 0, radius, k, k, radius, 0, radius]


def test_a_circle_goes_through_three_points() -> None:
    points = on_circle((3, -2), 1.5, 0.2, 1.1, 2.9)

    centre, radius = fit_circles(*(p[None] for p in points))

    assert centre[0] == pytest.approx([3, -2])
    assert radius[0] == pytest.approx(1.5)


def test_points_in_line_have_no_circle() -> None:
    _, radius = fit_circles(*(np.array([[x, 2 * x]]) for x in (0.0, 1.0, 5.0)))

    assert math.isinf(radius[0])


@pytest.mark.parametrize(("first", "middle", "last"), [(0.1, 0.8, 1.5), (1.5, 0.8, 0.1), (5.9, 0.2, 1.0)])
def test_an_arc_runs_counter_clockwise_whichever_way_it_was_drawn(first: float, middle: float, last: float) -> None:
    start, sweep = arc_through(np.zeros(2), *on_circle((0, 0), 2, first, middle, last))

    ends = {round(start % math.tau, 6), round((start + sweep) % math.tau, 6)}

    assert ends == {round(first, 6), round(last, 6)}
    assert (middle - start) % math.tau < sweep < math.pi


def test_points_lie_evenly_on_an_arc() -> None:
    points = arc_points(np.array([1.0, 1.0, 2.0, 0.0, math.pi / 2]), 3)

    assert points == pytest.approx(np.array([(3, 1), (1 + math.sqrt(2), 1 + math.sqrt(2)), (1, 3)]))
    assert box_of(points) == pytest.approx((1, 1, 3, 3))


def test_a_curve_is_flattened_along_itself() -> None:
    points = flatten_beziers(np.array([quarter(1.0)]), 8)

    assert points.shape == (1, 9, 2)
    assert points[0, [0, -1]] == pytest.approx(np.array([(1, 0), (0, 1)]))
    assert np.hypot(*points[0].T) == pytest.approx(np.ones(9), abs=1e-3)


def test_a_round_curve_becomes_an_arc_and_another_one_straight_pieces() -> None:
    builder = LineworkBuilder()
    builder.path(THIN)
    builder.bezier(quarter(0.9))
    builder.path(THIN)
    builder.bezier([0, 0, 3, 0, 0, 1, 3, 1])

    work = builder.build()

    assert work.arcs == pytest.approx(np.array([(0, 0, 0.9, 0, math.pi / 2)]), abs=1e-3)
    assert work.arc_path.tolist() == [0]
    assert work.segment_path.tolist() == [1] * 4
    assert work.segments_xyxy[[0, -1]].ravel()[[0, 1, 6, 7]] == pytest.approx([0, 0, 3, 1])


def test_a_swing_written_as_two_curves_is_one_arc() -> None:
    builder = LineworkBuilder()
    builder.path(THIN)
    for start in (0.0, math.pi / 4):
        a, b = start, start + math.pi / 4
        k = 4 / 3 * math.tan(math.pi / 16)
        p, q = (math.cos(a), math.sin(a)), (math.cos(b), math.sin(b))
        builder.bezier([*p, p[0] - k * p[1], p[1] + k * p[0], q[0] + k * q[1], q[1] - k * q[0], *q])

    (arc,) = builder.build().arcs

    assert arc == pytest.approx([0, 0, 1, 0, math.pi / 2], abs=1e-3)


def test_the_area_of_a_ring_does_not_depend_on_its_sense_or_place() -> None:
    ring = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0)])

    for one in (ring, ring[::-1], ring + np.array([100.0, -50.0])):
        assert area_of(one) == pytest.approx(6.0)
