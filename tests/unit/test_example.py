"""The example set: what it writes, that its truth is what is drawn, and that it is the same every time."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import ezdxf
import pypdfium2
import pytest
from PIL import Image
from shapely import Point

from planroom.example import VARIANTS, Variant, random_variant, write_set
from planroom.example.dimensions import outer_strings
from planroom.example.house import footprint, gap, massing, outward, room_shape
from planroom.example.layouts import LAYOUTS
from planroom.example.transform import cropped
from planroom.example.truth import TOILETS, SheetTruth, Truth
from planroom.example.words import Words
from planroom.units import INCH_M, POINT_M

BASE, BASE_A3 = VARIANTS[:2]


def page_texts(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def sheet(truth: Truth, kind: str, view: str = "") -> SheetTruth:
    return next(s for s in truth.sheets if s.kind == kind and (not view or s.view == view))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_every_variant_is_written_and_prints_what_its_truth_says(tmp_path: Path, variant: Variant) -> None:
    truth = write_set(tmp_path, variant)
    texts = page_texts(tmp_path / f"{variant.name}.pdf")

    assert len(texts) == len(truth.sheets) >= 8
    assert {s.kind for s in truth.sheets} == {"cover", "site", "plan", "elevation", "section", "schedule"}
    for one in truth.sheets:
        assert one.number in texts[one.page]
        assert one.title in texts[one.page]
        assert one.printed_scale in texts[one.page]
        for element in one.elements:
            x0, y0, x1, y1 = element.box_pt
            assert 0 < x0 < x1 < one.size_pt[0]
            assert 0 < y0 < y1 < one.size_pt[1]
            if element.kind == "room" and one.view == "general":
                assert variant.words.area(element.area_m2 or 0.0) in texts[one.page]
    for path in tmp_path.glob("*.dxf"):
        assert not ezdxf.readfile(path).audit().errors
    assert json.loads((tmp_path / f"{variant.name}.truth.json").read_text())["totals"] == truth.totals()


@pytest.mark.parametrize("seed", range(25))
def test_random_houses_are_sound(seed: int) -> None:
    house = random_variant(seed).house()

    assert random_variant(seed).house() == house
    for storey in house.storeys:
        shapes = [room_shape(storey, room) for room in storey.rooms]
        assert len({shape.wkt for shape in shapes}) == len(shapes)
        assert sum(s.area for s in shapes) + massing(storey).area == pytest.approx(footprint(storey).area)
        holes = [gap(storey, o) for o in storey.openings]
        for index, hole in enumerate(holes):
            assert not any(hole.intersects(other) for other in holes[:index])
            wall = storey.wall(storey.openings[index].wall)
            crossing = [w for w in storey.walls if w is not wall and w.status == wall.status]
            assert not any(hole.intersects(w.strip(0, w.length_m, w.thickness_m)) for w in crossing)


def test_box_and_page_agree(tmp_path: Path) -> None:
    plan = sheet(write_set(tmp_path, BASE, dxf=False), "plan", "general")

    assert plan.m_per_pt == 50 * POINT_M
    for element in plan.elements:
        width_m, width_pt = element.box_m[2] - element.box_m[0], element.box_pt[2] - element.box_pt[0]
        assert width_pt * plan.m_per_pt == pytest.approx(width_m, abs=1e-4)


def test_one_room_by_hand(tmp_path: Path) -> None:
    rooms = {e.number: e for e in sheet(write_set(tmp_path, BASE, dxf=False), "plan", "general").elements}

    # the store: 8.2 to 10.0 by 4.8 to 6.9 on axes, 0.11 m walls and the 0.17 m spine below
    assert rooms["005"].area_m2 == pytest.approx((1.8 - 0.11) * (2.1 - 0.055 - 0.085))
    assert rooms["005"].perimeter_m == pytest.approx(2 * (1.69 + 1.96))


def test_totals_take_each_storey_once(tmp_path: Path) -> None:
    truth = write_set(tmp_path, BASE, dxf=False)
    ground, upper = (s for s in truth.sheets if s.view == "general")
    enlarged = sheet(truth, "plan", "enlarged")

    assert truth.totals()["door"] == ground.counts["door"] + upper.counts["door"] == 19
    assert 0 < enlarged.counts["door"] < ground.counts["door"]
    assert {e.id for e in enlarged.elements} <= {e.id for e in ground.elements}


def test_rooms_with_a_toilet_are_those_in_which_one_is_drawn() -> None:
    for make in LAYOUTS.values():
        for storey in make().storeys:
            toilets = [f for f in storey.fixtures if f.kind == "toilet"]
            holding = set()
            for room in storey.rooms:
                shape = room_shape(storey, room)
                for f in toilets:
                    front = math.radians(f.angle_deg)
                    if shape.contains(Point(f.at[0] + 0.3 * math.cos(front), f.at[1] + 0.3 * math.sin(front))):
                        holding.add(room.number)

            assert holding == {r.number for r in storey.rooms if r.use in TOILETS}
            assert len(holding) == len(toilets)


def test_dimension_strings_add_up_and_end_at_jambs() -> None:
    for make in LAYOUTS.values():
        storey = make().storeys[0].kept()
        strings = list(outer_strings(storey, 1.0, 2.0))
        x0, y0, x1, y1 = footprint(storey).bounds
        for level, run in ((True, x1 - x0), (False, y1 - y0)):
            along = [d.value_m for d in strings if d.level == level]

            assert sum(along) == pytest.approx(4 * run)
        widths = {round(d.value_m, 4) for d in strings}
        assert {o.width_m for o in storey.openings if outward(storey, o)} <= widths


def test_mirroring_and_turning_keep_every_quantity() -> None:
    plain = BASE.house().storeys[0]
    other = replace(BASE, mirrored=True, turned=True).house().storeys[0]

    for room, moved in zip(plain.rooms, other.rooms, strict=True):
        assert room_shape(plain, room).area == pytest.approx(room_shape(other, moved).area)


def test_a_crop_keeps_its_rooms_whole() -> None:
    house = BASE.house()
    storey = house.storeys[0]
    part = cropped(storey, house.enlarged)

    for room in part.rooms:
        assert room_shape(part, room).area == pytest.approx(room_shape(storey, room).area)


def test_doors_swing_where_the_truth_says(tmp_path: Path) -> None:
    write_set(tmp_path, BASE)
    arcs = ezdxf.readfile(tmp_path / "base-A-101.dxf").modelspace().query("ARC")
    storey = BASE.house().storeys[0]
    leaves = sum({"single": 1, "double": 2}.get(o.type, 0) for o in storey.openings)

    assert len(arcs) == leaves
    radii = sorted(round(arc.dxf.radius, 4) for arc in arcs)
    singles = [o.width_m for o in storey.openings if o.type == "single"]
    assert radii == sorted([*singles, 0.75, 0.75])


def test_imperial_dxf_is_in_inches_with_blocks(tmp_path: Path) -> None:
    variant = next(v for v in VARIANTS if v.name == "imperial")
    write_set(tmp_path, variant)
    document = ezdxf.readfile(tmp_path / "imperial-A-101.dxf")
    inserts = document.modelspace().query("INSERT")
    overall = max(d.get_measurement() for d in document.modelspace().query("DIMENSION"))

    assert document.header["$INSUNITS"] == 1
    assert len(inserts) == len(variant.house().storeys[0].openings)
    assert overall == pytest.approx(55 * 12 + 8)


def test_status_is_drawn_with_a_legend(tmp_path: Path) -> None:
    variant = next(v for v in VARIANTS if v.name == "conversion")
    truth = write_set(tmp_path, variant, dxf=False)
    plan = sheet(truth, "plan", "demolition")
    text = page_texts(tmp_path / "conversion.pdf")[plan.page]

    assert {e.status for e in plan.elements if e.kind == "wall"} == {"existing", "new", "demolished"}
    assert all(words in text for words in ("EXISTING WALL", "NEW WALL", "WALL TO BE DEMOLISHED"))
    assert all(e.status != "demolished" for e in sheet(truth, "plan", "general").elements)


@pytest.mark.parametrize("name", [v.name for v in VARIANTS])
def test_mistakes_are_printed_and_written_down(tmp_path: Path, name: str) -> None:
    variant = next(v for v in VARIANTS if v.name == name)
    right, wrong = write_set(tmp_path, variant), write_set(tmp_path, variant, mistakes=True)
    texts = {s.page: t for s, t in zip(wrong.sheets, page_texts(tmp_path / f"{name}-mistakes.pdf"), strict=True)}
    by_kind = {m.kind: m for m in wrong.mistakes}

    assert not right.mistakes
    assert len(by_kind) == 9
    assert wrong.totals()["door"] == right.totals()["door"] - 1
    assert [s.number for s in wrong.sheets].count("A-301") == 2
    assert by_kind["room area wrong"].printed in texts[2]
    assert by_kind["room area wrong"].true not in texts[2]
    assert by_kind["dimension wrong"].printed in texts[2]
    assert by_kind["dimensions do not add up"].printed in texts[2]
    assert by_kind["dimensions do not add up"].subject != by_kind["dimension wrong"].subject
    schedule = texts[sheet(wrong, "schedule").page].split()
    assert by_kind["mark missing from schedule"].subject not in schedule
    assert by_kind["schedule width differs from plan"].subject in schedule


def test_a_scan_keeps_the_size_and_the_ink(tmp_path: Path) -> None:
    variant = next(v for v in VARIANTS if v.name == "bungalow-german")
    truth = write_set(tmp_path, variant, scan=True, dxf=False)
    picture = cv2.imread(str(tmp_path / "bungalow-german-scan-03.png"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    height, width = picture.shape
    with pypdfium2.PdfDocument(tmp_path / "bungalow-german-scan.pdf") as document:
        sizes = [page.get_size() for page in document]
        texts = [page.get_textpage().count_chars() for page in document]

    assert width == pytest.approx(truth.sheets[2].size_pt[0] / 72 * 200, abs=2)
    assert height == pytest.approx(truth.sheets[2].size_pt[1] / 72 * 200, abs=2)
    assert picture.min() < 80
    assert 200 < picture.mean() < 250
    assert sizes[2] == pytest.approx(truth.sheets[2].size_pt, abs=0.01)
    assert not any(texts)


def test_a_scan_is_turned_by_the_skew_in_its_truth(tmp_path: Path) -> None:
    truth = write_set(tmp_path, BASE_A3, scan=True, dxf=False)
    schedule = sheet(truth, "schedule")
    picture = cv2.imread(str(tmp_path / f"base-a3-scan-{schedule.page + 1:02d}.png"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert schedule.skew_deg is not None
    height, width = picture.shape
    sharpness = {}
    for turn_deg in (-0.3, 0.0, 0.3):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg - schedule.skew_deg, 1.0)
        level = cv2.warpAffine(picture, matrix, (width, height), borderValue=235)
        sharpness[turn_deg] = level.mean(1).min()  # a level rule darkens one row

    assert 0.01 < abs(schedule.skew_deg) <= 1.5
    assert len({s.skew_deg for s in truth.sheets}) == len(truth.sheets)
    assert min(sharpness, key=lambda turn_deg: sharpness[turn_deg]) == 0.0


def test_a_scan_is_a_tiff_of_many_pages_too(tmp_path: Path) -> None:
    truth = write_set(tmp_path, BASE_A3, scan=True, dxf=False)
    with Image.open(tmp_path / "base-a3-scan.tif") as image:
        frames = getattr(image, "n_frames", 1)
        image.seek(3)
        size, dpi = image.size, image.info["dpi"]
    picture = cv2.imread(str(tmp_path / "base-a3-scan-04.png"), cv2.IMREAD_GRAYSCALE)

    assert "base-a3-scan.tif" in truth.files
    assert frames == len(truth.sheets)
    assert picture is not None
    assert size == picture.shape[::-1]
    assert dpi == (200, 200)


# ---- tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [*VARIANTS, *(random_variant(seed) for seed in range(20))], ids=lambda v: v.name)
def test_tables_are_printed_as_their_truth_says_and_stay_apart(tmp_path: Path, variant: Variant) -> None:
    truth = write_set(tmp_path, variant, dxf=False)
    texts = page_texts(tmp_path / f"{variant.name}.pdf")
    schedules = sheet(truth, "schedule")

    kinds = [table.kind for table in schedules.tables]
    assert sorted(kinds) == ["door", *["finish"] * variant.tables.finishes, "window"]
    assert [table.kind for table in sheet(truth, "cover").tables] == ["other"]
    for one in truth.sheets:
        words = " ".join(texts[one.page].split())
        for index, table in enumerate(one.tables):
            x0, y0, x1, y1 = table.box_pt
            assert 0 < x0 < x1 < one.size_pt[0]
            assert 0 < y0 < y1 < one.size_pt[1]
            for other in (t.box_pt for t in one.tables[:index]):
                assert other[2] < x0 or x1 < other[0] or other[3] < y0 or y1 < other[1]
            assert {len(row) for row in table.rows} == {len(table.header)}
            for cell in (cell for row in table.rows for cell in row):
                assert all(word in words for word in cell.split())


def test_the_tables_are_drawn_in_every_style() -> None:
    styles = [variant.tables for variant in (*VARIANTS, *map(random_variant, range(40)))]

    assert {style.rules for style in styles} == {"grid", "level", "upright", "open", "none"}
    for name in ("head_filled", "centred", "sizes_grouped", "title_inside", "remarks", "finishes"):
        assert {getattr(style, name) for style in styles} == {False, True}


def test_doors_marked_by_type_are_listed_with_their_number(tmp_path: Path) -> None:
    variant = next(v for v in VARIANTS if v.door_marks == "type")
    truth = write_set(tmp_path, variant, dxf=False)
    doors = sheet(truth, "schedule").tables[0]
    marks = [e.tag for s in truth.sheets if s.view == "general" for e in s.elements if e.kind == "door"]

    assert {row[0]: int(row[1]) for row in doors.rows} == Counter(marks)
    assert len(doors.rows) < len(marks)


def test_the_same_variant_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_set(tmp_path / folder, BASE)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())

    assert files == sorted(p.name for p in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_lengths_as_the_trades_write_them() -> None:
    assert Words("en", "metric", "mm").length(1.885) == "1885"
    assert Words("de", "metric", "m").length(1.885) == "1,885"
    assert Words("de", "metric", "m").length(1.88) == "1,88"
    assert Words("en", "imperial", "ft").length(12 * INCH_M * 3 + 4.5 * INCH_M) == "3'-4 1/2\""
    assert Words("en", "imperial", "ft").area(12.34) == "133 SF"
