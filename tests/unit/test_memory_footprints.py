"""What stages are expected to take, and the ledger of a child that has it leased first."""

from __future__ import annotations

import mmap
from collections.abc import Callable

import pytest

from planroom.errors import BudgetRefused, ReaderOverBytes
from planroom.memory.footprints import UNKNOWN_START_BYTES, Footprints, Line, Ran, shipped_lines
from planroom.memory.stages import StageLedger

MIB = 1 << 20


# ---- lines ---------------------------------------------------------------------------------------------------------


def test_growth_follows_the_line_and_stays_near_the_bound() -> None:
    known = Footprints({"trace": Line(2 * MIB, 0.5)})

    assert known.growth_bytes("trace", 20 * MIB) == 12 * MIB
    assert known.growth_bytes("trace", 0) == 2 * MIB
    assert Footprints({"trace": Line(900 * MIB, 0.0)}).growth_bytes("trace", 10 * MIB) < 20 * MIB
    assert Footprints({"trace": Line(-900 * MIB, 0.0)}).growth_bytes("trace", 10 * MIB) == 0


def test_what_was_never_measured_is_expected_to_take_its_bound() -> None:
    assert Footprints({}).growth_bytes("dance", 7 * MIB) == 7 * MIB
    assert Footprints({}).start_bytes("pdf", 10) == UNKNOWN_START_BYTES


def test_a_child_starts_with_what_its_kind_usually_takes() -> None:
    known = Footprints({"start pdf": Line(30 * MIB, 2.0), "usual pdf": Line(90 * MIB, 0.0)})

    assert known.start_bytes("pdf", 5 * MIB) == 90 * MIB
    assert known.start_bytes("pdf", 50 * MIB) == 130 * MIB


def test_more_is_expected_after_a_stage_took_more() -> None:
    known = Footprints({"trace": Line(2 * MIB, 0.0)})
    known.learn(Ran("trace", 50 * MIB, 100 * MIB, 102 * MIB, 110 * MIB))
    grown = known.growth_bytes("trace", 50 * MIB)
    known.learn(Ran("trace", 50 * MIB, 100 * MIB, 111 * MIB, 105 * MIB))

    assert 10 * MIB <= grown < 12 * MIB
    assert known.growth_bytes("trace", 50 * MIB) == grown


def test_every_kind_of_child_has_a_line_that_comes_with_the_package() -> None:
    lines = shipped_lines()

    assert {"start pdf", "start image", "start dxf", "start ifc", "start mark up"} <= set(lines)
    assert all(line.slope >= 0 for line in lines.values())


# ---- the ledger of a child -----------------------------------------------------------------------------------------


def take(size_bytes: int) -> mmap.mmap:
    """Memory that no allocator had before, written to."""
    taken = mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    taken[:: mmap.PAGESIZE] = b"x" * (size_bytes // mmap.PAGESIZE)
    return taken


def ledger(
    leased_bytes: int, lines: dict[str, Line], secure: Callable[[int], int] | None = None
) -> tuple[StageLedger, list[Ran], list[int]]:
    ran: list[Ran] = []
    asked: list[int] = []

    def ask(wanted_bytes: int) -> int:
        asked.append(wanted_bytes)
        return secure(wanted_bytes) if secure else wanted_bytes

    made = StageLedger(1 << 40, leased_bytes, footprints=Footprints(lines), secure=ask, note=ran.append)
    return made, ran, asked


def test_a_stage_is_measured_until_the_next_begins() -> None:
    child, ran, _ = ledger(1 << 40, {"trace": Line(MIB, 0.0)})
    with child.lease(9 * MIB, "tracing", stage="trace"):
        take(8 * MIB).close()
        with child.lease(MIB, "keep"):
            pass
    child.end()

    assert [one.stage for one in ran] == ["trace", "keep"]
    assert ran[0].bound_bytes == 9 * MIB
    assert ran[0].expected_bytes == ran[0].held_bytes + MIB
    assert 7 * MIB < ran[0].peak_bytes - ran[0].held_bytes < 12 * MIB


def test_what_is_expected_is_leased_before_the_stage_begins() -> None:
    child, ran, asked = ledger(1, {"trace": Line(64 * MIB, 0.0)})
    with child.lease(99 * MIB, "tracing", stage="trace"):
        was_asked = list(asked)
    child.end()

    assert was_asked == [ran[0].expected_bytes]


def test_what_a_stage_grows_with_may_differ_from_its_bound() -> None:
    child, ran, _ = ledger(1, {"walk": Line(0, 1.0)})
    with child.lease(MIB, "letters", stage="walk", by_bytes=50 * MIB):
        pass
    child.end()

    assert ran[0].expected_bytes - ran[0].held_bytes == 50 * MIB


def test_a_stage_that_took_more_than_is_leased_is_found_out() -> None:
    child, ran, _ = ledger(1, {"trace": Line(0, 0.0)}, secure=lambda wanted: wanted)
    with child.lease(99 * MIB, "tracing", stage="trace"):
        held = take(64 * MIB)
        with pytest.raises(ReaderOverBytes, match="trace took"):
            child.end()

    held.close()
    assert ran[0].peak_bytes > ran[0].expected_bytes


def test_a_lease_that_cannot_be_secured_is_not_held() -> None:
    def refuse(wanted_bytes: int) -> int:
        raise ReaderOverBytes("others hold them")

    child, _, _ = ledger(1, {}, secure=refuse)
    with pytest.raises(ReaderOverBytes):
        child.lease(MIB, "trace")

    assert child.leased_bytes == 0


def test_a_bound_that_could_never_fit_is_refused_before_anything_is_asked() -> None:
    child, _, asked = ledger(1, {})
    with pytest.raises(BudgetRefused):
        child.lease(1 << 41, "trace")

    assert asked == []
