"""Grey pictures as networks are given them: a few rows at a time, so that none need be in memory as a whole."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


class Picture(Protocol):
    """Grey pixels (height_px, width_px), 0 black to 255 white."""

    height_px: int
    width_px: int

    def rows(self, start: int, stop: int) -> Grey:
        """Rows `start` to `stop` (exclusive) as an array."""


class GreyArray:
    """A picture (H, W) that is in memory as a whole."""

    def __init__(self, grey: Grey):
        self.grey = grey
        self.height_px, self.width_px = grey.shape

    def rows(self, start: int, stop: int) -> Grey:
        """Rows `start` to `stop` (exclusive), not copied."""
        return self.grey[start:stop]


class Mirrored:
    """Another picture with left and right exchanged."""

    def __init__(self, picture: Picture):
        self.picture = picture
        self.height_px, self.width_px = picture.height_px, picture.width_px

    def rows(self, start: int, stop: int) -> Grey:
        """Rows `start` to `stop` (exclusive), not copied."""
        return self.picture.rows(start, stop)[:, ::-1]
