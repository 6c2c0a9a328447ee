"""Lines of text that were read off a picture, as the same `Text` that a file's own letters become."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from planroom.records import Floats, Text

_CAPITAL = 0.48  # of the height of the box that is found round a line
_STRAIGHT_DEG = 4.0


def as_texts(lines: list[Any], shape: tuple[int, ...], turn_deg: int = 0) -> list[Text]:
    """Lines [string, quad (4, 2) in pixels, y down, score] as texts in pixels, y up.

    shape: height and width of the picture they were read off. turn_deg: what it was turned by since, counter-clockwise.
    """
    height_px, width_px = shape[:2]
    texts = []
    for string, corners, score in lines:
        x, y = np.array(corners, np.float64).T
        y = height_px - y
        x, y = {0: (x, y), 90: (height_px - y, x), 180: (width_px - x, height_px - y), 270: (y, width_px - x)}[turn_deg]
        quad: Floats = np.stack([x, y], axis=1)
        (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
        along = quad[1] - quad[0]
        angle = math.degrees(math.atan2(along[1], along[0]))
        straight = round(angle / 90) * 90.0
        angle = straight if abs(angle - straight) < _STRAIGHT_DEG else angle
        across = (np.hypot(*(quad[3] - quad[0])) + np.hypot(*(quad[2] - quad[1]))) / 2
        box = (float(x0), float(y0), float(x1), float(y1))
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        texts.append(Text(str(string), *middle, box, _CAPITAL * float(across), angle % 360, "ocr", float(score)))
    return texts


def add_texts(known: list[Text], read: list[Text]) -> list[Text]:
    """`known`, which the file itself holds, and of `read` what it does not say."""
    if not known or not read:
        return known + read
    tree = shapely.STRtree(shapely.points([(t.x, t.y) for t in known]))
    boxes = shapely.box(*np.array([t.box for t in read]).T)
    said = set(tree.query(boxes, predicate="contains")[0].tolist())
    return known + [text for k, text in enumerate(read) if k not in said]
