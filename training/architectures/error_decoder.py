"""Which errors a sheet has, at which element, and how sure that is."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FULL_HEAD_WIDTH, Input, TaskModel
from training.architectures.error_transformer import ErrorTransformer
from training.blocks import HEAD_WIDTH, Block, Linear, absent_bias

ERRORS = 32  # the last is "no error"
QUERIES = 64


class ErrorDecoder(TaskModel):
    """Learned queries look at the embeddings of ErrorTransformer, each for one error."""

    OUTPUTS: ClassVar = ("errors", "pointers")
    COMPACT: ClassVar[dict[str, Any]] = {"given": ErrorTransformer.COMPACT["width"], "width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {
        "given": ErrorTransformer.FULL["width"],
        "width": 1024,
        "depth": 10,
        "head_width": FULL_HEAD_WIDTH,
    }

    @classmethod
    def inputs(cls, settings: dict[str, Any]) -> tuple[Input, ...]:
        """The embeddings of ErrorTransformer."""
        return Input("embeddings", ("n", settings["given"])), Input("present", ("n",), present=True)

    def __init__(self, given: int, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, QUERIES, width) / math.sqrt(width))
        self.into = Linear(given, width)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.errors = Linear(width, ERRORS)
        self.pointer = Linear(width, width)

    def forward(self, embeddings: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, given), (B, N) -> logits of errors (B, 64, 32) and of the element each is at (B, 64, N)."""
        memory, bias = self.into(embeddings), absent_bias(present)
        x = self.queries.expand(embeddings.shape[0], -1, -1)
        for block in self.blocks:
            x = block(x, memory, bias)
        x = self.norm(x)
        at = torch.matmul(self.pointer(x), memory.transpose(1, 2)) / math.sqrt(x.shape[2])
        return self.errors(x), at
