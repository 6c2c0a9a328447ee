"""Sheets as networks take them: rows of features, padded to one length in a batch, and what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from planroom.records import Element, Floats, Text
from planroom.sheet.kinds import names_kind
from training.understanding.features import WIDTH, element_tokens, line_tokens, text_tokens
from training.understanding.sets import Example

KINDS: Final = ("plan", "elevation", "section", "detail", "schedule", "site", "cover", "unknown")
WORK: Final = ("outer wall", "inner wall", "outer door", "inner door", "outer window", "inner window", "outer opening",
               "inner opening", "floor of a room")  # fmt: skip
MEASURE_OF: Final = {"wall": 2, "door": 0, "window": 0, "opening": 0, "room": 2}  # of MEASURES in quantity_decoder.py
MOST: Final = {"elements": 128, "texts": 128, "lines": 64, "arcs": 32}
NO_TARGET: Final = -100


class Tokens(NamedTuple):
    """elements come first among tokens (n, WIDTH); work and measures (n_elements,) as places in WORK and MEASURES."""

    tokens: Floats
    n_elements: int
    kind: int
    work: np.ndarray
    measures: np.ndarray


def as_tokens(one: Example, random: np.random.Generator | None = None, *, titled: bool = True) -> Tokens:
    """An example's features. random: drops things, as poor drawings are read. titled: with words that name a kind."""
    texts = [text for text in one.texts if titled or not names_kind(text.string)]
    elements = one.elements
    kept = [k for k, e in enumerate(elements) if e.kind in ("wall", "door", "window", "opening", "room")]
    lines, arcs = one.lines, one.arcs
    if random is not None:
        texts = _some(texts, random, random.choice([0.0, 0.1, 0.5]))
        kept = drop_elements(elements, kept, random)
        lines, arcs = (part[random.random(len(part)) >= random.choice([0.0, 0.3])] for part in (lines, arcs))
    kept = kept[: MOST["elements"]]
    chosen = [elements[k] for k in kept]
    scale = one.sheet.scale
    m_per_unit = scale.m_per_unit if scale and (random is None or random.random() < 0.8) else None
    extent = one.sheet.extent
    parts = [
        element_tokens(chosen, extent, m_per_unit),
        text_tokens(_largest(texts), extent),
        line_tokens(lines[np.argsort(-np.hypot(*(lines[:, 2:] - lines[:, :2]).T))[: MOST["lines"]]], extent),
        line_tokens(arcs[: MOST["arcs"]], extent, arcs=True),
    ]
    work = [_work(e, one.sides[k]) for k, e in zip(kept, chosen, strict=True)]
    measures = [MEASURE_OF[e.kind] for e in chosen]
    return Tokens(
        np.concatenate(parts).astype(np.float32), len(chosen), KINDS.index(one.true["kind"]), np.array(work, np.int64),
        np.array(measures, np.int64),
    )  # fmt: skip


def drop_elements(elements: Sequence[Element], kept: list[int], random: np.random.Generator) -> list[int]:
    """Rooms that did not close, and now and then other things, are not there."""
    lost = {"room": random.choice([0.0, 0.3, 0.7, 1.0]), "wall": random.choice([0.0, 0.1]), "": 0.05}
    return [k for k in kept if random.random() >= lost.get(elements[k].kind, lost[""])]


def batch_of(sheets: Sequence[Tokens]) -> dict[str, Tensor]:
    """Padded: tokens (B, N, WIDTH), present (B, N), kind (B,), work and measures (B, E) with NO_TARGET for padding."""
    most, elements = max(len(s.tokens) for s in sheets), max(1, *(s.n_elements for s in sheets))
    tokens, present = np.zeros((len(sheets), most, WIDTH), np.float32), np.zeros((len(sheets), most), np.float32)
    work = np.full((2, len(sheets), elements), NO_TARGET, np.int64)
    for k, one in enumerate(sheets):
        tokens[k, : len(one.tokens)] = one.tokens
        present[k, : len(one.tokens)] = 1
        work[0, k, : one.n_elements], work[1, k, : one.n_elements] = one.work, one.measures
    return {
        "tokens": torch.from_numpy(tokens),
        "present": torch.from_numpy(present),
        "kind": torch.tensor([one.kind for one in sheets]),
        "work": torch.from_numpy(work[0]),
        "measures": torch.from_numpy(work[1]),
    }


def _work(element: Element, side: str) -> int:
    if element.kind == "room":
        return WORK.index("floor of a room")
    return WORK.index(f"{side} {element.kind}") if side else NO_TARGET


def _largest(texts: Sequence[Text]) -> list[Text]:
    return sorted(texts, key=lambda text: -text.height)[: MOST["texts"]]


def _some(texts: list[Text], random: np.random.Generator, lost: float) -> list[Text]:
    return [text for text in texts if random.random() >= lost]
