from __future__ import annotations

import pytest

from planroom.records import Text
from planroom.sheet.titleblock import TitleBlock, classify_title, read_title_block
from plans import text

EXTENT = (0.0, 0.0, 1000.0, 700.0)
NOTES = [text(f"NOTE {k} AS SHOWN", (300, 30 + 5 * k), 2) for k in range(9)]


def read(*texts: Text, imperial: bool = False) -> TitleBlock:
    return read_title_block([*texts, *NOTES], EXTENT, imperial=imperial)


@pytest.mark.parametrize(
    ("caption", "number"),
    [
        ("SHEET NO.", "A-101"),
        ("Sheet number:", "A2.1"),
        ("PLAN-NR.", "A 201"),
        ("N° DE PLAN", "A12"),
        ("PLANO N.º", "A-03"),
        ("TAVOLA", "A.4"),
        ("FOLHA", "A07"),
        ("RITNING", "A-40.1"),
        ("PIIRUSTUS", "ARK 12"),
        ("TEKENING", "B-01"),
    ],
)
def test_the_number_stands_under_its_caption_in_every_language(caption: str, number: str) -> None:
    assert read(text(caption, (900, 40), 2), text(number, (905, 30), 5)).number == number


def test_a_value_may_stand_right_of_its_caption() -> None:
    beside = [
        text("SHEET", (900, 40), 2),
        text("S-201", (915, 40), 2),
        text("REV", (900, 60), 2),
        text("C", (906, 60), 2),
    ]

    block = read(*beside)

    assert (block.number, block.revision, block.discipline) == ("S-201", "C", "structure")


def test_the_nearest_value_wins_and_captions_are_no_values() -> None:
    block = read(
        text("TITLE", (900, 60), 2),
        text("SCALE", (900, 52), 2),
        text("GROUND FLOOR PLAN", (900, 47), 3),
        text("HOUSE SMITH", (900, 43), 2),
    )

    assert block.title == "GROUND FLOOR PLAN"
    assert (block.kind, block.view, block.storey) == ("plan", "general", "0")


def test_without_captions_the_tall_number_at_the_edge_and_the_tall_title_count() -> None:
    block = read(text("A-102", (950, 30), 12), text("A-999", (100, 600), 12), text("FIRST FLOOR PLAN", (500, 60), 8))

    assert (block.number, block.title, block.storey) == ("A-102", "FIRST FLOOR PLAN", "1")


def test_small_words_are_neither_number_nor_title() -> None:
    block = read(text("A-102", (950, 30), 2), text("SEE ROOF PLAN", (500, 60), 2))

    assert block == TitleBlock(None, None, None, None, "unknown", "", "")


@pytest.mark.parametrize(
    ("title", "kind", "view", "storey"),
    [
        ("GROUND FLOOR PLAN", "plan", "general", "0"),
        ("SECOND FLOOR PLAN", "plan", "general", "2"),
        ("ENLARGED PLAN - KITCHEN", "plan", "enlarged", ""),
        ("REFLECTED CEILING PLAN GROUND FLOOR", "plan", "ceiling", "0"),
        ("DEMOLITION PLAN", "plan", "demolition", ""),
        ("ROOF PLAN", "plan", "roof", "roof"),
        ("FOUNDATION PLAN", "plan", "foundation", ""),
        ("SITE PLAN", "site", "", ""),
        ("NORTH ELEVATION", "elevation", "", ""),
        ("SECTION A-A", "section", "", ""),
        ("DOOR SCHEDULE", "schedule", "", ""),
        ("WALL DETAILS", "detail", "", ""),
        ("COVER SHEET", "cover", "", ""),
        ("BASEMENT", "plan", "general", "-1"),
        ("GRUNDRISS EG", "plan", "general", "0"),
        ("Grundriss 1. OG", "plan", "general", "1"),
        ("GRUNDRISS DG", "plan", "general", "attic"),
        ("Grundriss KG", "plan", "general", "-1"),
        ("Abbruchplan Erdgeschoss", "plan", "demolition", "0"),
        ("DECKENSPIEGEL EG", "plan", "ceiling", "0"),
        ("Schnitt A-A", "section", "", ""),
        ("Ansicht Nord", "elevation", "", ""),
        ("Türliste", "schedule", "", ""),
        ("Lageplan", "site", "", ""),
        ("PLAN DU REZ-DE-CHAUSSÉE", "plan", "general", "0"),
        ("PLAN RDC", "plan", "general", "0"),
        ("PLAN R+1", "plan", "general", "1"),
        ("COUPE BB", "section", "", ""),
        ("FAÇADE SUD", "elevation", "", ""),
        ("PLANTA BAJA", "plan", "general", "0"),
        ("ALZADO PRINCIPAL", "elevation", "", ""),
        ("PIANTA PIANO TERRA", "plan", "general", "0"),
        ("PIANTA PIANO PRIMO", "plan", "general", "1"),
        ("PROSPETTO NORD", "elevation", "", ""),
        ("PLANTA DO RÉS-DO-CHÃO", "plan", "general", "0"),
        ("ALÇADO NORTE", "elevation", "", ""),
        ("PLAN BOTTENVÅNING", "plan", "general", "0"),
        ("FASAD MOT SÖDER", "elevation", "", ""),
        ("POHJAPIIRROS 1. KERROS", "plan", "general", "1"),
        ("JULKISIVU", "elevation", "", ""),
        ("LEIKKAUS A-A", "section", "", ""),
        ("PLATTEGROND BEGANE GROND", "plan", "general", "0"),
        ("DOORSNEDE A", "section", "", ""),
        ("SPECIFICATIONS", "unknown", "", ""),
        ("", "unknown", "", ""),
    ],
)
def test_titles_tell_kind_view_and_storey(title: str, kind: str, view: str, storey: str) -> None:
    assert classify_title(title, imperial=False) == (kind, view, storey)


@pytest.mark.parametrize(
    ("title", "metric", "imperial"),
    [
        ("FIRST FLOOR PLAN", "1", "0"),
        ("SECOND FLOOR PLAN", "2", "1"),
        ("GROUND FLOOR PLAN", "0", "0"),
        ("LEVEL 1", "1", "1"),
    ],
)
def test_the_first_floor_is_the_ground_floor_where_feet_are_written(title: str, metric: str, imperial: str) -> None:
    assert classify_title(title, imperial=False)[2] == metric
    assert classify_title(title, imperial=True)[2] == imperial


@pytest.mark.parametrize(
    ("letter", "discipline"), [("A", "architecture"), ("E", "electrical"), ("P", "plumbing"), ("Z", None)]
)
def test_the_numbers_letter_is_the_discipline(letter: str, discipline: str | None) -> None:
    assert read(text("SHEET", (900, 40), 2), text(f"{letter}-101", (905, 33), 5)).discipline == discipline
