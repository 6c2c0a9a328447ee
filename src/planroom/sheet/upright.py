"""How the picture that a scan is read in lies on its sheet: turned upright, level, in pixels instead of sheet units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from planroom.records import Dimension, Element, Floats, Text


@dataclass(frozen=True, slots=True)
class Upright:
    """The way back from pixels of the upright picture, y up, to units of the sheet as its file holds it.

    turn (2, 2) and shift (2,): point @ turn + shift. unit_per_px: sheet units in a pixel.
    """

    turn: Floats
    shift: Floats
    unit_per_px: float

    def to_sheet(self, points: Floats) -> Floats:
        """Points (K, 2) of the picture in sheet units."""
        return points @ self.turn + self.shift

    def box_to_sheet(self, box: tuple[float, ...]) -> tuple[float, float, float, float]:
        """The box round what a box x0, y0, x1, y1 becomes."""
        x0, y0, x1, y1 = box
        corners = self.to_sheet(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
        (left, low), (right, high) = corners.min(0), corners.max(0)
        return float(left), float(low), float(right), float(high)

    def place_texts(self, texts: list[Text]) -> list[Text]:
        """The same texts on a sheet that is not turned against the picture."""
        placed = []
        for text in texts:
            box = self.box_to_sheet(text.box)
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            placed.append(text._replace(x=middle[0], y=middle[1], box=box, height=text.height * self.unit_per_px))
        return placed

    def place_boxes(self, plain: Any) -> None:
        """Put every "box" in lists and dicts of plain data onto the sheet."""
        if isinstance(plain, list):
            for item in plain:
                self.place_boxes(item)
        elif isinstance(plain, dict):
            for item in plain.values():
                self.place_boxes(item)
            if plain.get("box") is not None:
                plain["box"] = [round(v, 2) for v in self.box_to_sheet(plain["box"])]

    def place(self, elements: list[Element]) -> None:
        """Put elements that were found in the picture onto the sheet, sizes and all."""
        grow = self.unit_per_px
        for element in elements:
            element.outline = self.to_sheet(element.outline) if element.outline.size else element.outline
            if element.lines.size:
                element.lines = self.to_sheet(element.lines.reshape(-1, 2)).reshape(-1, 4)
            element.sizes = {
                name: value * (grow * grow if name.startswith("area") else grow)
                for name, value in element.sizes.items()
            }

    def place_dimensions(self, dimensions: list[Dimension]) -> None:
        """Put dimensions and their lines onto the sheet."""
        for one in dimensions:
            x0, y0, x1, y1 = self.to_sheet(np.array(one.ends).reshape(2, 2)).ravel().tolist()
            one.ends, one.box = (x0, y0, x1, y1), self.box_to_sheet(one.box)


def upright_frame(
    width_px: int, height_px: int, skew_deg: float, turn_deg: int, extent: tuple[float, float, float, float]
) -> Upright:
    """The way back from a picture that was made level and then upright.

    width_px, height_px: of the level picture, which covers `extent` of the sheet but for its skew, the degrees that it
    was found turned counter-clockwise. turn_deg: what it was then turned by, counter-clockwise, a multiple of 90.
    """
    w, h = float(width_px), float(height_px)
    back, start = {
        0: ([(1.0, 0.0), (0.0, 1.0)], (0.0, 0.0)),
        90: ([(0.0, -1.0), (1.0, 0.0)], (0.0, h)),
        180: ([(-1.0, 0.0), (0.0, -1.0)], (w, h)),
        270: ([(0.0, 1.0), (-1.0, 0.0)], (w, 0.0)),
    }[turn_deg % 360]
    level = np.array(back)
    angle = math.radians(skew_deg)
    skew = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
    middle = np.array([w / 2, h / 2])
    grow = (extent[2] - extent[0]) / w
    shift = ((np.array(start) - middle) @ skew + middle) * grow + np.array(extent[:2])
    return Upright(level @ skew * grow, shift, grow)
