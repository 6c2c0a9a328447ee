"""What stages are expected to take beside what they took, over real drawings: each by what was learnt of the others.

    python benchmarks/footprints.py [--json] [--rows FILE] [--letters 0] [--fit]

Every file of `../shared/data` that planroom reads, and large drawn ones, are read in a reader child and marked up; for
each lease a row says what its bound was, and what the process really held at its highest. Then, leaving one real file
out at a time, the lines of `memory/footprints.json` are fitted to all others, and what they expect of it is held
against what it took. *Under*: a stage took more than was expected. Each file with such a stage is then read once more,
by the lines that were fitted without it, in a control group: where its lease does not hold it either, it must be caught
and read again under a larger one, and the kernel must kill nothing.

--rows keeps the rows in a file, and goes on from there. --fit writes the lines fitted to all files.

Bounds: under in at most 0.5 % of the leases, over by at most 15 % in the middle.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import estate
from memory_peaks import MACHINE
from planroom.config import Settings
from planroom.example import VARIANTS, write_set
from planroom.ingest.documents import find_documents
from planroom.memory.footprints import Footprints, Line
from planroom.memory.manager import RESERVE, WORKING_MEMORY, MemoryManager
from planroom.memory.plans.plan import Plan
from planroom.memory.plans.planner import plan_memory
from planroom.pipeline import analyze
from planroom.publish import publish
from planroom.runtime import Runtime, open_runtime

DATA: Final = Path(__file__).parents[2] / "shared" / "data"
KINDS: Final = ("ifc", "dxf", "pdf", "schedule", "gaeb", "masks/Images_val", "masks/Images_train", "counts/images")
LINES: Final = Path(__file__).parents[1] / "src" / "planroom" / "memory" / "footprints.json"
SPREAD: Final = 4.0
LEAST_MARGIN_BYTES: Final = 3 << 20
MOST_UNDER: Final = 0.005
MOST_OVER: Final = 0.15
_GIB: Final = 1 << 30
Row = dict[str, Any]  # file, kind, size_bytes, leases: [stage, bound, held, expected, peak] each


def main() -> int:
    if sys.argv[1:2] == ["--again"]:
        return read_again(*map(Path, sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rows", type=Path, help="JSON lines of what was measured before, and where more of it goes")
    parser.add_argument(
        "--letters", type=int, default=1, help="0: do not read lettering off pictures, which takes long"
    )
    parser.add_argument("--fit", action="store_true", help="write the lines fitted to all files")
    asked = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there")
    rows = asked.rows or Path(tempfile.mkdtemp()) / "rows.jsonl"
    measure(rows, letters=bool(asked.letters))
    measured = [json.loads(line) for line in rows.read_text().splitlines()]
    results, doubtful = leave_one_out(measured)
    results += [catch(row, known, rows.with_suffix(".cache")) for row, known in doubtful]
    if asked.fit:
        LINES.write_text(json.dumps(fit(measured), indent=1) + "\n")
    if asked.json:
        document = {"bench": "footprints", "machine": MACHINE, "settings": {"files": len(measured)}, "results": results}
        print(json.dumps(document, indent=1))
    else:
        show(results)
    whole = next(result for result in results if result.get("stage") == "all leases")
    lost = [result for result in results if "file" in result and (result["kernel_kills"] or not result["complete"])]
    return int(whole["under"] > MOST_UNDER or whole["median_over"] > MOST_OVER or bool(lost))


# ---- measuring -----------------------------------------------------------------------------------------------------


def measure(rows: Path, *, letters: bool) -> None:
    """Append a row for every file that has none yet."""
    done = {json.loads(line)["file"] for line in rows.read_text().splitlines()} if rows.exists() else set()
    plan = plan_memory(16 * _GIB, quantum=False, scope="process")
    assert isinstance(plan, Plan)
    manager = MemoryManager({WORKING_MEMORY: 14 * _GIB, RESERVE: 2 * _GIB})
    cache = rows.with_suffix(".cache")
    settings = Settings(cache_folder=cache, readers=1, seconds=600.0)
    runtime = Runtime(settings, manager, plan=plan if letters else None)
    found, _ = find_documents([*(DATA / kind for kind in KINDS), draw(rows.with_suffix(".drawn"))])
    for document in found:
        if document.name in done or Path(document.name).suffix.lower() not in _SUFFIXES:
            continue
        start_s = time.monotonic()
        forget_sheets(cache)
        report = analyze([Path(document.path)], settings, runtime, lambda _: None)
        with tempfile.TemporaryDirectory() as out:
            publish(report, Path(out) / "out", settings, runtime, lambda *_: None)
        told = [row for row in report.timings if "leases" in row]
        faults = [fault.line() for fault in report.faults]
        row = {"file": document.name, "kind": document.kind, "size_bytes": document.size_bytes, "faults": faults}
        row |= {"path": str(document.path), "is_real": Path(document.path).is_relative_to(DATA)}
        row |= {"retried": sum(one["retried"] for one in told), "peak_bytes": [one["peak_bytes"] for one in told]}
        row["leases"] = [[one["stage"], *lease] for one in told for lease in one["leases"]]
        with rows.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{document.name} {time.monotonic() - start_s:.1f} s {faults or ''}", file=sys.stderr, flush=True)
    runtime.close()


_SUFFIXES: Final = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dxf", ".ifc")


def draw(folder: Path) -> Path:
    """Large drawings and noise, to learn from what real files are too small to show."""
    if folder.exists():
        return folder
    part = Path(tempfile.mkdtemp(dir=folder.parent))
    hatched = replace(VARIANTS[0], walls="hatch")
    for houses in (13, 60, 130):
        estate.write_pdf(part / f"estate-{houses}.pdf", houses, hatched)
        estate.write_dxf(part / f"estate-{houses}.dxf", houses, hatched)
    for variant in (VARIANTS[0], next(variant for variant in VARIANTS if variant.paper == "A3")):
        write_set(part / variant.name, variant, scan=variant.paper == "A3")
    for width, height in ((1500, 1000), (3000, 2000), (6000, 4000)):
        noise = Image.effect_noise((width, height), 40)
        noise.save(part / f"noise-{width}.png")
        noise.convert("RGB").save(part / f"noise-{width}.jpg")
    return part.rename(folder)


def forget_sheets(cache: Path) -> None:
    """Have sheets read again; what was read off pictures stays, for it takes no memory of the children."""
    for folder in cache.glob("??/*"):
        if not (folder / "text.json").exists():
            shutil.rmtree(folder)


# ---- fitting -------------------------------------------------------------------------------------------------------


def fit(rows: Iterable[Row]) -> dict[str, Line]:
    """For each stage the lowest line over all that was measured of it, and a margin that shrinks with more files."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    files: dict[str, set[str]] = defaultdict(set)
    tops: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for name, size, grown in find_points(row):
            points[name].append((size, grown))
            files[name].add(row["file"])
        for who in {lease[0] for lease in row["leases"]}:
            tops[row["kind"] if who == "reader" else who].append(max(r[-1] for r in row["leases"] if r[0] == who))
    lines = {name: with_margin(envelope(np.array(points[name])), len(files[name])) for name in sorted(points)}
    return lines | {f"usual {name}": Line(round(statistics.median(tops[name])), 0.0) for name in sorted(tops)}


def find_points(row: Row) -> Iterator[tuple[str, int, int]]:
    """(stage, bound, growth) of each lease; of each child ("start kind", size of the file, memory until it is open)."""
    started: dict[str, int] = {}
    for who, stage, bound_bytes, held_bytes, _, peak_bytes in row["leases"]:
        yield stage, bound_bytes, peak_bytes - held_bytes
        if who not in started and who != "reader":
            started[who] = held_bytes
        elif who not in started and stage.endswith("opened"):  # how many pixels a picture has, its size does not say
            started[who] = held_bytes if row["kind"] == "image" else peak_bytes
    for who, top_bytes in started.items():
        yield f"start {row['kind'] if who == 'reader' else who}", row["size_bytes"] if who == "reader" else 0, top_bytes


def envelope(points: NDArray[np.float64]) -> tuple[float, float]:
    """Base and slope of the line over `points` (N, 2) with the least mean height; never falling."""
    x, y = points[:, 0], points[:, 1]
    hull = upper_hull(sorted((float(a), float(b)) for a, b in points))
    slopes = {0.0} | {(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(hull) if b[0] > a[0]}
    lines = [(float(np.max(y - slope * x)), slope) for slope in slopes if slope >= 0]
    return min(lines, key=lambda line: float(np.mean(np.maximum(line[0] + line[1] * x, 0))))


def upper_hull(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The upper side of the convex hull of points in order of x."""
    hull: list[tuple[float, float]] = []
    for point in points:
        while len(hull) > 1 and _is_above(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _is_above(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether `c` is on or above the line from `a` through `b`."""
    return (b[0] - a[0]) * (c[1] - a[1]) >= (b[1] - a[1]) * (c[0] - a[0])


def with_margin(line: tuple[float, float], files: int) -> Line:
    """The next file goes beyond what n files showed about once in n + 1: the fewer, the more is added."""
    base, slope = line
    more = 1 + SPREAD / files
    return Line(round(max(base * more, base) + LEAST_MARGIN_BYTES), round(slope * more, 6))


# ---- holding one file against the others ---------------------------------------------------------------------------


def leave_one_out(rows: list[Row]) -> tuple[list[dict[str, Any]], list[tuple[Row, dict[str, Line]]]]:
    """A result for each stage and one for all leases of real files; files with a lease under, with what was known."""
    over: dict[str, list[float]] = defaultdict(list)
    doubtful = []
    for row, known in left_out(rows):
        own = [(stage, expected / peak - 1) for stage, peak, expected in expectations(row, known)]
        for stage, value in own:
            over[stage].append(value)
        if any(value < 0 for _, value in own):
            doubtful.append((row, known))
    over["all leases"] = [value for values in over.values() for value in values]
    return [summary(stage, values) for stage, values in over.items()], doubtful


def left_out(rows: list[Row]) -> Iterator[tuple[Row, dict[str, Line]]]:
    """Each real file with the lines fitted to all others."""
    for row in rows:
        if row["is_real"]:
            yield row, fit(other for other in rows if other is not row)


def expectations(row: Row, known: dict[str, Line]) -> Iterator[tuple[str, int, int]]:
    """(stage, bytes really held, bytes expected) of each lease."""
    footprints = Footprints(known)
    for _, stage, bound_bytes, held_bytes, _, peak_bytes in row["leases"]:
        yield stage, peak_bytes, held_bytes + footprints.growth_bytes(stage, bound_bytes)


def held_against(rows: list[Row]) -> Iterator[tuple[int, int]]:
    """(bytes really held, bytes expected) of each lease of each real file, by what was learnt of the others."""
    for row, known in left_out(rows):
        yield from ((peak, expected) for _, peak, expected in expectations(row, known))


def catch(row: Row, known: dict[str, Line], cache: Path) -> dict[str, Any]:
    """A file read by lines that expect too little of it: how often it was begun anew, and whether anything was lost."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as lines:
        json.dump(known, lines)
        lines.flush()
        forget_sheets(cache)
        command = [sys.executable, __file__, "--again", row["path"], lines.name, str(cache)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return {"who": "planroom", "file": row["file"]} | told | {"complete": told["faults"] == row["faults"]}


def read_again(path: Path, lines: Path, cache: Path) -> int:
    """Read one file in a control group of 2 GiB by the given lines."""
    known = {name: Line(*line) for name, line in json.loads(lines.read_text()).items()}
    settings = Settings(cache_folder=cache, readers=1, seconds=600.0)
    with open_runtime(settings, Footprints(known)) as runtime:
        report = analyze([path], settings, runtime, lambda _: None)
        told = runtime.facts()
    facts = {"retried": sum(row.get("retried", 0) for row in report.timings), "kernel_kills": told["kernel_kills"]}
    print(json.dumps(facts | {"enforced": told["enforced"], "faults": [fault.line() for fault in report.faults]}))
    return 0


def summary(stage: str, over: list[float]) -> dict[str, Any]:
    return {
        "who": "planroom",
        "stage": stage,
        "leases": len(over),
        "under": sum(value < 0 for value in over) / len(over),
        "most_under": -min(0.0, *over),
        "median_over": statistics.median(over),
        "p90_over": sorted(over)[int(0.9 * len(over))],
    }


def show(results: list[dict[str, Any]]) -> None:
    print(f"{'stage':20} {'leases':>7} {'under':>8} {'worst':>8} {'median over':>12} {'nine of ten':>12}")
    for row in (row for row in results if "stage" in row):
        print(
            f"{row['stage']:20} {row['leases']:7} {row['under']:8.2%} {row['most_under']:8.1%}"
            f" {row['median_over']:12.1%} {row['p90_over']:12.1%}"
        )
    for row in (row for row in results if "file" in row):
        ended = "complete" if row["complete"] else "NOT as before"
        print(f"under: {row['file']}: begun anew {row['retried']} times, {row['kernel_kills']} kills, {ended}")
    print(f"bounds: under at most {MOST_UNDER:.1%}, median over at most {MOST_OVER:.0%}")


if __name__ == "__main__":
    sys.exit(main())
