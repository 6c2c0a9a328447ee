"""A scan made ready: levelled, dark on light, straight, without specks and borders; photographs left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from planroom.ingest.scan import clean_scan, find_skew, turned

Grey = NDArray[np.uint8]


def drawing(height: int = 900, width: int = 1200) -> Grey:
    """A house's outline, partitions and a diagonal, black on white."""
    grey: Grey = np.full((height, width), 255, np.uint8)
    cv2.rectangle(grey, (150, 120), (width - 150, height - 120), 0, 3)
    for x in range(300, width - 200, 180):
        cv2.line(grey, (x, 120), (x, height - 120), 0, 2)
    for y in range(250, height - 150, 150):
        cv2.line(grey, (150, y), (width - 150, y), 0, 2)
    cv2.line(grey, (150, 120), (width - 150, 300), 0, 2)
    return grey


@pytest.mark.parametrize("skew_deg", [-4.6, -1.5, -0.3, 0.1, 0.8, 2.75, 4.6])
def test_skew_is_found_to_a_twentieth_of_a_degree(skew_deg: float) -> None:
    found = find_skew(turned(drawing(), skew_deg))

    assert found == pytest.approx(skew_deg, abs=0.05)


def test_a_skewed_page_comes_out_straight_and_says_by_how_much() -> None:
    cleaned = clean_scan(turned(drawing(), 1.3))

    assert cleaned.grey.shape == (900, 1200)
    assert cleaned.skew_deg == pytest.approx(1.3, abs=0.05)
    assert abs(find_skew(cleaned.grey)) < 0.05


def test_a_page_of_diagonals_or_of_nothing_is_not_turned() -> None:
    diagonals: Grey = np.full((800, 800), 255, np.uint8)
    for k in range(-700, 800, 60):
        cv2.line(diagonals, (k, 0), (k + 500, 800), 0, 2)

    assert find_skew(diagonals) == 0.0
    assert find_skew(np.full((300, 300), 255, np.uint8)) == 0.0


def test_a_house_that_stands_askew_in_a_straight_frame_keeps_the_frame_straight() -> None:
    page: Grey = np.full((900, 1200), 255, np.uint8)
    page[300:500, 400:800] = turned(drawing()[300:600, 300:800], 3.0)[50:250, 50:450]
    cv2.rectangle(page, (20, 20), (1180, 880), 0, 3)
    cv2.rectangle(page, (900, 20), (1180, 880), 0, 2)

    assert abs(find_skew(page)) < 0.06


def test_uneven_light_becomes_white_paper_and_dark_ink() -> None:
    light = np.linspace(0.65, 1.0, 1200)[None, :] * np.linspace(0.8, 1.0, 900)[:, None]
    cleaned = clean_scan((drawing() * light).astype(np.uint8))

    assert np.percentile(cleaned.grey[:100], 5) > 245
    assert cleaned.grey[119:122, 500].min() < 60
    assert cleaned.is_drawing


def test_a_light_grey_drawing_is_made_darker() -> None:
    faint: Grey = np.where(drawing() < 128, 190, 255).astype(np.uint8)

    assert clean_scan(faint).grey[120, 500] < 100


def test_white_on_black_is_turned_round() -> None:
    plain, negative = clean_scan(drawing()), clean_scan(255 - drawing())

    assert negative.inverted and not plain.inverted
    assert np.array_equal(negative.grey, plain.grey)


def test_lone_specks_go_and_dots_of_letters_and_thin_lines_stay() -> None:
    grey = drawing()
    grey[60:62, 60:62] = 0  # alone
    cv2.putText(grey, "i 2.5", (600, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 1)
    cv2.line(grey, (200, 860), (700, 860), 215, 1)
    grey[860, 300:303] = 150  # a faint line with a darker spot
    cleaned = clean_scan(grey).grey

    assert cleaned[55:67, 55:67].min() > 240
    assert (cleaned[40:66, 595:680] < 128).sum() == (grey[40:66, 595:680] < 128).sum()
    assert cleaned[860, 250:350].max() < 245


def test_a_black_scanner_border_goes_and_a_wall_at_the_edge_stays() -> None:
    bordered, cut = drawing(), drawing()
    bordered[:, :25] = 10
    cut[300:500, :25] = 0

    assert clean_scan(bordered).grey[:, :20].min() > 240
    assert clean_scan(cut).grey[350:450, 5:20].max() < 60


def test_a_photograph_comes_through_as_it_is() -> None:
    rng = np.random.default_rng(0)
    broad = cv2.resize(rng.uniform(0, 255, (12, 16)), (800, 600), interpolation=cv2.INTER_CUBIC)
    photo: Grey = np.clip(broad, 0, 255).astype(np.uint8)
    cleaned = clean_scan(photo)

    assert not cleaned.is_drawing
    assert np.array_equal(cleaned.grey, photo)
