"""Scanned sheets through the real program: read as drawn, whichever way up, in whichever format; or a clear fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from conftest import GROUND_FLOOR, Ran
from planroom.example import VARIANTS, write_set

SET = next(variant for variant in VARIANTS if variant.name == "base-a3")
SCHEDULES = -1


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small set, scanned, and its truth."""
    folder = tmp_path_factory.mktemp("scans")
    write_set(folder, SET, scan=True, dxf=False)
    return folder


@pytest.fixture(scope="module")
def truth(scans: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((scans / f"{SET.name}.truth.json").read_text("utf-8"))
    return told


def picture(scans: Path, page: int) -> Path:
    return sorted(scans.glob("*-scan-*.png"))[page]


def says(sheet: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(sheet[name] for name in ("number", "title", "kind", "storey"))


def test_a_plan_whichever_way_up(
    run_planroom: Callable[..., Ran], scans: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    """As scanned, upside down and as a CMYK JPEG: the same title block, scale and labels, boxes as the file lies."""
    grey = Image.open(picture(scans, GROUND_FLOOR))
    grey.save(tmp_path / "as-is.png", dpi=(200, 200))
    grey.rotate(180).save(tmp_path / "over.png", dpi=(200, 200))
    grey.convert("CMYK").save(tmp_path / "cmyk.jpg", dpi=(200, 200), quality=85)
    ran = run_planroom("analyze", "as-is.png", "over.png", "cmyk.jpg")
    wanted = truth["sheets"][GROUND_FLOOR]

    assert ran.code == 0
    rooms = {}
    for name in ("as-is.png", "over.png", "cmyk.jpg"):
        [sheet] = ran.sheets(name)
        assert says(sheet) == tuple(wanted[key] for key in ("number", "title", "kind", "storey"))
        assert sheet["scale"]["ratio"] == wanted["ratio"]
        m_per_px = wanted["m_per_pt"] * wanted["size_pt"][0] / sheet["width_px"]
        assert sheet["scale"]["m_per_px"] == pytest.approx(m_per_px, rel=0.005)
        assert sheet["counts"]["toilet"] == wanted["counts"]["toilet"]
        rooms[name] = [e["box_px"] for e in sheet["elements"] if e["traits"].get("name") == "KITCHEN"]
        width, height = sheet["width_px"], sheet["height_px"]
    [kitchen], [turned] = rooms["as-is.png"], rooms["over.png"]
    back = [width - turned[2], height - turned[3], width - turned[0], height - turned[1]]
    assert kitchen == pytest.approx(back, abs=4)


def test_schedules_are_read_cell_by_cell(run_planroom: Callable[..., Ran], scans: Path, truth: dict[str, Any]) -> None:
    ran = run_planroom("analyze", str(picture(scans, SCHEDULES)))
    [sheet] = ran.report["sheets"]
    wanted = truth["sheets"][SCHEDULES]["tables"]
    read = [[[cell["text"] for cell in row] for row in table["rows"]] for table in sheet["schedules"]]
    cells = [
        (t, r, c) for t, table in enumerate(wanted) for r, row in enumerate(table["rows"]) for c in range(len(row))
    ]
    right = sum(
        any(
            len(rows) > r and len(rows[r]) > c and rows[r][c].strip() == wanted[t]["rows"][r][c].strip()
            for rows in read
        )
        for t, r, c in cells
    )

    assert len(cells) > 100
    assert right >= 0.95 * len(cells)


def test_pages_of_a_tiff_and_broken_strips(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    drawn = np.full((600, 800), 255, np.uint8)
    cv2.rectangle(drawn, (100, 100), (700, 500), 0, 3)
    cv2.putText(drawn, "KITCHEN", (300, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    page = Image.fromarray(drawn).convert("1")
    page.save(tmp_path / "two.tif", save_all=True, append_images=[page], compression="group4")
    page.save(tmp_path / "broken.tif", compression="group4", tiffinfo={278: 64})
    data = bytearray((tmp_path / "broken.tif").read_bytes())
    with TiffImageFile(tmp_path / "broken.tif") as image:
        tags = image.tag_v2
    start, size = tags[273][4], tags[279][4]
    data[start : start + size] = bytes(np.random.default_rng(1).integers(0, 255, size, dtype=np.uint8))
    (tmp_path / "broken.tif").write_bytes(data)
    ran = run_planroom("analyze", "two.tif", "broken.tif")
    [fault] = ran.faults("broken.tif")

    assert ran.code == 3
    assert [sheet["page"] for sheet in ran.sheets("two.tif")] == [0, 1]
    assert fault["code"] == "E202" and "strip" in fault["message"]


def test_a_photograph_gives_no_numbers(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    """Soft shapes and fur, as of an animal on a sofa: no ink on paper."""
    rng = np.random.default_rng(3)
    small = rng.uniform(20, 235, (12, 16, 3)).astype(np.float32)
    soft = cv2.resize(small, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    fur = cv2.GaussianBlur(rng.normal(0, 60, (1200, 1600, 1)).astype(np.float32), (0, 0), 1.5)[:, :, None]
    cv2.imwrite(str(tmp_path / "cat.jpg"), np.clip(soft + fur, 0, 255).astype(np.uint8))
    ran = run_planroom("analyze", "cat.jpg")
    [sheet] = ran.report["sheets"]

    assert ran.code == 0
    assert sheet["elements"] == [] and not any(sheet["counts"].values())
    assert "photograph" in sheet["remark"]


def test_too_little_memory_for_letters_is_said(run_planroom: Callable[..., Ran], scans: Path) -> None:
    ran = run_planroom("analyze", str(picture(scans, GROUND_FLOOR)), "--memory", "768MiB")
    [sheet] = ran.report["sheets"]

    assert sheet["number"] is None
    assert "--memory" in sheet["remark"]
    assert ran.report["memory"]["peak_real_bytes"] <= ran.report["memory"]["budget_bytes"]
