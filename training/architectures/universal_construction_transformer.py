"""All elements and texts of a sheet into one embedding each, and what kind of sheet it is."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, SetEncoder, TaskModel
from training.blocks import HEAD_WIDTH, Linear, pooled

SHEET_KINDS = 12


class UniversalConstructionTransformer(TaskModel):
    """Set attention; the sheet's kind is read from the mean of the embeddings."""

    INPUTS: ClassVar = (Input("elements", ("n", FEATURES)), Input("present", ("n",), present=True))
    OUTPUTS: ClassVar = ("embeddings", "sheet_kind")
    COMPACT: ClassVar[dict[str, Any]] = {"width": 192, "depth": 3}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 22, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.encoder = SetEncoder(width, depth, head_width)
        self.sheet_kind = Linear(width, SHEET_KINDS)

    def forward(self, elements: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 192), (B, N) -> embeddings (B, N, width), logits (B, 12)."""
        embeddings = self.encoder(elements, present)
        return embeddings, self.sheet_kind(pooled(embeddings, present))
