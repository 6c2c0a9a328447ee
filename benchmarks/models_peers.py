"""The engine beside PyTorch on the same weights and threads, and beside the machine's own matrix product.

Pairs are interleaved, so that what else the machine does falls on both; each side has a process of its own and waits
until the other's threads sleep, for PyTorch's go on spinning after a run. Both keep the memory of their work from run
to run; a run "alone" gives it back. The bound is what the product of two
large fp32 matrices reaches on as many threads in NumPy or PyTorch, whichever is faster; a network's share of it counts
its products and convolutions only.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from control_groups import Child, hear, start
from models_measure import find, make_inputs
from planroom.engine.catalog import open_catalog
from planroom.engine.session import Session

PAIRS: Final = 7
RUNS: Final = 5  # of which a time is the median
ASLEEP_S: Final = 0.3
NAMES: Final = ("UniversalConstructionTransformer", "HierarchicalVisionTransformer")
LEAST_FP32: Final = 0.95  # of PyTorch's speed
LEAST_BEST: Final = 1.4
LEAST_INT8: Final = 1.4  # of fp32, on 1,024 tokens
MOST_INT8_ERROR: Final = 0.01
LEAST_PRUNED: Final = 1.2
GEMM: Final = 2048  # a side of the matrices


def rows(folder: Path, threads: int) -> Iterator[dict[str, Any]]:
    """A row for each variant of two models."""
    for name in NAMES:
        with _process("eager", name, threads) as theirs, _process("sessions", folder, name, threads) as ours:
            yield from _beside(name, theirs, ours)


def _beside(name: str, theirs: Child, ours: Child) -> Iterator[dict[str, Any]]:
    tokens = name == NAMES[0]
    asked, told = json.loads(hear(theirs)), json.loads(hear(ours))
    bound = max(asked["gemm_flops"], told["gemm_flops"])
    best = 0.0
    for precision, errors in told["errors"].items():
        pytorch, own, fp32 = [], [], []
        for _ in range(PAIRS):
            pytorch.append(ask(theirs, "run"))
            own.append(ask(ours, precision))
            fp32.append(ask(ours, "fp32"))
        ratio, faster = _ratio(pytorch, own), _ratio(fp32, own)
        best = max(best, ratio)
        over = precision == "fp32" and ratio < LEAST_FP32
        over |= precision == "pruned" and faster < LEAST_PRUNED
        if precision == "int8" and tokens:
            over |= faster < LEAST_INT8 or errors["all"] > MOST_INT8_ERROR
        row = {
            "part": "peers",
            "model": name,
            "precision": precision,
            "ms": round(statistics.median(own) * 1000, 2),
            "alone_ms": round(ask(ours, f"{precision} alone") * 1000, 2),
            "pytorch_ms": round(statistics.median(pytorch) * 1000, 2),
            "times_pytorch": round(ratio, 2),
            "times_fp32": round(faster, 2),
            "relative_error": errors["all"],
            "worst_output": errors["worst"],
            "over": over,
        }
        if precision == "fp32":
            row["share_of_gemm"] = round(asked["flops"] / statistics.median(own) / bound, 2)
        yield row
    yield {"part": "peers", "model": name, "best_times_pytorch": round(best, 2), "over": best < LEAST_BEST}


@contextmanager
def _process(call: str, *arguments: object) -> Iterator[Child]:
    child = start(f"models_peers:{call}", *arguments)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def ask(child: Child, what: str) -> float:
    """Seconds of a run. The other's threads have been given time to fall asleep."""
    time.sleep(ASLEEP_S)
    assert child.stdin
    child.stdin.write(what + "\n")
    child.stdin.flush()
    return float(hear(child))


def eager(name: str, threads: str) -> None:
    """A process that runs a model in PyTorch: says its floating-point operations and what the machine's product
    reaches, then the seconds of a run for each line that it reads.
    """
    sys.path.append(str(Path(__file__).parents[1]))  # the training code is not installed
    import torch
    from training.architectures.base import example
    from training.catalog import ARCHITECTURES, build

    torch.set_num_threads(int(threads))
    kind = ARCHITECTURES[name]
    model = build(name, "compact").requires_grad_(False)
    given = example(kind.inputs(kind.COMPACT), kind.SIZES, 1, 1)

    def run() -> object:
        with torch.inference_mode():
            return model(*given)

    one = torch.rand(GEMM, GEMM)
    say({"flops": _flops(run), "gemm_flops": gemm_flops(lambda: one @ one)})
    for _ in sys.stdin:
        say(_settled(run))


def sessions(folder: str, name: str, threads: str) -> None:
    """A process that runs the variants of a model in the engine: says what each is off by and what the machine's
    product reaches, then the seconds of a run for each precision that it reads.
    """
    variants = open_catalog(Path(folder)).models[name].variants
    opened: dict[str, Session] = {variant.precision: Session(variant, int(threads)) for variant in variants.values()}
    inputs = make_inputs(opened["fp32"], find(folder, name, "fp32")[1], 1)
    true = opened["fp32"].run(inputs)
    errors = {}
    for precision, session in opened.items():
        made = None if "pruned" in precision else session.run(inputs)
        worst = None if made is None else max(apart({k: true[k]}, made) for k in true)
        errors[precision] = {"all": None if made is None else apart(true, made), "worst": worst}
    one = np.random.default_rng(0).random((GEMM, GEMM), np.float32)
    say({"errors": errors, "gemm_flops": gemm_flops(lambda: one @ one)})
    for line in sys.stdin:
        precision, *alone = line.split()
        say(_settled(partial(opened[precision].run, inputs, keeps_work=not alone)))


def _settled(run: Callable[[], object]) -> float:
    """The median of a few runs, after one that wakes the threads."""
    run()
    return statistics.median(timed(run) for _ in range(RUNS))


def say(told: object) -> None:
    print(json.dumps(told), flush=True)


def _ratio(theirs: list[float], ours: list[float]) -> float:
    """How many times as fast we are: the median over the pairs."""
    return statistics.median(t / o for t, o in zip(theirs, ours, strict=True))


def timed(run: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    run()
    return time.perf_counter() - start_s


def apart(true: Mapping[str, Any], made: Mapping[str, Any]) -> float:
    """The relative error of the outputs of `true`, taken as one long vector."""
    off = sum(float(np.sum((true[k] - made[k]) ** 2)) for k in true)
    return round(math.sqrt(off / sum(float(np.sum(true[k] ** 2)) for k in true)), 5)


def gemm_flops(product: Callable[[], object]) -> float:
    """Floating-point operations a second of a product of two matrices here, the best of a few."""
    return float(2 * GEMM**3 / min(timed(product) for _ in range(5)))


def _flops(eager: Callable[[], Any]) -> float:
    """Floating-point operations of one run, products and convolutions only."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        eager()
    return float(counter.get_total_flops())
