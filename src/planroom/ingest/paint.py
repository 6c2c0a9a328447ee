"""A picture of linework, for files that bring no renderer of their own."""

from __future__ import annotations

import math
import unicodedata

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.geometry import arc_points
from planroom.records import Floats, Linework

_SHIFT = 4  # OpenCV draws with 1/16 pixel


def paint(linework: Linework, extent: tuple[float, float, float, float], long_side_px: int) -> NDArray[np.uint8]:
    """Linework drawn on white (H, W, 3), the longer side `long_side_px`; light colours darkened so that they print."""
    x0, y0, x1, y1 = extent
    scale = long_side_px / max(x1 - x0, y1 - y0)
    size = (max(1, round((y1 - y0) * scale)), max(1, round((x1 - x0) * scale)))
    picture: NDArray[np.uint8] = np.full((*size, 3), 255, np.uint8)

    def pixels(points: Floats) -> NDArray[np.int32]:
        px: Floats = (points - (x0, y1)) * (scale, -scale) * 2**_SHIFT
        return np.clip(px, -(2**26), 2**26).round().astype(np.int32)

    inks = [_ink(style.colour) for style in linework.styles]
    of_path = linework.path_style
    for ring, path in zip(linework.fills, linework.fill_path, strict=True):
        light = tuple(255 - (255 - c) // 3 for c in inks[of_path[path]])
        cv2.fillPoly(picture, [pixels(ring)], light, cv2.LINE_AA, _SHIFT)
    style_of = of_path[linework.segment_path] if len(linework.segment_path) else np.zeros(0, np.int32)
    for style in np.unique(style_of):
        lines = pixels(linework.segments_xyxy[style_of == style].reshape(-1, 2)).reshape(-1, 2, 2)
        cv2.polylines(picture, list(lines), False, inks[style], 1, cv2.LINE_AA, _SHIFT)
    for arc, path in zip(linework.arcs, linework.arc_path, strict=True):
        steps = max(8, min(128, int(arc[2] * arc[4] * scale / 4)))
        cv2.polylines(picture, [pixels(arc_points(arc, steps))], False, inks[of_path[path]], 1, cv2.LINE_AA, _SHIFT)
    for text in linework.texts:
        _write(picture, text.string, ((text.x - x0) * scale, (y1 - text.y) * scale), text.height * scale, text.angle)
    return picture


def _ink(colour: int) -> tuple[int, int, int]:
    """BGR of an RGB colour, dark enough for white paper."""
    red, green, blue = colour >> 16 & 255, colour >> 8 & 255, colour & 255
    light = 0.3 * red + 0.59 * green + 0.11 * blue
    factor = min(1.0, 150 / max(light, 1.0))
    return int(blue * factor), int(green * factor), int(red * factor)


def _write(picture: NDArray[np.uint8], string: str, at: tuple[float, float], height: float, angle: float) -> None:
    """`string` round its middle; OpenCV's strokes know ASCII only, so accents are dropped in the picture."""
    if height < 3 or height > 400:
        return
    plain = unicodedata.normalize("NFKD", string).encode("ascii", "ignore").decode()
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, base), _ = cv2.getTextSize(plain, font, 1.0, 1)
    size = height / max(base + 8, 1) if base else height / 21
    half = (width * size / 2, height / 2)
    if abs(math.sin(math.radians(angle))) < 0.1:
        cv2.putText(
            picture, plain, (round(at[0] - half[0]), round(at[1] + half[1])), font, size, (90, 60, 30), 1, cv2.LINE_AA
        )
        return
    side = int(max(width * size, height) + 4)
    if side > 1500:
        return
    patch = np.zeros((side, side), np.uint8)
    cv2.putText(patch, plain, (round(side / 2 - half[0]), round(side / 2 + half[1])), font, size, 255, 1, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), angle, 1.0)
    patch = cv2.warpAffine(patch, turn, (side, side)).astype(np.uint8)
    left, top = round(at[0] - side / 2), round(at[1] - side / 2)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(picture.shape[1], left + side), min(picture.shape[0], top + side)
    if x0 < x1 and y0 < y1:
        ink = patch[y0 - top : y1 - top, x0 - left : x1 - left, None] / 255
        picture[y0:y1, x0:x1] = (picture[y0:y1, x0:x1] * (1 - ink) + np.array((90, 60, 30)) * ink).astype(np.uint8)
