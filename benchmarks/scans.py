"""How well drawn plan sets are read once they were printed and scanned: everything on them is known.

Each set goes through the real program as a scanned PDF and is held against the truth that it was drawn from: title
blocks, scales, cells of schedules, and counts per kind over all plan sheets. With --mistakes the sets bear missing and
contradicting scales, which must be withheld.

    python benchmarks/scans.py [--only base-a3,german] [--mistakes] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import memory_peaks
from planroom.example import VARIANTS, write_set

KINDS: Final = ("door", "window", "opening", "room", "bedroom", "toilet", "wall")
WORDS: Final = ("number", "title", "kind", "view", "storey")
MOST_OFF: Final = 0.10
LEAST_CELLS: Final = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of variants, with commas between; default: all")
    parser.add_argument("--mistakes", action="store_true", help="draw the sets with their mistakes")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else [variant.name for variant in VARIANTS]
    score = Score(quiet=asked.json)
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for variant in VARIANTS:
            if variant.name in names:
                place = Path(folder) / variant.name
                write_set(place, variant, scan=True, dxf=False, mistakes=asked.mistakes)
                score.add(variant.name, *_analyze(place))
    results = score.results() | {"wall_s": round(time.monotonic() - started_s, 1)}
    if asked.json:
        settings = {"variants": names, "mistakes": asked.mistakes}
        print(
            json.dumps({"bench": "scans", "machine": memory_peaks.MACHINE, "settings": settings, "results": [results]})
        )
    else:
        _show(results)
    return int(not score.holds())


def _analyze(place: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The truth of a set and the program's report on it."""
    truth = next(place.glob("*.truth.json"))
    scanned, report = next(place.glob("*-scan.pdf")), place / "report.json"
    command = [sys.executable, "-m", "planroom", "analyze", str(scanned), "--out", str(place / "out"), "--fresh"]
    done = subprocess.run([*command, "--json", str(report), "--seconds", "300"], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return json.loads(truth.read_text("utf-8")), json.loads(report.read_text("utf-8"))


class Score:
    """What was right and what was not, over all sets."""

    def __init__(self, *, quiet: bool):
        self._quiet = quiet
        self.sheets = 0
        self.wrong: Counter[str] = Counter()
        self.cells = [0, 0]
        self.off: Counter[str] = Counter()
        self.true: Counter[str] = Counter()

    def add(self, name: str, truth: dict[str, Any], report: dict[str, Any]) -> None:
        """Hold a set's report against its truth."""
        found = {sheet["page"]: sheet for sheet in report["sheets"]}
        planted = {one["sheet"] for one in truth.get("mistakes", []) if "scale" in one["kind"]}
        for true in truth["sheets"]:
            self.sheets += 1
            sheet = found.get(true["page"])
            told = ["missing"] if sheet is None else [*self._compare(sheet, true, true["number"] in planted)]
            if told and not self._quiet:
                print(f"{name} {true['number']}: {', '.join(told)}", flush=True)

    def _compare(self, sheet: dict[str, Any], true: dict[str, Any], planted: bool) -> Iterator[str]:
        """What is wrong on a sheet, in words; the counts are added up."""
        for word in WORDS:
            if _plain(sheet[word]) != _plain(true[word]):
                self.wrong[word] += 1
                yield f"{word} {sheet[word]!r} for {true[word]!r}"
        if true["ratio"] and not _is_scale_right(sheet, true, planted):
            self.wrong["scale"] += 1
            yield f"scale {sheet['scale']}"
        for table in true.get("tables", []):
            right, of = _cells(table, sheet["schedules"])
            self.cells = [self.cells[0] + right, self.cells[1] + of]
            if right < of:
                yield f"{table.get('title')} {right} of {of} cells"
        if true["kind"] == "plan":
            for kind in KINDS:
                count, exact = sheet["counts"].get(kind, 0), true["counts"][kind]
                self.off[kind] += abs(count - exact)
                self.true[kind] += exact
                if count != exact:
                    yield f"{kind} {count} for {exact}"

    def results(self) -> dict[str, Any]:
        """All of it as plain data."""
        counts = {kind: {"off": self.off[kind], "true": self.true[kind]} for kind in KINDS}
        return {"sheets": self.sheets, "wrong": dict(self.wrong), "cells": self.cells, "counts": counts}

    def holds(self) -> bool:
        """Whether every bound holds: words and scales exact, cells and counts nearly."""
        near = all(self.off[kind] <= MOST_OFF * self.true[kind] for kind in KINDS)
        return near and not self.wrong and self.cells[0] >= LEAST_CELLS * self.cells[1]


def _plain(words: str | None) -> str:
    return (words or "").replace(" ", "").lower()


def _is_scale_right(sheet: dict[str, Any], true: dict[str, Any], planted: bool) -> bool:
    scale = sheet["scale"] or {"m_per_px": None, "ratio": None, "state": "withheld"}
    if planted:
        return bool(scale["state"] == "withheld")
    exact = true["m_per_pt"] * true["size_pt"][0] / sheet["width_px"]
    return scale["ratio"] == true["ratio"] and bool(scale["m_per_px"]) and abs(scale["m_per_px"] / exact - 1) < 0.005


def _cells(table: dict[str, Any], schedules: list[dict[str, Any]]) -> tuple[int, int]:
    """How many cells of a table, headers with them, the schedule that is most like it has right, and of how many."""
    of = len(table["header"]) + sum(map(len, table["rows"]))
    right = [0]
    for schedule in schedules:
        headers = [column["header"].strip() for column in schedule["columns"]]
        rows = [[cell["text"].strip() for cell in row] for row in schedule["rows"]]
        pairs = [*zip(headers, table["header"], strict=False)]
        pairs += [pair for row, true in zip(rows, table["rows"], strict=False) for pair in zip(row, true, strict=False)]
        right.append(sum(one == other.strip() for one, other in pairs))
    return max(right), of


def _show(results: dict[str, Any]) -> None:
    right, of = results["cells"]
    print(f"\n{results['sheets']} sheets in {results['wall_s']:.0f} s; wrong: {results['wrong'] or 'nothing'}")
    print(f"cells {right} of {of}: {right / max(of, 1):.4f} (bound {LEAST_CELLS})")
    for kind, count in results["counts"].items():
        print(f"{kind:8} off {count['off']:4} of {count['true']:4}: {count['off'] / max(count['true'], 1):.3f}")
    print(f"bound {MOST_OFF} per kind")


if __name__ == "__main__":
    sys.exit(main())
