"""One figure of a fault that was caused, beside its bound."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """What was seen, and the most or least that it may be; without either it is only told.

    who: planroom, or the peer that went through the same; only planroom's bounds count.
    """

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    who: str = "planroom"

    @property
    def is_missed(self) -> bool:
        """Whether it is beyond its bound."""
        too_much = self.most is not None and self.value > self.most
        return too_much or (self.least is not None and self.value < self.least)

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)

    def as_line(self) -> str:
        """A line of the table."""
        bound = f"at most {self.most:g}" if self.most is not None else ""
        bound = f"at least {self.least:g}" if self.least is not None else bound
        missed = "  MISSED" if self.is_missed else ""
        value = f"{self.value:,.0f}" if abs(self.value) >= 100 or self.value == int(self.value) else f"{self.value:.3g}"
        return f"{self.who:10} {self.what:74} {value:>8} {self.unit:6} {bound}{missed}"
