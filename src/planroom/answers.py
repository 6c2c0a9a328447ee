"""What a reader child may ask of this process about the grey picture of a page: what is written and what stands there.

The networks are here once, whatever number of children there is, and leased once. A child puts the picture as raw bytes
into its document's folder and asks; the answer is put beside it. What was answered once is kept under a hash of the
pixels, so a sheet that is analysed again by newer code need not be read again.

Thread-safe. The picture comes from a child that read an untrusted file: its size is checked, and it is never mapped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from planroom.engine.eyes import Eyes
from planroom.engine.ocr import TextReader, engine_version
from planroom.engine.pictures import Grey
from planroom.errors import ModelError, ReaderCrashed
from planroom.store.files import atomic_path
from planroom.store.results import GREY_NAME, SEEN_NAME, TEXT_NAME, ResultStore

_LARGEST_PIXELS: Final = 100_000_000
_HASHED_ROWS: Final = 512
Box = tuple[float, float, float, float]


class GreyFile:
    """A picture of one byte a pixel in a file, read a few rows at a time. Close it."""

    def __init__(self, path: Path, height_px: int, width_px: int):
        self.height_px, self.width_px = height_px, width_px
        self._file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def rows(self, start: int, stop: int) -> Grey:
        """Rows `start` to `stop`. Raises ReaderCrashed where the file has fewer."""
        data = os.pread(self._file, (stop - start) * self.width_px, start * self.width_px)
        if len(data) != (stop - start) * self.width_px:
            raise ReaderCrashed("the reader asked about a picture that is not there")
        return np.frombuffer(data, np.uint8).reshape(stop - start, self.width_px)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Answers:
    """Answers to what children ask. reader, eyes: None where there are no such networks, or no room for them. trouble,
    blind: why not, where they should be there and there is room.
    """

    def __init__(
        self,
        reader: TextReader | None,
        store: ResultStore,
        trouble: ModelError | None = None,
        eyes: Eyes | None = None,
        blind: ModelError | None = None,
    ):
        self._reader = reader
        self._eyes = eyes
        self._store = store
        self.trouble = trouble
        self.blind = blind

    @property
    def sight(self) -> str:
        """What looks at pictures, for whoever keeps what came of it; "" where nothing does."""
        return self._eyes.sight if self._eyes is not None else ""

    @property
    def can_read(self) -> bool:
        """Whether lettering can be read in this run."""
        return self._reader is not None

    @property
    def remark(self) -> str:
        """What is said of a sheet whose lettering cannot be read in this run; "" where it can."""
        if self.can_read:
            return ""
        if self.trouble is not None:
            return f"its lettering is drawn, and what reads it cannot be used: {self.trouble.message}"
        return "its lettering is drawn, and there was no room for what reads it: give --memory 1GiB or more"

    def answer(self, folder: Path, event: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
        """What goes back to the child: {"read": whether TEXT_NAME, or SEEN_NAME, is there}. Raises ReaderCrashed for a
        bad ask.
        """
        height_px, width_px, boxes = _asked(event)
        looks = event.get("about") == "look"
        if (self._eyes if looks else self._reader) is None:
            return {"read": False}
        try:
            picture = GreyFile(folder / GREY_NAME, height_px, width_px)
        except OSError:
            raise ReaderCrashed("the reader asked about a picture that is not there") from None
        name = SEEN_NAME if looks else TEXT_NAME
        try:
            kept = self._store.shelf(self._key(picture, event, boxes)) / name
            if not kept.is_file():
                said = self._look(picture, progress) if looks else self._read(picture, boxes, progress)
                with atomic_path(kept) as part:
                    part.write_bytes(said)
            with atomic_path(folder / name) as part:
                part.write_bytes(kept.read_bytes())
        finally:
            picture.close()
            with suppress(OSError):
                (folder / GREY_NAME).unlink()
        return {"read": True}

    def _look(self, picture: GreyFile, progress: Callable[[float], None]) -> bytes:
        assert self._eyes is not None
        return self._eyes.look(picture, progress).to_bytes()

    def _read(self, picture: GreyFile, boxes: list[Box] | None, progress: Callable[[float], None]) -> bytes:
        assert self._reader is not None
        if boxes is not None:
            lines = [[string, round(score, 3)] for string, score in self._reader.read_lines(picture, boxes, progress)]
            return json.dumps({"lines": lines}).encode()
        reading = self._reader.read(picture, progress)
        lines = [[line.string, np.round(line.quad, 1).tolist(), round(line.score, 3)] for line in reading.lines]
        return json.dumps({"turn_deg": reading.turn_deg, "lines": lines}).encode()

    def _key(self, picture: GreyFile, event: dict[str, Any], boxes: list[Box] | None) -> str:
        how = self.sight if event.get("about") == "look" else f"{engine_version()} {boxes}"
        digest = hashlib.blake2s(f"{how} {picture.height_px} {picture.width_px}".encode(), digest_size=16)
        for start in range(0, picture.height_px, _HASHED_ROWS):
            digest.update(picture.rows(start, min(start + _HASHED_ROWS, picture.height_px)).data)
        return digest.hexdigest()


def _asked(event: dict[str, Any]) -> tuple[int, int, list[Box] | None]:
    """Height and width of the picture, and the boxes that are asked about, None for all of it."""
    try:
        height_px, width_px = int(event["height_px"]), int(event["width_px"])
        if min(height_px, width_px) < 1 or height_px * width_px > _LARGEST_PIXELS:
            raise ValueError
        boxes = event.get("boxes")
        return height_px, width_px, None if boxes is None else [_box(box, height_px, width_px) for box in boxes]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ReaderCrashed("the reader broke its protocol") from None


def _box(box: Any, height_px: int, width_px: int) -> Box:
    x0, y0, x1, y1 = (float(value) for value in box)
    if not (0 <= x0 < x1 <= width_px and 0 <= y0 < y1 <= height_px):
        raise ValueError
    return x0, y0, x1, y1
