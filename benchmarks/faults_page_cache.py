"""A group full of cached file pages: whether bytes that the ledger has are granted, can be used, and move no guard.

A process of the group reads, or writes, a file twice as large as the limit, over and over. planroom's process beside it
leases all that its plan gives, touches every byte, gives it back, and begins anew, under a guard on real memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from control_groups import hear, open_group, start
from faults_figures import Figure
from planroom.memory.machine import usage

LIMIT_BYTES: Final = 512 << 20
FULL: Final = 0.97  # of the limit, with cached pages
ROUNDS: Final = 10
_PIECE_BYTES: Final = 8 << 20
_CHUNK: Final = 1 << 20
_SPARE_BYTES: Final = 16 << 20  # what the interpreter and its threads may grow by
_FILL_S: Final = 120.0
_DISK: Final = "/var/tmp"  # /tmp may be RAM, whose pages are no cache


def figures() -> Iterator[Figure]:
    """The figures, with pages that are read and with pages that are written."""
    for way in ("read", "write"):
        with open_group(LIMIT_BYTES) as group, tempfile.TemporaryDirectory(dir=_DISK) as folder:
            yield from _used(way, group, Path(folder) / "file")


def _used(way: str, group: Path, file: Path) -> Iterator[Figure]:
    start("faults_page_cache:fill", way, file, group=group)
    until_s = time.monotonic() + _FILL_S
    while _charged(group) < FULL * LIMIT_BYTES and time.monotonic() < until_s:
        time.sleep(0.05)
    filled = usage(group)
    worker = start("faults_page_cache:work", group=group)
    least = filled.cache_bytes
    while worker.poll() is None:
        least = min(least, usage(group).cache_bytes)
        time.sleep(0.05)
    told: dict[str, Any] = json.loads(hear(worker)) if worker.returncode == 0 else {}
    say = f"pages {'read' if way == 'read' else 'written'}: "
    yield Figure(f"{say}limit", LIMIT_BYTES / _CHUNK, "MiB")
    yield Figure(f"{say}page cache before", filled.cache_bytes / _CHUNK, "MiB")
    yield Figure(f"{say}page cache at its least while the leases were used", least / _CHUNK, "MiB")
    yield Figure(f"{say}processes that ended badly", worker.returncode != 0, most=0)
    yield Figure(f"{say}kills by the kernel", usage(group).oom_kills, most=0)
    if told:
        yield Figure(f"{say}RAM there by the ledger's reading, of the limit", told["there"], "%", least=90)
        yield Figure(f"{say}leased and touched in each of {ROUNDS} rounds", told["touched"] / _CHUNK, "MiB")
        yield Figure(f"{say}leases asked for", told["asked"])
        yield Figure(f"{say}leases refused", told["refused"], most=0)
        yield Figure(f"{say}moves of the guard", told["moves"], most=0)


def _charged(group: Path) -> int:
    """All bytes that count against the limit."""
    for name in ("memory.usage_in_bytes", "memory.current"):
        if (group / name).exists():
            return int((group / name).read_text())
    return 0


# ---- what runs in the group ----------------------------------------------------------------------------------------


def fill(way: str, path: str) -> None:
    """Write a file twice as large as the limit, then read it, or write it again, for ever."""
    chunk = bytearray(_CHUNK)
    with Path(path).open("wb+", buffering=0) as file:
        while True:
            file.seek(0)
            for _ in range(2 * LIMIT_BYTES // _CHUNK):
                file.write(chunk)
            while way == "read":
                file.seek(0)
                while file.readinto(chunk):
                    pass


def work() -> None:
    """Lease all there is, piece by piece, touch it and give it back, and tell what was refused and moved."""
    import numpy as np

    from planroom.errors import BudgetRefused
    from planroom.memory.caches.cache import CachePool
    from planroom.memory.guard import HIGH, Guard, read_memory
    from planroom.memory.manager import WORKING_MEMORY, MemoryManager

    seen = read_memory()
    given = seen.free_bytes - round(HIGH * seen.total_bytes) - _SPARE_BYTES  # as full as a guard lets caches grow
    manager = MemoryManager({WORKING_MEMORY: given // 2, "data_cache": given // 2})
    pool = CachePool("data_cache", given // 2, manager)
    guard, stop = Guard([pool], manager.pools[WORKING_MEMORY]), threading.Event()
    watch = guard.watch(stop)
    asked = refused = touched = 0
    for number in range(ROUNDS):
        held = []
        for _ in range(given // 2 // _PIECE_BYTES):
            asked += 1
            try:
                lease = manager.lease(_PIECE_BYTES, "work", wait_s=0)
            except BudgetRefused:
                refused += 1
                continue
            held.append((lease, np.full(_PIECE_BYTES, number, np.uint8)))
        for key in range(given // 2 // _PIECE_BYTES):
            asked += 1
            pool.get_or_compute((number, key), lambda: np.full(_PIECE_BYTES, 1, np.uint8), 1.0)
        touched = sum(array.nbytes for _, array in held) + pool.stats().used_bytes
        time.sleep(0.2)
        while held:
            lease, array = held.pop()
            del array
            lease.release()
    stop.set()
    watch.join()
    refused += pool.stats().refused
    told = {"there": 100 * seen.free_bytes / seen.total_bytes, "touched": touched, "asked": asked, "refused": refused}
    print(json.dumps(told | {"moves": len(guard.moves)}), flush=True)
    sys.exit()
