"""The outside contract of `planroom models`: sixteen entries in the design's order, tables that fit, bad folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from conftest import Ran
from planroom.engine.catalog import PRECISIONS, Variant
from tiny_models import as_variant, write_list, write_product

SIXTEEN = [
    "HierarchicalVisionTransformer",
    "VisionDecoder",
    "UniversalConstructionTransformer",
    "QuantityTransformer",
    "QuantityDecoder",
    "ErrorTransformer",
    "ErrorDecoder",
    "ComplianceTransformer",
    "ComplianceDecoder",
    "BidTransformer",
    "BidDecoder",
    "PlanningDecoder",
    "DecisionTransformer",
    "MultiAgentTransformer",
    "QuantumTransformer",
    "Qwen3-VL",
]
FIELDS = {
    *("name", "role", "scale", "parameters", "weights", "precisions", "metric", "score", "baseline", "baseline_score"),
    *("used", "training_data", "licence", "inputs", "outputs"),
}


def told(ran: Ran) -> dict[str, dict[str, Any]]:
    assert ran.code == 0, ran.stderr
    return {entry["name"]: entry for entry in json.loads(ran.stdout)}


@pytest.fixture
def listed(tmp_path: Path) -> tuple[Path, Sequence[Variant]]:
    """A folder with weights of one model in two precisions."""
    folder = tmp_path / "weights"
    folder.mkdir()
    fp32 = write_product(folder, "BidDecoder")
    int8 = as_variant([fp32.graph], "BidDecoder", "int8")
    write_list(folder, [fp32, int8])
    return folder, [fp32, int8]


def test_a_list_of_sixteen(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("models", "--json")
    entries = json.loads(ran.stdout)

    assert ran.code == 0
    assert [entry["name"] for entry in entries] == SIXTEEN
    assert [set(entry) for entry in entries] == [FIELDS] * 16
    for entry in entries:
        assert list(entry["precisions"]) == list(PRECISIONS)
        for figures in entry["precisions"].values():
            assert set(figures) == {"bytes", "peak_bytes", "ms", "score"}
            assert all(value is None or value >= 0 for value in figures.values())


def test_no_score_and_no_use_without_one(run_planroom: Callable[..., Ran]) -> None:
    entries = told(run_planroom("models", "--json")).values()

    assert all(entry["used"] in (True, False) for entry in entries)
    assert [entry["name"] for entry in entries if entry["used"] and entry["score"] is None] == []


def test_figures_are_those_of_the_package(run_planroom: Callable[..., Ran], root: Path) -> None:
    measured = json.loads((root / "src/planroom/memory/plans/networks.json").read_text("utf-8"))
    shipped = root / "src/planroom/engine/weights/models.json"
    entries = told(run_planroom("models", "--json"))

    for name, entry in entries.items():
        figures = measured.get(name, {}).get("precisions", {})
        if not shipped.exists():
            assert entry["weights"] == []
            for precision, one in entry["precisions"].items():
                assert one == {key: figures.get(precision, {}).get(key) for key in one}
        assert entry["parameters"] is None or entry["parameters"] > 0


def test_weights_of_a_folder(run_planroom: Callable[..., Ran], listed: tuple[Path, Sequence[Variant]]) -> None:
    folder, (fp32, int8) = listed

    entries = told(run_planroom("models", "--weights", str(folder), "--json"))

    entry = entries["BidDecoder"]
    assert list(entries) == SIXTEEN
    assert entry["scale"] == "compact"
    assert entry["parameters"] == fp32.parameters
    assert entry["weights"] == ["fp32", "int8"]
    assert entry["precisions"]["fp32"]["bytes"] == fp32.size_bytes
    assert entry["precisions"]["int8"]["bytes"] == int8.size_bytes
    assert [name for name, one in entries.items() if one["weights"]] == ["BidDecoder"]


def test_what_was_measured_of_other_weights_is_not_told(
    run_planroom: Callable[..., Ran], listed: tuple[Path, Sequence[Variant]]
) -> None:
    folder, _ = listed

    entry = told(run_planroom("models", "--weights", str(folder), "--json"))["BidDecoder"]

    for precision in ("fp32", "int8"):
        figures = entry["precisions"][precision]
        assert figures["bytes"] > 0
        assert (figures["peak_bytes"], figures["ms"], figures["score"]) == (None, None, None)


@pytest.mark.parametrize("columns", [80, 140])
def test_tables_for_people(
    run_planroom: Callable[..., Ran], listed: tuple[Path, Sequence[Variant]], columns: int
) -> None:
    ran = run_planroom("models", "--weights", str(listed[0]), COLUMNS=str(columns))
    lines = ran.stdout.splitlines()
    words = " ".join(ran.stdout.split())

    assert ran.code == 0
    assert max(map(len, lines)) <= columns
    assert "…" not in ran.stdout
    starts = [next(k for k, line in enumerate(lines) if line.startswith(name)) for name in SIXTEEN]
    assert starts == sorted(starts)
    assert any(line.rstrip().endswith("Used") for line in lines)
    assert "weights: fp32, int8" in words
    assert words.count("Apache-2.0") == 17
    assert "two networks of rapidocr (PP-OCRv6 small, Apache-2.0), which are not among the sixteen." in words


def test_what_was_measured_stands_in_the_table(
    run_planroom: Callable[..., Ran], listed: tuple[Path, Sequence[Variant]]
) -> None:
    folder, _ = listed
    list_ = json.loads((folder / "models.json").read_text())
    list_["models"][0]["bytes"] = 5 << 20
    list_["models"][1]["bytes"] = 1234 << 20
    (folder / "models.json").write_text(json.dumps(list_))

    ran = run_planroom("models", "--weights", str(folder), COLUMNS="80")

    rows = [line.split() for line in ran.stdout.splitlines() if line.startswith("BidDecoder ")]
    assert rows[-1][:3] == ["BidDecoder", "5.00", "1,234"]


# ---- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "E601"), ("", "E602"), ("{", "E602"), ("[]", "E602"), ('{"models": [{"name": "BidDecoder"}]}', "E602")],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_folder_without_a_list_that_can_be_read(
    run_planroom: Callable[..., Ran], tmp_path: Path, content: str | None, code: str, as_json: bool
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    if content is not None:
        (folder / "models.json").write_text(content)

    ran = run_planroom("models", "--weights", str(folder), *(["--json"] if as_json else []))

    assert ran.code == 7
    assert ran.stdout == ""
    assert code in ran.stderr and str(folder) in ran.stderr.replace("\n", "")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("place", ["nowhere", "file", "file/deeper", "x" * 300])
def test_a_folder_that_is_none(run_planroom: Callable[..., Ran], tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")

    ran = run_planroom("models", "--weights", place)

    assert ran.code == 7
    assert "E601" in ran.stderr and "training.export" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_bad_usage(run_planroom: Callable[..., Ran]) -> None:
    for arguments in (["--weights"], ["--fast"], ["BidDecoder"]):
        ran = run_planroom("models", *arguments)

        assert ran.code == 2
        assert "Traceback" not in ran.stderr


def test_help_shows_examples(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("models", "--help")

    assert ran.code == 0
    assert "planroom models --weights" in ran.stdout and "Exit codes" in ran.stdout
