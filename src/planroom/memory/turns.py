"""Whose turn it is: requests for bytes that wait for room.

The smallest that fits goes first, for a small request is soon done and takes little room from a large one.

Glossary. *Bypass*: a later request is served before an earlier one. Each request may be bypassed `BYPASSES` times, by
requests of together `BYPASS_SHARE` times its own bytes, and until it has waited `PATIENCE` times as long as the bytes
served lately did (`PATIENCE_S` at least); then nobody overtakes it, so nobody starves. Neither bytes nor a multiple of
the usual wait depend on how long work takes: milliseconds or minutes, the order is the same.
*Ageing*: every `AGEING_S` of waiting is worth one step of priority. A higher priority is bypassed by none below it.

Not thread-safe: whoever holds the pool's lock uses it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BYPASSES = 128
BYPASS_SHARE = 16
PATIENCE = 8
PATIENCE_S = 2.0
AGEING_S = 1.0
_MEMORY = 0.98  # of the moving average of waits, each request served


@dataclass(slots=True, eq=False)
class Turn:
    """A request that waits: its bytes, its priority (higher first), and what is called once it was served."""

    size_bytes: int
    priority: int
    wake: Callable[[], object]
    since_s: float = field(default_factory=time.monotonic)
    bypassed: int = 0
    bypassed_bytes: int = 0
    served: bool = False

    def rank(self, now_s: float) -> float:
        """Priority with age."""
        return self.priority + (now_s - self.since_s) / AGEING_S


class Turns:
    """Requests that wait, in the order of asking; by rank where their priorities differ."""

    def __init__(self) -> None:
        self._waiting: list[Turn] = []
        self._mixed = False  # more than one priority since it was last empty
        self._byte_seconds = self._bytes = 0.0  # waited by, and served to, requests served lately

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def patience_s(self) -> float:
        """How long a request waits before nobody overtakes it any more."""
        return max(PATIENCE_S, PATIENCE * self._byte_seconds / self._bytes if self._bytes else 0.0)

    @property
    def waiting_bytes(self) -> int:
        """What all of them ask for."""
        return sum(turn.size_bytes for turn in self._waiting)

    @property
    def next_bytes(self) -> int:
        """What the request asks for that would be served first if there were room for all. Some must wait."""
        place = self._next(math.inf, time.monotonic())
        assert place is not None
        return self._waiting[place].size_bytes

    def add(self, turn: Turn) -> None:
        """Let a request wait."""
        self._mixed = bool(self._waiting) and (self._mixed or turn.priority != self._waiting[0].priority)
        self._waiting.append(turn)

    def drop(self, turn: Turn) -> None:
        """Forget a request that gave up; harmless where it was served."""
        if not turn.served:
            self._waiting.remove(turn)

    def serve(self, free_bytes: int) -> list[Turn]:
        """The requests that `free_bytes` serve now, in order, no longer waiting."""
        now_s = time.monotonic()
        served: list[Turn] = []
        while (place := self._next(free_bytes, now_s)) is not None:
            turn = self._waiting.pop(place)
            turn.served = True
            free_bytes -= turn.size_bytes
            for earlier in self._waiting[:place]:
                earlier.bypassed += 1
                earlier.bypassed_bytes += turn.size_bytes
            self._byte_seconds = _MEMORY * self._byte_seconds + turn.size_bytes * (now_s - turn.since_s)
            self._bytes = _MEMORY * self._bytes + turn.size_bytes
            served.append(turn)
        return served

    def _next(self, free_bytes: float, now_s: float) -> int | None:
        """The place of the request to serve now: the smallest that fits, of those that may overtake all before them."""
        if self._mixed:
            self._waiting.sort(key=lambda turn: -turn.rank(now_s))  # stable: equals stay in the order of asking
        latest_s = now_s - self.patience_s
        allowed, priority = free_bytes, -math.inf  # what those seen so far leave to who comes after them
        best, found = None, None
        for place, turn in enumerate(self._waiting):
            if (
                turn.size_bytes <= allowed
                and turn.priority >= priority
                and (best is None or (turn.size_bytes < best.size_bytes and turn.priority == best.priority))
            ):
                best, found = turn, place
            if turn.bypassed >= BYPASSES or turn.since_s < latest_s:
                break
            left = BYPASS_SHARE * turn.size_bytes - turn.bypassed_bytes
            if left < allowed:
                allowed = left
            if turn.priority > priority:
                priority = turn.priority
        return found
