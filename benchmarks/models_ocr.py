"""The network that reads lettering, in smaller forms: bytes, time, and how many drawn lines are still read right.

Lines are what drawings say (rooms, sizes, titles), drawn in the fonts that are installed, blurred and noised; the truth
is what was drawn. The network that finds lettering is made of convolutions, which ONNX Runtime has no faster INT8 form
of here, so it stays as it is.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from planroom.engine.catalog import Variant
from planroom.engine.ocr_networks import RECOGNITION, OcrNetworks, _Runs, find_network

LINES: Final = 240
RUNS: Final = 3
_SAYS: Final = ("KITCHEN", "BEDROOM 2", "12.45 m²", "Wohnzimmer", "CHAMBRE 3", "3'-6\"", "1:50", "2750", "FFL +0.00")
_TITLES: Final = ("GROUND FLOOR PLAN", "SECTION A-A", "DOOR SCHEDULE", "Grundriss Erdgeschoss", "PLAN DU REZ", "A-101")


def rows(threads: int) -> Iterator[dict[str, Any]]:
    """A row for each form."""
    sys.path.append(str(Path(__file__).parents[1]))
    from training.variants import to_int4, to_int8

    lines = list(_drawn())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = find_network(RECOGNITION)
        to_int8(source.graph, folder / "int8.onnx", everywhere=True)
        to_int4(source.graph, folder / "int4.onnx")
        forms = {"fp32": source} | {name: _variant(folder / f"{name}.onnx", name) for name in ("int8", "int4")}
        networks = OcrNetworks(1 << 30, 240_000_000, threads)
        part = networks._loaded()._load_rec_model()
        texts: dict[str, list[str]] = {}
        seconds: dict[str, list[float]] = {name: [] for name in forms}
        for _ in range(RUNS):
            for name, variant in forms.items():
                part.session = _Runs(networks._residency, variant, 240_000_000)
                start_s = time.perf_counter()
                texts[name] = [
                    text for k in range(0, LINES, 8) for text in networks.read([i for i, _ in lines[k : k + 8]]).txts
                ]
                seconds[name].append(time.perf_counter() - start_s)
        for name, variant in forms.items():
            right = sum(text == true for text, (_, true) in zip(texts[name], lines, strict=True))
            yield {
                "part": "ocr",
                "model": RECOGNITION,
                "precision": name,
                "bytes": sum((variant.folder / file).stat().st_size for file in variant.hashes),
                "ms_a_line": round(1000 * statistics.median(seconds[name]) / LINES, 2),
                "times_fp32": round(
                    statistics.median(f / s for f, s in zip(seconds["fp32"], seconds[name], strict=True)), 2
                ),
                "lines_right": right,
                "of": LINES,
                "over": False,
            }
        networks.close()


def _variant(path: Path, precision: Any) -> Variant:
    files = [path, path.with_name(path.name + ".data")]
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()}
    size = sum(file.stat().st_size for file in files if file.exists())
    return Variant(RECOGNITION, precision, "compact", path.parent, hashes, size_bytes=size)


def _drawn() -> Iterator[tuple[NDArray[np.uint8], str]]:
    random = np.random.default_rng(0)
    fonts: list[Path | None] = [*sorted(Path("/usr/share/fonts").rglob("*.ttf"))] or [None]
    for k in range(LINES):
        said = f"{(_SAYS + _TITLES)[k % 15]} {random.integers(1, 999)}" if k % 2 else (_SAYS + _TITLES)[k // 2 % 15]
        size = int(random.integers(14, 40))
        font = fonts[int(random.integers(len(fonts)))]
        face: Any = ImageFont.truetype(str(font), size) if font else ImageFont.load_default(size)
        box = face.getbbox(said)
        picture = Image.new("L", (int(box[2]) + 12, int(box[3]) + 12), 255)
        ImageDraw.Draw(picture).text((6, 4), said, font=face, fill=int(random.integers(0, 90)))
        grey = cv2.GaussianBlur(np.asarray(picture), (0, 0), float(random.uniform(0.3, 0.9)))
        noisy = np.clip(grey + random.normal(0, 6, grey.shape), 0, 255).astype(np.uint8)
        yield np.repeat(noisy[:, :, None], 3, axis=2), said
