"""A ledger that counts to the byte and asks its reliefs before it refuses, for tests of what leases from one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from planroom.errors import BudgetRefused


class ExactLease:
    def __init__(self, ledger: ExactLedger, size_bytes: int):
        self._ledger = ledger
        self.size_bytes = size_bytes
        self.held = True

    def release(self) -> None:
        with self._ledger.lock:
            assert self.held, "released twice"
            self.held = False
            self._ledger.leased_bytes -= self.size_bytes


class ExactLedger:
    """`capacity_bytes` for all pools together. Asks its reliefs in the thread that asks, under its own lock."""

    def __init__(self, capacity_bytes: int):
        self.capacity_bytes = capacity_bytes
        self.leased_bytes = self.peak_bytes = self.leases = 0
        self.lock = threading.RLock()  # held while reliefs run: the harder case for who is asked
        self.reliefs: list[Callable[[int], int]] = []

    def lease(self, size_bytes: int, purpose: str, *, pool: str, wait_s: float | None) -> ExactLease:
        with self.lock:
            for relief in self.reliefs:
                missing = self.leased_bytes + size_bytes - self.capacity_bytes
                if missing > 0:
                    relief(missing)
            if self.leased_bytes + size_bytes > self.capacity_bytes:
                raise BudgetRefused(f"{pool}: {purpose} does not fit within {wait_s} s")
            self.leased_bytes += size_bytes
            self.leases += 1
            self.peak_bytes = max(self.peak_bytes, self.leased_bytes)
            return ExactLease(self, size_bytes)
