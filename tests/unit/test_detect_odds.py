"""Chances into a number and its interval, beside counting all cases by hand and by chance."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planroom.detect.odds import chance, distribution, how_many

CHANCES = st.lists(st.floats(0, 1), max_size=9)


def test_a_chance_is_even_at_the_even_score_and_rises_with_the_score() -> None:
    assert chance(0.4, 0.4) == pytest.approx(0.5)
    assert chance(0.3, 0.4) < 0.15 and chance(0.5, 0.4) > 0.85
    assert 0 <= chance(0.0, 0.4) < 1e-6 < 1 - 1e-6 < chance(1.0, 0.4) <= 1


@settings(deadline=None)
@given(CHANCES)
def test_the_distribution_is_that_of_all_cases(chances: list[float]) -> None:
    by_hand = np.zeros(len(chances) + 1)
    for there in product((0, 1), repeat=len(chances)):
        by_hand[sum(there)] += np.prod([p if one else 1 - p for p, one in zip(chances, there, strict=True)])

    np.testing.assert_allclose(distribution(chances), by_hand, atol=1e-9)


@settings(deadline=None)
@given(CHANCES)
def test_the_best_guess_lies_in_its_interval(chances: list[float]) -> None:
    best, low, high = how_many(chances)

    assert 0 <= low <= best <= high <= len(chances)
    assert abs(best - sum(chances)) <= 0.5 + 1e-9


def test_nothing_sure_and_doubtful() -> None:
    assert how_many([]) == (0, 0, 0)
    assert how_many([1.0] * 7) == (7, 7, 7)
    assert how_many([0.001] * 5) == (0, 0, 0)
    assert how_many([0.5] * 20, doubt=0)[1:] == (6, 14)
    low, high = how_many([0.5] * 20, doubt=1)[1:]
    assert low < 6 and high > 14


def test_the_interval_holds_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        chances = random.beta(0.6, 0.6, 12)
        _, low, high = how_many(chances.tolist(), doubt=0)
        held += low <= (random.random(12) < chances).sum() <= high

    assert held / 2000 > 0.88


def test_the_interval_holds_where_all_chances_are_off_at_once() -> None:
    random = np.random.default_rng(0)
    held = {0.0: 0, 2.0: 0}
    for _ in range(500):
        chances = random.beta(2, 2, 12)
        odds = chances / (1 - chances) * np.exp(random.choice((-2, 2)))
        there = (random.random(12) < odds / (1 + odds)).sum()
        for doubt in held:
            _, low, high = how_many(chances.tolist(), doubt)
            held[doubt] += low <= there <= high

    assert held[0.0] / 500 < 0.5 and held[2.0] / 500 > 0.88
