"""How thick walls are, as people tell them apart and write them."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from planroom.records import Element
from planroom.units import UnitSystem

_BLUR_M: Final = 0.025  # what the thickness of a wall told from pixels is good for: that,
_BLUR_PX: Final = 2.0  # or so many pixels, whichever is more


def thicknesses(walls: list[Element], m_per_unit: float | None) -> list[int | None]:
    """Of each wall, in millimetres. Told from pixels it is as good as those are: a wall is then as thick as the longest
    one that it cannot be told apart from.
    """
    drawn = [wall.sizes.get("thickness") for wall in walls]
    labels = [None if one is None or m_per_unit is None else _whole_mm(one * m_per_unit) for one in drawn]
    slack_mm = 1000 * max(_BLUR_M, _BLUR_PX * (m_per_unit or 0.0))
    longest = sorted(range(len(walls)), key=lambda k: -walls[k].sizes.get("length", 0.0))
    named: list[int] = []
    for k in longest:
        label = labels[k]
        if label is None or "pixels" not in walls[k].sources:
            continue
        near = [mm for mm in named if abs(mm - label) <= slack_mm]
        if near:
            labels[k] = min(near, key=lambda mm: abs(mm - label))
        else:
            named.append(label)
    return labels


def _whole_mm(thickness_m: float) -> int:
    """A thickness in millimetres, drawn to a fifth of one: what is nearly a multiple of five is one."""
    mm = round(thickness_m * 1000)
    five = round(thickness_m * 200) * 5
    return five if abs(thickness_m * 1000 - five) < 1.3 else mm


def length_text(mm: float, units: UnitSystem) -> str:
    """A short length as the customer writes it: 115 mm, or 4 1/2 in."""
    if units == "metric":
        return f"{mm:g} mm"
    whole, eighths = divmod(round(mm / 25.4 * 8), 8)
    part = Fraction(eighths, 8)
    return " ".join(str(p) for p in (whole, part) if p) + " in"
