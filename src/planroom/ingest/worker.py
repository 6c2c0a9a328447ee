"""Runs a function on an untrusted file in a child process that can be killed, and says how it ended.

The child limits itself (`planroom.ingest.child`); this side listens, watches the clock and the memory, and ends the
child with its whole process group whatever happens: an answer, a failure, Ctrl-C, an error in the caller's `on_event`.
What the child sends is as untrusted as its file: its events are bounded (`planroom.ingest.protocol`), and only the
end of its standard error is kept. An event "ask" is answered with what `on_event` returns for it.

Thread-safe: every call has its own child; several may run at once. A call must be made from a thread that lives as long
as the call, for the kernel kills the child with the thread that started it.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from planroom.errors import BudgetRefused, ReaderOverBytes
from planroom.ingest.child import SPARE_BYTES
from planroom.ingest.process import Cancelled, Child, end_group
from planroom.ingest.protocol import OnEvent
from planroom.memory.footprints import Footprints, Ran
from planroom.memory.manager import WORKING_MEMORY, Lease, MemoryManager
from planroom.units import format_bytes

__all__ = ["Cancelled", "Facts", "kill_largest", "run_child", "run_growing"]

_QUANTUM_BYTES: Final = 8 << 20  # leases grow in steps of it: fewer questions
_STEP_BYTES: Final = 128 << 20
_DOUBLINGS: Final = 1
_PATIENCE_S: Final = 2.0  # for more bytes, while holding some
_living: set[Child] = set()
_living_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run of a child took. leased_bytes: the lease of the attempt that succeeded, as large as it grew.

    stages: what each stage of it was expected to take, and took. retried: how often it was begun anew.
    """

    leased_bytes: int
    peak_anonymous_bytes: int
    cpu_s: float
    wall_s: float
    retried: int
    stages: list[Ran] = field(default_factory=list)

    def as_timing(self, stage: str) -> dict[str, Any]:
        """A row of the report's timings."""
        return {
            "stage": stage,
            "wall_s": round(self.wall_s, 3),
            "cpu_s": round(self.cpu_s, 3),
            "leased_bytes": self.leased_bytes,
            "peak_bytes": self.peak_anonymous_bytes,
            "retried": self.retried,
            "leases": [list(ran) for ran in self.stages],
        }


def run_child(
    entry: str,
    arguments: dict[str, Any],
    *,
    limit_bytes: int,
    clock_s: float,
    on_event: OnEvent,
    cancelled: threading.Event | None = None,
    python_path: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """What `entry` ("module:function") returned in a child that held at most `limit_bytes` of anonymous memory.

    clock_s: the longest wall and CPU time from the start, and again from every event "sheet". Time in on_event is free.
    python_path: folders to look for the entry's module in, first.
    Raises what the child raised if it was a PlanroomError, else ReaderFailed; ReaderOverBytes, ReaderOverTime,
    ReaderCrashed; Cancelled.
    """
    with _started(entry, arguments, limit_bytes, limit_bytes, clock_s, python_path, None, None) as child:
        return child.follow(on_event, cancelled)


def run_growing(
    entry: str,
    arguments: dict[str, Any],
    *,
    manager: MemoryManager,
    first_bytes: int,
    most_bytes: int,
    clock_s: float,
    on_event: OnEvent,
    cancelled: threading.Event | None = None,
    python_path: Sequence[str | Path] = (),
    footprints: Footprints | None = None,
) -> tuple[dict[str, Any], Facts]:
    """As `run_child` under a lease of `first_bytes` and a spare, which grows as the child asks, up to `most_bytes`.

    Where what it asks for is not free soon, or it took more than was leased, it is ended and begun anew under a larger
    lease: on_event then gets {"event": "retry", "limit_bytes"} first. While it waits for that it holds no bytes, so two
    children never wait for each other. A lease is held exactly as long as its child lives. footprints: what stages are
    expected to take, and what learns from what they take. Raises BudgetRefused where not even first_bytes can be
    leased.
    """
    footprints = footprints or Footprints()
    most_bytes = min(most_bytes, manager.pools[WORKING_MEMORY].most_bytes)
    size_bytes = min(first_bytes, most_bytes)
    for attempt in itertools.count():
        start_s = time.monotonic()
        wanted_bytes = 0
        try:
            with _leased(manager, min(size_bytes + SPARE_BYTES, most_bytes), entry, cancelled) as lease:
                grow = _grower(lease, most_bytes, cancelled)
                with _started(
                    entry, arguments, size_bytes, most_bytes, clock_s, python_path, grow, footprints
                ) as child:
                    try:
                        result = child.follow(on_event, cancelled)
                    finally:
                        wanted_bytes = child.wanted_bytes
                leased_bytes = lease.size_bytes
        except ReaderOverBytes as error:
            if size_bytes >= most_bytes or error.is_final:
                raise
            least_bytes = max(wanted_bytes, 2 * size_bytes, size_bytes + _STEP_BYTES)
            size_bytes = min(most_bytes, least_bytes) if attempt < _DOUBLINGS else most_bytes
            on_event({"event": "retry", "limit_bytes": size_bytes})
        else:
            wall_s = time.monotonic() - start_s
            return result, Facts(leased_bytes, child.peak_anonymous_bytes, child.cpu_s, wall_s, attempt, child.stages)
    raise AssertionError("the last attempt returns or raises")


def _grower(lease: Lease, most_bytes: int, cancelled: threading.Event | None) -> Callable[[int], int]:
    """What makes a lease larger, before new ones are granted to others; returns what of it the child may take then."""

    def grow(wanted_bytes: int) -> int:
        rounded = -(-(wanted_bytes + SPARE_BYTES) // _QUANTUM_BYTES) * _QUANTUM_BYTES
        with suppress(BudgetRefused):
            lease.grow(min(rounded, most_bytes), wait_s=_PATIENCE_S, stop=cancelled)
        return most_bytes if lease.size_bytes >= most_bytes else lease.size_bytes - SPARE_BYTES

    return grow


def _leased(manager: MemoryManager, size_bytes: int, purpose: str, cancelled: threading.Event | None) -> Lease:
    """A lease, waited for as long as it takes. Raises BudgetRefused where it can never be, Cancelled."""
    try:
        return manager.lease(size_bytes, purpose, stop=cancelled)
    except BudgetRefused:
        if cancelled is not None and cancelled.is_set():
            raise Cancelled from None
        raise


def kill_largest(over_bytes: int) -> None:
    """Kill the child that holds most, so that its call raises ReaderOverBytes; what `memory.enforce.hold` calls.

    Nothing happens while one killed before is still dying: its bytes are not back yet.
    """
    with _living_lock:
        if _living and not any(child.condemned for child in _living):
            largest = max(_living, key=lambda child: child.anonymous_bytes)
            largest.condemned = f"{format_bytes(over_bytes)} over --memory, and it was the largest reader"
            end_group(largest.pid)


@contextmanager
def _started(
    entry: str,
    arguments: dict[str, Any],
    limit_bytes: int,
    most_bytes: int,
    clock_s: float,
    python_path: Sequence[str | Path],
    grow: Callable[[int], int] | None,
    footprints: Footprints | None,
) -> Iterator[Child]:
    """A running child; on exit its group is dead, and it is waited for."""
    with ExitStack() as stack:
        answers, to_child = os.pipe2(os.O_CLOEXEC)
        stack.callback(os.close, to_child)
        os.set_blocking(to_child, False)
        request = {
            "entry": entry,
            "arguments": arguments,
            "limit_bytes": limit_bytes,
            "most_bytes": most_bytes,
            "footprints": footprints.lines if footprints else {},
            "clock_s": clock_s,
            "parent": os.getpid(),
            "answers": answers,
        }
        stdin = stack.enter_context(tempfile.TemporaryFile())  # a file never blocks the writer, a pipe might
        stdin.write(json.dumps(request).encode() + b"\n")
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "planroom.ingest.child"],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(answers,),
                env=_environment(python_path),
                start_new_session=True,
            )
        finally:
            os.close(answers)
        try:
            child = Child(process, to_child, limit_bytes, clock_s, grow, footprints.learn if footprints else None)
        except BaseException:
            end_group(process.pid)
            process.wait()
            raise
        try:
            with _living_lock:
                _living.add(child)
            yield child
        finally:
            with _living_lock:
                _living.discard(child)
                end_group(child.pid)
            child.reap()


def _environment(python_path: Sequence[str | Path]) -> dict[str, str]:
    folders = [*map(str, python_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
    return {**os.environ, **threads, **path, "MALLOC_ARENA_MAX": "1", "PYTHONHASHSEED": "0"}
