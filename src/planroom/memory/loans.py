"""Capacity that one pool has from others for as long as they do not need it: unused reservations first.

A loan moves capacity, never makes any, so what all pools may grant together stays the same to the byte. It is paid back
as soon as the borrower has bytes free and nobody waits there. Not thread-safe: whoever holds the ledger's lock uses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Party(Protocol):
    """A pool as far as loans go."""

    lent_bytes: int

    @property
    def capacity_bytes(self) -> int:
        """What it may grant."""

    @property
    def leased_bytes(self) -> int:
        """What it has granted."""

    @property
    def waiting(self) -> int:
        """Requests that wait."""

    def resize(self, capacity_bytes: int) -> None:
        """Let it grant so much from now on."""


class Loans:
    """Loans from `lenders`, in their order. yields: those who can be made to give back what they have granted."""

    def __init__(self, lenders: Iterable[Party], *, yields: Iterable[Party] = ()):
        self._lenders = list(lenders)
        self._yields = list(yields)
        self._lent = [0] * len(self._lenders)

    @property
    def within_reach_bytes(self) -> int:
        """The most that could be borrowed beside what is."""
        return sum(
            lender.capacity_bytes - (0 if lender in self._yields else lender.leased_bytes) for lender in self._lenders
        )

    def borrow(self, missing_bytes: int) -> int:
        """Capacity for the borrower, at most what is missing; who has requests waiting lends nothing."""
        got = 0
        for at, lender in enumerate(self._lenders):
            free = 0 if lender.waiting else lender.capacity_bytes - lender.leased_bytes
            take = max(0, min(missing_bytes - got, free))
            if take:
                self._lent[at] += take
                lender.lent_bytes += take
                lender.resize(lender.capacity_bytes - take)
                got += take
        return got

    def repay(self, spare_bytes: int) -> int:
        """Capacity that goes back out of `spare_bytes`, to who lent last first."""
        back = 0
        for at in reversed(range(len(self._lenders))):
            give = min(spare_bytes - back, self._lent[at])
            if give > 0:
                self._lent[at] -= give
                self._lenders[at].lent_bytes -= give
                back += give
                self._lenders[at].resize(self._lenders[at].capacity_bytes + give)
        return back
