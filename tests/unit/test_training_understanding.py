"""What the networks that understand a sheet learn from: the truth of a set is found again on what was read of it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from training.understanding.dimensions import candidates, nearest_lines, right_lines, ties_batch, ties_of
from training.understanding.fusing import tensors, train
from training.understanding.sets import Example, read_set
from training.understanding.tokens_of import KINDS, NO_TARGET, WORK, as_tokens, batch_of
from training.understanding.train import Understanding, losses
from training.understanding.trust import Told, calibration_error, count_kinds, wrong_among_surest


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return list(read_set(77))


@pytest.fixture(scope="module")
def plan(examples: list[Example]) -> Example:
    return next(one for one in examples if one.true["view"] == "general")


def test_sides_are_those_of_the_drawn_house(plan: Example) -> None:
    sides = Counter((e.kind, side) for e, side in zip(plan.elements, plan.sides, strict=True))
    assert sides["wall", "outer"] >= 4
    assert sides["wall", "inner"] >= 1
    assert sides["window", "outer"] == sum(n for (kind, _), n in sides.items() if kind == "window")
    assert {side for (kind, side) in sides if kind == "room"} == {""}


def test_every_dimension_finds_its_line(plan: Example) -> None:
    texts, lines = candidates(plan)
    right = right_lines(plan, texts, lines)
    assert right.any(1).sum() >= 0.9 * len(plan.dimensions)
    near = nearest_lines(texts, lines)
    hits = [near[k] >= 0 and right[k, near[k]] > 0 for k in np.flatnonzero(right.any(1)).tolist()]
    assert np.mean(hits) > 0.9


def test_tokens_carry_their_truth_and_dropping_things_keeps_it(examples: list[Example], plan: Example) -> None:
    whole = as_tokens(plan)
    assert KINDS[whole.kind] == "plan"
    assert {WORK[k] for k in whole.work.tolist() if k != NO_TARGET} >= {"outer wall", "inner door", "outer window"}
    poorer = as_tokens(plan, np.random.default_rng(1))
    assert len(poorer.tokens) <= len(whole.tokens)
    untitled = [len(as_tokens(one, titled=False).tokens) for one in examples]
    assert sum(untitled) < sum(len(as_tokens(one).tokens) for one in examples)


def test_a_step_tells_every_matrix_what_to_change(examples: list[Example], plan: Example) -> None:
    model = Understanding().train()
    sheets = batch_of([as_tokens(one) for one in examples[:3]] + [as_tokens(plan)])
    each = losses(model, sheets, ties_batch([ties_of(plan)]))
    assert all(bool(torch.isfinite(one)) for one in each)
    torch.stack(each).sum().backward()
    dead = [name for name, one in model.named_parameters() if one.ndim > 1 and (one.grad is None or not one.grad.any())]
    assert dead == []


def test_sheets_without_elements_make_no_loss_of_them(examples: list[Example], plan: Example) -> None:
    cover = next(one for one in examples if not one.elements)
    each = losses(Understanding(), batch_of([as_tokens(cover)]), ties_batch([ties_of(plan)]))
    assert all(bool(torch.isfinite(one)) for one in each)


def told(chance: float, *, is_right: bool) -> Told:
    opinions = np.zeros((6, 32), np.float32)
    opinions[1, 0], opinions[1, 8] = 1.0, chance
    return Told(["seen door"], is_right, "seen", opinions, 3.0, 3.0 if is_right else 4.0, {"pixels": 3.0})


def test_the_fusing_network_learns_what_is_surer() -> None:
    random = np.random.default_rng(0)
    numbers = [told(float(p), is_right=bool(random.random() < p)) for p in random.random(1600)]
    model = train(numbers, epochs=8)
    with torch.inference_mode():
        _, _, sure = model(tensors([told(0.1, is_right=False), told(0.9, is_right=True)])[0][None])
    low, high = torch.sigmoid(sure[0]).tolist()
    assert low < 0.35 < 0.65 < high


def test_a_confidence_that_is_as_good_as_it_says_has_no_error() -> None:
    confidence = np.array([0.75] * 4 + [0.25] * 4)
    right = np.array([1, 1, 1, 0, 1, 0, 0, 0], float)
    assert calibration_error(confidence, right) == pytest.approx(0.0)
    assert calibration_error(1 - confidence, right) == pytest.approx(0.5)
    assert wrong_among_surest(confidence, right, 0.5) == pytest.approx(0.25)


def test_kinds_are_counted_once_for_each_number() -> None:
    assert count_kinds([told(0.5, is_right=True), told(0.5, is_right=False)]) == {"seen door": (2, 1)}
