"""Bad files through the real program, each in a set with a good one, which is done in spite of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from bad_files import (
    write_broken_page,
    write_cut,
    write_dense_hatches,
    write_dxf,
    write_locked_pdf,
    write_million_objects,
    write_no_page,
    write_pdf,
    write_picture,
    write_vast_png,
)
from bad_ifc import write_endless_ifc
from conftest import HOSTILE, Ran, as_ran, environment, wait_for

BROKEN = {
    "empty.pdf": ("E101", "empty"),
    "cut-early.pdf": ("E102", "ends before its end mark"),
    "cut-late.pdf": ("E102", "ends before its end mark"),
    "locked.pdf": ("E103", "is encrypted"),
    "text.pdf": ("E104", "holds plain text"),
    "model.pdf": ("E104", "holds ifc"),
    "drawing.dxf": ("E104", "holds pdf"),
    "plan.dwg": ("E105", "DWG"),
    "named-as.dxf": ("E105", "DWG"),
    "dangling.pdf": ("E106", "does not exist"),
    "loop.pdf": ("E106", "link"),
    "not-there.pdf": ("E106", "does not exist"),
    "folder-in-file.pdf": ("E106", "does not exist"),
    "pipe.pdf": ("E106", "no regular file"),
    "no-drawings": ("E108", "holds no drawing"),
    "no-page.pdf": ("E102", "no page"),
    "no-area.pdf": ("E102", "no area"),
    "broken.png": ("E202", "pixels are broken"),
    "cut.jpg": ("E102", "truncated"),
    "header.tif": ("E104", "no PNG, JPEG or TIFF"),
    "cut.dxf": ("E102", "ends before its end mark"),
    "noise.dxf": ("E104", "does not begin like a DXF"),
    "noise.ifc": ("E104", "something else"),
    "cut.ifc": ("E102", ""),
}
WHOLE = {
    "cmyk.jpg": 1,
    "pages.tif": 3,
    "bits.tif": 1,
    "r12.dxf": 1,
    "binary.dxf": 1,
    "no-units.dxf": 1,
    "hatches.dxf": 1,
}


def write_all(folder: Path, plan: Path) -> list[Path]:
    """Every file of BROKEN and WHOLE."""
    text = b"Ground floor\nall dimensions in mm\n" * 50
    header = b"ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\n"
    written: dict[str, bytes] = {
        "empty.pdf": b"",
        "text.pdf": text,
        "model.pdf": header + b"ENDSEC;\n",
        "drawing.dxf": plan.read_bytes(),
        "plan.dwg": b"AC1032" + bytes(4000),
        "named-as.dxf": b"AC1027" + bytes(4000),
        "header.tif": b"II*\x00" + b"\xff" * 200,
        "noise.dxf": bytes(range(256)) * 20,
        "noise.ifc": bytes(range(256)) * 20,
        "cut.ifc": header + b"ENDSEC;\nDATA;\n#1=IFCPROJECT('0YvctVUKr0kugbFTf53O90',$,'x',$,$,",
    }
    for name, data in written.items():
        (folder / name).write_bytes(data)
    write_cut(plan, folder / "cut-early.pdf", 0.3)
    write_cut(plan, folder / "cut-late.pdf", 0.6)
    write_locked_pdf(plan, folder / "locked.pdf", "open sesame")
    write_no_page(folder / "no-page.pdf")
    write_broken_page(plan, folder / "no-area.pdf", 0)
    (folder / "dangling.pdf").symlink_to(folder / "nowhere.pdf")
    (folder / "loop.pdf").symlink_to(folder / "loop.pdf")
    os.mkfifo(folder / "pipe.pdf")
    (folder / "no-drawings").mkdir()
    (folder / "no-drawings" / "notes.txt").write_bytes(text)
    picture = write_picture(folder / "broken.png").read_bytes()
    middle = len(picture) // 2
    (folder / "broken.png").write_bytes(picture[:middle] + b"\xff" * 64 + picture[middle + 64 :])
    write_cut(write_picture(folder / "whole.jpg"), folder / "cut.jpg", 0.5)
    (folder / "whole.jpg").unlink()
    write_cut(write_dxf(folder / "whole.dxf"), folder / "cut.dxf", 0.5)
    (folder / "whole.dxf").unlink()
    write_picture(folder / "cmyk.jpg", "CMYK")
    write_picture(folder / "pages.tif", frames=3)
    write_picture(folder / "bits.tif", "1")
    write_dxf(folder / "r12.dxf", "R12")
    write_dxf(folder / "binary.dxf", binary=True)
    write_dxf(folder / "no-units.dxf", units=None)
    write_dense_hatches(folder / "hatches.dxf")
    special = {"folder-in-file.pdf": folder / "text.pdf" / "folder-in-file.pdf"}
    return [special.get(name, folder / name) for name in (*BROKEN, *WHOLE)]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, plan: Path) -> Ran:
    """One run over all of them and a good file."""
    folder = tmp_path_factory.mktemp("mixed")
    paths = [*write_all(folder, plan), plan]
    out = folder / "out"
    done = subprocess.run(
        [sys.executable, "-m", "planroom", "analyze", *paths, "--out", out, "--memory", "1GiB"],
        env=environment(folder / "cache"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return as_ran(done, out)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_clear_fault(mixed: Ran, name: str) -> None:
    code, words = BROKEN[name]
    faults = mixed.faults(name)
    lines = [
        line
        for line in mixed.stdout.splitlines()
        if line.startswith("fault") and f"/{name}:" in line.replace(" page 1", "")
    ]

    assert [fault["code"] for fault in faults] == [code]
    assert words in faults[0]["message"]
    assert faults[0]["hint"]
    assert len(lines) == 1
    assert code in lines[0]
    assert faults[0]["hint"] in lines[0]
    assert mixed.sheets(name) == []


@pytest.mark.parametrize("name", WHOLE)
def test_an_odd_file_is_read(mixed: Ran, name: str) -> None:
    assert mixed.faults(name) == []
    assert len(mixed.sheets(name)) == WHOLE[name]


def test_the_good_file_is_done_and_the_run_is_partial(mixed: Ran) -> None:
    report = mixed.report
    known = {Path(entry["file"]).name for entry in (*report["sheets"], *report["faults"])}

    assert mixed.code == 3
    assert "Traceback" not in mixed.stderr
    assert report["status"] == "partial"
    assert mixed.sheets("good.pdf")[0]["counts"]["door"] > 5
    assert known == {*BROKEN, *WHOLE, "good.pdf"}
    assert report["memory"]["peak_real_bytes"] <= report["memory"]["budget_bytes"]


def test_every_input_failed(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "text.pdf").write_bytes(b"nothing to see")
    ran = run_planroom("analyze", "empty.pdf", "text.pdf")

    assert ran.code == 4
    assert [fault["code"] for fault in ran.report["faults"]] == ["E101", "E104"]


def test_nothing_to_read(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run_planroom("analyze", "empty")

    assert ran.code == 4
    assert ran.report["faults"][0]["code"] == "E108"


def test_unreadable_folder(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path) -> None:
    closed = tmp_path / "set" / "closed"
    closed.mkdir(parents=True)
    (closed / "a.pdf").write_bytes(plan.read_bytes())
    (tmp_path / "set" / "b.pdf").write_bytes(plan.read_bytes())
    closed.chmod(0)
    if os.access(closed, os.R_OK):
        pytest.skip("who runs this may read every folder")
    ran = run_planroom("analyze", "set")
    closed.chmod(0o700)

    assert ran.code == 3
    assert [fault["code"] for fault in ran.faults("closed")] == ["E106"]
    assert len(ran.sheets("b.pdf")) == 1


@pytest.mark.parametrize(("password", "code"), [("open sesame", 0), ("wrong", 4), ("", 4)])
def test_password(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path, password: str, code: int) -> None:
    write_locked_pdf(plan, tmp_path / "locked.pdf", "open sesame")
    if code:  # what an earlier run could open stays closed to one that cannot
        run_planroom("analyze", "locked.pdf", "--password", "open sesame", "--out", "before")
    ran = run_planroom("analyze", "locked.pdf", *(["--password", password] if password else []))

    assert ran.code == code
    if code:
        assert ran.report["faults"][0]["code"] == "E103"
        assert ran.report["faults"][0]["message"] == ("the password is wrong" if password else "is encrypted")
        assert "--password" in ran.report["faults"][0]["hint"]
    else:
        with pikepdf.open(ran.out / "marked-up" / "locked.marked.pdf") as marked:
            assert len(marked.pages[0].Annots) > 10


def test_a_page_that_cannot_be_read_costs_no_other(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    line = b"10 10 m 500 300 l S"
    write_broken_page(write_pdf(tmp_path / "whole.pdf", [line] * 5), tmp_path / "set.pdf", 2)
    first = run_planroom("analyze", "set.pdf")
    again = run_planroom("analyze", "set.pdf")

    for ran in (first, again):
        assert ran.code == 3
        assert [sheet["page"] for sheet in ran.report["sheets"]] == [0, 1, 3, 4]
        assert [(fault["code"], fault["page"]) for fault in ran.report["faults"]] == [("E102", 2)]
    assert readers(first) == 1
    assert readers(again) == 0


@pytest.mark.parametrize(
    ("name", "pages", "lost"),
    [("abort-on-3", [0, 1, 3, 4, 5, 6, 7, 8], [2]), ("abort-from-2", [0], [1, 2, 3, 4, 5, 6])],
)
def test_a_page_that_kills_its_reader(
    run_planroom: Callable[..., Ran], tmp_path: Path, example: Path, name: str, pages: list[int], lost: list[int]
) -> None:
    (tmp_path / f"{name}.pdf").write_bytes(example.read_bytes())
    ran = run_planroom("analyze", f"{name}.pdf", PYTHONPATH=HOSTILE)
    faults = ran.report["faults"]

    assert ran.code == 3
    assert [sheet["page"] for sheet in ran.report["sheets"]] == pages
    assert [(fault["code"], fault["page"]) for fault in faults] == [("E201", page) for page in lost]
    assert faults[-1]["message"].endswith("the pages after it were not read") == (len(lost) > 1)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("abort", "E201", "aborted"), ("allocate", "E302", "more than"), ("spin", "E303", "within 3 s")],
)
def test_hostile_reader(
    run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path, name: str, code: str, words: str
) -> None:
    (tmp_path / f"{name}.pdf").write_bytes(plan.read_bytes() + b"\n")
    arguments = ["analyze", f"{name}.pdf", str(plan), "--memory", "1GiB", "--seconds", "3"]
    ran = run_planroom(*arguments, PYTHONPATH=HOSTILE)
    memory = ran.report["memory"]

    assert ran.code == 3
    assert [fault["code"] for fault in ran.faults(f"{name}.pdf")] == [code]
    assert words in ran.faults(f"{name}.pdf")[0]["message"]
    assert len(ran.sheets("good.pdf")) == 1
    assert memory["peak_real_bytes"] <= memory["budget_bytes"]
    assert not memory["kernel_kills"]


def test_endless_ifc(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path) -> None:
    pytest.importorskip("ifcopenshell", reason="the extra ifc is not installed")
    write_endless_ifc(tmp_path / "endless.ifc")
    ran = run_planroom("analyze", "endless.ifc", plan, "--seconds", "4")

    assert ran.code == 3
    assert [fault["code"] for fault in ran.faults("endless.ifc")] == ["E303"]
    assert len(ran.sheets("good.pdf")) == 1


@pytest.mark.parametrize("memory", ["1GiB", "2GiB"])
def test_vast_picture(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path, memory: str) -> None:
    write_vast_png(tmp_path / "vast.png")
    ran = run_planroom("analyze", "vast.png", plan, "--memory", memory)
    faults = ran.faults("vast.png")

    assert ran.code == 3
    assert [fault["code"] for fault in faults] == ["E302"]
    assert "50000 × 50000 pixels" in faults[0]["message"]
    assert len(ran.sheets("good.pdf")) == 1


@pytest.mark.parametrize("memory", ["1GiB", "2GiB"])
def test_million_objects(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path, memory: str) -> None:
    write_million_objects(tmp_path / "million.pdf")
    ran = run_planroom("analyze", "million.pdf", plan, "--memory", memory)
    report = ran.report
    codes = [fault["code"] for fault in ran.faults("million.pdf")]

    assert len(ran.sheets("good.pdf")) == 1
    assert (ran.code, codes, len(ran.sheets("million.pdf"))) in [(0, [], 1), (3, ["E302"], 0), (3, ["E303"], 0)]
    assert report["memory"]["peak_real_bytes"] <= report["memory"]["budget_bytes"]
    assert not report["memory"]["kernel_kills"]


def test_a_large_picture_gets_the_bytes_it_needs(run_planroom: Callable[..., Ran], tmp_path: Path) -> None:
    write_vast_png(tmp_path / "large.png", side_px=9000)
    ran = run_planroom("analyze", "large.png", "--memory", "2GiB")

    assert ran.code == 0
    assert len(ran.sheets("large.png")) == 1


def test_same_names_in_two_folders(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path) -> None:
    for folder, content in (("a", b"10 10 m 500 300 l S"), ("b", b"10 10 m 400 200 l S")):
        (tmp_path / folder).mkdir()
        write_pdf(tmp_path / folder / "plan.pdf", [content])
    ran = run_planroom("analyze", "a", "b")
    marked = sorted(file.name for file in (ran.out / "marked-up").iterdir())

    assert ran.code == 0
    assert {sheet["file"] for sheet in ran.report["sheets"]} == {"a/plan.pdf", "b/plan.pdf"}
    assert len({sheet["id"] for sheet in ran.report["sheets"]}) == 2
    assert marked == ["plan-2.marked.pdf", "plan.marked.pdf"]


def test_copies_are_read_once_and_counted_once(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(plan.read_bytes())
    ran = run_planroom("analyze", "one.pdf", "two.pdf")
    one, two = ran.report["sheets"]
    ids = [element["id"] for sheet in (one, two) for element in sheet["elements"]]
    doors = [q for q in ran.report["quantities"] if q["total"] and q["item"] == "Doors"]

    assert ran.code == 0
    assert one["counts"] == two["counts"]
    assert one["id"] != two["id"]
    assert len(ids) == len(set(ids))
    assert doors[0]["value"] == one["counts"]["door"]
    assert readers(ran) == 1
    assert len(list((ran.out / "marked-up").iterdir())) == 2


@pytest.mark.parametrize(
    "name", [b"a\nb.pdf", b"caf\xe9.pdf", b"x" * 250 + b".pdf", b"[red] & <b>.pdf", b"-.pdf", b"\x1b[2J.pdf"]
)
def test_odd_name(run_planroom: Callable[..., Ran], tmp_path: Path, plan: Path, name: bytes) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(plan.read_bytes())
    except OSError:
        pytest.skip("this file system takes no such name")
    (folder / os.fsdecode(b"bad " + name[-200:])).write_bytes(b"")
    ran = run_planroom("analyze", "set")
    (fault,) = ran.report["faults"]

    assert ran.code == 3
    assert len(ran.report["sheets"]) == 1
    assert fault["code"] == "E101"
    assert all(c.isprintable() for c in fault["file"])
    assert sum("E101" in line for line in ran.stdout.splitlines()) == 1
    with pikepdf.open(next((ran.out / "marked-up").iterdir())) as marked:
        assert len(marked.pages[0].Annots) > 10


def test_a_file_that_disappears(
    start_planroom: Callable[..., subprocess.Popen[str]], tmp_path: Path, cache: Path, example: Path, plan: Path
) -> None:
    for folder in ("a", "b"):  # two readers are busy for a while with these
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "slow.pdf").write_bytes(example.read_bytes() + folder.encode())
    (tmp_path / "gone.pdf").write_bytes(plan.read_bytes())
    process = start_planroom("analyze", "a", "b", "gone.pdf", PYTHONPATH=HOSTILE)
    wait_for(lambda: any(cache.glob("??/*/0.json")))
    (tmp_path / "gone.pdf").unlink()
    process.communicate(timeout=120)
    report = json.loads((tmp_path / "planroom-out" / "report.json").read_text("utf-8"))

    assert process.returncode == 3
    assert [(fault["code"], fault["file"]) for fault in report["faults"]] == [("E106", "gone.pdf")]
    assert len(report["sheets"]) == 18


def readers(ran: Ran) -> int:
    """How many reader children finished in that run."""
    timings: list[dict[str, Any]] = ran.report["timings"]
    return sum(row["stage"] == "reader" for row in timings)
