"""What a sheet says of itself: number, title, revision, date, project, client, and with them its kind, view, storey."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from planroom.records import Text
from planroom.sheet.block import Block, spaced
from planroom.sheet.captions import Box, is_number, mended_number
from planroom.sheet.kinds import classify_title, names_floor, names_kind
from planroom.sheet.paragraphs import Paragraph

__all__ = ["TitleBlock", "classify_title", "read_title_block"]

_NUMBERED_TITLE: Final = re.compile(r"^([A-Z]{1,3}-?\d{1,3}(?:\.\d{1,2})?)\s+(\S.{3,})$")
_DISCIPLINES: Final = {
    "A": "architecture",
    "I": "architecture",
    "S": "structure",
    "C": "civil",
    "V": "survey",
    "M": "mechanical",
    "P": "plumbing",
    "E": "electrical",
    "F": "fire protection",
    "T": "telecommunications",
    "L": "landscape",
    "G": "general",
}


@dataclass(frozen=True, slots=True)
class TitleBlock:
    """Number, title, revision, discipline (None where not found), kind, view and storey ("" where unknown).

    date, project, client: as printed, None where not found.
    """

    number: str | None
    title: str | None
    revision: str | None
    discipline: str | None
    kind: str
    view: str
    storey: str
    date: str | None = None
    project: str | None = None
    client: str | None = None


def read_title_block(texts: list[Text], extent: tuple[float, float, float, float], *, imperial: bool) -> TitleBlock:
    """The title block that `texts` hold, wherever it stands and whichever way it reads.

    A value stands in its caption's run, beside it or below it; without captions, the number is the tallest text shaped
    like one near the right edge, and the title the last of the block's large phrases, or the tallest text that names a
    kind of sheet. `imperial` reads storeys as in the US, where the first floor is the ground floor.
    """
    frames = [Block(texts, extent, quarters) for quarters in range(4)]
    frame = max(frames, key=lambda f: len(f.fields))
    found = {field: frame.value(field) for field in ("number", "revision", "date")}
    number = found["number"] or _edge_number(frame) or frame.value("file")
    large = frame.phrases(number)
    title = frame.words("title")
    if title is None and not large:
        large = frame.phrases(number, reach=0.4)  # the captions may all stand in the block's last cells
    stacked = _stack(large, frame, number)
    title = title or (stacked[0].string if stacked else None) or _tallest_title(texts)
    if number is None and title and (both := _NUMBERED_TITLE.match(title)):
        number, title = both.groups()
    sideways = [p for other in frames if other is not frame for p in other.phrases(number, within=frame)]
    over = [p for p in stacked if title and p.string != title]
    project = frame.words("project") or (over[0].string if over else _tallest([*large, *sideways], title))
    kind, view, storey = classify_title(title or "", imperial=imperial)
    discipline = _DISCIPLINES.get(number[0]) if number else None
    if discipline == "civil" and kind in ("plan", "unknown") and not (storey or names_floor(title or "")):
        kind, view = "site", ""
    if kind == "site" and discipline not in (None, "architecture", "landscape"):
        discipline = "civil"  # utilities have letters of every kind: SW, T, U
    date = found["date"] or frame.usual_date()
    return TitleBlock(
        number, title, found["revision"], discipline, kind, view, storey, date, project, frame.words("client")
    )


def _edge_number(frame: Block) -> str | None:
    """The tallest text shaped like a sheet number that belongs to no other caption, in the block or at the right edge.

    At the edge it must be much taller than most texts, in the block no smaller than the captions.
    """
    x0, _, x1, _ = frame.extent
    least = 1.5 * sorted(t.height for t in frame.texts)[len(frame.texts) // 2] if frame.texts else 0.0
    shaped = [t for t in frame.texts if is_number(mended_number(t.string)) and frame.is_free(t)]
    edge = [t for t in shaped if t.height >= least and t.x > x1 - 0.25 * (x1 - x0)]
    block = [t for t in shaped if frame.fields and t.height >= frame.caption_size and frame.holds(t.box)]
    tallest = max(edge or block, key=lambda t: t.height, default=None)
    return mended_number(tallest.string) if tallest else None


def _stack(phrases: list[Paragraph], frame: Block, number: str | None) -> list[Paragraph]:
    """The large phrases that stand over one another nearest the number, the lowest first: title, then project."""
    floor, ceiling = frame.band
    high = [p for p in phrases if (p.box[1] + p.box[3]) / 2 > floor]
    # what is printed over the block is no title where one stands among the captions
    high = [p for p in high if (p.box[1] + p.box[3]) / 2 < ceiling] or high
    lowest = [p for p in high if p is min(_over(p, high), key=lambda q: q.box[1])]
    if not lowest:
        return []
    at = next((t for t in frame.texts if number and mended_number(t.string) == number and frame.holds(t.box)), None)
    x = at.x if at else frame.extent[2]
    title = min(lowest, key=lambda p: max(p.box[0] - x, x - p.box[2], 0.0))
    return sorted(_over(title, high), key=lambda p: p.box[1])


def _over(phrase: Paragraph, phrases: list[Paragraph]) -> list[Paragraph]:
    """Those of `phrases` that stand over or under `phrase`, without the small ones; itself unless it is small."""
    stacked = [p for p in phrases if _overlap(p.box, phrase.box)]
    tallest_size = max(p.size for p in stacked)
    return [p for p in stacked if p.size >= 0.55 * tallest_size]


def _overlap(one: Box, other: Box) -> bool:
    """Whether two boxes stand over one another."""
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return shared > 0.5 * min(one[2] - one[0], other[2] - other[0])


def _tallest(phrases: list[Paragraph], title: str | None) -> str | None:
    tallest = max((p for p in phrases if p.string != title), key=lambda p: p.size, default=None)
    return tallest.string if tallest else None


def _tallest_title(texts: list[Text]) -> str | None:
    """The tallest text that names a kind of sheet, if it is taller than most; a civil word alone names none here."""
    named = [t for t in texts if 4 < len(t.string) < 60 and names_kind(t.string)]
    tallest = max(named, key=lambda t: t.height, default=None)
    if tallest is None or tallest.height < 1.4 * sorted(t.height for t in texts)[len(texts) // 2]:
        return None
    return spaced(tallest.string)
