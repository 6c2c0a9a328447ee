"""Clear heights off a section: "CH 2.60", "H.S.P. 2,50", "L.H. 2,40 m", by storey from the ground up."""

from __future__ import annotations

import re

from planroom.records import Text
from planroom.units import parse_lengths

_CLEAR = re.compile(
    r"^\s*(?:c\.?h\.?|clg\.?(?: ?ht\.?)?|ceiling(?: height)?|clear(?: height)?|h\.?s\.?p\.?|hauteur sous plafond"
    r"|l\.?h\.?|r\.?h\.?|lichte (?:höhe|raumhöhe)|raumhöhe|altura libre|alt\.? libre|a\.?l\.?|h\.? libre|h\.? utile"
    r"|altezza|huonekorkeus|rumshöjd|p[ée]-direito|pd|vrije hoogte|h)"
    r"\s*[.:=]?\s*(?P<value>\d[\d.,]*\s*(?:mm|cm|m)?|\d+'\s*-?\s*\d*[^a-z]*)$",
    re.IGNORECASE,
)


def read_heights(texts: list[Text]) -> dict[str, float]:
    """Clear heights in metres as {"clear 0": 2.6, "clear 1": 2.5}: notes on one level are one storey, lowest first.

    A storey whose notes differ gets its lowest height.
    """
    notes = []
    for text in texts:
        match = _CLEAR.match(text.string)
        value = next((v for v in parse_lengths(match["value"]) if 1.8 < v < 8), None) if match else None
        if value is not None:
            notes.append((text.y, text.height, value))
    heights: dict[str, float] = {}
    level, last = -1, float("-inf")
    for y, height, value in sorted(notes):
        if y - last > 6 * height:
            level += 1
        last = y
        key = f"clear {level}"
        heights[key] = min(value, heights.get(key, value))
    return heights
