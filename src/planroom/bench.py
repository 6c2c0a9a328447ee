"""The checkout's benchmarks: which there are, what each measures, and running some of them, one after the other.

Benchmarks belong to the source and are not installed with it: they need the example drawings, peers and minutes.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from planroom.errors import UsageError

# several files under one name, in the order of running; any other name is a file's
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "memory": ("memory", "thousand", "waits"),
    "cache": ("cache",),
    "faults": ("faults",),
}
_GRACE_S: Final = 10.0  # in which an interrupted benchmark may put away what it made


class Benchmark(NamedTuple):
    """What a name stands for; of the files, some may not be there."""

    name: str
    files: tuple[Path, ...]


def get_folder(source: Path = Path(__file__)) -> Path:
    """The benchmarks of the checkout that this program runs from. Raises UsageError where it runs from elsewhere."""
    root = source.resolve().parents[2]
    if not (root / "pyproject.toml").is_file() or not (root / "benchmarks").is_dir():
        raise UsageError(
            "benchmarks come with the source and are not installed",
            hint="get the source, then `pip install -e .` in its folder",
        )
    return root / "benchmarks"


def find_benchmarks(folder: Path) -> list[Benchmark]:
    """Every name that can be run: the groups, then the files of `folder` that no group has taken the name of."""
    groups = [Benchmark(name, tuple(folder / f"{file}.py" for file in files)) for name, files in GROUPS.items()]
    alone = [Benchmark(file.stem, (file,)) for file in sorted(folder.glob("*.py")) if file.stem not in GROUPS]
    return groups + [benchmark for benchmark in alone if _runs(benchmark.files[0])]


def list_lines(folder: Path) -> Iterator[str]:
    """A line for each name and for each file behind it, with the first line of what the file says of itself."""
    for name, files in find_benchmarks(folder):
        yield name
        for file in files:
            yield f"  {file.name:<18}{_first_line(file) if file.is_file() else 'not in this checkout'}"


def run_benchmarks(folder: Path, names: Sequence[str], arguments: Sequence[str] = (), *, as_json: bool = False) -> int:
    """Run what `names` stand for, each file once, with `arguments`; returns the worst of their exit codes.

    as_json: print one JSON document for all of them, each row with the file that it is from. All run, whatever the one
    before came to; a child that a signal ended counts as 128 and the signal's number. Raises UsageError before anything
    runs where a name or a file of it is not there.
    """
    known = {benchmark.name: benchmark.files for benchmark in find_benchmarks(folder)}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no benchmark {name!r}", hint=f"there are {', '.join(known)}")
        for file in known[name]:
            if not file.is_file():
                raise UsageError(f"{name} needs {file.name}, which is not in {folder}", hint="see --list")
    worst, said = 0, {}
    for file in dict.fromkeys(file for name in names for file in known[name]):
        print(f"== {file.parent.name}/{file.name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryFile() as output:
            told = ["--json"] if as_json else []
            code = _run([sys.executable, str(file), *told, *arguments], output if as_json else None)
            output.seek(0)
            said[file.stem] = output.read()
        worst = max(worst, code if code >= 0 else 128 - code)
    if as_json:
        print(json.dumps(_together(names, said)), flush=True)
    return worst


def _together(names: Sequence[str], said: Mapping[str, bytes]) -> dict[str, Any]:
    """What several benchmarks printed as one document; one that printed no document adds nothing."""
    whole: dict[str, Any] = {"bench": " ".join(names), "machine": None, "settings": {}, "results": []}
    for file, text in said.items():
        try:
            one = json.loads(text)
            rows = [{"file": file} | row for row in one["results"]]
        except (ValueError, KeyError, TypeError):
            continue
        whole["machine"] = whole["machine"] or one.get("machine")
        whole["settings"] |= one.get("settings", {}) if len(said) == 1 else {file: one.get("settings", {})}
        whole["results"] += rows
    return whole


def _run(command: Sequence[str], output: IO[bytes] | None) -> int:
    """The exit code of a child in a process group of its own: Ctrl-C reaches it once, through us, with its children."""
    # a benchmark imports its parts from its own folder, which a safe path leaves out
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, env=environment, process_group=0)
    try:
        return child.wait()
    except BaseException:
        _end(child)
        raise


def _end(child: subprocess.Popen[bytes]) -> None:
    """Interrupt the child and what it started; kill what is left of them after a while, or at a second Ctrl-C."""
    try:
        _signal(child, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_S)
    finally:
        _signal(child, signal.SIGKILL)
        child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # all of them have ended
        os.killpg(child.pid, number)


def _runs(file: Path) -> bool:
    """Whether a file does something by itself; the others are parts of benchmarks."""
    return "__main__" in file.read_text("utf-8")


def _first_line(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]
