"""What stages were measured to take: from the bound of a stage to the bytes that it really grows by.

The lines come with the package, fitted to measured runs (benchmarks/footprints.py). A run goes on learning: of a stage
that took more than was expected more is expected from then on.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from importlib.resources import files
from typing import Final, NamedTuple

UNKNOWN_START_BYTES: Final = 150 << 20  # a reader with its libraries mapped
_MARGIN: Final = 1.1  # of what was missing, when it is learnt
_SLACK_BYTES: Final = 8 << 20  # above a bound: what the C library keeps, and small things that no bound counts


class Line(NamedTuple):
    """Growth as `base_bytes + slope * bound`."""

    base_bytes: int
    slope: float


class Ran(NamedTuple):
    """A stage that was measured: its bound, then anonymous bytes of the process: held when it began, expected at the
    highest, really held at the highest.
    """

    stage: str
    bound_bytes: int
    held_bytes: int
    expected_bytes: int
    peak_bytes: int


class Footprints:
    """Measured lines by stage; those that come with the package unless others are given. Thread-safe."""

    def __init__(self, lines: Mapping[str, Line] | None = None):
        self._lock = threading.Lock()
        self._lines = shipped_lines() if lines is None else dict(lines)

    @property
    def lines(self) -> dict[str, Line]:
        """All lines as they are now."""
        with self._lock:
            return dict(self._lines)

    def growth_bytes(self, stage: str, bound_bytes: int) -> int:
        """What `stage` is expected to grow by; one that was never measured, by its bound."""
        with self._lock:
            line = self._lines.get(stage)
        if line is None:
            return bound_bytes
        return max(0, min(bound_bytes + _SLACK_BYTES, round(line.base_bytes + line.slope * bound_bytes)))

    def start_bytes(self, kind: str, size_bytes: int) -> int:
        """Anonymous memory of a child from its start until what it works on, of that kind and size, is open; not less
        than such a child usually takes in the end, so that most need not ask for more.
        """
        with self._lock:
            start, usual = self._lines.get(f"start {kind}"), self._lines.get(f"usual {kind}")
        if start is None:
            return UNKNOWN_START_BYTES
        return max(round(start.base_bytes + start.slope * size_bytes), usual.base_bytes if usual else 0)

    def learn(self, ran: Ran) -> None:
        """Expect more of a stage that took more than was expected, up to its bound."""
        missing = ran.peak_bytes - ran.expected_bytes
        with self._lock:
            line = self._lines.get(ran.stage)
            if missing > 0 and line is not None:
                self._lines[ran.stage] = line._replace(base_bytes=line.base_bytes + round(_MARGIN * missing))


def shipped_lines() -> dict[str, Line]:
    """The lines that come with the package."""
    told = files("planroom.memory").joinpath("footprints.json")
    return {name: Line(*line) for name, line in json.loads(told.read_text("utf-8")).items()}
