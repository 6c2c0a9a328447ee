"""Steps for weights that are matrices: momentum made orthogonal, so that all directions are learnt alike fast.

Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024; steps as large as Adam's: Liu et
al., Muon is scalable for LLM training, 2025. PyTorch's own takes no convolutions, and most of these networks are some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import Tensor, nn

_ROUNDS: Final = 5  # of the Newton-Schulz iteration, with the coefficients that Jordan et al. found
_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)
_AS_ADAM: Final = 0.2  # the usual size of one weight's step, in rates


class Muon(torch.optim.Optimizer):
    """For weights of two dimensions or more; a convolution is a matrix of its output channels."""

    def __init__(self, weights: Iterable[nn.Parameter], lr: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:
        """One step of every weight that has a gradient."""
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._step(weight, weight.grad, group)

    def _step(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["mean"] = torch.zeros_like(weight)
        state["mean"].lerp_(gradient, 1 - group["momentum"])
        matrix = gradient.lerp(state["mean"], group["momentum"]).flatten(1)
        size = _AS_ADAM * max(matrix.shape) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(orthogonal(matrix).view(weight.shape), alpha=-group["lr"] * size)


def orthogonal(matrix: Tensor) -> Tensor:
    """(m, n) -> nearly the nearest matrix whose singular values are all one: they lie between .7 and 1.2."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if is_tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    first, third, fifth = _COEFFICIENTS
    for _ in range(_ROUNDS):
        square = x @ x.T
        x = first * x + (third * square + fifth * (square @ square)) @ x
    return (x.T if is_tall else x).to(matrix.dtype)
