"""The fifteen architectures: they run, say what their docstrings say, have the design's size, survive the export.

Skipped where PyTorch is not installed: only who trains needs it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: only training needs it")
pytest.importorskip("onnxscript", reason="what PyTorch exports with is not installed: only training needs it")

import torch
from training.architectures.base import Input, TaskModel, example
from training.catalog import ARCHITECTURES, build, count_parameters, settings
from training.export import export_all
from training.variants import PRUNED_SHARE, prune

from planroom.engine.catalog import Catalog, Precision, open_catalog
from planroom.engine.session import Session

SIZES = {"m": 7, "n": 11}
PRESENT = {"m": 5, "n": 8, 10: 6}  # how many of each set are no padding
EXPORTED = ("BidDecoder", "DecisionTransformer", "MultiAgentTransformer")
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8", "int4", "pruned")
FULL_GIB = {
    "HierarchicalVisionTransformer": 2.0,
    "VisionDecoder": 0.5,
    "UniversalConstructionTransformer": 1.4,
    "QuantityTransformer": 1.0,
    "QuantityDecoder": 0.5,
    "ErrorTransformer": 1.2,
    "ErrorDecoder": 0.5,
    "ComplianceTransformer": 0.8,
    "ComplianceDecoder": 0.5,
    "BidTransformer": 0.8,
    "BidDecoder": 0.5,
    "PlanningDecoder": 0.8,
    "DecisionTransformer": 0.6,
    "MultiAgentTransformer": 0.6,
    "QuantumTransformer": 0.8,
}
# the outputs' shapes after the batch axis, from the docstrings of `forward`; "width" is that of the settings
SHAPES: dict[str, dict[str, tuple[int | str, ...]]] = {
    "HierarchicalVisionTransformer": {
        "stride4": (48, 128, 128),
        "stride8": (96, 64, 64),
        "stride16": (192, 32, 32),
        "stride32": (256, 16, 16),
    },
    "VisionDecoder": {
        "classes": (9, 256, 256),
        "uses": (8, 128, 128),
        "centres": (11, 128, 128),
        "shapes": (6, 128, 128),
    },
    "UniversalConstructionTransformer": {"embeddings": ("n", "width"), "sheet_kind": (12,)},
    "QuantityTransformer": {"pairs": ("m", "n"), "scale": (64,)},
    "QuantityDecoder": {"items": ("n", 128), "measures": ("n", 5)},
    "ErrorTransformer": {"kinds": ("n", 24), "places": ("n", 16), "embeddings": ("n", "width")},
    "ErrorDecoder": {"errors": (64, 32), "pointers": (64, "n")},
    "ComplianceTransformer": {"applies": ("m", "n")},
    "ComplianceDecoder": {"attribute": ("m", 2), "outcomes": ("m", 3)},
    "BidTransformer": {"quantiles": ("n", 9)},
    "BidDecoder": {"flags": ("n", 3), "rank": (2,)},
    "PlanningDecoder": {"kinds": (128, 64), "durations": (128, 2), "precedence": (128, 128)},
    "DecisionTransformer": {"next_actions": (64, 8)},
    "MultiAgentTransformer": {"weights": ("n", 6), "spread": ("n",), "confidence": ("n",)},
    "QuantumTransformer": {"scores": (10,), "expectations": (10, 10)},
}
SETS = sorted(name for name, kind in ARCHITECTURES.items() if any(one.present for one in kind.inputs(kind.COMPACT)))


def inputs_of(name: str) -> tuple[Input, ...]:
    return ARCHITECTURES[name].inputs(settings(name, "compact"))


def given_to(name: str, sizes: dict[str, int] = SIZES, batch: int = 2, seed: int = 0) -> tuple[Any, ...]:
    return example(inputs_of(name), sizes, batch, seed)


def say(model: TaskModel, given: Sequence[Any]) -> dict[str, Any]:
    with torch.no_grad():
        said = model(*given)
    outputs = type(model).OUTPUTS
    return dict(zip(outputs, said if isinstance(said, tuple) else (said,), strict=True))


def expected_shapes(name: str, batch: int) -> dict[str, tuple[int, ...]]:
    known = SIZES | {"width": settings(name, "compact").get("width", 0)}
    return {
        output: (batch, *(known[axis] if isinstance(axis, str) else axis for axis in shape))
        for output, shape in SHAPES[name].items()
    }


# ---- architectures -------------------------------------------------------------------------------------------------


def test_fifteen_in_the_order_of_the_catalog() -> None:
    assert list(ARCHITECTURES) == list(FULL_GIB) == list(open_catalog().models)[:15]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_compact_model_runs_whole_and_pruned(name: str) -> None:
    batch = 1 if "Vision" in name else 2
    model, given = build(name, "compact"), given_to(name, batch=batch)

    whole, parameters = say(model, given), count_parameters(model)
    prune(model, PRUNED_SHARE)
    pruned = say(model, given)

    for said in (whole, pruned):
        assert {output: tuple(array.shape) for output, array in said.items()} == expected_shapes(name, batch)
        assert all(array.dtype == torch.float32 and bool(torch.isfinite(array).all()) for array in said.values())
    assert 0.6 * parameters < count_parameters(model) < 0.95 * parameters
    assert any(not torch.equal(whole[output], pruned[output]) for output in whole)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_seed_makes_the_same_model(name: str) -> None:
    one, same, other = (build(name, "compact", seed).state_dict() for seed in (1, 1, 2))

    assert all(torch.equal(one[key], same[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_full_model_has_the_size_of_the_design(name: str) -> None:
    with torch.device("meta"):
        model = ARCHITECTURES[name](**settings(name, "full"))

    assert 4 * count_parameters(model) / 2**30 == pytest.approx(FULL_GIB[name], rel=0.05)


def test_all_compact_models_together_are_as_small_as_the_design_says() -> None:
    """About 40 MB as they are shipped: one byte a weight."""
    with torch.device("meta"):
        parameters = sum(count_parameters(kind(**kind.COMPACT)) for kind in ARCHITECTURES.values())

    assert parameters < 40_000_000


@pytest.mark.parametrize("name", SETS)
def test_padding_says_nothing(name: str) -> None:
    model, inputs = build(name, "compact"), inputs_of(name)
    kept = {one.shape[0]: PRESENT[one.shape[0]] for one in inputs if one.present}
    given, other = (list(given_to(name, seed=seed)) for seed in (0, 1))
    for k, one in enumerate(inputs):
        count = kept.get(one.shape[0])
        if one.present:
            given[k] = (torch.arange(given[k].shape[1]) < count).float().expand(2, -1)
        elif count is not None:
            other[k][:, :count] = given[k][:, :count]
        if one.present or count is None:
            other[k] = given[k]

    first, second = say(model, given), say(model, other)

    assert any(not torch.equal(a, b) for a, b in zip(given, other, strict=True))
    for output, shape in SHAPES[name].items():
        cut = (slice(None), *(slice(kept.get(axis)) for axis in shape[:1]))
        cut += tuple(slice(kept.get(axis) if isinstance(axis, str) else None) for axis in shape[1:])
        torch.testing.assert_close(first[output][cut], second[output][cut], rtol=1e-4, atol=1e-4)


# ---- the export ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("exported")
    made = [one for name in EXPORTED for one in export_all(name, "compact", folder, PRECISIONS)]
    (folder / "models.json").write_text(json.dumps({"schema": 1, "models": made}), "utf-8")
    return open_catalog(folder)


def run_exported(catalog: Catalog, name: str, precision: str, given: Sequence[Any]) -> dict[str, Any]:
    session = Session(catalog.find(name, precision), 1)
    return session.run({one.name: array.numpy() for one, array in zip(inputs_of(name), given, strict=True)})


@pytest.mark.parametrize("pruned", [False, True])
@pytest.mark.parametrize("name", EXPORTED)
def test_what_is_exported_says_what_pytorch_says(exported: Catalog, name: str, pruned: bool) -> None:
    model = build(name, "compact")
    if pruned:
        prune(model, PRUNED_SHARE)

    for batch, n in ((1, 1), (2, 11), (4, 40)):
        given = given_to(name, {"n": n}, batch)
        said = run_exported(exported, name, "pruned" if pruned else "fp32", given)

        expected = say(model, given)
        assert list(said) == list(expected)
        for output, array in said.items():
            np.testing.assert_allclose(array, expected[output].numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("name", EXPORTED)
def test_smaller_precisions_are_near(exported: Catalog, name: str, precision: Precision) -> None:
    given = given_to(name, {"n": 40}, 1)
    exact, near = (run_exported(exported, name, one, given) for one in ("fp32", precision))

    apart = {
        output: float(np.linalg.norm(near[output] - array) / np.linalg.norm(array)) for output, array in exact.items()
    }

    assert max(apart.values()) < {"int8": 0.1, "int4": 0.4}[precision]
    assert max(apart.values()) > 0


@pytest.mark.parametrize("name", EXPORTED)
def test_smaller_precisions_are_smaller(exported: Catalog, name: str) -> None:
    sizes = {precision: variant.size_bytes for precision, variant in exported.models[name].variants.items()}

    assert set(sizes) == set(PRECISIONS)
    assert sizes["int4"] < sizes["int8"] < 0.5 * sizes["fp32"]
    assert sizes["pruned"] < 0.8 * sizes["fp32"]


def test_convolutions_are_packed_like_matrices(tmp_path: Path) -> None:
    name = "VisionDecoder"
    made = export_all(name, "compact", tmp_path, ("fp32", "int4"))
    (tmp_path / "models.json").write_text(json.dumps({"schema": 1, "models": made}), "utf-8")
    catalog = open_catalog(tmp_path)
    given = given_to(name, batch=1)

    exact, near = (run_exported(catalog, name, one, given) for one in ("fp32", "int4"))

    assert made[1]["bytes"] < 0.18 * made[0]["bytes"]
    for output, array in exact.items():
        assert 0 < np.linalg.norm(near[output] - array) < 0.2 * np.linalg.norm(array)


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_axes_have_the_names_of_the_inputs(exported: Catalog, name: str) -> None:
    for precision in PRECISIONS:
        session = Session(exported.find(name, precision), 1)
        assert {given: shape.axes for given, shape in session.inputs.items()} == {
            one.name: ("batch", *one.shape) for one in inputs_of(name)
        }
        assert {axis for shape in session.outputs.values() for axis in shape.axes if isinstance(axis, str)} <= {
            "batch",
            "n",
        }


def test_exported_files_name_no_place_of_the_machine(exported: Catalog) -> None:
    root = Path(__file__).parents[2]
    variants = [variant for name in EXPORTED for variant in exported.models[name].variants.values()]
    places = [str(root), str(root.parent), str(variants[0].folder), str(Path.home()), sys.prefix, "site-packages"]

    found = []
    for variant in variants:
        for file in variant.hashes:
            content = (variant.folder / file).read_bytes()
            words = [*places, ".py"] if file.endswith(".onnx") else places  # three bytes occur in any weights
            found += [(file, word) for word in words if word != "/" and word.encode() in content]

    assert found == []
