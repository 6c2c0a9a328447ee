from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planroom.errors import BudgetRefused
from planroom.memory.enforce import hold, own_anonymous_bytes
from planroom.memory.machine import PROC, Machine, read_machine

MIB = 1 << 20
GROUPLESS = Machine(8 << 30, "none", None, None, None, 8 << 30)


def may_make_groups() -> bool:
    group = read_machine().cgroup_path
    if group is None or not (group / "memory.limit_in_bytes").exists():
        return False
    probe = group / "planroom-probe"
    try:
        probe.mkdir()
    except OSError:
        return False
    probe.rmdir()
    return True


needs_groups = pytest.mark.skipif(not may_make_groups(), reason="no memory control group may be made here")


def run(body: str, *arguments: str) -> dict[str, Any]:
    """What a fresh Python prints as JSON; every case has a process of its own, for a group takes the whole process."""
    head = "import json, os, signal, subprocess, sys, time\nfrom planroom.memory.enforce import hold\nMIB = 1 << 20\n"
    text = subprocess.check_output([sys.executable, "-c", head + body, *arguments], text=True, timeout=60)
    result: dict[str, Any] = json.loads(text)
    return result


def find_groups() -> set[str]:
    """Groups whose name ends in the number of a process that is gone."""
    group = read_machine().cgroup_path
    names = [folder.name for folder in group.glob("planroom-*")] if group else []
    return {name for name in names if not (PROC / name.rpartition("-")[2]).exists()}


BEFORE = find_groups()  # of runs that were killed earlier on this machine


def left_groups() -> set[str]:
    """Groups that a run of these tests left behind."""
    return find_groups() - BEFORE


def wait_until(condition: Callable[[], bool]) -> bool:
    for _ in range(300):
        if condition():
            return True
        time.sleep(0.01)
    return False


TREE = """
child = "held = bytearray(b'x') * (100 << 20); print('there', flush=True); import sys; sys.stdin.read()"
with hold(256 * MIB%s) as enforcement:
    before = enforcement.measure()
    with subprocess.Popen([sys.executable, "-c", child], stdin=-1, stdout=-1) as reader:
        reader.stdout.readline()
        held = bytearray(b"x") * (100 * MIB)
        time.sleep(0.2)
        reader.stdin.close()
print(json.dumps({"before": before, "peak": enforcement.peak_real_bytes, "enforced": enforcement.enforced,
                  "kernel_peak": enforcement.kernel_peak_bytes, "oom_kills": enforcement.oom_kills}))
"""


@needs_groups
def test_kernel_mode_measures_the_tree() -> None:
    found = run(TREE % "")

    truth = found["before"] + 200 * MIB
    assert found["enforced"] == "kernel"
    assert abs(found["peak"] - truth) <= 0.02 * truth + 10 * MIB
    assert found["kernel_peak"] >= 200 * MIB
    assert found["oom_kills"] == 0
    assert left_groups() == set()


def test_cooperative_mode_measures_the_tree() -> None:
    body = (
        "from planroom.memory.machine import Machine\n"
        + TREE % ", machine=Machine(8 << 30, 'none', None, None, None, 8 << 30)"
    )
    found = run(body)

    truth = found["before"] + 200 * MIB
    assert found["enforced"] == "cooperative"
    assert abs(found["peak"] - truth) <= 0.02 * truth + 10 * MIB
    assert found["kernel_peak"] is None


@needs_groups
def test_page_cache_does_not_count(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(os.urandom(MIB) * 150)
    body = """
with hold(100 * MIB) as enforcement:
    with open(sys.argv[1], "rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(MIB):
            pass
    time.sleep(0.1)
print(json.dumps({"peak": enforcement.peak_real_bytes, "kernel_peak": enforcement.kernel_peak_bytes}))
"""
    found = run(body, str(large))

    assert found["peak"] < 20 * MIB
    assert found["kernel_peak"] > found["peak"]


@needs_groups
def test_shared_memory_counts() -> None:
    body = """
import mmap
with hold(256 * MIB) as enforcement:
    shared = mmap.mmap(-1, 80 * MIB)
    for _ in range(80):
        shared.write(b"x" * MIB)
    time.sleep(0.1)
print(json.dumps({"peak": enforcement.peak_real_bytes}))
"""
    found = run(body)

    assert 80 * MIB < found["peak"] < 110 * MIB


@needs_groups
def test_kernel_kills_what_breaks_the_limit() -> None:
    body = """
child = "open('/proc/self/oom_score_adj', 'w').write('800'); held = bytearray(b'x') * (400 << 20)"
with hold(256 * MIB) as enforcement:
    code = subprocess.call([sys.executable, "-c", child])
print(json.dumps({"code": code, "oom_kills": enforcement.oom_kills, "peak": enforcement.peak_real_bytes}))
"""
    found = run(body)

    assert found["code"] == -signal.SIGKILL
    assert found["oom_kills"] == 1
    assert found["peak"] <= 256 * MIB
    assert left_groups() == set()


@needs_groups
def test_group_is_left_and_removed_after_an_error_and_ctrl_c() -> None:
    body = """
from planroom.memory.machine import read_machine
before = read_machine().cgroup_path
inside = []
for trouble in (ZeroDivisionError, KeyboardInterrupt):
    try:
        with hold(256 * MIB):
            inside.append(read_machine().cgroup_path.name)
            if trouble is KeyboardInterrupt:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(5)
            raise trouble
    except trouble:
        pass
print(json.dumps({"pid": os.getpid(), "inside": inside, "back": read_machine().cgroup_path == before}))
"""
    found = run(body)

    assert found["inside"] == [f"planroom-{found['pid']}"] * 2
    assert found["back"]
    assert left_groups() == set()


@needs_groups
def test_group_with_a_survivor_stays_and_is_removed_by_the_next_run() -> None:
    body = """
with hold(256 * MIB):
    survivor = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL)
print(json.dumps({"pid": os.getpid(), "survivor": survivor.pid}))
"""
    found = run(body)
    stayed = left_groups()
    os.kill(found["survivor"], signal.SIGKILL)

    assert stayed == {f"planroom-{found['pid']}"}
    assert wait_until(lambda: run("with hold(256 * MIB): pass\nprint('{}')") == {} and left_groups() == set())


@needs_groups
def test_tight_group_around_us_is_enough() -> None:
    body = """
from planroom.memory.machine import read_machine
with hold(200 * MIB):
    with hold(256 * MIB) as inner:
        nested = list(read_machine().cgroup_path.glob("planroom-*"))
print(json.dumps({"enforced": inner.enforced, "nested": len(nested)}))
"""
    assert run(body) == {"enforced": "kernel", "nested": 0}


def test_v2_without_rights_falls_back(tmp_path: Path) -> None:
    group = tmp_path / "group"
    group.mkdir()
    (group / "memory.stat").write_text("anon 0\nfile 0\nshmem 0\n")
    (group / "cgroup.subtree_control").mkdir()  # cannot be read or written, as on a machine that delegates nothing
    machine = Machine(8 << 30, "v2", group, None, None, 8 << 30)
    with hold(2 << 30, machine=machine) as enforcement:
        measured = enforcement.measure()

    assert enforcement.enforced == "cooperative"
    assert measured > 0


def test_cooperative_mode_asks_to_end_a_reader() -> None:
    asked: list[int] = []
    limit_bytes = own_anonymous_bytes() + 30 * MIB
    with hold(limit_bytes, on_over=asked.append, machine=GROUPLESS) as enforcement:
        held = bytearray(b"x") * (80 * MIB)
        over = wait_until(lambda: bool(asked))
        del held

    assert over
    assert 30 * MIB < asked[0] < 80 * MIB
    assert enforcement.peak_real_bytes > limit_bytes


def test_less_than_is_held_already() -> None:
    with pytest.raises(BudgetRefused, match="in use already"), hold(MIB, machine=GROUPLESS):
        pass


def test_own_anonymous_bytes_follow_allocation() -> None:
    before = own_anonymous_bytes()
    held = bytearray(b"x") * (64 * MIB)
    after = own_anonymous_bytes()

    assert len(held) == 64 * MIB
    assert abs(after - before - 64 * MIB) < 2 * MIB


READER = """
from planroom.errors import ReaderOverBytes
from planroom.ingest.worker import kill_largest, run_child
from planroom.memory.machine import Machine
groupless = Machine(8 << 30, "none", None, None, None, 8 << 30)
with hold(128 * MIB%s) as enforcement:
    try:
        run_child("hooks:allocate", {"bytes": 200 * MIB}, limit_bytes=400 * MIB, clock_s=60, on_event=print,
                  python_path=[sys.argv[1]])
        end = "done"
    except ReaderOverBytes as error:
        end = error.message
print(json.dumps({"end": end, "enforced": enforcement.enforced, "oom_kills": enforcement.oom_kills}))
"""
HOOKS = str(Path(__file__).parent)


@needs_groups
def test_reader_that_the_kernel_kills_is_over_its_bytes() -> None:
    found = run(READER % "", HOOKS)

    assert found == {"end": "the reader died at its limit of 400.0 MiB", "enforced": "kernel", "oom_kills": 1}


def test_reader_that_the_sampler_ends_is_over_its_bytes() -> None:
    found = run(READER % ", machine=groupless, on_over=kill_largest", HOOKS)

    assert "over --memory" in found["end"]
    assert found["enforced"] == "cooperative"
