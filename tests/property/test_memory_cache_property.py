from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledgers import ExactLedger
from planroom.memory.caches.balance import best_shares
from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.eviction import Node, WorthOrder

CAPACITY = 1000
KEYS = st.integers(0, 15)
COSTS = st.floats(0, 1e6)


class Broken(Exception):
    """A value that could not be made."""


def size_of(key: int) -> int:
    return (key * 379) % 500


class Pool(RuleBasedStateMachine):
    """Whatever is asked for, pinned, removed, yielded and resized: values are right and the ledger agrees."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = ExactLedger(CAPACITY)
        self.pool = CachePool("data_cache", CAPACITY, self.ledger, weigh=size_of)
        self.ledger.reliefs = [self.pool.yield_bytes]
        self.pins: list[tuple[int, ExitStack]] = []
        self.made = self.asked = 0

    def make(self, key: int) -> int:
        self.made += 1
        return key

    @rule(key=KEYS, cost_s=COSTS)
    def ask(self, key: int, cost_s: float) -> None:
        there, made = self.pool.find(key) is not None, self.made
        self.asked += 1

        assert self.pool.get_or_compute(key, lambda: self.make(key), cost_s) == key
        assert self.made - made == (not there)

    @rule(key=KEYS)
    def fail(self, key: int) -> None:
        def broken() -> Any:
            raise Broken

        if self.pool.find(key) is None:
            with pytest.raises(Broken):
                self.pool.get_or_compute(key, broken)
            assert self.pool.find(key) is None

    @rule(key=KEYS, cost_s=COSTS)
    def pin(self, key: int, cost_s: float) -> None:
        stack = ExitStack()
        self.asked += 1
        assert stack.enter_context(self.pool.pinned(key, lambda: self.make(key), cost_s)) == key
        self.pins.append((key if self.pool.find(key) is not None else -1, stack))

    @precondition(lambda self: self.pins)
    @rule(data=st.data())
    def unpin(self, data: st.DataObject) -> None:
        _, stack = self.pins.pop(data.draw(st.integers(0, len(self.pins) - 1)))
        stack.close()

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        self.pool.remove(key)
        self.pins = [(-1 if pinned == key else pinned, stack) for pinned, stack in self.pins]

        assert self.pool.find(key) is None

    @rule(wanted=st.integers(0, CAPACITY))
    def give_bytes(self, wanted: int) -> None:
        before = self.ledger.leased_bytes
        could = before - self.pool.stats().pinned_bytes
        freed = self.pool.yield_bytes(wanted)

        assert before - self.ledger.leased_bytes == freed
        assert freed >= min(wanted, could if not self.pins else 0)

    @rule(capacity=st.integers(0, CAPACITY))
    def resize(self, capacity: int) -> None:
        self.pool.resize(capacity)

    @invariant()
    def the_ledger_agrees(self) -> None:
        assert self.ledger.leased_bytes == self.pool.stats().used_bytes <= CAPACITY

    @invariant()
    def the_capacity_holds_but_for_what_is_pinned(self) -> None:
        stats = self.pool.stats()
        if not self.pins:
            assert stats.pinned_bytes == 0
            assert stats.used_bytes <= stats.capacity_bytes

    @invariant()
    def what_is_pinned_is_there(self) -> None:
        for key, _ in self.pins:
            assert key == -1 or self.pool.find(key) == key

    @invariant()
    def requests_are_counted(self) -> None:
        stats = self.pool.stats()
        assert stats.hits + stats.misses == self.asked
        assert stats.misses == self.made

    def teardown(self) -> None:
        for _, stack in self.pins:
            stack.close()
        self.pool.clear()

        assert self.ledger.leased_bytes == 0


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


@settings(max_examples=200, deadline=None)
@given(uses=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60))
def test_the_order_hands_out_the_least_worth_of_what_is_in(uses: list[tuple[int, bool]]) -> None:
    order: WorthOrder[Node] = WorthOrder()
    nodes: dict[int, Node] = {}
    for key, remove in uses:
        if key in nodes and remove:
            order.remove(nodes.pop(key))
        elif key in nodes:
            order.use(nodes[key])
        else:
            nodes[key] = Node(key, 1 + key % 4, 1.0 + key % 3)
            order.add(nodes[key])
    least = min(nodes.values(), key=lambda node: (node.worth, node.tick), default=None)

    assert order.pop() is least
    assert len(order) == max(0, len(nodes) - 1)


@settings(max_examples=100, deadline=None)
@given(curves=st.lists(st.lists(st.floats(0, 100), min_size=7, max_size=7), min_size=1, max_size=3))
def test_no_other_division_saves_more(curves: list[list[float]]) -> None:
    shares = best_shares(curves, 6)
    others = [[6]] if len(curves) == 1 else [[a, 6 - a] for a in range(1, 6)]
    if len(curves) == 3:
        others = [[a, b, 6 - a - b] for a in range(1, 5) for b in range(1, 6 - a)]

    def saved_s(division: list[int]) -> float:
        return sum(curve[share] for curve, share in zip(curves, division, strict=True))

    assert sum(shares) == 6
    assert min(shares) >= 1
    assert saved_s(shares) >= max(map(saved_s, others)) - 1e-9
