"""What the fifteen task models are made of.

Tokens are (B, N, width) and pixels (B, channels, height, width), both float32. Whatever can be pruned says so: an
attention block by its heads, a feed-forward block and a convolution by their hidden units (`prunable`).

Sources: set attention through induced points: Lee et al., Set Transformer, 2019. Windowed attention: Liu et al., Swin
Transformer, 2021. Position by convolution: Chu et al., Conditional Positional Encodings, 2021.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD_WIDTH = 32  # of compact models; full ones have heads of 64


class Linear(nn.Module):
    """x @ weight + bias, weight (n_in, n_out): the form in which ONNX Runtime's quantisers find every matrix."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(torch.empty(n_in, n_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_in) -> (..., n_out)."""
        return torch.matmul(x, self.weight) + self.bias


class Attention(nn.Module):
    """Multi-head attention of queries over a memory. Each head has its own columns: heads can be taken out."""

    def __init__(self, width: int, heads: int, head_width: int = HEAD_WIDTH, memory_width: int | None = None):
        super().__init__()
        inner = heads * head_width
        self.heads, self.head_width = heads, head_width
        self.query = Linear(width, inner)
        self.key = Linear(memory_width or width, inner)
        self.value = Linear(memory_width or width, inner)
        self.out = Linear(inner, width)

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor | None = None) -> Tensor:
        """x (B, N, width), memory (B, M, memory_width), bias added to the scores, broadcast to (B, heads, N, M)."""
        query, key, value = (self._split(y) for y in (self.query(x), self.key(memory), self.value(memory)))
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, self.head_width)).transpose(1, 2)

    def prunable(self) -> tuple[int, int]:
        """How many heads there are, and how many at a time may be taken out."""
        return self.heads, 1

    def importance(self) -> Tensor:
        """(heads,): the size of what each head can add to its output."""
        value = self.value.weight.detach().unflatten(1, (self.heads, self.head_width)).norm(dim=(0, 2))
        out = self.out.weight.detach().unflatten(0, (self.heads, self.head_width)).norm(dim=(1, 2))
        return value * out

    def keep(self, heads: Tensor) -> None:
        """Keep only these heads (their numbers, ascending)."""
        columns = (heads[:, None] * self.head_width + torch.arange(self.head_width)).flatten()
        for layer in (self.query, self.key, self.value):
            layer.weight = nn.Parameter(layer.weight.detach()[:, columns].clone())
            layer.bias = nn.Parameter(layer.bias.detach()[columns].clone())
        self.out.weight = nn.Parameter(self.out.weight.detach()[columns].clone())
        self.heads = len(heads)


class FeedForward(nn.Module):
    """Two layers with hidden units between them, which can be taken out."""

    def __init__(self, width: int, factor: int = 4):
        super().__init__()
        self.into = Linear(width, factor * width)
        self.out = Linear(factor * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, width) -> the same."""
        return self.out(functional.gelu(self.into(x), approximate="tanh"))

    def prunable(self) -> tuple[int, int]:
        """How many hidden units there are; a number that is no multiple of the second is slow."""
        return len(self.into.bias), 16

    def importance(self) -> Tensor:
        """(units,)."""
        return self.into.weight.detach().norm(dim=0) * self.out.weight.detach().norm(dim=1)

    def keep(self, units: Tensor) -> None:
        """Keep only these hidden units."""
        self.into.weight = nn.Parameter(self.into.weight.detach()[:, units].clone())
        self.into.bias = nn.Parameter(self.into.bias.detach()[units].clone())
        self.out.weight = nn.Parameter(self.out.weight.detach()[units].clone())


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and added to what came in. memory: None attends to itself."""

    def __init__(self, width: int, heads: int, head_width: int = HEAD_WIDTH, memory_width: int | None = None):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads, head_width, memory_width)
        self.norm_forward = nn.LayerNorm(width)
        self.forward_ = FeedForward(width)

    def forward(self, x: Tensor, memory: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """(B, N, width) -> the same."""
        normed = self.norm(x)
        x = x + self.attention(normed, normed if memory is None else memory, bias)
        return x + self.forward_(self.norm_forward(x))


class SetBlock(nn.Module):
    """Tokens of a set attend to each other through a few induced points: work and memory grow with N, not N²."""

    def __init__(self, width: int, heads: int, head_width: int = HEAD_WIDTH, points: int = 64):
        super().__init__()
        self.points = nn.Parameter(torch.randn(1, points, width) / math.sqrt(width))
        self.norm = nn.LayerNorm(width)
        self.gather = Attention(width, heads, head_width)
        self.spread = Block(width, heads, head_width)

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """x (B, N, width), present (B, N): 1 for a token, 0 for padding."""
        points = self.points.expand(x.shape[0], -1, -1)
        return self.spread(x, points + self.gather(points, self.norm(x), absent_bias(present)))


class WindowBlock(nn.Module):
    """Pixels attend to those of the same window; where they lie is told by a small convolution before it.

    window: pixels along a side; None for all of the tile. shift: windows are rolled by so much, so that neighbours in
    two windows meet in the next block; what wraps round at a tile's edge is lost in the tiles' overlap.
    """

    def __init__(self, width: int, heads: int, head_width: int, window: int | None = 8, shift: int = 0):
        super().__init__()
        self.place = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.block = Block(width, heads, head_width)
        self.window, self.shift = window, shift

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W), H and W multiples of `window` -> the same."""
        x = x + self.place(x)
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (2, 3))
        _, width, height_px, width_px = x.shape
        high, wide = (self.window, self.window) if self.window else (height_px, width_px)
        rows, columns = height_px // high, width_px // wide
        tokens = x.reshape(-1, width, rows, high, columns, wide).permute(0, 2, 4, 3, 5, 1)
        tokens = self.block(tokens.reshape(-1, high * wide, width))
        x = tokens.reshape(-1, rows, columns, high, wide, width).permute(0, 5, 1, 3, 2, 4)
        x = x.reshape(-1, width, height_px, width_px)
        return torch.roll(x, (self.shift, self.shift), (2, 3)) if self.shift else x


class ConvNorm(nn.Module):
    """A convolution whose channels are normalised over the batch: it learns several times as fast as one without.

    When it runs, the norm is a factor and a shift of each channel, which ONNX Runtime folds into the weights.
    """

    def __init__(self, n_in: int, n_out: int, size: int = 3, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, H / stride, W / stride)."""
        return self.norm(self.conv(x))

    def keep(self, channels: Tensor) -> None:
        """Keep only these channels of what comes out."""
        self.conv.weight = nn.Parameter(self.conv.weight.detach()[channels].clone())
        self.conv.out_channels = self.norm.num_features = len(channels)
        for name, one in (*self.norm.named_parameters(), *self.norm.named_buffers()):
            if one.ndim:
                kept = one.detach()[channels].clone()
                setattr(self.norm, name, nn.Parameter(kept) if isinstance(one, nn.Parameter) else kept)


class ConvBlock(nn.Module):
    """Two 3 × 3 convolutions added to what came in; its hidden channels can be taken out."""

    def __init__(self, channels: int):
        super().__init__()
        self.into = ConvNorm(channels, channels)
        self.out = ConvNorm(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same."""
        return functional.relu(x + self.out(functional.relu(self.into(x))))

    def prunable(self) -> tuple[int, int]:
        """How many hidden channels there are; a number that is no multiple of the second is slow."""
        return self.into.conv.out_channels, 8

    def importance(self) -> Tensor:
        """(channels,)."""
        into, out = self.into.conv.weight.detach(), self.out.conv.weight.detach().transpose(0, 1)
        scale = self.into.norm.weight.detach().abs() * (self.into.norm.running_var + self.into.norm.eps).rsqrt()
        return into.flatten(1).norm(dim=1) * scale * out.flatten(1).norm(dim=1)

    def keep(self, channels: Tensor) -> None:
        """Keep only these hidden channels."""
        self.into.keep(channels)
        self.out.conv.weight = nn.Parameter(self.out.conv.weight.detach()[:, channels].clone())
        self.out.conv.in_channels = len(channels)


class Circuit(nn.Module):
    """Ten qubits: layers of turns about Y and Z by angles from the input and learned ones, then a ring of CZ gates.

    The state of 2¹⁰ amplitudes is a 32 × 32 matrix, real and imaginary part apart: a layer of one-qubit gates is one
    product from the left (the first five qubits) and one from the right.
    """

    N_QUBITS = 10

    def __init__(self, depth: int):
        super().__init__()
        self.turns = nn.Parameter(torch.randn(depth, 2, self.N_QUBITS) * 0.1)
        bits = (torch.arange(1024)[:, None] >> torch.arange(9, -1, -1)) & 1
        ring = (bits * bits.roll(-1, 1)).sum(1) % 2
        self.register_buffer(
            "start", functional.one_hot(torch.tensor(0), 1024).float().reshape(1, 32, 32), persistent=False
        )
        self.register_buffer("signs", (1.0 - 2.0 * ring).reshape(32, 32), persistent=False)
        self.register_buffer("parities", 1.0 - 2.0 * bits.float(), persistent=False)

    def forward(self, angles: Tensor) -> Tensor:
        """angles (M, 10), radians -> the expectation of Z of each qubit (M, 10), -1 to 1."""
        signs: Any = self.signs
        start: Any = self.start
        real = start.repeat(angles.shape[0], 1, 1)
        imaginary = torch.zeros_like(real)
        for about_y, about_z in self.turns:
            left = _turned(angles[:, :5] + about_y[:5], about_z[:5])
            right = _turned(angles[:, 5:] + about_y[5:], about_z[5:])
            real, imaginary = _times(*left, real, imaginary)
            real, imaginary = _times(real, imaginary, right[0].transpose(1, 2), right[1].transpose(1, 2))
            real, imaginary = real * signs, imaginary * signs
        weights = (real.square() + imaginary.square()).reshape(-1, 1024)
        return torch.matmul(weights, self.parities)


def absent_bias(present: Tensor) -> Tensor:
    """What to add to scores so that nothing attends to padding: present (B, M) -> (B, 1, 1, M)."""
    return (present[:, None, None, :] - 1) * 1e4


def pooled(x: Tensor, present: Tensor) -> Tensor:
    """The mean of the tokens that are present: (B, N, width), (B, N) -> (B, width)."""
    weights = present / present.sum(1, keepdim=True).clamp(min=1)
    return torch.matmul(weights[:, None, :], x)[:, 0]


def _turned(about_y: Tensor, about_z: Tensor) -> tuple[Tensor, Tensor]:
    """RZ · RY of five qubits as one (M, 32, 32) matrix, real and imaginary part. about_y (M, 5), about_z (5,)."""
    cos, sin = torch.cos(about_y / 2), torch.sin(about_y / 2)
    whole: tuple[Tensor, Tensor] | None = None
    for k in range(5):
        turn = torch.stack([cos[:, k], -sin[:, k], sin[:, k], cos[:, k]], 1).reshape(-1, 2, 2)
        half = torch.stack([-about_z[k], about_z[k]])[:, None] / 2
        one = turn * torch.cos(half), turn * torch.sin(half)
        whole = one if whole is None else _kron(*whole, *one)
    assert whole is not None
    return whole


def _times(a_real: Tensor, a_imag: Tensor, b_real: Tensor, b_imag: Tensor) -> tuple[Tensor, Tensor]:
    return a_real @ b_real - a_imag @ b_imag, a_real @ b_imag + a_imag @ b_real


def _kron(a_real: Tensor, a_imag: Tensor, b_real: Tensor, b_imag: Tensor) -> tuple[Tensor, Tensor]:
    def product(a: Tensor, b: Tensor) -> Tensor:
        rows, columns = a.shape[1] * b.shape[1], a.shape[2] * b.shape[2]
        return (a[:, :, None, :, None] * b[:, None, :, None, :]).reshape(-1, rows, columns)

    return product(a_real, b_real) - product(a_imag, b_imag), product(a_real, b_imag) + product(a_imag, b_real)
