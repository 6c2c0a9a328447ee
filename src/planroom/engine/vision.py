"""A picture as the vision networks see it: what each pixel is, and where doors, windows and fixtures stand.

The picture is brought to the size at which its doors are as large as those that the networks know best, cut into tiles
that overlap, and what is said of each tile's middle is laid together. Pixels of a picture are numbered from their
centres: (0, 0) is the middle of the first one.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.engine.instances import DOOR_KINDS, KINDS, STRIDE, Instance, distinct, read_instances, together
from planroom.engine.pictures import Grey, Mirrored, Picture

CLASSES: Final = ("other", "wall", "door", "window", "room", "stairs", "fixture", "swing", "furniture")
USES: Final = ("outside", "room", "bedroom", "toilet", "kitchen", "living", "hall", "closet")
TILE_PX: Final = 512
DOOR_PX: Final = 32.0  # of a door in a tile
SHADES: Final = 64  # of ink in a tile
CORE_PX: Final = 384  # the middle of a tile, which the next one's begins beside
MARGIN_PX: Final = (TILE_PX - CORE_PX) // 2
CLASS_STRIDE: Final = 2  # pixels of a tile in one of its classes; STRIDE are in one of its uses, centres, shapes
_HOUSE_PX: Final = 640  # the longer side of most houses, where doors are as large as they should be
_STRIP_PX: Final = 256
_INKED: Final = 0.3
_STRAY: Final = 0.002  # of a row or a column: less ink is dirt
_ZOOMS: Final = (0.1, 3.0)
_NEAR_ZOOM: Final = 1.3  # what was seen at almost the right size will do
_LEAST_SEEN_PX: Final = 12.0  # a door that tells its size
_SURE: Final = 0.4
_UNLIKELY: Final = 0.5  # of a size's logarithm: how far most are from the likely one
_LOOKED_AT: Final = 0.4  # how sure a door must be to say that the size is right,
_FITS: Final = 1.5  # and how many times as large or small as it should be it may look
_MOST_LOOKS: Final = 4
_AGAIN: Final = 0.84  # the size at which a picture is looked at once more, mirrored: what shows twice is there
_STEPS: Final = 6  # to twice the size: a sheet with one more door is still looked at at the same size
_FEW_DOORS: Final = 3
_LEAST_CONTRAST: Final = 24.0  # grey levels; less is an empty sheet
_SAMPLES: Final = 512
_BAND_PX: Final = 64  # rows of a tile that are cut at once
_USUAL_INK: Final = 60  # per cent of what is drawn is at most so dark: all that is darker is ink alike
_FAINT: Final = 0.15  # ink of a tile with nothing on it, at most
_BLUR: Final = 0.35  # pixels of the smaller picture
Floats = NDArray[np.float32]
Said = tuple[Floats, Floats, Floats, Floats]  # logits of classes, uses, centres; shapes, as VisionDecoder says them
Infer = Callable[[list[Floats]], Iterable[Said]]


class Paper(NamedTuple):
    """The grey level of a picture's paper, and how many levels its darkest ink is from it; negative on dark paper."""

    level: float
    contrast: float

    def ink(self, grey: Grey) -> Floats:
        """Ink 1 on paper 0, so that faint drawings and dark ones look alike."""
        ink = (np.float32(self.level) - grey.astype(np.float32)) / np.float32(self.contrast)
        return np.asarray(np.clip(ink, 0, 1), np.float32)


class Seen(NamedTuple):
    """classes, uses: indices into CLASSES and USES, of the picture `zoom` times as large, by strides of it."""

    instances: list[Instance]
    classes: NDArray[np.uint8]
    uses: NDArray[np.uint8]
    zoom: float

    def to_bytes(self) -> bytes:
        """The same as a file holds it."""
        file = io.BytesIO()
        kinds = np.array([KINDS.index(one.kind) for one in self.instances], np.uint8)
        sizes = np.array([one[1:] for one in self.instances], np.float64).reshape(-1, len(Instance._fields) - 1)
        zoom = np.array(self.zoom)
        np.savez_compressed(file, kinds=kinds, sizes=sizes, classes=self.classes, uses=self.uses, zoom=zoom)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Seen:
        """What `to_bytes` made."""
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            named = zip(held["kinds"].tolist(), held["sizes"].tolist(), strict=True)
            instances = [Instance(KINDS[kind], *sizes) for kind, sizes in named]
            return cls(instances, held["classes"], held["uses"], float(held["zoom"]))


def look(
    picture: Picture, infer: Infer, door_px: float | None = None, progress: Callable[[float], None] = lambda _: None
) -> Seen:
    """What stands in `picture`. door_px: how wide its doors are; where unknown, those that are seen tell.

    infer: what the networks say of tiles (1, 1, TILE_PX, TILE_PX), one by one. progress: called with the share done.
    """
    paper = paper_of(picture)
    first = partial(_part, progress, 0, 2)
    if door_px is None:
        seen = _at_best_zoom(picture, paper, infer, first)
    else:
        seen = _look(picture, paper, infer, DOOR_PX / door_px, first)
    again = _look(Mirrored(picture), paper, infer, seen.zoom * _AGAIN, partial(_part, progress, 1, 2))
    back = [one._replace(x=picture.width_px - 1 - one.x, angle=-one.angle) for one in again.instances]
    return seen._replace(instances=together([seen.instances, back]))


def _at_best_zoom(picture: Picture, paper: Paper, infer: Infer, progress: Callable[[float], None]) -> Seen:
    """What is seen at the size at which most doors are as large as they should be, and which is not unlikely.

    A house most often fills its sheet: it is first looked at as large as that makes it, and the doors that are seen
    tell the next size. Of sizes that fit alike the first is kept.
    """
    likely = zoom = min(_ZOOMS[1], _HOUSE_PX / inked_px(picture, paper))
    tried: list[tuple[float, Seen]] = []
    for k in range(_MOST_LOOKS):
        seen = _look(picture, paper, infer, zoom, partial(_part, progress, k, _MOST_LOOKS))
        is_likely = math.exp(-((math.log(seen.zoom / likely) / _UNLIKELY) ** 2) / 2)
        tried.append((math.sqrt(fitting_doors(seen)) * is_likely, seen))  # a wrong size shows many that are none
        zoom = _wanted_zoom(seen)
        if any(1 / _NEAR_ZOOM < zoom / known.zoom < _NEAR_ZOOM for _, known in tried):
            break
    return max(tried, key=lambda one: one[0])[1]


def _part(progress: Callable[[float], None], k: int, parts: int, share: float) -> None:
    progress((k + share) / parts)


def inked_px(picture: Picture, paper: Paper) -> int:
    """The longer side of what is drawn, stray marks aside."""
    across = np.zeros(picture.width_px)
    down: list[bool] = []
    for start in range(0, picture.height_px, _STRIP_PX):
        ink = paper.ink(picture.rows(start, min(start + _STRIP_PX, picture.height_px))) > _INKED
        across += ink.sum(0)
        down += (ink.mean(1) > _STRAY).tolist()
    sides = [np.flatnonzero(one) for one in (across > _STRAY * picture.height_px, down)]
    return max(
        [int(side[-1] - side[0]) + 1 for side in sides if len(side)], default=max(picture.height_px, picture.width_px)
    )


def _wanted_zoom(seen: Seen) -> float:
    """At which the doors that were seen are as large as they should be; twice as large where too few were, or they
    were too small to tell.
    """
    widths = [one.length for one in seen.instances if one.kind in DOOR_KINDS and one.score > _SURE]
    usual = float(np.median(widths)) if len(widths) >= _FEW_DOORS else 0.0
    if usual and (usual * seen.zoom >= _LEAST_SEEN_PX or seen.zoom >= 1):
        return float(np.clip(DOOR_PX / usual, *_ZOOMS))
    return min(2 * seen.zoom, max(1.0, seen.zoom))


def fitting_doors(seen: Seen) -> float:
    """How many doors are about as large as they should be at this size, each as far as it is sure."""
    doors = [one for one in seen.instances if one.kind in DOOR_KINDS and one.score > _LOOKED_AT]
    return sum(one.score for one in doors if 1 / _FITS < one.length * seen.zoom / DOOR_PX < _FITS)


def paper_of(picture: Picture) -> Paper:
    """Told from a sample of the whole picture: the middle level is paper, ink is on the side that is further away."""
    step = max(1, picture.height_px // _SAMPLES)
    across = max(1, picture.width_px // _SAMPLES)
    sample = np.concatenate([picture.rows(row, row + 1)[:, ::across] for row in range(0, picture.height_px, step)])
    low, middle, high = (float(x) for x in np.percentile(sample, (0.5, 50, 99.5)))
    sides = (middle - low, high - middle)
    is_light = sides[0] >= sides[1] if max(sides) > _LEAST_CONTRAST else middle > 127  # hardly any ink
    way = 1.0 if is_light else -1.0
    away = (middle - sample) * way
    inked = away[away > _LEAST_CONTRAST]
    contrast = float(np.percentile(inked, _USUAL_INK)) if len(inked) else 0.0
    return Paper(middle, max(contrast, _LEAST_CONTRAST) * way)


def _look(picture: Picture, paper: Paper, infer: Infer, zoom: float, progress: Callable[[float], None]) -> Seen:
    zoom = float(np.clip(2 ** (round(_STEPS * np.log2(zoom)) / _STEPS), *_ZOOMS))
    high, wide = (int(np.ceil(size * zoom / CORE_PX)) for size in (picture.height_px, picture.width_px))
    classes = np.zeros((high, CORE_PX // CLASS_STRIDE, wide, CORE_PX // CLASS_STRIDE), np.uint8)
    uses = np.zeros((high, CORE_PX // STRIDE, wide, CORE_PX // STRIDE), np.uint8)
    found: list[Instance] = []
    for row in range(high):
        progress(row / high)
        tiles = [cut_tile(picture, paper, zoom, row * CORE_PX, column * CORE_PX) for column in range(wide)]
        inked = [column for column, tile in enumerate(tiles) if tile.max() > _FAINT]
        for column, said in zip(inked, infer([tiles[column] for column in inked]), strict=True):
            classes[row, :, column] = _core(said[0][0].argmax(0), CLASS_STRIDE)
            uses[row, :, column] = _core(said[1][0].argmax(0), STRIDE)
            origin = np.array([column, row]) * CORE_PX - MARGIN_PX
            for one in read_instances(said[2][0], said[3][0]):
                if all(MARGIN_PX <= place < TILE_PX - MARGIN_PX for place in (one.x, one.y)):
                    x, y = (np.array([one.x, one.y]) + origin) / zoom
                    long, thick = one.length / zoom, one.thickness / zoom
                    found.append(one._replace(x=float(x), y=float(y), length=long, thickness=thick))
    height, width = (int(np.ceil(size * zoom / CLASS_STRIDE)) for size in (picture.height_px, picture.width_px))
    return Seen(
        distinct(found),
        classes.reshape(high * CORE_PX // CLASS_STRIDE, -1)[:height, :width],
        uses.reshape(high * CORE_PX // STRIDE, -1)[: -(-height // 2), : -(-width // 2)],
        zoom,
    )


def cut_tile(picture: Picture, paper: Paper, zoom: float, top: int, left: int) -> Floats:
    """The tile (1, 1, TILE_PX, TILE_PX) whose middle begins at `top`, `left` of the picture `zoom` times as large.

    A few of its rows at a time: of a sheet that is shrunk to a tenth, a tile shows a hundred megabytes.
    """
    tile = np.zeros((TILE_PX, TILE_PX), np.float32)
    reach = int(np.ceil(3 * _BLUR / zoom if zoom < 1 else 0)) + 1
    x0, x1 = _span(left - MARGIN_PX, TILE_PX, zoom, reach, picture.width_px)
    for row in range(0, TILE_PX, _BAND_PX):
        y0, y1 = _span(top - MARGIN_PX + row, _BAND_PX, zoom, reach, picture.height_px)
        if x0 < x1 and y0 < y1:
            ink = paper.ink(picture.rows(y0, y1)[:, x0:x1])
            shift = MARGIN_PX - left + zoom * x0, MARGIN_PX - top - row + zoom * y0
            place = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
            tile[row : row + _BAND_PX] = warp_ink(ink, place, zoom, TILE_PX, _BAND_PX)
    return np.asarray(np.rint(tile * SHADES) / SHADES, np.float32)[None, None]


def _span(start: int, size: int, zoom: float, reach: int, end: int) -> tuple[int, int]:
    """From which to which pixel a picture that ends at `end` is read for `size` pixels of it zoomed, from `start`."""
    return max(0, int(start / zoom) - reach), min(end, int((start + size) / zoom) + reach + 1)


def warp_ink(
    ink: Floats, place: NDArray[np.float64], zoom: float, width_px: int, height_px: int | None = None
) -> Floats:
    """`ink` under the affine `place` (2, 3), on a square or a rectangle; smoothed first where it shrinks."""
    if zoom < 1:  # a warp does not average
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), _BLUR / zoom), np.float32)
    return np.asarray(cv2.warpAffine(ink, place, (width_px, height_px or width_px), flags=cv2.INTER_LINEAR), np.float32)


def _core(said: NDArray[np.int64], stride: int) -> NDArray[np.uint8]:
    edge = MARGIN_PX // stride
    return said[edge:-edge, edge:-edge].astype(np.uint8)
