"""Mistakes to plant in a set, each as what to draw instead and what it says in the truth."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import Final

from planroom.example.dimensions import Dimension, outer_strings
from planroom.example.house import House, Opening, Room, Storey, gap, room_shape
from planroom.example.schedules import tagged
from planroom.example.truth import Mistake
from planroom.example.variants import Variant
from planroom.units import INCH_M

# more than rounding makes of a few numbers, in what each style writes
_SLIP_M: Final = {"mm": 0.015, "m": 0.03, "ft": INCH_M}


@dataclass(slots=True)
class Errata:
    """What to print wrongly, by the true sheet number, mark or room; `mistakes` is the same for the truth."""

    scales: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    dimensions: dict[str, dict[int, str]] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)
    missing_rows: set[str] = field(default_factory=set)
    row_widths: dict[str, float] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def with_mistakes(house: House, variant: Variant, other_view: str, seed: int = 0) -> tuple[House, Errata]:
    """The house and what to print wrongly about it; `other_view` is the number of the ceiling or demolition plan."""
    rng, words, errata = random.Random(seed), variant.words, Errata()
    house = _without_a_door(house, errata)

    def note(kind: str, sheet: str, subject: str, printed: str, true: str) -> None:
        errata.mistakes.append(Mistake(kind, sheet, subject, printed, true))

    enlarged = words.scale(variant.scales.enlarged)
    errata.scales["A-111"] = ""
    note("scale missing", "A-111", "scale", "", enlarged)
    # half or double: as half-size and enlarged prints would show it, which must not pass for one another
    plan = variant.scales.plan
    right, wrong = words.scale(plan), words.scale(plan * 2 if random.Random(variant.name).random() < 0.5 else plan // 2)
    errata.scales[other_view] = wrong
    note("scale contradicts dimensions", other_view, "scale", wrong, right)

    strings = list(outer_strings(house.storeys[0].kept(), 1.0, 2.0))
    index = rng.choice([i for i, d in enumerate(strings) if d.value_m > 1.5])
    text = words.length(strings[index].value_m + 0.3)
    errata.dimensions["A-101"] = {index: text}
    note("dimension wrong", "A-101", f"dimension {index}", text, words.length(strings[index].value_m))
    slipped = _in_another_chain(strings, index)
    if slipped is not None:  # hardly to be seen on the line itself
        value_m = strings[slipped].value_m
        text = words.length(value_m + _SLIP_M[variant.lengths])
        errata.dimensions["A-101"][slipped] = text
        note("dimensions do not add up", "A-101", f"dimension {slipped}", text, words.length(value_m))

    doors = [o for _, o in tagged(house) if o.kind == "door"]
    gone, wide = rng.sample(doors, 2)
    errata.missing_rows.add(gone.tag)
    note("mark missing from schedule", "A-601", gone.tag, "", gone.tag)
    errata.row_widths[wide.tag] = wide.width_m + 0.125
    printed, true = words.length(wide.width_m + 0.125), words.length(wide.width_m)
    note("schedule width differs from plan", "A-601", wide.tag, printed, true)

    errata.numbers["A-601"] = "A-301"
    note("sheet number used twice", "A-601", "number", "A-301", "A-601")

    storey = house.storeys[0].kept()
    room = rng.choice(storey.rooms)
    area_m2 = room_shape(storey, room).area
    errata.areas[room.number] = words.area(area_m2 * 1.17)
    note("room area wrong", "A-101", room.number, words.area(area_m2 * 1.17), words.area(area_m2))
    return house, errata


def _in_another_chain(strings: list[Dimension], index: int) -> int | None:
    """The longest of the shortest chain that neither holds the string at `index` nor stands beside it; None where there
    is none.
    """
    chains: list[list[int]] = []
    for _, group in groupby(range(len(strings)), key=lambda k: (strings[k].level, strings[k].base)):
        chains.append(list(group))
    free = [one for one, over in pairwise(chains) if len(one) > 1 and index not in (*one, *over)]
    if not free:
        return None
    shortest = sorted(free, key=len)[0]
    return max(shortest, key=lambda k: strings[k].value_m)


def _without_a_door(house: House, errata: Errata) -> House:
    """The house without the only door of one room of its top storey."""
    top = house.storeys[-1]
    room, door = _only_door(top, top.rooms)
    sheet = f"A-10{len(house.storeys)}"
    errata.mistakes.append(Mistake("room without door", sheet, room.number, "", door.id))
    bricked = replace(top, openings=tuple(o for o in top.openings if o is not door))
    return replace(house, storeys=(*house.storeys[:-1], bricked))


def _only_door(storey: Storey, rooms: Sequence[Room]) -> tuple[Room, Opening]:
    """The last room that exactly one door or passage leads to, and that door. Raises ValueError without one."""
    for room in reversed(rooms):
        shape = room_shape(storey, room).buffer(0.01)
        ways = [o for o in storey.kept().openings if o.kind != "window" and shape.intersects(gap(storey, o))]
        if len(ways) == 1:
            return room, ways[0]
    raise ValueError(f"no room of storey {storey.name} has a single door")
