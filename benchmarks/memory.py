"""Sixty tasks of 200 MB in a control group that holds five: who finishes, in what time, and who is killed.

Every task is the same function for all: it fills 200 MB, every byte of it, works for half a second and gives 8 MB back;
eight may run at once, and all 60 results are checked at the end. planroom: threads, a lease for each task, results in a
cache pool that spills to disk. Peers run with their defaults and tuned by hand, each in a group of its own under the
same limit, for 150 seconds at most; who is not installed is left out. Exits with 1 where planroom loses a task, is
killed by the kernel, or takes more than 12 seconds.

    python benchmarks/memory.py [--limit 1200MB] [--only planroom,dask] [--json]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import memory_peaks
import memory_peers
from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import SpillTier
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.machine import V1_LIMIT, V2_LIMIT, read_machine, usage
from planroom.memory.manager import MemoryManager
from planroom.units import parse_bytes

TASKS: Final = 60
SLOTS: Final = 8
TASK_BYTES: Final = 200_000_000
RESULT_BYTES: Final = 8_000_000
_SPARE_BYTES: Final = 64_000_000  # the interpreter, its threads and their stacks may grow, and files need some pages
_EVERY_S: Final = 0.005
_CLOCK_S: Final = 150
_ANSWER: Final = '{"done"'
WAYS: Final = ("planroom", "dask", "dask tuned", "ray", "ray tuned")


def task(number: int) -> NDArray[np.float64]:
    """200 MB filled, half a second, 8 MB back."""
    work = np.full(TASK_BYTES // 8, float(number))
    time.sleep(0.5)
    return work[: RESULT_BYTES // 8] + 1.0


def is_right(number: int, result: NDArray[np.float64] | None) -> bool:
    """Whether a result is whole and the right one."""
    return (
        result is not None
        and result.nbytes == RESULT_BYTES
        and np.array_equal(result, np.full_like(result, number + 1.0))
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", default="1200MB", help="bytes of the control group")
    parser.add_argument("--only", default=",".join(WAYS), help="who, with commas between")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--run", nargs=2, metavar=("WHO", "LIMIT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps({"done": RUNS[asked.run[0]](int(asked.run[1]))}), flush=True)
        os._exit(0)  # a peer's workers may outlive its answer
    limit_bytes = parse_bytes(asked.limit)
    rows = []
    for who in asked.only.split(","):
        name = {"dask": "distributed"}.get(who.split()[0], who.split()[0])
        if importlib.util.find_spec(name) is None:
            continue
        rows.append(measure(who, limit_bytes))
        if not asked.json:
            show(rows[-1], head=len(rows) == 1)
    if asked.json:
        settings = {"tasks": TASKS, "slots": SLOTS, "task_bytes": TASK_BYTES, "result_bytes": RESULT_BYTES}
        print(json.dumps({"bench": "memory", "machine": memory_peaks.MACHINE, "settings": settings, "results": rows}))
    ours = [row for row in rows if row["who"] == "planroom"]
    return int(any(row["done"] < TASKS or row["kernel_kills"] or row["wall_s"] > 12 for row in ours))


def measure(who: str, limit_bytes: int) -> dict[str, Any]:
    """One run in a group under the limit, watched from outside."""
    around = read_machine().cgroup_path
    if around is None:
        raise SystemExit("there is no memory control group here to hold a limit")
    group = around / f"planroom-job-{os.getpid()}"
    group.mkdir()
    enter = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0'); import runpy, sys; sys.argv = sys.argv[1:]; "
    enter += "runpy.run_path(sys.argv[0], run_name='__main__')"
    said, peak = "", 0
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # who is ended puts nothing away
    try:
        (group / (V1_LIMIT if (group / V1_LIMIT).exists() else V2_LIMIT)).write_text(str(limit_bytes))
        swap = group / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(str(limit_bytes))
        start_s = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", enter, __file__, "--run", who, str(limit_bytes)],
            env=os.environ
            | {"PYTHONPATH": str(Path(__file__).parent), "TMPDIR": folder.name, "RAY_TMPDIR": folder.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        while process.poll() is None and time.monotonic() - start_s < _CLOCK_S:
            peak = max(peak, usage(group).real_bytes)
            time.sleep(_EVERY_S)
        wall_s = time.monotonic() - start_s
        kills = usage(group).oom_kills
        process.kill()
        said = process.communicate()[0]
    finally:
        _empty(group)
        folder.cleanup()
    answers = [line for line in said.splitlines() if line.startswith(_ANSWER)]  # a peer may print beside it
    done = json.loads(answers[-1])["done"] if answers else 0
    return {
        "who": who,
        "runs_in": SETTINGS[who][0],
        "settings": SETTINGS[who][1],
        "limit_bytes": limit_bytes,
        "tasks": TASKS,
        "done": done,
        "lost": TASKS - done,
        "kernel_kills": kills,
        "wall_s": round(wall_s, 1),
        "peak_bytes": peak,
    }


def _empty(group: Path) -> None:
    """End what a peer left running in the group, and remove it."""
    for _ in range(100):
        for pid in (group / "cgroup.procs").read_text().split():
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                continue
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return


# ---- who runs it -------------------------------------------------------------------------------------------------


def run_planroom(limit_bytes: int) -> int:
    """Threads; a lease a task; results leased from the cache's pool, and on disk where they do not fit."""
    within = limit_bytes - own_anonymous_bytes() - _SPARE_BYTES
    at_once = within // (TASK_BYTES + RESULT_BYTES)
    working = at_once * (TASK_BYTES + RESULT_BYTES)
    ledger = MemoryManager({"working_memory": working, "data_cache": within - working})
    with tempfile.TemporaryDirectory() as folder:
        spill = SpillTier(Path(folder), 2 * TASKS * RESULT_BYTES, RawCodec())
        results = CachePool("data_cache", within - working, ledger, spill=spill)

        def leased(number: int) -> NDArray[np.float64]:
            with ledger.lease(TASK_BYTES + RESULT_BYTES, f"task {number}"):
                return task(number)

        def work(number: int) -> None:
            results.get_or_compute(f"task-{number}", lambda: leased(number))

        with ThreadPoolExecutor(SLOTS) as threads:
            list(threads.map(work, range(TASKS)))
        return sum(is_right(number, _fetch(results, number)) for number in range(TASKS))


def _fetch(results: CachePool, number: int) -> NDArray[np.float64] | None:
    """A result from RAM or disk; None where it was lost."""

    def lost() -> NDArray[np.float64]:
        raise LookupError

    try:
        found: NDArray[np.float64] = results.get_or_compute(f"task-{number}", lost)
    except LookupError:
        return None
    return found


DASK_THREADS: Final = 5  # hold 1,040 MB of 1,200
RAY_WORKERS: Final = 2  # hold 416 MB, its own six processes 450
RUNS: Final[dict[str, Callable[[int], int]]] = {
    "planroom": run_planroom,
    "dask": lambda limit: memory_peers.run_dask(limit, task, is_right, TASKS, SLOTS),
    "dask tuned": lambda limit: memory_peers.run_dask(limit, task, is_right, TASKS, DASK_THREADS, tuned=True),
    "ray": lambda _: memory_peers.run_ray(task, is_right, TASKS, SLOTS),
    "ray tuned": lambda _: memory_peers.run_ray(task, is_right, TASKS, RAY_WORKERS, tuned=True),
}
SETTINGS: Final = {
    "planroom": ("threads", f"one process, {SLOTS} threads, a lease a task, results spill"),
    "dask": ("threads", f"one worker process of {SLOTS} threads, defaults, told its limit"),
    "dask tuned": ("threads", f"one process, {DASK_THREADS} threads, results spill from 5 %"),
    "ray": ("processes", f"{SLOTS} workers, defaults"),
    "ray tuned": ("processes", f"{RAY_WORKERS} workers, object store of 80 MB"),
}


def show(row: dict[str, Any], *, head: bool) -> None:
    """One line of the table."""
    if head:
        print(f"{'who':10} limit MB   done  lost kills  seconds  peak MB  runs in    settings")
    limit_mb, peak_mb = row["limit_bytes"] / 1e6, row["peak_bytes"] / 1e6
    print(
        f"{row['who']:10} {limit_mb:8.0f} {row['done']:3}/{row['tasks']} {row['lost']:5} {row['kernel_kills']:5}"
        f" {row['wall_s']:8.1f} {peak_mb:8.0f}  {row['runs_in']:9}  {row['settings']}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
