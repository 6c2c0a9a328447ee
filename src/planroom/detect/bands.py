"""Bands: the strips between two drawn faces of a wall, as a struct of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from planroom.detect.lines import Bools
from planroom.records import Floats, Ints

Polygons = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass(slots=True)
class Bands:
    """Bands as a struct of arrays: direction, low and high offset, start and end (N,), and faces (N, 2), ids of lines.

    `axes` (D, 2) as in `Lines`; corridor (N,) numbers the corridor of each.
    """

    axes: Floats
    direction: Ints
    low: Floats
    high: Floats
    start: Floats
    end: Floats
    faces: Ints
    corridor: Ints

    def __len__(self) -> int:
        return len(self.low)

    def take(self, keep: Bools | Ints) -> Bands:
        """Only the bands that `keep` names."""
        return Bands(
            self.axes,
            self.direction[keep],
            self.low[keep],
            self.high[keep],
            self.start[keep],
            self.end[keep],
            self.faces[keep],
            self.corridor[keep],
        )

    def polygons(self) -> Polygons:
        """The bands (N,) as shapely polygons in metres."""
        return strips(self.axes[self.direction], self.low, self.high, self.start, self.end)


def strips(along: Floats, low: Floats, high: Floats, start: Floats, end: Floats) -> Polygons:
    """Rectangles (N,) between two offsets and two positions along unit vectors `along` (N, 2)."""
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    corners = [
        across * o[:, None] + along * s[:, None] for o, s in ((low, start), (low, end), (high, end), (high, start))
    ]
    rings = np.stack([*corners, corners[0]], axis=1)
    return np.asarray(shapely.polygons(rings), dtype=object)
