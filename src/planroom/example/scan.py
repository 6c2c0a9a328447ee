"""Printing a set and scanning it again: grey, a little askew, blurred, unevenly lit and noisy."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas as Page

DPI: Final = 200
SKEW_DEG: Final = 1.5


def aged(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The grey picture (H, W) as a scanner returns it, the same size."""
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-SKEW_DEG, SKEW_DEG), 1.0)
    skewed = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=255)
    soft = cv2.GaussianBlur(skewed, (0, 0), 0.8).astype(np.float32)
    left, right = rng.uniform(0.84, 0.96), rng.uniform(0.92, 1.0)
    soft *= np.linspace(left, right, width, dtype=np.float32)[None, :]
    soft += rng.standard_normal((height, width), dtype=np.float32) * 5.0
    grey: NDArray[np.uint8] = np.clip(soft, 0, 255).astype(np.uint8)
    return grey


def write_scan(pdf: Path, *, seed: int = 0) -> list[Path]:
    """Scan `pdf` into `<name>-scan.pdf`, one picture a page, and `<name>-scan-<page>.png`; their paths."""
    rng = np.random.default_rng(seed)
    scanned = pdf.with_name(f"{pdf.stem}-scan.pdf")
    page_out, paths = Page(str(scanned), invariant=1), [scanned]
    with pypdfium2.PdfDocument(pdf) as document:
        for index in range(len(document)):
            page = document[index]
            size_pt = page.get_size()
            picture = page.render(scale=DPI / 72, grayscale=True).to_numpy()
            grey = aged(np.ascontiguousarray(picture.reshape(picture.shape[:2])), rng)
            path = pdf.with_name(f"{pdf.stem}-scan-{index + 1:02d}.png")
            cv2.imwrite(str(path), grey)
            jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()
            page_out.setPageSize(size_pt)
            page_out.drawImage(ImageReader(BytesIO(jpeg)), 0, 0, *size_pt)
            page_out.showPage()
            paths.append(path)
    page_out.save()
    return paths
