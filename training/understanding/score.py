"""Scores UniversalConstructionTransformer, QuantityTransformer and QuantityDecoder beside what they must beat.

    python -m training.understanding.score --trained build/understanding/last.pt --sets build/sets_eval \\
        [--data ../shared/data]

Kinds of sheets: words of the title block, with the words that name a kind and without them. Dimensions: the nearest
line along the text. Scales where none is printed: what most dimensions agree on. Work items: the commonest of each kind
of element, and the rule by which planroom bills (rooms on both sides, or on one), with rooms missing as on poor scans.
With --data also on real drawings: pictures of plans, whose lettering is read first, and models of houses, beside what
they say. Prints a row each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from planroom.detect import raster
from planroom.engine.ocr import TextReader
from planroom.engine.pictures import GreyArray
from planroom.ingest.scan import clean_scan
from planroom.ingest.trace import trace
from planroom.measure.surroundings import Surroundings
from planroom.memory.manager import RESERVE, MemoryManager
from planroom.pages import open_pages
from planroom.records import Linework, Sheet
from planroom.sheet.dimensions import find_lettered, is_imperial, measure_dimensions
from planroom.sheet.kinds import names_kind
from planroom.sheet.labels import names_rooms
from planroom.sheet.lettering import as_texts
from planroom.sheet.rooms import shows_rooms
from planroom.sheet.titleblock import read_title_block
from training.understanding.dimensions import candidates, nearest_lines, right_lines, scale_step, ties_batch, ties_of
from training.understanding.sets import Example, boxes_of_arcs, longest, page_arguments, read_pages
from training.understanding.tokens_of import KINDS, NO_TARGET, WORK, as_tokens, batch_of
from training.understanding.train import Understanding, load

MISSING: Final = (0.0, 0.3, 1.0)  # of the rooms
HOUSES: Final = ("AC20-FZK-Haus.ifc", "duplex.ifc", "Ifc4_SampleHouse.ifc")
_USUAL: Final = {"wall": "inner wall", "door": "inner door", "window": "outer window", "opening": "inner opening"}


def kind_by_words(one: Example, *, titled: bool) -> str:
    """The baseline: what the words of the title block name; a plan where rooms or hung doors are found."""
    texts = [text for text in one.texts if titled or not names_kind(text.string)]
    kind = read_title_block(texts, one.sheet.extent, imperial=is_imperial(texts)).kind
    return "plan" if kind == "unknown" and (shows_rooms(one.elements) or names_rooms(texts)) else kind


def kinds(model: Understanding, examples: list[Example], what: str) -> Iterator[dict[str, Any]]:
    """Sheets whose kind is told right."""
    for titled in (True, False):
        told = []
        for one in examples:
            batch = batch_of([as_tokens(one, titled=titled)])
            told.append(KINDS[int(model.encode(batch["tokens"], batch["present"])[1][0, : len(KINDS)].argmax())])
        right = [kind == one.true["kind"] for kind, one in zip(told, examples, strict=True)]
        words = [kind_by_words(one, titled=titled) == one.true["kind"] for one in examples]
        yield {
            "task": f"kind of a sheet, {what}, " + ("title read" if titled else "title not read"),
            "of": len(examples), "score": round(float(np.mean(right)), 4), "baseline": round(float(np.mean(words)), 4),
        }  # fmt: skip


def ties(model: Understanding, examples: list[Example]) -> Iterator[dict[str, Any]]:
    """Dimensions whose line is found, and scales that are told to a step."""
    hits, steps = np.zeros(3), np.zeros(3)
    for one in examples:
        texts, lines = candidates(one)
        right = right_lines(one, texts, lines)
        if not right.any():
            continue
        batch = ties_batch([ties_of(one)])
        pairs, scale = model.tie(batch["texts"], batch["texts_present"], batch["lines"], batch["lines_present"])
        near = nearest_lines(texts, lines)
        for k in np.flatnonzero(right.any(1)).tolist():
            hits += [1, right[k, int(pairs[0, k].argmax())] > 0, near[k] >= 0 and right[k, near[k]] > 0]
        step = int(batch["scale"][0])
        if step != NO_TARGET:
            steps += [1, abs(int(scale[0].argmax()) - step) <= 1, abs(_step_by_dimensions(one) - step) <= 1]
    yield _row("dimensions tied to their line", hits)
    yield _row("scale where none is printed, to a step of 9 %", steps)


def _step_by_dimensions(one: Example) -> int:
    lettered = find_lettered(_work_of(one), one.texts)
    found = measure_dimensions(lettered, [], imperial=is_imperial(one.texts))
    extent = one.sheet.extent
    return scale_step(max(extent[2] - extent[0], extent[3] - extent[1]) * found.m_per_unit) if found else NO_TARGET


def _work_of(one: Example) -> Linework:
    n = len(one.lines)
    none = np.zeros(0, np.int32)
    return Linework(one.lines, np.zeros(n, np.int32), np.zeros((0, 5)), none, [], none, none, [], one.texts)


def work_items(model: Understanding, examples: list[Example], what: str) -> Iterator[dict[str, Any]]:
    """Elements whose work item is told right, with so many of the rooms missing."""
    for missing in MISSING:
        random = np.random.default_rng(0)
        n, right, usual, ruled = 0, 0, 0, 0
        for one in examples:
            gone = {e.id for e in one.elements if e.kind == "room" and random.random() < missing}
            left = _without(one, gone)
            tokens = as_tokens(left)
            batch = batch_of([tokens])
            embeddings, _ = model.encode(batch["tokens"], batch["present"])
            items, _ = model.decode(embeddings[:, : batch["work"].shape[1]], embeddings, batch["present"])
            told = items[0, :, : len(WORK)].argmax(1).tolist()
            chosen = [e for e in left.elements if e.kind in (*_USUAL, "room")][: tokens.n_elements]
            sides = Surroundings(left.sheet) if left.sheet.scale and left.sheet.scale.m_per_unit else None
            for k, e in enumerate(chosen):
                true = int(tokens.work[k])
                if true == NO_TARGET or e.kind == "room":
                    continue
                n += 1
                right += told[k] == true
                usual += WORK.index(_USUAL[e.kind]) == true
                side = sides.side(e) if sides else ""
                ruled += f"{side} {e.kind}" == WORK[true] if side else WORK.index(_USUAL[e.kind]) == true
        yield {
            "task": f"work item, {what}, {missing:.0%} of the rooms missing", "of": n,
            "score": round(right / max(n, 1), 4), "baseline": round(usual / max(n, 1), 4),
            "rule": round(ruled / max(n, 1), 4),
        }  # fmt: skip


def _without(one: Example, gone: set[str]) -> Example:
    kept = [k for k, e in enumerate(one.elements) if e.id not in gone]
    sheet = Sheet(**{name: getattr(one.sheet, name) for name in Sheet.__dataclass_fields__})
    sheet.elements = [one.elements[k] for k in kept]
    return one._replace(sheet=sheet, sides=[one.sides[k] for k in kept])


def houses(folder: Path) -> Iterator[Example]:
    """Storeys of models, whose walls, doors and windows say whether they are external."""
    for name in HOUSES:
        path = next(folder.glob(f"**/{name}"), None)
        for _, sheet in read_pages(path, "ifc") if path else ():
            drawn = [e for e in sheet.elements if len(e.outline) > 2]
            sides = [{"true": "outer", "false": "inner"}.get(e.traits.get("is_external", ""), "") for e in drawn]
            true = {"kind": "plan", "view": "general", "counts": {}, "elements": [], "dimensions": [], "m_per_pt": 1.0}
            yield Example(true, sheet, [], np.zeros((0, 4)), np.zeros((0, 4)), sides, [])


def plan_images(folder: Path) -> Iterator[Example]:
    """Pictures of plans, read as the program reads scans."""
    with closing(TextReader(MemoryManager({RESERVE: 1 << 30}), pool=RESERVE)) as reader:
        for path in sorted(folder.glob("counts/images/*")):
            for page in open_pages(page_arguments(path, "image"), path, lambda *_: None, MemoryManager(8 << 30), set()):
                assert page.grey is not None
                cleaned = clean_scan(page.grey).grey
                reading = reader.read(GreyArray(cleaned), lambda _: None)
                grey = np.ascontiguousarray(np.rot90(cleaned, reading.turn_deg // 90))
                texts = as_texts(list(reading.lines), cleaned.shape, reading.turn_deg)
                work = trace(grey, [text.box for text in texts])
                height, width = grey.shape
                sheet = Sheet(path.stem, path.name, 0, "1", width, height, (0.0, 0.0, float(width), float(height)), "")
                sheet.elements = raster.find_elements(grey, texts, lambda *_: None)
                true = {"kind": "plan", "view": "general"}
                sides = [""] * len(sheet.elements)
                lines, arcs = longest(work.segments_xyxy), boxes_of_arcs(work.arcs)
                yield Example(true, sheet, texts, lines, arcs, sides, [])


def _row(task: str, n: Any) -> dict[str, Any]:
    return {
        "task": task,
        "of": int(n[0]),
        "score": round(n[1] / max(n[0], 1), 4),
        "baseline": round(n[2] / max(n[0], 1), 4),
    }


def main() -> None:
    """Score as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="where models of houses and pictures of plans lie")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = Understanding().eval()
    model.load_state_dict(torch.load(asked.trained, weights_only=True)["average"])
    examples = load(asked.sets)
    plans = [one for one in examples if one.true["kind"] == "plan" and one.true["view"] == "general"]
    with torch.inference_mode():
        made = [*kinds(model, examples, "drawn sets"), *ties(model, examples), *work_items(model, plans, "drawn plans")]
        if asked.data:
            made += work_items(model, list(houses(asked.data)), "models of houses")
            made += kinds(model, list(plan_images(asked.data)), "real plan images")
    for row in made:
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
