"""What a person knows better, by the content's own name, so that no other file with the same name is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from planroom.errors import BadCorrections, UsageError
from planroom.records import Element, Sheet
from planroom.units import parse_scale

_ENTRIES = {"scale", "counts", "remove", "kinds", "storey", "view", "height_m", "status"}
_KINDS = {"door", "window", "opening", "room", "wall"}
_STATUSES = {"new", "existing", "demolished"}
_USES = {"bedroom": ("bedroom",), "toilet": ("toilet", "bathroom")}  # counts of rooms, and the uses that they count


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
        checked[sheet] = entry | ({"scale": _scale(entry["scale"], where)} if "scale" in entry else {})
    return checked


def _scale(told: Any, where: str) -> float:
    try:
        return parse_scale(str(told))
    except UsageError as error:
        raise BadCorrections(f"scale: {error.message}", place=where, hint=error.advice) from error


def _check(entry: dict[str, Any], where: str) -> None:
    counts, kinds, statuses = (entry.get(name, {}) for name in ("counts", "kinds", "status"))
    countable = _KINDS | set(_USES)
    if not isinstance(counts, dict) or not all(type(v) is int and v >= 0 for v in counts.values()):
        raise BadCorrections("counts must be whole numbers by kind", place=where)
    if set(counts) - countable:
        raise BadCorrections(f"counts has {sorted(set(counts) - countable)}, not of {sorted(countable)}", place=where)
    if not isinstance(kinds, dict) or set(map(str, kinds.values())) - _KINDS:
        raise BadCorrections(f"kinds must be by element id, of {sorted(_KINDS)}", place=where)
    if not isinstance(statuses, dict) or set(map(str, statuses.values())) - _STATUSES:
        raise BadCorrections(f"status must be by element id, of {sorted(_STATUSES)}", place=where)
    remove = entry.get("remove", [])
    if not isinstance(remove, list) or not all(isinstance(name, str) for name in remove):
        raise BadCorrections("remove must be a list of element ids", place=where)
    for name in ("storey", "view"):
        if not isinstance(entry.get(name, ""), str):
            raise BadCorrections(f"{name} must be a word in quotes", place=where)
    height = entry.get("height_m", 1)
    if type(height) not in (int, float) or not 0 < height < 100:
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
            kind = entry.get("kinds", {}).get(element.id, element.kind)
            element.status = entry.get("status", {}).get(element.id, element.status)
            if kind != element.kind:
                _add(sheet, element, -1)
                element.kind, element.confidence = kind, 1.0
                _add(sheet, element, 1)
        gone = set(entry.get("remove", []))
        for element in sheet.elements:
            if element.id in gone:
                _add(sheet, element, -1)
        sheet.elements = [e for e in sheet.elements if e.id not in gone]
        given = entry.get("counts", {})
        sheet.counts |= given
        sheet.given = sorted(given)
        sheet.ranges = {kind: likely for kind, likely in sheet.ranges.items() if kind not in given}
        sheet.storey = entry.get("storey", sheet.storey)
        sheet.view = entry.get("view", sheet.view)
        if "height_m" in entry:
            sheet.heights = {"clear": float(entry["height_m"])}


def _add(sheet: Sheet, element: Element, many: int) -> None:
    """Count an element in (1) or out (-1) of all counts of the sheet that hold it."""
    told = {element.traits.get("use", ""), *element.traits.get("also", "").split(", ")}
    used = told if element.kind == "room" else set()
    for name in (element.kind, *(name for name, uses in _USES.items() if used.intersection(uses))):
        sheet.recount(name, many)
