"""Schedules of doors, windows and finishes, and other tables, read cell by cell; how many pieces they say there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, NamedTuple

from planroom.records import Linework, Text
from planroom.sheet.cells import fill_cells
from planroom.sheet.frames import find_frames
from planroom.sheet.grids import Box, Cell, Grid, find_rules
from planroom.sheet.headings import Kind, column_name, fold, kinds_named
from planroom.sheet.rereading import CellReader
from planroom.sheet.text import join_runs

_LONG: Final = 40  # letters; few cells hold so many
_MARK: Final = re.compile(r"[^\W_]{1,4}[-./]?\d{0,4}[-./]?[^\W_]{0,3}")
_SURFACES: Final = {"floor", "wall", "ceiling", "base"}


class Column(NamedTuple):
    """A column: its normal name (a key of schedules.json, "" where unknown) and its head as printed."""

    name: str
    header: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a sheet. box: sheet units, without a title above it. source: "text layer" or "ocr"."""

    kind: Kind
    title: str
    box: Box
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str

    def column(self, name: str) -> int | None:
        """Which column bears the normal name, None where none does."""
        return next((k for k, column in enumerate(self.columns) if column.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """The table as plain data, each cell as its text and its box."""
        return {
            "kind": self.kind,
            "title": self.title,
            "box": _rounded(self.box),
            "columns": [column._asdict() for column in self.columns],
            "rows": [[{"text": cell.text, "box": _rounded(cell.box)} for cell in row] for row in self.rows],
            "source": self.source,
        }


def table_of(plain: dict[str, Any]) -> Table:
    """The table that `as_json` wrote."""
    return Table(
        plain["kind"],
        plain["title"],
        tuple(plain["box"]),
        tuple(Column(**column) for column in plain["columns"]),
        tuple(tuple(Cell(cell["text"], tuple(cell["box"])) for cell in row) for row in plain["rows"]),
        plain["source"],
    )


def _rounded(box: Box) -> list[float]:
    return [round(v, 2) for v in box]


def read_schedules(linework: Linework, texts: Sequence[Text], *, reader: CellReader | None = None) -> list[Table]:
    """Every table of the sheet, from the top down; `texts`: runs as the file or the reader of letters gives them.

    reader: reads the cells of scans once more, each by itself, which is far surer than reading a whole sheet.
    """
    level = [t for t in texts if min(t.angle % 360, -t.angle % 360) < 3 and t.string.strip()]
    if len(level) < 4:
        return []
    letter = median(t.height for t in level)
    rules = find_rules(linework, letter)
    grids: list[Grid] = []
    for known, frame in find_frames(rules, level, letter):
        if any(_overlap(frame.box, grid.box) for grid in grids):
            continue
        grid = fill_cells(frame, rules, level, letter)
        if _is_table(grid, named=known > 0):
            grids.append(grid)
    if reader:
        read = [grid for grid in grids if grid.source == "ocr"]
        grids = [grid for grid in grids if grid.source != "ocr"] + reader.reread(read)
    tables = [_as_table(_untwined(grid), level, letter) for grid in grids]
    return sorted(tables, key=lambda t: (-t.box[3], t.box[0]))


def _overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _is_table(grid: Grid, *, named: bool) -> bool:
    """Whether the cells are a table: some row has two entries, and, where no head is known, hardly a cell is empty."""
    rows = [[bool(cell.text) for cell in row] for row in grid.rows]
    if max(map(sum, rows), default=0) < 2:
        return False
    if median(len(cell.text) for row in grid.rows for cell in row if cell.text) > _LONG:
        return False  # the notes of a drawing between two of its lines
    heads = sum(bool(cell.text) for cell in grid.heads)
    return named or (heads > (1 if len(rows) > 1 else 3) and sum(map(sum, rows)) >= 0.6 * sum(map(len, rows)))


def _untwined(grid: Grid) -> Grid:
    """The grid, its rows one under the other where its columns are printed twice or more side by side."""
    heads = [fold(cell.text) for cell in grid.heads]
    size = len(heads)
    for part in range(2, size // 2 + 1):
        if size % part == 0 and all(heads[k] == heads[k % part] for k in range(size)) and heads[0]:
            parts = [[row[k : k + part] for row in grid.rows] for k in range(0, size, part)]
            rows = [row for rows in parts for row in rows]
            return grid._replace(heads=grid.heads[:part], groups=grid.groups[:part], rows=rows)
    return grid


def _as_table(grid: Grid, texts: list[Text], letter: float) -> Table:
    heads = [f"{over.text} {head.text}".strip() for over, head in zip(grid.groups, grid.heads, strict=True)]
    names = [column_name(cell.text) or column_name(whole) for cell, whole in zip(grid.heads, heads, strict=True)]
    if len(_SURFACES & set(names)) < 2:  # "floor" is the storey unless walls or ceilings stand beside it
        names = ["level" if name == "floor" else name for name in names]
    title = _title(grid.box, texts, letter)
    columns = tuple(Column(name, head) for name, head in zip(names, heads, strict=True))
    rows = tuple(tuple(row) for row in grid.rows if any(cell.text for cell in row))
    return Table(_kind(title, heads, names), title, grid.box, columns, rows, grid.source)


def _title(box: Box, texts: list[Text], letter: float) -> str:
    """The phrase over the table: the nearest line above it."""
    x0, _, x1, top = box
    above = [t for t in texts if top - 0.2 * letter < t.y < top + 6 * letter and x0 - letter < t.x < x1]
    if not above:
        return ""
    nearest = min(t.y for t in above)
    line = join_runs([t for t in above if t.y - nearest < 0.6 * letter])
    return " ".join(t.string.strip() for t in sorted(line, key=lambda t: t.x))


def _kind(title: str, heads: list[str], names: list[str]) -> Kind:
    """What the rows stand for, by the title, else by the words in the heads, else by what the columns are."""
    for words in (title, heads[0], *(h for h, name in zip(heads, names, strict=True) if name == "mark")):
        kinds = kinds_named(words)
        if len(kinds) == 1:
            return kinds.pop()
    if len(_SURFACES & set(names)) >= 2 and {"mark", "room"} & set(names):
        return "finish"
    if "mark" in names and {"width", "height", "size"} & set(names):
        if {"sill", "glazing"} & set(names):
            return "window"
        if {"hardware", "fire", "swing"} & set(names):
            return "door"
    return "other"


class Count(NamedTuple):
    """How many pieces the schedules of a kind say there are, None where they do not tell; note: what is doubtful."""

    pieces: int | None
    note: str


def schedule_counts(tables: Iterable[Table]) -> dict[str, int]:
    """How many doors and windows the schedules say there are; a kind that they do not tell is left out."""
    return {kind: count.pieces for kind, count in count_pieces(tables).items() if count.pieces is not None}


def count_pieces(tables: Iterable[Table]) -> dict[str, Count]:
    """For "door" and "window", where there is a schedule: the pieces, each mark once, however many tables list it."""
    counts: dict[str, Count] = {}
    tables = list(tables)
    for kind in ("door", "window"):
        own = [t for t in tables if t.kind == kind]
        own = [t for t in own if t.column("mark") is not None] or own  # beside marks, a list of types says them again
        marks: dict[str, int | None] = {}
        for number, one in enumerate(own):
            for mark, pieces in _pieces(one, number):
                marks[mark] = max(filter(None, (marks.get(mark), pieces)), default=None)
        if marks:
            counts[kind] = _count(marks, any(t.column("quantity") is not None for t in own))
    return counts


def _pieces(one: Table, number: int) -> list[tuple[str, int | None]]:
    """Each row's mark (or the row's own number where there is none) and its quantity, None without one."""
    mark_at, quantity_at = one.column("mark"), one.column("quantity")
    found: list[tuple[str, int | None]] = []
    for index, row in enumerate(one.rows):
        mark = row[mark_at].text.replace(" ", "") if mark_at is not None else f"{number}/{index}"
        digits = re.fullmatch(r"\D{0,3}(\d{1,4})\D{0,4}", row[quantity_at].text) if quantity_at is not None else None
        if mark_at is None or _MARK.fullmatch(mark):
            found.append((mark, int(digits[1]) if digits else None))
    return found


def _count(marks: dict[str, int | None], has_quantity: bool) -> Count:
    if has_quantity:
        unread = [mark for mark, pieces in marks.items() if pieces is None]
        note = f"no quantity is read for {', '.join(unread)}: taken as one each" if unread else ""
        return Count(sum(pieces or 1 for pieces in marks.values()), note)
    if not all(any(c.isdigit() for c in mark) for mark in marks) or any("/" in mark for mark in marks):
        return Count(None, "its rows stand for types, and no column says how many there are of each")
    return Count(len(marks), "no column says how many: each mark is taken for one piece")
