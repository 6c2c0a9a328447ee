"""Several channels' opinions on each item into one, with how sure it is."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear

CHANNELS = 6  # geometry, pixels, printed schedule, tags, printed text, vision-language model
OPINION = 32


class MultiAgentTransformer(TaskModel):
    """Channels of one item attend to each other; what is left of each is its weight in the common opinion."""

    INPUTS: ClassVar = (Input("opinions", ("n", CHANNELS, OPINION)),)
    OUTPUTS: ClassVar = ("weights", "spread", "confidence")
    SIZES: ClassVar = {"n": 256}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 13, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.into = Linear(OPINION, width)
        self.place = nn.Parameter(torch.randn(1, CHANNELS, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.weights, self.item = Linear(width, 1), Linear(width, 2)

    def forward(self, opinions: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 6, 32) -> weights that sum to 1 (B, N, 6), log deviation (B, N), logit of being right (B, N)."""
        items = opinions.shape[1]
        x = self.into(opinions.flatten(0, 1)) + self.place
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        weights = torch.softmax(self.weights(x)[:, :, 0], 1).reshape(-1, items, CHANNELS)
        spread, confidence = torch.split(self.item(x.mean(1)).reshape(-1, items, 2), (1, 1), dim=2)
        return weights, spread[:, :, 0], confidence[:, :, 0]
