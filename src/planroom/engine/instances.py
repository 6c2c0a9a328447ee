"""Things that the vision networks see, one by one: doors, windows, fixtures, with their place, size and score."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

KINDS: Final = ("hinged", "double", "sliding", "folding", "garage", "door", "opening", "window", "wc", "bed", "stair")
DOOR_KINDS: Final = KINDS[:6]
OPENING_KINDS: Final = KINDS[:8]
STRIDE: Final = 4  # pixels of a tile in one of its centres and shapes
_LEAST_SCORE: Final = 0.1
_SAME: Final = 0.4  # of the shorter one's length: instances as near as that are one,
_COMMON: Final = 0.6  # and openings in one line that have so much of the shorter one's length in common
_PARALLEL: Final = 0.9  # cosine
_BESIDE: Final = 0.75  # of the thicker one's thickness
_MOST: Final = 5000  # instances of a picture: no sheet shows more
_MOST_LOG: Final = 6.0
_UNSEEN: Final = 0.15  # the score of what a look does not show, beside those that do
_SHOWN: Final = (0.001, 0.999)  # scores whose odds are finite
Floats = NDArray[np.float32]


class Instance(NamedTuple):
    """One thing seen. x, y: its middle; angle: radians, of its length; all in pixels of the picture, y down."""

    kind: str
    x: float
    y: float
    angle: float
    length: float
    thickness: float
    score: float


def read_instances(centres: Floats, shapes: Floats, least: float = _LEAST_SCORE) -> list[Instance]:
    """What stands at the local maxima of `centres` (kinds, h, w), logits; shapes (6, h, w). In pixels of the tile."""
    scores = 1 / (1 + np.exp(-centres))
    found = []
    for kind, score in zip(KINDS, scores, strict=True):
        peak = (score >= cv2.dilate(score, np.ones((3, 3), np.uint8))) & (score > least)
        for row, column in np.argwhere(peak):
            dx, dy, cos, sin, length, thickness = (float(x) for x in shapes[:, row, column])
            found.append(
                Instance(
                    kind,
                    (column + dx + 0.5) * STRIDE - 0.5,
                    (row + dy + 0.5) * STRIDE - 0.5,
                    float(np.arctan2(sin, cos) / 2),
                    float(np.exp(min(length, _MOST_LOG))) * STRIDE,
                    float(np.exp(min(thickness, _MOST_LOG))) * STRIDE,
                    float(score[row, column]),
                )
            )
    return found


def distinct(instances: list[Instance]) -> list[Instance]:
    """Each thing once: of openings at one place, and of fixtures at one place, the surest."""
    ranked = sorted(instances, key=lambda one: -one.score)[:_MOST]
    kept: list[Instance] = []
    places = np.zeros((len(ranked), 6))  # x, y, angle, length, thickness, is an opening; of those that are kept
    for one in ranked:
        is_opening = float(one.kind in OPENING_KINDS)
        x, y, angle, length, thickness, alike = places[: len(kept)].T
        same = np.hypot(x - one.x, y - one.y) < _SAME * np.minimum(length, one.length)
        if is_opening:
            cos, sin, turned = np.cos(angle), np.sin(angle), np.abs(np.cos(angle - one.angle))
            along, across = (one.x - x) * cos + (one.y - y) * sin, (one.y - y) * cos - (one.x - x) * sin
            common = (length + one.length) / 2 - np.abs(along)
            in_line = (turned > _PARALLEL) & (np.abs(across) < _BESIDE * np.maximum(thickness, one.thickness))
            same |= in_line & (common > _COMMON * np.minimum(length, one.length))
        if not (same & (alike == is_opening)).any():
            places[len(kept)] = one.x, one.y, one.angle, one.length, one.thickness, is_opening
            kept.append(one)
    return kept


def together(looks: list[list[Instance]]) -> list[Instance]:
    """What several looks at one picture show, each thing once: as the surest of them shows it, with the mean of their
    odds as its score.
    """
    shown: list[dict[int, Instance]] = []  # by look, one thing each, the surest first
    for k, look in enumerate(looks):
        before = list(shown)
        places = np.array([(one.x, one.y, one.length) for one in map(_surest, before)]).reshape(-1, 3)
        free = [sort_of(_surest(one)) for one in before]
        for one in sorted(look, key=lambda one: -one.score):
            away = np.hypot(places[:, 0] - one.x, places[:, 1] - one.y) / np.minimum(places[:, 2], one.length)
            near = [j for j in np.flatnonzero(away < _SAME) if free[j] == sort_of(one)]
            if near:
                j = min(near, key=lambda j: float(away[j]))
                before[j][k], free[j] = one, ""
            else:
                shown.append({k: one})
    return distinct([_surest(one)._replace(score=_mean_score(one, len(looks))) for one in shown])


def _surest(shown: dict[int, Instance]) -> Instance:
    return max(shown.values(), key=lambda one: one.score)


def sort_of(one: Instance) -> str:
    """What it is, doors of all kinds alike."""
    return "door" if one.kind in DOOR_KINDS else one.kind


def _odds(score: float) -> float:
    """Their logarithm."""
    p = min(max(score, _SHOWN[0]), _SHOWN[1])
    return math.log(p / (1 - p))


def _mean_score(shown: dict[int, Instance], looks: int) -> float:
    odds = [_odds(shown[k].score if k in shown else _UNSEEN) for k in range(looks)]
    return 1 / (1 + math.exp(-sum(odds) / looks))
