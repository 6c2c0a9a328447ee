"""What a drawing says does not hang on how its lines were cut, turned or put in order."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planroom.detect.lines import merge_lines
from planroom.records import Floats
from plans import AREAS_M2, ENTRANCE, INNER_DOOR, OUTER_M, THIN, WINDOWS, Hole, Placing, areas, counts, two_rooms

SLIDING = Hole((5.2, 0.0), 1.8, OUTER_M, "sliding")
HOLES = (ENTRANCE, INNER_DOOR, SLIDING, *WINDOWS)
HATCHED = two_rooms(HOLES, hatch=THIN)
PLAIN_PLAN = two_rooms(HOLES)
COUNTS = {"door": 3, "room": 2, "wall": 5, "window": 2}

# lines on a grid of 50 mm: what is apart is far enough apart, what touches does
steps = st.integers(0, 100)
spans = st.tuples(steps, st.booleans(), steps, st.integers(2, 60), st.integers(0, 1))
cuts = st.lists(st.floats(0.02, 0.98), max_size=4)


def segments_of(lines: list[tuple[int, bool, int, int, int]]) -> tuple[Floats, np.ndarray]:
    """Segments (N, 4) along x or y with their styles (N,)."""
    rows, styles = [], []
    for level, upright, start, length, style in lines:
        ends = np.array([(start, level), (start + length, level)]) * 0.05
        rows.append((ends[:, ::-1] if upright else ends).ravel())
        styles.append(style)
    return np.array(rows), np.array(styles, np.int32)


def merged(segments: Floats, styles: np.ndarray) -> list[tuple[float, ...]]:
    """The merged lines as sorted end points and styles, to a tenth of a millimetre."""
    lines = merge_lines(segments, styles.astype(np.int32))
    first, last = lines.points()
    found = []
    for k in range(len(lines)):
        ends = sorted([tuple(np.round(first[k], 4) + 0.0), tuple(np.round(last[k], 4) + 0.0)])
        found.append((*ends[0], *ends[1], float(lines.style[k])))
    return sorted(found)


@given(lines=st.lists(spans, min_size=1, max_size=25), shares=cuts, seed=st.integers(0, 999))
def test_lines_merge_the_same_however_they_were_cut_reversed_and_ordered(
    lines: list[tuple[int, bool, int, int, int]], shares: list[float], seed: int
) -> None:
    segments, styles = segments_of(lines)
    chance = random.Random(seed)
    pieces, kept = [], []
    for row, style in zip(segments, styles, strict=True):
        bounds = [0.0, *sorted(shares), 1.0] if chance.random() < 0.7 else [0.0, 1.0]
        for a, b in pairwise(bounds):
            p, q = row[:2] + a * (row[2:] - row[:2]), row[:2] + b * (row[2:] - row[:2])
            pieces.append((*q, *p) if chance.random() < 0.5 else (*p, *q))
            kept.append(style)
    order = chance.sample(range(len(pieces)), len(pieces))

    other = merged(np.array(pieces)[order], np.array(kept)[order])

    assert np.array(other) == pytest.approx(np.array(merged(segments, styles)), abs=2e-4)


@given(lines=st.lists(spans, min_size=1, max_size=25), seed=st.integers(0, 999))
def test_merging_loses_no_piece_and_spans_them_all(lines: list[tuple[int, bool, int, int, int]], seed: int) -> None:
    segments, styles = segments_of(lines)

    found = merge_lines(segments, styles)

    assert sorted(found.pieces.tolist()) == list(range(len(segments)))
    for k in range(len(found)):
        members = found.pieces[found.first_piece[k] : found.first_piece[k + 1]]
        along = found.axes[found.direction[k]]
        at = segments[members].reshape(-1, 2) @ along
        assert (at.min(), at.max()) == pytest.approx((found.start[k], found.end[k]), abs=1e-6)
        assert set(styles[members]) == {found.style[k]}


@settings(max_examples=25, deadline=None)
@given(
    angle=st.floats(0, math.tau),
    mirror=st.booleans(),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
    unit_m=st.sampled_from([1.0, 0.001, 0.0254, 0.0254 / 72 * 50]),
)
@example(angle=math.radians(0.05), mirror=False, x=0.0, y=0.0, unit_m=1.0)
@example(angle=math.pi / 4, mirror=True, x=0.0, y=0.0, unit_m=0.001)
def test_a_plan_is_the_same_turned_mirrored_shifted_and_in_any_unit(
    angle: float, mirror: bool, x: float, y: float, unit_m: float
) -> None:
    found = PLAIN_PLAN.elements(Placing(angle, mirror, (x / unit_m, y / unit_m), unit_m))

    assert counts(found) == COUNTS
    assert areas(found, unit_m) == pytest.approx(list(AREAS_M2), rel=1e-3)
    perimeters = sorted(e.sizes["perimeter"] * unit_m for e in found if e.kind == "room")
    assert perimeters == pytest.approx([2 * (3.08 + 4.4), 2 * (4.2 + 4.4)], rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), hatched=st.booleans())
def test_the_order_in_which_paths_were_drawn_changes_nothing(seed: int, hatched: bool) -> None:
    drawing = HATCHED if hatched else PLAIN_PLAN
    order = random.Random(seed).sample(range(len(drawing.paths)), len(drawing.paths))

    found = drawing.elements(order=order)

    assert counts(found) == COUNTS
    assert sorted(e.id for e in found) == sorted(e.id for e in drawing.elements())


@settings(max_examples=15, deadline=None)
@given(more=st.floats(-1.2, 4.0))
def test_areas_follow_the_walls(more: float) -> None:
    """The house with all that lies above the middle of its rooms moved up or down."""
    stretched = two_rooms(HOLES)
    for _, chains, arcs, _ in stretched.paths:
        for chain in chains:
            chain[:] = [(x, y + more * (y > 3.0)) for x, y in chain]
        arcs[:] = [(cx, cy + more * (cy > 3.0), *rest) for cx, cy, *rest in arcs]

    found = stretched.elements()

    assert counts(found) == COUNTS
    assert areas(found) == pytest.approx([4.2 * (4.4 + more), 3.08 * (4.4 + more)], rel=2e-3)
