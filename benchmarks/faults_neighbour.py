"""An outside process takes 20 % of the RAM of a group that caches fill, holds it for half a minute, and leaves.

Both run in one control group of 2 GiB. planroom fills a cache pool with real bytes, up to where its guard would stop it
from growing, and keeps asking for values. The taker touches every byte it takes: all at once, or in ten steps.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from control_groups import hear, open_group, start
from faults_figures import Figure
from planroom.memory.machine import usage

LIMIT_BYTES: Final = 2 << 30
TAKEN: Final = 0.2  # of the limit
HOLD_S: Final = 30
WATCH_S: Final = 25  # after the taker left
MOST_SHORT_S: Final = 1.0
_VALUE_BYTES: Final = 2 << 20
_EVERY_S: Final = 0.005
_SETTLE_S: Final = 1.0


class Course(NamedTuple):
    """How the RAM is taken. planned: of the limit, for the cache; filled: of that, when the taker comes."""

    name: str
    steps: int = 1
    planned: float = 0.86
    filled: float = 1.0
    spills: bool = False


COURSES: Final = (
    Course("at once"),
    Course("in ten steps", steps=10),
    Course("at once, cache not full", planned=0.95, filled=0.88),
    Course("at once, values spill", spills=True),
)


def figures() -> Iterator[Figure]:
    """The figures of each course."""
    for course in COURSES:
        with open_group(LIMIT_BYTES) as group, tempfile.TemporaryDirectory() as folder:
            yield from _watched(course, group, folder)


def _watched(course: Course, group: Path, folder: str) -> Iterator[Figure]:
    spill = folder if course.spills else ""
    holder = start("faults_neighbour:hold", course.planned, course.filled, spill, group=group)
    hear(holder)
    time.sleep(_SETTLE_S)
    before = usage(group).real_bytes
    taker = start("faults_neighbour:take", course.steps, group=group)
    real: list[tuple[float, int]] = []
    while taker.poll() is None:
        real.append((time.monotonic(), usage(group).real_bytes))
        time.sleep(_EVERY_S)
    left_s = time.monotonic()
    time.sleep(WATCH_S)
    told = holder.communicate("\n")[0] if holder.poll() is None else ""
    taken = json.loads((taker.communicate()[0].splitlines() or ["[]"])[-1])
    say = f"{course.name}: "
    yield Figure(f"{say}free before", _free(before), "%")
    yield Figure(f"{say}all was taken after", taken[-1] - taken[0] if taken else 0.0, "s")
    yield Figure(f"{say}least free", _free(max(held for _, held in real)), "%")
    yield Figure(f"{say}longest time short of memory", _longest_short_s(real), "s", most=MOST_SHORT_S)
    yield Figure(f"{say}kills by the kernel", usage(group).oom_kills, most=0)
    yield Figure(f"{say}processes that ended badly", (taker.returncode != 0) + (holder.returncode != 0), most=0)
    if told:
        yield from _told(say, json.loads(told), left_s)


def _free(held_bytes: int) -> float:
    return 100 * (1 - held_bytes / LIMIT_BYTES)


def _longest_short_s(real: list[tuple[float, int]]) -> float:
    """The longest that less than the guard's lower limit was free."""
    from planroom.memory.guard import LOW

    longest_s = 0.0
    for short, samples in groupby(real, lambda one: one[1] > (1 - LOW) * LIMIT_BYTES):
        times = [at for at, _ in samples]
        longest_s = max(longest_s, times[-1] - times[0] if short else 0.0)
    return longest_s


def _told(say: str, told: dict[str, Any], left_s: float) -> Iterator[Figure]:
    """What the guard did, as planroom's process tells it."""
    from planroom.memory.guard import HOLD_S as REST_S

    moves: list[tuple[float, str]] = told["moves"]
    back = [at for at, move in moves if move == "back"]
    grown = [at for at, move in moves if move == "grow"]
    turns = [at for (_, one), (at, other) in pairwise(moves) if one != other]
    most = max((sum(at <= other < at + REST_S for other in turns) for at in turns), default=0)
    planned, last = told["planned"], told["course"][-1]
    lowest = min(capacity for _, capacity, _ in told["course"])
    yield Figure(f"{say}steps back", len(back))
    yield Figure(f"{say}capacity given back, of what was planned", 100 * (1 - lowest / planned), "%")
    yield Figure(f"{say}reversals within {REST_S:g} s", most, most=1)
    if grown:
        yield Figure(f"{say}growth began after the last step back", grown[0] - back[-1], "s", least=REST_S)
        yield Figure(f"{say}steps of growth within one second", _most_within(grown, 0.99), most=1)
    yield Figure(
        f"{say}capacity {last[0] - left_s:.0f} s after it left, of what was planned", 100 * last[1] / planned, "%"
    )
    yield Figure(f"{say}filled again, of the capacity", 100 * last[2] / last[1], "%")


def _most_within(times: list[float], seconds: float) -> int:
    return max(sum(at <= other < at + seconds for other in times) for at in times)


# ---- what runs in the group ----------------------------------------------------------------------------------------


def hold(planned: str, filled: str, spill: str) -> None:
    """Fill a cache pool and work on it under a guard until a line comes in, then tell its moves and capacities."""
    import numpy as np

    from planroom.memory.caches.cache import CachePool
    from planroom.memory.caches.entryfile import RawCodec
    from planroom.memory.caches.spill import SpillTier
    from planroom.memory.enforce import own_anonymous_bytes
    from planroom.memory.guard import Guard
    from planroom.memory.manager import WORKING_MEMORY, MemoryManager

    capacity = round(float(planned) * LIMIT_BYTES) - own_anonymous_bytes()
    manager = MemoryManager({WORKING_MEMORY: _VALUE_BYTES, "data_cache": capacity})
    tier = SpillTier(Path(spill) / "spill", LIMIT_BYTES, RawCodec()) if spill else None
    pool = CachePool("data_cache", capacity, manager, spill=tier)
    keys = round(1.5 * capacity / _VALUE_BYTES)

    def ask(number: int) -> None:
        pool.get_or_compute(f"value {number}", lambda: np.full(_VALUE_BYTES, number % 251, np.uint8), 1.0)

    for number in range(round(capacity * float(filled)) // _VALUE_BYTES):
        ask(number)
    guard, stop = Guard([pool], manager.pools[WORKING_MEMORY]), threading.Event()
    course: list[tuple[float, int, int]] = []

    def note() -> None:
        while not stop.wait(0.05):
            course.append((time.monotonic(), pool.capacity_bytes, pool.stats().used_bytes))

    def work() -> None:
        draw = random.Random(0)
        while not stop.wait(0.01):
            if pool.stats().used_bytes > 0.95 * pool.capacity_bytes or guard.moves:
                ask(draw.randrange(keys))

    threads = [guard.watch(stop), threading.Thread(target=note), threading.Thread(target=work)]
    for thread in threads[1:]:
        thread.start()
    print("full", flush=True)
    sys.stdin.readline()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"planned": capacity, "moves": guard.moves, "course": course}), flush=True)


def take(steps: str) -> None:
    """Take a share of the limit, touching every byte, hold it, and leave; tells when it began and had each step."""
    number, held = int(steps), []
    times = [time.monotonic()]
    for _ in range(number):
        piece = mmap.mmap(-1, round(TAKEN * LIMIT_BYTES) // number)
        ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(piece)), 1, len(piece))
        held.append(piece)
        times.append(time.monotonic())
        if number > 1:
            time.sleep(1)
    print(json.dumps(times), flush=True)
    time.sleep(HOLD_S)
