"""Running benchmarks: small real ones in a folder of the test's own, and the checkout's by the program itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT, Ran, wait_for
from planroom.bench import GROUPS, find_benchmarks, get_folder, list_lines, run_benchmarks
from planroom.errors import UsageError

SMALL = '''"""How fast {name} is.

More words.
"""
import json, os, signal, sys

if __name__ == "__main__":
    print(json.dumps({{"name": {name!r}, "arguments": sys.argv[1:], "python": sys.executable}}), flush=True)
    {end}
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout's benchmarks: three that end differently, a group's only file, and a part of others."""
    folder = tmp_path / "checkout/benchmarks"
    folder.mkdir(parents=True)
    ends = {"good": "", "missed": "sys.exit(1)", "wrong": "sys.exit(2)", "cache": "", "dies": "os.kill(os.getpid(), 9)"}
    for name, end in ends.items():
        (folder / f"{name}.py").write_text(SMALL.format(name=name, end=end))
    (folder / "part.py").write_text('"""A part of others."""\n')
    return folder


def printed(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# ---- which there are ---------------------------------------------------------------------------------------


def test_names_are_the_groups_and_the_files_that_do_something(folder: Path) -> None:
    found = {benchmark.name: [file.name for file in benchmark.files] for benchmark in find_benchmarks(folder)}

    assert found == {
        "memory": ["memory.py", "thousand.py", "waits.py"],
        "cache": ["cache.py"],
        "faults": ["faults.py"],
        "dies": ["dies.py"],
        "good": ["good.py"],
        "missed": ["missed.py"],
        "wrong": ["wrong.py"],
    }


def test_the_list_says_what_each_measures_and_what_is_not_there(folder: Path) -> None:
    lines = list(list_lines(folder))

    assert lines[lines.index("good") + 1].split(maxsplit=1) == ["good.py", "How fast good is."]
    assert lines[lines.index("cache") + 1].split(maxsplit=1) == ["cache.py", "How fast cache is."]
    assert lines[lines.index("faults") + 1].split(maxsplit=1) == ["faults.py", "not in this checkout"]


def test_the_checkout_is_found_from_the_source_and_elsewhere_refused(tmp_path: Path) -> None:
    module = tmp_path / "site-packages/planroom/bench.py"
    module.parent.mkdir(parents=True)
    module.touch()

    assert get_folder() == ROOT / "benchmarks"
    with pytest.raises(UsageError, match="not installed") as refused:
        get_folder(module)
    assert "pip install -e" in refused.value.advice


# ---- running them ------------------------------------------------------------------------------------------


def test_a_benchmark_gets_its_arguments_and_this_interpreter(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = run_benchmarks(folder, ["good", "cache"], ["--json", "--only", "calls"])
    out, err = capfd.readouterr()

    arguments = {"arguments": ["--json", "--only", "calls"], "python": sys.executable}
    assert code == 0
    assert printed(out) == [{"name": "good"} | arguments, {"name": "cache"} | arguments]
    assert err.splitlines() == ["== benchmarks/good.py", "== benchmarks/cache.py"]


def test_json_of_several_benchmarks_is_one_document(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "second"):
        document = {"bench": name, "machine": "m", "settings": {"n": 1}, "results": [{"who": "planroom", "is": name}]}
        text = f'"""Prints."""\nif __name__ == "__main__":\n    print({json.dumps(document)!r})\n'
        (folder / f"{name}.py").write_text(text)
    both = run_benchmarks(folder, ["first", "second", "dies"], as_json=True)
    together = json.loads(capfd.readouterr().out)
    run_benchmarks(folder, ["first"], as_json=True)
    alone = json.loads(capfd.readouterr().out)

    assert both == 128 + 9
    assert together == {
        "bench": "first second dies",
        "machine": "m",
        "settings": {"first": {"n": 1}, "second": {"n": 1}},
        "results": [{"file": name, "who": "planroom", "is": name} for name in ("first", "second")],
    }
    assert alone["settings"] == {"n": 1}


@pytest.mark.parametrize(
    ("names", "code"),
    [(["good"], 0), (["missed", "good"], 1), (["missed", "wrong", "missed"], 2), (["dies", "good"], 128 + 9)],
)
def test_all_run_and_the_worst_exit_code_counts(
    folder: Path, capfd: pytest.CaptureFixture[str], names: list[str], code: int
) -> None:
    ended = run_benchmarks(folder, names)

    assert ended == code
    assert [one["name"] for one in printed(capfd.readouterr().out)] == list(dict.fromkeys(names))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nope", "no benchmark 'nope'"),
        ("part", "no benchmark 'part'"),
        ("../benchmarks/good", "no benchmark"),
        ("memory", "memory.py"),
    ],
)
def test_what_cannot_run_is_told_before_anything_runs(
    folder: Path, capfd: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        run_benchmarks(folder, ["good", name])

    assert capfd.readouterr().out == ""


SLOW = '''"""Waits, with a child of its own, and puts away what it made."""
import os, pathlib, subprocess, sys, time

if __name__ == "__main__":
    made = pathlib.Path(sys.argv[1])
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        made.with_suffix(".part").write_text(f"{os.getpid()} {child.pid}")
        made.with_suffix(".part").rename(made)
        time.sleep(600)
    finally:
        made.unlink()
'''
INTERRUPTED = """
import pathlib, signal, sys
from planroom.bench import run_benchmarks
signal.signal(signal.SIGINT, signal.default_int_handler)
run_benchmarks(pathlib.Path(sys.argv[1]), ["slow"], [sys.argv[2]])
"""


def is_there(pid: int) -> bool:
    """Whether a process runs; one that ended and was not looked after yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interrupt_ends_the_benchmark_and_its_children_and_lets_it_put_things_away(
    folder: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    (folder / "slow.py").write_text(SLOW)
    program = subprocess.Popen([sys.executable, "-c", INTERRUPTED, folder, made], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(made.exists)
        pids = [int(word) for word in made.read_text().split()]
        os.kill(program.pid, signal.SIGINT)  # to it alone, as `kill` does: the terminal would tell the whole group
        _, said = program.communicate(timeout=60)
    finally:
        program.kill()
        program.wait()

    assert len(pids) == 2
    assert program.returncode == -signal.SIGINT
    assert said.endswith("KeyboardInterrupt\n")
    assert not made.exists()
    wait_for(lambda: not any(is_there(pid) for pid in pids))


# ---- the program -------------------------------------------------------------------------------------------


def test_the_program_lists_the_checkouts_benchmarks(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("bench", "--list")

    assert ran.code == 0
    assert set(GROUPS) < set(ran.stdout.splitlines())
    assert "  scaling.py        Seconds and bytes of every stage" in ran.stdout


def test_the_program_passes_on_what_follows_two_dashes(run_planroom: Callable[..., Ran]) -> None:
    helped = run_planroom("bench", "scaling", "--", "--help")
    refused = run_planroom("bench", "scaling", "--json", "--", "--no-such-option", "--list")

    assert (helped.code, refused.code) == (0, 2)
    assert helped.stdout.startswith("usage: scaling.py")
    assert "unrecognized arguments: --no-such-option --list" in refused.stderr


@pytest.mark.parametrize("words", [[], ["nope"], ["scaling", "--no-such-option"]])
def test_wrong_usage_of_the_program_is_told(run_planroom: Callable[..., Ran], words: list[str]) -> None:
    ran = run_planroom("bench", *words)

    assert ran.code == 2
    assert ran.stdout == ""
    assert "bench" in ran.stderr
