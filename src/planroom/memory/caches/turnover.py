"""Who comes into a cache and who goes: leases for those who arrive, the disk and the ledger for those who leave.

The lock is the cache's. It is never held while bytes are leased, given back or moved, so that a ledger may ask for
bytes from within `lease`, in any thread. Bytes count as free in the cache only after the ledger has them back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from planroom.errors import BudgetRefused
from planroom.memory.caches.flight import Flight
from planroom.memory.caches.residents import Entry, Grant, Residents
from planroom.memory.caches.spill import SpillTier


class Grants(Protocol):
    """What a cache wants of a ledger."""

    def lease(self, size_bytes: int, purpose: str, *, pool: str, wait_s: float | None) -> Grant:
        """Bytes, or BudgetRefused where they do not fit within `wait_s`."""
        ...


class Turnover:
    """Entries between the ledger, the residents and the disk. evictions and ages_s count those who left for room."""

    def __init__(
        self,
        name: str,
        residents: Residents,
        grants: Grants,
        spill: SpillTier | None,
        *,
        lock: threading.Lock,
        clock: Callable[[], float],
        lease_wait_s: float | None,
    ):
        self._name = name
        self._residents = residents
        self._grants = grants
        self._spill = spill
        self._lock = lock
        self._clock = clock
        self._lease_wait_s = lease_wait_s
        self.evictions = 0
        self.ages_s = 0.0

    def get_in(self, entry: Entry, flight: Flight) -> None:
        """Give `entry` a lease, if it is worth more than what would have to leave for it and the ledger grants it."""
        with self._lock:
            entry.pins = flight.pins
            if not flight.wanted or not self._residents.arrive(entry):
                return
        while True:
            with self._lock:
                victims = self._residents.reserve(entry)
            if victims is None:
                return
            if not victims:
                break
            self.let_go(victims)
        try:
            lease = self._grants.lease(
                entry.size_bytes, f"an entry of {self._name}", pool=self._name, wait_s=self._lease_wait_s
            )
        except BaseException as error:
            with self._lock:
                self._residents.used_bytes -= entry.size_bytes
                self._residents.order.remove(entry)
            if isinstance(error, BudgetRefused):
                return
            raise
        with self._lock:
            entry.lease = lease

    def withdraw(self, entry: Entry) -> None:
        """Undo `get_in`."""
        with self._lock:
            self._residents.order.remove(entry)
        self.release(entry)

    def let_go(self, victims: list[Entry], *, spill: bool = True) -> int:
        """Bytes given back by entries that leave, spilled first or not; one that somebody wants again stays."""
        freed = 0
        for entry in victims:
            try:
                if spill:
                    self.spill_out(entry)
            finally:  # whatever happened to the disk, its bytes go
                with self._lock:
                    has_left = self._residents.has_left(entry)
                    if has_left:
                        self.evictions += 1
                        self.ages_s += self._clock() - entry.used_at_s
                if has_left:
                    freed += entry.size_bytes
                    self.release(entry)
        return freed

    def free(self, wanted_bytes: int) -> int:
        """Bytes given back by those of least worth: `wanted_bytes` or more, less where the rest is pinned."""
        freed = 0
        while freed < wanted_bytes:
            with self._lock:
                victims = self._residents.choose(wanted_bytes - freed)
            if not victims:
                break
            freed += self.let_go(victims)
        return freed

    def trim(self) -> None:
        """Bring what is held back to the capacity, as far as it is not pinned, and write nothing.

        Who takes capacity away wants its bytes at once. A disk would hold them up, and what is written to it fills page
        cache first: with strangers taking the RAM, that ends in the kernel's kills.
        """
        while True:
            with self._lock:
                victims = self._residents.choose(self._residents.used_bytes - self._residents.capacity_bytes)
            if not victims:
                return
            self.let_go(victims, spill=False)

    def unpin(self, entry: Entry) -> None:
        """Take a pin off, and let go what stayed only for it."""
        with self._lock:
            self._residents.unpin(entry)
            gone = entry.removed and not entry.pins
            over = self._residents.used_bytes > self._residents.capacity_bytes
        if gone:
            self.release(entry)
        if over:
            self.trim()

    def spill_out(self, entry: Entry, *, wanted: bool = True) -> None:
        """Have the value on disk, if it is worth that; not there, if it was removed."""
        if self._spill is None or not isinstance(entry.key, str):
            return
        if wanted and not entry.removed:
            self._spill.write(entry.key, entry.value, cost_s=entry.cost_s, size_bytes=entry.size_bytes)
        if entry.removed or not wanted:  # also if only since it was written
            self._spill.remove(entry.key)

    def release(self, entry: Entry) -> None:
        """Give an entry's bytes back, once."""
        with self._lock:
            lease, entry.lease = entry.lease, None
        entry.value = None
        if lease is not None:
            lease.release()
            with self._lock:
                self._residents.used_bytes -= entry.size_bytes
