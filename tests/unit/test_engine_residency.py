"""Which networks are loaded: one load for many, bytes in the ledger to the byte, who goes first, no wait without end.

The networks are real and tiny; the catalog says that they take tens of MiB, so that what the process takes beside them
does not show in the ledger.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import wait_for
from daemons import run_all, start
from planroom.engine.catalog import Footprint, Variant
from planroom.engine.residency import Residency
from planroom.engine.session import Session
from planroom.errors import BadModelInput, BadModelOutput, BudgetRefused, ModelDamaged, ModelMissing
from planroom.memory.manager import RESERVE, MemoryManager
from tiny_models import rows, weights, write_logarithm, write_product

MIB = 1 << 20
RESIDENT, WORK = 64 * MIB, 8 * MIB
TAKES = Footprint(RESIDENT, WORK, 0.0)
X = rows(0, 1)


@pytest.fixture(scope="module", autouse=True)
def _runtime_is_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the first session of a process takes on top is not a network's."""
    Session(write_product(tmp_path_factory.mktemp("first")), 1)


@pytest.fixture
def four(tmp_path: Path) -> list[Variant]:
    return [write_product(tmp_path, f"m{k}", seed=k, measured=TAKES) for k in range(4)]


@pytest.fixture
def make() -> Iterator[Callable[..., Residency]]:
    """A residency over so many bytes; it is closed at the end, and the ledger must be empty then."""
    made: list[tuple[Residency, MemoryManager]] = []

    def one(size_bytes: int, **more: Any) -> Residency:
        manager = MemoryManager({RESERVE: size_bytes})
        made.append((Residency(manager, threads=1, **more), manager))
        return made[-1][0]

    yield one
    for residency, manager in made:
        residency.close()
        assert manager.leased_bytes == 0
        assert manager.pools[RESERVE].waiting == 0


def leased(residency: Residency) -> int:
    return residency._pool.leased_bytes


def names(residency: Residency) -> list[str]:
    return [name for name, _ in residency.resident]


def run_each(residency: Residency, variants: Sequence[Variant]) -> None:
    for variant in variants:
        residency.run(variant, {"x": X})


# ---- loads and leases ----------------------------------------------------------------------------------------------


def test_nothing_is_loaded_before_it_is_asked_for(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)

    assert residency.resident == [] and leased(residency) == 0
    made = residency.run(four[1], {"x": X})
    np.testing.assert_allclose(made["y"], X @ weights(1), rtol=1e-5, atol=1e-5)
    assert residency.resident == [four[1].key]
    assert (residency.loads, residency.unloads) == (1, 0)


def test_it_stays_loaded_for_the_next_run(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)

    answers = {residency.run(four[0], {"x": X})["y"].tobytes() for _ in range(5)}

    assert len(answers) == 1
    assert residency.loads == 1


def test_leased_are_the_residents_and_the_work_of_those_that_run(
    make: Callable[..., Residency], four: list[Variant]
) -> None:
    residency = make(1000 * MIB)

    with residency.use(four[0], 5 * MIB):
        first = leased(residency)
        with residency.use(four[0], 3 * MIB):
            both = leased(residency)
        one = leased(residency)
    idle = leased(residency)
    run_each(residency, four)

    assert (first, both, one) == (RESIDENT + 5 * MIB, RESIDENT + 8 * MIB, RESIDENT + 5 * MIB)
    assert idle == RESIDENT
    assert leased(residency) == 4 * RESIDENT == len(residency.resident) * RESIDENT
    assert residency._pool.peak_leased_bytes == 4 * RESIDENT + WORK


def test_work_grows_with_the_input(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)
    variant = replace(four[0], measured=Footprint(RESIDENT, WORK, 1000.0))

    residency.run(variant, {"x": X})

    assert residency._pool.peak_leased_bytes == RESIDENT + WORK + 1000 * X.nbytes


def test_single_flight(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)
    start = threading.Barrier(8)

    def ask(_: int) -> bytes:
        start.wait(30)
        return residency.run(four[0], {"x": X})["y"].tobytes()

    answers = set(run_all(ask, range(8)))

    assert len(answers) == 1
    assert residency.loads == 1
    assert leased(residency) == RESIDENT


def test_what_takes_more_than_was_expected_is_leased_so(make: Callable[..., Residency], tmp_path: Path) -> None:
    size_bytes = 4 * 2048 * 4096
    large = write_product(tmp_path, "large", size=(2048, 4096), measured=Footprint(MIB, MIB, 0.0))
    x = rows(0, 1, width=2048)
    residency = make(1000 * MIB)

    residency.run(large, {"x": x})

    taken = residency.footprint(large).resident_bytes
    assert taken >= size_bytes
    assert leased(residency) == taken
    residency.unload_bytes(1)
    assert leased(residency) == 0
    residency.run(large, {"x": x})
    assert residency._pool.peak_leased_bytes >= taken + MIB


def test_growth_that_is_not_free_waits_without_holding_anything(
    make: Callable[..., Residency], four: list[Variant], tmp_path: Path
) -> None:
    large = write_product(tmp_path, "large", size=(2048, 4096), measured=Footprint(MIB, MIB, 0.0))
    residency = make(100 * MIB)

    with residency.use(four[0], 10 * MIB):  # 26 MiB are left
        answer = start(residency.run, large, {"x": rows(0, 1, width=2048)})
        wait_for(lambda: residency._pool.waiting == 1 and leased(residency) == RESIDENT + 10 * MIB)
        assert names(residency) == ["m0"]
    made = answer.result(60)

    assert made["y"].shape == (1, 3, 4096)
    assert "large" in names(residency) and residency.loads == 2


def test_growth_that_can_never_be_had_is_refused(make: Callable[..., Residency], tmp_path: Path) -> None:
    large = write_product(tmp_path, "large", size=(2048, 4096), measured=Footprint(MIB, MIB, 0.0))
    residency = make(20 * MIB)

    for _ in range(2):
        with pytest.raises(BudgetRefused):
            residency.run(large, {"x": rows(0, 1, width=2048)})

    assert leased(residency) == 0 and residency.resident == []
    assert residency.footprint(large) == large.measured  # what one load took may have been others' memory


def test_memory_that_others_took_while_it_loaded_refuses_nobody(
    make: Callable[..., Residency], four: list[Variant], monkeypatch: pytest.MonkeyPatch
) -> None:
    residency = make(RESIDENT + 10 * MIB)  # room for it and its work, and for nothing else
    taken = iter([0, 200 * MIB, 0, MIB])  # before and after the first load, with others beside it, and the second
    monkeypatch.setattr("planroom.engine.residency.own_anonymous_bytes", lambda: next(taken))

    made = residency.run(four[0], {"x": X})

    assert made["y"].shape[:2] == (1, 3)
    assert residency.footprint(four[0]) == TAKES
    assert leased(residency) == RESIDENT


def test_a_measured_footprint_is_believed_again_once_the_noise_is_over(
    make: Callable[..., Residency], four: list[Variant]
) -> None:
    residency = make(1000 * MIB)
    residency._measured[four[0].key] = TAKES._replace(resident_bytes=500 * MIB)  # others took as much while it loaded

    residency.run(four[0], {"x": X})

    assert residency.footprint(four[0]) == TAKES
    assert leased(residency) == RESIDENT


# ---- who is unloaded -----------------------------------------------------------------------------------------------


class Clock:
    """Looked at when a load begins and when it ends: each takes as long as is said."""

    def __init__(self, *load_s: float):
        self._times = [time for seconds in load_s for time in (0.0, seconds)]

    def __call__(self) -> float:
        return self._times.pop(0)


def test_what_is_quickly_loaded_again_goes_first(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(3 * RESIDENT + WORK, clock=Clock(5.0, 0.5, 3.0, 1.0))

    run_each(residency, four)

    assert names(residency) == ["m0", "m2", "m3"]
    assert residency.unloads == 1


def test_what_is_often_used_stays(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(3 * RESIDENT + WORK, clock=Clock(1.0, 1.0, 1.0, 1.0))

    run_each(residency, [four[0]] * 4 + [four[1]] + [four[2]] * 3 + [four[3]])

    assert names(residency) == ["m0", "m2", "m3"]


def test_seconds_count_times_uses(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(3 * RESIDENT + WORK, clock=Clock(2.0, 1.0, 10.0, 1.0))

    run_each(residency, [four[0]] * 2 + [four[1]] * 9 + [four[2], four[3]])

    assert names(residency) == ["m1", "m2", "m3"]  # about 4, 9 and 10 seconds would be missed


def test_old_uses_fade(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(2 * RESIDENT + WORK, clock=Clock(1.0, 1.0, 1.0))

    run_each(residency, [four[0]] * 20 + [four[1]] * 200 + [four[2]])

    assert names(residency) == ["m1", "m2"]


def test_only_as_many_go_as_are_needed(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(4 * RESIDENT + WORK, clock=Clock(1.0, 2.0, 3.0, 4.0))
    run_each(residency, four)

    freed = residency.unload_bytes(RESIDENT + 1)

    assert freed == 2 * RESIDENT
    assert names(residency) == ["m2", "m3"]
    assert residency.unload_bytes(1000 * MIB) == 2 * RESIDENT
    assert residency.unload_bytes(1) == 0


def test_pinned_ones_stay(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(2 * RESIDENT + WORK, pinned=frozenset({"m0"}), clock=Clock(*[0.0] + [9.0] * 6))

    run_each(residency, [four[0], *four[1:], *four[1:]])

    assert names(residency)[0] == "m0"
    assert residency.unload_bytes(1000 * MIB) == RESIDENT
    assert names(residency) == ["m0"]


def test_what_does_not_fit_beside_pinned_ones_is_refused(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(RESIDENT + 2 * WORK, pinned=frozenset({"m0"}))
    residency.run(four[0], {"x": X})

    with pytest.raises(BudgetRefused, match=r"beside 64\.0 MiB of pinned networks"):
        residency.run(four[1], {"x": X})

    assert names(residency) == ["m0"] and leased(residency) == RESIDENT
    assert np.isfinite(residency.run(four[0], {"x": X})["y"]).all()


def test_what_is_in_use_is_never_unloaded(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(2 * RESIDENT + 2 * WORK)

    with residency.use(four[0], WORK) as session:
        run_each(residency, four[1:] * 2)
        assert residency.unload_bytes(1000 * MIB) == RESIDENT
        assert names(residency) == ["m0"]
        made = session.run({"x": X})["y"]

    np.testing.assert_array_equal(made, residency.run(four[0], {"x": X})["y"])
    assert residency.loads == 1 + 6


def test_what_somebody_waits_to_use_goes_last(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(2 * RESIDENT + 2 * WORK, clock=Clock(1.0, 9.0))
    run_each(residency, four[:2])

    with residency._pool.lease(2 * WORK, "all that is free"):
        answer = start(residency.run, four[0], {"x": X})  # asks for bytes of work: m1 goes, though more missed
        answer.result(60)

    assert names(residency) == ["m0"]
    assert residency.loads == 2


def test_an_error_in_a_run_gives_its_bytes_back(make: Callable[..., Residency], tmp_path: Path) -> None:
    residency = make(1000 * MIB)
    logarithm = write_logarithm(tmp_path, measured=TAKES)

    for k in range(3):
        with pytest.raises(BadModelOutput):
            residency.run(logarithm, {"x": -np.abs(X)})
        with pytest.raises(BadModelInput):
            residency.run(logarithm, {"x": X[:, :, :5]})
        assert leased(residency) == RESIDENT, k

    residency.unload_bytes(1)
    assert leased(residency) == 0


def test_runs_one_after_the_other_under_one_lease(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)
    given = [{"x": rows(k, 1 + k % 3)} for k in range(5)]

    made = residency.run_each(four[0], given)

    for one, inputs in zip(made, given, strict=True):
        np.testing.assert_array_equal(one["y"], residency.run(four[0], inputs)["y"])
    assert residency.loads == 1 and leased(residency) == RESIDENT
    assert residency._pool.peak_leased_bytes == RESIDENT + WORK
    assert residency.run_each(four[0], []) == []


@pytest.mark.parametrize("pinned", [frozenset[str](), frozenset({"m0"})])
def test_what_kept_the_memory_of_its_work_and_ends_early_is_unloaded(
    make: Callable[..., Residency], four: list[Variant], pinned: frozenset[str]
) -> None:
    residency = make(1000 * MIB, pinned=pinned)

    with pytest.raises(BadModelInput):
        residency.run_each(four[0], [{"x": X}, {"x": X[:, :, :5]}])
    assert residency.resident == [] and leased(residency) == 0

    with residency.use(four[0], WORK) as session:
        with pytest.raises(BadModelInput):
            residency.run_each(four[0], [{"x": X}, {"x": X[:, :, :5]}])
        session.run({"x": X})  # which gives back what is left
    assert names(residency) == ["m0"] and leased(residency) == RESIDENT


@pytest.mark.parametrize("batch", [0, 5, 100])
def test_a_batch_of_none_or_of_too_many_loads_nothing(
    make: Callable[..., Residency], four: list[Variant], batch: int
) -> None:
    residency = make(1000 * MIB)

    with pytest.raises(BadModelInput, match=f"a batch of {batch}, at most 4"):
        residency.run(four[0], {"x": rows(0, batch)})

    assert residency.loads == 0


def test_inputs_that_are_none_load_nothing(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)

    for inputs in ({}, {"x": np.array(1.0, np.float32)}):
        with pytest.raises(BadModelInput):
            residency.run(four[0], inputs)

    assert residency.loads == 0


# ---- loads that fail -----------------------------------------------------------------------------------------------


def test_a_budget_below_the_smallest_model(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(RESIDENT - 1)

    for variant in four:
        with pytest.raises(BudgetRefused):
            residency.run(variant, {"x": X})

    assert (residency.resident, residency.loads, leased(residency)) == ([], 0, 0)


def test_room_for_the_model_and_none_for_its_work(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(RESIDENT + WORK - 1)

    with pytest.raises(BudgetRefused):
        residency.run(four[0], {"x": X})
    assert leased(residency) == 0
    with residency.use(four[0], WORK - 1):
        pass
    with pytest.raises(BudgetRefused):  # now it is loaded: it makes room for its own work, and does not fit either
        residency.run(four[0], {"x": X})

    assert leased(residency) == 0


def test_a_file_damaged_under_many_threads(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(2 * RESIDENT + 4 * WORK)
    data = four[1].graph.with_name("m1.onnx.data")
    good = data.read_bytes()
    told: list[BaseException] = []
    stop, seen = threading.Event(), threading.Semaphore(0)

    def ask(k: int) -> None:
        order = random.Random(k)
        while not stop.is_set():
            try:
                residency.run(four[order.randrange(4)], {"x": X})
            except ModelDamaged as error:
                told.append(error)
                seen.release()

    asked = [start(ask, k) for k in range(6)]
    wait_for(lambda: residency.loads >= 8)
    data.write_bytes(good[:-4])
    was_told = [seen.acquire(timeout=60) for _ in range(6)]
    data.write_bytes(good)
    stop.set()
    for one in asked:
        one.result(60)

    assert all(was_told)
    assert leased(residency) == RESIDENT * len(residency.resident)
    named = {
        str(error).partition(":")[0] for error in told
    }  # its file, or itself where that was damaged after the check
    assert str(data) in "".join(named) and named <= {f"E602 {data}", "E602 m1 (fp32) cannot be loaded"}
    made = residency.run(four[1], {"x": X})["y"]
    np.testing.assert_allclose(made, X @ weights(1), rtol=1e-5, atol=1e-5)


def test_many_threads_at_a_missing_file_are_all_told(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB)
    data = four[0].graph.with_name("m0.onnx.data")
    content = data.read_bytes()
    data.unlink()
    start = threading.Barrier(8)

    def ask(_: int) -> type[BaseException] | None:
        start.wait(30)
        try:
            residency.run(four[0], {"x": X})
        except ModelMissing as error:
            return type(error)
        return None

    told = run_all(ask, range(8))

    assert told == [ModelMissing] * 8
    assert leased(residency) == 0
    data.write_bytes(content)
    assert np.isfinite(residency.run(four[0], {"x": X})["y"]).all()


# ---- waits that end ------------------------------------------------------------------------------------------------


def test_who_asked_while_another_was_in_use_is_served_after(
    make: Callable[..., Residency], four: list[Variant]
) -> None:
    """When it asked nothing could go, and nobody else asks later."""
    residency = make(RESIDENT + WORK)

    with residency.use(four[0], WORK):
        answer = start(residency.run, four[1], {"x": X})
        wait_for(lambda: residency._pool.waiting == 1)
    answer.result(60)

    assert names(residency) == ["m1"]


def test_others_of_the_same_pool_are_served_after_a_use(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(RESIDENT + WORK)

    with residency.use(four[0], WORK):
        lease = start(residency._pool.lease, RESIDENT, "lettering")
        wait_for(lambda: residency._pool.waiting == 1)
    lease.result(60).release()

    assert residency.resident == []


@pytest.mark.parametrize("room", [1, 2, 3])
def test_many_threads_and_models_in_a_pool_that_holds_few(
    make: Callable[..., Residency], four: list[Variant], room: int
) -> None:
    residency = make(room * (RESIDENT + WORK))
    expected = [X @ weights(k) for k in range(4)]

    def ask(k: int) -> None:
        order = random.Random(k)
        for _ in range(12):
            which = order.randrange(4)
            made = residency.run(four[which], {"x": X})["y"]
            np.testing.assert_allclose(made, expected[which], rtol=1e-5, atol=1e-5)

    run_all(ask, range(8))

    assert leased(residency) == RESIDENT * len(residency.resident)
    assert residency._pool.peak_leased_bytes <= room * (RESIDENT + WORK)
    assert residency.loads - residency.unloads == len(residency.resident) <= room


def test_many_threads_at_one_model_whose_pool_has_room_for_one_run(
    make: Callable[..., Residency], four: list[Variant]
) -> None:
    residency = make(RESIDENT + WORK)

    made = run_all(lambda _: residency.run(four[0], {"x": X})["y"].tobytes(), range(40))

    assert len(set(made)) == 1
    assert residency._pool.peak_leased_bytes == RESIDENT + WORK


def test_close_gives_all_back_and_it_can_be_used_again(make: Callable[..., Residency], four: list[Variant]) -> None:
    residency = make(1000 * MIB, pinned=frozenset({"m0"}))
    run_each(residency, four)

    residency.close()

    assert leased(residency) == 0
    assert residency.resident == [] and residency.unloads == 4
    residency.run(four[0], {"x": X})
    assert names(residency) == ["m0"]
