"""Prints the rooms of a report as tab-separated lines: sheet, room, area, unit, state, printed area.

    python examples/print_rooms.py planroom-out/report.json

Needs nothing but Python: report.json is a format for other programs to build on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path


def rooms(path: Path) -> Iterator[tuple[str, ...]]:
    """A line for each room whose area counts, in the report's order."""
    report = json.loads(path.read_text("utf-8"))
    names = {sheet["id"]: sheet["number"] or sheet["name"] for sheet in report["sheets"]}
    for quantity in report["quantities"]:
        if quantity["measure"] == "area" and quantity["counted"] and not quantity["total"]:
            value, stated = ("" if v is None else f"{v:.2f}" for v in (quantity["value"], quantity["stated"]))
            yield names[quantity["sheet"]], quantity["item"], value, quantity["unit"], quantity["state"], stated


if __name__ == "__main__":
    for line in rooms(Path(sys.argv[1])):
        print("\t".join(line))
