"""How wide and how high doors and windows are, as their schedules list them by mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from planroom.geometry import box_of
from planroom.records import Element, Finding, Sheet
from planroom.sheet.schedules import Table
from planroom.units import parse_lengths

_LEAST_M, _MOST_M = 0.2, 8.0
_SAME_M: Final = 0.002
_OFF_M, _OFF = 0.06, 0.08  # a frame, or the clear width instead of the structural one, makes less
_KINDS: Final = ("door", "window")
Sizes = dict[tuple[str, str], dict[str, float]]


def listed_sizes(tables: Iterable[Table]) -> Sizes:
    """By kind and mark, "width" and "height" in metres; what two rows say differently is left out."""
    said: dict[tuple[str, str], dict[str, set[float]]] = {}
    for table in tables:
        mark_at = table.column("mark")
        if table.kind not in _KINDS or mark_at is None:
            continue
        for name in ("width", "height"):
            at = table.column(name)
            if at is None:
                continue
            for row in table.rows:
                size = _size(row[at].text)
                mark = plain_mark(row[mark_at].text)
                if mark and size is not None:
                    said.setdefault((table.kind, mark), {}).setdefault(name, set()).add(size)
    return {
        key: {name: min(sizes) for name, sizes in by_name.items() if max(sizes) - min(sizes) < _SAME_M}
        for key, by_name in said.items()
    }


def state_sizes(sheet: Sheet, sizes: Sizes) -> Iterator[Finding]:
    """Say of each tagged opening how wide and how high its schedule lists it, where nothing else has said so. What is
    drawn plainly wider or narrower than listed is a finding, and is not told the height of it either.
    """
    m_per_unit = sheet.scale.m_per_unit if sheet.scale else None
    for element in sheet.elements:
        tag = element.traits.get("tag", "")
        listed = sizes.get((element.kind, plain_mark(tag)), {})
        drawn, width = element.sizes.get("width"), listed.get("width")
        if drawn is not None and width is not None and m_per_unit is not None:
            off_m = abs(drawn * m_per_unit - width)
            if off_m > max(_OFF_M, _OFF * width):
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


def _size(text: str) -> float | None:
    return next((one for one in parse_lengths(text) if _LEAST_M <= one <= _MOST_M), None)
