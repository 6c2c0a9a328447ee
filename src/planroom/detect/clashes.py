"""Openings that were read more than once, each told once."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import shapely

from planroom.detect.openings import Opening

_RANK = {"door": 0, "window": 1, "opening": 2}
_SAME_PLACE, _LAYER_M = 0.6, 0.12


def distinct(openings: list[Opening]) -> list[Opening]:
    """Without openings that lie mostly inside a surer one: a gap between stacked faces is read more than once."""
    ordered = sorted(openings, key=lambda o: (_RANK[o.kind], -o.confidence, -o.thickness_m))
    rings = np.array([shapely.Polygon(opening.ring) for opening in ordered], dtype=object)
    reaches = shapely.buffer(rings, 0.08, join_style="mitre")
    later, sooner = shapely.STRtree(rings).query(reaches, predicate="intersects")
    before = later > sooner
    later, sooner = later[before], sooner[before]
    common = shapely.area(shapely.intersection(reaches[later], rings[sooner]))
    clash = common > 0.35 * np.minimum(shapely.area(rings[later]), shapely.area(rings[sooner]))
    surer: dict[int, list[int]] = defaultdict(list)
    for one, other in zip(later[clash].tolist(), sooner[clash].tolist(), strict=True):
        surer[one].append(other)
    kept: dict[int, Opening] = {}
    for i, opening in enumerate(ordered):
        if not any(other in kept for other in surer[i]):
            kept[i] = opening
    return list(kept.values())


def merge_layers(openings: list[Opening]) -> list[Opening]:
    """Openings of a wall whose layers were each taken for a wall as one, as the surest of them."""
    ordered = sorted(openings, key=lambda o: (_RANK[o.kind], o.subtype == "sliding", -o.confidence))
    rings = np.array([shapely.Polygon(opening.ring) for opening in ordered], dtype=object)
    later, sooner = shapely.STRtree(rings).query(shapely.buffer(rings, _LAYER_M), predicate="intersects")
    near: dict[int, list[int]] = defaultdict(list)
    for one, other in zip(later.tolist(), sooner.tolist(), strict=True):
        if other < one:
            near[one].append(other)
    kept: dict[int, Opening] = {}
    for i, opening in enumerate(ordered):
        if not any(other in kept and _behind(opening, kept[other]) for other in near[i]):
            kept[i] = opening
    return list(kept.values())


def _behind(one: Opening, other: Opening) -> bool:
    """Whether two openings lie behind each other in one wall."""
    along = other.ring[1] - other.ring[0]
    along = along / max(float(np.hypot(*along)), 1e-9)
    turn = np.array([along, (-along[1], along[0])]).T
    (a, b), (c, d) = (((ring @ turn).min(0), (ring @ turn).max(0)) for ring in (one.ring, other.ring))
    common = min(b[0], d[0]) - max(a[0], c[0])
    return bool(common > _SAME_PLACE * min(b[0] - a[0], d[0] - c[0]) and max(a[1], c[1]) - min(b[1], d[1]) < _LAYER_M)
