from __future__ import annotations

import numpy as np
import pytest

from planroom.detect.codes import read_codes
from planroom.detect.layers import meaning_of
from planroom.detect.scene import says_other, set_scene
from planroom.records import Text
from planroom.units import INCH_M
from plans import THICK, THIN, Drawing, text

FEET = [text(string, (0, 0)) for string in ("12'-0\"", "3'-6\"", "10'")]


def read(string: str, others: list[Text] = FEET) -> list[tuple[str, str, float | None, float | None]]:
    """Kind, subtype, width and height in inches."""
    codes = read_codes([text(string, (3, 4)), *others])
    return [(c.kind, c.subtype, inches(c.width_m), inches(c.height_m)) for c in codes]


def inches(length_m: float | None) -> float | None:
    return None if length_m is None else round(length_m / INCH_M, 3)


@pytest.mark.parametrize(
    ("string", "kind", "subtype", "width", "height"),
    [
        ("2668", "door", "", 30, 80),
        ("3068 ENTRY", "door", "", 36, 80),
        ("PR 2868", "door", "", 32, 80),
        ("(2) 1668", "door", "", 18, 80),
        ("5050 XO", "window", "", 60, 60),
        ("3040", "window", "", 36, 48),
        ("2840 SH", "window", "", 32, 48),
        ("6068 S.G.D.", "door", "sliding", 72, 80),
        ("16070 O.H. DOOR", "door", "garage", 192, 84),
        ("2668 FX", "window", "", 30, 80),
    ],
)
def test_sizes_in_feet_and_inches(string: str, kind: str, subtype: str, width: float, height: float) -> None:
    assert read(string) == [(kind, subtype, width, height)]


@pytest.mark.parametrize(
    ("string", "subtype"),
    [
        ("SLIDING GLASS DOOR", "sliding"),
        ("SGD", "sliding"),
        ("SCHIEBETÜR", "sliding"),
        ("PORTE COULISSANTE", "sliding"),
        ("PUERTA CORREDERA", "sliding"),
        ("OVERHEAD DOOR", "garage"),
        ("SEKTIONALTOR", "garage"),
        ("Garagentor", "garage"),
    ],
)
def test_words_tell_sliding_and_garage_doors_on_any_sheet(string: str, subtype: str) -> None:
    assert read(string, []) == [("door", subtype, None, None)]


@pytest.mark.parametrize(
    "string", ["2668", "3040 XO", "KITCHEN", "A-101", "0068", "THE OVERHEAD DOOR IS SPECIFIED ELSEWHERE"]
)
def test_a_metric_sheet_has_no_size_codes(string: str) -> None:
    assert read(string, []) == []


MODULES = [text(string, (0, 0)) for string in ("12x12", "12x14", "6x6")]


@pytest.mark.parametrize(
    ("string", "kind", "width_m", "height_m"),
    [
        ("9x21", "door", 0.9, 2.1),
        ("10x23 M", "door", 1.0, 2.3),
        ("15x21", "door", 1.5, 2.1),
        ("12x23 M", "window", 1.2, 2.3),
        ("12×14A", "window", 1.2, 1.4),
        ("I15x12", "window", 1.5, 1.2),
        ("115x12", "window", 1.5, 1.2),
        ("6x6", "window", 0.6, 0.6),
    ],
)
def test_sizes_in_modules(string: str, kind: str, width_m: float, height_m: float) -> None:
    (*_, code) = read_codes([*MODULES, text(string, (3, 4))])

    assert code.kind == kind
    assert [code.width_m, code.height_m] == pytest.approx([width_m, height_m])


def test_two_numbers_with_a_cross_are_no_code_where_they_stand_alone() -> None:
    assert read("9x21", []) == read("9x21", MODULES[:1]) == []
    assert len(read_codes([*MODULES, text("100x100", (0, 0)), text("2x4", (0, 0)), text("4.2x3.1", (0, 0))])) == 3


def test_a_code_keeps_its_place_and_words() -> None:
    (code,) = read_codes([text("2668", (3, 4)), *FEET])

    assert code.at.tolist() == [3, 4]
    assert code.string == "2668"


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("A-WALL", "wall"),
        ("A-WALL-DEMO", "wall"),
        ("Wände tragend", "wall"),
        ("PARED_EXT", "wall"),
        ("MURO", "wall"),
        ("VÄGG", "wall"),
        ("A-DOOR", "door"),
        ("Türen", "door"),
        ("PUERTA-80", "door"),
        ("A-GLAZ", "window"),
        ("FENSTER", "window"),
        ("Ventanas", "window"),
        ("IKKUNA", "window"),
        ("kozijnen", "opening"),
        ("A-FLOR-STRS", "stair"),
        ("TREPPE", "stair"),
        ("A-ANNO-DIMS", "other"),
        ("Möbel", "other"),
        ("A-WALL-PATT", "wall"),
        ("xref$0$A-WALL", "wall"),
        ("walls$0$FURN", "other"),
        ("0", ""),
        ("Layer1", ""),
        ("", ""),
        ("DRYWALLER", ""),
    ],
)
def test_names_of_layers_and_blocks_say_what_is_drawn(name: str, meaning: str) -> None:
    assert meaning_of(name) == meaning


def test_the_most_specific_part_of_a_name_wins() -> None:
    assert meaning_of("A-WALL-DOOR") == "door"
    assert meaning_of("A-DOOR-WALL") == "wall"


def test_a_block_speaks_before_its_layer() -> None:
    drawing = Drawing()
    drawing.lines(THICK._replace(layer="A-WALL", block="SOFA-FURN"), [(0, 0), (1, 0)])
    drawing.lines(THICK._replace(layer="A-WALL", block="B17"), [(0, 1), (1, 1)])

    scene = set_scene(drawing.page(), 1.0, np.zeros(2))

    assert scene.meanings == ["other", "wall"]
    assert says_other(scene).tolist() == [True, False]


def test_a_scene_is_in_metres_from_the_sheets_corner_without_lettering() -> None:
    drawing = Drawing()
    drawing.lines(THIN, [(10, 10), (14, 10)])
    drawing.lines(THIN, [(11 + 0.05 * (k % 2), 11 + 0.01 * k) for k in range(12)])
    drawing.arc(THIN, (12, 12), 0.9, 0.0, 1.5)
    drawing.text("WC", (13, 13), 0.2)
    page = drawing.page()
    page.linework.segments_xyxy *= 1000
    page.linework.arcs[:, :3] *= 1000
    page.linework.texts = [page.linework.texts[0]._replace(x=13_000.0, y=13_000.0, height=200.0)]

    scene = set_scene(page, 0.001, np.array([10_000.0, 10_000.0]))

    assert len(scene.lines) == 1
    assert np.concatenate(scene.lines.points()).round(6).tolist() == [[0, 0], [4, 0]]
    assert scene.arcs[0, :3] == pytest.approx([2, 2, 0.9])
    assert (scene.texts[0].x, scene.texts[0].y, scene.texts[0].height) == pytest.approx((3, 3, 0.2))
