"""What a sheet says of itself: number, title, revision, and with them its kind, view and storey."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from planroom.records import Text
from planroom.sheet.text import plain, table

_NUMBER = re.compile(r"^[A-Z]{1,3}[ \-.]?\d{1,3}(?:[.\-]\d{1,3})?[A-Za-z]?$")
_REVISION = re.compile(r"^(?:rev\.? ?)?([A-Z]{0,2}\d{1,3}|[A-Z]|\d{1,2}[A-Z])$", re.IGNORECASE)
_NUMBERED_TITLE = re.compile(r"^([A-Z]{1,3}-?\d{1,3}(?:\.\d{1,2})?)\s+(\S.{3,})$")
_DISCIPLINES = {
    "A": "architecture",
    "S": "structure",
    "C": "civil",
    "M": "mechanical",
    "P": "plumbing",
    "E": "electrical",
    "L": "landscape",
    "G": "general",
}


@dataclass(frozen=True, slots=True)
class TitleBlock:
    """Number, title, revision and discipline (None where not found), kind, view and storey ("" where unknown)."""

    number: str | None
    title: str | None
    revision: str | None
    discipline: str | None
    kind: str
    view: str
    storey: str


def read_title_block(texts: list[Text], extent: tuple[float, float, float, float], *, imperial: bool) -> TitleBlock:
    """The title block that `texts` hold, wherever it stands.

    A value is the text below or beside its caption; without captions, the tallest text shaped like a sheet number near
    the right edge, and the tallest text that names a kind of sheet. `imperial` reads storeys as in the US,
    where the first floor is the ground floor.
    """
    number = _captioned(texts, "number", _NUMBER.match) or _edge_number(texts, extent)
    title = _captioned(texts, "title", lambda s: len(s) > 3) or _tallest_title(texts)
    if number is None and title and (both := _NUMBERED_TITLE.match(title)):
        number, title = both.groups()
    revision = _captioned(texts, "revision", _REVISION.match)
    kind, view, storey = classify_title(title or "", imperial=imperial)
    discipline = _DISCIPLINES.get(number[0]) if number else None
    return TitleBlock(number, title, revision, discipline, kind, view, storey)


def classify_title(title: str, *, imperial: bool) -> tuple[str, str, str]:
    """Kind, view and storey that a title names: ("plan", "general", "0") for GROUND FLOOR PLAN."""
    words = plain(title)
    tables = table("words.json")
    kind = next((kind for kind, keys in tables["kinds"].items() if _names(words, keys)), "unknown")
    view = next((view for view, keys in tables["views"].items() if _names(words, keys)), "")
    # German and Dutch titles write "Grundriss EG", "1. OG", "DG"
    short = {
        r"\beg\b": "0",
        r"\b(\d)\. ?og\b": r"\1",
        r"\bog\b": "1",
        r"\bdg\b": "attic",
        r"\b[ku]g\b": "-1",
        r"\br\+(\d)\b": r"\1",
        r"\brdc\b": "0",
        r"\bbg\b": "0",
    }
    storey = ""
    for level, keys in tables["storeys"].items():
        if _names(words, keys):
            storey = level
            break
    for pattern, level in short.items():
        if not storey and (match := re.search(pattern, words)):
            storey = match.expand(level)
    if imperial and storey in ("1", "2", "3") and re.search(r"\b(first|second|third) floor", words):
        storey = str(int(storey) - 1)
    if (kind == "detail" and _names(words, tables["kinds"]["plan"])) or "grundriss" in words:
        kind, view = "plan", view or ("enlarged" if kind == "detail" else "")
    if kind == "unknown" and (view or storey):
        kind = "plan"
    if kind == "plan" and not view:
        view = "general"
    return kind, view if kind == "plan" else "", storey


def _names(words: str, keys: list[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(key)}", words) for key in keys)


def _captioned(texts: list[Text], field: str, fits: Callable[[str], object]) -> str | None:
    """The text nearest below or right of a caption of `field` that passes `fits`."""
    captions = set(table("words.json")["fields"][field])
    every = {c for keys in table("words.json")["fields"].values() for c in keys}
    best: tuple[float, str] | None = None
    for caption in texts:
        if plain(caption.string).rstrip(":") not in captions and plain(caption.string) not in captions:
            continue
        for text in texts:
            string = text.string.strip()
            if text is caption or plain(string) in every or not fits(string):
                continue
            below = caption.y - text.y
            reach = 9 * max(caption.height, text.height)
            under = (
                0 < below < reach
                and caption.box[0] - text.height < text.box[2]
                and text.box[0] < caption.box[2] + reach
            )
            beside = abs(below) < text.height and 0 < text.box[0] - caption.box[2] < reach
            if under or beside:
                distance = abs(below) + 0.3 * abs(text.box[0] - caption.box[0]) - 1.5 * text.height
                if best is None or distance < best[0]:
                    best = (distance, string)
    return best[1] if best else None


def _edge_number(texts: list[Text], extent: tuple[float, float, float, float]) -> str | None:
    x0, _, x1, _ = extent
    edge = [t for t in texts if _NUMBER.match(t.string.strip()) and t.x > x1 - 0.25 * (x1 - x0)]
    tallest = max(edge, key=lambda t: t.height, default=None)
    if tallest is None or tallest.height < 1.5 * sorted(t.height for t in texts)[len(texts) // 2]:
        return None
    return tallest.string.strip()


def _tallest_title(texts: list[Text]) -> str | None:
    named = [t for t in texts if 4 < len(t.string) < 60 and classify_title(t.string, imperial=False)[0] != "unknown"]
    tallest = max(named, key=lambda t: t.height, default=None)
    if tallest is None or tallest.height < 1.4 * sorted(t.height for t in texts)[len(texts) // 2]:
        return None
    return re.sub(r"\s+", " ", tallest.string.strip())
