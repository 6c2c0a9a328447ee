"""Crops of drawn sheets, and what the vision networks should say of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.engine.instances import KINDS, STRIDE
from planroom.engine.pictures import GreyArray
from planroom.engine.vision import paper_of, warp_ink
from training.architectures.vision_decoder import SHAPE
from training.drawings import Drawing, draw_sheet

CROP_PX: Final = 384
IGNORED: Final = 255  # pixels of a crop that lie beyond its sheet
CROPS: Final = 8  # of one sheet
CLEAN: Final = 3  # each such sheet is clean, besides those that chance leaves so: most real ones are
_DOOR_PX: Final = (12.0, 80.0)  # of a sheet's middle door in its crops: an overview has all sizes,
_CHOSEN: Final = 0.75  # but so many crops are cut near the size that is chosen where it is known:
_CHOSEN_PX: Final = 32.0
_CHOSEN_SPREAD: Final = 0.3
_SLANTED: Final = 0.15  # the share that is turned by any angle: walls are at right angles to the sheet, but not all
_ZOOM: Final = (0.15, 3.0)
_ZOOM_UNKNOWN: Final = (0.5, 1.5)  # of a sheet without doors
Array = NDArray[np.float32]
Place = NDArray[np.float64]  # (2, 3): pixels of a sheet to those of a crop


class Crop(NamedTuple):
    """image (P, P), ink 1 on paper 0; classes (P/2, P/2); uses (P/4, P/4); centres (kinds, P/4, P/4), 0 to 1; shapes
    (6, P/4, P/4) and where they hold (P/4, P/4).
    """

    image: Array
    classes: NDArray[np.uint8]
    uses: NDArray[np.uint8]
    centres: Array
    shapes: Array
    held: Array


def crops(seed: int, step: int) -> Iterator[Crop]:
    """Crops without end, of the sheets `seed`, `seed` + `step`, ..."""
    while True:
        yield from crops_of(draw_sheet(seed, clean=seed % CLEAN == 0), np.random.default_rng(seed))
        seed += step


def crops_of(drawing: Drawing, random: np.random.Generator) -> Iterator[Crop]:
    """A few crops of one sheet: zoomed, turned and mirrored."""
    ink = paper_of(GreyArray(drawing.image)).ink(drawing.image)
    height, width = ink.shape
    openings = drawing.instances[drawing.instances[:, 0] < 8]
    doors = openings[openings[:, 0] < 6, 4]
    for _ in range(CROPS):
        zoom = _zoom(float(np.median(doors)) if len(doors) else None, random)
        if len(openings) and random.random() < 0.8:
            x, y = openings[random.integers(len(openings)), 1:3] + random.normal(0, 0.25 * CROP_PX / zoom, 2)
        else:
            x, y = random.uniform(0, width), random.uniform(0, height)
        x, y = _within(x, width, zoom), _within(y, height, zoom)
        turns = random.integers(4) + (random.uniform(-0.5, 0.5) if random.random() < _SLANTED else 0)
        mirror = bool(random.integers(2))
        yield _cut(drawing, ink, np.array([x, y]), zoom, float(turns * np.pi / 2), mirror)


def _zoom(door_px: float | None, random: np.random.Generator) -> float:
    if door_px is None:
        return float(np.exp(random.uniform(*np.log(_ZOOM_UNKNOWN))))
    if random.random() < _CHOSEN:
        wanted = np.clip(_CHOSEN_PX * np.exp(random.normal(0, _CHOSEN_SPREAD)), *_DOOR_PX)
    else:
        wanted = np.exp(random.uniform(*np.log(_DOOR_PX)))
    return float(np.clip(wanted / door_px, *_ZOOM))


def _within(middle: float, size: float, zoom: float) -> float:
    """The nearest middle of a crop that lies on a sheet of this size; the sheet's own where that is smaller."""
    half = min(CROP_PX / 2 / zoom, size / 2)
    return float(np.clip(middle, half, size - half))


def _cut(drawing: Drawing, ink: Array, at: NDArray[np.float64], zoom: float, angle: float, mirror: bool) -> Crop:
    cos, sin = np.cos(angle), np.sin(angle)
    turn = zoom * np.array([[cos, -sin], [sin, cos]])
    if mirror:
        turn = np.array([[-1.0, 0.0], [0.0, 1.0]]) @ turn
    place = np.column_stack([turn, CROP_PX / 2 - turn @ at])
    image = warp_ink(ink, place, zoom, CROP_PX)
    half, quarter = _reduced(place, 2), _reduced(place, STRIDE)
    classes = cv2.warpAffine(drawing.classes, half, (CROP_PX // 2,) * 2, flags=cv2.INTER_NEAREST, borderValue=IGNORED)
    uses = cv2.warpAffine(drawing.uses, quarter, (CROP_PX // STRIDE,) * 2, flags=cv2.INTER_NEAREST, borderValue=IGNORED)
    centres, shapes, held = _instances(drawing.instances, quarter, turn / STRIDE)
    return Crop(image, np.asarray(classes), np.asarray(uses), centres, shapes, held)


def _reduced(place: Place, stride: int) -> Place:
    """`place` for a target whose pixels are `stride` times as large; centres of pixels are at whole numbers."""
    reduced = place / stride
    reduced[:, 2] += 0.5 / stride - 0.5
    return reduced


def _instances(instances: Array, place: Place, turn: NDArray[np.float64]) -> tuple[Array, Array, Array]:
    side = CROP_PX // STRIDE
    centres = np.zeros((len(KINDS), side, side), np.float32)
    shapes, held = np.zeros((SHAPE, side, side), np.float32), np.zeros((side, side), np.float32)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    for kind, x, y, angle, length, thickness in instances[:, :6]:
        cx, cy = place @ (x, y, 1.0)
        if not (-2 < cx < side + 2 and -2 < cy < side + 2):
            continue
        along = turn @ (np.cos(angle), np.sin(angle))
        scale = float(np.hypot(*along))
        long, thick = length * scale, max(thickness * scale, 0.25)
        spread = float(np.clip(long / 8, 0.7, 2.5))
        away = (columns - cx) ** 2 + (rows - cy) ** 2
        bump = np.exp(-away / (2 * spread**2))
        np.maximum(centres[int(kind)], bump, out=centres[int(kind)])
        px, py = round(float(cx)), round(float(cy))
        if 0 <= px < side and 0 <= py < side:
            centres[int(kind), py, px] = 1.0
        near = away <= 1.5**2
        two = 2 * np.arctan2(along[1], along[0])
        held[near] = 1
        shapes[0][near], shapes[1][near] = (cx - columns)[near], (cy - rows)[near]
        shapes[2][near], shapes[3][near] = np.cos(two), np.sin(two)
        shapes[4][near], shapes[5][near] = np.log(max(long, 0.5)), np.log(thick)
    return centres, shapes, held
