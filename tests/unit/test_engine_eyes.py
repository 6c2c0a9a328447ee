"""The vision networks on a picture: what is kept of it, what is run again, what is leased.

Their weights are random ones: which tiles are run, and for which bytes, does not depend on what was learnt.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from planroom.answers import Answers
from planroom.engine.catalog import Catalog, open_catalog
from planroom.engine.eyes import SEE, TELL, Eyes, features_bytes, find_eyes, needed_bytes
from planroom.engine.pictures import Grey, GreyArray
from planroom.engine.vision import DOOR_PX, Seen
from planroom.errors import BudgetRefused, ModelDamaged, ModelMissing, ReaderCrashed
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import RESERVE, MemoryManager
from planroom.store.results import GREY_NAME, SEEN_NAME, ResultStore

CACHE = "transformer_cache"
ROOT = Path(__file__).parents[2]


def plan(width: int = 1500, height: int = 1100) -> Grey:
    """A row of rooms, drawn large enough to be seen as it is."""
    grey = np.full((height, width), 255, np.uint8)
    cv2.rectangle(grey, (60, 60), (width - 60, height - 60), 0, 12)
    for x in range(460, width - 200, 400):
        cv2.line(grey, (x, 60), (x, height - 60), 0, 6)
    return grey


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of both networks."""
    if not all(map(find_spec, ("torch", "onnxscript"))):
        pytest.skip("PyTorch makes the weights, onnxscript exports them")
    folder = tmp_path_factory.mktemp("weights")
    # in a process of its own: PyTorch holds half a gigabyte that other tests would count
    export = [sys.executable, "-m", "training.export", "--only", f"{SEE},{TELL}", "--precisions", "fp32"]
    subprocess.run([*export, "--out", str(folder)], check=True, cwd=ROOT)
    return folder


@pytest.fixture
def catalog(weights: Path) -> Catalog:
    return open_catalog(weights)


@pytest.fixture
def manager() -> MemoryManager:
    return MemoryManager({RESERVE: 512 << 20, CACHE: 512 << 20})


@pytest.fixture
def eyes(manager: MemoryManager, catalog: Catalog) -> Iterator[Eyes]:
    cache = CachePool(CACHE, 512 << 20, manager, weigh=features_bytes)
    eyes = Eyes(manager, catalog, cache)
    yield eyes
    eyes.close()
    cache.clear()


def look(eyes: Eyes, grey: Grey) -> Seen:
    return eyes.look(GreyArray(grey), lambda _: None, DOOR_PX)


def test_what_was_seen_once_costs_no_run(eyes: Eyes) -> None:
    first = look(eyes, plan())
    run = eyes.tiles_run

    again = look(eyes, plan())

    assert run > 4 and eyes.tiles_run == run
    assert again.instances == first.instances
    np.testing.assert_array_equal(again.classes, first.classes)


def test_a_changed_room_costs_its_tiles_alone(eyes: Eyes) -> None:
    grey = plan()
    look(eyes, grey)
    run, asked = eyes.tiles_run, eyes.tiles_asked

    cv2.circle(grey, (260, 900), 40, 0, 3)
    look(eyes, grey)

    assert 1 <= eyes.tiles_run - run <= 4
    assert eyes.tiles_asked - asked == run


def test_empty_tiles_are_not_asked_about(eyes: Eyes) -> None:
    seen = look(eyes, np.full((3000, 3000), 255, np.uint8))

    assert eyes.tiles_asked == 0
    assert seen.instances == [] and not seen.classes.any()


def test_bytes_are_leased_until_it_is_closed(manager: MemoryManager, catalog: Catalog) -> None:
    eyes = Eyes(manager, catalog, CachePool(CACHE, 0, manager, weigh=features_bytes))
    held = manager.pools[RESERVE].leased_bytes
    eyes.close()

    assert held == eyes.leased_bytes >= needed_bytes(*find_eyes(catalog)) > 30 << 20
    assert manager.leased_bytes == 0


def test_too_small_a_budget_and_missing_or_damaged_weights_are_refused(
    catalog: Catalog, weights: Path, tmp_path: Path
) -> None:
    small = MemoryManager({RESERVE: 20 << 20, CACHE: 0})
    cache = CachePool(CACHE, 0, small, weigh=features_bytes)
    for file in weights.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-1] if "data" in file.name else file.read_bytes())

    with pytest.raises(BudgetRefused):
        Eyes(small, catalog, cache)
    with pytest.raises(ModelMissing):
        Eyes(small, open_catalog(tmp_path / "nowhere"), cache)
    with pytest.raises(ModelDamaged):
        Eyes(small, open_catalog(tmp_path), cache)


def test_what_was_seen_survives_a_file(eyes: Eyes) -> None:
    seen = look(eyes, plan())

    again = Seen.from_bytes(seen.to_bytes())

    assert again.instances == seen.instances and again.zoom == seen.zoom
    np.testing.assert_array_equal(again.uses, seen.uses)


def asks(answers: Answers, folder: Path, grey: Grey, **changed: object) -> bool:
    """What a child is told that puts `grey` into its folder and asks what stands there."""
    (folder / GREY_NAME).write_bytes(grey.tobytes())
    event = {"about": "look", "height_px": grey.shape[0], "width_px": grey.shape[1]} | changed
    return bool(answers.answer(folder, event, lambda _: None)["read"])


def test_a_child_is_told_what_was_seen_and_nothing_is_looked_at_twice(eyes: Eyes, tmp_path: Path) -> None:
    answers = Answers(None, ResultStore(tmp_path / "kept", 1 << 30), eyes=eyes)

    assert asks(answers, tmp_path, plan())
    first, run = Seen.from_bytes((tmp_path / SEEN_NAME).read_bytes()), eyes.tiles_asked
    assert asks(answers, tmp_path, plan())
    again = Seen.from_bytes((tmp_path / SEEN_NAME).read_bytes())

    assert run > 4 and eyes.tiles_asked == run
    assert again.instances == first.instances
    assert not (tmp_path / GREY_NAME).exists()


def test_a_child_is_told_where_nothing_looks(tmp_path: Path) -> None:
    answers = Answers(None, ResultStore(tmp_path / "kept", 1 << 30))

    assert not asks(answers, tmp_path, plan())
    assert not (tmp_path / SEEN_NAME).exists()


@pytest.mark.parametrize("changed", [{"height_px": 9000}, {"width_px": 0}, {"height_px": "tall"}, {"width_px": 10**9}])
def test_a_child_that_asks_about_other_pixels_than_it_gave_is_ended(
    eyes: Eyes, tmp_path: Path, changed: dict[str, object]
) -> None:
    answers = Answers(None, ResultStore(tmp_path / "kept", 1 << 30), eyes=eyes)

    with pytest.raises(ReaderCrashed):
        asks(answers, tmp_path, plan(), **changed)
    assert not (tmp_path / SEEN_NAME).exists()
