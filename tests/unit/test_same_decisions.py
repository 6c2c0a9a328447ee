"""The same machine told by every layout of control groups: what is read, planned, granted and moved is the same."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from planroom.errors import BudgetRefused
from planroom.memory import turns
from planroom.memory.guard import Guard, read_memory
from planroom.memory.machine import Machine, read_machine, usage
from planroom.memory.manager import Lease, MemoryManager
from planroom.memory.plans.plan import Plan, Refusal
from planroom.memory.plans.planner import plan_memory
from planroom.memory.pool import Pool

MIB = 1 << 20
GIB = 1 << 30
LAYOUTS = ("v1", "v2", "hybrid, memory in v1", "hybrid, memory in v2")
NO_LIMIT = 9223372036854771712  # as v1 writes it
V1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
PIDS = "36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
V2 = "41 31 0:38 / /sys/fs/cgroup{} rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


@dataclass(frozen=True)
class Figures:
    """What a group and its descendants use and may use, whatever the layout calls it. cache_bytes: files' pages."""

    limit_bytes: int | None
    anonymous_bytes: int
    shared_bytes: int
    cache_bytes: int
    peak_bytes: int = 1800 * MIB
    oom_kills: int = 2


SERVICE = Figures(limit_bytes=4 * GIB, anonymous_bytes=1200 * MIB, shared_bytes=100 * MIB, cache_bytes=900 * MIB)
OURS = Figures(limit_bytes=2 * GIB, anonymous_bytes=300 * MIB, shared_bytes=20 * MIB, cache_bytes=500 * MIB)


class Host:
    """A folder that stands in for a machine of 8 GiB; this process runs in `service/ours`."""

    def __init__(self, folder: Path, layout: str, ours: Figures = OURS):
        self.root, self.proc = folder / "cgroup", folder / "proc"
        self.written: dict[Path, str] = {}
        self.older = layout in ("v1", "hybrid, memory in v1")
        mounts, groups, below = {
            "v1": (V1 + PIDS, "4:memory:/service/ours\n3:pids:/\n", "memory"),
            "v2": (V2.format(""), "0::/service/ours\n", ""),
            "hybrid, memory in v1": (PIDS + V1 + V2.format("/unified"), "4:memory:/service/ours\n0::/\n", "memory"),
            "hybrid, memory in v2": (PIDS + V2.format("/unified"), "3:pids:/\n0::/service/ours\n", "unified"),
        }[layout]
        self.top = self.root / below
        (self.proc / "self").mkdir(parents=True)
        (self.proc / "meminfo").write_text("MemTotal: 8388608 kB\nMemFree: 1000 kB\nMemAvailable: 6291456 kB\n")
        (self.proc / "self/cgroup").write_text(groups)
        (self.proc / "self/mountinfo").write_text("23 1 254:0 / / rw - ext4 /dev/root rw\n" + mounts)
        if self.older:
            self.write("", Figures(None, 1500 * MIB, 100 * MIB, 1000 * MIB))  # v2 tells nothing of its root
        self.write("service", SERVICE)
        self.write("service/ours", ours)

    def write(self, group: str, figures: Figures) -> None:
        folder = self.top / group
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (v1_files if self.older else v2_files)(figures):
            if self.written.get(folder / name) != text:
                self.written[folder / name] = text
                (folder / name).unlink(missing_ok=True)  # some file systems flush what is truncated
                (folder / name).write_text(text)

    def read(self) -> Machine:
        return read_machine(self.root, self.proc)


def v1_files(figures: Figures) -> Iterator[tuple[str, str]]:
    """The `total_` lines count descendants; a process in none of them has nothing but the others. Cache holds shmem."""
    yield "memory.limit_in_bytes", f"{figures.limit_bytes or NO_LIMIT}\n"
    yield "memory.max_usage_in_bytes", f"{figures.peak_bytes}\n"
    yield "memory.oom_control", f"oom_kill_disable 0\nunder_oom 0\noom_kill {figures.oom_kills}\n"
    half = figures.cache_bytes // 2
    yield (
        "memory.stat",
        f"cache 1\nrss 1\nshmem 1\nhierarchical_memory_limit {figures.limit_bytes or NO_LIMIT}\n"
        f"total_cache {figures.cache_bytes + figures.shared_bytes}\ntotal_rss {figures.anonymous_bytes}\n"
        f"total_shmem {figures.shared_bytes}\n"
        f"total_inactive_file {half}\ntotal_active_file {figures.cache_bytes - half}\n",
    )


def v2_files(figures: Figures) -> Iterator[tuple[str, str]]:
    """Every line counts descendants; `file` holds shmem. Pressure, which v1 does not tell, is none."""
    yield "memory.max", "max\n" if figures.limit_bytes is None else f"{figures.limit_bytes}\n"
    yield "memory.peak", f"{figures.peak_bytes}\n"
    yield "memory.events", f"low 0\nhigh 0\nmax 7\noom 3\noom_kill {figures.oom_kills}\n"
    yield "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    yield (
        "memory.stat",
        f"anon {figures.anonymous_bytes}\nfile {figures.cache_bytes + figures.shared_bytes}\nkernel 4096\n"
        f"shmem {figures.shared_bytes}\n",
    )


@pytest.fixture
def hosts(tmp_path: Path) -> list[Host]:
    return [Host(tmp_path / layout, layout) for layout in LAYOUTS]


# ---- what is read, and planned from it -------------------------------------------------------------------------------


def test_the_layouts_are_told_apart_and_read_the_same(hosts: list[Host]) -> None:
    machines = [host.read() for host in hosts]
    nameless = {replace(machine, cgroup="none", cgroup_path=None) for machine in machines}

    assert [machine.cgroup for machine in machines] == ["v1", "v2", "hybrid", "hybrid"]
    assert [machine.cgroup_path for machine in machines] == [host.top / "service/ours" for host in hosts]
    assert len(nameless) == 1
    machine = nameless.pop()
    assert (machine.physical_bytes, machine.group_limit_bytes) == (8 * GIB, 2 * GIB)
    assert machine.available_bytes == (2048 - 320) * MIB


def test_a_tighter_ancestor_is_found_in_every_layout(hosts: list[Host]) -> None:
    for host in hosts:
        host.write("service", replace(SERVICE, limit_bytes=1400 * MIB))

    found = {(machine.group_limit_bytes, machine.available_bytes) for machine in (host.read() for host in hosts)}
    assert found == {(1400 * MIB, 100 * MIB)}


def test_usage_is_the_same(hosts: list[Host]) -> None:
    used = {usage(host.top / "service/ours") for host in hosts}

    assert len(used) == 1
    ours = used.pop()
    assert (ours.anonymous_bytes, ours.shared_bytes, ours.cache_bytes) == (300 * MIB, 20 * MIB, 500 * MIB)
    assert (ours.peak_bytes, ours.oom_kills) == (1800 * MIB, 2)


@pytest.mark.parametrize(("limit_bytes", "kind"), [(2 * GIB, Plan), (200 * MIB, Refusal)])
def test_the_plan_is_the_same(hosts: list[Host], limit_bytes: int, kind: type) -> None:
    plans = []
    for host in hosts:
        host.write("service/ours", replace(OURS, limit_bytes=limit_bytes))
        found_bytes = host.read().limit_bytes
        assert found_bytes is not None
        plans.append(plan_memory(found_bytes, quantum=False, scope="process"))

    assert all(plan.as_json() == plans[0].as_json() for plan in plans)
    assert isinstance(plans[0], kind)
    assert plans[0].total_bytes == limit_bytes


# ---- what is granted -------------------------------------------------------------------------------------------------

How = Literal["waits", "now or never", "too large"]
Event = tuple[str, int]


class Request(NamedTuple):
    """A recorded request, and how many leases end before it comes."""

    size_bytes: int
    how: How
    ended: int


def recorded(count: int = 1000) -> list[Request]:
    dice = random.Random(20261123)
    hows: tuple[How, ...] = ("waits", "now or never", "too large")
    return [
        Request(dice.randint(60, 600) * 1_000_000, dice.choices(hows, (16, 3, 1))[0], dice.choice((0, 0, 1, 1, 2)))
        for _ in range(count)
    ]


async def replay(ledger: MemoryManager, requests: list[Request]) -> list[Event]:
    """What became of every request, and when which lease ended, in order."""
    events: list[Event] = []
    held: list[tuple[int, Lease]] = []
    waiting: list[asyncio.Task[None]] = []
    pool = ledger.pools["working_memory"]

    async def ask(number: int, size_bytes: int) -> None:
        lease = await pool.lease_async(size_bytes, "sheet")
        events.append(("granted", number))
        held.append((number, lease))

    async def settle() -> None:
        for _ in range(10):  # a grant takes fewer rounds than that to arrive
            await asyncio.sleep(0)

    async def end_one() -> None:
        number, lease = held.pop(0)
        lease.release()
        events.append(("ended", number))
        await settle()

    for number, request in enumerate(requests):
        for _ in range(min(request.ended, len(held))):
            await end_one()
        if request.how == "waits":
            waiting.append(asyncio.ensure_future(ask(number, request.size_bytes)))
            await settle()
            if not waiting[-1].done():
                events.append(("waits", number))
            continue
        try:
            size_bytes = request.size_bytes + (ledger.capacity_bytes if request.how == "too large" else 0)
            held.append((number, pool.lease(size_bytes, "sheet", wait_s=0)))
            events.append(("granted", number))
        except BudgetRefused as error:
            events.append(("refused, come back" if error.retry_s else "refused", number))
    while held:
        await end_one()
    await asyncio.gather(*waiting)
    return events


def decide(host: Host) -> list[Event]:
    limit_bytes = host.read().limit_bytes
    assert limit_bytes is not None
    return asyncio.run(replay(MemoryManager(limit_bytes), recorded()))


@pytest.fixture
def without_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow run must not make anybody's patience end."""
    monkeypatch.setattr(turns, "PATIENCE_S", 1e9)


@pytest.mark.usefixtures("without_clock")
def test_a_recorded_sequence_is_decided_the_same(hosts: list[Host]) -> None:
    decided = [decide(host) for host in hosts]
    counts = Counter(what for what, _ in decided[0])
    refused = counts["refused"] + counts["refused, come back"]

    assert all(events == decided[0] for events in decided)
    assert counts["granted"] + refused == 1000
    assert counts["ended"] == counts["granted"]
    assert min(counts["waits"], counts["granted"], counts["refused, come back"], counts["refused"]) > 20


@pytest.mark.usefixtures("without_clock")
def test_the_limit_is_what_decides(tmp_path: Path) -> None:
    tight = Host(tmp_path / "tight", "v2", replace(OURS, limit_bytes=GIB))
    wide = Host(tmp_path / "wide", "v2")

    assert decide(tight) != decide(wide)


# ---- what the guard does ---------------------------------------------------------------------------------------------


class Cache:
    """A cache that fills whatever it may hold."""

    def __init__(self, capacity_bytes: int):
        self.capacity_bytes = capacity_bytes

    def resize(self, capacity_bytes: int) -> None:
        self.capacity_bytes = capacity_bytes


def course() -> list[int]:
    """What strangers in our group take, every half second for three minutes: calm, a surge, nearly all, calm again."""
    dice = random.Random(20261123)
    levels = [300] * 20 + [1100] * 40 + [1950] * 30 + [200] * 270
    return [level * MIB + dice.randrange(20 * MIB) for level in levels]


def watch(host: Host) -> list[tuple[str, bool, int]]:
    """Of each step the guard's move, whether work is admitted, and what the caches hold after it."""
    caches = [Cache(500 * MIB), Cache(300 * MIB)]
    pool = Pool(1000)
    clock_s = 0.0
    guard = Guard(
        caches, pool, read=partial(read_memory, host.root, host.proc), give_back=lambda: None, clock=lambda: clock_s
    )
    steps: list[tuple[str, bool, int]] = []
    for strangers_bytes in course():
        held_bytes = sum(cache.capacity_bytes for cache in caches)
        host.write("service/ours", replace(OURS, anonymous_bytes=held_bytes + strangers_bytes))
        move = guard.step()
        steps.append((move, admits(pool), sum(cache.capacity_bytes for cache in caches)))
        clock_s += 0.5
    return steps


def admits(pool: Pool) -> bool:
    try:
        pool.lease(1, "new work", wait_s=0).release()
    except BudgetRefused:
        return False
    return True


def test_the_guard_moves_the_same(hosts: list[Host]) -> None:
    courses = [watch(host) for host in hosts]

    assert all(steps == courses[0] for steps in courses)
    moves = [move for move, _, _ in courses[0]]
    assert min(moves.count("back"), moves.count("grow"), moves.count("")) > 5
    assert {admitted for _, admitted, _ in courses[0]} == {True, False}
    assert courses[0][-1][2] > min(held for _, _, held in courses[0])
