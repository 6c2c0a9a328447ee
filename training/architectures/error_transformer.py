"""How unlikely each element is where it is: what a hidden element should be, told from the others."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, SetEncoder, TaskModel
from training.blocks import HEAD_WIDTH, Linear

KINDS = 24
PLACES = 8  # box, angle, size


class ErrorTransformer(TaskModel):
    """A masked-element model: what was hidden comes as zeros with a flag among its features."""

    INPUTS: ClassVar = (Input("elements", ("n", FEATURES)), Input("present", ("n",), present=True))
    OUTPUTS: ClassVar = ("kinds", "places", "embeddings")
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 3}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 19, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.encoder = SetEncoder(width, depth, head_width)
        self.kinds, self.places = Linear(width, KINDS), Linear(width, 2 * PLACES)

    def forward(self, elements: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 192), (B, N) -> logits (B, N, 24), mean and log deviation (B, N, 16), embeddings (B, N, width)."""
        x = self.encoder(elements, present)
        return self.kinds(x), self.places(x), x
