"""Every stage, run over small and large drawings in a memory control group, grows by no more than it leased."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from ezdxf import new as new_dxf
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from test_enforce import needs_groups

from planroom.example import VARIANTS, write_set
from planroom.memory.machine import read_machine, usage

HERE = Path(__file__).parent
BENCHMARKS = HERE.parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

import estate  # noqa: E402 (it lies beside the benchmarks that share it)

DATA = HERE.parents[2] / "shared" / "data"
SLACK_BYTES = 512 << 10  # the kernel adds up a group's pages in batches, per processor
EVERY_S = 0.001
HATCHED = replace(VARIANTS[0], name="estate", walls="hatch")
ENVIRONMENT = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1") | {"MALLOC_ARENA_MAX": "1"}


class Ran(NamedTuple):
    """A stage that ran: what it leased at the most, and what the group grew by at the most, sampled from outside."""

    stage: str
    leased_bytes: int
    grown_bytes: int


@pytest.fixture
def group() -> Iterator[Path]:
    """A memory control group of our own, empty."""
    around = read_machine().cgroup_path
    assert around is not None  # needs_groups
    own = around / f"planroom-stages-{os.getpid()}"
    own.mkdir()
    yield own
    own.rmdir()


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small, medium and large drawings: the example's, estates of its houses, and single objects of many pieces."""
    folder = tmp_path_factory.mktemp("drawings")
    write_set(folder, VARIANTS[0])
    write_set(folder, next(v for v in VARIANTS if v.paper == "A3"), scan=True, dxf=False)
    estate.write_pdf(folder / "10k.pdf", 13, HATCHED)
    estate.write_pdf(folder / "100k.pdf", 130, HATCHED)
    estate.write_dxf(folder / "10k.dxf", 22, HATCHED)
    estate.write_dxf(folder / "50k.dxf", 110, HATCHED)
    write_one_path(folder / "one-path.pdf", 100_000)
    write_one_polyline(folder / "one-polyline.dxf", 100_000)
    Image.effect_noise((6000, 4000), 40).save(folder / "noise.png")
    Image.effect_noise((6000, 4000), 40).convert("RGB").save(folder / "noise.jpg")
    return folder


def write_one_path(path: Path, pieces: int) -> None:
    """A page whose one path runs to and fro."""
    page = Canvas(str(path), pagesize=(1200, 800))
    line = page.beginPath()
    line.moveTo(10, 10)
    for i in range(pieces):
        line.lineTo(10 + i % 1180, 10 + 7 * (i // 1180) + 3 * (i % 2))
    page.drawPath(line)
    page.save()


def write_one_polyline(path: Path, pieces: int) -> None:
    """A model space whose one polyline runs to and fro."""
    document = new_dxf("R2010")
    points = [(i % 1180, 7 * (i // 1180) + 3 * (i % 2)) for i in range(pieces)]
    document.modelspace().add_lwpolyline(points)
    document.saveas(path)


def run(group: Path, *arguments: str) -> list[Ran]:
    """The stages that `stages.py` ran in `group`, measured while they did."""
    enter = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0'); import runpy, sys; sys.argv = sys.argv[1:]; "
    start = enter + "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", start, str(HERE / "stages.py"), *arguments]
    ran: list[Ran] = []
    base = peak = before_reading = 0
    with subprocess.Popen(command, stdin=-1, stdout=-1, env=os.environ | ENVIRONMENT) as child:
        assert child.stdin and child.stdout
        while True:
            held = usage(group).real_bytes
            peak = max(peak, held)
            if not select.select([child.stdout], [], [], EVERY_S)[0]:
                continue
            line = child.stdout.readline()
            if not line:
                break
            said = json.loads(line)
            if "begin" in said:
                base = peak = usage(group).real_bytes
                if said["begin"] == "read" and not said["held"]:
                    before_reading = base
                elif said["begin"] == "read":  # what the reader holds was leased when it began with the document
                    base = before_reading
            else:
                peak = max(peak, usage(group).real_bytes)
                ran.append(Ran(said["end"], said["leased"], peak - base))
            child.stdin.write(b"\n")
            child.stdin.flush()
    assert child.returncode == 0
    return ran


def over(ran: list[Ran]) -> list[str]:
    """The stages that grew by more than they leased."""
    for one in ran:
        print(f"{one.stage:20} leased {one.leased_bytes / 2**20:8.1f} MiB, grew by {one.grown_bytes / 2**20:8.1f} MiB")
    return [
        f"{one.stage} leased {one.leased_bytes:,}, grew by {one.grown_bytes:,}"
        for one in ran
        if one.grown_bytes > one.leased_bytes + SLACK_BYTES
    ]


@needs_groups
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("pdf", "base.pdf"),
        ("pdf", "10k.pdf"),
        ("pdf", "100k.pdf"),
        ("pdf", "one-path.pdf"),
        ("pdf", "base-a3-scan.pdf"),
        ("dxf", "base-A-101.dxf"),
        ("dxf", "10k.dxf"),
        ("dxf", "50k.dxf"),
        ("dxf", "one-polyline.dxf"),
        ("image", "base-a3-scan-03.png"),
        ("image", "noise.png"),
        ("image", "noise.jpg"),
    ],
)
def test_reading_stays_within_its_leases(group: Path, drawings: Path, tmp_path: Path, kind: str, name: str) -> None:
    ran = run(group, "read", kind, str(drawings / name), str(tmp_path))

    assert {"read", "sheet", "keep"} <= {one.stage for one in ran}
    assert over(ran) == []


@needs_groups
@pytest.mark.parametrize("name", ["base.pdf", "10k.pdf", "100k.pdf", "50k.dxf", "base-a3-scan.pdf"])
def test_reporting_stays_within_its_leases(group: Path, drawings: Path, tmp_path: Path, name: str) -> None:
    ran = run(group, "report", str(drawings / name), str(tmp_path))

    assert {one.stage for one in ran} == {
        "measure", "the HTML report", "the workbook", "the JSON report", "the marked-up PDF"
    }  # fmt: skip
    assert over(ran) == []


@pytest.mark.data
@needs_groups
@pytest.mark.skipif(not DATA.is_dir(), reason="the real drawings in ../shared/data are absent")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ifc", "ifc/AC20-FZK-Haus.ifc"),
        ("ifc", "ifc/duplex.ifc"),
        ("ifc", "ifc/Ifc4_SampleHouse.ifc"),
        ("dxf", "dxf/house-floorplan.dxf"),
        ("dxf", "dxf/Ceco.NET-Architecture-Tm-53.dxf"),
        ("pdf", "pdf/kirkland-sample-plans.pdf"),
        ("pdf", "pdf/SFPW_STD_87174.pdf"),
        ("pdf", "pdf/1243I_dwg_U_06_rev02.pdf"),
        ("pdf", "pdf/1243I_dwg_T_01.pdf"),
    ],
)
def test_real_drawings_stay_within_their_leases(group: Path, tmp_path: Path, kind: str, name: str) -> None:
    ran = run(group, "read", kind, str(DATA / name), str(tmp_path))

    assert {"read", "sheet", "keep"} <= {one.stage for one in ran}
    assert over(ran) == []
