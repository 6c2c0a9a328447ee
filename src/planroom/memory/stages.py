"""The ledger of a reader child: each lease is checked against a bound, and what it will really take is secured first.

Glossary. *Bound*: the bytes that a stage may take at worst, worked out from pixels, pieces and letters; a file whose
bounds could never fit is refused before anything is allocated. *Expected*: the anonymous memory that this process will
hold at its highest until the next stage begins: what it holds now and what such a stage was measured to grow by
(`planroom.memory.footprints`). The parent has leased the expected bytes to this process, or is asked for more.

One thread uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planroom.errors import ReaderOverBytes
from planroom.memory.footprints import Footprints, Ran
from planroom.memory.growth import Growth
from planroom.memory.manager import WORKING_MEMORY, Lease, MemoryManager
from planroom.units import format_bytes


class StageLedger(MemoryManager):
    """Grants leases up to `capacity_bytes` of bounds, and has what each is expected to take leased by the parent.

    leased_bytes: what the parent has leased so far. secure: asks it for so many bytes in all, and returns what it has
    leased then; raises ReaderOverBytes where it cannot. note: told of every stage when the next one begins.
    """

    def __init__(
        self,
        capacity_bytes: int,
        leased_bytes: int,
        *,
        footprints: Footprints,
        secure: Callable[[int], int],
        note: Callable[[Ran], None],
    ):
        super().__init__(capacity_bytes, waits=False)
        self._limit_bytes = leased_bytes
        self._footprints = footprints
        self._secure = secure
        self._note = note
        self._begun: tuple[str, int, int, Growth] | None = None

    def lease(self, size_bytes: int, purpose: str, *, stage: str = "", by_bytes: int | None = None, **_: Any) -> Lease:
        """A grant of `size_bytes`, the bound of `stage`. Raises BudgetRefused, ReaderOverBytes."""
        lease = super().lease(size_bytes, purpose, pool=WORKING_MEMORY)
        try:
            self._begin(stage or purpose, size_bytes if by_bytes is None else by_bytes)
        except BaseException:
            lease.release()
            raise
        return lease

    def end(self) -> None:
        """The last stage is over. Raises ReaderOverBytes where it took more than is leased."""
        if self._begun is None:
            return
        stage, bound_bytes, expected_bytes, growth = self._begun
        self._begun = None
        growth.end()
        self._note(Ran(stage, bound_bytes, growth.held_bytes, expected_bytes, growth.top_bytes))
        if growth.top_bytes > self._limit_bytes:
            held, limit = format_bytes(growth.top_bytes), format_bytes(self._limit_bytes)
            raise ReaderOverBytes(f"{stage} took {held}, {limit} were leased")

    def _begin(self, stage: str, bound_bytes: int) -> None:
        self.end()
        growth = Growth()
        expected_bytes = growth.held_bytes + self._footprints.growth_bytes(stage, bound_bytes)
        if expected_bytes > self._limit_bytes:
            self._limit_bytes = self._secure(expected_bytes)
        self._begun = (stage, bound_bytes, expected_bytes, growth)
