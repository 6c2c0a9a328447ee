from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from planroom.errors import BudgetRefused
from planroom.memory.manager import Lease, MemoryManager
from planroom.memory.turns import BYPASSES

CAPACITY = 1000
SIZES = st.integers(0, CAPACITY + 200)


class Ledger(RuleBasedStateMachine):
    """Whatever is asked for in whatever order, the ledger agrees with the sum of its leases."""

    leases = Bundle("leases")
    released = Bundle("released")

    def __init__(self) -> None:
        super().__init__()
        self.manager = MemoryManager({"working_memory": CAPACITY, "data_cache": 0})
        self.live: list[Lease] = []
        self.peak = 0

    @property
    def total(self) -> int:
        return sum(lease.size_bytes for lease in self.live)

    @rule(target=leases, size=st.integers(0, CAPACITY // 4))
    def lease_if_it_fits(self, size: int) -> Lease:
        fits = self.total + size <= CAPACITY
        try:
            lease = self.manager.lease(size, "model", wait_s=0)
        except BudgetRefused:
            assert not fits
            return self.manager.lease(0, "nothing", wait_s=0)
        assert fits
        self.live.append(lease)
        self.peak = max(self.peak, self.total)
        return lease

    @rule(size=SIZES)
    def lease_and_give_back(self, size: int) -> None:
        if self.total + size > CAPACITY:
            with pytest.raises(BudgetRefused):
                self.manager.lease(size, "large", wait_s=0)
            return
        with self.manager.lease(size, "brief", wait_s=0):
            self.peak = max(self.peak, self.total + size)

    @rule(target=released, lease=consumes(leases))
    def release(self, lease: Lease) -> Lease:
        lease.release()
        self.live = [one for one in self.live if one is not lease]
        return lease

    @rule(lease=released)
    def release_again(self, lease: Lease) -> None:
        lease.release()

    @rule(lease=leases, part=st.floats(0, 1))
    def shrink(self, lease: Lease, part: float) -> None:
        size = int(lease.size_bytes * part)
        lease.shrink(size)

        assert lease.size_bytes == size

    @rule(lease=leases, part=st.floats(0, 1))
    def lease_within(self, lease: Lease, part: float) -> None:
        """A lease within one takes no bytes of the pool, and its outer one cannot go before it."""
        with lease.lease(int(lease.size_bytes * part), "part") as inner:
            if inner.size_bytes:
                with pytest.raises(ValueError, match="still holds"):
                    lease.release()
            with pytest.raises(BudgetRefused):
                lease.lease(lease.size_bytes + 1, "more")

    @rule(more=st.integers(0, CAPACITY))
    def move_capacity_there_and_back(self, more: int) -> None:
        moved = self.manager.move(more, "working_memory", "data_cache")

        assert moved == min(more, CAPACITY - self.total)
        assert self.manager.capacity_bytes == CAPACITY
        assert self.manager.move(moved, "data_cache", "working_memory") == moved

    @rule(lease=leases, more=st.integers(1, 50))
    def refuse_to_grow(self, lease: Lease, more: int) -> None:
        with pytest.raises(ValueError, match="cannot keep"):
            lease.shrink(lease.size_bytes + more)

    @rule(lease=released)
    def refuse_to_shrink_what_is_not_held(self, lease: Lease) -> None:
        with pytest.raises(ValueError, match="cannot keep"):
            lease.shrink(0)

    @rule(more=st.integers(1, 100))
    def refuse_what_never_fits(self, more: int) -> None:
        with pytest.raises(BudgetRefused):
            self.manager.lease(CAPACITY + more, "never")

    @invariant()
    def sum_of_leases_is_what_is_leased(self) -> None:
        assert self.manager.leased_bytes == self.total

    @invariant()
    def never_above_capacity(self) -> None:
        assert 0 <= self.manager.leased_bytes <= self.manager.peak_leased_bytes <= CAPACITY

    @invariant()
    def peak_is_the_highest_sum(self) -> None:
        assert self.manager.peak_leased_bytes == self.peak


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def queue_length(manager: MemoryManager) -> int:
    return manager.pools["working_memory"].waiting


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2, 6))
def test_equal_requests_are_served_in_the_order_of_asking(n: int) -> None:
    manager = MemoryManager(CAPACITY)
    served: list[int] = []

    def ask(number: int) -> None:
        with manager.lease(CAPACITY, str(number)):
            served.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(n)]
    with manager.lease(CAPACITY, "all"):
        for asked, thread in enumerate(threads, start=1):
            thread.start()
            while queue_length(manager) < asked:
                time.sleep(0.0005)
    for thread in threads:
        thread.join()

    assert served == list(range(n))


def test_small_requests_overtake_a_large_one_so_often_and_no_more() -> None:
    manager = MemoryManager(CAPACITY)
    held = manager.lease(CAPACITY // 2, "held")
    large: list[Lease] = []
    thread = threading.Thread(target=lambda: large.append(manager.lease(CAPACITY, "large")))
    thread.start()
    while queue_length(manager) < 1:
        time.sleep(0.0005)
    overtook = 0
    with pytest.raises(BudgetRefused, match="waited"):
        while overtook <= BYPASSES:
            manager.lease(1, "small", wait_s=0).release()
            overtook += 1
    held.release()
    thread.join()

    assert overtook == BYPASSES
    assert manager.leased_bytes == CAPACITY
    large[0].release()
    assert manager.leased_bytes == 0


def test_one_that_gives_up_waiting_does_not_block_the_next() -> None:
    manager = MemoryManager(CAPACITY)
    held = manager.lease(CAPACITY // 2, "held")
    small: list[Lease] = []
    thread = threading.Thread(target=lambda: small.append(manager.lease(1, "small")))
    with pytest.raises(BudgetRefused, match="free"):
        manager.lease(CAPACITY, "large", wait_s=0.01)
    thread.start()
    thread.join()

    assert small[0].size_bytes == 1
    held.release()
    assert manager.leased_bytes == 1


@settings(max_examples=10, deadline=None)
@given(sizes=st.lists(st.integers(0, CAPACITY), min_size=1, max_size=40), n_threads=st.integers(2, 4))
def test_many_threads_never_exceed_the_capacity(sizes: list[int], n_threads: int) -> None:
    manager = MemoryManager(CAPACITY)
    lock = threading.Lock()
    held = 0
    highest = 0

    def work(mine: list[int]) -> None:
        nonlocal held, highest
        for size in mine:
            with manager.lease(size, "work"):
                with lock:
                    held += size
                    highest = max(highest, held)
                with lock:
                    held -= size

    threads = [threading.Thread(target=work, args=(sizes[start::n_threads],)) for start in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert highest <= manager.peak_leased_bytes <= CAPACITY
    assert manager.leased_bytes == 0
