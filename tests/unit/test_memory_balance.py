from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ledgers import ExactLedger
from planroom.memory.caches.balance import KEYS, STEPS, Balancer, Curve, Shadow, best_shares
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import MemoryManager

TOTAL = 2000


def two_pools(ledger: ExactLedger | MemoryManager) -> tuple[CachePool, CachePool]:
    one, other = (CachePool(name, TOTAL // 2, ledger, weigh=int) for name in ("transformer_cache", "data_cache"))
    return one, other


def ask(pool: CachePool, keys: Iterable[int], size: int = 10, cost_s: float = 1.0) -> None:
    for key in keys:
        pool.get_or_compute(key, lambda: size, cost_s)


def loop(pool: CachePool, keys: int, turns: int = 6) -> None:
    for _ in range(turns):
        ask(pool, range(keys))


def test_a_shadow_saves_what_a_pool_of_its_size_saves() -> None:
    shadow, pool = Shadow(300), CachePool("data_cache", 300, ExactLedger(300), weigh=int)
    requests = [(key * key + turn) % 61 for turn in range(5) for key in range(97)]
    for key in requests:
        shadow.request(key, 5 + key, 2.0)
        pool.get_or_compute(key, partial(int, 5 + key), 2.0)

    assert shadow.saved_s == pool.stats().saved_s > 0


def test_a_curve_never_falls_far_and_starts_at_nothing() -> None:
    curve = Curve(TOTAL)
    for turn in range(5):
        for key in range(120):
            curve.watch(key, 10 + turn % 2, 1.0)
    seen = curve.look()

    assert len(seen) == STEPS + 1
    assert seen[0] == 0.0
    assert seen[-1] >= 4 * 120
    assert curve.look()[-1] < seen[-1], "old savings fade"


def test_a_sample_of_many_keys_tells_nearly_what_all_tell() -> None:
    total = 10 * 20 * KEYS
    sampled, whole = Curve(total), Curve(total, most_keys=1 << 30)
    for _ in range(3):
        for key in range(10 * KEYS):
            sampled.watch(key, 10, 1.0)
            whole.watch(key, 10, 1.0)
    seen, truth = sampled.look(), whole.look()

    assert len(sampled._shadows[-1].nodes) <= KEYS
    assert len(whole._shadows[-1].nodes) == 10 * KEYS
    assert seen[-1] == pytest.approx(truth[-1], rel=0.15)
    assert seen[STEPS // 4] == pytest.approx(truth[STEPS // 4], abs=0.15 * truth[-1])


def test_bytes_go_where_they_save_most_and_come_back_when_roles_change() -> None:
    one, other = two_pools(ExactLedger(TOTAL))
    balancer = Balancer([one, other])
    loop(one, 150)
    loop(other, 20)
    assert balancer.rebalance() > 0
    assert one.capacity_bytes >= 1500
    assert one.capacity_bytes + other.capacity_bytes == TOTAL
    for _ in range(8):
        loop(one, 20)
        loop(other, 150)
        balancer.rebalance()

    assert other.capacity_bytes >= 1500
    assert one.capacity_bytes + other.capacity_bytes == TOTAL


def test_dear_values_get_the_bytes_of_cheap_ones() -> None:
    one, other = two_pools(ExactLedger(TOTAL))
    balancer = Balancer([one, other])
    for _ in range(6):
        ask(one, range(180), cost_s=1.0)
        ask(other, range(180), cost_s=100.0)
    balancer.rebalance()

    assert other.capacity_bytes >= 1800


def test_nothing_moves_without_a_reason() -> None:
    one, other = two_pools(ExactLedger(TOTAL))
    balancer = Balancer([one, other])
    assert balancer.rebalance() == 0
    loop(one, 80)
    loop(other, 80)
    assert balancer.rebalance() == 0

    assert one.capacity_bytes == other.capacity_bytes == TOTAL // 2


def test_what_is_pinned_is_not_given_away() -> None:
    ledger = ExactLedger(TOTAL)
    one, other = two_pools(ledger)
    balancer = Balancer([one, other])
    with other.pinned("pinned", lambda: 900):
        loop(one, 180)
        balancer.rebalance()
        assert other.capacity_bytes >= 900
        assert other.find("pinned") == 900

    assert one.capacity_bytes + other.capacity_bytes == TOTAL
    assert ledger.peak_bytes <= TOTAL


def test_the_real_ledger_moves_its_bytes_along() -> None:
    manager = MemoryManager({"transformer_cache": TOTAL // 2, "data_cache": TOTAL // 2})
    one, other = two_pools(manager)
    balancer = Balancer([one, other], move=manager.move)
    loop(one, 150)
    loop(other, 20)
    held = manager.lease(100, "something else", pool="data_cache")
    balancer.rebalance()
    for pool in (one, other):
        assert manager.pools[pool.name].capacity_bytes == pool.capacity_bytes
    loop(one, 150)

    assert manager.capacity_bytes == TOTAL
    assert manager.pools["transformer_cache"].leased_bytes == one.stats().used_bytes > TOTAL // 2
    held.release()


def test_three_pools_share_and_each_keeps_a_step() -> None:
    names = ("transformer_cache", "data_cache", "quantum_state_cache")
    ledger = ExactLedger(TOTAL)
    pools = [CachePool(name, TOTAL // 3, ledger, weigh=int) for name in names]
    total = 3 * (TOTAL // 3)
    balancer = Balancer(pools)
    loop(pools[1], 150)
    balancer.rebalance()

    assert sum(pool.capacity_bytes for pool in pools) == total
    assert pools[1].capacity_bytes > total // 2
    assert min(pool.capacity_bytes for pool in pools) >= total // STEPS


def test_shares_of_equal_curves_use_all_steps() -> None:
    assert sum(best_shares([[0.0] * 21, [0.0] * 21], 20)) == 20
    assert best_shares([[0, 1, 1, 1, 1], [0, 0, 0, 5, 5]], 4) == [1, 3]


def test_pools_go_on_while_they_are_balanced() -> None:
    ledger = ExactLedger(TOTAL)
    pools = two_pools(ledger)
    balancer = Balancer(pools)
    with ThreadPoolExecutor(4) as threads:
        loops = [threads.submit(loop, pool, 150, 30) for pool in pools for _ in range(2)]
        while not all(one.done() for one in loops):
            balancer.rebalance()
        for one in loops:
            one.result()

    assert sum(pool.capacity_bytes for pool in pools) == TOTAL
    assert ledger.peak_bytes <= TOTAL
    assert ledger.leased_bytes == sum(pool.stats().used_bytes for pool in pools)
