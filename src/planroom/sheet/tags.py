"""Door and window tags: each to the opening beside which it stands."""

from __future__ import annotations

import re

import numpy as np
import shapely

from planroom.records import Element, Text

_TAG = re.compile(r"^[A-ZÄÖÜ]{1,3}[ .\-]?\d{1,3}[A-Za-z]?$")
_REACH_M = 1.8
_KINDS = ("door", "window", "opening")
_BESIDE_M = 0.2
_ENOUGH, _MOST, _FEW_BARE = 3, 0.6, 0.25


def tag_openings(elements: list[Element], texts: list[Text], m_per_unit: float) -> None:
    """Give the openings among `elements` the tag nearest to them, each tag once, nearest pairs first.

    texts: joined runs in sheet units.
    """
    openings = [e for e in elements if e.kind in _KINDS]
    tags = [t for t in texts if _TAG.match(_plain(t))]
    if not openings or not tags:
        return
    tree = shapely.STRtree([shapely.Polygon(e.outline) for e in openings])
    points = shapely.points([(t.x, t.y) for t in tags])
    tag, opening = tree.query(points, predicate="dwithin", distance=_REACH_M / m_per_unit)
    distance = shapely.distance(points[tag], tree.geometries[opening])
    taken: set[int] = set()
    told: set[int] = set()
    for k in np.argsort(distance, kind="stable").tolist():
        t, o = int(tag[k]), int(opening[k])
        if t not in told and o not in taken:
            told.add(t)
            taken.add(o)
            openings[o].traits["tag"] = _plain(tags[t])


def settle_by_tags(elements: list[Element], m_per_unit: float) -> None:
    """Give doubtful openings the kind that most openings with such a tag are.

    What a letter stands for is told by the openings that show it: the leaf of D01 makes a door of D04 too. Where
    windows bear tags, one without between two rooms is none; a door that only seems to slide is
    none without a tag, and a torn trace where other doors bear one.
    """
    openings = [e for e in elements if e.kind in _KINDS]
    kinds = {letters: _kind_of(letters, openings) for letters in {_letters(e) for e in openings} - {""}}
    for element in openings:
        kind = kinds.get(_letters(element))
        if kind and not _is_hung(element) and element.kind != kind:
            element.kind, element.traits["subtype"], element.confidence = kind, "", 0.6
        elif element.traits.get("subtype") == "sliding" and not _letters(element):
            if any(kinds.values()):
                elements[:] = [e for e in elements if e is not element]
            element.kind, element.traits["subtype"], element.confidence = "opening", "", 0.5
    windows = [e for e in openings if e.kind == "window"]
    bare = [e for e in windows if not _letters(e)]
    if len(bare) <= _FEW_BARE * len(windows) and len(windows) - len(bare) >= _ENOUGH:
        rooms = shapely.STRtree([shapely.Polygon(e.outline) for e in elements if e.kind == "room"])
        for element in bare:
            if len(rooms.query(shapely.Polygon(element.outline), "dwithin", _BESIDE_M / m_per_unit)) > 1:
                element.kind, element.confidence = "opening", 0.5


def kinds_of_tags(elements: list[Element], texts: list[Text]) -> list[str]:
    """Door or window for each tag among `texts`, as most openings that bear its letters are; of others nothing."""
    openings = [e for e in elements if e.kind in _KINDS]
    letters = [_letters_of(_plain(t)) for t in texts if _TAG.match(_plain(t))]
    kinds = {one: _kind_of(one, openings) for one in {*letters} - {""}}
    return [kinds[one] for one in letters if kinds.get(one)]


def _kind_of(letters: str, openings: list[Element]) -> str:
    """Door or window, as most openings whose tags begin with `letters` are; "" where that is not plain."""
    bearing = [e.kind for e in openings if _letters(e) == letters]
    kind = max(("door", "window"), key=bearing.count)
    return kind if bearing.count(kind) >= max(_ENOUGH, _MOST * len(bearing)) else ""


def _letters(element: Element) -> str:
    return _letters_of(str(element.traits.get("tag", "")))


def _letters_of(tag: str) -> str:
    return re.split(r"[^A-ZÄÖÜ]", tag, maxsplit=1)[0]


def _is_hung(element: Element) -> bool:
    return element.kind == "door" and element.traits.get("subtype") in ("single", "double")


def _plain(text: Text) -> str:
    """A tag's letters as they are on the sheet; those read off pixels are capitals."""
    return text.string.strip().upper() if text.source == "ocr" else text.string.strip()
