"""Several drawings on one sheet: their titles, boxes and scales, and what the sheet's own scale is then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planroom.ingest.linework import LineworkBuilder
from planroom.records import Page, Text
from planroom.sheet.scale import find_scale
from planroom.sheet.viewports import find_viewports
from planroom.units import POINT_M
from plans import THIN, page_of, text

SIZE = (1190.0, 842.0)


def drawing(builder: LineworkBuilder, x: float, y: float, wide: float, high: float) -> None:
    """A house-like piece of ink: an outline with walls inside."""
    builder.path(THIN)
    for i in range(5):
        builder.line(x + i * wide / 4, y, x + i * wide / 4, y + high)
        builder.line(x, y + i * high / 4, x + wide, y + i * high / 4)


def title(words: str, scale: str, x: float, y: float) -> list[Text]:
    """A drawing's title with its scale under it, both starting at x."""
    texts = []
    for string, level, height in ((words, y, 10.0), (scale, y - 15, 6.0)):
        if string:
            texts.append(text(string, (x + 0.3 * height * len(string), level), height))
    return texts


def block(scale: str) -> list[Text]:
    """A title block along the lower edge."""
    texts = []
    cells = (
        ("PROJECT", "HOUSE"),
        ("TITLE", "PLANS AND DETAILS"),
        ("SCALE", scale),
        ("DATE", "2024"),
        ("SHEET", "A-101"),
    )
    for i, (caption, value) in enumerate(cells):
        texts += [text(caption, (200 + 200 * i, 40), 4), text(value, (200 + 200 * i, 28), 6)]
    return texts


def page(builder: LineworkBuilder) -> Page:
    made = page_of(builder.build(), paper_unit_m=POINT_M)
    made.extent = (0.0, 0.0, *SIZE)
    return made


def two() -> LineworkBuilder:
    """A large drawing on the left and a small one on the right."""
    builder = LineworkBuilder()
    drawing(builder, 80, 250, 560, 480)
    drawing(builder, 850, 300, 180, 180)
    return builder


def holds(viewport: dict[str, Any], x: float, y: float) -> bool:
    x0, y0, x1, y1 = viewport["box"]
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def test_each_drawing_has_its_own_scale_and_part_of_the_sheet() -> None:
    texts = title("GROUND FLOOR PLAN", "SCALE 1:50", 90, 200) + title("DETAIL A", "SCALE 1:10", 850, 260)

    plan, detail = sorted(find_viewports(page(two()), texts), key=lambda v: v["box"][0])

    assert (plan["title"], plan["ratio"], plan["state"]) == ("GROUND FLOOR PLAN", 50, "estimated")
    assert (detail["title"], detail["ratio"]) == ("DETAIL A", 10)
    assert plan["m_per_unit"] == pytest.approx(50 * POINT_M)
    assert holds(plan, 360, 490) and not holds(plan, 940, 390)
    assert holds(detail, 940, 390) and not holds(detail, 360, 490)


def test_the_sheets_scale_is_that_of_its_main_drawing() -> None:
    texts = title("GROUND FLOOR PLAN", "SCALE 1:50", 90, 200) + title("DETAIL A", "SCALE 1:10", 850, 260)

    found = find_scale(page(two()), texts, None)

    assert found is not None
    assert (found.ratio, found.state) == (50, "estimated")
    assert "GROUND FLOOR PLAN" in found.evidence


def test_without_a_main_drawing_the_sheets_scale_is_withheld() -> None:
    builder = LineworkBuilder()
    drawing(builder, 80, 300, 300, 300)
    drawing(builder, 700, 300, 300, 300)
    texts = title("DETAIL A", "SCALE 1:5", 90, 250) + title("DETAIL B", "SCALE 1:10", 710, 250)

    found = find_scale(page(builder), texts, None)

    assert found is not None
    assert (found.m_per_unit, found.state) == (None, "withheld")
    assert "1:10, 1:5" in found.evidence


def test_a_title_without_a_note_takes_the_title_blocks() -> None:
    texts = title("GROUND FLOOR PLAN", "", 90, 200) + title("DETAIL A", "SCALE 1:10", 850, 260) + block("1:50")
    small = [text(f"n{i}", (100 + 8 * i, 500), 4) for i in range(40)]  # so that titles are tall among the rest

    told = {v["title"]: v["ratio"] for v in find_viewports(page(two()), texts + small)}
    found = find_scale(page(two()), texts + small, None)

    assert told == {"GROUND FLOOR PLAN": 50, "DETAIL A": 10}
    assert found is not None
    assert found.ratio == 50
    assert found.m_per_unit == pytest.approx(50 * POINT_M)


def test_as_noted_looks_to_the_drawings() -> None:
    texts = title("GROUND FLOOR PLAN", "SCALE 1:50", 90, 200) + block("AS NOTED")

    found = find_scale(page(two()), texts, None)

    assert found is not None
    assert (found.ratio, found.state) == (50, "estimated")


def test_a_title_block_against_its_drawing_is_withheld() -> None:
    texts = title("GROUND FLOOR PLAN", "SCALE 1:50", 90, 200) + block("1:100")

    found = find_scale(page(two()), texts, None)

    assert found is not None
    assert (found.ratio, found.m_per_unit, found.state) == (100, None, "withheld")


def test_a_profile_whose_heights_have_another_scale_is_withheld() -> None:
    texts = title("PLAN", "SCALE: 1\"=30'", 90, 200) + title("PROFILE A", "SCALE: HORIZ 1\"=30'", 850, 260)
    texts.append(text("VERT 1\"=10'", (890, 235), 6))

    told = {v["title"]: (v["ratio"], v["state"]) for v in find_viewports(page(two()), texts)}

    assert told == {"PLAN": (360, "estimated"), "PROFILE A": (360, "withheld")}


def test_a_sheet_without_titles_and_a_model_have_no_viewports() -> None:
    model = page(two())
    model.unit_m, model.paper_unit_m = 0.001, None

    assert find_viewports(page(two()), [text("NOTES", (100, 100))]) == []
    assert find_viewports(model, title("GROUND FLOOR PLAN", "SCALE 1:50", 90, 200)) == []


def test_a_picture_is_divided_by_its_pixels() -> None:
    made = page(LineworkBuilder())
    picture = made.picture_bgr = np.full((842, 1190, 3), 255, np.uint8)
    for rows, columns in ((slice(110, 590), slice(80, 640)), (slice(360, 540), slice(850, 1030))):
        picture[rows, columns][::20] = 0
        picture[rows, columns][:, ::20] = 0
    texts = title("GROUND FLOOR PLAN", "SCALE 1:50", 90, 200) + title("DETAIL A", "SCALE 1:10", 850, 260)

    plan, detail = sorted(find_viewports(made, texts), key=lambda v: v["box"][0])

    assert holds(plan, 360, 490) and not holds(plan, 940, 390)
    assert holds(detail, 940, 390)
