"""Linework in metres, in the order that geometry is searched in: arcs first, then maximal straight lines by direction.

Glossary. *Direction*: one of a few angles that a drawing's lines share. *Offset*: a line's signed distance from the
origin along the direction's normal. *Start*, *end*: where it runs along the direction. *Kind*: index of its style.
Everything here is sorting and scanning, so time grows as n log n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from planroom.geometry import arc_through, fit_circles
from planroom.records import Floats, Ints

_ANGLE_STEP = math.radians(0.1)
_ANGLE_REACH = 3  # steps each side that count as one direction
_OFFSET_M = 0.004
_GAP_M = 0.008
Bools = NDArray[np.bool_]


@dataclass(slots=True)
class Lines:
    """Maximal straight lines, a struct of arrays: direction (N,), offset (N,), start (N,), end (N,), style (N,).

    axes (D, 2): unit vectors of the directions. first_piece (N + 1,) and pieces: those from `first_piece[i]` up to
    `first_piece[i + 1]` are the segments that line i was merged from.
    """

    axes: Floats
    direction: Ints
    offset: Floats
    start: Floats
    end: Floats
    style: Ints
    first_piece: Ints
    pieces: Ints

    def __len__(self) -> int:
        return len(self.offset)

    @property
    def length(self) -> Floats:
        """Lengths (N,) in metres."""
        return self.end - self.start

    def take(self, keep: Bools) -> Lines:
        """Only the lines that `keep` (N,) names."""
        index = np.flatnonzero(keep)
        counts = np.diff(self.first_piece)[index]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        runs = np.repeat(self.first_piece[index] - first[:-1], counts) + np.arange(first[-1])
        return Lines(
            self.axes,
            self.direction[index],
            self.offset[index],
            self.start[index],
            self.end[index],
            self.style[index],
            first,
            self.pieces[runs.astype(np.int32)],
        )

    def points(self, index: Ints | slice = slice(None)) -> tuple[Floats, Floats]:
        """End points (N, 2) and (N, 2) in metres, of the lines that `index` names."""
        along = self.axes[self.direction[index]]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        base = across * self.offset[index, None]
        return base + along * self.start[index, None], base + along * self.end[index, None]


def bent_arcs(segments: Floats, paths: Ints) -> tuple[Floats, Ints, Bools]:
    """Arcs (M, 5) that were drawn as chains of short pieces, the path of each (M,), and the pieces (N,) they used.

    A chain goes on while the next piece starts where the last ended and turns the same way by 0.5 to 25 degrees.
    """
    used = np.zeros(len(segments), bool)
    if len(segments) < 4:
        return np.zeros((0, 5)), np.zeros(0, np.int32), used
    vector = segments[:, 2:] - segments[:, :2]
    length = np.hypot(vector[:, 0], vector[:, 1])
    heading = np.arctan2(vector[:, 1], vector[:, 0])
    turn = (np.diff(heading) + math.pi) % math.tau - math.pi
    short = np.minimum(length[:-1], length[1:])
    joined = np.abs(segments[1:, :2] - segments[:-1, 2:]).max(1) <= 0.02 * short + 1e-9
    alike = short > 0.4 * np.maximum(length[:-1], length[1:])
    bends = joined & alike & (np.abs(turn) > math.radians(0.5)) & (np.abs(turn) < math.radians(25))
    label = np.where(bends, np.sign(turn), 0.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], label, [0.0]])))
    arcs, owner = [], []
    for begin, stop in pairwise(edges.tolist()):
        if label[min(begin, len(label) - 1)] == 0 or stop - begin < 3:
            continue
        points = np.concatenate([segments[begin : stop + 1, :2], segments[stop : stop + 1, 2:]])
        middle = points[len(points) // 2]
        centre, radius = fit_circles(points[:1], middle[None], points[-1:])
        if not math.isfinite(radius[0]):
            continue
        off = np.abs(np.hypot(*(points - centre[0]).T) - radius[0]).max()
        if off < 0.03 * radius[0]:
            start, sweep = arc_through(centre[0], points[0], middle, points[-1])
            arcs.append((*centre[0], radius[0], start, sweep))
            owner.append(paths[begin])
            used[begin : stop + 1] = True
    return np.array(arcs, np.float64).reshape(-1, 5), np.array(owner, np.int32), used


def _directions(theta: Floats, weight: Floats) -> tuple[Floats, Ints]:
    """Angles (D,) that the segments share, heaviest first, and the nearest of them for each segment (N,)."""
    bins = round(math.pi / _ANGLE_STEP)
    at = np.round(theta / _ANGLE_STEP).astype(np.int64) % bins
    mass = np.bincount(at, weight, bins)
    owner = np.full(bins, -1)
    angles: list[float] = []
    for peak in np.argsort(-mass, kind="stable"):
        if mass[peak] == 0:
            break
        if owner[peak] >= 0:
            continue
        near = (peak + np.arange(-_ANGLE_REACH, _ANGLE_REACH + 1)) % bins
        free = near[owner[near] < 0]
        owner[free] = len(angles)
        angles.append(peak * _ANGLE_STEP)
    kind = owner[at].astype(np.int32)
    centre = np.array(angles)[kind]
    off = (theta - centre + math.pi / 2) % math.pi - math.pi / 2
    total = np.bincount(kind, weight, len(angles))
    shift = np.bincount(kind, weight * off, len(angles)) / np.maximum(total, 1e-12)
    return np.array(angles) + shift, kind


def merge_lines(segments: Floats, styles: Ints) -> Lines:
    """Maximal lines of segments (N, 4) in metres: pieces in line that touch or overlap and share a style become one."""
    vector = segments[:, 2:] - segments[:, :2]
    length = np.hypot(vector[:, 0], vector[:, 1])
    keep = np.flatnonzero(np.isfinite(length) & (length > 1e-4))
    vector, length = vector[keep], length[keep]
    if len(keep) == 0:
        none, whole = np.zeros(0), np.zeros(0, np.int32)
        return Lines(np.zeros((0, 2)), whole, none, none, none, whole, np.zeros(1, np.int32), whole)
    theta = np.arctan2(vector[:, 1], vector[:, 0]) % math.pi
    angles, direction = _directions(theta, length)
    axes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along = axes[direction]
    middle = (segments[keep, :2] + segments[keep, 2:]) / 2
    offset = middle[:, 1] * along[:, 0] - middle[:, 0] * along[:, 1]
    at = (middle * along).sum(1)
    start, end = at - length / 2, at + length / 2

    style = styles[keep]
    order = np.lexsort((offset, style, direction))
    new = _breaks(direction[order], style[order]) | (np.diff(offset[order], prepend=-np.inf) > _OFFSET_M)
    cluster = np.empty(len(keep), np.int64)
    cluster[order] = np.cumsum(new)
    order = np.lexsort((start, cluster))
    group = cluster[order]
    reach = np.maximum.accumulate(end[order] + group * 1e7) - group * 1e7
    gap = np.concatenate([[True], start[order][1:] > reach[:-1] + _GAP_M])
    new = gap | (np.diff(group, prepend=-1) != 0)
    first = np.flatnonzero(new)
    weight = length[order]
    mean = np.add.reduceat(offset[order] * weight, first) / np.add.reduceat(weight, first)
    return Lines(
        axes=axes,
        direction=direction[order][first],
        offset=mean,
        start=start[order][first],
        end=np.maximum.reduceat(end[order], first),
        style=style[order][first].astype(np.int32),
        first_piece=np.concatenate([first, [len(keep)]]).astype(np.int32),
        pieces=keep[order].astype(np.int32),
    )


def _breaks(*keys: Ints) -> Bools:
    """Where any of the sorted keys changes, the first place included."""
    new = np.zeros(len(keys[0]), bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new


def repeated(lines: Lines, reach_m: float = 1.0, window: int = 14, least: int = 5) -> Bools:
    """Which lines (N,) stand in a regular family: treads, tiles, hatches, tables. Walls seldom repeat so.

    A line is repeated where at least `least` others within `reach_m` across have nearly its length, and its start and
    end but for a shift as in a slanted hatch.
    """
    order = np.lexsort((lines.offset, lines.direction))
    direction, offset = lines.direction[order], lines.offset[order]
    start, end = lines.start[order], lines.end[order]
    length = end - start
    slack = np.maximum(0.03, 0.12 * length)
    alike = np.zeros(len(order), np.int32)
    for step in range(1, min(window, len(order) - 1) + 1):
        near = (direction[step:] == direction[:-step]) & (offset[step:] - offset[:-step] < reach_m)
        apart = offset[step:] - offset[:-step]
        near &= (apart > _OFFSET_M) & (np.abs(length[step:] - length[:-step]) < slack[:-step])
        near &= np.abs(start[step:] - start[:-step]) < slack[:-step] + 1.2 * apart
        alike[step:] += near
        alike[:-step] += near
    found = np.zeros(len(order), bool)
    found[order] = alike >= least
    return found


def dashes(lines: Lines, longest_m: float = 0.7, least: int = 4) -> Bools:
    """Which lines (N,) are the dashes of a dashed line that was written out piece by piece.

    At least `least` pieces in line, of one length but for the ends, with gaps no longer than they are.
    """
    order = np.lexsort((lines.start, np.round(lines.offset / 0.01), lines.direction))
    length = lines.length[order]
    next_to = (lines.direction[order][1:] == lines.direction[order][:-1]) & (
        np.abs(np.diff(lines.offset[order])) < 2 * _OFFSET_M
    )
    gap = lines.start[order][1:] - lines.end[order][:-1]
    short = length < longest_m
    like = np.abs(np.diff(length)) < 0.15 * np.maximum(length[1:], length[:-1])
    goes_on = next_to & short[1:] & short[:-1] & like & (gap > 0.01) & (gap < 1.2 * np.maximum(length[1:], length[:-1]))
    run = np.concatenate([[0], np.cumsum(~goes_on)])
    sizes = np.bincount(run, minlength=1)
    found = np.zeros(len(order), bool)
    found[order] = sizes[run] >= least
    return found


def groups(keys: Ints) -> tuple[Ints, list[slice]]:
    """Distinct values of sorted keys and the slice that each fills."""
    values, first = np.unique(keys, return_index=True)
    edges = [*first.tolist(), len(keys)]
    return values, [slice(a, b) for a, b in pairwise(edges)]
