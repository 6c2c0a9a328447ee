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

from planroom.detect import raster
from planroom.detect.odds import how_many
from planroom.detect.seen import LEAST_CHANCE, Candidate, Rules, find_candidates
from planroom.engine.eyes import Eyes
from planroom.engine.ocr import TextReader
from planroom.engine.pictures import GreyArray
from planroom.ingest.scan import clean_scan
from planroom.sheet.lettering import as_texts

FOLDS: Final = 5
_EVEN: Final = tuple(round(0.2 + 0.05 * k, 2) for k in range(12))
_SHARED: Final = tuple(product((0.0, 0.1, 0.2, 0.5), (True, False)))  # off_wall, sliders_are_windows
Seen = dict[str, list[Candidate]]
Counts = dict[str, dict[str, int]]
KINDS: Final = ("door", "window")
Whole = np.ndarray[Any, Any]
Said = dict[str, Whole]  # by kind: shared rules, even score, plan; best guess, low, high


def rows(eyes: Eyes, reader: TextReader, pictures: dict[str, Any], truth: Counts) -> Iterator[dict[str, Any]]:
    """A row for doors and one for windows: the rules fitted on all, and how well those fitted on others did."""
    seen: Seen = {name: _candidates(eyes, reader, path) for name, path in pictures.items()}
    names = sorted(seen)
    folds = np.random.default_rng(0).permutation(len(names)) % FOLDS
    true = {kind: np.array([truth[name][kind] for name in names]) for kind in KINDS}
    said = {kind: np.array([[[_range(seen[name], kind, even, *shared) for name in names] for even in _EVEN]
                            for shared in _SHARED]) for kind in KINDS}  # fmt: skip
    tried = {kind: np.zeros((len(names), 3), int) for kind in KINDS}
    for fold in range(FOLDS):
        known = folds != fold
        shared, even = _best(said, true, known)
        for kind in KINDS:
            tried[kind][~known] = said[kind][shared, even[kind]][~known]
    shared, even = _best(said, true, np.ones(len(names), bool))
    for kind in KINDS:
        best_guess, low, high = tried[kind].T
        fitted = said[kind][shared, even[kind]][:, 0]
        yield {
            "part": "rules",
            "kind": kind,
            "even": _EVEN[even[kind]],
            "off_wall": _SHARED[shared][0],
            "sliders_are_windows": _SHARED[shared][1],
            "exact_fitted": round(float((fitted == true[kind]).mean()), 3),
            "exact": round(float((best_guess == true[kind]).mean()), 3),
            "error": round(_error(best_guess, true[kind]), 3),
            "in_range": round(float(((low <= true[kind]) & (true[kind] <= high)).mean()), 3),
            "range_wide": round(float((high - low).mean()), 1),
        }


def _best(said: Said, true: dict[str, Whole], known: Whole) -> tuple[int, dict[str, int]]:
    """Which shared rules, and with them which even score of each kind, do best on the plans that are `known`: by the
    share that is exact, less the error, for either alone is too coarse on few plans.
    """
    worth = {
        kind: np.array([[_worth(one[known, 0], true[kind][known]) for one in ways] for ways in said[kind]])
        for kind in KINDS
    }
    shared = int(np.argmax(sum(worth[kind].max(1) for kind in KINDS)))
    return shared, {kind: int(np.argmax(worth[kind][shared])) for kind in KINDS}


def _worth(said: Whole, true: Whole) -> float:
    return float((said == true).mean()) - _error(said, true)


def _error(said: Whole, true: Whole) -> float:
    there = true > 0
    return float((np.abs(said - true)[there] / true[there]).mean())


def _range(candidates: list[Candidate], kind: str, even: float, off_wall: float, sliders: bool) -> tuple[int, int, int]:
    rules = Rules(door=even, window=even, off_wall=off_wall, sliders_are_windows=sliders)
    chances = [rules.chance(one) for one in candidates if rules.kind(one) == kind]
    return how_many([chance for chance in chances if chance > LEAST_CHANCE])


def _candidates(eyes: Eyes, reader: TextReader, path: Any) -> list[Candidate]:
    """Read as a reader reads a scan."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    cleaned = clean_scan(np.asarray(picture, np.uint8)).grey
    reading = reader.read(GreyArray(cleaned), lambda _: None)
    grey = np.ascontiguousarray(np.rot90(cleaned, reading.turn_deg // 90))
    texts = as_texts(list(reading.lines), cleaned.shape, reading.turn_deg)
    traced = raster.find_elements(grey, texts, lambda *_: None)
    return find_candidates(grey, eyes.look(GreyArray(grey), lambda _: None), traced, texts)
