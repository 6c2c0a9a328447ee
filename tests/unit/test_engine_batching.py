"""Requests that share runs: only those of the same shapes, the same answers as alone, everyone is answered.

Where a test needs requests to gather, it holds the bytes that the first run waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import wait_for
from daemons import run_all, start
from planroom.engine import batching
from planroom.engine.batching import Batcher
from planroom.engine.catalog import Footprint, Variant
from planroom.engine.residency import Residency
from planroom.engine.session import Arrays, Session
from planroom.errors import BadModelInput, BadModelOutput, BudgetRefused, ModelMissing
from planroom.memory.manager import RESERVE, MemoryManager
from tiny_models import WIDTH, rows, weights, write_logarithm, write_product, write_quantised

MIB = 1 << 20
TAKES = Footprint(64 * MIB, 8 * MIB, 0.0)


class Desk:
    """A batcher, what it stands on, and threads that ask it."""

    def __init__(self, variant: Variant):
        self.manager = MemoryManager({RESERVE: 80 * MIB})
        self.residency = Residency(self.manager, threads=1)
        self.batcher = Batcher(self.residency, variant)

    def ask(self, *inputs: Any) -> list[Future[Arrays]]:
        """Each asked by a thread of its own, in this order; returns once all wait or are answered."""
        asked: list[Future[Arrays]] = []
        before = self.batcher.requests
        for one in inputs:
            asked.append(start(self.batcher.ask, {"x": one}))
            wait_for(lambda: self.batcher.requests == before + len(asked))
        return asked

    @contextmanager
    def held(self) -> Iterator[None]:
        """Runs wait for their bytes meanwhile."""
        with self.manager.lease(80 * MIB, "held back", pool=RESERVE):
            yield


@pytest.fixture
def open_desk() -> Iterator[Callable[[Variant], Desk]]:
    desks: list[Desk] = []

    def one(variant: Variant) -> Desk:
        desks.append(Desk(variant))
        return desks[-1]

    yield one
    for desk in desks:
        desk.residency.close()
        assert desk.manager.leased_bytes == 0


@pytest.fixture
def product(tmp_path: Path) -> Variant:
    return write_product(tmp_path, measured=TAKES)


def one(seed: int, n: int = 3) -> Any:
    return rows(seed, 1, n)[0]


def alone(variant: Variant, x: Any) -> bytes:
    return bytes(Session(variant, 1).run({"x": x[None]})["y"][0].tobytes())


def test_a_single_request_is_run_at_once(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    desk = open_desk(product)

    made = desk.batcher.ask({"x": one(0)})

    assert made["y"].shape == (3, WIDTH)
    np.testing.assert_allclose(made["y"], one(0) @ weights(1), rtol=1e-5, atol=1e-5)
    assert (desk.batcher.runs, desk.batcher.requests) == (1, 1)


def test_those_that_wait_share_a_run(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    desk = open_desk(product)

    with desk.held():
        asked = desk.ask(*[one(k) for k in range(9)])
    made = [answer.result(60)["y"] for answer in asked]

    assert [y.tobytes() for y in made] == [alone(product, one(k)) for k in range(9)]
    assert desk.batcher.runs == 1 + 2  # the first alone, then twice as many as a run takes
    assert desk.residency.loads == 1


def test_shapes_are_never_mixed(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    desk = open_desk(product)
    lengths = [1, 2, 3, 2, 3, 2, 3, 2]

    with desk.held():
        asked = desk.ask(*[one(k, n) for k, n in enumerate(lengths)])
    made = [answer.result(60)["y"] for answer in asked]

    assert [y.tobytes() for y in made] == [alone(product, one(k, n)) for k, n in enumerate(lengths)]
    assert desk.batcher.runs == 3


def test_types_are_never_mixed(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    desk = open_desk(product)

    with desk.held():
        asked = desk.ask(one(0), one(1), one(2).astype(np.float64), one(3))

    assert [asked[k].result(60)["y"].tobytes() for k in (0, 1, 3)] == [alone(product, one(k)) for k in (0, 1, 3)]
    with pytest.raises(BadModelInput, match="float64"):
        asked[2].result(60)


def test_the_first_that_waits_goes_first(
    open_desk: Callable[[Variant], Desk], product: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(product)
    run = desk.residency.run
    lengths: list[tuple[int, int]] = []

    def noted(variant: Variant, inputs: Any) -> Arrays:
        lengths.append(inputs["x"].shape[:2])
        return run(variant, inputs)

    monkeypatch.setattr(desk.residency, "run", noted)
    with desk.held():
        asked = desk.ask(*[one(k, n) for k, n in enumerate([1, 2, 3, 3, 2, 1, 3])])
    for answer in asked:
        answer.result(60)

    assert lengths == [(1, 1), (2, 2), (3, 3), (1, 1)]


def test_int8_is_run_one_by_one(open_desk: Callable[[Variant], Desk], tmp_path: Path) -> None:
    quantised = write_quantised(tmp_path, measured=TAKES)
    desk = open_desk(quantised)
    given = [10.0**k * one(k) for k in range(5)]

    with desk.held():
        asked = desk.ask(*given)
    made = [answer.result(60)["y"].tobytes() for answer in asked]

    assert made == [alone(quantised, x) for x in given]
    assert desk.batcher.runs == 5


def test_a_request_that_fails_fails_alone(open_desk: Callable[[Variant], Desk], tmp_path: Path) -> None:
    logarithm = write_logarithm(tmp_path, measured=TAKES)
    desk = open_desk(logarithm)
    given = [np.abs(one(k)) + 1 for k in range(5)]
    given[3] = -given[3]

    with desk.held():
        asked = desk.ask(*given)
    answers = [answer.exception(60) or answer.result()["y"].tobytes() for answer in asked]

    assert isinstance(answers[3], BadModelOutput)
    assert [answers[k] for k in (0, 1, 2, 4)] == [alone(logarithm, given[k]) for k in (0, 1, 2, 4)]


def test_a_model_that_is_gone_fails_every_request_and_then_works_again(
    open_desk: Callable[[Variant], Desk], product: Variant
) -> None:
    desk = open_desk(product)
    content = product.graph.read_bytes()
    product.graph.unlink()

    with desk.held():
        asked = desk.ask(*[one(k) for k in range(6)])
    failed = [type(answer.exception(60)) for answer in asked]
    product.graph.write_bytes(content)

    assert failed == [ModelMissing] * 6
    assert desk.manager.leased_bytes == 0
    assert np.isfinite(desk.batcher.ask({"x": one(0)})["y"]).all()


def test_a_batch_whose_work_does_not_fit_is_run_alone(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    input_bytes = one(0).nbytes
    tight = replace(product, measured=Footprint(64 * MIB, 0, 12 * MIB / input_bytes))  # 80 MiB hold one run's work
    desk = open_desk(tight)

    with desk.held():
        asked = desk.ask(*[one(k) for k in range(5)])
    made = [answer.result(60)["y"].tobytes() for answer in asked]

    assert made == [alone(product, one(k)) for k in range(5)]


def test_work_that_never_fits_is_refused_to_each(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    desk = open_desk(replace(product, measured=Footprint(64 * MIB, 90 * MIB, 0.0)))

    with desk.held():
        asked = desk.ask(*[one(k) for k in range(4)])

    assert [type(answer.exception(60)) for answer in asked] == [BudgetRefused] * 4


def test_answers_belong_to_who_asked(open_desk: Callable[[Variant], Desk], product: Variant) -> None:
    desk = open_desk(product)

    with desk.held():
        asked = desk.ask(*[one(k) for k in range(4)])
    made = [answer.result(60)["y"] for answer in asked]
    for y in made:
        y += 1  # nobody else sees it
    desk.batcher.ask({"x": one(9)})

    expected = [np.frombuffer(alone(product, one(k)), np.float32).reshape(3, WIDTH) + 1 for k in range(4)]
    np.testing.assert_array_equal(np.stack(made), np.stack(expected))


class _Interrupted(BaseException):
    """What Ctrl-C is to whoever runs a batch or waits for one."""


def test_an_interrupted_run_leaves_the_others_their_turn(
    open_desk: Callable[[Variant], Desk], product: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(product)
    run, interrupts = desk.residency.run, [_Interrupted()]

    def interrupted_once(variant: Variant, inputs: Any) -> Arrays:
        if len(inputs["x"]) > 1 and interrupts:
            raise interrupts.pop()
        return run(variant, inputs)

    monkeypatch.setattr(desk.residency, "run", interrupted_once)
    with desk.held():
        asked = desk.ask(*[one(k) for k in range(4)])
    answers = [answer.exception(60) or answer.result()["y"].tobytes() for answer in asked]

    assert isinstance(answers[1], _Interrupted)  # who ran the batch of three
    assert [answers[k] for k in (0, 2, 3)] == [alone(product, one(k)) for k in (0, 2, 3)]


def test_who_stops_waiting_hands_its_turn_on(
    open_desk: Callable[[Variant], Desk], product: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(product)
    leaves = threading.Event()

    class Impatient(batching._Request):
        def __init__(self, inputs: Any):
            super().__init__(inputs)
            self.woken = Leaves()

    class Leaves(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 (as its base)
            leaves.wait(60)
            raise _Interrupted

    with desk.held():
        first = desk.ask(one(0, 1))
        with monkeypatch.context() as patch:
            patch.setattr(batching, "_Request", Impatient)
            gone = desk.ask(one(1, 2))
        last = desk.ask(one(2, 3))
    assert first[0].result(60)  # now it is the turn of who is about to leave
    wait_for(lambda: desk.batcher.requests == 3)
    leaves.set()

    assert isinstance(gone[0].exception(60), _Interrupted)
    assert last[0].result(60)["y"].tobytes() == alone(product, one(2, 3))
    assert desk.batcher.ask({"x": one(3)})["y"].tobytes() == alone(product, one(3))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=8), min_size=1, max_size=12))
def test_every_request_is_answered_as_if_it_were_alone(product: Variant, plans: list[list[tuple[int, int]]]) -> None:
    """plans: for each thread the requests it makes, one after the other: (seed, length)."""
    manager = MemoryManager({RESERVE: 80 * MIB})
    residency = Residency(manager, threads=1)
    batcher = Batcher(residency, product)

    def work(plan: list[tuple[int, int]]) -> list[bytes]:
        return [batcher.ask({"x": one(seed, n)})["y"].tobytes() for seed, n in plan]

    made = run_all(work, plans)
    residency.close()

    session = Session(product, 1)
    expected = {
        (seed, n): session.run({"x": one(seed, n)[None]})["y"][0].tobytes() for plan in plans for seed, n in plan
    }
    assert made == [[expected[request] for request in plan] for plan in plans]
    assert batcher.requests == sum(map(len, plans)) >= batcher.runs
    assert manager.leased_bytes == 0
