from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledgers import ExactLedger
from planroom.errors import BudgetRefused, DiskFull, OutputNotWritable
from planroom.memory.caches import entryfile
from planroom.memory.caches.balance import Balancer
from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import REST_S, SpillTier
from planroom.memory.caches.spillfolder import BLOCK_BYTES, FORMAT, OWN_BYTES

ROOMY = 64 << 20
DEAR_S = 1e6  # seconds: worth a write however slow the disk is


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spill"


def tier_in(folder: Path, cap_bytes: int = ROOMY, **more: Any) -> SpillTier:
    return SpillTier(folder, cap_bytes, RawCodec(), **more)


def write(tier: SpillTier, key: str, value: Any, cost_s: float = DEAR_S) -> bool:
    return tier.write(key, value, cost_s=cost_s, size_bytes=len(value) if isinstance(value, bytes) else value.nbytes)


def value_of(number: int, most: int = 30_000) -> np.ndarray[Any, np.dtype[np.uint8]]:
    draw = np.random.default_rng(number)
    return draw.integers(0, 256, int(draw.integers(0, most)), dtype=np.uint8)


def on_disk(folder: Path) -> int:
    """Bytes of whole blocks under `folder`, itself included."""
    total = BLOCK_BYTES
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            total += -(-path.stat().st_size // BLOCK_BYTES) * BLOCK_BYTES
    return total


# ---- what is written is read -------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("size", [0, 1, 4096, entryfile.CHUNK_BYTES - 1, 3 * entryfile.CHUNK_BYTES + 7])
def test_bytes_come_back_as_they_were(folder: Path, size: int, compress: bool) -> None:
    tier = tier_in(folder, compress=compress)
    for key, value in (("noise", random.Random(size).randbytes(size)), ("zeros", bytes(size))):
        assert write(tier, key, value)
        assert tier.read(key) == value


def test_what_is_told_before_reading_is_what_was_written(folder: Path) -> None:
    tier = tier_in(folder)
    tier.write("a", b"12345", cost_s=DEAR_S, size_bytes=77)
    title = tier.find("a")

    assert title is not None
    assert (title.key, title.size_bytes, title.raw_bytes, title.cost_s) == ("a", 77, 5, DEAR_S)


def test_pictures_take_less_when_compressed(folder: Path) -> None:
    picture = np.full((1000, 1000, 3), 255, np.uint8)
    plain, packed = tier_in(folder / "plain"), tier_in(folder / "packed", compress=True)
    for tier in (plain, packed):
        assert write(tier, "picture", picture)

    assert packed.stats().used_bytes * 10 < plain.stats().used_bytes


@pytest.mark.parametrize("value", [object(), "text", np.array([object()]), np.zeros((4, 4))[:, ::2], 3.0, None])
def test_what_cannot_be_kept_exactly_is_not_kept(folder: Path, value: Any) -> None:
    tier = tier_in(folder)

    assert not tier.write("a", value, cost_s=DEAR_S, size_bytes=8)
    assert tier.find("a") is None
    assert tier.stats().failed_writes == 0


# ---- the cap -----------------------------------------------------------------------------------------------


def test_the_cap_is_never_passed_and_the_count_is_exact(folder: Path) -> None:
    cap = 200_000
    tier = tier_in(folder, cap)
    for number in range(80):
        write(tier, str(number), value_of(number))
        assert on_disk(folder) <= cap
    assert tier.stats().used_bytes == on_disk(folder) + (OWN_BYTES - 2 * BLOCK_BYTES)
    found = [number for number in range(80) if tier.find(str(number))]

    assert 5 < len(found) < 40
    for number in found:
        np.testing.assert_array_equal(tier.read(str(number)), value_of(number))


def test_what_is_larger_than_the_cap_drives_nothing_out(folder: Path) -> None:
    tier = tier_in(folder, 100_000)
    assert write(tier, "small", bytes(1000))

    assert not write(tier, "large", bytes(100_000))
    assert tier.read("small") == bytes(1000)


def test_a_cap_that_holds_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(BudgetRefused, match="hold no entry"):
        tier_in(folder, OWN_BYTES)

    assert not folder.exists()


def test_removed_entries_leave_the_disk(folder: Path) -> None:
    tier = tier_in(folder)
    before = on_disk(folder)
    write(tier, "a", bytes(10_000))
    tier.remove("a")
    tier.remove("a")

    assert tier.find("a") is None
    assert on_disk(folder) == before
    assert tier.stats().entries == 0


# ---- the disk fails ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [False, True])
def test_a_changed_byte_anywhere_is_told(folder: Path, compress: bool) -> None:
    value = np.arange(60, dtype=np.uint8)
    assert write(tier_in(folder, compress=compress), "a", value)
    path = next(folder.glob("*.spill"))
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        got = read_again(folder, compress)
        assert got is None, place
        path.write_bytes(whole)
    np.testing.assert_array_equal(read_again(folder, compress), value)


@pytest.mark.parametrize("compress", [False, True])
def test_a_torn_file_is_told(folder: Path, compress: bool) -> None:
    tier = tier_in(folder, compress=compress)
    for number, keep in enumerate((0, 10, 80, 5000)):
        write(tier, str(number), random.Random(number).randbytes(20_000))
        path = next(path for path in folder.glob("*.spill") if path.stat().st_size > 20_000)
        os.truncate(path, keep)
        assert tier.read(str(number)) is None
        assert tier.find(str(number)) is None

    assert tier.stats().damaged == 4
    assert tier.stats().entries == 0


def read_again(folder: Path, compress: bool) -> Any:
    """The value of "a" as a tier reads it that found `folder` so."""
    copy = folder.parent / "copy"
    copy.mkdir(exist_ok=True)
    (copy / "format").write_text(FORMAT)
    shutil.copy(next(folder.glob("*.spill")), copy)
    tier = tier_in(copy, compress=compress, warm=True)
    try:
        return tier.read("a")
    finally:
        tier.close()


def test_a_file_that_vanished_is_absent(folder: Path) -> None:
    tier = tier_in(folder)
    write(tier, "a", bytes(10))
    next(folder.glob("*.spill")).unlink()

    assert tier.read("a") is None
    assert write(tier, "a", bytes(20))
    assert tier.read("a") == bytes(20)


def test_a_folder_that_vanished_costs_the_entries_only(folder: Path) -> None:
    now = [0.0]
    tier = tier_in(folder, clock=lambda: now[0])
    write(tier, "a", bytes(10))
    shutil.rmtree(folder)

    assert tier.read("a") is None
    assert not write(tier, "b", bytes(10))
    folder.mkdir()
    assert not write(tier, "b", bytes(10))
    now[0] += REST_S
    assert write(tier, "b", bytes(10))


@contextlib.contextmanager
def small_disk(folder: Path, size_bytes: int, *, read_only: bool = False) -> Iterator[None]:
    """A file system of `size_bytes` at `folder`; the test is skipped where none may be mounted."""
    folder.mkdir(parents=True)
    options = f"size={size_bytes}{',ro' if read_only else ''}"
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_and_changes_nothing(tmp_path: Path) -> None:
    now = [0.0]
    with small_disk(tmp_path / "disk", 1 << 20):
        folder = tmp_path / "disk" / "spill"
        tier = tier_in(folder, ROOMY, clock=lambda: now[0])
        kept = [number for number in range(200) if write(tier, str(number), value_of(number))]
        assert 20 < len(kept) < 100
        assert tier.stats().failed_writes == 1, "it rests after a failure"
        assert not list(folder.glob("*.part"))
        for number in kept:
            np.testing.assert_array_equal(tier.read(str(number)), value_of(number))
        for number in kept[:10]:
            tier.remove(str(number))
        now[0] += REST_S
        assert write(tier, "again", bytes(1000))
        tier.close()


def test_a_full_disk_keeps_a_cache_right(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20):
        ledger = ExactLedger(100_000)
        tier = tier_in(tmp_path / "disk" / "spill", ROOMY)
        pool = CachePool("data_cache", 100_000, ledger, spill=tier)
        for number in [*range(150), *range(150)]:
            got = pool.get_or_compute(str(number), partial(value_of, number), DEAR_S)
            np.testing.assert_array_equal(got, value_of(number))
        stats = pool.stats()
        tier.close()

    assert tier.stats().failed_writes >= 1
    assert stats.spill_hits > 0
    assert ledger.peak_bytes <= 100_000


def test_a_folder_on_a_full_disk_is_refused(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8192):
        (tmp_path / "disk" / "filler").write_bytes(bytes(8192))
        with pytest.raises((DiskFull, OutputNotWritable), match=r"E40[12]"):
            tier_in(tmp_path / "disk" / "spill")


def test_a_file_size_limit_fails_the_write_and_nothing_else(folder: Path) -> None:
    tier = tier_in(folder)
    assert write(tier, "small", bytes(1000))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
    try:
        assert not write(tier, "large", random.Random(1).randbytes(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert tier.read("small") == bytes(1000)
    assert tier.stats().failed_writes == 1
    assert len(list(folder.iterdir())) == 3


def test_a_disk_slower_than_making_the_value_is_left_alone_and_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, store = [0.0], entryfile.store
    slow = [True]

    def stored(*given: Any, **more: Any) -> entryfile.Title:
        now[0] += 20.0 if slow[0] else 0.0001
        return store(*given, **more)

    monkeypatch.setattr(entryfile, "store", stored)
    tier = tier_in(folder, clock=lambda: now[0])
    assert write(tier, "a", bytes(1 << 20), cost_s=1.0)
    assert not write(tier, "b", bytes(1 << 20), cost_s=1.0)
    assert tier.find("a") is None, "making it again is quicker"
    assert write(tier, "dear", bytes(1 << 20), cost_s=1000.0)
    now[0] += REST_S
    assert write(tier, "c", bytes(1 << 20), cost_s=1.0), "one trial"
    assert not write(tier, "d", bytes(1 << 20), cost_s=1.0)
    slow[0] = False
    now[0] += REST_S
    assert write(tier, "e", bytes(1 << 20), cost_s=1.0)
    assert write(tier, "f", bytes(1 << 20), cost_s=1.0)
    assert tier.find("a") is not None


def test_what_is_made_sooner_than_read_is_not_written(folder: Path) -> None:
    tier = tier_in(folder)

    assert not write(tier, "a", bytes(1 << 20), cost_s=1e-6)
    assert not list(folder.glob("*.spill"))


# ---- the folder --------------------------------------------------------------------------------------------


def test_a_second_run_starts_empty_or_warm(folder: Path) -> None:
    tier = tier_in(folder)
    write(tier, "a", b"kept")
    tier.close()
    tier = tier_in(folder, warm=True)
    assert tier.read("a") == b"kept"
    tier.close()
    tier = tier_in(folder)

    assert tier.find("a") is None
    assert not list(folder.glob("*.spill"))


def test_a_warm_start_keeps_to_a_smaller_cap(folder: Path) -> None:
    tier = tier_in(folder)
    for number in range(30):
        write(tier, str(number), bytes(9000))
    tier.close()
    tier = tier_in(folder, 100_000, warm=True)

    assert on_disk(folder) <= 100_000
    assert 3 < tier.stats().entries < 8


def test_a_folder_of_another_version_starts_empty(folder: Path) -> None:
    folder.mkdir()
    (folder / "format").write_text("planroom spill 99\n")
    (folder / "0123.spill").write_bytes(b"from the future")
    tier = tier_in(folder, warm=True)

    assert tier.stats().entries == 0
    assert (folder / "format").read_text() == FORMAT
    assert write(tier, "a", b"1")


def test_a_folder_with_other_files_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "plan.pdf").write_bytes(b"precious")
    (folder / "own.part").write_bytes(b"precious")
    with pytest.raises(OutputNotWritable, match="other files"):
        tier_in(folder)

    assert (folder / "plan.pdf").read_bytes() == (folder / "own.part").read_bytes() == b"precious"


def test_a_damaged_format_file_makes_it_start_empty(folder: Path) -> None:
    tier = tier_in(folder)
    write(tier, "a", b"kept")
    tier.close()
    (folder / "format").write_bytes(b"\xff\0planroom")
    tier = tier_in(folder, warm=True)

    assert tier.find("a") is None
    assert not list(folder.glob("*.spill"))
    assert (folder / "format").read_text() == FORMAT


def test_other_files_that_came_into_its_folder_stay(folder: Path) -> None:
    tier = tier_in(folder)
    write(tier, "a", b"kept")
    tier.close()
    (folder / "plan.pdf").write_bytes(b"precious")
    (folder / "sheets").mkdir()
    (folder / "sheets" / "a.spill").write_bytes(b"precious")
    tier = tier_in(folder, warm=True)

    assert tier.read("a") == b"kept"
    assert (folder / "plan.pdf").read_bytes() == (folder / "sheets" / "a.spill").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["format", "lock"])
def test_a_folder_in_place_of_its_own_files_is_refused_and_left_alone(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "plan.pdf").write_bytes(b"precious")
    with pytest.raises(OutputNotWritable, match="E401"):
        tier_in(folder)

    assert (folder / name / "plan.pdf").read_bytes() == b"precious"


def test_a_folder_on_a_read_only_disk_is_refused(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20, read_only=True):
        for place in (tmp_path / "disk", tmp_path / "disk" / "spill"):
            with pytest.raises(OutputNotWritable, match="E401") as told:
                tier_in(place)
            assert "another folder" in told.value.advice


def test_a_folder_without_the_rights_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        place = Path(tmp_path.root) / "planroom-spill"
        with pytest.raises(OutputNotWritable, match="E401"):
            tier_in(place)
    finally:
        os.seteuid(os.getuid())

    assert not place.exists()


def test_one_folder_is_for_one_run(folder: Path) -> None:
    tier = tier_in(folder)
    with pytest.raises(OutputNotWritable, match="another run"):
        tier_in(folder)
    tier.close()
    tier.close()

    tier_in(folder).close()
    assert not write(tier, "a", b"1"), "a closed tier takes nothing"


def test_a_missing_folder_is_made_and_a_blocked_one_refused(tmp_path: Path) -> None:
    tier_in(tmp_path / "not" / "there" / "yet").close()
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/planroom")):
        with pytest.raises(OutputNotWritable, match="E401") as told:
            tier_in(place)
        assert "another folder" in told.value.advice


# ---- under a cache that shrinks ----------------------------------------------------------------------------


def test_a_cache_that_must_shrink_now_writes_nothing_and_one_that_may_take_its_time_does(folder: Path) -> None:
    ledger, tier = ExactLedger(100_000), tier_in(folder)
    pool = CachePool("data_cache", 100_000, ledger, spill=tier)
    for number in range(10):
        pool.get_or_compute(str(number), partial(bytes, 10_000), DEAR_S)
    pool.resize(60_000)
    assert ledger.leased_bytes <= 60_000
    assert tier.stats().writes == 0
    pool.yield_bytes(30_000)

    assert ledger.leased_bytes <= 30_000
    assert tier.stats().writes == 3


def test_capacity_that_moves_between_pools_spills_what_has_to_go(folder: Path) -> None:
    ledger, tier = ExactLedger(2000), tier_in(folder)
    giver = CachePool("data_cache", 1000, ledger, spill=tier)
    taker = CachePool("transformer_cache", 1000, ledger)
    balancer = Balancer([giver, taker])
    for number in range(8):
        giver.get_or_compute(f"once {number}", partial(bytes, 100), DEAR_S)
    for _ in range(6):
        for number in range(15):
            taker.get_or_compute(f"again {number}", partial(bytes, 100), DEAR_S)

    assert balancer.rebalance() > 0
    assert giver.capacity_bytes < 800
    assert tier.stats().writes > 0


# ---- kill -9 -----------------------------------------------------------------------------------------------


def spill_for_ever(folder: Path, first: int, ready: Connection) -> None:
    """Write to a roomy and a tight tier until killed, telling each number once both are done with it."""
    roomy = tier_in(folder / "roomy", warm=True)
    tight = tier_in(folder / "tight", 300_000, warm=True, compress=True)
    number = first
    while True:
        assert write(roomy, str(number), value_of(number))
        write(tight, str(number), value_of(number))
        ready.send(number)
        number += 1


def test_fifty_kills_lose_nothing_and_leave_no_wrong_entry(folder: Path) -> None:
    context, draw, told = get_context("fork"), random.Random(5), -1
    cap = 1 << 30
    for _ in range(50):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=spill_for_ever, args=(folder, told + 1, there))
        process.start()
        there.close()
        assert here.poll(30)
        stop = time.monotonic() + draw.uniform(0, 0.02)
        while time.monotonic() < stop:
            assert on_disk(folder / "tight") <= 300_000
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        with contextlib.suppress(EOFError):
            while True:
                told = here.recv()
    roomy, tight = (tier_in(folder / name, size, warm=True) for name, size in (("roomy", cap), ("tight", 300_000)))

    assert told > 100
    for number in range(told + 1):
        np.testing.assert_array_equal(roomy.read(str(number)), value_of(number))
        if tight.find(str(number)):
            np.testing.assert_array_equal(tight.read(str(number)), value_of(number))
    assert tight.stats().reads > 3
    assert roomy.stats().damaged == tight.stats().damaged == 0
    for name in ("roomy", "tight"):
        assert not list((folder / name).glob("*.part"))
