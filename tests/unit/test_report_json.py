from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from report_sample import HEIGHT_PT, M_PER_PT, WIDTH_PT, element, small_report

from planroom.records import Dimension, Report
from planroom.report.json import as_json, write_json

CONTRACT = {
    "": {"schema", "status", "sheets", "quantities", "findings", "bid", "schedule", "decision", "faults", "memory"},
    "sheets": {"id", "file", "page", "width_px", "height_px", "number", "title", "kind", "revision", "scale",
               "viewports", "counts", "elements"},
    "elements": {"id", "kind", "box_px", "box_m", "status", "confidence", "sources"},
    "quantities": {"id", "item", "measure", "value", "interval", "unit", "state", "reason", "sheet", "sources"},
    "findings": {"code", "severity", "sheet", "box_px", "message", "sources"},
    "faults": {"code", "file", "page", "stage", "message", "hint"},
    "memory": {"budget_bytes", "enforced", "peak_leased_bytes", "peak_real_bytes", "pools"},
}  # fmt: skip


def test_every_name_of_the_contract_is_there(tmp_path: Path) -> None:
    made = as_json(small_report(tmp_path))
    sheet = made["sheets"][0]

    assert CONTRACT[""] <= made.keys()
    assert CONTRACT["sheets"] <= sheet.keys() and CONTRACT["elements"] <= sheet["elements"][0].keys()
    assert all(CONTRACT[name] <= made[name][0].keys() for name in ("quantities", "findings", "faults"))
    assert CONTRACT["memory"] <= made["memory"].keys()
    assert made["status"] == "partial" and made["bid"] is made["schedule"] is made["decision"] is None


def test_scale_and_boxes_are_in_pixels_and_metres(tmp_path: Path) -> None:
    plan, _, view = as_json(small_report(tmp_path))["sheets"]
    wall = plan["elements"][0]

    assert plan["scale"]["ratio"] == 50.0 and view["scale"] is None
    assert plan["scale"]["m_per_px"] == pytest.approx(M_PER_PT * WIDTH_PT / plan["width_px"])
    assert wall["box_m"] == pytest.approx([v * M_PER_PT for v in (150, 120, 1030, 137)], abs=1e-4)
    assert wall["box_px"] == pytest.approx([312.5, 1468.7, 2145.7, 1504.1], abs=0.2)
    assert view["elements"][0]["box_m"] is None and view["elements"][0]["box_px"] is not None


def test_a_dimension_is_told_with_its_line(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    ends = (150.0, HEIGHT_PT - 100, 350.0, HEIGHT_PT - 100)
    box = (230.0, HEIGHT_PT - 98, 270.0, HEIGHT_PT - 90)
    report.sheets[0].dimensions = [Dimension("d1", "3.80", 3.8, 200 * M_PER_PT, False, ends, box, True)]
    (told,) = as_json(report)["sheets"][0]["dimensions"]
    grow = 2479 / WIDTH_PT

    assert told["off_m"] == pytest.approx(3.8 - 200 * M_PER_PT, abs=1e-4) and told["agrees"] is False
    assert told["line_px"] == pytest.approx([150 * grow, 100 * grow, 350 * grow, 100 * grow], abs=0.1)
    assert told["box_px"] == pytest.approx([230 * grow, 90 * grow, 270 * grow, 98 * grow], abs=0.1)


def test_withheld_and_non_finite_numbers_are_null(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    withheld = report.quantities[-1]
    withheld.value = 3.0
    report.quantities[0].value = float("nan")
    report.sheets[0].heights = {"clear": float("inf")}
    report.sheets[0].elements.append(element("e", "door", np.zeros((0, 2)), {"width": np.float64("nan")}))
    made = as_json(report)
    text = json.dumps(made, allow_nan=False)

    assert made["quantities"][-1]["value"] is None and made["quantities"][-1]["reason"] == "no scale"
    assert made["quantities"][0]["value"] is None
    assert made["sheets"][0]["elements"][-1]["box_px"] is None
    assert json.loads(text) == made


def test_customer_units_stand_beside_every_number(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    metric = as_json(report)["quantities"]
    report.units = "imperial"
    imperial = as_json(report)["quantities"]

    assert {row["unit"] for row in metric} == {"pcs", "m", "m2"} and {row["unit"] for row in imperial} == {
        "pcs",
        "ft",
        "ft2",
    }
    assert imperial[2]["value"] * 0.3048 == pytest.approx(metric[2]["value"])


def test_written_file_reads_back_even_with_an_undecodable_name(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    report.sheets[0].file = "gr\udcfcn.pdf"
    write_json(report, tmp_path / "report.json")

    assert json.loads((tmp_path / "report.json").read_bytes()) == as_json(report)


def test_empty_report_is_complete() -> None:
    made = as_json(Report())

    assert made["status"] == "complete" and made["sheets"] == [] and made["memory"]["budget_bytes"] is None
