"""Real plans with what was found drawn over them, the worst first: one page to look at, for finding what is wrong."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

_LONGEST_PX: Final = 1100
_COLOURS: Final = {"wall": (150, 150, 150), "door": (0, 0, 230), "window": (230, 110, 0), "opening": (0, 180, 200)}
Counts = dict[str, dict[str, int]]


def write(path: Path, report: dict[str, Any], found: Counts, truth: Counts) -> None:
    """A page without any other file. The pictures are other people's: it is for this machine alone."""
    sheets = {Path(sheet["file"]).stem: sheet for sheet in report["sheets"]}
    off = {name: sum(abs(found[name][k] - n) / max(n, 1) for k, n in truth[name].items()) for name in sheets}
    parts = [
        "<!doctype html><meta charset=utf-8><title>Plans, the worst first</title><style>body{font:15px sans-serif}"
    ]
    parts.append("img{max-width:100%;border:1px solid #ccc}</style>")
    for name in sorted(sheets, key=lambda name: -off[name]):
        said = ", ".join(f"{kind} {found[name][kind]} for {true}" for kind, true in truth[name].items())
        picture = base64.b64encode(_drawn(sheets[name])).decode()
        parts.append(f"<h2>{html.escape(name)}</h2><p>{said}</p><img src='data:image/jpeg;base64,{picture}'>")
    path.write_text("\n".join(parts), "utf-8")


def _drawn(sheet: dict[str, Any]) -> bytes:
    picture = cv2.imread(sheet["file"])
    assert picture is not None
    longest_px = max(picture.shape[:2])
    factor = min(1.0, _LONGEST_PX / longest_px)
    picture = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    to_px = factor * longest_px / max(sheet["width_px"], sheet["height_px"])
    for element in sheet["elements"]:
        if element["kind"] in _COLOURS and element["box_px"]:
            x0, y0, x1, y1 = (round(v * to_px) for v in element["box_px"])
            cv2.rectangle(picture, (x0, y0), (x1, y1), _COLOURS[element["kind"]], 1 if element["kind"] == "wall" else 2)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])
