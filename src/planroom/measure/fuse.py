"""How far a count or an area can be trusted: what every channel says of it, and how often such numbers were right.

Channels that know nothing of each other (lines, pixels, tags, labels, the printed area) are held together. How often a
number is right that comes from the same source, and of which they say the same, was counted on drawn sheets of styles
that nothing was fitted to: `tables/trust.json`, written by `training/understanding/trust.py`. Where channels differ the
number is an estimate, and the sheet bears a finding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from planroom.records import CHANNEL_WORDS, Element, Finding, Quantity, Sheet

PRINTED_OFF: Final = 0.05  # measured and printed area further apart are not the same room's
WIDER: Final = 6.0  # as many numbers as this the wider kind counts for
FEWEST: Final = 10  # numbers that must have been counted of a kind
MOST: Final = 0.99  # no table knows how the next office draws
_TENTHS: Final = 10
_TOLD: Final = 0.5  # of the rooms, on a sheet like those that were counted on
UNSURE: Final = 0.7  # of an element
COUNTED: Final = ("door", "window", "opening", "room", "bedroom", "toilet")
VIEWS: Final = ("general", "enlarged", "ceiling", "demolition")
Table = Mapping[str, tuple[int, int]]


class Trust(NamedTuple):
    """confidence: the chance that a count is exact, an area within two per cent; None where such numbers were never
    counted. said: by channel.
    """

    confidence: float | None
    said: dict[str, float]


def made_of(sheet: Sheet) -> str:
    """What its elements come from: "model", "vectors", "traced" or "seen"."""
    sources = {source.partition(":")[0] for element in sheet.elements for source in element.sources}
    if "VisionDecoder" in sources:
        return "seen"
    return "traced" if "pixels" in sources else "model" if "ifc" in sources else "vectors"


def trust_count(sheet: Sheet, kind: str, value: float, table: Table | None = None) -> Trust:
    """How far the count `value` of a kind can be trusted. table: instead of the shipped one."""
    said = {channel: float(counts[kind]) for channel, counts in sheet.channels.items() if kind in counts}
    return Trust(share_of(count_keys(sheet, kind, value, said), table), said)


def trust_area(sheet: Sheet, room: Element, value_m2: float, table: Table | None = None) -> Trust:
    """How far a room's floor area can be trusted."""
    printed = room.stated.get("area_m2")
    said = {"geometry": value_m2} | ({"text": printed} if printed else {})
    return Trust(share_of(area_keys(sheet, room, value_m2), table), said)


def count_keys(sheet: Sheet, kind: str, value: float, said: Mapping[str, float]) -> list[str]:
    """What a count is like, the narrowest first. What is not seen goes by how surely it is."""
    source, agree = _source(sheet), _agreement(said, value)
    chance = sheet.chances.get(kind)
    if chance is not None:
        tenth = min(int(chance * _TENTHS), _TENTHS - 1)
        return [f"{source} {kind} {tenth}", f"{source} {tenth}", f"{source} {kind}"]
    doubtful = " doubtful" if any(e.kind == kind and e.confidence < UNSURE for e in sheet.elements) else ""
    return [f"{source}{doubtful} {kind} {agree}", f"{source}{doubtful} {kind}"]


def area_keys(sheet: Sheet, room: Element, value_m2: float) -> list[str]:
    """What a room's area is like, the narrowest first."""
    printed = room.stated.get("area_m2")
    word = "alone" if not printed else "agree" if abs(printed / value_m2 - 1) <= PRINTED_OFF else "differ"
    source = _source(sheet)
    state = sheet.scale.state if sheet.scale else "withheld"
    shared = " shared" if room.traits.get("also") else ""
    named = "" if room.traits.get("name") else " unnamed"
    return [f"{source} area {state} {word}{named}{shared}", f"{source} area {state} {word}", f"{source} area {state}"]


def _source(sheet: Sheet) -> str:
    """What the sheet is made of, and whether it is like those that were counted on: a floor plan whose rooms say what
    they are. Of others nothing is known.
    """
    source = made_of(sheet)
    rooms = [e for e in sheet.elements if e.kind == "room"]
    told = sum(bool(room.traits.get("use")) for room in rooms)
    is_like = source == "seen" or (sheet.view in VIEWS and bool(rooms) and told >= _TOLD * len(rooms))
    return source if is_like else f"{source} unlike"


def _agreement(said: Mapping[str, float], value: float) -> str:
    if len(said) < 2:
        return "alone"
    return "agree" if all(one == value for one in said.values()) else "differ"


def share_of(keys: list[str], table: Table | None = None) -> float | None:
    """The share of right numbers of a kind, its keys from the narrowest to the widest: the fewer were counted of a
    kind, the more the wider one speaks for it. None where hardly any were counted of the widest; never above MOST.
    """
    known = read_trust() if table is None else table
    if known.get(keys[-1], (0, 0))[0] < FEWEST:
        return None
    share = 0.5
    for key in reversed(keys):
        n, right = known.get(key, (0, 0))
        share = (right + WIDER * share) / (n + WIDER)
    return min(MOST, share)


@cache
def read_trust() -> Table:
    """How many numbers of each kind were told on drawn sheets, and how many of them were right."""
    held = json.loads(files("planroom.measure").joinpath("tables/trust.json").read_text("utf-8"))
    return {key: (int(n), int(right)) for key, (n, right) in held["kinds"].items()}


def witnesses_against(said: Mapping[str, float], value: float) -> dict[str, float]:
    """What tags and labels say, where that is another number: what a person would count by."""
    return {channel: number for channel, number in said.items() if number != value and channel in ("tags", "text")}


def in_words(said: Mapping[str, float]) -> str:
    """Counts by the channel that says them: "tags say 9"."""
    return ", ".join(f"{CHANNEL_WORDS[channel]} say {number:.0f}" for channel, number in said.items())


def find_differences(quantities: list[Quantity]) -> Iterator[Finding]:
    """A finding for each count of a sheet of which its tags or labels say something else."""
    for one in quantities:
        if one.measure != "count" or one.sheet is None or one.value is None:
            continue
        against = witnesses_against(one.channels, one.value)
        if against:
            message = f"{one.item}: {one.value:.0f} are drawn, {in_words(against)}"
            yield Finding("count-differs", "warning", one.sheet, None, message, list(one.sources))
