from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from planroom.errors import BudgetRefused
from planroom.memory.manager import Lease, MemoryManager

CAPACITY = 1000
SIZES = st.integers(0, CAPACITY + 200)


class Ledger(RuleBasedStateMachine):
    """Whatever is asked for in whatever order, the ledger agrees with the sum of its leases."""

    leases = Bundle("leases")
    released = Bundle("released")

    def __init__(self) -> None:
        super().__init__()
        self.manager = MemoryManager(CAPACITY)
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
    with manager._changed:
        return len(manager._queue)


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, CAPACITY), min_size=2, max_size=6))
def test_waiting_threads_are_served_in_the_order_of_asking(sizes: list[int]) -> None:
    manager = MemoryManager(CAPACITY)
    served: list[int] = []

    def ask(number: int) -> None:
        with manager.lease(sizes[number], str(number)):
            served.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(sizes))]
    with manager.lease(CAPACITY, "all"):
        for asked, thread in enumerate(threads, start=1):
            thread.start()
            while queue_length(manager) < asked:
                time.sleep(0.0005)
    for thread in threads:
        thread.join()

    # Two that fit together are granted in order, yet may note it in either: those that do not cannot overtake.
    for earlier, later in zip(range(len(sizes)), range(1, len(sizes)), strict=False):
        if sizes[earlier] + sizes[later] > CAPACITY:
            assert served.index(earlier) < served.index(later)
    assert manager.leased_bytes == 0


def test_a_small_request_does_not_overtake_a_large_one() -> None:
    manager = MemoryManager(CAPACITY)
    held = manager.lease(CAPACITY // 2, "held")
    large: list[Lease] = []
    thread = threading.Thread(target=lambda: large.append(manager.lease(CAPACITY, "large")))
    thread.start()
    while queue_length(manager) < 1:
        time.sleep(0.0005)
    with pytest.raises(BudgetRefused, match="waited 0 s"):
        manager.lease(1, "small", wait_s=0)
    held.release()
    thread.join()

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
