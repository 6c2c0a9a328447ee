"""Whether `planroom analyze` keeps to its bytes, watched from outside.

    python benchmarks/memory_peaks.py [--json]

Each drawing is analysed by the real program at 1 GiB, the generated sets at 2 GiB, each run in a control group of its
own that has no limit and only measures. Given beside leased, what the program says it really took, and what the kernel
counted as anonymous plus shared memory of the whole tree, sampled every few milliseconds. Exits with 1 where a peak is
over what was given, the kernel killed a process, or a run ended with anything but complete (0) or partial (3).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import estate
from planroom.example import VARIANTS, random_variant, write_set
from planroom.memory.machine import read_machine, usage

MACHINE: Final = "2 cores, 24 GiB"
_DATA: Final = Path(__file__).parents[2] / "shared" / "data"
_SINGLE: Final = "1GiB"
_SET: Final = "2GiB"
_EVERY_S: Final = 0.004
_MIB: Final = 1 << 20
_DONE: Final = (0, 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--only", default="", help="only runs whose name contains this")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, paths, memory in runs(Path(folder)):
            if asked.only in name:
                rows.append(measure(name, paths, memory, Path(folder)))
                if not asked.json:
                    show(rows[-1], head=len(rows) == 1)
    if asked.json:
        print(json.dumps({"bench": "memory_peaks", "machine": MACHINE, "settings": {}, "results": rows}))
    return int(any(is_bad(row) for row in rows))


def runs(folder: Path) -> Iterator[tuple[str, list[Path], str]]:
    """What is run: a name, the paths and the bytes given."""
    for kind, pattern in (("pdf", "*.pdf"), ("dxf", "*.dxf"), ("ifc", "*.ifc")):
        for path in sorted((_DATA / kind).glob(pattern)):
            yield path.name, [path], _SINGLE
    pictures = sorted((_DATA / "counts" / "images").glob("*"), key=lambda path: path.stat().st_size)
    for path in pictures[-3:]:
        yield path.name, [path], _SINGLE
    hatched = replace(VARIANTS[0], walls="hatch")
    for houses, paths in ((13, "10k"), (130, "100k")):
        estate.write_pdf(folder / f"estate-{paths}.pdf", houses, hatched)
        yield f"estate-{paths}.pdf", [folder / f"estate-{paths}.pdf"], _SINGLE
    for houses, paths in ((22, "10k"), (221, "100k")):
        estate.write_dxf(folder / f"estate-{paths}.dxf", houses, hatched)
        yield f"estate-{paths}.dxf", [folder / f"estate-{paths}.dxf"], _SINGLE
    sets = folder / "sets"
    for variant in (*VARIANTS, random_variant(1), random_variant(2)):
        write_set(sets / variant.name, variant, scan=variant.name == "base-a3")
        yield f"set {variant.name}", [sets / variant.name], _SET
    yield "every set together", [sets], _SET
    if _DATA.is_dir():
        yield "every real drawing together", [_DATA / kind for kind in ("pdf", "dxf", "ifc")], _SET


def measure(name: str, paths: list[Path], memory: str, folder: Path) -> dict[str, Any]:
    """One run, watched."""
    around = read_machine().cgroup_path
    if around is None:
        raise SystemExit("there is no memory control group here to measure with")
    group = around / f"planroom-peaks-{os.getpid()}"
    group.mkdir()
    out = folder / "out"
    enter = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0'); from planroom.cli import main; main()"
    given = ["--memory", memory, "--out", str(out), "--fresh", "--seconds", "300"]
    start_s, peak = time.monotonic(), 0
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", enter, "analyze", *map(str, paths), *given],
            env=os.environ | {"PLANROOM_CACHE": str(folder / "cache")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None:
            peak = max(peak, usage(group).real_bytes)
            time.sleep(_EVERY_S)
        wall_s, kills = time.monotonic() - start_s, usage(group).oom_kills
    finally:
        group.rmdir()
    report = out / "report.json"
    told = json.loads(report.read_text("utf-8")) if report.exists() else {"memory": {}, "faults": [], "sheets": []}
    report.unlink(missing_ok=True)
    return {
        "who": "planroom",
        "run": name,
        "given": memory,
        "limit_bytes": told["memory"].get("budget_bytes"),
        "peak_leased_bytes": told["memory"].get("peak_leased_bytes"),
        "peak_reported_bytes": told["memory"].get("peak_real_bytes"),
        "peak_bytes": peak,
        "enforced": told["memory"].get("enforced"),
        "kernel_kills": max(kills, told["memory"].get("kernel_kills") or 0),
        "sheets": len(told["sheets"]),
        "faults": [fault["code"] for fault in told["faults"]],
        "wall_s": round(wall_s, 1),
        "exit_code": process.returncode,
    }


def is_bad(row: dict[str, Any]) -> bool:
    """Whether a run broke its promise."""
    over = row["limit_bytes"] is None or row["peak_bytes"] > row["limit_bytes"]
    return over or row["kernel_kills"] > 0 or row["exit_code"] not in _DONE


def show(row: dict[str, Any], *, head: bool) -> None:
    if head:
        print(f"{'run':34} {'given':>6} {'leased':>7} {'told':>7} {'kernel':>7} MiB kills sheets faults seconds exit")
    leased, told = ((row[key] or 0) / _MIB for key in ("peak_leased_bytes", "peak_reported_bytes"))
    print(
        f"{row['run'][:34]:34} {row['given']:>6} {leased:7.0f} {told:7.0f} {row['peak_bytes'] / _MIB:7.0f}     "
        f"{row['kernel_kills']:5} {row['sheets']:6} {len(row['faults']):6} {row['wall_s']:7.1f} {row['exit_code']:4}"
        f"{'  BAD' if is_bad(row) else ''}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
