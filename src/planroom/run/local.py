"""Analyses side by side in this process: each waits for its turn, ends in a result or an error, and none is lost.

Glossary. *Desk*: takes requests in; a few threads work on them in the order of asking. What bytes they may take, the
ledger of the runtime they share decides. *Deliver*: what makes a result of a report, while its bytes are still leased.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from planroom.config import Settings
from planroom.errors import BudgetRefused
from planroom.memory.guard import return_to_kernel
from planroom.pipeline import analyze
from planroom.records import Report
from planroom.runtime import Runtime

WORKERS: Final = 8
_ELEMENT_BYTES: Final = 6_000  # of a report in memory
_REPORT_BYTES: Final = 1_000_000
_MEMORY: Final = 0.1  # of the moving average of how long a request takes
Result = TypeVar("Result")


class Desk:
    """Takes any number of requests, works on `workers` of them at a time, refuses more than `most_waiting`.

    A context manager: leaving it waits for all that was taken in; leaving it by an error ends what runs, and cancels
    the rest. Thread-safe.
    """

    def __init__(self, runtime: Runtime, settings: Settings, *, workers: int = WORKERS, most_waiting: int = 10_000):
        self._runtime = runtime
        self._settings = settings
        self._workers = workers
        self._most_waiting = most_waiting
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="planroom-desk")
        self._lock = threading.Lock()
        self._open: set[Future[object]] = set()
        self._stop = threading.Event()
        self._mean_s = 1.0

    def submit(
        self, paths: Sequence[Path], deliver: Callable[[Report], Result], settings: Settings | None = None
    ) -> Future[Result]:
        """The result of `deliver` for the report on `paths`, once it is there.

        Cancelling it takes back a request that has not begun. Raises BudgetRefused, with `retry_s`, where too many
        wait already; the future raises what the analysis or `deliver` did.
        """
        with self._lock:
            waiting = len(self._open) - self._workers
            if waiting >= self._most_waiting:
                retry_s = self._mean_s * (waiting - self._most_waiting + self._workers) / self._workers
                raise BudgetRefused(f"{waiting} requests wait already", retry_s=retry_s, hint="come back later")
            future = self._pool.submit(self._work, list(paths), deliver, settings or self._settings)
            self._open.add(future)  # type: ignore[arg-type]  # a set of futures of anything
        future.add_done_callback(self._forget)
        return future

    @property
    def open(self) -> int:
        """Requests that were taken in and have not ended."""
        with self._lock:
            return len(self._open)

    def close(self, *, cancel: bool = False) -> None:
        """Take nothing in any more, and wait for what was; cancel: end it instead."""
        if cancel:
            self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=cancel)

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(cancel=error is not None)

    def _work(self, paths: list[Path], deliver: Callable[[Report], Result], settings: Settings) -> Result:
        start_s = time.monotonic()
        report = analyze(paths, settings, self._runtime, lambda _: None, stop=self._stop)
        elements = sum(len(sheet.elements) for sheet in report.sheets)
        with self._runtime.manager.lease_at_most(_REPORT_BYTES + _ELEMENT_BYTES * elements, "a report"):
            result = deliver(report)
            del report
            return_to_kernel()
        with self._lock:
            self._mean_s += _MEMORY * (time.monotonic() - start_s - self._mean_s)
        return result

    def _forget(self, future: Future[Result]) -> None:
        with self._lock:
            self._open.discard(future)
