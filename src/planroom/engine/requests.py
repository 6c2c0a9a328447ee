"""Requests for bytes of networks, made so that a network which falls idle at the wrong moment stops nobody.

A pool asks for room once, before a request queues. What falls idle between the two is unloaded by nobody unless another
use ends, so a wait is broken off now and then to ask again, with the rank that its age would have given it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from planroom.errors import BudgetRefused
from planroom.memory.pool import Lease, Pool
from planroom.memory.turns import AGEING_S
from planroom.units import format_bytes

ASK_AGAIN_S: Final = 2.0


class Requests:
    """Asks `pool`, whose requests wait, for bytes. kept: bytes that never come free. Thread-safe."""

    def __init__(self, pool: Pool, kept: Callable[[], int]):
        self._pool = pool
        self._kept = kept
        self._lock = threading.Lock()
        self._asking = 0

    @property
    def asking(self) -> int:
        """Threads that ask now: those that wait, have yet to queue, or were just granted what they asked for."""
        with self._lock:
            return self._asking

    def lease(self, size_bytes: int, purpose: str) -> Lease:
        """A grant, however long it takes. Raises BudgetRefused where it could never be had beside what is kept."""
        start_s = time.monotonic()
        with self._lock:
            self._asking += 1
        try:
            while True:
                self._check(size_bytes, purpose)
                age = int((time.monotonic() - start_s) / AGEING_S)
                try:
                    return self._pool.lease(size_bytes, purpose, wait_s=ASK_AGAIN_S, priority=age)
                except BudgetRefused as refused:
                    if refused.retry_s is None:
                        raise
        finally:
            with self._lock:
                self._asking -= 1

    def _check(self, size_bytes: int, purpose: str) -> None:
        kept_bytes = self._kept()
        there_bytes = max(0, self._pool.most_bytes - kept_bytes)
        if kept_bytes and size_bytes > there_bytes:
            needs, there, kept = (format_bytes(size) for size in (size_bytes, there_bytes, kept_bytes))
            raise BudgetRefused(f"{purpose} needs {needs}, {there} are there beside {kept} of pinned networks")
