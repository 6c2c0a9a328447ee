"""Who of several caches gets how many bytes: each what saves the most seconds of making values, all together.

Beside each pool run small *shadows* of it, which hold sizes instead of values: one for every share of the total that
the pool could have. They see the requests of a sample of the keys, chosen by hash, and are as much smaller than the
share they stand for as the sample is smaller than all; so they find out what another share would have saved, beyond the
cliffs that a look at the last evicted entries cannot see across. Old savings fade, so that pools may swap roles. What
is missed counts a little too: bytes that save nothing where they are go to whoever misses most, before it is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.eviction import Node, WorthOrder

STEPS: Final = 20
KEYS: Final = 1024  # in the largest shadow of a pool, which bounds the time and bytes of all
FADE: Final = 0.8  # what is left of old savings after each look
WORTH_A_MOVE: Final = 0.02  # of the savings: less is noise, and moving costs evictions
HOPE: Final = 0.1  # what a missed second is believed to save with all the bytes, before anything shows it
_HASHES: Final = 1 << 24
_MIX: Final = 0x9E3779B97F4A7C15

Move = Callable[[int, str, str], int]


class Shadow:
    """What a cache of `capacity_bytes` would hold, and the seconds that it would have saved. Not thread-safe."""

    def __init__(self, capacity_bytes: float):
        self.capacity_bytes = capacity_bytes
        self.saved_s = 0.0
        self.nodes: dict[Hashable, Node] = {}
        self._order: WorthOrder[Node] = WorthOrder()
        self._used = 0

    def request(self, key: Hashable, size_bytes: int, cost_s: float) -> bool:
        """Whether it would have been a hit; either way it is in now, if it is worth that."""
        node = self.nodes.get(key)
        if node is not None:
            self._order.use(node)
            self.saved_s += cost_s
            return True
        if size_bytes <= self.capacity_bytes:
            self.nodes[key] = node = Node(key, size_bytes, cost_s)
            self._order.add(node)
            self._used += size_bytes
            self._fit()
        return False

    def shrink(self, capacity_bytes: float, stays: Callable[[Hashable], bool]) -> None:
        """Go on with a part of the keys in a part of the bytes."""
        for node in [node for node in self.nodes.values() if not stays(node.key)]:
            del self.nodes[node.key]
            self._order.remove(node)
            self._used -= node.size_bytes
        self.capacity_bytes = capacity_bytes
        self._fit()

    def _fit(self) -> None:
        while self._used > self.capacity_bytes:
            worst = self._order.pop()
            assert worst is not None
            self._order.evicted(worst)
            del self.nodes[worst.key]
            self._used -= worst.size_bytes


class Curve:
    """Seconds that a pool would save at each of `steps` shares of `total_bytes`; give `watch` to the pool. Thread-safe.

    The sample is all keys at first, and is halved whenever the largest shadow holds more than `most_keys`.
    """

    def __init__(self, total_bytes: int, *, steps: int = STEPS, most_keys: int = KEYS):
        self._total_bytes = total_bytes
        self._most_keys = most_keys
        self._sampled = _HASHES
        self._lock = threading.Lock()
        self._shadows = [Shadow(total_bytes * step / steps) for step in range(1, steps + 1)]
        self._saved_s = [0.0] * (steps + 1)
        self._asked_s = 0.0

    def watch(self, key: Hashable, size_bytes: int, cost_s: float) -> None:
        """Take note of a request."""
        if _spread(key) < self._sampled:
            with self._lock:
                self._asked_s += cost_s * _HASHES / self._sampled
                for shadow in self._shadows:
                    shadow.request(key, size_bytes, cost_s)
                if len(self._shadows[-1].nodes) > self._most_keys:
                    self._halve()

    def look(self) -> list[float]:
        """Seconds saved by each share, from none of the bytes to all; what was seen before counts less from now on."""
        with self._lock:
            self._collect()
            steps, missed_s = len(self._shadows), self._asked_s - self._saved_s[-1]
            seen = [saved_s + HOPE * missed_s * step / steps for step, saved_s in enumerate(self._saved_s)]
            self._saved_s = [saved_s * FADE for saved_s in self._saved_s]
            self._asked_s *= FADE
            return seen

    def _halve(self) -> None:
        self._collect()
        self._sampled //= 2
        sampled = self._sampled
        for step, shadow in enumerate(self._shadows, start=1):
            share = self._total_bytes * step / len(self._shadows)
            shadow.shrink(share * sampled / _HASHES, lambda key: _spread(key) < sampled)

    def _collect(self) -> None:
        scale = _HASHES / self._sampled
        for step, shadow in enumerate(self._shadows, start=1):
            self._saved_s[step] += shadow.saved_s * scale
            shadow.saved_s = 0.0


class Balancer:
    """Pools that share the sum of their capacities; `rebalance` moves bytes to where they save most.

    move: shifts capacity in the ledger and returns how much it shifted, `MemoryManager.move`; None without a ledger
    that divides its bytes. Every pool keeps one step. Thread-safe.
    """

    def __init__(self, pools: Sequence[CachePool], *, move: Move | None = None, steps: int = STEPS):
        self._pools = list(pools)
        self._move = move
        self._steps = steps
        self._lock = threading.Lock()
        self._total_bytes = sum(pool.capacity_bytes for pool in pools)
        self._curves = [Curve(self._total_bytes, steps=steps) for _ in pools]
        for pool, curve in zip(self._pools, self._curves, strict=True):
            pool.watch = curve.watch

    def rebalance(self) -> int:
        """Bytes moved; 0 where another division would not save noticeably more."""
        with self._lock:
            curves = [curve.look() for curve in self._curves]
            shares = best_shares(curves, self._steps)
            kept_s = sum(
                _at(curve, pool.capacity_bytes / self._total_bytes * self._steps)
                for curve, pool in zip(curves, self._pools, strict=True)
            )
            best_s = sum(curve[share] for curve, share in zip(curves, shares, strict=True))
            if best_s <= kept_s * (1 + WORTH_A_MOVE):
                return 0
            wanted = [self._total_bytes * share // self._steps for share in shares]
            return self._shift([want - pool.capacity_bytes for want, pool in zip(wanted, self._pools, strict=True)])

    def _shift(self, changes: list[int]) -> int:
        moved = 0
        for giver, less in zip(self._pools, changes, strict=True):
            for number, taker in enumerate(self._pools):
                if less < 0 < changes[number]:
                    given = self._give(giver, taker, min(-less, changes[number]))
                    less += given
                    changes[number] -= given
                    moved += given
        return moved

    def _give(self, giver: CachePool, taker: CachePool, size_bytes: int) -> int:
        """Bytes that `taker` may hold more, `giver` having let go of them first."""
        before = giver.capacity_bytes
        giver.yield_bytes(max(0, giver.stats().used_bytes - (before - size_bytes)))  # spilled, where there is a disk
        giver.resize(before - size_bytes)
        stuck = max(0, giver.stats().used_bytes - giver.capacity_bytes)
        given = max(0, size_bytes - stuck)
        if self._move is not None and given:
            given = self._move(given, giver.name, taker.name)
        giver.resize(before - given)
        taker.resize(taker.capacity_bytes + given)
        return given


def best_shares(curves: Sequence[Sequence[float]], steps: int) -> list[int]:
    """The steps for each curve, at least one, together `steps`, that save the most together."""
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for curve in curves:
        grown: dict[int, tuple[float, list[int]]] = {}
        for used, (saved_s, shares) in best.items():
            for share in range(1, steps - used + 1):
                sum_s = saved_s + curve[share]
                if used + share not in grown or sum_s > grown[used + share][0]:
                    grown[used + share] = (sum_s, [*shares, share])
        best = grown
    return best[steps][1]


def _at(curve: Sequence[float], step: float) -> float:
    low = min(int(step), len(curve) - 2)
    return curve[low] + (curve[low + 1] - curve[low]) * (step - low)


def _spread(key: Hashable) -> int:
    return (hash(key) * _MIX >> 20) % _HASHES
