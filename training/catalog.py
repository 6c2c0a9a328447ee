"""The fifteen architectures by name, and each built at a scale."""

from __future__ import annotations

from typing import Any, Final, Literal

import torch

from training.architectures.base import TaskModel
from training.architectures.bid_decoder import BidDecoder
from training.architectures.bid_transformer import BidTransformer
from training.architectures.compliance_decoder import ComplianceDecoder
from training.architectures.compliance_transformer import ComplianceTransformer
from training.architectures.decision_transformer import DecisionTransformer
from training.architectures.error_decoder import ErrorDecoder
from training.architectures.error_transformer import ErrorTransformer
from training.architectures.hierarchical_vision_transformer import HierarchicalVisionTransformer
from training.architectures.multi_agent_transformer import MultiAgentTransformer
from training.architectures.planning_decoder import PlanningDecoder
from training.architectures.quantity_decoder import QuantityDecoder
from training.architectures.quantity_transformer import QuantityTransformer
from training.architectures.quantum_transformer import QuantumTransformer
from training.architectures.universal_construction_transformer import UniversalConstructionTransformer
from training.architectures.vision_decoder import VisionDecoder

Scale = Literal["compact", "full"]
ARCHITECTURES: Final[dict[str, type[TaskModel]]] = {
    kind.__name__: kind
    for kind in (
        HierarchicalVisionTransformer,
        VisionDecoder,
        UniversalConstructionTransformer,
        QuantityTransformer,
        QuantityDecoder,
        ErrorTransformer,
        ErrorDecoder,
        ComplianceTransformer,
        ComplianceDecoder,
        BidTransformer,
        BidDecoder,
        PlanningDecoder,
        DecisionTransformer,
        MultiAgentTransformer,
        QuantumTransformer,
    )
}


def settings(name: str, scale: Scale) -> dict[str, Any]:
    """The settings of `name` at `scale`."""
    return ARCHITECTURES[name].COMPACT if scale == "compact" else ARCHITECTURES[name].FULL


def build(name: str, scale: Scale, seed: int = 0) -> TaskModel:
    """The model with random weights, ready to run."""
    torch.manual_seed(seed)
    return ARCHITECTURES[name](**settings(name, scale)).eval()


def count_parameters(model: torch.nn.Module) -> int:
    """Numbers that are learned."""
    return sum(parameter.numel() for parameter in model.parameters())
