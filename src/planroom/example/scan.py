"""Printing a set and scanning it again: grey, a little askew, blurred, unevenly lit and noisy."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas as Page

DPI: Final = 200
SKEW_DEG: Final = 1.5
QUALITY: Final = 70  # of the JPEG pictures in the PDF and the TIFF


def aged(picture: NDArray[np.uint8], rng: np.random.Generator, skew_deg: float | None = None) -> NDArray[np.uint8]:
    """The grey picture (H, W) as a scanner returns it, the same size, turned by `skew_deg` or by an angle of `rng`."""
    height, width = picture.shape
    turned = rng.uniform(-SKEW_DEG, SKEW_DEG) if skew_deg is None else skew_deg
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turned, 1.0)
    skewed = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=255)
    soft = cv2.GaussianBlur(skewed, (0, 0), 0.8).astype(np.float32)
    left, right = rng.uniform(0.84, 0.96), rng.uniform(0.92, 1.0)
    soft *= np.linspace(left, right, width, dtype=np.float32)[None, :]
    soft += rng.standard_normal((height, width), dtype=np.float32) * 5.0
    grey: NDArray[np.uint8] = np.clip(soft, 0, 255).astype(np.uint8)
    return grey


def write_scan(pdf: Path, *, seed: int = 0) -> tuple[list[Path], list[float]]:
    """The paths and the pages' skews in degrees, counter-clockwise, of `pdf` scanned.

    Written are `<name>-scan.pdf` and `<name>-scan.tif` with a picture a page, and `<name>-scan-<page>.png`.
    """
    rng = np.random.default_rng(seed)
    scanned, many = pdf.with_name(f"{pdf.stem}-scan.pdf"), pdf.with_name(f"{pdf.stem}-scan.tif")
    page_out, pictures = Page(str(scanned), invariant=1), []
    skews_deg: list[float] = []
    with pypdfium2.PdfDocument(pdf) as document:
        for index in range(len(document)):
            page = document[index]
            size_pt = page.get_size()
            picture = page.render(scale=DPI / 72, grayscale=True).to_numpy()
            skews_deg.append(rng.uniform(-SKEW_DEG, SKEW_DEG))
            grey = aged(np.ascontiguousarray(picture.reshape(picture.shape[:2])), rng, skews_deg[-1])
            path = pdf.with_name(f"{pdf.stem}-scan-{index + 1:02d}.png")
            cv2.imwrite(str(path), grey)
            jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
            page_out.setPageSize(size_pt)
            page_out.drawImage(ImageReader(BytesIO(jpeg)), 0, 0, *size_pt)
            page_out.showPage()
            pictures.append(path)
    page_out.save()
    _write_tiff(many, pictures)
    return [scanned, many, *pictures], skews_deg


def _write_tiff(path: Path, pictures: list[Path]) -> None:
    """Each picture as a page of one TIFF, one at a time in memory."""
    pages: Iterator[Image.Image] = (Image.open(picture) for picture in pictures)
    first = next(pages)
    first.save(path, save_all=True, append_images=pages, compression="jpeg", quality=QUALITY, dpi=(DPI, DPI))
