"""Many analyses at one desk, each through real stages."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, wait
from pathlib import Path

import pytest
from test_runtime import small_dxf

from planroom.config import Settings
from planroom.errors import BudgetRefused, NothingToRead
from planroom.ingest.worker import Cancelled
from planroom.memory.manager import WORKING_MEMORY, MemoryManager
from planroom.records import Report
from planroom.run.local import Desk
from planroom.runtime import DATA_CACHE, Runtime

GIB = 1 << 30


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_folder=tmp_path / "cache")


@pytest.fixture
def runtime(settings: Settings) -> Runtime:
    return Runtime(settings, MemoryManager({WORKING_MEMORY: GIB, DATA_CACHE: 64 << 20}))


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "plan.dxf"
    path.write_text(small_dxf())
    return path


def sheets(report: Report) -> list[str]:
    return [sheet.file for sheet in report.sheets]


def test_every_request_gets_its_own_answer(settings: Settings, runtime: Runtime, drawing: Path) -> None:
    other = drawing.with_name("other.dxf")
    other.write_text(small_dxf().replace("5", "7"))
    with Desk(runtime, settings, workers=4) as desk:
        futures = [desk.submit([path], sheets) for path in [drawing, other] * 20]
    answers = [future.result() for future in futures]

    assert answers == [[str(drawing)], [str(other)]] * 20
    assert runtime.readings.stats().misses == 2
    assert desk.open == 0
    assert runtime.manager.pools[WORKING_MEMORY].leased_bytes == 0


def test_an_error_is_that_of_its_request_alone(settings: Settings, runtime: Runtime, drawing: Path) -> None:
    with Desk(runtime, settings, workers=2) as desk:
        bad = desk.submit([], sheets)
        good = desk.submit([drawing], sheets)

    assert isinstance(bad.exception(), NothingToRead)
    assert good.result() == [str(drawing)]


def test_more_than_may_wait_are_refused_with_when_to_come_back(
    settings: Settings, runtime: Runtime, drawing: Path
) -> None:
    go = threading.Event()
    with Desk(runtime, settings, workers=1, most_waiting=2) as desk:
        taken = [desk.submit([drawing], lambda _: go.wait(30)) for _ in range(3)]
        with pytest.raises(BudgetRefused) as caught:
            desk.submit([drawing], sheets)
        go.set()
        wait(taken)
        later = desk.submit([drawing], sheets)

    assert caught.value.retry_s is not None
    assert caught.value.retry_s > 0
    assert later.result() == [str(drawing)]


def test_closing_early_cancels_who_waits_and_ends_who_runs(
    settings: Settings, runtime: Runtime, tmp_path: Path, drawing: Path
) -> None:
    begun = threading.Event()
    desk = Desk(runtime, settings, workers=1)
    first = desk.submit([drawing], lambda _: begun.set())
    running = [tmp_path / f"{number}.dxf" for number in range(40)]
    for number, path in enumerate(running):
        path.write_text(small_dxf().replace("5", str(6 + number)))
    second = desk.submit(running, sheets)
    third = desk.submit([drawing], sheets)
    assert begun.wait(60)
    first.result(60)
    while not second.running():  # the one thread takes it up as soon as it has ended the first
        assert not second.done()
        time.sleep(0.001)
    desk.close(cancel=True)

    assert isinstance(second.exception(), Cancelled)
    with pytest.raises(CancelledError):
        third.result()
    assert runtime.manager.pools[WORKING_MEMORY].leased_bytes == 0
