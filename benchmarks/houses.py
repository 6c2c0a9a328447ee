"""How well plans drawn from IFC models are read: counts and areas from the drawing alone, beside the model's own.

    python benchmarks/houses.py [--styles 5] [--scans 1] [--models FOLDER] [--keep FOLDER] [--json]

Each storey of each model is cut 1.1 m above its floor and drawn as an architect draws it (houses_model.py,
houses_draw.py), in several looks (houses_styles.py), and goes as a PDF through the real program, some once more as a
scan. What is held against what:

- *doors*, *windows*: all IfcDoor and IfcWindow of the storey that the cut passes through. Windows wholly above or below
  it (roof lights, one of three over one another) are not on the drawing. Windows that stand frame to frame in one line
  are one, as planroom counts; a glass front that is an IfcCurtainWall may be told as a window or not.
- *rooms*: what walls, roof, doors, windows and glass enclose on paper with at least one IfcSpace in it. Spaces of an
  open plan, with nothing drawn between them, are one room, as large as all of them together; spaces that nothing
  encloses are told as `outside`, and are held against nothing. A model without spaces has no rooms to hold.
- *areas*: the model's base quantity, else its space's geometry. Where what is enclosed on paper is not what the model
  measures, for a slope comes down in it or a stair well is part of it, the room counts, but its area is held against
  what the cut encloses, and told apart (`other`).

Storeys without a wall in the cut, or with nothing in or between its walls (foundations, roofs), have no floor plan.
Exits with 1 where a figure misses its bound: counts exact on 90 % of storeys, areas within 2 % on 90 % of rooms.
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

import shapely

from houses_draw import Sheet, draw_house, label_point
from houses_model import House
from houses_plan import Plan
from houses_styles import style_of
from memory_peaks import MACHINE
from planroom.example.scan import write_scan

MODELS: Final = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "ifc"
CLOSE: Final = 0.02
LEAST_STOREYS: Final = 0.9
LEAST_AREAS: Final = 0.9
Row = dict[str, Any]
Told = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--styles", type=int, default=5, help="how many looks each house is drawn in")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first look")
    parser.add_argument("--scans", type=int, default=1, help="how many of the looks are read as scans too")
    parser.add_argument("--models", type=Path, default=MODELS, help="a folder of .ifc files")
    parser.add_argument("--keep", type=Path, help="keep drawings and reports in this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    asked = parser.parse_args()
    started_s = time.monotonic()
    rows: list[Row] = []
    for row in _rows(asked):
        rows.append(row)
        if not asked.json:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if asked.json:
        settings = {"styles": asked.styles, "scans": asked.scans, "wall_s": round(time.monotonic() - started_s, 1)}
        print(json.dumps({"bench": "houses", "machine": MACHINE, "settings": settings, "results": rows}))
    return int(any(row.get("over") for row in rows))


def _rows(asked: argparse.Namespace) -> Iterator[Row]:
    paths = sorted(asked.models.glob("*.ifc"))
    if not paths:
        yield {"part": "houses", "left_out": f"{asked.models} is not there"}
        return
    plans: dict[str, list[Plan]] = {}
    for path in paths:
        house = House(path)
        storeys = list(house.plans())
        plans[house.name] = [plan for _, plan in storeys if plan is not None]
        if not asked.json:
            print(f"{house.name}: no floor plan of {[name for name, plan in storeys if plan is None]}", flush=True)
    for what, many in (("vector", asked.styles), ("scan", asked.scans)):
        score = Score(quiet=asked.json)
        for seed in range(asked.first, asked.first + many):
            for name, storeys_drawn in plans.items():
                with tempfile.TemporaryDirectory() as folder:
                    kept = asked.keep / f"{name}-{seed}-{what}" if asked.keep else Path(folder)
                    kept.mkdir(parents=True, exist_ok=True)
                    score.add(f"{what} {name} {seed}", *_read(kept, name, storeys_drawn, seed, scan=what == "scan"))
        if many:
            yield score.row(what, many)


def _read(
    folder: Path, name: str, plans: list[Plan], seed: int, *, scan: bool
) -> tuple[list[Plan], list[Sheet], dict[str, Any]]:
    """A house's plans, the sheets that they are drawn on, and the program's report on these."""
    drawing, report = folder / f"{name}.pdf", folder / "report.json"
    sheets = draw_house(drawing, plans, style_of(seed), name)
    if scan:
        drawing = write_scan(drawing, seed=seed)[0][0]
    command = [sys.executable, "-m", "planroom", "analyze", str(drawing), "--out", str(folder / "out")]
    done = subprocess.run(
        [*command, "--json", str(report), "--seconds", "300"], capture_output=True, text=True, check=False,
        env=os.environ | {"PLANROOM_CACHE": str(folder / "cache")},
    )  # fmt: skip
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return plans, sheets, json.loads(report.read_text("utf-8"))


class Score:
    """What was right, wrong and withheld, over all houses and looks."""

    def __init__(self, *, quiet: bool):
        self._quiet = quiet
        self.storeys: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.areas: Counter[str] = Counter()
        self.other: Counter[str] = Counter()
        self.outside = 0

    def add(self, name: str, plans: list[Plan], drawn: list[Sheet], report: dict[str, Any]) -> None:
        """Hold the report on a house against its plans."""
        for page, (plan, sheet) in enumerate(zip(plans, drawn, strict=True)):
            found = next((one for one in report["sheets"] if one["page"] == page), None)
            own = [] if found is None else [one for one in report["quantities"] if one["sheet"] == found["id"]]
            wrong = [*self._counts(own, plan)]
            self.storeys["exact" if not wrong else "wrong"] += 1
            told = [*wrong, *(self._areas(own, found, plan, sheet) if found else ())]
            self.outside += plan.outside
            if told and not self._quiet:
                print(f"{name} {plan.name}: {', '.join(told)}", flush=True)

    def _counts(self, own: list[Told], plan: Plan) -> Iterator[str]:
        doors = sum(hole.kind == "door" and hole.shown for hole in plan.holes)
        windows = plan.windows()
        true = {"door": (doors, doors), "window": (windows, windows + plan.front_runs)}
        if plan.spaces:
            true["room"] = (len(plan.spaces), len(plan.spaces))
        for kind, (least, most) in true.items():
            found = next((one for one in own if one["id"].endswith(f":{kind}:count")), None)
            if found is not None and found["value"] is None:
                self.counts["withheld"] += 1
                yield f"{kind} withheld: {found['reason']}"
                continue
            value = found["value"] if found else 0
            exact = least <= value <= most
            self.counts["exact" if exact else "wrong"] += 1
            self.counts["measured wrong"] += not exact and (found is None or found["state"] == "measured")
            if not exact:
                yield f"{kind} {value:g} for {least}"

    def _areas(self, own: list[Told], found: Told, plan: Plan, sheet: Sheet) -> Iterator[str]:
        """Each enclosed space beside the room that was found where its name stands."""
        rooms = [one for one in found["elements"] if one["kind"] == "room" and len(one["outline_px"]) > 2]
        shapes = [shapely.make_valid(shapely.Polygon(one["outline_px"])) for one in rooms]
        areas = {one["sources"][0]: one for one in own if one["measure"] == "area" and len(one["sources"]) == 1}
        for space in plan.spaces:
            tally = self.other if space.other else self.areas
            true_m2 = space.face.area if space.other else space.area_m2
            x, y = sheet.share(*label_point(max(space.shapes, key=lambda shape: shape.area)))
            at = shapely.Point(x * found["width_px"], y * found["height_px"])
            room = next((one for one, shape in zip(rooms, shapes, strict=True) if shape.contains(at)), None)
            one = areas.get(room["id"]) if room else None
            label = "+".join(space.names)
            if one is None or one["value"] is None:
                tally["withheld"] += 1
                yield f"area of {label} " + (f"withheld: {one['reason']}" if one else "not found")
                continue
            value_m2 = one["value"] * (0.09290304 if one["unit"] == "ft2" else 1.0)
            close = abs(value_m2 / true_m2 - 1) <= CLOSE
            tally["close" if close else "wrong"] += 1
            tally["measured wrong"] += not close and one["state"] == "measured"
            if not close:
                yield f"area of {label} {value_m2:.2f} for {true_m2:.2f} ({one['state']})"

    def row(self, what: str, looks: int) -> Row:
        """The figures of all houses, and whether one misses its bound."""
        storeys, rooms = self.storeys.total(), self._held(self.areas)
        exact, close = self.storeys["exact"] / max(storeys, 1), self.areas["close"] / max(rooms, 1)
        counted = self._held(self.counts)
        return {
            "part": what,
            "looks": looks,
            "storeys": storeys,
            "storeys_exact": round(exact, 4),
            "counts": counted,
            "counts_exact": round(self.counts["exact"] / max(counted, 1), 4),
            "rooms": rooms,
            "areas_within_2_percent": round(close, 4),
            "areas_withheld": self.areas["withheld"],
            "measured_and_wrong": self.counts["measured wrong"] + self.areas["measured wrong"],
            "other": self._held(self.other),
            "other_within_2_percent": self.other["close"],
            "outside": self.outside,
            "over": exact < LEAST_STOREYS or close < LEAST_AREAS,
        }

    @staticmethod
    def _held(tally: Counter[str]) -> int:
        return sum(tally[key] for key in ("close", "exact", "wrong", "withheld"))


if __name__ == "__main__":
    sys.exit(main())
