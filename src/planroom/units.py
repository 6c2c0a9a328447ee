"""Sizes, lengths and scales between how people write them and how we compute with them."""

from __future__ import annotations

import re
from typing import Final, Literal

from planroom.errors import UsageError

UnitSystem = Literal["metric", "imperial"]

FOOT_M: Final = 0.3048
INCH_M: Final = 0.0254
POINT_M: Final = INCH_M / 72
_BYTES = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_BYTES |= {f"{k}I": 1024**i for i, k in enumerate("KMGT", start=1)}


def parse_bytes(text: str) -> int:
    """The bytes in "2GiB", "1.5 GB" or "1073741824". Raises UsageError for anything else, and for less than one."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?\s*", text.upper())
    if not match or match[2] == "I":
        raise UsageError(f"{text!r} is not a size", hint="write it like 2GiB, 1500MB or a number of bytes")
    many = float(match[1]) * _BYTES[match[2]]
    if many > 2**60:
        raise UsageError(f"{text[:40]!r} is more than any machine has", hint="write it like 2GiB")
    size = int(many)
    if size < 1:
        raise UsageError(f"{text!r} is no room at all", hint="write it like 2GiB")
    return size


def format_bytes(size: int) -> str:
    """`size` for people: "1.5 GiB"."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


_CONVERSIONS: Final[dict[str, dict[UnitSystem, tuple[str, float]]]] = {
    "m": {"metric": ("m", 1.0), "imperial": ("ft", 1 / FOOT_M)},
    "m2": {"metric": ("m2", 1.0), "imperial": ("ft2", 1 / FOOT_M**2)},
    "m3": {"metric": ("m3", 1.0), "imperial": ("ft3", 1 / FOOT_M**3)},
    "pcs": {"metric": ("pcs", 1.0), "imperial": ("pcs", 1.0)},
}


def in_system(value: float, unit: str, system: UnitSystem) -> tuple[float, str]:
    """`value` of an SI `unit` (m, m2, m3, pcs) in the customer's system, with its unit."""
    name, factor = _CONVERSIONS[unit][system]
    return value * factor, name


_FEET = re.compile(r"^(\d+)\s*'\s*-?\s*(?:(\d+)(?:\s+(\d+)/(\d+))?|(\d+)/(\d+))?\s*\"?$")
_INCHES = re.compile(r"^(\d+)(?:\s+(\d+)/(\d+))?\s*\"$")
_PLAIN = re.compile(r"^(\d{1,6})(?:[.,](\d{1,3}))?\s*(mm|cm|m)?$")


def parse_lengths(text: str) -> list[float]:
    """What a dimension text can mean, in metres: one value for 3'-6" or 2.5 m, several for a bare "1280" or "1,28"."""
    string = text.strip().replace("’", "'").replace("”", '"').replace("''", '"')
    if match := _FEET.match(string):
        feet, inches, above, below, only_above, only_below = match.groups()
        part = int(above) / int(below) if above else int(only_above) / int(only_below) if only_above else 0.0
        return [int(feet) * FOOT_M + (int(inches or 0) + part) * INCH_M]
    if match := _INCHES.match(string):
        inches, above, below = match.groups()
        return [(int(inches) + (int(above) / int(below) if above else 0.0)) * INCH_M]
    if match := _PLAIN.match(string):
        value = float(f"{match[1]}.{match[2] or 0}")
        if match[3]:
            return [value * {"mm": 0.001, "cm": 0.01, "m": 1.0}[match[3]]]
        units = (1.0, 0.01) if match[2] else (0.001, 0.01, 1.0)
        return [value * unit for unit in units if 0.03 <= value * unit <= 500]
    return []


_RATIO = re.compile(r"(?<![\d:./])1\s*[:/]\s*(\d{1,5}(?:[.,]\d)?)(?![\d:/])")
_INCH_SCALE = re.compile(r"(\d+)?\s*-?\s*(?:(\d+)/(\d+))?\s*\"\s*=\s*(\d+)\s*'\s*-?\s*(\d+)?")


def parse_ratio(text: str) -> float | None:
    """The scale ratio in "1:50", "M 1:100", "1/4\\" = 1'-0\\"" or "1\\" = 64'"; None where there is none."""
    string = text.replace("’", "'").replace("”", '"').replace("''", '"')
    if match := _INCH_SCALE.search(string):
        whole, above, below, feet, inches = match.groups()
        paper = int(whole or 0) + (int(above) / int(below) if above and int(below) else 0.0)
        real = int(feet) * 12 + int(inches or 0)
        return real / paper if paper > 0 and real > 0 else None
    if match := _RATIO.search(string):
        ratio = float(match[1].replace(",", "."))
        return ratio if 1 <= ratio <= 50000 else None
    return None


def parse_scale(text: str) -> float:
    """The ratio that a person gives: "1:50", "50" or 1/4"=1'-0". Raises UsageError."""
    ratio = parse_ratio(text)
    if ratio is None and re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        ratio = float(text)
    if not ratio or ratio < 1:
        raise UsageError(f"{text!r} is no scale", hint='write it like 1:50 or 1/4"=1\'-0"')
    return ratio
