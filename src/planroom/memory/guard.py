"""The watch over real memory: caches yield when others take the RAM, and grow back slowly when it is there again.

Two limits with a dead band between: below `LOW` free, caches give back in steps; below `CRITICAL`, no new work is
admitted; above `HIGH`, and only when nothing was given back for `HOLD_S`, they grow in small steps. Each step back that
follows a growth doubles the next hold, so that two programs that share a machine do not swing together. It looks more
often while little is free, for a stranger may take what is left between two looks.

Free is what could be taken without swapping or meeting a limit: page cache counts as free, for it is the kernel's to
drop.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from planroom.memory.machine import CGROUP, PROC, Machine, read_machine
from planroom.memory.pool import Pool

LOW: Final = 0.08  # of all RAM within reach
CRITICAL: Final = 0.04
HIGH: Final = 0.14
EVERY_S: Final = 0.1
SOON_S: Final = 0.02  # between two looks while less than `NEAR` is free
NEAR: Final = 2 * HIGH
HOLD_S: Final = 30.0
_MOST_HOLD_S: Final = 600.0
_BACK: Final = 0.25  # of its capacity that a cache gives back in one step, at most
_BACK_EVERY_S: Final = EVERY_S / 2  # unless memory gets shorter still: what was given back needs a moment to show
_GROWTH: Final = 0.02  # of its planned capacity that it grows by in one step
_GROW_EVERY_S: Final = 1.0
_PRESSURE: Final = 20.0  # per cent of time that some work stood still for memory over ten seconds
_ARENA_MAX: Final = -8  # glibc's numbers of these options
_MMAP_THRESHOLD: Final = -3
Move = Literal["back", "grow", ""]


class Elastic(Protocol):
    """A cache whose capacity may change while it works; a smaller one gives bytes back before `resize` returns."""

    @property
    def capacity_bytes(self) -> int:
        """What it may hold."""

    def resize(self, capacity_bytes: int) -> None:
        """Let it hold so much from now on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """RAM within reach, how much of it is free, and the kernel's pressure (per cent; None where it keeps none)."""

    total_bytes: int
    free_bytes: int
    pressure: float | None = None


def read_memory(root: Path = CGROUP, proc: Path = PROC) -> Reading:
    """What the machine, its control groups and limits leave now."""
    machine = read_machine(root, proc)
    total_bytes = min(machine.physical_bytes, machine.limit_bytes or machine.physical_bytes)
    return Reading(total_bytes, machine.available_bytes, _find_pressure(machine, proc))


def return_to_kernel() -> None:
    """Give free pages of the C allocator back; without it a heap that shrank stays with the process."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none and keeps little
    if trim is not None:
        trim(0)


def keep_few_heaps() -> None:
    """Have threads share two heaps of the C allocator, from those on that start now: each keeps what it once had."""
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(_ARENA_MAX, 2)


def map_large_blocks() -> None:
    """Have the C allocator map each block from 1 MiB on by itself, so that it is the kernel's again when it is freed:
    by default its limit rises with what is freed, up to 32 MiB, and what networks leave behind stays in holes.
    """
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(_MMAP_THRESHOLD, 1 << 20)


class Guard:
    """Keeps caches within what the machine can spare, down to `floor` of what was planned.

    admit: the pool whose requests wait while memory is critical. read, give_back, clock: replaced in tests. One thread
    steps it; `watch` starts one.
    """

    def __init__(
        self,
        caches: Iterable[Elastic],
        admit: Pool,
        *,
        floor: float = 0.05,
        read: Callable[[], Reading] = read_memory,
        give_back: Callable[[], None] = return_to_kernel,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._caches = [(cache, cache.capacity_bytes) for cache in caches]
        self._admit = admit
        self._floor = floor
        self._read = read
        self._give_back = give_back
        self._clock = clock
        self._hold_s = HOLD_S
        self._last_back_s = self._last_grow_s = -_MOST_HOLD_S
        self._free_at_back = 0.0
        self.next_look_s = EVERY_S
        self.moves: list[tuple[float, Move]] = []  # when it gave back or grew, the latest thousand
        self.moved: dict[Move, int] = {"back": 0, "grow": 0}  # how often, since it was made

    def step(self) -> Move:
        """Look once, and do at most one thing about it; returns what was done."""
        seen = self._read()
        free = seen.free_bytes / seen.total_bytes
        self.next_look_s = SOON_S if free < NEAR else EVERY_S
        self._admit.pause(free < CRITICAL)
        pressed = seen.pressure is not None and seen.pressure > _PRESSURE and free < HIGH
        now_s = self._clock()
        if free < LOW or pressed:
            if now_s - self._last_back_s < _BACK_EVERY_S and free >= self._free_at_back:
                return ""
            self._free_at_back = free
            wanted = round((LOW + HIGH) / 2 * seen.total_bytes) - seen.free_bytes
            return self._shrink(max(wanted, round(_GROWTH * seen.total_bytes)), now_s)
        rested = now_s - self._last_back_s > self._hold_s and now_s - self._last_grow_s >= _GROW_EVERY_S
        if free > HIGH and rested:
            return self._grow(seen.free_bytes - round(HIGH * seen.total_bytes), now_s)
        return ""

    def watch(self, stop: threading.Event) -> threading.Thread:
        """A thread that steps every `next_look_s` until `stop` is set; a look that the system refuses is left out."""

        def steps() -> None:
            while not stop.wait(self.next_look_s):
                with suppress(OSError):  # the kernel may lack the memory to tell how much there is
                    self.step()

        thread = threading.Thread(target=steps, name="planroom-guard", daemon=True)
        thread.start()
        return thread

    def _shrink(self, wanted_bytes: int, now_s: float) -> Move:
        held = sum(cache.capacity_bytes for cache, _ in self._caches)
        moved = False
        for cache, planned in self._caches:
            share = wanted_bytes * cache.capacity_bytes // max(held, 1)
            step = min(max(share, 0), round(_BACK * cache.capacity_bytes))
            smaller = max(cache.capacity_bytes - step, round(self._floor * planned))
            if smaller < cache.capacity_bytes:
                cache.resize(smaller)
                moved = True
        if not moved:
            return ""
        self._give_back()
        if self._last_grow_s > self._last_back_s:
            self._hold_s = min(2 * self._hold_s, _MOST_HOLD_S)
        self._last_back_s = now_s
        return self._note(now_s, "back")

    def _grow(self, spare_bytes: int, now_s: float) -> Move:
        moved = False
        for cache, planned in self._caches:
            step = min(round(_GROWTH * planned), spare_bytes, planned - cache.capacity_bytes)
            if step > 0:
                cache.resize(cache.capacity_bytes + step)
                spare_bytes -= step
                moved = True
        if not moved:
            return ""
        self._last_grow_s = now_s
        return self._note(now_s, "grow")

    def _note(self, now_s: float, move: Move) -> Move:
        self.moves = [*self.moves[-999:], (now_s, move)]
        self.moved[move] += 1
        return move


def _find_pressure(machine: Machine, proc: Path) -> float | None:
    """Per cent of the last ten seconds in which some work within reach stood still for memory.

    That of the group, which only v2 keeps. That of the whole machine is ours only where no group's limit holds us: work
    that stands still in a tight group of its own takes nothing from us.
    """
    own = machine.cgroup_path / "memory.pressure" if machine.cgroup_path else None
    if own is None or not own.exists():
        if machine.group_limit_bytes is not None:
            return None
        own = proc / "pressure/memory"
    try:
        words = own.read_text().split()
    except OSError:  # a kernel without it, or one that keeps it to itself
        return None
    return next((float(word.removeprefix("avg10=")) for word in words if word.startswith("avg10=")), None)
