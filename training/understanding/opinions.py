"""What each channel says of a count or of a room's area, as numbers: what trust in it is told from.

An item is one count of a sheet, or one room's floor area. A row is a channel, OPINION numbers: whether it speaks, what
it says beside the value that is told, how sure it is, and what is known of the sheet, the same in every row.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planroom.measure.fuse import made_of
from planroom.records import Element, Sheet

CHANNELS: Final = ("geometry", "pixels", "schedule", "tags", "text", "ask")
OPINION: Final = 32
COUNTED: Final = ("door", "window", "opening", "room", "bedroom", "toilet", "wall")
_STATES: Final = ("withheld", "estimated", "measured")
_VIEWS: Final = ("ceiling", "enlarged", "demolition")
_OF_ROOMS: Final = ("room", "bedroom", "toilet")
_UNSURE: Final = 0.7
_KIND_AT: Final = 10
_SHEET_AT: Final = 18
_FAR: Final = 2.0
Rows = NDArray[np.float32]


def count_opinions(sheet: Sheet, kind: str, value: float) -> Rows:
    """(6, OPINION) of the count of a kind, of which `value` is told."""
    said = {channel: float(counts[kind]) for channel, counts in sheet.channels.items() if kind in counts}
    own = [e for e in sheet.elements if e.kind == ("room" if kind in _OF_ROOMS else kind)]
    low, high = sheet.ranges.get(kind, (value, value))
    rows = _rows(said, value, sheet, 1 + COUNTED.index(kind) if kind in COUNTED else 0)
    for k, channel in enumerate(CHANNELS):
        if channel in said and channel in ("geometry", "pixels"):
            rows[k, 5:8] = _sureness(own)
            rows[k, 8] = sheet.chances.get(kind, 0.0) if channel == "pixels" else 0.0
            rows[k, 9] = (high - low) / (1 + value)
    return rows


def area_opinions(sheet: Sheet, room: Element, value: float) -> Rows:
    """(6, OPINION) of a room's floor area, square metres, of which `value` is told; the drawing prints another."""
    said = {"geometry": value} | ({"text": room.stated["area_m2"]} if room.stated.get("area_m2") else {})
    rows = _rows(said, value, sheet, 0)
    around = (room.sizes.get("perimeter") or 0.0) / max(room.sizes.get("area") or 0.0, 1e-9) ** 0.5
    rows[0, 5:10] = (
        room.confidence, float(bool(room.traits.get("name"))), float(bool(room.traits.get("also"))), around / 8,
        float(bool(room.traits.get("number"))),
    )  # fmt: skip
    return rows


def _rows(said: dict[str, float], value: float, sheet: Sheet, kind: int) -> Rows:
    rows = np.zeros((len(CHANNELS), OPINION), np.float32)
    for k, channel in enumerate(CHANNELS):
        if channel in said:
            apart = (said[channel] - value) / (1 + value)
            rows[k, :5] = (
                1.0, math.log1p(max(said[channel], 0.0)) / 4, max(-_FAR, min(_FAR, apart)), float(abs(apart) < 0.005),
                float(channel in ("geometry", "pixels") and abs(apart) < 1e-6),
            )  # fmt: skip
    rows[:, _KIND_AT + kind] = 1.0
    scale = sheet.scale
    state = scale.state if scale is not None else ""
    rooms = [e for e in sheet.elements if e.kind == "room"]
    named = sum(bool(room.traits.get("name")) for room in rooms)
    rows[:, _SHEET_AT : _SHEET_AT + 3] = [state == one for one in _STATES]
    rows[:, _SHEET_AT + 3 : _SHEET_AT + 7] = [made_of(sheet) == one for one in ("model", "vectors", "traced", "seen")]
    rows[:, _SHEET_AT + 7 : _SHEET_AT + 10] = [sheet.view == one for one in _VIEWS]
    rows[:, _SHEET_AT + 10] = named / max(1, len(rooms))
    rows[:, _SHEET_AT + 11] = math.log1p(len(sheet.elements)) / 6
    rows[:, _SHEET_AT + 12] = len(said) / 4
    return rows


def _sureness(elements: list[Element]) -> tuple[float, float, float]:
    """Mean, least, and the share of those that are not sure."""
    if not elements:
        return 0.0, 0.0, 0.0
    told = [element.confidence for element in elements]
    return sum(told) / len(told), min(told), sum(one < _UNSURE for one in told) / len(told)
