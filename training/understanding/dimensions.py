"""Dimension texts and the lines that may be theirs, as networks take them, and which line truly is which text's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
import torch
from numpy.typing import NDArray
from torch import Tensor

from planroom.records import Floats, Text
from planroom.units import parse_lengths
from training.architectures.quantity_transformer import SCALES
from training.understanding.features import WIDTH, Rows, line_tokens, text_tokens
from training.understanding.sets import Example

MOST_TEXTS: Final = 96
MOST_LINES: Final = 384
LEAST_M: Final = 2.0  # of a sheet's longer side
MOST_M: Final = 500.0
_NEAR: Final = 4.0  # heights of a text, from it to a line that may be its own
_ON_LINE: Final = 0.08  # heights of a text, off a dimension's line
_PARALLEL: Final = 0.02
_SHORT: Final = 1.2  # heights: shorter lines are strokes of letters


class Ties(NamedTuple):
    """texts (m, WIDTH), lines (n, WIDTH), right (m, n) whether a line is part of a text's own; scale as a step of the
    logarithm of the longer side in metres.
    """

    texts: Rows
    lines: Rows
    right: NDArray[np.float32]
    scale: int


def candidates(one: Example) -> tuple[list[Text], Floats]:
    """Texts that may be dimensions, and the lines (n, 4) near them, the nearest first."""
    texts = [text for text in one.texts if any(value > 0 for value in parse_lengths(text.string))][:MOST_TEXTS]
    if not texts or not len(one.lines):
        return texts, np.zeros((0, 4))
    tree = shapely.STRtree(shapely.linestrings(one.lines.reshape(-1, 2, 2)))
    points = shapely.points([(text.x, text.y) for text in texts])
    length = np.hypot(*(one.lines[:, 2:] - one.lines[:, :2]).T)
    nearest: dict[int, float] = {}
    for text, point in zip(texts, points, strict=True):
        for k in tree.query(point, "dwithin", _NEAR * text.height).tolist():
            if length[k] > _SHORT * text.height:
                away = float(shapely.distance(tree.geometries[k], point)) / text.height
                nearest[k] = min(nearest.get(k, math.inf), away)
    chosen = sorted(nearest, key=nearest.__getitem__)[:MOST_LINES]
    return texts, one.lines[chosen]


def right_lines(one: Example, texts: Sequence[Text], lines: Floats) -> NDArray[np.float32]:
    """(m, n): whether a line lies on the line of the dimension that a text truly is, between its ends."""
    right = np.zeros((len(texts), len(lines)), np.float32)
    taken: set[int] = set()
    for string, _, ends in one.dimensions:
        middle = ends.mean(0)
        own = [k for k, text in enumerate(texts) if text.string == string and k not in taken]
        if not own or not len(lines):
            continue
        k = min(own, key=lambda k: float(np.hypot(texts[k].x - middle[0], texts[k].y - middle[1])))
        taken.add(k)
        along = ends[1] - ends[0]
        u = along / max(float(np.hypot(*along)), 1e-9)
        n = np.array([-u[1], u[0]])
        off = np.abs(np.stack([(lines[:, :2] - ends[0]) @ n, (lines[:, 2:] - ends[0]) @ n], 1)).max(1)
        at = np.sort(np.stack([(lines[:, :2] - ends[0]) @ u, (lines[:, 2:] - ends[0]) @ u], 1), 1)
        common = np.minimum(at[:, 1], float(np.hypot(*along))) - np.maximum(at[:, 0], 0)
        right[k] = (off < _ON_LINE * texts[k].height) & (common > 0.2 * (at[:, 1] - at[:, 0]).clip(1e-9))
    return right


def ties_of(one: Example, random: np.random.Generator | None = None) -> Ties:
    """An example's features. random: scales the drawing and drops lines, for training."""
    texts, lines = candidates(one)
    right = right_lines(one, texts, lines)
    if random is not None and len(lines):
        kept = random.random(len(lines)) >= random.choice([0.0, 0.2])
        lines, right = lines[kept], right[:, kept]
    extent = one.sheet.extent
    longer = max(extent[2] - extent[0], extent[3] - extent[1])
    step = scale_step(longer * (one.true["m_per_pt"] or 0.0))
    return Ties(text_tokens(texts, extent), line_tokens(lines, extent), right, step)


def scale_step(longer_m: float) -> int:
    """The step of a sheet whose longer side is so many metres; -100 where that is not known."""
    if not longer_m:
        return -100
    share = math.log(longer_m / LEAST_M) / math.log(MOST_M / LEAST_M)
    return int(np.clip(round(share * (SCALES - 1)), 0, SCALES - 1))


def ties_batch(ties: Sequence[Ties]) -> dict[str, Tensor]:
    """Padded: texts (B, M, WIDTH), lines (B, N, WIDTH), what is present of each, right (B, M, N), scale (B,)."""
    m, n = max(1, *(len(one.texts) for one in ties)), max(1, *(len(one.lines) for one in ties))
    made = {
        "texts": np.zeros((len(ties), m, WIDTH), np.float32),
        "texts_present": np.zeros((len(ties), m), np.float32),
        "lines": np.zeros((len(ties), n, WIDTH), np.float32),
        "lines_present": np.zeros((len(ties), n), np.float32),
        "right": np.zeros((len(ties), m, n), np.float32),
    }
    for k, one in enumerate(ties):
        made["texts"][k, : len(one.texts)], made["texts_present"][k, : len(one.texts)] = one.texts, 1
        made["lines"][k, : len(one.lines)], made["lines_present"][k, : len(one.lines)] = one.lines, 1
        made["right"][k, : len(one.texts), : len(one.lines)] = one.right
    return {name: torch.from_numpy(value) for name, value in made.items()} | {
        "scale": torch.tensor([one.scale for one in ties])
    }


def nearest_lines(texts: Sequence[Text], lines: Floats) -> list[int]:
    """The baseline: for each text the nearest line along it; -1 where there is none."""
    found = []
    for text in texts:
        u = np.array([math.cos(math.radians(text.angle)), math.sin(math.radians(text.angle))])
        n, at = np.array([-u[1], u[0]]), np.array([text.x, text.y])
        vector = lines[:, 2:] - lines[:, :2]
        length = np.hypot(*vector.T)
        parallel = np.abs(vector @ n) <= _PARALLEL * length
        ends = np.sort(np.stack([(lines[:, :2] - at) @ u, (lines[:, 2:] - at) @ u], 1), 1)
        level = np.abs((lines[:, :2] - at) @ n)
        past = np.maximum(0, np.maximum(ends[:, 0], -ends[:, 1]))
        away = np.where(parallel, np.hypot(level, past), np.inf)
        found.append(int(np.argmin(away)) if len(lines) and np.isfinite(away).any() else -1)
    return found
