"""What a sheet's title names: its kind, what a plan shows, and the storey, in ten languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from planroom.sheet.text import plain, table

# German, Dutch and French titles write "Grundriss EG", "1. OG", "DG", "R+1"; others count floors
_COUNTED: Final = {
    r"\b(\d{1,2})\. ?(?:og|obergeschoss|kerros)\b": r"\1",
    r"\b(\d{1,2})(?:st|nd|rd|th) ?floor": r"\1",
    r"\blevel ?0?(\d{1,2})\b": r"\1",
    r"\b(\d{1,2})(?:er|e|è|ème|eme)? ?(?:étage|etage|verdieping)": r"\1",
    r"\bétage (\d{1,2})\b": r"\1",
}
_SHORT: Final = {
    r"\beg\b": "0",
    r"\bog\b": "1",
    r"\bdg\b": "attic",
    r"\b[ku]g\b": "-1",
    r"\br ?\+ ?(\d)\b": r"\1",
    r"\brdc\b": "0",
    r"\bbg\b": "0",
}
_LONG_WORD: Final = 8  # letters that a key needs to be believed in the middle of letters without spaces


def classify_title(title: str, *, imperial: bool) -> tuple[str, str, str]:
    """Kind, view and storey that a title names: ("plan", "general", "0") for GROUND FLOOR PLAN.

    A civil drawing (utilities, grading, plan and profile) is a site: no room is ever counted on one.
    """
    words = plain(title)
    tables = table("words.json")
    kind = next((kind for kind, keys in tables["kinds"].items() if _names(words, keys)), "unknown")
    view = next((view for view, keys in tables["views"].items() if _names(words, keys)), "")
    storey = _storey(words, imperial=imperial)
    storeyed = _names(words, tables["floor plans"])
    if kind in ("unknown", "plan") and not storey and not storeyed and _names(words, tables["civil"]):
        return "site", "", ""
    # sheets that show a floor beside something else are read for the floor; a ground-plan's detail is a plan enlarged
    if storeyed and kind in ("elevation", "section", "schedule", "site"):
        kind = "plan"
    elif kind == "detail" and (storeyed or _names(words, tables["kinds"]["plan"])):
        kind, view = "plan", view or "enlarged"
    if kind == "unknown" and (view or storey):
        kind = "plan"
    if kind == "plan" and not view:
        view = "general"
    return kind, view if kind == "plan" else "", storey


def names_kind(string: str) -> bool:
    """Whether `string` by itself would say what a sheet is; a civil word in it alone does not (a street's name)."""
    words = plain(string)
    tables = table("words.json")
    kind, _, storey = classify_title(string, imperial=False)
    return kind != "unknown" and (kind != "site" or bool(storey) or _names(words, tables["kinds"]["site"]))


def names_floor(title: str) -> bool:
    """Whether a title says in so many words that it is a floor plan."""
    return _names(plain(title), table("words.json")["floor plans"])


def _storey(words: str, *, imperial: bool) -> str:
    keys = ((key, level) for level, keys in table("words.json")["storeys"].items() for key in keys)
    named = max(((len(key), level) for key, level in keys if _names(words, [key])), key=lambda n: n[0], default=None)
    counted = _matched(words, _COUNTED)
    storey = counted or (named[1] if named else _matched(words, _SHORT))
    if (
        imperial
        and storey.isdigit()
        and storey != "0"
        and re.search(r"\b(first|second|third|\d+(st|nd|rd|th)) ?floor", words)
    ):
        return str(int(storey) - 1)
    return storey


def _matched(words: str, patterns: dict[str, str]) -> str:
    for pattern, level in patterns.items():
        if match := re.search(pattern, words):
            return match.expand(level)
    return ""


def _names(words: str, keys: list[str]) -> bool:
    """Whether a title says one of `keys`; readings of pictures lose spaces, so long keys need none."""
    if any(re.search(rf"(?<!\w){re.escape(key)}", words) for key in keys):
        return True
    run = squeezed(words)
    return any(len(short) >= _LONG_WORD and short in run for short in map(squeezed, keys))


@lru_cache(maxsize=8192)
def squeezed(string: str) -> str:
    """`string` in lower case, letters and digits only, without accents: the same for SHEET NO. and "Sheet no"."""
    folded = unicodedata.normalize("NFKD", string.casefold())
    return "".join(c for c in folded if c.isalnum())
