"""Walls as bands: two parallel faces with nothing between that goes all the way, in a pen that draws walls.

Glossary. *Face*: a maximal line that may bound a wall. *Band*: the strip between two faces where both are drawn.
*Corridor*: the bands that share a direction and both offsets; the gaps between them are where openings lie.
"""

from __future__ import annotations

import numpy as np
import shapely

from planroom.detect.bands import Bands
from planroom.detect.layers import meaning_of
from planroom.detect.lines import Bools, Lines, dashes, groups, repeated
from planroom.records import Floats, Ints, Style

MIN_THICKNESS_M = 0.045
MAX_THICKNESS_M = 0.62
_MIN_OVERLAP_M = 0.05
_THICK_M = 0.28
_SAME_OFFSET_M = 0.012
_AT_DOOR_M = 0.12
_LIGHTER = 0.8  # of a pen's width: below, another one is lighter


def find_faces(lines: Lines, styles: list[Style], extent: tuple[float, float, float, float]) -> Bools:
    """Which lines (N,) may be wall faces: no page frame, no regular family, no layer that says otherwise.

    Where layers named after walls hold a fair share of the lines, only these (and unnamed ones in their pen) count.
    """
    meanings = [_meaning(style) for style in styles]
    says_other = np.array([m in ("other", "stair", "door", "window") for m in meanings], bool)
    width, height = extent[2] - extent[0], extent[3] - extent[1]
    frame = lines.length > 0.8 * max(width, height)
    keep: Bools = ~frame & (lines.length > 0.03)
    if layers_name_walls(lines, styles):
        return keep & _says_wall(styles)[lines.style]
    keep &= ~says_other[lines.style] & ~dashes(lines)
    index = np.flatnonzero(keep)
    keep[index[repeated(lines.take(keep))]] = False
    return keep


def layers_name_walls(lines: Lines, styles: list[Style]) -> bool:
    """Whether layers (or blocks) named after walls hold enough lines to be trusted with all of them."""
    return len(lines) > 0 and float(lines.length[_says_wall(styles)[lines.style]].sum()) > 8.0


def _says_wall(styles: list[Style]) -> Bools:
    return np.array([_meaning(style) == "wall" for style in styles], bool)


def _meaning(style: Style) -> str:
    return (meaning_of(style.block) if style.block else "") or meaning_of(style.layer)


def find_bands(lines: Lines, faces: Bools, styles: list[Style], doors: Floats) -> Bands:
    """Bands between the faces of `lines` that `faces` (N,) names, in the pens that draw walls.

    doors (K, 2, 2): hinge and latch of the door swings; the pens of what they hang on are the walls'. A pair counts
    where nothing runs between its faces over some stretch. A pair that is clean only in part (a window's lines lie
    between) counts where its thickness is one that clean pairs of the sheet have.
    """
    index = np.flatnonzero(faces).astype(np.int32)
    first, second = _pairs(lines, index)
    if len(first) == 0:
        return bands_of(lines, first, second)
    clear = _clear_share(lines, index, first, second)
    pens = _wall_pens(lines, first[clear > 0.95], second[clear > 0.95], styles, doors)
    drawn = pens[lines.style[first]] & pens[lines.style[second]]
    first, second = first[drawn], second[drawn]
    clear = _clear_share(lines, index[pens[lines.style[index]]], first, second)
    thickness = lines.offset[second] - lines.offset[first]
    overlap = np.minimum(lines.end[first], lines.end[second]) - np.maximum(lines.start[first], lines.start[second])
    clean = clear > 0.95
    usual = _usual(thickness, thickness[clean], overlap[clean])
    # two faces far apart are a thick wall only where the sheet has more of it; else they are a closet or a shaft
    keep = (clean & (usual | (thickness < _THICK_M))) | ((clear > 0.03) & usual)
    return _drop_nested(bands_of(lines, first[keep], second[keep]))


def _pairs(lines: Lines, index: Ints) -> tuple[Ints, Ints]:
    """Pairs of parallel faces (lower offset first) whose distance may be a wall's thickness and that overlap."""
    boxes = shapely.box(lines.start[index], lines.offset[index], lines.end[index], lines.offset[index])
    firsts, seconds = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for direction in np.unique(lines.direction[index]):
        here = index[lines.direction[index] == direction]
        if len(here) < 2:
            continue
        own = boxes[lines.direction[index] == direction]
        tree = shapely.STRtree(own)
        reach = shapely.box(
            lines.start[here],
            lines.offset[here] + MIN_THICKNESS_M,
            lines.end[here],
            lines.offset[here] + MAX_THICKNESS_M,
        )
        a, b = tree.query(reach)
        overlap = np.minimum(lines.end[here[a]], lines.end[here[b]]) - np.maximum(
            lines.start[here[a]], lines.start[here[b]]
        )
        keep = overlap > _MIN_OVERLAP_M
        firsts.append(here[a[keep]])
        seconds.append(here[b[keep]])
    return np.concatenate(firsts), np.concatenate(seconds)


def _clear_share(lines: Lines, index: Ints, first: Ints, second: Ints) -> Floats:
    """Share (P,) of each pair's overlap along which no other face runs between the two."""
    low = np.maximum(lines.start[first], lines.start[second])
    high = np.minimum(lines.end[first], lines.end[second])
    share = np.ones(len(first))
    for direction in np.unique(lines.direction[first]):
        here = index[lines.direction[index] == direction]
        tree = shapely.STRtree(shapely.box(lines.start[here], lines.offset[here], lines.end[here], lines.offset[here]))
        pairs = np.flatnonzero(lines.direction[first] == direction)
        gap = 0.1 * (lines.offset[second[pairs]] - lines.offset[first[pairs]])
        inner = shapely.box(
            low[pairs] + 0.01, lines.offset[first[pairs]] + gap, high[pairs] - 0.01, lines.offset[second[pairs]] - gap
        )
        at, line = tree.query(inner)
        order = np.lexsort((lines.start[here[line]], at))
        at, line = at[order], here[line[order]]
        for pair, group in zip(*groups(at), strict=True):
            p = pairs[pair]
            covered, reach = 0.0, low[p]
            for k in line[group]:
                begin, stop = max(reach, lines.start[k]), min(high[p], lines.end[k])
                if stop > begin:
                    covered += stop - begin
                    reach = stop
            share[p] = 1 - covered / max(high[p] - low[p], 1e-9)
    return share


def _wall_pens(lines: Lines, first: Ints, second: Ints, styles: list[Style], doors: Floats) -> Bools:
    """Which styles (S,) draw walls: those that doors hang on, and those as heavy that make up a fair share.

    Where no door says so, the heaviest of the styles whose clean pairs are long together.
    """
    same = lines.style[first] == lines.style[second]
    first, second = first[same], second[same]
    pairs = bands_of(lines, first, second)
    overlap = np.maximum(pairs.end - pairs.start, 0)
    metres = np.bincount(lines.style[first], overlap, len(styles))
    dashed = np.array([style.dashed for style in styles], bool)
    width = np.array([style.width for style in styles])
    hung = _doors_hung(pairs, lines.style[first], width, doors)
    long = metres >= 0.12 * metres[~dashed].max(initial=0.0)
    if hung.max(initial=0) == 0:
        heaviest = width[long & ~dashed].max(initial=0.0)
        return np.asarray(long & ~dashed & (width >= 0.8 * heaviest))
    # long lines, not the short ones that hatch a wall, carry the doors
    mean = np.bincount(lines.style[first], overlap**2, len(styles)) / np.maximum(metres, 1e-9)
    draws = (hung >= max(1.0, 0.1 * hung.max())) & (mean > 0.3 * mean[hung > 0].max())
    stroked = width[draws & ~dashed & (width > 0)]
    heavy = width >= 0.95 * (stroked.min() if len(stroked) else np.inf)
    return np.asarray(draws | (long & ~dashed & heavy))


def _doors_hung(pairs: Bands, style: Ints, width: Floats, doors: Floats) -> Floats:
    """How many doors (K, 2, 2) have hinge and latch at bands of each style (S,) that run as the closed leaf does.

    width (S,): of the pens. A door hangs on the heaviest that it has there, and on what fills it (no width); frames,
    thresholds and dimension lines beside it are lighter.
    """
    count = np.zeros(len(width))
    if len(doors) == 0 or len(pairs) == 0:
        return count
    tree = shapely.STRtree(pairs.polygons())
    leaf = doors[:, 1] - doors[:, 0]
    leaf = leaf / np.maximum(np.hypot(leaf[:, 0], leaf[:, 1]), 1e-9)[:, None]
    along = pairs.axes[pairs.direction]
    at_hinge, at_latch = np.zeros((len(doors), len(width)), bool), np.zeros((len(doors), len(width)), bool)
    # what runs on through the doorway is a threshold or the edge of a floor
    door, band = tree.query(shapely.points(doors.mean(1)), predicate="dwithin", distance=_AT_DOOR_M)
    through = door * len(pairs) + band
    for side, found in ((0, at_hinge), (1, at_latch)):
        door, band = tree.query(shapely.points(doors[:, side]), predicate="dwithin", distance=_AT_DOOR_M)
        in_line = np.abs(leaf[door, 0] * along[band, 1] - leaf[door, 1] * along[band, 0]) < 0.35
        in_line &= ~np.isin(door * len(pairs) + band, through)
        found[door[in_line], style[band[in_line]]] = True
    at_both = at_hinge & at_latch
    heaviest = np.max(np.where(at_both, width, 0.0), axis=1, initial=0.0)
    at_both &= (width == 0) | (width >= _LIGHTER * heaviest[:, None])
    return np.asarray(at_both.sum(0), np.float64)


def _usual(thickness: Floats, clean: Floats, weight: Floats) -> Bools:
    """Which pairs have a thickness that clean pairs have for at least a twentieth of their length, to 8 mm."""
    bins = np.round(clean / 0.004).astype(int)
    mass = np.bincount(bins, weight, 200)
    near = np.convolve(mass, np.ones(5), "same")
    at = np.clip(np.round(thickness / 0.004).astype(int), 0, 199)
    return np.asarray(near[at] >= 0.05 * mass.sum())


def bands_of(lines: Lines, first: Ints, second: Ints) -> Bands:
    """The bands between pairs of faces: ids of the lower (N,) and of the upper line (N,)."""
    low, high = lines.offset[first], lines.offset[second]
    direction = lines.direction[first]
    order = np.lexsort((high, low, direction))
    corridor = np.zeros(len(first), np.int32)
    if len(first):
        new = (np.diff(direction[order], prepend=-1) != 0) | (np.diff(low[order], prepend=-np.inf) > _SAME_OFFSET_M)
        group = np.cumsum(new)
        inner = np.lexsort((high[order], group))
        jump = (np.diff(group[inner], prepend=-1) != 0) | (
            np.diff(high[order][inner], prepend=-np.inf) > _SAME_OFFSET_M
        )
        corridor[order[inner]] = np.cumsum(jump) - 1
    return Bands(
        axes=lines.axes,
        direction=direction,
        low=low,
        high=high,
        start=np.maximum(lines.start[first], lines.start[second]),
        end=np.minimum(lines.end[first], lines.end[second]),
        faces=np.stack([first, second], axis=1).astype(np.int32),
        corridor=corridor,
    )


def _drop_nested(bands: Bands) -> Bands:
    """Without the bands that lie inside another (a window's lines inside its wall)."""
    if len(bands) < 2:
        return bands
    polygons = bands.polygons()
    area = shapely.area(polygons)
    tree = shapely.STRtree(polygons)
    inner, outer = tree.query(shapely.buffer(polygons, -0.002), predicate="within")
    keep = np.ones(len(bands), bool)
    keep[inner[area[inner] < 0.98 * area[outer]]] = False
    return bands.take(keep)
