"""The outside contract of the command line: exit codes, streams, help, and outputs that are whole or not there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pytest

from conftest import Ran, environment
from planroom.example.variants import VARIANTS
from planroom.example.write import write_set

OUTPUTS = ["marked-up", "report.html", "report.json", "takeoff.xlsx"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_complete(run_planroom: Callable[..., Ran], plan: Path) -> None:
    ran = run_planroom("analyze", plan, "--out", "reports")

    assert ran.code == 0
    assert ran.report["status"] == "complete"
    assert ran.report["faults"] == []
    assert sorted(file.name for file in ran.out.iterdir()) == OUTPUTS
    assert "report.html" in ran.stdout
    assert ran.stderr == ""


def test_json_on_stdout_is_nothing_else(run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    ran = run_planroom("analyze", plan, "empty.pdf", "--json", "-", "--timings")
    report = json.loads(ran.stdout)

    assert ran.code == 3
    assert report["faults"] == ran.report["faults"]
    assert "E101" in ran.stderr


def test_json_into_a_file(run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path) -> None:
    ran = run_planroom("analyze", plan, "--json", "deep/copy.json")

    assert ran.code == 0
    assert json.loads((tmp_path / "deep" / "copy.json").read_text("utf-8"))["sheets"] == ran.report["sheets"]


def test_what_is_wrong_stands_in_the_marked_up_drawing(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    truth = write_set(tmp_path, VARIANTS[0], dxf=False, mistakes=True)
    ran = run_planroom("analyze", truth.files[0])
    pages = {sheet["id"]: sheet["page"] for sheet in ran.report["sheets"]}
    placed = [found for found in ran.report["findings"] if found["box_px"]]
    told = {(pages[found["sheet"]], found["code"], found["message"]) for found in placed}
    others = [found for found in ran.report["findings"] if not found["box_px"]]

    with pikepdf.open(next((ran.out / "marked-up").iterdir())) as marked:
        marks = [(at, mark) for at, page in enumerate(marked.pages) for mark in page.get("/Annots", ())]
        clouds = {(at, str(mark.Subj), str(mark.Contents)) for at, mark in marks if "/IT" in mark}
        notes = {at: str(mark.Contents) for at, mark in marks if mark.Subtype == "/Text"}

    assert clouds == told
    assert others and placed
    assert all(found["message"] in notes[pages[found["sheet"]]] for found in others)


def test_stdout_that_nobody_reads(start_planroom: Callable[..., subprocess.Popen[str]], plan: Path) -> None:
    process = start_planroom("analyze", plan, "--json", "-")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 1  # Typer ends a broken pipe so, without a word
    assert stderr.count("Traceback") == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--memory", "100MB"], 5, "E301"),
        (["--memory", "900TiB"], 5, "are there for this process"),
        (["--memory", "lots"], 2, "'lots' is not a size"),
        (["--memory", "-1"], 2, "'-1' is not a size"),
        (["--memory", "0"], 2, "no room at all"),
        (["--memory", ""], 2, "is not a size"),
        (["--memory", "1e9"], 2, "is not a size"),
        (["--memory", "9" * 400], 2, "more than any machine has"),
        (["--memory", "1" * 30 + "GiB"], 2, "more than any machine has"),
        (["--units", "furlongs"], 2, "--units furlongs"),
        (["--scale", "A-101=fifty"], 2, "'fifty' is no scale"),
        (["--height", "tall"], 2, "--height tall"),
        (["--profile", "fast"], 2, "--profile fast"),
        (["--seconds", "0"], 2, "seconds"),
        (["--seconds", "nan"], 2, "seconds"),
        (["--sheets", "Z-999"], 2, "there are A-101"),
        (["--corrections", "missing.json"], 2, "E502 missing.json"),
        (["--corrections", "text.json"], 2, "is no JSON"),
        (["--corrections", "binary.json"], 2, "is no JSON"),
        (["--corrections", "list.json"], 2, 'needs {"schema": 1'),
        (["--corrections", "unknown.json"], 2, "unknown entries: ['colour']"),
        (["--corrections", "scale.json"], 2, "is no scale"),
        (["--corrections", "kinds.json"], 2, "kinds must be"),
        (["--no-such-option"], 2, "No such option"),
    ],
    ids=lambda one: " ".join(one)[:40] if isinstance(one, list) else None,
)
def test_bad_usage(
    run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    told = {
        "list.json": b"[]",
        "text.json": b"door 3 is a window",
        "binary.json": b"\xff\xfe\x00\x01",
        "unknown.json": b'{"schema": 1, "sheets": {"x-1": {"colour": "red"}}}',
        "scale.json": b'{"schema": 1, "sheets": {"x-1": {"scale": "big"}}}',
        "kinds.json": b'{"schema": 1, "sheets": {"x-1": {"kinds": {"d1": "dragon"}}}}',
    }
    for name, data in told.items():
        (tmp_path / name).write_bytes(data)
    ran = run_planroom("analyze", plan, *arguments)

    assert ran.code == code
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    assert ran.report == {}


def test_no_argument_at_all(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("analyze")

    assert ran.code == 2
    assert "PATH" in ran.stderr


@pytest.mark.parametrize("command", ["analyze", "demo"])
def test_help_shows_examples(run_planroom: Callable[..., Ran], command: str) -> None:
    ran = run_planroom(command, "--help")

    assert ran.code == 0
    assert f"planroom {command} " in ran.stdout
    assert "Example" in ran.stdout


def test_help_names_every_command(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("--help")

    assert ran.code == 0
    assert "analyze" in ran.stdout
    assert "demo" in ran.stdout


@pytest.mark.parametrize("place", ["file", "file/deeper", "/proc", "/proc/planroom", "/dev/null", "x" * 300])
def test_output_not_writable(run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    ran = run_planroom("analyze", plan, "--out", place)

    assert ran.code == 6
    assert f"E401 {place}" in ran.stderr
    assert "--out" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_in_the_place_of_an_output(run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path) -> None:
    (tmp_path / "planroom-out" / "takeoff.xlsx").mkdir(parents=True)
    ran = run_planroom("analyze", plan)

    assert ran.code == 6
    assert "E401" in ran.stderr
    assert [file.name for file in ran.out.iterdir()] == ["takeoff.xlsx"]


def test_json_file_not_writable(run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ran = run_planroom("analyze", plan, "--json", "file/report.json")

    assert ran.code == 6
    assert "E401" in ran.stderr


def test_disk_full_leaves_the_old_report(
    run_planroom: Callable[..., Ran], plan: Path, example: Path, small_disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.pdf").write_bytes(b"no drawing")
    out = str(small_disk / "reports")
    first = run_planroom("analyze", "text.pdf", "--out", out)
    before = {file: file.read_bytes() for file in Path(out).rglob("*") if file.is_file()}
    ran = run_planroom("analyze", example, "--out", out)

    assert first.code == 4
    assert ran.code == 6
    assert "E402" in ran.stderr
    assert ".planroom" not in ran.stderr
    assert {file: file.read_bytes() for file in Path(out).rglob("*") if file.is_file()} == before
    assert sorted(file.name for file in Path(out).iterdir()) == OUTPUTS[1:]


def test_disk_full_of_the_cache(run_planroom: Callable[..., Ran], example: Path, small_disk: Path) -> None:
    ran = run_planroom("analyze", example, PLANROOM_CACHE=str(small_disk / "cache"))

    assert ran.code == 6
    assert "E402" in ran.stderr
    assert "PLANROOM_CACHE" in ran.stderr
    assert not list(small_disk.rglob("*.part"))


def test_full_standard_output(plan: Path, cache: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "planroom", "analyze", plan, "--json", "-"],
            cwd=tmp_path,
            env=environment(cache),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert done.returncode == 6
    assert "E402" in done.stderr


def test_links_are_followed_and_loops_end(run_planroom: Callable[..., Ran], plan: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "plan.pdf").symlink_to(plan)
    (folder / "again").symlink_to(folder)
    (folder / "same.pdf").symlink_to(plan)
    ran = run_planroom("analyze", "set")

    assert ran.code == 0
    assert len(ran.report["sheets"]) == 1
