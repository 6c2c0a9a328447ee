"""PDF pages into linework, text and a picture, with PDFium.

PDFium is not thread-safe and crashes on some files: this runs in a child process, one thread. Page objects live in user
space; everything that leaves here is in the page as displayed: /Rotate applied, origin at the lower left corner of the
crop box, points.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from planroom.errors import EncryptedFile, MislabelledFile, TruncatedFile
from planroom.ingest.linework import LineworkBuilder
from planroom.memory.manager import MemoryManager
from planroom.records import Floats, Linework, Page, Style, Text
from planroom.units import POINT_M

_FORM_DEPTH = 12
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d{1,15})\b", re.DOTALL)  # the length of the whole file
# Measured with tests/memory/test_stages.py; docs/reference/memory.md has the figures.
_FONT_BYTES = 44_000_000  # fonts that PDFium loads the first time that a page needs them
_OBJECT_BYTES = 750  # of PDFium's page tree
_POINT_BYTES = 45  # of a path in it
_LETTER_BYTES = 240
_PIXEL_BYTES = 4  # the picture, and the layers it is painted in
_STROKE_BYTES = 800  # a point of the one path that is being painted or walked
_IMAGE_PIXEL_BYTES = 1.5  # beside two and a half times what the image has decoded: its mask
_GREY_BYTES = 2.2  # a pixel of the grey picture, and what it is painted in
_SCAN_SHARE = 0.5  # of a page that pictures cover
_SCAN_PIECES = 400  # lines beside them: a stamp, a frame
_SCAN_DPI = (72, 300)
_LETTER_DPI = 300.0  # for paper to be read up to tabloid size; larger sheets have larger lettering
_LARGE_DPI = 200.0
_LARGE_PT = 1300.0
_GREY_PIXELS = 45_000_000
_LETTER_PT = 8.0  # no stroke of a drawn letter is longer
_LETTER_STROKES = 8  # nor has an outlined letter fewer
_DRAWN_STROKES = 2000
_STROKES_A_LETTER = 10
_BLANK = ord(" ")
Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def lease_bytes(file_size_bytes: int) -> int:
    """Anonymous bytes that opening a PDF of that size takes before its first page is parsed."""
    return 12_000_000 + _FONT_BYTES + 3 * file_size_bytes


def read_pdf(
    path: Path,
    *,
    picture_px: int,
    ledger: MemoryManager,
    progress: Callable[[str, float], None],
    pages: Collection[int] | None = None,
    password: str = "",
) -> Iterator[Page]:
    """Each page as a `Page` in points; of `pages` (0-based) only, where given.

    Raises MislabelledFile, TruncatedFile or EncryptedFile where PDFium cannot open the file.
    """
    size = path.stat().st_size
    with ledger.lease(lease_bytes(size), f"opening {path.name}", stage="PDF opened"):
        document = _open(path, password)
        try:
            fonts_bytes = _FONT_BYTES  # still to be loaded
            for index in range(len(document)):
                if pages is None or index in pages:
                    progress("read", 0.0)
                    yield _read_page(document, index, picture_px, fonts_bytes, ledger, progress)
                    fonts_bytes = 0
        finally:
            document.close()


def _open(path: Path, password: str) -> pdfium.PdfDocument:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1024)
        file.seek(max(0, size - 2048))
        tail = file.read()
    if b"%PDF-" not in head:
        raise MislabelledFile("is named .pdf but has no PDF header")
    whole = _LINEARIZED.search(head)
    if b"%%EOF" not in tail or (whole and int(whole[1]) > size):
        # PDFium may open it all the same, as an older revision or with objects missing: a wrong takeoff
        raise TruncatedFile("ends before its end mark")
    try:
        document = pdfium.PdfDocument(path, password=password or None)
        if len(document) == 0:
            raise TruncatedFile("holds no page")
        return document
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise EncryptedFile("the password is wrong" if password else "is encrypted") from error
        raise TruncatedFile("its structure is broken, or it holds no page") from error


def _read_page(
    document: pdfium.PdfDocument,
    index: int,
    picture_px: int,
    fonts_bytes: int,
    ledger: MemoryManager,
    progress: Callable[[str, float], None],
) -> Page:
    try:
        page = document[index]
    except pdfium.PdfiumError as error:
        raise TruncatedFile(f"page {index + 1} cannot be loaded") from error
    try:
        width, height = page.get_size()
        x0, y0, x1, y1 = page.get_mediabox()
        if width < 1 or height < 1 or x0 == x1 or y0 == y1:  # for an empty box PDFium makes up a page of US letter
            width, height = min(width, abs(x1 - x0)), min(height, abs(y1 - y0))
            raise TruncatedFile(f"page {index + 1} has no area ({width:g} × {height:g} points)")
        load = _Load()
        load.add_page(page)
        with ledger.lease(load.tree_bytes(), f"{load.objects} objects of page {index + 1}", stage="PDF objects"):
            builder = LineworkBuilder()
            to_page = _display_matrix(page)
            text_page = page.get_textpage()
            letters = raw.FPDFText_CountChars(text_page)
            with ledger.lease(
                letters * _LETTER_BYTES,
                f"{letters} letters of page {index + 1}",
                stage="PDF walked",
                by_bytes=load.tree_bytes(),
            ):
                walker = _Walker(builder, text_page)
                try:
                    walker.walk_page(page, to_page, progress)
                finally:
                    text_page.close()
            with ledger.lease(builder.lease_bytes(), f"the linework of page {index + 1}", stage="PDF linework"):
                linework = builder.build()
                progress("render", 0.0)
                scale = min(150 / 72, picture_px / max(width, height))
                pixels = max(1, math.ceil(width * scale)) * max(1, math.ceil(height * scale))
                painting_bytes = load.paint_bytes(pixels)
                with ledger.lease(
                    painting_bytes,
                    f"the picture of page {index + 1}",
                    stage="PDF picture",
                    by_bytes=painting_bytes + fonts_bytes,
                ):
                    picture = page.render(scale=scale, rev_byteorder=False, may_draw_forms=True).to_numpy()
                    picture = np.ascontiguousarray(picture[:, :, :3])
                is_scan = walker.image_area > _SCAN_SHARE * width * height and builder.n_pieces < _SCAN_PIECES
                dpi = _grey_dpi(walker, linework, is_scan, max(width, height))
                grey = _grey(page, min(dpi, math.sqrt(_GREY_PIXELS / (width * height)) * 72), load, ledger)
        return Page(
            index=index,
            name=document.get_page_label(index) or str(index + 1),
            extent=(0.0, 0.0, float(width), float(height)),
            linework=linework,
            picture_bgr=picture,
            paper_unit_m=POINT_M,
            grey=grey,
            is_scan=is_scan,
        )
    finally:
        page.close()


def _grey_dpi(walker: _Walker, linework: Linework, is_scan: bool, long_side_pt: float) -> float:
    """Dots an inch that the page must be read at, 0 where its own text layer says all that is written on it."""
    if is_scan:
        return float(np.clip(72 * math.sqrt(walker.image_pixels / walker.image_area), *_SCAN_DPI))
    letters = sum(len(text.string) for text in linework.texts)
    if _drawn_letters(linework) < max(_DRAWN_STROKES, _STROKES_A_LETTER * letters):
        return 0.0
    return _LETTER_DPI if long_side_pt < _LARGE_PT else _LARGE_DPI


def _drawn_letters(linework: Linework) -> int:
    """How many pieces belong to paths of many pieces, none of them longer than a letter."""
    pieces = linework.segments_xyxy
    if len(pieces) == 0:
        return 0
    longest = np.zeros(linework.n_paths)
    np.maximum.at(longest, linework.segment_path, np.hypot(*(pieces[:, 2:] - pieces[:, :2]).T))
    count = np.bincount(linework.segment_path, minlength=linework.n_paths)
    return int(count[(longest < _LETTER_PT) & (count >= _LETTER_STROKES)].sum())


def _grey(page: pdfium.PdfPage, dpi: float, load: _Load, ledger: MemoryManager) -> NDArray[np.uint8] | None:
    """The page in grey (H, W) at `dpi`; None at 0."""
    if not dpi:
        return None
    width, height = page.get_size()
    pixels = math.ceil(width * dpi / 72) * math.ceil(height * dpi / 72)
    with ledger.lease(
        load.paint_bytes(0) + round(_GREY_BYTES * pixels), f"the page at {dpi:.0f} dots an inch", stage="PDF in grey"
    ):
        picture = page.render(scale=dpi / 72, grayscale=True, may_draw_forms=True).to_numpy()
        return np.ascontiguousarray(picture.reshape(picture.shape[:2]))


def _display_matrix(page: pdfium.PdfPage) -> Matrix:
    """User space -> the page as displayed."""
    left, bottom, right, top = page.get_cropbox()
    x0, y0, x1, y1 = page.get_mediabox()
    left, bottom, right, top = max(left, x0), max(bottom, y0), min(right, x1), min(top, y1)
    return {
        0: (1.0, 0.0, 0.0, 1.0, -left, -bottom),
        90: (0.0, -1.0, 1.0, 0.0, -bottom, right),
        180: (-1.0, 0.0, 0.0, -1.0, right, top),
        270: (0.0, 1.0, -1.0, 0.0, top, -left),
    }[page.get_rotation()]


def _times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies `first`, then `then` (PDF's row vectors)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


class _Load:
    """What a page asks of PDFium: its objects and their points, the longest path, the largest image."""

    def __init__(self) -> None:
        self.objects = 0
        self._points = 0
        self._longest = 0
        self._image_bytes = 0

    def add_page(self, page: pdfium.PdfPage) -> None:
        """Count a page's objects, those in forms too."""
        for i in range(raw.FPDFPage_CountObjects(page)):
            self._add(raw.FPDFPage_GetObject(page, i), page, 0)

    def _add(self, item: object, page: pdfium.PdfPage, depth: int) -> None:
        self.objects += 1
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            points = max(0, raw.FPDFPath_CountSegments(item))
            self._points += points
            self._longest = max(self._longest, points)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            facts = raw.FPDF_IMAGEOBJ_METADATA()
            if raw.FPDFImageObj_GetImageMetadata(item, page, facts):
                mask = _IMAGE_PIXEL_BYTES if facts.bits_per_pixel > 1 else 0
                size = round(facts.width * facts.height * (2.5 / 8 * facts.bits_per_pixel + mask))
                self._image_bytes = max(self._image_bytes, size)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _FORM_DEPTH:
            for i in range(raw.FPDFFormObj_CountObjects(item)):
                self._add(raw.FPDFFormObj_GetObject(item, i), page, depth + 1)

    def tree_bytes(self) -> int:
        """Bytes that the objects take for as long as the page is open."""
        return _OBJECT_BYTES * self.objects + _POINT_BYTES * self._points

    def paint_bytes(self, pixels: int) -> int:
        """Bytes that painting the page as a picture of so many pixels takes."""
        return _PIXEL_BYTES * pixels + _STROKE_BYTES * self._longest + self._image_bytes


class _Walker:
    """Walks page objects, forms included, into a builder. Holds the ctypes buffers that every call reuses."""

    def __init__(self, builder: LineworkBuilder, text_page: pdfium.PdfTextPage):
        self.builder = builder
        self.image_area = 0.0  # square points that pictures cover, and the pixels in them
        self.image_pixels = 0
        self._image = raw.FPDF_IMAGEOBJ_METADATA()
        self._strings = _strings(text_page)
        self._x, self._y = ctypes.c_float(), ctypes.c_float()
        self._rgba = [ctypes.c_uint() for _ in range(4)]
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._width = ctypes.c_float()
        self._matrix = raw.FS_MATRIX()

    def walk_page(self, page: pdfium.PdfPage, to_page: Matrix, progress: Callable[[str, float], None]) -> None:
        count = raw.FPDFPage_CountObjects(page)
        for i in range(count):
            if i % 5000 == 0:
                progress("read", i / count)
            self._walk(raw.FPDFPage_GetObject(page, i), to_page, 0)

    def _walk(self, item: object, to_page: Matrix, depth: int) -> None:
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            self._path(item, _times(self._matrix_of(item), to_page))
        elif kind == raw.FPDF_PAGEOBJ_TEXT:
            self._text(item, to_page)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            a, b, c, d, _, _ = _times(self._matrix_of(item), to_page)
            if raw.FPDFImageObj_GetImageMetadata(item, None, self._image):
                self.image_area += abs(a * d - b * c)
                self.image_pixels += self._image.width * self._image.height
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _FORM_DEPTH:
            inner = _times(self._matrix_of(item), to_page)
            for i in range(raw.FPDFFormObj_CountObjects(item)):
                self._walk(raw.FPDFFormObj_GetObject(item, i), inner, depth + 1)

    def _matrix_of(self, item: object) -> Matrix:
        m = self._matrix
        if not raw.FPDFPageObj_GetMatrix(item, m):
            return _IDENTITY
        return (m.a, m.b, m.c, m.d, m.e, m.f)

    def _path(self, item: object, matrix: Matrix) -> None:
        if not raw.FPDFPath_GetDrawMode(item, self._fill, self._stroke):
            return
        filled, stroked = self._fill.value != 0, self._stroke.value != 0
        if not filled and not stroked:
            return  # a clip path draws nothing
        grow = math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))
        colour = self._colour(raw.FPDFPageObj_GetStrokeColor if stroked else raw.FPDFPageObj_GetFillColor, item)
        raw.FPDFPageObj_GetStrokeWidth(item, self._width)
        dashed = stroked and raw.FPDFPageObj_GetDashCount(item) > 0
        width = round(self._width.value * grow, 2) if stroked else 0.0
        self.builder.path(Style("", "", colour, width, dashed, filled))
        ring: list[tuple[float, float]] = []
        a, b, c, d, e, f = matrix
        x, y = self._x, self._y
        curve: list[float] = []
        for i in range(raw.FPDFPath_CountSegments(item)):
            segment = raw.FPDFPath_GetPathSegment(item, i)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            point = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
            operator = raw.FPDFPathSegment_GetType(segment)
            if operator == raw.FPDF_SEGMENT_MOVETO:
                self._end_ring(ring, filled)
                ring = [point]
            elif operator == raw.FPDF_SEGMENT_LINETO:
                if ring:
                    self.builder.line(*ring[-1], *point)
                ring.append(point)
            elif operator == raw.FPDF_SEGMENT_BEZIERTO:
                curve.extend(point)
                if len(curve) == 6:
                    if ring:
                        self.builder.bezier((*ring[-1], *curve))
                    ring.append(point)
                    curve = []
            if raw.FPDFPathSegment_GetClose(segment) and len(ring) > 1 and ring[0] != ring[-1]:
                self.builder.line(*ring[-1], *ring[0])
                ring.append(ring[0])
        self._end_ring(ring, filled)

    def _end_ring(self, ring: list[tuple[float, float]], filled: bool) -> None:
        if filled and len(ring) >= 3:
            self.builder.fill(np.array(ring, np.float64))

    def _colour(self, get: Callable[..., int], item: object) -> int:
        red, green, blue, alpha = self._rgba
        if not get(item, red, green, blue, alpha):
            return 0
        return red.value << 16 | green.value << 8 | blue.value

    def _text(self, item: object, to_page: Matrix) -> None:
        string = self._strings.get(_address(item), "").strip()
        if not string:
            return
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            return
        # bounds of objects inside forms are in the form's space, as is the matrix
        box = _box_through(to_page, left.value, bottom.value, right.value, top.value)
        matrix = _times(self._matrix_of(item), to_page)
        raw.FPDFTextObj_GetFontSize(item, self._width)
        height = 0.7 * self._width.value * math.hypot(matrix[2], matrix[3])
        angle = math.degrees(math.atan2(matrix[1], matrix[0]))
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        self.builder.texts.append(Text(string, *middle, box, height, angle, "text layer"))


def _strings(text_page: pdfium.PdfTextPage) -> dict[int, str]:
    """What each text object, by its address, says: PDFium looks through the page for each one, so all are read at once.

    A blank that PDFium finds between two words of an object belongs to it.
    """
    found: dict[int, list[str]] = {}
    last = 0
    for index in range(raw.FPDFText_CountChars(text_page)):
        code = raw.FPDFText_GetUnicode(text_page, index)
        owner = _address(raw.FPDFText_GetTextObject(text_page, index))
        if owner and not raw.FPDFText_IsGenerated(text_page, index):
            last = owner
        elif code != _BLANK:
            last = 0
        if last and code:
            found.setdefault(last, []).append(chr(code))
        if code == _BLANK and last != owner:
            last = 0
    return {owner: "".join(letters).encode("utf-16", "replace").decode("utf-16") for owner, letters in found.items()}


def _address(item: object) -> int:
    return ctypes.cast(item, ctypes.c_void_p).value or 0  # type: ignore[arg-type]  # an opaque pointer of ctypes


def _box_through(matrix: Matrix, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
    a, b, c, d, e, f = matrix
    corners: Floats = np.array([(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)])
    low, high = corners.min(0), corners.max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
