from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from planroom.memory.plans.parts import GIB, POOL_SHARES, Footprints
from planroom.memory.plans.plan import Plan, Refusal
from planroom.memory.plans.planner import _Asked, _kinds, plan_memory
from planroom.memory.plans.reserve import Levers

PLAN_BYTES = Footprints().plan_bytes
TOTALS = st.one_of(st.integers(1, 8 * GIB), st.integers(1, 600 * GIB), st.integers(1, 1 << 44))
LEVERS = st.builds(
    Levers,
    scale=st.sampled_from([None, "full", "compact"]),
    vlm=st.sampled_from([None, "full", "small", "none"]),
    precision=st.sampled_from([None, "fp32", "int8", "int4"]),
    pruned=st.sampled_from([None, False, True]),
    on_demand=st.sampled_from([None, False, True]),
)
POOLS = st.dictionaries(st.sampled_from(sorted(POOL_SHARES)), st.one_of(st.just(0), st.integers(0, 300 * GIB)))
ASKED = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(["machine", "process"]),
        "profile": st.sampled_from(["auto", "auto", "production", "max-speed", "max-accuracy"]),
        "quantum": st.booleans(),
        "levers": LEVERS,
        "pools": st.one_of(st.just({}), POOLS),
    }
)
many = settings(max_examples=300, deadline=None)


def sensible(asked: dict[str, Any]) -> dict[str, Any]:
    """The same with room for one plan in working_memory, so that some total fits."""
    pools = {name: max(size, PLAN_BYTES) if name == "working_memory" else size for name, size in asked["pools"].items()}
    return asked | {"pools": pools}


SENSIBLE = ASKED.map(sensible)
NAMED = st.sampled_from(["production", "max-speed", "max-accuracy"]).flatmap(
    lambda name: SENSIBLE.map(lambda asked: asked | {"profile": name})
)


def working_is_given_too_small(asked: dict[str, Any]) -> bool:
    given_bytes: int = asked["pools"].get("working_memory", PLAN_BYTES)
    return given_bytes < PLAN_BYTES


def check(plan: Plan, asked: dict[str, Any], total: int) -> None:
    told = plan.as_json()
    sizes = [size for part in (*told["reserve"].values(), told["pools"]) for size in part.values()]

    assert all(type(size) is int and size >= 0 for size in sizes)
    assert sum(sizes) == plan.reserve_bytes + plan.pools_bytes == total
    assert plan.pools["working_memory"] >= PLAN_BYTES
    assert all(plan.pools[name] == size for name, size in asked["pools"].items())
    assert plan.quantum or plan.pools["quantum_state_cache"] == 0


@many
@given(total=TOTALS, asked=ASKED)
def test_a_plan_adds_up_and_a_refusal_says_what_is_missing(total: int, asked: dict[str, Any]) -> None:
    planned = plan_memory(total, **asked)

    if isinstance(planned, Plan):
        check(planned, asked, total)
        return
    assert planned.shortfall_bytes > 0
    assert planned.needed.reserve_bytes + planned.needed.pools_bytes == planned.needed.total_bytes
    if working_is_given_too_small(asked):
        assert "whatever the total" in planned.reason
        return
    assert planned.needed.total_bytes == total + planned.shortfall_bytes
    granted = plan_memory(total + planned.shortfall_bytes, **asked)
    assert isinstance(granted, Plan)
    check(granted, asked, total + planned.shortfall_bytes)


@many
@given(total=TOTALS, asked=NAMED)
def test_a_named_profile_is_refused_by_no_byte_too_many(total: int, asked: dict[str, Any]) -> None:
    planned = plan_memory(total, **asked)

    if isinstance(planned, Refusal) and planned.shortfall_bytes > 1:
        assert isinstance(plan_memory(total + planned.shortfall_bytes - 1, **asked), Refusal)


@many
@given(total=TOTALS, more=st.integers(1, 64 * GIB), asked=SENSIBLE)
def test_more_memory_never_takes_a_plan_away(total: int, more: int, asked: dict[str, Any]) -> None:
    small = plan_memory(total, **asked)
    if isinstance(small, Refusal):
        total += small.shortfall_bytes
        small = plan_memory(total, **asked)
    large = plan_memory(total + more, **asked)

    assert isinstance(small, Plan) and isinstance(large, Plan)
    assert rank(large, asked) <= rank(small, asked)
    if large.configuration == small.configuration and len(asked["pools"]) < 3:
        assert large.pools_bytes >= small.pools_bytes
        # rounding by the largest remainder may move one byte from pool to pool
        assert all(large.pools[name] >= small.pools[name] - 1 for name in POOL_SHARES)


def rank(plan: Plan, asked: dict[str, Any]) -> int:
    """The place of a plan's configuration among those that may be chosen, best first."""
    groups = _kinds(_Asked(**asked, footprints=plan.footprints))
    return [bill.configuration for group in groups for bill in group].index(plan.configuration)


REMEDIES: dict[str, dict[str, Any]] = {
    "(--on-demand)": {"on_demand": True},
    "(--prune)": {"pruned": True},
    "(--precision int4)": {"precision": "int4"},
    "(--vlm small)": {"vlm": "small"},
    "(--vlm none)": {"vlm": "none"},
    "(--models compact)": {"scale": "compact"},
}


@many
@given(total=st.integers(1, 60 * GIB), asked=NAMED)
def test_a_remedy_is_enough_exactly_where_it_is_said_to_be(total: int, asked: dict[str, Any]) -> None:
    planned = plan_memory(total, **asked)
    if isinstance(planned, Plan):
        return
    for remedy in planned.remedies:
        for words, change in REMEDIES.items():
            if remedy.what.endswith(words):
                levers = replace(asked["levers"], **change)
                after = plan_memory(total, **asked | {"levers": levers})

                assert isinstance(after, Plan) is remedy.enough, remedy


@many
@given(total=TOTALS, asked=SENSIBLE)
def test_what_leaves_the_choice_to_the_planner_is_enough(total: int, asked: dict[str, Any]) -> None:
    planned = plan_memory(total, **asked)
    if isinstance(planned, Plan):
        return
    said = " ".join(remedy.what for remedy in planned.remedies if remedy.enough)
    no_pools = plan_memory(total, **asked | {"pools": {}})
    auto = plan_memory(total, **asked | {"profile": "auto", "levers": Levers()})

    assert ("no --pools" in said) is (bool(asked["pools"]) and isinstance(no_pools, Plan))
    assert ("--profile auto" in said) is isinstance(auto, Plan)
