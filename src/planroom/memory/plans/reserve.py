"""What the reserve of a plan takes: vision-language model, task models and system, for one choice of models.

Whole bytes throughout: shares that do not come out even are rounded together, so that sums stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from planroom.memory.plans.networks import resident_bytes, work_bytes
from planroom.memory.plans.parts import (
    ALWAYS_RESIDENT,
    DESIGNED_MODELS_BYTES,
    GIB,
    KEPT_TENTHS,
    LEVERS,
    MAX_SPEED_MODELS_BYTES,
    MODEL_TENTHS,
    NAMED_BYTES,
    SYSTEM,
    VLM_QUARTERS,
    WEIGHTS_640THS,
    WORK_640THS,
    Footprints,
    Precision,
    Scale,
    Scope,
    Vlm,
)

_640: Final = 640  # every share of this module is a whole number of these


@dataclass(frozen=True, slots=True)
class Configuration:
    """Which models there are, and how they are held."""

    scale: Scale = "full"
    vlm: Vlm = "full"
    precision: Precision = "int8"
    pruned: bool = False
    on_demand: bool = False

    def words(self) -> str:
        """The configuration for people."""
        vlm = "no vision-language model" if self.vlm == "none" else f"{self.vlm} vision-language model"
        pruned = " pruned" if self.pruned else ""
        held = "Vision, Quantity and Error resident, the rest on demand" if self.on_demand else "all resident"
        return f"{self.scale} task models, {self.precision.upper()}{pruned}, {held}; {vlm}"

    @property
    def resident(self) -> tuple[str, ...]:
        """The models that stay loaded."""
        named = ALWAYS_RESIDENT if self.on_demand else tuple(MODEL_TENTHS)
        return named if self.vlm == "none" else (*named, "Qwen3-VL")

    @property
    def claimed_loss(self) -> int:
        """Tenths of a per cent of accuracy that its precision and pruning are claimed to cost."""
        loss = {lever.name: lever.claimed_loss for lever in LEVERS}
        return loss["int4"] * (self.precision == "int4") + loss["prune"] * self.pruned


@dataclass(frozen=True, slots=True)
class Levers:
    """What was asked for instead of the profile's own choice; None leaves it to the profile."""

    scale: Scale | None = None
    vlm: Vlm | None = None
    precision: Precision | None = None
    pruned: bool | None = None
    on_demand: bool | None = None

    def applied(self, configuration: Configuration) -> Configuration:
        """`configuration` with what was asked for."""
        return Configuration(
            scale=self.scale or configuration.scale,
            vlm=self.vlm or configuration.vlm,
            precision=self.precision or configuration.precision,
            pruned=configuration.pruned if self.pruned is None else self.pruned,
            on_demand=configuration.on_demand if self.on_demand is None else self.on_demand,
        )


class Bill(NamedTuple):
    """A profile's own bill: its models, what its reserve carries beyond the named ones, and whether it halves the
    system.
    """

    configuration: Configuration
    unattributed_bytes: int
    system_halved: bool


class Reserve(NamedTuple):
    """Bytes of every part outside the pools."""

    vlm: dict[str, int]
    models: dict[str, int]
    system: dict[str, int]

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(sum(part.values()) for part in self)


def round_together(amounts: Mapping[str, int], denominator: int) -> dict[str, int]:
    """Each amount / denominator in whole bytes, their sum that of the exact amounts: the largest remainders go up."""
    floors = {name: amount // denominator for name, amount in amounts.items()}
    over = sum(amounts.values()) // denominator - sum(floors.values())
    largest = sorted(amounts, key=lambda name: -(amounts[name] % denominator))[:over]
    return {name: floor + (name in largest) for name, floor in floors.items()}


def vlm_bytes(configuration: Configuration) -> dict[str, int]:
    """The vision-language model by part; only its weights change with the precision."""
    parts = {name: quarters * GIB // 4 for name, quarters in VLM_QUARTERS[configuration.vlm].items()}
    parts["weights"] = parts["weights"] * WEIGHTS_640THS[configuration.precision] // WEIGHTS_640THS["int8"]
    return parts


def named_bytes(configuration: Configuration) -> dict[str, int]:
    """The fifteen task models as if all were loaded: full ones each with its weights and its work, compact ones
    without the work, which they do one at a time.
    """
    if configuration.scale == "compact":
        return resident_bytes(configuration.precision, configuration.pruned)
    figures = round_together({n: NAMED_BYTES * t for n, t in MODEL_TENTHS.items()}, sum(MODEL_TENTHS.values()))
    weights = WEIGHTS_640THS[configuration.precision]
    share = WORK_640THS + (weights * KEPT_TENTHS // 10 if configuration.pruned else weights)
    return {name: figure * share // _640 for name, figure in figures.items()}


def models_bytes(bill: Bill, scope: Scope, footprints: Footprints) -> dict[str, int]:
    """The task models as they are held. `on_demand` is room for the largest of those that are not resident.

    `work` is what the largest run of a compact model takes. The networks for lettering are not in the design's bill:
    on a whole machine with full models, `unattributed` has room for them; everywhere else they are an entry of their
    own.
    """
    named = named_bytes(bill.configuration)
    models = dict(named)
    if bill.configuration.on_demand:
        models = {name: size if name in ALWAYS_RESIDENT else 0 for name, size in named.items()}
        models["on_demand"] = max(size for name, size in named.items() if name not in ALWAYS_RESIDENT)
    full = bill.configuration.scale == "full"
    if scope == "process" or not full:
        models["ocr"] = footprints.ocr_bytes
    if not full:
        models["work"] = work_bytes(bill.configuration.precision, bill.configuration.pruned)
    models["unattributed"] = bill.unattributed_bytes if full else 0
    return models


def system_bytes(total_bytes: int, scope: Scope, halved: bool) -> dict[str, int]:
    """The system by part; never grows by more bytes than the total does."""
    amounts = {}
    for name, clamp in SYSTEM[scope].items():
        share = total_bytes * _640 * clamp.numerator // (clamp.denominator * (1 + halved))
        most = clamp.most_bytes // (1 + halved)
        amounts[name] = min(max(share, clamp.least_bytes * _640), most * _640)
    return round_together(amounts, _640)


def reserve(total_bytes: int, scope: Scope, bill: Bill, footprints: Footprints) -> Reserve:
    """Everything outside the pools on a total of so many bytes."""
    return Reserve(
        vlm_bytes(bill.configuration),
        models_bytes(bill, scope, footprints),
        system_bytes(total_bytes, scope, bill.system_halved),
    )


def _unattributed(carried_bytes: int, configuration: Configuration) -> int:
    return carried_bytes - sum(named_bytes(configuration).values())


_PRODUCTION: Final = Configuration()
_MAX_SPEED: Final = Configuration(vlm="small", precision="int4", pruned=True)
BILLS: Final[dict[str, Bill]] = {
    "production": Bill(_PRODUCTION, _unattributed(DESIGNED_MODELS_BYTES, _PRODUCTION), False),
    "max-accuracy": Bill(_PRODUCTION, _unattributed(DESIGNED_MODELS_BYTES, _PRODUCTION), False),
    "max-speed": Bill(_MAX_SPEED, _unattributed(MAX_SPEED_MODELS_BYTES, _MAX_SPEED), True),
}
