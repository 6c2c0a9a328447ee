"""Walls of a mask as bands, strips that are equally thick from end to end, through the openings in them; and the spaces
that walls and openings enclose.

The mask is opened with a line that is longer than walls are thick, once for each direction that its edges have. What
is left of each column is followed to the next as long as both its edges run on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
import shapely
import shapely.affinity

from planroom.detect.bands import Bands
from planroom.detect.rooms import is_large_enough
from planroom.engine.pictures import Grey
from planroom.records import Floats

_LEAST_M: Final = 0.3  # of a wall's length
_LONGER: Final = 1.4  # than most walls are thick: what runs on so far in one direction is a wall in it
_THICKEST: Final = 0.9  # of a sheet's walls are at most as thick as those that this is told from
_SLACK_PX: Final = 1.5
_SLACK: Final = 0.2  # how far an edge may jump: the larger of so many pixels, and a share of the thickness
_JOINED_M: Final = 0.15  # two strips in one line that so little parts are one
_MOSTLY_OPEN: Final = 0.8  # of a strip: it is no wall
_EDGE_M: Final = 0.25  # edges shorter than that tell no direction
_SLANTS: Final = 4  # directions besides the main two
_SLANT_M: Final = 1.5  # length of edges that make a direction
_LEVEL_DEG: Final = 0.5  # a smaller slant is none
_NEAR_DEG: Final = 4  # directions nearer than that are one
_RECENT: Final = 25  # columns
_OFTEN: Final = 5  # columns after which it is told anew where a strip lies
_CRACK_M: Final = 0.13  # on either side, as wide as a trace may be off
_ROUGH_PX: Final = 1.2  # how far an outline may be straightened
_EDGE_SLACK_M: Final = 0.03  # what ends so near another strip ends in it
_CROSSING: Final = 0.35  # sine of the least angle at which a wall ends at another
_PILLAR_M2: Final = 0.1  # what stands in a room and is smaller is drawing


class _Strip(NamedTuple):
    """Columns `start` to `end` (exclusive) of rows `low` to `high`, by the edges of pixels."""

    low: float
    high: float
    start: float
    end: float


@dataclass(slots=True)
class _Run:
    """A strip as it is followed: the rows of the columns where its wall is whole, and which columns those are; and
    between which rows it lay of late.
    """

    low: list[int]
    high: list[int]
    whole: list[int]
    last: int
    lately: tuple[float, float]
    open_columns: int = 0

    def add(self, low: int, high: int, column: int) -> None:
        self.low.append(low)
        self.high.append(high)
        self.whole.append(column)
        if len(self.whole) <= _RECENT or len(self.whole) % _OFTEN == 0:
            self.lately = float(np.median(self.low[-_RECENT:])), float(np.median(self.high[-_RECENT:]))


def wall_bands(walls: Grey, openings: Grey, m_per_px: float) -> Bands:
    """The walls (H, W), 0 or 1, row 0 at the bottom, as bands in metres. openings (H, W): where doors and windows are,
    which walls run through.
    """
    axes: list[Floats] = []
    rows: list[tuple[int, _Strip]] = []
    whole = walls | openings
    least_px = _least_px(walls, m_per_px)
    for angle in _directions(walls, m_per_px):
        left = whole if not axes else _without(whole, axes, rows)
        turn = _turning(angle, left.shape)
        seen, shut, solid = (_turned(one, turn) for one in (left, openings, walls))
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        shift = turn.matrix[:, 2] - 0.5 * (np.array([along.sum(), across.sum()]) - 1)
        axes += [along, across]
        for one in _level(seen, shut, solid, least_px, m_per_px):
            rows.append((len(axes) - 2, _moved(one, shift[1], shift[0])))
        for one in _level(seen.T, shut.T, solid.T, least_px, m_per_px):  # across, and against what is along
            upright = _moved(one, shift[0], shift[1])
            rows.append((len(axes) - 1, upright._replace(low=-upright.high, high=-upright.low)))
    strips = np.array([one for _, one in rows], np.float64).reshape(-1, 4) * m_per_px
    low, high, start, end = strips.T
    n = len(strips)
    direction = np.array([k for k, _ in rows], np.int32)
    faces, corridor = np.zeros((n, 2), np.int32), np.arange(n, dtype=np.int32)
    return _cut_back(Bands(np.array(axes).reshape(-1, 2), direction, low, high, start, end, faces, corridor))


def _cut_back(bands: Bands) -> Bands:
    """Bands that end within another one, cut back to where they enter it."""
    bodies = bands.polygons()
    tree = shapely.STRtree(shapely.buffer(bodies, _EDGE_SLACK_M, join_style="mitre"))
    along = bands.axes[bands.direction]
    middle = ((bands.low + bands.high) / 2)[:, None] * np.column_stack([-along[:, 1], along[:, 0]])
    length = bands.end - bands.start
    for ends, way in ((bands.start, 1.0), (bands.end, -1.0)):
        places = middle + along * ends[:, None]
        inner = middle + along * (ends + way * length / 2)[:, None]
        cut = np.zeros(len(bands))
        for one, other in zip(*tree.query(shapely.points(places), predicate="within"), strict=True):
            slanted = abs(along[one, 0] * along[other, 1] - along[one, 1] * along[other, 0]) > _CROSSING
            if one != other and slanted:
                shared = shapely.intersection(shapely.LineString([places[one], inner[one]]), bodies[other])
                cut[one] = max(cut[one], shared.length)
        ends += way * np.where(cut < length / 3, cut, 0.0)
    return bands


def spaces(closed: Grey, m_per_px: float) -> list[shapely.Polygon]:
    """What `closed` (H, W), 0 or 1, row 0 at the bottom, encloses, in metres, cracks healed: rooms and the like."""
    reach = 2 * max(1, round(_CRACK_M / m_per_px)) + 1
    square = np.ones((reach, reach), np.uint8)
    free = np.pad(1 - closed, reach, constant_values=1)
    _, labels = cv2.connectedComponents(cv2.erode(free, square), connectivity=4)
    found = []
    for label in np.unique(labels):
        if label in (0, labels[0, 0]):
            continue
        room = _outline(cv2.dilate((labels == label).astype(np.uint8), square) & free, m_per_px)
        room = shapely.affinity.translate(room, -reach * m_per_px, -reach * m_per_px)
        if is_large_enough(room):
            found.append(room)
    return found


def _outline(space: Grey, m_per_px: float) -> shapely.Polygon:
    """The largest part of `space` (H, W), 0 or 1, in metres, small holes filled."""
    contours, _ = cv2.findContours(space, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = [cv2.approxPolyDP(one, _ROUGH_PX, True)[:, 0] for one in contours]
    parts = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings if len(ring) > 2]
    if not parts:
        return shapely.Polygon()
    whole, *holes = sorted(parts, key=shapely.area, reverse=True)
    # contours run through the middles of pixels: of the space itself, or of what stands in it
    whole = shapely.buffer(whole, 0.5, join_style="mitre")
    holes = [one for one in shapely.buffer(holes, -0.5, join_style="mitre") if one.area * m_per_px**2 > _PILLAR_M2]
    room = max(shapely.get_parts(shapely.difference(whole, shapely.union_all(holes))), key=shapely.area)
    room = shapely.affinity.translate(room, 0.5, 0.5)
    return shapely.affinity.scale(room, m_per_px, m_per_px, origin=(0, 0))


def _moved(one: _Strip, across: float, along: float) -> _Strip:
    return _Strip(one.low - across, one.high - across, one.start - along, one.end - along)


def _least_px(walls: Grey, m_per_px: float) -> int:
    """How far something must run on to be a wall."""
    depth = cv2.distanceTransform(walls, cv2.DIST_L2, 3)
    ridge = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    thick_px = 2 * float(np.quantile(ridge, _THICKEST)) if len(ridge) else 0.0
    return max(3, round(max(_LEAST_M / m_per_px, _LONGER * thick_px))) | 1  # odd: it has a middle


def _directions(walls: Grey, m_per_px: float) -> Iterator[float]:
    """Angles, radians, in the first quarter turn, the one that most edges have first."""
    contours, _ = cv2.findContours(walls, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    steps = [np.roll(ring, -1, 0) - ring for ring in (cv2.approxPolyDP(c, 1.5, True)[:, 0] for c in contours)]
    edges = np.concatenate([np.zeros((0, 2)), *steps])
    length = np.hypot(*edges.T)
    edges, length = edges[length * m_per_px > _EDGE_M], length[length * m_per_px > _EDGE_M]
    degrees = np.degrees(np.arctan2(edges[:, 1], edges[:, 0])) % 90
    told = np.zeros(len(degrees), bool)
    for k in range(_SLANTS + 1):
        share = np.bincount(np.rint(degrees[~told]).astype(int) % 90, length[~told], 90)
        near = share + np.roll(share, 1) + np.roll(share, -1)
        best = int(near.argmax())
        if k and near[best] * m_per_px < _SLANT_M:
            return
        away = (degrees - best + 45) % 90 - 45
        inside = ~told & (np.abs(away) < 1.5)
        angle = best + float(np.average(away[inside], weights=length[inside])) if inside.any() else 0.0
        told |= np.abs(away) < _NEAR_DEG
        yield np.radians(angle) if abs((angle + 45) % 90 - 45) > _LEVEL_DEG else 0.0


class _Turn(NamedTuple):
    """matrix (2, 3): from places of the mask to those of the turned one; size: width and height of that."""

    matrix: Floats
    size: tuple[int, int]


def _turning(angle: float, shape: tuple[int, ...]) -> _Turn:
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    corners = turn @ np.array([[0, shape[1], 0, shape[1]], [0, 0, shape[0], shape[0]]])
    low, high = np.floor(corners.min(1)), np.ceil(corners.max(1))
    return _Turn(np.column_stack([turn, -low]), (int(high[0] - low[0]), int(high[1] - low[1])))


def _turned(mask: Grey, turn: _Turn) -> Grey:
    if turn.matrix[0, 1] == 0:
        return mask
    return np.asarray(cv2.warpAffine(mask * 255, turn.matrix, turn.size, flags=cv2.INTER_LINEAR) > 127, np.uint8)


def _without(mask: Grey, axes: list[Floats], rows: list[tuple[int, _Strip]]) -> Grey:
    """`mask` without the strips that were found, and a pixel or two round them."""
    left = mask.copy()
    for k, one in rows:
        along = axes[k]
        across = np.array([-along[1], along[0]])
        places = ((one.low - 2, one.start), (one.low - 2, one.end), (one.high + 2, one.end), (one.high + 2, one.start))
        ring = [across * low + along * start - 0.5 for low, start in places]
        cv2.fillPoly(left, [np.rint(ring).astype(np.int32)], 0)
    return left


def _level(mask: Grey, openings: Grey, solid: Grey, least_px: int, m_per_px: float) -> list[_Strip]:
    """The strips of `mask`, which is `solid` walls and openings, that run along its rows."""
    opened = cv2.morphologyEx(np.ascontiguousarray(mask), cv2.MORPH_OPEN, np.ones((1, least_px), np.uint8))
    edges = np.diff(np.pad(opened.T.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    columns, lows = np.nonzero(edges == 1)
    highs = np.nonzero(edges == -1)[1]
    done: list[_Run] = []
    alive: list[_Run] = []
    for column, low, high in zip(columns.tolist(), lows.tolist(), highs.tolist(), strict=True):
        done += [run for run in alive if run.last < column - 1]
        alive = [run for run in alive if run.last >= column - 1]
        if not any(_follows(run, column, low, high, openings, solid) for run in alive):
            alive.append(_Run([low], [high], [column], column, (low, high)))
    strips = [
        _Strip(float(np.median(run.low)), float(np.median(run.high)), run.whole[0], run.whole[-1] + 1.0)
        for run in done + alive
        if run.open_columns < _MOSTLY_OPEN * (run.last + 1 - run.whole[0])
    ]
    return [one for one in _joined(strips, m_per_px) if one.end - one.start > least_px / 2]


def _follows(run: _Run, column: int, low: int, high: int, openings: Grey, solid: Grey) -> bool:
    """Whether `run` goes on with these rows of the next column, which are then its own."""
    if run.last == column:
        return False
    usual_low, usual_high = run.lately
    slack = max(_SLACK_PX, _SLACK * (usual_high - usual_low))
    middle = int((usual_low + usual_high) / 2)
    if abs(low - usual_low) <= slack and abs(high - usual_high) <= slack:
        run.add(low, high, column)
    elif not (openings[middle, column] and low < usual_high and high > usual_low):
        return False
    run.open_columns += not solid[middle, column]
    run.last = column
    return True


def _joined(strips: list[_Strip], m_per_px: float) -> list[_Strip]:
    """Strips of which two in one line that hardly anything parts are one."""
    joined: list[_Strip] = []
    for one in sorted(strips, key=lambda one: one.start):
        slack = max(_SLACK_PX, _SLACK * (one.high - one.low))
        for k, other in enumerate(joined):
            in_line = abs(one.low - other.low) <= slack and abs(one.high - other.high) <= slack
            if in_line and one.start - other.end < _JOINED_M / m_per_px:
                longer = max(one, other, key=lambda strip: strip.end - strip.start)
                joined[k] = longer._replace(start=other.start, end=max(one.end, other.end))
                break
        else:
            joined.append(one)
    return joined
