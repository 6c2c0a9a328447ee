"""How walls, doors and windows may be drawn, each chosen at random."""

from __future__ import annotations

import random
from typing import NamedTuple

WINDOW_LINES = (
    (-0.5, 0.5),
    (-0.5, 0.5),
    (-0.5, 0.0, 0.5),
    (-0.5, 0.0, 0.5),
    (-0.5, -0.12, 0.12, 0.5),
    (-0.5, -0.16, 0.16, 0.5),
    (-0.12, 0.12),
    (-0.5, 0.2, 0.5),
    (-0.5, 0.1, 0.35, 0.5),
    (-0.3, 0.0, 0.3),
    (-0.5, -0.3, 0.0, 0.3, 0.5),
    (0.0,),
    (-0.2, 0.2),
    (-0.5, 0.3, 0.5),
)


class WallLook(NamedTuple):
    """How a wall's body is drawn."""

    fill: int | None
    """Grey inside, or None for paper."""
    outline: bool
    hatch: str
    """none, diagonal, cross, brick, ladder, zigzag, coil, dots, board."""
    pitch: float
    """Metres between the hatch's lines."""
    layers: tuple[float, ...]
    """Depths from the outer face, in parts of the thickness, of lines along the wall; the hatch lies between the
    first two if there are two."""
    facing: bool = False
    """Whether what lies outside the first layer is hatched too, as brick before insulation is."""


class DoorLook(NamedTuple):
    """How doors are drawn."""

    leaf: str
    """line, slab, bar (solid), none."""
    angle: float
    """How far the leaf stands open, degrees."""
    arc: str
    """solid, dashed, none, chord (a straight line from the leaf's tip to the jamb)."""
    hinge: str
    """Where the leaf hangs in the wall's depth: face, centre, far."""
    jamb: str
    """none, box, stub, post (wider than the wall is thick, half in it)."""
    sill: str
    """Lines across the opening: none, near, far, both, middle."""
    grey: int
    arc_grey: int
    closet_angle: float
    series: float
    """Chance that an outer door has a second leaf that opens to the other side."""


class WindowLook(NamedTuple):
    """How windows are drawn."""

    lines: tuple[float, ...]
    """Offsets of the lines along the window, in parts of the wall's thickness from its axis (-0.5 to 0.5)."""
    frame: str
    """What ends the window: none, line, box, wide, post (wider than the wall is thick, half in it)."""
    mullion: float
    """Metres between mullions, 0 for none."""
    sill: float
    """Metres by which a sill stands out of the outer face, 0 for none."""
    sash: str
    """none, arc, leaf, both: casements drawn open."""
    ajar: float
    """How far the casements stand open, degrees."""
    reach: float
    """The part of a casement's width that is drawn; 1 for all of it."""
    vent: float
    """Chance that a window opens with a narrow sash only, beside a fixed pane."""
    proud: tuple[float, float]
    """Metres by which the window's box stands out of the inner and the outer face."""
    heavy: float
    """Factor on the weight of one of the lines."""
    glass: int | None
    """Grey between the lines, or None."""
    shutters: bool


def wall_looks(rng: random.Random, grey: int) -> tuple[WallLook, WallLook]:
    """The looks of outer and inner walls, which mostly go together."""
    solid = WallLook(min(170, grey + rng.choice((0, 0, 0, 0, 60, 110))), rng.random() < 0.4, "none", 0.1, ())
    hollow = WallLook(None, True, "none", 0.1, ())
    filled = WallLook(rng.choice((120, 160, 190, 215)), True, "none", 0.1, ())
    kind = rng.random()
    if kind < 0.46:
        return solid, solid if rng.random() < 0.8 else hollow
    if kind < 0.58:
        lined = hollow._replace(layers=rng.choice(((0.5,), (0.3,), (0.25, 0.75), (0.15, 0.85))))
        return lined if rng.random() < 0.2 else hollow, hollow if rng.random() < 0.8 else solid
    if kind < 0.66:
        return filled, rng.choice((filled, hollow, filled))
    outer = hatched(rng)
    return outer, rng.choice(
        (outer._replace(layers=()), hatched(rng)._replace(layers=()), hollow, hollow, solid, filled)
    )


def hatched(rng: random.Random) -> WallLook:
    """A wall drawn with its material."""
    hatch = rng.choice(
        ("diagonal", "diagonal", "cross", "brick", "ladder", "ladder", "zigzag", "zigzag", "coil", "dots", "board")
    )
    layers: tuple[float, ...] = ()
    if hatch in ("zigzag", "coil", "ladder", "diagonal", "cross") and rng.random() < 0.6:
        depth = rng.uniform(0.1, 0.4)
        layers = (depth, rng.uniform(max(depth + 0.3, 0.6), 0.95)) if rng.random() < 0.7 else (depth, 1.0)
    return WallLook(None, True, hatch, rng.choice((0.05, 0.08, 0.12, 0.18)), layers, rng.random() < 0.3)


def door_look(rng: random.Random, grey: int) -> DoorLook:
    """How most doors of the sheet are drawn."""
    arc = rng.choices(("solid", "dashed", "none", "chord"), (0.8, 0.06, 0.09, 0.05))[0]
    angle = rng.choices((90.0, 45.0, 30.0, 60.0, 75.0, 20.0), (0.78, 0.09, 0.05, 0.04, 0.02, 0.02))[0]
    return DoorLook(
        leaf=rng.choices(("line", "slab", "bar", "none"), (0.4, 0.45, 0.12, 0.03 if arc == "solid" else 0.0))[0],
        angle=rng.choice((30.0, 45.0, 90.0)) if arc == "chord" else angle,
        arc=arc,
        hinge=rng.choice(("face", "face", "face", "centre", "far")),
        jamb=rng.choice(("none", "none", "none", "none", "none", "none", "box", "box", "stub", "stub", "post")),
        sill=rng.choice(("none", "none", "near", "far", "both", "both", "middle")),
        grey=(leaf := min(190, grey + rng.choice((0, 0, 0, 50, 120)))),
        arc_grey=min(200, leaf + rng.choice((0, 0, 0, 50, 110))),
        closet_angle=rng.choice((90.0, 45.0, 20.0, 0.0)),
        series=rng.choice((0.0, 0.0, 0.0, 0.6)),
    )


def glazing(rng: random.Random) -> tuple[float, ...]:
    """Where a window's lines lie in the wall: usual ways, or any faces with glass anywhere between."""
    if rng.random() < 0.6:
        return rng.choice(WINDOW_LINES)
    faces = rng.choice(((-0.5, 0.5), (-0.5, 0.5), (0.5,), (-0.5,), ()))
    middle, apart = rng.choice((-0.25, 0.0, 0.0, 0.2, 0.3)), rng.uniform(0.06, 0.2)
    glass = rng.choice(((0.0,), (-0.5, 0.5), (-1.0, 0.0, 1.0), (-1.0, 1.0)))
    return tuple(sorted({*faces, *(min(0.45, max(-0.45, middle + apart * g)) for g in glass)}))


def told_apart(look: WindowLook, wall: WallLook, caps: bool) -> WindowLook:
    """The window's look, with a glass line if it could not be told from a hollow wall without one, a frame if lined."""
    if wall.hatch == "none" and wall.layers and look.frame in ("none", "line"):
        look = look._replace(frame="box")
    bare = wall.fill is None and wall.hatch == "none" and all(abs(line) > 0.45 for line in look.lines)
    return look._replace(lines=(-0.5, 0.0, 0.5)) if bare and (look.frame == "none" or not caps) else look


def window_look(rng: random.Random) -> WindowLook:
    """How most windows of the sheet are drawn."""
    sash = rng.choices(("none", "arc", "leaf", "both"), (0.72, 0.05, 0.09, 0.14))[0]
    return WindowLook(
        lines=glazing(rng),
        frame=rng.choice(("none", "none", "line", "line", "line", "line", "box", "box", "wide", "wide", "post")),
        mullion=rng.choice((0.0, 0.0, 0.0, 0.6, 0.9, 1.2)),
        sill=rng.choice((0.0, 0.0, 0.0, 0.05, 0.1, 0.15)),
        sash=sash,
        ajar=90.0 if sash == "arc" else rng.choice((20.0, 25.0, 30.0, 35.0, 45.0)),
        reach=rng.choice((0.3, 0.45) if sash == "arc" else (0.5, 0.7, 0.9, 1.0, 1.0)),
        vent=rng.choice((0.0,) * 7 + (0.7,)),
        proud=rng.choice(((0.0, 0.0),) * 4 + ((0.03, 0.03), (0.06, 0.06), (0.0, 0.05), (0.04, 0.0))),
        heavy=rng.choice((1.0, 1.0, 1.0, 2.0, 3.0)),
        glass=rng.choice((None, None, None, 255, 225, 200)),
        shutters=rng.random() < 0.06,
    )
