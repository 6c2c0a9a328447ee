"""A sheet's picture with its elements drawn over it, as SVG, and the lines they came from as data beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from planroom.records import Element, Finding, Floats, Sheet
from planroom.report.picture import as_webp
from planroom.report.takeoff import label, number_text, size_m, unit_name
from planroom.units import UnitSystem, in_system

KINDS = ("room", "wall", "stair", "opening", "window", "door")  # drawn in this order: the small ones lie on top
_SIZES = {"length": "m", "thickness": "m", "width": "m", "height": "m", "area": "m2", "perimeter": "m"}
_SOURCES_SHOWN = 12


def kind_class(kind: str) -> str:
    """The name under which the style sheet knows the kind."""
    return kind if kind in KINDS else "other"


def embedded(value: Any) -> str:
    """`value` as JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def svg(sheet: Sheet, findings: list[tuple[int, Finding]], system: UnitSystem) -> Iterator[str]:
    """The picture and its overlay, piece by piece; `findings` with their place in the report."""
    size = f'width="{sheet.width_px}" height="{sheet.height_px}"'
    name = escape(" ".join(word for word in (sheet.number, sheet.title) if word) or sheet.name)
    yield f'<svg viewBox="0 0 {sheet.width_px} {sheet.height_px}" role="img" aria-label="{name}, elements marked">'
    yield f'<rect class="paper" {size}/>'
    picture = as_webp(sheet.picture)
    if picture is not None:
        data = base64.b64encode(picture).decode("ascii")
        yield f'<image {size} preserveAspectRatio="none" href="data:image/webp;base64,{data}"/>'
    for index, element in sorted(enumerate(sheet.elements), key=lambda pair: _depth(pair[1])):
        if _is_drawn(element.outline):
            yield _shape(index, element, sheet, system)
    for index, finding in findings:
        if finding.box_px is not None and np.isfinite(finding.box_px).all():
            x0, y0, x1, y1 = finding.box_px
            box = f'x="{x0:.1f}" y="{y0:.1f}" width="{max(0.0, x1 - x0):.1f}" height="{max(0.0, y1 - y0):.1f}"'
            yield f'<rect class="finding" data-f="{index}" {box}><title>{escape(finding.message)}</title></rect>'
    yield '<path class="halo"/><path class="lines"/></svg>'


def data(sheet: Sheet) -> str:
    """What the page knows of each element besides its shape: id, name, sources, and lines in pixels, flat."""
    return embedded(
        {
            "ids": [element.id for element in sheet.elements],
            "names": [label(element) for element in sheet.elements],
            "sources": [_few(element.sources) for element in sheet.elements],
            "lines": [_lines_px(element, sheet) for element in sheet.elements],
        }
    )


def _depth(element: Element) -> int:
    return KINDS.index(element.kind) if element.kind in KINDS else len(KINDS)


def _is_drawn(points: Floats) -> bool:
    return points.size > 0 and bool(np.isfinite(points).all())


def _shape(index: int, element: Element, sheet: Sheet, system: UnitSystem) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in sheet.to_px(element.outline).tolist())
    title = escape(_tooltip(element, sheet, system))
    status = f" {element.status}" if element.status else ""
    return (
        f'<polygon class="shape {kind_class(element.kind)}{status}" data-e="{index}" points="{points}">'
        f"<title>{title}</title></polygon>\n"
    )


def _tooltip(element: Element, sheet: Sheet, system: UnitSystem) -> str:
    lines = [label(element)]
    if element.status:
        lines.append(element.status)
    for name, unit in _SIZES.items():
        size = size_m(element, name, sheet.scale)
        if size is not None:
            value, shown = in_system(size, unit, system)
            lines.append(f"{name} {number_text(value, shown)} {unit_name(shown)}")
    lines.append(f"confidence {element.confidence:.0%}")
    return "\n".join(lines)


def _few(sources: list[str]) -> list[str]:
    more = len(sources) - _SOURCES_SHOWN
    return sources if more <= 0 else [*sources[:_SOURCES_SHOWN], f"and {more} more"]


def _lines_px(element: Element, sheet: Sheet) -> list[int]:
    if not _is_drawn(element.lines):
        return []
    flat: list[int] = np.rint(sheet.to_px(element.lines.reshape(-1, 2))).astype(int).ravel().tolist()
    return flat
