"""What a pool of the ledger tells of itself, and how long requests stood before they were granted or refused."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

WAIT_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits at one moment. counts: up to each of `WAIT_BOUNDS_S` and above the one before, then above all of them."""

    counts: tuple[int, ...]
    sum_s: float


class WaitTimes:
    """Waits counted into fixed buckets, so that they take the same bytes however many there were.

    Not thread-safe: whoever holds the pool's lock uses it.
    """

    __slots__ = ("_counts", "_sum_s")

    def __init__(self) -> None:
        self._counts = [0] * (len(WAIT_BOUNDS_S) + 1)
        self._sum_s = 0.0

    def add(self, wait_s: float) -> None:
        """Count one wait."""
        self._counts[bisect_left(WAIT_BOUNDS_S, wait_s)] += 1
        self._sum_s += wait_s

    def snapshot(self) -> Waits:
        """All that were counted so far."""
        return Waits(tuple(self._counts), self._sum_s)


@dataclass(frozen=True, slots=True)
class LeaseStats:
    """A pool of the ledger at one moment; counts since it was made.

    peak_leased_bytes: since the peak was last renewed. waiting: requests that wait now. waited: that had to. refused:
    that could never fit, or did not in time. granted_waits, refused_waits: of requests that did not fit at once, from
    asking to the end, with the time in which others made room.
    """

    name: str
    capacity_bytes: int
    leased_bytes: int
    peak_leased_bytes: int
    waiting: int
    waited: int
    refused: int
    granted_waits: Waits
    refused_waits: Waits
