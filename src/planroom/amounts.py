"""A number with what it lies between, and how such numbers add up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Amount(NamedTuple):
    """The best guess of a quantity and the lowest and the highest that it may be, in SI; none is negative."""

    value: float
    low: float
    high: float

    def more(self, other: Amount) -> Amount:
        """Both together; their errors are taken to go the same way."""
        return Amount(self.value + other.value, self.low + other.low, self.high + other.high)

    def less(self, other: Amount) -> Amount:
        """Without `other`, and never below nothing."""
        return Amount(*(max(0.0, x) for x in (self.value - other.value, self.low - other.high, self.high - other.low)))

    def times(self, other: Amount) -> Amount:
        """The product."""
        return Amount(self.value * other.value, self.low * other.low, self.high * other.high)


NOTHING = Amount(0.0, 0.0, 0.0)


def exactly(value: float) -> Amount:
    """A number that is not in doubt."""
    return Amount(value, value, value)


def about(value: float, slack: float) -> Amount:
    """A number that may be off by `slack`, either way."""
    return Amount(value, max(0.0, value - slack), value + slack)


def product_of(amounts: Iterable[Amount]) -> Amount:
    """All multiplied."""
    product = exactly(1.0)
    for amount in amounts:
        product = product.times(amount)
    return product


def sum_of(amounts: Iterable[Amount]) -> Amount:
    """All together."""
    total = NOTHING
    for amount in amounts:
        total = total.more(amount)
    return total
