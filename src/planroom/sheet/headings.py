"""The heads of tables in ten languages: what a column is called, which kind of table a title names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Literal

from planroom.sheet.text import table

Kind = Literal["door", "window", "finish", "other"]
_RUN_ON = 9  # letters that make a word long enough to be two


@cache
def _known() -> dict[str, str]:
    return {fold(word): name for name, words in table("schedules.json")["columns"].items() for word in words}


@cache
def _kind_words() -> dict[str, Kind]:
    return {fold(word): kind for kind, words in table("schedules.json")["kinds"].items() for word in words}


def fold(string: str) -> str:
    """Lower case without accents, signs and doubled blanks."""
    bare = unicodedata.normalize("NFKD", string.lower().replace("ß", "ss").replace("ø", "o"))
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub(r"\((.*?)\)", " ", bare)).split())


def kinds_named(string: str) -> set[Kind]:
    """The kinds of table that the words of a title or head name, also where its blanks were not read."""
    words = fold(string).split()
    phrases = [" ".join(words[k : k + n]) for n in (1, 2) for k in range(len(words))]
    known = _kind_words().items()
    found = {kind for phrase in phrases for word, kind in known if _reads(phrase, word)}
    run_on = [word for word in words if len(word) >= _RUN_ON]
    return found or {
        kind
        for said in run_on
        for word, kind in known
        if len(word) > 3 and (said.startswith(word) or said.endswith(word))
    }


def _reads(said: str, word: str) -> bool:
    """Whether `said` is the word, or, where that is long, but for one letter read wrongly."""
    if said == word or len(word) < 5 or abs(len(said) - len(word)) > 1:
        return said == word
    head = next((k for k, (a, b) in enumerate(zip(said, word, strict=False)) if a != b), min(len(said), len(word)))
    return word[head + 1 :] in (said[head:], said[head + 1 :]) or word[head:] == said[head + 1 :]


def column_name(head: str) -> str:
    """The normal name of a column by its head, "" where unknown: the longest known phrase in it decides."""
    return max(_phrases(head), default=(0, ""))[1]


def _phrases(head: str) -> list[tuple[int, str]]:
    words = fold(head).split()
    found = []
    for size in range(1, min(len(words), 3) + 1):
        for start in range(len(words) - size + 1):
            phrase = " ".join(words[start : start + size])
            name = _name_of(phrase) if len(phrase) > 1 or len(words) == 1 else ""
            if name:
                found.append((len(phrase), name))
    whole = "".join(words)  # the reader of letters drops blanks
    squeezed = next((name for word, name in _known().items() if " " in word and word.replace(" ", "") == whole), "")
    return [*found, (len(whole), squeezed)] if squeezed else found


@cache
def _name_of(phrase: str) -> str:
    known = _known()
    return known.get(phrase) or next((name for word, name in known.items() if _reads(phrase, word)), "")


def count_known(heads: Iterable[str]) -> int:
    """How many different columns the phrases of a line name; 0 where the line is no line of heads.

    A phrase known in part ("NOT TO SCALE") says half as much; two must be known wholly, and not as single letters.
    """
    sure: set[str] = set()
    half: set[str] = set()
    letters: set[str] = set()
    score, phrases = 0.0, 0
    for head in heads:
        words = fold(head).split()
        phrases += 1
        name = column_name(head) if 0 < len(words) <= 6 else ""
        if name and len("".join(words)) == 1:
            letters.add(name)
        elif name and all(_name_of(word) or word in _kind_words() for word in words):
            sure.add(name)
            score += 1.0
        elif name:
            half.add(name)
            score += 0.5
    if len(sure) < 2 or score + len(letters) < 0.45 * phrases:
        return 0
    return len(sure | half | letters)
