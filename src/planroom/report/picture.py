"""A sheet's picture, made small enough to travel inside a document."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

LONG_SIDE_PX = 2200
_WEBP_QUALITY = 75  # of 2,200 px drawn sheets: a third of the PNG, half of lossless WebP, small lettering still clean
_DECODER_BYTES_A_PIXEL = 6  # OpenCV holds the PNG's pixels twice while it reads
_ENCODER_BYTES_A_PIXEL = 16  # WebP's own planes and output beside our pixels, measured


def lease_bytes(width_px: int, height_px: int) -> int:
    """Anonymous bytes that `small_picture` and an encoder behind it take at their peak."""
    full = width_px * height_px
    shrink = min(1.0, LONG_SIDE_PX / max(width_px, height_px, 1))
    small = round(width_px * shrink) * round(height_px * shrink)
    return 4_000_000 + max(_DECODER_BYTES_A_PIXEL * full, 3 * full + (3 + _ENCODER_BYTES_A_PIXEL) * small)


def small_picture(path: str) -> NDArray[np.uint8] | None:
    """Pixels (H, W, 3) BGR of the picture, at most LONG_SIDE_PX long; None where there is no readable picture."""
    if not path or not Path(path).is_file():
        return None
    pixels = cv2.imread(path, cv2.IMREAD_COLOR)
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    shrink = LONG_SIDE_PX / max(height, width)
    if shrink < 1:
        size_wh = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        pixels = cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(pixels, dtype=np.uint8)


def as_webp(path: str) -> bytes | None:
    """The picture as a small WebP file, None where there is no readable picture."""
    pixels = small_picture(path)
    if pixels is None:
        return None
    done, encoded = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return encoded.tobytes() if done else None
