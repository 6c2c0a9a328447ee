"""The models, measured: bytes, milliseconds and error of each in every precision, beside PyTorch and the machine.

    python benchmarks/models.py [--json] [--only table|full|peers|ocr|cycle] [--models A,B] [--write]

*table*: all fifteen at compact scale, every precision, each in a process of its own; `--write` puts the figures where
`planroom models` finds them. *full*: all fifteen at full scale with random weights, built one at a time: what was
planned, leased and really taken, and how long loading and unloading take. *peers*: the same weights in PyTorch, and the
share of what the machine's matrix product reaches. *ocr*: the network that reads lettering in INT8 and INT4. *cycle*:
all in turn under a budget too small for all, beside an `lru_cache` of sessions and Ray Serve's multiplexing. Weights
are exported to `--folder` where they are not there yet (needs the extra `bench`: PyTorch, onnx). Exits with 1 where a
figure is over its bound.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

import models_cycle
import models_ocr
import models_peers
from control_groups import hear, open_group, start
from memory_peaks import MACHINE
from models_measure import to_footprint
from planroom.engine.catalog import PRECISIONS, Footprint, open_catalog

ROOT: Final = Path(__file__).parents[1]
FIGURES: Final = ROOT / "src" / "planroom" / "memory" / "plans" / "networks.json"
THREADS: Final = len(os.sched_getaffinity(0))
PARTS: Final = ("table", "full", "peers", "ocr", "cycle")
FULL_PRECISIONS: Final = ("fp32", "int8")
LARGE: Final = 4096  # numbers in a weight matrix that counts as large
SERVED: Final = "int8"
SERVED_BYTES: Final = 8 << 30  # that all are served in, in turn
NEAR: Final = 0.05  # of planned, leased and taken to each other
MOST_LOAD_S: Final = {"compact": 0.3, "full": 3.0}
MOST_UNLOAD_MS: Final = 300.0
_MB: Final = 1_000_000
_DISK_BYTES: Final = 256 << 20
Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--only", choices=PARTS, help="only this part")
    parser.add_argument("--models", default="", help="names, separated by commas; all where none is given")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "models", help="where weights are exported to")
    parser.add_argument("--write", action="store_true", help="write the table's figures into the package")
    asked = parser.parse_args()
    names = asked.models.split(",") if asked.models else [n for n in open_catalog().models if n != "Qwen3-VL"]
    rows: list[Row] = []
    for part in PARTS:
        if asked.only in (None, part):
            for row in _rows(part, names, asked.folder):
                rows.append(row)
                if not asked.json:
                    print("  ".join(f"{key} {_told(value)}" for key, value in row.items()), flush=True)
    if asked.write:
        _write([row for row in rows if row["part"] == "table"])
    if asked.json:
        settings = {"threads": THREADS, "models": names}
        print(json.dumps({"bench": "models", "machine": MACHINE, "settings": settings, "results": rows}))
    return int(any(row.get("over") for row in rows))


def _rows(part: str, names: list[str], folder: Path) -> Iterator[Row]:
    if part == "full":
        yield from full(names, folder / "full")
        return
    if part == "ocr":
        yield from models_ocr.rows(THREADS)
        return
    export(names, "compact", PRECISIONS, folder / "compact")
    if part == "table":
        for name in names:
            yield from table(name, folder / "compact")
    elif part == "peers":
        yield from models_peers.rows(folder / "compact", THREADS)
    else:
        yield from models_cycle.rows(names, folder / "compact", THREADS)


def table(name: str, folder: Path) -> Iterator[Row]:
    """A row for each precision."""
    variants = open_catalog(folder).models[name].variants
    with tempfile.TemporaryDirectory() as scratch:
        true = Path(scratch) / "fp32.npz"
        for precision in PRECISIONS:
            outputs = true if precision == "fp32" else Path(scratch) / "other.npz"
            told = _measure(folder, name, precision, outputs)
            footprint = to_footprint(told)
            _keep(folder, name, precision, footprint, told["load_ms"] / 1000)
            yield {
                "part": "table",
                "model": name,
                "precision": precision,
                "parameters": variants[precision].parameters,
                "bytes": variants[precision].size_bytes,
                "of_fp32": round(variants[precision].size_bytes / variants["fp32"].size_bytes, 3),
                "unpacked": count_unpacked(variants[precision].graph) if "int4" in precision else None,
                "resident_bytes": told["resident_bytes"],
                "peak_bytes": told["peak_bytes"],
                "ms": round(told["ms"], 2),
                "load_ms": round(told["load_ms"], 1),
                "relative_error": None
                if precision.endswith("pruned")
                else models_peers.apart(np.load(true), np.load(outputs)),
                "over": told["load_ms"] > 1000 * MOST_LOAD_S["compact"],
            }


def count_unpacked(graph: Path) -> int:
    """Weights of products and convolutions, at least `LARGE` numbers, that still have 32 bits each."""
    import onnx

    inside = onnx.load(str(graph), load_external_data=False).graph
    matrices = [one for one in inside.initializer if len(one.dims) > 1 and one.dims[1] > 1]
    large = {one.name for one in matrices if math.prod(one.dims) >= LARGE}
    return sum(node.op_type in ("MatMul", "Gemm", "Conv") and node.input[1] in large for node in inside.node)


def full(names: list[str], folder: Path) -> Iterator[Row]:
    """A row for each model at full scale, its fp32 files gone before the next one's are made; then all in turn."""
    shutil.rmtree(folder, ignore_errors=True)
    served: list[dict[str, Any]] = []
    try:
        for name in names:
            export([name], "full", FULL_PRECISIONS, folder)
            for precision in FULL_PRECISIONS:
                yield _full_row(folder, name, precision)
            listed = json.loads((folder / "models.json").read_text())["models"]
            served = [one for one in listed if one["precision"] == SERVED]
            (folder / "models.json").write_text(json.dumps({"schema": 1, "models": served}))
            for old in folder.glob("*.fp32.onnx*"):
                old.unlink()
        with open_group(SERVED_BYTES) as group:
            child = start("models_measure:serve", folder, ",".join(names), SERVED, THREADS, SERVED_BYTES, group=group)
            told = json.loads(hear(child))
            child.wait()
        yield (
            {"part": "full", "model": "all in turn", "precision": SERVED, "limit_bytes": SERVED_BYTES}
            | told
            | {"over": told["done"] < told["asked"] or told["leased"] > SERVED_BYTES}
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _full_row(folder: Path, name: str, precision: str) -> Row:
    variant = open_catalog(folder).find(name, precision)
    _drop_pages(folder)
    cold = json.loads(hear(start("models_measure:load", folder, name, precision, THREADS)))
    told = _measure(folder, name, precision, folder / "o.npz")
    footprint = to_footprint(told)
    _keep(folder, name, precision, footprint, told["load_ms"] / 1000)
    child = start("models_measure:lease", folder, name, precision, THREADS, json.dumps(footprint))
    seen = json.loads(hear(child))
    child.wait()
    sizes = [seen["planned"], seen["leased"], seen["anonymous"]]
    apart = max(sizes) / min(sizes) - 1
    return {
        "part": "full",
        "model": name,
        "precision": precision,
        "bytes": variant.size_bytes,
        "predicted": variant.footprint.resident_bytes,
        "planned": seen["planned"],
        "leased": seen["leased"],
        "anonymous": seen["anonymous"],
        "apart_%": round(100 * apart, 1),
        "file_bytes": seen["file_bytes"],
        "load_s": round(told["load_ms"] / 1000, 2),
        "cold_s": round(cold["load_ms"] / 1000, 2),
        "bytes_by_disk_s": round(variant.size_bytes / _disk_rate(folder), 2),
        "ms": round(told["ms"]),
        "unload_ms": round(seen["unload_ms"]),
        "left": seen["left"],
        "over": apart > NEAR or told["load_ms"] > 1000 * MOST_LOAD_S["full"] or seen["unload_ms"] > MOST_UNLOAD_MS,
    }


def export(names: list[str], scale: str, precisions: tuple[str, ...], folder: Path) -> None:
    """Export what `folder` does not list yet."""
    there = open_catalog(folder).models if folder.is_dir() else {}
    missing = [name for name in names if name not in there or set(precisions) - set(there[name].variants)]
    if missing:
        command = ["-m", "training.export", "--scale", scale, "--only", ",".join(missing), "--out", str(folder)]
        subprocess.run([sys.executable, *command, "--precisions", ",".join(precisions)], check=True, cwd=ROOT)


def _measure(folder: Path, name: str, precision: str, outputs: Path) -> dict[str, Any]:
    child = start("models_measure:calibrate", folder, name, precision, THREADS, outputs)
    told: dict[str, Any] = json.loads(hear(child))
    child.wait()
    return told


def _keep(folder: Path, name: str, precision: str, footprint: Footprint, load_s: float) -> None:
    """Put what was measured beside the weights."""
    path = folder / "models.json"
    listed = json.loads(path.read_text())
    for one in listed["models"]:
        if (one["name"], one["precision"]) == (name, precision):
            one.update(footprint=list(footprint), load_s=round(load_s, 4))
    path.write_text(json.dumps(listed, indent=1) + "\n")


def _write(rows: list[Row]) -> None:
    figures = json.loads(FIGURES.read_text())
    for row in rows:
        model = figures.setdefault(row["model"], {"scale": "compact", "precisions": {}})
        if row["precision"] == "fp32":
            model["parameters"] = row["parameters"]
        kept = ("bytes", "resident_bytes", "peak_bytes", "ms", "load_ms", "relative_error")
        model["precisions"][row["precision"]] = {key: row[key] for key in kept} | {"score": None}
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")


@cache
def _disk_rate(folder: Path) -> float:
    """Bytes a second that a file is read at when none of its pages is in memory."""
    path = folder / "disk.bin"
    path.write_bytes(os.urandom(_DISK_BYTES))
    _drop_pages(folder)
    start_s = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 22):
            pass
    path.unlink()
    return _DISK_BYTES / (time.perf_counter() - start_s)


def _drop_pages(folder: Path) -> None:
    """Have the kernel forget the files' pages, so that the next load is cold."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _told(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= _MB:
        return f"{value / _MB:.1f} MB"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
