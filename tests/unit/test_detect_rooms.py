from __future__ import annotations

import numpy as np
import pytest
import shapely

from planroom.detect.bands import Bands
from planroom.detect.openings import Opening
from planroom.detect.rooms import find_rooms, find_wall_pieces, solid
from planroom.detect.vectors import find_elements
from planroom.records import Element
from planroom.sheet.rooms import count, label_rooms, name_uses, shows_rooms
from planroom.sheet.text import join_runs
from plans import (
    AREAS_M2,
    ENTRANCE,
    INNER_DOOR,
    OUTER_M,
    OUTSIDE,
    SOLID,
    THICK,
    THIN,
    WINDOWS,
    Drawing,
    Hole,
    Placing,
    areas,
    counts,
    element,
    ring,
    text,
    two_rooms,
)

NOTHING = np.zeros(0, object)


def band(*spans: tuple[float, float, float, float]) -> Bands:
    """Bands (low, high, start, end) along x; those at one offset share a corridor."""
    low, high, start, end = np.array(spans, np.float64).T
    zero, faces = np.zeros(len(spans), np.int32), np.zeros((len(spans), 2), np.int32)
    corridor = np.unique(low, return_inverse=True)[1].astype(np.int32)
    return Bands(np.array([(1.0, 0.0)]), zero, low, high, start, end, faces, corridor)


def opening(x0: float, y0: float, x1: float, y1: float) -> Opening:
    return Opening("door", "single", ring(x0, y0, x1, y1), x1 - x0, y1 - y0, 0.9)


def room(name: str, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> Element:
    made = element(name, "room")
    made.outline = ring(*box)
    return made


# ---- spaces ------------------------------------------------------------------------------------------------------


def frame(x0: float, y0: float, x1: float, y1: float, thickness: float = 0.2) -> shapely.Geometry:
    inside = shapely.box(x0, y0, x1, y1)
    return inside.buffer(thickness, join_style="mitre").difference(inside)


def test_a_room_is_what_its_walls_enclose() -> None:
    (space,) = find_rooms(frame(0, 0, 4, 3))

    assert space.area == pytest.approx(12)
    assert space.length == pytest.approx(14)


@pytest.mark.parametrize("size", [(0.6, 0.6), (0.3, 5.0)], ids=["a shaft", "a crack between two walls"])
def test_shafts_and_cracks_are_no_rooms(size: tuple[float, float]) -> None:
    assert find_rooms(frame(0, 0, *size)) == []


def test_a_chimney_in_a_room_takes_its_area_off_and_a_core_holds_rooms_of_its_own() -> None:
    chimney = shapely.union_all([frame(0, 0, 6, 5), shapely.box(2, 2, 3, 3)])
    core = shapely.union_all([frame(0, 0, 6, 5), frame(2, 2, 3, 3)])

    assert [r.area for r in find_rooms(chimney)] == [pytest.approx(29)]
    assert sorted(r.area for r in find_rooms(core)) == [pytest.approx(1), pytest.approx(30 - 1.4**2)]


def test_openings_close_the_wall_and_cracks_heal() -> None:
    bands = band((0, 0.2, 0, 2), (0, 0.2, 3, 5), (0, 0.2, 5.01, 8))

    closed = solid(bands, NOTHING, [opening(2, 0, 3, 0.2)])
    open_ = solid(bands, NOTHING, [])

    assert closed.area == pytest.approx(8 * 0.2, rel=1e-3)
    assert shapely.get_num_geometries(open_) == 2


# ---- wall pieces -------------------------------------------------------------------------------------------------


def test_a_wall_goes_on_through_its_door_and_ends_at_a_gap() -> None:
    bands = band((0, 0.2, 0, 2), (0, 0.2, 3, 5), (0, 0.2, 6, 8))
    closed = solid(bands, NOTHING, [opening(2, 0, 3, 0.2)])

    pieces = find_wall_pieces(bands, closed)

    assert sorted(p.length_m for p in pieces) == [pytest.approx(2), pytest.approx(5)]
    assert sorted(len(p.bands) for p in pieces) == [1, 2]
    assert {round(p.thickness_m, 3) for p in pieces} == {0.2}


def test_stubs_are_no_wall_pieces_and_no_bands_give_none() -> None:
    stub = band((0, 0.2, 0, 0.1))

    assert find_wall_pieces(stub, solid(stub, NOTHING, [])) == []
    assert find_wall_pieces(stub.take(np.array([False])), shapely.Point(0, 0)) == []


# ---- on whole plans ----------------------------------------------------------------------------------------------


def test_rooms_lie_where_they_were_drawn() -> None:
    placing = Placing(unit_m=0.001, shift=(12_000, -3_000))
    rooms = [e for e in two_rooms().elements(placing) if e.kind == "room"]

    boxes = sorted(tuple(shapely.Polygon(r.outline).bounds) for r in rooms)

    assert boxes[0] == pytest.approx((12_300, -2_700, 16_500, 1_700), abs=5)
    assert boxes[1] == pytest.approx((16_620, -2_700, 19_700, 1_700), abs=5)
    perimeters = sorted(r.sizes["perimeter"] for r in rooms)
    assert perimeters == [pytest.approx(2 * (w + 4400), abs=20) for w in (3080, 4200)]


def test_a_rooms_walls_may_be_drawn_past_each_other() -> None:
    """Faces that run on through a corner, as a careless hand draws them."""
    drawing = two_rooms()
    drawing.lines(THICK, [(0.3, 0.3), (0.3, -0.0)], [(7.7, 4.7), (7.7, 5.0)])

    assert areas(drawing.elements()) == pytest.approx(list(AREAS_M2), rel=1e-3)


def test_walls_that_will_be_demolished_leave_one_room() -> None:
    gone = SOLID._replace(colour=0xFF0000)
    drawing = Drawing([path for path in two_rooms([ENTRANCE, *WINDOWS]).paths if path[0] == THIN])
    outer = shapely.box(*OUTSIDE).difference(shapely.box(0.3, 0.3, 7.7, 4.7))
    for hole in (ENTRANCE, *WINDOWS):
        outer = outer.difference(hole.ring())
    drawing.area(SOLID, outer)
    drawing.area(gone, shapely.box(4.5, 0.3, 4.62, 4.7))
    page = drawing.page()
    style = page.linework.styles.index(gone)

    before = find_elements(page, 1.0, lambda *_: None)
    after = find_elements(page, 1.0, lambda *_: None, gone={style})

    assert areas(before) == pytest.approx(list(AREAS_M2), rel=1e-3)
    assert areas(after) == pytest.approx([7.4 * 4.4], rel=1e-3)
    assert counts(after)["wall"] == counts(before)["wall"]


# ---- names -------------------------------------------------------------------------------------------------------


def test_rooms_are_named_by_the_words_in_them() -> None:
    drawing = two_rooms()
    for string, at in (("BEDROOM 1", (2, 2.6)), ("102", (2, 2.3)), ("18,5 m²", (2, 2)), ("WC", (6, 2.5))):
        drawing.text(string, at)
    page = drawing.page()
    found = find_elements(page, 1.0, lambda *_: None)

    label_rooms(found, join_runs(page.linework.texts), 1.0)

    rooms = sorted((e for e in found if e.kind == "room"), key=lambda e: -e.sizes["area"])
    assert [(r.traits["name"], r.traits["use"]) for r in rooms] == [("BEDROOM 1", "bedroom"), ("WC", "toilet")]
    assert rooms[0].traits["number"] == "102"
    assert rooms[0].stated == {"area_m2": 18.5}
    assert rooms[0].confidence > 0.9
    assert count(found) == {"door": 2, "window": 2, "opening": 0, "room": 2, "bedroom": 1, "toilet": 1, "wall": 5}


def test_words_outside_name_no_room() -> None:
    found = two_rooms().elements()

    label_rooms(found, [text("BEDROOM", (30, 30), 0.2)], 1.0)

    assert not any(e.traits.get("name") for e in found)
    assert {e.confidence for e in found if e.kind == "room"} == {0.8}


@pytest.mark.parametrize(
    ("kind", "width", "use", "expected"),
    [
        ("opening", 2.4, "garage", ("door", "garage")),
        ("opening", 2.4, "bedroom", ("door", "unclear")),
        ("opening", 3.4, "bedroom", ("opening", None)),
        ("opening", 2.4, "outdoor", ("opening", None)),
        ("window", 2.4, "garage", ("door", "garage")),
        ("window", 1.8, "garage", ("window", None)),
    ],
)
def test_what_a_room_is_used_for_tells_what_closes_it(
    kind: str, width: float, use: str, expected: tuple[str, str | None]
) -> None:
    space, hole = room("a", (0, 0, 5, 5)), element("h", kind, {"width": width, "thickness": 0.3})
    space.traits["use"] = use
    hole.outline = ring(1, -0.3, 1 + width, 0)

    label_rooms([space, hole], [], 1.0)

    assert (hole.kind, hole.traits.get("subtype")) == expected


@pytest.mark.parametrize(
    ("width", "thickness", "kind"), [(0.8, 0.12, "door"), (1.5, 0.12, "window"), (0.8, 0.3, "window")]
)
def test_a_narrow_pane_between_two_rooms_is_a_closed_leaf(width: float, thickness: float, kind: str) -> None:
    hole = element("h", "window", {"width": width, "thickness": thickness})
    hole.outline = ring(1, -thickness, 1 + width, 0)
    rooms = [room("a", (0, 0, 5, 5)), room("b", (0, -5, 5, -thickness))]

    label_rooms([*rooms, hole], [], 1.0)

    assert hole.kind == kind


def test_a_model_brings_names_whose_use_is_known() -> None:
    rooms = [element(str(k), "room", name=name) for k, name in enumerate(("Schlafzimmer", "Room 7", "Bath"))]
    rooms[2].traits["use"] = "toilet"

    name_uses(rooms)

    assert [r.traits.get("use") for r in rooms] == ["bedroom", None, "toilet"]


def test_a_sheet_without_a_kind_is_a_plan_where_rooms_are_labelled_or_doors_hang() -> None:
    labelled = [element(str(k), "room", use="bedroom") for k in range(2)]
    hung = [element(f"d{k}", "door", subtype="single") for k in range(3)]
    walls = [element(f"w{k}", "wall") for k in range(6)]

    assert shows_rooms(labelled)
    assert shows_rooms(hung + walls)
    assert not shows_rooms(labelled[:1] + hung[:2] + walls)
    assert not shows_rooms(hung + walls[:5])


def test_counts_are_by_kind_and_use() -> None:
    uses = ("bedroom", "bedroom", "toilet", "bathroom", "kitchen")
    rooms = [element(str(k), "room", use=use) for k, use in enumerate(uses)]

    found = count([*rooms, element("s", "stair"), element("d", "door", use="bedroom")])

    assert found == {"door": 1, "window": 0, "opening": 0, "room": 5, "bedroom": 2, "toilet": 2, "wall": 0}


def test_a_hole_as_wide_as_a_wall_is_long_closes_nothing() -> None:
    found = two_rooms([ENTRANCE, INNER_DOOR, *WINDOWS, Hole((4.7, 0.0), 2.9, OUTER_M, "cased")]).elements()

    assert areas(found) == pytest.approx([AREAS_M2[0]], rel=1e-3)
