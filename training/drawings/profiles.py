"""What usually goes together: sheets of estate agents, of Finnish, French, American and Spanish offices."""

from __future__ import annotations

import random
from collections.abc import Callable

from .board import Ink
from .looks import WallLook, told_apart
from .style import Style
from .walling import Thickness

SOLID = WallLook(0, False, "none", 0.1, ())
HOLLOW = WallLook(None, True, "none", 0.1, ())
FACES = (-0.5, 0.5)
THIRD = (-0.5, 0.0, 0.5)
FOUR = (-0.5, -0.12, 0.12, 0.5)
FIVE = (-0.5, -0.25, 0.0, 0.25, 0.5)


def agent(rng: random.Random, style: Style) -> Style:
    """A seller's plan: black walls, thick ones outside, few lines, large names, hardly any dimensions."""
    outer = rng.uniform(0.15, 0.5)
    return style._replace(
        thickness=Thickness(outer, rng.uniform(0.08, 0.16), outer * rng.choice((0.5, 1.0)), outer, 0.06),
        outer=SOLID._replace(fill=rng.choice((0, 0, 0, 40, 80))),
        inner=SOLID._replace(fill=rng.choice((0, 0, 0, 40, 80))),
        door=style.door._replace(
            leaf=rng.choice(("line", "line", "slab")), arc="solid", grey=0, arc_grey=0, jamb="none"
        ),
        window=style.window._replace(lines=rng.choice((FACES, THIRD, FOUR)), sash="none", heavy=1.0),
        thin=Ink(0, max(0.7, min(2.0, style.thin.width_px))),
        furnished=rng.choice((0.0, 0.1, 0.4)),
        language=rng.choice(("en", "en", "us", "de", "nl")),
        lettering=rng.choice(("sans", "bold", "sans", "serif")),
        text_m=rng.choice((0.25, 0.3, 0.4)),
        dimensions=rng.choice((0.0, 0.0, 0.2)),
        tags=0.0,
        joints=False,
        overshoot=0.0,
    )


def finnish(rng: random.Random, style: Style) -> Style:
    """Layered outer walls with their insulation, windows in several lines, numbered openings, small names."""
    depth = rng.uniform(0.15, 0.35)
    hatch = rng.choice(("zigzag", "cross", "ladder", "zigzag", "coil", "diagonal"))
    layers: tuple[float, ...] = rng.choice(((), (depth, 0.9), (depth, 1.0)))
    outer = WallLook(None, True, hatch, rng.choice((0.06, 0.1, 0.14)), layers, rng.random() < 0.4)
    inner = rng.choice((HOLLOW, HOLLOW._replace(hatch="ladder"), HOLLOW._replace(hatch="diagonal"), SOLID))
    return style._replace(
        thickness=Thickness(rng.uniform(0.22, 0.45), rng.uniform(0.07, 0.14), 0.14, rng.uniform(0.14, 0.3), 0.1),
        outer=outer,
        inner=inner,
        door=style.door._replace(
            leaf=rng.choice(("line", "line", "slab")), hinge="face", series=rng.choice((0.0, 0.0, 0.5))
        ),
        window=style.window._replace(
            lines=rng.choice((FIVE, THIRD, (-0.5, -0.16, 0.16, 0.5), (-0.5, 0.1, 0.35, 0.5))),
            frame=rng.choice(("box", "box", "wide", "line")),
            sash=rng.choice(("none", "none", "none", "arc", "both")),
            vent=rng.choice((0.0, 0.0, 0.5, 0.9)),
        ),
        habits=style.habits._replace(outward=0.9, sidelight=0.4),
        language=rng.choice(("fi", "fi", "fi", "sv")),
        lettering=rng.choice(("stroke", "sans", "narrow", "hand")),
        text_m=rng.choice((0.16, 0.2, 0.25)),
        tags=rng.choice((0.6, 1.0, 0.0)),
        furnished=rng.choice((0.15, 0.5)),
    )


def french(rng: random.Random, style: Style) -> Style:
    """Very thick outer walls beside thin black partitions, thin leaves, casements drawn open."""
    hatched = WallLook(None, True, "diagonal", rng.choice((0.08, 0.12)), (0.0, rng.uniform(0.6, 0.8)))
    wide = rng.random() < 0.25
    """Glazed doors drawn as windows, open as far as doors; what tells them are the shutters and the glass."""
    return style._replace(
        thickness=Thickness(rng.uniform(0.28, 0.45), rng.uniform(0.06, 0.1), rng.uniform(0.1, 0.25), 0.25, 0.1),
        outer=rng.choice((SOLID, SOLID, hatched)),
        inner=rng.choice((SOLID, SOLID, HOLLOW)),
        door=style.door._replace(leaf="slab", angle=rng.choice((90.0, 90.0, 75.0)), arc="solid", hinge="face"),
        window=style.window._replace(
            lines=rng.choice((FACES, (-0.5, -0.2, 0.5), (-0.1, 0.5))),
            sill=rng.choice((0.0, 0.05, 0.08)),
            sash=rng.choice(("none", "leaf", "both", "both")),
            ajar=rng.choice((60.0, 75.0, 90.0) if wide else (20.0, 30.0, 45.0)),
            reach=rng.choice((0.6, 1.0, 1.0)),
            shutters=wide or rng.random() < 0.3,
        ),
        language="fr",
        lettering=rng.choice(("sans", "narrow", "sans")),
        capitals=rng.random() < 0.8,
        tags=0.0,
    )


def american(rng: random.Random, style: Style) -> Style:
    """Wood frames: walls nearly alike, dark or hollow; closets with folding doors; furniture in light lines."""
    wall = rng.choice((SOLID, SOLID._replace(fill=rng.choice((60, 80, 110)), outline=True), HOLLOW))
    return style._replace(
        thickness=Thickness(rng.uniform(0.13, 0.2), rng.uniform(0.09, 0.13), 0.13, 0.2, 0.09),
        outer=wall,
        inner=wall,
        door=style.door._replace(
            leaf=rng.choice(("line", "slab", "bar")),
            angle=rng.choice((90.0, 90.0, 45.0, 30.0)),
            arc_grey=rng.choice((0, 0, 120)),
        ),
        window=style.window._replace(
            lines=rng.choice((FACES, THIRD, (-0.5, -0.1, 0.1, 0.5))),
            proud=rng.choice(((0.0, 0.0), (0.03, 0.03), (0.0, 0.05), (0.05, 0.05))),
            sash="none",
        ),
        habits=style.habits._replace(folding=rng.choice((0.5, 1.5)), outward=0.0),
        language="us",
        lettering=rng.choice(("sans", "bold", "stroke", "hand", "narrow")),
        capitals=rng.random() < 0.85,
        furnished=rng.choice((0.15, 0.5, 0.9)),
        symbols=style.symbols.lighter(rng.choice((0, 80, 140))),
    )


def office(rng: random.Random, style: Style) -> Style:
    """A CAD office's sheet: hollow walls in thin lines, all furniture, chains of dimensions, tags."""
    return style._replace(
        outer=rng.choice((HOLLOW, HOLLOW, SOLID)),
        inner=rng.choice((HOLLOW, HOLLOW, SOLID)),
        window=style.window._replace(lines=rng.choice((THIRD, FOUR, (-0.3, 0.0, 0.3)))),
        language=rng.choice(("es", "es", "it", "en", "pl", "de")),
        furnished=rng.choice((0.5, 0.9, 1.0)),
        dimensions=rng.choice((0.6, 1.0)),
        tags=rng.choice((0.0, 1.0)),
    )


PROFILES: tuple[Callable[[random.Random, Style], Style], ...] = (
    agent,
    agent,
    finnish,
    finnish,
    french,
    american,
    american,
    office,
)


def with_profile(rng: random.Random, style: Style) -> Style:
    """The style as it is, or narrowed to what usually goes together."""
    if rng.random() >= 0.6:
        return style
    style = rng.choice(PROFILES)(rng, style)
    return style._replace(window=told_apart(style.window, style.outer, style.caps))
