"""How well the vision networks tell walls, windows and doors from the rest of small real plans, pixel by pixel.

Needs `../shared/data/masks`. Its drawers fill an opening from face to face and a wall to its outermost line; how far
planroom's masks are grown or shrunk to say the same, and whether an opening is told by its instances or its pixels, is
fitted on the plans of its own training half, never on those that are scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.engine.eyes import Eyes
from planroom.engine.instances import DOOR_KINDS, Instance
from planroom.engine.pictures import GreyArray
from planroom.engine.vision import CLASSES, Seen

MASKS: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "masks"
LEAST: Final = {"wall": 0.75, "window": 0.50, "door": 0.50}
FITTED_ON: Final = 48  # plans of the training half: enough for three whole numbers and a score
_FOLDERS: Final = {"wall": "Walls", "window": "Windows", "door": "Doors"}
_GROWN_PX: Final = (-1, 0, 1, 2)
_SCORES: Final = (None, 0.25, 0.4, 0.55)  # None: an opening is told by its pixels
Mask = NDArray[np.bool_]


def rows(eyes: Eyes) -> Iterator[dict[str, Any]]:
    """A row for each class: its IoU over all plans of the half that nothing was fitted on."""
    train, scored = (list(_plans(eyes, half)) for half in ("train", "val"))
    for name, least in LEAST.items():
        ways = list(product(_GROWN_PX, (None,) if name == "wall" else _SCORES))
        way = max(ways, key=lambda way: _iou(train[:FITTED_ON], name, *way))
        iou = _iou(scored, name, *way)
        yield {
            "part": "masks",
            "class": name,
            "plans": len(scored),
            "iou": round(iou, 3),
            "iou_fitted_on": round(_iou(train[:FITTED_ON], name, *way), 3),
            "grown_px": way[0],
            "by_instances_over": way[1],
            "over": iou < least,
        }


def _plans(eyes: Eyes, half: str) -> Iterator[tuple[Seen, dict[str, Mask]]]:
    """What is seen of each plan, and its true masks; as many as are needed."""
    folders = {name: MASKS / f"{folder}_{half}" for name, folder in _FOLDERS.items()}
    for k, path in enumerate(sorted((MASKS / f"Images_{half}").iterdir())):
        if half == "train" and k >= FITTED_ON:
            return
        stem = path.stem.split("_")[0]
        drawn = {name: next(folder.glob(f"{stem}_*")) for name, folder in folders.items()}
        true = {name: _grey(file) > 127 for name, file in drawn.items()}
        height, width = next(iter(true.values())).shape
        picture = np.asarray(cv2.resize(_grey(path), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
        yield eyes.look(GreyArray(picture), lambda _: None), true


def _grey(path: Path) -> NDArray[np.uint8]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise FileNotFoundError(path)
    return np.asarray(grey, np.uint8)


def _iou(plans: list[tuple[Seen, dict[str, Mask]]], name: str, grown_px: int, least: float | None) -> float:
    """Over the pixels of all plans together."""
    common = either = 0
    for seen, true in plans:
        told = told_mask(seen, name, true[name].shape, grown_px, least)
        common += int((told & true[name]).sum())
        either += int((told | true[name]).sum())
    return common / max(either, 1)


def told_mask(seen: Seen, name: str, shape: tuple[int, ...], grown_px: int, least: float | None) -> Mask:
    """Where `name` is, (H, W), by the networks' pixels or by the instances that are at least so sure."""
    height, width = shape[:2]
    if least is None:
        told = (seen.classes == CLASSES.index(name)).astype(np.float32)
        mask = cv2.resize(told, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    else:
        mask = np.zeros((height, width), bool)
        kinds = DOOR_KINDS if name == "door" else ("window",)
        for one in seen.instances:
            if one.kind in kinds and one.score >= least:
                mask |= _filled(one, (height, width))
    side = 2 * abs(grown_px) + 1
    change = cv2.dilate if grown_px > 0 else cv2.erode
    return np.asarray(change(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def _filled(one: Instance, shape: tuple[int, int]) -> Mask:
    mask = np.zeros(shape, np.uint8)
    box = cv2.boxPoints(((one.x, one.y), (one.length, max(one.thickness, 1.0)), float(np.degrees(one.angle))))
    cv2.fillPoly(mask, [np.rint(box).astype(np.int32)], 1)
    return mask > 0
