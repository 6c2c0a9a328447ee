"""Whose turn it is: requests for bytes that wait for room.

Glossary. *Bypass*: a later request that fits is served before an earlier one that does not. Each request may be
bypassed `BYPASSES` times, or until it has waited `PATIENCE_S`; then nobody overtakes it, so nobody starves.
*Ageing*: every `AGEING_S` of waiting is worth one step of priority.

Not thread-safe: whoever holds the pool's lock uses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

BYPASSES = 8
PATIENCE_S = 2.0
AGEING_S = 1.0


@dataclass(slots=True, eq=False)
class Turn:
    """A request that waits: its bytes, its priority (higher first), and what is called once it was served."""

    size_bytes: int
    priority: int
    wake: Callable[[], object]
    since_s: float = field(default_factory=time.monotonic)
    bypassed: int = 0
    served: bool = False

    def rank(self, now_s: float) -> float:
        """Priority with age."""
        return self.priority + (now_s - self.since_s) / AGEING_S


class Turns:
    """Requests in the order in which they are to be served."""

    def __init__(self) -> None:
        self._waiting: list[Turn] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, turn: Turn) -> None:
        """Let a request wait."""
        self._waiting.append(turn)

    def drop(self, turn: Turn) -> None:
        """Forget a request that gave up; harmless where it was served."""
        if not turn.served:
            self._waiting.remove(turn)

    def serve(self, free_bytes: int) -> list[Turn]:
        """The requests that `free_bytes` serve now, in order, no longer waiting."""
        now_s = time.monotonic()
        if any(turn.priority != self._waiting[0].priority for turn in self._waiting):
            self._waiting.sort(key=lambda turn: -turn.rank(now_s))  # stable: equals stay in the order of asking
        passed: list[Turn] = []
        served: list[Turn] = []
        for turn in self._waiting:
            if turn.size_bytes <= free_bytes:
                free_bytes -= turn.size_bytes
                turn.served = True
                served.append(turn)
                for other in passed:
                    other.bypassed += 1
            else:
                passed.append(turn)
            if any(other.bypassed >= BYPASSES or now_s - other.since_s > PATIENCE_S for other in passed):
                break
        if served:
            self._waiting = [turn for turn in self._waiting if not turn.served]
        return served
