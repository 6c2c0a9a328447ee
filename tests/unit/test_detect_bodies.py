"""Masks of walls as bands, and the spaces between them: drawn boxes whose every size is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import shapely

from planroom.detect.bands import Bands
from planroom.detect.pixels.bodies import spaces, wall_bands
from planroom.engine.pictures import Grey

M_PER_PX = 0.01
SIDE = 1000


def empty() -> Grey:
    return np.zeros((SIDE, SIDE), np.uint8)


def boxed(mask: Grey, x0: int, y0: int, x1: int, y1: int, value: int = 1) -> Grey:
    """Columns x0 to x1 and rows y0 to y1, exclusive, set to `value`."""
    mask[y0:y1, x0:x1] = value
    return mask


def sizes(bands: Bands) -> list[tuple[float, float]]:
    """Lengths and thicknesses in pixels, rounded, the longest first."""
    pairs = zip((bands.end - bands.start) / M_PER_PX, (bands.high - bands.low) / M_PER_PX, strict=True)
    return sorted(((round(float(long)), round(float(thick))) for long, thick in pairs), reverse=True)


def house() -> Grey:
    """Outer walls of 30 px round 800 x 600, and an inner one of 10 px from top to bottom."""
    walls = boxed(empty(), 100, 200, 900, 800)
    boxed(walls, 130, 230, 870, 770, 0)
    return boxed(walls, 500, 230, 510, 770)


def test_walls_are_as_long_and_as_thick_as_they_are_drawn() -> None:
    bands = wall_bands(house(), empty(), M_PER_PX)

    assert sizes(bands) == [(740, 30), (740, 30), (540, 30), (540, 30), (540, 10)], "between the walls that they end at"
    inner = bands.take(bands.high - bands.low < 0.2).polygons()[0]
    assert inner.bounds == pytest.approx((5.0, 2.3, 5.1, 7.7), abs=0.011)


@pytest.mark.parametrize("degrees", [0.0, 7.0, 30.0, 81.0])
def test_a_plan_may_stand_at_any_angle(degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), degrees, 0.8)
    walls = np.asarray(cv2.warpAffine(house() * 255, turn, (SIDE, SIDE)) > 127, np.uint8)

    found = sizes(wall_bands(walls, empty(), M_PER_PX))

    assert len(found) == 5
    assert np.array(found) == pytest.approx(np.array([(592, 24), (592, 24), (432, 24), (432, 24), (432, 8)]), abs=4)


def test_a_wall_runs_through_its_openings_however_thick_those_were_seen() -> None:
    walls = boxed(house(), 300, 200, 420, 230, 0)  # a gap of 1.20 m in the lower wall
    thin, thick = boxed(empty(), 290, 210, 430, 222), boxed(empty(), 290, 190, 430, 240)

    for openings in (thin, thick):
        assert sizes(wall_bands(walls, openings, M_PER_PX))[:2] == [(740, 30), (740, 30)]
    assert sizes(wall_bands(walls, empty(), M_PER_PX))[0] == (740, 30)
    assert len(wall_bands(walls, empty(), M_PER_PX)) == 6, "nothing is known to be there: two walls"


def test_an_opening_alone_is_no_wall() -> None:
    assert len(wall_bands(empty(), boxed(empty(), 300, 200, 420, 230), M_PER_PX)) == 0


def test_a_slanted_wall_among_level_ones() -> None:
    walls = house()
    cv2.line(walls, (150, 250), (450, 550), 1, 14)

    bands = wall_bands(walls, empty(), M_PER_PX)

    slanted = bands.take(np.abs(bands.axes[bands.direction]).min(1) > 0.5)
    assert len(slanted) == 1
    assert float(slanted.end[0] - slanted.start[0]) == pytest.approx(4.24, abs=0.3)


def test_where_a_wall_grows_thicker_another_one_begins() -> None:
    walls = boxed(boxed(empty(), 100, 500, 500, 512), 500, 494, 900, 530)

    assert sizes(wall_bands(walls, empty(), M_PER_PX)) == [(400, 36), (400, 12)]


def test_nothing_is_found_on_an_empty_mask() -> None:
    assert len(wall_bands(empty(), empty(), M_PER_PX)) == 0
    assert spaces(empty(), M_PER_PX) == []


def test_spaces_are_measured_to_the_faces_of_walls() -> None:
    left, right = sorted(spaces(house(), M_PER_PX), key=lambda one: float(one.bounds[0]))

    assert left.bounds == pytest.approx((1.3, 2.3, 5.0, 7.7), abs=0.006)
    assert (left.area, right.area) == pytest.approx((3.7 * 5.4, 3.6 * 5.4), rel=0.005)


def test_cracks_are_healed_and_gaps_are_not() -> None:
    crack, gap = (boxed(house(), 500, 400, 510, 400 + wide, 0) for wide in (20, 60))

    assert len(spaces(crack, M_PER_PX)) == 2
    assert len(spaces(gap, M_PER_PX)) == 1


def test_what_stands_in_a_room_is_taken_off() -> None:
    chimney, ink = boxed(house(), 200, 400, 300, 500), boxed(house(), 200, 400, 215, 415)

    for drawn, taken_m2 in ((chimney, 1.0), (ink, 0.0)):
        left = min(spaces(drawn, M_PER_PX), key=lambda one: float(one.bounds[0]))
        assert left.area == pytest.approx(3.7 * 5.4 - taken_m2, rel=0.005)
        assert len(shapely.get_parts(left)) == 1


def test_shafts_are_no_rooms() -> None:
    walls = boxed(empty(), 100, 100, 200, 900)
    boxed(walls, 110, 110, 140, 890, 0)  # 0.30 m wide
    boxed(walls, 150, 110, 190, 160, 0)  # 0.2 m²

    assert spaces(walls, M_PER_PX) == []
