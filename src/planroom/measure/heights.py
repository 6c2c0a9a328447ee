"""How high the storeys are clear: what the sheet says, a section, or the customer."""

from __future__ import annotations

from collections import defaultdict

from planroom.records import Sheet


def heights_of(sheets: list[Sheet], height_m: float | None) -> dict[str, tuple[float, str]]:
    """Clear height by sheet id, with where it comes from: the sheet itself, a section's storey, or what was asked.

    A section speaks for the plans of its own file; for others only where every section of the set says the same.
    """
    told: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
    for sheet in sheets:
        for name, value in sheet.heights.items() if sheet.kind == "section" else ():
            if name.startswith("clear "):
                told[name.removeprefix("clear ")][sheet.file] = (value, f"section {sheet.number or sheet.name}")
    found: dict[str, tuple[float, str]] = {}
    for sheet in sheets:
        by_file = told.get(sheet.storey, {})
        agreed = len({value for value, _ in by_file.values()}) == 1
        if "clear" in sheet.heights:
            found[sheet.id] = (sheet.heights["clear"], "the sheet")
        elif sheet.file in by_file:
            found[sheet.id] = by_file[sheet.file]
        elif agreed:
            found[sheet.id] = next(iter(by_file.values()))
        elif height_m is not None:
            found[sheet.id] = (height_m, "--height")
    return found
