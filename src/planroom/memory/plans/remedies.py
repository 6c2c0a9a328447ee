"""What would need less memory, and what that costs: each lever priced from its own parts, beside what is claimed of it.

The design's claims do not add up: levers 1 to 3 promise 25 GB, its max-speed profile takes 18 off the models (35 to 17)
and halves the system without a reason. So nothing here is taken from a claim but the words that say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from planroom.memory.plans.parts import (
    ALWAYS_RESIDENT,
    BEFORE_BYTES,
    BEFORE_CLAIMS,
    DISK_BYTES_A_S,
    LEVERS,
    WEIGHTS_640THS,
    Footprints,
    Scope,
)
from planroom.memory.plans.reserve import Bill, Configuration, Levers, named_bytes, reserve
from planroom.units import format_bytes

_APPLIED: Final = {
    "on_demand": Levers(on_demand=True),
    "prune": Levers(pruned=True),
    "int4": Levers(precision="int4"),
    "small_vlm": Levers(vlm="small"),
}
_ALL: Final = Levers(vlm="small", precision="int4", pruned=True, on_demand=True)
_UNKNOWN_LOSS: Final = 1000  # ranks behind every claimed loss of accuracy


class Saving(NamedTuple):
    """What one of the design's levers frees here, and what is claimed of it for the reference machine."""

    lever: str
    what: str
    saves_bytes: int
    claimed_bytes: int
    costs: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way out of a refusal. enough: whether it is one by itself."""

    what: str
    saves_bytes: int
    costs: str
    enough: bool

    def as_json(self) -> dict[str, Any]:
        """The remedy in JSON's form."""
        return asdict(self)


def find_savings(total_bytes: int, scope: Scope, bill: Bill, footprints: Footprints) -> tuple[Saving, ...]:
    """Those of the four levers that are not pulled yet and would free something."""
    found = []
    for lever in LEVERS:
        levers = _APPLIED[lever.name]
        if lever.name == "small_vlm" and bill.configuration.vlm != "full":
            continue
        saved = _saved(total_bytes, scope, bill, levers, footprints)
        if saved > 0:
            costs = lever.costs + (_loading(bill.configuration) if lever.name == "on_demand" else "")
            found.append(Saving(lever.name, lever.what, saved, lever.claimed_bytes, costs))
    return tuple(found)


def rank_remedies(
    total_bytes: int, scope: Scope, bill: Bill, footprints: Footprints, enough_bytes: int, others: list[Remedy]
) -> tuple[Remedy, ...]:
    """What would help, best first: enough by itself, then least accuracy claimed lost, then most bytes.

    enough_bytes: what must be saved so that it fits; less than the shortfall where the system grows with the total.
    others: ways out that the planner knows of beside the levers, best first; their loss is not known.
    """
    ranked = [(_UNKNOWN_LOSS + place, remedy) for place, remedy in enumerate(others)]
    for loss, what, saved, costs in _choices(total_bytes, scope, bill, footprints):
        ranked.append((loss, Remedy(what, saved, costs, saved >= enough_bytes)))
    ranked.sort(key=lambda pair: (not pair[1].enough, pair[0], -pair[1].saves_bytes))
    return tuple(remedy for _, remedy in ranked)


def pool_remedy(wanted: dict[str, int], free: dict[str, int], shortfall_bytes: int) -> Remedy:
    """Leave to the planner what was asked for as pools. free: what they would then be."""
    changes = []
    for name, size in wanted.items():
        if size > free[name]:
            claim = BEFORE_CLAIMS[name] if size == BEFORE_BYTES[name] else ""
            words = f" (claimed for 512 GiB: {claim})" if claim else " (not measured)"
            changes.append(f"{name} {format_bytes(size)} → {format_bytes(free[name])}{words}")
    return Remedy("leave the pools to the planner (no --pools)", shortfall_bytes, "; ".join(changes), True)


def _choices(total_bytes: int, scope: Scope, bill: Bill, footprints: Footprints) -> Iterator[tuple[int, str, int, str]]:
    """Claimed loss of accuracy, words, bytes and costs of every change of the models that frees something."""
    losses = {lever.name: lever.claimed_loss for lever in LEVERS}
    levers = find_savings(total_bytes, scope, bill, footprints)
    for saving in levers:
        yield losses[saving.lever], saving.what, saving.saves_bytes, saving.costs
    if len(levers) > 1:
        vlm = _ALL if bill.configuration.vlm == "full" else Levers(None, None, "int4", True, True)
        saved = _saved(total_bytes, scope, bill, vlm, footprints)
        what = f"all of these together: {', '.join(saving.lever.replace('_', ' ') for saving in levers)}"
        yield sum(losses[saving.lever] for saving in levers), what, saved, "what each of them costs"
    if bill.configuration.scale == "full":
        saved = _saved(total_bytes, scope, bill, Levers(scale="compact"), footprints)
        costs = "compact weights: their bytes are measured, their accuracy is not"
        yield _UNKNOWN_LOSS, "compact task models (--models compact)", saved, costs
    if bill.configuration.vlm != "none":
        saved = _saved(total_bytes, scope, bill, Levers(vlm="none"), footprints)
        costs = "no second reader where the others are unsure, no questions about a sheet; not measured"
        yield _UNKNOWN_LOSS, "no vision-language model (--vlm none)", saved, costs


def _saved(total_bytes: int, scope: Scope, bill: Bill, levers: Levers, footprints: Footprints) -> int:
    after = bill._replace(configuration=levers.applied(bill.configuration))
    before_bytes = reserve(total_bytes, scope, bill, footprints).size_bytes
    return before_bytes - reserve(total_bytes, scope, after, footprints).size_bytes


def _loading(configuration: Configuration) -> str:
    """How long the largest model that is not resident takes off a cold disk, by its weights."""
    as_fp32 = named_bytes(Configuration(scale=configuration.scale))
    largest = max(size for name, size in as_fp32.items() if name not in ALWAYS_RESIDENT)
    weights = largest * WEIGHTS_640THS[configuration.precision] // WEIGHTS_640THS["fp32"]
    wait_s = max(0.1, weights / DISK_BYTES_A_S)
    return f"; at most {wait_s:.1f} s for the weights of the largest at the 0.5 GB/s measured off a cold disk"
