"""From a clean drawing to what a scanner, a copier or an export makes of it; the truth follows where things move."""

from __future__ import annotations

import random

import cv2
import numpy as np
import numpy.typing as npt

from .truth import Mask, Points, move_instances

Grey = npt.NDArray[np.float32]


def move(
    rng: random.Random,
    image: Mask,
    truths: list[Mask],
    instances: npt.NDArray[np.float32],
    labels: npt.NDArray[np.float32],
    scale: tuple[float, float],
    *,
    straight: bool = False,
) -> tuple[Mask, list[Mask], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Resize by `scale` (x, y); if not `straight`, skew a little and turn by quarters at times; picture and truth
    alike.
    """
    height, width = image.shape
    size = (max(8, round(width * scale[0])), max(8, round(height * scale[1])))
    matrix = np.array([[size[0] / width, 0.0, 0.0], [0.0, size[1] / height, 0.0]])
    matrix[:, 2] = (matrix[0, 0] - 1) / 2, (matrix[1, 1] - 1) / 2
    if size != (width, height):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if size[0] <= width else cv2.INTER_LINEAR)
        truths = [cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT) for mask in truths]
    if straight:
        return image, truths, move_instances(instances, matrix), move_boxes(labels, matrix)
    if rng.random() < 0.3:
        angle = rng.gauss(0, 0.6) if rng.random() < 0.8 else rng.uniform(-2, 2)
        turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0)
        ground = int(np.median(image[:: max(1, size[1] // 50), :: max(1, size[0] // 50)]))
        image = cv2.warpAffine(image, turn, size, flags=cv2.INTER_LINEAR, borderValue=ground)
        truths = [cv2.warpAffine(mask, turn, size, flags=cv2.INTER_NEAREST) for mask in truths]
        matrix = turn @ np.vstack([matrix, [0.0, 0.0, 1.0]])
    if rng.random() < 0.06:
        image, truths = waver(rng, image, truths)
    quarter = rng.choices((0, 1, 2, 3), (0.87, 0.05, 0.04, 0.04))[0]
    if quarter:
        image, truths = np.rot90(image, quarter).copy(), [np.rot90(mask, quarter).copy() for mask in truths]
        w, h = size[0] - 1.0, size[1] - 1.0
        quarters = {1: [[0, 1, 0], [-1, 0, w]], 2: [[-1, 0, w], [0, -1, h]], 3: [[0, -1, h], [1, 0, 0]]}
        matrix = np.array(quarters[quarter], np.float64) @ np.vstack([matrix, [0.0, 0.0, 1.0]])
    return image, truths, move_instances(instances, matrix), move_boxes(labels, matrix)


def waver(rng: random.Random, image: Mask, truths: list[Mask]) -> tuple[Mask, list[Mask]]:
    """Lines that waver by a pixel or two, as drawn by hand or on damp paper; instances need not follow so little."""
    noise = np.random.default_rng(rng.randrange(1 << 32))
    height, width = image.shape
    reach, period = rng.uniform(0.5, 2.0), rng.uniform(18, 70)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    columns += (blotches(noise, image.shape, period) - 0.5) * 2 * reach
    rows += (blotches(noise, image.shape, period) - 0.5) * 2 * reach
    image = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return image, [cv2.remap(mask, columns, rows, cv2.INTER_NEAREST) for mask in truths]


def move_boxes(boxes: npt.NDArray[np.float32], matrix: Points) -> npt.NDArray[np.float32]:
    """Upright boxes around the moved corners of boxes."""
    if not len(boxes):
        return boxes
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2) @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([corners.min(1), corners.max(1)], 1).astype(np.float32)


def degrade(rng: random.Random, image: Mask, px_per_m: float) -> Mask:
    """One way in which a drawing reaches us: a clean export, a screen picture, a scan, a copy, a faded print.

    The finer the scale (`px_per_m`), the less a drawing bears: what nobody could read would teach nothing.
    """
    bears = float(np.clip(px_per_m / 50, 0.25, 1.0))
    noise = np.random.default_rng(rng.randrange(1 << 32))
    way = rng.choices(
        ("clean", "export", "scan", "copy", "faded", "inverted"), (0.3, 0.2, 0.22, 0.14 * bears, 0.1, 0.04)
    )[0]
    if way == "copy" and is_shaded(image):
        way = "scan"
    if way in ("scan", "copy", "faded") and rng.random() < 0.5 * bears:
        image = weigh_lines(rng, image)
    if way == "export":
        image = resample(rng, image, px_per_m, bears)
    elif way == "scan":
        image = scan(rng, noise, image, bears)
    elif way == "copy":
        image = copy(rng, noise, image, bears)
    elif way == "faded":
        image = fade(rng, image, max(rng.uniform(0.2, 0.65), 85 / max(85.0, 255.0 - darkest(image))))
        image = scan(rng, noise, image, bears) if rng.random() < 0.5 else image
    elif way == "inverted":
        low, high = rng.uniform(0, 90), rng.uniform(170, 255)
        image = cv2.LUT(image, np.linspace(high, low, 256).astype(np.uint8))
    if rng.random() < (0.15 if way == "clean" else 0.45):
        image = jpeg(image, rng.choice((25, 40, 60, 80, 90)) if bears < 0.6 else rng.choice((15, 30, 50, 70, 90)))
    return image


def table(image: Mask, levels: npt.NDArray[np.float64]) -> Mask:
    """The image through a table of 256 grey levels."""
    out: Mask = cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    return out


def weigh_lines(rng: random.Random, image: Mask) -> Mask:
    """Heavier or thinner lines, as copiers make them."""
    kernel = np.ones((2, 2), np.uint8)
    out = np.asarray(cv2.erode(image, kernel), np.uint8) if rng.random() < 0.7 else image
    if rng.random() < 0.2:
        grown = cv2.dilate(image, kernel)
        return table(cv2.addWeighted(image, 0.5, grown, 0.5, 0), np.arange(256.0))
    return out


def resample(rng: random.Random, image: Mask, px_per_m: float, bears: float) -> Mask:
    """Down to fewer pixels and up again."""
    factor = max(14 / px_per_m, rng.uniform(0.2, 0.9)) if rng.random() < 0.5 else rng.uniform(0.85 - 0.42 * bears, 0.95)
    factor = min(factor, 0.97)
    height, width = image.shape
    small = cv2.resize(
        image,
        (max(8, round(width * factor)), max(8, round(height * factor))),
        interpolation=rng.choice((cv2.INTER_AREA, cv2.INTER_LINEAR)),
    )
    out: Mask = cv2.resize(small, (width, height), interpolation=rng.choice((cv2.INTER_CUBIC, cv2.INTER_LINEAR)))
    return out


def fade(rng: random.Random, image: Mask, strength: float) -> Mask:
    """Light grey ink."""
    levels = np.arange(256.0)
    return table(image, 255 - (255 - levels) * strength + rng.uniform(-5, 0))


def darkest(image: Mask) -> float:
    """The grey of the darkest of the ink, but for a few pixels."""
    return float(np.percentile(image[::3, ::3], 0.5))


def usual_ink(image: Mask) -> float:
    """The grey that most of the ink is darker than."""
    sample = image[::2, ::2]
    ink = sample[sample < 235]
    return float(np.percentile(ink, 70)) if ink.size else 0.0


def is_shaded(image: Mask) -> bool:
    """Whether whole areas are grey, which a copier would turn black."""
    sample = image[::3, ::3]
    return float(((sample > 110) & (sample < 245)).mean()) > 0.1


def jpeg(image: Mask, quality: int) -> Mask:
    """The image after lossy compression."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def blur(image: Mask, sigma: float) -> Mask:
    """The image out of focus."""
    out: Mask = cv2.GaussianBlur(image, (0, 0), sigma)
    return out


def grain(noise: np.random.Generator, shape: tuple[int, ...], strength: float) -> npt.NDArray[np.int16]:
    """Noise in grey levels; one square of it repeated with shifts, for speed."""
    side = 256
    square = np.rint(noise.normal(0, strength, (side, side))).astype(np.int16)
    rows = -(-shape[0] // side)
    strips = [np.tile(np.roll(square, int(noise.integers(side)), 1), (1, -(-shape[1] // side))) for _ in range(rows)]
    return np.concatenate(strips, 0)[: shape[0], : shape[1]]


def blotches(noise: np.random.Generator, shape: tuple[int, ...], size_px: float) -> Grey:
    """Smooth random values in 0..1 over the sheet."""
    small = noise.random((max(2, int(shape[0] / size_px)), max(2, int(shape[1] / size_px)))).astype(np.float32)
    out: Grey = cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return out


def scan(rng: random.Random, noise: np.random.Generator, image: Mask, bears: float) -> Mask:
    """A grey scan: soft lines, grey and uneven paper, what shines through, grain."""
    image = blur(image, rng.uniform(0.35, 0.5 + 0.6 * bears))
    levels = np.arange(256.0)
    paper, ink = rng.uniform(205, 255), rng.uniform(0, 70)
    out = table(image, ink + (paper - ink) * levels / 255)
    if rng.random() < 0.35:
        shade = (blotches(noise, out.shape, rng.uniform(150, 900)) * rng.uniform(8, 45)).astype(np.uint8)
        out = cv2.subtract(out, shade)
    if rng.random() < 0.12:
        behind = cv2.GaussianBlur(image[:, ::-1], (0, 0), 1.5)
        out = cv2.subtract(out, ((255 - behind) * rng.uniform(0.03, 0.12)).astype(np.uint8))
    if rng.random() < 0.8:
        out = cv2.add(out, grain(noise, out.shape, rng.uniform(1, 9)), dtype=cv2.CV_8U)
    if rng.random() < 0.2:
        out = mark_paper(rng, out)
    return out


def mark_paper(rng: random.Random, image: Mask) -> Mask:
    """Folds, dark edges, stains."""
    out = image.copy()
    height, width = out.shape
    for _ in range(rng.randint(1, 3)):
        variant = rng.randrange(3)
        if variant == 0:
            x = rng.randrange(width)
            cv2.line(
                out, (x, 0), (x + rng.randint(-9, 9), height), rng.randint(150, 235), rng.choice((1, 2)), cv2.LINE_AA
            )
        elif variant == 1:
            edge = rng.randint(2, 14)
            view = [out[:edge], out[-edge:], out[:, :edge], out[:, -edge:]][rng.randrange(4)]
            view[:] = np.minimum(view, rng.randint(20, 130))
        else:
            stain = np.full_like(out, 255)
            cv2.circle(
                stain, (rng.randrange(width), rng.randrange(height)), rng.randint(8, 90), rng.randint(190, 240), -1
            )
            out = np.minimum(out, blur(stain, rng.uniform(2, 9)))
    return out


def copy(rng: random.Random, noise: np.random.Generator, image: Mask, bears: float) -> Mask:
    """A photocopy or a fax: black and white, ragged edges, specks, lines that break."""
    soft = blur(image, rng.uniform(0.35, 0.4 + 0.5 * bears))
    strength = min(rng.uniform(4, 8 + 22 * bears), (240 - usual_ink(image)) / 5)
    ragged = cv2.add(soft, grain(noise, soft.shape, strength), dtype=cv2.CV_8U)
    limit = max(rng.uniform(120, 215), min(235.0, usual_ink(image) + 20))
    limit = min(limit, 255 - rng.choice((2.6, 3.3)) * strength)
    _, out = cv2.threshold(ragged, limit, 255, cv2.THRESH_BINARY)
    if rng.random() < 0.2 * bears:
        lost = blotches(noise, out.shape, rng.uniform(3, 9)) > rng.uniform(0.8, 0.93)
        out[lost] = 255
    specks = int(out.size * rng.choice((0, 0.00002, 0.0002)))
    for y, x in zip(noise.integers(0, out.shape[0], specks), noise.integers(0, out.shape[1], specks), strict=True):
        out[y : y + 1 + int(y) % 2, x : x + 1 + int(x) % 2] = 0
    if rng.random() < 0.7:
        out = blur(out, rng.uniform(0.3, 0.7))
    if rng.random() < 0.5:
        out = table(out, rng.uniform(0, 60) + np.arange(256.0) * rng.uniform(0.72, 0.8))
    return np.ascontiguousarray(out)
