"""Lines of text that stand close together as phrases: a title in two or three lines is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from planroom.records import Text
from planroom.sheet.captions import Box, size
from planroom.sheet.text import table

_MOST_LINES: Final = 6


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A phrase of one or more lines: its words, the height of its capitals and its box in sheet units."""

    string: str
    size: float
    box: Box


def paragraphs(texts: list[Text]) -> list[Paragraph]:
    """The phrases that `texts` make up, from the top; they read from left to right and stand in one frame."""
    return [_paragraph(chain) for chain in _chains(_lines(texts))]


def joined(start: Text, others: list[Text]) -> str:
    """The phrase that `start` is a line of, with those of `others` that go on with it above and below."""
    lines = _lines([start, *others])
    x, y = start.x, start.y
    for chain in _chains(lines):
        if any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in (t.box for t in chain)):
            return _paragraph(chain).string
    return start.string


def _lines(texts: list[Text]) -> list[Text]:
    """Pieces of one line, a word's space apart, as one text; from the top."""
    lines: list[Text] = []
    for text in sorted(texts, key=lambda t: t.box[0]):
        high = size(text)
        for k, line in enumerate(lines):
            level = abs(line.y - text.y) < 0.4 * high and _alike(line, text)
            if level and -0.5 * high < text.box[0] - line.box[2] < 1.2 * high:
                box = _round([line, text])
                string = f"{line.string} {text.string}"
                lines[k] = line._replace(string=string, box=box, x=(box[0] + box[2]) / 2)
                break
        else:
            lines.append(text)
    return sorted(lines, key=lambda t: -t.y)


def _chains(lines: list[Text]) -> list[list[Text]]:
    chains: list[list[Text]] = []
    for line in lines:
        home = next((c for c in chains if len(c) < _MOST_LINES and _goes_on(c, line)), None)
        if home is None:
            chains.append([line])
        else:
            home.append(line)
    return chains


def _goes_on(chain: list[Text], line: Text) -> bool:
    """Whether `line` is the next line of a chain: as high, aligned with it, and no further down than lines are."""
    last = chain[-1]
    high = min(size(last), size(line))
    pitch = last.y - line.y
    loose = line.source == "ocr"
    if not (0.6 * high < pitch < (2.3 if loose else 1.9) * high and _alike(last, line)):
        return False
    if len(chain) > 1 and abs(pitch / (chain[-2].y - last.y) - 1) > (0.45 if loose else 0.25):
        return False
    middle = abs((last.box[0] + last.box[2]) - (line.box[0] + line.box[2])) / 2
    return min(abs(last.box[0] - line.box[0]), middle, abs(last.box[2] - line.box[2])) < 1.2 * high


def _alike(one: Text, other: Text) -> bool:
    ratio = size(one) / max(size(other), 1e-9)
    return 0.55 < ratio < 1.8 if one.source == "ocr" else 0.8 < ratio < 1.25


def _paragraph(chain: list[Text]) -> Paragraph:
    string = re.sub(r"\s+", " ", " ".join(t.string for t in chain)).strip()
    if chain[0].source == "ocr":
        string = respaced(string)
    return Paragraph(string, sorted(size(t) for t in chain)[len(chain) // 2], _round(chain))


def _round(texts: list[Text]) -> Box:
    boxes = [t.box for t in texts]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def respaced(string: str) -> str:
    """`string` with the spaces that a reading lost between known words: SITEPLAN is SITE PLAN."""
    return " ".join(_parted(word) for word in string.split(" "))


@lru_cache(maxsize=4096)
def _parted(word: str) -> str:
    """`word` cut into two or more known words where it wholly is made of them, else as it is."""
    low, known = word.casefold(), _vocabulary()
    if len(word) < 7 or low in known or len(low) != len(word):
        return word
    cuts: list[list[int] | None] = [[], *([None] * len(low))]
    for end in range(1, len(low) + 1):
        starts = [s for s in range(end) if cuts[s] is not None and low[s:end] in known]
        options = [[*(cuts[s] or []), end] for s in starts]
        cuts[end] = min(options, key=len, default=None)
    ends = cuts[-1]
    if not ends:
        return word
    return " ".join(word[a:b] for a, b in zip([0, *ends], ends, strict=False))


@cache
def _vocabulary() -> frozenset[str]:
    """The words of titles in languages that write them apart; German and its kin join theirs on purpose."""
    return frozenset(table("words.json")["apart"])
