"""Counts how often numbers of each kind are right on drawn sheets: the table behind every confidence.

    python -m training.understanding.trust --read build/sets build/scans --write
    python -m training.understanding.trust --read build/sets_eval build/scans_eval     # what the table is worth there

Prints the expected calibration error in ten steps of confidence, and the share of wrong numbers among all and among the
nine tenths of which one is surest.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from planroom.measure import fuse
from planroom.measure.fuse import made_of
from planroom.measure.sets import group_sheets
from planroom.measure.views import settle_heads
from planroom.records import Floats, Sheet
from training.understanding.opinions import Rows, area_opinions, count_opinions
from training.understanding.sets import Example

TABLE: Final = Path(fuse.__file__).with_name("tables") / "trust.json"
CLOSE: Final = 0.02


class Told(NamedTuple):
    """A number that was told: the kinds it is of, the narrowest first, whether it is right, what is known of it."""

    keys: list[str]
    is_right: bool
    source: str
    opinions: Rows
    value: float
    true: float
    said: dict[str, float]


def read(folders: Iterable[Path]) -> Iterator[Told]:
    """All numbers of the sheets that are kept in `folders`, measured as the program measures them."""
    for path in sorted(path for folder in folders for path in folder.glob("*.pickle")):
        examples: list[Example] = pickle.loads(path.read_bytes())
        for k, one in enumerate(examples):
            one.sheet.rename(f"{path.stem}-{k + 1}")
        settle_heads([one.sheet for one in examples], group_sheets([one.sheet for one in examples]))
        for one in examples:
            if one.true["kind"] == "plan" and one.true["view"] in fuse.VIEWS and one.sheet.elements:
                yield from counts_of(one.sheet, one.true["counts"])
                yield from areas_of(one.sheet, one.true["elements"])


def counts_of(sheet: Sheet, true: dict[str, int]) -> Iterator[Told]:
    """true: the right counts, by kind; one that is not there is not known."""
    for kind in (kind for kind in fuse.COUNTED if kind in true):
        value = float(sheet.counts.get(kind, 0))
        said = {channel: float(counts[kind]) for channel, counts in sheet.channels.items() if kind in counts}
        keys = fuse.count_keys(sheet, kind, value, said)
        yield Told(
            keys,
            value == true[kind],
            made_of(sheet),
            count_opinions(sheet, kind, value),
            value,
            float(true[kind]),
            said,
        )


def areas_of(sheet: Sheet, true: list[dict[str, Any]]) -> Iterator[Told]:
    """Areas of the rooms that bear the number of a true one."""
    scale = sheet.scale.m_per_unit if sheet.scale else None
    areas = {one["number"]: one["area_m2"] for one in true if one["kind"] == "room"}
    for room in sheet.elements:
        area = areas.get(room.traits.get("number", "")) if room.kind == "room" else None
        if area and scale and room.sizes.get("area"):
            value = room.sizes["area"] * scale**2
            keys, is_right = fuse.area_keys(sheet, room, value), abs(value / area - 1) <= CLOSE
            yield Told(
                keys, is_right, made_of(sheet), area_opinions(sheet, room, value), value, area, {"geometry": value}
            )


def count_kinds(told: Iterable[Told]) -> dict[str, tuple[int, int]]:
    """By kind, how many numbers and how many right ones."""
    n: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in told:
        for key in dict.fromkeys(one.keys):
            n[key] += 1
            right[key] += one.is_right
    return {key: (n[key], right[key]) for key in sorted(n)}


def calibration_error(confidence: Floats, right: Floats, steps: int = 10) -> float:
    """The expected calibration error: how far the mean confidence of a step is from its share of right ones."""
    step = np.minimum((confidence * steps).astype(int), steps - 1)
    parts = [(step == k) for k in range(steps) if (step == k).any()]
    return float(sum(part.mean() * abs(confidence[part].mean() - right[part].mean()) for part in parts))


def wrong_among_surest(confidence: Floats, right: Floats, covered: float) -> float:
    """The share of wrong numbers among that share of all of which one is surest; of those alike a part of each."""
    surest = np.argsort(-confidence, kind="stable")
    kept = max(1, round(covered * len(right)))
    level = confidence[surest[kept - 1]]
    above, at = confidence > level, confidence == level
    wrong = (1 - right[above]).sum() + (kept - above.sum()) * (1 - right[at]).mean()
    return float(wrong / kept)


def row(name: str, told: list[Told], table: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """What the table is worth on `told`."""
    shares = [(one, fuse.share_of(one.keys, table)) for one in told]
    right = np.array([one.is_right for one, share in shares if share is not None], float)
    confidence = np.array([share for _, share in shares if share is not None])
    if not len(right):
        return {"of": name, "numbers": 0}
    return {
        "of": name,
        "numbers": len(right),
        "calibration_error": round(calibration_error(confidence, right), 4),
        "wrong": round(float(1 - right.mean()), 4),
        "wrong_at_90_percent": round(wrong_among_surest(confidence, right, 0.9), 4),
    }


def main() -> None:
    """Count as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--read", type=Path, nargs="+", required=True, help="folders of sets and scans")
    parser.add_argument("--write", action="store_true", help="make them the table that is shipped")
    asked = parser.parse_args()
    told = list(read(asked.read))
    if asked.write:
        kinds = count_kinds(told)
        lines = ",\n".join(f'  "{key}": [{n}, {right}]' for key, (n, right) in kinds.items())
        TABLE.write_text('{\n "kinds": {\n' + lines + "\n }\n}\n", "utf-8")
        fuse.read_trust.cache_clear()
    table = dict(fuse.read_trust())
    for source in ("all", *sorted({one.source for one in told})):
        own = [one for one in told if source in ("all", one.source)]
        print(json.dumps(row(source, own, table)))


if __name__ == "__main__":
    main()
