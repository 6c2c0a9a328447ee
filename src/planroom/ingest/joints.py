"""Strokes made whole: doubles dropped, and what crossings, noise and the borders of tiles cut joined again."""

from __future__ import annotations

import numpy as np
import shapely

from planroom.ingest.strokes import Grey, Ints, Strokes
from planroom.records import Floats

_PAPER = 190  # lighter is paper


def distinct(strokes: Strokes) -> Strokes:
    """The strokes without those that lie on a longer one: both directions find what runs halfway between."""
    lines = shapely.linestrings(strokes.ends.reshape(-1, 2, 2))
    length = shapely.length(lines)
    order = np.argsort(-length, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    middles = shapely.points((strokes.ends[:, :2] + strokes.ends[:, 2:]) / 2)
    i, j = shapely.STRtree(lines).query(middles, predicate="dwithin", distance=1.5)
    i, j = i[rank[i] > rank[j]], j[rank[i] > rank[j]]
    for side in (slice(0, 2), slice(2, 4)):
        close = shapely.distance(shapely.points(strokes.ends[i, side]), lines[j]) < 2.0
        i, j = i[close], j[close]
    doubled = np.zeros(len(order), bool)
    doubled[i] = True
    return strokes.take(~doubled)


def joined(strokes: Strokes, grey: Grey, pen: float) -> Strokes:
    """Strokes that go on in one line made one, across a crossing or a gap of about a pen's width."""
    count = len(strokes.width)
    if count < 2:
        return strokes
    vector = strokes.ends[:, 2:] - strokes.ends[:, :2]
    length = np.maximum(np.hypot(*vector.T), 1e-9)
    along = vector / length[:, None]
    # each stroke has two ends, each with the way out of it
    at = np.concatenate([strokes.ends[:, :2], strokes.ends[:, 2:]])
    out = np.concatenate([-along, along])
    size, width = np.concatenate([length, length]), np.concatenate([strokes.width, strokes.width])
    reach = 3.0 * pen + 5.0
    points = shapely.points(at)
    i, j = shapely.STRtree(points).query(points, predicate="dwithin", distance=reach)
    fits = (i < j) & (i % count != j % count)
    i, j = i[fits], j[fits]
    gap = at[j] - at[i]
    facing = -(out[i] * out[j]).sum(1)
    ahead = (gap * out[i]).sum(1)
    # the whole from far end to far end must pass both near ends
    far_i, far_j = at[(i + count) % (2 * count)], at[(j + count) % (2 * count)]
    whole = far_j - far_i
    whole /= np.maximum(np.hypot(*whole.T), 1e-9)[:, None]
    aside = np.maximum(_beside(at[i] - far_i, whole), _beside(at[j] - far_i, whole))
    short = np.minimum(size[i], size[j])
    fits = (facing > 0.8) & (aside < 0.8 + 0.15 * pen) & (ahead > -0.5 * short - 2)
    i, j, gap, ahead = i[fits], j[fits], gap[fits], ahead[fits]
    white = _white_px(grey, at[i], at[j])
    thin, thick = np.minimum(width[i], width[j]), np.maximum(width[i], width[j])
    fits = (white <= max(3.0, 1.2 * pen)) & (thick < 1.4 * thin + 1.2)
    i, j, distance = i[fits], j[fits], np.abs(ahead[fits])
    partner = np.full(2 * count, -1)
    for k in np.argsort(distance, kind="stable").tolist():
        one, two = int(i[k]), int(j[k])
        if partner[one] < 0 and partner[two] < 0:
            partner[one], partner[two] = two, one
    return _merged(strokes, partner)


def _beside(vector: Floats, along: Floats) -> Floats:
    """How far vectors (N, 2) lead aside from unit vectors (N, 2)."""
    return np.asarray(np.abs(vector[:, 0] * along[:, 1] - vector[:, 1] * along[:, 0]))


def _white_px(grey: Grey, one: Floats, two: Floats) -> Floats:
    """How many pixels of paper lie on the way between points (N, 2) and (N, 2)."""
    steps = 16
    share = (np.arange(steps) + 0.5)[None, :, None] / steps
    way = one[:, None] + (two - one)[:, None] * share
    x = np.clip(way[..., 0], 0, grey.shape[1] - 1).astype(np.int64)
    y = np.clip(way[..., 1], 0, grey.shape[0] - 1).astype(np.int64)
    return np.asarray((grey[y, x] > 190).mean(1) * np.hypot(*(two - one).T))


def _merged(strokes: Strokes, partner: Ints) -> Strokes:
    """Strokes with partners by their ends (2 N,) drawn together: from the first end of a row of them to its last."""
    count = len(strokes.width)
    length = np.hypot(*(strokes.ends[:, 2:] - strokes.ends[:, :2]).T)
    at = np.concatenate([strokes.ends[:, :2], strokes.ends[:, 2:]])
    done = np.zeros(count, bool)
    ends, widths = [], []
    for start in np.flatnonzero((partner[:count] < 0) ^ (partner[count:] < 0)).tolist():
        if done[start]:
            continue
        free = start if partner[start] < 0 else start + count
        here, members = free, []
        while True:
            members.append(here % count)
            far = (here + count) % (2 * count)
            if partner[far] < 0:
                break
            here = int(partner[far])
        done[members] = True
        ends.append(np.concatenate([at[free], at[far]]))
        widths.append(float(np.average(strokes.width[members], weights=length[members])))
    alone = strokes.take(~done)  # strokes without partners, and rings of partners, which straight lines cannot make
    if not ends:
        return alone
    return Strokes(np.concatenate([alone.ends, np.array(ends)]), np.concatenate([alone.width, np.array(widths)]))
