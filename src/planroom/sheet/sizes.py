"""How wide and how high doors and windows are, as their schedules list them by mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from planroom.geometry import box_of
from planroom.records import Element, Finding, Sheet
from planroom.sheet.schedules import Table
from planroom.units import INCH_M, parse_lengths

_USUAL_M: Final = {
    ("door", "width"): (0.5, 6.5),
    ("door", "height"): (1.75, 4.5),
    ("window", "width"): (0.25, 6.5),
    ("window", "height"): (0.2, 3.6),
}
_UNITS_M: Final = (0.001, 0.01, 1.0, INCH_M)
_SAME_M: Final = 0.002
_OFF_M, _OFF = 0.06, 0.08  # a frame, or the clear width instead of the structural one, makes less
_KINDS: Final = ("door", "window")
Sizes = dict[tuple[str, str], dict[str, float]]


def listed_sizes(tables: Iterable[Table]) -> Sizes:
    """By kind and mark, "width" and "height" in metres; what two rows say differently is left out. The bare numbers of
    a table are all of one unit: that in which the most of them are sizes of such openings.
    """
    said: dict[tuple[str, str], dict[str, set[float]]] = {}
    for table in tables:
        mark_at = table.column("mark")
        if table.kind not in _KINDS or mark_at is None:
            continue
        columns = {name: at for name in ("width", "height") if (at := table.column(name)) is not None}
        cells = [(name, k, row[at].text) for name, at in columns.items() for k, row in enumerate(table.rows)]
        unit_m = _unit_m(table.kind, [(name, bare) for name, _, text in cells if (bare := _bare(text)) is not None])
        for name, k, text in cells:
            bare, mark = _bare(text), plain_mark(table.rows[k][mark_at].text)
            meant = parse_lengths(text) if bare is None else [bare * unit_m] if unit_m else []
            if mark and len(meant) == 1 and _fits(table.kind, name, meant[0]):
                said.setdefault((table.kind, mark), {}).setdefault(name, set()).add(meant[0])
    return {
        key: {name: min(sizes) for name, sizes in by_name.items() if max(sizes) - min(sizes) < _SAME_M}
        for key, by_name in said.items()
    }


def _bare(text: str) -> float | None:
    """A number without a unit."""
    match = re.fullmatch(r"\s*(\d{1,5})(?:[.,](\d{1,3}))?\s*", text)
    return float(f"{match[1]}.{match[2] or 0}") if match else None


def _unit_m(kind: str, bare: list[tuple[str, float]]) -> float | None:
    """Metres of the unit in which most bare numbers are such sizes; None where hardly any are, in any unit."""
    fitting = {unit_m: sum(_fits(kind, name, value * unit_m) for name, value in bare) for unit_m in _UNITS_M}
    best = max(fitting, key=fitting.__getitem__)
    return best if bare and fitting[best] > 0.5 * len(bare) else None


def _fits(kind: str, name: str, size_m: float) -> bool:
    low, high = _USUAL_M[kind, name]
    return low <= size_m <= high


def state_sizes(sheet: Sheet, sizes: Sizes) -> Iterator[Finding]:
    """Say of each tagged opening how wide and how high its schedule lists it, where nothing else has said so. What is
    drawn plainly wider or narrower than listed is a finding, and is not told the height of it either; a sliding door
    that is wider by up to a leaf was measured with its pocket, and is as wide as listed.
    """
    m_per_unit = sheet.scale.m_per_unit if sheet.scale else None
    for element in sheet.elements:
        tag = element.traits.get("tag", "")
        listed = sizes.get((element.kind, plain_mark(tag)), {})
        drawn, width = element.sizes.get("width"), listed.get("width")
        if drawn is not None and width is not None and m_per_unit is not None:
            off_m = drawn * m_per_unit - width
            if element.traits.get("subtype") == "sliding" and max(_OFF_M, _OFF * width) < off_m <= width + _OFF_M:
                element.sizes["width"] = width / m_per_unit  # it was measured with the pocket that it slides into
            elif abs(off_m) > max(_OFF_M, _OFF * width):
                words = (
                    f"{element.kind} {tag} is drawn {drawn * m_per_unit:.2f} m wide, its schedule lists {width:.2f} m"
                )
                yield Finding("schedule-size-differs", "warning", sheet.id, _box(element, sheet), words, [element.id])
                continue
        for name, size in listed.items():
            element.stated.setdefault(f"{name}_m", size)


def _box(element: Element, sheet: Sheet) -> tuple[float, float, float, float] | None:
    return box_of(sheet.to_px(element.outline)) if len(element.outline) else None


def plain_mark(text: str) -> str:
    """A mark as it is compared: capitals, without spaces."""
    return "".join(text.split()).upper()
