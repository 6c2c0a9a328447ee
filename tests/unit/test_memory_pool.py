"""What a pool does before and while a request waits."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from planroom.errors import BudgetRefused
from planroom.memory.manager import WORKING_MEMORY, Lease, MemoryManager
from planroom.memory.pool import SPILL, YIELD, Pool
from planroom.memory.turns import Turn, Turns

CAPACITY = 1000


def wait_for(pool: Pool, n: int) -> None:
    while pool.waiting < n:
        time.sleep(0.0005)


# ---- relief ------------------------------------------------------------------------------------------------------


def test_unused_reservation_goes_first_then_spill_then_yield() -> None:
    pool, told = Pool(CAPACITY), []
    reserved, cache, work = pool.lease(400, "reserved"), pool.lease(300, "cache"), pool.lease(300, "work")
    used = reserved.lease(100, "used")
    reserved.offer()

    def free(name: str, lease: Lease) -> int:
        told.append(name)
        lease.release()
        return lease.size_bytes

    pool.on_need(lambda missing: free("yield", work), YIELD)
    pool.on_need(lambda missing: free("spill", cache), SPILL)

    first = pool.lease(300, "first", wait_s=0)
    assert (told, reserved.size_bytes) == ([], 100)
    second = pool.lease(300, "second", wait_s=0)
    assert told == ["spill"]
    third = pool.lease(300, "third", wait_s=0)
    assert list(dict.fromkeys(told)) == ["spill", "yield"]
    for lease in (used, reserved, first, second, third):
        lease.release()
    assert pool.leased_bytes == 0


def test_relief_is_told_what_is_missing() -> None:
    pool, missing = Pool(CAPACITY), []
    held = pool.lease(900, "held")

    def relief(missing_bytes: int) -> int:
        missing.append(missing_bytes)
        return 0

    pool.on_need(relief)

    with pytest.raises(BudgetRefused):
        pool.lease(250, "more", wait_s=0)

    assert missing == [150]
    held.release()


def test_what_is_offered_serves_whoever_waits_already() -> None:
    pool = Pool(CAPACITY)
    held, got = pool.lease(CAPACITY, "held"), []
    thread = threading.Thread(target=lambda: got.append(pool.lease(600, "waits")))
    thread.start()
    wait_for(pool, 1)
    held.offer()
    thread.join(10)

    assert got[0].size_bytes == 600
    assert held.size_bytes == 0


# ---- refusals ----------------------------------------------------------------------------------------------------


def test_a_refusal_says_when_to_come_back_and_what_never_fits_does_not() -> None:
    pool = Pool(CAPACITY)
    pool.lease(CAPACITY, "brief").release()
    pool.lease(CAPACITY, "held")

    with pytest.raises(BudgetRefused) as later:
        pool.lease(10, "later", wait_s=0)
    with pytest.raises(BudgetRefused) as never:
        pool.lease(CAPACITY + 1, "never")

    assert later.value.retry_s is not None
    assert 0 < later.value.retry_s <= 60
    assert never.value.retry_s is None
    assert pool.refused == 2


def test_a_wait_can_be_stopped_from_outside() -> None:
    pool, stop, errors = Pool(CAPACITY), threading.Event(), []
    held = pool.lease(CAPACITY, "held")

    def ask() -> None:
        try:
            pool.lease(1, "waits", stop=stop)
        except BudgetRefused as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(pool, 1)
    stop.set()
    thread.join(10)

    assert len(errors) == 1
    assert pool.waiting == 0
    held.release()
    assert pool.leased_bytes == 0


# ---- turns -------------------------------------------------------------------------------------------------------


def test_priority_goes_first_and_age_makes_up_for_it() -> None:
    turns = Turns()
    low, high = Turn(10, 0, lambda: None), Turn(10, 1, lambda: None)
    turns.add(low)
    turns.add(high)
    assert turns.serve(10) == [high]

    old = Turn(10, 0, lambda: None, since_s=time.monotonic() - 1.5)
    fresh = Turn(10, 1, lambda: None)
    turns = Turns()
    turns.add(fresh)
    turns.add(old)
    assert turns.serve(10) == [old]


def test_one_that_waited_long_is_not_overtaken() -> None:
    turns = Turns()
    turns.add(Turn(100, 0, lambda: None, since_s=time.monotonic() - 10))
    turns.add(Turn(1, 0, lambda: None))

    assert turns.serve(50) == []


# ---- coroutines --------------------------------------------------------------------------------------------------


def test_coroutines_wait_without_blocking_each_other() -> None:
    pool, order = Pool(CAPACITY), []

    async def work(name: str, size: int) -> None:
        with await pool.lease_async(size, name):
            order.append(name)
            await asyncio.sleep(0.01)

    async def all_of_them() -> None:
        await asyncio.gather(*(work(str(k), 600) for k in range(5)))

    asyncio.run(all_of_them())

    assert order == ["0", "1", "2", "3", "4"]
    assert (pool.leased_bytes, pool.peak_leased_bytes) == (0, 600)


def test_a_cancelled_coroutine_holds_nothing_and_stands_in_nobodys_way() -> None:
    pool = Pool(CAPACITY)

    async def scene() -> int:
        held = await pool.lease_async(CAPACITY, "held")
        waits = asyncio.ensure_future(pool.lease_async(CAPACITY, "cancelled"))
        await asyncio.sleep(0.01)
        waits.cancel()
        next_one = asyncio.ensure_future(pool.lease_async(1, "next"))
        await asyncio.sleep(0.01)
        held.release()
        with await next_one:
            return pool.leased_bytes

    assert asyncio.run(scene()) == 1
    assert pool.leased_bytes == 0


def test_a_coroutine_that_waits_too_long_is_refused() -> None:
    pool = Pool(CAPACITY)
    held = pool.lease(CAPACITY, "held")

    with pytest.raises(BudgetRefused, match="waited"):
        asyncio.run(pool.lease_async(1, "waits", wait_s=0.01))

    held.release()
    assert pool.leased_bytes == 0


# ---- the ledger --------------------------------------------------------------------------------------------------


def test_grants_are_whole_quanta() -> None:
    pool = Pool(8192, quantum_bytes=4096)

    with pool.lease(1, "one byte") as lease:
        assert lease.size_bytes == pool.leased_bytes == 4096
    with pytest.raises(BudgetRefused):
        pool.lease(8193, "a byte more")


def test_pools_grant_apart_and_are_counted_together() -> None:
    manager = MemoryManager({"reserve": 300, "working_memory": 700})

    with manager.lease(300, "model", pool="reserve"), manager.lease(700, "sheet"):
        with pytest.raises(BudgetRefused):
            manager.lease(1, "one more", pool="reserve", wait_s=0)
        assert manager.leased_bytes == manager.capacity_bytes == 1000
    assert (manager.leased_bytes, manager.peak_leased_bytes) == (0, 1000)


def test_capacity_moves_only_as_far_as_it_is_free_and_wakes_who_waits() -> None:
    manager = MemoryManager({"data_cache": 600, "working_memory": 400})
    manager.lease(500, "entries", pool="data_cache")
    got: list[Lease] = []
    manager.lease(400, "sheet")
    thread = threading.Thread(target=lambda: got.append(manager.lease(100, "waits")))
    thread.start()
    wait_for(manager.pools["working_memory"], 1)

    assert manager.move(600, "data_cache", "working_memory") == 100
    thread.join(10)
    assert got[0].size_bytes == 100
    assert manager.capacity_bytes == 1000


# ---- loans ---------------------------------------------------------------------------------------------------------


def lending_ledger() -> MemoryManager:
    ledger = MemoryManager({"reserve": 400, "data_cache": 300, WORKING_MEMORY: 200})
    ledger.lend(WORKING_MEMORY, ["reserve", "data_cache"], yields=["data_cache"])
    return ledger


def capacities(ledger: MemoryManager) -> list[int]:
    return [pool.capacity_bytes for pool in ledger.pools.values()]


def test_what_others_do_not_use_is_borrowed_in_order_and_paid_back() -> None:
    ledger = lending_ledger()
    small = ledger.lease(150, "small")
    large = ledger.lease(500, "large")
    lent = capacities(ledger)
    large.release()
    small.release()

    assert lent == [0, 250, 650]
    assert capacities(ledger) == [400, 300, 200]


def test_what_a_lender_has_granted_is_not_borrowed() -> None:
    ledger = lending_ledger()
    ledger.lease(390, "networks", pool="reserve")
    ledger.lease(200, "all of it")

    with pytest.raises(BudgetRefused, match="waited"):
        ledger.lease(311, "too much for now", wait_s=0)
    assert ledger.pools[WORKING_MEMORY].most_bytes == 200 + 10 + 300


def test_what_could_never_be_borrowed_is_refused_at_once() -> None:
    ledger = lending_ledger()
    ledger.lease(390, "networks", pool="reserve")

    with pytest.raises(BudgetRefused, match="511"):
        ledger.lease(511, "too much for ever")


def test_a_cache_is_asked_to_yield_and_lends_what_it_gave_up() -> None:
    ledger = lending_ledger()
    entries = [ledger.lease(100, "entry", pool="data_cache") for _ in range(3)]

    def make_room(missing: int) -> int:
        while missing > 0 and entries:
            missing -= entries[-1].size_bytes
            entries.pop().release()
        return 0

    ledger.pools[WORKING_MEMORY].on_need(make_room)
    lease = ledger.lease(750, "large")

    assert lease.size_bytes == 750
    assert len(entries) == 1
    assert sum(capacities(ledger)) == 900
    assert ledger.leased_bytes == 850


def test_who_waits_is_served_with_what_is_borrowed_when_it_comes_free() -> None:
    ledger = lending_ledger()
    networks = ledger.lease(400, "networks", pool="reserve")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ledger.lease, 500, "as much as both have")
        granted = waiting.result(timeout=10)
        also = pool.submit(ledger.lease, 100, "one more")
        wait_for(ledger.pools[WORKING_MEMORY], 1)
        granted.release()

        assert also.result(timeout=10).size_bytes == 100
    networks.release()
    assert capacities(ledger) == [400, 300, 200]


def test_a_lender_that_needs_its_own_gets_it_back_first() -> None:
    ledger = lending_ledger()
    borrowed = ledger.lease(600, "all of the reserve too")
    with ThreadPoolExecutor(1) as pool:
        networks = pool.submit(ledger.lease, 400, "networks", pool="reserve")
        wait_for(ledger.pools["reserve"], 1)
        borrowed.release()

        assert networks.result(timeout=10).size_bytes == 400
    assert capacities(ledger) == [400, 300, 200]


# ---- leases that grow ----------------------------------------------------------------------------------------------


def test_a_lease_grows_before_new_ones_are_granted() -> None:
    pool = Pool(100)
    first, second = pool.lease(40, "first"), pool.lease(60, "second")
    with ThreadPoolExecutor(2) as threads:
        new = threads.submit(pool.lease, 50, "new")
        wait_for(pool, 1)
        grown = threads.submit(first.grow, 90, wait_s=10)
        wait_for(pool, 2)
        second.release()
        grown.result(timeout=10)
        was_waiting = pool.waiting
        first.release()
        new.result(timeout=10)

    assert first.size_bytes == 90
    assert was_waiting == 1
    assert pool.leased_bytes == 50


def test_a_lease_that_cannot_grow_stays_as_it_is() -> None:
    pool = Pool(100)
    lease = pool.lease(40, "first")
    pool.lease(60, "second")

    with pytest.raises(BudgetRefused):
        lease.grow(41, wait_s=0)
    with pytest.raises(BudgetRefused, match="are there"):
        lease.grow(101, wait_s=10)
    assert lease.size_bytes == 40
    lease.release()
    assert pool.leased_bytes == 60
