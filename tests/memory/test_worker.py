from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planroom import errors
from planroom.errors import (
    BudgetRefused,
    PlanroomError,
    ReaderCrashed,
    ReaderFailed,
    ReaderOverBytes,
    ReaderOverTime,
)
from planroom.ingest import worker
from planroom.ingest.process import Child, end_group
from planroom.ingest.protocol import find_errors
from planroom.ingest.worker import Cancelled, kill_largest, run_child, run_growing
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.guard import return_to_kernel
from planroom.memory.manager import MemoryManager

HERE = Path(__file__).parent
MIB = 1 << 20

HOSTILE: list[tuple[str, dict[str, Any], type[PlanroomError], str]] = [
    ("abort", {}, ReaderCrashed, "aborted"),
    ("segfault", {}, ReaderCrashed, "segmentation fault"),
    ("exit_hard", {"code": 0}, ReaderCrashed, "without an answer, exit code 0"),
    ("exit_hard", {"code": 3}, ReaderCrashed, "without an answer, exit code 3"),
    ("exit_soft", {"code": 3}, ReaderFailed, "SystemExit: 3"),
    ("interrupt", {}, ReaderFailed, "KeyboardInterrupt"),
    ("recurse", {}, ReaderFailed, "RecursionError: maximum recursion depth"),
    ("return_nonsense", {}, ReaderFailed, "TypeError: Object of type object"),
    ("no_such_function", {}, ReaderFailed, "AttributeError: "),
    ("fork", {}, ReaderFailed, "PermissionError"),
    ("spawn", {}, ReaderFailed, "PermissionError"),
    ("connect", {}, ReaderFailed, "PermissionError"),
    ("flood_stdout", {}, ReaderCrashed, "aborted; its last words: the end"),
    ("flood_events", {}, ReaderCrashed, "more than 100000 events"),
    ("flood_line", {}, ReaderCrashed, "a line of more than 16.0 MiB"),
    ("break_protocol", {"line": "{"}, ReaderCrashed, "broke its protocol"),
    ("break_protocol", {"line": "[1]"}, ReaderCrashed, "broke its protocol"),
    ("break_protocol", {"line": "[" * 100_000}, ReaderCrashed, "broke its protocol"),
    ("break_protocol", {"line": '{"event": "done"}'}, ReaderCrashed, "broke its protocol"),
    ("break_protocol", {"line": '{"event": "error"}'}, ReaderFailed, ""),
    ("spin", {}, ReaderOverTime, "within 1.5 s"),
    ("spin_in_c", {}, ReaderOverTime, "within 1.5 s"),
    ("sleep", {}, ReaderOverTime, "within 1.5 s"),
    ("allocate_numpy", {}, ReaderOverBytes, "more than 128.0 MiB asked for: Unable to allocate 4.00 MiB"),
    ("allocate_python", {}, ReaderOverBytes, "more than 128.0 MiB asked for"),
    ("allocate_shared", {}, ReaderOverBytes, "held more than 128.0 MiB"),
    ("wrapped_memory_error", {}, ReaderOverBytes, "more than 128.0 MiB asked for: structure error"),
    ("bad_alloc", {}, ReaderOverBytes, "std::bad_alloc"),
    ("over_lease", {}, ReaderOverBytes, "page 3 needs 10.0 GiB"),
    ("abort_of_hunger", {}, ReaderOverBytes, "died at its limit"),
    ("abort_of_one_request", {}, ReaderOverBytes, "died at its limit"),
]


def run(name: str, limit_bytes: int = 128 * MIB, clock_s: float = 30.0, **arguments: Any) -> dict[str, Any]:
    return run_child(
        f"hooks:{name}",
        arguments,
        limit_bytes=limit_bytes,
        clock_s=clock_s,
        on_event=lambda _: None,
        python_path=[HERE],
    )


def readers_alive() -> list[int]:
    """Processes of sessions whose leader was started by the worker, zombies aside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"planroom.ingest.child" in command and state[1] == str(os.getpid()):
            found.append(int(folder.name))
    return found


def gone(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition: Callable[[], bool]) -> bool:
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_result_and_events() -> None:
    events: list[dict[str, Any]] = []
    result = run_child(
        "hooks:echo", {"a": [1, "ü"]}, limit_bytes=64 * MIB, clock_s=10, on_event=events.append, python_path=[HERE]
    )

    assert result["arguments"] == {"a": [1, "ü"]}
    assert events == [{"event": "sheet", "page": 0}]
    assert 0 < result["capacity"] < 64 * MIB
    assert result["session"] == result["pid"]
    assert readers_alive() == []


def test_answers_reach_the_child() -> None:
    heard: list[Any] = []

    def on_event(event: dict[str, Any]) -> object:
        heard.append(event["what"])
        return {"said": event["what"], "long": "x" * 20_000}

    whats = ["text", "äö", 3]
    result = run_child(
        "hooks:ask", {"whats": whats}, limit_bytes=128 * MIB, clock_s=30.0, on_event=on_event, python_path=[HERE]
    )

    assert heard == whats
    assert [a["said"] for a in result["answers"]] == whats
    assert all(len(a["long"]) == 20_000 for a in result["answers"])


def test_a_child_that_dies_asking_is_heard_of() -> None:
    def on_event(_: object) -> None:
        time.sleep(0.8)

    with pytest.raises(ReaderCrashed, match="exit code 3"):
        run_child("hooks:ask_and_die", {}, limit_bytes=128 * MIB, clock_s=30.0, on_event=on_event, python_path=[HERE])


def test_a_child_that_does_not_listen_is_ended() -> None:
    said = b'{"event": "ask"}\n' * 2000
    code = f"import os, time; os.write(1, {said!r}); time.sleep(60)"
    deaf, to_child = os.pipe()
    os.set_blocking(to_child, False)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    child = Child(process, to_child, 128 * MIB, 30.0)
    try:
        with pytest.raises(ReaderCrashed, match="does not listen"):
            child.follow(lambda _: "x" * 1000, None)
    finally:
        end_group(process.pid)
        child.reap()
        os.close(deaf)
        os.close(to_child)


def test_child_environment() -> None:
    assert run("environment") == {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "PYTHONHASHSEED": "0"}


def test_threads_are_allowed() -> None:
    assert run("use_threads") == {"done": [0, 1, 2, 3]}


def test_garbage_on_standard_output_is_not_protocol() -> None:
    assert run("print_garbage") == {"forged": False}


@pytest.mark.parametrize(("name", "arguments", "kind", "words"), HOSTILE, ids=[f"{row[0]}-{row[3]}" for row in HOSTILE])
def test_hostile(name: str, arguments: dict[str, Any], kind: type[PlanroomError], words: str) -> None:
    clock_s = 1.5 if kind is ReaderOverTime else 60.0
    return_to_kernel()
    before_bytes = own_anonymous_bytes()
    with pytest.raises(PlanroomError) as caught:
        run(name, clock_s=clock_s, **arguments)

    assert type(caught.value) is kind
    assert words in caught.value.message
    assert readers_alive() == []
    return_to_kernel()  # what is held counts, not the holes that a growing line left behind
    assert own_anonymous_bytes() - before_bytes < 48 * MIB  # one line of the most that is taken, and its copies


ALL_CODED = sorted({kind.__name__ for kind in find_errors()})


@pytest.mark.parametrize("name", ALL_CODED)
def test_errors_come_back_as_themselves(name: str) -> None:
    kind = getattr(errors, name)
    with pytest.raises(PlanroomError) as caught:
        arguments: dict[str, Any] = {"class": name}
        run("raise_ours", **arguments)

    if kind in (BudgetRefused, ReaderOverBytes):
        assert type(caught.value) is ReaderOverBytes
        assert "as said" in caught.value.message
    else:
        assert type(caught.value) is kind
        assert (caught.value.message, caught.value.place, caught.value.advice) == ("as said", "plan.pdf", "as hinted")


def test_too_little_to_start() -> None:
    # who notices first: the child, that its limit leaves nothing, or its parent, that it holds more
    with pytest.raises(ReaderOverBytes, match=r"does not even start|held more than 8\.0 MiB"):
        run("echo", limit_bytes=8 * MIB)


@pytest.mark.parametrize("limit_mib", [64, 128, 300])
@pytest.mark.parametrize("name", ["allocate_numpy", "allocate_python"])
def test_anonymous_memory_stays_below_the_limit(name: str, limit_mib: int) -> None:
    peaks: list[int] = []
    arguments = {"bytes": 1 << 16} if name == "allocate_numpy" else {}
    with (
        pytest.raises(ReaderOverBytes, match="asked for"),
        worker._started(
            f"hooks:{name}", arguments, limit_mib * MIB, limit_mib * MIB, 60.0, [HERE], None, None
        ) as child,
    ):
        try:
            child.follow(lambda _: None, None)
        finally:
            peaks.append(child.peak_anonymous_bytes)

    assert peaks[0] <= limit_mib * MIB
    if limit_mib == 300:
        assert peaks[0] >= 0.75 * limit_mib * MIB


def test_each_sheet_renews_the_clock() -> None:
    assert run("spin_beside", clock_s=1.5, sheets=5, seconds=0.5) == {"sheets": 5}


def test_slow_listener_costs_no_time() -> None:
    result = run_child(
        "hooks:spin_beside",
        {"sheets": 2, "seconds": 0.01},
        limit_bytes=64 * MIB,
        clock_s=1.0,
        on_event=lambda _: time.sleep(1.2),
        python_path=[HERE],
    )

    assert result == {"sheets": 2}


def test_cancelled() -> None:
    cancelled = threading.Event()
    with pytest.raises(Cancelled):
        run_child(
            "hooks:sleep",
            {},
            limit_bytes=64 * MIB,
            clock_s=60,
            on_event=lambda _: cancelled.set(),
            cancelled=cancelled,
            python_path=[HERE],
        )

    assert readers_alive() == []


def test_error_in_the_listener_ends_the_child() -> None:
    def fail(event: dict[str, Any]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_child("hooks:sleep", {}, limit_bytes=64 * MIB, clock_s=60, on_event=fail, python_path=[HERE])

    assert readers_alive() == []


def test_killed_from_outside() -> None:
    with pytest.raises(ReaderCrashed, match="killed"):
        run_child(
            "hooks:sleep",
            {},
            limit_bytes=64 * MIB,
            clock_s=60,
            on_event=lambda event: os.kill(event["pid"], signal.SIGKILL),
            python_path=[HERE],
        )


def test_kill_largest_takes_a_reader() -> None:
    with pytest.raises(ReaderOverBytes, match="largest reader"):
        run_child(
            "hooks:sleep",
            {},
            limit_bytes=64 * MIB,
            clock_s=60,
            on_event=lambda _: kill_largest(5 * MIB),
            python_path=[HERE],
        )


def test_kill_largest_without_readers() -> None:
    kill_largest(1)


def test_end_group_takes_grandchildren() -> None:
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert shell.stdout
    grandchild = int(shell.stdout.readline())
    end_group(shell.pid)
    shell.communicate()

    assert wait_until(lambda: gone(grandchild))


PARENT = """
import os, sys, threading
from planroom.ingest.worker import run_child
def tell(event):
    print(event["pid"], flush=True)
run_child("hooks:sleep", {}, limit_bytes=64 << 20, clock_s=60, on_event=tell, python_path=[sys.argv[1]])
"""


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_child_dies_with_its_parent(signal_number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, HERE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signal_number)
    parent.communicate()

    assert wait_until(lambda: gone(child))


def test_growing_retries_larger_and_leases_exactly() -> None:
    manager = MemoryManager(300 * MIB)
    events: list[dict[str, Any]] = []
    result, facts = run_growing(
        "hooks:allocate",
        {"bytes": 100 * MIB},
        manager=manager,
        first_bytes=64 * MIB,
        most_bytes=500 * MIB,
        clock_s=60,
        on_event=events.append,
        python_path=[HERE],
    )

    assert result == {"held": 100 * MIB}
    assert facts.retried == 1
    assert facts.leased_bytes == (192 + 32) * MIB
    assert 100 * MIB < facts.peak_anonymous_bytes < 130 * MIB
    assert 0 < facts.cpu_s < facts.wall_s + 0.5
    assert events == [{"event": "retry", "limit_bytes": 192 * MIB}]
    assert manager.peak_leased_bytes == (192 + 32) * MIB
    assert manager.leased_bytes == 0


def test_growing_gives_up_after_the_most() -> None:
    manager = MemoryManager(100 * MIB)
    with pytest.raises(ReaderOverBytes, match=r"more than 100\.0 MiB"):
        run_growing(
            "hooks:allocate_python",
            {},
            manager=manager,
            first_bytes=64 * MIB,
            most_bytes=100 * MIB,
            clock_s=60,
            on_event=lambda _: None,
            python_path=[HERE],
        )

    assert manager.leased_bytes == 0


def test_growing_holds_the_lease_while_the_child_lives() -> None:
    manager = MemoryManager(100 * MIB)
    leased: list[int] = []
    _, facts = run_growing(
        "hooks:echo",
        {},
        manager=manager,
        first_bytes=64 * MIB,
        most_bytes=64 * MIB,
        clock_s=60,
        on_event=lambda _: leased.append(manager.leased_bytes),
        python_path=[HERE],
    )

    assert leased == [64 * MIB]
    assert not facts.retried
    assert manager.leased_bytes == 0


def test_child_loads_no_large_library() -> None:
    code = "import sys, json, planroom.ingest.child; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))

    assert not {"numpy", "psutil", "cv2", "asyncio"} & set(loaded)
