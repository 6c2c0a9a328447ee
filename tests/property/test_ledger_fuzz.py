"""A million operations on the ledger, beside a count of the buffers that are really alive."""

from __future__ import annotations

import random
import threading

import pytest

from planroom.errors import BudgetRefused
from planroom.memory.manager import Lease, MemoryManager

SIZES = {"reserve": 40_000, "transformer_cache": 30_000, "data_cache": 50_000, "working_memory": 60_000}
TOTAL = sum(SIZES.values())


class Buffers:
    """Leases with a buffer of exactly their bytes each."""

    def __init__(self, ledger: MemoryManager, seed: int):
        self.ledger = ledger
        self.random = random.Random(seed)
        self.live: list[tuple[str, Lease, bytearray]] = []
        self.refused = 0

    def act(self) -> None:
        """One operation, as likely to grow as to shrink what is held."""
        dice = self.random.random()
        if dice < 0.45:
            self.take()
        elif dice < 0.8 and self.live:
            self.drop()
        elif dice < 0.9 and self.live:
            self.shrink()
        elif dice < 0.93 and self.live:
            self.lease_within()
        elif dice < 0.97 and self.live:
            self.grow()
        else:
            giver, taker = self.random.sample(sorted(SIZES), 2)
            self.ledger.move(self.random.randrange(5_000), giver, taker)

    def take(self) -> None:
        pool, size = self.random.choice(sorted(SIZES)), self.random.randrange(4_000)
        try:
            lease = self.ledger.lease(size, "buffer", pool=pool, wait_s=0)
        except BudgetRefused:
            self.refused += 1
        else:
            self.live.append((pool, lease, bytearray(lease.size_bytes)))

    def drop(self) -> None:
        place = self.random.randrange(len(self.live))
        self.live[place], self.live[-1] = self.live[-1], self.live[place]
        _, lease, _ = self.live.pop()
        lease.release()
        lease.release()

    def shrink(self) -> None:
        place = self.random.randrange(len(self.live))
        pool, lease, buffer = self.live[place]
        del buffer[self.random.randrange(len(buffer) + 1) :]
        lease.shrink(len(buffer))
        self.live[place] = (pool, lease, buffer)

    def grow(self) -> None:
        place = self.random.randrange(len(self.live))
        _, lease, buffer = self.live[place]
        try:
            lease.grow(lease.size_bytes + self.random.randrange(3_000), wait_s=0)
        except BudgetRefused:
            self.refused += 1
        buffer.extend(bytes(lease.size_bytes - len(buffer)))

    def lease_within(self) -> None:
        _, lease, _ = self.random.choice(self.live)
        half = lease.size_bytes // 2
        with lease.lease(half, "half"), lease.lease(half, "other half"), pytest.raises(BudgetRefused):
            lease.lease(2, "more")

    def count(self) -> dict[str, int]:
        held = dict.fromkeys(SIZES, 0)
        for pool, _, buffer in self.live:
            held[pool] += len(buffer)
        return held


def lending_ledger() -> MemoryManager:
    ledger = MemoryManager(SIZES)
    ledger.lend("working_memory", ["reserve", "transformer_cache", "data_cache"], yields=["data_cache"])
    return ledger


def leased(ledger: MemoryManager) -> dict[str, int]:
    return {name: pool.leased_bytes for name, pool in ledger.pools.items()}


def test_a_million_operations_leave_the_ledger_exact() -> None:
    ledger = lending_ledger()
    buffers = Buffers(ledger, seed=20261123)
    borrowed = 0
    for k in range(1_000_000):
        buffers.act()
        if k % 997 == 0:
            assert leased(ledger) == buffers.count()
            assert ledger.leased_bytes == sum(buffers.count().values()) <= ledger.peak_leased_bytes <= TOTAL
            assert ledger.capacity_bytes == TOTAL
            assert all(pool.leased_bytes <= pool.capacity_bytes for pool in ledger.pools.values())
            borrowed += sum(pool.lent_bytes > 0 for pool in ledger.pools.values())

    assert leased(ledger) == buffers.count()
    assert buffers.refused > 1000  # it was full often enough to matter
    assert borrowed > 100
    while buffers.live:
        buffers.drop()
    assert ledger.leased_bytes == 0


def test_threads_leave_the_ledger_exact() -> None:
    ledger = lending_ledger()
    workers = [Buffers(ledger, seed) for seed in range(4)]
    over = []

    def work(buffers: Buffers) -> None:
        for _ in range(20_000):
            buffers.act()
            if ledger.leased_bytes > TOTAL:
                over.append(ledger.leased_bytes)

    threads = [threading.Thread(target=work, args=(buffers,)) for buffers in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counts = [buffers.count() for buffers in workers]
    assert leased(ledger) == {name: sum(count[name] for count in counts) for name in SIZES}
    assert over == []
    assert ledger.peak_leased_bytes <= TOTAL
