"""Counts on real plans that nobody here made, beside what other systems answered on the same ones; and what is seen.

    python benchmarks/counts.py [--json] [--only plans|rules|masks|generated|speed] [--note "what changed"]
    python benchmarks/counts.py --plans 0000,5000_00 --gallery FILE    # these alone: neither scored nor logged

*plans*: `../shared/data/counts`, scored as the tool that comes with the data does; every full scoring is logged in
benchmarks/counts.csv, for the plans are few, and rules fitted to them would show. *rules*: what
openings must be to count, fitted on four fifths of the plans and tried on the rest. *masks*: `../shared/data/masks`,
walls, windows and doors pixel by pixel. *generated*: drawn sheets of seeds that nothing was trained on. *speed*: a look
at a sheet of one megapixel, beside PyTorch. `--gallery` writes the plans as a page of pictures, the worst first. Exits
with 1 where a figure misses its bound.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

import calibration
import counts_gallery
import counts_generated
import counts_masks
import counts_rules
import counts_speed
from memory_peaks import MACHINE
from planroom.engine.catalog import PRECISIONS, Precision, open_catalog
from planroom.engine.eyes import Eyes, features_bytes
from planroom.engine.ocr import TextReader
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import RESERVE, MemoryManager

HERE: Final = Path(__file__).resolve().parent
SHARED: Final = HERE.parent.parent / "shared"
PLANS: Final = SHARED / "data" / "counts"
LOG: Final = HERE / "counts.csv"
CHECKPOINT: Final = HERE.parent / "training" / "weights" / "vision.pt"
KINDS: Final = ("door", "window", "bedroom", "toilet")
PARTS: Final = ("plans", "rules", "masks", "generated", "speed")
LEAST_EXACT: Final = {"door": 0.55, "window": 0.50, "bedroom": 0.92, "toilet": 0.85, "mean": 0.70}
MOST_ERROR: Final = {"door": 0.10, "window": 0.12}
DRAWS: Final = 2000  # of the bootstrap
Row = dict[str, Any]
Counts = dict[str, dict[str, int]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--only", choices=PARTS, help="only this part")
    parser.add_argument("--note", default="", help="what changed since the last scoring; goes into the log")
    parser.add_argument("--plans", default="", help="beginnings of names: these plans only, neither scored nor logged")
    parser.add_argument("--report", type=Path, help="a report.json made before, instead of a new run")
    parser.add_argument("--weights", type=Path, help="a folder of exported weights, instead of those that are shipped")
    parser.add_argument("--precision", choices=PRECISIONS, help="of those weights; default: what planroom uses")
    parser.add_argument("--gallery", type=Path, help="write the plans as a page of pictures, the worst first")
    asked = parser.parse_args()
    rows: list[Row] = []
    for part in PARTS if not asked.plans else ("plans",):
        if asked.only in (None, part):
            for row in _rows(part, asked):
                rows.append(row)
                if not asked.json:
                    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if asked.json:
        print(json.dumps({"bench": "counts", "machine": MACHINE, "settings": {"plans": asked.plans}, "results": rows}))
    return int(any(row.get("over") for row in rows))


def _rows(part: str, asked: argparse.Namespace) -> Iterator[Row]:
    needed = {"masks": counts_masks.MASKS, "generated": HERE, "speed": CHECKPOINT}.get(part, PLANS)
    if not needed.exists():
        yield {"part": part, "left_out": f"{needed} is not there"}
    elif part == "plans":
        yield from plans(asked)
    elif part == "speed":
        yield from counts_speed.rows(asked.weights, CHECKPOINT, len(os.sched_getaffinity(0)))
    else:
        with open_eyes(asked.weights, asked.precision) as eyes:
            if part == "rules":
                with closing(TextReader(MemoryManager({RESERVE: 1 << 30}), pool=RESERVE)) as reader:
                    yield from counts_rules.rows(eyes, reader, {path.stem: path for path in _plans("")}, _truth())
            else:
                yield from counts_masks.rows(eyes) if part == "masks" else counts_generated.rows(eyes)


@contextmanager
def open_eyes(weights: Path | None = None, precision: Precision | None = None) -> Iterator[Eyes]:
    """The vision networks of a folder, or as they are shipped, with bytes enough. precision: as in `Eyes`."""
    manager = MemoryManager({RESERVE: 1 << 30, "transformer_cache": 0})
    features = CachePool("transformer_cache", 0, manager, weigh=features_bytes)
    eyes = Eyes(manager, open_catalog(weights), features, precision=precision)
    try:
        yield eyes
    finally:
        eyes.close()


def plans(asked: argparse.Namespace) -> Iterator[Row]:
    """A row for each plan, then one for each kind with its interval, one for each style, and one for each system."""
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.monotonic()
        report = asked.report or _analyze(_plans(asked.plans), Path(folder))
        wall_s = time.monotonic() - started_s
        found, truth = _found(report), _truth()
        trust = _trust(report, truth)
        for name in sorted(found):
            off = {k: f"{found[name][k]} for {truth[name][k]}" for k in KINDS if found[name][k] != truth[name][k]}
            yield {"part": "plans", "plan": name} | (off or {"all": "exact"})
        if asked.gallery:
            counts_gallery.write(asked.gallery, json.loads(report.read_text("utf-8")), found, truth)
    if asked.plans:
        return
    own = _exact(found, truth)
    for kind in KINDS:
        exact, error = float(own[kind].mean()), _error(found, truth, kind)
        yield {"part": "plans", "kind": kind, "exact": round(exact, 3), "between": _interval(own[kind])} | {
            "error": round(error, 3),
            "over": exact < LEAST_EXACT[kind] or error > MOST_ERROR.get(kind, 1.0),
        }
    each = np.mean([own[kind] for kind in KINDS], axis=0)
    yield {
        "part": "plans",
        "kind": "mean of the four",
        "exact": round(float(each.mean()), 3),
        "between": _interval(each),
        "over": float(each.mean()) < LEAST_EXACT["mean"],
    }
    yield {"part": "plans", "kind": "confidence"} | trust
    for style in sorted({name[:4] for name in truth}):
        of_style = np.array([name.startswith(style) for name in sorted(truth)])
        yield {"part": "plans", "style": style, "plans": int(of_style.sum())} | {
            kind: round(float(own[kind][of_style].mean()), 2) for kind in KINDS
        }
    yield from _systems(found, truth)
    if not asked.report:
        _log(found, truth, wall_s, asked.note)


def _systems(found: Counts, truth: Counts) -> Iterator[Row]:
    """A row for each system, the best first, as the tool that comes with the data scores it."""
    answers: dict[str, Counts] = {"planroom": found}
    for row in csv.DictReader((PLANS / "peers.csv").open()):
        answers.setdefault(row["model"], {})[Path(row["plan"]).stem] = {k: int(float(row[k] or 0)) for k in KINDS}
    scored = []
    for name, said in answers.items():
        exact = {kind: float(array.mean()) for kind, array in _exact(said, truth).items()}
        cells = {kind: f"{exact[kind]:.3f}/{_error(said, truth, kind):.3f}" for kind in KINDS}
        scored.append({"part": "plans", "system": name, "mean_exact": round(sum(exact.values()) / 4, 3)} | cells)
    yield from sorted(scored, key=lambda row: -float(str(row["mean_exact"])))


def _truth() -> Counts:
    rows = csv.DictReader((PLANS / "counts.csv").open())
    return {Path(row["image"]).stem: {kind: int(row[kind] or 0) for kind in KINDS} for row in rows}


def _found(report: Path) -> Counts:
    found: Counts = {}
    for sheet in json.loads(report.read_text("utf-8"))["sheets"]:
        counts = found.setdefault(Path(sheet["file"]).stem, dict.fromkeys(KINDS, 0))
        for kind in KINDS:
            counts[kind] += sheet["counts"].get(kind) or 0
    return found


def _trust(report: Path, truth: Counts) -> dict[str, Any]:
    """How far the confidence of counts is off."""
    told, made = calibration.Told(), json.loads(report.read_text("utf-8"))
    names = {sheet["id"]: Path(sheet["file"]).stem for sheet in made["sheets"]}
    for one in made["quantities"]:
        kind = one["id"].split(":")[-2] if one["measure"] == "count" and one["sheet"] else ""
        if kind in KINDS and one["value"] is not None:
            told.add(one["confidence"], is_right=one["value"] == truth[names[one["sheet"]]][kind])
    return told.figures()


def _exact(found: Counts, truth: Counts) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Which plans' counts are right, by kind, in the order of their names; a plan without an answer counts as 0."""
    names = sorted(truth)
    return {k: np.array([found.get(n, {}).get(k, 0) == truth[n][k] for n in names]) for k in KINDS}


def _error(found: Counts, truth: Counts, kind: str) -> float:
    """The mean of |found - true| / true over plans that have any."""
    there = [(found.get(name, {}).get(kind, 0), true[kind]) for name, true in truth.items() if true[kind]]
    return float(np.mean([abs(said - true) / true for said, true in there]))


def _interval(exact: np.ndarray[Any, Any]) -> list[float]:
    """Between which shares of the mean of other such sets of plans would lie, 19 times of 20."""
    random = np.random.default_rng(0)
    means = exact[random.integers(len(exact), size=(DRAWS, len(exact)))].mean(1)
    return [round(float(x), 3) for x in np.quantile(means, (0.025, 0.975))]


def _plans(only: str) -> list[Path]:
    names = tuple(only.split(",")) if only else ("",)
    return [path for path in sorted((PLANS / "images").iterdir()) if path.name.startswith(names)]


def _analyze(paths: list[Path], folder: Path) -> Path:
    report = folder / "report.json"
    command = [sys.executable, "-m", "planroom", "analyze", *map(str, paths), "--out", str(folder / "out")]
    done = subprocess.run([*command, "--json", str(report)], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return report


def _log(found: Counts, truth: Counts, wall_s: float, note: str) -> None:
    """Append the scoring, so that nobody has to believe how often the plans were looked at."""
    exact = {kind: float(array.mean()) for kind, array in _exact(found, truth).items()}
    cells = [f"{exact[kind]:.3f}/{_error(found, truth, kind):.3f}" for kind in KINDS]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE).stdout
    mean = f"{sum(exact.values()) / 4:.3f}"
    with LOG.open("a", newline="") as file:
        row = [date.today().isoformat(), commit.strip(), *cells, mean, f"{wall_s:.0f}", note]
        csv.writer(file).writerow(row)


if __name__ == "__main__":
    sys.exit(main())
