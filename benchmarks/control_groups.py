"""Processes of a benchmark in a control group of their own, and alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planroom.memory.machine import V1_LIMIT, V2_LIMIT, read_machine

Child = subprocess.Popen[str]


@contextmanager
def open_group(limit_bytes: int) -> Iterator[Path]:
    """A new control group under ours that holds `limit_bytes`; what still runs in it at the end is killed."""
    around = read_machine().cgroup_path
    if around is None:
        raise SystemExit("there is no memory control group here to hold a limit")
    group = around / f"planroom-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / (V1_LIMIT if (group / V1_LIMIT).exists() else V2_LIMIT)).write_text(str(limit_bytes))
        swap = group / "memory.memsw.limit_in_bytes"
        if swap.exists():
            swap.write_text(str(limit_bytes))
        yield group
    finally:
        _empty(group)


def start(call: str, *arguments: object, group: Path | None = None) -> Child:
    """A process that runs `call` ("module:function" of this folder) with `arguments`, as text; in `group` from the
    start.
    """
    module, function = call.split(":")
    enter = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0'); " if group else ""
    code = f"{enter}import sys; from {module} import {function}; {function}(*sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def hear(child: Child) -> str:
    """The child's next line. Raises SystemExit where it ended without one."""
    assert child.stdout
    line = child.stdout.readline()
    if not line:
        raise SystemExit(f"a process of the benchmark ended with {child.wait()}")
    return line.strip()


def _empty(group: Path) -> None:
    for _ in range(100):
        for pid in (group / "cgroup.procs").read_text().split():
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                continue
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return
