"""A grey tile into features at strides 4, 8, 16 and 32."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional

from training.architectures.base import FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, ConvBlock, ConvNorm, WindowBlock

TILE_PX = 512


class HierarchicalVisionTransformer(TaskModel):
    """Convolutions at half resolution and at strides 4 and 8; attention in windows at 16, over the tile at 32."""

    INPUTS: ClassVar = (Input("image", (1, TILE_PX, TILE_PX)),)
    OUTPUTS: ClassVar = ("stride4", "stride8", "stride16", "stride32")
    SIZES: ClassVar = {}
    COMPACT: ClassVar[dict[str, Any]] = {"widths": (32, 48, 96, 192, 256), "depths": (1, 2, 4, 2)}
    FULL: ClassVar[dict[str, Any]] = {
        "widths": (64, 256, 512, 1280, 1536),
        "depths": (2, 2, 14, 8),
        "head_width": FULL_HEAD_WIDTH,
    }

    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...], head_width: int = HEAD_WIDTH):
        super().__init__()
        self.stem = ConvNorm(1, widths[0], 5, stride=2)
        self.down = nn.ModuleList(ConvNorm(before, after, stride=2) for before, after in pairwise(widths))
        stages = []
        for stride, (width, depth) in enumerate(zip(widths[1:], depths, strict=True)):
            if stride < 2:
                blocks: list[nn.Module] = [ConvBlock(width) for _ in range(depth)]
            elif stride == 2:
                blocks = [WindowBlock(width, width // head_width, head_width, 8, 4 * (k % 2)) for k in range(depth)]
            else:
                blocks = [WindowBlock(width, width // head_width, head_width, None) for _ in range(depth)]
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """image (B, 1, H, W), ink 1 on paper 0, H and W multiples of 128 -> (B, width, H / stride, W / stride) each."""
        x = functional.relu(self.stem(image))
        features = []
        for down, stage in zip(self.down, self.stages, strict=True):
            x = stage(functional.relu(down(x)))
            features.append(x)
        return tuple(features)
