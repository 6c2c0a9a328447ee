"""Trains HierarchicalVisionTransformer and VisionDecoder, compact, on drawings that are drawn as it goes.

    python -m training.vision --out build/vision --hours 10      # goes on where it was stopped
    python -m training.vision --out build/vision --start training/weights/vision.pt      # from what was kept

Writes `last.pt` every few minutes (weights, their moving average, the optimiser, the number of the step), `average.pt`
(the averaged weights alone, matrices in 16 bits: small enough to keep), and a line to `curve.csv`: step, the parts of
the loss (classes, uses, centres, shapes), and on sheets that are never trained on F1 of doors, of windows, and the
share of pixels whose class is right; seconds.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from planroom.engine.instances import DOOR_KINDS, KINDS, STRIDE
from training.catalog import build
from training.drawings import draw_sheet
from training.muon import Muon
from training.vision_targets import CROPS, IGNORED, Crop, crops, crops_of

BATCH: Final = 8
RATE: Final = 1.5e-3
DECAY: Final = 0.02
WARM_STEPS: Final = 100
KEEP: Final = 0.998  # of the moving average of the weights, each step
MIXED: Final = 64  # crops are taken in chance order from so many, lest a batch be of one sheet
EVALUATED: Final = 5  # sheets, at each checkpoint
SETTLED: Final = 30  # batches that tell the averaged weights' norms what is usual
LEAST_MATRIX: Final = 16  # rows and columns of a weight that is learnt as a matrix
HELD_OUT: Final = 2_000_000_000  # seeds from here on are never trained on
CLASS_WEIGHTS: Final = (0.6, 1.2, 3.0, 3.0, 0.6, 1.0, 1.0, 1.5, 0.8)
KIND_WEIGHTS: Final = tuple(2.0 if kind in ("wc", "bed") else 1.0 for kind in KINDS)  # there are few of these
DOORS: Final = range(len(DOOR_KINDS))
WINDOW: Final = KINDS.index("window")


class Eyes(nn.Module):
    """Both networks, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.see = build("HierarchicalVisionTransformer", "compact")
        self.tell = build("VisionDecoder", "compact")
        nn.init.constant_(self.tell.centres.bias, -4.0)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(B, 1, P, P) -> what VisionDecoder says."""
        return self.tell(*self.see(image))


class Drawn(IterableDataset[Crop]):
    """Crops of sheets from `seed` on; each worker draws its own."""

    def __init__(self, seed: int):
        self.seed = seed

    def __iter__(self) -> Iterator[Crop]:
        worker = get_worker_info()
        random = np.random.default_rng(self.seed)
        mixed: list[Crop] = []
        for crop in crops(self.seed + (worker.id if worker else 0), worker.num_workers if worker else 1):
            mixed.append(crop)
            if len(mixed) == MIXED:
                yield mixed.pop(int(random.integers(MIXED)))


def loss_of(said: tuple[Tensor, ...], batch: Any) -> tuple[Tensor, list[float]]:
    """The sum that is made small, and its parts."""
    classes, uses, centres, shapes = said
    _, classes_true, uses_true, centres_true, shapes_true, held = batch
    weights = torch.tensor(CLASS_WEIGHTS)
    dense = functional.cross_entropy(classes, classes_true.long(), weights, ignore_index=IGNORED)
    use = functional.cross_entropy(uses, uses_true.long(), ignore_index=IGNORED)
    centre = focal(centres, centres_true)
    off = (shapes - shapes_true).abs() * torch.tensor([1.0, 1, 2, 2, 1, 0.5])[:, None, None]
    shape = (off.sum(1) * held).sum() / held.sum().clamp(min=1)
    total = 2 * dense + 0.5 * use + centre + shape
    return total, [float(x.detach()) for x in (dense, use, centre, shape)]


def focal(logits: Tensor, true: Tensor) -> Tensor:
    """The penalty-reduced focal loss of centre heatmaps (Zhou et al., Objects as Points, 2019), for each object."""
    p = torch.sigmoid(logits).clamp(1e-5, 1 - 1e-5)
    at = (true == 1).float()
    hit = (1 - p) ** 2 * torch.log(p) * at
    miss = (1 - true) ** 4 * p**2 * torch.log(1 - p) * (1 - at)
    weights = torch.tensor(KIND_WEIGHTS)[:, None, None]
    return -(weights * (hit + miss)).sum() / at.sum().clamp(min=1)


def evaluate(model: nn.Module, sheets: int) -> dict[str, float]:
    """F1 of doors and windows on crops of sheets never trained on, and the share of pixels whose class is right."""
    hits = {"door": np.zeros(3), "window": np.zeros(3)}
    right = total = 0
    for seed in range(HELD_OUT, HELD_OUT + sheets):
        for crop in crops_of(draw_sheet(seed), np.random.default_rng(seed)):
            with torch.inference_mode():
                classes, _, centres, shapes = model(torch.from_numpy(crop.image)[None, None])
            told = crop.classes != IGNORED
            right += int((classes[0].argmax(0).numpy() == crop.classes)[told].sum())
            total += int(told.sum())
            true = torch.from_numpy(np.where(crop.centres == 1, 20.0, -20.0).astype(np.float32))
            for name, kinds in (("door", list(DOORS)), ("window", [WINDOW])):
                found = peaks(centres[0, kinds].amax(0), shapes[0])
                hits[name] += matched(found, peaks(true[kinds].amax(0), torch.from_numpy(crop.shapes)))
    told_f1 = {name: float(2 * n[0] / max(n[1] + n[2], 1)) for name, n in hits.items()}
    return told_f1 | {"classes": right / max(total, 1)}


def peaks(logits: Tensor, shapes: Tensor, least: float = 0.35) -> np.ndarray:
    """(n, 3): x, y, length in pixels of the local maxima."""
    p = torch.sigmoid(logits)[None, None]
    top = (functional.max_pool2d(p, 5, 1, 2) == p) & (p > least)
    rows, columns = torch.nonzero(top[0, 0], as_tuple=True)
    x = (columns + shapes[0, rows, columns] + 0.5) * STRIDE - 0.5
    y = (rows + shapes[1, rows, columns] + 0.5) * STRIDE - 0.5
    return torch.stack([x, y, shapes[4, rows, columns].exp() * STRIDE], 1).numpy()


def matched(found: np.ndarray, there: np.ndarray) -> np.ndarray:
    """How many are matched one to one within half a length, found, and there."""
    left = list(range(len(found)))
    n = 0
    for one in there:
        near = [k for k in left if np.hypot(*(found[k, :2] - one[:2])) < 0.5 * one[2]]
        if near:
            left.remove(min(near, key=lambda k: float(np.hypot(*(found[k, :2] - one[:2])))))
            n += 1
    return np.array([n, len(found), len(there)], float)


def optimisers_of(model: Eyes) -> list[torch.optim.Optimizer]:
    """Muon for the matrices within, AdamW for what takes in, tells, shifts and scales."""
    ends = {id(one) for layer in (model.see.stem, model.tell.classes, model.tell.uses, model.tell.centres,
                                  model.tell.shapes) for one in layer.parameters()}  # fmt: skip
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for one in model.parameters():
        is_matrix = one.ndim > 1 and min(one.flatten(1).shape) >= LEAST_MATRIX and id(one) not in ends
        (matrices if is_matrix else others).append(one)
    adam = torch.optim.AdamW(others, lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98), fused=True)
    return [Muon(matrices, RATE, DECAY), adam]


def settle(model: nn.Module, images: Iterable[Tensor]) -> None:
    """Give `model`, whose weights are an average of many, norms of its own: what is usual over `images`."""
    norms = [one for one in model.modules() if isinstance(one, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # an average over all
    model.train()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for image in images:
            model(image)
    model.eval()


def train(folder: Path, hours: float, threads: int, every_s: float, first: int, start: Path | None = None) -> None:
    """Train for `hours` in all, going on from `last.pt`. first: the first sheet's seed; start: weights to begin with
    where there is no `last.pt` yet.
    """
    torch.set_num_threads(threads)
    model, average = Eyes(), Eyes()
    if start is not None:
        model.load_state_dict(torch.load(start, weights_only=True)["average"])
    model = model.to(memory_format=torch.channels_last)
    average.load_state_dict(model.state_dict())
    optimisers = optimisers_of(model)
    step, trained_s = 0, 0.0
    if (folder / "last.pt").exists():
        kept = torch.load(folder / "last.pt", weights_only=True)
        model.load_state_dict(kept["model"])
        average.load_state_dict(kept["average"])
        for optimiser, state in zip(optimisers, kept["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        step, trained_s = kept["step"], kept["seconds"]
    model.train()
    start_s = said_s = time.monotonic()
    parts: list[list[float]] = []
    images: deque[Tensor] = deque(maxlen=SETTLED)
    for batch in DataLoader(Drawn(first + step * BATCH // CROPS), BATCH, num_workers=1, prefetch_factor=4):
        passed_s = trained_s + time.monotonic() - start_s
        rate = RATE * min(1, (step + 1) / WARM_STEPS) * (0.02 + 0.98 * _cosine(passed_s / (3600 * hours)))
        image = batch[0][:, None].to(memory_format=torch.channels_last)
        images.append(image)
        # many processors have units for bfloat16 alone; there the plain form of attention is the fastest
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            said = model(image)
        total, part = loss_of(tuple(x.float() for x in said), batch)
        model.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()
        step += 1
        keep = min(KEEP, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept_weight, weight in zip(average.parameters(), model.parameters(), strict=True):
                kept_weight.lerp_(weight, 1 - keep)
        parts.append(part)
        over = passed_s > 3600 * hours
        if time.monotonic() - said_s > every_s or over:
            said_s = time.monotonic()
            settle(average, images)
            _save(folder / "last.pt", {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in optimisers],
                "step": step,
                "seconds": passed_s,
            })  # fmt: skip
            _log(folder / "curve.csv", step, np.mean(parts, 0), evaluate(average, EVALUATED), passed_s)
            parts = []
        if over:
            break


def _cosine(done: float) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, done))


def _save(path: Path, state: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
    kept = {name: one.half() if one.ndim > 1 else one for name, one in state["average"].items()}
    torch.save({"average": kept, "step": state["step"]}, path.with_name("average.pt"))


def _log(path: Path, step: int, parts: Any, told: dict[str, float], seconds: float) -> None:
    row = [step, *(round(float(x), 4) for x in parts), *(round(x, 4) for x in told.values()), round(seconds)]
    with path.open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(row)
    print(*row, flush=True)


def main() -> None:
    """Train as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=10, help="of training in all, over which the rate falls")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=float, default=300, help="seconds between two checkpoints")
    parser.add_argument("--first", type=int, default=1, help="the first sheet's seed: draw others than the last time")
    parser.add_argument("--start", type=Path, help="an average.pt to begin with")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    train(asked.out, asked.hours, asked.threads, asked.every, asked.first, asked.start)


if __name__ == "__main__":
    main()
