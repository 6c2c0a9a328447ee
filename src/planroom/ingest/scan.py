"""A scan made ready to be read: paper white, ink dark, level, without specks and scanner borders.

Glossary. *Depth*: how much darker a pixel is than the paper round it. *Skew*: how far the sheet lies turned
counter-clockwise on the glass. *Speck*: a spot smaller than a pen's dot with nothing near it.

Big arrays are worked on in strips of rows, so that beside the picture and its turned copy only strips are held.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.records import Floats

_STRIP_PIXELS = 1 << 20
_SMALL_PX = 1200  # long side of the copy that the paper's brightness is taken from
_SKEW_PX = 2400  # and of the one that the skew is taken from
_MOST_SKEW_DEG = 5.0
_LEAST_SKEW_DEG = 0.04  # a line across the sheet climbs by two pixels: turning would blur more than it mends
_CLEARLY = 1.08  # better than straight must an angle be
_MOST_POINTS = 150_000
_PAPER_DEPTH = 28  # no deeper than this is paper
_LEAST_PAPER = 0.6  # of a drawing is paper (0.81 and more of 41 real plans); of a photograph less
_MOST_HALFTONE = 0.25  # of a drawing is broad grey areas (0.02 of the same plans); of a photograph more
_INK_DEPTH = 225  # what the ink is stretched to
_MOST_GAIN = 3.0
_BORDER_SHARE = 0.12  # of a side: no deeper does a scanner's black border reach
_SPECK_PX = 3
_ALONE_PX = 12
_FRINGE_PIXELS = 16  # of fainter ones are round a speck, or noise
Grey = NDArray[np.uint8]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned picture (H, W), the same size, and how many degrees of counter-clockwise skew were taken out of it.

    inverted: whether it was white on black. is_drawing: False for a photograph, which is passed on as it is.
    """

    grey: Grey
    skew_deg: float
    inverted: bool
    is_drawing: bool


def lease_bytes(pixels: int) -> int:
    """Anonymous bytes that `clean_scan` takes beside its input: the picture, its turned copy, and strips."""
    return 48_000_000 + 3 * pixels


def clean_scan(grey: Grey) -> Cleaned:
    """`grey` (H, W) as a clean, level, dark-on-light drawing; a photograph comes back untouched."""
    inverted = _is_inverted(grey)
    clean: Grey = 255 - grey if inverted else grey.copy()
    paper = _paper(clean)
    if not _level(clean, paper):
        return Cleaned(grey, 0.0, False, is_drawing=False)
    _whiten_borders(clean)
    _despeckle(clean)
    skew_deg = find_skew(clean)
    if abs(skew_deg) >= _LEAST_SKEW_DEG:
        clean = turned(clean, -skew_deg)
    else:
        skew_deg = 0.0
    return Cleaned(clean, skew_deg, inverted, is_drawing=True)


def turned(grey: Grey, angle_deg: float) -> Grey:
    """The picture turned counter-clockwise round its middle, the same size, white where nothing was."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, 1.0)
    out: Grey = cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    return out


def find_skew(grey: Grey) -> float:
    """Degrees that the long lines of a dark-on-light drawing are turned counter-clockwise; 0.0 where none say so.

    Each angle is judged by how much the edges of strokes gather in few rows and columns (squares of the counts).
    """
    small = _shrunk(grey, _SKEW_PX)
    ink = small < 160
    rows = _edge_points(ink)
    columns = _edge_points(ink.T) * (-1, 1)  # a quarter turn: upright lines become level ones
    sides = (small.shape[1], small.shape[0])
    best, score = 0.0, 0.0
    for step, reach in ((0.25, _MOST_SKEW_DEG), (0.05, 0.3), (0.0125, 0.06)):
        angles = best + np.arange(-round(reach / step), round(reach / step) + 1) * step
        scores = [_gathered(rows, a, sides[0]) + _gathered(columns, a, sides[1]) for a in angles.tolist()]
        best, score = float(angles[int(np.argmax(scores))]), float(max(scores))
    straight = _gathered(rows, 0.0, sides[0]) + _gathered(columns, 0.0, sides[1])
    # where the frame lies straight and the house does not, the sheet lies straight
    if score <= 0.0 or score < _CLEARLY * straight or abs(best) > _MOST_SKEW_DEG - 0.1:
        return 0.0
    return best


def _gathered(points: Floats, angle_deg: float, side: int) -> float:
    """How much points (N, 2) lie in long lines at this angle: the squares of all rows that hold a tenth of `side`."""
    if len(points) == 0:
        return 0.0
    turn = math.radians(angle_deg)
    # y runs down in pixels, so a counter-clockwise turn makes y fall as x grows
    level = points[:, 1] * math.cos(turn) + points[:, 0] * math.sin(turn)
    counts = np.bincount((level - level.min()).astype(np.int32), minlength=2).astype(np.float64)
    pairs = counts[:-1] + counts[1:]  # an edge seldom falls within one row
    long = pairs[pairs > 0.1 * side]
    return float((long * long).sum())


def _edge_points(ink: Bools) -> Floats:
    """Points x, y (N, 2) where ink begins below paper, evenly thinned where there are too many."""
    y, x = np.nonzero(ink[1:] & ~ink[:-1])
    points = np.stack([x, y], axis=1).astype(np.float64)
    # chunks of columns stay whole: thinning single points would thin the lines as well as the rest
    return points if len(points) <= _MOST_POINTS else points[:: -(-len(points) // _MOST_POINTS)]


def _shrunk(grey: Grey, long_side_px: int) -> Grey:
    """The picture with its longer side at most `long_side_px`."""
    factor = long_side_px / max(grey.shape)
    if factor >= 1.0:
        return grey
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    small: Grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return small


def _is_inverted(grey: Grey) -> bool:
    """Whether most of the picture is one dark tone: white on black."""
    small = _shrunk(grey, _SMALL_PX)
    middle = float(np.median(small))
    return middle < 100 and float((np.abs(small.astype(np.float32) - middle) < _PAPER_DEPTH).mean()) > _LEAST_PAPER


def _paper(grey: Grey) -> Grey:
    """The brightness of the paper at each place of a small copy: what is left when all that is narrow is filled."""
    small = _shrunk(grey, _SMALL_PX)
    side = max(9, min(small.shape) // 8) | 1
    soft = cv2.blur(small, (3, 3))
    filled = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    level = int(np.percentile(filled, 75))
    filled[filled < 0.45 * level] = level  # a wide black area is no shadow
    paper: Grey = cv2.blur(filled, (side // 2 | 1, side // 2 | 1))
    return paper


def _level(grey: Grey, paper: Grey) -> bool:
    """Make paper white and ink dark in place; False, with nothing done, where this is no drawing."""
    small = cv2.resize(grey, paper.shape[::-1], interpolation=cv2.INTER_AREA)
    broad = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    halftone = cv2.subtract(paper, broad)
    is_paper = cv2.absdiff(paper, small) < _PAPER_DEPTH
    if is_paper.mean() < _LEAST_PAPER or ((halftone > _PAPER_DEPTH) & (halftone < 150)).mean() > _MOST_HALFTONE:
        return False
    whole = cv2.resize(paper, grey.shape[::-1])
    step = max(1, grey.size // 4_000_000)
    depth = 255 - cv2.divide(grey[::step], whole[::step], scale=255.0)
    noise = 2.2 * float(np.median(cv2.absdiff(whole[::step], grey[::step])))
    inked = depth[depth > max(_PAPER_DEPTH, 2 * noise)]
    ink = float(np.percentile(inked, 80)) if len(inked) else float(_INK_DEPTH)
    gain = min(max(_INK_DEPTH / ink, 1.0), _MOST_GAIN)
    tones = np.clip((np.arange(256) - noise) * gain * ink / max(ink - noise, 1.0), 0, 255)
    table = (255 - tones).astype(np.uint8)
    for rows in _strips(grey.shape):
        # a share of the paper's brightness, so that ink in shadow is as dark as in the light
        grey[rows] = cv2.LUT(255 - cv2.divide(grey[rows], whole[rows], scale=255.0), table)
    return True


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows from top to bottom, about a million pixels each."""
    rows = max(64, _STRIP_PIXELS // shape[1])
    for top in range(0, shape[0], rows):
        yield slice(top, min(top + rows, shape[0]))


def _whiten_borders(grey: Grey) -> None:
    """Paint out, in place, broad dark areas along the picture's edges: the scanner's lid beside the sheet.

    A wall that was cut at the edge is kept: a border runs along most of a side.
    """
    small = _shrunk(grey, _SMALL_PX)
    height, width = small.shape
    dark = cv2.morphologyEx((small < 140).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    sides = (dark[0], dark[-1], dark[:, 0], dark[:, -1])
    if max(float(side.mean()) for side in sides) < 0.5:
        return
    _, labels = cv2.connectedComponents(dark)
    near = np.ones_like(dark)
    dy, dx = round(_BORDER_SHARE * height), round(_BORDER_SHARE * width)
    near[dy : height - dy, dx : width - dx] = 0
    border = np.zeros_like(dark)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        counts = np.bincount(side)
        for label in (np.flatnonzero(counts[1:] > 0.5 * len(side)) + 1).tolist():
            border |= ((labels == label) & (near > 0)).astype(np.uint8)
    border = cv2.dilate(border, np.ones((7, 7), np.uint8))
    whole = cv2.resize(border, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
    grey[whole > 0] = 255


def _despeckle(grey: Grey) -> None:
    """Paint out, in place, spots of at most 3 by 3 pixels with no ink within 12: the dots of letters have letters."""
    margin = _ALONE_PX + _SPECK_PX
    source = grey.copy()
    for rows in _strips(grey.shape):
        top, bottom = max(0, rows.start - margin), min(grey.shape[0], rows.stop + margin)
        strip = source[top:bottom]
        ink = (strip < 200).astype(np.uint8)
        count, labels, stats, middles = cv2.connectedComponentsWithStats(ink, connectivity=8)
        if count < 2:
            continue
        small = (stats[:, cv2.CC_STAT_WIDTH] <= _SPECK_PX) & (stats[:, cv2.CC_STAT_HEIGHT] <= _SPECK_PX)
        small[0] = False
        reach = 2 * _ALONE_PX + 1
        faint = (strip < 240).astype(np.uint8)  # a faint line may be dark enough in single spots only
        around = cv2.boxFilter(faint, cv2.CV_32S, (reach, reach), normalize=False, borderType=cv2.BORDER_CONSTANT)
        x, y = middles[:, 0].round().astype(np.int64), middles[:, 1].round().astype(np.int64)
        alone = small & (around[y, x] <= stats[:, cv2.CC_STAT_AREA] + _FRINGE_PIXELS)
        spots = cv2.dilate(alone[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
        inner = slice(rows.start - top, rows.stop - top)
        grey[rows][spots[inner] > 0] = 255
