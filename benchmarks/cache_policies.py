"""Caches behind one call, `request(key, size_bytes)`, which says whether it was a hit and takes the object in if not.

LRU, SIEVE and S3-FIFO are written from their papers and agree with libcachesim to 0.1 points, which shows that traces
are played right here. An object larger than the cache is a miss. Peers that are not installed are left out.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from planroom.memory.caches.balance import Balancer
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import MemoryManager

SMALL_SHARE: Final = 0.1  # of S3-FIFO
GHOST_SHARE: Final = 0.9


class Policy(Protocol):
    """A cache of so many bytes that is told of one request after the other."""

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        ...


class Planroom:
    """The product's pool under the real ledger; a value is its own size, and every value costs the same to make."""

    def __init__(self, capacity_bytes: int, *, balanced: bool = False):
        self.pool = CachePool("data_cache", capacity_bytes, MemoryManager({"data_cache": capacity_bytes}), weigh=int)
        if balanced:
            self._balancer = Balancer([self.pool])
        self._made = False

    def pool_request(self, key: int, size_bytes: int) -> int:
        """The bare call, without asking whether it was a hit."""
        return int(self.pool.get_or_compute(key, lambda: size_bytes, 1.0))

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        self._made = False

        def make() -> int:
            self._made = True
            return size_bytes

        self.pool.get_or_compute(key, make, 1.0)
        return not self._made


class Lru:
    """The longest unused goes."""

    def __init__(self, capacity_bytes: int):
        self._free = capacity_bytes
        self._capacity = capacity_bytes
        self._sizes: OrderedDict[int, int] = OrderedDict()

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        if key in self._sizes:
            self._sizes.move_to_end(key)
            return True
        if size_bytes <= self._capacity:
            while size_bytes > self._free:
                self._free += self._sizes.popitem(last=False)[1]
            self._sizes[key] = size_bytes
            self._free -= size_bytes
        return False


class _Link:
    __slots__ = ("key", "newer", "older", "size_bytes", "visited")

    def __init__(self, key: int, size_bytes: int, older: _Link | None):
        self.key = key
        self.size_bytes = size_bytes
        self.older = older
        self.newer: _Link | None = None
        self.visited = False


class Sieve:
    """One queue; the hand goes from the oldest to the newest, spares what was visited once, and evicts the rest."""

    def __init__(self, capacity_bytes: int):
        self._free = capacity_bytes
        self._capacity = capacity_bytes
        self._links: dict[int, _Link] = {}
        self._newest: _Link | None = None
        self._oldest: _Link | None = None
        self._hand: _Link | None = None

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        link = self._links.get(key)
        if link is not None:
            link.visited = True
            return True
        if size_bytes <= self._capacity:
            while size_bytes > self._free:
                self._evict()
            self._links[key] = link = _Link(key, size_bytes, self._newest)
            if self._newest:
                self._newest.newer = link
            self._newest = link
            self._oldest = self._oldest or link
            self._free -= size_bytes
        return False

    def _evict(self) -> None:
        hand = self._hand or self._oldest
        assert hand
        while hand.visited:
            hand.visited = False
            hand = hand.newer or self._oldest
            assert hand
        self._hand = hand.newer
        if hand.older:
            hand.older.newer = hand.newer
        else:
            self._oldest = hand.newer
        if hand.newer:
            hand.newer.older = hand.older
        else:
            self._newest = hand.older
        del self._links[hand.key]
        self._free += hand.size_bytes


class S3Fifo:
    """A small queue on trial, a main queue that gives second chances, and a ghost of keys that failed their trial."""

    def __init__(self, capacity_bytes: int):
        self._capacity = capacity_bytes
        self._small_bytes = int(capacity_bytes * SMALL_SHARE)
        self._ghost_bytes = int(capacity_bytes * GHOST_SHARE)
        self._small: OrderedDict[int, list[int]] = OrderedDict()  # key: size, uses
        self._main: OrderedDict[int, list[int]] = OrderedDict()
        self._ghost: OrderedDict[int, int] = OrderedDict()
        self._in_small = self._in_main = self._in_ghost = 0
        self._was_full = False

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        found = self._small.get(key) or self._main.get(key)
        if found:
            found[1] += 1
            return True
        ghost = self._ghost.pop(key, 0)
        self._in_ghost -= ghost
        if size_bytes > self._capacity or (not ghost and size_bytes >= self._small_bytes):
            return False
        while self._in_small + self._in_main + size_bytes > self._capacity:
            self._evict()
        if ghost or (not self._was_full and self._in_small >= self._small_bytes):
            self._main[key] = [size_bytes, 0]
            self._in_main += size_bytes
        else:
            self._small[key] = [size_bytes, 0]
            self._in_small += size_bytes
        return False

    def _evict(self) -> None:
        self._was_full = True
        if self._in_main > self._capacity - self._small_bytes or not self._small:
            self._evict_main()
            return
        while self._small:
            key, (size, uses) = self._small.popitem(last=False)
            self._in_small -= size
            if uses < 2:
                self._ghost[key] = size
                self._in_ghost += size
                while self._in_ghost > self._ghost_bytes:
                    self._in_ghost -= self._ghost.popitem(last=False)[1]
                return
            self._main[key] = [size, 0]
            self._in_main += size

    def _evict_main(self) -> None:
        while True:
            key, (size, uses) = self._main.popitem(last=False)
            if not uses:
                self._in_main -= size
                return
            self._main[key] = [size, min(uses, 3) - 1]


class _Mapping:
    """A peer with `get` and a way to put."""

    def __init__(self, get: Callable[[int], Any], put: Callable[[int, int], Any], capacity_bytes: int):
        self._get = get
        self._put = put
        self._capacity = capacity_bytes

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        if self._get(key) is not None:
            return True
        if size_bytes <= self._capacity:
            self._put(key, size_bytes)
        return False


class _Oracle:
    """A cache of libcachesim."""

    def __init__(self, lib: Any, kind: str, capacity_bytes: int):
        self._cache = getattr(lib, kind)(cache_size=capacity_bytes)
        self._request = lib.Request()
        self._clock = 0

    def request(self, key: int, size_bytes: int) -> bool:
        """Whether it was a hit."""
        self._clock += 1
        self._request.obj_id, self._request.obj_size, self._request.clock_time = key, size_bytes, self._clock
        return bool(self._cache.get(self._request))


def find_policies(mean_bytes: float) -> dict[str, Callable[[int], Policy]]:
    """A maker for each policy that is there, by name. mean_bytes: of an object, for theine, which counts entries."""
    made: dict[str, Callable[[int], Policy]] = {"planroom": Planroom, "LRU": Lru, "SIEVE": Sieve, "S3-FIFO": S3Fifo}
    if lib := find_module("libcachesim"):
        for kind in ("LRU", "Sieve", "S3FIFO", "WTinyLFU", "GDSF"):
            made[f"libcachesim {kind}"] = partial(_Oracle, lib, kind)
    if lib := find_module("cachetools"):
        for kind in ("LRUCache", "LFUCache"):

            def tools(capacity: int, kind: str = kind, lib: Any = lib) -> Policy:
                cache = getattr(lib, kind)(capacity, getsizeof=int)
                return _Mapping(cache.get, cache.__setitem__, capacity)

            made[f"cachetools {kind}"] = tools
    if lib := find_module("moka_py"):

        def moka(capacity: int, lib: Any = lib) -> Policy:
            cache = lib.Moka(capacity, weigher=lambda _key, size: size)
            return _Mapping(cache.get, cache.set, capacity)

        made["moka-py"] = moka
    if lib := find_module("cachebox"):

        def box(capacity: int, lib: Any = lib) -> Policy:
            cache = lib.LRUCache(capacity, getsizeof=lambda _key, size: size)
            return _Mapping(cache.get, cache.__setitem__, capacity)

        made["cachebox LRUCache"] = box
    if lib := find_module("theine"):

        def theine(capacity: int, lib: Any = lib) -> Policy:
            cache = lib.Cache(max(1, int(capacity / mean_bytes)))
            return _Mapping(lambda key: cache.get(key)[0], cache.set, capacity)

        made["theine (entries)"] = theine
    return made


def find_module(module: str) -> Any | None:
    """A peer, None where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
