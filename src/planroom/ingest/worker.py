"""Runs a function on an untrusted file in a child process that can be killed, and says how it ended.

The child limits itself (`planroom.ingest.child`); this side listens, watches the clock and the memory, and ends the
child with its whole process group whatever happens: an answer, a failure, Ctrl-C, an error in the caller's `on_event`.
What the child sends is as untrusted as its file: its events are bounded (`planroom.ingest.protocol`), and only the
end of its standard error is kept. An event "ask" is answered with what `on_event` returns for it.

Thread-safe: every call has its own child; several may run at once. A call must be made from a thread that lives as long
as the call, for the kernel kills the child with the thread that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planroom.errors import ReaderOverBytes
from planroom.ingest.process import Cancelled, Child, end_group
from planroom.ingest.protocol import OnEvent
from planroom.memory.manager import MemoryManager
from planroom.units import format_bytes

__all__ = ["Cancelled", "Facts", "kill_largest", "run_child", "run_growing"]

_living: set[Child] = set()
_living_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run of a child took. leased_bytes: the lease of the attempt that succeeded."""

    leased_bytes: int
    peak_anonymous_bytes: int
    cpu_s: float
    wall_s: float
    retried: bool


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
    with _started(entry, arguments, limit_bytes, clock_s, python_path) as child:
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
) -> tuple[dict[str, Any], Facts]:
    """As `run_child` under a lease of `first_bytes`, and once more under `most_bytes` where those were too few.

    A second attempt starts from the beginning: on_event then gets {"event": "retry", "limit_bytes"} first. The lease is
    held exactly as long as the child lives. Raises BudgetRefused where not even first_bytes can be leased.
    """
    most_bytes = min(most_bytes, manager.capacity_bytes)
    for size_bytes, retried in ((first_bytes, False), (most_bytes, True)):
        start_s = time.monotonic()
        try:
            with (
                manager.lease(size_bytes, entry) as lease,
                _started(entry, arguments, lease.size_bytes, clock_s, python_path) as child,
            ):
                result = child.follow(on_event, cancelled)
        except ReaderOverBytes:
            if retried or most_bytes <= first_bytes:
                raise
            on_event({"event": "retry", "limit_bytes": most_bytes})
        else:
            wall_s = time.monotonic() - start_s
            return result, Facts(size_bytes, child.peak_anonymous_bytes, child.cpu_s, wall_s, retried)
    raise AssertionError("the second attempt returns or raises")


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
    entry: str, arguments: dict[str, Any], limit_bytes: int, clock_s: float, python_path: Sequence[str | Path]
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
            child = Child(process, to_child, limit_bytes, clock_s)
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
