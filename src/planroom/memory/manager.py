"""The ledger: the only thing that grants bytes. One account for the reserve and one for each pool.

`working_memory` holds sheets in flight, the caches what need not be made twice, `reserve` the networks and what runs
them. Capacity moves between pools, and is never made. Thread-safe, and safe to wait in from coroutines; a reader child
has a ledger of its own over bytes that the parent's leased to it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from planroom.errors import BudgetRefused
from planroom.memory.loans import Loans
from planroom.memory.pool import Lease, Pool, Total

__all__ = ["RESERVE", "WORKING_MEMORY", "Lease", "MemoryManager"]

RESERVE = "reserve"
WORKING_MEMORY = "working_memory"


class MemoryManager:
    """Pools that together grant at most `capacity_bytes` at any moment, to the byte.

    capacity_bytes: a number for working memory alone, or the bytes of each pool by name. waits, quantum_bytes: as in
    `Pool`. Raises BudgetRefused where nothing could be granted.
    """

    def __init__(self, capacity_bytes: int | Mapping[str, int], *, waits: bool = True, quantum_bytes: int = 1) -> None:
        sizes = {WORKING_MEMORY: capacity_bytes} if isinstance(capacity_bytes, int) else dict(capacity_bytes)
        if sum(sizes.values()) < 1 or min(sizes.values()) < 0:
            raise BudgetRefused(f"a ledger of {sum(sizes.values())} bytes grants nothing")
        self._lock = threading.RLock()
        self._total = Total()
        self.pools = {
            name: Pool(size, name=name, waits=waits, quantum_bytes=quantum_bytes, lock=self._lock, total=self._total)
            for name, size in sizes.items()
        }

    def lend(self, borrower: str, lenders: Sequence[str], *, yields: Sequence[str] = ()) -> None:
        """Let `borrower` have what `lenders` do not use, in their order. yields: lenders that give up what they hold
        when asked, which whoever fills them has the borrower told (`Pool.on_need`).
        """
        with self._lock:
            self.pools[borrower].loans = Loans(
                [self.pools[name] for name in lenders], yields=[self.pools[name] for name in yields]
            )

    @property
    def capacity_bytes(self) -> int:
        """Bytes that may be granted at all."""
        with self._lock:
            return sum(pool.capacity_bytes for pool in self.pools.values())

    @property
    def leased_bytes(self) -> int:
        """Bytes granted now."""
        with self._lock:
            return self._total.leased_bytes

    @property
    def peak_leased_bytes(self) -> int:
        """The most that was ever granted at one moment."""
        with self._lock:
            return self._total.peak_bytes

    def renew_peak(self) -> int:
        """The peak so far; from here on it is counted anew, from what is leased now."""
        with self._lock:
            peak, self._total.peak_bytes = self._total.peak_bytes, self._total.leased_bytes
            return peak

    def lease(
        self,
        size_bytes: int,
        purpose: str,
        *,
        pool: str = WORKING_MEMORY,
        stage: str = "",  # noqa: ARG002 (for ledgers that learn what stages take)
        by_bytes: int | None = None,  # noqa: ARG002
        wait_s: float | None = None,
        priority: int = 0,
        stop: threading.Event | None = None,
    ) -> Lease:
        """A grant of `size_bytes` from a pool; see `Pool.lease`.

        stage: what kind of work it is for. by_bytes: what that work grows with, if it is not `size_bytes`.
        """
        return self.pools[pool].lease(size_bytes, purpose, wait_s=wait_s, priority=priority, stop=stop)

    def lease_at_most(self, size_bytes: int, purpose: str, *, stage: str = "") -> Lease:
        """A grant of `size_bytes` of working memory, or of all that could ever be had of it."""
        return self.lease(min(size_bytes, self.pools[WORKING_MEMORY].most_bytes), purpose, stage=stage)

    def move(self, size_bytes: int, giver: str, taker: str) -> int:
        """Shift capacity between two pools, at most what the giver has free; returns how much was shifted."""
        with self._lock:
            source, sink = self.pools[giver], self.pools[taker]
            moved = max(min(size_bytes, source.capacity_bytes - source.leased_bytes), 0)
            source.resize(source.capacity_bytes - moved)
            sink.resize(sink.capacity_bytes + moved)
            return moved
