"""How counts, masks and instances are scored: a figure that is told of the models is worth what its arithmetic is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import counts
import counts_generated
import counts_masks
import counts_rules
import counts_speed
from planroom.detect.odds import how_many
from planroom.detect.seen import Candidate
from planroom.engine.instances import Instance
from planroom.engine.vision import CLASSES, Seen

TRUTH = {
    "a": {"door": 4, "window": 2, "bedroom": 1, "toilet": 1},
    "b": {"door": 5, "window": 0, "bedroom": 2, "toilet": 1},
    "c": {"door": 10, "window": 8, "bedroom": 3, "toilet": 2},
}
FOUND = {
    "a": {"door": 4, "window": 3, "bedroom": 1, "toilet": 1},
    "b": {"door": 4, "window": 1, "bedroom": 2, "toilet": 0},
}


def report(folder: Path, found: counts.Counts) -> Path:
    """A report of one sheet a plan, windows of the first on a second sheet, and no count where there is none."""
    sheets = [{"file": f"{name}.png", "counts": dict(of_plan)} for name, of_plan in found.items()]
    first = sheets[0]["counts"]
    assert isinstance(first, dict)
    sheets.append({"file": sheets[0]["file"], "counts": {"window": first.pop("window"), "door": None}})
    path = folder / "report.json"
    path.write_text(json.dumps({"sheets": sheets}), "utf-8")
    return path


def test_exact_and_error_by_hand() -> None:
    exact = counts._exact(FOUND, TRUTH)

    assert exact["door"].tolist() == [True, False, False]
    assert exact["toilet"].tolist() == [True, False, False]
    assert counts._error(FOUND, TRUTH, "door") == pytest.approx((0 + 1 / 5 + 1) / 3)
    assert counts._error(FOUND, TRUTH, "window") == pytest.approx((1 / 2 + 1) / 2), "plans without any do not count"


@pytest.mark.data
def test_they_are_what_the_tool_says_that_comes_with_the_data(shared: Path, tmp_path: Path) -> None:
    tool = shared.parent / "tools" / "score_counts.py"
    if not tool.is_file():
        pytest.skip(f"{tool} is not there")
    table = tmp_path / "counts.csv"
    rows = [",".join([f"{name}.png", *(str(n) for n in of_plan.values())]) for name, of_plan in TRUTH.items()]
    table.write_text("\n".join([",".join(["image", *counts.KINDS]), *rows]) + "\n")
    path = report(tmp_path, FOUND)

    told = subprocess.run([sys.executable, tool, path, table], capture_output=True, text=True, check=True).stdout

    found = counts._found(path)
    exact = counts._exact(found, TRUTH)
    cells = [f"{exact[kind].mean():.3f}/{counts._error(found, TRUTH, kind):.3f}" for kind in counts.KINDS]
    assert told.splitlines()[1].split()[1:5] == cells


def test_the_interval_holds_the_mean_and_narrows_with_more_plans() -> None:
    few, many = np.array([1.0, 0.0] * 10), np.array([1.0, 0.0] * 1000)

    (low, high), (near, far) = counts._interval(few), counts._interval(many)

    assert low < 0.5 < high and near < 0.5 < far
    assert far - near < (high - low) / 5
    assert counts._interval(np.ones(5)) == [1.0, 1.0]


def seen(*instances: Instance) -> Seen:
    """The left half of a picture of 80 by 40 pixels is wall; what stands there was told at its own size."""
    classes = np.zeros((20, 40), np.uint8)
    classes[:, :20] = CLASSES.index("wall")
    return Seen(list(instances), classes, np.zeros((10, 20), np.uint8), 1.0)


def test_masks_are_told_by_pixels_or_by_instances_and_grown() -> None:
    window = Instance("window", 40.0, 20.0, 0.0, 20.0, 6.0, 0.5)
    door = Instance("hinged", 10.0, 20.0, np.pi / 2, 20.0, 4.0, 0.3)
    there = seen(window, door)

    wall = counts_masks.told_mask(there, "wall", (40, 80), 0, None)
    by_instances = counts_masks.told_mask(there, "window", (40, 80), 0, 0.4)
    grown = counts_masks.told_mask(there, "window", (40, 80), 2, 0.4)

    assert wall[:, :39].all() and not wall[:, 41:].any()
    assert by_instances[20, 32] and not by_instances[20, 52] and by_instances.sum() == pytest.approx(120, rel=0.3)
    assert grown.sum() > by_instances.sum() * 1.5
    assert not counts_masks.told_mask(there, "door", (40, 80), 0, 0.4).any()
    assert counts_masks.told_mask(there, "door", (40, 80), 0, 0.25)[12:28, 10].all()


def test_iou_is_over_all_plans_together() -> None:
    true = np.zeros((40, 80), bool)
    true[:, :20] = True

    half = counts_masks._iou([(seen(), {"wall": true})], "wall", 0, None)
    both = counts_masks._iou([(seen(), {"wall": true}), (seen(), {"wall": ~true})], "wall", 0, None)

    assert half == pytest.approx(0.5, abs=0.02)
    assert both == pytest.approx(40 / 120, abs=0.02)


def test_instances_match_once_where_half_of_both_is_common() -> None:
    there = [Instance("hinged", 100.0, 100.0, 0.0, 40.0, 10.0, 1.0)]
    twice = [there[0]._replace(x=105.0, score=0.9), there[0]._replace(x=98.0, score=0.5)]
    apart = [there[0]._replace(x=125.0), there[0]._replace(angle=np.pi / 2)]

    assert counts_generated.matched(twice, there).tolist() == [1, 2, 1]
    assert counts_generated.matched(apart, there).tolist() == [0, 2, 1]
    assert counts_generated.matched([there[0]._replace(angle=np.pi)], there).tolist() == [1, 1, 1]


NO_EYES: Any = None  # what is seen is given instead


def candidates(*scores: float) -> list[Candidate]:
    return [Candidate(Instance("hinged", 0.0, 0.0, 0.0, 9.0, 1.0, score), True, False) for score in scores]


def test_rules_are_tried_on_plans_that_they_were_not_fitted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice that knows the first plan counts it wrongly, and all the others rightly; one that does not, rightly."""
    names = [f"plan{k}" for k in range(10)]
    same = candidates(*np.arange(0.2, 0.8, 0.05) + 0.01)
    first, other = (how_many(counts_rules._chances(same, "door", counts_rules._EVEN[k], 0.0, True))[0] for k in (8, 0))
    truth = {name: {"door": other if k else first, "window": 1} for k, name in enumerate(names)}
    monkeypatch.setattr(counts_rules, "_candidates", lambda eyes, reader, name: same)
    monkeypatch.setattr(counts_rules, "FOLDS", len(names))
    monkeypatch.setattr(counts_rules, "_best", lambda said, known: (0, {"door": 0 if known[0] else 8, "window": 0}))

    door = next(counts_rules.rows(NO_EYES, NO_EYES, {name: name for name in names}, truth))

    assert first != other
    assert (door["exact"], door["exact_fitted"]) == (1.0, 0.9)


def test_the_rule_that_counts_right_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """True doors are surer than 0.5 on every plan."""
    names = [f"plan{k}" for k in range(10)]
    found = {name: candidates(*[0.8] * (k + 1), *[0.3] * (10 - k)) for k, name in enumerate(names)}
    truth = {name: {"door": k + 1, "window": 1} for k, name in enumerate(names)}
    monkeypatch.setattr(counts_rules, "_candidates", lambda eyes, reader, name: found[name])

    door = next(counts_rules.rows(NO_EYES, NO_EYES, {name: name for name in names}, truth))

    assert door["exact"] == 1.0 and door["error"] == 0.0 and door["in_range"] == 1.0
    assert 0.3 < door["even"] < 0.8


class Child:
    """Ends when it is told to."""

    def kill(self) -> None: ...

    def wait(self) -> None: ...


@pytest.mark.parametrize(("look_s", "networks_s", "over"), [(1.2, 0.5, False), (1.6, 0.5, True), (1.2, 1.3, True)])
def test_a_look_that_is_slow_or_wastes_the_machine_is_over(
    monkeypatch: pytest.MonkeyPatch, look_s: float, networks_s: float, over: bool
) -> None:
    """Two tiles of 10 GFLOP on a machine that reaches 80 in a second: half of it in half a second."""
    said = {
        "looks": iter([json.dumps({"tiles": 2, "pixels": 1_000_000, "gemm_flops": 7e10}), *[str(networks_s)] * 5]),
        "eager": iter([json.dumps({"flops": 1e10, "gemm_flops": 8e10})]),
    }
    names = iter(said)
    children: dict[Child, str] = {}

    def start(*_: object) -> Child:
        child = Child()
        children[child] = next(names)
        return child

    monkeypatch.setattr(counts_speed, "start", start)
    monkeypatch.setattr(counts_speed, "hear", lambda child: next(said[children[child]]))
    monkeypatch.setattr(counts_speed, "ask", lambda child, line: {"looks": look_s, "eager": 0.7}[children[child]])

    (row,) = counts_speed.rows(None, Path("none.pt"), 2)

    assert (row["cold_s"], row["pytorch_s"], row["over"]) == (look_s, 0.7, over)
    assert row["share_of_gemm"] == pytest.approx(2e10 / networks_s / 8e10, abs=0.01)
