"""The ledger: the only thing that grants bytes.

Glossary. *Capacity*: the bytes that may be granted at all. *Lease*: a grant, given back on exit. A request that does
not fit now waits; one that could never fit is refused at once. Nothing over-commits.

Thread-safe: one lock, one condition; a lease may be released from another thread than the one that took it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from types import TracebackType

from planroom.errors import BudgetRefused
from planroom.units import format_bytes


class Lease:
    """A grant of `size_bytes` for `purpose`; a context manager that gives the bytes back, once."""

    def __init__(self, manager: MemoryManager, size_bytes: int, purpose: str):
        self._manager = manager
        self.size_bytes = size_bytes
        self.purpose = purpose
        self._held = True

    def release(self) -> None:
        """Give the bytes back; harmless when already done."""
        self._manager._give_back(self)

    def shrink(self, size_bytes: int) -> None:
        """Keep only `size_bytes` of the grant. Raises ValueError where that would be more than is held."""
        self._manager._shrink(self, size_bytes)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class MemoryManager:
    """Grants at most `capacity_bytes` at any moment, to the byte, in the order of asking.

    waits: False where one thread takes all leases, one inside the other: nobody could give back what it waited for, so
    what does not fit now is refused now.
    """

    def __init__(self, capacity_bytes: int, *, waits: bool = True):
        if capacity_bytes < 1:
            raise BudgetRefused(f"a ledger of {capacity_bytes} bytes grants nothing")
        self.capacity_bytes = capacity_bytes
        self._longest_wait_s = None if waits else 0.0
        self._leased = 0
        self._peak = 0
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @property
    def leased_bytes(self) -> int:
        """Bytes granted now."""
        with self._changed:
            return self._leased

    @property
    def peak_leased_bytes(self) -> int:
        """The most that was ever granted at one moment."""
        with self._changed:
            return self._peak

    def renew_peak(self) -> int:
        """The peak so far; from here on it is counted anew, from what is leased now."""
        with self._changed:
            peak, self._peak = self._peak, self._leased
            return peak

    def lease(self, size_bytes: int, purpose: str, *, wait_s: float | None = None) -> Lease:
        """A grant of `size_bytes`, as soon as it fits; first come, first served, so that a large request cannot starve.

        wait_s: the longest wait (None: as long as it takes; 0: now or never).
        Raises BudgetRefused where it can never fit, or did not within `wait_s`.
        """
        if size_bytes < 0:
            raise ValueError(f"{purpose} asks for {size_bytes} bytes")
        if size_bytes > self.capacity_bytes:
            raise BudgetRefused(
                f"{purpose} needs {format_bytes(size_bytes)}, {format_bytes(self.capacity_bytes)} are there"
            )
        wait_s = self._longest_wait_s if wait_s is None else wait_s
        ticket = object()
        deadline = None if wait_s is None else time.monotonic() + wait_s
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket or self._leased + size_bytes > self.capacity_bytes:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        raise BudgetRefused(
                            f"{purpose} waited {wait_s:g} s for {format_bytes(size_bytes)}, "
                            f"{format_bytes(self.capacity_bytes - self._leased)} are free"
                        )
                    self._changed.wait(left)
                self._leased += size_bytes
                self._peak = max(self._peak, self._leased)
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        return Lease(self, size_bytes, purpose)

    def _give_back(self, lease: Lease) -> None:
        with self._changed:
            if lease._held:
                lease._held = False
                self._leased -= lease.size_bytes
                self._changed.notify_all()

    def _shrink(self, lease: Lease, size_bytes: int) -> None:
        with self._changed:
            if not lease._held or not 0 <= size_bytes <= lease.size_bytes:
                raise ValueError(f"{lease.purpose} holds {lease.size_bytes} bytes, cannot keep {size_bytes}")
            self._leased -= lease.size_bytes - size_bytes
            lease.size_bytes = size_bytes
            self._changed.notify_all()
