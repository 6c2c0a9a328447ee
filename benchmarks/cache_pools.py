"""Two traces in two pools that swap roles half-way: how much of the best division in hindsight rebalancing finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from planroom.memory.caches.balance import STEPS, Balancer, Shadow
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import MemoryManager

EVERY: Final = 1000  # requests between two looks
DESIGNED: Final = 110 / (110 + 230)  # transformer_cache : data_cache
NAMES: Final = ("transformer_cache", "data_cache")
WIN: Final = 0.03
NEAR: Final = 0.01

Request = tuple[int, int, int]  # pool, key, bytes
Trace = list[tuple[int, int]]


def swap_roles(block: Trace, web: Trace, footprint_bytes: int, part: float) -> list[dict[str, Any]]:
    """Object hit ratios of both pools together for each way of dividing `part` of the footprint."""
    total = int(footprint_bytes * part)
    phases = [
        [*merged(web[: len(web) // 2], block[: len(block) // 2])],
        [*merged(block[len(block) // 2 :], web[len(web) // 2 :])],
    ]
    asked = sum(map(len, phases))
    best, shares = in_hindsight(phases, total)
    moved, last = rebalanced(phases, total)
    found = {
        "equal split": divided(phases, total, (0.5, 0.5)) / asked,
        "the design's 110 : 230": divided(phases, total, (DESIGNED, DESIGNED)) / asked,
        f"best in hindsight {shares[0]:.0%}, then {shares[1]:.0%}": best / asked,
        f"planroom, {last[0]:.0%}, then {last[1]:.0%}": moved / asked,
    }
    rows = [{"table": "pools", "who": who, "part": part, "object_hits": round(hits, 4)} for who, hits in found.items()]
    for row, kind in zip(rows, ("equal", "design", "best", "planroom"), strict=True):
        row["kind"] = kind
    return rows


def judge(rows: list[dict[str, Any]], show: Callable[[str], None]) -> list[str]:
    """What is below its bound; a win is asked for where there is one to be had."""
    missed = []
    for part in dict.fromkeys(row["part"] for row in rows):
        mine = [row for row in rows if row["part"] == part]
        show(f"\ntwo pools, {part:.0%} of both footprints, swapped half-way; share of {NAMES[0]}")
        for row in mine:
            show(f"{row['who']:38} {row['object_hits']:.4f}")
        hits = {row["kind"]: row["object_hits"] for row in mine}
        if hits["planroom"] < hits["best"] - NEAR:
            missed.append(f"pools at {part:.0%}: {hits['planroom']}, in hindsight {hits['best']}")
        for other in ("equal", "design"):
            if hits["best"] - hits[other] >= WIN + NEAR and hits["planroom"] < hits[other] + WIN:
                missed.append(f"pools at {part:.0%}: {hits['planroom']}, {other} {hits[other]}")
    return missed


def merged(first: Trace, second: Trace) -> Iterator[Request]:
    """The requests of both, the first for pool 0, spread evenly over the same time."""
    done = [0, 0]
    traces = (first, second)
    while done[0] < len(first) or done[1] < len(second):
        pool = int(done[0] * len(second) > done[1] * len(first)) if done[0] < len(first) else 1
        if done[pool] == len(traces[pool]):
            pool = 1 - pool
        key, size = traces[pool][done[pool]]
        done[pool] += 1
        yield pool, key, size


def divided(phases: list[list[Request]], total: int, shares: tuple[float, float]) -> int:
    """Hits with a share for pool 0 in each phase."""
    return sum(hits for pool in (0, 1) for hits in alone(phases, pool, total, shares))


def alone(phases: list[list[Request]], pool: int, total: int, shares: tuple[float, ...]) -> list[int]:
    """Hits of one pool in each phase; a shadow decides as the pool does, and is quicker."""
    hits = []
    shadow: Shadow | None = None
    for phase, share in zip(phases, shares, strict=False):
        capacity = int(total * share) if pool == 0 else total - int(total * share)
        if shadow is None:
            shadow = Shadow(capacity)
        shadow.shrink(capacity, lambda _key: True)
        hits.append(sum(shadow.request(key, size, 1.0) for where, key, size in phase if where == pool))
    return hits


def in_hindsight(phases: list[list[Request]], total: int) -> tuple[int, tuple[float, float]]:
    """The most hits, phase after phase, with shares in steps of 5 %."""
    steps = [step / STEPS for step in range(1, STEPS)]
    first = max(steps, key=lambda share: sum(alone(phases, pool, total, (share,))[0] for pool in (0, 1)))
    hits = {share: divided(phases, total, (first, share)) for share in steps}
    second = max(steps, key=lambda share: hits[share])
    return hits[second], (first, second)


def rebalanced(phases: list[list[Request]], total: int) -> tuple[int, list[float]]:
    """Hits of real pools under the real ledger, from equal shares on, and the share of pool 0 after each phase."""
    manager = MemoryManager({NAMES[0]: total // 2, NAMES[1]: total - total // 2})
    pools = [CachePool(name, manager.pools[name].capacity_bytes, manager, weigh=int) for name in NAMES]
    balancer = Balancer(pools, move=manager.move)
    shares = []
    made = asked = 0
    for phase in phases:
        for pool, key, size in phase:
            pools[pool].get_or_compute(key, lambda: size, 1.0)  # noqa: B023 (called before `size` changes)
            asked += 1
            if asked % EVERY == 0:
                balancer.rebalance()
        shares.append(pools[0].capacity_bytes / total)
    made = sum(pool.stats().misses for pool in pools)
    return asked - made, shares
