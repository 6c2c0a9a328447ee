"""From how sure each thing that was seen is to how many there are: a number, and between which numbers it likely lies.

The score of a thing that was seen is turned into the chance that it is there. Things are there or not independently of
each other, so that their number follows a Poisson-binomial distribution; but a way of drawing that the networks know
little shifts the scores of a whole sheet at once, which widens the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from planroom.records import Floats

SHARPNESS: Final = 5.0  # of the chance over the score's log-odds: scores of heatmaps lie close together
DOUBT: Final = 2.0  # how far the log-odds of all chances of a sheet may be off at once, either way
_OUTSIDE: Final = 0.05  # of the chance on either side of the interval
_LEAST: Final = 1e-3
_OFFS: Final = 9


def chance(score: float, even: float) -> float:
    """The chance, 0 to 1, that something with `score` is there; one with the score `even` is as likely there as not."""
    apart = _log_odds(score) - _log_odds(even)
    return float(1 / (1 + np.exp(-SHARPNESS * apart)))


def how_many(chances: Sequence[float], doubt: float = DOUBT) -> tuple[int, int, int]:
    """The number to be expected, and the lowest and the highest number that are not unlikely."""
    best = round(float(np.sum(chances)))
    fewest, most = (np.cumsum(distribution(shifted(chances, way * doubt))) for way in (-1, 1))
    low, high = int(np.searchsorted(fewest, _OUTSIDE)), int(np.searchsorted(most, 1 - _OUTSIDE))
    return best, min(low, best), max(high, best)


def certainty(chances: Sequence[float], number: int) -> float:
    """The chance that exactly `number` are there, all chances being off at once by up to DOUBT, little more often."""
    offs = np.linspace(-DOUBT, DOUBT, _OFFS)
    weights = np.exp(-(offs**2) / 2)
    told = [distribution(shifted(chances, off)) for off in offs.tolist()]
    likely = [float(one[number]) if number < len(one) else 0.0 for one in told]
    return float(np.average(likely, weights=weights))


def shifted(chances: Sequence[float], by: float) -> list[float]:
    """Chances whose log-odds are all changed alike."""
    factor = float(np.exp(by))
    return [one * factor / (one * factor + 1 - one) for one in chances]


def distribution(chances: Sequence[float]) -> Floats:
    """(n + 1,): the chance that 0, 1, ... n are there."""
    counts = np.ones(1)
    for one in chances:
        counts = np.convolve(counts, [1 - one, one])
    return counts


def _log_odds(score: float) -> float:
    inside = min(max(score, _LEAST), 1 - _LEAST)
    return float(np.log(inside / (1 - inside)))
