"""How other libraries run the tasks of `memory.py`: with their defaults, and tuned by hand for its control group."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Callable
from typing import Any, Final

Task = Callable[[int], Any]
IsRight = Callable[[int, Any], bool]  # whether the result of the task of this number is whole

WAIT_S: Final = 120.0
_ONE_RESULT_S: Final = 20.0
_PROCESS_BYTES: Final = 200_000_000  # dask's scheduler and client, which are not the worker's
_OBJECT_STORE_BYTES: Final = 80_000_000  # the least that Ray takes is 75 MiB


def run_dask(limit_bytes: int, task: Task, is_right: IsRight, tasks: int, threads: int, *, tuned: bool = False) -> int:
    """One worker, told its limit. tuned: threads of this process instead of a process, results to disk at once."""
    import dask
    from distributed import Client, wait

    memory_limit = limit_bytes if tuned else limit_bytes - _PROCESS_BYTES
    if tuned:
        dask.config.set({"distributed.worker.memory.target": 0.05, "distributed.worker.memory.spill": 0.1})
    with tempfile.TemporaryDirectory() as folder:
        client = Client(
            n_workers=1,
            threads_per_worker=threads,
            processes=not tuned,
            memory_limit=memory_limit,
            local_directory=folder,
            dashboard_address=None,
        )
        futures = client.map(task, range(tasks), pure=False)
        with contextlib.suppress(TimeoutError):  # what was done by then counts
            wait(futures, timeout=WAIT_S)
        return sum(
            future.status == "finished" and is_right(number, future.result(timeout=_ONE_RESULT_S))
            for number, future in enumerate(futures)
        )


def run_ray(task: Task, is_right: IsRight, tasks: int, slots: int, *, tuned: bool = False) -> int:
    """A worker process a slot; each result is checked, and let go, as soon as it is there. tuned: a small store."""
    import ray

    given: dict[str, Any] = {"num_cpus": slots, "include_dashboard": False, "logging_level": "ERROR"}
    if tuned:
        given["object_store_memory"] = _OBJECT_STORE_BYTES
    ray.init(**given)
    remote = ray.remote(task)
    waiting = {remote.remote(number): number for number in range(tasks)}
    right, until_s = 0, time.monotonic() + WAIT_S
    while waiting and time.monotonic() < until_s:
        ready, _ = ray.wait(list(waiting), timeout=1)
        for one in ready:
            number = waiting.pop(one)
            try:
                right += is_right(number, ray.get(one, timeout=_ONE_RESULT_S))
            except (ray.exceptions.RayError, TimeoutError):
                continue
            print(json.dumps({"done": right}), flush=True)  # in case it does not live to give its answer
    return right
