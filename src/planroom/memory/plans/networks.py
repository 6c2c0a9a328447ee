"""What the compact task models were measured to take, as `benchmarks/models.py --write` put it into `networks.json`.

Bytes do not depend on what a network has learnt: random weights give the same ones.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_figures() -> dict[str, Any]:
    """{model: {"scale", "parameters", "precisions": {precision: {"bytes", "resident_bytes", "peak_bytes", "ms",
    "load_ms", "relative_error", "score"}}}}
    """
    measured: dict[str, Any] = json.loads((files("planroom.memory.plans") / "networks.json").read_text("utf-8"))
    return measured


def resident_bytes(precision: str, pruned: bool) -> dict[str, int]:
    """What each model holds while it is loaded and runs nothing."""
    form = _form(precision, pruned)
    return {name: int(told["precisions"][form]["resident_bytes"]) for name, told in read_figures().items()}


def work_bytes(precision: str, pruned: bool) -> int:
    """The most that a run of any of them takes on top of that."""
    form = _form(precision, pruned)
    figures = [told["precisions"][form] for told in read_figures().values()]
    return max(int(one["peak_bytes"] - one["resident_bytes"]) for one in figures)


def _form(precision: str, pruned: bool) -> str:
    return precision if not pruned else "pruned" if precision == "fp32" else f"{precision}+pruned"
