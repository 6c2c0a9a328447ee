"""The ways in which the example can be drawn, as data."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from planroom.example.house import House, Point
from planroom.example.layouts import LAYOUTS, Layout
from planroom.example.transform import in_inches, transformed
from planroom.example.words import Language, LengthStyle, Words

WallStyle = Literal["lines", "solid", "grey", "hatch"]
DoorStyle = Literal["line", "leaf", "half"]
WindowStyle = Literal["2-line", "3-line", "frame"]
Marks = Literal["instance", "type"]
TableRules = Literal["grid", "level", "upright", "open", "none"]
Paper = Literal["A1", "A2", "A3", "ARCH D", "TABLOID"]

# width and height in millimetres, factor on text and title block
PAPERS: Final[dict[Paper, tuple[float, float, float]]] = {
    "A1": (841.0, 594.0, 1.0),
    "A2": (594.0, 420.0, 0.9),
    "A3": (420.0, 297.0, 0.75),
    "ARCH D": (914.4, 609.6, 1.0),
    "TABLOID": (431.8, 279.4, 0.75),
}


@dataclass(frozen=True, slots=True)
class Scales:
    """The ratios of one paper: floor plans, enlarged plan, elevations, site."""

    plan: int
    enlarged: int
    elevation: int
    site: int


_SCALES: Final[dict[Paper, Scales]] = {
    "A1": Scales(50, 20, 100, 200),
    "A2": Scales(50, 25, 100, 200),
    "A3": Scales(100, 50, 100, 200),
    "ARCH D": Scales(48, 24, 96, 240),
    "TABLOID": Scales(96, 48, 96, 240),
}


@dataclass(frozen=True, slots=True)
class TableStyle:
    """How tables are drawn. rules: the whole grid, its level or its upright lines alone, no more than the
    head's, or none.

    sizes_grouped: width and height under one head. title_inside: the title is the grid's first row. remarks: some, one
    of them long. finishes: the rooms have a table too.
    """

    rules: TableRules = "grid"
    head_filled: bool = False
    row_mm: float = 7.0
    centred: bool = False
    sizes_grouped: bool = False
    title_inside: bool = False
    remarks: bool = False
    finishes: bool = False

    @property
    def rows_ruled(self) -> bool:
        """Whether a line parts each row from the next."""
        return self.rules in ("grid", "level")

    @property
    def columns_ruled(self) -> bool:
        """Whether a line parts each column from the next."""
        return self.rules in ("grid", "upright")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to draw the set. jitter: the seed that stretches rooms, None for the layout's own sizes.

    marks, door_marks: windows and doors are numbered one by one ("instance") or by their type and size ("type"). arcs:
    as curves or as short lines.
    """

    name: str
    language: Language = "en"
    units: Literal["metric", "imperial"] = "metric"
    lengths: LengthStyle = "mm"
    layout: Layout = "house"
    paper: Paper = "A1"
    walls: WallStyle = "lines"
    doors: DoorStyle = "line"
    windows: WindowStyle = "3-line"
    marks: Marks = "instance"
    door_marks: Marks = "instance"
    arcs: Literal["curve", "lines"] = "curve"
    door_blocks: bool = False
    colour: bool = False
    furniture: bool = True
    mirrored: bool = False
    turned: bool = False
    jitter: int | None = None
    tables: TableStyle = TableStyle()

    @property
    def scales(self) -> Scales:
        """The ratios that the paper asks for."""
        return _SCALES[self.paper]

    @property
    def words(self) -> Words:
        """The variant's words and number formats."""
        return Words(self.language, self.units, self.lengths)

    def house(self) -> House:
        """The house as this variant draws it: stretched, mirrored, turned."""
        house = LAYOUTS[self.layout]()
        if self.jitter is not None:
            house = _stretched(house, random.Random(self.jitter))
        if self.units == "imperial":
            house = in_inches(house)
        width_m = max(x for s in house.storeys for w in s.walls for x in (w.start[0], w.end[0]))
        if self.mirrored:
            house = transformed(house, lambda p: (round(width_m - p[0], 6), p[1]), mirrored=True, turn_deg=0.0)
        if self.turned:
            house = transformed(house, lambda p: (-p[1], p[0]), mirrored=False, turn_deg=90.0)
        return house


def _stretched(house: House, rng: random.Random) -> House:
    """The house with each bay between two wall axes up to 12 % wider, to the centimetre; openings keep their size."""
    axes: list[list[float]] = []
    for axis in (0, 1):
        values = {p[axis] for s in house.storeys for w in s.walls for p in (w.start, w.end)}
        axes.append(sorted(values))
    moved = [[line[0]] for line in axes]
    for line, new in zip(axes, moved, strict=True):
        for low, high in pairwise(line):
            new.append(round(new[-1] + (high - low) * rng.uniform(1.0, 1.12), 2))

    def move(point: Point) -> Point:
        return _mapped(point[0], axes[0], moved[0]), _mapped(point[1], axes[1], moved[1])

    return transformed(house, move, mirrored=False, turn_deg=0.0)


def _mapped(value: float, old: Sequence[float], new: Sequence[float]) -> float:
    """`value` carried from the stations `old` to `new`, rounded to 5 mm between them."""
    for index, (low, high) in enumerate(pairwise(old)):
        if value <= high:
            part = (value - low) / (high - low)
            exact = new[index] + part * (new[index + 1] - new[index])
            return exact if value in (low, high) else round(exact * 200) / 200
    return new[-1] + value - old[-1]


VARIANTS: Final[tuple[Variant, ...]] = (
    Variant("base"),
    Variant(
        "base-a3",
        paper="A3",
        walls="solid",
        windows="frame",
        doors="leaf",
        tables=TableStyle(head_filled=True, row_mm=5.5, finishes=True),
    ),
    Variant(
        "imperial",
        units="imperial",
        lengths="ft",
        paper="ARCH D",
        windows="2-line",
        doors="leaf",
        marks="type",
        arcs="lines",
        door_blocks=True,
        tables=TableStyle("level", centred=True, remarks=True),
    ),
    Variant(
        "imperial-tabloid",
        units="imperial",
        lengths="ft",
        paper="TABLOID",
        walls="solid",
        mirrored=True,
        tables=TableStyle(title_inside=True, remarks=True),
    ),
    Variant(
        "german",
        language="de",
        paper="A2",
        lengths="m",
        walls="hatch",
        windows="frame",
        doors="line",
        colour=True,
        tables=TableStyle(sizes_grouped=True, finishes=True),
    ),
    Variant(
        "french",
        language="fr",
        lengths="m",
        paper="A3",
        walls="grey",
        doors="leaf",
        mirrored=True,
        tables=TableStyle("open", remarks=True),
    ),
    Variant(
        "spanish",
        language="es",
        lengths="m",
        walls="hatch",
        windows="2-line",
        turned=True,
        door_blocks=True,
        tables=TableStyle("level", head_filled=True, row_mm=9.0),
    ),
    Variant(
        "bungalow",
        layout="bungalow",
        paper="A2",
        walls="grey",
        doors="half",
        windows="frame",
        marks="type",
        door_marks="type",
        tables=TableStyle(centred=True, sizes_grouped=True, title_inside=True),
    ),
    Variant(
        "bungalow-german",
        language="de",
        lengths="m",
        layout="bungalow",
        paper="A3",
        walls="solid",
        turned=True,
        tables=TableStyle("upright", remarks=True, finishes=True),
    ),
    Variant(
        "conversion",
        layout="conversion",
        paper="A2",
        walls="solid",
        doors="leaf",
        tables=TableStyle("open", head_filled=True, finishes=True),
    ),
    Variant(
        "conversion-german",
        language="de",
        lengths="m",
        layout="conversion",
        walls="hatch",
        colour=True,
        tables=TableStyle("none", remarks=True),
    ),
)


def random_variant(seed: int) -> Variant:
    """A variant picked from the tables by `seed`, with stretched rooms; the same seed gives the same variant."""
    rng = random.Random(seed)
    imperial = rng.random() < 0.3
    metric_papers: tuple[Paper, ...] = ("A1", "A2", "A3")
    imperial_papers: tuple[Paper, ...] = ("ARCH D", "TABLOID")
    languages: tuple[Language, ...] = ("en", "de", "fr", "es")
    metric_lengths: tuple[LengthStyle, ...] = ("mm", "m")
    walls: tuple[WallStyle, ...] = ("lines", "solid", "grey", "hatch")
    doors: tuple[DoorStyle, ...] = ("line", "leaf", "half")
    windows: tuple[WindowStyle, ...] = ("2-line", "3-line", "frame")
    rules: tuple[TableRules, ...] = ("grid", "grid", "level", "upright", "open", "none")
    pick: Callable[[], bool] = lambda: rng.random() < 0.5  # noqa: E731 - a coin
    base = Variant(
        f"random-{seed}",
        units="imperial" if imperial else "metric",
        lengths="ft" if imperial else rng.choice(metric_lengths),
        language="en" if imperial else rng.choice(languages),
        paper=rng.choice(imperial_papers if imperial else metric_papers),
        layout=rng.choice(tuple(LAYOUTS)),
        jitter=seed,
    )
    return replace(
        base,
        walls=rng.choice(walls),
        doors=rng.choice(doors),
        windows=rng.choice(windows),
        marks=rng.choice(("instance", "type")),
        arcs=rng.choice(("curve", "lines")),
        door_blocks=pick(),
        colour=pick(),
        furniture=pick(),
        mirrored=pick(),
        turned=pick() and base.paper != "A2",  # upright, the stretched house is too high for it
        door_marks=rng.choice(("instance", "type")),
        tables=TableStyle(
            rules=rng.choice(rules),
            head_filled=pick(),
            row_mm=rng.choice((5.5, 6.0, 7.0, 9.0)),
            centred=pick(),
            sizes_grouped=pick(),
            title_inside=pick(),
            remarks=pick(),
            finishes=pick(),
        ),
    )
