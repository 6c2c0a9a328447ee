"""Openings in the walls of a trace."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from planroom.detect.bands import Bands
from planroom.detect.openings import Opening
from planroom.detect.torn import glazed, slid_over
from plans import ring


def level(*spans: tuple[float, float, float, float]) -> Bands:
    """Bands along x: start, end, low, high."""
    start, end, low, high = np.array(spans, np.float64).T
    zero = np.zeros(len(spans), np.int32)
    return Bands(np.array([(1.0, 0.0)]), zero, low, high, start, end, np.zeros((len(spans), 2), np.int32), zero)


WALL = ((0.0, 2.0, 0.0, 0.2), (3.6, 5.0, 0.0, 0.2))
GAP = ring(2.0, 0.0, 3.6, 0.2)


def test_all_that_is_drawn_between_two_ends_of_a_wall_is_one_door() -> None:
    torn = Opening("opening", "", ring(2.9, 0.0, 3.6, 0.2), 0.7, 0.2, 0.5)

    (door,) = slid_over(level(*WALL), [torn], lambda _: True)

    assert (door.kind, door.subtype) == ("door", "sliding")
    assert np.allclose(door.ring, GAP)
    assert slid_over(level(*WALL), [torn], lambda _: False) == [torn]


def test_a_gap_that_a_window_or_a_door_is_in_is_theirs() -> None:
    for kind in ("window", "door"):
        there = Opening(kind, "", ring(2.0, 0.0, 2.9, 0.2), 0.9, 0.2, 0.9)

        assert slid_over(level(*WALL), [there], lambda _: True) == [there]


@pytest.mark.parametrize("side", [-0.36, 0.2])
def test_what_has_a_wall_behind_it_is_furniture(side: float) -> None:
    assert slid_over(level(*WALL, (0.0, 5.0, side, side + 0.36)), [], lambda _: True) == []


def test_a_passage_indoors_is_no_window_though_a_corner_of_the_house_is_missing() -> None:
    """Four outer walls that meet at no corner, and one between with a passage in its middle."""
    walls = [(0.4, 0.0, 9.6, 0.4), (0.4, 7.6, 9.6, 8.0), (0.0, 0.8, 0.4, 7.2), (9.6, 0.8, 10.0, 7.2)]
    walls += [(0.4, 4.0, 4.5, 4.1), (5.5, 4.0, 9.6, 4.1)]
    passage = Opening("opening", "", ring(4.5, 4.0, 5.5, 4.1), 1.0, 0.1, 0.75)
    rings = np.array([shapely.box(*corners) for corners in walls], dtype=object)

    assert glazed([passage], rings) == [passage]
    assert [o.kind for o in glazed([passage], rings[4:])] == ["window"]
