"""The ledger of a plan, and what analyses share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from planroom.config import Settings
from planroom.errors import BudgetRefused, NothingToRead
from planroom.example import VARIANTS, write_set
from planroom.memory.footprints import Footprints, Line, shipped_lines
from planroom.memory.manager import RESERVE, WORKING_MEMORY, MemoryManager
from planroom.memory.plans.plan import Plan
from planroom.memory.plans.planner import plan_memory
from planroom.pipeline import analyze
from planroom.runtime import DATA_CACHE, Runtime, ledger_bytes

MIB = 1 << 20
GIB = 1 << 30
OUTSIDE = 140 * MIB


def plan_of(total_bytes: int) -> Plan:
    planned = plan_memory(total_bytes, quantum=False, scope="process")
    assert isinstance(planned, Plan)
    return planned


@pytest.mark.parametrize("total_bytes", [1 * GIB, 1536 * MIB, 2 * GIB, 8 * GIB, 64 * GIB])
def test_ledger_and_what_is_outside_never_pass_the_total(total_bytes: int) -> None:
    sizes = ledger_bytes(total_bytes, plan_of(total_bytes), OUTSIDE)

    assert sum(sizes.values()) + OUTSIDE <= total_bytes
    assert min(sizes.values()) >= 0
    assert sizes[DATA_CACHE] == plan_of(total_bytes).pools[DATA_CACHE]


def test_a_parent_that_holds_more_than_was_planned_takes_it_from_working_memory() -> None:
    usual, large = (ledger_bytes(GIB, plan_of(GIB), outside) for outside in (OUTSIDE, OUTSIDE + 100 * MIB))

    assert usual[WORKING_MEMORY] - large[WORKING_MEMORY] > 60 * MIB
    assert sum(large.values()) + OUTSIDE + 100 * MIB <= GIB


def test_without_a_plan_all_is_working_memory() -> None:
    sizes = ledger_bytes(512 * MIB, None, OUTSIDE)

    assert {name: size for name, size in sizes.items() if size} == {WORKING_MEMORY: 512 * MIB - OUTSIDE}


def test_too_little_for_any_work_is_refused() -> None:
    with pytest.raises(BudgetRefused, match="beside the work"):
        ledger_bytes(100 * MIB, None, OUTSIDE)


def test_networks_are_leased_from_the_reserve_where_they_may_be_asked(tmp_path: Path) -> None:
    settings = Settings(cache_folder=tmp_path)
    manager = MemoryManager(ledger_bytes(2 * GIB, plan_of(2 * GIB), OUTSIDE))
    runtime = Runtime(settings, manager, plan=plan_of(2 * GIB))
    without = runtime.answers(needed=False).can_read
    with_them = runtime.answers(needed=True).can_read
    leased = manager.pools[RESERVE].leased_bytes
    runtime.close()

    assert (without, with_them) == (False, True)
    assert leased > 400_000_000
    assert manager.leased_bytes == 0


def test_a_runtime_without_a_plan_has_no_networks(tmp_path: Path) -> None:
    runtime = Runtime(Settings(cache_folder=tmp_path), MemoryManager(GIB))

    assert not runtime.answers(needed=True).can_read


def test_the_same_content_is_read_once_and_kept_in_the_data_cache(tmp_path: Path) -> None:
    settings = Settings(cache_folder=tmp_path / "cache")
    drawing = tmp_path / "plan.dxf"
    drawing.write_text(small_dxf())
    other = tmp_path / "copy of plan.dxf"
    other.write_text(small_dxf())
    runtime = Runtime(settings, MemoryManager({WORKING_MEMORY: GIB, DATA_CACHE: 64 * MIB}))
    reports = [analyze([path], settings, runtime, lambda _: None) for path in (drawing, other, drawing)]
    both = analyze([drawing, other], settings, runtime, lambda _: None)
    held = runtime.readings.stats()

    assert [report.sheets[0].file for report in reports] == [str(drawing), str(other), str(drawing)]
    assert len({report.sheets[0].id for report in reports}) == 1
    assert (held.misses, held.hits) == (1, 4)
    assert runtime.facts()["pools"][DATA_CACHE]["hits"] == 4
    first, second = (sheet.id for sheet in both.sheets)
    assert second == f"{first}~2"


def test_a_kept_reading_whose_picture_is_gone_is_made_again(tmp_path: Path) -> None:
    settings = Settings(cache_folder=tmp_path / "cache")
    drawing = tmp_path / "plan.dxf"
    drawing.write_text(small_dxf())
    runtime = Runtime(settings, MemoryManager({WORKING_MEMORY: GIB, DATA_CACHE: 64 * MIB}))
    picture = Path(analyze([drawing], settings, runtime, lambda _: None).sheets[0].picture)
    picture.unlink()
    again = analyze([drawing], settings, runtime, lambda _: None)

    assert Path(again.sheets[0].picture).is_file()
    assert runtime.readings.stats().misses == 2


def test_readers_that_were_expected_to_take_nothing_are_begun_anew_and_lose_nothing(tmp_path: Path) -> None:
    write_set(tmp_path / "set", VARIANTS[0], dxf=False)
    settings = Settings(cache_folder=tmp_path / "cache")
    nothing = dict.fromkeys(shipped_lines(), Line(0, 0.0)) | {"start pdf": Line(40 * MIB, 0.0)}
    runtime = Runtime(settings, MemoryManager(2 * GIB), footprints=Footprints(nothing))
    report = analyze([tmp_path / "set"], settings, runtime, lambda _: None)
    (reader,) = (row for row in report.timings if row["stage"] == "reader")

    assert report.faults == []
    assert len(report.sheets) == 9
    assert reader["retried"] >= 1
    assert max(line.base_bytes for name, line in runtime.footprints.lines.items() if "start" not in name) > 0
    assert runtime.manager.leased_bytes == 0


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    settings = replace(Settings(), cache_folder=tmp_path / "cache")
    with pytest.raises(NothingToRead):
        analyze([], settings, Runtime(settings, MemoryManager(GIB)), lambda _: None)


def small_dxf() -> str:
    """Four walls."""
    lines = [(0, 0, 5, 0), (5, 0, 5, 4), (5, 4, 0, 4), (0, 4, 0, 0)]
    entities = "".join(
        f"0\nLINE\n8\nA-WALL\n10\n{x0}\n20\n{y0}\n30\n0\n11\n{x1}\n21\n{y1}\n31\n0\n" for x0, y0, x1, y1 in lines
    )
    return f"0\nSECTION\n2\nENTITIES\n{entities}0\nENDSEC\n0\nEOF\n"
