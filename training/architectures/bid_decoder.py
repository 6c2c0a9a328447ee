"""Lines of a bid that are unbalanced, front-loaded or far off, and the bid's rank with its risk."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, SetEncoder, TaskModel
from training.blocks import HEAD_WIDTH, Linear, pooled

FLAGS = 3


class BidDecoder(TaskModel):
    """Set attention over the lines of one bid."""

    INPUTS: ClassVar = (Input("lines", ("n", FEATURES)), Input("present", ("n",), present=True))
    OUTPUTS: ClassVar = ("flags", "rank")
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 8, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.encoder = SetEncoder(width, depth, head_width)
        self.flags, self.rank = Linear(width, FLAGS), Linear(width, 2)

    def forward(self, lines: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 192), (B, N) -> logits (B, N, 3), mean and log deviation of the bid's score (B, 2)."""
        x = self.encoder(lines, present)
        return self.flags(x), self.rank(pooled(x, present))
