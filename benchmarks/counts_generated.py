"""How well doors and windows are found on drawn sheets whose seeds nothing was trained on, clean and hard.

Clean: as a CAD program prints them. Hard: as everything that is trained on, scanned, faint, skewed, small. An opening
is found where its rectangle and the true one have half of their union in common, one to one, surest first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from planroom.engine.eyes import Eyes
from planroom.engine.instances import DOOR_KINDS, KINDS, Instance
from planroom.engine.pictures import GreyArray

SEED: Final = 3_000_000_000  # those of the training's own held-out sheets begin at two thousand million
SHEETS: Final = 60
LEAST_F1: Final = {"clean": 0.98, "hard": 0.90}
_LEAST_SCORE: Final = 0.4
_SAME: Final = 0.5
_LEAST_PX: Final = 3.0  # thickness of a rectangle, in pixels of the sheet: a line has no area to share


def rows(eyes: Eyes) -> Iterator[dict[str, Any]]:
    """A row for doors and one for windows, clean and hard."""
    sys.path.append(str(Path(__file__).parents[1]))
    from training.drawings import draw_sheet

    for split, least in LEAST_F1.items():
        hits = {"door": np.zeros(3), "window": np.zeros(3)}
        for seed in range(SEED, SEED + SHEETS):
            drawing = draw_sheet(seed, clean=split == "clean")
            seen = eyes.look(GreyArray(drawing.image), lambda _: None)
            for name, kinds in (("door", DOOR_KINDS), ("window", ("window",))):
                true = [
                    Instance(KINDS[int(kind)], x, y, angle, length, thickness, 1.0)
                    for kind, x, y, angle, length, thickness, *_ in drawing.instances.tolist()
                ]
                found = [one for one in seen.instances if one.score >= _LEAST_SCORE]
                hits[name] += matched([o for o in found if o.kind in kinds], [o for o in true if o.kind in kinds])
        for name, (hit, found_n, true_n) in hits.items():
            f1 = 2 * hit / max(found_n + true_n, 1)
            yield {
                "part": "generated",
                "split": split,
                "kind": name,
                "sheets": SHEETS,
                "true": int(true_n),
                "precision": round(hit / max(found_n, 1), 3),
                "recall": round(hit / max(true_n, 1), 3),
                "f1": round(f1, 3),
                "over": f1 < least,
            }


def matched(found: list[Instance], there: list[Instance]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How many are matched, found, and there."""
    left = {k: _rectangle(one) for k, one in enumerate(there)}
    hit = 0
    for one in sorted(found, key=lambda one: -one.score):
        shape = _rectangle(one)
        near = {k: shape.intersection(other).area / shape.union(other).area for k, other in left.items()}
        best = max(near, key=lambda k: near[k], default=None)
        if best is not None and near[best] >= _SAME:
            del left[best]
            hit += 1
    return np.array([hit, len(found), len(there)], float)


def _rectangle(one: Instance) -> shapely.Polygon:
    along = np.array([np.cos(one.angle), np.sin(one.angle)]) * one.length / 2
    across = np.array([-np.sin(one.angle), np.cos(one.angle)]) * max(one.thickness, _LEAST_PX) / 2
    middle = np.array([one.x, one.y])
    return shapely.Polygon(
        [middle - along - across, middle + along - across, middle + along + across, middle - along + across]
    )
