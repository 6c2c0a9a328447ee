"""Trains MultiAgentTransformer on numbers that were told, and holds it against the table and the median of channels.

    python -m training.understanding.fusing --read build/sets build/scans --score build/sets_eval build/scans_eval \\
        --out build/fusing

It learns how likely a number is right, which channel to believe, and how far off the number is. All of a sheet's rows
are its own; sets and scans that it is scored on are of other seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from planroom.measure import fuse
from planroom.records import Floats
from training.catalog import build
from training.understanding.opinions import CHANNELS
from training.understanding.trust import CLOSE, Told, calibration_error, count_kinds, read, wrong_among_surest

BATCH: Final = 256
RATE: Final = 1e-3
HELD: Final = 5  # every so many-th number of the training sets tells when to stop


def tensors(told: Sequence[Told]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """opinions (N, 6, 32), right (N,), channels that are right (N, 6), error of the logarithm (N,)."""
    channels = [[float(name in one.said and _is_right(one.said[name], one)) for name in CHANNELS] for one in told]
    off = [abs(np.log1p(one.value) - np.log1p(one.true)) for one in told]
    return (
        torch.from_numpy(np.stack([one.opinions for one in told])),
        torch.tensor([float(one.is_right) for one in told]),
        torch.tensor(channels),
        torch.tensor(off, dtype=torch.float32),
    )


def _is_right(said: float, one: Told) -> bool:
    is_area = one.keys[0].split()[1] == "area"
    return abs(said / one.true - 1) <= CLOSE if is_area else said == one.true


def loss_of(model: nn.Module, opinions: Tensor, right: Tensor, channels: Tensor, off: Tensor) -> Tensor:
    """Of the confidence, of the channel that is believed, of the spread."""
    weights, spread, sure = (one[0] for one in model(opinions[None]))
    believed = torch.log((weights * channels).sum(1).clamp(min=1e-4)) * (channels.sum(1) > 0)
    return (
        functional.binary_cross_entropy_with_logits(sure, right)
        - 0.3 * believed.mean()
        + 0.1 * (off * torch.exp(-spread) + spread).mean()
    )


def train(told: list[Told], epochs: int, seed: int = 0) -> nn.Module:
    """The model that is best on every HELD-th sheet's numbers."""
    torch.manual_seed(seed)
    held = np.arange(len(told)) // 40 % HELD == 0  # numbers of one sheet follow each other
    own, kept = ([one for one, is_held in zip(told, held, strict=True) if is_held == part] for part in (False, True))
    model = build("MultiAgentTransformer", "compact").train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.1)
    given, check = tensors(own), tensors(kept)
    best, state = np.inf, model.state_dict()
    random = np.random.default_rng(seed)
    for epoch in range(epochs):
        for part in np.array_split(random.permutation(len(own)), max(1, len(own) // BATCH)):
            optimiser.zero_grad()
            loss_of(model, *(one[part] for one in given)).backward()
            optimiser.step()
        with torch.inference_mode():
            now = float(loss_of(model, *check))
        if now < best:
            best, state = now, {name: one.clone() for name, one in model.state_dict().items()}
        elif epoch > 10 and now > 1.2 * abs(best) + best:
            break
    model.load_state_dict(state)
    return model.eval()


def score(name: str, told: Sequence[Told], confidence: Floats, value: Floats) -> dict[str, Any]:
    """What confidences and values are worth: calibration, loss, and wrong numbers at full and at nine tenths."""
    right = np.array([_is_right(v, one) for v, one in zip(value, told, strict=True)], float)
    p = np.clip(confidence, 1e-3, 1 - 1e-3)
    return {
        "of": name,
        "numbers": len(told),
        "right": round(float(right.mean()), 4),
        "calibration_error": round(calibration_error(p, right), 4),
        "log_loss": round(float(-(right * np.log(p) + (1 - right) * np.log(1 - p)).mean()), 4),
        "wrong_at_90_percent": round(wrong_among_surest(p, right, 0.9), 4),
    }


def rows(model: nn.Module, table: dict[str, tuple[int, int]], told: list[Told]) -> list[dict[str, Any]]:
    """The network beside the table of kinds and the median of channels, over all and by source."""
    made = []
    with torch.inference_mode():
        weights, _, sure = (one[0].numpy() for one in model(tensors(told)[0][None]))
    learned = 1 / (1 + np.exp(-sure))
    values = np.array([one.value for one in told])
    believed = np.array(
        [one.said.get(CHANNELS[int(np.argmax(w))], one.value) for w, one in zip(weights, told, strict=True)]
    )
    median = np.array([np.median(list(one.said.values())) if one.said else one.value for one in told])
    shares = np.array([fuse.share_of(one.keys, table) or 0.5 for one in told])
    for source in ("all", *sorted({one.source for one in told})):
        part = np.array([source in ("all", one.source) for one in told])
        own = [one for one, is_in in zip(told, part, strict=True) if is_in]
        for name, p, v in (
            ("network", learned, values),
            ("network, its channel", learned, believed),
            ("table", shares, values),
            ("table, median of channels", shares, median),
        ):
            made.append({"source": source} | score(name, own, p[part], v[part]))
    return made


def main() -> None:
    """Train and score as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--read", type=Path, nargs="+", required=True)
    parser.add_argument("--score", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=60)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    told = list(read(asked.read))
    model = train(told, asked.epochs)
    kept = {name: one.half() if one.ndim > 1 else one for name, one in model.state_dict().items()}
    torch.save({"average": kept}, asked.out / "average.pt")
    for row in rows(model, count_kinds(told), list(read(asked.score))):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
