"""A customer's own workbook with numbers put where it asks for them: {{02.0010}}, {{total:doors:count}}.

Only the cells that ask are changed, inside the file's own XML; everything else (styles, formulas, charts, macros) stays
byte by byte as it was. Formulas are computed when the workbook is opened.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lxml import etree

from planroom.errors import BadExchange, UnreadableFile
from planroom.store.files import atomic_path

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ASKED: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_COMPOUND: Final = bytes.fromhex("d0cf11e0a1b11ae1")  # how .xls begins, and a workbook that is encrypted
_MOST_BYTES: Final = 256 << 20  # unpacked: a workbook that is more is not one
WITHHELD: Final = "withheld"
Value = float | str
Lookup = Callable[[str], Value]  # raises KeyError


@dataclass(slots=True)
class Filled:
    """What was put where: by "Sheet!B5", the key and the value."""

    cells: dict[str, tuple[str, Value]] = field(default_factory=dict)


def fill_workbook(source: Path, target: Path, lookup: Lookup) -> Filled:
    """Write `source` with its questions answered to `target`, whole or not at all; `source` stays as it is. What is
    withheld becomes #N/A.

    Raises BadExchange, naming the cell, where a key is unknown (KeyError of `lookup`), where a cell that asks is locked
    on a protected sheet, where nothing asks, or where it is no workbook; UnreadableFile.
    """
    filled = Filled()
    try:
        with zipfile.ZipFile(source) as book:
            if sum(entry.file_size for entry in book.infolist()) > _MOST_BYTES:
                raise BadExchange("unpacks to more than a workbook has", place=str(source))
            changed = dict(_changes(book, lookup, filled, source))
            if not filled.cells:
                hint = "write {{02.0010}} into a cell: planroom explain tells which numbers there are"
                raise BadExchange("no cell asks for anything", place=str(source), hint=hint)
            with atomic_path(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as out:
                for entry in book.infolist():
                    out.writestr(entry, changed.get(entry.filename) or book.read(entry))
    except BadExchange:
        raise
    except OSError as error:
        raise UnreadableFile(error.strerror or str(error), place=str(source)) from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, etree.XMLSyntaxError) as error:
        said, hint = f"is no XLSX workbook: {error}", "save it as .xlsx or .xlsm"
        with source.open("rb") as raw:
            if raw.read(len(_COMPOUND)) == _COMPOUND:
                said, hint = "opens with a password, or is an old .xls", "save it as .xlsx, without a password to open"
        raise BadExchange(said, place=str(source), hint=hint) from error
    return filled


def _changes(book: zipfile.ZipFile, lookup: Lookup, filled: Filled, source: Path) -> Iterator[tuple[str, bytes]]:
    """The parts of the workbook that differ from the original."""
    strings = _shared_strings(book)
    unlocked = _unlocked_styles(book)
    for name, part in _sheets(book):
        root = _parse(book.read(part))
        protection = root.find(f"{_MAIN}sheetProtection")
        is_protected = protection is not None and protection.get("sheet") in ("1", "true")
        before = len(filled.cells)
        for cell in root.iter(f"{_MAIN}c"):
            text = _text(cell, strings)
            if not _ASKED.search(text) and "{{" not in text:
                continue
            place = f"{name}!{cell.get('r')}"
            if is_protected and int(cell.get("s", "0")) not in unlocked:
                hint = "take the sheet's protection off, or unlock the cell"
                raise BadExchange("is locked on a protected sheet", place=f"{source} {place}", hint=hint)
            key, value = _answer(text, lookup, f"{source} {place}")
            _put(cell, value)
            filled.cells[place] = key, value
        if len(filled.cells) > before:
            yield part, etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    if filled.cells:
        root = _parse(book.read("xl/workbook.xml"))
        settings = root.find(f"{_MAIN}calcPr")
        if settings is None:
            settings = etree.SubElement(root, f"{_MAIN}calcPr")
            after = [root.find(f"{_MAIN}{tag}") for tag in ("definedNames", "externalReferences", "sheets")]
            next(one for one in after if one is not None).addnext(settings)
        settings.set("fullCalcOnLoad", "1")
        yield "xl/workbook.xml", etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _answer(text: str, lookup: Lookup, place: str) -> tuple[str, Value]:
    """The whole cell's number where it asks for nothing else; its text with the answers in it otherwise."""

    def told(match: re.Match[str]) -> Value:
        try:
            return lookup(match[1])
        except KeyError as error:
            raise BadExchange(
                f"{match[1]!r} is nothing that the run holds", place=place, hint=str(error.args[0])
            ) from error

    if "{{" in _ASKED.sub("", text) or "}}" in _ASKED.sub("", text):
        raise BadExchange(f"{text[:60]!r} opens a question and does not close it", place=place)
    whole = _ASKED.fullmatch(text.strip())
    if whole:
        return whole[1], told(whole)
    return text, _ASKED.sub(lambda match: _plain(told(match)), text)


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _put(cell: etree._Element, value: Value) -> None:
    """Give a cell its value; its style stays."""
    for child in list(cell):
        cell.remove(child)
    cell.attrib.pop("t", "")
    if value == WITHHELD:  # an error, so that no sum goes on without it
        cell.set("t", "e")
        etree.SubElement(cell, f"{_MAIN}v").text = "#N/A"
    elif isinstance(value, str):
        cell.set("t", "inlineStr")
        inner = etree.SubElement(etree.SubElement(cell, f"{_MAIN}is"), f"{_MAIN}t")
        inner.text = value
    else:
        etree.SubElement(cell, f"{_MAIN}v").text = repr(float(value))


def _text(cell: etree._Element, strings: list[str]) -> str:
    """What a cell says; "" for formulas and numbers."""
    if cell.find(f"{_MAIN}f") is not None:
        return ""
    if cell.get("t") == "inlineStr":
        return "".join(map(str, cell.itertext(f"{_MAIN}t")))
    value = cell.findtext(f"{_MAIN}v") if cell.get("t") == "s" else None
    return strings[int(value)] if value and value.isdigit() and int(value) < len(strings) else ""


def _shared_strings(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    root = _parse(book.read("xl/sharedStrings.xml"))
    return ["".join(map(str, item.itertext(f"{_MAIN}t"))) for item in root.iterfind(f"{_MAIN}si")]


def _unlocked_styles(book: zipfile.ZipFile) -> set[int]:
    """Indices of the cell styles that a sheet's protection leaves open."""
    if "xl/styles.xml" not in book.namelist():
        return set()
    formats = _parse(book.read("xl/styles.xml")).find(f"{_MAIN}cellXfs")
    found = set()
    for index, one in enumerate(formats if formats is not None else ()):
        protection = one.find(f"{_MAIN}protection")
        if protection is not None and protection.get("locked") in ("0", "false"):
            found.add(index)
    return found


def _sheets(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Each worksheet's name and its part of the archive."""
    targets: Mapping[str, str] = {
        one.get("Id", ""): one.get("Target", "") for one in _parse(book.read("xl/_rels/workbook.xml.rels"))
    }
    for sheet in _parse(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_RELATION, ""), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if "worksheets/" in part:
            yield sheet.get("name", ""), part


def _parse(data: bytes) -> etree._Element:
    """XML without entities and without a network."""
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
