"""How many of each kind every channel by itself tells on a sheet, before any of them is believed.

*geometry*: what lines and arcs make. *pixels*: what the vision networks see. *tags*: how many door and window tags
stand on it. *text*: what its labels name, of rooms whose use is counted. A channel that cannot speak of a kind has no
number for it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from planroom.records import Channels, Element, Text
from planroom.sheet.labels import stacked
from planroom.sheet.rooms import count
from planroom.sheet.tags import kinds_of_tags
from planroom.sheet.text import uses_of

_DRAWN = ("door", "window", "opening", "room", "wall")
_TOILETS = frozenset({"toilet", "bathroom"})


def hear_channels(
    elements: list[Element], texts: list[Text], tables: list[dict[str, Any]], traced: list[Element] | None = None
) -> Channels:
    """Counts by channel, then by kind. elements: what was found; traced: what geometry alone found, where `elements`
    are what was seen. texts: joined runs; those in `tables` tag nothing.
    """
    boxes = [one["box"] for one in tables]
    texts = [text for text in texts if not any(_holds(box, text) for box in boxes)]
    drawn = count(elements)
    told: Channels = {}
    if traced is None:
        told["geometry"] = drawn
    else:
        told["pixels"] = drawn
        told["geometry"] = {kind: number for kind, number in count(traced).items() if kind in _DRAWN}
    if tags := dict(Counter(kinds_of_tags(elements, texts))):
        told["tags"] = tags
    if named := [uses for uses in map(_uses, stacked(texts)) if uses]:
        told["text"] = {
            "bedroom": sum("bedroom" in uses for uses in named),
            "toilet": sum(bool(uses & _TOILETS) for uses in named),
        }
    return told


def _uses(label: list[str]) -> set[str]:
    return {use for line in label for use in uses_of(line)}


def _holds(box: Any, text: Text) -> bool:
    x0, y0, x1, y1 = box
    return bool(x0 <= text.x <= x1 and y0 <= text.y <= y1)
