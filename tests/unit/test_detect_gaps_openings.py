"""What is drawn in a gap, and what it makes of the opening."""

from __future__ import annotations

import numpy as np
import pytest

from planroom.detect.bands import Bands, strips
from planroom.detect.gaps import MAX_GAP_M, cut_gaps, find_gaps
from planroom.detect.lines import Lines, merge_lines
from planroom.detect.openings import read_gaps
from planroom.records import Element
from plans import (
    ENTRANCE,
    INNER_DOOR,
    INNER_M,
    OUTER_M,
    THICK,
    THIN,
    WINDOWS,
    Drawing,
    Hole,
    Placing,
    areas,
    counts,
    two_rooms,
)

WIDTHS = {
    "single": 0.9,
    "double": 1.6,
    "sliding": 1.8,
    "window": 1.2,
    "mullions": 1.8,
    "folding": 1.4,
    "pocket": 0.8,
    "cased": 1.0,
}
DOORS = ("single", "double", "sliding", "folding", "pocket")


def row(*spans: tuple[float, float], low: float = 0.0, high: float = 0.2) -> Bands:
    """Bands along x in one corridor."""
    n = len(spans)
    start, end = np.array(spans, np.float64).T
    zero, faces = np.zeros(n, np.int32), np.zeros((n, 2), np.int32)
    return Bands(np.array([(1.0, 0.0)]), zero, np.full(n, low), np.full(n, high), start, end, faces, zero)


def lines_of(*segments: tuple[float, float, float, float]) -> Lines:
    return merge_lines(np.array(segments, np.float64).reshape(-1, 4), np.zeros(len(segments), np.int32))


def every(lines: Lines) -> np.ndarray:
    return np.arange(len(lines), dtype=np.int32)


def openings(found: list[Element]) -> list[tuple[str, str, float]]:
    kinds = ("door", "window", "opening")
    return sorted((e.kind, e.traits.get("subtype", ""), round(e.sizes["width"], 2)) for e in found if e.kind in kinds)


def with_south(symbol: str, width: float) -> Drawing:
    """The two rooms with one more opening in the eastern room's outer wall."""
    return two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS, Hole((5.2, 0.0), width, OUTER_M, symbol)])


# ---- gaps and cells ----------------------------------------------------------------------------------------------


def test_a_gap_lies_between_two_bands_and_is_found_once() -> None:
    (gap,) = find_gaps(row((0, 2), (3, 6)), np.zeros(0, object))

    assert (gap.start, gap.end, gap.both, gap.band, gap.beyond) == (2, 3, True, 0, 1)
    assert gap.width == 1 and gap.thickness == pytest.approx(0.2)
    assert gap.ring(0.1).tolist() == [[1.9, 0], [3.1, 0], [3.1, 0.2], [1.9, 0.2]]


@pytest.mark.parametrize("width", [0.2, MAX_GAP_M + 0.1])
def test_cracks_and_courtyards_are_no_gaps(width: float) -> None:
    assert find_gaps(row((0, 2), (2 + width, 12)), np.zeros(0, object)) == []


def test_a_gap_may_end_at_a_wall_across_or_at_a_corner() -> None:
    wall = row((0, 2))
    corner = strips(np.array([(1.0, 0.0)]), *(np.array([v]) for v in (0.0, 0.2, 2.9, 3.1)))

    (gap,) = find_gaps(wall, corner)

    assert (gap.start, gap.end) == pytest.approx((2, 2.9))
    assert not gap.both


def test_lines_across_cut_a_gap_into_cells_and_a_frames_two_edges_cut_once() -> None:
    gaps = find_gaps(row((0, 2), (5, 8)), np.zeros(0, object))
    lines = lines_of((3, 0, 3, 0.2), (3.05, 0, 3.05, 0.2), (4, 0, 4, 0.2), (2.5, 0, 2.5, 0.05))

    (cells,) = cut_gaps(gaps, lines, every(lines))

    assert [(cell.start, cell.end) for cell in cells] == [(2, 3), (3, 4), (4, 5)]
    assert {cell.cuts for cell in cells} == {2}


def test_a_cell_knows_the_lines_along_it_by_cover_and_depth() -> None:
    gaps = find_gaps(row((0, 2), (4, 6)), np.zeros(0, object))
    lines = lines_of((2, 0.05, 4, 0.05), (2, 0.15, 3, 0.15), (2.2, 0, 2.6, 0.4), (1, 0.1, 2.4, 0.1), (0, 9, 9, 9))

    ((cell,),) = cut_gaps(gaps, lines, every(lines))

    inner = sorted(zip(np.round(cell.depth, 2).tolist(), np.round(cell.cover, 2).tolist(), strict=True))
    assert inner == [(0.25, 1.0), (0.75, 0.5)]
    assert [lines.length[k] for k in cell.oblique] == [pytest.approx(np.hypot(0.4, 0.4))]
    assert [lines.length[k] for k in cell.pocket] == [pytest.approx(1.4)]


# ---- openings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", DOORS)
@pytest.mark.parametrize("at", ["outer", "inner"])
def test_each_kind_of_door_is_one_door_of_its_width(symbol: str, at: str) -> None:
    width = WIDTHS[symbol]
    place = Hole((5.2, 0.0), width, OUTER_M, symbol)
    holes = [ENTRANCE, *WINDOWS, place, INNER_DOOR]
    if at == "inner":
        holes = [ENTRANCE, *WINDOWS, Hole((4.62, 1.5), width, INNER_M, symbol, 90)]

    found = two_rooms(holes).elements()

    assert ("door", symbol, width) in openings(found)
    assert counts(found)["door"] == sum(hole.symbol in DOORS for hole in holes)
    assert areas(found) == pytest.approx([4.2 * 4.4, 3.08 * 4.4], rel=1e-3)


def test_leaves_slide_though_each_has_a_line_on_the_face_beside_it() -> None:
    gaps = find_gaps(row((0, 2), (3.5, 6)), np.zeros(0, object))
    panels = ((2, 0.03, 2.75, 0.03), (2, 0.09, 2.75, 0.09), (2.75, 0.11, 3.5, 0.11), (2.75, 0.18, 3.5, 0.18))
    lines = lines_of(*panels, (2, 0.2, 2.75, 0.2), (2.75, 0, 3.5, 0))

    (door,), _ = read_gaps(cut_gaps(gaps, lines, every(lines)), [], [], lines, [""])

    assert (door.kind, door.subtype) == ("door", "sliding")
    assert door.width_m == pytest.approx(1.5)


@pytest.mark.parametrize("symbol", ["window", "mullions"])
def test_a_window_is_one_however_many_panes_it_has(symbol: str) -> None:
    found = with_south(symbol, 1.8).elements()

    assert openings(found).count(("window", "", 1.8)) == 1
    assert counts(found) == {"door": 2, "room": 2, "wall": 5, "window": 3}


def test_a_hole_without_anything_in_it_is_an_opening_and_closes_the_room() -> None:
    found = two_rooms([ENTRANCE, *WINDOWS, Hole((4.62, 1.5), 1.0, INNER_M, "cased", 90)]).elements()

    assert ("opening", "", 1.0) in openings(found)
    assert counts(found)["room"] == 2


def test_a_wide_hole_without_anything_in_it_joins_two_rooms() -> None:
    found = two_rooms([ENTRANCE, *WINDOWS, Hole((4.62, 0.8), 3.0, INNER_M, "cased", 90)]).elements()

    assert "opening" not in counts(found)
    assert areas(found) == [pytest.approx(7.4 * 4.4 - 0.12 * 1.4, rel=0.01)]


def test_a_door_with_a_sidelight_is_as_wide_as_its_leaf() -> None:
    drawing = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS, Hole((5.2, 0.0), 2.0, OUTER_M, "cased")])
    drawing.lines(THIN, [(5.2, 0.3), (5.2, 1.2)])
    drawing.arc(THIN, (5.2, 0.3), 0.9, 0.0, np.pi / 2)

    assert ("door", "single", 0.9) in openings(drawing.elements())


def test_a_door_drawn_in_a_wall_that_goes_on_is_still_a_door() -> None:
    drawing = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS])
    drawing.lines(THIN, [(6.0, 0.3), (6.0, 1.1)])
    drawing.arc(THIN, (6.0, 0.3), 0.8, 0.0, np.pi / 2)

    assert ("door", "single", 0.8) in openings(drawing.elements())


def test_an_arc_in_the_middle_of_a_room_is_no_door() -> None:
    drawing = two_rooms()
    drawing.lines(THIN, [(2.0, 2.0), (2.0, 2.8)])
    drawing.arc(THIN, (2.0, 2.0), 0.8, 0.0, np.pi / 2)

    assert openings(drawing.elements()) == openings(two_rooms().elements())


def test_a_window_drawn_inside_an_unbroken_wall_is_found() -> None:
    drawing = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS])
    frame = [(5.2, 0.0), (5.2, 0.3)], [(6.4, 0.0), (6.4, 0.3)], [(5.2, 0.12), (6.4, 0.12)], [(5.2, 0.18), (6.4, 0.18)]
    drawing.lines(THIN, *frame)

    found = drawing.elements()

    assert ("window", "", 1.2) in openings(found)
    assert counts(found) == {"door": 2, "room": 2, "wall": 5, "window": 3}


def test_a_garage_code_makes_a_wide_gap_a_door() -> None:
    drawing = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS, Hole((5.0, 0.0), 2.44, OUTER_M, "cased")])
    drawing.text("8070 O.H. DOOR", (6.2, -0.5))
    for k in range(3):
        drawing.text("12'-0\"", (1 + 2 * k, -2))

    assert ("door", "garage", 2.44) in openings(drawing.elements())


def test_the_view_from_below_shows_doors_as_their_heads() -> None:
    drawing = two_rooms([*WINDOWS, Hole((4.62, 1.5), 0.9, INNER_M, "cased", 90), ENTRANCE])
    head = [(4.5, 1.5), (4.5, 2.4)], [(4.62, 1.5), (4.62, 2.4)]
    drawing.lines(THIN, *head)

    below, above = (openings(drawing.elements(view=view)) for view in ("ceiling", "general"))

    assert ("door", "", 0.9) in below
    assert ("door", "", 0.9) not in above


def test_glass_on_a_window_layer_without_walls_is_one_window() -> None:
    drawing = two_rooms(walls=THICK._replace(layer="A-WALL"), symbols=THIN._replace(layer="A-OPEN"))
    for y in (7.0, 7.05):
        drawing.lines(THIN._replace(layer="A-GLAZ"), [(1, y), (3, y)])

    assert ("window", "glazing", 2.0) in openings(drawing.elements())


def test_demolished_and_dashed_lines_make_no_window() -> None:
    drawing = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS, Hole((5.2, 0.0), 1.2, OUTER_M, "cased")])
    dashed = THIN._replace(dashed=True)
    drawing.lines(dashed, [(5.2, 0.12), (6.4, 0.12)], [(5.2, 0.18), (6.4, 0.18)])

    assert ("opening", "", 1.2) in openings(drawing.elements())


@pytest.mark.parametrize("angle", [0.31, 0.7854, 2.5])
def test_the_openings_of_a_turned_plan_are_the_same(angle: float) -> None:
    drawing = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS, Hole((5.2, 0.0), 1.8, OUTER_M, "sliding")])

    turned = drawing.elements(Placing(angle=angle, mirror=True, shift=(50, -7)))

    assert openings(turned) == openings(drawing.elements())


def test_confidence_tells_a_leaf_from_a_bare_gap() -> None:
    found = two_rooms([ENTRANCE, *WINDOWS, Hole((4.62, 1.5), 1.0, INNER_M, "cased", 90)]).elements()

    sure = {e.kind: e.confidence for e in found if e.kind in ("door", "window", "opening")}

    assert sure["door"] > sure["window"] > sure["opening"]
