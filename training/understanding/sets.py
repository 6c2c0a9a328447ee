"""Example sets drawn and read as users' are: what stands on each sheet, beside what it truly shows.

    python -m training.understanding.sets --out build/sets --first 20000 --sets 200
    python -m training.understanding.sets --out build/scanned --first 10000 --sets 6 --scanned

A set is drawn in the style of its seed and read by the reader's own stages, without a child; as a scan, by the whole
program, minutes each. Seeds below 3,000 are the tests' and the benchmarks'.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from planroom.example import random_variant, write_set
from planroom.memory.manager import MemoryManager
from planroom.pages import Clock, open_pages
from planroom.reading import read_sheet
from planroom.records import Element, Floats, Page, Sheet, Text
from planroom.sheet.text import join_runs
from planroom.store.files import atomic_path
from planroom.store.results import load_sheet

MOST_LINES: Final = 6000
_FACE_PT: Final = 0.5
_NEAR_PT: Final = 4.0
_SIDED: Final = ("wall", "door", "window", "opening")


class Example(NamedTuple):
    """One sheet as it was read, and what is true of it, as example/truth.py writes it.

    sides: by drawn element, "outer", "inner" or "" where that is not known; dimensions: text, metres and both ends of
    its line, in sheet units.
    """

    true: dict[str, Any]
    sheet: Sheet
    texts: list[Text]
    lines: Floats
    arcs: Floats
    sides: list[str]
    dimensions: list[tuple[str, float, Floats]]

    @property
    def elements(self) -> list[Element]:
        """Those that are drawn."""
        return [one for one in self.sheet.elements if len(one.outline) > 2]


def read_set(seed: int, *, mistakes: bool = False) -> Iterator[Example]:
    """Every sheet of the set of a seed."""
    with tempfile.TemporaryDirectory() as folder:
        write_set(Path(folder), random_variant(seed), scan=False, dxf=False, mistakes=mistakes)
        truth = json.loads(next(Path(folder).glob("*.truth.json")).read_text("utf-8"))
        path = next(Path(folder).glob("*.pdf"))
        for page, sheet in read_pages(path, "pdf"):
            true = truth["sheets"][page.index]
            yield Example(
                true,
                sheet,
                join_runs(page.linework.texts),
                longest(page.linework.segments_xyxy),
                boxes_of_arcs(page.linework.arcs),
                list(_sides(sheet.elements, [] if true["view"] == "enlarged" else true["elements"])),
                [_dimension(one, true["m_per_pt"]) for one in true["dimensions"] if true["m_per_pt"]],
            )


def read_scanned_set(seed: int) -> Iterator[Example]:
    """The plans of the set of a seed, printed and scanned: what the program found, and what is true of them."""
    with tempfile.TemporaryDirectory() as folder:
        write_set(Path(folder), random_variant(seed), scan=True, dxf=False, mistakes=False)
        truth = json.loads(next(Path(folder).glob("*.truth.json")).read_text("utf-8"))
        (path,) = Path(folder).glob("*-scan.pdf")
        command = [sys.executable, "-m", "planroom", "analyze", str(path), "--out", f"{folder}/out", "--seconds", "600"]
        kept = {"PLANROOM_CACHE": f"{folder}/cache"}
        done = subprocess.run(command, env=os.environ | kept, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            raise RuntimeError(done.stderr)
        none = np.zeros((0, 4))
        for page in sorted(Path(folder, "cache").glob("**/[0-9]*.json")):
            sheet = load_sheet(page.parent, int(page.stem))
            yield Example(truth["sheets"][sheet.page], sheet, [], none, none, [], [])


def read_pages(path: Path, kind: str) -> Iterator[tuple[Page, Sheet]]:
    """Each page of a file with the sheet that is made of it, in this process; lettering that is drawn is not read."""
    ledger, arguments = MemoryManager(8 << 30), page_arguments(path, kind)
    for page in open_pages(arguments, path, lambda *_: None, ledger, set()):
        yield page, read_sheet(page, arguments, Clock(ledger), lambda *_: None, lambda _: {"read": False})


def page_arguments(path: Path, kind: str) -> dict[str, Any]:
    """What a reader is told of a file, where nobody answers what it asks."""
    return {
        "path": str(path), "kind": kind, "sha256": "0" * 64, "picture_px": 1600, "scales": {}, "password": "",
        "letters": False, "sight": "", "unread": "", "folder": tempfile.gettempdir(),
    }  # fmt: skip


def longest(segments: Floats) -> Floats:
    """At most MOST_LINES of (n, 4), the longest, in their order."""
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    kept = np.sort(np.argsort(-length)[:MOST_LINES])
    return np.asarray(segments[kept], np.float64)


def boxes_of_arcs(arcs: Floats) -> Floats:
    """(n, 4): the boxes of the circles that arcs are of."""
    return np.column_stack([arcs[:, :2] - arcs[:, 2:3], arcs[:, :2] + arcs[:, 2:3]])


def _sides(elements: list[Element], true: list[dict[str, Any]]) -> Iterator[str]:
    """Whether each element that was found is truly on the building's outline or within; of a part of a building that
    is not to be seen.
    """
    walls = [shapely.box(*one["box_pt"]) for one in true if one["kind"] == "wall"]
    shell = shapely.union_all(walls)
    parts = list(shell.geoms) if hasattr(shell, "geoms") else [shell]
    outline = shapely.union_all([part.exterior for part in parts if part.geom_type == "Polygon"])
    tree = shapely.STRtree(walls)
    for one in elements:
        if len(one.outline) < 3:
            continue
        shape = shapely.Polygon(one.outline).envelope
        if one.kind not in _SIDED or not walls:
            yield ""
            continue
        holder = tree.geometries[tree.nearest(shape.centroid)]
        if shapely.distance(holder, shape.centroid) > _NEAR_PT:
            yield ""
            continue
        x0, y0, x1, y1 = holder.bounds
        a0, b0, a1, b1 = shape.bounds
        part = shapely.box(max(x0, a0), y0, min(x1, a1), y1) if x1 - x0 > y1 - y0 else shapely.box(
            x0, max(y0, b0), x1, min(y1, b1)
        )  # fmt: skip
        along = max(part.bounds[2] - part.bounds[0], part.bounds[3] - part.bounds[1], 1e-6)
        share = shapely.length(shapely.intersection(outline, part.buffer(_FACE_PT, join_style="mitre"))) / along
        yield "outer" if share > 0.5 else "inner"


def _dimension(one: dict[str, Any], m_per_pt: float) -> tuple[str, float, Floats]:
    """A dimension's text, metres, and the ends of its line: its points carried onto the line through its base."""
    start, end, base = (np.array(one[name]) for name in ("start_pt", "end_pt", "base_pt"))
    wanted = one["value_m"] / m_per_pt
    axis = min((0, 1), key=lambda k: abs(abs(end[k] - start[k]) - wanted))
    ends = np.stack([start, end])
    ends[:, 1 - axis] = base[1 - axis]
    return one["text"], one["value_m"], ends


def main() -> None:
    """Draw and read as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=20_000)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--scanned", action="store_true")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.first, asked.first + asked.sets):
        path = asked.out / f"{seed}.pickle"
        if not path.exists():
            with atomic_path(path) as part:
                part.write_bytes(pickle.dumps(list(read_scanned_set(seed) if asked.scanned else read_set(seed))))
            print(path, flush=True)


if __name__ == "__main__":
    from training.understanding.sets import main  # so that what is kept bears this module's name

    main()
