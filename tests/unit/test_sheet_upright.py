"""A scan's upright picture, and the sheet it lies on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from planroom.ingest.scan import turned
from planroom.records import Dimension, Element
from planroom.sheet.lettering import add_texts, as_texts
from planroom.sheet.upright import upright_frame

EXTENT = (10.0, 20.0, 310.0, 420.0)  # of 600 × 800 pixels: half a unit each


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("skew_deg", [0.0, 1.5, -2.0])
def test_a_mark_found_upright_is_where_it_was_drawn(turn_deg: int, skew_deg: float) -> None:
    sheet = np.full((800, 600), 255, np.uint8)
    cv2.circle(sheet, (420, 240), 9, 0, -1)  # pixels, y down
    level = turned(sheet, -skew_deg)
    upright = np.rot90(level, turn_deg // 90)
    y, x = (values.mean() + 0.5 for values in np.nonzero(upright < 128))

    frame = upright_frame(600, 800, skew_deg, turn_deg, EXTENT)
    found = frame.to_sheet(np.array([(x, upright.shape[0] - y)]))[0]

    assert frame.unit_per_px == 0.5
    assert np.allclose(found, (10 + 420.5 / 2, 20 + (800 - 240.5) / 2), atol=0.4)


def test_elements_are_put_back_with_their_sizes() -> None:
    ring = np.array([(100.0, 100.0), (200.0, 100.0), (200.0, 150.0), (100.0, 150.0)])
    sizes = {"area": 5000.0, "width": 100.0, "area_side": 30.0}
    room = Element("r1", "room", ring, 1.0, np.zeros((0, 4)), [], sizes=sizes)

    upright_frame(600, 800, 0.0, 180, EXTENT).place([room])

    assert room.sizes == {"area": 1250.0, "width": 50.0, "area_side": 7.5}
    assert np.allclose(room.outline.min(0), (10 + (600 - 200) / 2, 20 + (800 - 150) / 2))


def test_dimensions_are_put_back_with_their_lines() -> None:
    ends, box = (100.0, 100.0, 200.0, 100.0), (140.0, 105.0, 160.0, 115.0)
    one = Dimension("d1", "1.00", 1.0, 1.0, True, ends, box, True)

    upright_frame(600, 800, 0.0, 90, EXTENT).place_dimensions([one])

    assert np.allclose(one.ends, (10 + 100 / 2, 20 + (800 - 100) / 2, 10 + 100 / 2, 20 + (800 - 200) / 2))
    assert np.allclose(one.box, (10 + 105 / 2, 20 + (800 - 160) / 2, 10 + 115 / 2, 20 + (800 - 140) / 2))


@pytest.mark.parametrize(
    ("turn_deg", "quad", "angle", "at"),
    [
        (0, [(100, 50), (200, 50), (200, 70), (100, 70)], 0, (150, 740)),
        (180, [(200, 70), (100, 70), (100, 50), (200, 50)], 0, (450, 60)),
        (90, [(50, 100), (50, 200), (30, 200), (30, 100)], 0, (150, 40)),
        (270, [(50, 200), (50, 100), (70, 100), (70, 200)], 0, (650, 540)),
        (0, [(50, 200), (50, 100), (70, 100), (70, 200)], 90, (60, 650)),
    ],
)
def test_lines_become_texts(turn_deg: int, quad: list[tuple[int, int]], angle: float, at: tuple[float, float]) -> None:
    [text] = as_texts([["KITCHEN", quad, 0.9]], (800, 600), turn_deg)

    assert text.angle == angle
    assert (text.x, text.y) == at
    assert (text.source, text.score) == ("ocr", 0.9)
    assert text.height == pytest.approx(0.48 * 20)


def test_what_the_file_says_itself_is_not_read_twice() -> None:
    quad = [(100, 50), (200, 50), (200, 70), (100, 70)]
    [read] = as_texts([["KITCHFN", quad, 0.9]], (800, 600))
    [other] = as_texts([["HALL", [(x, y + 300) for x, y in quad], 0.9]], (800, 600))
    known = read._replace(string="KITCHEN", source="text layer")

    assert [t.string for t in add_texts([known], [read, other])] == ["KITCHEN", "HALL"]
