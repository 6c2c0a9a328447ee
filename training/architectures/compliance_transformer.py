"""Which clauses of a code apply to which elements."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, SetEncoder, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear, absent_bias


class ComplianceTransformer(TaskModel):
    """Clauses look at the elements, then each pair is scored by the product of their embeddings."""

    INPUTS: ClassVar = (
        Input("clauses", ("m", FEATURES)),
        Input("elements", ("n", FEATURES)),
        Input("elements_present", ("n",), present=True),
    )
    OUTPUTS: ClassVar = ("applies",)
    SIZES: ClassVar = {"m": 256, "n": 768}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 8, "depth_clauses": 6, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, depth_clauses: int = 1, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.encoder = SetEncoder(width, depth, head_width)
        self.clause = Linear(FEATURES, width)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth_clauses))
        self.left, self.right = Linear(width, width), Linear(width, width)

    def forward(self, clauses: Tensor, elements: Tensor, elements_present: Tensor) -> tuple[Tensor, ...]:
        """(B, M, 192), (B, N, 192), (B, N) -> logits (B, M, N)."""
        memory, bias = self.encoder(elements, elements_present), absent_bias(elements_present)
        x = self.clause(clauses)
        for block in self.blocks:
            x = block(x, memory, bias)
        return (torch.matmul(self.left(x), self.right(memory).transpose(1, 2)) / math.sqrt(x.shape[2]),)
