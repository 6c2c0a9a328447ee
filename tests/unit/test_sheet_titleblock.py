from __future__ import annotations

import pytest

from planroom.records import Text
from planroom.sheet.captions import accepts, find_captions, is_date, mended_number
from planroom.sheet.kinds import names_kind
from planroom.sheet.paragraphs import paragraphs, respaced
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
        ("FOUNDATION AND LOWER FLOOR FRAMING PLAN", "plan", "foundation", "0"),
        ("GRUNDRISS 2. OBERGESCHOSS", "plan", "general", "2"),
        ("3RD FLOOR PLAN", "plan", "general", "3"),
        ("LEVEL 04 PLAN", "plan", "general", "4"),
        ("GROUNDFLOORPLAN", "plan", "general", "0"),
        ("SITEPLAN", "site", "", ""),
        ("FLOOR PLANS AND ELEVATIONS", "plan", "general", ""),
        ("Südansicht", "elevation", "", ""),
        ("UTILITY OCCUPANCY PLANS", "site", "", ""),
        ("SEWER REPLACEMENT PLAN AND PROFILE", "site", "", ""),
        ("GROUND FLOOR DRAINAGE PLAN", "plan", "general", "0"),
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


def ocr(string: str, at: tuple[float, float], height: float = 2.5, angle: float = 0.0) -> Text:
    return text(string, at, height, angle)._replace(source="ocr", score=0.97)


@pytest.mark.parametrize(
    ("runs", "number", "revision", "date"),
    [
        (("SHEET: A1", "REV. B", "Date 09/17/2012"), "A1", "B", "09/17/2012"),
        (("SHEETNO.A-101", "REV:C", "DATE:2024-03-18"), "A-101", "C", "2024-03-18"),
        (("PLAN-NR.: 2019-034-A-201", "INDEX: a", "Datum: 12. März 2019"), "2019-034-A-201", "a", "12. März 2019"),
        (("DRAWING NO. A-1O1", "REVISION NO. 2", "DATE: APRIL 30, 2007"), "A-101", "2", "APRIL 30, 2007"),
    ],
)
def test_a_value_may_stand_in_the_run_of_its_caption(
    runs: tuple[str, ...], number: str, revision: str, date: str
) -> None:
    block = read(*(ocr(run, (900, 60 - 8 * k), 3) for k, run in enumerate(runs)))

    assert (block.number, block.revision, block.date) == (number, revision, date)


def column(*rows: tuple[str, tuple[str, ...]], x: float = 900, top: float = 320) -> list[Text]:
    """Cells over one another: a caption, and its value in lines below."""
    made = []
    for k, (caption, lines) in enumerate(rows):
        made.append(text(caption, (x, top - 40 * k), 2))
        made += [text(line, (x + 10, top - 10 - 40 * k - 6 * n), 4) for n, line in enumerate(lines)]
    return made


def test_lines_of_a_title_are_joined_and_every_cell_keeps_its_own_value() -> None:
    block = read(
        *column(
            ("PROJECT", ("HOUSE SMITH", "12 MILL ROAD")),
            ("CLIENT", ("J. SMITH",)),
            ("SHEET TITLE:", ("FOUNDATION", "AND LOWER", "FLOOR FRAMING PLAN")),
            ("DATE", ("03/18/2024",)),
            ("DRAWN BY", ("KM",)),
            ("REV", ("B",)),
            ("SHEET NUMBER:", ("A2",)),
        )
    )

    assert block.title == "FOUNDATION AND LOWER FLOOR FRAMING PLAN"
    assert (block.project, block.client) == ("HOUSE SMITH 12 MILL ROAD", "J. SMITH")
    assert (block.number, block.revision, block.date) == ("A2", "B", "03/18/2024")


def test_an_empty_cell_takes_no_neighbours_value() -> None:
    block = read(*column(("CLIENT", ()), ("TITLE", ("ROOF PLAN",)), ("REV. NO.", ()), ("DRAWING NO.", ("G-0",))))

    assert (block.client, block.revision, block.title, block.number) == (None, None, "ROOF PLAN", "G-0")


def test_a_block_may_be_turned_by_a_quarter() -> None:
    upright = column(("TITLE", ("SECTIONS",)), ("DATE", ("2024-03-18",)), ("SHEET NO.", ("A6",)), x=90, top=150)
    turned = [text(t.string, (1000 - t.y, t.x), t.height, 90) for t in upright]

    block = read(*turned)

    assert (block.title, block.number, block.date) == ("SECTIONS", "A6", "2024-03-18")


def test_a_project_may_run_upwards_beside_a_level_block() -> None:
    block = read(
        *column(("DATE:", ()), ("SHEET TITLE:", ("ELEVATIONS",)), ("SHEET NUMBER:", ("A5",)), top=150),
        text("Sample House", (900, 250), 12, 90),
    )

    assert (block.title, block.number, block.project) == ("ELEVATIONS", "A5", "Sample House")


def test_without_its_caption_the_title_is_the_lowest_large_phrase_beside_the_number() -> None:
    row = [
        text("SCALE:", (700, 60), 2),
        text("CITY ROADS BUREAU OF ENGINEERING", (600, 50), 9),
        text("VARIOUS LOCATIONS", (800, 60), 5),
        text("NO. 54 AND SEWERS", (800, 52), 5),
        text("COVER PAGE", (800, 36), 5),
        text("LOCATION MAP", (800, 28), 5),
        text("DRAWING NO.", (930, 52), 2),
        text("G-0", (930, 46), 5),
        text("FILE NO.", (930, 38), 2),
        text("119,119", (930, 33), 3),
        text("REV. NO.", (930, 25), 2),
    ]

    block = read(*row)

    assert (block.number, block.title, block.kind) == ("G-0", "COVER PAGE LOCATION MAP", "cover")
    assert (block.project, block.revision) == ("VARIOUS LOCATIONS NO. 54 AND SEWERS", None)


def test_a_count_of_sheets_is_no_number_and_a_file_number_is_the_last_resort() -> None:
    sheets = [text("SHEET", (900, 40), 2), text("55 OF 75", (905, 33), 5), text("DATE", (900, 60), 2)]
    plan = [text("PLAN NO.", (930, 40), 2), text("SW-5", (932, 33), 5)]
    file = [text("FILE NO.", (960, 40), 2), text("87,174", (962, 33), 5), text("REV", (960, 60), 2)]

    assert read(*sheets, *plan, *file).number == "SW-5"
    assert read(*sheets, *file).number == "87,174"


def test_the_head_of_a_list_of_drawings_is_no_caption() -> None:
    listed = [text("SHEET", (850, 600), 3), text("TITLE", (900, 600), 3)]
    for k in range(4):
        listed += [text(f"A-10{k}", (850, 592 - 8 * k), 3), text(f"DETAILS {k}", (900, 592 - 8 * k), 3)]
    block = column(("TITLE", ("COVER SHEET",)), ("DATE", ("2024-03-18",)), ("SHEET", ("A-000",)), top=150)

    read_block = read(*listed, *block)

    assert (read_block.number, read_block.title) == ("A-000", "COVER SHEET")


def test_the_last_of_a_column_of_revisions_counts() -> None:
    rows = [text("REV", (900, 90), 2), text("DATE", (930, 90), 2), text("TITLE", (900, 40), 2)]
    rows += [text(mark, (900, 84 - 6 * k), 3) for k, mark in enumerate("ABC")]

    assert read(*rows).revision == "C"


def test_a_civil_number_makes_a_plan_without_a_storey_a_site() -> None:
    def kind(number: str, title: str) -> str:
        return read(*column(("TITLE", (title,)), ("DATE", ()), ("SHEET NO.", (number,)), top=150)).kind

    assert kind("C-101", "LAYOUT PLAN") == "site"
    assert kind("C-101", "FLOOR PLAN") == "plan"
    assert kind("A-101", "LAYOUT PLAN") == "plan"


def test_a_streets_name_on_a_floor_plan_makes_no_site() -> None:
    assert names_kind("GROUND FLOOR PLAN")
    assert names_kind("SITE PLAN")
    assert not names_kind("SEWER LINE")
    assert not names_kind("KITCHEN")


@pytest.mark.parametrize(
    ("string", "mended"),
    [("A-1O1", "A-101"), ("S2.l", "S2.1"), ("A - 101", "A-101"), ("AI01", "AI01"), ("A-101.", "A-101"), ("KM", "KM")],
)
def test_letters_read_for_digits_are_mended(string: str, mended: str) -> None:
    assert mended_number(string) == mended


@pytest.mark.parametrize(
    ("field", "string", "fits"),
    [
        ("number", "1204-AR-XX-00-DR-A-1001", True),
        ("number", "55 OF 75", False),
        ("number", "09/17/2012", False),
        ("number", "1:50", False),
        ("title", "GROUND FLOOR PLAN 1:100", True),
        ("title", "SCALE 1:100", False),
        ("title", "2024-03-18", False),
        ("revision", "P01", True),
        ("revision", "SECTION", False),
        ("date", "06/21", True),
        ("date", "March 2018", True),
        ("date", "Month Day, Year", False),
        ("date", "ROOM 2012", False),
        ("date", "204-03-18", False),
    ],
)
def test_values_are_told_by_their_shape(field: str, string: str, fits: bool) -> None:
    assert accepts(field, string) is fits


def test_dates_of_the_languages_are_dates() -> None:
    for string in ("18.03.2024", "12 MARS 2019", "3 de mayo de 2020", "15-JUN-2021", "2024-03", "1. Dezember 2019"):
        assert is_date(string), string


def test_readings_that_lost_their_spaces_get_them_back() -> None:
    assert respaced("GROUNDFLOORPLAN") == "GROUND FLOOR PLAN"
    assert respaced("ERDGESCHOSS") == "ERDGESCHOSS"
    assert respaced("WILLOWBROOK") == "WILLOWBROOK"


@pytest.mark.parametrize("word", ["ANSICHTEN", "DETAILGRUNDRISS", "TÜRLISTE", "PLATTEGROND", "POHJAPIIRROS"])
def test_words_that_languages_join_stay_joined(word: str) -> None:
    assert respaced(word) == word


def test_lines_of_another_height_or_far_away_are_other_phrases() -> None:
    lines = [text("ONE", (50, 90), 4), text("TWO", (50, 84), 4), text("SMALL", (50, 78), 2), text("FAR", (50, 40), 4)]

    assert [p.string for p in paragraphs(lines)] == ["ONE TWO", "SMALL", "FAR"]


def test_captions_read_with_confused_letters_are_known() -> None:
    found = find_captions([ocr("SHEET T1TLE:", (10, 10)), ocr("SCA1E", (10, 30)), ocr("KITCHEN", (10, 50))])

    assert [c.field for c in found] == ["title", "scale"]


@pytest.mark.parametrize(
    ("caption", "field"),
    [
        ("Núm. de plano", "number"),
        ("PIIRUSTUSNO", "number"),
        ("Plan-Nr. / Drawing No.", "number"),
        ("Oggetto della tavola", "title"),
        ("Date d'émission", "date"),
        ("DATUM / DATE", "date"),
        ("PROJECT NO.", "other"),
        ("Nombre del proyecto", "project"),
    ],
)
def test_captions_are_known_by_the_words_they_are_made_of(caption: str, field: str) -> None:
    assert [c.field for c in find_captions([text(caption, (10, 10))])] == [field]


def test_a_phrase_that_holds_a_captions_word_is_none() -> None:
    assert find_captions([text(s, (10, 10)) for s in ("POWER AND DATA", "SEE SHEET A-201", "PLAN", "SITE PLAN")]) == []


def test_values_in_a_column_far_right_of_their_captions_are_found() -> None:
    rows = [
        ("CLIENT", "J. SMITH"),
        ("PROJECT", "HOUSE SMITH"),
        ("TITLE", "ROOF PLAN"),
        ("REV", "B"),
        ("SHEET", "A-103"),
    ]
    texts = []
    for k, (caption, value) in enumerate(rows):
        texts += [text(caption, (780, 100 - 8 * k), 3), text(value, (900, 100 - 8 * k), 3)]

    block = read(*texts)

    assert (block.client, block.project, block.title) == ("J. SMITH", "HOUSE SMITH", "ROOF PLAN")
    assert (block.revision, block.number) == ("B", "A-103")


def test_a_sheet_of_many_words_is_read_in_bounded_time() -> None:
    words = [text("NO.", (k % 997, k % 613), 2) for k in range(3000)]
    block = column(("TITLE", ("ROOF PLAN",)), ("DATE", ("2024-03-18",)), ("SHEET", ("A-103",)), top=150)

    assert read(*words, *block).number == "A-103"
