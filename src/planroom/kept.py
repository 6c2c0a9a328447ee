"""A report that an earlier run wrote, read again: what stands in it, by id, and what a workbook may ask of it."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any, Final

from planroom.errors import UnreadableFile
from planroom.report.fill import WITHHELD

_PARTS: Final = ("", "gross", "net", "low", "high", "unit", "state", "title")
_PARTS_OF_QUANTITY: Final = ("", "low", "high", "unit", "state", "title")
Plain = dict[str, Any]


class KeptReport:
    """The report of a folder, indexed once. Raises UnreadableFile where there is none."""

    def __init__(self, folder: Path):
        path = folder / "report.json" if folder.is_dir() else folder
        try:
            report = json.loads(path.read_text("utf-8"))
            self.sheets: dict[str, Plain] = {sheet["id"]: sheet for sheet in report["sheets"]}
            self.quantities: dict[str, Plain] = {one["id"]: one for one in report["quantities"]}
            self.lines: dict[str, Plain] = {line["id"]: line for line in report["bill"]["lines"]}
        except OSError as error:
            hint = "name the folder of a run"
            raise UnreadableFile(error.strerror or str(error), place=str(path), hint=hint) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableFile(f"is no report: {error}", place=str(path)) from error
        self.page = path.with_name("report.html")
        self.numbers = {line["number"]: line for line in self.lines.values()}
        self.elements = {one["id"]: (sheet, one) for sheet in self.sheets.values() for one in sheet["elements"]}

    def near(self, asked: str) -> str:
        """A hint: ids and numbers that are spelt like what was asked for, else what there is."""
        known = [*self.numbers, *self.lines, *self.quantities, *self.elements]
        near = difflib.get_close_matches(asked, known, 3, 0.4)
        if near:
            return f"perhaps {', '.join(near)}"
        numbers = sorted(self.numbers)
        return f"its bill goes from {numbers[0]} to {numbers[-1]}" if numbers else "report.json has every id"

    def value(self, asked: str) -> float | str:
        """What a workbook asks for: a bill's line or a quantity by its number or id, and after a point one part of it:
        gross, net, low, high, unit, state, title. Where it is withheld, that word. Raises KeyError with what is near.
        """
        key, part = asked, ""
        if asked not in self.numbers and asked not in self.quantities and asked not in self.lines:
            key, _, part = asked.rpartition(".")
        line = self.lines.get(key) or self.numbers.get(key)
        found: Plain | None = line or self.quantities.get(key)
        if found is None or part not in (_PARTS if line else _PARTS_OF_QUANTITY):
            raise KeyError(self.near(asked))
        if part in ("unit", "state", "title"):
            return str(found.get(part) or found.get("item", ""))
        amount = line[part if part in ("gross", "net") else "ruled"] if line else found
        if amount is None or amount["value"] is None:
            return WITHHELD
        low, high = amount["interval"] or (amount["value"], amount["value"])
        return round(float({"low": low, "high": high}.get(part, amount["value"])), 2)

    def name(self, key: str) -> str:
        """What people call an element."""
        if key not in self.elements:
            return key
        one = self.elements[key][1]
        words = [one["kind"], *(one["traits"].get(name, "") for name in ("number", "tag", "name"))]
        return " ".join(dict.fromkeys(word for word in words if word))
