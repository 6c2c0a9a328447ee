"""Who goes first among requests that wait, and what bounds how often one is overtaken."""

from __future__ import annotations

import threading
import time

import pytest

from planroom.errors import BudgetRefused
from planroom.memory.pool import Pool
from planroom.memory.turns import BYPASS_SHARE, BYPASSES, PATIENCE, PATIENCE_S, Turn, Turns


def turn(size_bytes: int, priority: int = 0, waited_s: float = 0.0) -> Turn:
    return Turn(size_bytes, priority, lambda: None, since_s=time.monotonic() - waited_s)


def waiting(*asked: Turn) -> Turns:
    turns = Turns()
    for one in asked:
        turns.add(one)
    return turns


def test_the_smallest_that_fits_goes_first_and_equals_in_the_order_of_asking() -> None:
    large, small, also_small = turn(60), turn(20), turn(20)
    turns = waiting(large, small, also_small)

    assert turns.serve(50) == [small, also_small]
    assert turns.serve(60) == [large]
    assert not turns


def test_a_request_is_overtaken_by_so_many_times_its_own_bytes() -> None:
    large = turn(100)
    turns = waiting(large)
    overtook = 0
    while True:
        turns.add(turn(30))
        if not turns.serve(50):
            break
        overtook += 1

    assert overtook == BYPASS_SHARE * 100 // 30
    assert large.bypassed == overtook < BYPASSES
    assert turns.serve(130)[0] is large


def test_what_it_may_still_be_overtaken_by_goes_to_whoever_is_small_enough() -> None:
    large = turn(100)
    turns = waiting(large)
    large.bypassed_bytes = BYPASS_SHARE * 100 - 10
    too_much, enough = turn(11), turn(10)
    turns.add(too_much)
    turns.add(enough)

    assert turns.serve(99) == [enough]
    assert turns.serve(100) == [large]
    assert turns.serve(11) == [too_much]


def test_patience_grows_with_how_long_others_waited() -> None:
    turns = waiting(turn(10, waited_s=30))
    assert turns.patience_s == PATIENCE_S
    turns.serve(10)
    assert turns.patience_s == pytest.approx(PATIENCE * 30, rel=0.01)

    small = turn(10)
    turns.add(turn(100, waited_s=PATIENCE * 20))
    turns.add(small)
    assert turns.serve(50) == [small]

    turns.add(turn(10))
    turns.add(turn(100, waited_s=PATIENCE * 40))
    late = turn(10)
    turns.add(late)
    assert late not in turns.serve(50)


def test_a_lower_priority_does_not_overtake_a_higher_one() -> None:
    large, small = turn(100, priority=1), turn(10, priority=0)
    turns = waiting(small, large)

    assert turns.serve(50) == []
    assert turns.serve(110) == [large, small]


def test_one_that_aged_past_a_higher_priority_goes_before_it() -> None:
    aged, fresh = turn(100, priority=0, waited_s=1.5), turn(10, priority=1)
    turns = waiting(fresh, aged)

    assert turns.serve(100) == [aged]


def test_next_bytes_are_those_of_whoever_is_served_next() -> None:
    turns = waiting(turn(60), turn(20))

    assert turns.next_bytes == 20
    assert turns.waiting_bytes == 80
    turns.serve(20)
    assert turns.next_bytes == turns.waiting_bytes == 60


def test_when_to_come_back_counts_those_who_wait_before() -> None:
    pool = Pool(100)
    for _ in range(20):
        lease = pool.lease(100, "before")
        time.sleep(0.01)
        lease.release()
    held = pool.lease(100, "held")

    def retry_s() -> float:
        with pytest.raises(BudgetRefused) as refused:
            pool.lease(100, "later", wait_s=0)
        assert refused.value.retry_s is not None
        return refused.value.retry_s

    alone_s = retry_s()
    threads = [threading.Thread(target=lambda: pool.lease(100, "waits").release()) for _ in range(50)]
    for thread in threads:
        thread.start()
    while pool.waiting < len(threads):
        time.sleep(0.001)
    behind_s = retry_s()
    held.release()
    for thread in threads:
        thread.join()

    assert behind_s > 3 * alone_s
