"""Runs stages in a process of its own and says on standard output when each begins and ends, and what it leased.

    python stages.py read KIND FILE FOLDER
    python stages.py report FILE FOLDER

Each mark is a JSON line, and is waited for to be answered by a line on standard input. Before a stage begins, garbage
is collected and free memory is given back, so that a stage cannot hide in what another has left.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from planroom import pipeline, publish, reading
from planroom.config import Settings
from planroom.ingest.worker import Facts
from planroom.memory.manager import Lease, MemoryManager
from planroom.runtime import Runtime
from planroom.units import parse_bytes

LIMIT_BYTES = parse_bytes("8GiB")
NOTHING = Facts(0, 0, 0.0, 0.0, 0)


def mark(**words: Any) -> None:
    """Say `words`, and wait until they were heard."""
    print(json.dumps(words), flush=True)
    sys.stdin.readline()


def begin(stage: str, held_bytes: int) -> None:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    mark(begin=stage, held=held_bytes)


class MarkedLedger(MemoryManager):
    """A ledger that marks the leases named in `stages`, each with the most that was leased on top while it was held."""

    def __init__(self, *stages: str):
        super().__init__(LIMIT_BYTES)
        self._stages = stages
        self._before = 0

    def lease(self, size_bytes: int, purpose: str, **how: Any) -> Lease:
        if purpose in self._stages:
            begin(purpose, self.leased_bytes)
            # a reader holds some of its leases from the first page to the last, and what they stand for
            self._before = 0 if purpose == "read" else self.leased_bytes
            self.renew_peak()
            lease = super().lease(size_bytes, purpose, **how)
            return MarkedLease(self, lease)
        return super().lease(size_bytes, purpose, **how)

    def ended(self, lease: Lease) -> None:
        mark(end=lease.purpose, leased=self.peak_leased_bytes - self._before)


class MarkedLease(Lease):
    """A lease whose end is marked."""

    def __init__(self, ledger: MarkedLedger, lease: Lease):
        super().__init__(lease._pool, lease.size_bytes, lease.purpose)
        self._ledger = ledger

    def release(self) -> None:
        if self._held:
            self._ledger.ended(self)
        super().release()


def read(kind: str, file: str, folder: str) -> None:
    """What a reader child does with a document."""
    arguments = {"kind": kind, "path": file, "sha256": "0" * 64, "folder": folder, "picture_px": Settings().picture_px}
    more: dict[str, Any] = {"scales": {}, "password": "", "lost": [], "letters": False, "unread": "", "sight": ""}
    reading.read_sheets(
        arguments | more, lambda event: None, MarkedLedger("read", "sheet", "detect", "keep", "the sheet's elements")
    )


def report(file: str, folder: str) -> None:
    """What the program does with the sheets of a document; what a child does for it is done here."""
    settings = Settings(memory_bytes=LIMIT_BYTES, cache_folder=Path(folder) / "cache", seconds=600.0)
    ledger = MarkedLedger("measure", "the HTML report", "the workbook", "the JSON report", "the marked-up PDF")
    runtime = Runtime(settings, ledger)
    found = pipeline.analyze([Path(file)], settings, runtime, lambda step: None)
    vars(publish)["run_growing"] = lambda entry, arguments, **_: (mark_up(arguments, ledger), NOTHING)
    publish.publish(found, Path(folder) / "out", settings, runtime, lambda stage, share: None)


def mark_up(arguments: dict[str, Any], ledger: MemoryManager) -> dict[str, Any]:
    """What a child does."""
    return publish.mark_up(arguments, lambda event: None, ledger)


if __name__ == "__main__":
    stages: dict[str, Callable[..., None]] = {"read": read, "report": report}
    stages[sys.argv[1]](*sys.argv[2:])
