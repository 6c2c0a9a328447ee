"""What is known of a drawn sheet: element classes, room uses, instances and counts.

Glossary. A *kind* is what an instance is (a hinged door), an *element* is what a pixel belongs to (a door opening), a
*use* is what a room serves for.

The rule for glazed sliders: a slider whose panes are drawn as leaves on or beside the wall line is a sliding door; one
drawn as glazing lines between window frames is a window, however wide it is.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]


class Element(IntEnum):
    """What a pixel belongs to. A door or a window is its rectangle in the wall; a cased opening stays room."""

    OTHER = 0
    WALL = 1
    DOOR = 2
    WINDOW = 3
    ROOM = 4
    STAIRS = 5
    FIXTURE = 6
    SWING = 7
    FURNITURE = 8


class Use(IntEnum):
    """What the room around a pixel serves for; `TOILET` is any room with a WC."""

    OUTSIDE = 0
    OTHER_ROOM = 1
    BEDROOM = 2
    TOILET = 3
    KITCHEN = 4
    LIVING = 5
    HALL = 6
    CLOSET = 7


class Kind(IntEnum):
    """What an instance is. `OPENING` is a cased opening without a leaf: not a door."""

    DOOR_HINGED = 0
    DOOR_DOUBLE = 1
    DOOR_SLIDING = 2
    DOOR_FOLDING = 3
    DOOR_GARAGE = 4
    DOOR_OTHER = 5
    OPENING = 6
    WINDOW = 7
    WC = 8
    BED = 9
    STAIR = 10


DOORS = frozenset(range(Kind.DOOR_HINGED, Kind.DOOR_OTHER + 1))
ELEMENT_OF = {
    **{Kind(door): Element.DOOR for door in DOORS},
    Kind.OPENING: Element.ROOM,
    Kind.WINDOW: Element.WINDOW,
    Kind.WC: Element.FIXTURE,
    Kind.BED: Element.FURNITURE,
    Kind.STAIR: Element.STAIRS,
}


class Drawing(NamedTuple):
    """One drawn sheet and all that is true of it. Pixels; x right, y down; angles in radians from x to y."""

    image: Mask
    """(H, W) grey, as a scanner or an export gives it."""
    classes: Mask
    """(H, W) of `Element`."""
    uses: Mask
    """(H, W) of `Use`."""
    instances: npt.NDArray[np.float32]
    """(n, 8): kind, x, y, angle along the wall, length along it, thickness, hinge x, hinge y (NaN where none)."""
    labels: npt.NDArray[np.float32]
    """(n, 4) boxes of the rooms' lettering: left, top, right, bottom."""
    counts: dict[str, int]
    """`door`, `window`, `room`, `bedroom`, `toilet` on the sheet."""


def count_instances(instances: npt.NDArray[np.float32], rooms: list[Use]) -> dict[str, int]:
    """The sheet's counts from its instances and the uses of its rooms."""
    kinds = instances[:, 0].astype(int)
    return {
        "door": int(np.isin(kinds, list(DOORS)).sum()),
        "window": int((kinds == Kind.WINDOW).sum()),
        "room": len(rooms),
        "bedroom": sum(use == Use.BEDROOM for use in rooms),
        "toilet": sum(use == Use.TOILET for use in rooms),
    }


def move_instances(instances: npt.NDArray[np.float32], matrix: Points) -> npt.NDArray[np.float32]:
    """`instances` under a 2 x 3 affine map of pixels; lengths along and across the wall scale each with its axis."""
    out = instances.astype(np.float64)
    turn, shift = matrix[:, :2], matrix[:, 2]
    along = np.stack([np.cos(out[:, 3]), np.sin(out[:, 3])], 1)
    across = np.stack([-along[:, 1], along[:, 0]], 1) @ turn.T
    along = along @ turn.T
    out[:, 1:3] = out[:, 1:3] @ turn.T + shift
    out[:, 6:8] = out[:, 6:8] @ turn.T + shift
    out[:, 3] = np.arctan2(along[:, 1], along[:, 0])
    out[:, 4] *= np.hypot(along[:, 0], along[:, 1])
    out[:, 5] *= np.hypot(across[:, 0], across[:, 1])
    return out.astype(np.float32)
