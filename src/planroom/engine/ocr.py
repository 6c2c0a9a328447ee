"""Lettering read off a picture: where it stands and what it says, by the two PP-OCR networks that rapidocr ships.

The picture is searched tile by tile; what tiles found is joined before it is read, so that no line is cut. Small
lettering is searched for once more at twice its size, and letters larger than a tile on a reduced copy.

Thread-safe: one picture is read at a time. Source of the networks: PP-OCRv6 small, Apache-2.0 (MODELS.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.engine.ocr_networks import LINE_PX, OcrNetworks
from planroom.engine.pictures import Grey, Picture
from planroom.engine.quads import Quad, join_quads, may_stand, sides, stands
from planroom.memory.manager import WORKING_MEMORY, Lease, MemoryManager

TILE_PX: Final = 1024
OVERLAP_PX: Final = 128
MODEL_BYTES: Final = 190_000_000  # both networks and their libraries, measured; docs/reference/memory.md
WORK_BYTES: Final = 240_000_000  # a tile being searched, or a batch of lines being read, measured
_BATCH_PX: Final = 3200  # of width that is read at once
_SMALL_PX: Final = 19  # boxes round lettering lower than this are searched for again, enlarged
_ENLARGED_PIXELS: Final = 12_000_000
_FEW: Final = 8
_JUDGED: Final = 32  # lines that the page's orientation is told from
_SURE: Final = 0.5
_CLEAR: Final = 0.05  # surer than by this a line reads against the way that most standing lines run
_PAPER_STEP: Final = 40  # grey levels that ink is darker than paper


class Line(NamedTuple):
    """A line of text. quad (4, 2): its corners from where it starts, clockwise, pixels, y down. score: 0 to 1."""

    string: str
    quad: Quad
    score: float


class Reading(NamedTuple):
    """All lines of a picture, and by how many degrees (0, 90, 180, 270, counter-clockwise) it must be turned to be
    upright.
    """

    lines: list[Line]
    turn_deg: int


@cache
def engine_version() -> str:
    """What a kept reading depends on beside its picture."""
    return f"rapidocr {version('rapidocr')}, onnxruntime {version('onnxruntime')}, 3"


class TextReader:
    """Reads pictures with networks that are loaded at the first of them and leased from then on until `close`."""

    def __init__(self, manager: MemoryManager, threads: int = 2, *, pool: str = WORKING_MEMORY):
        self._lease: Lease = manager.lease(MODEL_BYTES + WORK_BYTES, "text recognition", pool=pool)
        self._networks = OcrNetworks(self._lease.size_bytes, WORK_BYTES, threads)
        self._lock = threading.Lock()

    @property
    def leased_bytes(self) -> int:
        """Bytes that are leased for the networks and their work until `close`."""
        return self._lease.size_bytes

    def close(self) -> None:
        """Let go of the networks and give their bytes back: to the kernel, and only then to the ledger."""
        with self._lock:
            self._networks.close()
            self._lease.release()

    def read(self, picture: Picture, progress: Callable[[float], None]) -> Reading:
        """Every line of `picture`. progress: called with the share done; what it raises ends the reading."""
        with self._lock:
            quads = _find(self._networks, picture, progress)
            return _read(self._networks, picture, quads, progress)

    def read_lines(
        self, picture: Picture, boxes: list[tuple[float, float, float, float]], progress: Callable[[float], None]
    ) -> list[tuple[str, float]]:
        """What stands in each of `boxes` (x0, y0, x1, y1 in pixels, y down), level lines, and how sure that is."""
        quads = [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64) for x0, y0, x1, y1 in boxes]
        with self._lock:
            return [(line.string, line.score) for line in _recognise(self._networks, picture, quads, progress)]


# ---- where lettering stands ----------------------------------------------------------------------------------------


def _find(networks: OcrNetworks, picture: Picture, progress: Callable[[float], None]) -> list[Quad]:
    found: list[Quad] = []
    tiles = list(_tiles(picture, TILE_PX, OVERLAP_PX))
    for k, (x, y, tile) in enumerate(_cut(picture, tiles)):
        progress(0.6 * k / len(tiles))
        found += [np.add(q, (x, y)) for q in _detect(networks, tile)]
    low = [min(sides(q)) for q in found]
    if low and np.percentile(low, 25) < _SMALL_PX and picture.height_px * picture.width_px < _ENLARGED_PIXELS:
        found = [q for q in found if min(sides(q)) >= 2 * _SMALL_PX]
        tiles = list(_tiles(picture, TILE_PX // 2, OVERLAP_PX // 2))
        for k, (x, y, tile) in enumerate(_cut(picture, tiles)):
            progress(0.6 * k / len(tiles))
            twice = cv2.resize(tile, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            found += [np.add(q / 2, (x, y)) for q in _detect(networks, np.asarray(twice, np.uint8))]
    return join_quads(found) if len(tiles) == 1 else join_quads(found + _large(networks, picture, found))


def _large(networks: OcrNetworks, picture: Picture, small: list[Quad]) -> list[Quad]:
    """Lines too large for what tiles have in common, found on a reduced copy; not lines of `small` taken together."""
    factor = min(1.0, TILE_PX / max(picture.height_px, picture.width_px))
    large = [q / factor for q in _detect(networks, _reduced(picture, factor))]
    return [q for q in large if min(sides(q)) > OVERLAP_PX and sum(_lies_in(one, q) for one in small) < 2]


def _lies_in(one: Quad, other: Quad) -> bool:
    middle = one.mean(0)
    inside = (middle > other.min(0)).all() and (middle < other.max(0)).all()
    return bool(inside and min(sides(one)) < 0.8 * min(sides(other)))


def _tiles(picture: Picture, size: int, overlap: int) -> Iterator[tuple[int, int, int, int]]:
    """Boxes xyxy that cover the picture, row by row."""
    for y in _starts(picture.height_px, size, overlap):
        for x in _starts(picture.width_px, size, overlap):
            yield x, y, min(x + size, picture.width_px), min(y + size, picture.height_px)


def _starts(length: int, size: int, overlap: int) -> list[int]:
    pieces = max(1, -(-(length - overlap) // (size - overlap)))
    return [round(k * (length - size) / (pieces - 1)) if pieces > 1 else 0 for k in range(pieces)]


def _cut(picture: Picture, tiles: list[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, Grey]]:
    """Tiles that show any ink."""
    at: tuple[int, int] | None = None
    strip: Grey = np.zeros((0, 0), np.uint8)
    for x0, y0, x1, y1 in tiles:
        if at != (y0, y1):
            strip, at = picture.rows(y0, y1), (y0, y1)
        tile = strip[:, x0:x1]
        if int(np.percentile(tile, 60)) - int(tile.min()) > _PAPER_STEP:
            yield x0, y0, tile


def _reduced(picture: Picture, factor: float) -> Grey:
    """The picture at `factor` of its size, made from a few rows at a time."""
    width = max(1, round(picture.width_px * factor))
    step = max(1, round(256 / factor))
    strips = []
    for y in range(0, picture.height_px, step):
        rows = picture.rows(y, min(y + step, picture.height_px))
        strips.append(cv2.resize(rows, (width, max(1, round(len(rows) * factor))), interpolation=cv2.INTER_AREA))
    return np.asarray(np.concatenate(strips), np.uint8)


def _detect(networks: OcrNetworks, grey: Grey) -> list[Quad]:
    found = networks.find(np.repeat(grey[:, :, None], 3, axis=2))
    return [] if found.boxes is None else [np.asarray(q, np.float64) for q in found.boxes]


# ---- what it says --------------------------------------------------------------------------------------------------


def _read(networks: OcrNetworks, picture: Picture, quads: list[Quad], progress: Callable[[float], None]) -> Reading:
    def lines(group: list[Quad], turns: int, done: float) -> list[Line]:
        """The group read from the corner that is `turns` quarter turns clockwise from the top left on."""
        return _recognise(networks, picture, [np.roll(q, turns, axis=0) for q in group], lambda _: progress(done))

    level = [q for q in quads if not may_stand(q)]
    upside_down = _is_upside_down(networks, picture, level)
    level_turns = 2 if upside_down else 0
    found = lines(level, level_turns, 0.8)
    doubtful = [q for q in quads if may_stand(q) and not stands(q)]
    standing = [q for q in quads if stands(q)]
    rising, falling = lines(standing, 1, 0.85), lines(standing, -1, 0.9)
    falls = sum(line.score for line in falling) > sum(line.score for line in rising)
    usual, other = (falling, rising) if falls else (rising, falling)
    square = zip(lines(doubtful, level_turns, 0.95), lines(doubtful, -1 if falls else 1, 0.97), strict=True)
    upright = [o if o.score > u.score + _CLEAR else u for u, o in zip(usual, other, strict=True)]
    turn_deg = _turn_deg(upside_down, found, rising, falling)
    found += upright + [max(ways, key=_weight) for ways in square]
    return Reading([line for line in found if line.string.strip() and line.score > _SURE], turn_deg)


def _weight(line: Line) -> float:
    """How much a reading of a box as high as wide is worth: a word turned aside also reads as one letter or sign."""
    letters = sum(c.isalnum() and c.isascii() for c in line.string)
    return line.score * (1.0 + 0.15 * min(letters - 1, 2)) if letters else 0.5 * line.score


def _turn_deg(upside_down: bool, level: list[Line], rising: list[Line], falling: list[Line]) -> int:
    said = sum(len(line.string) for line in level if line.score > _SURE)
    up = sum(len(r.string) for r, f in zip(rising, falling, strict=True) if r.score >= f.score > 0)
    down = sum(len(f.string) for r, f in zip(rising, falling, strict=True) if f.score > r.score)
    if max(up, down) > 3 * said and len(rising) >= _FEW:
        return 270 if up >= down else 90
    return 180 if upside_down else 0


def _is_upside_down(networks: OcrNetworks, picture: Picture, quads: list[Quad]) -> bool:
    """Whether lines read better turned by half a turn: surer, over many of them, for digits and some words do not."""
    largest = sorted(quads, key=lambda q: -sides(q)[0] * sides(q)[1])[:_JUDGED]
    if len(largest) < 3:
        return False
    as_is = _recognise(networks, picture, largest, lambda _: None)
    turned = _recognise(networks, picture, [np.roll(q, 2, axis=0) for q in largest], lambda _: None)
    return sum(t.score - o.score for t, o in zip(turned, as_is, strict=True)) > 0.05 * len(largest)


def _recognise(
    networks: OcrNetworks, picture: Picture, quads: list[Quad], progress: Callable[[float], None]
) -> list[Line]:
    """The lines in `quads`, each read from its first corner on, in the same order."""
    wide = np.array([min(sides(q)[0] / max(sides(q)[1], 1) * LINE_PX, _BATCH_PX) for q in quads])
    lines: dict[int, Line] = {}
    batch: list[int] = []
    for k in np.argsort(wide).tolist():
        if batch and (len(batch) + 1) * wide[k] > _BATCH_PX:
            lines |= _recognise_batch(networks, picture, quads, batch)
            progress(len(lines) / len(quads))
            batch = []
        batch.append(k)
    if batch:
        lines |= _recognise_batch(networks, picture, quads, batch)
    return [lines[k] for k in range(len(quads))]


def _recognise_batch(networks: OcrNetworks, picture: Picture, quads: list[Quad], batch: list[int]) -> dict[int, Line]:
    found = networks.read([_crop(picture, quads[k]) for k in batch])
    read = zip(batch, found.txts, found.scores, strict=True)
    return {k: Line(str(string), quads[k], float(score)) for k, string, score in read}


def _crop(picture: Picture, quad: Quad) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) inside `quad`, turned so that its text is level."""
    along, across = sides(quad)
    factor = min(1.0, _BATCH_PX / LINE_PX * across / max(along, 1.0))
    width, height = max(4, round(along * factor)), max(4, round(across))
    top, bottom = int(max(0, np.floor(quad[:, 1].min()) - 1)), int(min(picture.height_px, quad[:, 1].max() + 2))
    strip = picture.rows(top, bottom)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    to_crop = cv2.getPerspectiveTransform((quad - (0, top)).astype(np.float32), corners)
    flat = cv2.warpPerspective(strip, to_crop, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.repeat(np.asarray(flat, np.uint8)[:, :, None], 3, axis=2)
