"""The work item of each element, and how it is measured."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear, absent_bias

ITEMS = 128  # cost groups of DIN 276 or classes of UniFormat
MEASURES = 5  # count, length, area, volume, mass


class QuantityDecoder(TaskModel):
    """Elements look at the notes and tables of their sheet (cross-attention)."""

    INPUTS: ClassVar = (
        Input("elements", ("n", FEATURES)),
        Input("notes", ("m", FEATURES)),
        Input("notes_present", ("m",), present=True),
    )
    OUTPUTS: ClassVar = ("items", "measures")
    SIZES: ClassVar = {"n": 768, "m": 256}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 11, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.element, self.note = Linear(FEATURES, width), Linear(FEATURES, width)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.items, self.measures = Linear(width, ITEMS), Linear(width, MEASURES)

    def forward(self, elements: Tensor, notes: Tensor, notes_present: Tensor) -> tuple[Tensor, ...]:
        """(B, N, 192), (B, M, 192), (B, M) -> logits (B, N, 128), (B, N, 5)."""
        x, memory, bias = self.element(elements), self.note(notes), absent_bias(notes_present)
        for block in self.blocks:
            x = block(x, memory, bias)
        x = self.norm(x)
        return self.items(x), self.measures(x)
