"""The distribution of a line's unit price, from its item, quantity, time and place, and from what others bid before."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, SetEncoder, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear, absent_bias

QUANTILES = (0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95)


class BidTransformer(TaskModel):
    """Lines attend to each other and to earlier lines of their items."""

    INPUTS: ClassVar = (
        Input("lines", ("n", FEATURES)),
        Input("present", ("n",), present=True),
        Input("history", ("m", FEATURES)),
        Input("history_present", ("m",), present=True),
    )
    OUTPUTS: ClassVar = ("quantiles",)
    SIZES: ClassVar = {"n": 256, "m": 768}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 8, "depth_history": 6, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, depth_history: int = 1, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.encoder = SetEncoder(width, depth, head_width)
        self.earlier = Linear(FEATURES, width)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth_history))
        self.norm = nn.LayerNorm(width)
        self.quantiles = Linear(width, len(QUANTILES))

    def forward(self, lines: Tensor, present: Tensor, history: Tensor, history_present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 192), (B, N), (B, M, 192), (B, M) -> quantiles of the logarithm of the price (B, N, 9)."""
        x, memory, bias = self.encoder(lines, present), self.earlier(history), absent_bias(history_present)
        for block in self.blocks:
            x = block(x, memory, bias)
        return (self.quantiles(self.norm(x)),)
