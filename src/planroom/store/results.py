"""Finished sheets on disk, keyed by what they were made from, so that the next run goes on where the last one ended.

A key covers the file's content, the code of the stages that made the sheet, and the settings that they read. Each sheet
is a JSON and a PNG, each written whole or not at all; a document whose sheets are all there carries `document.json`.
What a disk has damaged since is not believed: it is dropped and read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import numpy as np

from planroom.errors import OutputError
from planroom.memory.collector import collector_paused
from planroom.records import Dimension, Element, Scale, Sheet
from planroom.store.files import as_output_error, atomic_path

_STAGES = ("ingest", "sheet", "detect")
GREY_NAME: Final = "grey.bin"  # a picture that a child asks about
TEXT_NAME: Final = "text.json"  # what is written on it
SEEN_NAME: Final = "seen.npz"  # what stands on it
_WHOLE = "document.json"
_PNG_END = b"IEND\xaeB`\x82"


class ResultStore:
    """The folder of finished sheets, held to `cap_bytes` by dropping the longest unused documents.

    fresh: each document's folder is emptied when it is first asked for.
    Thread-safe for different keys; a key is worked on by one thread at a time.
    """

    def __init__(self, root: Path, cap_bytes: int, *, fresh: bool = False):
        self.root = root
        self.cap_bytes = cap_bytes
        self._fresh = fresh
        self._used: set[Path] = set()
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refusal(error, root) from error

    def folder(self, sha256: str, settings: dict[str, Any]) -> Path:
        """The folder for a document's sheets; made if missing, and marked as used now."""
        told = json.dumps(settings, sort_keys=True, default=str)
        return self.shelf(hashlib.blake2s(f"{sha256}{_code_version()}{told}".encode(), digest_size=16).hexdigest())

    def shelf(self, key: str) -> Path:
        """The folder for what `key`, a hash of all that it was made from, names; made if missing, marked as used."""
        folder = self.root / key[:2] / key
        try:
            if self._fresh and folder not in self._used:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            folder.touch()
        except OSError as error:
            raise _refusal(error, folder) from error
        self._used.add(folder)
        return folder

    def trim(self) -> None:
        """Drop the longest unused documents until the rest fits the cap; what this run used stays."""
        found: list[tuple[float, int, Path]] = []
        for folder in self.root.glob("??/*"):
            with contextlib.suppress(OSError):  # another run may be tidying too
                size = sum(file.stat().st_size for file in folder.iterdir())
                found.append((folder.stat().st_mtime, size, folder))
        used = 0
        for _, size, folder in sorted(found, reverse=True):
            used += size
            if used > self.cap_bytes and folder not in self._used:
                shutil.rmtree(folder, ignore_errors=True)


def as_cache_error(error: OutputError) -> OutputError:
    """The same, with a hint that fits the cache and not the output folder."""
    error.advice = "free some space there, or name another cache folder with PLANROOM_CACHE"
    return error


def _refusal(error: OSError, place: Path) -> OutputError:
    return as_cache_error(as_output_error(error, place))


@cache
def _code_version() -> str:
    """A hash of the code and data of the stages whose results are kept."""
    digest = hashlib.blake2s()
    for stage in _STAGES:
        for item in _walk(files("planroom").joinpath(stage)):
            digest.update(item.read_bytes())
    for module in ("records.py", "geometry.py", "units.py", "pages.py", "reading.py"):
        digest.update(files("planroom").joinpath(module).read_bytes())
    return digest.hexdigest()


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _walk(item)
        elif item.name.endswith((".py", ".json")):
            yield item


def save_sheet(folder: Path, sheet: Sheet) -> None:
    """Write a sheet beside its picture, whole or not at all."""
    told = asdict(sheet) | {"picture": Path(sheet.picture).name}
    for element in told["elements"]:
        element["outline"] = np.round(element["outline"], 4).tolist()
        element["lines"] = np.round(element["lines"], 3).tolist()
    with atomic_path(folder / f"{sheet.page}.json") as part:
        part.write_text(json.dumps(told, allow_nan=False), "utf-8")


def find_sheet(folder: Path, page: int) -> Sheet | None:
    """As `load_sheet`; None where the sheet or its picture is not there whole, and then nothing of it is."""
    try:
        sheet = load_sheet(folder, page)
        with Path(sheet.picture).open("rb") as picture:
            picture.seek(-len(_PNG_END), os.SEEK_END)
            if picture.read() == _PNG_END:
                return sheet
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # whatever a damaged file makes of itself
    with contextlib.suppress(OSError):
        (folder / f"{page}.json").unlink()
    return None


@collector_paused()
def load_sheet(folder: Path, page: int, sheet_id: str | None = None) -> Sheet:
    """The sheet that was saved for `page`, under another id where one is given: a second copy of one document."""
    told = json.loads((folder / f"{page}.json").read_text("utf-8"))
    told["picture"] = str(folder / told["picture"])
    told["extent"] = tuple(told["extent"])
    told["ranges"] = {kind: (low, high) for kind, (low, high) in told["ranges"].items()}
    told["scale"] = Scale(**told["scale"]) if told["scale"] else None
    told["dimensions"] = [
        Dimension(**one | {"ends": tuple(one["ends"]), "box": tuple(one["box"])}) for one in told["dimensions"]
    ]
    known = {field.name for field in fields(Element)}
    told["elements"] = [
        Element(
            **{name: value for name, value in element.items() if name in known}
            | {
                "outline": np.array(element["outline"], np.float64).reshape(-1, 2),
                "lines": np.array(element["lines"], np.float64).reshape(-1, 4),
            }
        )
        for element in told["elements"]
    ]
    sheet = Sheet(**told)
    if sheet_id is not None and sheet_id != sheet.id:
        sheet.rename(sheet_id)
    return sheet


def saved_pages(folder: Path) -> list[int]:
    """Pages whose sheet was saved."""
    return sorted(int(file.stem) for file in folder.glob("*.json") if file.stem.isdigit())


def mark_whole(folder: Path, facts: dict[str, Any]) -> None:
    """Say that every sheet of the document is there, with its `pages` and what else is worth remembering."""
    with atomic_path(folder / _WHOLE) as part:
        part.write_text(json.dumps(facts), "utf-8")


def whole(folder: Path) -> dict[str, Any] | None:
    """What `mark_whole` wrote; None while the document is unfinished, or where one of its sheets is no longer there."""
    try:
        facts = json.loads((folder / _WHOLE).read_text("utf-8"))
        return facts if set(facts["pages"]) <= set(saved_pages(folder)) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
