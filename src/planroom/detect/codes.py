"""Type and size codes beside openings: "2668", "5050 XO", "6068 S.G.D.", "16070 O.H. DOOR"; "9x21", "12x14 M"."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from planroom.records import Floats, Text
from planroom.units import INCH_M

_SLIDING_DOOR = re.compile(r"\bS\.?G\.?D\b|SLIDING (GLASS )?DOOR|SCHIEBET|PORTE COULISS|PUERTA CORRED", re.IGNORECASE)
_GARAGE = re.compile(r"\bO\.?H\.? ?D|OVERHEAD|GARAGE DOOR|SEKTIONALTOR|GARAGENTOR|ROLLTOR|KIPPTOR", re.IGNORECASE)
_PANES = re.compile(r"\b(XO|OX|OXO|XOX|SH|DH|FX|FIX|FIXED|CSMT|AWN|AWNING|HS|PIC)\b", re.IGNORECASE)
_SIZE = re.compile(r"^(?:PR\.? ?|\(\d\) ?)?(\d{1,2})(\d)(\d)(\d)\b")
_FEET = re.compile(r"\d'")
_DOOR_HEIGHT_IN = (77, 97)
_MODULES = re.compile(
    r"^(?:[A-ZÄÖ]{1,2} ?|1(?=\d\d[x×X]))?(\d{1,2})[x×X](\d{1,2})(?: ?[A-ZÄÖ]{1,3})?$"
)  # an I read as 1
_MODULE_M = 0.1
_MODULES_WIDE, _MODULES_HIGH = (3, 40), (3, 25)
_DOOR_MODULES = 19  # from so high on an opening is a door,
_GLAZED_MODULES = (22, 12)  # but as high and as wide as that it is glass
_LEAST_MODULES = 3  # of them on a sheet: two numbers with a cross may be anything


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says: kind door or window, subtype ("" if none), sizes in metres where it states them, its place."""

    kind: str
    subtype: str
    width_m: float | None
    height_m: float | None
    at: Floats
    string: str


def read_codes(texts: list[Text]) -> list[Code]:
    """The codes among text runs. Source: US practice, width and height as feet and inches without marks (2668), and
    Nordic practice, width and height in modules of a decimetre (9x21).

    Bare digits are sizes only where the sheet is written in feet: elsewhere 2668 is a dimension in millimetres.
    """
    codes = _read_modules(texts)
    in_feet = sum(bool(_FEET.search(text.string)) for text in texts) > 2
    for text in texts:
        string = text.string.strip()
        match = _SIZE.match(string) if in_feet else None
        width = height = None
        kind = subtype = ""
        if match:
            feet, inches, high_feet, high_inches = (int(g) for g in match.groups())
            high = high_feet * 12 + high_inches
            width, height = (feet * 12 + inches) * INCH_M, high * INCH_M
            kind = "door" if _DOOR_HEIGHT_IN[0] <= high <= _DOOR_HEIGHT_IN[1] else "window"
        if _GARAGE.search(string):
            kind, subtype = "door", "garage"
        elif _SLIDING_DOOR.search(string):
            kind, subtype = "door", "sliding"
        elif match and _PANES.search(string):
            kind = "window"
        plausible = width is None or 0.3 < width < 7.5
        if kind and plausible and len(string) <= 24:
            codes.append(Code(kind, subtype, width, height, np.array([text.x, text.y]), string))
    return codes


def _read_modules(texts: list[Text]) -> list[Code]:
    codes = []
    for text in texts:
        match = _MODULES.match(text.string.strip())
        wide, high = (int(g) for g in match.groups()) if match else (0, 0)
        if _MODULES_WIDE[0] <= wide <= _MODULES_WIDE[1] and _MODULES_HIGH[0] <= high <= _MODULES_HIGH[1]:
            is_glass = high >= _GLAZED_MODULES[0] and wide >= _GLAZED_MODULES[1]
            kind = "door" if high >= _DOOR_MODULES and not is_glass else "window"
            at = np.array([text.x, text.y])
            codes.append(Code(kind, "", wide * _MODULE_M, high * _MODULE_M, at, text.string.strip()))
    return codes if len(codes) >= _LEAST_MODULES else []
