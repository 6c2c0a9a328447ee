"""Elements and findings of a sheet as PDF annotations, each with its own appearance, so that no viewer makes one up.

Frames: elements are in points of the page as displayed, y up; annotations are in the page's user space, where neither
/Rotate nor the crop box's corner is applied yet. `Frame` turns the one into the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, String

from planroom.geometry import area_of, box_of
from planroom.records import Element, Finding, Floats, Sheet
from planroom.report.frame import Frame, frame_of
from planroom.report.takeoff import label, number_text, size_m, unit_name
from planroom.units import UnitSystem, in_system

_OPACITY: Final = 0.35
_ROOM_OPACITY: Final = 0.15  # rooms are large and lie under the rest
_LINE_PT: Final = 1.0
_PRINT: Final = 4  # the annotation flag that lets it be printed
_POLYGONS: Final = {"room", "wall", "stair"}
_UPRIGHT: Final = 0.9  # of its box, that an upright rectangle fills: others are drawn as they lie
_COLOURS: Final = {
    "wall": (0.0, 0.447, 0.698),
    "door": (0.835, 0.369, 0.0),
    "window": (0.0, 0.62, 0.451),
    "opening": (0.69, 0.29, 0.545),
    "room": (0.902, 0.624, 0.0),
    "stair": (0.337, 0.706, 0.914),
}
_GREY: Final = (0.4, 0.4, 0.4)
_WRONG: Final = (0.824, 0.0, 0.102)  # of findings, as people draw the clouds of a revision
_CLOUD_LINE_PT: Final = 1.5
_PUFF_PT: Final = 9.0  # of a cloud's edge, or larger: no side has more than _MOST_PUFFS
_MOST_PUFFS: Final = 24
_ROUND: Final = 2 / 3  # of a puff's chord, how far out its control points lie: half a circle, nearly
_NOTE: Final = 0.011  # of the sheet's longer side, how large a note is: the margin of a sheet has room for it
_INSET: Final = 0.15  # of a note, how far it stands from the sheet's edges
_MEASURES: Final = {"area": "m2", "perimeter": "m", "length": "m", "thickness": "m", "width": "m", "height": "m"}


def shared_look(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """What all appearances of a document refer to: how opaque they are."""
    states = {"A": _OPACITY, "R": _ROOM_OPACITY}
    return pdf.make_indirect(
        Dictionary(ExtGState=Dictionary({f"/{name}": _state(opacity) for name, opacity in states.items()}))
    )


def _state(opacity: float) -> Dictionary:
    return Dictionary(Type=Name.ExtGState, CA=0.9, ca=opacity)


def annotations_of(
    pdf: pikepdf.Pdf, page: pikepdf.Page, sheet: Sheet, findings: Sequence[Finding], look: pikepdf.Object,
    system: UnitSystem,
) -> Iterator[Dictionary]:  # fmt: skip
    """The annotations of a sheet's page, what lies on top last: a click meets it first.

    A finding that has a box is a cloud round it; the others of the sheet share one note in its upper left corner.
    """
    frame = frame_of(page, sheet)
    for element in sorted(sheet.elements, key=lambda one: one.kind != "room"):
        if element.outline.size and np.isfinite(element.outline).all():
            yield _element(pdf, element, frame.to_user(element.outline), _contents(element, sheet, system), look)
    without: list[Finding] = []
    for number, finding in enumerate(findings, start=1):
        if finding.box_px is None or not np.isfinite(finding.box_px).all():
            without.append(finding)
            continue
        corners = sheet.from_px(np.array(finding.box_px, np.float64).reshape(2, 2))
        ring = frame.to_user(_ring(box_of(corners)))
        yield _cloud(pdf, finding, f"{sheet.id}-finding-{number}", ring, look)
    if without:
        yield _note(pdf, without, sheet, frame, look)


def _element(pdf: pikepdf.Pdf, element: Element, outline: Floats, contents: str, look: pikepdf.Object) -> Dictionary:
    x0, y0, x1, y1 = box_of(outline)
    slanted = area_of(outline) < _UPRIGHT * (x1 - x0) * (y1 - y0)
    polygon = (element.kind in _POLYGONS or slanted) and len(outline) > 2
    ring = outline if polygon else _ring((x0, y0, x1, y1))
    rect = _around(ring, _LINE_PT)
    colour = _COLOURS.get(element.kind, _GREY)
    is_room = element.kind == "room"
    drawing = f"/{'R' if is_room else 'A'} gs {_colours(colour)} {_LINE_PT} w 1 j {_path(ring)} b*"
    more: dict[str, Any] = {"IC": Array(colour), "CA": _ROOM_OPACITY if is_room else _OPACITY}
    more |= {"Vertices": _numbers(ring)} if polygon else {"RD": Array([_LINE_PT] * 4)}
    return Dictionary(
        Subtype=Name.Polygon if polygon else Name.Square,
        BS=Dictionary(Type=Name.Border, W=_LINE_PT),
        **_told(element.id, element.kind, contents, colour),
        **_shown(pdf, drawing, rect, look),
        **more,
    )


def _cloud(pdf: pikepdf.Pdf, finding: Finding, name: str, ring: Floats, look: pikepdf.Object) -> Dictionary:
    """A cloud round a box, a counter-clockwise ring (4, 2): it hides nothing that lies in it."""
    edge, puff = _puffs(ring)
    rect = _around(ring, puff / 2 + _CLOUD_LINE_PT)
    return Dictionary(
        Subtype=Name.Polygon,
        IT=Name.PolygonCloud,
        Vertices=_numbers(ring),
        BS=Dictionary(Type=Name.Border, W=_CLOUD_LINE_PT),
        BE=Dictionary(S=Name.C, I=1),
        **_told(name, finding.code, finding.message, _WRONG),
        **_shown(pdf, f"{_colours(_WRONG)} {_CLOUD_LINE_PT} w 1 j {edge} s", rect, look),
    )


def _note(pdf: pikepdf.Pdf, findings: list[Finding], sheet: Sheet, frame: Frame, look: pikepdf.Object) -> Dictionary:
    """A note in the sheet's margin that lists what is wrong somewhere on it: a triangle with an exclamation mark."""
    left, bottom, right, top = sheet.extent
    size = _NOTE * max(right - left, top - bottom)
    corner = np.array((left + _INSET * size, top - (1 + _INSET) * size))
    triangle, stroke, dot = (
        frame.to_user(corner + size * np.array(shape))
        for shape in (
            ((0.0, 0.0), (1.0, 0.0), (0.5, 0.9)),
            ((0.46, 0.3), (0.54, 0.3), (0.57, 0.62), (0.43, 0.62)),
            ((0.45, 0.12), (0.55, 0.12), (0.55, 0.22), (0.45, 0.22)),
        )
    )
    drawing = f"{_colours(_WRONG)} 1 j {_path(triangle)} b 1 g {_path(stroke)} f {_path(dot)} f"
    lines = [f"{finding.code}: {finding.message}" for finding in findings]
    return Dictionary(
        Subtype=Name.Text,
        Name=Name.Comment,
        **_told(f"{sheet.id}-findings", "findings", "\n".join(lines), _WRONG),
        **_shown(pdf, drawing, _around(triangle, _LINE_PT), look),
    )


def _told(name: str, subject: str, contents: str, colour: tuple[float, float, float]) -> dict[str, Any]:
    """What viewers list of an annotation."""
    return {
        "Type": Name.Annot,
        "NM": String(name),
        "T": String("planroom"),
        "Subj": String(subject),
        "Contents": String(contents),
        "C": Array(colour),
        "F": _PRINT,
    }


def _shown(pdf: pikepdf.Pdf, drawing: str, rect: list[float], look: pikepdf.Object) -> dict[str, Any]:
    """Where an annotation is and what it looks like: a form whose box is its rectangle lands where it is drawn."""
    form = pdf.make_stream(drawing.encode("ascii"))
    form.Type, form.Subtype, form.BBox, form.Resources = Name.XObject, Name.Form, Array(rect), look
    return {"Rect": Array(rect), "AP": Dictionary(N=form)}


def _puffs(ring: Floats) -> tuple[str, float]:
    """The path of a cloud's edge along a counter-clockwise ring (K, 2), and the longest chord of its puffs."""
    words, longest = [_point(ring[0]), "m"], 0.0
    for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        many = max(1, min(_MOST_PUFFS, round(float(np.hypot(*(end - start))) / _PUFF_PT)))
        chord = (end - start) / many
        out = _ROUND * np.array((chord[1], -chord[0]))
        for place in range(many):
            a, b = start + place * chord, start + (place + 1) * chord
            words += [_point(a + out), _point(b + out), _point(b), "c"]
        longest = max(longest, float(np.hypot(*chord)))
    return " ".join(words), longest


def _ring(box: Sequence[float]) -> Floats:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _around(ring: Floats, by_pt: float) -> list[float]:
    x0, y0, x1, y1 = box_of(ring)
    return [round(v, 3) for v in (x0 - by_pt, y0 - by_pt, x1 + by_pt, y1 + by_pt)]


def _numbers(ring: Floats) -> Array:
    return Array([round(float(v), 3) for v in ring.ravel()])


def _colours(colour: Iterable[float]) -> str:
    """The operators that set a colour for filling and for lines."""
    parts = " ".join(map(str, colour))
    return f"{parts} rg {parts} RG"


def _path(ring: Floats) -> str:
    first, *others = map(_point, ring)
    return f"{first} m " + " ".join(f"{point} l" for point in others)


def _point(point: Floats) -> str:
    return f"{point[0]:.3f} {point[1]:.3f}"


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
