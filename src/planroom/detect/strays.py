"""Openings that no gap shows: doors in walls drawn through, windows inset in a band, glazing between thick walls."""

from __future__ import annotations

import numpy as np
import shapely

from planroom.detect.bands import Bands, Polygons
from planroom.detect.gaps import Cell
from planroom.detect.lines import Lines
from planroom.detect.openings import Opening
from planroom.detect.swings import Swing
from planroom.records import Floats, Ints

_PLAIN_THICKNESS_M = 0.12
_LEAST_FRONT_M = 0.8
_THICKEST_FRONT_M = 0.13
_END_M = 0.1  # a front's end is this near to what it ends at


def loose_doors(swings: list[Swing], bands: Bands, says_door: list[bool]) -> list[Opening]:
    """Doors from swings that close no gap but hang on a wall, or that their block or layer calls doors.

    says_door (len(swings),). Two leaves whose latches meet are one door.
    """
    hinges = shapely.points(np.array([swing.hinge for swing in swings]).reshape(-1, 2))
    near = set(shapely.STRtree(bands.polygons()).query(hinges, predicate="dwithin", distance=0.2)[0].tolist())
    hung = [s for i, (s, named) in enumerate(zip(swings, says_door, strict=True)) if named or (s.leaf and i in near)]
    doors: list[Opening] = []
    taken: set[int] = set()
    for i, swing in enumerate(hung):
        if i in taken:
            continue
        partner = next((j for j in range(i + 1, len(hung)) if j not in taken and _meet(swing, hung[j])), None)
        leaves = [swing] if partner is None else [swing, hung[partner]]
        taken.update({i} if partner is None else {i, partner})
        start = swing.hinge
        end = swing.latch if partner is None else hung[partner].hinge
        ring, thickness = _ring(start, end, bands)
        doors.append(
            Opening(
                "door",
                "single" if partner is None else "double",
                ring,
                float(np.hypot(*(end - start))),
                thickness,
                0.8 if all(s.leaf for s in leaves) else 0.55,
                [],
                [s.arc for s in leaves],
                [k for s in leaves for k in s.leaf_lines],
            )
        )
    return doors


def _meet(one: Swing, other: Swing) -> bool:
    apart = float(np.hypot(*(one.latch - other.latch)))
    wide = float(np.hypot(*(one.hinge - other.hinge)))
    return apart < 0.25 and wide > 1.5 * max(one.radius, other.radius)


def _ring(start: Floats, end: Floats, bands: Bands) -> tuple[Floats, float]:
    """The door's place in its wall: between the faces of the nearest parallel band, else a usual thickness."""
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-9)
    across = np.array([-along[1], along[0]])
    low, high = -_PLAIN_THICKNESS_M / 2, _PLAIN_THICKNESS_M / 2
    if len(bands):
        axes = bands.axes[bands.direction]
        parallel = np.abs(axes @ across) < 0.06
        flip = np.sign(axes @ along)
        middle = (start + end) / 2
        offset = middle[1] * axes[:, 0] - middle[0] * axes[:, 1]
        at = middle @ axes.T
        away = np.maximum(np.maximum(bands.low - offset, offset - bands.high), 0)
        beside = np.maximum(np.maximum(bands.start - at, at - bands.end), 0)
        score = np.where(parallel & (away < 0.3) & (beside < 1.5), away + 0.2 * beside, np.inf)
        k = int(np.argmin(score))
        if np.isfinite(score[k]):
            near, far = bands.low[k] - offset[k], bands.high[k] - offset[k]
            low, high = (near, far) if flip[k] > 0 else (-far, -near)
            start, end = start - across * (start - middle) @ across, end - across * (end - middle) @ across
    ring = np.array([start + across * low, end + across * low, end + across * high, start + across * high])
    return ring, float(high - low)


def inset_windows(bands: Bands, lines: Lines, usable: Ints, meanings: list[str], taken: list[Opening]) -> list[Opening]:
    """Windows drawn inside an unbroken band: lines along it, away from both faces, closed by a line at either end."""
    if len(bands) == 0 or len(usable) == 0:
        return []
    first, last = lines.points()
    tree = shapely.STRtree(shapely.linestrings(np.stack([first[usable], last[usable]], axis=1)))
    occupied = shapely.STRtree([shapely.Polygon(o.ring) for o in taken])
    owner, line = tree.query(bands.polygons(), predicate="intersects")
    order = np.argsort(owner, kind="stable")
    owner, line = owner[order], usable[line[order]]
    edges = np.searchsorted(owner, np.arange(len(bands) + 1))
    windows: list[Opening] = []
    for b in range(len(bands)):
        near = line[edges[b] : edges[b + 1]]
        if len(near) < 3:
            continue
        for cell, members in _inset_cells(bands, b, near, first, last, lines, meanings):
            ring = cell.ring()
            place = shapely.Polygon(ring)
            inside = shapely.union_all(occupied.geometries[occupied.query(place, predicate="intersects")])
            if place.intersection(inside).area < 0.2 * cell.width * cell.thickness:
                windows.append(Opening("window", "", ring, cell.width, cell.thickness, 0.8, members))
    return windows


def _inset_cells(
    bands: Bands, b: int, near: Ints, first: Floats, last: Floats, lines: Lines, meanings: list[str]
) -> list[tuple[Cell, list[int]]]:
    along = bands.axes[bands.direction[b]]
    turn = np.array([along, (-along[1], along[0])]).T
    p, q = first[near] @ turn, last[near] @ turn
    s0, s1 = np.minimum(p[:, 0], q[:, 0]), np.maximum(p[:, 0], q[:, 0])
    o0, o1 = np.minimum(p[:, 1], q[:, 1]), np.maximum(p[:, 1], q[:, 1])
    low, high = float(bands.low[b]), float(bands.high[b])
    thickness, length = high - low, float(bands.end[b] - bands.start[b])
    upright = (s1 - s0 < 0.03) & (np.minimum(o1, high) - np.maximum(o0, low) > 0.7 * thickness)
    ends = ((s0 + s1) / 2)[upright]
    along_it = (o1 - o0 < 0.02) & (o0 > low + 0.1 * thickness) & (o1 < high - 0.1 * thickness)
    along_it &= (s1 - s0 > 0.3) & (s1 - s0 < 12.0)
    found: list[tuple[Cell, list[int]]] = []
    for k in np.flatnonzero(along_it):
        named = meanings[lines.style[near[k]]] in ("window", "opening")
        closed = sum(bool(np.any(np.abs(ends - s) < 0.06)) for s in (s0[k], s1[k]))
        if not named and (closed < 2 or s1[k] - s0[k] > min(6.0, 0.97 * length)):
            continue
        cell = Cell(along, low, high, float(s0[k]), float(s1[k]), True, b, b)
        last_cell = next((c for c, _ in found if c.start < cell.end + 0.12 and cell.start < c.end + 0.12), None)
        if last_cell is None:
            found.append((cell, [int(near[k])]))
        else:
            last_cell.start, last_cell.end = min(last_cell.start, cell.start), max(last_cell.end, cell.end)
            next(m for c, m in found if c is last_cell).append(int(near[k]))
    return found


def glazing(
    lines: Lines, usable: Ints, meanings: list[str], taken: list[Opening], bands: Bands, patches: Polygons
) -> list[Opening]:
    """Windows that no gap claimed: runs of close parallel lines on layers named after windows or openings, and glass
    fronts, which go from wall to wall, over corners too. patches (J,): junctions.

    One straight run is one window, however many panes it has.
    """
    named = np.array([meanings[s] in ("window", "opening") for s in lines.style[usable]], bool)
    rings = [shapely.Polygon(o.ring) for o in taken]
    found = _runs(lines, usable[named & (lines.length[usable] > 0.4)], rings)
    long = usable[~named & (lines.length[usable] > _LEAST_FRONT_M)]
    walls = [*bands.polygons(), *patches]
    fronts = _runs(lines, long, [*walls, *rings, *(shapely.Polygon(o.ring) for o in found)])
    return found + _fronts([run for run in fronts if run.thickness_m < _THICKEST_FRONT_M], walls, taken + found)


def _fronts(runs: list[Opening], walls: list[shapely.Polygon], taken: list[Opening]) -> list[Opening]:
    """Those of `runs` that shut a room against the open air. Railings shut balconies, which have no way out of the
    house of their own, and thus no door or window with the open air behind it.
    """
    rings = [shapely.Polygon(o.ring) for o in taken]
    runs = _anchored(runs, walls + rings)
    if not runs:
        return []
    shapes = [shapely.Polygon(run.ring) for run in runs]
    whole = shapely.union_all(shapely.buffer(np.array(walls + rings + shapes), _END_M, join_style="mitre"))
    air = shapely.union_all([part.exterior for part in shapely.get_parts(whole)])
    outer = [ring for ring in rings if ring.distance(air) < 2 * _END_M]
    spaces = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    indoors = shapely.union_all([s for s in spaces if any(s.distance(ring) < 2 * _END_M for ring in outer)])
    near = [max(shape.distance(air), shape.distance(indoors)) < 2 * _END_M for shape in shapes]
    kept = [run for run, shuts in zip(runs, near, strict=True) if shuts]
    return kept if len(kept) == len(runs) else _fronts(kept, walls, taken)


def _anchored(runs: list[Opening], walls: list[shapely.Polygon]) -> list[Opening]:
    """Those of `runs` that end at walls or at each other on both sides."""
    while runs:
        shapes = [shapely.Polygon(run.ring) for run in runs]
        tree = shapely.STRtree([*walls, *shapes])
        kept = []
        for k, run in enumerate(runs):
            ends = shapely.points((run.ring[[0, 1]] + run.ring[[3, 2]]) / 2)
            end, at = tree.query(ends, predicate="dwithin", distance=_END_M)
            if len(set(end[at != len(walls) + k].tolist())) == len(ends):
                kept.append(run)
        if len(kept) == len(runs):
            break
        runs = kept
    return runs


def _runs(lines: Lines, index: Ints, claimed: list[shapely.Polygon]) -> list[Opening]:
    """Runs of at least two close parallel lines of `index`, without those that mostly lie in what is claimed."""
    if len(index) < 2:
        return []
    first, last = lines.points()
    strings = shapely.linestrings(np.stack([first[index], last[index]], axis=1))
    free = np.ones(len(index), bool)
    if claimed:
        wide = shapely.buffer(np.array(claimed, dtype=object), 0.08)
        at, line = shapely.STRtree(strings).query(wide, predicate="intersects")
        shared = shapely.length(shapely.intersection(wide[at], strings[line]))
        free[line[shared > 0.4 * lines.length[index[line]]]] = False
    found: list[Opening] = []
    index = index[free]
    order = np.lexsort((lines.start[index], lines.offset[index], lines.direction[index]))
    runs: list[list[int]] = []
    for k in index[order].tolist():
        run = next((r for r in reversed(runs[-6:]) if any(_beside(lines, j, k) for j in r)), None)
        if run is None:
            runs.append([k])
        else:
            run.append(k)
    for run in runs:
        if len(run) < 2:
            continue
        low, high = float(lines.offset[run].min()), float(lines.offset[run].max())
        start, end = float(lines.start[run].min()), float(lines.end[run].max())
        if 0.015 < high - low < 0.4 and end - start > 2 * (high - low):
            cell = Cell(lines.axes[lines.direction[run[0]]], low, high, start, end, False, -1, -1)
            found.append(Opening("window", "glazing", cell.ring(), end - start, high - low, 0.6, run))
    return found


def _beside(lines: Lines, j: int, k: int) -> bool:
    same = lines.direction[j] == lines.direction[k] and abs(lines.offset[j] - lines.offset[k]) < 0.16
    return bool(same and min(lines.end[j], lines.end[k]) > max(lines.start[j], lines.start[k]) - 0.1)
