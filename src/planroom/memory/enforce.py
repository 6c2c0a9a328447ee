"""The promise of `--memory`: what a process tree may hold as anonymous plus shared memory, held and measured.

*Kernel*: a memory control group holds the limit; the kernel kills the process that would break it. *Cooperative*: no
such group may be made, so a thread adds the tree up and asks the caller to end a reader when it holds too much.

A group made here starts empty: what this process had before it entered stays charged to the old one. Those *carried*
bytes are taken off the new group's limit and added to every figure, so the promise covers them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from planroom.errors import BudgetRefused
from planroom.memory.machine import (
    PAGE_BYTES,
    PROC,
    V1_LIMIT,
    V2_LIMIT,
    Machine,
    find_tree,
    read_machine,
    real_bytes,
    usage,
)
from planroom.units import format_bytes

KERNEL_EVERY_S: Final = 0.02
COOPERATIVE_EVERY_S: Final = 0.05
_PREFIX: Final = "planroom-"
_LEAVE_S: Final = 0.5  # a process that just ended may keep its group busy for a moment


class Enforcement:
    """How a limit is held, and what the tree really used; figures are at most one sample old.

    kernel_peak_bytes includes page cache: it tells how close the kernel came, not what planroom used.
    Thread-safe: any thread may measure.
    """

    def __init__(self, limit_bytes: int, machine: Machine, group: Path | None, carried_bytes: int):
        watched = group or machine.cgroup_path
        self.limit_bytes = limit_bytes
        self.enforced: Literal["kernel", "cooperative"] = (
            "kernel" if group or machine.is_held_to(limit_bytes) else "cooperative"
        )
        self.peak_real_bytes = 0
        self.kernel_peak_bytes: int | None = None
        self.oom_kills = 0
        self._group = group
        self._watched = watched if self.enforced == "kernel" else None
        self._carried_bytes = carried_bytes
        self._oom_before = usage(watched).oom_kills if watched else 0
        self._lock = threading.Lock()

    def measure(self) -> int:
        """The tree's real bytes now; renews the other figures too."""
        seen = usage(self._watched) if self._watched else None
        if seen and self._group:
            now = seen.real_bytes + self._carried_bytes
        else:  # a group found around us may hold strangers; in the tree, a page that two processes share counts twice
            now = real_bytes(find_tree(os.getpid()))
            now = min(now, seen.real_bytes + self._carried_bytes) if seen else now
        with self._lock:
            self.peak_real_bytes = max(self.peak_real_bytes, now)
            if seen:
                self.kernel_peak_bytes = seen.peak_bytes
                self.oom_kills = seen.oom_kills - self._oom_before
        return now


@contextmanager
def hold(
    limit_bytes: int, *, on_over: Callable[[int], None] | None = None, machine: Machine | None = None
) -> Iterator[Enforcement]:
    """The tree of this process held to `limit_bytes`, by the kernel where it lets us; call it before starting children.

    on_over: called from the sampling thread in cooperative mode with the bytes above the limit, until none are.
    machine: as read before, or a made-up one. Raises BudgetRefused where this process holds more already.
    """
    machine = machine or read_machine()
    carried_bytes = own_anonymous_bytes()
    if carried_bytes >= limit_bytes:
        raise BudgetRefused(f"{format_bytes(carried_bytes)} are in use already, {format_bytes(limit_bytes)} were given")
    with _own_group(machine, limit_bytes, carried_bytes) as group:
        enforcement = Enforcement(limit_bytes, machine, group, carried_bytes)
        stop = threading.Event()
        sampler = threading.Thread(
            target=_sample, args=(enforcement, on_over, stop), name="planroom-memory", daemon=True
        )
        sampler.start()
        try:
            yield enforcement
        finally:
            stop.set()
            sampler.join()
            enforcement.measure()


def own_anonymous_bytes() -> int:
    """Anonymous memory of this process now, from one small file."""
    statm = (PROC / "self/statm").read_bytes().split()
    return (int(statm[1]) - int(statm[2])) * PAGE_BYTES


def _sample(enforcement: Enforcement, on_over: Callable[[int], None] | None, stop: threading.Event) -> None:
    every_s = KERNEL_EVERY_S if enforcement.enforced == "kernel" else COOPERATIVE_EVERY_S
    while not stop.wait(every_s):
        over = enforcement.measure() - enforcement.limit_bytes
        if over > 0 and on_over and enforcement.enforced == "cooperative":
            on_over(over)


@contextmanager
def _own_group(machine: Machine, limit_bytes: int, carried_bytes: int) -> Iterator[Path | None]:
    """A new group with this process in it, None where none may be made or the one around us is tight enough."""
    parent = machine.cgroup_path
    if parent is None or machine.is_held_to(limit_bytes):
        yield None
        return
    _remove_stale(parent)
    group = parent / f"{_PREFIX}{os.getpid()}"
    try:
        yield group if _enter(group, limit_bytes - carried_bytes) else None
    finally:
        _leave(group)


def _enter(group: Path, limit_bytes: int) -> bool:
    """Whether this process is now in `group` under that limit; where not, nothing has changed."""
    parent = group.parent
    try:
        group.mkdir(exist_ok=True)
        if (parent / V1_LIMIT).exists():
            (group / V1_LIMIT).write_text(str(limit_bytes))
            _write_if_there(group / "memory.memsw.limit_in_bytes", str(limit_bytes))
            (group / "cgroup.procs").write_text(str(os.getpid()))
        else:
            # v2 gives a controller to children only while the parent itself holds no process.
            (group / "cgroup.procs").write_text(str(os.getpid()))
            if "memory" not in (parent / "cgroup.subtree_control").read_text().split():
                (parent / "cgroup.subtree_control").write_text("+memory")
            (group / V2_LIMIT).write_text(str(limit_bytes))
            _write_if_there(group / "memory.swap.max", "0")
    except OSError:  # no rights, a read-only mount, a busy parent: the limit is then held cooperatively
        _leave(group)
        return False
    return True


def _leave(group: Path) -> None:
    """Go back to the parent and remove `group`; a group that still has processes stays. Harmless when repeated."""
    parent = group.parent
    if not group.exists():
        return
    if (parent / "cgroup.type").exists():  # v2, not its root: no process could be in the parent, so we enabled it
        _try_write(parent / "cgroup.subtree_control", "-memory")
    _try_write(parent / "cgroup.procs", str(os.getpid()))
    deadline = time.monotonic() + _LEAVE_S
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)
        else:
            return


def _remove_stale(parent: Path) -> None:
    """Remove groups whose planroom was killed; the kernel refuses where one still has processes."""
    for group in parent.glob(f"{_PREFIX}*"):
        pid = group.name.removeprefix(_PREFIX)
        if pid.isdigit() and not (PROC / pid).exists():
            try:
                group.rmdir()
            except OSError:
                continue


def _write_if_there(path: Path, text: str) -> None:
    if path.exists():
        path.write_text(text)


def _try_write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError:
        return
