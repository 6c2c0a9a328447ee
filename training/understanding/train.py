"""Trains UniversalConstructionTransformer with QuantityDecoder, and QuantityTransformer, on sets that were drawn.

    python -m training.understanding.sets --out build/sets
    python -m training.understanding.train --sets build/sets --out build/understanding --minutes 30

The first two learn together: a sheet's embeddings tell its kind, and of each element the work that it is. Every third
sheet keeps the words that name its kind. Writes `last.pt` every few minutes (weights, their moving average, optimiser,
step) and a line to `curve.csv`.
"""

from __future__ import annotations

import argparse
import csv
import math
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.catalog import build
from training.understanding.dimensions import Ties, ties_batch, ties_of
from training.understanding.sets import Example
from training.understanding.tokens_of import NO_TARGET, as_tokens, batch_of

BATCH: Final = 8
RATE: Final = 1e-3
WARM_STEPS: Final = 50
KEEP: Final = 0.995
UNTITLED: Final = 2 / 3


class Understanding(nn.Module):
    """The encoder with what reads its embeddings, and beside them what ties dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = build("UniversalConstructionTransformer", "compact")
        self.decode = build("QuantityDecoder", "compact")
        self.tie = build("QuantityTransformer", "compact")


def losses(model: Understanding, sheets: dict[str, Tensor], ties: dict[str, Tensor]) -> list[Tensor]:
    """Of kinds, work items, measures, ties and scales."""
    embeddings, kinds = model.encode(sheets["tokens"], sheets["present"])
    items, measures = model.decode(embeddings[:, : sheets["work"].shape[1]], embeddings, sheets["present"])
    pairs, scales = model.tie(ties["texts"], ties["texts_present"], ties["lines"], ties["lines_present"])
    pairs = pairs + (ties["lines_present"][:, None] - 1) * 1e4
    log_p = torch.log_softmax(pairs, 2)
    right = torch.logsumexp(log_p + (ties["right"] - 1) * 1e4, 2)
    told = ties["right"].amax(2)
    return [
        functional.cross_entropy(kinds, sheets["kind"]),
        _of_each(items, sheets["work"]),
        _of_each(measures, sheets["measures"]),
        -(right * told).sum() / told.sum().clamp(min=1),
        functional.cross_entropy(scales, ties["scale"], ignore_index=NO_TARGET),
    ]


def _of_each(logits: Tensor, true: Tensor) -> Tensor:
    """The mean over elements of which it is known; 0 where there is none."""
    each = functional.cross_entropy(logits.flatten(0, 1), true.flatten(), ignore_index=NO_TARGET, reduction="sum")
    return each / (true != NO_TARGET).sum().clamp(min=1)


def load(folder: Path) -> list[Example]:
    """Every sheet of the sets in a folder."""
    return [one for path in sorted(folder.glob("*.pickle")) for one in pickle.loads(path.read_bytes())]


def batches(examples: list[Example], seed: int) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """Batches without end, each sheet with other things missing every time; rare kinds more often."""
    random = np.random.default_rng(seed)
    kinds = np.array([one.true["kind"] for one in examples])
    often = np.array([1 / math.sqrt((kinds == kind).sum()) for kind in kinds])
    measured = [one for one in examples if one.dimensions and one.true["kind"] == "plan"]
    while True:
        chosen = random.choice(len(examples), BATCH, p=often / often.sum())
        sheets = [as_tokens(examples[k], random, titled=random.random() > UNTITLED) for k in chosen]
        ties: list[Ties] = [ties_of(measured[k], random) for k in random.choice(len(measured), BATCH // 4)]
        yield batch_of(sheets), ties_batch(ties)


def train(folder: Path, examples: list[Example], minutes: float, seed: int) -> None:
    """Train for `minutes` in all, going on from `last.pt`."""
    torch.set_num_threads(1)
    model, average = Understanding(), Understanding()
    average.load_state_dict(model.state_dict())
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.02, betas=(0.9, 0.98))
    step, trained_s = 0, 0.0
    if (folder / "last.pt").exists():
        kept = torch.load(folder / "last.pt", weights_only=True)
        model.load_state_dict(kept["model"])
        average.load_state_dict(kept["average"])
        optimiser.load_state_dict(kept["optimiser"])
        step, trained_s = kept["step"], kept["seconds"]
    model.train()
    start_s = said_s = time.monotonic()
    parts: list[list[float]] = []
    for sheets, ties in batches(examples, seed + step):
        passed_s = trained_s + time.monotonic() - start_s
        done = min(1.0, passed_s / (60 * minutes))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_STEPS) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        with torch.autocast("cpu", torch.bfloat16):
            each = losses(model, sheets, ties)
        optimiser.zero_grad()
        torch.stack([one.float() for one in each]).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        with torch.no_grad():
            for kept_weight, weight in zip(average.parameters(), model.parameters(), strict=True):
                kept_weight.lerp_(weight, 1 - min(KEEP, (1 + step) / (10 + step)))
        parts.append([float(one.detach()) for one in each])
        if time.monotonic() - said_s > 120 or done >= 1:
            said_s = time.monotonic()
            _save(folder, model, average, optimiser, step, passed_s)
            row = [step, *(round(float(x), 4) for x in np.mean(parts, 0)), round(passed_s)]
            parts = []
            with (folder / "curve.csv").open("a", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(row)
            print(*row, flush=True)
        if done >= 1:
            break


def _save(folder: Path, model: nn.Module, average: nn.Module, optimiser: Any, step: int, seconds: float) -> None:
    part = folder / "last.part"
    state = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save(state | {"step": step, "seconds": seconds}, part)
    part.replace(folder / "last.pt")


def main() -> None:
    """Train as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    train(asked.out, load(asked.sets), asked.minutes, asked.seed)


if __name__ == "__main__":
    main()
