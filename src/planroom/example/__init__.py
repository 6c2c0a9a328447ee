"""A small house drawn as a plan set, with its truth beside it."""

from __future__ import annotations

from planroom.example.truth import Truth
from planroom.example.variants import VARIANTS, Variant, random_variant
from planroom.example.write import write_set

__all__ = ["VARIANTS", "Truth", "Variant", "random_variant", "write_set"]
