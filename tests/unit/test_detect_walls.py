"""Bands, junctions, pens, and what of them stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import shapely

from planroom.detect.bands import Bands
from planroom.detect.lines import Lines
from planroom.detect.scene import Scene, set_scene
from planroom.detect.standing import believable, connected, find_blocks, find_cores, find_junctions, rooted
from planroom.detect.walls import find_bands, find_faces, layers_name_walls
from planroom.records import Floats, Style
from plans import AREAS_M2, DASHED, SOLID, SYMBOLS, THICK, THIN, Drawing, Hole, Placing, areas, counts, ring, two_rooms

NO_DOORS = np.zeros((0, 2, 2))
Box = tuple[float, float, float, float]


def scene_of(drawing: Drawing) -> Scene:
    return set_scene(drawing.page(), 1.0, np.zeros(2))


def bands_of(drawing: Drawing, doors: Floats = NO_DOORS) -> Bands:
    scene = scene_of(drawing)
    faces = find_faces(scene.lines, scene.styles, (0.0, 0.0, 60.0, 60.0))
    return find_bands(scene.lines, faces, scene.styles, doors)


def strips(style: Style, *boxes: Box) -> Drawing:
    """Walls along x or y as their two long faces."""
    drawing = Drawing()
    for x0, y0, x1, y1 in boxes:
        across = x1 - x0 > y1 - y0
        faces = [[(x0, y0), (x1, y0)], [(x0, y1), (x1, y1)]] if across else [[(x0, y0), (x0, y1)], [(x1, y0), (x1, y1)]]
        drawing.lines(style, *faces)
    return drawing


def thicknesses(bands: Bands) -> list[float]:
    return sorted(np.round(bands.high - bands.low, 3).tolist())


def boxes(bands: Bands) -> list[Box]:
    return sorted(tuple(round(v, 2) for v in polygon.bounds) for polygon in bands.polygons())


def test_two_parallel_faces_are_a_band_over_what_they_share() -> None:
    drawing = Drawing()
    drawing.lines(THICK, [(0, 0), (6, 0)], [(1, 0.24), (8, 0.24)])

    assert boxes(bands_of(drawing)) == [(1, 0, 6, 0.24)]


@pytest.mark.parametrize("thickness", [0.03, 0.7])
def test_faces_too_near_or_too_far_are_no_wall(thickness: float) -> None:
    assert len(bands_of(strips(THICK, (0, 0, 6, thickness)))) == 0


def test_a_closet_beside_walls_is_no_thick_wall() -> None:
    drawing = strips(THICK, (0, 0, 6, 0.2), (0, 5, 6, 5.2))
    drawing.lines(THICK, [(0, 5.75), (0.5, 5.75)])

    assert thicknesses(bands_of(drawing)) == [0.2, 0.2]


def test_thick_walls_are_walls_where_there_are_many_of_them() -> None:
    walls: Sequence[Box] = [(0, 0, 6, 0.5), (0, 5, 6, 5.5)]

    assert thicknesses(bands_of(strips(THICK, *walls))) == [0.5, 0.5]


def test_a_line_between_two_faces_makes_two_bands_of_them() -> None:
    drawing = strips(THICK, (0, 0, 6, 0.3))
    drawing.lines(THICK, [(0, 0.1), (6, 0.1)])

    assert thicknesses(bands_of(drawing)) == [0.1, 0.2]


def test_glass_between_the_faces_leaves_the_band_whole() -> None:
    drawing = strips(THICK, (0, 0, 6, 0.3), (0, 5, 6, 5.3))
    drawing.lines(THICK, [(2, 0.12), (3.2, 0.12)], [(2, 0.18), (3.2, 0.18)])

    found = boxes(bands_of(drawing))

    assert (0, 0, 6, 0.3) in found
    assert (0, 5, 6, 5.3) in found


def test_the_heaviest_pen_draws_the_walls_where_no_door_says_so() -> None:
    drawing = strips(THICK, (0, 0, 6, 0.24))
    drawing.lines(THIN, [(0, 2), (6, 2)], [(0, 2.6), (6, 2.6)])

    assert thicknesses(bands_of(drawing)) == [0.24]


def test_doors_tell_the_walls_pen_though_furniture_is_heavier() -> None:
    drawing = strips(THIN, (0, 0, 2, 0.24), (2.9, 0, 6, 0.24))
    drawing.lines(THICK, [(0, 2), (1, 2)], [(0, 2.1), (1, 2.1)])
    door = np.array([[(2.0, 0.24), (2.9, 0.24)]])

    pens = {name: boxes(bands_of(drawing, doors)) for name, doors in (("without", NO_DOORS), ("with", door))}

    assert (0, 0, 2, 0.24) in pens["with"]
    assert (0, 0, 2, 0.24) not in pens["without"]


def test_a_door_does_not_hang_on_what_runs_across_it() -> None:
    walls = strips(THICK, (0, 0, 2, 0.24), (2.9, 0, 9, 0.24))
    for x in (1.9, 3.0):
        walls.lines(THIN, [(x - 0.05, 0), (x - 0.05, 3)], [(x + 0.05, 0), (x + 0.05, 3)])
    door = np.array([[(2.0, 0.24), (2.9, 0.24)]])

    assert thicknesses(bands_of(walls, door)) == [0.24, 0.24]


def test_a_door_hangs_on_the_heavier_pen_and_not_on_what_runs_through_it() -> None:
    walls = strips(THICK, (0, 0, 2, 0.24), (2.9, 0, 6, 0.24))
    walls.lines(THIN, [(0, 3), (6, 3)], [(0, 3.3), (6, 3.3)])  # as long as the walls, and lighter
    walls.lines(THIN, [(2, 0.05), (2.9, 0.05)], [(2, 0.19), (2.9, 0.19)])  # thresholds
    walls.lines(THIN, [(1.5, 0.28), (1.95, 0.28)], [(1.5, 0.34), (1.95, 0.34)])  # a trim on either side
    walls.lines(THIN, [(2.95, 0.28), (3.4, 0.28)], [(2.95, 0.34), (3.4, 0.34)])
    door = np.array([[(2.0, 0.24), (2.9, 0.24)]])

    assert boxes(bands_of(walls, door)) == [(0, 0, 2, 0.24), (2.9, 0, 6, 0.24)]


@pytest.mark.parametrize("leaf_first", [True, False])
def test_thresholds_in_the_walls_pen_do_not_turn_doors_round(leaf_first: bool) -> None:
    drawing = two_rooms()
    for x0, y0, x1, y1 in ((1.0, 0.3, 2.0, 0.3), (4.5, 1.0, 4.5, 1.8)):
        drawing.lines(THIN, [(x0, y0), (x1, y1)])
    order = range(len(drawing.paths))

    found = drawing.elements(order=order if leaf_first else order[::-1])

    doors = sorted((e for e in found if e.kind == "door"), key=lambda e: float(e.outline[:, 0].min()))
    assert [tuple(np.ptp(door.outline, axis=0).round(2)) for door in doors] == [(1.0, 0.3), (0.12, 0.8)]
    assert areas(found) == pytest.approx(AREAS_M2, rel=0.005)


def test_dashes_frames_and_families_are_no_faces() -> None:
    drawing = strips(THICK, (0, 0, 6, 0.24))
    drawing.lines(THICK, [(-20, 30), (39, 30)])
    for k in range(9):
        drawing.lines(THICK, [(0.3 * k, 9), (0.3 * k + 0.2, 9)])
        drawing.lines(THICK, [(10, 0.1 * k), (12, 0.1 * k)])
    scene = scene_of(drawing)

    faces = find_faces(scene.lines, scene.styles, (0.0, 0.0, 60.0, 60.0))

    assert sorted(scene.lines.offset[faces].round(2)) == [0, 0.24]


def test_walls_on_layers_of_their_own_are_taken_from_these() -> None:
    layer = THICK._replace(layer="A-WALL")
    drawing = strips(layer, (0, 0, 6, 0.24))
    drawing.lines(THICK._replace(layer="0"), [(0, 3), (6, 3)], [(0, 3.2), (6, 3.2)])
    scene = scene_of(drawing)

    assert layers_name_walls(scene.lines, scene.styles)
    assert boxes(bands_of(drawing)) == [(0, 0, 6, 0.24)]


def test_a_few_strokes_on_a_wall_layer_do_not_speak_for_all() -> None:
    drawing = strips(THICK._replace(layer="A-WALL"), (0, 0, 1, 0.24))
    drawing.lines(THICK._replace(layer="0"), [(0, 3), (6, 3)], [(0, 3.24), (6, 3.24)])
    scene = scene_of(drawing)

    assert not layers_name_walls(scene.lines, scene.styles)
    assert (0, 3, 6, 3.24) in boxes(bands_of(drawing))


def test_layers_of_furniture_are_no_walls() -> None:
    drawing = strips(THICK._replace(layer="0"), (0, 0, 6, 0.24))
    drawing.lines(THICK._replace(layer="A-FURN"), [(0, 3), (6, 3)], [(0, 3.24), (6, 3.24)])

    assert boxes(bands_of(drawing)) == [(0, 0, 6, 0.24)]


# ---- where walls meet, and what stands ---------------------------------------------------------------------------


def test_a_corner_is_the_patch_that_both_walls_leave_open() -> None:
    bands = bands_of(strips(THICK, (0.3, 0, 6, 0.3), (0, 0.3, 0.3, 4)))

    (patch,) = find_junctions(bands)

    assert patch.bounds == pytest.approx((0, 0, 0.3, 0.3))


def test_walls_apart_do_not_meet() -> None:
    assert len(find_junctions(bands_of(strips(THICK, (1, 0, 6, 0.3), (0, 1, 0.3, 4))))) == 0


def test_a_slanted_wall_meets_another_in_a_slanted_patch() -> None:
    turned = Placing(angle=0.9, shift=(6, 0))
    drawing = strips(THICK, (0, 0, 6, 0.3))
    slanted = [turned.points([(0.2, y), (5, y)]) for y in (0.0, 0.3)]
    drawing.lines(THICK, *([(float(x), float(y)) for x, y in face] for face in slanted))

    (patch,) = find_junctions(bands_of(drawing))

    assert patch.area == pytest.approx(0.09 / np.sin(0.9), rel=0.01)


def test_outlines_too_thick_for_a_band_are_blocks_unless_words_stand_in_them() -> None:
    drawing = Drawing()
    corners = [tuple(p) for p in ring(0, 0, 0.9, 0.9)]
    drawing.lines(THICK, [(float(x), float(y)) for x, y in [*corners, corners[0]]])
    lines: Lines = scene_of(drawing).lines
    faces, none = np.ones(len(lines), bool), bands_of(Drawing())

    (pier,) = find_blocks(lines, faces, none, np.zeros((0, 2)))

    assert pier.area == pytest.approx(0.81)
    assert len(find_blocks(lines, faces, none, np.array([(0.4, 0.4)]))) == 0


STEPPED = shapely.box(0, 0, 8, 5).difference(
    shapely.union_all([shapely.box(0.3, 0.3, 3.9, 4.7), shapely.box(4.62, 0.3, 7.7, 4.7), shapely.box(4.5, 0.3, 5, 2)])
)
ENTRANCES = (Hole((1.0, 0.0), 1.0, 0.3, "single"), Hole((5.5, 0.0), 1.0, 0.3, "single"))


def stepped(*, walls: Style = THICK) -> Drawing:
    """Two rooms, each with a door of its own, and between them a wall that steps from 0.6 to 0.72 m."""
    drawing = Drawing()
    drawing.area(walls, STEPPED.difference(shapely.union_all([hole.ring() for hole in ENTRANCES])))
    for hole in ENTRANCES:
        SYMBOLS[hole.symbol](drawing, hole, THIN)
    return drawing


def test_a_wall_too_thick_for_a_band_parts_rooms_where_its_pen_draws_walls_alone() -> None:
    found = stepped().elements()

    assert areas(found) == pytest.approx((3.6 * 4.4, 3.08 * 4.4 + 0.12 * 1.7), rel=0.005)
    assert counts(found)["door"] == 2


def test_cores_are_solid_unless_words_stand_in_them_or_their_pen_draws_more_than_walls() -> None:
    drawing = stepped()
    bands, lines = bands_of(drawing), scene_of(drawing).lines
    patches = find_junctions(bands)

    (core,) = find_cores(lines, bands, patches, np.zeros((0, 2)))

    assert core.intersection(shapely.box(3.9, 0.3, 4.5, 4.7)).area > 1.5
    # between two doors all is one outline: with a word in it none of it is taken for solid
    assert len(find_cores(lines, bands, patches, np.array([(4.2, 2.0)]))) == 0
    for k in range(40):
        drawing.lines(THICK, [(0.5 + 0.05 * k, 1), (0.5 + 0.05 * k, 4)])
    assert len(find_cores(scene_of(drawing).lines, bands, patches, np.zeros((0, 2)))) == 0


def test_bands_far_thinner_or_thicker_than_walls_with_openings_are_not_believed() -> None:
    bands = bands_of(strips(THICK, (0, 0, 6, 0.06), (0, 2, 6, 2.12), (0, 4, 6, 4.3), (0, 6, 6, 6.6)))

    kept = bands.take(believable(bands, np.array([0.12, 0.12, 0.3, 0.3])))

    assert thicknesses(bands) == [0.06, 0.12, 0.3, 0.6]
    assert thicknesses(kept) == [0.12, 0.3]
    assert believable(bands, np.array([0.12, 0.3])).all()  # two openings are too few to tell


def test_short_strokes_alone_are_not_rooted() -> None:
    bands = bands_of(strips(THICK, (0, 0, 6, 0.2), (10, 0, 12, 0.2), (20, 0, 22, 0.2)))
    door = ring(12, 0, 12.8, 0.2)[None]
    start = np.array([polygon.bounds[0] for polygon in bands.polygons()])

    for sure, expected in ((True, [0, 10]), (False, [0])):
        keep = rooted(bands, np.zeros(0, object), door, np.array([sure]))

        assert sorted(start[keep]) == expected


def test_what_touches_over_others_hangs_together() -> None:
    boxes = [(0, 0, 2, 1), (4, 0, 6, 1), (9, 0, 10, 1), (1, 0, 5, 1)]

    groups = connected(np.array([shapely.box(*box) for box in boxes], object)).tolist()

    assert groups[0] == groups[1] == groups[3]
    assert groups[2] != groups[0]


# ---- whole plans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "drawing",
    [
        two_rooms(),
        two_rooms(walls=SOLID),
        two_rooms(hatch=THIN),
        two_rooms(walls=SOLID._replace(width=0.0)),
        two_rooms(walls=THICK._replace(layer="A-WALL"), symbols=THIN._replace(layer="A-DOOR-GLAZ")),
        two_rooms(walls=THICK._replace(layer="PARED"), symbols=THIN._replace(layer="0")),
        two_rooms(walls=THIN, symbols=THIN),
    ],
    ids=["lines", "solid", "hatched", "fill without stroke", "layers", "a Spanish layer", "one pen"],
)
def test_walls_drawn_in_many_ways_give_the_same_plan(drawing: Drawing) -> None:
    found = drawing.elements()

    assert counts(found) == {"door": 2, "room": 2, "wall": 5, "window": 2}
    assert areas(found) == pytest.approx([4.2 * 4.4, 3.08 * 4.4], rel=1e-3)


def test_walls_run_through_their_openings_to_the_axes_they_meet() -> None:
    walls = [e for e in two_rooms().elements() if e.kind == "wall"]

    sizes = sorted((round(e.sizes["thickness"], 3), round(e.sizes["length"], 3)) for e in walls)

    assert sizes == [(0.12, 4.7), (0.3, 4.7), (0.3, 4.7), (0.3, 7.7), (0.3, 7.7)]


def test_elements_name_the_paths_and_lines_they_came_from() -> None:
    drawing = two_rooms()
    found = drawing.elements()

    styles = {
        element.kind: {drawing.paths[int(source.removeprefix("path:"))][0] for source in element.sources}
        for element in found
    }

    assert styles["wall"] == {THICK}
    assert styles["window"] == {THIN}
    assert THIN in styles["door"]
    assert all(len(e.lines) for e in found if e.kind != "room")


def test_lettering_roof_lines_and_furniture_are_noise() -> None:
    drawing = two_rooms()
    for row in range(3):
        for k in range(6):  # letters as outlines, each a closed path of short pieces
            x, y = 1.2 + 0.25 * k, 2 + 0.4 * row
            drawing.lines(THICK, [(x + 0.1 * np.cos(a), y + 0.15 * np.sin(a)) for a in np.linspace(0, 6.283, 11)])
    eaves = [tuple(p) for p in ring(-0.6, -0.6, 8.6, 5.6)]
    drawing.lines(DASHED._replace(width=0.5), [(float(x), float(y)) for x, y in [*eaves, eaves[0]]])
    for k in range(40):  # a dashed line written out dash by dash
        drawing.lines(THICK, [(-0.5 + 0.22 * k, -0.45), (-0.36 + 0.22 * k, -0.45)])
    drawing.lines(THIN, [(5, 2), (6.8, 2), (6.8, 3.6), (5, 3.6), (5, 2)])
    drawing.lines(THIN, [(5, 3.2), (6.8, 3.2)])

    found = drawing.elements()

    assert counts(found) == counts(two_rooms().elements())
    assert areas(found) == pytest.approx(areas(two_rooms().elements()))


def test_a_table_without_doors_is_no_building() -> None:
    drawing = two_rooms()
    for y in (8.0, 8.5, 9.4, 10.9):
        drawing.lines(THICK, [(10, y), (16, y)], [(10, y + 0.1), (16, y + 0.1)])
    for x in (10.0, 12.1, 15.9):
        drawing.lines(THICK, [(x, 8), (x, 11)], [(x + 0.1, 8), (x + 0.1, 11)])

    assert counts(drawing.elements()) == counts(two_rooms().elements())


def test_a_sheet_without_anything_has_no_elements() -> None:
    drawing = Drawing()
    drawing.lines(THICK, [(0, 0), (9, 0)])

    assert drawing.elements() == []
