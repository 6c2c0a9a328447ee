"""Where a title block stands on a sheet, and what its captions and large phrases say."""

from __future__ import annotations

import re
from typing import Final

from planroom.records import Text
from planroom.sheet.captions import (
    Box,
    Caption,
    accepts,
    distance,
    find_captions,
    is_date,
    is_number,
    mended_number,
    owner,
    size,
    turned_box,
    upright,
)
from planroom.sheet.kinds import squeezed
from planroom.sheet.paragraphs import Paragraph, joined, paragraphs
from planroom.sheet.text import plain, table

# where a title block stands, in shares of the sheet: a column, a row, a corner
_ZONES: Final = ((0.78, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 0.25), (0.5, 0.0, 1.0, 0.45))
_MOST_CAPTIONS: Final = 150  # those nearest the lower right corner; a table may repeat a word a thousand times
_MOST_PHRASES: Final = 300
# how much a caption says that a title block is here
_WEIGHTS: Final = {"number": 3, "title": 2, "revision": 2, "date": 1, "project": 1, "file": 1, "client": 0.5}
_PHRASES: Final = ("title", "project", "other")


class Block:
    """The texts that read in one direction, turned upright, and the captions of the title block among them."""

    def __init__(self, texts: list[Text], extent: Box, quarters: int):
        self.quarters = quarters
        self.texts = upright(texts, quarters)
        self.extent = turned_box(extent, quarters)
        x1, y0 = self.extent[2], self.extent[1]
        every = sorted(find_captions(self.texts), key=lambda c: x1 - c.text.x + c.text.y - y0)[:_MOST_CAPTIONS]
        every = _without_tables(every, self.texts)
        zones = [[c for c in every if self._within(zone, c.text)] for zone in _ZONES]
        # a block is small, and a table's head elsewhere on the sheet is none of its captions
        best = max(zones, key=lambda zone: sum(_WEIGHTS[f] for f in _fields(zone)) - 40 * self._share(zone))
        self.captions = [c for c in every if self._beside(best, c.text)] if len(_fields(best)) >= 2 else every
        self.fields = _fields(self.captions)
        if "title" not in self.fields:  # some call the title as others call the number: DRAWING, PLANO
            self.captions += [c._replace(field="title") for c in self.captions if c.field == "number" and _is_either(c)]
        self.named = {id(c.text) for c in self.captions}
        self._owners: dict[int, Caption | None] = {}

    def _owner(self, text: Text) -> Caption | None:
        """The caption that one of `texts` belongs to; a line of two or three letters may be part of a phrase."""
        if id(text) not in self._owners:
            self._owners[id(text)] = owner(text, self.captions) or owner(
                text._replace(string=text.string.ljust(4, ".")), self.captions
            )
        return self._owners[id(text)]

    def _beside(self, captions: list[Caption], text: Text) -> bool:
        """Whether `text` stands among `captions` or at their edge."""
        x0, y0, x1, y1 = _round(captions)
        wide, high = 0.06 * (self.extent[2] - self.extent[0]), 0.06 * (self.extent[3] - self.extent[1])
        return x0 - wide <= text.x <= x1 + wide and y0 - high <= text.y <= y1 + high

    def _share(self, captions: list[Caption]) -> float:
        """The share of the sheet that the captions of a block lie in."""
        x0, y0, x1, y1 = _round(captions) if captions else self.extent
        whole = (self.extent[2] - self.extent[0]) * (self.extent[3] - self.extent[1])
        return (x1 - x0) * (y1 - y0) / max(whole, 1e-9)

    def _within(self, zone: Box, text: Text) -> bool:
        x0, y0, x1, y1 = self.extent
        x, y = (text.x - x0) / max(x1 - x0, 1e-9), (text.y - y0) / max(y1 - y0, 1e-9)
        return zone[0] <= x <= zone[2] and zone[1] <= y <= zone[3]

    def _best(self, field: str, captions: list[Caption]) -> tuple[Caption, Text] | None:
        """The one of `captions` and the value of `field` that fit each other best; a caption's own run before all."""
        _, y0, x1, _ = self.extent
        best: tuple[float, Caption, Text] | None = None
        for caption in captions:
            corner = 0.02 * (abs(x1 - caption.text.x) + abs(caption.text.y - y0))
            if caption.value and accepts(field, caption.value):
                ranked = [(corner - 2 * caption.text.height, caption.text)]
            else:
                ranked = [
                    (far + corner - 1.5 * text.height, text)
                    for text in self.texts
                    if id(text) not in self.named
                    and (far := distance(caption.text, text)) is not None
                    and accepts(field, text.string)
                    and _owns(caption, self._owner(text))
                ]
                if field == "number":
                    ranked = [
                        (rank if is_number(mended_number(t.string)) else rank + 6 * t.height, t) for rank, t in ranked
                    ]
            for rank, text in ranked:
                if best is None or rank < best[0]:
                    best = (rank, caption, text)
        return best[1:] if best else None

    def value(self, field: str) -> str | None:
        """The short value of `field`; of a column of revisions the last."""
        best = self._best(field, [c for c in self.captions if c.field == field])
        if best is None:
            return None
        caption, text = best
        if caption.text is text:
            return mended_number(caption.value) if field == "number" else caption.value
        if field == "revision":
            column = [
                t.string.strip()
                for t in self.texts
                if abs(t.x - text.x) < size(text)
                and 0 < caption.text.y - t.y < 30 * size(text)
                and accepts(field, t.string)
                and abs(size(t) / size(text) - 1) < 0.25
                and _owns(caption, self._owner(t))
            ]
            return max(column, key=lambda s: (len(s), s), default=text.string.strip())
        return mended_number(text.string) if field == "number" else spaced(text.string)

    def words(self, field: str) -> str | None:
        """The phrase that is the value of `field`, its lines joined."""
        best = self._best(field, [c for c in self.captions if c.field == field])
        if best is None:
            return None
        caption, first = best
        start = first._replace(string=caption.value) if first is caption.text else first
        free = [
            t
            for t in self.texts
            if id(t) not in self.named
            and t is not first
            and abs(t.y - first.y) < 20 * first.height
            and any(c.isalpha() for c in t.string)
            and ((own := self._owner(t)) is None or _owns(caption, own))
        ]
        return joined(start, free)

    def phrases(self, number: str | None, within: Block | None = None, reach: float = 0.0) -> list[Paragraph]:
        """The phrases in the title block that stand under no caption, larger than its captions and no firm's name.

        within: the frame whose captions tell where the block lies, if it is not this one. reach: share of the sheet's
        width, left of the captions and level with them, that counts to the block too.
        """
        home = within or self
        if len(home.fields) < 2:
            return []
        turn = (home.quarters - self.quarters) % 4
        inside = [
            t
            for t in self.texts
            if id(t) not in self.named
            and home.holds(turned_box(t.box, turn), reach)
            and ((own := self._owner(t)) is None or own.field in _PHRASES)
        ]
        inside = sorted(inside, key=size)[-_MOST_PHRASES:]
        least = 1.25 * home.caption_size
        firms = tuple(table("words.json")["firms"])
        return [
            p
            for p in paragraphs(inside)
            if p.size >= least
            and sum(c.isalpha() for c in p.string) >= 6
            and len(p.string) < 160
            and p.string != number
            and not any(word in plain(p.string) for word in firms)
        ]

    def holds(self, box: Box, reach: float = 0.0) -> bool:
        """Whether the middle of `box` lies in the title block, or within `reach` left of it."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        x0, y0, x1, y1 = self.box
        if reach:
            x0 -= reach * (self.extent[2] - self.extent[0])
            y1 = _round(self.captions)[3] + 0.02 * (self.extent[3] - self.extent[1])
        return x0 <= x <= x1 and y0 <= y <= y1

    @property
    def box(self) -> Box:
        """The box round the captions, and what lies over them in their column or a little over their row."""
        x0, y0, x1, y1 = _round(self.captions)
        wide, high = self.extent[2] - self.extent[0], self.extent[3] - self.extent[1]
        column = x1 - x0 < 0.2 * wide and x0 > self.extent[0] + 0.75 * wide
        top = self.extent[3] if column else y1 + 0.1 * high
        return x0 - 0.03 * wide, y0 - 0.03 * high, x1 + 0.1 * wide, top

    @property
    def caption_size(self) -> float:
        """The usual height of the captions' capitals."""
        return sorted(size(c.text) for c in self.captions)[len(self.captions) // 2] if self.captions else 0.0

    def is_free(self, text: Text) -> bool:
        """Whether one of `texts` is no caption, nor the value of one that asks for something else than a number."""
        own = self._owner(text)
        return id(text) not in self.named and (own is None or own.field in ("number", *_PHRASES))

    @property
    def band(self) -> tuple[float, float]:
        """The levels of the lowest and the highest caption."""
        if not self.captions:
            return self.extent[1], self.extent[3]
        _, low, _, high = _round(self.captions)
        return low, high

    def usual_date(self) -> str | None:
        """The date that the block gives most often, where no caption names one."""
        if len(self.fields) < 2:
            return None
        dates = [t.string.strip() for t in self.texts if is_date(t.string.strip()) and self.holds(t.box)]
        return max(dates, key=dates.count, default=None)


def _is_either(caption: Caption) -> bool:
    return squeezed(caption.text.string) in table("words.json")["either"] and not caption.value


def _fields(captions: list[Caption]) -> set[str]:
    return {c.field for c in captions} & _WEIGHTS.keys()


def _round(captions: list[Caption]) -> Box:
    """The box that the middles of the block's own captions lie in."""
    own = [c.text for c in captions if c.field in _WEIGHTS] or [c.text for c in captions]
    xs, ys = [t.x for t in own], [t.y for t in own]
    return min(xs), min(ys), max(xs), max(ys)


def _owns(caption: Caption, own: Caption | None) -> bool:
    return own is caption or (own is not None and own.field == caption.field)


def spaced(string: str) -> str:
    """`string` with single spaces."""
    return re.sub(r"\s+", " ", string).strip()


def _without_tables(captions: list[Caption], texts: list[Text]) -> list[Caption]:
    """`captions` without the heads of tables, such as the list of drawings: three numbers stand in a column below."""
    numbers = [t for t in texts if is_number(mended_number(t.string))]
    rows = []
    for caption in (c for c in captions if c.field in ("number", "other")):
        x0, _, x1, _ = caption.text.box
        column = sorted(
            caption.text.y - t.y
            for t in numbers
            if x0 - 2 * t.height < t.x < x1 + 4 * t.height and t.y < caption.text.y
        )
        if len(column) >= 3 and column[0] < 6 * caption.text.height and column[2] < 20 * caption.text.height:
            rows.append((caption.text.y, caption.text.height))
    return [c for c in captions if not any(abs(c.text.y - y) < 0.6 * height for y, height in rows)]
