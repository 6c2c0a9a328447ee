"""What every tier of a cache promises: RAM alone, disk alone, and RAM that spills to disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from ledgers import ExactLedger
from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import SpillTier

RAM_BYTES, DISK_BYTES = 200_000, 300_000
DEAR_S = 1e6  # seconds: worth a write however slow the disk is


class Absent(Exception):
    """Nothing lies under the key."""


class Tier(Protocol):
    limit_bytes: int

    def keep(self, key: str, value: Any, cost_s: float) -> None: ...

    def find(self, key: str) -> Any | None: ...

    def remove(self, key: str) -> None: ...

    def used_bytes(self) -> int: ...

    def close(self) -> None: ...


class Disk:
    limit_bytes = DISK_BYTES

    def __init__(self, folder: Path):
        self.tier = SpillTier(folder, DISK_BYTES, RawCodec(), compress=True)

    def keep(self, key: str, value: Any, cost_s: float) -> None:
        self.tier.write(key, value, cost_s=cost_s, size_bytes=len(memoryview(value).tobytes()))

    def find(self, key: str) -> Any | None:
        return self.tier.read(key) if self.tier.find(key) else None

    def remove(self, key: str) -> None:
        self.tier.remove(key)

    def used_bytes(self) -> int:
        return self.tier.stats().used_bytes

    def close(self) -> None:
        self.tier.close()


class Ram:
    limit_bytes = RAM_BYTES

    def __init__(self, spill: SpillTier | None = None):
        self.spill = spill
        self.ledger = ExactLedger(RAM_BYTES)
        self.pool = CachePool("data_cache", RAM_BYTES, self.ledger, spill=spill)
        self.ledger.reliefs = [self.pool.yield_bytes]

    def keep(self, key: str, value: Any, cost_s: float) -> None:
        while True:
            with contextlib.suppress(Absent):  # from another thread's `find` that ours waited for
                self.pool.get_or_compute(key, lambda: value, cost_s)
                return

    def find(self, key: str) -> Any | None:
        def absent() -> Any:
            raise Absent

        try:
            return self.pool.get_or_compute(key, absent)
        except Absent:
            return None

    def remove(self, key: str) -> None:
        self.pool.remove(key)

    def used_bytes(self) -> int:
        used = self.pool.stats().used_bytes
        assert used == self.ledger.leased_bytes
        return used

    def close(self) -> None:
        self.pool.clear()
        assert self.ledger.leased_bytes == 0
        if self.spill:
            self.spill.close()


class Both(Ram):
    """A RAM tier whose entries are pushed out to disk after each step, so that each is read back."""

    def keep(self, key: str, value: Any, cost_s: float) -> None:
        super().keep(key, value, cost_s)
        self.pool.yield_bytes(RAM_BYTES)

    def used_bytes(self) -> int:
        assert self.spill
        assert self.spill.stats().used_bytes <= DISK_BYTES
        return super().used_bytes()


MAKERS: dict[str, Callable[[Path], Tier]] = {
    "ram": lambda folder: Ram(),
    "disk": Disk,
    "both": lambda folder: Ram(SpillTier(folder, DISK_BYTES, RawCodec())),
    "both, pushed out": lambda folder: Both(SpillTier(folder, DISK_BYTES, RawCodec(), compress=True)),
}


@pytest.fixture(params=list(MAKERS))
def tier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tier]:
    made = MAKERS[request.param](tmp_path / "spill")
    yield made
    made.close()


def value_of(key: str, most: int = 30_000) -> np.ndarray[Any, np.dtype[np.uint8]]:
    draw = np.random.default_rng(list(key.encode()))
    return draw.integers(0, 256, int(draw.integers(1, most)), dtype=np.uint8)


VALUES: dict[str, Any] = {
    "bytes": b"a sheet",
    "no bytes": b"",
    "one number": np.array(3.5),
    "nothing": np.zeros((0, 4), np.float32),
    "picture": np.arange(60, dtype=np.uint8).reshape(4, 5, 3),
    "half precision": np.linspace(0, 1, 33).astype(np.float16),
    "other byte order": np.arange(9, dtype=">i4"),
    "truths": np.array([[True, False], [False, True]]),
    "density matrix": (np.arange(16) * (1 + 2j)).astype(np.complex64).reshape(4, 4),
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_kept_is_found_exactly(tier: Tier, name: str) -> None:
    value = VALUES[name]
    tier.keep("key", value, DEAR_S)
    for _ in range(2):
        found = tier.find("key")
        if isinstance(value, bytes):
            assert found == value
        else:
            assert isinstance(found, np.ndarray)
            assert (found.dtype, found.shape) == (value.dtype, value.shape)
            np.testing.assert_array_equal(found, value)


def test_what_was_never_kept_is_absent(tier: Tier) -> None:
    assert tier.find("nothing") is None
    tier.remove("nothing")


def test_what_was_removed_is_absent_and_may_come_again(tier: Tier) -> None:
    before = tier.used_bytes()
    tier.keep("a", b"old", DEAR_S)
    tier.remove("a")
    assert tier.find("a") is None
    assert tier.used_bytes() == before
    tier.keep("a", b"new", DEAR_S)

    assert tier.find("a") == b"new"


def test_keys_do_not_meet(tier: Tier) -> None:
    keys = ["", "a", "A", "a/b", "../a", "ä", "a\n", "a\0", "x" * 5000, "🏠", "\udcff"]
    for key in keys:
        tier.keep(key, repr(key).encode(), DEAR_S)

    assert [tier.find(key) for key in keys] == [repr(key).encode() for key in keys]


def test_more_than_fits_stays_within_the_limit_and_what_is_found_is_right(tier: Tier) -> None:
    for number in range(60):
        tier.keep(str(number), value_of(str(number)), DEAR_S)
        assert tier.used_bytes() <= tier.limit_bytes
    found = {str(number): tier.find(str(number)) for number in range(60)}

    assert 3 < sum(value is not None for value in found.values()) < 60
    for key, value in found.items():
        if value is not None:
            np.testing.assert_array_equal(value, value_of(key))


def test_what_is_dearest_stays(tier: Tier) -> None:
    tier.keep("dear", value_of("dear"), 1e4 * DEAR_S)
    for number in range(60):
        tier.keep(str(number), value_of(str(number)), DEAR_S)

    np.testing.assert_array_equal(tier.find("dear"), value_of("dear"))


def test_what_is_too_large_drives_nothing_out(tier: Tier) -> None:
    tier.keep("small", b"small", DEAR_S)
    tier.keep("large", np.random.default_rng(0).integers(0, 256, 2 * tier.limit_bytes, dtype=np.uint8), DEAR_S)

    assert tier.find("small") == b"small"
    assert tier.used_bytes() <= tier.limit_bytes


def test_many_threads_find_nothing_wrong(tier: Tier) -> None:
    wrong: list[str] = []

    def work(seed: int) -> None:
        draw = np.random.default_rng(seed)
        for number in draw.integers(0, 40, 120):
            key = str(number)
            if draw.random() < 0.1:
                tier.remove(key)
            tier.keep(key, value_of(key), DEAR_S)
            found = tier.find(key)
            if found is not None and not np.array_equal(found, value_of(key)):
                wrong.append(key)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))

    assert not wrong
    assert tier.used_bytes() <= tier.limit_bytes
