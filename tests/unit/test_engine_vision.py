"""A picture in tiles: what is seen in them is put back where it stands, once, whatever the size they are cut at.

Instead of networks, `blobs` finds dots of ink by their pixels, and calls ink wall.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from planroom.engine.instances import KINDS, STRIDE, Instance, distinct, read_instances, together
from planroom.engine.pictures import Grey, GreyArray
from planroom.engine.vision import (
    CLASS_STRIDE,
    CLASSES,
    DOOR_PX,
    MARGIN_PX,
    SHADES,
    TILE_PX,
    USES,
    Floats,
    Paper,
    Said,
    cut_tile,
    inked_px,
    look,
    paper_of,
)

DOT_PX = 24.0
WALL = CLASSES.index("wall")


def blobs(tiles: list[Floats]) -> Iterator[Said]:
    """Each dot of a tile is a hinged door as long as it is wide, turned by half a right angle."""
    side = TILE_PX // STRIDE
    for tile in tiles:
        ink = tile[0, 0]
        centres, shapes = np.full((1, len(KINDS), side, side), -9.0, np.float32), np.zeros((1, 6, side, side))
        _, _, boxes, middles = cv2.connectedComponentsWithStats((ink > 0.5).astype(np.uint8))
        for box, (x, y) in list(zip(boxes, middles, strict=True))[1:]:
            cx, cy = ((place + 0.5) / STRIDE - 0.5 for place in (x, y))
            column, row = (min(max(round(float(place)), 0), side - 1) for place in (cx, cy))
            centres[0, 0, row, column] = 4.0
            shapes[0, :, row, column] = cx - column, cy - row, 0.0, 1.0, math.log(box[2] / STRIDE), 0.0
        classes = np.zeros((1, len(CLASSES), TILE_PX // CLASS_STRIDE, TILE_PX // CLASS_STRIDE), np.float32)
        classes[0, WALL] = ink[::CLASS_STRIDE, ::CLASS_STRIDE] - 0.5
        uses = np.zeros((1, len(USES), side, side), np.float32)
        yield classes, uses, centres, shapes.astype(np.float32)


def dotted(height: int, width: int, dots: list[tuple[float, float]], paper: int = 255, ink: int = 0) -> Grey:
    grey = np.full((height, width), paper, np.uint8)
    for x, y in dots:
        cv2.circle(grey, (round(x), round(y)), round(DOT_PX / 2), ink, -1)
    return grey


@pytest.mark.parametrize("door_px", [18.0, 24.0, 36.0, 60.0, 100.0])
def test_each_is_found_once_and_where_it_stands(door_px: float) -> None:
    random = np.random.default_rng(3)
    dots = [(60.0 + 70 * k % 1400, 50.0 + 90 * (k // 20)) for k in range(200)]
    dots = [(x + random.integers(-9, 9), y + random.integers(-9, 9)) for x, y in dots]
    dots = [dot for k, dot in enumerate(dots) if all(math.dist(dot, other) > 40 for other in dots[:k])]

    seen = look(GreyArray(dotted(1000, 1500, dots)), blobs, door_px)

    assert seen.zoom == pytest.approx(DOOR_PX / door_px, rel=0.06)  # the nearest of six steps to twice the size
    found = sorted((one.x, one.y) for one in seen.instances)
    assert len(found) == len(dots) > 60
    for one in seen.instances:
        assert min(math.dist((one.x, one.y), dot) for dot in dots) < 1.0
        assert one.kind == "hinged" and one.angle == pytest.approx(math.pi / 4)
        assert one.length == pytest.approx(DOT_PX, rel=0.15)


def test_classes_are_laid_over_the_whole_picture() -> None:
    grey = np.full((700, 1100), 255, np.uint8)
    grey[100:600, 80:140] = 0
    grey[100:160, 80:1000] = 0

    seen = look(GreyArray(grey), blobs, DOOR_PX)

    assert seen.classes.shape == (350, 550) and seen.uses.shape == (175, 275)
    np.testing.assert_array_equal(seen.classes == WALL, grey[::2, ::2] == 0)


def test_an_overview_tells_how_large_doors_are() -> None:
    dots = [(200.0 + 300 * k, 300.0 + 260 * row) for k in range(8) for row in range(5)]

    seen = look(GreyArray(dotted(1700, 2700, dots)), blobs)

    assert seen.zoom == pytest.approx(DOOR_PX / DOT_PX, rel=0.1)
    assert len(seen.instances) == len(dots)


def test_the_mirrored_look_is_turned_back() -> None:
    """Bars are seen along their ink, far surer where that rises to the right: in the second look alone."""

    def bars(tiles: list[Floats]) -> Iterator[Said]:
        for tile, (classes, uses, centres, shapes) in zip(tiles, blobs(tiles), strict=True):
            for row, column in np.argwhere(centres[0, 0] > 0):
                y, x = np.nonzero(tile[0, 0] > 0.5)
                two = 2 * np.arctan2(*np.linalg.eigh(np.cov(x, y))[1][::-1, 1])
                shapes[0, 2:4, row, column] = np.cos(two), np.sin(two)
                centres[0, 0, row, column] = 1.0 if np.sin(two) > 0 else 6.0
            yield classes, uses, centres, shapes

    grey = np.full((300, 400), 255, np.uint8)
    cv2.line(grey, (140, 110), (180, 130), 0, 9)  # y down: it falls to the right

    (bar,) = look(GreyArray(grey), bars, door_px=DOT_PX).instances

    assert math.tan(bar.angle) == pytest.approx(0.5, abs=0.06)
    assert (bar.x, bar.y) == pytest.approx((160, 120), abs=1.5)


def test_a_house_that_fills_its_sheet_is_looked_at_twice() -> None:
    """At the likely size its doors are as large as they should be: there is no need to look for another one."""
    looked: list[int] = []

    def counted(tiles: list[Floats]) -> Iterator[Said]:
        looked.append(len(tiles))
        return blobs(tiles)

    side = 640 * DOT_PX / DOOR_PX
    grey = dotted(900, 900, [(side * x, side * y) for x in (0.25, 0.5, 0.75, 1.0) for y in (0.25, 0.5, 0.75, 1.0)])
    grey[int(side / 4)] = 0  # a line across the sheet says how large the drawing is

    seen = look(GreyArray(np.ascontiguousarray(grey[: int(side * 1.03), : int(side)])), counted)

    assert seen.zoom == pytest.approx(DOOR_PX / DOT_PX, rel=0.1)
    assert sum(looked) <= 2 * 4


def test_what_is_drawn_is_measured_without_stray_marks() -> None:
    grey = dotted(1200, 1600, [(300.0, 400.0), (900.0, 500.0)])
    cv2.rectangle(grey, (200, 300), (1000, 700), 0, 2)
    grey[5, 7] = grey[1190, 1590] = 0

    assert inked_px(GreyArray(grey), paper_of(GreyArray(grey))) == pytest.approx(802, abs=3)
    assert inked_px(GreyArray(np.full((90, 70), 255, np.uint8)), Paper(255.0, 24.0)) == 90


@pytest.mark.parametrize(("height", "width"), [(1, 1), (40, 3000), (700, 20), (513, 385)])
def test_pictures_of_any_shape(height: int, width: int) -> None:
    seen = look(GreyArray(np.full((height, width), 255, np.uint8)), blobs)

    assert seen.instances == []
    assert seen.classes.shape == tuple(math.ceil(size * seen.zoom / CLASS_STRIDE) for size in (height, width))


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (230, 150), (20, 240), (180, 30)])
def test_faint_and_dark_sheets_look_alike(paper: int, ink: int) -> None:
    grey = dotted(512, 512, [(100.0, 100.0), (300.0, 200.0)], paper, ink)

    told = paper_of(GreyArray(grey)).ink(grey)

    np.testing.assert_allclose(told, dotted(512, 512, [(100.0, 100.0), (300.0, 200.0)]) == 0, atol=0.02)


def test_an_empty_sheet_has_no_ink() -> None:
    grey = np.random.default_rng(0).integers(246, 252, (300, 300)).astype(np.uint8)

    assert paper_of(GreyArray(grey)).ink(grey).max() < 0.3


def test_a_tile_is_the_picture_round_its_middle() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (900, 900)).astype(np.uint8)
    paper = paper_of(GreyArray(grey))

    tile = cut_tile(GreyArray(grey), paper, 1.0, 200, 300)[0, 0]
    corner = cut_tile(GreyArray(grey), paper, 1.0, 0, 0)[0, 0]

    inside = grey[200 - MARGIN_PX : 200 - MARGIN_PX + TILE_PX, 300 - MARGIN_PX : 300 - MARGIN_PX + TILE_PX]
    np.testing.assert_allclose(tile, paper.ink(inside), atol=0.5 / SHADES + 1e-6)
    assert not corner[:MARGIN_PX].any() and not corner[:, :MARGIN_PX].any()
    np.testing.assert_allclose(corner[MARGIN_PX:, MARGIN_PX:], paper.ink(grey[:448, :448]), atol=0.5 / SHADES + 1e-6)


def test_of_what_stands_at_one_place_the_surest_counts() -> None:
    window = Instance("window", 100, 100, 0, 40, 6, 0.9)
    door = Instance("hinged", 104, 98, 0, 36, 6, 0.6)
    beside = door._replace(x=130.0)
    toilet = Instance("wc", 101, 101, 0, 20, 12, 0.5)

    assert distinct([door, window, beside, toilet]) == [window, beside, toilet]


def test_a_pane_of_a_window_is_no_other_window() -> None:
    window = Instance("window", 100, 100, 0.5, 80, 6, 0.9)
    along = np.array([np.cos(0.5), np.sin(0.5)])

    def at(away: float, angle: float) -> Instance:
        x, y = 100 + away * along
        return window._replace(x=float(x), y=float(y), length=30, angle=angle, score=0.6)

    pane, next_one, across = at(28, 0.5), at(52, 0.5), at(28, 0.5 + math.pi / 2)
    other_way_round = at(-28, 0.5 + math.pi)

    assert distinct([window, pane, next_one, other_way_round]) == [window, next_one]
    assert distinct([window, across]) == [window, across]


def test_what_two_looks_show_is_one_thing_and_surer_than_what_one_does() -> None:
    door = Instance("hinged", 10, 10, 0, 10, 2, 0.6)
    other = Instance("window", 40, 10, 0, 10, 2, 0.6)

    laid = together([[door, other], [door._replace(kind="double", x=12, score=0.7)]])

    assert [(one.kind, one.x) for one in laid] == [("double", 12), ("window", 40)]
    assert 0.6 < laid[0].score < 0.7
    assert 0.15 < laid[1].score < 0.6


def test_one_look_laid_together_is_that_look() -> None:
    look = [Instance("hinged", 10, 10, 0, 10, 2, 0.6), Instance("window", 40, 10, 0, 10, 2, 0.25)]

    (first, second) = together([look])

    assert (first._replace(score=0), second._replace(score=0)) == tuple(one._replace(score=0) for one in look)
    assert (first.score, second.score) == pytest.approx((0.6, 0.25))


def test_two_things_of_one_look_stay_two() -> None:
    near = [Instance("window", 10, 10, 0, 10, 2, 0.6), Instance("window", 16, 10, 0, 10, 2, 0.5)]

    assert len(together([near, [near[0]._replace(x=13)]])) == 2


def test_nothing_is_read_below_the_least_score() -> None:
    centres = np.full((len(KINDS), 8, 8), -9.0, np.float32)
    centres[2, 3, 4], centres[7, 6, 1] = 0.0, -1.0

    found = read_instances(centres, np.zeros((6, 8, 8), np.float32), least=0.4)

    assert [(one.kind, one.x, one.y, one.score) for one in found] == [("sliding", 17.5, 13.5, 0.5)]
