"""The rules by which openings that were seen are counted, fitted by cross-validation on real plans.

A rule is chosen on four fifths of the plans and tried on the rest, in turn, so that the figure told is of plans that
the choice did not see. What is seen, and what the letters say, does not depend on the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import cv2
import numpy as np

from planroom.detect.seen import Rules, find_elements
from planroom.engine.eyes import Eyes
from planroom.engine.pictures import GreyArray
from planroom.ingest.scan import clean_scan
from planroom.records import Element

FOLDS: Final = 5
_SCORES: Final = tuple(round(0.2 + 0.05 * k, 2) for k in range(12))
_LOWEST: Final = Rules(door=_SCORES[0], window=_SCORES[0], opening=_SCORES[0])
Found = dict[str, dict[bool, list[Element]]]
Counts = dict[str, dict[str, int]]


def rows(eyes: Eyes, pictures: dict[str, Any], truth: Counts) -> Iterator[dict[str, Any]]:
    """A row for doors and one for windows: the rules fitted on all, and how well those fitted on others did."""
    found: Found = {name: _openings(eyes, path) for name, path in pictures.items()}
    names = sorted(found)
    folds = np.random.default_rng(0).permutation(len(names)) % FOLDS
    for kind in ("door", "window"):
        ways = list(product((True, False), _SCORES))
        tried = []
        for fold in range(FOLDS):
            known = [name for name, at in zip(names, folds, strict=True) if at != fold]
            way = max(ways, key=lambda way: _exact(found, truth, known, kind, *way))
            tried += [(name, way) for name, at in zip(names, folds, strict=True) if at == fold]
        best = max(ways, key=lambda way: _exact(found, truth, names, kind, *way))
        off = [(_count(found[name], kind, *way), truth[name][kind]) for name, way in tried]
        yield {
            "part": "rules",
            "kind": kind,
            "sliders_are_windows": best[0],
            "least_score": best[1],
            "exact_fitted": round(_exact(found, truth, names, kind, *best)[0], 3),
            "exact": round(float(np.mean([said == true for said, true in off])), 3),
            "error": round(float(np.mean([abs(said - true) / true for said, true in off if true])), 3),
        }


def _openings(eyes: Eyes, path: Any) -> dict[bool, list[Element]]:
    """All that might be an opening, with sliders in outer walls as windows or not."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    cleaned = clean_scan(np.asarray(grey, np.uint8)).grey
    seen = eyes.look(GreyArray(cleaned), lambda _: None)
    return {way: find_elements(cleaned, seen, rules=_LOWEST._replace(sliders_are_windows=way)) for way in (True, False)}


def _count(found: dict[bool, list[Element]], kind: str, sliders_are_windows: bool, least: float) -> int:
    return sum(e.kind == kind and e.confidence >= least for e in found[sliders_are_windows])


def _exact(
    found: Found, truth: Counts, names: list[str], kind: str, sliders_are_windows: bool, least: float
) -> tuple[float, float]:
    """The share that is exact; of equals, the smaller error is better."""
    off = [(_count(found[name], kind, sliders_are_windows, least), truth[name][kind]) for name in names]
    error = float(np.mean([abs(said - true) / true for said, true in off if true]))
    return float(np.mean([said == true for said, true in off])), -error
