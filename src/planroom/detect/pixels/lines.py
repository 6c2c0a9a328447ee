"""Straight strokes of a picture, with the pens that drew them."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.detect.pixels.ink import PEN_PX, Ink, level_runs
from planroom.records import Floats

Grey = NDArray[np.uint8]
_PEN_STEP = 0.1  # of a pen's weight, as a logarithm
_VALLEY = 0.3
_LEAST_PX = 15  # of a straight line
_CORNER_PX = 5  # a corner's rounding in a scan
_SLANT = 0.1
_GAP_PX = 7  # where another pen crosses


def level_lines(ink: Ink, lettered: Grey) -> tuple[Floats, Floats]:
    """Level lines (N, 4) in pixels, y down, along the middle of their stroke, and how heavy each pen is (N,)."""
    soft = cv2.GaussianBlur(ink.strokes, (1, 5), 1.0)
    above, below = np.zeros_like(soft), np.zeros_like(soft)
    above[1:], below[:-1] = soft[:-1], soft[1:]
    ridge = ((soft >= above) & (soft > below)).astype(np.uint8) & ink.drawn
    del above, below
    ridge = cv2.dilate(ridge, np.ones((3, 1), np.uint8))
    ridge = cv2.morphologyEx(ridge, cv2.MORPH_OPEN, np.ones((1, _GAP_PX), np.uint8))
    ridge = cv2.morphologyEx(ridge, cv2.MORPH_CLOSE, np.ones((1, _GAP_PX), np.uint8))
    lines, pens = [], []
    for x, y, w, h in level_runs(ridge, _LEAST_PX):
        top = max(y - PEN_PX, 0)
        patch = ink.strokes[top : y + h + PEN_PX, x : x + w]
        profile = patch.mean(1)
        peak = y - top + int(np.argmax(profile[y - top : y - top + h]))
        faint = np.flatnonzero(profile < 0.4 * profile[peak])
        first = int(faint[faint < peak].max(initial=-1)) + 1
        last = int(faint[faint > peak].min(initial=len(profile)))
        if h > 9 or profile[peak] < 1 or lettered[y : y + h, x : x + w].mean() > 0.8:
            continue
        profile = profile[first:last]
        middle = top + first + float((profile * np.arange(len(profile))).sum() / profile.sum()) + 0.5
        for start, end, ink_sum in _by_pen(patch[max(first - 1, 0) : last + 1].astype(np.float32)):
            lines.append((x + start, middle, x + end, middle))
            pens.append(ink_sum)
    return np.array(lines, np.float64).reshape(-1, 4), np.array(pens)


def _by_pen(patch: NDArray[np.float32]) -> list[tuple[int, int, float]]:
    """Start, end and ink across of each stretch of a level line (rows, columns) that one pen drew."""
    width = patch.shape[1]
    ink = cv2.blur(np.maximum(patch.sum(0), 1.0)[None], (_CORNER_PX, 1))[0]
    low, high = np.quantile(ink, (0.08, 0.92))
    if high < 1.7 * low or width < 3 * _LEAST_PX:
        return [(0, width, float(np.median(ink)))]
    heavy = cv2.morphologyEx(
        (ink > (low * high) ** 0.5).astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, _LEAST_PX))
    )
    heavy = cv2.morphologyEx(heavy, cv2.MORPH_OPEN, np.ones((1, _LEAST_PX)))[0]
    cuts = [0, *(np.flatnonzero(np.diff(heavy)) + 1).tolist(), width]
    return [(a, b, float(np.median(ink[a:b]))) for a, b in pairwise(cuts)]


def sort_pens(ink: Floats, length: Floats) -> NDArray[np.int32]:
    """Which pen drew each line (N,), lightest first: pens are apart where hardly a line is as heavy."""
    if len(ink) == 0:
        return np.zeros(0, np.int32)
    value = np.log(np.maximum(ink, 1.0)) / _PEN_STEP
    at = np.round(value - value.min()).astype(int)
    mass = np.convolve(np.bincount(at, length, at.max() + 1), [0.5, 1.0, 0.5], "same")
    cuts: list[int] = []
    top = valley = 0
    for k in range(1, len(mass)):
        if mass[k] < mass[valley] or valley < top:
            valley = k if mass[k] < mass[max(valley, top)] or valley < top else valley
        if mass[k] > mass[top] and mass[valley] > _VALLEY * mass[top]:
            top, valley = k, k
        elif mass[valley] < _VALLEY * min(mass[top], mass[k]):
            cuts.append(valley)
            top, valley = k, k
    return np.asarray(np.searchsorted(cuts, at, side="right"), np.int32)


def unexplained(ink: Ink, lines: Floats) -> Grey:
    """Where there is ink (0 or 1) that no level or upright line (N, 4) explains; what they crossed is joined again."""
    rest = ink.drawn
    long = lines[np.abs(lines[:, 2:] - lines[:, :2]).max(1) > 55]
    for x0, y0, x1, y1 in long.round().astype(int).tolist():
        cv2.line(rest, (x0, y0), (x1, y1), 0, 4)
    return np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))


def oblique_lines(ink: Ink, rest: Grey) -> Floats:
    """Slanting lines (N, 4) in pixels, y down, among the strokes of `rest`."""
    soft = cv2.GaussianBlur(ink.strokes, (0, 0), 1.0)
    peak = np.zeros_like(rest)
    core = soft[1:-1, 1:-1]
    for one, other in ((soft[1:-1, :-2], soft[1:-1, 2:]), (soft[:-2, 1:-1], soft[2:, 1:-1])):
        peak[1:-1, 1:-1] |= ((core >= one) & (core > other)).astype(np.uint8)
    found = cv2.HoughLinesP(rest & peak, 1, np.pi / 180, 14, minLineLength=_LEAST_PX, maxLineGap=4)
    if found is None:
        return np.zeros((0, 4))
    lines = found.reshape(-1, 4).astype(np.float64) + 0.5
    span = np.abs(lines[:, 2:] - lines[:, :2])
    return np.asarray(lines[span.min(1) > _SLANT * span.max(1)])
