"""Features of a tile into what stands where: dense classes, room uses, and oriented instances."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional

from planroom.engine.instances import KINDS
from planroom.engine.vision import CLASSES, USES
from training.architectures.base import FULL_HEAD_WIDTH, Input, TaskModel
from training.architectures.hierarchical_vision_transformer import TILE_PX, HierarchicalVisionTransformer
from training.blocks import HEAD_WIDTH, Block, ConvBlock, ConvNorm

SHAPE = 6  # x and y to the centre (strides), cos and sin of twice the angle, log of length and thickness (strides)


class VisionDecoder(TaskModel):
    """A pyramid from coarse to fine; at stride 16 each pixel looks at all of the tile once more (cross-attention)."""

    OUTPUTS: ClassVar = ("classes", "uses", "centres", "shapes")
    SIZES: ClassVar = {}
    COMPACT: ClassVar[dict[str, Any]] = {
        "given": HierarchicalVisionTransformer.COMPACT["widths"][1:],
        "widths": (48, 96, 160),
        "depth": 1,
    }
    FULL: ClassVar[dict[str, Any]] = {
        "given": HierarchicalVisionTransformer.FULL["widths"][1:],
        "widths": (192, 384, 1024),
        "depth": 8,
        "head_width": FULL_HEAD_WIDTH,
    }

    @classmethod
    def inputs(cls, settings: dict[str, Any]) -> tuple[Input, ...]:
        """The features at each stride."""
        given = zip(HierarchicalVisionTransformer.OUTPUTS, settings["given"], (4, 8, 16, 32), strict=True)
        return tuple(Input(name, (width, TILE_PX // stride, TILE_PX // stride)) for name, width, stride in given)

    def __init__(self, given: tuple[int, ...], widths: tuple[int, ...], depth: int = 1, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.lateral = nn.ModuleList(ConvNorm(g, w, 1) for g, w in zip(given[:3], widths, strict=True))
        self.looks = nn.ModuleList(
            Block(widths[2], widths[2] // head_width, head_width, memory_width=given[3]) for _ in range(depth)
        )
        self.fuse = nn.ModuleList(ConvBlock(width) for width in widths)
        self.up = nn.ModuleList(nn.Conv2d(above, below, 1) for below, above in pairwise(widths))
        self.classes = nn.Conv2d(widths[0], 4 * len(CLASSES), 3, padding=1)  # at stride 2, unfolded
        self.uses = nn.Conv2d(widths[0], len(USES), 1)
        self.hidden = ConvNorm(widths[0], widths[0])
        self.centres = nn.Conv2d(widths[0], len(KINDS), 1)
        self.shapes = nn.Conv2d(widths[0], SHAPE, 1)

    def forward(self, stride4: Tensor, stride8: Tensor, stride16: Tensor, stride32: Tensor) -> tuple[Tensor, ...]:
        """Logits of classes (B, 9, H/2, W/2), uses (B, 8, H/4, W/4), centres (B, 11, H/4, W/4); shapes (B, 6, H/4,
        W/4).
        """
        fine, middle, coarse = (
            lateral(x) for lateral, x in zip(self.lateral, (stride4, stride8, stride16), strict=True)
        )
        tokens, memory = coarse.flatten(2).transpose(1, 2), stride32.flatten(2).transpose(1, 2)
        for look in self.looks:
            tokens = look(tokens, memory)
        x = self.fuse[2](tokens.transpose(1, 2).reshape(coarse.shape))
        x = self.fuse[1](middle + _twice(self.up[1](x)))
        x = self.fuse[0](fine + _twice(self.up[0](x)))
        hidden = functional.relu(self.hidden(x))
        classes = functional.pixel_shuffle(self.classes(x), 2)
        return classes, self.uses(x), self.centres(hidden), self.shapes(hidden)


def _twice(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2 H, 2 W), each pixel repeated."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
