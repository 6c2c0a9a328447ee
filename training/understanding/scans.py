"""Drawn sheets as pictures, read as scans of unknown scale are: traced and seen, beside what they truly show.

    python -m training.understanding.scans --out build/scans --first 2500000000 --sheets 300

Their lettering is not read: that takes most of the time, and tells nothing of doors, windows and rooms.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from planroom.detect import raster, seen
from planroom.engine.catalog import open_catalog
from planroom.engine.eyes import Eyes, features_bytes
from planroom.engine.pictures import GreyArray
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import RESERVE, MemoryManager
from planroom.records import Sheet
from planroom.sheet.channels import hear_channels
from planroom.sheet.rooms import count
from planroom.store.files import atomic_path
from training.drawings import draw_sheet
from training.understanding.sets import Example

MOST_PX: Final = 1600
_SAID: Final = ("door", "window", "room")


def read_drawn(eyes: Eyes, seed: int) -> Example:
    """The sheet of a seed; every other one is clean."""
    drawing = draw_sheet(seed, clean=seed % 2 == 0)
    grey = np.ascontiguousarray(drawing.image[:MOST_PX, :MOST_PX])
    height, width = drawing.image.shape
    whole = height <= MOST_PX and width <= MOST_PX
    sheet = Sheet(f"{seed:012d}-1", f"{seed}.png", 0, "1", width, height, (0.0, 0.0, float(width), float(height)), "")
    if whole:
        traced = raster.find_elements(grey, [], lambda *_: None)
        found = seen.find_elements(grey, eyes.look(GreyArray(grey), lambda _: None), traced, [])
        sheet.elements, sheet.ranges, sheet.chances = found
        sheet.counts = count(sheet.elements)
        sheet.channels = hear_channels(sheet.elements, [], [], traced)
    counts = {kind: drawing.counts[kind] for kind in _SAID} if whole else {}
    true: dict[str, Any] = {
        "kind": "plan",
        "view": "general",
        "counts": counts,
        "elements": [],
        "dimensions": [],
        "m_per_pt": None,
    }
    return Example(true, sheet, [], np.zeros((0, 4)), np.zeros((0, 4)), [], [])


def read_all(first: int, sheets: int, out: Path) -> Iterator[Path]:
    """Keep each sheet that is not there yet."""
    manager = MemoryManager({RESERVE: 1 << 30, "transformer_cache": 0})
    eyes = Eyes(manager, open_catalog(), CachePool("transformer_cache", 0, manager, weigh=features_bytes), threads=1)
    try:
        for seed in range(first, first + sheets):
            path = out / f"{seed}.pickle"
            if not path.exists():
                with atomic_path(path) as part:
                    part.write_bytes(pickle.dumps([read_drawn(eyes, seed)]))
                yield path
    finally:
        eyes.close()


def main() -> None:
    """Draw and read as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=2_500_000_000)
    parser.add_argument("--sheets", type=int, default=300)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for path in read_all(asked.first, asked.sheets, asked.out):
        print(path, flush=True)


if __name__ == "__main__":
    main()
