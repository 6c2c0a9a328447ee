from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planroom.example import VARIANTS, write_set
from planroom.ingest.pdf import read_pdf
from planroom.memory.manager import MemoryManager
from planroom.records import Sheet, Text
from planroom.sheet.index import check_index, read_index, same_title
from planroom.sheet.text import join_runs
from plans import text

LISTED = [
    ("A-000", "COVER SHEET"),
    ("A-101", "GROUND FLOOR PLAN"),
    ("A-201", "ELEVATIONS"),
    ("A-601", "DOOR SCHEDULE"),
]


def left(string: str, at: tuple[float, float], height: float = 3.0) -> Text:
    """A run of text that starts at `at`."""
    return text(string, (at[0] + 0.3 * height * len(string), at[1]), height)


def rows(listed: list[tuple[str, str]], at: tuple[float, float] = (100, 500)) -> list[Text]:
    made = []
    for k, (number, title) in enumerate(listed):
        made += [left(number, (at[0], at[1] - 8 * k)), left(title, (at[0] + 40, at[1] - 8 * k))]
    return made


def sheet(number: str | None, title: str | None, *, kind: str = "plan", **facts: object) -> Sheet:
    made = Sheet(
        id=f"{number}-{title}",
        file="set.pdf",
        page=0,
        name="",
        width_px=10,
        height_px=10,
        extent=(0, 0, 1, 1),
        picture="",
    )
    made.number, made.title, made.kind = number, title, kind
    for name, value in facts.items():
        setattr(made, name, value)
    return made


SHEETS = [sheet(number, title, kind="cover" if number == "A-000" else "plan") for number, title in LISTED]


@pytest.mark.parametrize(
    "heading", ["DRAWING LIST", "SHEET INDEX", "Planliste", "LISTE DES PLANS", "Piirustusluettelo"]
)
def test_a_list_is_read_under_its_heading(heading: str) -> None:
    titles = [(number, f"PART {k} OF ALL") for k, (number, _) in enumerate(LISTED)]

    assert read_index([left(heading, (100, 516), 5), *rows(titles)]) == titles


def test_a_table_head_or_titles_that_name_sheets_will_do() -> None:
    plain_titles = [(number, f"PART {k} OF ALL") for k, (number, _) in enumerate(LISTED)]
    head = [left("SHEET", (100, 508)), left("TITLE", (140, 508)), left("SCALE", (300, 508))]

    assert read_index([*head, *rows(plain_titles)]) == plain_titles
    assert read_index(rows(LISTED)) == LISTED
    assert read_index(rows(plain_titles)) == []


def test_number_and_title_may_be_one_run_and_other_columns_are_left_out() -> None:
    joined = [left(f"{number}  {title}", (100, 500 - 8 * k)) for k, (number, title) in enumerate(LISTED)]
    scales = [left("1:50", (300, 500 - 8 * k)) for k in range(4)]

    assert read_index(joined) == LISTED
    assert read_index([*rows(LISTED), *scales]) == LISTED


def test_a_title_in_two_lines_is_joined() -> None:
    first = [*rows([("A-101", "FOUNDATION AND")]), left("FLOOR FRAMING PLAN", (140, 495.5))]
    texts = [
        left("SHEET INDEX", (100, 516), 5),
        *first,
        *rows([("A-201", "ELEVATIONS"), ("A-301", "SECTIONS")], (100, 488)),
    ]

    assert read_index(texts)[0] == ("A-101", "FOUNDATION AND FLOOR FRAMING PLAN")


def test_two_columns_of_one_list_are_both_read() -> None:
    texts = [left("SHEET INDEX", (100, 516), 5), *rows(LISTED[:2]), *rows(LISTED[2:], (260, 500))]

    assert read_index(texts) == LISTED


def test_a_list_askew_is_read_line_by_line() -> None:
    turn = np.radians(1.5)
    askew = []
    for t in rows([(f"A-1{k:02d}", f"FLOOR PLAN {k}") for k in range(12)]):
        x, y = (float(v) for v in np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ (t.x, t.y))
        askew.append(t._replace(x=x, y=y, box=(x + t.box[0] - t.x, y - 1.5, x + t.box[2] - t.x, y + 1.5), source="ocr"))

    assert read_index(askew) == [(f"A-1{k:02d}", f"FLOOR PLAN {k}") for k in range(12)]


def test_a_door_schedule_and_a_plan_list_nothing() -> None:
    doors = [(f"D0{k}", "GROUND FLOOR") for k in range(1, 7)]

    assert read_index(rows(doors)) == []
    assert read_index([text("KITCHEN", (10, 10)), text("A-101", (90, 10))]) == []


def test_a_set_that_keeps_to_its_list_has_no_difference() -> None:
    assert check_index(LISTED, SHEETS) == []
    assert check_index([], SHEETS) == []


def test_every_kind_of_difference_is_told() -> None:
    sheets = [*SHEETS[:2], sheet("A-201", "SECTIONS"), sheet("A-501", "DETAILS")]

    found = [(d.code, d.number, d.listed, d.found) for d in check_index(LISTED, sheets)]

    assert found == [
        ("title differs", "A-201", "ELEVATIONS", "SECTIONS"),
        ("listed but missing", "A-601", "DOOR SCHEDULE", ""),
        ("not listed", "A-501", "", "DETAILS"),
    ]


def test_a_number_that_two_sheets_bear_is_told_unless_one_is_a_revision() -> None:
    twice = [sheet("A-301", "SECTION A-A"), sheet("A-301", "DOOR SCHEDULE")]
    revised = [sheet("U-6", "UTILITY PLAN", revision="1"), sheet("U-6", "UTILITY PLAN", revision="2")]

    assert [(d.code, d.number, d.sheets) for d in check_index([], twice)] == [
        ("number twice", "A-301", ("A-301-SECTION A-A", "A-301-DOOR SCHEDULE"))
    ]
    assert check_index([], revised) == []


def test_sheets_without_a_number_and_an_unlisted_cover_are_no_difference() -> None:
    assert check_index(LISTED[1:], [*SHEETS, sheet(None, "NOTES")]) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("GROUND FLOOR PLAN", "GROUNDFLOOR PLAN", True),
        ("REZ-DE-CHAUSSÉE", "REZ-DE-CHAUSSEE", True),
        ("FOUNDATION AND FLOOR PLAN", "FOUNDATlON AND FLOOR PLAN", True),
        ("FLOOR PLAN LEVEL 1", "FLOOR PLAN LEVEL 2", False),
        ("REFLECTED CEILING PLAN A", "REFLECTED CEILING PLAN B", False),
        ("ELEVATIONS", "SECTIONS", False),
    ],
)
def test_titles_are_compared_as_readings(one: str, other: str, same: bool) -> None:
    assert same_title(one, other) is same


@pytest.mark.parametrize("mistakes", [False, True])
def test_the_examples_cover_is_read_and_a_planted_number_is_found(tmp_path: Path, mistakes: bool) -> None:
    truth = write_set(tmp_path, VARIANTS[0], dxf=False, mistakes=mistakes)
    cover = next(
        read_pdf(
            tmp_path / f"{truth.name}.pdf",
            picture_px=100,
            ledger=MemoryManager(1 << 30),
            progress=lambda *_: None,
            pages=[0],
        )
    )
    listed = read_index(join_runs(cover.linework.texts))
    sheets = [sheet(s.number, s.title, kind=s.kind) for s in truth.sheets]

    assert listed == [(s.number, s.title) for s in truth.sheets]
    assert [(d.code, d.number) for d in check_index(listed, sheets)] == (
        [("number twice", "A-301")] if mistakes else []
    )
