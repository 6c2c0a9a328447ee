"""The figures that a memory plan is made of, as data: what the first design counted and claimed, what is measured.

GB in the design is GiB, MB is MiB. A figure is *designed* (from the bill of the reference machine of 512 GiB),
*claimed* (promised there, measured nowhere) or *measured* (docs/reference/memory.md says how).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Scope = Literal["machine", "process"]
Profile = Literal["auto", "production", "max-speed", "max-accuracy"]
Scale = Literal["full", "compact"]
Vlm = Literal["full", "small", "none"]
Precision = Literal["fp32", "int8", "int4"]

MIB: Final = 1 << 20
GIB: Final = 1 << 30
REFERENCE_BYTES: Final = 512 * GIB


@dataclass(frozen=True, slots=True)
class Footprints:
    """What planroom itself takes, measured. ocr_bytes: the networks that read lettering, with their work
    (engine/ocr.py). plan_bytes: one plan in flight, what a reader of a PDF leases beside its libraries (readers.py).
    reader_bytes: those libraries, one child each.
    """

    ocr_bytes: int = 430_000_000
    plan_bytes: int = 200 * MIB
    reader_bytes: int = 150 * MIB


# ---- pools -------------------------------------------------------------------------------------------------

POOL_SHARES: Final = {"transformer_cache": 110, "quantum_state_cache": 50, "data_cache": 230, "working_memory": 57}
WORKING: Final = "working_memory"
QUANTUM: Final = "quantum_state_cache"
BEFORE_BYTES: Final = {  # the design that was refused: it left nothing for models, system and work
    "transformer_cache": 128 * GIB,
    "quantum_state_cache": 64 * GIB,
    "data_cache": 256 * GIB,
    "working_memory": 64 * GIB,
}
BEFORE_CLAIMS: Final = {  # what it is claimed to cost to go from there to the shares above, on the reference machine
    "transformer_cache": "hits 92 → 88 %, +15 % time",
    "quantum_state_cache": "+10 % time on the 30 % of operations that are quantum-enhanced",
    "data_cache": "+50 ms for each plan that is not cached",
    "working_memory": "+20 ms on complex operations",
}


# ---- models ------------------------------------------------------------------------------------------------

# tenths of a GiB as the design counts them; together 12.5 GiB
MODEL_TENTHS: Final = {
    "HierarchicalVisionTransformer": 20,
    "VisionDecoder": 5,
    "UniversalConstructionTransformer": 14,
    "QuantityTransformer": 10,
    "QuantityDecoder": 5,
    "ErrorTransformer": 12,
    "ErrorDecoder": 5,
    "ComplianceTransformer": 8,
    "ComplianceDecoder": 5,
    "BidTransformer": 8,
    "BidDecoder": 5,
    "PlanningDecoder": 8,
    "DecisionTransformer": 6,
    "MultiAgentTransformer": 6,
    "QuantumTransformer": 8,
}
ALWAYS_RESIDENT: Final = (
    "HierarchicalVisionTransformer",
    "VisionDecoder",
    "QuantityTransformer",
    "QuantityDecoder",
    "ErrorTransformer",
    "ErrorDecoder",
)
NAMED_BYTES: Final = sum(MODEL_TENTHS.values()) * GIB // 10  # at full scale; compact ones are measured (networks.py)
DESIGNED_MODELS_BYTES: Final = 15 * GIB  # what the production profile's reserve carries for them

# The design's INT8 bill carries the fp32 figures. INT8 weights are a quarter of that, so three quarters are for what
# runs on them (a 403 MB network was measured to hold 1,560 MB after a large input). All in 640ths of the figure.
WORK_640THS: Final = 480
WEIGHTS_640THS: Final[dict[Precision, int]] = {"fp32": 640, "int8": 160, "int4": 100}  # 32, 8, and 4 bits + scales
KEPT_TENTHS: Final = 7  # of the weights, after pruning

# GiB/4 of the vision-language model at INT8; of the small one the design gives only the sum at INT4 (5 GiB), the split
# over the parts is ours
VLM_QUARTERS: Final[dict[Vlm, dict[str, int]]] = {
    "full": {"weights": 24, "activations": 32, "runtime": 8, "preprocessing": 4, "batch": 12},
    "small": {"weights": 8, "activations": 7, "runtime": 3, "preprocessing": 2, "batch": 3},
    "none": {"weights": 0, "activations": 0, "runtime": 0, "preprocessing": 0, "batch": 0},
}


# ---- system ------------------------------------------------------------------------------------------------


class Clamp(NamedTuple):
    """A share of the total, held between two sizes; `most` is the reference machine's figure."""

    numerator: int
    denominator: int
    least_bytes: int
    most_bytes: int


_NOTHING: Final = Clamp(0, 1, 0, 0)
SYSTEM: Final[dict[Scope, dict[str, Clamp]]] = {
    "machine": {
        "os": Clamp(1, 16, 768 * MIB, 8 * GIB),  # least: assumed, a system without a desktop
        "runtime": Clamp(1, 64, 144 * MIB, 5 * GIB),  # least: measured, 41 MiB of libraries + PARENT_BYTES
        "database": Clamp(1, 64, 128 * MIB, 5 * GIB),  # least: what PostgreSQL shares by default
        "workers": Clamp(3, 64, 150 * MIB, 8 * GIB),  # least: one reader, measured
        "buffers": Clamp(1, 64, 32 * MIB, 4 * GIB),
    },
    "process": {
        "os": _NOTHING,
        "runtime": Clamp(1, 64, 144 * MIB, 5 * GIB),
        "database": _NOTHING,
        "workers": Clamp(3, 20, 150 * MIB, 8 * GIB),  # two readers at 2 GiB, as `analyze` runs them
        "buffers": Clamp(1, 64, 16 * MIB, 4 * GIB),
    },
}


# ---- profiles, levers, what is claimed of them -------------------------------------------------------------

# the figures that go with each are claims for the reference machine
PROFILE_CLAIMS: Final = {
    "production": "115 ms a plan, about 850 plans a minute, 88 % hits, 99.5 % accuracy",
    "max-speed": "85 ms a plan, 94 % hits, 97.5 % accuracy",
    "max-accuracy": "115 ms a plan, 99.5 % accuracy",
}
MAX_SPEED_MODELS_BYTES: Final = 12 * GIB


class Lever(NamedTuple):
    """A way to need less. claimed_bytes, claimed_loss (tenths of a per cent of accuracy): for the reference machine."""

    name: str
    what: str
    claimed_bytes: int
    claimed_loss: int
    costs: str


LEVERS: Final = (
    Lever(
        "on_demand",
        "load on demand all models but Vision, Quantity and Error (--on-demand)",
        8 * GIB,
        0,
        "no accuracy; claimed: at most 3 s on first use",
    ),
    Lever(
        "prune",
        "prune 30 % of the task models' weights (--prune)",
        5 * GIB,
        3,
        "claimed: −0.3 % accuracy, +10 % speed; not measured",
    ),
    Lever(
        "int4",
        "INT4 weights instead of INT8 (--precision int4)",
        10 * GIB,
        5,
        "claimed: −0.5 % accuracy, +20 % speed; measured on AVX2: relative error 0.063 against 0.009, "
        "long inputs 290 against 191 ms, decoding 8.9 against 11.7 ms",
    ),
    Lever(
        "small_vlm",
        "the small vision-language model (--vlm small)",
        10 * GIB,
        10,
        "claimed: −1 % accuracy; not measured",
    ),
)
DISK_BYTES_A_S: Final = 500_000_000  # a cold disk, measured


# ---- capacity ----------------------------------------------------------------------------------------------


class Item(NamedTuple):
    """What a pool holds many of. typical: how many a usual session has."""

    pool: str
    size_bytes: int
    typical: int


ITEMS: Final = {
    "attention_tensors": Item("transformer_cache", 4 * MIB, 5000),
    "quantum_states": Item("quantum_state_cache", 8 * MIB, 500),  # 10 qubits, a density matrix in complex64
    "sheets": Item("data_cache", 10 * MIB, 30),
    "plans_in_flight": Item("working_memory", 200 * MIB, 32),
}
LIGHT_PLANS: Final = 10


class Tier(NamedTuple):
    """A load of so many plans at once, with what is claimed of it on the reference machine."""

    name: str
    plans: str
    most_plans: int
    claimed_hits_percent: int
    claimed_ms: int


TIERS: Final = (
    Tier("light", "1–10", LIGHT_PLANS, 95, 115),
    Tier("medium", "30–100", 100, 90, 110),
    Tier("heavy", "500+", 500, 85, 120),
    Tier("extreme", "1,000+", 1000, 80, 130),
)
