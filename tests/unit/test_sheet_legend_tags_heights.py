"""What small words on a sheet say of its elements: legends, tags, clear heights."""

from __future__ import annotations

import pytest
import shapely

from planroom.records import Element, Status, Style, Text
from planroom.sheet.heights import read_heights
from planroom.sheet.legend import demolished_styles, pen_of, read_legend, set_status
from planroom.sheet.tags import settle_by_tags, tag_openings
from planroom.units import INCH_M
from plans import DASHED, SOLID, THICK, THIN, Drawing, element, ring, text

RED = THICK._replace(colour=0xFF0000)
GREY = SOLID._replace(colour=0x808080)


def legend(**samples: Style) -> tuple[Drawing, list[Text]]:
    """Samples of pens as short strokes, each left of its words (underscores are spaces)."""
    drawing, texts = Drawing(), []
    for row, (words, style) in enumerate(samples.items()):
        y = 100.0 - 10 * row
        if style.filled:
            drawing.area(style, shapely.box(10, y - 2, 20, y + 2))
        else:
            drawing.lines(style, [(10, y - 1), (20, y - 1)], [(10, y + 1), (20, y + 1)])
        caption = words.replace("_", " ")
        texts.append(text(caption, (23 + 0.9 * len(caption), y), 3))
    return drawing, texts


def wall(key: str, box: tuple[float, float, float, float], *paths: int) -> Element:
    made = element(key, "wall")
    made.outline, made.sources = ring(*box), [f"path:{path}" for path in paths]
    return made


# ---- legends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("existing", "demolished"),
    [
        ("EXISTING_WALL", "WALL_TO_BE_DEMOLISHED"),
        ("BESTAND", "ABBRUCH"),
        ("mur_existant", "mur_à_démolir"),
        ("MURO_EXISTENTE", "MURO_A_DERRIBAR"),
        ("parete_esistente", "parete_da_demolire"),
        ("BEFINTLIG_VÄGG", "VÄGG_SOM_RIVS"),
        ("OLEVA_SEINÄ", "PURETTAVA_SEINÄ"),
        ("PAREDE_EXISTENTE", "PAREDE_A_DEMOLIR"),
        ("BESTAANDE_WAND", "TE_SLOPEN_WAND"),
    ],
)
def test_a_legend_says_what_each_pen_means_in_every_language(existing: str, demolished: str) -> None:
    drawing, texts = legend(**{existing: THICK, demolished: RED})

    assert read_legend(drawing.linework(), texts) == {pen_of(THICK): "existing", pen_of(RED): "demolished"}


def test_filled_samples_speak_too() -> None:
    drawing, texts = legend(EXISTING_WALL=GREY, NEW_WALL=SOLID)

    assert read_legend(drawing.linework(), texts) == {pen_of(GREY): "existing", pen_of(SOLID): "new"}


def test_a_pen_that_two_meanings_claim_has_none() -> None:
    drawing, texts = legend(EXISTING_WALL=THICK, NEW_WALL=RED, WALL_TO_BE_DEMOLISHED=RED)

    assert read_legend(drawing.linework(), texts) == {}


@pytest.mark.parametrize(
    "words",
    [("NEW_WALL", "NEW_PARTITION"), ("EXISTING_TREE", "NEW_TREE_IN_POT")],
    ids=["one meaning only", "not of walls"],
)
def test_other_words_beside_samples_are_no_legend(words: tuple[str, str]) -> None:
    drawing, texts = legend(**dict(zip(words, (THICK, RED), strict=True)))

    assert read_legend(drawing.linework(), texts) == {}


def test_walls_take_their_status_from_the_legends_pens_and_openings_follow() -> None:
    drawing, texts = legend(EXISTING_WALL=THICK, WALL_TO_BE_DEMOLISHED=RED)
    work = drawing.linework()
    walls = [wall("a", (0, 0, 5, 1), 0), wall("b", (0, 9, 5, 10), 1), wall("c", (0, 20, 5, 21), 0, 1, 1)]
    door, free = element("d", "door"), element("e", "door")
    door.outline, free.outline = ring(1, 9, 2, 10), ring(40, 40, 41, 41)

    set_status([*walls, door, free], work, read_legend(work, texts))

    assert [w.status for w in walls] == ["existing", "demolished", "demolished"]
    assert (door.status, free.status) == ("demolished", None)
    assert demolished_styles(work, read_legend(work, texts)) == {1}


def test_a_fill_weighs_more_than_the_strokes_round_it() -> None:
    drawing, texts = legend(EXISTING_WALL=THICK, NEW_WALL=GREY)
    filled = wall("a", (10, 88, 20, 92), 0, 0)

    set_status([filled], drawing.linework(), read_legend(drawing.linework(), texts))

    assert filled.status == "new"


@pytest.mark.parametrize(
    ("layer", "status"),
    [
        ("A-WALL-DEMO", "demolished"),
        ("Wand_Abbruch", "demolished"),
        ("A-WALL-EXST", "existing"),
        ("Bestand-Wand", "existing"),
        ("A-WALL-NEWW", "new"),
        ("A-WALL-NEW", "new"),
        ("Wand Neu", "new"),
        ("A-WALL", None),
        ("NEWEL-WALL", None),
    ],
)
def test_layers_name_a_status(layer: str, status: Status | None) -> None:
    drawing = Drawing()
    style = THICK._replace(layer=layer)
    drawing.lines(style, [(0, 0), (5, 0)])
    made = wall("a", (0, 0, 5, 1), 0)

    set_status([made], drawing.linework(), {})

    assert made.status == status
    assert demolished_styles(drawing.linework(), {}) == ({0} if status == "demolished" else set())


def test_pens_differ_by_what_can_be_seen() -> None:
    pens = {pen_of(style) for style in (THICK, THIN, RED, SOLID, DASHED)}

    assert len(pens) == 5
    assert pen_of(THICK._replace(layer="A-WALL", width=0.52)) == pen_of(THICK)


# ---- tags --------------------------------------------------------------------------------------------------------


def opening(key: str, x: float, kind: str = "door") -> Element:
    made = element(key, kind)
    made.outline = ring(x, 0, x + 0.9, 0.2)
    return made


def test_each_tag_goes_to_the_nearest_opening_once() -> None:
    doors = [opening("a", 0), opening("b", 1.2), opening("c", 9)]
    tags = [text("D1", (0.5, 0.6), 0.2), text("D2", (0.6, 1.0), 0.2), text("D 3a", (9.4, -0.5), 0.2)]

    tag_openings(doors, tags, 1.0)

    assert [door.traits.get("tag") for door in doors] == ["D1", "D2", "D 3a"]


def test_a_tag_out_of_reach_tags_nothing_in_any_unit() -> None:
    for unit_m in (1.0, 0.001):
        door = opening("a", 0)
        door.outline = door.outline / unit_m
        tag_openings([door], [text("W7", (0.5 / unit_m, 2.1 / unit_m), 0.2)], unit_m)

        assert "tag" not in door.traits

        tag_openings([door], [text("W7", (0.5 / unit_m, 1.9 / unit_m), 0.2)], unit_m)

        assert door.traits["tag"] == "W7"


@pytest.mark.parametrize("string", ["101", "KITCHEN", "2668", "D", "A-101.2", "3'-6\"", "D1/D2"])
def test_other_words_are_no_tags(string: str) -> None:
    door = opening("a", 0)

    tag_openings([door], [text(string, (0.5, 0.5), 0.2)], 1.0)

    assert "tag" not in door.traits


def test_walls_and_rooms_are_not_tagged() -> None:
    others = [opening("a", 0, "wall"), opening("b", 0, "room")]

    tag_openings(others, [text("D1", (0.5, 0.5), 0.2)], 1.0)

    assert not any("tag" in e.traits for e in others)


def tagged(kinds: str, tags: str, subtype: str = "") -> list[Element]:
    """Openings by first letters: a hung door "D", a door, window or opening that is doubtful in small letters."""
    names = {"d": "door", "w": "window", "o": "opening"}
    found = []
    for kind, tag in zip(kinds.split(), tags.split(), strict=True):
        made = element(tag, names[kind.lower()])
        made.traits = {"subtype": "single" if kind == "D" else subtype} | ({} if tag == "-" else {"tag": tag})
        found.append(made)
    return found


def test_tags_tell_the_kind_of_doubtful_openings() -> None:
    found = tagged("D D D w w w w o", "T1 T2 T3 T4 F1 F2 F3 F4")

    settle_by_tags(found, 1.0)

    assert [e.kind for e in found] == ["door"] * 4 + ["window"] * 4


def test_a_door_that_hangs_stays_one_whatever_its_tag() -> None:
    found = tagged("w w w D", "F1 F2 F3 F4")

    settle_by_tags(found, 1.0)

    assert found[-1].kind == "door"


@pytest.mark.parametrize(("rooms", "kind"), [(2, "opening"), (1, "window")])
def test_a_bare_window_among_tagged_ones_is_an_opening_between_two_rooms(rooms: int, kind: str) -> None:
    found = tagged("w w w w", "F1 F2 F3 -")
    beside = [element("r1", "room"), element("r2", "room")][:rooms]
    for room, (y0, y1) in zip(beside, ((1.1, 5), (-5, -0.1)), strict=False):
        room.outline = ring(-3, y0, 3, y1)

    settle_by_tags([*found, *beside], 1.0)

    assert [e.kind for e in found] == ["window"] * 3 + [kind]


@pytest.mark.parametrize(("tags", "kinds"), [("T1 T2 T3 -", "door door door"), ("- - - -", "door door door opening")])
def test_a_door_that_seems_to_slide_needs_a_tag(tags: str, kinds: str) -> None:
    found = tagged("D D D d", tags, subtype="sliding")

    settle_by_tags(found, 1.0)

    assert [e.kind for e in found] == kinds.split()


def test_few_tags_tell_nothing() -> None:
    found = tagged("D w w o", "A1 A2 - -")

    settle_by_tags(found, 1.0)

    assert [e.kind for e in found] == ["door", "window", "window", "opening"]


# ---- heights -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("string", "metres"),
    [
        ("CH 2.60", 2.6),
        ("C.H. = 2600", 2.6),
        ("CLG HT. 8'-0\"", 96 * INCH_M),
        ("CEILING HEIGHT: 9'-0\"", 108 * INCH_M),
        ("LH 2,50 m", 2.5),
        ("Lichte Höhe 2.45 m", 2.45),
        ("L.H. 245 cm", 2.45),
        ("H.S.P. 2,50", 2.5),
        ("Hauteur sous plafond 2.50 m", 2.5),
        ("ALTURA LIBRE 2.70", 2.7),
        ("ALTEZZA 2.70 m", 2.7),
        ("h = 2.70", 2.7),
        ("HUONEKORKEUS 2600", 2.6),
        ("RUMSHÖJD 2500", 2.5),
        ("PÉ-DIREITO 2,60", 2.6),
        ("VRIJE HOOGTE 2600", 2.6),
    ],
)
def test_clear_heights_are_read_in_every_language(string: str, metres: float) -> None:
    assert read_heights([text(string, (0, 0))]) == {"clear 0": pytest.approx(metres)}


@pytest.mark.parametrize("string", ["2.60", "CH 1.20", "CH 12.0", "CHIMNEY 2.60", "RIDGE +6.40", "CH"])
def test_other_levels_are_no_clear_heights(string: str) -> None:
    assert read_heights([text(string, (0, 0))]) == {}


def test_storeys_go_from_the_ground_up_and_keep_their_lowest_height() -> None:
    notes = [("CH 2.60", 0), ("CH 2.40", 3), ("CH 2.70", 100), ("CH 2.30", 200)]

    assert read_heights([text(words, (10 * k, y)) for k, (words, y) in enumerate(notes)]) == {
        "clear 0": 2.4,
        "clear 1": 2.7,
        "clear 2": 2.3,
    }
