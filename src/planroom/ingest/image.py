"""PNG, JPEG and TIFF pages as pictures. Their size is read off the header first, so that none bombs the memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from planroom.errors import BudgetRefused, MislabelledFile, NoSheet, OversizedInput, ReaderFailed, TruncatedFile
from planroom.ingest.linework import LineworkBuilder
from planroom.memory.manager import MemoryManager
from planroom.records import Page
from planroom.units import INCH_M, format_bytes

Image.MAX_IMAGE_PIXELS = None  # the lease is the limit
_COEFFICIENT_BYTES = 6  # a pixel of a progressive JPEG, which is decoded as a whole whatever its size will be
_FORMATS = ("PNG", "JPEG", "TIFF")


def lease_bytes(pixels: int) -> int:
    """Anonymous bytes that decoding and shrinking a picture takes: the decoder's rows, RGB, and the reduced copy."""
    return 8_000_000 + 12 * pixels


def read_image(
    path: Path,
    *,
    picture_px: int,
    ledger: MemoryManager,
    progress: Callable[[str, float], None],
    pages: Collection[int] | None = None,
) -> Iterator[Page]:
    """Each frame of the picture as a `Page` without linework, in pixels of the picture that is kept.

    Raises OversizedInput where a frame does not fit the bytes at hand, TruncatedFile where its data ends early.
    """
    with _open(path) as image:
        frames = getattr(image, "n_frames", 1)
    for index in range(frames):
        if pages is None or index in pages:
            progress("read", index / frames)
            yield _read_frame(path, index, picture_px, ledger)


def _open(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of broken EXIF blocks, which nothing here reads
            return Image.open(path, formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise MislabelledFile("is no PNG, JPEG or TIFF") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise TruncatedFile(f"its header is broken: {error}") from error


def _read_frame(path: Path, index: int, picture_px: int, ledger: MemoryManager) -> Page:
    with _open(path) as image:  # anew for each frame: an image keeps the pixels that it decoded, even closed
        return _as_page(image, index, picture_px, ledger)


def _as_page(image: Image.Image, index: int, picture_px: int, ledger: MemoryManager) -> Page:
    try:
        image.seek(index)
        width, height = image.size
        if width < 8 or height < 8:
            raise NoSheet(f"is {width} × {height} pixels")
        whole_bytes = _COEFFICIENT_BYTES * width * height if image.info.get("progressive") else 0
        if image.format == "JPEG":
            image.draft("RGB", (picture_px, picture_px))
        pixels = image.size[0] * image.size[1]
        with ledger.lease(whole_bytes + lease_bytes(pixels), f"a picture of {width} × {height} pixels"):
            factor = min(1.0, picture_px / max(width, height))
            size = (max(1, round(width * factor)), max(1, round(height * factor)))
            small = image.convert("RGB").resize(
                size, Image.Resampling.BOX if factor < 0.5 else Image.Resampling.LANCZOS
            )
            picture = np.ascontiguousarray(np.asarray(small, np.uint8)[:, :, ::-1])
    except BudgetRefused as error:
        raise OversizedInput(f"{width} × {height} pixels need {format_bytes(lease_bytes(width * height))}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, NoSheet):
            raise
        raise (TruncatedFile if "truncated" in str(error) else ReaderFailed)(
            f"its pixels are broken: {error}"
        ) from error
    dpi = float(image.info.get("dpi", (0, 0))[0] or 0)
    return Page(
        index=index,
        name=str(index + 1),
        extent=(0.0, 0.0, float(size[0]), float(size[1])),
        linework=LineworkBuilder().build(),
        picture_bgr=picture,
        paper_unit_m=INCH_M / dpi / factor if dpi > 1 else None,
    )
