import random
from collections import Counter

import cv2
import numpy as np
import pytest
from training.drawings import DOORS, Drawing, Element, Kind, Use, draw_sheet
from training.drawings.board import Board, Sheet
from training.drawings.buildings import KINDS, make_plan
from training.drawings.ceilings import draw_ceilings
from training.drawings.degrade import degrade
from training.drawings.openings import place_openings
from training.drawings.plan import OUTSIDE, Plan
from training.drawings.style import choose_style
from training.drawings.truth import ELEMENT_OF, Mask, move_instances
from training.drawings.walling import build_walls

SEEDS = range(40, 58)


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    return [draw_sheet(seed) for seed in SEEDS]


def planned(kind: str, seed: int) -> Plan:
    rng = random.Random(seed)
    style = choose_style(rng, 50.0)
    plan = make_plan(rng, kind)
    build_walls(rng, plan, style.thickness, 0.5)
    place_openings(rng, plan, style.habits)
    return plan


def reached(plan: Plan) -> set[int]:
    """The rooms that one gets into from outside, through doors, openings and open borders."""
    ways = [
        {wall.left, wall.right}
        for wall in plan.walls
        if wall.kind in ("virtual", "rail") or any(o.kind != Kind.WINDOW for o in wall.openings)
    ]
    found = {OUTSIDE}
    while more := {key for way in ways if way & found for key in way} - found:
        found |= more
    return found


def ink_under(image: Mask, mask: Mask) -> float:
    paper = float(np.median(image))
    return float(np.abs(image.astype(np.float64) - paper)[mask > 0].mean())


def test_the_same_seed_draws_the_same_sheet_and_another_seed_another() -> None:
    once, again, other = draw_sheet(7), draw_sheet(7), draw_sheet(8)

    for a, b in zip(once, again, strict=True):
        np.testing.assert_equal(a, b)
    assert once.image.shape != other.image.shape or (once.image != other.image).any()


def test_masks_have_the_size_of_the_picture_and_known_values(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert drawing.image.shape == drawing.classes.shape == drawing.uses.shape
        assert {a.dtype for a in drawing[:3]} == {np.dtype(np.uint8)}
        assert drawing.classes.max() <= max(Element) and drawing.uses.max() <= max(Use)


def test_instances_lie_inside_the_picture_on_their_own_class(drawings: list[Drawing]) -> None:
    wrong: Counter[str] = Counter()
    for drawing in drawings:
        height, width = drawing.image.shape
        for kind, x, y, *_ in drawing.instances.tolist():
            assert 0 <= x < width and 0 <= y < height
            at = drawing.classes[min(height - 1, round(y)), min(width - 1, round(x))]
            fine = {ELEMENT_OF[Kind(kind)]} | ({Element.SWING} if kind == Kind.OPENING else set())
            wrong[Kind(kind).name] += at not in fine

    assert sum(wrong.values()) <= 0.01 * sum(len(drawing.instances) for drawing in drawings), wrong


def test_counts_are_the_instances(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        kinds = Counter(drawing.instances[:, 0].astype(int).tolist())

        assert drawing.counts["door"] == sum(kinds[kind] for kind in DOORS)
        assert drawing.counts["window"] == kinds[Kind.WINDOW]
        assert drawing.counts["bedroom"] + drawing.counts["toilet"] <= drawing.counts["room"]


def test_openings_end_at_walls(drawings: list[Drawing]) -> None:
    solid = (Element.WALL, Element.DOOR, Element.WINDOW)
    loose = total = 0
    for drawing in drawings:
        walls = cv2.dilate(np.isin(drawing.classes, solid).astype(np.uint8), np.ones((5, 5), np.uint8))
        height, width = walls.shape
        for kind, x, y, angle, length, *_ in drawing.instances.tolist():
            for way in (1, -1):
                reach = way * (length / 2 + 2)
                column, row = round(x + reach * np.cos(angle)), round(y + reach * np.sin(angle))
                if kind <= Kind.WINDOW and 0 <= column < width and 0 <= row < height:
                    total += 1
                    loose += not walls[row, column]

    assert total > 200
    assert loose <= 0.01 * total


@pytest.mark.parametrize("kind", KINDS)
def test_every_room_is_reached_from_outside(kind: str) -> None:
    for seed in range(12):
        plan = planned(kind, seed)
        inside = {int(key) for key in np.unique(plan.cells) if key and not plan.rooms[int(key)].is_open_air}

        assert inside <= reached(plan), f"seed {seed}"


@pytest.mark.parametrize("kind", KINDS)
def test_openings_of_a_wall_do_not_overlap_and_stay_in_it(kind: str) -> None:
    for seed in range(12):
        for wall in planned(kind, seed).walls:
            stops = [s for o in sorted(wall.openings, key=lambda o: o.start) for s in (o.start, o.end)]

            assert stops == sorted(stops)
            assert not stops or (stops[0] >= 0 and stops[-1] <= wall.length + 1e-6)


def test_windows_lead_outside() -> None:
    plans = [planned(kind, seed) for kind in KINDS for seed in range(6)]
    windows = [(plan, wall) for plan in plans for wall in plan.walls for o in wall.openings if o.kind == Kind.WINDOW]
    outer = [wall.kind == "outer" for _, wall in windows]

    assert len(windows) > 150
    assert np.mean(outer) > 0.97


def test_closets_may_be_closed_by_a_line_only_which_is_no_door() -> None:
    kinds: Counter[Kind] = Counter()
    for seed in range(12):
        rng = random.Random(seed)
        style = choose_style(rng, 50.0)
        plan = make_plan(rng, "house")
        build_walls(rng, plan, style.thickness, 0.5)
        place_openings(rng, plan, style.habits._replace(open_closets=1.0))
        kinds.update(o.kind for wall in plan.walls for o in wall.openings if o.closet)

    assert kinds[Kind.OPENING] > 0.8 * kinds.total() > 5


def test_what_lies_above_rooms_is_drawn_but_not_in_the_truth() -> None:
    drawn = 0
    for seed in range(6):
        plan = planned("house", seed)
        masks = [np.full((900, 900), fill, np.uint8) for fill in (255, 0, 0)]
        sheet = Sheet(masks[0], masks[1], masks[2], [], [])
        board = Board(sheet, np.array([[40.0, 0.0, 20.0], [0.0, 40.0, 20.0]]), random.Random(seed))
        draw_ceilings(board, plan, choose_style(random.Random(seed), 40.0))
        drawn += int((sheet.image < 255).any())

        assert not sheet.classes.any() and not sheet.uses.any() and not sheet.instances

    assert drawn >= 4


def test_the_truth_stays_on_the_ink_of_a_degraded_sheet(drawings: list[Drawing]) -> None:
    on, off = [], []
    for drawing in drawings:
        walls = cv2.dilate((drawing.classes == Element.WALL).astype(np.uint8), np.ones((3, 3), np.uint8))
        away = max(8, round(0.02 * max(walls.shape)))
        on.append(ink_under(drawing.image, walls))
        off += [
            ink_under(drawing.image, np.roll(walls, (dy, dx), (0, 1))) / on[-1]
            for dx, dy in ((away, away), (-away, away))
        ]

    assert min(on) > 10
    assert np.mean(off) < 0.6
    assert np.mean(np.array(off) < 0.95) > 0.85


def test_degrading_leaves_the_drawing_where_it_was() -> None:
    drawing = draw_sheet(41)
    walls = (drawing.classes == Element.WALL).astype(np.uint8)
    clean: Mask = np.where(walls > 0, 0, 255).astype(np.uint8)
    for seed in range(12):
        worn = degrade(random.Random(seed), clean, 60.0)

        assert worn.shape == clean.shape and worn.dtype == np.uint8
        assert ink_under(worn, walls) > 3 * ink_under(worn, 1 - walls)


def test_moved_instances_keep_their_place_under_a_quarter_turn() -> None:
    door = np.array([[Kind.DOOR_HINGED, 10, 20, 0.0, 8, 3, 6, 20]], np.float32)
    quarter = np.array([[0.0, -1.0, 50.0], [1.0, 0.0, 0.0]])

    moved = move_instances(door, quarter)

    np.testing.assert_allclose(moved[0], [Kind.DOOR_HINGED, 30, 10, np.pi / 2, 8, 3, 30, 6], atol=1e-4)
