"""Which sheets of a set show the same storey, and which one of them is counted.

A storey is drawn on many sheets: general plan, enlarged plan, ceiling plan, demolition plan, last month's revision.
Only one may count. Two plans show one storey where their rooms say so, or where one file gives both the storey's name
and the one is a special view of it.
"""

from __future__ import annotations

import re
from typing import Any

from planroom.records import Sheet

# views by how well they stand for a storey; what is not here is never counted (a foundation is no storey)
_RANK = {"general": 0, "furniture": 1, "electrical": 2, "demolition": 3, "ceiling": 4, "enlarged": 5, "": 6}
_SIMILAR = 0.5
_SAME_AREA = 0.015


def group_sheets(sheets: list[Sheet]) -> list[dict[str, Any]]:
    """Groups of sheets that show one storey, in order, each naming the sheet that counts and why.

    {"storey", "sheets": [ids], "counts": id or None, "note", "doubt": whether sheets of one revision disagree}. Sheets
    that show no storey (elevations, schedules) are in no group.
    """
    plans = [s for s in sheets if s.kind in ("plan", "unknown", "site") and (s.elements or s.kind == "plan")]
    groups: list[list[Sheet]] = []
    for sheet in plans:
        home = next((g for g in groups if any(_same_storey(sheet, other) for other in g)), None)
        if home is None:
            groups.append([sheet])
        else:
            home.append(sheet)
    return [_describe(group) for group in groups]


def _same_storey(one: Sheet, other: Sheet) -> bool:
    if one.file == other.file and one.file.lower().endswith(".ifc"):
        return False  # a model draws every storey once
    if one.id.partition("~")[0] == other.id.partition("~")[0]:
        return True  # two copies of one file
    if one.storey and other.storey and one.storey != other.storey:
        return False
    shared = _shared_sources(one, other)
    if shared is not None:
        return shared >= _SIMILAR
    likeness = _likeness(one, other)
    if likeness is not None and likeness >= _SIMILAR:
        return True
    named = bool(one.storey) and one.storey == other.storey and one.file == other.file
    special = {one.view, other.view} != {"general"}
    return named and (special or likeness is None or one.number == other.number)


def _shared_sources(one: Sheet, other: Sheet) -> float | None:
    """Share of the smaller sheet's model elements (by global id) that the other has too; None where either has none."""
    ids = [{s for e in sheet.elements for s in e.sources if s.startswith("ifc:")} for sheet in (one, other)]
    if not ids[0] or not ids[1]:
        return None
    return len(ids[0] & ids[1]) / min(len(ids[0]), len(ids[1]))


def _likeness(one: Sheet, other: Sheet) -> float | None:
    """Share of the smaller sheet's rooms that the other has too, by area; None where there is too little to tell."""
    areas = []
    for sheet in (one, other):
        m = sheet.scale.m_per_unit if sheet.scale else None
        rooms = [e.sizes["area"] for e in sheet.elements if e.kind == "room" and "area" in e.sizes]
        if m is None or len(rooms) < 3:
            return None
        areas.append(sorted(a * m * m for a in rooms))
    few, many = sorted(areas, key=len)
    left = list(many)
    matched = 0
    for area in few:
        near = min(left, key=lambda a: abs(a - area), default=None)
        if near is not None and abs(near - area) < _SAME_AREA * area:
            left.remove(near)
            matched += 1
    return matched / len(few)


def _describe(group: list[Sheet]) -> dict[str, Any]:
    ranked = sorted(group, key=_precedence)
    best = ranked[0] if ranked[0].view in _RANK and ranked[0].kind != "site" else None
    rest = [_name(s) for s in ranked[1:]]
    if best is None:
        note = f"a {ranked[0].view or ranked[0].kind} plan shows no storey of its own: not in the totals"
    elif rest:
        note = f"counted once, on {_name(best)}; the same storey is on {', '.join(rest)}"
    else:
        note = f"counted on {_name(best)}"
    conflict = _conflict(best, ranked[1:]) if best else ""
    return {
        "storey": next((s.storey for s in ranked if s.storey), ""),
        "sheets": [s.id for s in group],
        "counts": best.id if best else None,
        "note": note + conflict,
        "doubt": bool(conflict),
    }


def _conflict(best: Sheet, rest: list[Sheet]) -> str:
    """What another general plan of the same revision counts differently; "" where none does."""
    for other in rest:
        if other.view == best.view == "general" and revision_order(other.revision) == revision_order(best.revision):
            for kind in ("door", "window", "room"):
                one, two = best.counts.get(kind, 0), other.counts.get(kind, 0)
                if one != two:
                    return f"; {_name(other)} of the same revision shows {two} {kind}s instead of {one}"
    return ""


def _precedence(sheet: Sheet) -> tuple[int, int, tuple[int, int], int, str, int]:
    """Smaller stands better for its storey; among equals the later file, so that one issue gives every storey."""
    scaled = int(sheet.scale is None or sheet.scale.m_per_unit is None)
    found = sum(e.kind in ("door", "window", "room") for e in sheet.elements)
    kind, number = revision_order(sheet.revision)
    later = "".join(chr(0x10FFFF - ord(c)) for c in sheet.file)
    return (_RANK.get(sheet.view, 9), 0 if found else 1, (-kind, -number), scaled, later, -found)


def revision_order(revision: str | None) -> tuple[int, int]:
    """Where a revision stands: none, then P01 P02, then A B … Z, then 1 2 3, then C01 C02 (for construction)."""
    text = re.sub(r"^rev\.? ?", "", (revision or "").strip(), flags=re.IGNORECASE).upper()
    match = re.fullmatch(r"([A-Z]*)(\d*)([A-Z]?)", text)
    if not text or not match:
        return 0, 0
    letters, digits, suffix = match.groups()
    number = int(digits or 0) * 27 + (ord(suffix) - 64 if suffix else 0)
    if not digits:
        return 2, ord(letters[0]) - 64
    return ({"": 3, "C": 4}.get(letters, 1), number)


def _name(sheet: Sheet) -> str:
    return sheet.number or sheet.title or sheet.name
