"""Refusals for `waits.py`: how soon they come while 1,000 requests wait, and what `retry_s` is worth."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import heapq
import random
import threading
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from planroom.errors import BudgetRefused
from planroom.memory.pool import Pool
from waits_loads import BURST, BURST_CLASSES_MB, BURST_MB, MB, SEED, Row

HOLD_S: Final = 0.1
NEVER_ASKS: Final = 10_000
ASKS: Final = 2_000
ASK_EVERY_S: Final = 0.002
RETURNERS: Final = 100
RETURNER_EVERY_S: Final = 0.05
MOST_REFUSAL_MS: Final = 50.0
MOST_AGAIN: Final = 0.5  # of those who come back, refused once more


def refusal() -> list[Row]:
    """Rows of who can never fit, who does not fit now, and who comes back."""
    dice = random.Random(SEED)
    gc.freeze()  # or the collector goes through all that was imported, 20 ms at a time, in the thread that asks
    with backlog(again=True) as pool:
        never = [ask(pool, pool.capacity_bytes + 1) for _ in range(NEVER_ASKS)]
        now = []
        for size_bytes in some_sizes(dice, ASKS):
            now.append(ask(pool, size_bytes))
            time.sleep(ASK_EVERY_S)
    return [told("can never fit", never), told(f"not now, {BURST} wait", now), returns(dice)]


def some_sizes(dice: random.Random, count: int) -> list[int]:
    return [mb * MB for mb in dice.choices(list(BURST_CLASSES_MB), list(BURST_CLASSES_MB.values()), k=count)]


@contextlib.contextmanager
def backlog(*, again: bool) -> Iterator[Pool]:
    """A pool that gives bytes back while about 1,000 requests wait. again: who was served asks anew, until the end."""
    pool, stop = Pool(BURST_MB * MB), threading.Event()

    async def work(size_bytes: int) -> None:
        while not stop.is_set():
            with await pool.lease_async(size_bytes, "backlog"):
                await asyncio.sleep(HOLD_S)
            if not again:
                break

    async def all_of_them() -> None:
        await asyncio.gather(*map(work, some_sizes(random.Random(SEED), BURST)))

    thread = threading.Thread(target=lambda: asyncio.run(all_of_them()), daemon=True)
    thread.start()
    while pool.waiting < BURST / 2:
        time.sleep(0.01)
    time.sleep(2 * HOLD_S)
    try:
        yield pool
    finally:
        stop.set()
        thread.join()


class Answer(NamedTuple):
    """To one request: the refusal itself is not kept, for thousands with their frames make the collector slow."""

    took_s: float
    refused: bool
    retry_s: float | None = None


def ask(pool: Pool, size_bytes: int) -> Answer:
    """The answer to a request that does not wait; what was granted is given back at once."""
    start_s = time.perf_counter()
    try:
        lease = pool.lease(size_bytes, "asks", wait_s=0)
    except BudgetRefused as error:
        return Answer(time.perf_counter() - start_s, True, error.retry_s)
    took_s = time.perf_counter() - start_s
    lease.release()
    return Answer(took_s, False)


def told(who: str, answers: list[Answer]) -> Row:
    took_ms = [answer.took_s * 1e3 for answer in answers if answer.refused]
    retry_s = [answer.retry_s for answer in answers if answer.retry_s is not None]
    median_ms, high_ms, most_ms = np.quantile(took_ms, [0.5, 0.99, 1.0]).round(3).tolist()
    return {
        "table": "refusal",
        "who": who,
        "asked": len(answers),
        "refused": len(took_ms),
        "p50_ms": median_ms,
        "p99_ms": high_ms,
        "max_ms": most_ms,
        "with_retry_s": len(retry_s),
        "retry_p50_s": round(float(np.median(retry_s)), 2) if retry_s else None,
        "again_refused": None,
        "most_returns": None,
        "bounds": {"p99_ms": MOST_REFUSAL_MS, "max_ms": MOST_REFUSAL_MS},
    }


def returns(dice: random.Random) -> Row:
    """Who is refused while the backlog drains comes back when told, until granted."""
    answers: list[Answer] = []
    came_back: list[int] = []
    with backlog(again=False) as pool:
        start_s = time.monotonic()
        sizes = some_sizes(dice, RETURNERS)
        due = [(start_s + RETURNER_EVERY_S * number, 0, size) for number, size in enumerate(sizes)]
        while due:
            at_s, times, size_bytes = heapq.heappop(due)
            time.sleep(max(at_s - time.monotonic(), 0))
            answers.append(ask(pool, size_bytes))
            retry_s = answers[-1].retry_s
            if retry_s is None:
                came_back.append(times)
            else:
                heapq.heappush(due, (time.monotonic() + retry_s, times + 1, size_bytes))
    returned = [times for times in came_back if times]
    again = sum(times > 1 for times in returned) / len(returned)
    row = told(f"comes back, {BURST} drain", answers) | {
        "again_refused": round(again, 2),
        "most_returns": max(returned),
    }
    row["bounds"] = row["bounds"] | {"again_refused": MOST_AGAIN}
    return row
