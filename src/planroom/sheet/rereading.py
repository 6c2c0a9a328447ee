"""The cells of a scanned table, read once more, each by itself.

A reader of whole sheets misses lone digits and takes "0,76" for "0.76"; given the ink of one line, with a little paper
round it and nothing else, it hardly ever errs. Where each cell lies is known once the table's rules are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.sheet.grids import Cell, Grid

BoxPx = tuple[int, int, int, int]  # x0, y0, x1, y1 of the picture, y down
Recognise = Callable[[list[BoxPx]], list[tuple[str, float]]]
_SURE = 0.5  # of a reading of what was not read before, 0 to 1
_SURER = 0.05  # a first reading that is surer by more than that stays
_CONTRAST = 40  # grey levels by which ink is darker than the cell's paper, at least
_PAD_X, _PAD_Y = 0.38, 0.3  # paper round a line, in heights of a letter: the reader errs with less and with more
_LEAST_PX = 4


@dataclass(frozen=True, slots=True)
class CellReader:
    """The sheet's picture and who reads lines of it.

    grey (H, W): upright, dark on light. origin: the sheet units of its upper left corner. recognise: a reading and how
    sure it is (0 to 1) for each box of one line of lettering.
    """

    grey: NDArray[np.uint8]
    origin: tuple[float, float]
    px_per_unit: float
    recognise: Recognise

    def reread(self, grids: list[Grid]) -> list[Grid]:
        """The grids with what each of their cells says by itself, all asked at once; a cell without ink stays."""
        asked: list[tuple[Cell, list[BoxPx]]] = []
        for grid in grids:
            cells = _cells(grid)
            found = [self._ink_lines(cell) for cell in cells]
            heights = [bottom - top for lines in found for _, top, _, bottom in lines if bottom - top > _LEAST_PX]
            letter_px = float(np.median(heights)) if heights else 0.0
            asked += [(cell, self._whole_lines(lines, letter_px)) for cell, lines in zip(cells, found, strict=True)]
        boxes = [box for _, lines in asked for box in lines]
        read = iter(self.recognise(boxes) if boxes else [])
        said = {cell: _said(cell, list(islice(read, len(lines)))) for cell, lines in asked}
        return [_with(grid, said) for grid in grids]

    def _ink_lines(self, cell: Cell) -> list[BoxPx]:
        """The box of each run of rows with ink in a cell, from the top."""
        box = cell.box
        x0, x1 = (round((x - self.origin[0]) * self.px_per_unit) for x in (box[0], box[2]))
        y0, y1 = (round((self.origin[1] - y) * self.px_per_unit) for y in (box[3], box[1]))
        x0, y0 = max(0, x0 + 2), max(0, y0 + 2)
        part = self.grey[y0 : max(y0, y1 - 2), x0 : max(x0, x1 - 2)]
        if min(part.shape) <= _LEAST_PX:
            return []
        ink = _ink(part, is_blank=not cell.text)
        edges = np.flatnonzero(np.diff(ink.any(axis=1).astype(np.int8), prepend=0, append=0))
        boxes = []
        for top, bottom in edges.reshape(-1, 2).tolist():
            columns = np.flatnonzero(ink[top:bottom].any(axis=0))
            boxes.append((x0 + int(columns[0]), y0 + top, x0 + int(columns[-1]) + 1, y0 + bottom))
        return boxes

    def _whole_lines(self, boxes: list[BoxPx], letter_px: float) -> list[BoxPx]:
        """The lines with paper round them; dots and accents are put to the line that they are nearest to."""
        boxes = list(boxes)
        while len(boxes) > 1:
            k = min(range(len(boxes)), key=lambda k: boxes[k][3] - boxes[k][1])
            if boxes[k][3] - boxes[k][1] >= 0.5 * letter_px:
                break
            above = boxes[k][1] - boxes[k - 1][3] if k else 1 << 30
            below = boxes[k + 1][1] - boxes[k][3] if k + 1 < len(boxes) else 1 << 30
            first = k - 1 if above < below else k
            one, two = boxes[first : first + 2]
            boxes[first : first + 2] = [(min(one[0], two[0]), one[1], max(one[2], two[2]), two[3])]
        pad_x, pad_y = max(2, round(_PAD_X * letter_px)), max(2, round(_PAD_Y * letter_px))
        height, width = self.grey.shape
        return [
            (max(0, x0 - pad_x), max(0, y0 - pad_y), min(width, x1 + pad_x), min(height, y1 + pad_y))
            for x0, y0, x1, y1 in boxes
            if y1 - y0 > 0.3 * letter_px
        ]


def _ink(part: NDArray[np.uint8], *, is_blank: bool) -> NDArray[np.bool_]:
    """Which pixels of a cell are lettering: dark ones, but for rules along its edges and single specks.

    is_blank: nothing was read there yet, so that what touches an edge is no letter either.
    """
    paper, darkest = float(np.median(part)), float(part.min())
    if paper - darkest < _CONTRAST:
        return np.zeros(part.shape, np.bool_)
    dark = (part < max((paper + darkest) / 2, paper - 90)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    height, width = part.shape
    x, y, wide, high, area = stats.T
    rim = (x == 0) | (y == 0) | (x + wide == width) | (y + high == height)
    rule = rim & (is_blank | (wide > 0.7 * width) | (high > 0.7 * height) | (np.minimum(wide, high) < 3))
    keep = ~rule & (area > 3)
    keep[0] = False  # the paper
    return np.asarray(keep[labels], np.bool_)


def _cells(grid: Grid) -> list[Cell]:
    groups = [group for group in dict.fromkeys(grid.groups) if group.text]
    return [*grid.heads, *groups, *(cell for row in grid.rows for cell in row)]


def _with(grid: Grid, said: dict[Cell, Cell]) -> Grid:
    """The grid with each cell as `said`, its numbers with the decimal mark that most of them have."""
    marks = re.findall(r"\b\d+([.,])\d+\b", " ".join(said[cell].text for cell in _cells(grid)))
    mark = max(".,", key=marks.count)

    def settled(cell: Cell) -> Cell:
        told = said.get(cell, cell)
        return told._replace(text=_settled(told.text, mark))

    return grid._replace(
        heads=[settled(cell) for cell in grid.heads],
        groups=[settled(cell) for cell in grid.groups],
        rows=[[settled(cell) for cell in row] for row in grid.rows],
    )


def _settled(text: str, mark: str) -> str:
    """The reading with the decimal mark that most of the table's numbers have, and squares raised."""
    text = re.sub(r"^(\d{1,3})[.,](\d{1,3})\b", rf"\1{mark}\2", text)
    return re.sub(r"(?<=\d)( ?)m2$", r"\1m²", text)


def _said(cell: Cell, read: list[tuple[str, float]]) -> Cell:
    """The cell as read by itself, or as before where that reading was surer (lines of the drawing run through it)."""
    lines = [(string.strip(), score) for string, score in read if string.strip()]
    score = min((score for _, score in lines), default=0.0)
    if score < (cell.score - _SURER if cell.text else _SURE):
        return cell
    return Cell(" ".join(string for string, _ in lines), cell.box, score)
