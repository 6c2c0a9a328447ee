"""PNG, JPEG and TIFF pages as pictures, in colour to look at and in grey to read.

Their size is read off the header first, so that none bombs the memory.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from planroom.errors import BudgetRefused, MislabelledFile, NoSheet, OversizedInput, ReaderFailed, TruncatedFile
from planroom.ingest.linework import LineworkBuilder
from planroom.memory.manager import MemoryManager
from planroom.records import Page
from planroom.units import INCH_M, format_bytes

Image.MAX_IMAGE_PIXELS = None  # the lease is the limit
_COEFFICIENT_BYTES = 6  # a pixel of a progressive JPEG, which is decoded as a whole whatever its size will be
_PIXEL_BYTES = {1: (10, 4), 3: (12, 9), 4: (14, 9)}  # by channels, measured: of the picture, of the copy to look at
_FORMATS = ("PNG", "JPEG", "TIFF")
_GREY_PIXELS = 45_000_000  # no more are read, however finely a sheet was scanned
_LEAST_PX = 8


def lease_bytes(pixels: int, channels: int, shown_pixels: int) -> int:
    """Anonymous bytes that decoding a picture takes: the decoder's rows, its pixels, the grey, the copy to look at."""
    kept, shown = _PIXEL_BYTES[channels]
    return 8_000_000 + kept * pixels + shown * min(pixels, shown_pixels)


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
        if width < _LEAST_PX or height < _LEAST_PX:
            raise NoSheet(f"is {width} × {height} pixels")
        dpi = float(image.info.get("dpi", (0, 0))[0] or 0)
        whole_bytes = _COEFFICIENT_BYTES * width * height if image.info.get("progressive") else 0
        if image.format == "JPEG" and width * height > _GREY_PIXELS:
            image.draft("RGB", (width // 2, height // 2))
        pixels, channels = image.size[0] * image.size[1], _channels(image)
        shown_pixels = round((picture_px / max(image.size)) ** 2 * pixels)
        needed_bytes = whole_bytes + lease_bytes(pixels, channels, shown_pixels)
        with ledger.lease(needed_bytes, f"a picture of {width} × {height} pixels", stage="picture opened"):
            _decode(image)
            picture, grey = _pictures(image, picture_px)
    except BudgetRefused as error:
        raise OversizedInput(f"{width} × {height} pixels need {format_bytes(needed_bytes)}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, NoSheet):
            raise
        raise (TruncatedFile if "truncated" in str(error) else ReaderFailed)(
            f"its pixels are broken: {error}"
        ) from error
    shown = picture.shape[0] * picture.shape[1]
    return Page(
        index=index,
        name=str(index + 1),
        extent=(0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])),
        linework=LineworkBuilder().build(),
        picture_bgr=picture,
        paper_unit_m=INCH_M / dpi * (width * height / shown) ** 0.5 if dpi > 1 else None,
        grey=grey,
        is_scan=True,
    )


def _channels(image: Image.Image) -> int:
    """1, 3, or 4 with transparency."""
    if image.has_transparency_data:
        return 4
    return 1 if image.mode in ("1", "L") or image.mode.startswith("I;16") else 3


def _decode(image: Image.Image) -> None:
    """Have the pixels read. Raises OSError too where the TIFF library only complains, and fills in what it likes."""
    if image.format != "TIFF":
        image.load()
        return
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            image.load()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        said.seek(0)
        complaint = said.readline().decode(errors="replace").strip()
    if complaint:
        raise OSError(complaint)


def _pictures(image: Image.Image, picture_px: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture to look at (h, w, 3), and the one to read (H, W), both on white paper and turned as EXIF says."""
    if image.mode.startswith("I;16"):
        image = image.point(lambda level: level / 256).convert("L")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    image = ImageOps.exif_transpose(image)
    small = _at_most(image, (picture_px / max(image.size)) ** 2 * image.width * image.height)
    picture = np.ascontiguousarray(np.asarray(small.convert("RGB"), np.uint8)[:, :, ::-1])
    grey = np.array(_at_most(image, _GREY_PIXELS).convert("L"), np.uint8)
    return picture, grey


def _at_most(image: Image.Image, pixels: float) -> Image.Image:
    """The image, made smaller where it has more than so many pixels."""
    factor = min(1.0, (pixels / (image.width * image.height)) ** 0.5)
    if factor == 1.0:
        return image
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BOX if factor < 0.5 else Image.Resampling.LANCZOS)
