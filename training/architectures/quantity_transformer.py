"""Which line a dimension text belongs to, and what scale the sheet has."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, SetEncoder, TaskModel
from training.blocks import HEAD_WIDTH, Linear, pooled

SCALES = 64  # steps of the logarithm of metres a sheet unit


class QuantityTransformer(TaskModel):
    """Texts and lines as one set; each pair of a text and a line is scored by the product of their embeddings."""

    INPUTS: ClassVar = (
        Input("texts", ("m", FEATURES)),
        Input("texts_present", ("m",), present=True),
        Input("lines", ("n", FEATURES)),
        Input("lines_present", ("n",), present=True),
    )
    OUTPUTS: ClassVar = ("pairs", "scale")
    SIZES: ClassVar = {"m": 256, "n": 768}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 3}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 16, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.encoder = SetEncoder(width, depth, head_width)
        self.text, self.line = Linear(width, width), Linear(width, width)
        self.scale = Linear(width, SCALES)

    def forward(self, texts: Tensor, texts_present: Tensor, lines: Tensor, lines_present: Tensor) -> tuple[Tensor, ...]:
        """(B, M, 192), (B, M), (B, N, 192), (B, N) -> logits of pairs (B, M, N) and of the scale (B, 64)."""
        present = torch.cat([texts_present, lines_present], 1)
        x = self.encoder(torch.cat([texts, lines], 1), present)
        n_texts = texts.shape[1]
        line = self.line(x[:, n_texts:]).transpose(1, 2)
        pairs = torch.matmul(self.text(x[:, :n_texts]), line) / math.sqrt(x.shape[2])
        return pairs, self.scale(pooled(x, present))
