"""Lettering on the sheet: fonts of the system where there are some, and a single-stroke hand of our own."""

from __future__ import annotations

import math
import random
import unicodedata
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .board import Ink
from .truth import Mask

STROKES = {
    **{"A": "062046 1434", "B": "06003041423303 3344453606", "C": "4130100105163645", "D": "06002041452606"},
    **{"E": "40000646 0333", "F": "400006 0333", "G": "41301001051636454323", "H": "0006 4046 0343", "I": "2026"},
    **{"J": "4045361605", "K": "0006 400346", "L": "000646", "M": "0600234046", "N": "06004640"},
    **{"O": "103041453616050110", "P": "06003041423303", "Q": "103041453616050110 3446", "R": "06003041423303 2346"},
    **{"S": "413010010213334445361605", "T": "0040 2026", "U": "000516364540", "V": "002640", "W": "0016233640"},
    **{"X": "0046 4006", "Y": "002340 2326", "Z": "00400646", "0": "103041453616050110", "1": "112026"},
    **{"2": "01103041420646", "3": "01103041423313 334445361605", "4": "36300444", "5": "400002324345361605"},
    **{"6": "30100105163645443303", "7": "004016", "8": "103041423313020110 1304051636454433"},
    **{"9": "43130201103041453616", ".": "1516", ",": "1507", "-": "1333", "/": "0640", "'": "1011", '"': "1011 3031"},
    **{":": "1112 1415", "(": "20111526", ")": "20313526", "+": "2125 0343", "²": "1020211222", "=": "0242 0444"},
    **{"#": "1016 3036 0242 0444", "×": "1135 3115", "%": "0640 1011 3536"},
}
FAMILIES = {
    "sans": ("LiberationSans-Regular", "DejaVuSans", "Arial", "arial", "Helvetica"),
    "narrow": ("LiberationSansNarrow-Regular", "DejaVuSansCondensed", "LiberationSans-Regular"),
    "serif": ("LiberationSerif-Regular", "DejaVuSerif", "Times"),
    "bold": ("LiberationSans-Bold", "DejaVuSans-Bold"),
    "mono": ("LiberationMono-Regular", "DejaVuSansMono"),
}
FOLDERS = tuple(Path(folder) for folder in ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts"))


@lru_cache(maxsize=1)
def font_files() -> dict[str, Path]:
    """The system's TrueType fonts by name; may be empty."""
    return {path.stem: path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.rglob("*.ttf"))}


@lru_cache(maxsize=256)
def font(family: str, size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of this family, or the one that Pillow carries."""
    for name in FAMILIES.get(family, ()):
        if name in font_files():
            return ImageFont.truetype(str(font_files()[name]), size_px)
    return ImageFont.load_default(size_px)


def letter(rng: random.Random, text: str, family: str, height_px: float, ink: Ink) -> Mask:
    """The text's coverage (0 to 255) as a small image; capitals are `height_px` tall."""
    if family in ("stroke", "hand"):
        return letter_strokes(rng, text, height_px, ink, family == "hand")
    face = font(family, max(5, round(height_px * 1.37)))
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("L", (max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=face)
    return np.asarray(image)


def letter_strokes(rng: random.Random, text: str, height_px: float, ink: Ink, by_hand: bool) -> Mask:
    """Text in single strokes; by hand it wavers and leans."""
    plain = unicodedata.normalize("NFKD", text.replace("²", "\0")).replace("\0", "²").upper()
    unit = height_px / 6
    step = 5.6 if by_hand else 6.0
    out = np.zeros((math.ceil(height_px * 1.5) + 4, math.ceil(len(plain) * step * unit) + 6), np.uint8)
    lean = rng.uniform(-0.1, 0.25) if by_hand else 0.0
    lines = []
    x = 0.5
    for character in plain:
        if unicodedata.combining(character):
            continue
        for stroke in STROKES.get(character, "").split():
            points = np.array([[int(stroke[i]), int(stroke[i + 1])] for i in range(0, len(stroke), 2)], np.float64)
            if by_hand:
                points += np.array([[rng.gauss(0, 0.22), rng.gauss(0, 0.22)] for _ in points])
            points[:, 0] += x + lean * (6 - points[:, 1])
            lines.append(np.rint((points * unit + 2) * 16).astype(np.int32))
        x += 3.0 if character in " .,'I1" else step
    width = max(1, round(min(ink.width_px * 1.2, unit * 1.4)))
    cv2.polylines(out, lines, False, 255, width, cv2.LINE_AA, 4)
    return out[:, : max(4, math.ceil(x * unit) + 4)]


def paste(
    image: Mask, cover: Mask, x: float, y: float, grey: int, angle: float = 0.0, behind: int | None = None
) -> None:
    """Lay lettering on the sheet around the point (x, y); `angle` in degrees, clockwise; `behind` blanks the ground."""
    if angle in (90, -90):
        cover = np.rot90(cover, -1 if angle == 90 else 1)
    elif angle:
        cover = turned_cover(cover, angle)
    height, width = cover.shape
    x0, y0 = round(x - width / 2), round(y - height / 2)
    left, top = max(0, -x0), max(0, -y0)
    right, bottom = min(width, image.shape[1] - x0), min(height, image.shape[0] - y0)
    if right <= left or bottom <= top:
        return
    view = image[y0 + top : y0 + bottom, x0 + left : x0 + right]
    if behind is not None:
        view[:] = behind
    part = cover[top:bottom, left:right].astype(np.uint16)
    view[:] = ((view * (255 - part) + grey * part) // 255).astype(np.uint8)


def turned_cover(cover: Mask, angle: float) -> Mask:
    """Lettering turned by any angle."""
    height, width = cover.shape
    side = math.ceil(math.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    matrix[:, 2] += ((side - width) / 2, (side - height) / 2)
    out: Mask = cv2.warpAffine(cover, matrix, (side, side))
    return out
