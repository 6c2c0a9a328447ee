"""Real networks of a few numbers in ONNX files, for tests of what runs networks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from planroom.engine.catalog import Footprint, Precision, Variant

WIDTH = 8
Node = tuple[str, Sequence[str], Sequence[str]]
Axes = Sequence[int | str | None]


class Port(NamedTuple):
    """An input or output of a graph."""

    name: str
    axes: Axes
    kind: int = TensorProto.FLOAT


def weights(seed: int, rows: int = WIDTH, columns: int = WIDTH) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((rows, columns), np.float32)


def rows(seed: int, batch: int, n: int = 3, width: int = WIDTH) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((batch, n, width), np.float32)


def write_graph(
    path: Path,
    nodes: Sequence[Node],
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    constants: dict[str, NDArray[Any]] | None = None,
) -> list[Path]:
    """Writes a graph, its constants beside it; returns the files, the graph's first."""
    graph = helper.make_graph(
        [helper.make_node(kind, list(given), list(made)) for kind, given, made in nodes],
        "tiny",
        [helper.make_tensor_value_info(port.name, port.kind, list(port.axes)) for port in inputs],
        [helper.make_tensor_value_info(port.name, port.kind, list(port.axes)) for port in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    data = f"{path.name}.data"
    onnx.save_model(model, str(path), save_as_external_data=bool(constants), location=data, size_threshold=0)
    return [path, path.with_name(data)] if constants else [path]


def as_variant(
    files: Sequence[Path],
    name: str,
    precision: Precision = "fp32",
    *,
    measured: Footprint | None = None,
    most_batch: int = 4,
) -> Variant:
    """What a list of weights would say of these files."""
    return Variant(
        name=name,
        precision=precision,
        scale="compact",
        folder=files[0].parent,
        hashes={file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        parameters=WIDTH * WIDTH,
        size_bytes=sum(file.stat().st_size for file in files),
        measured=measured,
        most_batch=most_batch,
    )


def write_product(
    folder: Path,
    name: str = "product",
    *,
    seed: int = 1,
    size: tuple[int, int] = (WIDTH, WIDTH),
    measured: Footprint | None = None,
) -> Variant:
    """y = x · W, with W = `weights(seed, *size)`."""
    files = write_graph(
        folder / f"{name}.onnx",
        [("MatMul", ["x", "w"], ["y"])],
        [Port("x", ("batch", "n", size[0]))],
        [Port("y", ("batch", "n", size[1]))],
        {"w": weights(seed, *size)},
    )
    return as_variant(files, name, measured=measured)


def write_logarithm(folder: Path, name: str = "logarithm", *, measured: Footprint | None = None) -> Variant:
    """y = log x: no number where x is below zero."""
    ports = Port("x", ("batch", "n", WIDTH)), Port("y", ("batch", "n", WIDTH))
    files = write_graph(folder / f"{name}.onnx", [("Log", ["x"], ["y"])], ports[:1], ports[1:])
    return as_variant(files, name, measured=measured)


def write_quantised(folder: Path, name: str = "quantised", *, measured: Footprint | None = None) -> Variant:
    """y = x · W in INT8, x scaled by the largest number of the whole run."""
    files = write_graph(
        folder / f"{name}.onnx",
        [
            ("DynamicQuantizeLinear", ["x"], ["q", "step", "zero"]),
            ("DequantizeLinear", ["q", "step", "zero"], ["rounded"]),
            ("MatMul", ["rounded", "w"], ["y"]),
        ],
        [Port("x", ("batch", "n", WIDTH))],
        [Port("y", ("batch", "n", WIDTH))],
        {"w": weights(1)},
    )
    return as_variant(files, name, "int8", measured=measured)


def write_list(folder: Path, variants: Sequence[Variant]) -> Path:
    """The `models.json` of a folder of weights."""
    path = folder / "models.json"
    listed = [
        {
            "name": one.name,
            "scale": one.scale,
            "precision": one.precision,
            "parameters": one.parameters,
            "files": dict(one.hashes),
            "bytes": one.size_bytes,
        }
        for one in variants
    ]
    path.write_text(json.dumps({"schema": 1, "models": listed}), "utf-8")
    return path
