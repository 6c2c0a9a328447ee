"""The attribute that a clause measures, how sure it is, and whether the clause is met."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear, absent_bias

OUTCOMES = 3  # pass, fail, not checked


class ComplianceDecoder(TaskModel):
    """Pairs of a clause and an element look at all elements."""

    INPUTS: ClassVar = (
        Input("pairs", ("m", 2 * FEATURES)),
        Input("elements", ("n", FEATURES)),
        Input("elements_present", ("n",), present=True),
    )
    OUTPUTS: ClassVar = ("attribute", "outcomes")
    SIZES: ClassVar = {"m": 512, "n": 512}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 11, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.pair, self.element = Linear(2 * FEATURES, width), Linear(FEATURES, width)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.out = Linear(width, 2 + OUTCOMES)

    def forward(self, pairs: Tensor, elements: Tensor, elements_present: Tensor) -> tuple[Tensor, ...]:
        """(B, M, 384), (B, N, 192), (B, N) -> mean and log deviation (B, M, 2), logits (B, M, 3)."""
        x, memory, bias = self.pair(pairs), self.element(elements), absent_bias(elements_present)
        for block in self.blocks:
            x = block(x, memory, bias)
        attribute, outcomes = torch.split(self.out(self.norm(x)), (2, OUTCOMES), dim=2)
        return attribute, outcomes
