"""The way from a number of a report down to the lines that it came from: printed, and drawn on the sheets.

Works on a folder that `analyze` wrote (`report.json`, and `report.html` for the pictures), and on nothing else.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.markup import escape
from rich.tree import Tree

from planroom.errors import UsageError
from planroom.kept import KeptReport
from planroom.report.takeoff import channels_text, confidence_text, number_text, unit_name
from planroom.store.files import atomic_path

_SOURCE, _UNSURE = (200, 110, 20), (20, 150, 235)  # blue, amber
_GAPS: Final = {True: (30, 60, 220), False: (90, 150, 60), None: _UNSURE}  # red, green
_STRENGTH: Final = 0.35  # of a filled outline over the sheet
_SYSTEMS: Final = {"din276": "DIN 276", "uniformat": "UniFormat", "masterformat": "MasterFormat"}
_METRIC: Final = ("m", "m2", "m3")
_MOST_ROWS: Final = 40  # of one level of the tree
_SECTION: Final = re.compile(r'<section class="sheet" id="s-([^"]+)"')
_PICTURE: Final = re.compile(r'href="data:image/webp;base64,([A-Za-z0-9+/=]+)"')


@dataclass(slots=True)
class Way:
    """From a number down. tree: to print; sources: ids of elements it rests on; gaps: openings by id, and whether each
    is deducted; products: what is multiplied to what an element gives, in words.
    """

    tree: Tree
    sources: list[str] = field(default_factory=list)
    gaps: dict[str, bool | None] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)


class Explainer:
    """Walks down a report."""

    def __init__(self, kept: KeptReport):
        self.kept = kept

    def explain(self, wanted: str) -> Way:
        """The way down from a bill's line (its id or number), a quantity or an element. Raises UsageError."""
        line = self.kept.lines.get(wanted) or self.kept.numbers.get(wanted)
        if line is not None:
            return self._line(line)
        if wanted in self.kept.quantities:
            way = Way(Tree(""))
            way.tree = self._quantity(self.kept.quantities[wanted], way)
            return way
        if wanted in self.kept.elements:
            return Way(self._element(wanted), [wanted])
        raise UsageError(f"{wanted!r} is nothing that this report holds", hint=self.kept.near(wanted))

    def _line(self, line: dict[str, Any]) -> Way:
        unit = line["unit"]
        way = Way(Tree(escape(f"{line['number']} {line['title']}: {_amount(line['ruled'], unit)} ({line['state']})")))
        if line["reason"]:
            way.tree.add(escape(line["reason"]))
        if line["gross"] and line["gross"] != line["net"]:
            way.tree.add(escape(f"gross {_amount(line['gross'], unit)}, net {_amount(line['net'], unit)}"))
        codes = ", ".join(f"{_SYSTEMS.get(system, system)} {code}" for system, code in line["codes"].items() if code)
        way.tree.add(escape("; ".join(filter(None, (f"measured by {line['rule']}" if line["rule"] else "", codes)))))
        gaps = [(one, one["deducted"]) for one in line["deductions"]]
        for told, words in ((True, "deducted"), (False, "measured over"), (None, "not sure")):
            own = [one for one, deducted in gaps if deducted is told]
            if own:
                size = sum(one["size"]["value"] for one in own)
                branch = way.tree.add(f"{_many(len(own), 'opening')} {words}: {size:,.2f} {unit_name(unit)}")
                for one in own[:_MOST_ROWS]:
                    product = _product(one.get("factors_m", []), one["size"]["value"], unit)
                    branch.add(escape(f"{self.kept.name(one['element'])}: {product}"))
                _tell_rest(branch, len(own))
        for source, factors in zip(line["sources"], line.get("factors_m", []), strict=False):
            if len(factors) > 1 and unit in _METRIC:
                way.products[source] = _product(factors, math.prod(factors), unit)
        self._add_elements(way.tree, line["sources"], way)
        way.gaps = {one["element"]: deducted for one, deducted in gaps}
        return way

    def _quantity(self, quantity: dict[str, Any], way: Way) -> Tree:
        shown = {"value": quantity["value"], "interval": quantity["interval"]}
        number = _amount(shown if quantity["value"] is not None else None, quantity["unit"])
        tree = Tree(escape(f"{quantity['item']}, {quantity['measure']}: {number} ({quantity['state']})"))
        for words in filter(None, (quantity["reason"], quantity["note"])):
            tree.add(escape(words))
        if quantity.get("confidence") is not None:
            said = channels_text(quantity["channels"], quantity["measure"], quantity["unit"])
            tree.add(escape(f"{confidence_text(quantity['confidence'], quantity['measure'])}: {said}"))
        details = [self.kept.quantities[one] for one in quantity["sources"] if one in self.kept.quantities]
        for one in details[:_MOST_ROWS]:
            tree.add(self._quantity(one, way))
        _tell_rest(tree, len(details))
        self._add_elements(tree, [one for one in quantity["sources"] if one in self.kept.elements], way)
        return tree

    def _add_elements(self, tree: Tree, ids: list[str], way: Way) -> None:
        way.sources += ids
        for sheet in self.kept.sheets.values():
            own = [one for one in ids if one in self.kept.elements and self.kept.elements[one][0] is sheet]
            if not own:
                continue
            name = " ".join(filter(None, (sheet["number"], sheet["title"]))) or sheet["name"]
            branch = tree.add(
                escape(f"{name} ({sheet['file']}, page {sheet['page'] + 1}): {_many(len(own), 'element')}")
            )
            if sheet["scale"]:
                branch.add(escape(f"scale {sheet['scale']['state']}: {sheet['scale']['evidence']}"))
            for one in own[:_MOST_ROWS]:
                branch.add(self._element(one, way.products.get(one, "")))
            _tell_rest(branch, len(own))

    def _element(self, key: str, product: str = "") -> Tree:
        sheet, one = self.kept.elements[key]
        m_per_px = (sheet["scale"] or {}).get("m_per_px")
        box = one["box_px"]
        place = f"at {', '.join(f'{v:.0f}' for v in box)} px" if box else "not drawn"
        wide = (
            f", {(box[2] - box[0]) * m_per_px:.2f} × {(box[3] - box[1]) * m_per_px:.2f} m" if box and m_per_px else ""
        )
        lines = len(one["lines_px"])
        told = [f"{self.kept.name(key)} {place}{wide}", product, _many(lines, "line") if lines else ""]
        return Tree(escape(f"{'; '.join(filter(None, told))} [{key}]"))

    def draw(self, way: Way, path: Path) -> list[Path]:
        """One PNG for every sheet that the way ends on, beside `path` where there are several; returns their paths.

        What the number rests on is blue, what is deducted of it red, what is measured over green, what may be either
        amber. Raises UsageError for another kind of picture.
        """
        if path.suffix.lower() != ".png":
            raise UsageError(f"--picture {path}: pictures are written as .png")
        colours = dict.fromkeys(way.sources, _SOURCE) | {key: _GAPS[deducted] for key, deducted in way.gaps.items()}
        concerned = [s for s in self.kept.sheets.values() if any(one["id"] in colours for one in s["elements"])]
        pictures = dict(_pictures(self.kept.page))
        written = []
        for k, sheet in enumerate(concerned):
            drawn = _drawn(sheet, pictures.get(sheet["id"]), colours)
            target = path if k == 0 else path.with_stem(f"{path.stem}-{k + 1}")
            done, encoded = cv2.imencode(".png", drawn)
            assert done
            with atomic_path(target) as part:
                part.write_bytes(encoded.tobytes())
            written.append(target)
        return written


def _drawn(
    sheet: dict[str, Any], picture: NDArray[np.uint8] | None, colours: dict[str, tuple[int, int, int]]
) -> NDArray[np.uint8]:
    """The sheet with its elements in their colours; on white paper where there is no picture."""
    if picture is None:
        picture = np.full((sheet["height_px"], sheet["width_px"], 3), 255, np.uint8)
    shrink = picture.shape[1] / sheet["width_px"]
    filled = picture.copy()
    thick = max(2, round(picture.shape[1] / 700))
    shown = [(one, colours[one["id"]]) for one in sheet["elements"] if one["id"] in colours]
    for one, colour in shown:
        if one["outline_px"]:
            cv2.fillPoly(filled, [np.rint(np.array(one["outline_px"]) * shrink).astype(np.int32)], colour)
    mixed = cv2.addWeighted(filled, _STRENGTH, picture, 1 - _STRENGTH, 0)
    for one, colour in shown:
        if one["outline_px"]:
            ring = np.rint(np.array(one["outline_px"]) * shrink).astype(np.int32)
            cv2.polylines(mixed, [ring], isClosed=True, color=colour, thickness=thick, lineType=cv2.LINE_AA)
    return np.asarray(mixed, np.uint8)


def _pictures(page: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The sheets' pictures by id, out of the page that was written beside the report."""
    if not page.is_file():
        return
    _, *sections = _SECTION.split(page.read_text("utf-8", errors="replace"))  # id, section, id, section, ...
    for sheet_id, section in zip(sections[::2], sections[1::2], strict=True):
        match = _PICTURE.search(section)
        pixels = cv2.imdecode(np.frombuffer(base64.b64decode(match[1]), np.uint8), cv2.IMREAD_COLOR) if match else None
        if pixels is not None:
            yield sheet_id, np.asarray(pixels, np.uint8)


def _amount(amount: dict[str, Any] | None, unit: str) -> str:
    if amount is None:
        return "withheld"
    value = f"{number_text(amount['value'], unit)} {unit_name(unit)}"
    low, high = amount["interval"] or (amount["value"], amount["value"])
    return value if low == high else f"{value} [{number_text(low, unit)} to {number_text(high, unit)}]"


def _product(factors: list[float], value: float, unit: str) -> str:
    """ "4.400 × 2.500 = 11.00 m²"; the value alone in units that the factors are not in."""
    told = f"{number_text(value, unit)} {unit_name(unit)}"
    if len(factors) < 2 or unit not in _METRIC:
        return told
    return f"{' × '.join(f'{factor:,.3f}' for factor in factors)} = {told}"


def _many(many: int, what: str) -> str:
    return f"{many} {what}{'s' * (many != 1)}"


def _tell_rest(tree: Tree, many: int) -> None:
    if many > _MOST_ROWS:
        tree.add(f"and {many - _MOST_ROWS} more")
