"""Drawing walls: the union of their rectangles without the openings, face by face, filled in the variant's style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shapely import Polygon, union_all
from shapely.geometry.base import BaseGeometry

from planroom.example.canvas import Canvas, Pen, Rings
from planroom.example.house import Opening, Point, Storey, Wall, footing, gap
from planroom.example.symbols import POCKET_M
from planroom.example.variants import Variant

EDGE: Final = Pen("A-WALL", 0.5)
SOLID: Final = Pen("A-WALL-PATT", 0.13, 0x202020)
GREY: Final = Pen("A-WALL-PATT", 0.13, 0xA8A8A8)
HATCH: Final = Pen("A-WALL-PATT", 0.13, 0x404040)
GONE: Final = Pen("A-WALL-DEMO", 0.35, dash_mm=(2.0, 1.2))
OUTLINE: Final = Pen("A-ANNO-SYMB", 0.18)
TEXT: Final = Pen("A-ANNO-TEXT", 0.18)
WALL_COLOURS: Final = {"new": 0xB03020, "demolished": 0xC8A000}


def wall_body(storey: Storey, walls: list[Wall]) -> BaseGeometry:
    """The union of some walls without their openings and the slots that pocket doors slide into."""
    names = {w.id for w in walls}
    holes = []
    for opening in storey.openings:
        if opening.wall in names:
            holes.append(gap(storey, opening))
            if opening.type == "pocket":
                holes.append(_slot(storey.wall(opening.wall), opening))
    return (union_all([footing(storey, w) for w in walls]) - union_all(holes)).simplify(1e-5)


def _slot(wall: Wall, opening: Opening) -> Polygon:
    jamb = opening.centre_m + (opening.width_m if opening.flip_x else -opening.width_m) / 2
    end = jamb + (opening.width_m if opening.flip_x else -opening.width_m)
    return wall.strip(min(jamb, end), max(jamb, end), POCKET_M)


def rings_of(shape: BaseGeometry) -> Iterator[Rings]:
    """The rings of each polygon of a shape, outside first, none repeating its first point."""
    for part in getattr(shape, "geoms", [shape]):
        if isinstance(part, Polygon) and part.area > 1e-6:
            yield [list(part.exterior.coords)[:-1], *(list(hole.coords)[:-1] for hole in part.interiors)]


def fill_walls(canvas: Canvas, body: BaseGeometry, variant: Variant) -> None:
    """Fill cut walls in the variant's style."""
    for rings in rings_of(body):
        if variant.walls == "hatch":
            canvas.hatch(rings, 1.6, HATCH)
        elif variant.walls != "lines":
            canvas.fill(rings, SOLID if variant.walls == "solid" else GREY)


def draw_edges(canvas: Canvas, body: BaseGeometry, pen: Pen) -> None:
    """Every face and jamb as a line of its own, as a plot leaves them."""
    for rings in rings_of(body):
        for ring in rings:
            for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
                canvas.line(start, end, pen)


def draw_status_walls(canvas: Canvas, storey: Storey, variant: Variant) -> None:
    """Existing walls grey, new ones solid, those to be demolished dashed; in colour where the variant has it."""
    groups = {s: [w for w in storey.walls if w.status == s] for s in ("existing", "new", "demolished")}
    existing = wall_body(storey, groups["existing"])
    new = wall_body(storey, groups["new"]) - union_all([footing(storey, w) for w in groups["existing"]])
    kept = [*groups["existing"], *groups["new"]]
    gone = wall_body(storey, groups["demolished"]) - union_all([footing(storey, w) for w in kept])
    for shape, pen in ((existing, GREY), (new, SOLID), (gone, None)):
        status = "new" if shape is new else "demolished"
        tint = pen if shape is existing or not variant.colour else GREY._replace(colour=WALL_COLOURS[status])
        for rings in rings_of(shape):
            if tint:
                canvas.fill(rings, tint)
    draw_edges(canvas, gone, GONE)
    draw_edges(canvas, wall_body(storey, kept), EDGE)


def draw_legend(canvas: Canvas, variant: Variant, at: Point, factor: float) -> None:
    """Samples of existing, new and demolished walls with their words, downward from `at`."""
    words, mm = variant.words, canvas.mm
    canvas.text(words("legend"), at, 3.0 * factor, TEXT, align="left")
    for index, status in enumerate(("existing", "new", "demolished"), start=1):
        y = at[1] - index * 7.0 * factor * mm
        sample = [(at[0] + u * factor * mm, y + v * factor * mm) for u, v in ((0, -2), (15, -2), (15, 2), (0, 2))]
        tint = {"existing": GREY, "new": SOLID}.get(status)
        if variant.colour and status in WALL_COLOURS:
            tint = GREY._replace(colour=WALL_COLOURS[status])
        if tint:
            canvas.fill([sample], tint)
        canvas.polyline(sample, GONE if status == "demolished" else OUTLINE, closed=True)
        canvas.text(words(status), (at[0] + 18 * factor * mm, y), 2.2 * factor, TEXT, align="left")
