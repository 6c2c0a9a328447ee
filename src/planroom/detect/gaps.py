"""Gaps in walls and what is drawn in them: the places where doors, windows and plain openings can be.

A gap runs from the end of a band, on in its direction, to the next band of any direction. Lines across it cut it into
cells; lines along it say what each cell is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely

from planroom.detect.bands import Bands, Polygons, strips
from planroom.detect.lines import Lines
from planroom.records import Floats, Ints

MAX_GAP_M = 6.5
MIN_GAP_M = 0.25
_TOUCH_M = 0.03


@dataclass(slots=True)
class Cell:
    """A piece of a gap, in the corridor's frame (metres): where it lies and which lines are drawn in it.

    `both`: the corridor goes on beyond the gap; `band` and `beyond`: bands at its start and end.
    along: unit vector (2,). inner: ids of bounded lines along the cell, with `cover` the share of the cell that each
    spans and `depth` where in the wall's thickness it lies (0 at one face, 1 at the other). oblique: ids of lines that
    cross it at an angle. pocket: ids of lines that stand half in the cell and half in the wall beside it.
    """

    along: Floats
    low: float
    high: float
    start: float
    end: float
    both: bool
    band: int
    beyond: int
    cuts: int = 0
    inner: list[int] = field(default_factory=list)
    cover: list[float] = field(default_factory=list)
    depth: list[float] = field(default_factory=list)
    begin: list[float] = field(default_factory=list)
    oblique: list[int] = field(default_factory=list)
    pocket: list[int] = field(default_factory=list)

    @property
    def width(self) -> float:
        """Clear width in metres."""
        return self.end - self.start

    @property
    def thickness(self) -> float:
        """Thickness of the wall in metres."""
        return self.high - self.low

    def ring(self, grow: float = 0.0) -> Floats:
        """The cell's corners (4, 2) in metres; `grow` lengthens it at both ends, into the wall."""
        across = np.array([-self.along[1], self.along[0]])
        s0, s1 = self.start - grow, self.end + grow
        return np.array(
            [across * o + self.along * s for o, s in ((self.low, s0), (self.low, s1), (self.high, s1), (self.high, s0))]
        )

    def place(self, point: Floats) -> tuple[float, float]:
        """A point (2,) as (along, across) in the corridor's frame."""
        return float(point @ self.along), float(point[1] * self.along[0] - point[0] * self.along[1])


def find_gaps(bands: Bands, junctions: Polygons) -> list[Cell]:
    """The gaps behind every end of every band, each once, from a hand's breadth to `MAX_GAP_M` wide.

    junctions (J,): patches of wall that no band covers; they end a gap too.
    """
    if len(bands) == 0:
        return []
    along = bands.axes[bands.direction]
    inset = 0.15 * (bands.high - bands.low)
    tree = shapely.STRtree(np.concatenate([bands.polygons(), junctions]))
    cells: dict[tuple[int, int, int], Cell] = {}
    for sign in (1, -1):
        edge = bands.end if sign > 0 else bands.start
        near, far = edge + sign * 0.002, edge + sign * MAX_GAP_M
        probes = strips(along, bands.low + inset, bands.high - inset, np.minimum(near, far), np.maximum(near, far))
        owner, hit = tree.query(probes, predicate="intersects")
        keep = owner != hit
        owner, hit = owner[keep], hit[keep]
        common = shapely.intersection(probes[owner], tree.geometries[hit])
        points, at = shapely.get_coordinates(common, return_index=True)
        distance = sign * ((points * along[owner[at]]).sum(1) - edge[owner[at]])
        reach = np.full(len(owner), np.inf)
        np.minimum.at(reach, at, distance)
        order = np.lexsort((reach, owner))
        seen = np.unique(owner[order], return_index=True)[1]
        for k in order[seen]:
            if MIN_GAP_M < reach[k] < MAX_GAP_M:
                _add(cells, bands, int(owner[k]), int(hit[k]), sign, float(reach[k]))
    return list(cells.values())


def _add(cells: dict[tuple[int, int, int], Cell], bands: Bands, owner: int, hit: int, sign: int, reach: float) -> None:
    edge = float(bands.end[owner] if sign > 0 else bands.start[owner])
    start, end = (edge, edge + reach) if sign > 0 else (edge - reach, edge)
    same = hit < len(bands) and bands.corridor[owner] == bands.corridor[hit]
    low, high = float(bands.low[owner]), float(bands.high[owner])
    key = (int(bands.corridor[owner]), round(start / 0.05), round(end / 0.05))
    first, last = (owner, hit) if sign > 0 else (hit, owner)
    if key not in cells:
        cells[key] = Cell(bands.axes[bands.direction[owner]], low, high, start, end, bool(same), first, last)


def cut_gaps(gaps: list[Cell], lines: Lines, usable: Ints) -> list[list[Cell]]:
    """Each gap cut at the lines that cross the wall's thickness; each cell has the lines of `usable` (ids) in it."""
    if not gaps or len(usable) == 0:
        return [[gap] for gap in gaps]
    first, last = lines.points()
    tree = shapely.STRtree(shapely.linestrings(np.stack([first[usable], last[usable]], axis=1)))
    slack = 0.04
    zones = strips(
        np.array([g.along for g in gaps]),
        np.array([g.low - slack for g in gaps]),
        np.array([g.high + slack for g in gaps]),
        np.array([g.start - slack for g in gaps]),
        np.array([g.end + slack for g in gaps]),
    )
    gap, line = tree.query(zones, predicate="intersects")
    order = np.argsort(gap, kind="stable")
    gap, line = gap[order], usable[line[order]]
    edges = np.searchsorted(gap, np.arange(len(gaps) + 1))
    return [_cut(whole, line[edges[i] : edges[i + 1]], first, last) for i, whole in enumerate(gaps)]


def _cut(whole: Cell, near: Ints, first: Floats, last: Floats) -> list[Cell]:
    """One gap as its cells, with their lines."""
    turn = np.array([whole.along, (-whole.along[1], whole.along[0])]).T
    a, b = first[near] @ turn, last[near] @ turn
    s0, s1 = np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 0], b[:, 0])
    o0, o1 = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    inside = np.minimum(o1, whole.high) - np.maximum(o0, whole.low)
    upright = (s1 - s0 < 0.03) & (inside > 0.7 * whole.thickness) & (o1 - o0 < whole.thickness + 0.4)
    middle = (s0 + s1) / 2
    cuts = np.unique(np.round(middle[upright & (middle > whole.start + 0.06) & (middle < whole.end - 0.06)], 2))
    bounds = [whole.start, *_spread(cuts, 0.08), whole.end]
    flat = (o1 - o0 < 0.02) & (s1 - s0 > 0.12)
    slant = ~flat & ~upright & (s1 - s0 > 0.08) & (o1 - o0 > 0.05)
    # glass that runs on behind mullions, from one end of the gap to the other
    through = flat & (np.abs(s0 - whole.start) < 0.16) & (np.abs(s1 - whole.end) < 0.16)
    cells = []
    for start, end in pairwise(bounds):
        cell = Cell(
            whole.along, whole.low, whole.high, start, end, whole.both, whole.band, whole.beyond, len(bounds) - 2
        )
        overlap = np.minimum(s1, end) - np.maximum(s0, start)
        bounded = ((s0 > start - 0.16) & (s1 < end + 0.16)) | through
        for k in np.flatnonzero(flat & bounded & (overlap > 0.2 * cell.width)):
            offset = (o0[k] + o1[k]) / 2
            if whole.low - 0.04 <= offset <= whole.high + 0.04:
                cell.inner.append(int(near[k]))
                cell.cover.append(float(overlap[k] / max(cell.width, 1e-9)))
                cell.depth.append(float((offset - whole.low) / whole.thickness))
                cell.begin.append(float(s0[k]))
        out = np.maximum(start - s0, s1 - end)
        pocket = flat & ~bounded & (overlap > 0.1 * cell.width) & (out > 0.15) & (out < 1.1 * cell.width)
        pocket &= ((s0 > start - 0.16) | (s1 < end + 0.16)) & (o0 > cell.low + 0.01) & (o1 < cell.high - 0.01)
        cell.pocket = [int(near[k]) for k in np.flatnonzero(pocket)]
        cell.oblique = [int(near[k]) for k in np.flatnonzero(slant & bounded & (overlap > 0.08))]
        cells.append(cell)
    return cells


def _spread(values: Floats, least: float) -> list[float]:
    """Sorted values with near ones (a frame's two edges) taken once."""
    kept: list[float] = []
    for value in values.tolist():
        if not kept or value - kept[-1] > least:
            kept.append(value)
    return kept
