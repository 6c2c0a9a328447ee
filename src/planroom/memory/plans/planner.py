"""The planner: where every byte of a total goes, or why it does not suffice. Pure: no clock, no machine, no files.

One anchor, the total; the rest is derived. What reserve does not take goes to the pools: `working_memory` first gets
one plan in flight, then all go by their shares. Anything that does not add up is refused with every part listed.

`auto` tries configurations best first: full task models before compact ones, then the larger vision-language model,
then the least claimed loss of accuracy, then all resident before on demand. It takes the first whose working memory
holds a light load (10 plans); where none does, of the leanest kind the first that holds one plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby, product
from typing import Any, Final, NamedTuple, get_args

from planroom.errors import UsageError
from planroom.memory.plans.parts import (
    LIGHT_PLANS,
    POOL_SHARES,
    QUANTUM,
    WORKING,
    Footprints,
    Precision,
    Profile,
    Scale,
    Scope,
    Vlm,
)
from planroom.memory.plans.plan import Plan, Refusal, find_notes
from planroom.memory.plans.remedies import Remedy, find_savings, pool_remedy, rank_remedies
from planroom.memory.plans.reserve import BILLS, Bill, Configuration, Levers, reserve, round_together
from planroom.units import format_bytes

LARGEST_BYTES: Final = 1 << 60
_LADDER: Final[tuple[tuple[Scale, Vlm], ...]] = tuple(product(get_args(Scale), get_args(Vlm)))


class _Asked(NamedTuple):
    """Everything a plan depends on beside its total. pools: only those of a given size."""

    scope: Scope
    profile: Profile
    quantum: bool
    levers: Levers
    pools: dict[str, int]
    footprints: Footprints


def plan_memory(
    total_bytes: int,
    *,
    quantum: bool,
    scope: Scope = "machine",
    profile: Profile = "auto",
    levers: Levers | None = None,
    pools: Mapping[str, int] | None = None,
    footprints: Footprints | None = None,
) -> Plan | Refusal:
    """The plan of a whole machine or of one process tree, or its refusal with the shortfall and what would help.

    quantum: whether there is a quantum_state_cache; one of a given size counts as asking for it.
    pools: sizes of some or all pools; what four given sizes leave over goes to the buffers.
    Raises UsageError for what makes no sense whatever the total.
    """
    _check(total_bytes, scope, profile, levers or Levers(), pools or {})
    given = dict(pools or {})
    quantum = quantum or given.get(QUANTUM, 0) > 0
    asked = _Asked(scope, profile, quantum, levers or Levers(), given, footprints or Footprints())
    bill = _find_bill(total_bytes, asked)
    return _refusal(total_bytes, asked) if bill is None else _plan(total_bytes, asked, bill)


def _check(total_bytes: int, scope: str, profile: str, levers: Levers, pools: Mapping[str, int]) -> None:
    if not _is_size(total_bytes) or not 1 <= total_bytes <= LARGEST_BYTES:
        raise UsageError(f"a total of {total_bytes!r} bytes", hint="a whole number of bytes, at least 1")
    choices = [("scope", scope, Scope), ("profile", profile, Profile), ("models", levers.scale, Scale)]
    choices += [("vlm", levers.vlm, Vlm), ("precision", levers.precision, Precision)]
    for name, value, kind in choices:
        if value is not None and value not in get_args(kind):
            raise UsageError(f"{name} {value!r}", hint=f"one of: {', '.join(get_args(kind))}")
    for name, size in pools.items():
        if name not in POOL_SHARES:
            raise UsageError(f"there is no pool {name!r}", hint=f"the pools are {', '.join(POOL_SHARES)}")
        if not _is_size(size) or not 0 <= size <= LARGEST_BYTES:
            raise UsageError(f"{name} of {size!r} bytes", hint="a whole number of bytes, at least 0")


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# ---- which configuration -----------------------------------------------------------------------------------


def _kinds(asked: _Asked) -> list[list[Bill]]:
    """The bills that may be chosen, in groups of one scale and vision-language model each, best first."""
    if asked.profile != "auto":
        bill = BILLS[asked.profile]
        return [[bill._replace(configuration=asked.levers.applied(bill.configuration))]]
    precisions: tuple[Precision, ...] = ("int8", "int4")
    choices = [
        asked.levers.applied(Configuration(scale, vlm, precision, pruned, on_demand))
        for (scale, vlm), precision, pruned, on_demand in product(_LADDER, precisions, (False, True), (False, True))
    ]
    ranked = sorted(dict.fromkeys(choices), key=_rank)
    grouped = groupby(ranked, key=lambda one: (one.scale, one.vlm))
    return [[BILLS["production"]._replace(configuration=one) for one in group] for _, group in grouped]


def _rank(one: Configuration) -> tuple[int, int, bool]:
    return _LADDER.index((one.scale, one.vlm)), one.claimed_loss, one.on_demand


def _find_bill(total_bytes: int, asked: _Asked) -> Bill | None:
    """The best bill that the total carries."""
    if asked.pools.get(WORKING, LARGEST_BYTES) < asked.footprints.plan_bytes:
        return None
    *better, leanest = _kinds(asked)
    floors = [(group, _least_pools(asked, LIGHT_PLANS)) for group in better] + [(leanest, _least_pools(asked, 1))]
    for group, least in floors:
        for bill in group:
            if total_bytes - _reserve_bytes(total_bytes, asked, bill) >= least:
                return bill
    return None


def _reserve_bytes(total_bytes: int, asked: _Asked, bill: Bill) -> int:
    return reserve(total_bytes, asked.scope, bill, asked.footprints).size_bytes


# ---- pools -------------------------------------------------------------------------------------------------


def _shares(asked: _Asked) -> dict[str, int]:
    """The shares of the pools whose size was not given; none for quantum states where there are none."""
    return {
        name: share
        for name, share in POOL_SHARES.items()
        if name not in asked.pools and (asked.quantum or name != QUANTUM)
    }


def _least_pools(asked: _Asked, plans: int) -> int:
    """The bytes of all pools from which on working_memory holds so many plans; one is given to it before the others."""
    given = sum(asked.pools.values())
    if WORKING in asked.pools:
        return given
    wanted = plans * asked.footprints.plan_bytes
    shares = _shares(asked)
    return given + (wanted if plans == 1 else -(-wanted * sum(shares.values()) // shares[WORKING]))


def _divide(free_bytes: int, asked: _Asked) -> dict[str, int]:
    """The pools whose size was not given, together `free_bytes`."""
    shares = _shares(asked)
    plan_bytes = asked.footprints.plan_bytes
    first = WORKING in shares and free_bytes * shares[WORKING] < plan_bytes * sum(shares.values())
    working = {WORKING: plan_bytes if len(shares) > 1 else free_bytes} if first else {}
    rest = {name: share for name, share in shares.items() if name not in working}
    left = free_bytes - sum(working.values())
    return working | round_together({name: left * share for name, share in rest.items()}, sum(rest.values()) or 1)


# ---- plan and refusal --------------------------------------------------------------------------------------


def _plan(total_bytes: int, asked: _Asked, bill: Bill) -> Plan:
    vlm, models, system = taken = reserve(total_bytes, asked.scope, bill, asked.footprints)
    free = total_bytes - taken.size_bytes - sum(asked.pools.values())
    notes = find_notes(asked.scope, asked.profile, asked.quantum, bill)
    if _shares(asked):
        divided = _divide(free, asked)
    else:
        divided = {}
        system["buffers"] += free
        if free:
            notes.append(f"{format_bytes(free)} that the given pools leave over are buffers, where files stay warm")
    return Plan(
        total_bytes=total_bytes,
        scope=asked.scope,
        profile=asked.profile,
        configuration=bill.configuration,
        quantum=asked.quantum,
        vlm=vlm,
        models=models,
        system=system,
        pools={name: (asked.pools | divided).get(name, 0) for name in POOL_SHARES},
        footprints=asked.footprints,
        savings=find_savings(total_bytes, asked.scope, bill, asked.footprints),
        notes=tuple(notes),
    )


def _refusal(total_bytes: int, asked: _Asked) -> Refusal:
    """Reckoned for what this total would carry if no pool were given, and for the leanest where it carries nothing."""
    plan_bytes = asked.footprints.plan_bytes
    carried = _find_bill(total_bytes, asked._replace(pools={}))
    bill = carried or min(_kinds(asked)[-1], key=lambda one: _reserve_bytes(total_bytes, asked, one))
    given = asked.pools.get(WORKING)
    too_few = 0 if given is None else max(0, plan_bytes - given)
    if too_few:
        asked = asked._replace(pools=asked.pools | {WORKING: plan_bytes})
    least_total = _least_total(asked, bill)
    needed = _plan(max(total_bytes, least_total), asked, bill)
    shortfall = max(least_total - total_bytes, too_few)
    reason = f"{format_bytes(least_total)} are needed, {format_bytes(total_bytes)} were given"
    if too_few:
        reason = f"{WORKING} must hold one plan in flight, {format_bytes(plan_bytes)}, whatever the total"
    others = _ways_out(total_bytes, asked, needed, carried, shortfall)
    if least_total > total_bytes:
        others.append(Remedy(f"give {format_bytes(least_total)}", shortfall, "more memory", enough=not too_few))
    enough = _least_pools(asked, 1) + _reserve_bytes(total_bytes, asked, bill) - total_bytes
    ranked = rank_remedies(
        total_bytes, asked.scope, bill, asked.footprints, LARGEST_BYTES if too_few else enough, others
    )
    return Refusal(total_bytes, shortfall, needed, reason, ranked)


def _ways_out(total_bytes: int, asked: _Asked, needed: Plan, carried: Bill | None, shortfall: int) -> list[Remedy]:
    """What else would fit: the pools left to the planner, or the choice of the models."""
    ways = []
    if asked.pools and carried is not None:
        free = _plan(total_bytes, asked._replace(pools={}), carried)
        ways.append(pool_remedy(asked.pools, free.pools, shortfall))
    chosen = asked._replace(profile="auto", levers=Levers())
    bill = None if chosen == asked else _find_bill(total_bytes, chosen)
    if bill is not None:
        saved = needed.reserve_bytes - _reserve_bytes(total_bytes, chosen, bill)
        ways.append(Remedy("leave the models to the planner (--profile auto)", saved, bill.configuration.words(), True))
    return ways


def _least_total(asked: _Asked, bill: Bill) -> int:
    """The smallest total that carries the bill; found by halving, for what reserve leaves never shrinks as it grows."""
    least = _least_pools(asked, 1)
    low, high = 0, least + _reserve_bytes(LARGEST_BYTES, asked, bill)
    while high - low > 1:
        middle = (low + high) // 2
        if middle - _reserve_bytes(middle, asked, bill) >= least:
            high = middle
        else:
            low = middle
    return high
