"""Walls that are filled, in pixels: where they are, and where their faces lie."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from planroom.detect.pixels.ink import find_ink
from planroom.detect.pixels.lines import level_lines
from planroom.detect.pixels.solid import drop_leaves, hatched, solid_edges

Grey = NDArray[np.uint8]
NO_LINES = np.zeros((0, 4))


def hatched_walls() -> Grey:
    """A long wall, a stub beyond a gap, and a shower that stands 6 pixels off the long one."""
    grey = np.full((400, 900), 255, np.uint8)
    for start, end in ((100, 500), (520, 544)):
        for x in range(start - 24, end, 12):
            cv2.line(grey, (x, 120), (x + 24, 96), 90, 1, cv2.LINE_AA)
        cv2.rectangle(grey, (start, 100), (end, 120), 0, 2)
    grey[:98] = 255
    for start, end in ((0, 98), (503, 517), (547, 900)):
        grey[:, start:end] = 255
    cv2.rectangle(grey, (300, 127), (400, 200), 0, 1)
    return grey


def test_stubs_count_beside_hatched_walls_and_what_stands_off_a_wall_does_not() -> None:
    ink = find_ink(hatched_walls())
    flat, _ = level_lines(ink, np.zeros_like(ink.solid))

    filled = hatched(ink.drawn, np.zeros_like(ink.solid), flat, NO_LINES)

    assert filled[110, 150:450].all()
    assert filled[110, 526:538].all()
    assert not filled[110, 503:517].any()
    assert not filled[124:127, 310:390].any()


@pytest.mark.parametrize("fill", [32, 168])
def test_a_solid_wall_ends_where_the_line_round_it_lies(fill: int) -> None:
    grey = np.full((1200, 1200), 255, np.uint8)
    for top in (200, 500):
        grey[top - 3 : top + 33, 97:1103] = 0
        grey[top + 3 : top + 27, 103:1097] = fill
    ink = find_ink(np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.uint8), with_rim=True)

    edges = solid_edges(ink.solid, ink.rim_px)

    level = edges[(np.abs(edges[:, 3] - edges[:, 1]) < 1) & (edges[:, 2] - edges[:, 0] > 800)]
    assert sorted(level[:, 1]) == pytest.approx([200, 230, 500, 530], abs=0.5)


def test_a_leaf_beside_a_wall_leaves_the_wall_whole() -> None:
    solid = np.zeros((400, 400), np.uint8)
    solid[100:130, 50:350] = 1
    solid[200:209, 100:200] = 1
    leaves = np.array([[100.0, 102.0, 300.0, 102.0], [100.0, 204.0, 200.0, 204.0]])

    drop_leaves(solid, leaves, np.zeros_like(solid))

    assert solid[100:130, 50:350].all()
    assert not solid[200:209, 125:195].any()
