"""The outside contract of `planroom budget`: figures, JSON and nothing else beside it, refusals, plots, bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Ran

GIB = 1 << 30
BEFORE = "transformer_cache=128GiB,quantum_state_cache=64GiB,data_cache=256GiB,working_memory=64GiB"
PARTS = {
    "vlm": {"weights", "activations", "runtime", "preprocessing", "batch"},
    "system": {"os", "runtime", "database", "workers", "buffers"},
}


def told(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def all_bytes(plan: dict[str, Any]) -> int:
    parts = [*plan["reserve"].values(), plan["pools"]]
    assert all(type(size) is int and size >= 0 for part in parts for size in part.values())
    return sum(size for part in parts for size in part.values())


def test_the_reference_machine(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("budget", "--memory", "512GiB", "--profile", "production", "--json")
    plan = told(ran)

    assert ran.code == 0
    assert plan["fits"] is True and plan["profile"] == "production"
    assert plan["total_bytes"] == all_bytes(plan) == 512 * GIB
    assert {name: set(plan["reserve"][name]) for name in PARTS} == PARTS
    assert plan["reserve"]["models"]["unattributed"] == 5 * GIB // 2
    assert list(plan["pools"].values()) == [110 * GIB, 50 * GIB, 230 * GIB, 57 * GIB]
    assert plan["shortfall_bytes"] == 0 and plan["remedies"] == []
    assert plan["capacity"]["plans_in_flight"]["count"] == 291


def test_the_first_design_is_refused(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("budget", "--memory", "512GiB", "--pools", BEFORE, "--json")
    plan = told(ran)

    assert ran.code == 5
    assert "E301" in ran.stderr and "65.0 GiB short" in ran.stderr
    assert plan["fits"] is False
    assert plan["total_bytes"] == 512 * GIB
    assert plan["shortfall_bytes"] == 65 * GIB == all_bytes(plan) - 512 * GIB
    assert {"what", "saves_bytes", "costs"} <= set(plan["remedies"][0])


def test_a_refusal_for_people(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("budget", "--memory", "24GiB", "--profile", "production")

    assert ran.code == 5
    assert "Refused" in ran.stdout and "What would help" in ran.stdout and "short" in ran.stdout
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("size", ["4GiB", "8GiB", "16GiB", "24GiB", "64GiB", "512GiB", "2TiB"])
def test_every_machine_has_a_plan(run_planroom: Callable[..., Ran], size: str) -> None:
    ran = run_planroom("budget", "--memory", size, "--json")
    plan = told(ran)

    assert ran.code == 0
    assert all_bytes(plan) == plan["total_bytes"]
    assert plan["configuration"]["words"] and plan["configuration"]["resident"]


def test_a_process_tree_of_one_gigabyte(run_planroom: Callable[..., Ran]) -> None:
    plan = told(run_planroom("budget", "--process", "1GiB", "--json"))

    assert plan["reserve"]["system"]["os"] == plan["reserve"]["system"]["database"] == 0
    assert plan["reserve"]["models"]["ocr"] == 430_000_000
    assert plan["pools"]["working_memory"] >= 200 << 20


def test_this_machine(run_planroom: Callable[..., Ran]) -> None:
    line = Path("/proc/meminfo").read_text().splitlines()[0]
    ran = run_planroom("budget")
    plan = told(run_planroom("budget", "--json"))

    assert plan["total_bytes"] == int(line.split()[1]) * 1024
    assert "What fits" in ran.stdout and "reserve" in ran.stdout


def test_levers(run_planroom: Callable[..., Ran]) -> None:
    levers = ["--vlm", "small", "--precision", "int4", "--prune", "--on-demand", "--models", "full"]
    plan = told(run_planroom("budget", "--memory", "64GiB", *levers, "--json"))

    chosen = plan["configuration"]
    assert (chosen["vlm"], chosen["precision"], chosen["pruned"], chosen["on_demand"]) == ("small", "int4", True, True)
    assert plan["levers"] == []


def test_a_plan_for_another_machine_warns(run_planroom: Callable[..., Ran]) -> None:
    ran = run_planroom("budget", "--memory", "900TiB", "--json")

    assert ran.code == 0
    assert "a plan for another one" in ran.stderr
    assert told(ran)["warnings"]


@pytest.mark.parametrize(("switch", "quantum"), [("--with-quantum", True), ("--without-quantum", False)])
def test_quantum_is_a_what_if(run_planroom: Callable[..., Ran], switch: str, quantum: bool) -> None:
    plan = told(run_planroom("budget", "--memory", "512GiB", "--profile", "production", switch, "--json"))

    assert (plan["pools"]["quantum_state_cache"] > 0) is quantum


@pytest.mark.parametrize(("name", "start"), [("deep/plot.svg", b"<svg"), ("plot.PNG", b"\x89PNG")])
def test_plots(run_planroom: Callable[..., Ran], tmp_path: Path, name: str, start: bytes) -> None:
    ran = run_planroom("budget", "--memory", "512GiB", "--plot", name)

    assert ran.code == 0
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--memory", "12 potatoes"], 2, "'12 potatoes' is not a size"),
        (["--memory", "0"], 2, "no room at all"),
        (["--memory", "-1GiB"], 2, "is not a size"),
        (["--memory", "nan"], 2, "is not a size"),
        (["--memory", "9" * 400], 2, "more than any machine has"),
        (["--process", "inf"], 2, "is not a size"),
        (["--process", "512MiB"], 5, "E301"),
        (["--memory", "1GiB"], 5, "E301"),
        (["--memory", "8GiB", "--process", "2GiB"], 2, "both --memory and --process"),
        (["--profile", "fast"], 2, "profile 'fast'"),
        (["--vlm", "huge"], 2, "vlm 'huge'"),
        (["--precision", "int2"], 2, "precision 'int2'"),
        (["--models", "tiny"], 2, "models 'tiny'"),
        (["--pools", "swimming=1GiB"], 2, "no pool 'swimming'"),
        (["--pools", "data_cache"], 2, "data_cache has no size"),
        (["--pools", "data_cache=1GiB,data_cache=2GiB"], 2, "named twice"),
        (["--pools", "data_cache=NaN"], 2, "'NaN' is not a size"),
        (["--pools", "data_cache=-1"], 2, "is not a size"),
        (["--pools", "data_cache=1GiB,"], 2, "no pool ''"),
        (["--pools", "working_memory=0"], 5, "whatever the total"),
        (["--without-quantum", "--pools", "quantum_state_cache=1GiB"], 2, "--without-quantum"),
        (["--plot", "plot.gif"], 2, "'.gif'"),
        (["--plot", "plot"], 2, "ends in .svg or .png"),
        (["--plot", "/proc/none/plot.svg"], 6, "E401"),
    ],
    ids=lambda one: " ".join(one)[:40] if isinstance(one, list) else None,
)
def test_bad_input(run_planroom: Callable[..., Ran], arguments: list[str], code: int, words: str) -> None:
    ran = run_planroom("budget", *arguments)

    assert ran.code == code
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == "" or code == 5
