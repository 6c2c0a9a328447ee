"""How far a takeoff can be trusted: plan sets in styles that nothing was fitted to, beside what they were drawn from.

    python benchmarks/takeoff.py [--sets 20] [--scans 4] [--json]

Each set is drawn in a style of its own by a seed that no test uses, and goes through the real program: as vectors, some
as scans, all of them once more with mistakes: in their scales, which must be withheld, and in their dimensions, which
must be found. Told are room areas within 2 %, counts of a kind on a plan that are exact, what is withheld where it
could be known, what is measured and wrong, how far confidence is off, dimensions tied to their lines, and true and
false findings about them.
Exits with 1 where a figure misses its bound.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import calibration
import memory_peaks
from planroom.example import random_variant, write_set

FIRST_SEED: Final = 1000  # tests draw seeds below
KINDS: Final = ("door", "window", "opening", "room", "bedroom", "toilet")
DRAWN: Final = ("general", "enlarged", "ceiling", "demolition")
CLOSE: Final = 0.02
LEAST_AREAS: Final = 0.95
LEAST_EXACT: Final = {"vector": 0.99, "scan": 0.95}
MOST_WITHHELD: Final = 0.03
LEAST_DIMENSIONS: Final = 0.95  # of those on vectors, tied to their lines
LEAST_FOUND: Final = 0.85  # of wrong dimensions and sums


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--scans", type=int, default=4, help="how many of them are read as scans too")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    asked = parser.parse_args()
    started_s = time.monotonic()
    rows = []
    for row in _rows(asked.sets, asked.scans, quiet=asked.json):
        rows.append(row)
        if not asked.json:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if asked.json:
        settings = {"sets": asked.sets, "scans": asked.scans, "wall_s": round(time.monotonic() - started_s, 1)}
        print(json.dumps({"bench": "takeoff", "machine": memory_peaks.MACHINE, "settings": settings, "results": rows}))
    return int(any(row["over"] for row in rows))


def _rows(sets: int, scans: int, *, quiet: bool) -> Iterator[dict[str, Any]]:
    for what, many, scan, mistakes in (
        ("vector", sets, False, False),
        ("vector with mistakes", sets, False, True),
        ("scan", scans, True, False),
    ):
        score = Score(quiet=quiet)
        for seed in range(FIRST_SEED, FIRST_SEED + many):
            with tempfile.TemporaryDirectory() as folder:
                variant = random_variant(seed)
                write_set(Path(folder), variant, scan=scan, dxf=False, mistakes=mistakes)
                score.add(f"{what} {variant.name}", *_analyze(Path(folder), scan=scan))
        if many:
            yield score.row(what, many)


def _analyze(folder: Path, *, scan: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The truth of a set and the program's report on it."""
    truth = json.loads(next(folder.glob("*.truth.json")).read_text("utf-8"))
    (drawing,) = (
        folder.glob("*-scan.pdf") if scan else [p for p in folder.glob("*.pdf") if not p.stem.endswith("-scan")]
    )
    report = folder / "report.json"
    command = [sys.executable, "-m", "planroom", "analyze", str(drawing), "--out", str(folder / "out"), "--json"]
    done = subprocess.run(
        [*command, str(report), "--seconds", "300"], capture_output=True, text=True, check=False,
        env=os.environ | {"PLANROOM_CACHE": str(folder / "cache")},
    )  # fmt: skip
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return truth, json.loads(report.read_text("utf-8"))


def _middle(dimension: dict[str, Any]) -> tuple[float, float]:
    """The middle of a true dimension's line, in points: its base is a point of it."""
    (x0, y0), (x1, y1), (x, y) = dimension["start_pt"], dimension["end_pt"], dimension["base_pt"]
    return ((x0 + x1) / 2, y) if dimension["level"] else (x, (y0 + y1) / 2)


class Score:
    """What was right, wrong and withheld, over all sets."""

    def __init__(self, *, quiet: bool):
        self._quiet = quiet
        self.areas: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.planted: Counter[str] = Counter()
        self.trust = calibration.Told()
        self.dimensions: Counter[str] = Counter()

    def add(self, name: str, truth: dict[str, Any], report: dict[str, Any]) -> None:
        """Hold a set's report against its truth."""
        planted = {one["sheet"] for one in truth.get("mistakes", []) if "scale" in one["kind"]}
        self._dimensions(name, truth, report)
        for true in truth["sheets"]:
            sheet = next((one for one in report["sheets"] if one["page"] == true["page"]), None)
            if true["view"] not in DRAWN or sheet is None:
                continue
            own = [one for one in report["quantities"] if one["sheet"] == sheet["id"]]
            if true["number"] in planted:
                self._hold_back(own)
                continue
            told = [*self._counts(own, true), *self._areas(own, sheet, true)]
            if told and not self._quiet:
                print(f"{name} {true['number']}: {', '.join(told)}", flush=True)

    def _dimensions(self, name: str, truth: dict[str, Any], report: dict[str, Any]) -> None:
        """Dimensions tied to their lines; findings about them, of which each covers one that is wrong or is false."""
        slips = {
            (one["sheet"], int(one["subject"].split()[1]))
            for one in truth.get("mistakes", [])
            if one["subject"].startswith("dimension ")
        }
        self.dimensions["planted"] += len(slips)
        for true in truth["sheets"]:
            sheet = next((one for one in report["sheets"] if one["page"] == true["page"]), None)
            if sheet is None:
                continue
            self.dimensions["drawn"] += len(true["dimensions"])
            grow = sheet["width_px"] / true["size_pt"][0]
            middles = [
                (x * grow, (true["size_pt"][1] - y) * grow) for x, y in (_middle(one) for one in true["dimensions"])
            ]
            for one, (x, y) in zip(true["dimensions"], middles, strict=True):
                told = [line for line in sheet["dimensions"] if line["text"] == one["text"]]
                lines = [line["line_px"] for line in told]
                near = (abs(a + c - 2 * x) + abs(b + d - 2 * y) < 4 for a, b, c, d in lines)
                self.dimensions["tied"] += any(near)
            wrong = {
                k: middle for k, middle in enumerate(middles) if (true["number"], k) in slips and true["kind"] == "plan"
            }
            for finding in report["findings"]:
                if finding["sheet"] != sheet["id"] or not finding["code"].startswith("dimension-"):
                    continue
                x0, y0, x1, y1 = finding["box_px"]
                hit = [k for k, (x, y) in wrong.items() if x0 - 2 < x < x1 + 2 and y0 - 2 < y < y1 + 2]
                self.dimensions["found"] += len(hit)
                self.dimensions["false"] += not hit
                for k in hit:
                    del wrong[k]
                if not hit and not self._quiet:
                    print(f"{name} {true['number']}: false: {finding['message']}", flush=True)
            if wrong and not self._quiet:
                missed = ", ".join(true["dimensions"][k]["text"] for k in wrong)
                print(f"{name} {true['number']}: not found: {missed}", flush=True)

    def _hold_back(self, own: list[dict[str, Any]]) -> None:
        """A sheet whose scale is contradicted: nothing that needs one may be told."""
        for one in own:
            if one["measure"] in ("length", "area", "perimeter", "surface"):
                self.planted["withheld" if one["value"] is None else "told"] += 1

    def _counts(self, own: list[dict[str, Any]], true: dict[str, Any]) -> Iterator[str]:
        for kind in KINDS:
            found = next((one for one in own if one["id"].endswith(f":{kind}:count")), None)
            exact = true["counts"][kind]
            if found is not None and found["value"] is None:
                self.counts["withheld"] += 1
                yield f"{kind} withheld: {found['reason']}"
                continue
            gone = next((one["value"] for one in own if one["id"].endswith(f":{kind}-demolished:count")), 0)
            value = (found["value"] if found else 0) + gone  # the truth counts what is drawn, standing or not
            state = found["state"] if found else "measured"
            self.counts["exact" if value == exact else "wrong"] += 1
            self.trust.add(found["confidence"] if found else None, is_right=value == exact)
            self.counts["measured wrong"] += value != exact and state == "measured"
            if value != exact:
                yield f"{kind} {value} for {exact}"

    def _areas(self, own: list[dict[str, Any]], sheet: dict[str, Any], true: dict[str, Any]) -> Iterator[str]:
        """Each room by its number; one that was not found at all counts as withheld."""
        number_of = {one["id"]: one["traits"].get("number") for one in sheet["elements"] if one["kind"] == "room"}
        areas = {number_of.get(one["sources"][0]): one for one in own if one["measure"] == "area" and one["sources"]}
        for room in true["elements"]:
            if room["kind"] != "room":
                continue
            found = areas.get(room["number"])
            if found is None or found["value"] is None:
                self.areas["withheld"] += 1
                yield f"area of {room['number']} " + (f"withheld: {found['reason']}" if found else "not found")
                continue
            value = found["value"] * (0.09290304 if found["unit"] == "ft2" else 1.0)
            close = abs(value / room["area_m2"] - 1) <= CLOSE
            self.areas["close" if close else "wrong"] += 1
            self.trust.add(found["confidence"], is_right=close)
            self.areas["measured wrong"] += not close and found["state"] == "measured"
            if not close:
                yield f"area of {room['number']} {value:.2f} for {room['area_m2']:.2f} ({found['state']})"

    def row(self, what: str, sets: int) -> dict[str, Any]:
        """The figures of all sets, and whether one misses its bound."""
        rooms = self.areas["close"] + self.areas["wrong"] + self.areas["withheld"]
        counted = self.counts["exact"] + self.counts["wrong"] + self.counts["withheld"]
        close, exact = self.areas["close"] / max(rooms, 1), self.counts["exact"] / max(counted, 1)
        withheld = (self.areas["withheld"] + self.counts["withheld"]) / max(rooms + counted, 1)
        bound = LEAST_EXACT["scan" if what == "scan" else "vector"]
        over = close < LEAST_AREAS or exact < bound or withheld > MOST_WITHHELD or self.planted["told"] > 0
        tied = self.dimensions["tied"] / max(self.dimensions["drawn"], 1)
        over |= self.dimensions["false"] > 0 or self.dimensions["found"] < LEAST_FOUND * self.dimensions["planted"]
        over |= what != "scan" and tied < LEAST_DIMENSIONS
        trust = self.trust.figures()
        over |= trust.get("calibration_error", 0.0) > calibration.MOST_ERROR
        return {
            "part": what,
            "sets": sets,
            "rooms": rooms,
            "areas_within_2_percent": round(close, 4),
            "counts": counted,
            "counts_exact": round(exact, 4),
            "withheld": round(withheld, 4),
            "measured_and_wrong": self.areas["measured wrong"] + self.counts["measured wrong"],
            "planted": self.planted["withheld"] + self.planted["told"],
            "planted_but_told": self.planted["told"],
            **trust,
            "dimensions": self.dimensions["drawn"],
            "dimensions_tied": round(tied, 4),
            "dimensions_planted": self.dimensions["planted"],
            "dimensions_found": self.dimensions["found"],
            "dimensions_false": self.dimensions["false"],
            "over": over,
        }


if __name__ == "__main__":
    sys.exit(main())
