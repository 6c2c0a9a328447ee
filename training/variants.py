"""Smaller forms of a model: structured pruning before the export, INT8 and INT4 weights after it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.blocks import Attention, ConvBlock, FeedForward

PRUNED_SHARE: Final = 0.3
_INSIDE: Final = ("attention.", "gather.", "forward_.")  # in the names of a block's matrices
INT4_BLOCK: Final = 64  # weights of a column that share a scale
INT4_CHANNELS: Final = 32  # input channels that share one, of a convolution
INT4_LEAST: Final = 4096  # numbers in a convolution's weights that are packed
INT4_OPSET: Final = 21  # the first that has 4-bit numbers


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
    """`source` with each weight matrix in blocks of 4-bit numbers and a scale (MatMulNBits), and so each convolution's
    weights, which are unpacked when it runs; not in a graph of an older opset than this house's exports have.
    """
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantiser = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=INT4_BLOCK, is_symmetric=True, accuracy_level=4)
    quantiser.process()
    model = quantiser.model.model
    opset = next(one for one in model.opset_import if one.domain in ("", "ai.onnx"))
    if opset.version >= INT4_OPSET - 1:  # between older ones and that, operators change their form
        _pack_convolutions(model.graph)
        opset.version = max(opset.version, INT4_OPSET)
    _save(model, target)


def _pack_convolutions(graph: onnx.GraphProto) -> None:
    """Large weights (out, in, high, wide) in blocks of input channels, each with a scale, 4-bit numbers -8 to 7."""
    held = {one.name: one for one in graph.initializer}
    for node in list(graph.node):
        if node.op_type != "Conv" or node.input[1] not in held:
            continue
        name = node.input[1]
        weights = numpy_helper.to_array(held[name])
        if weights.size < INT4_LEAST or weights.shape[1] == 1:  # a scale for each weight would save nothing
            continue
        n_in = weights.shape[1]
        starts = np.arange(0, n_in, INT4_CHANNELS)
        scales = np.maximum(np.maximum.reduceat(np.abs(weights), starts, axis=1), 1e-12) / 7
        each = np.repeat(scales, INT4_CHANNELS, axis=1)[:, :n_in]
        numbers = np.clip(np.rint(weights / each), -8, 7).astype(np.int8)
        graph.initializer.remove(held.pop(name))
        graph.initializer.extend(
            [
                helper.make_tensor(f"{name}_4bit", TensorProto.INT4, weights.shape, _nibbles(numbers), raw=True),
                numpy_helper.from_array(scales.astype(np.float32), f"{name}_scale"),
            ]
        )
        unpack = helper.make_node(
            "DequantizeLinear", [f"{name}_4bit", f"{name}_scale"], [name], axis=1, block_size=INT4_CHANNELS
        )
        graph.node.insert(0, unpack)


def _nibbles(numbers: NDArray[np.int8]) -> bytes:
    """Two 4-bit numbers a byte, the first in its lower half."""
    flat = numbers.ravel().view(np.uint8) & 15
    flat = np.pad(flat, (0, flat.size % 2))
    return (flat[::2] | flat[1::2] << 4).astype(np.uint8).tobytes()


def _save(graph: onnx.ModelProto, target: Path) -> None:
    data = target.with_name(target.name + ".data")
    data.unlink(missing_ok=True)
    onnx.save_model(
        graph, str(target), save_as_external_data=True, location=data.name, size_threshold=1024, convert_attribute=False
    )
