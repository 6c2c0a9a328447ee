"""Collects lines, arcs, fills and texts while a reader walks a file, and hands them over as one `Linework`.

Coordinates go into flat arrays of doubles (24 to 40 bytes a piece instead of some hundred as Python objects), because a
sheet can hold a million of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from planroom.geometry import arc_through, fit_circles, flatten_beziers
from planroom.records import Floats, Linework, Style, Text

_CURVE_STEPS = 4


class LineworkBuilder:
    """Grows a `Linework`. Call `path` once a drawing operation, then add its pieces."""

    def __init__(self) -> None:
        self._segments = array("d")
        self._segment_path = array("i")
        self._arcs = array("d")
        self._arc_path = array("i")
        self._beziers = array("d")
        self._bezier_path = array("i")
        self._fills: list[Floats] = []
        self._fill_path = array("i")
        self._path_style = array("i")
        self._styles: dict[Style, int] = {}
        self.texts: list[Text] = []

    def path(self, style: Style) -> None:
        """Begin a new path; what is added next belongs to it."""
        self._path_style.append(self._styles.setdefault(style, len(self._styles)))

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Add a straight piece."""
        self._segments.extend((x0, y0, x1, y1))
        self._segment_path.append(len(self._path_style) - 1)

    def polyline(self, points: Sequence[tuple[float, float]], closed: bool) -> None:
        """Add the pieces between successive points."""
        for (x0, y0), (x1, y1) in pairwise(points):
            self.line(x0, y0, x1, y1)
        if closed and len(points) > 2 and points[0] != points[-1]:
            self.line(*points[-1], *points[0])

    def arc(self, cx: float, cy: float, radius: float, start: float, sweep: float) -> None:
        """Add a circular arc, counter-clockwise from `start`, angles in radians."""
        self._arcs.extend((cx, cy, radius, start, sweep))
        self._arc_path.append(len(self._path_style) - 1)

    def bezier(self, control: Sequence[float]) -> None:
        """Add a cubic curve given by eight coordinates."""
        self._beziers.extend(control)
        self._bezier_path.append(len(self._path_style) - 1)

    def fill(self, ring: Floats) -> None:
        """Add a filled ring (K, 2)."""
        if len(ring) >= 3:
            self._fills.append(ring)
            self._fill_path.append(len(self._path_style) - 1)

    @property
    def n_pieces(self) -> int:
        """How many straight and curved pieces there are so far."""
        return len(self._segment_path) + len(self._arc_path) + len(self._bezier_path)

    def lease_bytes(self) -> int:
        """Anonymous bytes that what was added takes, and what `build` makes of it beside."""
        straight, round_, curved = len(self._segment_path), len(self._arc_path), len(self._bezier_path)
        rings = 300 * len(self._fills) + 16 * sum(map(len, self._fills))
        return 90 * straight + 120 * round_ + 1500 * curved + rings + 900 * len(self.texts) + 16 * len(self._path_style)

    def build(self) -> Linework:
        """All that was added; curves that are circular become arcs, others are cut into straight pieces."""
        segments = np.array(self._segments, np.float64).reshape(-1, 4)
        segment_path = np.array(self._segment_path, np.int32)
        arcs = np.array(self._arcs, np.float64).reshape(-1, 5)
        arc_path = np.array(self._arc_path, np.int32)
        if self._bezier_path:
            curves = np.array(self._beziers, np.float64).reshape(-1, 8)
            curve_path = np.array(self._bezier_path, np.int32)
            found, is_arc = _arcs_of(curves)
            found, found_path = _join_arcs(found, curve_path[is_arc])
            arcs, arc_path = np.concatenate([arcs, found]), np.concatenate([arc_path, found_path])
            points = flatten_beziers(curves[~is_arc], _CURVE_STEPS)
            pieces = np.concatenate([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 4)
            segments = np.concatenate([segments, pieces])
            segment_path = np.concatenate([segment_path, np.repeat(curve_path[~is_arc], _CURVE_STEPS)])
        return Linework(
            segments_xyxy=segments,
            segment_path=segment_path,
            arcs=arcs,
            arc_path=arc_path,
            fills=self._fills,
            fill_path=np.array(self._fill_path, np.int32),
            path_style=np.array(self._path_style, np.int32),
            styles=list(self._styles),
            texts=self.texts,
        )


def _arcs_of(curves: Floats) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Arcs (M, 5) among cubic curves (N, 8), and which of them (N,) they are: all points within 1 % of one radius."""
    points = flatten_beziers(curves, _CURVE_STEPS)
    start, middle, end = points[:, 0], points[:, _CURVE_STEPS // 2], points[:, -1]
    centre, radius = fit_circles(start, middle, end)
    chord = np.hypot(*(end - start).T)
    with np.errstate(invalid="ignore"):
        off = np.abs(np.hypot(*(points - centre[:, None]).transpose(2, 0, 1)) - radius[:, None]).max(1)
        is_arc = np.isfinite(radius) & (radius < 50 * chord) & (off < 0.01 * radius)
    arcs = [
        (*centre[i], radius[i], *arc_through(centre[i], start[i], middle[i], end[i])) for i in np.flatnonzero(is_arc)
    ]
    return np.array(arcs, np.float64).reshape(-1, 5), is_arc


def _join_arcs(
    arcs: Floats, paths: np.ndarray[tuple[int], np.dtype[np.int32]]
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Successive arcs round one centre in one path as one arc: a swing is often written as two curves."""
    joined: list[list[float]] = []
    owner: list[int] = []
    for arc, path in zip(arcs.tolist(), paths.tolist(), strict=True):
        if joined and owner[-1] == path:
            last = joined[-1]
            near = 0.02 * last[2]
            if abs(last[2] - arc[2]) < near and abs(last[0] - arc[0]) < near and abs(last[1] - arc[1]) < near:
                after = (last[3] + last[4] - arc[3] + 0.05) % (2 * np.pi) < 0.1
                before = (arc[3] + arc[4] - last[3] + 0.05) % (2 * np.pi) < 0.1
                if after or before:
                    last[3] = last[3] if after else arc[3]
                    last[4] = min(last[4] + arc[4], 2 * np.pi)
                    continue
        joined.append(arc)
        owner.append(path)
    return np.array(joined, np.float64).reshape(-1, 5), np.array(owner, np.int32)
