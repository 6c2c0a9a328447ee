"""Caches that yield when others take the RAM, watched with made-up readings and a made-up clock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise

import pytest

from planroom.errors import BudgetRefused
from planroom.memory.guard import EVERY_S, HIGH, HOLD_S, LOW, Guard, Reading, read_memory
from planroom.memory.pool import Pool

TOTAL = 1_000_000


class Cache:
    """A cache that fills whatever it may hold."""

    def __init__(self, capacity_bytes: int):
        self.capacity_bytes = capacity_bytes

    def resize(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes


class Scene:
    """A machine with caches and strangers; free is what neither holds."""

    def __init__(self, *sizes: int, strangers: int = 0):
        self.caches = [Cache(size) for size in sizes]
        self.strangers = strangers
        self.pressure: float | None = None
        self.now_s = 0.0
        self.given_back = 0
        self.pool = Pool(1000)
        self.guard = Guard(self.caches, self.pool, read=self.read, give_back=self.give_back, clock=lambda: self.now_s)

    def read(self) -> Reading:
        held = sum(cache.capacity_bytes for cache in self.caches)
        return Reading(TOTAL, TOTAL - held - self.strangers, self.pressure)

    def give_back(self) -> None:
        self.given_back += 1

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / EVERY_S)):
            self.guard.step()
            self.now_s += EVERY_S

    @property
    def free(self) -> float:
        return self.read().free_bytes / TOTAL


def reversals(moves: Sequence[tuple[float, str]]) -> list[float]:
    """When it turned from giving back to growing, or the other way."""
    return [at for (_, before), (at, after) in pairwise(moves) if before != after]


def test_caches_yield_within_a_second_what_a_stranger_takes() -> None:
    scene = Scene(400_000, 300_000, strangers=100_000)
    scene.run(5)
    assert scene.guard.moves == []

    scene.strangers += 200_000
    scene.run(1)

    assert scene.free >= LOW
    assert scene.given_back > 0
    assert all(cache.capacity_bytes > 0 for cache in scene.caches)


def test_they_grow_back_slowly_and_stop_short_of_the_limit() -> None:
    scene = Scene(400_000, 300_000, strangers=300_000)
    scene.run(2)
    low = sum(cache.capacity_bytes for cache in scene.caches)
    scene.strangers = 0
    scene.run(HOLD_S - 3)
    assert sum(cache.capacity_bytes for cache in scene.caches) == low

    scene.run(300)
    assert [cache.capacity_bytes for cache in scene.caches] == [400_000, 300_000]
    assert len(reversals(scene.guard.moves)) == 1


@pytest.mark.parametrize("period_s", [3, 10, 45])
def test_a_stranger_that_comes_and_goes_does_not_make_them_swing(period_s: int) -> None:
    scene = Scene(400_000, 300_000, strangers=100_000)
    for k in range(1200 // period_s):
        scene.strangers = 300_000 if k % 2 else 100_000
        scene.run(period_s)

    turns = reversals(scene.guard.moves)
    within = [sum(start <= at < start + 30 for at in turns) for start in turns]
    assert max(within) <= 2
    assert sum(count > 1 for count in within) <= len(turns) // 2


def test_nothing_moves_between_the_limits() -> None:
    scene = Scene(500_000, strangers=round(TOTAL * (1 - (LOW + HIGH) / 2)) - 500_000)
    scene.run(120)

    assert scene.guard.moves == []


def test_pressure_counts_where_room_is_short() -> None:
    scene = Scene(500_000, strangers=round(TOTAL * (1 - (LOW + HIGH) / 2)) - 500_000)
    scene.pressure = 50.0

    assert scene.guard.step() == "back"


def test_no_new_work_while_memory_is_critical() -> None:
    scene = Scene(10_000, strangers=980_000)
    scene.guard.step()
    with pytest.raises(BudgetRefused):
        scene.pool.lease(1, "new work", wait_s=0)

    got = []
    thread = threading.Thread(target=lambda: got.append(scene.pool.lease(1, "waits")))
    thread.start()
    while scene.pool.waiting < 1:
        thread.join(0.001)
    scene.strangers = 0
    scene.guard.step()
    thread.join(10)

    assert got[0].size_bytes == 1


def test_caches_keep_a_floor() -> None:
    scene = Scene(100_000, strangers=2 * TOTAL)
    scene.run(20)

    assert scene.caches[0].capacity_bytes == 5_000


def test_this_machine_can_be_read() -> None:
    seen = read_memory()

    assert 0 < seen.free_bytes <= seen.total_bytes
