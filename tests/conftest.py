"""What the tests share: where things lie, a cache of their own, and the real program as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bad_files import write_pdf

ROOT = Path(__file__).parent.parent
GROUND_FLOOR = 2  # its page in the example set
# as PYTHONPATH it makes readers misbehave
HOSTILE = os.pathsep.join(filter(None, [str(ROOT / "tests/acceptance/hostile"), os.environ.get("PYTHONPATH")]))


@dataclass(frozen=True)
class Ran:
    """One run of the program that came to its end, with the report as it was then; empty where there was none."""

    code: int
    stdout: str
    stderr: str
    out: Path
    report: dict[str, Any]

    def faults(self, name: str) -> list[dict[str, Any]]:
        """The report's faults of the file that is called so."""
        return [fault for fault in self.report["faults"] if Path(fault["file"]).name == name]

    def sheets(self, name: str) -> list[dict[str, Any]]:
        return [sheet for sheet in self.report["sheets"] if Path(sheet["file"]).name == name]


def as_ran(process: subprocess.CompletedProcess[str], out: Path) -> Ran:
    try:
        told = json.loads((out / "report.json").read_text("utf-8"))
    except OSError:
        told = {}
    return Ran(process.returncode, process.stdout, process.stderr, out, told)


def environment(cache: Path, **more: str) -> dict[str, str]:
    """What the program is started with: no terminal's width, no cache but the given one."""
    return {**os.environ, "PLANROOM_CACHE": str(cache), "COLUMNS": "200", "PYTHONSAFEPATH": "1", **more}


def wait_for(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds; fails where it never does."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it never came to that")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real drawings."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real drawings are not here (../shared/data)")
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test alone."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("PLANROOM_CACHE", str(folder))
    return folder


@pytest.fixture
def start_planroom(cache: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the program, in the test's folder; what still runs at the end of the test is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | os.PathLike[str], **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "planroom", *arguments],
            cwd=tmp_path,
            env=environment(cache, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job ignores it
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def run_planroom(start_planroom: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> Callable[..., Ran]:
    """Runs the program to its end: `run_planroom("analyze", ..., PLANROOM_X="...")`. `out` is where --out led."""

    def run(*arguments: str | os.PathLike[str], **more: str) -> Ran:
        process = start_planroom(*arguments, **more)
        stdout, stderr = process.communicate(timeout=300)
        named = [Path(arguments[at + 1]) for at, word in enumerate(arguments) if word == "--out"]
        done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
        return as_ran(done, tmp_path / (named[-1] if named else "planroom-out"))

    return run


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example plan set: one PDF of several sheets."""
    from planroom.example import VARIANTS, write_set

    folder = tmp_path_factory.mktemp("example")
    write_set(folder, VARIANTS[0], dxf=False)
    return folder / f"{VARIANTS[0].name}.pdf"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good file of four pages that are quickly read."""
    path = tmp_path_factory.mktemp("pages") / "pages.pdf"
    return write_pdf(path, [b"10 10 m %d 300 l S" % (200 + 50 * page) for page in range(4)])


@pytest.fixture(scope="session")
def plan(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good file: the ground floor of the example set, alone in a PDF."""
    import pikepdf

    path = tmp_path_factory.mktemp("plan") / "good.pdf"
    with pikepdf.open(example) as source, pikepdf.new() as alone:
        alone.pages.append(source.pages[GROUND_FLOOR])
        alone.save(path)
    return path
