"""planroom's spill tier and its cache beside those of others, under one interface; who is not installed is left out.

zict is what Dask spills with; its files are not meant to outlive a process, and say so. diskcache keeps values on disk
only, under an SQLite index.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import SpillTier
from planroom.memory.manager import MemoryManager

RAM_BYTES: Final = 1 << 20  # of a cache that has RAM before its disk
_ROOMY: Final = 8 << 30
_DEAR_S: Final = 1e6  # worth a write however slow the disk is
Make = Callable[[], bytes]


class Disk(NamedTuple):
    """Values on disk alone; `get` gives None for what is not there. pattern: of the files that hold values."""

    put: Callable[[str, bytes], object]
    get: Callable[[str], bytes | None]
    close: Callable[[], object]
    pattern: str


class Cache(NamedTuple):
    """Values in RAM, then on disk, then made."""

    ask: Callable[[str, Make], bytes]
    close: Callable[[], object]


def planroom_disk(folder: Path, cap_bytes: int = _ROOMY) -> Disk:
    tier = SpillTier(folder, cap_bytes, RawCodec(), warm=True)

    def put(key: str, value: bytes) -> None:
        tier.write(key, value, cost_s=_DEAR_S, size_bytes=len(value))

    return Disk(put, tier.read, tier.close, "*.spill")


def planroom_cache(folder: Path | None) -> Cache:
    tier = SpillTier(folder, _ROOMY, RawCodec()) if folder else None
    pool = CachePool("data_cache", RAM_BYTES, MemoryManager({"data_cache": RAM_BYTES}), spill=tier)
    return Cache(pool.get_or_compute, tier.close if tier else pool.clear)


def _zict_disk(folder: Path) -> Disk:
    file: Any = importlib.import_module("zict").File(str(folder))
    return Disk(file.__setitem__, lambda key: bytes(file[key]) if key in file else None, file.close, "*")


def _zict_cache(folder: Path) -> Cache:
    zict: Any = importlib.import_module("zict")
    fast: dict[str, bytes] = {}
    buffer = zict.Buffer(fast, zict.File(str(folder)), RAM_BYTES, weight=lambda _, value: len(value))

    def ask(key: str, make: Make) -> bytes:
        if key in buffer:
            return bytes(buffer[key])
        value = make()
        buffer[key] = value
        return value

    return Cache(ask, buffer.close)


def _diskcache_disk(folder: Path) -> Disk:
    cache: Any = importlib.import_module("diskcache").Cache(str(folder), size_limit=_ROOMY)
    return Disk(cache.set, cache.get, cache.close, "**/*.val")


def _diskcache_cache(folder: Path) -> Cache:
    disk = _diskcache_disk(folder)

    def ask(key: str, make: Make) -> bytes:
        value = disk.get(key)
        if value is None:
            value = make()
            disk.put(key, value)
        return value

    return Cache(ask, disk.close)


DISKS: Final[dict[str, Callable[[Path], Disk]]] = {
    "planroom": planroom_disk,
    "zict": _zict_disk,
    "diskcache": _diskcache_disk,
}
CACHES: Final[dict[str, Callable[[Path], Cache]]] = {
    "planroom": planroom_cache,
    "zict": _zict_cache,
    "diskcache": _diskcache_cache,
}
PRESENT: Final = [who for who in DISKS if importlib.util.find_spec(who)]
