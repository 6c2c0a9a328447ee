"""A pool of values that need not be made twice: each in RAM under a lease of its own, then on disk, then made again.

Glossary. *Pool*: one cache with its capacity. *Pinned*: in use, never evicted. *Single flight*: of many threads that
miss one key, one makes the value and the others wait for it. *Spill*: to write a value to disk before its bytes go.

A value belongs to all who hold it: nobody may change it. It is counted while it is in the pool; who keeps using a large
one does so under a pin. Making a value runs under a lease of whoever asked for it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from planroom.memory.caches.flight import Flight
from planroom.memory.caches.poolstats import PoolStats
from planroom.memory.caches.residents import Entry, Residents
from planroom.memory.caches.spill import SpillTier
from planroom.memory.caches.turnover import Grants, Turnover

Watch = Callable[[Hashable, int, float], None]


def array_bytes(value: Any) -> int:
    """The bytes of an array (its `nbytes`) or of bytes; other values need a weigher of their own."""
    return len(value) if isinstance(value, bytes | bytearray) else int(value.nbytes)


class CachePool:
    """At most `capacity_bytes` of values, each leased from `grants` under the pool's name.

    weigh: exact bytes of a value. spill: where evicted values go; only those with keys of type str, which must name
    their content. lease_wait_s: how long an entry may wait for its lease; without one the value is not kept.
    watch: told of every request: key, bytes, seconds to make it. Thread-safe. No lock is held while a value is made,
    leased, released or moved, so a ledger may call `yield_bytes` from within `lease`, in any thread.
    """

    def __init__(
        self,
        name: str,
        capacity_bytes: int,
        grants: Grants,
        *,
        weigh: Callable[[Any], int] = array_bytes,
        spill: SpillTier | None = None,
        lease_wait_s: float | None = 0.0,
        watch: Watch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.name = name
        self.watch = watch
        self._weigh = weigh
        self._spill = spill
        self._clock = clock
        self._lock = threading.Lock()
        self._residents = Residents(_checked(capacity_bytes))
        self._present = self._residents.present
        self._use = self._residents.order.use
        self._turnover = Turnover(
            name, self._residents, grants, spill, lock=self._lock, clock=clock, lease_wait_s=lease_wait_s
        )
        self._flights: dict[Hashable, Flight] = {}
        self._hits = self._spill_hits = self._shared = self._misses = self._refused = 0
        self._saved_s = 0.0

    # ---- asking ----------------------------------------------------------------------------------------------------

    def get_or_compute(
        self,
        key: Hashable,
        compute: Callable[[], Any],
        cost_s: float | None = None,
        *,
        wait_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> Any:
        """The value under `key`, made by `compute` if it is nowhere.

        cost_s: seconds to make it (None: as measured). wait_s: longest wait for another thread that makes it; stop:
        set by somebody else, ends that wait. Raises what `compute` raises, to all who wait, and keeps nothing then (an
        interruption is only the maker's: then another makes it); WaitEnded where the wait ended first.
        """
        with self._lock:
            entry = self._present.get(key)
            if entry is not None:
                value = self._hit(entry)
        if entry is None:
            return self._fetch(key, compute, cost_s, wait_s, stop, pin=False)[0]
        if self.watch is not None:
            self.watch(key, entry.size_bytes, entry.cost_s)
        return value

    @contextmanager
    def pinned(
        self, key: Hashable, compute: Callable[[], Any], cost_s: float | None = None, *, wait_s: float | None = None
    ) -> Iterator[Any]:
        """The value as `get_or_compute` gives it, which stays in the pool inside the block if it could be taken in."""
        value, entry = self._fetch(key, compute, cost_s, wait_s, None, pin=True)
        try:
            yield value
        finally:
            if entry is not None:
                self._turnover.unpin(entry)

    def find(self, key: Hashable) -> Any | None:
        """The value under `key` if it is in RAM; counts as nothing and makes nothing."""
        with self._lock:
            entry = self._residents.find(key)
            return None if entry is None else entry.value

    # ---- giving up -------------------------------------------------------------------------------------------------

    def yield_bytes(self, wanted_bytes: int) -> int:
        """Bytes given back to the ledger: `wanted_bytes` or more, less only where the rest is pinned or being made."""
        return self._turnover.free(wanted_bytes)

    @property
    def capacity_bytes(self) -> int:
        """The most that the pool holds; pinned entries may stay above it for a while after `resize`."""
        return self._residents.capacity_bytes

    def resize(self, capacity_bytes: int) -> None:
        """Hold at most so much from now on; what is over it is dropped now, or once it is unpinned, and not spilled:
        `yield_bytes` first where there is time to.
        """
        with self._lock:
            self._residents.capacity_bytes = _checked(capacity_bytes)
        self._turnover.trim()

    def remove(self, key: Hashable) -> None:
        """Forget `key` in RAM and on disk; a value that is being made now is not kept."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                flight.wanted = False
            entry = self._residents.take_out(key)
        if entry is not None and not entry.pins:
            self._turnover.release(entry)
        if self._spill is not None and isinstance(key, str):
            self._spill.remove(key)

    def clear(self) -> None:
        """Forget all that is in RAM now, without spilling it."""
        with self._lock:
            keys = [*self._residents.present, *self._residents.leaving]
            out = [entry for key in keys if (entry := self._residents.take_out(key)) is not None]
        for entry in out:
            if not entry.pins:
                self._turnover.release(entry)

    def stats(self) -> PoolStats:
        """A snapshot."""
        spilled = self._spill.stats().used_bytes if self._spill is not None else 0
        with self._lock:
            held, went = self._residents, self._turnover
            return PoolStats(
                name=self.name,
                capacity_bytes=held.capacity_bytes,
                used_bytes=held.used_bytes,
                pinned_bytes=held.pinned_bytes,
                entries=len(held.present) + len(held.leaving),
                hits=self._hits,
                spill_hits=self._spill_hits,
                shared=self._shared,
                misses=self._misses,
                refused=self._refused,
                evictions=went.evictions,
                age_at_eviction_s=went.ages_s / went.evictions if went.evictions else 0.0,
                spilled_bytes=spilled,
                saved_s=self._saved_s,
            )

    # ---- inside: finding or making a value -------------------------------------------------------------------------

    def _hit(self, entry: Entry) -> Any:
        self._use(entry)
        entry.used_at_s = self._clock()
        self._hits += 1
        self._saved_s += entry.cost_s
        return entry.value

    def _fetch(
        self,
        key: Hashable,
        compute: Callable[[], Any],
        cost_s: float | None,
        wait_s: float | None,
        stop: threading.Event | None,
        *,
        pin: bool,
    ) -> tuple[Any, Entry | None]:
        """The value and, where it is to be pinned and could be taken in, its entry with the pin."""
        while True:
            with self._lock:
                entry = self._residents.find(key)
                flight = self._flights.get(key)
                leads = entry is None and flight is None
                if entry is not None:
                    value = self._hit(entry)
                    if pin:
                        self._residents.pin(entry)
                else:
                    flight = self._flights.setdefault(key, Flight()) if flight is None else flight
                    flight.pins += pin
            if entry is not None:
                self._tell(key, entry.size_bytes, entry.cost_s)
                return value, entry if pin else None
            assert flight is not None
            if leads:
                self._lead(flight, key, compute, cost_s)
            else:
                self._follow(flight, key, wait_s, stop, pin)
            if not flight.failed:
                return flight.value, flight.entry if pin else None
            if flight.error is not None:
                raise flight.error

    def _follow(
        self, flight: Flight, key: Hashable, wait_s: float | None, stop: threading.Event | None, pin: bool
    ) -> None:
        try:
            flight.wait(key, wait_s, stop)
        except BaseException:
            with self._lock:
                landed = flight.entry if flight.is_over else None
                flight.pins -= pin
            if landed is not None and pin:
                self._turnover.unpin(landed)
            raise
        if not flight.failed:
            with self._lock:
                self._shared += 1
                cost_s = flight.entry.cost_s if flight.entry is not None else 0.0
                self._saved_s += cost_s
            if flight.entry is not None:
                self._tell(key, flight.entry.size_bytes, cost_s)

    def _lead(self, flight: Flight, key: Hashable, compute: Callable[[], Any], cost_s: float | None) -> None:
        try:
            entry = self._from_disk(flight, key) or self._made(flight, key, compute, cost_s)
        except BaseException as error:
            with self._lock:
                del self._flights[key]
                flight.fail(error)
            raise
        with self._lock:
            del self._flights[key]
            kept = entry.lease is not None and flight.wanted and not entry.outbid
            if kept:
                entry.pins = flight.pins
                entry.used_at_s = self._clock()
                self._residents.settle(entry)
            else:
                self._refused += 1
                self._residents.order.remove(entry)
            flight.land(entry.value, entry if kept else None)
        if not kept:
            self._turnover.spill_out(entry, wanted=flight.wanted)
            self._turnover.release(entry)
        self._tell(key, entry.size_bytes, entry.cost_s)

    def _from_disk(self, flight: Flight, key: Hashable) -> Entry | None:
        """An entry with the value as it was spilled; its lease is taken before a byte is read."""
        title = self._spill.find(key) if self._spill is not None and isinstance(key, str) else None
        if self._spill is None or title is None:
            return None
        entry = Entry(key, None, title.size_bytes, title.cost_s)
        self._turnover.get_in(entry, flight)
        try:
            entry.value = self._spill.read(title.key)
        finally:
            if entry.value is None:
                self._turnover.withdraw(entry)
        if entry.value is None:
            return None
        with self._lock:
            self._spill_hits += 1
            self._saved_s += entry.cost_s
        return entry

    def _made(self, flight: Flight, key: Hashable, compute: Callable[[], Any], cost_s: float | None) -> Entry:
        start_s = self._clock()
        value = compute()
        took_s = self._clock() - start_s
        size_bytes, cost_s = _checked(self._weigh(value)), took_s if cost_s is None else cost_s
        if not 0 <= cost_s < math.inf:
            raise ValueError(f"{key!r} costs {cost_s} s")
        entry = Entry(key, value, size_bytes, cost_s)
        with self._lock:
            self._misses += 1
        self._turnover.get_in(entry, flight)
        return entry

    def _tell(self, key: Hashable, size_bytes: int, cost_s: float) -> None:
        if self.watch is not None:
            self.watch(key, size_bytes, cost_s)


def _checked(size_bytes: int) -> int:
    if size_bytes < 0:
        raise ValueError(f"{size_bytes} bytes are no size")
    return size_bytes
