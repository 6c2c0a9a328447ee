"""Drawings that are broken, locked, mislabelled or far too large, written by the tests that read them."""

from __future__ import annotations

import itertools
import struct
import zlib
from pathlib import Path

import cv2
import ezdxf
import numpy as np
import pikepdf
from PIL import Image


def write_cut(source: Path, path: Path, share: float) -> Path:
    """The first part of `source`."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def write_locked_pdf(source: Path, path: Path, password: str) -> Path:
    """`source`, encrypted."""
    with pikepdf.open(source) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(user=password, owner=f"{password} of the owner", R=6))
    return path


def write_pdf(path: Path, contents: list[bytes], size: tuple[float, float] = (842, 595)) -> Path:
    """A PDF with a page for each content stream."""
    with pikepdf.new() as pdf:
        for content in contents:
            page = pdf.add_blank_page(page_size=size)
            page.obj.Contents = pdf.make_stream(content)
        pdf.save(path, compress_streams=True)
    return path


def write_million_objects(path: Path, n_objects: int = 1_000_000) -> Path:
    """A PDF of one page with that many short lines, each an object of its own."""
    at = np.arange(n_objects)
    x, y = at % 1000 * 2.3 + 20, at // 1000 * 1.6 + 20
    lines = np.char.mod("%.1f", np.stack([x, y, x + 1.5, y + at % 7 * 0.2], axis=1))
    content = "\n".join(f"{a} {b} m {c} {d} l S" for a, b, c, d in lines.tolist())
    return write_pdf(path, [content.encode()], size=(2384, 1684))


def write_broken_page(source: Path, path: Path, page: int) -> Path:
    """`source` with a page of no area and no end: it cannot be laid out, the others can."""
    with pikepdf.open(source) as pdf:
        pdf.pages[page].obj.MediaBox = pikepdf.Array([0, 0, 0, 0])
        pdf.pages[page].obj.CropBox = pikepdf.Array([0, 0, 0, 0])
        pdf.save(path)
    return path


def write_no_page(path: Path) -> Path:
    """A whole PDF with an empty page tree."""
    with pikepdf.new() as pdf:
        pdf.save(path)
    return path


def write_vast_png(path: Path, side_px: int = 50_000) -> Path:
    """A one-bit PNG of that many pixels a side, white, a few kilobytes on disk."""
    rows = zlib.compressobj(9)
    row = b"\x00" + b"\xff" * ((side_px + 7) // 8)
    data = b"".join(rows.compress(row) for _ in range(side_px)) + rows.flush()
    head = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in chunks:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return path


def write_dense_hatches(path: Path, n_hatches: int = 400) -> Path:
    """A DXF whose pattern hatches would each draw millions of lines, beside a few walls."""
    document = ezdxf.new("R2010", setup=True)
    document.header["$INSUNITS"] = 6
    space = document.modelspace()
    for at in range(n_hatches):
        x, y = at % 20 * 10.0, at // 20 * 10.0
        hatch = space.add_hatch()
        hatch.set_pattern_fill("ANSI31", scale=0.0001)
        hatch.paths.add_polyline_path([(x, y), (x + 9, y), (x + 9, y + 9), (x, y + 9)], is_closed=True)
    for offset in (0.0, 0.3):
        space.add_lwpolyline([(offset, offset), (200 - offset, offset), (200 - offset, 200 - offset)])
    document.saveas(path)
    return path


def write_dxf(path: Path, version: str = "R2010", *, binary: bool = False, units: int | None = 6) -> Path:
    """A small room of two lines a wall, in metres."""
    document = ezdxf.new(version)
    if units is None:
        document.header.custom_vars.clear()
        del document.header["$INSUNITS"]
    elif version != "R12":
        document.header["$INSUNITS"] = units
    space = document.modelspace()
    for inset in (0.0, 0.3):
        corners = [(inset, inset), (6 - inset, inset), (6 - inset, 4 - inset), (inset, 4 - inset), (inset, inset)]
        for start, end in itertools.pairwise(corners):
            space.add_line(start, end)
    space.add_text("KITCHEN", height=0.25).set_placement((2, 2))
    document.saveas(path, fmt="bin" if binary else "asc")
    return path


def write_picture(path: Path, mode: str = "L", *, frames: int = 1) -> Path:
    """A picture of a few lines, in any mode and format that Pillow writes."""
    drawn = np.full((600, 800), 255, np.uint8)
    cv2.rectangle(drawn, (100, 100), (700, 500), 0, 8)
    images = [Image.fromarray(drawn).convert(mode) for _ in range(frames)]
    if frames > 1:
        images[0].save(path, dpi=(150, 150), save_all=True, append_images=images[1:])
    else:
        images[0].save(path, dpi=(150, 150))
    return path
