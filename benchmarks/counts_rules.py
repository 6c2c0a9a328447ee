"""The rules by which openings that were seen are counted, fitted by cross-validation on real plans.

A rule is chosen on four fifths of the plans and tried on the rest, in turn, so that the figure told is of plans that
the choice did not see. Chosen is what makes the true counts likeliest: how many are exactly right jumps with every
plan. The plans are parted twenty times, for one way to part 41 says little. What is seen, and what the letters say,
does not depend on the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final, NamedTuple

import cv2
import numpy as np

from planroom.detect import raster
from planroom.detect.odds import DOUBT, distribution, how_many, shifted
from planroom.detect.seen import LEAST_CHANCE, Candidate, Rules, find_candidates
from planroom.engine.eyes import Eyes
from planroom.engine.ocr import TextReader
from planroom.engine.pictures import GreyArray
from planroom.ingest.scan import clean_scan
from planroom.sheet.lettering import as_texts

FOLDS: Final = 5
SPLITS: Final = 20
_EVEN: Final = tuple(round(0.3 + 0.025 * k, 3) for k in range(17))
_SHARED: Final = tuple(product((0.0, 0.05, 0.1, 0.2), (True, False)))  # off_wall, sliders_are_windows
_SHIFTS: Final = tuple(np.linspace(-DOUBT, DOUBT, 9))  # of a sheet's log-odds at once, in which half of DOUBT is usual
_LEAST: Final = 1e-4  # what nothing is less likely than: a label may be wrong
Seen = dict[str, list[Candidate]]
Counts = dict[str, dict[str, int]]
KINDS: Final = ("door", "window")
Whole = np.ndarray[Any, Any]


class Said(NamedTuple):
    """By shared rules, even score and plan: best guess, low and high (..., 3); how likely the true count is (...)."""

    counts: Whole
    likely: Whole


def rows(eyes: Eyes, reader: TextReader, pictures: dict[str, Any], truth: Counts) -> Iterator[dict[str, Any]]:
    """A row for doors and one for windows: the rules fitted on all, and how well those fitted on others did."""
    seen: Seen = {name: _candidates(eyes, reader, path) for name, path in pictures.items()}
    names = sorted(seen)
    true = {kind: np.array([truth[name][kind] for name in names]) for kind in KINDS}
    said = {kind: _said(seen, names, true[kind], kind) for kind in KINDS}
    tried = {kind: np.zeros((SPLITS, len(names), 3), int) for kind in KINDS}
    for split, fold in product(range(SPLITS), range(FOLDS)):
        known = np.random.default_rng(split).permutation(len(names)) % FOLDS != fold
        shared, even = _best(said, known)
        for kind in KINDS:
            tried[kind][split][~known] = said[kind].counts[shared, even[kind]][~known]
    shared, even = _best(said, np.ones(len(names), bool))
    for kind in KINDS:
        best_guess, low, high = np.moveaxis(tried[kind], -1, 0)
        fitted = said[kind].counts[shared, even[kind]][:, 0]
        exact = (best_guess == true[kind]).mean(1)
        yield {
            "part": "rules",
            "kind": kind,
            "even": _EVEN[even[kind]],
            "off_wall": _SHARED[shared][0],
            "sliders_are_windows": _SHARED[shared][1],
            "exact_fitted": round(float((fitted == true[kind]).mean()), 3),
            "error_fitted": round(_error(fitted, true[kind]), 3),
            "exact": round(float(exact.mean()), 3),
            "between": [round(float(x), 3) for x in np.quantile(exact, (0.05, 0.95))],
            "error": round(float(np.mean([_error(one, true[kind]) for one in best_guess])), 3),
            "off_by_one": round(float((np.abs(best_guess - true[kind]) <= 1).mean()), 3),
            "in_range": round(float(((low <= true[kind]) & (true[kind] <= high)).mean()), 3),
            "range_wide": round(float((high - low).mean()), 1),
        }


def _said(seen: Seen, names: list[str], true: Whole, kind: str) -> Said:
    counts = np.zeros((len(_SHARED), len(_EVEN), len(names), 3), int)
    likely = np.zeros(counts.shape[:3])
    for (a, shared), (b, even), (c, name) in product(enumerate(_SHARED), enumerate(_EVEN), enumerate(names)):
        chances = _chances(seen[name], kind, even, *shared)
        counts[a, b, c] = how_many(chances)
        likely[a, b, c] = _likely(chances, int(true[c]))
    return Said(counts, likely)


def _likely(chances: list[float], many: int) -> float:
    """The logarithm of the chance that exactly so many are there."""
    weights = np.exp(-2 * (np.array(_SHIFTS) / DOUBT) ** 2)
    told = [distribution(shifted(chances, by)) for by in _SHIFTS]
    exactly = [one[many] if many < len(one) else 0.0 for one in told]
    return float(np.log(np.average(exactly, weights=weights) + _LEAST))


def _best(said: dict[str, Said], known: Whole) -> tuple[int, dict[str, int]]:
    """Which shared rules, and with them which even score of each kind, make the plans that are `known` likeliest."""
    worth = {kind: said[kind].likely[:, :, known].mean(2) for kind in KINDS}
    shared = int(np.argmax(sum(worth[kind].max(1) for kind in KINDS)))
    return shared, {kind: int(np.argmax(worth[kind][shared])) for kind in KINDS}


def _error(said: Whole, true: Whole) -> float:
    there = true > 0
    return float((np.abs(said - true)[there] / true[there]).mean())


def _chances(candidates: list[Candidate], kind: str, even: float, off_wall: float, sliders: bool) -> list[float]:
    rules = Rules(door=even, window=even, off_wall=off_wall, sliders_are_windows=sliders)
    chances = [rules.chance(one) for one in candidates if rules.kind(one) == kind]
    return [chance for chance in chances if chance > LEAST_CHANCE]


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
