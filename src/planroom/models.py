"""What `planroom models` tells: the sixteen of the catalog with what was measured of them; what was not is None."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from planroom.engine.catalog import PRECISIONS, Model, Variant, open_catalog
from planroom.errors import ModelMissing
from planroom.memory.plans.networks import read_figures

FIGURES: Final = ("bytes", "peak_bytes", "ms", "score")
_Figures = dict[str, Any]


def describe_models(folder: Path | None = None) -> list[dict[str, Any]]:
    """An entry for each model, in the catalog's order, as JSON carries it; `weights` are the precisions that have some.

    folder: weights instead of those that are shipped. Of the figures that the package has, those are told that were
    measured at the same scale and size, and no score of a precision, for that is the shipped weights' own.
    Raises ModelMissing where the folder has no list of weights, ModelDamaged where the list cannot be read.
    """
    if folder is not None and not _has_list(folder):
        raise ModelMissing(
            "there is no list of weights (models.json)",
            place=str(folder),
            hint="name the folder that `python -m training.export` wrote",
        )
    measured = read_figures()
    return [
        _entry(model, measured.get(model.name, {}), is_shipped=folder is None)
        for model in open_catalog(folder).models.values()
    ]


def _has_list(folder: Path) -> bool:
    try:
        return (folder / "models.json").is_file()
    except OSError:  # a name too long, a folder that may not be looked into
        return False


def _entry(model: Model, measured: _Figures, *, is_shipped: bool) -> dict[str, Any]:
    there = model.variants
    scale = next((variant.scale for variant in there.values()), measured.get("scale"))
    parameters = next((variant.parameters for key, variant in there.items() if not key.endswith("pruned")), None)
    if parameters is None and scale == measured.get("scale"):
        parameters = measured.get("parameters")
    figures = measured.get("precisions", {}) if scale == measured.get("scale") else {}
    return {
        "name": model.name,
        "role": model.role,
        "scale": scale,
        "parameters": parameters,
        "weights": [precision for precision in PRECISIONS if precision in there],
        "precisions": {
            precision: _figures(there.get(precision), figures.get(precision, {}), is_shipped=is_shipped)
            for precision in PRECISIONS
        },
        "metric": model.metric,
        "score": model.score,
        "baseline": model.baseline,
        "baseline_score": model.baseline_score,
        "used": model.used,
        "training_data": model.training_data,
        "licence": model.licence,
        "inputs": model.inputs,
        "outputs": model.outputs,
    }


def _figures(variant: Variant | None, measured: _Figures, *, is_shipped: bool) -> _Figures:
    """The figures of one precision. Where there are no weights, its bytes are those that were measured."""
    told: _Figures = {key: measured.get(key) for key in FIGURES}
    if variant is not None and told["bytes"] != variant.size_bytes:
        told = dict.fromkeys(FIGURES) | {"bytes": variant.size_bytes}
    return told if is_shipped else told | {"score": None}
