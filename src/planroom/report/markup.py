"""The drawings with what was found on them as real PDF annotations: every viewer lists, filters and prints them.

Frames: elements are in points of the page as displayed, y up; annotations are in the page's user space, where neither
/Rotate nor the crop box's corner is applied yet. `Frame` turns the one into the other. Each annotation carries its own
appearance, drawn in user space, so that no viewer has to make one up.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, String

from planroom.errors import EncryptedFile, ReaderFailed, UnreadableFile
from planroom.geometry import area_of, box_of
from planroom.memory.collector import collector_paused
from planroom.records import Element, Floats, Sheet
from planroom.report import picture
from planroom.report.frame import Frame, frame_of
from planroom.report.takeoff import label, number_text, size_m, unit_name
from planroom.store.files import atomic_path
from planroom.units import UnitSystem, in_system

_LONG_SIDE_PT = 1190.0  # A3
_OPACITY = 0.35
_ROOM_OPACITY = 0.15  # rooms are large and lie under the rest
_LINE_PT = 1.0
_PRINT = 4  # the annotation flag that lets it be printed
_POLYGONS = {"room", "wall", "stair"}
_UPRIGHT = 0.9  # of its box, that an upright rectangle fills: others are drawn as they lie
_COLOURS = {
    "wall": (0.0, 0.447, 0.698),
    "door": (0.835, 0.369, 0.0),
    "window": (0.0, 0.62, 0.451),
    "opening": (0.69, 0.29, 0.545),
    "room": (0.902, 0.624, 0.0),
    "stair": (0.337, 0.706, 0.914),
}
_BYTES_A_MARK = 13_000  # an annotation and its appearance in QPDF's object model, and the page they are saved with
_GREY = (0.4, 0.4, 0.4)
_MEASURES = {"area": "m2", "perimeter": "m", "length": "m", "thickness": "m", "width": "m", "height": "m"}


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


def lease_bytes(source_pdf: Path | None, sheets: list[Sheet]) -> int:
    """Anonymous bytes that `write_markup` takes at its peak, beside the sheets themselves."""
    size = source_pdf.stat().st_size if source_pdf is not None and source_pdf.is_file() else 0
    pictures = 0 if source_pdf is not None else _pictures_bytes(sheets)
    return 12_000_000 + 3 * size + pictures + _BYTES_A_MARK * sum(len(sheet.elements) for sheet in sheets)


@collector_paused()
def write_markup(
    source_pdf: Path | None, sheets: list[Sheet], path: Path, *, password: str = "", system: UnitSystem = "metric"
) -> None:
    """Write the source with its elements marked, or a page a sheet with its picture where there is no source PDF.

    The output is never encrypted. Raises EncryptedFile, UnreadableFile or ReaderFailed for the source.
    """
    with _open_source(source_pdf, password) as pdf:
        look = pdf.make_indirect(Dictionary(ExtGState=Dictionary(A=_state(_OPACITY), R=_state(_ROOM_OPACITY))))
        for sheet in sheets:
            if source_pdf is None:
                page = _add_picture_page(pdf, sheet)
            elif sheet.page < len(pdf.pages):
                page = pdf.pages[sheet.page]
            else:
                continue
            _annotate(pdf, page, sheet, look, system)
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


def _state(opacity: float) -> Dictionary:
    return Dictionary(Type=Name.ExtGState, CA=0.9, ca=opacity)


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


def _annotate(pdf: pikepdf.Pdf, page: pikepdf.Page, sheet: Sheet, look: pikepdf.Object, system: UnitSystem) -> None:
    frame = frame_of(page, sheet)
    there = page.obj.get("/Annots")
    made = [
        pdf.make_indirect(_annotation(pdf, element, outline, _contents(element, sheet, system), look))
        for element, outline in _drawn(sheet.elements, frame)
    ]
    # a new array: pages may share one
    page.obj.Annots = Array([*(there if isinstance(there, Array) else ()), *made])


def _drawn(elements: Iterable[Element], frame: Frame) -> Iterator[tuple[Element, Floats]]:
    """Elements with their outline in user space, rooms first: what lies on top is what a click meets."""
    for element in sorted(elements, key=lambda one: one.kind != "room"):
        if element.outline.size and np.isfinite(element.outline).all():
            yield element, frame.to_user(element.outline)


def _annotation(pdf: pikepdf.Pdf, element: Element, outline: Floats, contents: str, look: pikepdf.Object) -> Dictionary:
    x0, y0, x1, y1 = box_of(outline)
    slanted = area_of(outline) < _UPRIGHT * (x1 - x0) * (y1 - y0)
    polygon = (element.kind in _POLYGONS or slanted) and len(outline) > 2
    ring = outline if polygon else np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    rect = [round(v, 3) for v in (x0 - _LINE_PT, y0 - _LINE_PT, x1 + _LINE_PT, y1 + _LINE_PT)]
    colour = _COLOURS.get(element.kind, _GREY)
    annotation = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Polygon if polygon else Name.Square,
        Rect=Array(rect),
        Contents=String(contents),
        T=String("planroom"),
        Subj=String(element.kind),
        NM=String(element.id),
        F=_PRINT,
        C=Array(colour),
        IC=Array(colour),
        CA=_ROOM_OPACITY if element.kind == "room" else _OPACITY,
        BS=Dictionary(Type=Name.Border, W=_LINE_PT),
        AP=Dictionary(N=_appearance(pdf, ring, rect, _paint(element.kind), look)),
    )
    if polygon:
        annotation.Vertices = Array([round(float(v), 3) for v in ring.ravel()])
    else:
        annotation.RD = Array([_LINE_PT] * 4)
    return annotation


def _paint(kind: str) -> str:
    """The operators that set a kind's colour and opacity."""
    colour = " ".join(str(part) for part in _COLOURS.get(kind, _GREY))
    return f"/{'R' if kind == 'room' else 'A'} gs {colour} rg {colour} RG {_LINE_PT} w 1 j"


def _appearance(pdf: pikepdf.Pdf, ring: Floats, rect: list[float], paint: str, look: pikepdf.Object) -> pikepdf.Stream:
    """A form whose box is the annotation's own rectangle, so that it lands where it is drawn, at any rotation."""
    points = [f"{x:.3f} {y:.3f}" for x, y in ring.tolist()]
    path = f"{points[0]} m " + " ".join(f"{point} l" for point in points[1:])
    form = pdf.make_stream(f"{paint} {path} b*".encode("ascii"))
    form.Type, form.Subtype, form.BBox, form.Resources = Name.XObject, Name.Form, Array(rect), look
    return form


def _contents(element: Element, sheet: Sheet, system: UnitSystem) -> str:
    """What the annotation says: kind and label, its measures with their state, what the drawing states."""
    lines = [label(element)]
    measures = []
    for name, unit in _MEASURES.items():
        size = size_m(element, name, sheet.scale)
        if size is not None:
            value, shown = in_system(size, unit, system)
            measures.append(f"{name} {number_text(value, shown)} {unit_name(shown)}")
    if measures and sheet.scale is not None:
        ratio = f" at 1:{sheet.scale.ratio:g}" if sheet.scale.ratio else ""
        lines.append(f"{', '.join(measures)} ({sheet.scale.state}{ratio})")
    for name, unit in _MEASURES.items():
        stated = element.stated.get(f"{name}_{unit}")
        if stated is not None and np.isfinite(stated):
            value, shown = in_system(stated, unit, system)
            lines.append(f"stated {name} {number_text(value, shown)} {unit_name(shown)}")
    lines += [f"{name}: {words}" for name, words in element.traits.items() if words and name not in ("name", "number")]
    return "\n".join(lines)
