"""Texts, lines and elements of a sheet as features that networks take: place, size, kind, and words hashed.

A row is WIDTH float32: what it is (one of SORTS), where it lies and how large it is, both as shares of the sheet's
longer side, what lengths are in metres where the scale is known, and for texts a hash of its words and of its letters
by threes. Rows know nothing of each other.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planroom.records import Element, Floats, Text

WIDTH: Final = 192
SORTS: Final = ("text", "line", "arc", "wall", "door", "window", "opening", "room", "stair", "fixture")
SUBTYPES: Final = ("single", "double", "sliding", "folding", "garage", "unclear", "closed", "toilet", "bed")
_WAVES: Final = 8  # of a place, each twice as fine as the one before
_METRES: Final = ("length", "width", "thickness", "height", "area", "perimeter")
_SORT_AT: Final = 0
_PLACE_AT: Final = len(SORTS)
_SIZE_AT: Final = _PLACE_AT + 2 + 4 * _WAVES
_METRES_AT: Final = _SIZE_AT + 8
_SUBTYPE_AT: Final = _METRES_AT + 2 * len(_METRES)
_TEXT_AT: Final = _SUBTYPE_AT + len(SUBTYPES)
_WORDS_AT: Final = _TEXT_AT + 4
_WORDS: Final = WIDTH - _WORDS_AT
_LEAST: Final = 1e-4  # of the sheet's longer side: smaller is a point
Extent = tuple[float, float, float, float]
Rows = NDArray[np.float32]


def text_tokens(texts: Sequence[Text], extent: Extent) -> Rows:
    """(n, WIDTH). texts: in sheet units."""
    made = _rows("text", [text.box for text in texts], extent)
    for row, text in zip(made, texts, strict=True):
        row[_SIZE_AT + 2 : _SIZE_AT + 4] = _turn(math.radians(text.angle))
        row[_TEXT_AT] = _log(text.height / _longer(extent))
        row[_TEXT_AT + 1] = math.log1p(len(text.string)) / 4
        row[_TEXT_AT + 2] = sum(c.isdigit() for c in text.string) / max(1, len(text.string))
        row[_TEXT_AT + 3] = float(text.string.isupper())
        row[_WORDS_AT:] = hashed(text.string)
    return made


def line_tokens(lines: Floats, extent: Extent, *, arcs: bool = False) -> Rows:
    """(n, WIDTH). lines (n, 4): ends of straight pieces, or the boxes of arcs."""
    lines = np.asarray(lines, np.float64).reshape(-1, 4)
    boxes = np.column_stack([np.minimum(lines[:, :2], lines[:, 2:]), np.maximum(lines[:, :2], lines[:, 2:])])
    made = _rows("arc" if arcs else "line", boxes.tolist(), extent)
    vector = lines[:, 2:] - lines[:, :2]
    turn = np.arctan2(vector[:, 1], vector[:, 0])
    made[:, _SIZE_AT + 2] = np.cos(2 * turn)
    made[:, _SIZE_AT + 3] = np.sin(2 * turn)
    made[:, _SIZE_AT + 4] = [_log(one / _longer(extent)) for one in np.hypot(*vector.T)]
    return made


def element_tokens(elements: Sequence[Element], extent: Extent, m_per_unit: float | None) -> Rows:
    """(n, WIDTH). elements: drawn ones, of kinds that are in SORTS."""
    made = np.zeros((len(elements), WIDTH), np.float32)
    for row, one in zip(made, elements, strict=True):
        low, high = one.outline.min(0), one.outline.max(0)
        row[:] = _rows(one.kind, [(*low, *high)], extent)[0]
        row[_SIZE_AT + 5] = one.confidence
        for k, name in enumerate(_METRES):
            if m_per_unit and one.sizes.get(name):
                metres = one.sizes[name] * m_per_unit ** (2 if name == "area" else 1)
                row[_METRES_AT + 2 * k] = 1.0
                row[_METRES_AT + 2 * k + 1] = math.log(max(metres, 0.01))
        if one.traits.get("subtype") in SUBTYPES:
            row[_SUBTYPE_AT + SUBTYPES.index(one.traits["subtype"])] = 1.0
        if one.traits.get("name"):
            row[_WORDS_AT:] = hashed(one.traits["name"])
    return made


def hashed(string: str) -> Rows:
    """(_WORDS,) of length 1: each word, and each three letters of it, adds or takes one at a place of its own."""
    told = np.zeros(_WORDS, np.float32)
    folded = unicodedata.normalize("NFKD", string.casefold())
    for word in re.findall(r"[^\W\d_]+|\d+", "".join(c for c in folded if not unicodedata.combining(c))):
        bare = "#" if word.isdigit() else word
        for part in {bare, *(f"^{bare}$"[k : k + 3] for k in range(len(bare)))}:
            code = zlib.crc32(part.encode())
            told[code % _WORDS] += 1.0 if code >> 16 & 1 else -1.0
    return np.asarray(told / max(float(np.linalg.norm(told)), 1.0), np.float32)


def _rows(sort: str, boxes: Sequence[Sequence[float]], extent: Extent) -> Rows:
    made = np.zeros((len(boxes), WIDTH), np.float32)
    if not len(boxes):
        return made
    longer = _longer(extent)
    low = (np.array(boxes, np.float64)[:, :2] - extent[:2]) / longer
    high = (np.array(boxes, np.float64)[:, 2:] - extent[:2]) / longer
    middle, size = (low + high) / 2, high - low
    made[:, _SORT_AT + SORTS.index(sort)] = 1.0
    made[:, _PLACE_AT : _PLACE_AT + 2] = middle - 0.5
    turns = middle[:, :, None] * np.pi * 2.0 ** np.arange(_WAVES)
    made[:, _PLACE_AT + 2 : _SIZE_AT] = np.concatenate([np.sin(turns), np.cos(turns)], 2).reshape(len(boxes), -1)
    made[:, _SIZE_AT : _SIZE_AT + 2] = np.log(np.maximum(size, _LEAST)) / 4
    made[:, _SIZE_AT + 6 : _SIZE_AT + 8] = size
    return made


def _turn(angle: float) -> tuple[float, float]:
    return math.cos(2 * angle), math.sin(2 * angle)


def _log(share: float) -> float:
    return math.log(max(share, _LEAST)) / 4


def _longer(extent: Extent) -> float:
    return max(extent[2] - extent[0], extent[3] - extent[1], 1e-9)
