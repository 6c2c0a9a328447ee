"""Straight strokes among the ink of one tile of a scan: chains of runs, cut where they bend.

Glossary. *Run*: the ink that one column of pixels cuts out of a stroke. *Chain*: runs of successive columns that touch
one to one: a stroke between two crossings. Rows are chained as columns of the transposed picture. Everything is sorting
and scanning of arrays, so time grows as n log n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planroom.records import Floats

_STRAIGHT_PX = 0.8  # how far a stroke's middle may leave its straight line
_BENT_PX = 1.2  # by so much at least an arc does
_BENT_SHARE = 0.03  # of a stroke's runs may be pulled aside, by crossings
_MOST_SLOPE = 1.2  # steeper strokes are the other direction's
_MOST_CHAINS = 8_000  # of one tile
Bools = NDArray[np.bool_]
Grey = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Strokes:
    """Straight strokes: ends (N, 4) as x0, y0, x1, y1 in pixels, y down, and widths (N,)."""

    ends: Floats
    width: Floats

    def take(self, index: Ints | Bools) -> Strokes:
        """Only those that `index` names."""
        return Strokes(self.ends[index], self.width[index])


@dataclass(slots=True)
class Chains:
    """Runs in the order of their chains: column, middle, breadth (N,) each; chain i is first[i] : first[i + 1]."""

    column: Floats
    middle: Floats
    breadth: Floats
    first: Ints


def straight_strokes(chains: Chains, least: int, *, turned: bool) -> Strokes:
    """Straight strokes of at least `least` runs; turned: the chains run over columns, else over rows."""
    pieces = _straight_pieces(chains, least)
    slope = (pieces[:, 3] - pieces[:, 1]) / np.maximum(pieces[:, 2] - pieces[:, 0], 1e-9)
    flat = np.abs(slope) <= _MOST_SLOPE
    pieces, slope = pieces[flat], slope[flat]
    ends = pieces[:, :4] if turned else pieces[:, [1, 0, 3, 2]]
    return Strokes(ends, pieces[:, 4] / np.hypot(1.0, slope))


def bent_strokes(chains: Chains, least: int, *, turned: bool) -> list[Floats]:
    """The middles (K, 2) in pixels of chains that leave their chord by more than a pixel or two."""
    found = []
    for a, b in zip(chains.first[:-1].tolist(), chains.first[1:].tolist(), strict=True):
        if b - a < least:
            continue
        c, m = chains.column[a:b], chains.middle[a:b]
        chord = m[0] + (m[-1] - m[0]) * (c - c[0]) / (c[-1] - c[0])
        if np.abs(m - chord).max() > _BENT_PX:
            flat = np.abs(np.gradient(m)) < 2.0  # near its top an arc is cut lengthwise
            found.append(np.stack([c, m] if turned else [m, c], axis=1)[flat])
    return found


def chains_of(mask: Grey, depth: Grey, least: int) -> Chains:
    """The chains of at least `least` runs in a mask (C, R), with middles weighed by depth."""
    lines, reach = mask.shape
    padded = np.zeros((lines, reach + 2), np.uint8)
    padded[:, 1:-1] = mask
    flat = padded.ravel()
    change = np.flatnonzero(flat[1:] != flat[:-1])
    start, stop = change[::2], change[1::2]  # keys line * (reach + 2) + place, the first pixel and the one behind
    pitch = reach + 2
    first = np.searchsorted(stop, start + pitch)
    ahead = np.searchsorted(start, stop + pitch, side="right") - first
    behind = np.searchsorted(start, stop - pitch, side="right") - np.searchsorted(stop, start - pitch)
    link = np.full(len(start), -1)
    i = np.flatnonzero(ahead == 1)
    j = first[i]
    long_i, long_j = stop[i] - start[i], stop[j] - start[j]
    alike = (behind[j] == 1) & (long_j <= 2 * long_i + 1) & (long_i <= 2 * long_j + 1)
    link[j[alike]] = i[alike]
    root = np.where(link >= 0, link, np.arange(len(link)))
    while True:
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    count = np.bincount(root, minlength=len(root))
    chains = np.sort(count[count >= least])
    if len(chains) > _MOST_CHAINS:  # no drawing has so many: noise, or a halftone
        least = int(chains[-_MOST_CHAINS]) + 1
    kept = np.flatnonzero(count[root] >= least)
    order = kept[np.argsort(root[kept], kind="stable")]
    borders = np.flatnonzero(np.diff(root[order], prepend=-1, append=-1))
    column, begin = np.divmod(start[order], pitch)
    middle, breadth = _weighed(depth, column, begin, stop[order] - start[order])
    return Chains(column + 0.5, middle, breadth, borders if len(order) else np.zeros(1, np.int64))


def _weighed(depth: Grey, line: Ints, begin: Ints, length: Ints) -> tuple[Floats, Floats]:
    """Middles and breadths (N,) of runs of depth (C, R), one pixel of fringe on either side counted in."""
    total, moment, peak = np.zeros(len(line)), np.zeros(len(line)), np.ones(len(line))
    for k in range(-1, int(length.max(initial=0)) + 1):
        here = np.flatnonzero(k <= length)
        place = begin[here] + k
        inside = (place >= 0) & (place < depth.shape[1])
        here, place = here[inside], place[inside]
        value = depth[line[here], place].astype(np.float64)
        total[here] += value
        moment[here] += value * (place + 0.5)
        peak[here] = np.maximum(peak[here], value)
    blank = total <= 0
    middle = np.where(blank, begin + length / 2, moment / np.where(blank, 1.0, total))
    return middle, np.where(blank, length, total / peak)


def _straight_pieces(chains: Chains, least: int) -> Floats:
    """Chains cut where they bend, as (M, 5): column, middle at the start, the same at the end, breadth."""
    pieces: list[tuple[float, float, float, float, float]] = []
    for a, b in zip(chains.first[:-1].tolist(), chains.first[1:].tolist(), strict=True):
        stack = [(a, b)]
        while stack:
            low, high = stack.pop()
            if high - low < least:
                continue
            c, m = chains.column[low:high], chains.middle[low:high]
            centre, mean = c.mean(), m.mean()
            slope = float(((c - centre) * (m - mean)).sum() / ((c - centre) ** 2).sum())
            off = np.abs(m - mean - slope * (c - centre))
            # single runs that a crossing pulled aside do not bend a stroke
            bent = off > _STRAIGHT_PX
            cut = 0
            if high - low >= 2 * least:
                if bent.mean() > _BENT_SHARE:
                    chord = m - m[0] - (m[-1] - m[0]) * (c - c[0]) / (c[-1] - c[0])
                    cut = int(np.argmax(np.abs(chord)))
                else:
                    cut = _step(chains.breadth[low:high])
            if cut:
                cut = low + min(max(cut, least), high - low - least)
                stack += [(low, cut), (cut, high)]
                continue
            c0, c1 = c[0] - 0.5, c[-1] + 0.5
            pieces.append(
                (
                    c0,
                    mean + slope * (c0 - centre),
                    c1,
                    mean + slope * (c1 - centre),
                    float(np.median(chains.breadth[low:high])),
                )
            )
    return np.array(pieces, np.float64).reshape(-1, 5)


def _step(breadth: Floats) -> int:
    """Where breadths (N,) change for good, by half or more: two pens in one line; 0 where they do not."""
    sums = np.cumsum(breadth)
    count = np.arange(1, len(breadth))
    before, after = sums[:-1] / count, (sums[-1] - sums[:-1]) / (len(breadth) - count)
    gain = count * (len(breadth) - count) * (before - after) ** 2
    k = int(np.argmax(gain))
    small, large = sorted((float(before[k]), float(after[k])))
    return k + 1 if large > 1.4 * small and large - small > 1.2 else 0
