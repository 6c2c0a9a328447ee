"""A memory plan, and the refusal of one: plain records that the runtime builds its pools from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from planroom.errors import BudgetRefused
from planroom.memory.plans.capacity import capacity
from planroom.memory.plans.parts import DESIGNED_MODELS_BYTES, NAMED_BYTES, PROFILE_CLAIMS, Footprints, Profile, Scope
from planroom.memory.plans.remedies import Remedy, Saving
from planroom.memory.plans.reserve import Bill, Configuration, named_bytes
from planroom.units import format_bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """Where every byte of a total goes: reserve (vlm, models, system) + pools == total_bytes, exactly.

    quantum: whether there is a quantum_state_cache. savings: what the levers would free. notes: what does not follow
    from the figures by themselves.
    """

    total_bytes: int
    scope: Scope
    profile: Profile
    configuration: Configuration
    quantum: bool
    vlm: dict[str, int]
    models: dict[str, int]
    system: dict[str, int]
    pools: dict[str, int]
    footprints: Footprints
    savings: tuple[Saving, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def reserve_bytes(self) -> int:
        """Everything that no pool has."""
        return sum(self.vlm.values()) + sum(self.models.values()) + sum(self.system.values())

    @property
    def pools_bytes(self) -> int:
        """The four pools together."""
        return sum(self.pools.values())

    def as_json(self) -> dict[str, Any]:
        """The plan in the form of `planroom budget --json`."""
        configuration = self.configuration
        return {
            "fits": True,
            "total_bytes": self.total_bytes,
            "scope": self.scope,
            "profile": self.profile,
            "reserve": {"vlm": dict(self.vlm), "models": dict(self.models), "system": dict(self.system)},
            "pools": dict(self.pools),
            "shortfall_bytes": 0,
            "remedies": [],
            "capacity": capacity(self.pools, self.system["workers"], self.footprints),
            "configuration": {
                "words": configuration.words(),
                "models": configuration.scale,
                "vlm": configuration.vlm,
                "precision": configuration.precision,
                "pruned": configuration.pruned,
                "on_demand": configuration.on_demand,
                "resident": list(configuration.resident),
                "quantum": self.quantum,
            },
            "levers": [saving._asdict() for saving in self.savings],
            "claimed": PROFILE_CLAIMS.get(self.profile, ""),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """A total that is too small. needed: the same plan on the smallest total that carries it, which itemises the need.

    reason: what is missing, in words; where more memory alone does not help, it says so.
    """

    total_bytes: int
    shortfall_bytes: int
    needed: Plan
    reason: str
    remedies: tuple[Remedy, ...]

    def as_json(self) -> dict[str, Any]:
        """The refusal in the form of `planroom budget --json`; reserve and pools are what would be needed."""
        return self.needed.as_json() | {
            "fits": False,
            "total_bytes": self.total_bytes,
            "shortfall_bytes": self.shortfall_bytes,
            "remedies": [remedy.as_json() for remedy in self.remedies],
            "capacity": {},
            "reason": self.reason,
            "error": {"code": BudgetRefused.code, "message": self.error().message, "hint": self.error().advice},
        }

    def error(self) -> BudgetRefused:
        """The refusal as an exception, its hint the best remedy."""
        best = next((remedy for remedy in self.remedies if remedy.enough), None)
        return BudgetRefused(
            f"{self.reason}; {format_bytes(self.shortfall_bytes)} short", hint=best.what if best else None
        )


def find_notes(scope: Scope, profile: Profile, quantum: bool, bill: Bill) -> list[str]:
    """What the figures of a plan do not say by themselves."""
    notes = []
    if bill.configuration.scale == "full":
        named = sum(named_bytes(bill.configuration).values())
        notes.append(
            f"the design's fifteen named models add up to {format_bytes(NAMED_BYTES)}, its reserve carries "
            f"{format_bytes(DESIGNED_MODELS_BYTES)}; here they are {format_bytes(named)}, "
            f"and {format_bytes(bill.unattributed_bytes)} are unattributed"
        )
        notes.append("no full task model is trained; the design counts fp32 weights in an INT8 bill, the rest is work")
        if scope == "machine":
            notes.append("the networks for lettering are not in the design's bill: unattributed has room for them")
    else:
        notes.append("no compact task model is trained yet; their bytes are measured, with random weights")
    if bill.configuration.vlm != "none":
        notes.append("the vision-language model's weights are brought by the user; --vlm none plans without them")
    if bill.configuration.vlm == "small":
        notes.append("of the small one the design gives the sum at INT4, 5 GiB; the split over its parts is ours")
    if profile == "max-accuracy":
        notes.append("the design's max-accuracy is its production profile, byte for byte")
    if bill.system_halved:
        notes.append("this profile halves the system's part, without a reason given")
    if not quantum:
        notes.append("no quantum_state_cache: the quantum extra is not installed or was left out")
    return notes
