"""What to do next with a sheet or a project, given the return that is wanted.

Source: Chen et al., Decision Transformer, 2021.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, Block, Linear

STATE = 64
ACTIONS = 8  # accept, read again finer, ask the vision-language model, send to a person, bid, no bid, wait, end
STEPS = 64


class DecisionTransformer(TaskModel):
    """A causal sequence of wanted return, state and action; each state foretells the action after it."""

    INPUTS: ClassVar = (
        Input("returns", (STEPS, 1)),
        Input("states", (STEPS, STATE)),
        Input("actions", (STEPS, ACTIONS)),
    )
    OUTPUTS: ClassVar = ("next_actions",)
    SIZES: ClassVar = {}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 3}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 13, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.returns, self.states, self.actions = Linear(1, width), Linear(STATE, width), Linear(ACTIONS, width)
        self.step = nn.Parameter(torch.randn(1, STEPS, 1, width) * 0.02)
        self.part = nn.Parameter(torch.randn(1, 1, 3, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.out = Linear(width, ACTIONS)

    def forward(self, returns: Tensor, states: Tensor, actions: Tensor) -> tuple[Tensor, ...]:
        """(B, 64, 1), (B, 64, 64), (B, 64, 8) -> logits of the action at each step (B, 64, 8)."""
        steps = torch.stack([self.returns(returns), self.states(states), self.actions(actions)], 2)
        x = (steps + self.step + self.part).flatten(1, 2)
        order = torch.ones_like(x[:, None, :, :1]).cumsum(2)  # computed, not kept: a matrix of it is a tenth of INT4
        later = (order.transpose(2, 3) - order).clamp(0, 1) * -1e4
        for block in self.blocks:
            x = block(x, bias=later)
        return (self.out(self.norm(x[:, 1::3])),)
