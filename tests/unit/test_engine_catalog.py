"""The catalog: the sixteen in the design's order, lists of weights, files that are not what was listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planroom.engine.catalog import (
    MAPPED_FROM_BYTES,
    PRECISIONS,
    Footprint,
    Variant,
    choose_precision,
    open_catalog,
)
from planroom.errors import ModelDamaged, ModelMissing, UnknownModel
from planroom.memory.plans.networks import read_figures
from tiny_models import write_list, write_product

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


def test_the_sixteen_in_the_order_of_the_design() -> None:
    models = open_catalog().models

    assert list(models) == SIXTEEN
    assert [name for name, model in models.items() if not all((model.role, model.metric, model.baseline))] == []
    assert [name for name, model in models.items() if not all((model.licence, model.training_data))] == []
    assert [name for name, model in models.items() if not all((model.inputs, model.outputs))] == []


def test_a_model_is_used_only_where_it_was_scored() -> None:
    models = open_catalog().models.values()

    assert [model.name for model in models if model.used and model.score is None] == []


def test_every_task_model_was_measured_in_every_precision() -> None:
    figures = read_figures()

    assert list(figures) == SIXTEEN[:-1]
    assert all(list(one["precisions"]) == list(PRECISIONS) for one in figures.values())
    assert all(
        told["peak_bytes"] >= told["resident_bytes"] > 0
        for one in figures.values()
        for told in one["precisions"].values()
    )


def test_a_folder_of_weights(tmp_path: Path) -> None:
    written = write_product(tmp_path, "BidDecoder")
    write_list(tmp_path, [written])
    catalog = open_catalog(tmp_path)

    found = catalog.find("BidDecoder", "fp32")

    assert found == written
    assert found.key == ("BidDecoder", "fp32")
    assert found.graph == tmp_path / "BidDecoder.onnx"
    assert found.check() is None  # type: ignore[func-returns-value]
    assert not catalog.models["BidTransformer"].variants


@pytest.mark.parametrize(
    ("name", "precision", "kind"),
    [
        ("BidDecoder", "int8", ModelMissing),
        ("BidTransformer", "fp32", ModelMissing),
        ("Bid", "fp32", UnknownModel),
        ("BidDecoder", "int2", UnknownModel),
        ("", "", UnknownModel),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, name: str, precision: str, kind: type[Exception]) -> None:
    write_list(tmp_path, [write_product(tmp_path, "BidDecoder")])
    catalog = open_catalog(tmp_path)

    with pytest.raises(kind):
        catalog.find(name, precision)


def test_every_precision_is_one_of_a_configuration() -> None:
    chosen = [choose_precision(precision, pruned) for pruned in (False, True) for precision in ("fp32", "int8", "int4")]

    assert chosen == list(PRECISIONS)
    with pytest.raises(UnknownModel, match="int2"):
        choose_precision("int2", True)


def test_a_folder_without_a_list_has_no_weights(tmp_path: Path) -> None:
    catalog = open_catalog(tmp_path / "nowhere")

    assert list(catalog.models) == SIXTEEN
    assert not any(model.variants for model in catalog.models.values())


def damaged(**changes: Any) -> str:
    good: dict[str, Any] = {
        "name": "BidDecoder",
        "scale": "compact",
        "precision": "fp32",
        "parameters": 64,
        "files": {"a.onnx": "0"},
        "bytes": 10,
    }
    return json.dumps({"models": [{k: v for k, v in (good | changes).items() if v != "left out"}]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"models": 3}',
        '{"models": [3]}',
        '{"models": ["BidDecoder"]}',
        "[" * 100_000,
        damaged(name="left out"),
        damaged(files={}),
        damaged(files=["a.onnx"]),
        damaged(files="left out"),
        damaged(precision="fp16"),
        damaged(precision=["fp32"]),
        damaged(scale="huge"),
        damaged(bytes=-1),
        damaged(bytes="many"),
        damaged(bytes=None),
        damaged(bytes=float("inf")),
        damaged(parameters=None),
        damaged(footprint=[1, 2]),
        damaged(footprint=7),
    ],
    ids=lambda text: text[:90],
)
def test_a_damaged_list_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.json").write_text(text, "utf-8")

    with pytest.raises(ModelDamaged, match=r"models\.json"):
        open_catalog(tmp_path)


def test_a_list_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_bytes(b"\xff\xfe\x00models")

    with pytest.raises(ModelDamaged):
        open_catalog(tmp_path)


def test_listed_files_lie_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text(damaged(files={"../../etc/passwd": "0", "/etc/hosts": "0"}), "utf-8")

    found = open_catalog(tmp_path).find("BidDecoder", "fp32")

    assert list(found.hashes) == ["passwd", "hosts"]
    with pytest.raises(ModelMissing):
        found.check()


# ---- files ---------------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    variant = write_product(tmp_path)
    (tmp_path / "product.onnx.data").unlink()

    with pytest.raises(ModelMissing, match=r"product\.onnx\.data"):
        variant.check()


def test_a_file_of_one_wrong_bit(tmp_path: Path) -> None:
    variant = write_product(tmp_path)
    data = tmp_path / "product.onnx.data"
    content = bytearray(data.read_bytes())
    content[100] ^= 1
    data.write_bytes(content)

    with pytest.raises(ModelDamaged, match=r"product\.onnx\.data"):
        variant.check()


def test_a_truncated_file(tmp_path: Path) -> None:
    variant = write_product(tmp_path)
    data = tmp_path / "product.onnx.data"
    data.write_bytes(data.read_bytes()[:-1])

    with pytest.raises(ModelDamaged):
        variant.check()


def test_files_of_two_models_that_were_swapped(tmp_path: Path) -> None:
    one, other = write_product(tmp_path, "one", seed=1), write_product(tmp_path, "other", seed=2)
    for suffix in ("", ".data"):
        a, b = tmp_path / f"one.onnx{suffix}", tmp_path / f"other.onnx{suffix}"
        content = a.read_bytes()
        a.write_bytes(b.read_bytes())
        b.write_bytes(content)

    for variant in (one, other):
        with pytest.raises(ModelDamaged):
            variant.check()


def test_a_file_is_looked_at_again_once_it_changed(tmp_path: Path) -> None:
    variant = write_product(tmp_path)
    variant.check()
    data = tmp_path / "product.onnx.data"
    good = data.read_bytes()
    data.write_bytes(bytes(len(good)))

    with pytest.raises(ModelDamaged):
        variant.check()
    data.write_bytes(good)
    variant.check()


# ---- what it is expected to take -----------------------------------------------------------------------------------


def sized(size_bytes: int, precision: Any = "fp32", measured: Footprint | None = None) -> Variant:
    return Variant("m", precision, "full", Path("/nowhere"), {"m.onnx": "0"}, size_bytes=size_bytes, measured=measured)


def test_large_weights_stay_in_their_file_unless_they_are_int4_or_int8() -> None:
    large = {precision for precision in PRECISIONS if sized(MAPPED_FROM_BYTES, precision).is_mapped}

    assert large == {"fp32", "pruned"}
    assert not sized(MAPPED_FROM_BYTES - 1).is_mapped


def test_mapped_weights_are_not_counted_as_resident() -> None:
    mapped, loaded = sized(1 << 30), sized(1 << 30, "int8")

    assert mapped.footprint.resident_bytes < 64 << 20
    assert loaded.footprint.resident_bytes > 1 << 30


def test_what_was_measured_goes_before_what_is_expected() -> None:
    measured = Footprint(1000, 100, 2.5)

    assert sized(1 << 30, measured=measured).footprint == measured
    assert measured.work_on(10) == 125
