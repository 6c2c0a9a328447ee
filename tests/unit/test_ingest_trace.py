"""Traced strokes: where they run, to a fraction of a pixel, across crossings, gaps and the borders of tiles."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from planroom.ingest.trace import trace
from planroom.records import Floats, Linework

Grey = NDArray[np.uint8]


def sheet(height: int = 600, width: int = 800) -> Grey:
    white: Grey = np.full((height, width), 255, np.uint8)
    return white


def soft(grey: Grey, seed: int = 0) -> Grey:
    """As a scanner sees it: blurred and noisy."""
    rng = np.random.default_rng(seed)
    blurred = cv2.GaussianBlur(grey, (0, 0), 0.7).astype(np.float64) + rng.normal(0, 4, grey.shape)
    noisy: Grey = np.clip(blurred, 0, 255).astype(np.uint8)
    return noisy


def nearest(linework: Linework, *wanted: float) -> Floats:
    """The segment whose ends are nearest to those wanted, in that order of ends."""
    both = np.concatenate([linework.segments_xyxy, linework.segments_xyxy[:, [2, 3, 0, 1]]])
    return np.asarray(both[np.argmin(np.abs(both - wanted).max(1))])


def test_level_and_upright_lines_come_out_whole_with_y_up() -> None:
    grey = sheet()
    cv2.line(grey, (100, 200), (700, 200), 0, 3)
    cv2.line(grey, (300, 50), (300, 550), 0, 3)
    linework = trace(soft(grey))

    assert len(linework.segments_xyxy) == 2
    assert nearest(linework, 100, 399.5, 701, 399.5) == pytest.approx([100, 399.5, 701, 399.5], abs=2.0)
    assert nearest(linework, 100, 399.5, 701, 399.5)[[1, 3]] == pytest.approx([399.5, 399.5], abs=0.2)
    assert nearest(linework, 300.5, 49, 300.5, 550)[[0, 2]] == pytest.approx([300.5, 300.5], abs=0.2)
    assert {style.width for style in linework.styles} == {5.0}  # which is what a thickness of 3 draws


def test_a_line_broken_by_noise_is_joined_and_one_broken_for_a_text_is_not() -> None:
    grey = sheet()
    cv2.line(grey, (50, 100), (750, 100), 0, 2)
    grey[98:103, 400:402] = 255
    cv2.line(grey, (50, 300), (350, 300), 0, 2)
    cv2.line(grey, (410, 300), (750, 300), 0, 2)
    linework = trace(soft(grey))

    assert len(linework.segments_xyxy) == 3
    assert nearest(linework, 50, 500, 751, 500)[0] == pytest.approx(50, abs=2)


def test_a_tick_across_a_dimension_line_is_one_slanted_stroke() -> None:
    grey = sheet()
    cv2.line(grey, (100, 300), (700, 300), 0, 2)
    for station in (200, 500):
        cv2.line(grey, (station, 260), (station, 340), 0, 2)
        cv2.line(grey, (station - 9, 309), (station + 9, 291), 0, 3)
    linework = trace(soft(grey))

    for x in (200.5, 500.5):
        ends = nearest(linework, x - 9, 290.5, x + 9, 308.5)
        assert ends == pytest.approx([x - 9, 290.5, x + 9, 308.5], abs=3.0)


@pytest.mark.parametrize("angle_deg", [5, 20, 45, 70, 110, 150, 175])
def test_slanted_lines_keep_their_direction(angle_deg: float) -> None:
    grey = sheet()
    dx, dy = 220 * math.cos(math.radians(angle_deg)), 220 * math.sin(math.radians(angle_deg))
    cv2.line(grey, (round(400 - dx), round(300 + dy)), (round(400 + dx), round(300 - dy)), 0, 3, cv2.LINE_AA)
    linework = trace(soft(grey))

    ends = nearest(linework, 400.5 - dx, 299.5 - dy, 400.5 + dx, 299.5 + dy)
    assert ends == pytest.approx([400.5 - dx, 299.5 - dy, 400.5 + dx, 299.5 + dy], abs=6.0)


def test_a_line_over_several_tiles_is_one() -> None:
    grey = sheet(300, 5000)
    cv2.line(grey, (60, 150), (4900, 150), 0, 3)
    linework = trace(grey)

    assert len(linework.segments_xyxy) == 1
    assert linework.segments_xyxy[0, [0, 2]] == pytest.approx([60, 4901], abs=2)


def test_a_faint_long_line_is_found() -> None:
    grey = sheet()
    cv2.line(grey, (100, 200), (700, 200), 230, 2)
    linework = trace(grey)

    assert nearest(linework, 100, 400, 701, 400) == pytest.approx([100, 400, 701, 400], abs=3)


def test_a_door_swing_is_an_arc() -> None:
    grey = sheet()
    y, x = np.mgrid[0:600, 0:800] + 0.5
    grey[(np.abs(np.hypot(x - 300.5, y - 400.5) - 90) < 1.2) & (x > 300) & (y < 401)] = 0
    cv2.line(grey, (300, 400), (300, 310), 0, 2)
    cv2.line(grey, (350, 250), (350, 550), 0, 2)  # a line that crosses it
    linework = trace(soft(grey))

    assert len(linework.arcs) == 1
    cx, cy, radius, start, sweep = linework.arcs[0]
    assert (cx, cy, radius) == pytest.approx((300.5, 199.5, 90), abs=2)
    assert math.cos(start + sweep / 2 - math.pi / 4) > 0.99
    assert sweep == pytest.approx(math.pi / 2, abs=0.25)


def test_a_filled_wall_is_a_ring_and_its_hole_is_cut_out() -> None:
    grey = sheet()
    grey[100:500, 100:700] = 0
    grey[140:460, 140:660] = 255
    linework = trace(soft(grey))

    assert len(linework.fills) == 1
    x, y = linework.fills[0].T
    area = abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
    assert area == pytest.approx(600 * 400 - 520 * 320, rel=0.03)
    assert linework.styles[linework.path_style[linework.fill_path[0]]].filled


def test_letters_in_their_boxes_are_left_out_and_lines_through_them_stay() -> None:
    grey = sheet()
    cv2.putText(grey, "KITCHEN 12", (200, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    cv2.line(grey, (100, 290), (700, 290), 0, 2)
    box = (195.0, 290.0, 420.0, 330.0)

    with_letters, without = trace(grey), trace(grey, [box])
    assert len(with_letters.segments_xyxy) > 10
    assert len(without.segments_xyxy) <= 4
    assert nearest(without, 100, 309.5, 701, 309.5) == pytest.approx([100, 309.5, 701, 309.5], abs=3)


def test_an_empty_page_and_one_of_noise_give_little_in_bounded_time() -> None:
    noise = (np.random.default_rng(0).random((400, 400)) > 0.5).astype(np.uint8) * 255

    assert len(trace(sheet()).segments_xyxy) == 0
    assert len(trace(noise).segments_xyxy) < 4000


def test_progress_is_told() -> None:
    told: list[float] = []
    trace(sheet(2000, 2000), (), lambda stage, share: told.append(share))

    assert told == sorted(told) and len(told) == 4
