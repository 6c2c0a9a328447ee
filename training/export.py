"""A model as ONNX files: weights beside the graph, so that ONNX Runtime maps them instead of reading them.

python -m training.export --scale compact --out build/models           # all fifteen, every precision
python -m training.export --scale full --only VisionDecoder --out build/models
python -m training.export --trained build/vision/last.pt --precisions int8 --out src/planroom/engine/weights
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import onnx
import torch

from training.architectures.base import Input, TaskModel, example
from training.catalog import ARCHITECTURES, Scale, build, count_parameters, settings
from training.variants import PRUNED_SHARE, prune, to_int4, to_int8

OPSET: Final = 20
TRAINED_TOGETHER: Final = {"HierarchicalVisionTransformer": "see.", "VisionDecoder": "tell."}
PRECISIONS: Final = ("fp32", "int8", "int4", "pruned", "int8+pruned", "int4+pruned")


def export_onnx(model: TaskModel, inputs: Sequence[Input], path: Path) -> None:
    """Write `model` to `path`, its weights to `path` + ".data"; batch and named axes may vary."""
    given = example(tuple(inputs), {name: 8 + k for k, name in enumerate(_axes(inputs))}, batch=2, seed=0)
    varying = tuple(
        {0: torch.export.Dim.DYNAMIC}
        | {k + 1: torch.export.Dim.DYNAMIC for k, axis in enumerate(one.shape) if isinstance(axis, str)}
        for one in inputs
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.requires_grad_(False),
            given,
            dynamo=True,
            input_names=[one.name for one in inputs],
            output_names=list(type(model).OUTPUTS),
            dynamic_shapes=varying,
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    program.save(str(path), external_data=True)
    graph = onnx.load(str(path), load_external_data=False)
    _strip(graph)
    _name_axes(graph, inputs)
    onnx.save_model(graph, str(path))


def export_all(
    name: str, scale: Scale, folder: Path, precisions: Sequence[str] = PRECISIONS, trained: Path | None = None
) -> list[dict[str, Any]]:
    """Write `name` in each of `precisions`; what the catalog says of each file. trained: a checkpoint that its weights
    are taken from; random ones where there is none.
    """
    model = build(name, scale)
    if trained is not None:
        load_weights(model, name, trained)
    inputs = type(model).inputs(settings(name, scale))
    made = []
    for pruned in (False, True):
        wanted = [one for one in precisions if one.endswith("pruned") == pruned]
        if not wanted:
            continue
        if pruned:
            prune(model, PRUNED_SHARE)
        base = folder / f"{name}.{'pruned' if pruned else 'fp32'}.onnx"
        export_onnx(model, inputs, base)
        for precision in wanted:
            path = folder / f"{name}.{precision}.onnx"
            if precision.startswith("int8"):
                to_int8(base, path)
            elif precision.startswith("int4"):
                to_int4(base, path)
            made.append(
                {
                    "name": name,
                    "scale": scale,
                    "precision": precision,
                    "parameters": count_parameters(model),
                    "sizes": type(model).SIZES,
                    "files": {file.name: _sha256(file) for file in (path, _data(path))},
                    "bytes": sum(file.stat().st_size for file in (path, _data(path))),
                }
            )
        if base.name.split(".")[1] not in wanted:
            base.unlink()
            _data(base).unlink()
    return made


def load_weights(model: TaskModel, name: str, checkpoint: Path) -> None:
    """Give `model` what it has learnt: the averaged weights of a checkpoint, in which each model has a part."""
    average = torch.load(checkpoint, weights_only=True)["average"]
    part = TRAINED_TOGETHER[name]
    model.load_state_dict({key.removeprefix(part): one for key, one in average.items() if key.startswith(part)})


def _data(path: Path) -> Path:
    return path.with_name(path.name + ".data")


def _axes(inputs: Sequence[Input]) -> list[str]:
    return sorted({axis for one in inputs for axis in one.shape if isinstance(axis, str)})


def _name_axes(graph: onnx.ModelProto, inputs: Sequence[Input]) -> None:
    """Call the varying axes of inputs and outputs by their names instead of the exporter's symbols."""
    names: dict[str, str] = {}
    for value, one in zip(graph.graph.input, inputs, strict=True):
        for axis, name in zip(value.type.tensor_type.shape.dim, ("batch", *one.shape), strict=True):
            if isinstance(name, str):
                names[axis.dim_param] = name
    for value in (*graph.graph.input, *graph.graph.output):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param:
                axis.dim_param = names[axis.dim_param]


def _strip(graph: onnx.ModelProto) -> None:
    """Without the exporter's notes, which name the folders of the machine it ran on."""
    del graph.metadata_props[:]
    graph.doc_string = ""
    for part in (
        graph.graph.node,
        graph.graph.initializer,
        graph.graph.value_info,
        graph.graph.input,
        graph.graph.output,
    ):
        for one in part:
            del one.metadata_props[:]
            one.doc_string = ""
    del graph.graph.metadata_props[:]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_models(
    names: Sequence[str], scale: Scale, folder: Path, precisions: Sequence[str], trained: Path | None = None
) -> None:
    """Write `names` into `folder`, and list them in its `models.json`; what the list has of others stays."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "models.json"
    listed: list[dict[str, Any]] = json.loads(path.read_text())["models"] if path.exists() else []
    for name in names:
        start_s = time.monotonic()
        made = export_all(name, scale, folder, precisions, trained)
        new = {(one["name"], one["precision"]) for one in made}
        listed = [one for one in listed if (one["name"], one["precision"]) not in new] + made
        path.write_text(json.dumps({"schema": 1, "models": listed}, indent=1) + "\n")
        print(f"{name}: {time.monotonic() - start_s:.1f} s", flush=True)


def main() -> None:
    """Export what was asked for, and list it in `models.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=("compact", "full"), default="compact")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--trained", type=Path, help="a checkpoint of training.vision; its two models are exported")
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    names = asked.only.split(",") if asked.only else list(TRAINED_TOGETHER if asked.trained else ARCHITECTURES)
    write_models(names, asked.scale, asked.out, asked.precisions.split(","), asked.trained)


if __name__ == "__main__":
    main()
