"""Openings that were read more than once."""

from __future__ import annotations

from planroom.detect.clashes import distinct, merge_layers
from planroom.detect.openings import Opening
from plans import ring


def opening(kind: str, x: float, y: float, width: float = 0.9, thick: float = 0.1, sure: float = 0.8) -> Opening:
    return Opening(kind, "", ring(x, y, x + width, y + thick), width, thick, sure)


def test_the_surer_of_two_in_one_place_stays() -> None:
    door, window = opening("door", 0, 0), opening("window", 0.1, 0, sure=0.9)

    assert distinct([window, door]) == [door]


def test_two_side_by_side_both_stay() -> None:
    both = [opening("window", 0, 0), opening("window", 1.2, 0)]

    assert len(distinct(both)) == len(merge_layers(both)) == 2


def test_openings_behind_each_other_in_the_layers_of_a_wall_are_one() -> None:
    brick, lining = opening("opening", 0, 0, thick=0.2), opening("door", 0.05, 0.25)

    assert merge_layers([brick, lining]) == [lining]


def test_openings_of_two_walls_are_two() -> None:
    assert len(merge_layers([opening("door", 0, 0), opening("door", 0, 0.5)])) == 2
