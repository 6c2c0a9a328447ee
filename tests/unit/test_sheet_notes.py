"""Scale notes as sheets print them, and what is none."""

from __future__ import annotations

import pytest

from planroom.records import Text
from planroom.sheet.notes import find_notes, has_title_block, printed_ratios
from plans import text


def block(*values: tuple[str, str]) -> list[Text]:
    """A title block as a row of captions with their values below."""
    texts = []
    for i, (caption, value) in enumerate(values):
        texts += [text(caption, (800 + 90 * i, 40), 4), text(value, (800 + 90 * i, 30), 6)]
    return texts


def test_notes_print_ratios_and_slopes_do_not_count() -> None:
    texts = [
        text("SCALE 1:50", (0, 0)),
        text("Massstab 1:50", (0, 90)),
        text("1:20", (400, 400)),
        text('1/4" = 1\'-0"', (0, 200)),
        text("RAMP SCALE 1:12 SLOPE", (0, 300)),
    ]

    assert printed_ratios(texts) == [50, 48]


def test_a_ratio_beside_its_caption_counts() -> None:
    assert printed_ratios([text("ÉCHELLE", (0, 10)), text("1/100", (0, 4))]) == [100]
    assert printed_ratios([text("ÉCHELLE", (0, 500)), text("1/100", (0, 4))]) == []


@pytest.mark.parametrize(
    ("string", "ratio"),
    [
        ("MK 1:100", 100),
        ("M 1:50", 50),
        ("M1:50", 50),
        ("ESC. 1:50", 50),
        ("Ech. 1/100", 100),
        ("Echelle 1/100", 100),
        ("SCALE 1/50", 50),
        ("GRUNDRISS ERDGESCHOSS 1:100", 100),
        ("SCALE: l:50", 50),
        ("SCALE 1.100", 100),
        ("HORIZONTAL SCALE: 1\"=30'", 360),
    ],
)
def test_a_note_says_that_it_is_one(string: str, ratio: float) -> None:
    assert printed_ratios([text(string, (0, 0))]) == [ratio]


@pytest.mark.parametrize(
    ("string", "kind"),
    [
        ("N.T.S.", "none"),
        ("SCALE: NOT TO SCALE", "none"),
        ("SANS ÉCHELLE", "none"),
        ("SCALE: AS NOTED", "elsewhere"),
        ("SCALE: SEE DETAILS", "elsewhere"),
        ('SCALE: 1/4" = 1\'-0" OR 1/8" = 1\'-0" PREFERRED', "choice"),
        ("SCALE: 1\" = 20' PREFERRED", "choice"),
        ("échelle: 1/150è soit 1cm pour 1m", "choice"),
        ("SCALE: 1:50", "ratio"),
    ],
)
def test_a_note_is_of_a_kind(string: str, kind: str) -> None:
    assert [note.kind for note in find_notes([text(string, (0, 0))])] == [kind]


@pytest.mark.parametrize(
    "string", ["DO NOT SCALE DRAWINGS", "AS NOTED", "1:20", "SCALE", "2024/1/50", "NONE", '3/4" = 19']
)
def test_other_words_are_no_note(string: str) -> None:
    assert find_notes([text(string, (0, 0))]) == []


def test_heights_of_a_profile_have_a_scale_of_their_own() -> None:
    notes = find_notes([text("SCALE: HORIZ 1\"=30'", (0, 10)), text("VERT 1\"=10'", (0, 0))])

    assert [(n.axis, n.ratios) for n in notes] == [("horizontal", (360,)), ("vertical", (120,))]
    assert printed_ratios([text("VERT 1\"=10'", (0, 0))]) == []


def test_the_title_blocks_note_is_told_from_a_drawings() -> None:
    texts = block(("SCALE", "1:50"), ("DATE", "2024-03-18"), ("REV", "B"), ("SHEET", "A-101"))
    texts.append(text("SCALE 1:20", (100, 400)))

    told = {note.ratios: note.in_block for note in find_notes(texts)}

    assert told == {(20,): False, (50,): True}
    assert has_title_block(texts)
    assert not has_title_block(texts[-1:])


def test_a_large_value_may_stand_at_the_foot_of_a_tall_cell() -> None:
    captions = [text(word, (100 + 150 * i, 70), 4) for i, word in enumerate(("SCALE", "DATE", "SHEET"))]

    (note,) = find_notes([*captions, text("1:50", (110, 20), 10)])

    assert note.ratios == (50,) and note.in_block
    assert find_notes([*captions, text("1:50", (110, 20), 4)]) == []


def test_ratios_name_the_paper_that_they_are_for() -> None:
    (note,) = find_notes([text("SCALE 1:50 @ A1 / 1:100 @ A3", (0, 0))])

    assert (note.ratios, note.sizes) == ((50, 100), ("A1", "A3"))
