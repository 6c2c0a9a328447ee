from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledgers import ExactLedger
from planroom.errors import BudgetRefused, ResourceError
from planroom.memory.caches import entryfile
from planroom.memory.caches.cache import CachePool, array_bytes
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import SpillTier
from planroom.memory.manager import MemoryManager

CAPACITY = 100


def pool_of(capacity: int = CAPACITY, ledger: ExactLedger | None = None, **more: Any) -> CachePool:
    return CachePool("data_cache", capacity, ledger or ExactLedger(capacity), **({"weigh": int} | more))


def refuse_to_compute() -> Any:
    raise AssertionError("computed although it was there")


def start(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.0005)


def waiting(pool: CachePool, key: str) -> int:
    """Threads that wait for `key`, plus the one that makes it; each asks for a pin."""
    with pool._lock:
        return pool._flights[key].pins if key in pool._flights else 0


# ---- values ------------------------------------------------------------------------------------------------


def test_a_value_is_made_once() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)

    assert pool.get_or_compute("a", lambda: 30) == 30
    assert pool.get_or_compute("a", refuse_to_compute) == 30
    assert pool.find("a") == 30
    assert pool.find("b") is None
    assert ledger.leased_bytes == 30


def test_each_entry_weighs_its_exact_bytes() -> None:
    ledger = ExactLedger(10**6)
    pool = CachePool("data_cache", 10**6, ledger)
    pool.get_or_compute("array", lambda: np.zeros((7, 11), np.float64))
    pool.get_or_compute("bytes", lambda: b"12345")

    assert ledger.leased_bytes == 7 * 11 * 8 + 5 == pool.stats().used_bytes
    assert array_bytes(np.zeros(0)) == 0


def test_a_value_larger_than_the_pool_is_made_and_not_kept() -> None:
    ledger = ExactLedger(10 * CAPACITY)
    pool = pool_of(ledger=ledger)
    pool.get_or_compute("small", lambda: 60)

    assert pool.get_or_compute("large", lambda: CAPACITY + 1) == CAPACITY + 1
    assert pool.find("large") is None
    assert pool.find("small") == 60
    assert pool.stats().refused == 1
    assert ledger.leased_bytes == 60


def test_what_the_ledger_does_not_grant_is_made_and_not_kept() -> None:
    ledger = ExactLedger(50)
    pool = pool_of(ledger=ledger)
    pool.get_or_compute("a", lambda: 40)

    assert pool.get_or_compute("b", lambda: 20) == 20
    assert pool.find("b") is None
    assert pool.stats().used_bytes == ledger.leased_bytes == 40


def test_an_error_reaches_who_asked_and_is_not_kept() -> None:
    pool = pool_of()
    with pytest.raises(ZeroDivisionError):
        pool.get_or_compute("a", lambda: 1 // 0)

    assert pool.get_or_compute("a", lambda: 5) == 5


def test_a_weight_or_cost_that_makes_no_sense_is_told_and_nothing_leaks() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)
    with pytest.raises(ValueError, match="no size"):
        pool.get_or_compute("a", lambda: -1)
    for cost_s in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="costs"):
            pool.get_or_compute("a", lambda: 1, cost_s)

    assert ledger.leased_bytes == 0
    assert pool.get_or_compute("a", lambda: 1) == 1


def test_the_cost_is_measured_where_none_is_given() -> None:
    now = [0.0]
    pool = pool_of(clock=lambda: now[0])

    def work() -> int:
        now[0] += 7.0
        return 10

    pool.get_or_compute("a", work)
    pool.get_or_compute("a", refuse_to_compute)

    assert pool.stats().saved_s == 7.0


def test_what_is_dear_for_its_bytes_stays() -> None:
    pool = pool_of()
    pool.get_or_compute("dear", lambda: 50, 10.0)
    pool.get_or_compute("cheap", lambda: 50, 0.1)
    pool.get_or_compute("new", lambda: 50, 1.0)

    assert pool.find("dear") == 50
    assert pool.find("cheap") is None
    assert pool.find("new") == 50


# ---- single flight -----------------------------------------------------------------------------------------


def test_of_many_threads_one_computes_and_all_get_the_value() -> None:
    pool = pool_of()
    go, made, got = threading.Event(), [0], []

    def compute() -> int:
        made[0] += 1
        go.wait(20)
        return 42

    def ask() -> None:
        with pool.pinned("a", compute) as value:
            got.append(value)

    threads = [start(ask) for _ in range(12)]
    wait_until(lambda: waiting(pool, "a") == 12)
    go.set()
    for thread in threads:
        thread.join()

    assert made == [1]
    assert got == [42] * 12
    stats = pool.stats()
    assert (stats.misses, stats.shared, stats.pinned_bytes) == (1, 11, 0)


def test_an_error_goes_to_all_who_wait() -> None:
    pool = pool_of()
    go, errors = threading.Event(), []

    def compute() -> int:
        go.wait(20)
        raise OSError("no such sheet")

    def ask() -> None:
        try:
            with pool.pinned("a", compute):
                raise AssertionError("there is no value")
        except OSError as error:
            errors.append(str(error))

    threads = [start(ask) for _ in range(5)]
    wait_until(lambda: waiting(pool, "a") == 5)
    go.set()
    for thread in threads:
        thread.join()

    assert errors == ["no such sheet"] * 5
    assert pool.get_or_compute("a", lambda: 1) == 1


def test_one_that_is_tired_of_waiting_leaves_and_the_value_comes_for_the_others() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)
    go = threading.Event()
    got: list[int] = []

    def ask() -> None:
        with pool.pinned("a", lambda: 40 if go.wait(20) else 0) as value:
            got.append(value)

    leader = start(ask)
    wait_until(lambda: waiting(pool, "a") == 1)
    with pytest.raises(ResourceError, match=r"waited 0\.01"), pool.pinned("a", refuse_to_compute, wait_s=0.01):
        pass
    assert waiting(pool, "a") == 1
    go.set()
    leader.join()

    assert got == [40]
    assert pool.stats().pinned_bytes == 0
    assert pool.yield_bytes(1) == 40
    assert ledger.leased_bytes == 0


def test_an_interrupted_leader_leaves_the_work_to_one_who_waits() -> None:
    pool = pool_of()
    go = threading.Event()
    got: list[int] = []

    def interrupted() -> int:
        go.wait(20)
        raise KeyboardInterrupt

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt), pool.pinned("a", interrupted):
            pass

    def follow() -> None:
        with pool.pinned("a", lambda: 3) as value:
            got.append(value)

    leader = start(lead)
    wait_until(lambda: waiting(pool, "a") == 1)
    follower = start(follow)
    wait_until(lambda: waiting(pool, "a") == 2)
    go.set()
    leader.join()
    follower.join()

    assert got == [3]


def test_a_value_that_needs_itself_is_told_at_once() -> None:
    pool = pool_of()
    with pytest.raises(ResourceError, match="asks for itself"):
        pool.get_or_compute("a", lambda: pool.get_or_compute("a", lambda: 1))

    assert pool.get_or_compute("a", lambda: 2) == 2


def test_a_value_may_need_another() -> None:
    pool = pool_of()

    assert pool.get_or_compute("a", lambda: pool.get_or_compute("b", lambda: 10) + 1) == 11
    assert pool.find("b") == 10


# ---- pins --------------------------------------------------------------------------------------------------


def test_pinned_entries_are_never_evicted() -> None:
    pool = pool_of()
    with pool.pinned("a", lambda: 60, 0.001):
        for number in range(50):
            pool.get_or_compute(number, lambda: 40, 100.0)
        assert pool.find("a") == 60
        assert pool.yield_bytes(CAPACITY) == 40
        assert pool.find("a") == 60
        assert pool.stats().pinned_bytes == 60

    assert pool.stats().pinned_bytes == 0
    assert pool.yield_bytes(1) == 60


def test_a_pin_makes_a_newcomer_stay_that_would_be_outbid() -> None:
    pool = pool_of()
    pool.get_or_compute("dear", lambda: 100, 1000.0)
    assert pool.get_or_compute("poor", lambda: 100, 0.001) == 100
    assert pool.find("poor") is None
    with pool.pinned("poor", lambda: 100, 0.001):
        assert pool.find("poor") == 100
        assert pool.find("dear") is None


def test_nothing_is_evicted_for_what_cannot_get_in_beside_the_pinned() -> None:
    pool = pool_of()
    with pool.pinned("a", lambda: 60):
        pool.get_or_compute("b", lambda: 30)
        assert pool.get_or_compute("c", lambda: 50, 1e9) == 50
        assert pool.find("b") == 30
        assert pool.find("c") is None


def test_pins_add_up() -> None:
    pool = pool_of()
    with pool.pinned("a", lambda: 60):
        with pool.pinned("a", refuse_to_compute):
            pass
        assert pool.yield_bytes(60) == 0

    assert pool.yield_bytes(60) == 60


# ---- giving up ---------------------------------------------------------------------------------------------


def test_yield_frees_at_least_what_is_wanted_and_tells_the_ledger() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)
    for number in range(10):
        pool.get_or_compute(number, lambda: 10)

    assert pool.yield_bytes(25) == 30
    assert ledger.leased_bytes == pool.stats().used_bytes == 70
    assert pool.yield_bytes(1000) == 70
    assert pool.yield_bytes(1) == 0
    assert pool.stats().evictions == 10


def test_two_pools_relieve_each_other_under_one_ledger() -> None:
    ledger = ExactLedger(CAPACITY)
    one, other = pool_of(ledger=ledger), pool_of(ledger=ledger)
    ledger.reliefs = [one.yield_bytes, other.yield_bytes]
    one.get_or_compute("a", lambda: 80)
    other.get_or_compute("b", lambda: 70)

    assert one.find("a") is None
    assert other.find("b") == 70
    assert ledger.leased_bytes == 70
    assert one.get_or_compute("c", lambda: 90) == 90
    assert ledger.peak_bytes <= CAPACITY


def test_a_smaller_pool_lets_go_at_once_and_of_the_pinned_later() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)
    for number in range(6):
        pool.get_or_compute(number, lambda: 10)
    with pool.pinned("pinned", lambda: 40):
        pool.resize(20)
        assert ledger.leased_bytes == 40
        assert pool.find("pinned") == 40
    assert ledger.leased_bytes == 0
    pool.resize(CAPACITY)
    pool.get_or_compute("a", lambda: CAPACITY)

    assert ledger.leased_bytes == CAPACITY == pool.capacity_bytes
    with pytest.raises(ValueError, match="no size"):
        pool.resize(-1)


def test_removed_entries_are_gone_and_pinned_ones_when_they_are_not_needed_any_more() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)
    pool.get_or_compute("a", lambda: 10)
    pool.remove("a")
    pool.remove("never there")
    assert ledger.leased_bytes == 0
    with pool.pinned("b", lambda: 20):
        pool.remove("b")
        assert pool.find("b") is None
        assert ledger.leased_bytes == 20
        assert pool.get_or_compute("b", lambda: 30) == 30
        assert ledger.leased_bytes == 50

    assert ledger.leased_bytes == 30
    pool.clear()
    assert ledger.leased_bytes == 0 == pool.stats().entries


def test_a_value_that_is_removed_while_it_is_made_is_not_kept() -> None:
    ledger = ExactLedger(CAPACITY)
    pool = pool_of(ledger=ledger)

    def compute() -> int:
        pool.remove("a")
        return 10

    assert pool.get_or_compute("a", compute) == 10
    assert pool.find("a") is None
    assert ledger.leased_bytes == 0


# ---- what it tells -----------------------------------------------------------------------------------------


def test_statistics_add_up() -> None:
    now = [0.0]
    pool = pool_of(clock=lambda: now[0])
    for key in "abab":
        pool.get_or_compute(key, lambda: 50, 2.0)
    now[0] = 8.0
    pool.yield_bytes(1)
    pool.get_or_compute("a", lambda: 50, 2.0)
    stats = pool.stats()

    assert (stats.hits, stats.misses, stats.evictions, stats.entries) == (2, 3, 1, 2)
    assert stats.hit_ratio == 0.4
    assert stats.saved_s == 4.0
    assert stats.age_at_eviction_s == 8.0
    assert (stats.capacity_bytes, stats.used_bytes, stats.spilled_bytes) == (100, 100, 0)
    assert pool_of().stats().hit_ratio == 0.0


def test_the_watch_sees_every_request_once() -> None:
    seen: list[tuple[Any, int, float]] = []
    pool = pool_of(watch=lambda *told: seen.append(told))
    for key, size in (("a", 10), ("b", 1000), ("a", 10)):
        pool.get_or_compute(key, partial(int, size), 3.0)

    assert seen == [("a", 10, 3.0), ("b", 1000, 3.0), ("a", 10, 3.0)]


def test_the_real_ledger_grants_to_the_pool_by_its_name() -> None:
    manager = MemoryManager({"working_memory": 50, "data_cache": CAPACITY})
    pool = CachePool("data_cache", CAPACITY, manager, weigh=int)
    manager.pools["data_cache"].on_need(pool.yield_bytes)
    for number in range(30):
        pool.get_or_compute(number, lambda: 30, 1.0)

    assert manager.pools["data_cache"].leased_bytes == pool.stats().used_bytes == 90
    with manager.lease(80, "something else", pool="data_cache", wait_s=0):
        assert pool.stats().used_bytes == 0
    with pytest.raises(BudgetRefused):
        manager.lease(CAPACITY + 1, "too much", pool="data_cache", wait_s=0)


def test_many_threads_agree_with_the_ledger() -> None:
    ledger = ExactLedger(300)
    pools = [pool_of(200, ledger), pool_of(200, ledger)]
    ledger.reliefs = [pool.yield_bytes for pool in pools]
    wrong: list[object] = []

    def work(seed: int) -> None:
        draw = np.random.default_rng(seed)
        for number in draw.zipf(1.3, 1500) % 60:
            key, size = int(number), 3 + int(number) * 7 % 50
            pool = pools[key % 2]
            if draw.random() < 0.02:
                pool.remove(key)
            if draw.random() < 0.02:
                pool.resize(int(draw.integers(50, 200)))
            if draw.random() < 0.3:
                with pool.pinned(key, partial(int, size), 1.0) as value:
                    wrong.extend([value] * (value != size))
            else:
                value = pool.get_or_compute(key, partial(int, size), 1.0)
                wrong.extend([value] * (value != size))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))

    assert not wrong
    assert ledger.peak_bytes <= 300
    assert ledger.leased_bytes == sum(pool.stats().used_bytes for pool in pools)
    for pool in pools:
        assert pool.stats().pinned_bytes == 0
        pool.clear()
    assert ledger.leased_bytes == 0


# ---- on the way to disk ------------------------------------------------------------------------------------


class SlowDisk:
    """Lets writes begin and holds them until told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.began, self.goes_on = threading.Event(), threading.Event()
        self._store = entryfile.store
        monkeypatch.setattr(entryfile, "store", self.store)

    def store(self, *given: Any, **more: Any) -> entryfile.Title:
        self.began.set()
        assert self.goes_on.wait(20)
        return self._store(*given, **more)


@pytest.fixture
def spilling(tmp_path: Path) -> tuple[CachePool, SpillTier, ExactLedger]:
    ledger, tier = ExactLedger(CAPACITY), SpillTier(tmp_path / "spill", 1 << 20, RawCodec())
    return CachePool("data_cache", CAPACITY, ledger, spill=tier), tier, ledger


def test_what_is_wanted_again_while_it_is_spilled_stays(
    spilling: tuple[CachePool, SpillTier, ExactLedger], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, tier, ledger = spilling
    disk = SlowDisk(monkeypatch)
    pool.get_or_compute("a", lambda: b"x" * 60, 1e6)
    freed: list[int] = []
    thread = start(lambda: freed.append(pool.yield_bytes(1)))
    assert disk.began.wait(20)
    with pool.pinned("a", refuse_to_compute) as value:
        disk.goes_on.set()
        thread.join()
        assert (freed, value) == ([0], b"x" * 60)
        assert ledger.leased_bytes == 60
    assert pool.yield_bytes(1) == 60
    assert ledger.leased_bytes == 0

    assert pool.get_or_compute("a", refuse_to_compute) == b"x" * 60
    assert pool.stats().spill_hits == 1 == tier.stats().reads


def test_what_is_removed_while_it_is_spilled_is_nowhere(
    spilling: tuple[CachePool, SpillTier, ExactLedger], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, tier, ledger = spilling
    disk = SlowDisk(monkeypatch)
    pool.get_or_compute("a", lambda: b"old", 1e6)
    thread = start(lambda: pool.yield_bytes(1))
    assert disk.began.wait(20)
    pool.remove("a")
    assert pool.get_or_compute("a", lambda: b"newer", 1e6) == b"newer"
    disk.goes_on.set()
    thread.join()

    assert tier.find("a") is None
    assert pool.find("a") == b"newer"
    assert ledger.leased_bytes == pool.stats().used_bytes == 5


def test_bytes_are_leased_before_they_are_read_back(spilling: tuple[CachePool, SpillTier, ExactLedger]) -> None:
    pool, _, ledger = spilling
    pool.get_or_compute("a", lambda: b"x" * 60, 1e6)
    pool.yield_bytes(60)
    with pool.pinned("b", lambda: b"y" * 50):
        assert pool.get_or_compute("a", refuse_to_compute) == b"x" * 60
        assert ledger.leased_bytes == 50, "read and not kept: there is no room beside what is pinned"
    assert pool.get_or_compute("a", refuse_to_compute) == b"x" * 60
    assert ledger.leased_bytes == 60

    assert ledger.peak_bytes <= CAPACITY


def test_an_entry_whose_spilling_breaks_gives_its_bytes_back(
    spilling: tuple[CachePool, SpillTier, ExactLedger], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any, **more: Any) -> entryfile.Title:
        raise MemoryError

    pool, tier, ledger = spilling
    monkeypatch.setattr(entryfile, "store", broken)
    pool.get_or_compute("a", lambda: b"x" * 60, 1e6)
    with pytest.raises(MemoryError):
        pool.yield_bytes(1)

    assert ledger.leased_bytes == 0 == pool.stats().used_bytes
    assert tier.find("a") is None
    assert pool.get_or_compute("a", lambda: b"again", 1e6) == b"again"


def test_a_damaged_file_is_made_again(spilling: tuple[CachePool, SpillTier, ExactLedger], tmp_path: Path) -> None:
    pool, tier, ledger = spilling
    pool.get_or_compute("a", lambda: b"x" * 60, 1e6)
    pool.yield_bytes(60)
    path = next((tmp_path / "spill").glob("*.spill"))
    path.write_bytes(path.read_bytes()[:-1] + b"z")

    assert pool.get_or_compute("a", lambda: b"made again", 1e6) == b"made again"
    assert (tier.stats().damaged, pool.stats().misses) == (1, 2)
    assert ledger.leased_bytes == 10
