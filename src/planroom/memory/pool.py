"""One account of bytes: grants, waits, and what is done before a request waits.

Glossary. *Capacity*: the bytes that may be granted at all. *Lease*: a grant, given back on exit; leases within it share
its bytes. *Relief*: what makes room before a request waits, in this order: unused parts of leases that offered them,
then what others hold and can do without (caches spill, work yields). A request that could never fit is refused at once;
one that does not fit now waits its turn. Nothing over-commits.

Thread-safe: one lock a ledger. Relief runs outside the lock, in the thread that asks, and never asks for bytes itself.
A lease may be released from another thread than the one that took it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from planroom.errors import BudgetRefused
from planroom.memory.leasestats import LeaseStats, WaitTimes
from planroom.memory.loans import Loans
from planroom.memory.turns import Turn, Turns
from planroom.units import format_bytes

Relief = Callable[[int], int]  # frees at least so many bytes if it can, and returns how many
SPILL, YIELD = 1, 2  # order of relief
GROWING = 1000  # priority: what holds bytes already ends sooner than what has yet to begin
_LEAST_RETRY_S, _MOST_RETRY_S = 0.1, 60.0
_RETRY_MARGIN = 1.25  # not all that is given back can be used at once
_MEMORY = 0.95  # of the moving average of what is given back a second, each time


class Lease:
    """A grant of `size_bytes` for `purpose`; a context manager that gives the bytes back, once."""

    __slots__ = ("_held", "_pool", "_within", "purpose", "size_bytes", "used_bytes")

    def __init__(self, pool: Pool, size_bytes: int, purpose: str, within: Lease | None = None):
        self._pool = pool
        self._within = within
        self._held = True
        self.size_bytes = size_bytes
        self.used_bytes = 0  # by leases within this one
        self.purpose = purpose

    def lease(self, size_bytes: int, purpose: str) -> Lease:
        """A grant out of this one's bytes. Raises BudgetRefused where it does not fit these: nobody else frees them."""
        return self._pool._lease_within(self, size_bytes, purpose)

    def release(self) -> None:
        """Give the bytes back; harmless when already done. Raises ValueError while leases within it are held."""
        self._pool._give_back(self)

    def shrink(self, size_bytes: int) -> None:
        """Keep only `size_bytes` of the grant. Raises ValueError where that would be more than is held, or used."""
        self._pool._shrink(self, size_bytes)

    def grow(self, size_bytes: int, *, wait_s: float, stop: threading.Event | None = None) -> None:
        """Hold `size_bytes` in all, before others are granted new leases. Harmless where it holds as many.

        Raises BudgetRefused where they are not free within `wait_s`: the grant then stays as it is. Who waits here
        holds bytes that others may wait for, so the wait must be short and what follows a refusal must give them back.
        """
        self._pool._grow(self, size_bytes, wait_s, stop)

    def offer(self) -> None:
        """Let the part that no lease within it uses be taken back when others need it."""
        self._pool._offer(self)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Total:
    """Bytes granted by all pools of a ledger now, and the most at one moment."""

    __slots__ = ("leased_bytes", "peak_bytes")

    def __init__(self) -> None:
        self.leased_bytes = self.peak_bytes = 0

    def add(self, size_bytes: int) -> None:
        """Count what was granted, or, below zero, given back."""
        self.leased_bytes += size_bytes
        if self.leased_bytes > self.peak_bytes:
            self.peak_bytes = self.leased_bytes


class Pool:
    """Grants at most `capacity_bytes` at any moment, to the byte.

    quantum_bytes: grants are rounded up to it; `Lease.size_bytes` is what was granted. waits: False where one thread
    takes all leases, one inside the other: nobody could give back what it waited for, so what does not fit now is
    refused now. lock, total: shared by the pools of one ledger.
    """

    def __init__(
        self,
        capacity_bytes: int,
        *,
        name: str = "working_memory",
        quantum_bytes: int = 1,
        waits: bool = True,
        lock: threading.RLock | None = None,
        total: Total | None = None,
    ):
        self.name = name
        self._capacity = capacity_bytes
        self._quantum = quantum_bytes
        self._longest_wait_s = None if waits else 0.0
        self._lock = lock or threading.RLock()
        self._total = total or Total()
        self._turns = Turns()
        self._relief: list[tuple[int, int, Relief]] = []
        self._offers: dict[Lease, None] = {}
        self._leased = self._peak = 0
        self._paused = False
        self._refused = self._waited = 0
        self._granted_waits, self._refused_waits = WaitTimes(), WaitTimes()
        self._freed_bytes, self._freed_in_s, self._last_free_s = 0.0, 0.0, time.monotonic()  # lately
        self.loans: Loans | None = None  # where more may be had
        self.lent_bytes = 0  # of the capacity, to another pool

    # ---- what it says ----------------------------------------------------------------------------------------------

    @property
    def capacity_bytes(self) -> int:
        """Bytes that may be granted."""
        return self._capacity

    @property
    def most_bytes(self) -> int:
        """Bytes that could be granted if nothing else was: with what it lent, and what others can lend."""
        with self._lock:
            return self._capacity + self.lent_bytes + (self.loans.within_reach_bytes if self.loans else 0)

    @property
    def leased_bytes(self) -> int:
        """Bytes granted now."""
        with self._lock:
            return self._leased

    @property
    def peak_leased_bytes(self) -> int:
        """The most that was ever granted at one moment."""
        with self._lock:
            return self._peak

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        with self._lock:
            return len(self._turns)

    @property
    def waited(self) -> int:
        """Requests that had to wait, so far."""
        return self._waited

    @property
    def refused(self) -> int:
        """Requests refused, so far."""
        return self._refused

    def stats(self) -> LeaseStats:
        """A snapshot."""
        with self._lock:
            return LeaseStats(
                name=self.name,
                capacity_bytes=self._capacity,
                leased_bytes=self._leased,
                peak_leased_bytes=self._peak,
                waiting=len(self._turns),
                waited=self._waited,
                refused=self._refused,
                granted_waits=self._granted_waits.snapshot(),
                refused_waits=self._refused_waits.snapshot(),
            )

    def renew_peak(self) -> int:
        """The peak so far; from here on it is counted anew, from what is leased now."""
        with self._lock:
            peak, self._peak = self._peak, self._leased
            return peak

    # ---- asking ----------------------------------------------------------------------------------------------------

    def lease(
        self,
        size_bytes: int,
        purpose: str,
        *,
        wait_s: float | None = None,
        priority: int = 0,
        stop: threading.Event | None = None,
    ) -> Lease:
        """A grant of `size_bytes`, as soon as it fits and it is its turn (`planroom.memory.turns`).

        wait_s: the longest wait (None: as long as it takes; 0: now or never). priority: higher first. stop: set by
        somebody else, ends the wait within 50 ms.
        Raises BudgetRefused where it can never fit, did not within `wait_s`, or was stopped; `retry_s` of the error
        is when to come back.
        """
        granted = self._grantable(size_bytes, purpose)
        wait_s = self._longest_wait_s if wait_s is None else wait_s
        lease = self._at_once(granted, purpose)
        if lease is not None:
            return lease
        asked_s = time.monotonic()
        self._relieve(granted)
        served = threading.Event()
        turn = Turn(granted, priority, served.set)
        until_s = None if wait_s is None else turn.since_s + wait_s
        try:
            self._queue(turn)
            while not turn.served:
                left_s = None if until_s is None else until_s - time.monotonic()
                if (left_s is not None and left_s <= 0) or (stop is not None and stop.is_set()):
                    break
                served.wait(left_s if stop is None else min(0.05, 0.05 if left_s is None else left_s))
        except BaseException:
            self._withdraw(turn)
            raise
        return self._served(turn, purpose, time.monotonic() - asked_s)

    async def lease_async(
        self, size_bytes: int, purpose: str, *, wait_s: float | None = None, priority: int = 0
    ) -> Lease:
        """As `lease`, for a coroutine; cancelling it withdraws the request, or gives back what was just granted."""
        import asyncio  # half of a reader child's start, and none of them needs it

        granted = self._grantable(size_bytes, purpose)
        wait_s = self._longest_wait_s if wait_s is None else wait_s
        lease = self._at_once(granted, purpose)
        if lease is not None:
            return lease
        asked_s = time.monotonic()
        if self._relief:
            await asyncio.to_thread(self._relieve, granted)
        loop, served = asyncio.get_running_loop(), asyncio.Event()
        turn = Turn(granted, priority, lambda: loop.call_soon_threadsafe(served.set))
        self._queue(turn)
        try:
            await asyncio.wait_for(served.wait(), wait_s)
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            self._withdraw(turn)
            raise
        return self._served(turn, purpose, time.monotonic() - asked_s)

    def on_need(self, relief: Relief, order: int = SPILL) -> None:
        """Have `relief` called with the bytes that a request lacks, before it waits; SPILL before YIELD."""
        with self._lock:
            self._relief.append((order, len(self._relief), relief))
            self._relief.sort(key=lambda one: one[:2])

    def pause(self, paused: bool) -> None:
        """Let every request wait until told otherwise; leases within leases are granted all the same."""
        with self._lock:
            if paused != self._paused:
                self._paused = paused
                self._serve()

    def resize(self, capacity_bytes: int) -> None:
        """Grant at most so much from now on. What is leased above it stays until it is given back."""
        with self._lock:
            self._capacity = capacity_bytes
            self._serve()

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _grantable(self, size_bytes: int, purpose: str) -> int:
        if size_bytes < 0:
            raise ValueError(f"{purpose} asks for {size_bytes} bytes")
        granted = -(-size_bytes // self._quantum) * self._quantum
        if granted > self._capacity and granted > self.most_bytes:
            with self._lock:
                self._refused += 1
            raise BudgetRefused(
                f"{purpose} needs {format_bytes(size_bytes)}, {format_bytes(self.most_bytes)} are there"
            )
        return granted

    def _at_once(self, granted: int, purpose: str) -> Lease | None:
        """A grant without waiting, where it fits and nobody waits before."""
        with self._lock:
            if self._paused or self._turns or not self._has_free(granted):
                return None
            self._charge(granted)
            return Lease(self, granted, purpose)

    def _queue(self, turn: Turn) -> None:
        with self._lock:
            self._turns.add(turn)
            self._serve()
            if not turn.served:
                self._waited += 1

    def _served(self, turn: Turn, purpose: str, waited_s: float) -> Lease:
        with self._lock:
            if turn.served:
                self._granted_waits.add(waited_s)
                return Lease(self, turn.size_bytes, purpose)
            self._turns.drop(turn)
            self._refused += 1
            self._refused_waits.add(waited_s)
            free = max(self._capacity - self._leased, 0)
            error = BudgetRefused(
                f"{purpose} waited {waited_s:.3g} s for {format_bytes(turn.size_bytes)}, {format_bytes(free)} are free",
                retry_s=self._retry_s(turn.size_bytes - free),
            )
            self._serve()  # what it stood before may fit
        raise error

    def _withdraw(self, turn: Turn) -> None:
        with self._lock:
            if turn.served:
                self._free(turn.size_bytes)
            else:
                self._turns.drop(turn)
                self._serve()

    def _relieve(self, granted: int) -> None:
        """Make room: unused reservations, then what others can do without."""
        with self._lock:
            for lease in list(self._offers):
                if self._leased + granted <= self._capacity:
                    break
                self._take_back(lease)
            relief = [one for _, _, one in self._relief]
        for make_room in relief:
            with self._lock:
                if self._has_free(granted):
                    return
                missing = granted - (self._capacity - self._leased)
            make_room(missing)
        with self._lock:
            self._has_free(granted)  # what reliefs freed elsewhere is borrowed before others take it

    def _has_free(self, size_bytes: int) -> bool:
        """Whether so much is free, with what others can lend at once."""
        missing = self._leased + size_bytes - self._capacity
        if missing > 0 and self.loans is not None:
            self._capacity += self.loans.borrow(missing)
        return self._leased + size_bytes <= self._capacity

    def _take_back(self, lease: Lease) -> None:
        """The part of a lease that it offered and does not use."""
        self._offers.pop(lease, None)
        unused, lease.size_bytes = lease.size_bytes - lease.used_bytes, lease.used_bytes
        self._free(unused)

    def _serve(self) -> None:
        while self._turns and not self._paused:
            if self.loans is not None:
                self._has_free(self._turns.next_bytes)
            served = self._turns.serve(self._capacity - self._leased)
            for turn in served:
                self._charge(turn.size_bytes)
                turn.wake()
            if self.loans is None or not served:
                return

    def _charge(self, size_bytes: int) -> None:
        self._leased += size_bytes
        self._total.add(size_bytes)
        if self._leased > self._peak:
            self._peak = self._leased

    def _free(self, size_bytes: int) -> None:
        self._leased -= size_bytes
        self._total.add(-size_bytes)
        now_s = time.monotonic()
        self._freed_bytes = _MEMORY * self._freed_bytes + size_bytes
        self._freed_in_s = _MEMORY * self._freed_in_s + min(now_s - self._last_free_s, _MOST_RETRY_S)
        self._last_free_s = now_s
        self._serve()
        if self.loans is not None and not self._turns:
            self._capacity -= self.loans.repay(max(0, self._capacity - self._leased))

    def _retry_s(self, missing_bytes: int) -> float:
        """When so many bytes will be free beside those for who waits, if they are given back as fast as lately."""
        if self._freed_bytes:
            wait_s = (missing_bytes + self._turns.waiting_bytes) * self._freed_in_s / self._freed_bytes
        else:
            wait_s = time.monotonic() - self._last_free_s  # as long again as nothing came back
        return min(max(_RETRY_MARGIN * wait_s, _LEAST_RETRY_S), _MOST_RETRY_S)

    def _lease_within(self, outer: Lease, size_bytes: int, purpose: str) -> Lease:
        if size_bytes < 0:
            raise ValueError(f"{purpose} asks for {size_bytes} bytes")
        with self._lock:
            free = outer.size_bytes - outer.used_bytes
            if not outer._held or size_bytes > free:
                raise BudgetRefused(
                    f"{purpose} needs {format_bytes(size_bytes)}, {format_bytes(free)} of {outer.purpose} are free"
                )
            outer.used_bytes += size_bytes
            return Lease(self, size_bytes, purpose, outer)

    def _give_back(self, lease: Lease) -> None:
        with self._lock:
            if not lease._held:
                return
            if lease.used_bytes:
                raise ValueError(f"{lease.purpose} still holds leases of {lease.used_bytes} bytes")
            lease._held = False
            self._offers.pop(lease, None)
            if lease._within is not None:
                lease._within.used_bytes -= lease.size_bytes
            else:
                self._free(lease.size_bytes)

    def _grow(self, lease: Lease, size_bytes: int, wait_s: float, stop: threading.Event | None) -> None:
        if lease._within is not None or not lease._held:
            raise ValueError(f"{lease.purpose} cannot grow")
        more = size_bytes - lease.size_bytes
        if more <= 0:
            return
        self._grantable(size_bytes, lease.purpose)
        added = self.lease(more, lease.purpose, wait_s=wait_s, priority=GROWING, stop=stop)
        with self._lock:
            added._held = False  # its bytes are the lease's now
            lease.size_bytes += added.size_bytes

    def _shrink(self, lease: Lease, size_bytes: int) -> None:
        with self._lock:
            if not lease._held or not lease.used_bytes <= size_bytes <= lease.size_bytes:
                raise ValueError(f"{lease.purpose} holds {lease.size_bytes} bytes, cannot keep {size_bytes}")
            freed, lease.size_bytes = lease.size_bytes - size_bytes, size_bytes
            if lease._within is not None:
                lease._within.used_bytes -= freed
            else:
                self._free(freed)

    def _offer(self, lease: Lease) -> None:
        with self._lock:
            if lease._held and lease._within is None:
                self._offers[lease] = None
                if self._turns:
                    self._take_back(lease)
