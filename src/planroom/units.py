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
    size = int(float(match[1]) * _BYTES[match[2]])
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
