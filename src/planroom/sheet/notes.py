"""Scale notes: what a sheet prints of its scales, and where it prints it.

A note names one ratio, leaves a choice of several ("1/4" = 1'-0" OR 1/8" = 1'-0" PREFERRED"), says that there is none
("N.T.S."), or points elsewhere ("AS NOTED").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from planroom.records import Text
from planroom.sheet.text import plain, table
from planroom.units import parse_ratios

Kind = Literal["ratio", "choice", "none", "elsewhere"]
Axis = Literal["", "horizontal", "vertical"]
Box = tuple[float, float, float, float]
_FIELDS = {"number", "title", "revision", "date", "project", "client", "scale"}
_SIZE = re.compile(r"[@(]\s*(A[0-4])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Note:
    """One scale note.

    sizes: the paper that each ratio is meant for ("A1" in 1:50 @ A1), "" where it is not said. axis: of profiles, whose
    heights have a scale of their own. in_block: whether the title block prints it, for the whole sheet.
    """

    text: Text
    kind: Kind
    ratios: tuple[float, ...] = ()
    sizes: tuple[str, ...] = ()
    axis: Axis = ""
    in_block: bool = False


def find_notes(texts: list[Text]) -> list[Note]:
    """Every scale note of a sheet. A lone ratio that nothing calls a scale (a slope 1:20) is none.

    texts: joined runs.
    """
    fields = _captions(texts)
    scales = [text for field, text in fields if field == "scale"]
    notes = [note for text in texts if (note := _read(text)) is not None]
    held = {id(note.text) for note in notes}
    for caption in scales:
        value = _value_of(caption, [t for t in texts if id(t) not in held and t is not caption])
        if value is not None:
            held.add(id(value.text))
            notes.append(value)
    return [_placed(note, fields) for note in notes]


def printed_ratios(texts: list[Text]) -> list[float]:
    """The ratios that scale notes print, commonest first; those of heights alone do not count."""
    return ratios_of(find_notes(texts))


def ratios_of(notes: list[Note]) -> list[float]:
    """The ratios of `notes`, commonest first, without those of heights alone."""
    votes: dict[float, int] = {}
    for note in notes:
        for ratio in note.ratios if note.axis != "vertical" else ():
            votes[ratio] = votes.get(ratio, 0) + 1
    return sorted(votes, key=lambda r: -votes[r])


def has_title_block(texts: list[Text]) -> bool:
    """Whether captions of a title block stand on the sheet: one that has it ought to say its scale."""
    return len({field for field, _ in _captions(texts)} & _FIELDS) >= 2


def title_block_box(texts: list[Text], extent: tuple[float, float, float, float]) -> Box | None:
    """The strip along the right or the lower edge that holds the title block's captions; None without two of them."""
    x0, y0, x1, y1 = extent
    captions = [text for field, text in _captions(texts) if field != "scale" or len(text.string) < 12]
    right = [t for t in captions if t.x > x0 + 0.75 * (x1 - x0)]
    low = [t for t in captions if t.y < y0 + 0.25 * (y1 - y0)]
    strips: list[tuple[float, Box]] = []
    if len(right) >= 2:
        left = min(t.box[0] for t in right)
        strips.append((max(t.y for t in right) - min(t.y for t in right), (left - right[0].height, y0, x1, y1)))
    low.sort(key=lambda t: t.x)
    breaks = [0, *(i for i in range(1, len(low)) if low[i].x - low[i - 1].x > 0.35 * (x1 - x0)), len(low)]
    low = max((low[a:b] for a, b in pairwise(breaks)), key=len)  # a word of the drawing may read like a caption
    if len(low) >= 2:
        top, left = max(t.box[3] for t in low), low[0].box[0]
        strips.append((low[-1].x - low[0].x, (left - low[0].height, y0, x1, top + low[0].height)))
    return max(strips, default=(0.0, None))[1]


def names_drawing(words: str) -> bool:
    """Whether `words`, in lower case, name a kind of drawing: "ground floor plan", "schnitt a-a"."""
    return _kinds().search(words) is not None


@cache
def _scale_captions() -> tuple[str, ...]:
    return tuple(sorted({*table("words.json")["fields"]["scale"], *table("scale.json")["captions"]}, key=len))


@cache
def _kinds() -> re.Pattern[str]:
    kinds = table("words.json")["kinds"]
    words = {word for kind in ("site", "elevation", "section", "detail", "plan") for word in kinds[kind]} | {"profile"}
    return re.compile("|".join(rf"(?<!\w){re.escape(word)}" for word in words))


def _starts_with_caption(words: str) -> str | None:
    """What follows the caption that `words` begin with; None where they begin with none."""
    found = [c for c in _scale_captions() if words.startswith(c) and not words[len(c) : len(c) + 1].isalpha()]
    return words[len(found[-1]) :].lstrip(" :.=-") if found else None


def _read(text: Text) -> Note | None:
    """The note that a run is all by itself."""
    words = plain(text.string).strip("()[] ")
    rest = _starts_with_caption(words)
    said = (rest if rest is not None else words).rstrip(" .)")
    for kind in ("none", "elsewhere"):
        if said in table("scale.json")[kind] and (
            rest is not None or (kind == "none" and len(said) > 4) or said == "nts"
        ):
            return Note(text, "none" if kind == "none" else "elsewhere")
    string = _mended(text.string) if rest is not None else text.string
    ratios = parse_ratios(string)
    if not ratios or any(word in words for word in table("scale.json")["slope"]):
        return None
    names_scale = re.search(r"(?<!\w)(?:scale|echelle|échelle|ma(?:ss|ß)stab|escala|scala|skala|schaal)(?!\w)", words)
    titled = _kinds().search(words) is not None and len(words) < 60
    if rest is None and "=" not in words and "cm" not in words and not names_scale and not titled:
        return None
    return _note(text, string, ratios)


def _note(text: Text, string: str, ratios: list[float]) -> Note:
    words = plain(string)
    sizes = [match[1].upper() for match in _SIZE.finditer(string)]
    wished = any(word in words for word in table("scale.json")["wished"])
    axis: Axis = ""
    for one in ("horizontal", "vertical"):
        if any(re.search(rf"(?<!\w){re.escape(word)}", words) for word in table("scale.json")[one]):
            axis = "horizontal" if one == "horizontal" else "vertical"
            break
    kind: Kind = "ratio" if len(ratios) == 1 and not wished else "choice"
    return Note(text, kind, tuple(ratios), tuple(sizes) if len(sizes) == len(ratios) else ("",) * len(ratios), axis)


def _mended(string: str) -> str:
    """A captioned ratio with what optical reading makes of "1:" put right."""
    return re.sub(
        r"(?<![\d\w])[Il|]\s*(?=[:/]\s*\d)", "1", re.sub(r"(?<![\d.,])1\s*[.;]\s*(?=\d{2,4}\b)", "1:", string)
    )


def _captions(texts: list[Text]) -> list[tuple[str, Text]]:
    """Texts that caption a field of a title block, or begin with such a caption and a colon."""
    found = []
    known = {caption.rstrip(":"): f for f, captions in table("words.json")["fields"].items() for caption in captions}
    for text in texts:
        words = plain(text.string)
        head = words.split(":")[0].strip()
        if head in known:
            found.append((known[head], text))
        elif words in table("scale.json")["captions"] and len(words) > 2:
            found.append(("scale", text))
    return found


def _value_of(caption: Text, texts: list[Text]) -> Note | None:
    """The note that stands below or beside a caption that is alone, the nearest one."""
    if _starts_with_caption(plain(caption.string)):
        return None
    best: tuple[float, Note] | None = None
    for text in texts:
        below, off = caption.y - text.y, abs(text.x - caption.x)
        if not (-10 * caption.height < below < _reach(caption, text) and off < 12 * caption.height):
            continue
        said = plain(text.string).rstrip(" .")
        ratios = parse_ratios(_mended(text.string))
        slash = "/" in text.string and "=" not in text.string
        note: Note | None = None
        if ratios and not (slash and ratios[0] < 5):
            note = _note(text, _mended(text.string), ratios)
        elif said in table("scale.json")["none"]:
            note = Note(text, "none")
        elif said in table("scale.json")["elsewhere"]:
            note = Note(text, "elsewhere")
        distance = abs(below) + 0.3 * off + (0 if below >= -caption.height else 6 * caption.height)
        if note is not None and (best is None or distance < best[0]):
            best = (distance, note)
    return best[1] if best else None


def _reach(caption: Text, value: Text) -> float:
    """How far a value may stand below its caption: in a tall cell a small caption is at the top, a large value at the
    foot.
    """
    return 10 * max(caption.height, value.height)


def _placed(note: Note, fields: list[tuple[str, Text]]) -> Note:
    """`note`, said to be the title block's where captions of other fields stand in line with it or with its own."""
    own = [text for field, text in fields if field == "scale"]
    near = [c for c in own if abs(c.x - note.text.x) < 12 * c.height and abs(c.y - note.text.y) < _reach(c, note.text)]
    for anchor in (note.text, *near):
        level, upright = set(), set()
        for field, text in fields:
            if field == "scale" or not 0.6 < text.height / max(anchor.height, 1e-9) < 1.6:
                continue
            if abs(text.y - anchor.y) < anchor.height:
                level.add(field)
            if abs(text.box[0] - anchor.box[0]) < 2 * anchor.height:
                upright.add(field)
        if len(level) >= 2 or len(upright) >= 2:
            return Note(note.text, note.kind, note.ratios, note.sizes, note.axis, True)
    return note
