"""Sheets on disk: what was saved comes back, and what is damaged is not believed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from planroom.records import Dimension, Element, Scale, Sheet
from planroom.store.results import find_sheet, load_sheet, save_sheet, saved_pages

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82"


def sheet(folder: Path) -> Sheet:
    """A sheet with something in every field that a file holds differently."""
    (folder / "2.png").write_bytes(PNG)
    made = Sheet("abc-3", "plan.png", 2, "plan", 40, 30, (0.0, 0.0, 40.0, 30.0), str(folder / "2.png"))
    made.scale = Scale(50.0, 0.02, "measured", "a bar")
    outline = np.array([(1.0, 2.0), (5.0, 2.0), (5.0, 2.5), (1.0, 2.5)])
    traits = {"subtype": "single"}
    made.elements = [Element("abc-3.d1", "door", outline, 0.8, np.zeros((0, 4)), ["pixels"], traits=traits)]
    ends, box = (1.0, 9.0, 5.0, 9.0), (2.0, 9.5, 4.0, 10.5)
    made.dimensions = [Dimension("abc-3.dimension-1", "0.08", 0.08, 0.08, True, ends, box, True, 0.97)]
    made.counts, made.ranges = {"door": 1}, {"door": (1, 3)}
    return made


def plain(one: Sheet) -> dict[str, object]:
    """All of it, arrays as lists."""
    told = asdict(one)
    for element in told["elements"]:
        element.update(outline=element["outline"].tolist(), lines=element["lines"].tolist())
    return told


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    made = sheet(tmp_path)
    save_sheet(tmp_path, made)

    assert plain(load_sheet(tmp_path, 2)) == plain(made)
    assert saved_pages(tmp_path) == [2]


def test_a_second_copy_bears_another_id(tmp_path: Path) -> None:
    save_sheet(tmp_path, sheet(tmp_path))

    again = load_sheet(tmp_path, 2, "xyz-3")

    assert again.id == "xyz-3" and [element.id for element in again.elements] == ["xyz-3.d1"]
    assert [one.id for one in again.dimensions] == ["xyz-3.dimension-1"]


@pytest.mark.parametrize("damage", ["", "{}", '{"picture": 3}', "[1, 2]", "[" * 100_000])
def test_a_damaged_sheet_is_dropped(tmp_path: Path, damage: str) -> None:
    save_sheet(tmp_path, sheet(tmp_path))
    (tmp_path / "2.json").write_text(damage)

    assert find_sheet(tmp_path, 2) is None
    assert saved_pages(tmp_path) == []


def test_a_torn_picture_is_dropped_with_its_sheet(tmp_path: Path) -> None:
    save_sheet(tmp_path, sheet(tmp_path))
    (tmp_path / "2.png").write_bytes(PNG[:-3])

    assert find_sheet(tmp_path, 2) is None
    assert saved_pages(tmp_path) == []
