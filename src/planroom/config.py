"""What a run was asked to do, checked once, at the edge."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from planroom.units import UnitSystem

LEAST_MEMORY_BYTES = 512 << 20
DEFAULT_MEMORY_BYTES = 2 << 30


def default_cache_folder() -> Path:
    """Where finished sheets are kept between runs: $PLANROOM_CACHE, else the user's cache folder."""
    named = os.environ.get("PLANROOM_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(named) if named else (Path(base) if base else Path.home() / ".cache") / "planroom"


@dataclass(frozen=True, slots=True)
class Settings:
    """One analysis.

    sheets: only sheets whose number, id or page matches one of these (empty: all). scales: m in 1:m by sheet number, id
    or "*". height_m: clear height where no drawing tells one. corrections: by sheet id, as docs/how-to/corrections.md
    says. rules, template: measurement rules and lines of the bill of quantities, by file or shipped name ("": those
    usual with the units). prices: of an SI unit, by a line's title and unit, in `currency`. gaeb: phases of the bill to
    write. seconds: the clock for a sheet. cache_bytes: cap of the folder that keeps finished sheets.
    """

    memory_bytes: int = DEFAULT_MEMORY_BYTES
    units: UnitSystem = "metric"
    sheets: tuple[str, ...] = ()
    scales: dict[str, float] = field(default_factory=dict)
    height_m: float | None = None
    corrections: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: str = ""
    template: str = ""
    prices: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    currency: str = "EUR"
    gaeb: tuple[str, ...] = ()
    password: str = ""
    seconds: float = 60.0
    readers: int = 2
    picture_px: int = 2600
    cache_folder: Path = field(default_factory=default_cache_folder)
    cache_bytes: int = 2 << 30
    fresh: bool = False
