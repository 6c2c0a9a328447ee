"""Elements from pixels: a drawn room of solid walls, and one of hollow walls, with a door and a window."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from planroom.detect.pixels.swings import trace_swings
from planroom.detect.pixels.trace import find_door_px, lease_bytes
from planroom.detect.raster import find_elements
from planroom.records import Text

Grey = NDArray[np.uint8]
DOOR_PX = 90
M_PER_PX = 0.85 / DOOR_PX


def plan(*, solid: bool, wall_px: int = 28) -> Grey:
    """Two rooms, 800 × 500 px, with two doors that swing and a window in the outer wall."""
    sheet = np.full((800, 1200), 255, np.uint8)
    walls = np.zeros_like(sheet)
    for (x0, y0), (x1, y1) in (
        ((150, 150), (950, 150)),
        ((150, 650), (950, 650)),
        ((150, 150), (150, 650)),
        ((950, 150), (950, 650)),
        ((550, 150), (550, 650)),
    ):
        cv2.rectangle(walls, (x0 - wall_px // 2, y0 - wall_px // 2), (x1 + wall_px // 2, y1 + wall_px // 2), 255, -1)
    for x in (300, 700):  # doors, hinged on the left
        walls[650 - wall_px : 650 + wall_px, x : x + DOOR_PX] = 0
    walls[150 - wall_px : 150 + wall_px, 300:440] = 0
    if solid:
        sheet[walls > 0] = 20
    else:
        contours, _ = cv2.findContours(walls, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(sheet, contours, -1, 0, 4)
    for x in (300, 700):
        hinge = (x, 650 - wall_px // 2)
        cv2.line(sheet, hinge, (x, hinge[1] - DOOR_PX), 0, 2)
        cv2.ellipse(sheet, hinge, (DOOR_PX, DOOR_PX), 0, 270, 360, 0, 2, cv2.LINE_AA)
    for y in (150 - wall_px // 2, 150, 150 + wall_px // 2):
        cv2.line(sheet, (300, y), (440, y), 0, 2)
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), 0.6), np.uint8)


@pytest.mark.parametrize("solid", [True, False])
def test_two_rooms_with_doors_and_a_window(solid: bool) -> None:
    found = find_elements(plan(solid=solid), [], lambda *_: None)

    counts = Counter(e.kind for e in found)
    assert (counts["door"], counts["window"], counts["room"]) == (2, 1, 2)
    assert counts["wall"] == 5


def hatched(grey: Grey, pitch_px: int = 12) -> Grey:
    """The plan with its solid walls drawn as outlines with a hatch at 45 degrees between."""
    walls = (grey < 100).astype(np.uint8)
    y, x = np.indices(grey.shape)
    sheet = np.full_like(grey, 255)
    sheet[(cv2.erode(walls, np.ones((3, 3), np.uint8)) > 0) & ((x + y) % pitch_px < 2)] = 60
    edge = cv2.morphologyEx(walls, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    thick = cv2.morphologyEx(walls, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    sheet[(edge > 0) & (cv2.dilate(thick, np.ones((5, 5), np.uint8)) > 0)] = 0
    sheet[(walls > 0) & (cv2.dilate(thick, np.ones((5, 5), np.uint8)) == 0)] = 0  # leaves, arcs and glass
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), 0.6), np.uint8)


def test_hatched_walls_are_solid() -> None:
    counts = Counter(e.kind for e in find_elements(hatched(plan(solid=True)), [], lambda *_: None, m_per_px=M_PER_PX))

    assert (counts["door"], counts["window"], counts["room"], counts["wall"]) == (2, 1, 2, 5)


def test_a_gap_with_one_room_on_both_sides_is_no_opening() -> None:
    """A screen that meets no wall, and at one end nearly does."""
    grey = plan(solid=True)
    cv2.rectangle(grey, (780, 220), (808, 480), 20, -1)
    cv2.rectangle(grey, (694, 452), (808, 480), 20, -1)

    found = find_elements(grey, [], lambda *_: None, m_per_px=1.2 * M_PER_PX)

    counts = Counter(e.kind for e in found)
    assert (counts["door"], counts["opening"], counts["room"]) == (2, 0, 2)


@pytest.mark.parametrize("solid", [True, False])
def test_leaves_that_slide_shut_their_room(solid: bool) -> None:
    """Between the rooms two leaves, one behind the other, each with a line along the wall's face beside it."""
    grey = plan(solid=solid)
    left, right = 550 - 14, 550 + 14
    grey[300:480, left - 3 : right + 4] = 255
    for y in (298, 480):
        cv2.line(grey, (left, y), (right, y), 0, 4)
    for x, beside, y0, y1 in ((540, left, 300, 400), (552, right, 380, 480)):
        cv2.rectangle(grey, (x, y0), (x + 8, y1), 90, -1)
        cv2.line(grey, (beside, y0), (beside, y1), 120, 1)

    found = find_elements(grey, [], lambda *_: None, m_per_px=M_PER_PX)

    counts = Counter(e.kind for e in found)
    assert (counts["door"], counts["room"], counts["opening"]) == (3, 2, 0)


@pytest.mark.parametrize("solid", [True, False])
def test_a_pocket_door_shuts_its_room(solid: bool) -> None:
    """Between the rooms a leaf half out of a pocket, whose sides are lines at the faces of the wall."""
    grey = plan(solid=solid)
    left, right = 550 - 14, 550 + 14
    grey[300:480, left - 3 : right + 4] = 255
    for y in (298, 480):
        cv2.line(grey, (left, y), (right, y), 0, 4)
    for x in (left, left + 8, right - 8, right):
        cv2.line(grey, (x, 390), (x, 480), 0, 4)
    cv2.rectangle(grey, (547, 330), (553, 420), 0, 1)

    found = find_elements(grey, [], lambda *_: None, m_per_px=M_PER_PX)

    counts = Counter(e.kind for e in found)
    assert (counts["door"], counts["room"], counts["opening"]) == (3, 2, 0)


def test_an_empty_gap_in_the_outline_is_a_window_and_one_between_rooms_is_none() -> None:
    grey = plan(solid=True)
    grey[100:200, 310:430] = 255  # no glass
    grey[300:420, 530:570] = 255  # no leaf

    counts = Counter(e.kind for e in find_elements(grey, [], lambda *_: None, m_per_px=M_PER_PX))

    assert (counts["door"], counts["window"], counts["opening"]) == (2, 1, 1)


def test_an_opening_reaches_the_wall_though_a_line_crosses_it() -> None:
    grey = plan(solid=True)
    cv2.line(grey, (314, 100), (314, 720), 60, 2)

    doors = [e for e in find_elements(grey, [], lambda *_: None, m_per_px=M_PER_PX) if e.kind == "door"]

    assert sorted(round(e.sizes["width"]) for e in doors) == pytest.approx([DOOR_PX, DOOR_PX], abs=6)


def test_outlines_are_pixels_y_up() -> None:
    grey = plan(solid=True)

    window = next(e for e in find_elements(grey, [], lambda *_: None) if e.kind == "window")

    assert window.outline.mean(0) == pytest.approx([370, len(grey) - 150], abs=6)
    assert window.sizes["width"] == pytest.approx(140, abs=8)
    assert window.sources == ["pixels"]
    assert window.lines.shape == (0, 4)


def test_size_of_the_picture_does_not_matter() -> None:
    small = np.asarray(cv2.resize(plan(solid=True), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)

    counts = Counter(e.kind for e in find_elements(small, [], lambda *_: None))

    assert (counts["door"], counts["window"], counts["room"]) == (2, 1, 2)


def test_the_usual_door_sets_the_scale() -> None:
    assert find_door_px(plan(solid=True), []) == pytest.approx(DOOR_PX, rel=0.06)


def test_letters_make_no_elements() -> None:
    grey = np.full((400, 600), 255, np.uint8)
    cv2.putText(grey, "BEDROOM", (60, 200), cv2.FONT_HERSHEY_SIMPLEX, 3.0, 0, 8)
    word = Text("BEDROOM", 300, 220, (50, 190, 560, 290), 70, 0, "ocr", 0.9)

    assert find_elements(grey, [word], lambda *_: None) == []


def test_a_blank_sheet_holds_nothing() -> None:
    assert find_elements(np.full((300, 300), 255, np.uint8), [], lambda *_: None) == []


def test_a_swing_is_one_arc_with_its_leaf() -> None:
    drawn = np.zeros((300, 300), np.uint8)
    cv2.ellipse(drawn, (100, 200), (90, 90), 0, 270, 360, 1, 2)
    cv2.line(drawn, (100, 200), (100, 110), 1, 2)

    arcs, leaves = trace_swings(drawn, drawn, np.zeros_like(drawn))

    assert len(arcs) == len(leaves) == 1
    assert arcs[0, :3] == pytest.approx([100, 200, 90], abs=3)
    assert np.degrees(arcs[0, 4]) == pytest.approx(90, abs=6)


def test_a_lease_grows_with_the_picture_up_to_its_canvas() -> None:
    assert 0 < lease_bytes(100_000) < lease_bytes(1_000_000) == lease_bytes(100_000_000)
