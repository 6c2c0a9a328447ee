"""A picture's ink: strokes as wide as pens, and solid areas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.records import Floats, Text

Grey = NDArray[np.uint8]
PEN_PX = 11  # no pen is wider, no solid wall thinner
_FAINTEST = (18, 40)  # of 255; a stroke is darker than the paper by a fifth of the dark ones
_SOLID = 65  # of 255, darker than the paper
_REACH_PX, _INSIDE_PX = 11, 7  # across an edge, and from where on it is a wall's inside
_ACROSS = np.arange(-_REACH_PX, _REACH_PX) + 0.5  # middles of pixels, the edge at 0
_EDGE_PX, _LEAST_EDGE_PX = 31, 2000  # least length of an edge, and of all of them together
_BLOCK_PX = 75  # what is as broad is no wall
_DARKER = 1.05  # than the inside: a pen's line


@dataclass(slots=True)
class Ink:
    """A picture's ink (H, W), 0 to 255: strokes as wide as pens, and where it is solid (0 or 1).

    rim_px: how far within the edge of what is solid the line lies that is drawn round it; 0 where nobody looked for it.
    """

    strokes: Grey
    solid: Grey
    least: float
    rim_px: float = 0.0

    @property
    def drawn(self) -> Grey:
        """Where strokes are, 0 or 1."""
        return np.asarray(self.strokes > self.least, np.uint8)


def find_ink(grey: Grey, *, with_rim: bool = False) -> Ink:
    """Strokes and solid areas, each as dark as it is against the paper around it.

    with_rim: look for `rim_px` too, which takes as long as the rest.
    """
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 16), max(1, height // 16)), interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((15, 15), np.uint8)), (9, 9))
    dark = cv2.subtract(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), grey)
    broad = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((PEN_PX, PEN_PX), np.uint8))
    strokes = cv2.GaussianBlur(cv2.subtract(dark, broad), (0, 0), 0.7)
    solid = np.asarray(broad > _SOLID, np.uint8)
    rim_px = _find_rim(dark, solid) if with_rim else 0.0
    strokes[solid > 0] = 0
    seen = strokes[strokes > 25]
    usual = float(np.quantile(seen[:: max(1, len(seen) // 200_000)], 0.9)) if len(seen) else 0.0
    least = float(np.clip(0.2 * usual, *_FAINTEST))
    return Ink(np.asarray(strokes, np.uint8), solid, least, rim_px)


def _find_rim(dark: Grey, solid: Grey) -> float:
    """How far (pixels) within the edge of solid walls their faces lie, as most of their edges show.

    A pen drawn round a wall is as wide on either side of the face; where none shows, the face is half as dark.
    """
    walls = solid & (1 - cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((_BLOCK_PX, _BLOCK_PX), np.uint8)))
    total, many = np.zeros(len(_ACROSS)), 0
    for mask, tones in ((walls, dark), (turned(walls), turned(dark))):
        for way in (-1, 1):
            edge = mask[_REACH_PX:-_REACH_PX] & (1 - mask[_REACH_PX - way : len(mask) - _REACH_PX - way])
            edge = cv2.morphologyEx(edge, cv2.MORPH_OPEN, np.ones((1, _EDGE_PX), np.uint8))
            rows, columns = np.nonzero(edge)
            many += len(rows)
            steps = range(-_REACH_PX, _REACH_PX)
            total += [float(tones[rows + _REACH_PX + way * k, columns].sum()) for k in steps]
    if many < _LEAST_EDGE_PX:
        return 0.0
    tone = total / many
    inside, peak = float(np.median(tone[_ACROSS > _INSIDE_PX])), int(np.argmax(tone))
    outer = _crossing(tone, 0.5 * tone[peak], range(peak, 0, -1))
    if tone[peak] < _DARKER * inside:
        return float(_ACROSS[0] + outer)
    return float(_ACROSS[0] + (outer + _crossing(tone, 0.5 * (tone[peak] + inside), range(peak, len(tone) - 1))) / 2)


def _crossing(tone: Floats, level: float, way: range) -> float:
    """Where a profile falls below a level on the way from its peak."""
    for k in way:
        after = k + way.step
        if tone[after] <= level < tone[k]:
            return k + way.step * float((tone[k] - level) / (tone[k] - tone[after]))
    return float(way.start)


def resized(grey: Grey, factor: float) -> Grey:
    """The picture (H, W) as a canvas `factor` times as large."""
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def wipe(mask: Grey, texts: list[Text], height: int, factor: float, value: int = 0) -> None:
    """Set the boxes of texts, which are in pixels of the picture, y up, in a mask of the canvas."""
    for text in texts:
        x0, y0, x1, y1 = (max(0, round(v * factor)) for v in text.box)
        bottom = round(height * factor)
        mask[max(0, bottom - y1) : max(0, bottom - y0), x0:x1] = value


def turned(mask: Grey) -> Grey:
    """Rows as columns, so that what searches level lines finds upright ones."""
    return np.ascontiguousarray(mask.T)


def length_of(lines: Floats) -> float:
    """How long lines (N, 4) are together."""
    return float(np.hypot(*(lines[:, 2:] - lines[:, :2]).T).sum())


def level_runs(mask: Grey, least: int, join: int = 1) -> list[list[int]]:
    """Boxes x, y, w, h of the level runs in a mask; with `join` 2 one may step by a pixel here and there."""
    runs = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    runs = cv2.dilate(runs, np.ones((join, 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8, ltype=cv2.CV_32S)
    boxes: list[list[int]] = stats[1:, :4].tolist()
    return boxes
