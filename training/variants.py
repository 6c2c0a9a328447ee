"""Smaller forms of a model: structured pruning before the export, INT8 and INT4 weights after it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import onnx
import torch
from torch import nn

from training.blocks import Attention, ConvBlock, FeedForward

PRUNED_SHARE: Final = 0.3
_INSIDE: Final = ("attention.", "gather.", "forward_.")  # in the names of a block's matrices
INT4_BLOCK: Final = 64  # weights of a column that share a scale


def prune(model: nn.Module, share: float) -> None:
    """Take out `share` of the heads, hidden units and hidden channels, the least important of each block.

    What is left is a smaller model of the same form: bytes and time fall with it.
    """
    for module in model.modules():
        if isinstance(module, Attention | FeedForward | ConvBlock):
            parts, step = module.prunable()
            kept = max(step, int(parts * (1 - share) / step + 1e-6) * step)
            best = torch.topk(module.importance(), kept).indices
            module.keep(best.sort().values)


def to_int8(source: Path, target: Path, *, everywhere: bool = False) -> None:
    """`source` with INT8 weights in its blocks, or in all its products, activations quantised as it runs.

    Weights have 7 bits: with 8, sums of pairs saturate on processors without VNNI. What comes first and last stays
    fp32: it is little work and half of the error.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(source), load_external_data=False).graph
    products = [node for node in graph.node if node.op_type == "MatMul"]
    outside = [node.name for node in products if not any(name in node.input[1] for name in _INSIDE)]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "int8.onnx"
        quantize_dynamic(
            source,
            made,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=[] if everywhere else outside,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=True,
            extra_options={"MatMulConstBOnly": True},
        )
        _save(onnx.load(str(made)), target)


def to_int4(source: Path, target: Path) -> None:
    """`source` with each weight matrix in blocks of 4-bit numbers and a scale (MatMulNBits)."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantiser = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=INT4_BLOCK, is_symmetric=True, accuracy_level=4)
    quantiser.process()
    _save(quantiser.model.model, target)


def _save(graph: onnx.ModelProto, target: Path) -> None:
    data = target.with_name(target.name + ".data")
    data.unlink(missing_ok=True)
    onnx.save_model(
        graph, str(target), save_as_external_data=True, location=data.name, size_threshold=1024, convert_attribute=False
    )
