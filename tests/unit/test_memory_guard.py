"""Caches that yield when others take the RAM, watched with made-up readings and a made-up clock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from planroom.errors import BudgetRefused
from planroom.memory.guard import EVERY_S, HIGH, HOLD_S, LOW, NEAR, SOON_S, Guard, Reading, read_memory
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


def test_it_looks_sooner_again_while_little_is_free() -> None:
    scene = Scene(500_000, strangers=0)
    scene.guard.step()
    assert scene.guard.next_look_s == EVERY_S
    scene.strangers = round(TOTAL * (1 - NEAR)) - 500_000 + 1
    scene.guard.step()
    assert scene.guard.next_look_s == SOON_S
    scene.strangers = 0
    scene.guard.step()

    assert scene.guard.next_look_s == EVERY_S


def test_what_was_given_back_gets_a_moment_to_show() -> None:
    scene = Scene(500_000)
    seen = [Reading(TOTAL, 50_000)]
    guard = Guard(scene.caches, scene.pool, read=lambda: seen[-1], give_back=lambda: None, clock=lambda: scene.now_s)
    assert guard.step() == "back"
    after_one = scene.caches[0].capacity_bytes
    scene.now_s += SOON_S
    assert guard.step() == ""
    assert scene.caches[0].capacity_bytes == after_one
    seen.append(Reading(TOTAL, 49_999))
    assert guard.step() == "back", "memory got shorter still"
    scene.now_s += EVERY_S

    assert guard.step() == "back", "it had its moment"


def test_the_watch_goes_on_after_a_look_that_the_system_refused() -> None:
    scene, looks, moved, stop = Scene(500_000, strangers=450_000), [0], threading.Event(), threading.Event()

    def read() -> Reading:
        looks[0] += 1
        if looks[0] < 3:
            raise OSError(12, "Cannot allocate memory")
        return scene.read()

    guard = Guard(scene.caches, scene.pool, read=read, give_back=moved.set)
    thread = guard.watch(stop)
    found = moved.wait(30)
    stop.set()
    thread.join()

    assert found
    assert guard.moved["back"] >= 1


def machine_in(folder: Path, *, v2: bool, limited: bool) -> tuple[Path, Path]:
    """A folder each for /sys/fs/cgroup and /proc: a group within 8 GiB, some work of the machine short of memory."""
    root, proc = folder / "cgroup", folder / "proc"
    group = root / ("ours" if v2 else "memory/ours")
    group.mkdir(parents=True)
    (proc / "self").mkdir(parents=True)
    (proc / "pressure").mkdir()
    (proc / "meminfo").write_text("MemTotal: 8388608 kB\nMemFree: 1000 kB\nMemAvailable: 6291456 kB\n")
    (proc / "pressure/memory").write_text("some avg10=60.00 avg60=50.00 avg300=9.00 total=1\nfull avg10=1.00\n")
    (proc / "self/cgroup").write_text("0::/ours\n" if v2 else "4:memory:/ours\n")
    kind = "- cgroup2 cgroup2 rw" if v2 else "- cgroup cgroup rw,memory"
    point = "/sys/fs/cgroup" if v2 else "/sys/fs/cgroup/memory"
    (proc / "self/mountinfo").write_text(f"35 31 0:32 / {point} rw,relatime {kind}\n")
    if v2:
        (group / "memory.max").write_text("2147483648\n" if limited else "max\n")
        (group / "memory.stat").write_text("anon 1000\nfile 0\nshmem 0\n")
        (group / "memory.pressure").write_text("some avg10=3.50 avg60=0.00 avg300=0.00 total=1\n")
    else:
        (group / "memory.limit_in_bytes").write_text("2147483648\n" if limited else "9223372036854771712\n")
        (group / "memory.stat").write_text("total_cache 0\ntotal_rss 1000\ntotal_shmem 0\n")
    return root, proc


@pytest.mark.parametrize("limited", [False, True])
def test_pressure_is_that_of_the_own_group_where_the_kernel_tells_it(tmp_path: Path, limited: bool) -> None:
    assert read_memory(*machine_in(tmp_path, v2=True, limited=limited)).pressure == 3.5


def test_pressure_of_others_is_not_ours_under_a_limit_of_our_own(tmp_path: Path) -> None:
    assert read_memory(*machine_in(tmp_path, v2=False, limited=True)).pressure is None


def test_pressure_of_the_machine_is_ours_where_nothing_limits_us(tmp_path: Path) -> None:
    assert read_memory(*machine_in(tmp_path, v2=False, limited=False)).pressure == 60.0


def test_this_machine_can_be_read() -> None:
    seen = read_memory()

    assert 0 < seen.free_bytes <= seen.total_bytes
