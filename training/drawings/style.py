"""How one sheet is drawn: line weights, wall fills, door and window symbols, lettering; chosen once for each sheet."""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from .board import Ink
from .looks import DoorLook, WallLook, WindowLook, door_look, told_apart, wall_looks, window_look
from .openings import Habits
from .walling import Thickness


class Style(NamedTuple):
    """Everything that one sheet has in common."""

    px_per_m: float
    thickness: Thickness
    habits: Habits
    outer: WallLook
    inner: WallLook
    door: DoorLook
    window: WindowLook
    thin: Ink
    wall_ink: Ink
    symbols: Ink
    text_ink: Ink
    furnished: float
    """Share of the usual furniture that is drawn."""
    furniture_fill: int
    language: str
    lettering: str
    """sans, narrow, serif, bold, mono, stroke, hand."""
    text_m: float
    """Height of a room's name, metres on the ground."""
    capitals: bool
    dimensions: float
    """How much is dimensioned, 0 to 1."""
    tags: float
    tiles: float
    """Chance that a wet room's floor is tiled, a terrace's paved."""
    joints: bool
    """Whether each wall is outlined by itself, so that lines cross where walls meet."""
    overshoot: float
    """Metres by which the lines of walls cross at corners, as by hand."""
    caps: bool
    """Whether the faces of a wall are joined across its ends at a window."""
    manner: int
    """Seeds what all plans of the sheet have in common besides: how lengths are written, what tags look like."""
    mixed: float
    """Chance that a single symbol is drawn in another way than the rest."""

    def habitual(self) -> random.Random:
        """Random choices that come out alike for each plan of the sheet."""
        return random.Random(self.manner)


THICKNESSES = {"outer": (0.08, 0.55), "inner": (0.06, 0.18)}


def choose_style(rng: random.Random, px_per_m: float) -> Style:
    """A style for one sheet at this scale."""
    grey_base = rng.choice((0, 0, 0, 0, 20, 60, 90, 130))
    thin = weight(rng, px_per_m, 0.012, grey_base + rng.choice((0, 0, 0, 40)))
    heavy = Ink(grey_base, max(thin.width_px, thin.width_px * rng.choice((1, 1, 1.5, 2, 3))))
    light = thin.lighter(min(190, grey_base + rng.choice((0, 0, 0, 60, 110, 140))))
    outer, inner = wall_looks(rng, grey_base)
    caps = rng.random() < 0.85
    return Style(
        px_per_m=px_per_m,
        thickness=thicknesses(rng),
        habits=habits(rng),
        outer=outer,
        inner=inner,
        door=door_look(rng, grey_base),
        window=told_apart(window_look(rng), outer, caps),
        thin=thin,
        wall_ink=heavy,
        symbols=light,
        text_ink=Ink(rng.choice((0, 0, grey_base, min(150, grey_base + 60))), max(1.0, thin.width_px)),
        furnished=rng.choice((0.0, 0.15, 0.5, 0.9, 1.0)),
        furniture_fill=rng.choice((255, 255, 255, 255, 255, 255, 240, 225, 200)),
        language=rng.choice(("en", "en", "us", "us", "fr", "fr", "fi", "fi", "fi", "de", "es", "it", "sv", "pl", "nl")),
        lettering=rng.choice(("sans", "sans", "sans", "narrow", "serif", "bold", "mono", "stroke", "stroke", "hand")),
        text_m=rng.choice((0.16, 0.2, 0.25, 0.25, 0.3, 0.4)),
        capitals=rng.random() < 0.55,
        dimensions=rng.choice((0.0, 0.2, 0.6, 1.0)),
        tags=rng.choice((0.0, 0.0, 0.0, 0.6, 1.0)),
        tiles=rng.choice((0.0, 0.0, 0.2, 0.6)),
        joints=rng.random() < 0.08,
        caps=caps,
        overshoot=rng.choice((0.0,) * 14 + (0.04, 0.08)),
        manner=rng.randrange(1 << 30),
        mixed=rng.choice((0.02, 0.1, 0.25)),
    )


def weight(rng: random.Random, px_per_m: float, metres: float, grey: int) -> Ink:
    """A line weight: as wide as on paper, or one pixel as on a screen."""
    if rng.random() < 0.4:
        return Ink(min(grey, 200), 1.0)
    return Ink(min(grey, 200), min(4.0, max(0.45, px_per_m * metres * math.exp(rng.gauss(0.15, 0.35)))))


def thicknesses(rng: random.Random) -> Thickness:
    """Walls of one building; the outer ones at least as thick as the inner ones."""
    low, high = THICKNESSES["inner"]
    inner = low * (high / low) ** rng.random()
    low, high = THICKNESSES["outer"]
    outer = max(inner, low * (high / low) ** (rng.random() ** 0.8))
    if rng.random() < 0.2:
        outer = inner = min(outer, 0.2)
    middle = inner + (outer - inner) * rng.choice((0.0, 0.4, 1.0))
    return Thickness(outer, inner, max(inner, middle), max(inner, middle), rng.choice((0.05, 0.08, 0.1, inner)))


def habits(rng: random.Random) -> Habits:
    """What the doors and windows of one building are mostly like."""
    return Habits(
        leaf=rng.choice((0.92, 1.0, 1.0, 1.08)),
        cased=rng.choice((0.02, 0.1, 0.3)),
        sliding=rng.choice((0.01, 0.03, 0.1)),
        double=rng.choice((0.02, 0.06, 0.15)),
        folding=rng.choice((0.3, 0.8, 2.0)),
        outward=rng.choice((0.0, 0.1, 0.5, 0.9)),
        at_corner=rng.choice((0.5, 0.75, 0.95)),
        glazing=rng.choice((0.8, 1.0, 1.0, 1.3, 2.0)),
        blind=rng.choice((0.0, 0.1, 0.3)),
        sidelight=rng.choice((0.02, 0.1, 0.4)),
        open_closets=rng.choice((0.03, 0.03, 0.03, 0.5)),
    )
