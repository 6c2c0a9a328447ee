"""A thousand analyses at once in a hard control group: who is killed, what is lost or comes twice, how long it takes.

    python benchmarks/thousand.py [--json] [--only thousand,cold] [--requests 1000] [--memory 2GiB]

*thousand*: a thousand requests, all there at the start, for more than a hundred distinct drawings (drawn sets as DXF
and PDF, real DXF, IFC and scans), each through all real stages; repeats may be answered from the caches. Every
drawing is asked for at least once, the others by a law of few that are asked for often. *cold*: 32 different plans that
nothing was kept of, all in flight at once, with a reader allowed for each: the ledger decides how many really run.

The program runs in a control group with a hard limit and is watched from outside. Each report is written to a file of
its own; at the end every request must have one, and reports on the same drawing must say the same. Bounds: 0 kernel
kills, 0 lost, 0 twice, anonymous and shared memory at most 95 % of the limit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from control_groups import open_group, start
from memory_peaks import MACHINE
from planroom.config import Settings
from planroom.example import VARIANTS, random_variant, write_set
from planroom.memory.machine import usage
from planroom.records import Report
from planroom.report.json import write_json
from planroom.run.local import Desk
from planroom.runtime import open_runtime
from planroom.units import format_bytes, parse_bytes

DATA: Final = Path(__file__).parents[2] / "shared" / "data"
PARTS: Final = ("thousand", "cold")
COLD: Final = 32
TOLD: Final = ("failed", "faults", "leased_peak_bytes", "hits", "misses", "waited", "retried", "running")
MOST_SHARE: Final = 0.95
_EVERY_S: Final = 0.005
_COURSE_S: Final = 0.5  # between two looks at what is leased and really held
_SEED: Final = 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--only", default=",".join(PARTS), help="which parts, with commas between")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--memory", default="2GiB", help="the limit of the control group, and what planroom is given")
    asked = parser.parse_args()
    limit_bytes = parse_bytes(asked.memory)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        drawings = find_drawings(Path(folder) / "drawings")
        for part in asked.only.split(","):
            cold = drawings[:: len(drawings) // COLD][:COLD]
            requests = choose(drawings, asked.requests) if part == "thousand" else cold
            results.append(measure(part, requests, limit_bytes, Path(folder) / part))
            if not asked.json:
                show(results[-1])
    if asked.json:
        settings = {"limit_bytes": limit_bytes, "requests": asked.requests, "drawings": len(drawings)}
        print(json.dumps({"bench": "thousand", "machine": MACHINE, "settings": settings, "results": results}, indent=1))
    return int(any(is_bad(row) for row in results))


# ---- what is asked for ---------------------------------------------------------------------------------------------


def find_drawings(folder: Path) -> list[str]:
    """Distinct drawings, most of them of one sheet."""
    for variant in (*VARIANTS, *(random_variant(seed) for seed in range(1, 9))):
        write_set(folder / variant.name, variant)
    drawn = sorted(path for path in folder.glob("*/*") if path.suffix in (".dxf", ".pdf"))
    real: list[Path] = []
    for kind, ending in (("dxf", "dxf"), ("ifc", "ifc"), ("masks/Images_val", "jpg")):
        real += sorted((DATA / kind).glob(f"*.{ending}")) if DATA.is_dir() else []
    both = [str(path) for path in (*drawn, *real)]
    random.Random(_SEED).shuffle(both)
    return both


def choose(drawings: list[str], requests: int) -> list[str]:
    """Every drawing once, then some far more often than others, in no order."""
    chance = random.Random(_SEED)
    weights = [1 / (rank + 1) for rank in range(len(drawings))]
    chosen = drawings[:requests] + chance.choices(drawings, weights, k=max(0, requests - len(drawings)))
    chance.shuffle(chosen)
    return chosen


# ---- outside: the group and what is seen of it ---------------------------------------------------------------------


def measure(part: str, requests: list[str], limit_bytes: int, folder: Path) -> dict[str, Any]:
    """One run in a control group of its own, watched."""
    folder.mkdir(parents=True)
    told = {"requests": requests, "memory_bytes": limit_bytes, "folder": str(folder), "is_cold": part == "cold"}
    with open_group(limit_bytes) as group:
        start_s, peak_bytes = time.monotonic(), 0
        said: list[str] = []
        with start("thousand:work", json.dumps(told), group=group) as process:
            listener = threading.Thread(target=lambda: said.extend(process.stdout or ()))
            listener.start()
            while process.poll() is None:
                peak_bytes = max(peak_bytes, usage(group).real_bytes)
                time.sleep(_EVERY_S)
            listener.join()
        wall_s, kills = time.monotonic() - start_s, usage(group).oom_kills
    inside = json.loads(said[-1]) if said and process.returncode == 0 else {}
    return (
        {
            "who": "planroom",
            "part": part,
            "limit_bytes": limit_bytes,
            "tasks": len(requests),
            "drawings": len(set(requests)),
            "kernel_kills": kills,
            "peak_bytes": peak_bytes,
            "wall_s": round(wall_s, 1),
            "exit_code": process.returncode,
        }
        | judge(requests, folder)
        | inside
    )


def judge(requests: list[str], folder: Path) -> dict[str, Any]:
    """What became of each request, by the files that were written for it."""
    written = Counter(path.name.partition(".")[0] for path in folder.glob("reports/*.json"))
    contents: dict[str, set[str]] = defaultdict(set)
    sheets: set[str] = set()
    for number, drawing in enumerate(requests):
        for path in folder.glob(f"reports/{number:04}.*.json"):
            report = json.loads(path.read_text("utf-8"))
            found = json.dumps([report["sheets"], report["quantities"]], sort_keys=True)
            contents[drawing].add(hashlib.sha256(found.encode()).hexdigest())
            sheets |= {sheet["id"] for sheet in report["sheets"]}
    return {
        "done": sum(f"{number:04}" in written for number in range(len(requests))),
        "lost": sum(f"{number:04}" not in written for number in range(len(requests))),
        "twice": sum(count - 1 for count in written.values()),
        "different": sum(len(hashes) > 1 for hashes in contents.values()),
        "sheets": len(sheets),
    }


def is_bad(row: dict[str, Any]) -> bool:
    """Whether a run broke a bound."""
    failed = row["exit_code"] != 0 or row["kernel_kills"] or row["lost"] or row["twice"] or row["different"]
    return bool(failed or row.get("failed") or row["peak_bytes"] > MOST_SHARE * row["limit_bytes"])


def show(row: dict[str, Any]) -> None:
    share = row["peak_bytes"] / row["limit_bytes"]
    print(
        f"{row['part']}: {row['tasks']} requests for {row['drawings']} drawings of {row['sheets']} sheets at once in "
        f"{format_bytes(row['limit_bytes'])}: {row['done']} done, {row['lost']} lost, {row['twice']} twice, "
        f"{row['different']} different, {row['kernel_kills']} kernel kills; peak {format_bytes(row['peak_bytes'])} "
        f"({share:.0%}, bound {MOST_SHARE:.0%}); {row['wall_s']} s{'  BAD' if is_bad(row) else ''}"
    )
    print(f"    { ({name: row[name] for name in TOLD if name in row}) }", flush=True)


# ---- inside --------------------------------------------------------------------------------------------------------


def work(request: str) -> None:
    """Run the requests at once; says what the program knows of it."""
    told: dict[str, Any] = json.loads(request)
    folder, requests = Path(told["folder"]), told["requests"]
    reports = folder / "reports"
    reports.mkdir()
    settings = Settings(memory_bytes=told["memory_bytes"], cache_folder=folder / "cache", seconds=300.0)
    if told["is_cold"]:
        settings = replace(settings, readers=len(requests))
    failed: list[str] = []
    faults: Counter[str] = Counter()
    retried = 0
    course: list[tuple[float, int, int]] = []

    def deliver(report: Report, number: int) -> None:
        nonlocal retried
        faults.update(fault.code for fault in report.faults)
        retried += sum(row.get("retried", 0) for row in report.timings if "wall_s" in row)
        write_json(report, reports / f"{number:04}.{time.monotonic_ns()}.json")

    with open_runtime(settings) as runtime:
        most_running = 0
        with Desk(runtime, settings, workers=len(requests) if told["is_cold"] else 8) as desk:
            futures = [
                desk.submit([Path(path)], lambda report, number=number: deliver(report, number))  # type: ignore[misc]
                for number, path in enumerate(requests)
            ]
            start_s = time.monotonic()
            while desk.open:
                most_running = max(most_running, readers_alive())
                if time.monotonic() - start_s > len(course) * _COURSE_S:
                    real_bytes = runtime.enforcement.measure() if runtime.enforcement else 0
                    course.append((round(time.monotonic() - start_s, 1), runtime.manager.leased_bytes, real_bytes))
                time.sleep(0.02)
        for future in futures:
            error = future.exception()
            if error is not None:
                failed.append(f"{type(error).__name__}: {error}")
        facts, pool = runtime.facts(), runtime.manager.pools["working_memory"].stats()
    cache = facts["pools"]["data_cache"]
    print(
        json.dumps(
            {
                "failed": failed[:5],
                "faults": dict(faults),
                "retried": retried,
                "leased_peak_bytes": facts["peak_leased_bytes"],
                "told_peak_bytes": facts["peak_real_bytes"],
                "hits": cache["hits"],
                "misses": cache["misses"],
                "waited": pool.waited,
                "running": most_running,
                "course": course,
            }
        )
    )


def readers_alive() -> int:
    """Children of this process."""
    alive = 0
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread may end while it is looked at
            alive += len((task / "children").read_text().split())
    return alive


if __name__ == "__main__":
    sys.exit(main())
