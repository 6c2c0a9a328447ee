"""The captions of a title block and, for each, the value that belongs to it: in the same run, beside it or below it.

Works in one reading direction; `upright` turns the texts of another one into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final, NamedTuple

from planroom.records import Text
from planroom.sheet.kinds import squeezed
from planroom.sheet.text import table
from planroom.units import parse_ratio

Box = tuple[float, float, float, float]
_NUMBER: Final = re.compile(r"[A-Z]{1,4}[ \-.]{0,2}\d{1,4}(?:[.\-]\d{1,3})?[A-Za-z]?")
_CODE: Final = re.compile(r"(?=.*\d)[A-Z0-9]{1,8}(?:[ .\-_/][A-Z0-9]{1,8}){0,8}", re.IGNORECASE)
_FILE: Final = re.compile(r"[A-Z\-]{0,3}\d[\d,.\-]{1,12}[A-Z]?")
_OF: Final = re.compile(r"\s*\b(?:of|de|von|di|av|van|/)\s*\d{1,3}$", re.IGNORECASE)
_REVISION: Final = re.compile(r"(?:rev\.? ?)?([A-Z]{0,2}\d{1,3}|[A-Z]|\d{1,2}[A-Z])", re.IGNORECASE)
_DATE: Final = re.compile(
    r"(?:\d{4}|\d{1,2})([./\-])\d{1,2}\1(?:\d{4}|\d{2})|\d{1,2}[./](?:\d{4}|\d{2})"
    r"|\d{4}[\-/]\d{2}|\d{1,2}[\- ][A-Z]{3}[\- ]\d{2,4}",
    re.I,
)
_DATE_WORDS: Final = re.compile(
    r"(?:\d{1,2}\.? ?(?:de )?)?([^\W\d_]{3,10})\.?,? ?(?:de )?(?:\d{1,2}(?:st|nd|rd|th)?,? ?)?\d{4}"
)
_NO_SCALE: Final = re.compile(
    r"^(?:as (?:noted|shown|indicated)|n\.?t\.?s\.?|not to scale|none|ohne|sans)", re.IGNORECASE
)
_UNDER: Final = 9.0  # heights from a caption down to its value
_ACROSS: Final = 50.0  # and how far to the right it may start there: in the middle of a wide cell
_BESIDE: Final = 45.0  # heights from a caption to a value right of it
_CONFUSED: Final = str.maketrans({"0": "o", "1": "i", "l": "i", "5": "s", "8": "b"})
_DIGITS: Final = str.maketrans("OoQIl|SsBZ", "0001115582")


class Caption(NamedTuple):
    """A text that names a field of a title block; `value` is what stands in the same run after it, or ""."""

    field: str
    text: Text
    value: str


def find_captions(texts: list[Text]) -> list[Caption]:
    """The captions among `texts`; "other" is the field of those that nobody asks for, but that own their values."""
    found = []
    for text in texts:
        if 1 < len(text.string) <= 80 and (named := _named(text.string.strip())):
            found.append(Caption(named[0], text, named[1]))
    return found


def accepts(field: str, string: str) -> bool:
    """Whether `string` is shaped like a value of `field`."""
    return _ACCEPTS[field](string.strip())


def is_number(string: str) -> bool:
    """Whether `string` is shaped like a sheet number with its letters in front: A-101, S2.1."""
    return bool(_NUMBER.fullmatch(string))


def is_date(string: str) -> bool:
    """Whether `string` is a date, or a month of a year."""
    if _DATE.fullmatch(string):
        return True
    words = _DATE_WORDS.fullmatch(string)
    return words is not None and words[1].lower().startswith(tuple(table("words.json")["months"]))


def mended_number(string: str) -> str:
    """A sheet number with the letters that readings of pictures take for digits put right: A-1O1 is A-101."""
    compact = re.sub(r"\s*([\-.])\s*", r"\1", string.strip().rstrip(".,:;'"))
    match = re.fullmatch(
        r"([A-Za-z]{1,3})([ \-.]?)([0-9OoQIl|SsBZ]{1,4})((?:[.\-][0-9OoIl|]{1,3})?)([A-Za-z]?)", compact
    )
    if not match or not any(c.isdigit() for c in compact) or _NUMBER.fullmatch(compact):
        return compact
    letters, gap, digits, part, suffix = match.groups()
    return letters.upper() + gap + (digits + part).translate(_DIGITS) + suffix


def distance(caption: Text, value: Text) -> float | None:
    """How far a value stands below or beside its caption, in sheet units; None where it does neither."""
    below, high = caption.y - value.y, max(caption.height, value.height)
    right, over = value.box[0] - caption.box[2], value.box[0] - caption.box[0]
    middle = abs(value.box[0] + value.box[2] - caption.box[0] - caption.box[2]) / 2
    under = 0 < below < _UNDER * high and value.box[2] > caption.box[0] and right < _ACROSS * high
    beside = abs(below) < 0.6 * high and -0.2 * high < right < _BESIDE * high
    if not (under or beside):
        return None
    # a value is set under its caption's start, in the middle of the cell that the caption is the corner of, or right
    return abs(below) + min(0.15 * over if over > 0 else -over, 0.3 * middle)


def owner(value: Text, captions: list[Caption]) -> Caption | None:
    """The caption that `value` belongs to: the nearest that takes such a value; None where none is near."""
    best: tuple[float, Caption] | None = None
    for caption in captions:
        if caption.text is value or caption.value:
            continue
        far = distance(caption.text, value)
        if far is not None and (best is None or far < best[0]) and accepts(caption.field, value.string):
            best = (far, caption)
    return best[1] if best else None


def upright(texts: list[Text], quarters: int) -> list[Text]:
    """Those of `texts` that read at `quarters` of a turn, in a frame turned so that they read from left to right."""
    turned = []
    for text in texts:
        off = (text.angle - 90 * quarters + 45) % 360 - 45
        if abs(off) < 10:
            (x, y), (x0, y0, x1, y1) = _turn(text.x, text.y, quarters), turned_box(text.box, quarters)
            turned.append(text._replace(x=x, y=y, box=(x0, y0, x1, y1), angle=off))
    return turned


def turned_box(box: Box, quarters: int) -> Box:
    """`box` in the frame that `upright` turns into."""
    (ax, ay), (bx, by) = _turn(box[0], box[1], quarters), _turn(box[2], box[3], quarters)
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def _turn(x: float, y: float, quarters: int) -> tuple[float, float]:
    return ((x, y), (y, -x), (-x, -y), (-y, x))[quarters % 4]


def size(text: Text) -> float:
    """The height of a text's capitals; a reading's box has uneven margins, so its letters' width limits it."""
    if text.source != "ocr" or len(text.string) < 4:
        return text.height
    return min(text.height, 1.2 * (text.box[2] - text.box[0]) / len(text.string))


@lru_cache(maxsize=4096)
def _named(string: str) -> tuple[str, str] | None:
    """Field and value of a run: ("number", "") for SHEET NO., ("revision", "B") for REV. B."""
    if field := _field(string):
        return field, ""
    head, colon, rest = string.partition(":")
    if colon and (field := _field(head) or _both(head)):
        rest = rest.strip()
        if field == "number" and squeezed(head) in table("words.json")["either"] and not accepts(field, rest):
            field = "title"
        return (field, rest) if accepts(field, rest) or field == "other" else (field, "")
    if field := _both(string):
        return field, ""
    for cut in range(len(string) - 1, 2, -1):
        head, rest = string[:cut], string[cut:].strip(" .:#")
        parted = not (head[-1].isalnum() and string[cut].isalnum())
        if rest and (field := _field(head)) and field in ("number", "revision", "date") and (parted or field == "date"):
            shaped = is_number(mended_number(_OF.sub("", rest))) if field == "number" else accepts(field, rest)
            if shaped:
                return field, rest
    return None


def _both(string: str) -> str | None:
    """The field of a caption in two languages: DATUM / DATE."""
    whole = re.split(r"\s*[/|]\s*|\s+-\s+", string)
    parts = [f for part in whole if (f := _field(part))]
    if len(parts) < len(whole) and (len(string) > 30 or any(c.isdigit() for c in string) or " - " in string):
        return None
    return next((f for f in parts if f != "other"), "other") if parts and len(whole) > 1 else None


@cache
def _captions() -> dict[str, str]:
    fields = table("words.json")["fields"]
    found: dict[str, str] = {}
    for field, words in fields.items():
        for word in words:
            found.setdefault(squeezed(word), field)
    for word, field in list(found.items()):
        found.setdefault(word.translate(_CONFUSED), field)
    return found


def _field(string: str) -> str | None:
    """The field that a caption names, None where it is none; letters that readings confuse count as one."""
    short = squeezed(string)
    known = _captions()
    confused = known.get(short.translate(_CONFUSED)) if len(short) > 3 else None
    return known.get(short) or confused or _composed(string)


def _composed(string: str) -> str | None:
    """The field of a caption made of the words that captions are made of: NÚM. DE PLANO, OGGETTO DELLA TAVOLA."""
    sets = _caption_words()
    apart = re.sub(r"\b[ld]['’]", "", string, flags=re.IGNORECASE)
    words = [part for word in re.findall(r"[^\W_]+", apart) for part in _cut(squeezed(word))]
    said = {word for word in words if word not in sets["glue"]}
    if not said or len(words) > 6:
        return None
    number, name, sheet = said & sets["no"], said & sets["name"], said & sets["sheet"]
    for field in ("revision", "project", "client"):
        if said & sets[field] and said - {"n"} <= sets[field] | sets["no"] | sets["name"]:
            return "other" if number and field != "revision" else field
    if sheet and said <= sheet | number | name and (number or name):
        return "title" if name else "number"
    if said & sets["date"] and said <= sets["date"] | sets["dated"] | sheet | sets["revision"]:
        return "date"
    return _captions().get(*said) if len(said) == 1 < len(words) else None


def _cut(word: str) -> tuple[str, ...]:
    """A compound of a sheet's word and a number's or name's as both, PIIRUSTUSNO; one that ends in a field, as that."""
    sets = _caption_words()
    for end in ("projekt", "project", "datum", "index"):
        if word.endswith(end):
            return (end,)
    for start in sets["sheet"]:
        if word.startswith(start) and word[len(start) :] in sets["no"] | sets["name"]:
            return start, word[len(start) :]
    return (word,)


@cache
def _caption_words() -> dict[str, frozenset[str]]:
    return {part: frozenset(map(squeezed, words)) for part, words in table("words.json")["caption words"].items()}


def _accepts_number(string: str) -> bool:
    string = mended_number(_OF.sub("", string) if is_number(_OF.sub("", string)) else string)
    if is_number(string):
        return True
    plain_code = _CODE.fullmatch(string) and not is_date(string) and parse_ratio(string) is None
    return bool(plain_code) and not _OF.search(string) and len(string) <= 32


def _accepts_words(string: str) -> bool:
    letters = sum(c.isalpha() for c in string)
    return letters >= 2 and len(string) > 3 and not is_date(string) and (letters > 8 or not _accepts_scale(string))


def _accepts_scale(string: str) -> bool:
    return parse_ratio(string) is not None or bool(_NO_SCALE.search(string))


_ACCEPTS: Final[dict[str, Callable[[str], bool]]] = {
    "number": _accepts_number,
    "title": _accepts_words,
    "project": _accepts_words,
    "client": _accepts_words,
    "revision": lambda s: bool(_REVISION.fullmatch(s)),
    "date": is_date,
    "scale": _accepts_scale,
    "file": lambda s: bool(_FILE.fullmatch(s)),
    "other": lambda s: len(s) > 0,
}
