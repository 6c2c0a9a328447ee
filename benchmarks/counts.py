"""Counts on real plan images that nobody here made, beside what other systems answered on the same ones.

Needs `../shared/data/counts` (docs/reference/counts.md says what it is). Scored by the tool that comes with the data,
and every full scoring is logged in benchmarks/counts.csv: the plans are few, and rules fitted to them would show.

    python benchmarks/counts.py [--note "what changed"] [--only 0000,5000_00] [--report FILE]
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARED = HERE.parent.parent / "shared"
PLANS = SHARED / "data" / "counts"
LOG = HERE / "counts.csv"
KINDS = ("door", "window", "bedroom", "toilet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--note", default="", help="what changed since the last scoring; goes into the log")
    parser.add_argument("--only", default="", help="beginnings of names: these plans only, neither scored nor logged")
    parser.add_argument("--report", type=Path, help="a report.json made before, instead of a new run")
    asked = parser.parse_args()
    if not PLANS.is_dir():
        sys.exit(f"{PLANS} is not there")
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.monotonic()
        report = asked.report or _analyze(_plans(asked.only), Path(folder))
        wall_s = time.monotonic() - started_s
        _show_misses(report)
        if asked.only:
            return
        tool = [SHARED / "tools" / "score_counts.py", report, PLANS / "counts.csv", PLANS / "peers.csv"]
        table = subprocess.run([sys.executable, *map(str, tool)], check=True, capture_output=True, text=True).stdout
        print(table)
        _log(table, wall_s, asked.note)


def _plans(only: str) -> list[Path]:
    names = tuple(only.split(",")) if only else ("",)
    return [path for path in sorted((PLANS / "images").iterdir()) if path.name.startswith(names)]


def _analyze(plans: list[Path], folder: Path) -> Path:
    report = folder / "report.json"
    command = [sys.executable, "-m", "planroom", "analyze", *map(str, plans), "--out", str(folder / "out")]
    done = subprocess.run([*command, "--json", str(report)], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return report


def _show_misses(report: Path) -> None:
    """A line for each plan: found against true, where they differ."""
    truth = {Path(row["image"]).stem: row for row in csv.DictReader((PLANS / "counts.csv").open())}
    for sheet in json.loads(report.read_text("utf-8"))["sheets"]:
        name = Path(sheet["file"]).stem
        off = [
            f"{kind} {sheet['counts'].get(kind, 0)} for {truth[name][kind]}"
            for kind in KINDS
            if sheet["counts"].get(kind, 0) != int(truth[name][kind] or 0)
        ]
        print(f"{name:12} {', '.join(off) or 'all exact'}")


def _log(table: str, wall_s: float, note: str) -> None:
    """Append the scoring, so that nobody has to believe how often the plans were looked at."""
    cells = next(line for line in table.splitlines() if line.startswith("planroom")).split()[1:]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE).stdout
    head = ["date", "commit", *(f"{kind} exact/error" for kind in KINDS), "mean exact", "seconds", "note"]
    new = not LOG.exists()
    with LOG.open("a", newline="") as file:
        rows = csv.writer(file)
        if new:
            rows.writerow(head)
        rows.writerow([date.today().isoformat(), commit.strip(), *cells, f"{wall_s:.0f}", note])


if __name__ == "__main__":
    main()
