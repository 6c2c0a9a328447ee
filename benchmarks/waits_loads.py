"""The loads of `waits.py` that need a scene: a burst of 1,000 requests, and a minute of Poisson arrivals."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from planroom.memory.pool import Pool
from planroom.memory.turns import BYPASS_SHARE, BYPASSES, Turn, Turns

Row = dict[str, Any]
MB: Final = 1_000_000
SEED: Final = 20261123

BURST: Final = 1000
BURST_MB: Final = 512  # a request of the largest class takes two fifths of it
BURST_CLASSES_MB: Final = {2: 40, 20: 30, 60: 20, 200: 10}  # and their weights
BURST_HOLD_S: Final = 0.003

SHEETS_MB: Final = {60: 40, 120: 30, 240: 20, 600: 10}
SHEETS_CAPACITY_MB: Final = 3221  # 3 GiB: 19 requests of the mean size
LOAD: Final = 0.8  # of capacity times seconds
HOLD_S_PER_MB: Final = 0.00075
MOST_TIMES_P50: Final = 3.0


class Recorded(Turns):
    """Turns that remember in which order was asked and served, told under the pool's own lock."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Turn] = []
        self.granted: list[Turn] = []

    def add(self, turn: Turn) -> None:
        """As in Turns."""
        self.asked.append(turn)
        super().add(turn)

    def serve(self, free_bytes: int) -> list[Turn]:
        """As in Turns."""
        served = super().serve(free_bytes)
        self.granted += served
        return served

    def overtakers(self) -> dict[Turn, list[Turn]]:
        """For each request those asked after it and served before it."""
        place = {turn: number for number, turn in enumerate(self.asked)}
        return {
            turn: [before for before in self.granted[:number] if place[before] > place[turn]]
            for number, turn in enumerate(self.granted)
        }


class FirstCome(Turns):
    """Plain first come, first served, to compare with."""

    def serve(self, free_bytes: int) -> list[Turn]:
        """Whoever is first, as long as that fits."""
        served: list[Turn] = []
        while self._waiting and self._waiting[0].size_bytes <= free_bytes:
            turn = self._waiting.pop(0)
            turn.served = True
            free_bytes -= turn.size_bytes
            served.append(turn)
        return served


def pool_with(turns: Turns, capacity_mb: int) -> Pool:
    pool = Pool(capacity_mb * MB)
    pool._turns = turns  # no setting: nobody but a benchmark wants another order
    return pool


def milliseconds(seconds: Iterable[float], *parts: float) -> list[float]:
    """Quantiles, rounded."""
    return [round(float(one) * 1e3, 1) for one in np.quantile(list(seconds), parts)]


# ---- burst ---------------------------------------------------------------------------------------------------------


def burst(who: str) -> list[Row]:
    """All requests wait before any is served; a row a class. who: "threads" or "coroutines"."""
    turns = Recorded()
    pool = pool_with(turns, BURST_MB)
    dice = random.Random(SEED)
    sizes_mb = dice.choices(list(BURST_CLASSES_MB), list(BURST_CLASSES_MB.values()), k=BURST)
    gate = pool.lease(pool.capacity_bytes, "gate")
    opened_s, granted_s = {"threads": burst_of_threads, "coroutines": burst_of_coroutines}[who](
        pool, sizes_mb, gate.release
    )
    overtakers = turns.overtakers()
    rows = []
    for size_mb in BURST_CLASSES_MB:
        asked = sizes_mb.count(size_mb)
        waits_s = [at - opened_s for number, at in granted_s.items() if sizes_mb[number] == size_mb]
        overtook = [by for turn, by in overtakers.items() if turn.size_bytes == size_mb * MB]
        median_ms, high_ms, most_ms = milliseconds(waits_s, 0.5, 0.99, 1.0)
        bytes_before = max(sum(turn.size_bytes for turn in by) for by in overtook)
        rows.append(
            {
                "table": "burst",
                "who": who,
                "class_mb": size_mb,
                "asked": asked,
                "starved": asked - len(waits_s),
                "wait_p50_ms": median_ms,
                "wait_p99_ms": high_ms,
                "wait_max_ms": most_ms,
                "overtaken_by_p50": int(np.median([len(by) for by in overtook])),
                "overtaken_by_max": max(map(len, overtook)),
                "overtaken_by_own_size_max": round(bytes_before / (size_mb * MB), 1),
                "bounds": {"starved": 0, "overtaken_by_max": BYPASSES, "overtaken_by_own_size_max": BYPASS_SHARE},
            }
        )
    return rows


Granted = tuple[float, dict[int, float]]  # when the gate opened, and when which request was granted


def burst_of_threads(pool: Pool, sizes_mb: list[int], open_gate: Callable[[], None]) -> Granted:
    granted_s: dict[int, float] = {}

    def ask(number: int) -> None:
        with pool.lease(sizes_mb[number] * MB, "burst"):
            granted_s[number] = time.monotonic()
            time.sleep(BURST_HOLD_S)

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(BURST)]
    for thread in threads:
        thread.start()
    while pool.waiting < BURST:
        time.sleep(0.01)
    opened_s = time.monotonic()
    open_gate()
    for thread in threads:
        thread.join(30)
    return opened_s, dict(granted_s)


def burst_of_coroutines(pool: Pool, sizes_mb: list[int], open_gate: Callable[[], None]) -> Granted:
    granted_s: dict[int, float] = {}

    async def ask(number: int) -> None:
        with await pool.lease_async(sizes_mb[number] * MB, "burst"):
            granted_s[number] = time.monotonic()
            await asyncio.sleep(BURST_HOLD_S)

    async def all_of_them() -> float:
        asked = [asyncio.ensure_future(ask(number)) for number in range(BURST)]
        while pool.waiting < BURST:
            await asyncio.sleep(0.01)
        opened_s = time.monotonic()
        open_gate()
        await asyncio.wait(asked, timeout=30)
        return opened_s

    return asyncio.run(all_of_them()), granted_s


# ---- poisson -------------------------------------------------------------------------------------------------------


class Arrival(NamedTuple):
    """A request to come: when, and of what size; it is held for `HOLD_S_PER_MB` times that."""

    at_s: float
    size_mb: int


def arrivals(seconds: float, seed: int) -> list[Arrival]:
    """Poisson arrivals at 80 % load: as many as their mean makes likely, their times stretched to exactly that load."""
    dice = random.Random(seed)
    weights = list(SHEETS_MB.values())
    mean_mb_s = sum(w * mb * mb * HOLD_S_PER_MB for mb, w in SHEETS_MB.items()) / sum(weights)
    sizes_mb = dice.choices(list(SHEETS_MB), weights, k=round(seconds * LOAD * SHEETS_CAPACITY_MB / mean_mb_s))
    times = np.cumsum([dice.expovariate(1) for _ in sizes_mb])
    lasts_s = sum(mb * mb * HOLD_S_PER_MB for mb in sizes_mb) / (LOAD * SHEETS_CAPACITY_MB)
    return [Arrival(at_s, mb) for at_s, mb in zip((times * lasts_s / times[-1]).tolist(), sizes_mb, strict=True)]


class Served(NamedTuple):
    """How one request fared."""

    size_mb: int
    wait_s: float
    response_s: float


def poisson(seconds: float) -> list[Row]:
    """The same arrivals for planroom's rules and for plain first come, first served, side by side; a row a class."""
    asked = arrivals(seconds, SEED)
    pools = {"planroom": Turns(), "first come": FirstCome()}

    async def together() -> list[list[Served]]:
        runs: list[Coroutine[Any, Any, list[Served]]] = [
            replay(pool_with(turns, SHEETS_CAPACITY_MB), asked) for turns in pools.values()
        ]
        return await asyncio.gather(*runs)

    rows = []
    for who, served in zip(pools, asyncio.run(together()), strict=True):
        for size_mb in SHEETS_MB:
            mine = [one for one in served if one.size_mb == size_mb]
            wait_ms = milliseconds((one.wait_s for one in mine), 0.5, 0.99, 1.0)
            response_ms = milliseconds((one.response_s for one in mine), 0.5, 0.99)
            rows.append(
                {
                    "table": "poisson",
                    "who": who,
                    "class_mb": size_mb,
                    "served": len(mine),
                    "starved": sum(one.size_mb == size_mb for one in asked) - len(mine),
                    "wait_p50_ms": wait_ms[0],
                    "wait_p99_ms": wait_ms[1],
                    "wait_max_ms": wait_ms[2],
                    "response_p50_ms": response_ms[0],
                    "response_p99_ms": response_ms[1],
                    "response_p99_by_p50": round(response_ms[1] / response_ms[0], 2),
                    "bounds": {"starved": 0, "response_p99_by_p50": MOST_TIMES_P50} if who == "planroom" else {},
                }
            )
    return rows


async def replay(pool: Pool, asked: list[Arrival]) -> list[Served]:
    """Every request at its time; waits and responses count from the time at which it was due to come."""
    served: list[Served] = []
    start_s = time.monotonic() + 0.1

    async def ask(one: Arrival) -> None:
        with await pool.lease_async(one.size_mb * MB, "sheet"):
            wait_s = time.monotonic() - start_s - one.at_s
            await asyncio.sleep(one.size_mb * HOLD_S_PER_MB)
        served.append(Served(one.size_mb, wait_s, time.monotonic() - start_s - one.at_s))

    tasks = []
    for one in asked:
        await asyncio.sleep(start_s + one.at_s - time.monotonic())
        tasks.append(asyncio.ensure_future(ask(one)))
    await asyncio.wait(tasks, timeout=120)
    return served
