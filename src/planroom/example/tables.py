"""Tables on a sheet of the example: drawn in several styles, with what they say as truth.

Coordinates are millimetres of paper; a cell's text that is too wide for its column is broken into lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, Literal

from reportlab.pdfbase.pdfmetrics import stringWidth

from planroom.example.canvas import Pen, box_points
from planroom.example.house import Box, Point
from planroom.example.pdf import CAPITAL
from planroom.example.sheets import FRAME, TEXT, THIN, Paper

TableKind = Literal["door", "window", "finish", "other"]
_GREY: Final = Pen("A-ANNO-TTLB", 0.18, 0xDCDCDC)
_PAD_MM: Final = 1.5
_LETTER_MM: Final = 2.2
_LINE_MM: Final = 3.6  # from one line of a cell to the next


@dataclass(frozen=True, slots=True)
class TableText:
    """What a table says. group: a head over the columns from the first number to before the second, "" without one."""

    kind: TableKind
    title: str
    head: list[str]
    rows: list[list[str]]
    widths_mm: Sequence[float]
    group: tuple[str, int, int] = ("", 0, 0)

    @property
    def header(self) -> list[str]:
        """The head of each column, with that of its group before it."""
        name, first, last = self.group
        return [f"{name} {head}" if name and first <= k < last else head for k, head in enumerate(self.head)]


@dataclass(frozen=True, slots=True)
class TableTruth:
    """A table as it is printed, row by row from the top; box_pt without a title above it."""

    kind: TableKind
    title: str
    header: list[str]
    rows: list[list[str]]
    box_pt: Box


def draw_table(paper: Paper, table: TableText, at: Point, *, row_mm: float | None = None) -> tuple[TableTruth, float]:
    """The truth of `table`, drawn with its upper left corner at `at`, and the level of its lower edge."""
    return _Drawing(paper, table, at, row_mm).draw()


def height_mm(paper: Paper, table: TableText, row_mm: float) -> float:
    """How high `table` comes out on this paper, its title included."""
    drawing = _Drawing(paper, table, (0.0, 0.0), row_mm)
    return 10 * paper.factor - drawing.levels[-1]


class _Drawing:
    """One table in its place: the edges of its columns, the levels of its rows, the lines of each cell."""

    def __init__(self, paper: Paper, table: TableText, at: Point, row_mm: float | None):
        self.paper, self.table, self.style = paper, table, paper.variant.tables
        self.factor, self.at = paper.factor, at
        step_mm = row_mm or self.style.row_mm
        self.edges = [at[0], *(at[0] + w * self.factor for w in accumulate(table.widths_mm))]
        body = [table.head, *table.rows]
        self.cells = [[self._lines(c, w) for c, w in zip(row, table.widths_mm, strict=True)] for row in body]
        heights = [step_mm + (max(map(len, row)) - 1) * _LINE_MM for row in self.cells]
        above = [step_mm] * (bool(table.group[0]) + self.style.title_inside)
        self.first = len(above)  # of the levels: the top of the row of heads
        self.levels = [at[1], *(at[1] - h * self.factor for h in accumulate([*above, *heights]))]

    def _lines(self, text: str, width_mm: float) -> list[str]:
        """`text` in as many lines as the column's width asks for."""
        room, lines = width_mm - 2 * _PAD_MM, [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and stringWidth(longer, "Helvetica", _LETTER_MM / CAPITAL) > room:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def draw(self) -> tuple[TableTruth, float]:
        canvas, table, left, right = self.paper.canvas, self.table, self.edges[0], self.edges[-1]
        top, bottom = self.levels[0], self.levels[-1]
        if self.style.head_filled:
            below_title = self.levels[1 if self.style.title_inside else 0]
            canvas.fill([box_points(left, self.levels[self.first + 1], right, below_title)], _GREY)
        if self.style.title_inside:
            self._write([table.title], 0, (left, right))
        else:
            place = (left, top + 4 * self.factor)
            canvas.text(table.title, place, 3.5 * self.factor, TEXT, align="left")
        self._rules()
        name, start, end = table.group
        if name:
            self._write([name], self.first - 1, (self.edges[start], self.edges[end]))
        for index, row in enumerate(self.cells):
            for (x0, x1), lines in zip(pairwise(self.edges), row, strict=True):
                if lines != [""]:
                    self._write(lines, self.first + index, (x0, x1))
        box_pt = canvas.box_pt((left, bottom, right, top))
        return TableTruth(table.kind, table.title, table.header, table.rows, box_pt), bottom

    def _write(self, lines: Sequence[str], row: int, span: tuple[float, float]) -> None:
        """Lines in one cell: in its middle, or from its top where no rule tells the rows apart."""
        factor, (top, bottom) = self.factor, self.levels[row : row + 2]
        step = _LINE_MM * factor
        upper = (top + bottom) / 2 + step * (len(lines) - 1) / 2
        if not self.style.rows_ruled:
            upper = top - 3.5 * factor
        for index, line in enumerate(lines):
            level = upper - index * step
            if self.style.centred:
                self.paper.canvas.text(line, ((span[0] + span[1]) / 2, level), _LETTER_MM * factor, TEXT)
            else:
                place = (span[0] + _PAD_MM * factor, level)
                self.paper.canvas.text(line, place, _LETTER_MM * factor, TEXT, align="left")

    def _rules(self) -> None:
        """The grid, or what the style leaves of it."""
        if self.style.rules == "none":
            return
        canvas, left, right = self.paper.canvas, self.edges[0], self.edges[-1]
        heavy = {0, self.first, self.first + 1, len(self.levels) - 1}
        for index, level in enumerate(self.levels):
            if index in heavy or index < self.first or self.style.rows_ruled:
                name, start, end = self.table.group
                if name and index == self.first:  # only under the group: the other heads reach up beside it
                    canvas.line((self.edges[start], level), (self.edges[end], level), THIN)
                else:
                    canvas.line((left, level), (right, level), FRAME if index in heavy else THIN)
        if not self.style.columns_ruled:
            return
        grouped = range(self.table.group[1] + 1, self.table.group[2])
        head = self.levels[1 if self.style.title_inside else 0]
        for column, edge in enumerate(self.edges):
            outer = column in (0, len(self.edges) - 1)
            upper = self.levels[0] if outer else self.levels[self.first] if column in grouped else head
            canvas.line((edge, upper), (edge, self.levels[-1]), THIN)
