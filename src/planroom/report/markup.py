"""The drawings with what was found on them as real PDF annotations: every viewer lists, filters and prints them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name

from planroom.errors import EncryptedFile, ReaderFailed, UnreadableFile
from planroom.memory.collector import collector_paused
from planroom.records import Finding, Sheet
from planroom.report import picture
from planroom.report.annotations import annotations_of, shared_look
from planroom.store.files import atomic_path
from planroom.units import UnitSystem

_LONG_SIDE_PT = 1190.0  # A3
_BYTES_A_MARK = 13_000  # an annotation and its appearance in QPDF's object model, and the page they are saved with
_BYTES_A_FINDING = 24_000  # a cloud has a long edge: measured 18,800 round a whole sheet


class _PatientFile(io.RawIOBase):
    """A file that keeps its first write error in `error`: QPDF ends the process when a write raises inside it."""

    def __init__(self, out: BinaryIO):
        self._out = out
        self.error: OSError | None = None

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any, /) -> int:
        """Write, or after an error only pretend to."""
        view = memoryview(data)
        if self.error is None:
            try:
                self._out.write(view)
            except OSError as error:
                self.error = error
        return view.nbytes


def lease_bytes(source_pdf: Path | None, sheets: list[Sheet], findings: Sequence[Finding] = ()) -> int:
    """Anonymous bytes that `write_markup` takes at its peak, beside the sheets themselves."""
    size = source_pdf.stat().st_size if source_pdf is not None and source_pdf.is_file() else 0
    pictures = 0 if source_pdf is not None else _pictures_bytes(sheets)
    marks = _BYTES_A_MARK * sum(len(sheet.elements) for sheet in sheets) + _BYTES_A_FINDING * len(findings)
    return 12_000_000 + 3 * size + pictures + marks


@collector_paused()
def write_markup(
    source_pdf: Path | None, sheets: list[Sheet], path: Path, *, findings: Sequence[Finding] = (), password: str = "",
    system: UnitSystem = "metric",
) -> None:  # fmt: skip
    """Write the source with its elements and findings marked, or a page a sheet with its picture where there is no
    source PDF.

    The output is never encrypted. Raises EncryptedFile, UnreadableFile or ReaderFailed for the source.
    """
    with _open_source(source_pdf, password) as pdf:
        look = shared_look(pdf)
        for sheet in sheets:
            if source_pdf is None:
                page = _add_picture_page(pdf, sheet)
            elif sheet.page < len(pdf.pages):
                page = pdf.pages[sheet.page]
            else:
                continue
            own = [finding for finding in findings if finding.sheet == sheet.id]
            there = page.obj.get("/Annots")
            # a new array: pages may share one
            page.obj.Annots = Array(
                [
                    *(there if isinstance(there, Array) else ()),
                    *map(pdf.make_indirect, annotations_of(pdf, page, sheet, own, look, system)),
                ]
            )
        with atomic_path(path) as part, part.open("wb") as out:
            patient = _PatientFile(out)
            pdf.save(patient, encryption=False, deterministic_id=True)
            if patient.error is not None:
                raise patient.error


def _pictures_bytes(sheets: list[Sheet]) -> int:
    """The largest picture at work and every picture's compressed stream, which stays until the file is saved."""
    work = (picture.lease_bytes(sheet.width_px, sheet.height_px) for sheet in sheets)
    kept = 3 * picture.LONG_SIDE_PX**2 // 4
    return max(work, default=0) + kept * len(sheets)


def _open_source(source: Path | None, password: str) -> pikepdf.Pdf:
    if source is None:
        return pikepdf.new()
    try:
        return pikepdf.open(source, password=password)
    except pikepdf.PasswordError as error:
        raise EncryptedFile("the password is missing or wrong", place=str(source)) from error
    except pikepdf.PdfError as error:
        raise ReaderFailed(f"cannot be marked up: {error}", place=str(source)) from error
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error), place=str(source)) from error


def _add_picture_page(pdf: pikepdf.Pdf, sheet: Sheet) -> pikepdf.Page:
    """A new page, as the sheet is displayed, with its picture on it."""
    grow = _LONG_SIDE_PT / max(sheet.width_px, sheet.height_px)
    width, height = sheet.width_px * grow, sheet.height_px * grow
    page = pdf.add_blank_page(page_size=(width, height))
    pixels = picture.small_picture(sheet.picture)
    if pixels is None:
        return page
    image = pdf.make_stream(zlib.compress(pixels[:, :, ::-1].tobytes()))
    image.Type, image.Subtype, image.Filter = Name.XObject, Name.Image, Name.FlateDecode
    image.Width, image.Height = pixels.shape[1], pixels.shape[0]
    image.ColorSpace, image.BitsPerComponent = Name.DeviceRGB, 8
    page.obj.Resources = Dictionary(XObject=Dictionary(Picture=image))
    page.obj.Contents = pdf.make_stream(f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Picture Do Q".encode("ascii"))
    return page
