from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any, cast

import pytest
from PIL import Image

from planroom import budget
from planroom.budget import parse_pools
from planroom.engine.ocr import MODEL_BYTES, WORK_BYTES
from planroom.errors import BudgetRefused, UsageError
from planroom.memory.footprints import UNKNOWN_START_BYTES
from planroom.memory.machine import Machine
from planroom.memory.plans.parts import (
    BEFORE_BYTES,
    GIB,
    LEVERS,
    MIB,
    MODEL_TENTHS,
    POOL_SHARES,
    PROFILE_CLAIMS,
    SYSTEM,
    Footprints,
    Profile,
    Scope,
)
from planroom.memory.plans.plan import Plan, Refusal
from planroom.memory.plans.planner import plan_memory
from planroom.memory.plans.plot import draw_plot
from planroom.memory.plans.reserve import Levers, round_together

REFERENCE = 512 * GIB
PRODUCTION_SYSTEM = {"os": 8, "runtime": 5, "database": 5, "workers": 8, "buffers": 4}


def fitting(total: int, **asked: Any) -> Plan:
    planned = plan_memory(total, **{"quantum": True} | asked)
    assert isinstance(planned, Plan), planned
    return planned


def refused(total: int, **asked: Any) -> Refusal:
    planned = plan_memory(total, **{"quantum": True} | asked)
    assert isinstance(planned, Refusal), planned
    return planned


# ---- the reference machine ---------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["production", "max-accuracy", "auto"])
def test_the_reference_machine_is_planned_as_designed(profile: Profile) -> None:
    plan = fitting(REFERENCE, profile=profile)

    assert plan.vlm == {
        "weights": 6 * GIB,
        "activations": 8 * GIB,
        "runtime": 2 * GIB,
        "preprocessing": GIB,
        "batch": 3 * GIB,
    }
    assert sum(plan.models[name] for name in MODEL_TENTHS) == 25 * GIB // 2
    assert plan.models["unattributed"] == 5 * GIB // 2
    assert sum(plan.models.values()) == 15 * GIB
    assert plan.system == {name: size * GIB for name, size in PRODUCTION_SYSTEM.items()}
    assert plan.reserve_bytes == 65 * GIB
    assert plan.pools == {name: share * GIB for name, share in POOL_SHARES.items()}


@pytest.mark.parametrize(("name", "tenths"), MODEL_TENTHS.items())
def test_each_named_model_takes_what_the_design_says(name: str, tenths: int) -> None:
    plan = fitting(REFERENCE, profile="production")

    assert abs(plan.models[name] - tenths * GIB / 10) < 1


def test_max_speed_on_the_reference_machine() -> None:
    plan = fitting(REFERENCE, profile="max-speed")

    assert sum(plan.vlm.values()) == 5 * GIB
    assert sum(plan.models.values()) == 12 * GIB
    assert plan.models["unattributed"] > 0
    assert plan.system == {name: size * GIB // 2 for name, size in PRODUCTION_SYSTEM.items()}
    assert (plan.reserve_bytes, plan.pools_bytes) == (32 * GIB, 480 * GIB)
    assert any("without a reason" in note for note in plan.notes)


def test_capacity_of_the_reference_machine() -> None:
    told = fitting(REFERENCE, profile="production").as_json()["capacity"]

    counts = {name: (told[name]["count"], told[name]["factor"]) for name in told if isinstance(told[name], dict)}
    assert counts == {
        "attention_tensors": (28160, 5.63),
        "quantum_states": (6400, 12.8),
        "sheets": (23552, 785.07),
        "plans_in_flight": (291, 9.09),
    }
    assert [(tier["name"], tier["in_flight"], tier["turns"]) for tier in told["tiers"]] == [
        ("light", 10, 1),
        ("medium", 100, 1),
        ("heavy", 291, 2),
        ("extreme", 291, 4),
    ]
    assert told["readers"] == 54


def test_the_first_design_is_refused_by_what_it_left_out() -> None:
    refusal = refused(REFERENCE, pools=BEFORE_BYTES, quantum=False)
    told = refusal.as_json()

    assert refusal.shortfall_bytes == told["shortfall_bytes"] == 65 * GIB
    assert sum(map(sum, (part.values() for part in told["reserve"].values()))) == 65 * GIB
    assert told["pools"] == BEFORE_BYTES
    assert told["fits"] is False
    assert told["error"]["code"] == "E301"
    first = refusal.remedies[0]
    assert first.enough and first.saves_bytes == 65 * GIB
    assert "128.0 GiB → 110.0 GiB (claimed for 512 GiB: hits 92 → 88 %" in first.costs


# ---- levers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "gib"),
    [
        # nine models are not resident, room for the largest of them is
        (Levers(on_demand=True), 6.8 - 1.4),
        # three tenths of the weights, which are a quarter of the figures
        (Levers(pruned=True), 0.3 * 12.5 / 4),
        # 8 bits to 4 and the scales: three eighths of both kinds of weights
        (Levers(precision="int4"), 3 / 8 * (6 + 12.5 / 4)),
        (Levers(vlm="small"), 20 - 5.75),
        (Levers(vlm="none"), 20),
        (Levers(precision="fp32"), -3 * (6 + 12.5 / 4)),
    ],
    ids=str,
)
def test_a_lever_frees_what_its_own_parts_say(lever: Levers, gib: float) -> None:
    before = fitting(REFERENCE, profile="production")
    after = fitting(REFERENCE, profile="production", levers=lever)

    assert (before.reserve_bytes - after.reserve_bytes) / GIB == pytest.approx(gib)
    assert after.pools_bytes - before.pools_bytes == before.reserve_bytes - after.reserve_bytes


def test_the_plan_says_what_each_lever_would_free_beside_its_claim() -> None:
    plan = fitting(REFERENCE, profile="production")

    assert {saving.lever: saving.claimed_bytes // GIB for saving in plan.savings} == {
        "small_vlm": 10,
        "int4": 10,
        "prune": 5,
        "on_demand": 8,
    }
    assert sum(saving.claimed_bytes for saving in plan.savings if saving.lever != "on_demand") == 25 * GIB
    assert all("claimed" in saving.costs for saving in plan.savings)
    pulled = fitting(REFERENCE, profile="production", levers=Levers(None, "small", "int4", True, True))
    assert pulled.savings == ()
    assert len(LEVERS) == len(plan.savings)


def test_models_on_demand_are_not_named_resident() -> None:
    plan = fitting(REFERENCE, profile="production", levers=Levers(on_demand=True))

    assert plan.models["BidTransformer"] == 0
    assert plan.models["on_demand"] == plan.models["HierarchicalVisionTransformer"] * 14 // 20 + 1
    assert "BidTransformer" not in plan.configuration.resident
    assert "Qwen3-VL" in plan.configuration.resident


def test_auto_keeps_to_the_levers_that_were_pulled() -> None:
    plan = fitting(REFERENCE, levers=Levers(scale="compact", vlm="small", precision="fp32"))

    assert plan.configuration.words() == "compact task models, FP32, all resident; small vision-language model"


# ---- sizes and scopes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("gib", [4, 8, 16, 24, 64, 512, 2048])
@pytest.mark.parametrize("quantum", [True, False])
def test_auto_fits_every_machine(gib: int, quantum: bool) -> None:
    plan = fitting(gib * GIB, quantum=quantum)

    assert plan.reserve_bytes + plan.pools_bytes == gib * GIB
    assert plan.pools["working_memory"] >= 200 * MIB
    assert (plan.pools["quantum_state_cache"] > 0) is quantum


def test_small_machines_get_less() -> None:
    kinds = [fitting(gib * GIB, quantum=False).configuration for gib in (8, 24, 40, 64)]

    assert [(one.scale, one.vlm) for one in kinds] == [
        ("compact", "none"),
        ("compact", "small"),
        ("full", "small"),
        ("full", "full"),
    ]


@pytest.mark.parametrize("gib", [1, 2, 8, 64])
def test_a_process_tree_carries_no_system_and_no_database(gib: int) -> None:
    plan = fitting(gib * GIB, scope="process", quantum=False)

    assert plan.system["os"] == plan.system["database"] == 0
    assert plan.models["ocr"] == MODEL_BYTES + WORK_BYTES
    assert plan.system["workers"] >= UNKNOWN_START_BYTES


def test_half_a_gigabyte_is_refused_whatever_is_left_out() -> None:
    refusal = refused(512 * MIB, scope="process", quantum=False)

    assert refusal.needed.total_bytes < GIB
    assert refusal.remedies[-1].what == f"give {refusal.needed.total_bytes / MIB:.1f} MiB"
    with pytest.raises(BudgetRefused, match="were given"):
        raise refusal.error()


def test_a_profile_too_large_is_refused_with_ranked_remedies() -> None:
    refusal = refused(24 * GIB, profile="production")
    enough = [remedy.enough for remedy in refusal.remedies]

    assert enough == sorted(enough, reverse=True)
    assert enough[0] and not enough[-1]
    assert any("--profile auto" in remedy.what for remedy in refusal.remedies if remedy.enough)
    assert all(remedy.saves_bytes > 0 and remedy.costs for remedy in refusal.remedies)


def test_the_measured_footprints_are_those_of_the_program() -> None:
    measured = Footprints()

    assert measured.ocr_bytes == MODEL_BYTES + WORK_BYTES
    assert measured.reader_bytes == UNKNOWN_START_BYTES


def test_a_larger_plan_in_flight_is_planned_for() -> None:
    plan = fitting(4 * GIB, quantum=False, footprints=replace(Footprints(), plan_bytes=GIB))

    assert plan.pools["working_memory"] == GIB


# ---- pools of a given size ---------------------------------------------------------------------------------


def test_the_rest_goes_by_shares() -> None:
    plan = fitting(REFERENCE, profile="production", pools={"data_cache": 13 * GIB})

    assert plan.pools["data_cache"] == 13 * GIB
    assert plan.pools["transformer_cache"] == 434 * GIB * 110 // 217
    assert plan.pools_bytes == 447 * GIB


def test_what_four_pools_leave_over_is_buffers() -> None:
    plan = fitting(REFERENCE, profile="production", pools=dict.fromkeys(POOL_SHARES, GIB))

    assert plan.pools == dict.fromkeys(POOL_SHARES, GIB)
    assert plan.system["buffers"] == (4 + 443) * GIB
    assert any("443.0 GiB" in note for note in plan.notes)


def test_a_cache_may_be_left_out() -> None:
    plan = fitting(64 * GIB, pools={"transformer_cache": 0, "quantum_state_cache": 0})

    assert plan.pools["transformer_cache"] == plan.pools["quantum_state_cache"] == 0
    assert plan.reserve_bytes + plan.pools_bytes == 64 * GIB


def test_working_memory_below_one_plan_is_refused_whatever_the_total() -> None:
    refusal = refused(REFERENCE, pools={"working_memory": 100 * MIB})

    assert refusal.shortfall_bytes == 100 * MIB
    assert "whatever the total" in refusal.reason
    assert not any("give 5" in remedy.what for remedy in refusal.remedies)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"total_bytes": 0}, "a total of 0 bytes"),
        ({"total_bytes": -1}, "a total of -1 bytes"),
        ({"total_bytes": float("nan")}, "a total of nan bytes"),
        ({"total_bytes": True}, "a total of True bytes"),
        ({"total_bytes": 1 << 61}, "a total of"),
        ({"scope": "galaxy"}, "scope 'galaxy'"),
        ({"profile": "fast"}, "profile 'fast'"),
        ({"levers": Levers(vlm=cast("Any", "huge"))}, "vlm 'huge'"),
        ({"levers": Levers(precision=cast("Any", "int2"))}, "precision 'int2'"),
        ({"levers": Levers(scale=cast("Any", "tiny"))}, "models 'tiny'"),
        ({"pools": {"swimming": 1}}, "no pool 'swimming'"),
        ({"pools": {"data_cache": -1}}, "data_cache of -1 bytes"),
        ({"pools": {"data_cache": float("nan")}}, "data_cache of nan bytes"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_an_error_with_a_hint(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        plan_memory(**{"total_bytes": REFERENCE, "quantum": True} | asked)

    assert error.value.advice not in ("", UsageError.hint)


# ---- what is asked on the command line ---------------------------------------------------------------------


def test_pools_are_read_as_people_write_them() -> None:
    assert parse_pools(" data_cache = 1.5GiB , transformer_cache=0") == {
        "data_cache": 3 * GIB // 2,
        "transformer_cache": 0,
    }
    assert parse_pools("") == {}


@pytest.mark.parametrize(
    ("total", "scope", "pools", "words"),
    [
        (8 * GIB, "machine", {}, ["processes are held to 4.0 GiB"]),
        (9 * GIB, "machine", {}, ["this machine has 8.0 GiB"]),
        (9 * GIB, "process", {}, ["this machine has 8.0 GiB"]),
        (3 * GIB, "process", {}, ["2.0 GiB could be taken now"]),
        (2 * GIB, "process", {}, []),
        (2 * GIB, "machine", {}, []),
        (2 * GIB, "process", {"quantum_state_cache": 1}, ["extra is not installed"]),
    ],
)
def test_warnings(
    monkeypatch: pytest.MonkeyPatch, total: int, scope: Scope, pools: dict[str, int], words: list[str]
) -> None:
    monkeypatch.setattr(budget, "has_quantum", lambda: False)
    machine = Machine(8 * GIB, "v2", None, 4 * GIB, 4 * GIB, 2 * GIB)
    warnings = budget.find_warnings(total, scope, machine, pools)

    assert len(warnings) == len(words)
    assert all(word in warning for word, warning in zip(words, warnings, strict=True))


@pytest.mark.parametrize("installed", [True, False])
def test_auto_plans_for_quantum_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    monkeypatch.setattr(budget, "has_quantum", lambda: installed)

    assert budget.choose_quantum(None, "auto", {}) is installed
    assert budget.choose_quantum(None, "production", {}) is True
    assert budget.choose_quantum(False, "production", {}) is False
    assert budget.choose_quantum(True, "auto", {}) is True


# ---- data, arithmetic, picture -----------------------------------------------------------------------------


def test_every_clamp_meets_the_reference_figure() -> None:
    clamps = SYSTEM["machine"]

    assert {name: clamp.most_bytes // GIB for name, clamp in clamps.items()} == PRODUCTION_SYSTEM
    assert all(REFERENCE * clamp.numerator >= clamp.most_bytes * clamp.denominator for clamp in clamps.values())


def test_every_named_profile_has_its_claims() -> None:
    assert all(fitting(REFERENCE, profile=cast("Profile", name)).as_json()["claimed"] for name in PROFILE_CLAIMS)


def test_rounding_together_keeps_the_sum() -> None:
    assert round_together({"a": 5, "b": 5, "c": 2}, 4) == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("total", [GIB, 24 * GIB, REFERENCE])
def test_the_picture_is_a_picture(total: int) -> None:
    for planned in (
        plan_memory(total, quantum=True, profile="auto"),
        plan_memory(total, quantum=True, pools=BEFORE_BYTES),
    ):
        image = Image.open(io.BytesIO(draw_plot(planned, ".png")))
        svg = ET.fromstring(draw_plot(planned, ".svg"))
        words = [text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text")]

        assert image.size == (2000, 1280)
        assert len(image.getcolors(1 << 20) or []) > 8
        assert "working_memory" in words
        assert (": no room" in " ".join(words[5:])) or isinstance(planned, Plan)


def test_no_other_kind_of_picture() -> None:
    with pytest.raises(UsageError, match=r"'\.gif'"):
        draw_plot(fitting(REFERENCE), ".gif")
