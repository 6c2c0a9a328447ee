"""Boxes round lettering: what several tiles and zooms found, as one set.

A quad (4, 2) is in pixels, y down: its first corner is where the text starts, top left as it is read; then clockwise.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float64]
_STRAIGHT_DEG = 4.0
_SAME_LINE = 0.55  # of the lower one's height two pieces of a line have in common
_COVERED = 0.5


def sides(quad: Quad) -> tuple[float, float]:
    """Length along the text, and height, in pixels, as the corners are ordered."""
    along = float(np.hypot(*(quad[1] - quad[0])) + np.hypot(*(quad[2] - quad[3]))) / 2
    across = float(np.hypot(*(quad[3] - quad[0])) + np.hypot(*(quad[2] - quad[1]))) / 2
    return along, across


def stands(quad: Quad) -> bool:
    """Whether it is so much higher than wide, as lying on the page, that its text runs up or down."""
    (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
    return bool(y1 - y0 > 1.5 * (x1 - x0))


def may_stand(quad: Quad) -> bool:
    """Whether it is so nearly square, or higher, that its text may run up or down: a word of two letters is."""
    (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
    return bool(y1 - y0 > 0.95 * (x1 - x0))


def join_quads(quads: list[Quad]) -> list[Quad]:
    """Without repeats, and pieces of one line cut by a tile's edge as one: level and upright ones by their boxes,
    slanted ones only without repeats.
    """
    level = [q for q in quads if _slant_deg(q) < _STRAIGHT_DEG and not stands(q)]
    upright = [q for q in quads if _slant_deg(q) < _STRAIGHT_DEG and stands(q)]
    slanted = [q for q in quads if _slant_deg(q) >= _STRAIGHT_DEG]
    flat = [_box_quad(b) for b in _join_boxes([_box(q) for q in level])]
    tall = [_box_quad(b[[1, 0, 3, 2]]) for b in _join_boxes([_box(q)[[1, 0, 3, 2]] for q in upright])]
    return _distinct([*flat, *tall], slanted)


def _slant_deg(quad: Quad) -> float:
    along, across = quad[1] - quad[0], quad[3] - quad[0]
    longer = along if np.hypot(*along) >= np.hypot(*across) else across
    turn = float(np.degrees(np.arctan2(longer[1], longer[0]))) % 90
    return min(turn, 90 - turn)


def _box(quad: Quad) -> Quad:
    return np.concatenate([quad.min(0), quad.max(0)])


def _box_quad(box: Quad) -> Quad:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)


def _join_boxes(boxes: list[Quad]) -> list[Quad]:
    """Boxes xyxy, those of one line that overlap along it as one."""
    left = sorted(boxes, key=lambda b: (b[0], b[1]))
    joined: list[Quad] = []
    for box in left:
        for k, other in enumerate(joined):
            if _one_line(box, other):
                joined[k] = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
                break
        else:
            joined.append(box)
    return joined if len(joined) == len(boxes) else _join_boxes(joined)


def _one_line(one: Quad, two: Quad) -> bool:
    if min(one[2], two[2]) <= max(one[0], two[0]):
        return False
    low, high = sorted((one[3] - one[1], two[3] - two[1]))
    common = min(one[3], two[3]) - max(one[1], two[1])
    alike = high < 1.7 * low and common > _SAME_LINE * high
    within = common > 0.8 * low and min(one[2], two[2]) - max(one[0], two[0]) > 0.8 * min(
        one[2] - one[0], two[2] - two[0]
    )
    return bool(alike or within)


def _distinct(kept: list[Quad], more: list[Quad]) -> list[Quad]:
    """`kept`, and of `more` what lies mostly on nothing before it, the largest first."""
    kept = list(kept)
    for quad in sorted(more, key=lambda q: -sides(q)[0] * sides(q)[1]):
        shape = quad.astype(np.float32)
        area = abs(cv2.contourArea(shape))
        if all(cv2.intersectConvexConvex(shape, k.astype(np.float32))[0] < _COVERED * area for k in _near(quad, kept)):
            kept.append(quad)
    return kept


def _near(quad: Quad, others: list[Quad]) -> list[Quad]:
    low, high = quad.min(0), quad.max(0)
    return [other for other in others if (other.min(0) < high).all() and (other.max(0) > low).all()]
