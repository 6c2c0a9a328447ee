"""Glass fronts: close parallel lines from wall to wall that shut a room against the open air."""

from __future__ import annotations

import shapely

from plans import SYMBOLS, THICK, THIN, Drawing, Hole, areas, counts

HOUSE = shapely.box(0, 0, 8, 5).difference(
    shapely.union_all([shapely.box(0.3, 0.3, 4.5, 4.7), shapely.box(4.62, 0.3, 7.7, 4.7)])
)
INNER = Hole((4.62, 1.0), 0.8, 0.12, "single", 90)
WINDOW = Hole((1.5, 4.7), 1.6, 0.3, "window")
ENTRANCE = Hole((5.5, 0.0), 1.0, 0.3, "single")


def house(*holes: Hole, missing: shapely.Geometry) -> Drawing:
    """Two rooms side by side, the outer wall of the left one `missing` in part."""
    drawing = Drawing()
    drawing.area(THICK, HOUSE.difference(shapely.union_all([missing, *(hole.ring() for hole in holes)])))
    for hole in holes:
        SYMBOLS[hole.symbol](drawing, hole, THIN)
    return drawing


def test_a_front_round_a_corner_shuts_the_room_behind_it() -> None:
    drawing = house(INNER, WINDOW, ENTRANCE, missing=shapely.box(-1, -1, 3, 0.31).union(shapely.box(-1, -1, 0.31, 4.7)))
    drawing.lines(THIN, [(0.14, 0.14), (3, 0.14)], [(0.14, 0.17), (3, 0.17)])
    drawing.lines(THIN, [(0.14, 0.14), (0.14, 4.7)], [(0.17, 0.14), (0.17, 4.7)])

    found = drawing.elements()

    assert counts(found)["window"] == 3
    assert len(areas(found)) == 2


def test_a_railing_shuts_no_balcony() -> None:
    drawing = house(INNER, WINDOW, ENTRANCE, Hole((1.0, 0.0), 1.0, 0.3, "single"), missing=shapely.Polygon())
    drawing.lines(
        THIN, [(0.5, 0), (0.5, -1.5), (4, -1.5), (4, 0)], [(0.55, 0), (0.55, -1.45), (3.95, -1.45), (3.95, 0)]
    )

    found = drawing.elements()

    assert counts(found)["window"] == 1
    assert len(areas(found)) == 2


def test_a_front_with_a_free_end_is_none() -> None:
    drawing = house(INNER, WINDOW, ENTRANCE, missing=shapely.box(-1, -1, 3, 0.31))
    drawing.lines(THIN, [(1, 0.14), (3, 0.14)], [(1, 0.17), (3, 0.17)])

    assert counts(drawing.elements())["window"] == 1
