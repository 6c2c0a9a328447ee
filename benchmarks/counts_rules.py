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

from planroom.detect.odds import how_many
from planroom.detect.seen import Candidate, Rules, find_candidates
from planroom.engine.eyes import Eyes
from planroom.engine.pictures import GreyArray
from planroom.ingest.scan import clean_scan

FOLDS: Final = 5
_EVEN: Final = tuple(round(0.2 + 0.05 * k, 2) for k in range(12))
_OFF_WALL: Final = (0.0, 0.1, 0.2, 0.5)
_WAYS: Final = {kind: [{kind: even, "off_wall": off, "sliders_are_windows": are} for even, off, are in
                       product(_EVEN, _OFF_WALL, (True, False))] for kind in ("door", "window")}  # fmt: skip
Seen = dict[str, list[Candidate]]
Counts = dict[str, dict[str, int]]


def rows(eyes: Eyes, pictures: dict[str, Any], truth: Counts) -> Iterator[dict[str, Any]]:
    """A row for doors and one for windows: the rules fitted on all, and how well those fitted on others did."""
    seen: Seen = {name: _candidates(eyes, path) for name, path in pictures.items()}
    names = sorted(seen)
    folds = np.random.default_rng(0).permutation(len(names)) % FOLDS
    for kind, ways in _WAYS.items():
        true = np.array([truth[name][kind] for name in names])
        said = np.array([[_range(seen[name], kind, Rules(**way)) for name in names] for way in ways])
        tried = np.zeros((len(names), 3), int)
        for fold in range(FOLDS):
            known = folds != fold
            tried[~known] = said[_best(said[:, known, 0], true[known]), ~known]
        best = _best(said[:, :, 0], true)
        best_guess, low, high = tried.T
        yield (
            {"part": "rules", "kind": kind}
            | ways[best]
            | {
                "exact_fitted": round(float((said[best, :, 0] == true).mean()), 3),
                "exact": round(float((best_guess == true).mean()), 3),
                "error": round(_error(best_guess, true), 3),
                "in_range": round(float(((low <= true) & (true <= high)).mean()), 3),
                "range_wide": round(float((high - low).mean()), 1),
            }
        )


def _best(said: np.ndarray[Any, Any], true: np.ndarray[Any, Any]) -> int:
    """The way with the largest share that is exact, less its error: either alone is too coarse on few plans."""
    return int(np.argmax([float((one == true).mean()) - _error(one, true) for one in said]))


def _error(said: np.ndarray[Any, Any], true: np.ndarray[Any, Any]) -> float:
    there = true > 0
    return float((np.abs(said - true)[there] / true[there]).mean())


def _range(candidates: list[Candidate], kind: str, rules: Rules) -> tuple[int, int, int]:
    return how_many([rules.chance(one) for one in candidates if rules.kind(one) == kind])


def _candidates(eyes: Eyes, path: Any) -> list[Candidate]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    cleaned = clean_scan(np.asarray(grey, np.uint8)).grey
    return find_candidates(cleaned, eyes.look(GreyArray(cleaned), lambda _: None))
