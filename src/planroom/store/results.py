"""Finished sheets on disk, keyed by what they were made from, so that the next run goes on where the last one ended.

A key covers the file's content, the code of the stages that made the sheet, and the settings that they read. Each sheet
is a JSON and a PNG, each written whole or not at all; a document whose sheets are all there carries `document.json`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from planroom.errors import OutputNotWritable
from planroom.records import Element, Scale, Sheet
from planroom.store.files import atomic_path

_STAGES = ("ingest", "sheet", "detect")
_WHOLE = "document.json"


class ResultStore:
    """The folder of finished sheets, held to `cap_bytes` by dropping the longest unused documents.

    Thread-safe for different keys; a key is worked on by one thread at a time.
    """

    def __init__(self, root: Path, cap_bytes: int):
        self.root = root
        self.cap_bytes = cap_bytes
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputNotWritable(
                error.strerror or str(error), place=str(root), hint="name another cache folder with PLANROOM_CACHE"
            ) from error

    def folder(self, sha256: str, settings: dict[str, Any]) -> Path:
        """The folder for a document's sheets; made if missing, and marked as used now."""
        told = json.dumps(settings, sort_keys=True, default=str)
        key = hashlib.blake2s(f"{sha256}{_code_version()}{told}".encode(), digest_size=16).hexdigest()
        folder = self.root / key[:2] / key
        folder.mkdir(parents=True, exist_ok=True)
        folder.touch()
        return folder

    def trim(self) -> None:
        """Drop the longest unused documents until the rest fits the cap."""
        folders = sorted(self.root.glob("??/*"), key=lambda f: f.stat().st_mtime, reverse=True)
        used = 0
        for folder in folders:
            with contextlib.suppress(OSError):  # another run may be tidying too
                used += sum(file.stat().st_size for file in folder.iterdir())
                if used > self.cap_bytes:
                    shutil.rmtree(folder)


@cache
def _code_version() -> str:
    """A hash of the code and data of the stages whose results are kept."""
    digest = hashlib.blake2s()
    for stage in _STAGES:
        for item in sorted(_walk(files("planroom").joinpath(stage)), key=lambda item: item.name):
            digest.update(item.read_bytes())
    for module in ("records.py", "geometry.py", "units.py", "pipeline.py"):
        digest.update(files("planroom").joinpath(module).read_bytes())
    return digest.hexdigest()


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for item in folder.iterdir():
        if item.name.endswith((".py", ".json")):
            yield item


def save_sheet(folder: Path, sheet: Sheet) -> None:
    """Write a sheet beside its picture, whole or not at all."""
    told = asdict(sheet) | {"picture": Path(sheet.picture).name}
    for element in told["elements"]:
        element["outline"] = np.round(element["outline"], 4).tolist()
        element["lines"] = np.round(element["lines"], 3).tolist()
    with atomic_path(folder / f"{sheet.page}.json") as part:
        part.write_text(json.dumps(told, allow_nan=False), "utf-8")


def load_sheet(folder: Path, page: int) -> Sheet:
    """The sheet that was saved for `page`."""
    told = json.loads((folder / f"{page}.json").read_text("utf-8"))
    told["picture"] = str(folder / told["picture"])
    told["extent"] = tuple(told["extent"])
    told["scale"] = Scale(**told["scale"]) if told["scale"] else None
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
    return Sheet(**told)


def saved_pages(folder: Path) -> list[int]:
    """Pages whose sheet is there, whole."""
    return sorted(int(file.stem) for file in folder.glob("*.json") if file.stem.isdigit())


def mark_whole(folder: Path, facts: dict[str, Any]) -> None:
    """Say that every sheet of the document is there, with what is worth remembering of its reading."""
    with atomic_path(folder / _WHOLE) as part:
        part.write_text(json.dumps(facts), "utf-8")


def whole(folder: Path) -> dict[str, Any] | None:
    """What `mark_whole` wrote; None while the document is unfinished."""
    file = folder / _WHOLE
    if not file.exists():
        return None
    facts: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return facts
