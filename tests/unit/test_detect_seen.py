"""What the networks say of a picture, as elements: two rooms whose every pixel is told right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from planroom.detect.seen import RULES, find_candidates, find_elements, leads_out, usual_door_px
from planroom.engine.instances import STRIDE, Instance
from planroom.engine.pictures import Grey
from planroom.engine.vision import CLASSES, DOOR_PX, USES, Seen
from planroom.records import Element
from plans import text

ZOOM = 0.5
DOOR = DOOR_PX / ZOOM  # px of the picture
WALL = 24
WIDTH, HEIGHT = 1400, 900
BOX = (100, 100, 1300, 800)  # the middles of the outer walls
MIDDLE = 700
DOOR_IN_WALL = Instance("hinged", MIDDLE, 400.0, np.pi / 2, DOOR, WALL, 0.9)
WINDOW = Instance("window", 300.0, 100.0, 0.0, 120.0, WALL, 0.8)


def house(instances: list[Instance], *, solid: bool = True) -> tuple[Grey, Seen]:
    """The picture, and all that is true of it: a box of walls, one wall across, gaps where openings are."""
    walls = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(walls, BOX[:2], BOX[2:], 1, WALL)
    cv2.line(walls, (MIDDLE, BOX[1]), (MIDDLE, BOX[3]), 1, WALL)
    for one in instances:
        box = cv2.boxPoints(((one.x, one.y), (one.length, WALL + 4), float(np.degrees(one.angle))))
        cv2.fillPoly(walls, [np.rint(box).astype(np.int32)], 0)
    uses = np.full((HEIGHT, WIDTH), USES.index("outside"), np.uint8)
    cv2.rectangle(uses, BOX[:2], BOX[2:], USES.index("room"), -1)
    grey = np.asarray(np.where(walls, 0 if solid else 255, 255), np.uint8)
    small = (round(WIDTH * ZOOM / 2), round(HEIGHT * ZOOM / 2))
    classes = cv2.resize(walls * CLASSES.index("wall"), small, interpolation=cv2.INTER_NEAREST)
    quarter = (round(WIDTH * ZOOM / STRIDE), round(HEIGHT * ZOOM / STRIDE))
    told = cv2.resize(uses, quarter, interpolation=cv2.INTER_NEAREST)
    return grey, Seen(instances, np.asarray(classes, np.uint8), np.asarray(told, np.uint8), ZOOM)


def kinds(instances: list[Instance], *, solid: bool = True) -> dict[str, int]:
    found = find_elements(*house(instances, solid=solid), [], []).elements
    return {kind: sum(e.kind == kind for e in found) for kind in ("wall", "door", "window", "opening", "room")}


@pytest.mark.parametrize("solid", [True, False])
def test_rooms_close_across_openings(solid: bool) -> None:
    grey, seen = house([DOOR_IN_WALL, WINDOW], solid=solid)

    found = find_elements(grey, seen, [], [], m_per_px=0.01).elements

    assert sorted(e.kind for e in found) == ["door", "room", "room"] + ["wall"] * 5 + ["window"]
    inside_px = (MIDDLE - BOX[0] - WALL) * (BOX[3] - BOX[1] - WALL)
    for room in (e for e in found if e.kind == "room"):
        assert room.sizes["area"] == pytest.approx(inside_px, rel=0.01 if solid else 0.03)
    door = next(e for e in found if e.kind == "door")
    assert door.traits["subtype"] == "single" and door.sources == ["pixels", "VisionDecoder"]
    assert door.outline.mean(0).tolist() == pytest.approx([MIDDLE, HEIGHT - 400], abs=3)


def test_what_is_doubtful_does_not_count() -> None:
    unsure = DOOR_IN_WALL._replace(score=RULES.door - 0.05)

    assert kinds([unsure, WINDOW])["door"] == 0
    assert kinds([DOOR_IN_WALL, WINDOW])["door"] == 1


def traced(one: Instance, kind: str = "door", subtype: str = "single") -> Element:
    """What geometry finds where `one` stands: a level opening, in pixels, y up."""
    x, y, long, thick = one.x + 0.5, HEIGHT - one.y - 0.5, one.length / 2, one.thickness / 2
    outline = np.array([(x - long, y - thick), (x + long, y - thick), (x + long, y + thick), (x - long, y + thick)])
    return Element("e", kind, outline, 0.9, np.zeros((0, 4)), [], traits={"subtype": subtype})


def test_a_door_that_was_traced_too_needs_to_be_less_sure() -> None:
    faint = Instance("hinged", 900.0, 100.0, 0.0, DOOR, WALL, RULES.door - 0.1)
    window = Instance("window", 300.0, 100.0, 0.0, DOOR, WALL, RULES.window - 0.1)
    grey, seen = house([DOOR_IN_WALL, faint, window])

    def doors(elements: list[Element]) -> int:
        return sum(e.kind == "door" for e in find_elements(grey, seen, elements, []).elements)

    assert doors([]) == 1
    assert doors([traced(faint._replace(x=905.0))]) == 2
    assert doors([traced(faint, "window")]) == 1, "traced as something else"
    assert doors([traced(faint._replace(x=1100.0))]) == 1, "traced elsewhere"
    assert doors([traced(window)]) == 1, "seen as something else"


def test_each_opening_has_its_witnesses() -> None:
    both = Instance("hinged", 300.0, 100.0, 0.0, DOOR, WALL, 0.5)
    only = both._replace(x=500.0)
    grey, seen = house([DOOR_IN_WALL, both])

    found = find_candidates(grey, seen, [traced(both), traced(only, subtype="double"), traced(both, "window")], [])

    assert [one.traced for one in found] == [False, True, True]
    assert found[2].seen.score == 0
    assert found[2].seen.kind == "double" and found[2].seen[1:3] == pytest.approx(only[1:3])
    assert found[2].seen[3:6] == pytest.approx((0.0, only.length, only.thickness))
    assert RULES.chance(found[2]) == RULES.traced_only


def test_a_code_goes_to_the_opening_that_it_fits() -> None:
    """A pixel is about a centimetre: the code stands between a door and a window 80 cm to its right and left."""
    scale = 0.85 / DOOR  # metres in a pixel
    away = 0.8 / scale
    door = Instance("hinged", 600.0 - away, 100.0, 0.0, DOOR, WALL, 0.5)
    window = Instance("window", 600.0 + away, 100.0, 0.0, 1.2 / scale, WALL, 0.5)
    grey, seen = house([DOOR_IN_WALL, door, window])
    others = [text(string, (0.0, 0.0)) for string in ("8x8", "9x21")]

    def coded(string: str) -> list[bool]:
        found = find_candidates(grey, seen, [], [*others, text(string, (600.0, HEIGHT - 80.0))])
        return [one.coded for one in found]

    assert coded("12x14") == [False, False, True]
    assert coded("9x21") == [False, True, False]
    assert coded("HALL") == [False, False, False]


def test_off_any_wall_only_what_is_surer_counts() -> None:
    """Inside the house an opening counts whose wall was not seen, but must be surer."""
    inside = Instance("hinged", 400.0, 500.0, 0.0, DOOR, 8.0, 0.5)

    assert kinds([DOOR_IN_WALL, inside])["door"] == 1
    assert kinds([DOOR_IN_WALL, inside._replace(score=0.9)])["door"] == 2


def test_a_count_that_is_doubtful_has_a_range() -> None:
    even = [WINDOW._replace(x=x, score=RULES.window) for x in (250.0, 450.0, 900.0, 1100.0)]

    sure, doubtful = (find_elements(*house([DOOR_IN_WALL, *windows]), [], []) for windows in ([WINDOW], even))

    assert sure.ranges == {"door": (1, 1), "window": (1, 1), "opening": (0, 0)}
    assert sum(e.kind == "window" for e in doubtful.elements) == 2
    assert doubtful.ranges["window"] == (0, 4) and doubtful.ranges["door"] == (1, 1)


@pytest.mark.parametrize(("at", "outer"), [((300.0, 800.0, 0.0), True), ((MIDDLE, 600.0, np.pi / 2), False)])
def test_glass_that_slides_in_an_outer_wall_is_a_window(at: tuple[float, float, float], outer: bool) -> None:
    slider = Instance("sliding", *at, 2 * DOOR, WALL, 0.9)
    _, seen = house([slider])

    assert leads_out(slider, seen) == outer
    assert kinds([DOOR_IN_WALL, slider]) == {
        "wall": 5,
        "door": 1 if outer else 2,
        "window": 1 if outer else 0,
        "opening": 0,
        "room": 2,
    }


def test_toilets_beds_and_stairs_are_told() -> None:
    fixtures = [
        Instance("wc", 200.0, 200.0, 0.0, 40.0, 30.0, 0.8),
        Instance("bed", 900.0, 500.0, 0.0, 200.0, 160.0, 0.8),
        Instance("stair", 1100.0, 500.0, 0.0, 200.0, 90.0, 0.8),
        Instance("wc", 500.0, 200.0, 0.0, 40.0, 30.0, 0.2),
    ]

    found = find_elements(*house([DOOR_IN_WALL, *fixtures]), [], []).elements

    told = [(e.kind, e.traits.get("subtype")) for e in found if e.kind in ("fixture", "stair")]
    assert told == [("fixture", "toilet"), ("fixture", "bed"), ("stair", None)]


def test_a_legend_beside_the_plan_is_no_plan() -> None:
    grey, seen = house([DOOR_IN_WALL])
    seen.classes[5:12, 5:12] = CLASSES.index("wall")

    assert {e.kind for e in find_elements(grey, seen, [], []).elements if e.outline[:, 1].min() > HEIGHT - 60} == set()


def test_nothing_seen_is_nothing_found() -> None:
    empty = Seen([], np.zeros((225, 350), np.uint8), np.zeros((113, 175), np.uint8), ZOOM)

    found = find_elements(np.full((HEIGHT, WIDTH), 255, np.uint8), empty, [], [])

    assert found.elements == [] and set(found.ranges.values()) == {(0, 0)}
    assert usual_door_px(empty, (HEIGHT, WIDTH)) > 20
