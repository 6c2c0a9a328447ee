"""Planted wrong and missing scales of the example end withheld; the same sheets printed at half size are measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from planroom.example import VARIANTS, Variant, random_variant, write_set
from planroom.ingest.pdf import read_pdf
from planroom.memory.manager import MemoryManager
from planroom.records import Scale
from planroom.sheet.scale import find_scale
from planroom.sheet.text import join_runs
from planroom.sheet.viewports import find_viewports

SEEDED = [v for v in VARIANTS if v.name in ("base", "base-a3", "imperial-tabloid")] + [random_variant(7)]


def read(path: Path) -> Iterator[tuple[Scale | None, list[dict[str, Any]]]]:
    """The scale and the viewports of each page."""
    ledger = MemoryManager(1 << 30)
    for page in read_pdf(path, picture_px=400, ledger=ledger, progress=lambda _stage, _share: None):
        texts = join_runs(page.linework.texts)
        yield find_scale(page, texts, None), find_viewports(page, texts)


def print_at_half(source: Path, target: Path) -> None:
    """Every page drawn at 50 % on half the paper."""
    with pikepdf.open(source) as pdf:
        for page in pdf.pages:
            x0, y0, x1, y1 = (float(v) for v in page.mediabox)
            page.contents_add(b"q 0.5 0 0 0.5 0 0 cm\n", prepend=True)
            page.contents_add(b"\nQ")
            page.mediabox = pikepdf.Array([x0 / 2, y0 / 2, x1 / 2, y1 / 2])
        pdf.save(target)


@pytest.mark.parametrize("variant", SEEDED, ids=lambda v: v.name)
def test_planted_scales_are_withheld(variant: Variant, tmp_path: Path) -> None:
    write_set(tmp_path, variant, dxf=False, mistakes=True)
    truth = json.loads((tmp_path / f"{variant.name}-mistakes.truth.json").read_text("utf-8"))
    planted = {m["sheet"] for m in truth["mistakes"] if m["kind"].startswith("scale")}

    found = dict(
        zip([s["number"] for s in truth["sheets"]], read(tmp_path / f"{variant.name}-mistakes.pdf"), strict=True)
    )

    assert len(planted) == 2
    for number in planted:
        scale, viewports = found[number]
        assert scale is not None
        assert (scale.m_per_unit, scale.state) == (None, "withheld")
        assert all(v["m_per_unit"] is None for v in viewports)


@pytest.mark.parametrize("variant", SEEDED, ids=lambda v: v.name)
def test_a_set_printed_at_half_size_is_measured_by_what_is_drawn(variant: Variant, tmp_path: Path) -> None:
    write_set(tmp_path, variant, dxf=False)
    print_at_half(tmp_path / f"{variant.name}.pdf", tmp_path / "half.pdf")
    truth = json.loads((tmp_path / f"{variant.name}.truth.json").read_text("utf-8"))

    for told, (scale, _) in zip(truth["sheets"], read(tmp_path / "half.pdf"), strict=True):
        if told["kind"] in ("plan", "site", "section"):
            assert scale is not None
            assert (scale.ratio, scale.state) == (told["ratio"], "measured")
            assert scale.m_per_unit == pytest.approx(2 * told["m_per_pt"], rel=1e-3)
            assert "2 times smaller" in scale.evidence
