"""The engine beside PyTorch on the same weights and threads, and beside the machine's own matrix product.

Pairs are interleaved, so that what else the machine does falls on both. The bound is what NumPy's product of two large
fp32 matrices reaches on as many threads; a network's share of it counts its products and convolutions only.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from planroom.engine.catalog import Variant, open_catalog
from planroom.engine.session import Session

PAIRS: Final = 7
NAMES: Final = ("UniversalConstructionTransformer", "HierarchicalVisionTransformer")
LEAST_FP32: Final = 0.95  # of PyTorch's speed
LEAST_BEST: Final = 1.4
LEAST_INT8: Final = 1.4  # of fp32, on 1,024 tokens
MOST_INT8_ERROR: Final = 0.01
LEAST_PRUNED: Final = 1.2
_GEMM: Final = 2048


def rows(folder: Path, threads: int) -> Iterator[dict[str, Any]]:
    """A row for each variant of two models."""
    sys.path.append(str(Path(__file__).parents[1]))  # the training code is not installed
    import torch
    from training.architectures.base import example
    from training.catalog import ARCHITECTURES, build

    torch.set_num_threads(threads)
    catalog = open_catalog(folder)
    for name in NAMES:
        kind = ARCHITECTURES[name]
        given = example(kind.inputs(kind.COMPACT), kind.SIZES, 1, 1)
        inputs = {one.name: array.numpy() for one, array in zip(kind.inputs(kind.COMPACT), given, strict=True)}
        model = build(name, "compact").requires_grad_(False)

        def eager(model: Any = model, given: Any = given) -> Any:
            with torch.inference_mode():
                return model(*given)

        variants = list(catalog.models[name].variants.values())
        yield from _beside(name, eager, variants, inputs, threads)


def _beside(
    name: str, eager: Callable[[], Any], variants: list[Variant], inputs: dict[str, Any], threads: int
) -> Iterator[dict[str, Any]]:
    sessions = {variant.precision: Session(variant, threads) for variant in variants}
    true = sessions["fp32"].run(inputs)
    tokens = name == NAMES[0]
    bound = _gemm_flops()
    flops = _flops(eager)
    best = 0.0
    for precision, session in sessions.items():
        ours, theirs, fp32 = [], [], []
        for _ in range(PAIRS):
            theirs.append(_timed(eager))
            ours.append(_timed(partial(session.run, inputs)))
            fp32.append(_timed(partial(sessions["fp32"].run, inputs)))
        made = session.run(inputs)
        ratio, faster = _ratio(theirs, ours), _ratio(fp32, ours)
        error = None if "pruned" in precision else apart(true, made)
        best = max(best, ratio)
        over = precision == "fp32" and ratio < LEAST_FP32
        over |= precision == "pruned" and faster < LEAST_PRUNED
        if precision == "int8" and tokens:
            over |= faster < LEAST_INT8 or (error or 0) > MOST_INT8_ERROR
        row = {
            "part": "peers",
            "model": name,
            "precision": precision,
            "ms": round(statistics.median(ours) * 1000, 2),
            "pytorch_ms": round(statistics.median(theirs) * 1000, 2),
            "times_pytorch": round(ratio, 2),
            "times_fp32": round(faster, 2),
            "relative_error": error,
            "worst_output": None if error is None else max(apart({k: true[k]}, made) for k in true),
            "over": over,
        }
        if precision == "fp32":
            row["share_of_gemm"] = round(flops / statistics.median(ours) / bound, 2)
        yield row
    yield {"part": "peers", "model": name, "best_times_pytorch": round(best, 2), "over": best < LEAST_BEST}


def _ratio(theirs: list[float], ours: list[float]) -> float:
    """How many times as fast we are: the median over the pairs."""
    return statistics.median(t / o for t, o in zip(theirs, ours, strict=True))


def _timed(run: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    run()
    return time.perf_counter() - start_s


def apart(true: Mapping[str, Any], made: Mapping[str, Any]) -> float:
    """The relative error of the outputs of `true`, taken as one long vector."""
    off = sum(float(np.sum((true[k] - made[k]) ** 2)) for k in true)
    return round(math.sqrt(off / sum(float(np.sum(true[k] ** 2)) for k in true)), 5)


def _gemm_flops() -> float:
    """Floating-point operations a second of NumPy's product here, the best of a few."""
    one = np.random.default_rng(0).random((_GEMM, _GEMM), np.float32)
    return float(2 * _GEMM**3 / min(_timed(lambda: one @ one) for _ in range(5)))


def _flops(eager: Callable[[], Any]) -> float:
    """Floating-point operations of one run, products and convolutions only."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        eager()
    return float(counter.get_total_flops())
