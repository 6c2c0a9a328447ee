"""What waiting for bytes is like: the cost of a lease, a burst, a minute at 80 % load, refusals.

    python benchmarks/waits.py [--json] [--only cost|burst|poisson|refusal] [--seconds 60]

*cost*: microseconds to acquire and release where nobody waits, alone and beside 16 busy threads. *burst*: 1,000
requests at once, as threads and as coroutines, drawn by weight from four sizes; who was starved, what each class
waited, and how many later requests overtook one. *poisson*: requests with the sizes of sheets, each held in proportion
to its size, with a capacity of 19 of the mean size; per class the wait (arrival to grant) and the response (arrival to
release), with plain first come, first served beside it on the same arrivals. *refusal*: time until a request is
refused that can never fit, or not now while 1,000 wait; and whether who comes back after `retry_s` is served then.
Exits with 1 where a figure is over its bound, which is printed behind it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

import waits_loads
import waits_refusals
from memory_peaks import MACHINE
from planroom.memory.manager import MemoryManager
from planroom.memory.pool import Pool
from waits_loads import BURST, MB, SEED, Row

LEASES: Final = 200_000
BUSY_THREADS: Final = 16
MOST_COST_US: Final = 50.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--only", choices=("cost", "burst", "poisson", "refusal"), help="only this table")
    parser.add_argument("--seconds", type=float, default=60, help="of Poisson arrivals")
    asked = parser.parse_args()
    tables: dict[str, Callable[[], list[Row]]] = {
        "cost": cost,
        "burst": lambda: waits_loads.burst("threads") + waits_loads.burst("coroutines"),
        "poisson": lambda: waits_loads.poisson(asked.seconds),
        "refusal": waits_refusals.refusal,
    }
    rows: list[Row] = []
    for name, measure in tables.items():
        if asked.only in (None, name):
            found = measure()
            rows += found
            if not asked.json:
                show(found)
    if asked.json:
        settings = {"leases": LEASES, "burst": BURST, "seconds": asked.seconds, "seed": SEED}
        print(json.dumps({"bench": "waits", "machine": MACHINE, "settings": settings, "results": rows}))
    missed = [
        f"{row['table']} {row['who']} {row.get('class_mb', '')}: {name} {row[name]}, bound {bound}"
        for row in rows
        for name, bound in row["bounds"].items()
        if row[name] > bound
    ]
    for line in missed:
        print(f"MISSED: {line}", file=sys.stderr)
    return int(bool(missed))


def show(rows: list[Row]) -> None:
    """A table; behind a figure its bound."""
    print(f"\n{rows[0]['table']}")
    names = [name for name in rows[0] if name not in ("table", "bounds")]
    cells = [names, *([shown(row, name) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)), flush=True)


def shown(row: Row, name: str) -> str:
    figure, bound = row[name], row["bounds"].get(name)
    return ("-" if figure is None else f"{figure}") + ("" if bound is None else f" (<= {bound:g})")


# ---- cost ----------------------------------------------------------------------------------------------------------


def cost() -> list[Row]:
    rows = []
    for who, pools in (("alone", 0), (f"{BUSY_THREADS} threads busy", 1)):
        ledger = MemoryManager({"working_memory": 1000 * MB, "data_cache": 1000 * MB})
        with busy(ledger.pools["data_cache"], BUSY_THREADS * pools):
            took_us = [one_lease_us(ledger) for _ in range(LEASES)]
        median_us, high_us, most_us = np.quantile(took_us, [0.5, 0.99, 1]).round(1).tolist()
        row = {"p50_us": median_us, "p99_us": high_us, "max_us": most_us}
        bounds = {} if pools else {"p99_us": MOST_COST_US}  # beside busy threads, one waits for the interpreter too
        rows.append({"table": "cost", "who": who, "leases": LEASES} | row | {"bounds": bounds})
    return rows


def one_lease_us(ledger: MemoryManager) -> float:
    start_ns = time.perf_counter_ns()
    ledger.lease(10 * MB, "cost").release()
    return (time.perf_counter_ns() - start_ns) / 1e3


@contextlib.contextmanager
def busy(pool: Pool, threads: int) -> Iterator[None]:
    """Threads that lease, work and release all the time, in a pool under the same lock."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with pool.lease(100 * MB, "busy"):
                np.sort(np.arange(20_000)[::-1])

    running = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in running:
            thread.join()


if __name__ == "__main__":
    sys.exit(main())
