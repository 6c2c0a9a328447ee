"""Gaps and swings into doors, windows and plain openings.

What a cell shows decides, strongest first: a swing hinged in it, a code beside it, panels that slide, fold or vanish
into the wall, glass lines within the wall's thickness, nothing at all (a cased opening).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely

from planroom.detect.codes import Code
from planroom.detect.gaps import Cell
from planroom.detect.lines import Lines
from planroom.detect.swings import Swing
from planroom.records import Floats

_MAX_PLAIN_M = 2.6
_MAX_END_PLAIN_M = 1.4
_CODE_REACH_M = 1.2
_LEVEL_M = 0.01
_ON_FACE = 0.05  # of a wall's thickness: what runs along its face is a threshold, no panel


@dataclass(slots=True)
class Opening:
    """A hole in a wall: kind door, window or opening; subtype; its ring (4, 2) in metres; width and wall thickness.

    lines, arcs: ids of the linework that shows it; leaf_pieces: ids of segments that are its leaves.
    """

    kind: str
    subtype: str
    ring: Floats
    width_m: float
    thickness_m: float
    confidence: float
    lines: list[int] = field(default_factory=list)
    arcs: list[int] = field(default_factory=list)
    leaf_pieces: list[int] = field(default_factory=list)
    code: Code | None = None


def read_gaps(
    gaps: list[list[Cell]],
    swings: list[Swing],
    codes: list[Code],
    lines: Lines,
    meanings: list[str],
    *,
    heads: bool = False,
) -> tuple[list[Opening], list[Swing]]:
    """Openings that the cells of `gaps` show, and the swings that no cell explains. meanings (S,) is by style.

    heads: a view from below, where a door is the two lines of its head and has no leaf.
    """
    cells = [cell for gap in gaps for cell in gap]
    matched, loose = _match(cells, swings)
    coded = _assign(cells, codes)
    openings: list[Opening] = []
    at = 0
    for gap in gaps:
        found = [
            _read_cell(cell, matched[at + k], coded.get(at + k), lines, meanings, heads) for k, cell in enumerate(gap)
        ]
        at += len(gap)
        openings.extend(_join_panes([o for group in found for o in group]))
    return openings, loose


def _match(cells: list[Cell], swings: list[Swing]) -> tuple[list[list[Swing]], list[Swing]]:
    """Swings by the cell that each closes, and those that close none."""
    matched: list[list[Swing]] = [[] for _ in cells]
    if not cells:
        return matched, swings
    loose: list[Swing] = []
    tree = shapely.STRtree([shapely.Polygon(cell.ring()).buffer(0.2, join_style="mitre") for cell in cells])
    for swing in swings:
        fits = [
            (misfit + (0.15 if flip and swing.leaf and not given.leaf else 0.0), int(i), given)
            for i in tree.query(shapely.Point(swing.hinge), predicate="intersects")
            for flip, given in enumerate((swing, swing.flipped()))
            if (misfit := _misfit(cells[i], given)) is not None
        ]
        if fits:
            _, i, given = min(fits, key=lambda fit: fit[:2])
            matched[i].append(given)
        else:
            loose.append(swing)
    return matched, loose


def _misfit(cell: Cell, swing: Swing) -> float | None:
    """How far, in metres, a leaf is from closing the cell; None where it doesn't."""
    (s_hinge, o_hinge), (s_latch, o_latch) = cell.place(swing.hinge), cell.place(swing.latch)
    if abs(o_latch - o_hinge) > 0.35 * swing.radius:
        return None
    away = max(cell.low - o_hinge, o_hinge - cell.high, 0.0)
    outside = max(cell.start - min(s_hinge, s_latch), max(s_hinge, s_latch) - cell.end, 0.0)
    at_end = min(abs(s_hinge - cell.start), abs(s_hinge - cell.end))
    if away > 0.16 or outside > 0.2 or at_end > 0.22:
        return None
    return away + outside + at_end


def _assign(cells: list[Cell], codes: list[Code]) -> dict[int, Code]:
    """Each code to the cell whose middle is nearest, within reach; a cell keeps the nearest of its codes."""
    if not cells or not codes:
        return {}
    middles = np.array([cell.ring().mean(0) for cell in cells])
    widths = np.array([cell.width for cell in cells])
    best: dict[int, tuple[float, Code]] = {}
    for code in codes:
        distance = np.hypot(*(middles - code.at).T)
        if code.width_m is not None:
            distance = distance + 2 * np.maximum(np.abs(widths - code.width_m) - 0.25, 0)
        i = int(np.argmin(distance))
        if distance[i] < _CODE_REACH_M and (i not in best or distance[i] < best[i][0]):
            best[i] = (float(distance[i]), code)
    return {i: code for i, (_, code) in best.items()}


def _read_cell(
    cell: Cell, swings: list[Swing], code: Code | None, lines: Lines, meanings: list[str], heads: bool
) -> list[Opening]:
    """What one cell is: usually one opening, several where separate swings share it, none where it is no opening."""
    if swings:
        return _swing_doors(cell, swings, code)
    says = {meanings[lines.style[k]] for k in cell.inner + cell.oblique + cell.pocket}
    glass, sills = _panes(cell)
    kind, subtype, confidence = "", "", 0.0
    if code is not None and code.subtype == "garage":
        kind, subtype, confidence = "door", "garage", 0.9
    elif _slides(cell):
        as_window = code is not None and code.kind == "window"
        kind, subtype, confidence = ("window" if as_window else "door"), "sliding", 0.8
    elif _vanishes(cell) and cell.width < 1.6 and not glass and not (code is not None and code.kind == "window"):
        kind, subtype, confidence = "door", "pocket", 0.75
    elif _folds(cell, lines):
        kind, subtype, confidence = "door", "folding", 0.75
    elif code is not None and code.kind == "door" and not glass:
        kind, subtype, confidence = "door", code.subtype, 0.7
    elif glass and (glass > 1 or sills or cell.cuts or "window" in says or "opening" in says or code is not None):
        kind, confidence = "window", 0.9
    elif "window" in says and cell.inner and cell.width < 6:
        kind, confidence = "window", 0.8
    elif glass and cell.both:
        kind, confidence = "window", 0.6
    elif heads and sills > 1:
        kind, confidence = "door", 0.6
    elif _is_plain(cell):
        kind, confidence = "opening", 0.75 if cell.both else 0.5
    if not kind:
        return []
    return [
        Opening(
            kind,
            subtype,
            cell.ring(),
            cell.width,
            cell.thickness,
            confidence,
            [*cell.inner, *cell.oblique, *cell.pocket],
            code=code,
        )
    ]


def _panes(cell: Cell) -> tuple[int, int]:
    """How many lines run all along the cell within the wall's thickness, and how many in line with its faces.

    Pieces at one depth (panes between mullions) count together; a leaf that stops short of one end is no pane. Two
    lines a frame's thickness apart are a frame, wherever in the wall they lie.
    """
    margin = max(0.13, 0.12 * cell.width)
    whole = [
        depth
        for depth, begin, end, cover in _levels(cell)
        if cover > 0.68 and begin - cell.start < margin and cell.end - end < margin
    ]
    within = sum(0.1 < depth < 0.9 for depth in whole)
    framed = any(0.018 < (b - a) * cell.thickness < 0.12 for a, b in pairwise(sorted(whole)))
    if not within and framed and cell.thickness > 0.2:
        within = 2
    return within, len(whole) - sum(0.1 < depth < 0.9 for depth in whole)


def _vanishes(cell: Cell) -> bool:
    """A leaf within the wall that reaches over one end of the cell and stops short of the other."""
    for depth, begin, end, cover in _levels(cell):
        before, after = begin - cell.start, cell.end - end
        if 0.1 < depth < 0.9 and cover > 0.4 and min(before, after) < 0.02 and max(before, after) > 0.13:
            return True
    return bool(cell.pocket)


def _levels(cell: Cell) -> list[tuple[float, float, float, float]]:
    """Lines along the cell by depth: share of the thickness, first start, last end, share of the width covered."""
    if not cell.inner:
        return []
    cover, begin = np.array(cell.cover), np.array(cell.begin)
    level, at = np.unique(np.round(np.array(cell.depth) * cell.thickness / _LEVEL_M), return_inverse=True)
    end = begin + cover * cell.width
    end = np.where(begin < cell.start, cell.start + cover * cell.width, end)
    return [
        (
            float(level[k] * _LEVEL_M / cell.thickness),
            float(begin[at == k].min()),
            float(end[at == k].max()),
            float(cover[at == k].sum()),
        )
        for k in range(len(level))
    ]


def _is_plain(cell: Cell) -> bool:
    """Whether an empty gap closes a space: between two pieces of one wall, or a short way on to the next wall."""
    return cell.width < (_MAX_PLAIN_M if cell.both else _MAX_END_PLAIN_M) and cell.width > 0.5


def _slides(cell: Cell) -> bool:
    """Two panels, one behind the other: what is drawn over either half of the cell lies at different depths."""
    sides: tuple[list[float], list[float]] = ([], [])
    for depth, begin, end, cover in _levels(cell):
        left, right = begin - cell.start, cell.end - end
        half = 0.28 * cell.width < end - begin < 0.78 * cell.width and cover > 0.24
        if half and abs(left - right) > 0.12 * cell.width:
            sides[left > right].append(depth)
    if not sides[0] or not sides[1] or cell.width < 0.9:
        return False
    one, other = (float(np.mean([d for d in side if _ON_FACE < d < 1 - _ON_FACE] or side)) for side in sides)
    return abs(one - other) * cell.thickness > 0.012


def _folds(cell: Cell, lines: Lines) -> bool:
    """A zigzag: two oblique pieces of one length that meet at an end, short beside the gap."""
    if not 0.5 < cell.width < 4.5:
        return False
    oblique = np.array(cell.oblique, np.int32)
    length = lines.end[oblique] - lines.start[oblique]
    fits = (length > 0.18 * cell.width) & (length < 0.75 * cell.width)
    length, direction = length[fits], lines.direction[oblique[fits]]
    first, last = lines.points(oblique[fits])
    for one in range(len(length)):
        for other in range(one + 1, len(length)):
            alike = abs(length[one] / length[other] - 1) < 0.25
            ends = ((p, q) for p in (first[one], last[one]) for q in (first[other], last[other]))
            if alike and direction[one] != direction[other] and any(np.hypot(*(p - q)) < 0.04 for p, q in ends):
                return True
    return False


def _swing_doors(cell: Cell, swings: list[Swing], code: Code | None) -> list[Opening]:
    """One door where the leaves meet (or there is one leaf), else one for each leaf."""
    spans = []
    for swing in swings:
        ends = sorted((cell.place(swing.hinge)[0], cell.place(swing.latch)[0]))
        spans.append((ends[0], ends[1], swing))
    spans.sort(key=lambda span: span[:2])
    groups: list[list[tuple[float, float, Swing]]] = []
    for span in spans:
        if groups and span[0] < max(end for _, end, _ in groups[-1]) + 0.25:
            groups[-1].append(span)
        else:
            groups.append([span])
    doors = []
    for group in groups:
        if len(groups) == 1:
            start, end = cell.start, cell.end
            reach = max(s[1] for s in group) - min(s[0] for s in group)
            if cell.width > 1.6 * reach + 0.2:  # a sidelight or a missing piece of wall beside the door
                start, end = min(s[0] for s in group), max(s[1] for s in group)
        else:
            start, end = min(s[0] for s in group), max(s[1] for s in group)
        part = Cell(cell.along, cell.low, cell.high, start, end, cell.both, cell.band, cell.beyond)
        subtype = "double" if len(group) > 1 else "single"
        leaf = any(s.leaf for _, _, s in group)
        doors.append(
            Opening(
                "door",
                subtype,
                part.ring(),
                part.width,
                part.thickness,
                0.97 if leaf else 0.85,
                list(cell.inner),
                [s.arc for _, _, s in group],
                [k for _, _, s in group for k in s.leaf_lines],
                code,
            )
        )
    return doors


def _are_panes(one: Opening, other: Opening) -> bool:
    """Whether two neighbours in a gap may be one unit: panes, or the halves of a head that a symbol's line crosses."""
    heads = not (one.subtype or other.subtype or one.arcs or other.arcs)
    return one.kind == other.kind and (one.kind == "window" or (one.kind == "door" and heads))


def _join_panes(found: list[Opening]) -> list[Opening]:
    """Panes side by side in one gap as one window; slivers beside a door (its frame) are dropped."""
    joined: list[Opening] = []
    for opening in found:
        last = joined[-1] if joined else None
        if last and _are_panes(last, opening) and np.abs(last.ring[1] - opening.ring[0]).max() < 0.13:
            last.ring = np.array([last.ring[0], opening.ring[1], opening.ring[2], last.ring[3]])
            last.width_m += opening.width_m
            last.lines += opening.lines
            last.code = last.code or opening.code
        else:
            joined.append(opening)
    return [o for o in joined if o.kind != "window" or o.width_m > 0.25]
