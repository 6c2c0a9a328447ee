"""The looks that a house is drawn in: pens, poché, symbols, words, scale and what the sheet carries, by a seed."""

from __future__ import annotations

import random
from typing import Final, Literal, NamedTuple

from planroom.example.canvas import Pen

Language = Literal["en", "de", "fr"]

_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "plan": ("{} PLAN", "GRUNDRISS {}", "PLAN {}"),
    "-1": ("BASEMENT", "KELLERGESCHOSS", "SOUS-SOL"),
    "0": ("GROUND FLOOR", "ERDGESCHOSS", "REZ-DE-CHAUSSÉE"),
    "1": ("FIRST FLOOR", "OBERGESCHOSS", "ÉTAGE 1"),
    "2": ("SECOND FLOOR", "2. OBERGESCHOSS", "ÉTAGE 2"),
    "project": ("PROJECT", "BAUVORHABEN", "PROJET"),
    "title": ("DRAWING", "PLANINHALT", "DESSIN"),
    "scale": ("SCALE", "MASSSTAB", "ÉCHELLE"),
    "date": ("DATE", "DATUM", "DATE"),
    "number": ("DRAWING NO.", "PLAN-NR.", "PLAN N°"),
    "up": ("UP", "AUF", "HAUT"),
}


class Style(NamedTuple):
    """One look. walls: what cut walls are filled with; "each" fills nothing and outlines every type of wall by itself.

    windows: "cut" draws the frame as the section cuts it, "lines" its box with a line or two of glass, "glass" the
    glass alone. frames: doors stand in frames. sills: what is beneath a window is seen. sills of doors: `thresholds`.
    """

    language: Language
    ratio: int
    walls: Literal["lines", "solid", "grey", "hatch", "each"]
    doors: Literal["line", "leaf"]
    windows: Literal["cut", "lines", "glass"]
    frames: bool
    thresholds: bool
    areas: bool
    furniture: bool
    bar: bool
    lengths: Literal["m", "cm", "mm"]
    open_deg: float
    heavy_mm: float
    thin_mm: float
    block: Literal["corner", "strip"]

    def word(self, key: str) -> str:
        """A word in the style's language."""
        return _WORDS[key][("en", "de", "fr").index(self.language)] if key in _WORDS else key

    def length(self, value_m: float) -> str:
        """A dimension as it is written."""
        if self.lengths == "mm":
            return f"{value_m * 1000:.0f}"
        return self._local(f"{value_m:.3f}".removesuffix("0") if self.lengths == "m" else f"{value_m * 100:.1f}")

    def area(self, value_m2: float) -> str:
        """An area as it stands in a room."""
        return self._local(f"{value_m2:.2f}") + " m²"

    def _local(self, number: str) -> str:
        return number if self.language == "en" else number.replace(".", ",")

    @property
    def heavy(self) -> Pen:
        """What is cut."""
        return Pen("", self.heavy_mm)

    @property
    def thin(self) -> Pen:
        """What is seen."""
        return Pen("", self.thin_mm)

    @property
    def middle(self) -> Pen:
        """Leaves, frames and glass."""
        return Pen("", max(self.thin_mm, 0.5 * self.heavy_mm))

    @property
    def dashed(self) -> Pen:
        """What is above the cut."""
        return Pen("", self.thin_mm, dash_mm=(2.0, 1.2))


def style_of(seed: int) -> Style:
    """The look of a seed: the first ones go through all kinds of walls, windows and doors; chance adds the rest."""
    rng = random.Random(seed)
    walls: tuple[Literal["lines", "solid", "grey", "hatch", "each"], ...] = ("lines", "hatch", "solid", "each", "grey")
    windows: tuple[Literal["cut", "lines", "glass"], ...] = ("lines", "cut", "glass")
    language: Language = rng.choice(("en", "de", "fr"))
    return Style(
        language=language,
        ratio=rng.choice((50, 100)),
        walls=walls[seed % len(walls)],
        doors="leaf" if (seed + seed // 5) % 2 else "line",
        windows=windows[seed % len(windows)],
        frames=rng.random() < 0.5,
        thresholds=rng.random() < 0.6,
        areas=rng.random() < 0.6,
        furniture=rng.random() < 0.7,
        bar=rng.random() < 0.5,
        lengths="mm" if language == "en" else rng.choice(("m", "cm")),
        open_deg=rng.choice((90.0, 90.0, 90.0, 45.0)),
        heavy_mm=rng.choice((0.35, 0.5, 0.7)),
        thin_mm=rng.choice((0.13, 0.18)),
        block=rng.choice(("corner", "strip")),
    )
