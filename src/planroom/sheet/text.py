"""Text on a sheet: runs joined into phrases, and what a room's label says in ten languages."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from planroom.records import Text
from planroom.units import FOOT_M

_AREA = re.compile(
    r"(?<![\d.,])(\d{1,4}(?:[.,]\d{1,3})?)\s*(m²|m2|qm|m\^2|sq\.? ?m\b|sf\b|s\.f\.|sq\.? ?ft|ft²|ft2)", re.IGNORECASE
)
_NUMBER = re.compile(r"^(?:\d{1,3}[A-Z]?|\d{1,2}[.\-]\d{1,3}[A-Z]?|[A-Z]{1,2}[.\-]?\d{1,4}[A-Z]?)$")
_LONG_WORD = 6
_WHOLE_WORD = 4
_SIZE = re.compile(r"\d+\s*'|\d+\s*[x×]\s*\d+|\d+[.,]\d+\s*[x×]")


@cache
def table(name: str) -> Any:
    """A table of words beside this module, read once."""
    return json.loads(files("planroom.sheet").joinpath(name).read_text("utf-8"))


def plain(string: str) -> str:
    """`string` in lower case, with single spaces and no underline codes."""
    return re.sub(r"\s+", " ", string.replace("%%u", "").replace("%%U", "")).strip().lower()


def join_runs(texts: list[Text]) -> list[Text]:
    """Runs that stand in one line, a word's space apart, as one phrase: many programs write each word by itself."""
    if len(texts) < 2:
        return texts
    angle = np.round(np.array([t.angle for t in texts]) / 2) * 2 % 360
    turn = np.radians(angle)
    middle = np.array([(t.x, t.y) for t in texts])
    along = middle[:, 0] * np.cos(turn) + middle[:, 1] * np.sin(turn)
    across = -middle[:, 0] * np.sin(turn) + middle[:, 1] * np.cos(turn)
    height = np.array([max(t.height, 1e-6) for t in texts])
    half = np.array([_length(t) / 2 for t in texts])
    order = np.lexsort((along, np.round(across / np.median(height)), angle))
    joined: list[Text] = []
    last = -1
    for k in order.tolist():
        fits = (
            last >= 0
            and angle[last] == angle[k]
            and abs(across[last] - across[k]) < 0.35 * height[k]
            and abs(height[last] / height[k] - 1) < 0.15
            and -0.5 * height[k] < along[k] - half[k] - along[last] - half[last] < 0.75 * height[k]
        )
        if fits:
            gap = along[k] - half[k] - along[last] - half[last]
            joined[-1] = _merge(joined[-1], texts[k], " " if gap > 0.12 * height[k] else "")
        else:
            joined.append(texts[k])
        last = k
    return joined


def _length(text: Text) -> float:
    x0, y0, x1, y1 = text.box
    turn = math.radians(text.angle)
    wide, high = x1 - x0, y1 - y0
    upright = abs(math.sin(turn))
    return high if upright > 0.9 else wide if upright < 0.1 else max(wide, high)


def _merge(one: Text, two: Text, space: str) -> Text:
    box = (
        min(one.box[0], two.box[0]),
        min(one.box[1], two.box[1]),
        max(one.box[2], two.box[2]),
        max(one.box[3], two.box[3]),
    )
    return one._replace(
        string=one.string + space + two.string, x=(box[0] + box[2]) / 2, y=(box[1] + box[3]) / 2, box=box
    )


class Label(NamedTuple):
    """What is written in a room: name, number, use (a key of rooms.json, "" if unknown), printed area in m².

    also: other uses named in the same outline, as where a kitchen opens into a living room.
    """

    name: str
    number: str
    use: str
    area_m2: float | None
    also: tuple[str, ...] = ()


def read_label(texts: list[Text]) -> Label:
    """The label that `texts`, all standing in one room, make up; empty where none of them names it.

    The name is the phrase with a known word, stacked lines of it joined; else the tallest phrase of letters.
    """
    ordered = sorted(texts, key=lambda t: (-t.y, t.x))
    area = next((value for t in ordered if (value := parse_area(t.string)) is not None), None)
    named = [(t, use) for t in ordered if (use := use_of(t.string))]
    if not named:
        other = [t for t in ordered if _is_name(t.string)]
        tallest = max(other, key=lambda t: t.height, default=None)
        return Label(_tidy(tallest.string) if tallest else "", _number(ordered, tallest), "", area)
    tallest_m = max(t.height for t, _ in named)
    # a note may name a room too ("WALL BETWEEN GARAGE AND"); the label is short, and among the tallest
    first, use = min(named, key=lambda n: (n[0].height < 0.8 * tallest_m, len(n[0].string.split()) > 3))
    lines = [t for t in ordered if _is_name(t.string) and abs(t.x - first.x) < 4 * first.height]
    lines = [t for t in lines if abs(t.y - first.y) < 2.6 * first.height and abs(t.height / first.height - 1) < 0.2]
    name = " ".join(_tidy(t.string) for t in lines) or _tidy(first.string)
    used = use_of(name) or use
    apart = [(t, u) for t, u in named if t.height >= 0.8 * tallest_m and len(t.string.split()) <= 3 and t not in lines]
    return Label(name, _number(ordered, first), used, area, tuple(u for _, u in apart))


def _number(texts: list[Text], name: Text | None) -> str:
    """The room's number: of what is shaped like one the nearest to the name, digits before letters (a door's tag)."""
    numbers = [t for t in texts if _NUMBER.match(_unstruck(t))]
    if name is not None:
        numbers = [t for t in numbers if math.hypot(t.x - name.x, t.y - name.y) < 6 * name.height]
        numbers.sort(key=lambda t: math.hypot(t.x - name.x, t.y - name.y))
    numbers.sort(key=lambda t: not t.string.strip()[0].isdigit())
    return _unstruck(numbers[0]) if numbers else ""


def _unstruck(text: Text) -> str:
    """What a text says without the line beside it that a reader took for a one ("008 1")."""
    return re.sub(r"(?<=\d)\s+[1Il|]$", "", text.string.strip()) if text.source == "ocr" else text.string.strip()


def _is_name(string: str) -> bool:
    letters = sum(c.isalpha() for c in string)
    return letters >= 2 and letters > 0.5 * len(string) and len(string) <= 32 and not _SIZE.search(string)


def _tidy(string: str) -> str:
    return re.sub(r"\s+", " ", string.replace("%%u", "").replace("%%U", "")).strip()


def parse_area(string: str) -> float | None:
    """Square metres in "12,34 m²", "133 SF" and the like; None where there is no area."""
    match = _AREA.search(string)
    if not match:
        return None
    value = float(match[1].replace(",", "."))
    return value if match[2].lower()[0] in "mq" or "m" in match[2].lower() else value * FOOT_M**2


@cache
def _uses() -> dict[str, str]:
    return {word: use for use, words in table("rooms.json").items() for word in words}


def use_of(string: str) -> str:
    """The use that a label's words name ("CHAMBRE 3", "MH 1", "2 CAR GARAGE"), "" where none is known.

    The longest known phrase wins; a single letter counts only where it is the whole label, and an abbreviation not
    before a measure: "CH 2600" is a ceiling's height, "CH 3" the third bedroom.
    """
    whole = plain(_AREA.sub(" ", string))
    if re.match(r"\d{4}", whole):
        return ""  # a size first: "1500 BATH" is a tub
    measured = bool(re.search(r"\d{3}|\d[.,]\d|\d\s*['m]", whole))
    words = re.findall(r"[^\W\d_]+(?:[.'/\-][^\W\d_]+)*\.?|1/2", whole)
    known = _uses()
    if len(words) > 5:
        return ""
    found: list[tuple[int, str]] = []
    for size in range(1, len(words) + 1):
        for start in range(len(words) - size + 1):
            phrase = " ".join(words[start : start + size])
            for key in (phrase, phrase.rstrip("."), _bare(phrase)):
                short = len(key) <= 2 and (len(words) > 2 or measured)
                if key in known and not short and (len(key) > 1 or key == whole.rstrip(".")):
                    found.append((len(key), known[key]))
                    break
    return max(found, default=(0, ""))[1] or next(filter(None, map(_misspelt, words)), "")


def uses_of(string: str) -> tuple[str, ...]:
    """As `use_of`; two where a reader ran two labels together ("PLACARDWC")."""
    use = use_of(string)
    if use:
        return (use,)
    known = _uses()
    for word in re.findall(r"[^\W\d_]+", plain(string)):
        for cut in range(2, len(word) - 1):
            if max(cut, len(word) - cut) >= _WHOLE_WORD and word[:cut] in known and word[cut:] in known:
                return known[word[:cut]], known[word[cut:]]
    return ()


@cache
def _misspelt(word: str) -> str:
    """The use that a long word names but for a letter in five: people and readers misspell."""
    word = _bare(word)
    if len(word) < _LONG_WORD or word in _captions():
        return ""
    near = [(steps, use) for key, use in _uses().items() if (steps := _steps(word, _bare(key))) is not None]
    return min(near, default=(0, ""))[1]


@cache
def _captions() -> frozenset[str]:
    """Words of title blocks, which misspell no room: ESCALA is a scale, not an ESCADA."""
    fields = table("words.json")["fields"]
    return frozenset(_bare(word) for words in fields.values() for string in words for word in string.split())


def _steps(one: str, two: str) -> int | None:
    """Letters to change, add or drop between two long words; None where they are more than a fifth."""
    most = max(len(one), len(two)) // 5
    if min(len(one), len(two)) < _LONG_WORD - 1 or abs(len(one) - len(two)) > most:
        return None
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(two, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1] if row[-1] <= most else None


def _bare(phrase: str) -> str:
    folded = unicodedata.normalize("NFKD", phrase)
    return "".join(c for c in folded if not unicodedata.combining(c))
