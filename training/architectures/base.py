"""What every task model is: its inputs by name and shape, its settings at both scales, an example to run it on."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from training.blocks import HEAD_WIDTH, Linear, SetBlock

FEATURES = 192  # of an element, a text, a line of a bill: place, size, kind, and its words hashed
FULL_HEAD_WIDTH = 64


class Input(NamedTuple):
    """shape: after the batch axis; a name is an axis that varies, a number one that does not.

    present: ones for what is there and zeros for padding, instead of features.
    """

    name: str
    shape: tuple[str | int, ...]
    present: bool = False


class TaskModel(nn.Module):
    """One of the fifteen. Outputs are float32, in the order of OUTPUTS."""

    INPUTS: ClassVar[tuple[Input, ...]]
    OUTPUTS: ClassVar[tuple[str, ...]]
    SIZES: ClassVar[dict[str, int]] = {"n": 1024}  # the varying axes when it is measured
    COMPACT: ClassVar[dict[str, Any]]
    FULL: ClassVar[dict[str, Any]]

    @classmethod
    def inputs(cls, settings: dict[str, Any]) -> tuple[Input, ...]:
        """What it is given at these settings."""
        del settings  # only those that read another model's output depend on them
        return cls.INPUTS


class SetEncoder(nn.Module):
    """Features of a set to one embedding each."""

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH, features: int = FEATURES):
        super().__init__()
        self.into = Linear(features, width)
        self.blocks = nn.ModuleList(SetBlock(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """(B, N, features), (B, N) -> (B, N, width)."""
        x = self.into(x)
        for block in self.blocks:
            x = block(x, present)
        return self.norm(x)


def example(inputs: tuple[Input, ...], sizes: dict[str, int], batch: int, seed: int) -> tuple[Tensor, ...]:
    """Normal features; a tenth of every set but its first token absent."""
    random = torch.Generator().manual_seed(seed)
    made = []
    for given in inputs:
        shape = (batch, *(sizes[axis] if isinstance(axis, str) else axis for axis in given.shape))
        if given.present:
            there = (torch.rand(shape, generator=random) > 0.1).float()
            there[:, 0] = 1
            made.append(there)
        else:
            made.append(torch.randn(shape, generator=random))
    return tuple(made)
