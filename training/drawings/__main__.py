"""Draws sheets to look at, with the truth over them; or measures how long drawing takes."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from .sheet import draw_sheet
from .truth import Drawing, Element, Kind, Mask

TINTS = {
    Element.WALL: (60, 60, 60),
    Element.DOOR: (40, 40, 255),
    Element.WINDOW: (255, 120, 0),
    Element.ROOM: (200, 255, 200),
    Element.STAIRS: (255, 0, 255),
    Element.FIXTURE: (255, 255, 0),
    Element.SWING: (120, 200, 255),
    Element.FURNITURE: (180, 140, 220),
}


def overlay(drawing: Drawing) -> Mask:
    """The drawing in colour, tinted by its classes, its instances boxed and named."""
    table = np.full((256, 3), 255, np.uint8)
    for element, tint in TINTS.items():
        table[element] = tint
    picture = cv2.cvtColor(drawing.image, cv2.COLOR_GRAY2BGR)
    out: Mask = cv2.addWeighted(picture, 0.6, table[drawing.classes], 0.4, 0)
    for kind, x, y, angle, length, thickness, hinge_x, hinge_y in drawing.instances.tolist():
        box = cv2.boxPoints(((x, y), (length, max(thickness, 2)), np.degrees(angle)))
        cv2.polylines(out, [np.rint(box).astype(np.int32)], True, (0, 0, 200), 1, cv2.LINE_AA)
        cv2.putText(out, Kind(int(kind)).name[:9], (int(x), int(y)), cv2.FONT_HERSHEY_PLAIN, 0.6, (0, 0, 160), 1)
        if hinge_x == hinge_x:
            cv2.circle(out, (round(hinge_x), round(hinge_y)), 2, (0, 160, 0), -1)
    return out


def benchmark(count: int, seed: int) -> None:
    """Print how many milliseconds a megapixel takes, over `count` sheets."""
    cv2.setNumThreads(1)
    start, megapixels = time.perf_counter(), 0.0
    for index in range(count):
        megapixels += draw_sheet(seed + index).image.size / 1e6
    wall_ms = (time.perf_counter() - start) * 1e3
    print(f"{count} sheets, {megapixels:.1f} MP: {wall_ms / megapixels:.0f} ms/MP, {wall_ms / count:.0f} ms a sheet")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.drawings", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder to write pictures to")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--overlay", action="store_true", help="write the truth over the picture as well")
    parser.add_argument("--benchmark", action="store_true", help="measure instead of writing")
    options = parser.parse_args()
    if options.benchmark:
        benchmark(options.count, options.seed)
        return
    if options.out is None:
        parser.error("--out or --benchmark is needed")
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seed, options.seed + options.count):
        drawing = draw_sheet(seed)
        cv2.imwrite(str(options.out / f"{seed:05d}.png"), drawing.image)
        if options.overlay:
            cv2.imwrite(str(options.out / f"{seed:05d}-truth.png"), overlay(drawing))
        print(seed, drawing.image.shape, drawing.counts)


if __name__ == "__main__":
    main()
