"""Dimension strings tied to their lines: which agree, which differ, and which chains do not add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from planroom.ingest.linework import LineworkBuilder
from planroom.records import Finding, Scale, Sheet, Text
from planroom.sheet.chains import check_dimensions
from planroom.sheet.dimensions import find_lettered, read_dimensions
from planroom.units import INCH_M, POINT_M
from plans import SOLID, THIN, text

AT_50 = 50 * POINT_M  # metres in a point at 1:50
HEIGHT = 7.0
CHAIN_M = (1.25, 3.5, 2.42, 4.0, 0.9)


class Board:
    """A sheet in points on which chains of dimensions are drawn, level or upright."""

    def __init__(self, *, upright: bool = False, mark: str = "tick"):
        self.builder = LineworkBuilder()
        self.texts: list[Text] = []
        self.upright = upright
        self.mark = mark
        self.builder.path(THIN)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return (-y, x) if self.upright else (x, y)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.builder.line(*self._place(x0, y0), *self._place(x1, y1))

    def chain(
        self, lengths_m: Sequence[float], written: Sequence[str], level: float = 200.0, source: str = "text layer"
    ) -> None:
        """A chain from x = 100 on, each text above the middle of its line."""
        at = 100.0
        for length_m, string in zip(lengths_m, written, strict=True):
            end = at + length_m / AT_50
            self.line(at, level, end, level)
            for place in (at, end):
                self._end(place, level, 1 if place == at else -1)
            x, y = self._place((at + end) / 2, level + 0.9 * HEIGHT)
            self.texts.append(text(string, (x, y), HEIGHT, 90 if self.upright else 0)._replace(source=source))
            at = end

    def _end(self, x: float, y: float, inward: int) -> None:
        self.line(x, y - 2.0 * HEIGHT, x, y + 0.5 * HEIGHT)
        if self.mark == "tick":
            self.line(x - 0.4 * HEIGHT, y - 0.4 * HEIGHT, x + 0.4 * HEIGHT, y + 0.4 * HEIGHT)
        elif self.mark == "stroke":
            for side in (-1, 1):
                self.line(x, y, x + inward * HEIGHT, y + side * 0.2 * HEIGHT)
        elif self.mark == "arrowhead":
            ring = [(x, y), (x + inward * HEIGHT, y + 0.2 * HEIGHT), (x + inward * HEIGHT, y - 0.2 * HEIGHT)]
            self.builder.path(SOLID)
            self.builder.fill(np.array([self._place(*point) for point in ring]))
            self.builder.path(THIN)

    def sheet(self) -> Sheet:
        lettered = find_lettered(self.builder.build(), self.texts)
        scale = Scale(50, AT_50, "measured", "")
        sheet = Sheet("s", "f", 0, "n", 1000, 1000, (-1000.0, -1000.0, 1000.0, 1000.0), "p", scale=scale)
        sheet.dimensions = read_dimensions(lettered, scale, [], imperial=any("'" in t.string for t in self.texts))
        return sheet

    def findings(self) -> list[Finding]:
        return list(check_dimensions(self.sheet()))


def metres(lengths_m: Sequence[float]) -> list[str]:
    return [f"{length_m:.2f}" for length_m in lengths_m]


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("mark", ["tick", "stroke", "arrowhead"])
def test_each_dimension_knows_its_line(mark: str, upright: bool) -> None:
    board = Board(upright=upright, mark=mark)
    board.chain(CHAIN_M, metres(CHAIN_M))

    found = board.sheet().dimensions

    assert [one.text for one in found] == metres(CHAIN_M)
    assert all(one.agrees and one.is_marked for one in found)
    assert [one.length_m for one in found] == pytest.approx(CHAIN_M, abs=0.002)
    first = found[0].ends
    along = (1, 3) if upright else (0, 2)
    assert [first[k] for k in along] == pytest.approx([100, 100 + 1.25 / AT_50], abs=0.01)


@pytest.mark.parametrize("upright", [False, True])
def test_the_one_that_differs_is_named(upright: bool) -> None:
    board = Board(upright=upright)
    lengths = (*CHAIN_M, 4.52)
    board.chain(lengths, [*metres(CHAIN_M), "4.25"])

    (found,) = board.findings()

    assert (found.code, found.sources) == ("dimension-differs", ["dimension-6"])
    assert found.message == "4.25 is written where the line is 4.52 long"
    assert found.box_px is not None
    x0, y0, x1, y1 = found.box_px
    assert 4.52 / AT_50 < 2 * (y1 - y0 if upright else x1 - x0) < 4.52 / AT_50 + 2 * HEIGHT  # two units a pixel


@pytest.mark.parametrize("case", ["lines without marks", "read off pixels", "about", "too few", "a height beneath"])
def test_what_is_not_sure_is_not_a_finding(case: str) -> None:
    board = Board(mark="none" if case == "lines without marks" else "tick")
    lengths = CHAIN_M[:3] if case == "too few" else CHAIN_M
    wrong = "4.25±" if case == "about" else "4.52" if case == "a height beneath" else "4.25"
    board.chain((*lengths, 4.52), [*metres(lengths), wrong], source="ocr" if case == "read off pixels" else "entity")
    if case == "a height beneath":
        last = board.texts[-1]
        board.texts.append(last._replace(string="2.13", y=last.y - 1.8 * HEIGHT))

    assert board.findings() == []


def test_many_that_differ_are_no_mistakes() -> None:
    board = Board()
    board.chain((*CHAIN_M, 4.52, 2.0), [*metres(CHAIN_M), "4.25", "2.50"])

    assert board.findings() == []


@pytest.mark.parametrize(
    ("overall", "found"),
    [("12.07", []), ("12.09", []), ("12.11", ["dimension-sum"])],
)
def test_a_chain_adds_up_but_for_rounding(overall: str, found: list[str]) -> None:
    board = Board()
    board.chain(CHAIN_M, metres(CHAIN_M))
    board.chain([sum(CHAIN_M)], [overall], level=230.0)

    assert [one.code for one in board.findings()] == found


@pytest.mark.parametrize(("rounded", "found"), [(False, ["dimension-sum"]), (True, [])])
def test_numbers_drawn_to_the_millimetre_are_taken_at_their_word(rounded: bool, found: list[str]) -> None:
    written = [round(length_m * 1000) for length_m in CHAIN_M]  # all whole centimetres
    off_m = (0.004, -0.003, 0.002, 0.0045, -0.002) if rounded else (0.0,) * 5
    drawn = [length_m + off for length_m, off in zip(CHAIN_M, off_m, strict=True)]
    board = Board()
    board.chain(drawn, [str(number) for number in written])
    board.chain([sum(drawn)], [str(sum(written) - 10)], level=230.0)

    assert [one.code for one in board.findings()] == found


def test_a_sum_is_told_in_the_words_of_the_drawing() -> None:
    inches = (42.0, 138.5, 96.0, 60.25, 30.0)
    board = Board()
    board.chain([n * INCH_M for n in inches], ["3'-6\"", "11'-6 1/2\"", "8'-0\"", "5'-0 1/4\"", "2'-6\""])
    board.chain([sum(inches) * INCH_M], ["30'-5 3/4\""], level=170.0)

    (found,) = board.findings()

    words = (
        "3'-6\" + 11'-6 1/2\" + 8'-0\" + 5'-0 1/4\" + 2'-6\" makes 30'-6 3/4\", and 30'-5 3/4\" is written over them"
    )
    assert found.message == words
    assert len(found.sources) == 6


def test_a_chain_with_a_gap_is_not_added_up() -> None:
    board = Board()
    board.chain(CHAIN_M, metres(CHAIN_M))
    board.chain([sum(CHAIN_M)], ["12.13"], level=230.0)
    del board.texts[1]

    assert board.findings() == []


def test_a_wrong_number_is_told_once_though_its_chain_does_not_add_up() -> None:
    board = Board()
    board.chain(CHAIN_M, ["1.25", "3.50", "2.42", "4.40", "0.90"])
    board.chain([sum(CHAIN_M)], ["12.07"], level=230.0)

    assert [one.code for one in board.findings()] == ["dimension-differs"]
