"""The disk under a cache fails: kills in the middle of writes, no room left, damaged files, and a disk that turns slow.

Every value is told by its number, so each that is read is compared with what it must be.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from control_groups import hear, start
from faults_disks import NoDisk, slow_disk, small_disk
from faults_figures import Figure
from faults_peers import CACHES, DISKS, PRESENT, Cache, Disk, planroom_cache, planroom_disk

KILLS: Final = 50
CAP_BYTES: Final = 8 << 20  # of the tier whose folder is watched
FULL_BYTES: Final = 4 << 20
FLIPPED: Final = 60
SLOW_BYTES_PER_S: Final = 1_000_000
MOST_FACTOR: Final = 1.5  # of the time that making all values anew takes
_PAGE: Final = (20_000, 60_000)  # bytes of a value, from and to
_SHEET: Final = (200_000, 2_000_000)  # written in more than one piece, so that kills find some half written
_TENSOR: Final = (256 << 10, (256 << 10) + 1)
_MAKING_S: Final = 0.02
_BLOCK_BYTES: Final = 4096


def figures() -> Iterator[Figure]:
    """The figures of each fault, planroom first."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        for fault in (_killed, _filled, _damaged, _slowed):
            for who in PRESENT:
                try:
                    yield from fault(who, Path(name) / f"{fault.__name__}-{who}")
                except NoDisk as error:
                    print(f"left out: {error}", file=sys.stderr)
                    break


def value_of(number: int, sizes: tuple[int, int] = _PAGE) -> bytes:
    """The bytes that belong to a number."""
    draw = random.Random(number)
    return draw.randbytes(draw.randrange(*sizes))


# ---- kill -9 -------------------------------------------------------------------------------------------------------


def _killed(who: str, folder: Path) -> Iterator[Figure]:
    """Processes killed while they open a folder or write, each going on where the last one had come to."""
    folder.mkdir()
    draw, told, most_bytes, torn = random.Random(5), -1, 0, 0
    for number in range(KILLS):
        child = start("faults_disk:write_on", who, folder, told + 1)
        opening = number % 5 == 0
        if not opening:
            torn += hear(child) == "torn"
        until_s = time.monotonic() + draw.uniform(0, 0.6 if opening else 0.2)
        while time.monotonic() < until_s:
            most_bytes = max(most_bytes, _on_disk(folder / "tight"))
        child.kill()
        whole = [line for line in child.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
        torn += "torn\n" in whole
        told = max([told, *(int(line) for line in whole if line.strip().isdigit())])
    lost = wrong = thrown = 0
    disk = DISKS[who](folder / "roomy")
    for number in range(told + 1):
        try:
            found = disk.get(str(number))
        except Exception:
            thrown += 1
            continue
        lost += found is None
        wrong += found is not None and found != value_of(number, _SHEET)
    disk.close()
    yield Figure(f"{KILLS} kills: values said to be on disk", told + 1, who=who)
    yield Figure(f"{KILLS} kills: of these, lost", lost, who=who, most=0)
    yield Figure(f"{KILLS} kills: of these, wrong", wrong, who=who, most=0)
    yield Figure(f"{KILLS} kills: half written, and believed by the next process", torn, who=who, most=0)
    yield Figure(f"{KILLS} kills: errors thrown at the caller", thrown, who=who, most=0)
    if who == "planroom":
        most_mib = CAP_BYTES / (1 << 20)
        yield Figure("most on disk, watched from outside", most_bytes / (1 << 20), "MiB", most=most_mib)


def write_on(who: str, folder: str, first: str) -> None:
    """Write value after value until killed, telling each number once it is on disk; before that, whether there is
    something else under the first.
    """
    disk = DISKS[who](Path(folder) / "roomy")
    disks = [disk, planroom_disk(Path(folder) / "tight", CAP_BYTES)] if who == "planroom" else [disk]
    number = int(first)
    print("torn" if disk.get(first) not in (None, value_of(number, _SHEET)) else "good", flush=True)
    while True:
        for one in disks:
            one.put(str(number), value_of(number, _SHEET))
        print(number, flush=True)
        number += 1


def _on_disk(folder: Path) -> int:
    """Bytes of whole blocks in `folder`, itself included."""
    total = _BLOCK_BYTES
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):
                total += -(-entry.stat().st_size // _BLOCK_BYTES) * _BLOCK_BYTES
    return total


# ---- no room left, and damaged files -------------------------------------------------------------------------------


def _filled(who: str, folder: Path) -> Iterator[Figure]:
    """Twice three hundred values through a cache whose disk holds a hundred."""
    wrong = thrown = made = 0
    with small_disk(folder, FULL_BYTES) as disk:
        cache = CACHES[who](disk / "values")
        for number in [*range(300), *range(300)]:

            def make(number: int = number) -> bytes:
                nonlocal made
                made += 1
                time.sleep(0.001)
                return value_of(number)

            try:
                wrong += cache.ask(str(number), make) != value_of(number)
            except Exception:
                thrown += 1
        with contextlib.suppress(Exception):  # a peer may still try to write what it holds in RAM
            cache.close()
    yield Figure("full disk: wrong reads", wrong, who=who, most=0)
    yield Figure("full disk: errors thrown at the caller, of 600 requests", thrown, who=who, most=0)
    yield Figure("full disk: values made, of 600 requests", made, who=who)


def _damaged(who: str, folder: Path) -> Iterator[Figure]:
    """Every file changed by one bit, or cut; read by the process that wrote them, and opened anew."""
    draw, disk = random.Random(7), DISKS[who](folder)
    for number in range(FLIPPED):
        disk.put(str(number), value_of(number, (40_000, 80_000)))
    files = sorted(path for path in folder.glob(disk.pattern) if path.is_file())
    for place, path in enumerate(files):
        content = bytearray(path.read_bytes())
        at = draw.randrange(len(content))
        content[at] ^= 1 << draw.randrange(8)
        path.write_bytes(content if place % 2 else content[:at])
    seen = []
    for once in (disk, None):
        one = once or DISKS[who](folder)
        seen.append(_read_all(one))
        one.close()
    yield Figure("damaged files: cut, or one bit changed", len(files), who=who, least=FLIPPED)
    yield Figure("damaged files: wrong reads, at once", seen[0][0], who=who, most=0)
    yield Figure("damaged files: wrong reads, opened anew", seen[1][0], who=who, most=0)
    yield Figure("damaged files: errors thrown at the caller", seen[0][1] + seen[1][1], who=who, most=0)


def _read_all(disk: Disk) -> tuple[int, int]:
    """How many values are wrong, and how often reading threw."""
    wrong = thrown = 0
    for number in range(FLIPPED):
        try:
            wrong += disk.get(str(number)) not in (None, value_of(number, (40_000, 80_000)))
        except Exception:
            thrown += 1
    return wrong, thrown


# ---- a slow disk ---------------------------------------------------------------------------------------------------


def _slowed(who: str, folder: Path) -> Iterator[Figure]:
    """A disk that turns slow after a third of the requests, beside making anew every value that is not in RAM."""
    draw = random.Random(3)
    requests = [draw.randrange(20) for _ in range(150)]
    with slow_disk(folder, 64 << 20) as (disk, limit):
        cache = CACHES[who](disk / "values")
        slow_s, worst_s, wrong = _time(cache, requests, lambda: limit(SLOW_BYTES_PER_S))
        limit(0)
        cache.close()
    plain = planroom_cache(None)
    plain_s, _, _ = _time(plain, requests, lambda: None)
    plain.close()
    say = f"disk slowed to {SLOW_BYTES_PER_S / 1e6:g} MB/s: "
    yield Figure(f"{say}all requests", slow_s, "s", who=who)
    yield Figure(f"{say}the same without a disk", plain_s, "s", who=who)
    yield Figure(f"{say}times as long as without", slow_s / plain_s, who=who, most=MOST_FACTOR)
    yield Figure(f"{say}longest request", worst_s, "s", who=who)
    yield Figure(f"{say}wrong reads", wrong, who=who, most=0)


def _time(cache: Cache, requests: list[int], turn: Callable[[], None]) -> tuple[float, float, int]:
    """Seconds for all requests and for the longest, and how many gave a wrong value; `turn` after a third of them."""
    rights = {number: value_of(number, _TENSOR) for number in requests}
    wrong, worst_s, start_s = 0, 0.0, time.monotonic()
    for k, number in enumerate(requests):
        if k == len(requests) // 3:
            turn()

        def make(number: int = number) -> bytes:
            time.sleep(_MAKING_S)
            return rights[number]

        asked_s = time.monotonic()
        wrong += cache.ask(str(number), make) != rights[number]
        worst_s = max(worst_s, time.monotonic() - asked_s)
    return time.monotonic() - start_s, worst_s, wrong
