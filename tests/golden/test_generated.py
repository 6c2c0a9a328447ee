"""The example set against its own truth: counts exact on every plan, areas within 1 %, each storey counted once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planroom.config import Settings
from planroom.example import VARIANTS, Variant, random_variant, write_set
from planroom.memory.manager import MemoryManager
from planroom.pipeline import measure
from planroom.reading import read_sheets
from planroom.records import Report, Sheet
from planroom.store.results import load_sheet, saved_pages

DRAWN = ("general", "enlarged", "demolition", "ceiling")
KINDS = ("door", "window", "opening", "room", "bedroom", "toilet", "wall")
EVERY = [*VARIANTS, *(random_variant(seed) for seed in (1, 4, 7))]


def read(path: Path, kind: str, folder: Path) -> list[Sheet]:
    """A file's sheets through the function that the reader child runs."""
    folder.mkdir()
    arguments = {
        "path": str(path),
        "kind": kind,
        "sha256": f"{abs(hash(path.name)):064x}",
        "folder": str(folder),
        "password": "",
        "picture_px": 600,
        "scales": {},
        "lost": [],
        "letters": False,
        "unread": "",
        "sight": "",
    }
    read_sheets(arguments, lambda _: None, MemoryManager(1 << 30))
    return [load_sheet(folder, page) for page in saved_pages(folder)]


@pytest.fixture(scope="module", params=EVERY, ids=lambda v: v.name)
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Variant, Path, Any]:
    """A variant, the folder that it was drawn into, and its truth."""
    folder = tmp_path_factory.mktemp("set")
    write_set(folder, request.param)
    truth = json.loads((folder / f"{request.param.name}.truth.json").read_text("utf-8"))
    return request.param, folder, truth


@pytest.fixture(scope="module")
def report(drawn: tuple[Variant, Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Report:
    variant, folder, _ = drawn
    sheets = read(folder / f"{variant.name}.pdf", "pdf", tmp_path_factory.mktemp("kept") / "pdf")
    found = Report(sheets=sheets)
    measure(found, Settings())
    return found


def test_title_blocks_and_scales_are_read(drawn: tuple[Variant, Path, Any], report: Report) -> None:
    truth = drawn[2]["sheets"]

    said = [(s.number, s.title, s.kind, s.view, s.storey) for s in report.sheets]

    assert said == [(t["number"], t["title"], t["kind"], t["view"], t["storey"]) for t in truth]
    for sheet, told in zip(report.sheets, truth, strict=True):
        if told["m_per_pt"] is not None:
            assert sheet.scale is not None
            assert sheet.scale.m_per_unit == pytest.approx(told["m_per_pt"], rel=1e-3)
            assert sheet.scale.ratio == pytest.approx(told["ratio"], rel=1e-6)


def test_dimensions_lie_on_their_lines_and_none_is_called_wrong(
    drawn: tuple[Variant, Path, Any], report: Report
) -> None:
    printed = [len(told["dimensions"]) for told in drawn[2]["sheets"]]

    tied = [sum(one.agrees and one.is_marked for one in sheet.dimensions) for sheet in report.sheets]

    assert sum(tied) > 0.95 * sum(printed)
    assert not [one for one in report.findings if one.code.startswith("dimension-")]


@pytest.mark.parametrize("name", ["base", "imperial", "german"])
def test_planted_dimensions_are_found_and_named(name: str, tmp_path: Path) -> None:
    variant = next(v for v in VARIANTS if v.name == name)
    truth = write_set(tmp_path, variant, dxf=False, mistakes=True)
    printed = {one.kind: one.printed for one in truth.mistakes}
    found = Report(sheets=read(tmp_path / f"{name}-mistakes.pdf", "pdf", tmp_path / "kept"))
    measure(found, Settings())
    plan = next(sheet for sheet in found.sheets if sheet.number == "A-101")

    wrong = [one for one in found.findings if one.code.startswith("dimension-")]

    assert {one.sheet for one in wrong} == {plan.id} and len(wrong) == 2
    assert any(one.message.startswith(f"{printed['dimension wrong']} is written") for one in wrong)
    assert any(printed["dimensions do not add up"] in one.message for one in wrong)
    assert plan.scale is not None
    assert printed["dimension wrong"] in plan.scale.evidence.rpartition("; not ")[2]


def test_counts_of_every_plan_are_exact(drawn: tuple[Variant, Path, Any], report: Report) -> None:
    plans = [(s, t) for s, t in zip(report.sheets, drawn[2]["sheets"], strict=True) if t["view"] in DRAWN]

    found = [[s.counts[kind] for kind in KINDS] for s, _ in plans]

    assert len(plans) >= 2
    assert found == [[t["counts"][kind] for kind in KINDS] for _, t in plans]


def test_room_areas_are_within_one_per_cent(drawn: tuple[Variant, Path, Any], report: Report) -> None:
    for sheet, told in zip(report.sheets, drawn[2]["sheets"], strict=True):
        if told["view"] in DRAWN:
            rooms = [e for e in told["elements"] if e["kind"] == "room"]
            area = {
                e.traits["number"]: e.sizes["area"] * told["m_per_pt"] ** 2 for e in sheet.elements if e.kind == "room"
            }

            assert area == {r["number"]: pytest.approx(r["area_m2"], rel=0.01) for r in rooms}


def test_each_storey_counts_once(drawn: tuple[Variant, Path, Any], report: Report) -> None:
    totals = {(q.item, q.measure): q.value for q in report.quantities if q.total}
    truth = drawn[2]["totals"]

    counted = {kind: totals[item, "count"] for kind, item in (("door", "Doors"), ("window", "Windows"))}
    lengths = {name: value or 0.0 for (name, measured), value in totals.items() if measured == "length"}

    assert counted == {"door": truth["door"], "window": truth["window"]}
    assert totals["Floor area of rooms", "area"] == pytest.approx(truth["area_m2"], rel=0.01)
    assert sum(lengths.values()) == pytest.approx(sum(truth["wall_length_m"].values()), rel=0.01)


def test_status_follows_the_legend(drawn: tuple[Variant, Path, Any], report: Report) -> None:
    for sheet, told in zip(report.sheets, drawn[2]["sheets"], strict=True):
        if told["view"] == "demolition":
            gone = sum(e["status"] == "demolished" for e in told["elements"] if e["kind"] in ("wall", "door"))

            assert sum(e.status == "demolished" for e in sheet.elements if e.kind in ("wall", "door")) == gone


def test_the_dxf_plans_count_the_same(drawn: tuple[Variant, Path, Any], tmp_path: Path) -> None:
    variant, folder, truth = drawn
    general = [t for t in truth["sheets"] if t["view"] == "general"]

    sheets = [read(folder / f"{variant.name}-{t['number']}.dxf", "dxf", tmp_path / t["number"])[0] for t in general]

    assert [[s.counts[k] for k in KINDS] for s in sheets] == [[t["counts"][k] for k in KINDS] for t in general]
    for sheet, told in zip(sheets, general, strict=True):
        assert sheet.scale is not None and sheet.scale.m_per_unit is not None
        area = sum(e.sizes["area"] for e in sheet.elements if e.kind == "room") * sheet.scale.m_per_unit**2

        assert area == pytest.approx(sum(e["area_m2"] for e in told["elements"] if e["kind"] == "room"), rel=0.01)
