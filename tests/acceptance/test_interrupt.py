"""Runs that are ended from outside: what they leave behind, and how the next one goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bad_files import write_cut
from conftest import HOSTILE, Ran, wait_for
from planroom.memory.machine import read_machine

Start = Callable[..., "subprocess.Popen[str]"]


def has_group(process: subprocess.Popen[str]) -> bool:
    """Whether a run's control group, beside the one that this test runs in, is still there."""
    around = read_machine().cgroup_path
    return around is not None and (around / f"planroom-{process.pid}").exists()


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def start_slow(start_planroom: Start, folder: Path, example: Path, cache: Path) -> subprocess.Popen[str]:
    """A run over two sets with a pause before each page, as soon as it has kept its first sheets."""
    for name in ("a", "b"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "slow.pdf").write_bytes(example.read_bytes() + name.encode())
    process = start_planroom("analyze", "a", "b", PYTHONPATH=HOSTILE)
    wait_for(lambda: len(list(cache.glob("??/*/1.json"))) == 2)
    return process


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=lambda one: str(one)
)
def test_a_run_that_is_stopped(
    start_planroom: Start,
    run_planroom: Callable[..., Ran],
    tmp_path: Path,
    example: Path,
    cache: Path,
    number: signal.Signals,
    code: int,
) -> None:
    process = start_slow(start_planroom, tmp_path, example, cache)
    children = children_of(process)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=10)
    kept = [file.stat().st_mtime_ns for file in sorted(cache.glob("??/*/[01].json"))]

    assert len(children) == 2
    assert process.returncode == code
    assert "the next run goes on from there" in stderr
    assert "Traceback" not in stderr
    assert alive(children) == []
    assert not has_group(process)
    assert list((tmp_path / "planroom-out").iterdir()) == []
    assert not list(cache.rglob("*.part"))

    ran = run_planroom("analyze", "a", "b")

    assert ran.code == 0
    assert len(ran.report["sheets"]) == 18
    assert [file.stat().st_mtime_ns for file in sorted(cache.glob("??/*/[01].json"))] == kept


def test_a_run_that_is_killed(
    start_planroom: Start, run_planroom: Callable[..., Ran], tmp_path: Path, example: Path, cache: Path
) -> None:
    process = start_slow(start_planroom, tmp_path, example, cache)
    children = children_of(process)
    process.kill()
    process.communicate()
    wait_for(lambda: not alive(children))
    ran = run_planroom("analyze", "a", "b")

    assert ran.code == 0
    assert len(ran.report["sheets"]) == 18
    assert not has_group(process)
    assert not [file for file in ran.out.iterdir() if file.name.startswith(".")]


def test_a_report_stays_whole_when_the_next_is_stopped(
    start_planroom: Start, run_planroom: Callable[..., Ran], tmp_path: Path, example: Path, plan: Path, cache: Path
) -> None:
    first = run_planroom("analyze", plan)
    before = {file: file.read_bytes() for file in first.out.rglob("*") if file.is_file()}
    process = start_slow(start_planroom, tmp_path, example, cache)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)

    assert {file: file.read_bytes() for file in first.out.rglob("*") if file.is_file()} == before


def test_what_a_killed_run_left_in_the_output_is_removed(
    run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    out = tmp_path / "planroom-out"
    for pid in (gone.pid, os.getpid()):
        (out / f".planroom-stage-{pid}-0").mkdir(parents=True)
    ran = run_planroom("analyze", plan)

    assert ran.code == 0
    assert [file.name for file in out.glob(".*")] == [f".planroom-stage-{os.getpid()}-0"]


def test_the_second_run_reads_nothing(run_planroom: Callable[..., Ran], pages: Path) -> None:
    cold = run_planroom("analyze", pages)
    warm = run_planroom("analyze", pages)
    fresh = run_planroom("analyze", pages, "--fresh")

    assert [sum(row["stage"] == "reader" for row in ran.report["timings"]) for ran in (cold, warm, fresh)] == [1, 0, 1]
    assert warm.report["sheets"] == cold.report["sheets"]
    assert warm.report["quantities"] == cold.report["quantities"]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("1.json", 0.5),
        ("1.json", b""),
        ("1.json", b"{}"),
        ("1.json", b"[" * 100_000),
        ("1.json", b"\xff\xfe"),
        ("1.json", None),
        ("1.png", 0.5),
        ("1.png", b""),
        ("1.png", None),
        ("document.json", 0.5),
        ("document.json", b"[]"),
    ],
)
def test_a_damaged_cache_is_read_again(
    run_planroom: Callable[..., Ran],
    pages: Path,
    cache: Path,
    name: str,
    left: float | bytes | None,
) -> None:
    cold = run_planroom("analyze", pages)
    (file,) = cache.glob(f"??/*/{name}")
    if left is None:
        file.unlink()
    elif isinstance(left, bytes):
        file.write_bytes(left)
    else:
        write_cut(file, file, left)
    again = run_planroom("analyze", pages)
    last = run_planroom("analyze", pages)

    assert again.code == last.code == 0
    assert [sheet["page"] for sheet in again.report["sheets"]] == [0, 1, 2, 3]
    assert again.report["quantities"] == cold.report["quantities"]
    assert [sum(row["stage"] == "reader" for row in ran.report["timings"]) for ran in (again, last)] == [1, 0]


def test_a_cache_that_cannot_be_written(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    places = [str(tmp_path / "file")] + (["/proc"] if Path("/proc/self").exists() else [])
    for place in places:
        ran = run_planroom("analyze", plan, PLANROOM_CACHE=place)

        assert ran.code == 6
        assert "E401" in ran.stderr
        assert "PLANROOM_CACHE" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_json_of_the_kept_sheets_is_plain(run_planroom: Callable[..., Ran], plan: Path, cache: Path) -> None:
    run_planroom("analyze", plan)
    (kept,) = cache.glob("??/*/0.json")

    assert json.loads(kept.read_text("utf-8"))["page"] == 0
