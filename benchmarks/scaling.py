"""Seconds and bytes of every stage against the size of the sheet, and the exponent that fits them.

    python benchmarks/scaling.py [--json] [--runs N] [--kinds pdf,dxf]

Each size is an estate of houses on one sheet (`estate.py`), read by the same pipeline as any other, each run in a new
reader. The exponent is the slope of the least-squares line through the logarithms of paths and processor seconds, which
other work on the machine does not stretch; a stage whose seconds are all under `_NOTHING_S` has none. Exits with 1
where a stage grows faster than `BOUND` allows.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

import estate
from planroom.config import Settings
from planroom.example import VARIANTS
from planroom.memory.manager import MemoryManager
from planroom.pipeline import analyze
from planroom.pipeline import measure as measure_report
from planroom.records import Report
from planroom.report import html, markup, xlsx
from planroom.report import json as json_report
from planroom.runtime import Runtime
from planroom.store.results import load_sheet

BOUND: Final = 1.15
MACHINE: Final = "2 cores, 24 GiB"
_VARIANT: Final = replace(VARIANTS[0], name="estate", walls="hatch")
_HOUSES: Final = {"pdf": (13, 39, 130), "dxf": (22, 66, 221)}  # 10,000, 30,000 and 100,000 paths
_NOTHING_S: Final = 0.02
_BYTES: Final = 8 << 30  # the time is what is measured here; benchmarks/memory_peaks.py squeezes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--runs", type=int, default=3, help="runs of each size; the median counts")
    parser.add_argument("--kinds", default="pdf,dxf")
    asked = parser.parse_args()
    results = [row for kind in asked.kinds.split(",") for row in measure(kind, asked.runs)]
    settings = {"runs": asked.runs, "bound": BOUND, "houses": _HOUSES}
    if asked.json:
        machine = f"{MACHINE}, Python {platform.python_version()}"
        print(json.dumps({"bench": "scaling", "machine": machine, "settings": settings, "results": results}))
    else:
        show(results)
    return int(any(row["exponent"] is not None and row["exponent"] > BOUND for row in results))


def measure(kind: str, runs: int) -> list[dict[str, Any]]:
    """A row for each stage of reading and reporting a sheet of that kind."""
    seconds: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    cpu: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    leased: dict[str, dict[int, int]] = defaultdict(dict)
    grown: dict[str, dict[int, int]] = defaultdict(dict)
    with tempfile.TemporaryDirectory() as folder:
        for houses in _HOUSES[kind]:
            path = Path(folder) / f"estate-{houses}.{kind}"
            (estate.write_pdf if kind == "pdf" else estate.write_dxf)(path, houses, _VARIANT)
            for run in range(runs):
                paths, rows = _once(path, Path(folder) / f"cache-{houses}-{run}")
                for row in rows:
                    stage = row["stage"]
                    seconds[stage][paths].append(row["wall_s"])
                    cpu[stage][paths].append(row["cpu_s"])
                    for key, table in (("leased_bytes", leased), ("grown_bytes", grown)):
                        if key in row:
                            table[stage][paths] = max(row[key], table[stage].get(paths, 0))
    return [
        {
            "kind": kind,
            "stage": stage,
            "paths": list(by_size),
            "seconds": [round(median(values), 4) for values in by_size.values()],
            "leased_bytes": list(leased[stage].values()),
            "grown_bytes": list(grown[stage].values()),
            "exponent": fit_exponent(list(by_size), [median(values) for values in cpu[stage].values()]),
        }
        for stage, by_size in seconds.items()
    ]


def fit_exponent(sizes: list[int], seconds: list[float]) -> float | None:
    """The power of the size that the seconds grow by; None where they are too few to tell."""
    if max(seconds) < _NOTHING_S or len(sizes) < 2:
        return None
    slope, _ = np.polyfit(np.log(sizes), np.log(np.maximum(seconds, 1e-4)), 1)
    return round(float(slope), 3)


def _once(path: Path, cache: Path) -> tuple[int, list[dict[str, Any]]]:
    """How many paths the sheet holds, and a row for every stage of one run over it."""
    settings = Settings(memory_bytes=_BYTES, cache_folder=cache, fresh=True, seconds=3600.0)
    report = analyze([path], settings, Runtime(settings, MemoryManager(_BYTES)), lambda _: None)
    if report.faults:
        raise SystemExit("; ".join(fault.line() for fault in report.faults))
    rows = [row for row in report.timings if row["stage"] not in ("reader", "measure")]
    sheet = report.sheets[0]
    rows.append(_timed("load", 0, lambda: load_sheet(Path(sheet.picture).parent, sheet.page)))
    rows.append(_timed("measure", 0, lambda: measure_report(report, settings)))
    out = cache / "out"
    out.mkdir()
    rows.append(_timed("html", html.lease_bytes(report), lambda: html.write_html(report, out / "report.html")))
    rows.append(_timed("xlsx", xlsx.lease_bytes(report), lambda: xlsx.write_xlsx(report, out / "takeoff.xlsx")))
    rows.append(
        _timed("json", json_report.lease_bytes(report), lambda: json_report.write_json(report, out / "report.json"))
    )
    source = path if path.suffix == ".pdf" else None
    mark_bytes = markup.lease_bytes(source, report.sheets)
    rows.append(_timed("markup", mark_bytes, lambda: markup.write_markup(source, report.sheets, out / "marked.pdf")))
    return _paths(report), rows


def _paths(report: Report) -> int:
    return next(int(row["paths"]) for row in report.timings if "paths" in row)


def _timed(stage: str, leased_bytes: int, work: Callable[[], object]) -> dict[str, Any]:
    gc.collect()
    gc.disable()  # a collection of all that the process holds would count for whoever it happens to
    start_s, start_cpu_s = time.monotonic(), time.process_time()
    work()
    wall_s, cpu_s = time.monotonic() - start_s, time.process_time() - start_cpu_s
    gc.enable()
    return {"stage": stage, "wall_s": wall_s, "cpu_s": cpu_s, "leased_bytes": leased_bytes}


def show(results: list[dict[str, Any]]) -> None:
    """The rows as a table, what breaks the bound marked."""
    print(f"{'':4} {'stage':8}  {'paths':>24}  {'seconds':>24}  {'leased MiB':>18}  {'grown MiB':>18}  exponent")
    for row in results:
        over = row["exponent"] is not None and row["exponent"] > BOUND
        print(
            f"{row['kind']:4} {row['stage']:8}  {_three(row['paths'], '{:,}'):>24}"
            f"  {_three(row['seconds'], '{:.2f}'):>24}"
            f"  {_three(_mib(row['leased_bytes']), '{:.0f}'):>18}  {_three(_mib(row['grown_bytes']), '{:.0f}'):>18}"
            f"  {'-' if row['exponent'] is None else row['exponent']}{' OVER' if over else ''}"
        )


def _mib(sizes: list[int]) -> list[float]:
    return [size / 2**20 for size in sizes]


def _three(values: list[Any], form: str) -> str:
    return " ".join(form.format(value) for value in values)


if __name__ == "__main__":
    sys.exit(main())
