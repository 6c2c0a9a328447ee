"""What a person knows better, by the content's own name, so that no other file with the same name is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from planroom.errors import BadCorrections
from planroom.records import Sheet
from planroom.units import parse_scale

_ENTRIES = {"scale", "counts", "remove", "kinds", "storey", "view", "height_m", "status"}
_KINDS = {"door", "window", "opening", "room", "wall"}


def read_corrections(path: Path) -> dict[str, dict[str, Any]]:
    """The corrections in a file, by sheet id, checked. Raises BadCorrections with the place in the file."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadCorrections(error.strerror or str(error), place=str(path)) from error
    except ValueError as error:
        raise BadCorrections(f"is no JSON: {error}", place=str(path)) from error
    if not isinstance(told, dict) or told.get("schema") != 1 or not isinstance(told.get("sheets"), dict):
        raise BadCorrections('needs {"schema": 1, "sheets": {...}}', place=str(path))
    checked = {}
    for sheet, entry in told["sheets"].items():
        where = f"{path} sheets.{sheet}"
        if not isinstance(entry, dict) or set(entry) - _ENTRIES:
            unknown = sorted(set(entry) - _ENTRIES) if isinstance(entry, dict) else "no object"
            raise BadCorrections(f"unknown entries: {unknown}; known are {sorted(_ENTRIES)}", place=where)
        _check(entry, where)
        checked[sheet] = entry | ({"scale": parse_scale(str(entry["scale"]))} if "scale" in entry else {})
    return checked


def _check(entry: dict[str, Any], where: str) -> None:
    counts = entry.get("counts", {})
    if not isinstance(counts, dict) or not all(isinstance(v, int) and v >= 0 for v in counts.values()):
        raise BadCorrections("counts must be whole numbers by kind", place=where)
    kinds = entry.get("kinds", {})
    if not isinstance(kinds, dict) or set(map(str, kinds.values())) - _KINDS:
        raise BadCorrections(f"kinds must be by element id, of {sorted(_KINDS)}", place=where)
    if not isinstance(entry.get("remove", []), list):
        raise BadCorrections("remove must be a list of element ids", place=where)
    height = entry.get("height_m")
    if height is not None and not (isinstance(height, int | float) and 0 < height < 100):
        raise BadCorrections("height_m must be a height in metres", place=where)


def apply_corrections(sheets: list[Sheet], corrections: dict[str, dict[str, Any]]) -> None:
    """Change `sheets` as told: elements first, then counts, which a person's word overrides.

    A scale is not applied here: it is read with the sheet. Raises BadCorrections for an element that is not there.
    """
    for sheet in sheets:
        entry = corrections.get(sheet.id)
        if entry is None:
            continue
        ids = {element.id for element in sheet.elements}
        named = {*entry.get("remove", []), *entry.get("kinds", {}), *entry.get("status", {})}
        if named - ids:
            raise BadCorrections(f"has no element {sorted(named - ids)[0]}", place=f"sheet {sheet.id}")
        for element in sheet.elements:
            was = element.kind
            element.kind = entry.get("kinds", {}).get(element.id, element.kind)
            element.status = entry.get("status", {}).get(element.id, element.status)
            if element.kind != was:
                sheet.counts[was] -= 1
                sheet.counts[element.kind] = sheet.counts.get(element.kind, 0) + 1
                element.confidence = 1.0
        for element in [e for e in sheet.elements if e.id in entry.get("remove", [])]:
            sheet.elements.remove(element)
            sheet.counts[element.kind] -= 1
        sheet.counts |= entry.get("counts", {})
        sheet.storey = entry.get("storey", sheet.storey)
        sheet.view = entry.get("view", sheet.view)
        if "height_m" in entry:
            sheet.heights = {"clear": float(entry["height_m"])}
