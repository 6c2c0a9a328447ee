from __future__ import annotations

import math

import numpy as np
import pytest

from planroom.detect.lines import bent_arcs, dashes, merge_lines, repeated
from planroom.records import Floats, Ints


def pieces(*segments: tuple[float, float, float, float]) -> tuple[Floats, Ints]:
    """Segments (N, 4), all in the first style."""
    return np.array(segments, np.float64).reshape(-1, 4), np.zeros(len(segments), np.int32)


def chain(radius: float, sweep: float, count: int) -> Floats:
    """An arc round the origin as `count` straight pieces."""
    angles = np.linspace(0, sweep, count + 1)
    points = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([points[:-1], points[1:]], axis=1)


def test_pieces_in_line_become_one_line_with_all_its_pieces() -> None:
    lines = merge_lines(*pieces((2, 1, 0, 1), (2, 1, 5, 1), (4.5, 1.001, 7, 1.001), (0, 3, 1, 3)))

    long = int(np.argmax(lines.length))

    assert len(lines) == 2
    assert lines.length[long] == pytest.approx(7)
    assert sorted(lines.pieces[lines.first_piece[long] : lines.first_piece[long + 1]]) == [0, 1, 2]
    assert np.concatenate(lines.points(np.array([long], np.int32))).round(2).tolist() == [[0, 1], [7, 1]]


def test_a_hairline_gap_and_an_offset_as_thin_do_not_part_a_line() -> None:
    assert len(merge_lines(*pieces((0, 0, 1, 0), (1.005, 0, 2, 0), (2, 0.003, 3, 0.003)))) == 1


@pytest.mark.parametrize(
    ("second", "why"),
    [((1.02, 0, 2, 0), "a gap"), ((1, 0.02, 2, 0.02), "an offset"), ((1, 0, 2, 0.02), "an angle")],
)
def test_pieces_apart_stay_apart(second: tuple[float, float, float, float], why: str) -> None:
    assert len(merge_lines(*pieces((0, 0, 1, 0), second))) == 2, why


def test_pieces_of_two_styles_stay_apart() -> None:
    segments, _ = pieces((0, 0, 1, 0), (1, 0, 2, 0))

    assert sorted(merge_lines(segments, np.array([0, 1], np.int32)).style) == [0, 1]


def test_nothing_merges_into_nothing() -> None:
    segments, styles = pieces((1, 1, 1, 1), (math.nan, 0, 1, 1))

    assert len(merge_lines(segments, styles)) == 0
    assert len(merge_lines(*pieces())) == 0


def test_taking_some_lines_keeps_their_pieces() -> None:
    lines = merge_lines(*pieces((0, 0, 1, 0), (1, 0, 2, 0), (0, 1, 2, 1), (0, 2, 1, 2), (1, 2, 2, 2)))
    keep = lines.offset != 1

    taken = lines.take(keep)

    runs = [sorted(taken.pieces[a:b].tolist()) for a, b in zip(taken.first_piece, taken.first_piece[1:], strict=False)]
    assert sorted(runs) == [[0, 1], [3, 4]]


def test_a_chain_that_bends_is_an_arc() -> None:
    segments = np.concatenate([chain(0.9, math.pi / 2, 12), [(0, 0, 0.9, 0), (5, 5, 6, 5)]])
    paths = np.array([*[7] * 12, 8, 9], np.int32)

    arcs, owner, used = bent_arcs(segments, paths)

    assert arcs == pytest.approx(np.array([(0, 0, 0.9, 0, math.pi / 2)]), abs=1e-6)
    assert owner.tolist() == [7]
    assert used.tolist() == [True] * 12 + [False] * 2


def test_a_square_and_a_zigzag_do_not_bend() -> None:
    square = [(0, 0, 1, 0), (1, 0, 1, 1), (1, 1, 0, 1), (0, 1, 0, 0)]
    zigzag = [(k, k % 2 * 0.1, k + 1, (k + 1) % 2 * 0.1) for k in range(8)]

    for segments in (square, zigzag):
        arcs, _, used = bent_arcs(np.array(segments, np.float64), np.zeros(len(segments), np.int32))

        assert len(arcs) == 0 and not used.any()


def test_treads_and_hatches_repeat_and_walls_do_not() -> None:
    treads = [(0, 0.28 * k, 1.1, 0.28 * k) for k in range(12)]
    hatch = [(3 + 0.1 * k, 0, 3.3 + 0.1 * k, 0.3) for k in range(20)]
    walls = [(0, 6, 8, 6), (0, 6.3, 8, 6.3), (0, 9, 8, 9), (0, 9.3, 8, 9.3)]
    lines = merge_lines(*pieces(*treads, *hatch, *walls))

    found = repeated(lines)

    tread, long = (lines.length > 1) & (lines.length < 2), lines.length > 7
    assert found[tread].tolist() == [False] * 2 + [True] * 8 + [False] * 2  # the outer ones have too few beside them
    assert found[~tread & ~long].all()
    assert not found[long].any()


def test_a_dashed_line_written_out_is_dashes_and_two_windows_are_not() -> None:
    roof = [(0.3 * k, 0, 0.3 * k + 0.2, 0) for k in range(9)]
    windows = [(0, 4, 1.2, 4), (4, 4, 5.2, 4)]
    lines = merge_lines(*pieces(*roof, *windows))

    assert dashes(lines)[lines.offset == 0].tolist() == [True] * 9
    assert not dashes(lines)[lines.offset == 4].any()
