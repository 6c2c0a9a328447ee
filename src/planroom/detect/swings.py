"""Door swings: arcs about as wide as a door, hinged at one end of a leaf.

Glossary. *Hinge*: the arc's centre. *Tip*: the end where the leaf is drawn, open. *Latch*: the other end, where the
closed leaf would meet its frame.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely

from planroom.geometry import arc_points
from planroom.records import Floats, Ints

MIN_RADIUS_M = 0.38
MAX_RADIUS_M = 1.5
_CELL_M = 0.16  # hinges of one swing are never further apart
_SWEEP = (math.radians(18), math.radians(118))


@dataclass(frozen=True, slots=True)
class Swing:
    """One leaf: hinge, tip and latch (2,) in metres, radius, whether its leaf is drawn, its arc's index.

    leaf_lines: pieces that draw the leaf. sill_lines: pieces that run as it would when closed, such as a threshold's;
    where there are some, the two may have been taken for one another.
    """

    hinge: Floats
    tip: Floats
    latch: Floats
    radius: float
    leaf: bool
    arc: int
    leaf_lines: tuple[int, ...]
    sill_lines: tuple[int, ...] = ()

    def flipped(self) -> Swing:
        """The same arc read the other way round: tip and latch change places."""
        leaf = bool(self.sill_lines)
        lines = (self.sill_lines, self.leaf_lines) if leaf else (self.leaf_lines, ())
        return Swing(self.hinge, self.latch, self.tip, self.radius, leaf, self.arc, *lines)


def swing_radius_unit(arcs: Floats, segments: Floats) -> float | None:
    """The commonest radius of quarter arcs that carry a leaf, in the unit of the arcs; None where there are too few.

    A house door is about 0.85 m wide, so this gives a sheet's rough scale where nothing is printed.
    """
    sweep = arcs[:, 4]
    quarter = arcs[(sweep > math.radians(75)) & (sweep < math.radians(100))]
    if len(quarter) < 2:
        return None
    ends = segments.reshape(-1, 2)
    length = np.repeat(np.hypot(*(segments[:, 2:] - segments[:, :2]).T), 2)
    tree = shapely.STRtree(shapely.points(ends))
    kept = []
    for arc in quarter:
        near = tree.query(shapely.Point(arc[0], arc[1]).buffer(0.12 * arc[2]))
        if np.any(np.abs(length[near] / arc[2] - 1) < 0.15):
            kept.append(arc[2])
    if len(kept) < 2:
        return None
    radii = np.sort(np.array(kept))
    spread = radii[None, :] / radii[:, None]
    votes = ((spread > 0.8) & (spread < 1.25)).sum(1)
    best = np.flatnonzero(votes == votes.max())
    return float(np.median(radii[best]))


def find_swings(arcs: Floats, segments: Floats) -> list[Swing]:
    """Arcs (M, 5) in metres that may be door swings, each with the end at which a leaf was found as its tip.

    Concentric arcs within a leaf's thickness of each other are one swing. A leaf is a piece of `segments` (N, 4) about
    as long as the radius, from near the hinge to near one end.
    """
    radius, sweep = arcs[:, 2], arcs[:, 4]
    fits = (radius > MIN_RADIUS_M) & (radius < MAX_RADIUS_M) & (sweep > _SWEEP[0]) & (sweep < _SWEEP[1])
    index = np.flatnonzero(fits)
    if len(index) == 0:
        return []
    length = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    usable = np.flatnonzero((length > 0.8 * MIN_RADIUS_M) & (length < 1.2 * MAX_RADIUS_M)).astype(np.int32)
    tree = shapely.STRtree(shapely.linestrings(segments[usable].reshape(-1, 2, 2)))
    swings: list[Swing] = []
    hinged: dict[tuple[int, int], list[Swing]] = defaultdict(list)
    for i in index[np.argsort(-radius[index], kind="stable")]:
        arc = arcs[i]
        x, y = (int(v // _CELL_M) for v in arc[:2])
        near = (swing for dx in (-1, 0, 1) for dy in (-1, 0, 1) for swing in hinged.get((x + dx, y + dy), ()))
        if any(_same(arc, swing) for swing in near):
            continue
        ends = arc_points(arc, 2)
        found = [_leaf(arc, end, segments, usable, tree) for end in ends]
        scores = [len(lines) for lines in found]
        tip = int(scores[1] > scores[0])
        lines = tuple(found[tip]), tuple(found[1 - tip])
        swings.append(Swing(arc[:2], ends[tip], ends[1 - tip], float(arc[2]), max(scores) > 0, int(i), *lines))
        hinged[x, y].append(swings[-1])
    return swings


def _same(arc: Floats, swing: Swing) -> bool:
    near = max(0.09, 0.1 * swing.radius)
    apart = float(np.hypot(*(arc[:2] - swing.hinge)))
    if apart > near or abs(arc[2] - swing.radius) > near:
        return False
    middle = arc_points(arc, 3)[1]
    chord = (swing.tip + swing.latch) / 2 - swing.hinge
    return bool(np.dot(middle - swing.hinge, chord) > 0.9 * np.hypot(*chord) * np.hypot(*(middle - swing.hinge)))


def _leaf(arc: Floats, end: Floats, segments: Floats, usable: Ints, tree: shapely.STRtree) -> list[int]:
    """Pieces that run from the hinge to `end`, a leaf's thickness aside at most, over most of the radius."""
    hinge, radius = arc[:2], arc[2]
    along = (end - hinge) / radius
    near = usable[tree.query(shapely.LineString([hinge, end]).buffer(0.07))]
    if len(near) == 0:
        return []
    a, b = segments[near, :2] - hinge, segments[near, 2:] - hinge
    sa, sb = a @ along, b @ along
    oa, ob = np.abs(a @ (-along[1], along[0])), np.abs(b @ (-along[1], along[0]))
    low, high = np.minimum(sa, sb), np.maximum(sa, sb)
    slack = max(0.1, 0.14 * radius)
    fits = (np.maximum(oa, ob) < 0.085) & (np.abs(low) < slack) & (np.abs(high - radius) < slack)
    return [int(k) for k in near[fits]]
