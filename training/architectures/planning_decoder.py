"""Quantities into activities: what they are, how long they take, which comes before which."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear, absent_bias

ACTIVITIES = 128  # at most, of one call
KINDS = 64  # the last is "none"


class PlanningDecoder(TaskModel):
    """Learned queries look at the quantities and at each other in turn; precedence is scored between each two."""

    INPUTS: ClassVar = (Input("quantities", ("n", FEATURES)), Input("present", ("n",), present=True))
    OUTPUTS: ClassVar = ("kinds", "durations", "precedence")
    SIZES: ClassVar = {"n": 512}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 4}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 17, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, ACTIVITIES, width) / math.sqrt(width))
        self.into = Linear(FEATURES, width)
        heads = width // head_width
        self.blocks = nn.ModuleList(Block(width, heads, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.kinds, self.durations = Linear(width, KINDS), Linear(width, 2)
        self.before, self.after = Linear(width, width), Linear(width, width)

    def forward(self, quantities: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 192), (B, N) -> logits (B, 128, 64), mean and log deviation of log days (B, 128, 2), logits of
        "row comes before column" (B, 128, 128).
        """
        memory, bias = self.into(quantities), absent_bias(present)
        x = self.queries.expand(quantities.shape[0], -1, -1)
        for k, block in enumerate(self.blocks):
            x = block(x) if k % 2 else block(x, memory, bias)
        x = self.norm(x)
        precedence = torch.matmul(self.before(x), self.after(x).transpose(1, 2)) / math.sqrt(x.shape[2])
        return self.kinds(x), self.durations(x), precedence
