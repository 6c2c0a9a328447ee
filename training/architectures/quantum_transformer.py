"""A score for each of a few options, their likeness measured by a circuit of ten qubits."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from training.architectures.base import FEATURES, FULL_HEAD_WIDTH, Input, TaskModel
from training.blocks import HEAD_WIDTH, Block, Circuit, Linear, absent_bias

OPTIONS = 10  # at most: one binary choice a qubit


class QuantumTransformer(TaskModel):
    """Options become angles; they attend to each other by the likeness of what their circuits are measured to be."""

    INPUTS: ClassVar = (Input("options", (OPTIONS, FEATURES)), Input("present", (OPTIONS,), present=True))
    OUTPUTS: ClassVar = ("scores", "expectations")
    SIZES: ClassVar = {}
    COMPACT: ClassVar[dict[str, Any]] = {"width": 128, "depth": 2, "gates": 3}
    FULL: ClassVar[dict[str, Any]] = {"width": 1024, "depth": 17, "gates": 6, "head_width": FULL_HEAD_WIDTH}

    def __init__(self, width: int, depth: int, gates: int, head_width: int = HEAD_WIDTH):
        super().__init__()
        self.into = Linear(FEATURES, width)
        self.angles = Linear(width, Circuit.N_QUBITS)
        self.circuit = Circuit(gates)
        self.measured = Linear(Circuit.N_QUBITS, width)
        self.blocks = nn.ModuleList(Block(width, width // head_width, head_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.score = Linear(width, 1)

    def forward(self, options: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """(B, 10, 192), (B, 10) -> scores (B, 10), expectations of Z (B, 10, 10)."""
        x = self.into(options)
        measured = self.circuit(self.angles(x).flatten(0, 1)).reshape(-1, OPTIONS, Circuit.N_QUBITS)
        alike = torch.matmul(measured, measured.transpose(1, 2)) / math.sqrt(Circuit.N_QUBITS)
        x = x + self.measured(measured)
        bias = alike[:, None] + absent_bias(present)
        for block in self.blocks:
            x = block(x, bias=bias)
        return self.score(self.norm(x))[:, :, 0], measured
