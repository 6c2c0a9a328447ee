"""What reading lettering costs: seconds and bytes a megapixel, tiled as planroom does it beside the page as a whole.

    python benchmarks/ocr.py [--json]

The page is a drawn sheet, scanned, at several resolutions; each reading runs in a process of its own, two threads, no
arena in both. `whole` is rapidocr on the page at its full size. Then a sheet of 40 megapixels goes through the real
program at 1.5 GiB, watched from outside as in memory_peaks.py; exits with 1 where it held more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pypdfium2

import memory_peaks
from planroom.engine.ocr import TextReader
from planroom.engine.pictures import GreyArray
from planroom.example import VARIANTS, write_set
from planroom.example.scan import aged
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.manager import MemoryManager

MEGAPIXELS: Final = (1, 4, 9, 16)
LARGE_MEGAPIXELS: Final = 40
_PLAN_PAGE: Final = 2
_GIVEN: Final = "1.5GiB"
_EVERY_S: Final = 0.004


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(read_one(*asked.one)))
        return 0
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_set(folder, VARIANTS[0], dxf=False)
        for megapixels in MEGAPIXELS:
            page = draw(folder, megapixels)
            for way in ("tiled", "whole"):
                said = subprocess.run(
                    [sys.executable, __file__, "--one", way, str(page)], check=True, capture_output=True, text=True
                )
                rows.append({"who": "planroom" if way == "tiled" else "rapidocr, whole page"} | json.loads(said.stdout))
                if not asked.json:
                    show(rows[-1], head=len(rows) == 1)
        large = memory_peaks.measure("40 megapixels", [draw(folder, LARGE_MEGAPIXELS)], _GIVEN, folder)
    if asked.json:
        results = [*rows, large]
        print(json.dumps({"bench": "ocr", "machine": memory_peaks.MACHINE, "settings": {}, "results": results}))
    else:
        memory_peaks.show(large, head=True)
    return int(memory_peaks.is_bad(large))


def draw(folder: Path, megapixels: int) -> Path:
    """The plan sheet as a scan of about so many megapixels."""
    with pypdfium2.PdfDocument(folder / f"{VARIANTS[0].name}.pdf") as document:
        page = document[_PLAN_PAGE]
        width, height = page.get_size()
        scale = (megapixels * 1e6 / (width * height)) ** 0.5
        picture = page.render(scale=scale, grayscale=True).to_numpy()
    path = folder / f"{megapixels}.png"
    cv2.imwrite(str(path), aged(np.ascontiguousarray(picture.reshape(picture.shape[:2])), np.random.default_rng(0)))
    return path


def read_one(way: str, file: str) -> dict[str, Any]:
    """One reading in this process: seconds, lines, and anonymous bytes beyond the picture itself."""
    grey = np.asarray(cv2.imread(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    before, peak = own_anonymous_bytes(), [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_EVERY_S):
            peak[0] = max(peak[0], own_anonymous_bytes() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start_s = time.monotonic()
    lines = _tiled(grey) if way == "tiled" else _whole(grey)
    wall_s = time.monotonic() - start_s
    done.set()
    watcher.join()
    return {"megapixels": round(grey.size / 1e6, 1), "lines": lines, "wall_s": round(wall_s, 2), "peak_bytes": peak[0]}


def _tiled(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    reader = TextReader(MemoryManager(2 << 30))
    return len(reader.read(GreyArray(grey), lambda _: None).lines)


def _whole(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
            "Global.log_level": "error",
            "Global.max_side_len": 100_000,
        }
    )
    found = engine(np.repeat(grey[:, :, None], 3, axis=2))
    return len(found.txts or ())


def show(row: dict[str, Any], *, head: bool) -> None:
    if head:
        print(f"{'who':22} {'MP':>5} {'lines':>5} {'seconds':>8} {'s/MP':>6} {'peak MiB':>9} {'MiB/MP':>7}")
    per, peak = row["megapixels"], row["peak_bytes"] / (1 << 20)
    print(
        f"{row['who']:22} {per:5.1f} {row['lines']:5} {row['wall_s']:8.1f} {row['wall_s'] / per:6.2f} "
        f"{peak:9.0f} {peak / per:7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
