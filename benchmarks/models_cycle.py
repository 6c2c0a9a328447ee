"""All fifteen in turn under a budget too small for all: planroom's residency, an `lru_cache` of sessions, Ray Serve.

Requests are drawn with a fixed seed: a few models are asked for often, the rest seldom. Each runner gets the same
requests in a process of its own, in a control group of `LIMIT_BYTES` beyond what its libraries hold when it starts;
the cache of sessions and Ray Serve are given as many models as would fit on average. Ray Serve runs its requests inside
one replica; its own processes are counted in its group.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from control_groups import hear, open_group, start
from models_measure import Peak, make_inputs
from planroom.engine.catalog import Variant, open_catalog
from planroom.engine.residency import Residency
from planroom.engine.session import Session
from planroom.errors import PlanroomError
from planroom.memory.manager import RESERVE, MemoryManager

REQUESTS: Final = 300
BUDGET_BYTES: Final = 160 << 20
GROUP_BYTES: Final = BUDGET_BYTES + (256 << 20)  # interpreter and libraries beside it
RAY_GROUP_BYTES: Final = GROUP_BYTES + (1536 << 20)  # Ray's own processes
CACHED: Final = 8  # models that the caches of sessions hold
PRECISION: Final = "fp32"


def rows(names: list[str], folder: Path, threads: int) -> Iterator[dict[str, Any]]:
    """A row for each runner that is installed."""
    for who, limit in (("planroom", GROUP_BYTES), ("lru_cache", GROUP_BYTES), ("ray serve", RAY_GROUP_BYTES)):
        with open_group(limit) as group:
            call = f"models_cycle:run_{who.replace(' ', '_')}"
            child = start(call, folder, ",".join(names), threads, group=group)
            try:
                told = json.loads(hear(child))
            except SystemExit:
                told = {"done": 0, "died": child.wait()}
            child.wait()
        yield {
            "part": "cycle",
            "who": who,
            "requests": REQUESTS,
            "limit_bytes": limit,
            **told,
            "over": _is_over(told, who),
        }


def run_planroom(folder: str, names: str, threads: str) -> None:
    """Under leases of a ledger."""
    manager = MemoryManager({RESERVE: BUDGET_BYTES})
    residency = Residency(manager, threads=int(threads))
    told = _served(folder, names, residency.run)
    told |= {"loads": residency.loads, "leased_peak_bytes": manager.peak_leased_bytes}
    residency.close()
    _say(told | {"leased_after_bytes": manager.leased_bytes})


def run_lru_cache(folder: str, names: str, threads: str) -> None:
    """The naive way: the last few sessions are kept, whatever their size."""
    loads = [0]

    @lru_cache(maxsize=CACHED)
    def load(key: str) -> Session:
        loads[0] += 1
        return Session(catalog.find(key, PRECISION), int(threads))

    catalog = open_catalog(Path(folder))
    _say(_served(folder, names, lambda variant, inputs: load(variant.name).run(inputs)) | {"loads": loads[0]})


def run_ray_serve(folder: str, names: str, threads: str) -> None:
    """Ray Serve, one replica that multiplexes models."""
    try:
        from ray import serve
    except ImportError:
        _say({"done": 0, "left_out": "not installed"})
        return
    import ray

    answer = os.dup(1)
    os.dup2(2, 1)  # Ray writes to both
    ray.init(num_cpus=int(threads), object_store_memory=80 << 20, include_dashboard=False, log_to_driver=False)

    @serve.deployment
    class Multiplexed:
        def __init__(self) -> None:
            self.catalog = open_catalog(Path(folder))
            self.loads = 0

        @serve.multiplexed(max_num_models_per_replica=CACHED)  # type: ignore[untyped-decorator]
        async def load(self, name: str) -> Session:
            self.loads += 1
            return Session(self.catalog.find(name, PRECISION), int(threads))

        async def __call__(self, inputs: dict[str, Any]) -> int:
            made = (await self.load(serve.get_multiplexed_model_id())).run(inputs)
            return self.loads + 0 * len(made)

    handle = serve.run(Multiplexed.bind())  # type: ignore[attr-defined]
    loads = [0]

    def ask(variant: Variant, inputs: dict[str, Any]) -> None:
        loads[0] = handle.options(multiplexed_model_id=variant.name).remote(inputs).result(timeout_s=60)

    told = _served(folder, names, ask) | {"loads": loads[0]}
    serve.shutdown()
    ray.shutdown()
    os.dup2(answer, 1)
    _say(told)


def _served(folder: str, names: str, ask: Callable[[Variant, dict[str, Any]], object]) -> dict[str, Any]:
    catalog = open_catalog(Path(folder))
    listed = json.loads((Path(folder) / "models.json").read_text())["models"]
    sizes = {one["name"]: one["sizes"] for one in listed}
    variants = [catalog.find(name, PRECISION) for name in names.split(",")]
    inputs = {}
    for variant in variants:
        inputs[variant.name] = make_inputs(Session(variant, 1), sizes[variant.name], 1)
    random = np.random.default_rng(0)
    often = random.zipf(1.3, REQUESTS) % len(variants)
    done = failed = 0
    took = []
    peak = Peak()
    base = peak.size_bytes
    start_s = time.perf_counter()
    with peak.watched():
        for k in often:
            asked_s = time.perf_counter()
            try:
                ask(variants[k], inputs[variants[k].name])
                done += 1
            except (PlanroomError, MemoryError):
                failed += 1
            took.append(time.perf_counter() - asked_s)
    return {
        "done": done,
        "failed": failed,
        "seconds": round(time.perf_counter() - start_s, 2),
        "p50_ms": round(float(np.percentile(took, 50)) * 1000, 1),
        "p99_ms": round(float(np.percentile(took, 99)) * 1000, 1),
        "peak_over_start_bytes": peak.size_bytes - base,
    }


def _is_over(told: dict[str, Any], who: str) -> bool:
    return who == "planroom" and (
        told["done"] < REQUESTS or told["leased_peak_bytes"] > BUDGET_BYTES or told["leased_after_bytes"] != 0
    )


def _say(told: dict[str, Any]) -> None:
    print(json.dumps(told))
    sys.stdout.flush()
