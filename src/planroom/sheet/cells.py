"""The cells of one table: its columns, its rows, and which words stand in which.

A *band* is what lies between two level rules of a table. The band of the heads says how many columns there are where no
upright rules do; where no rules part the rows, each line with something in the table's leading column begins one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from planroom.records import Text
from planroom.sheet.columns import find_edges, group_over, part_heads
from planroom.sheet.grids import Band, Box, Cell, Frame, Grid, Rules

_NARROW, _WIDE = frozenset(" .,:;'|!()[]ijlftrI1-/"), frozenset("MWmw@%")


def fill_cells(frame: Frame, rules: Rules, texts: Sequence[Text], letter: float) -> Grid:
    """The cells of the table at `frame`, with the words of `texts` (all those of the sheet) that stand in it."""
    inside = [t for t in texts if frame.left < t.x < frame.right and frame.box[1] < t.y <= frame.box[3]]
    own, groups = part_heads(frame, rules, [t for t in inside if frame.head.holds(t)], letter)
    body = [t for t in inside if not frame.head.holds(t)]
    edges = find_edges(frame, rules, own, body, letter)
    spans = list(pairwise(edges))
    over = [_cell(*group_over(span, groups, rules, frame.head.top, letter), letter) for span in spans]
    heads = [
        _cell(pieces, (x0, frame.head.bottom, x1, group.box[1]), letter)
        for pieces, (x0, x1), group in zip(_by_column(own, edges, letter), spans, over, strict=True)
    ]
    columns = _by_column(body, edges, letter)
    rows = []
    for row in _rows(frame.body, columns, letter):
        line = []
        for k, pieces in enumerate(columns):
            own_pieces = [t for t in pieces if any(band.holds(t) for band in row)]
            box = (edges[k], row[-1].bottom, edges[k + 1], row[0].top)
            line.append(_cell(own_pieces, box, letter))
        rows.append(line)
    source = "ocr" if any(t.source == "ocr" for t in inside) else "text layer"
    return Grid(frame.box, heads, over, rows, source)


def _cell(texts: Sequence[Text], box: Box, letter: float) -> Cell:
    return Cell(_joined(texts, letter), box, min((t.score for t in texts), default=1.0))


def _by_column(texts: Sequence[Text], edges: list[float], letter: float) -> list[list[Text]]:
    """The texts of each column; one that was read over an edge is cut there."""
    columns: list[list[Text]] = [[] for _ in pairwise(edges)]
    for text in texts:
        for piece in _cut(text, edges, letter):
            k = bisect_right(edges, piece.x) - 1
            columns[min(max(k, 0), len(columns) - 1)].append(piece)
    return columns


def _cut(text: Text, edges: list[float], letter: float) -> list[Text]:
    """The text in pieces, one a column. A file's own run is cut only where it leaves a wide blank."""
    x0, y0, x1, y1 = text.box
    crossed = [e for e in edges if x0 + 0.7 * letter < e < x1 - 0.7 * letter]
    if not crossed or (text.source != "ocr" and "  " not in text.string):
        return [text]
    widths = np.array([0.5 if c in _NARROW else 1.5 if c in _WIDE else 1.0 for c in text.string])
    ends = x0 + (x1 - x0) * np.cumsum(widths) / widths.sum()
    spaces = [k for k, c in enumerate(text.string) if c == " "]
    pieces, first, left = [], 0, x0
    for edge in crossed:
        blanks = [k for k in spaces if k > first and abs(ends[k] - edge) < 2.5 * letter]
        at = int(np.searchsorted(ends, edge))
        if len(spaces) == len(crossed):  # a word for each cell: wide blanks are read as narrow ones
            at = spaces[crossed.index(edge)]
        elif blanks:
            at = min(blanks, key=lambda k: abs(ends[k] - edge))
        elif text.source != "ocr":
            continue
        part = text.string[first:at].strip()
        if part:
            pieces.append(text._replace(string=part, x=(left + edge) / 2, box=(left, y0, edge, y1)))
        first, left = at, edge
    part = text.string[first:].strip()
    if part:
        pieces.append(text._replace(string=part, x=(left + x1) / 2, box=(left, y0, x1, y1)))
    return pieces


def as_lines(texts: Sequence[Text], letter: float) -> list[list[Text]]:
    """The texts line by line from the top."""
    lines: list[list[Text]] = []
    for text in sorted(texts, key=lambda t: -t.y):
        if lines and lines[-1][0].y - text.y < 0.6 * letter:
            lines[-1].append(text)
        else:
            lines.append([text])
    return lines


def _joined(texts: Sequence[Text], letter: float) -> str:
    """What the texts say, read line by line; pieces of one word, as files write them, without a blank between."""
    words = []
    for line in as_lines(texts, letter):
        said, end = "", float("-inf")
        for text in sorted(line, key=lambda t: t.box[0]):
            if text.source == "ocr" and text.x < end:
                continue  # read twice
            said += (" " if said and text.box[0] - end > 0.15 * letter else "") + text.string.strip()
            end = text.box[2]
        words.append(said)
    return " ".join(words)


def _rows(bands: list[Band], columns: list[list[Text]], letter: float) -> list[list[Band]]:
    """The bands of each row: one where rules part the rows, else a strip for each line of the leading column."""
    leading = next((c for c in columns if c), [])
    starts = sum(len(as_lines([t for t in leading if band.holds(t)], letter)) for band in bands)
    if len(bands) > 0.5 * starts:
        return [[band] for band in bands]
    rows = []
    for band in bands:
        lines = as_lines([t for column in columns for t in column if band.holds(t)], letter)
        begins = [any(t in leading for t in line) for line in lines]
        rows += [[Band(top, bottom)] for top, bottom in _strips(band, [line[0].y for line in lines], begins)]
    return rows


def _strips(band: Band, levels: list[float], begins: list[bool]) -> list[tuple[float, float]]:
    """Top and bottom of each row in a band without rules: a line that begins none belongs to the nearer neighbour."""
    cuts = []
    for k in range(1, len(levels)):
        if begins[k]:
            first = k
            while first > 0 and not begins[first - 1] and _leans_down(levels, first - 1):
                first -= 1
            if any(begins[:first]):
                cuts.append((levels[first - 1] + levels[first]) / 2)
    return list(pairwise([band.top, *cuts, band.bottom]))


def _leans_down(levels: list[float], k: int) -> bool:
    """Whether line k is nearer to the one below it than to the one above."""
    return k == 0 or levels[k] - levels[k + 1] < 0.9 * (levels[k - 1] - levels[k])
