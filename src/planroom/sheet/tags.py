"""Door and window tags: each to the opening beside which it stands."""

from __future__ import annotations

import re

import numpy as np
import shapely

from planroom.records import Element, Text

_TAG = re.compile(r"^[A-ZÄÖÜ]{1,3}[ .\-]?\d{1,3}[A-Za-z]?$")
_REACH_M = 1.8
_KINDS = ("door", "window", "opening")


def tag_openings(elements: list[Element], texts: list[Text], m_per_unit: float) -> None:
    """Give the openings among `elements` the tag nearest to them, each tag once, nearest pairs first.

    texts: joined runs in sheet units.
    """
    openings = [e for e in elements if e.kind in _KINDS]
    tags = [t for t in texts if _TAG.match(t.string.strip())]
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
            openings[o].traits["tag"] = tags[t].string.strip()
