"""The list of drawings on a cover, and where it and the sheets of the set disagree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from planroom.records import Sheet, Text
from planroom.sheet.captions import accepts, find_captions, is_number, mended_number, size, upright
from planroom.sheet.kinds import names_kind, squeezed
from planroom.sheet.paragraphs import respaced
from planroom.sheet.text import table

_BOTH: Final = re.compile(
    r"((?:[A-Z]{1,4}[\-.]?|[A-Z]{1,2} )\d{1,4}(?:[.\-]\d{1,3})?[A-Za-z]?)\s*[\-–—:.|]?\s+(\S.{2,})"
)
_LOOSE: Final = re.compile(r"\d{1,3}[A-Za-z]?|(?=.*\d)[A-Z0-9]{1,6}(?:[.\-_/][A-Z0-9]{1,6}){1,6}")
_READ_AS: Final = str.maketrans("oilqsbz", "0110582")

Code = Literal["listed but missing", "not listed", "number twice", "title differs"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the list of drawings and the sheets disagree on.

    number: the sheet number in question. listed, found: the titles in the list and on the sheets, "" where there is
    none. sheets: ids of the sheets concerned.
    """

    code: Code
    number: str
    listed: str
    found: str
    sheets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A number where it stands in the list, with what follows it in the same run."""

    number: str
    text: Text
    title: str


def read_index(texts: list[Text]) -> list[tuple[str, str]]:
    """Number and title of every drawing that a list among `texts` names, in its order; empty where there is no list.

    texts: joined runs. A list is a column of sheet numbers with words beside them, under its heading or a table head;
    without either, one whose words name kinds of sheets.
    """
    level = upright(texts, 0)
    for shape in (_is_lettered, _is_loose):
        columns = _columns([row for text in level if (row := _row(text, shape))])
        lists = [(column, entries) for column in columns if len(entries := _entries(column, columns, level)) >= 2]
        headed = [_is_headed(column, level) for column, _ in lists]
        found: list[tuple[str, str]] = []
        for (column, entries), own in zip(lists, headed, strict=True):
            beside = any(h and _side_by_side(column, other) for (other, _), h in zip(lists, headed, strict=True))
            if own or beside or (shape is _is_lettered and _names_drawings(entries)):
                found += entries
        if found:
            return found
    return []


def check_index(listed: Sequence[tuple[str, str]], sheets: Sequence[Sheet]) -> list[Difference]:
    """What the list of drawings and the sheets disagree on; nothing where no list was read.

    Sheets without a number are in no difference, nor are two revisions of one number; titles that differ by what
    readings of pictures confuse are the same.
    """
    of_sheets: dict[str, list[Sheet]] = defaultdict(list)
    of_list: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for sheet in sheets:
        if sheet.number:
            of_sheets[_key(sheet.number)].append(sheet)
    for entry in listed:
        of_list[_key(entry[0])].append(entry)
    found: list[Difference] = []
    for key in dict.fromkeys([*of_list, *of_sheets]):
        entries, here = of_list.get(key, []), of_sheets.get(key, [])
        number = entries[0][0] if entries else str(here[0].number)
        titles = [title for _, title in entries]
        said = list(dict.fromkeys(s.title or "" for s in here))
        told = (number, " / ".join(titles), " / ".join(said), tuple(s.id for s in here))
        if len(entries) > 1 or _is_twice(here):
            found.append(Difference("number twice", *told))
        elif listed and entries and not here:
            found.append(Difference("listed but missing", *told))
        elif listed and not entries and any(s.kind != "cover" for s in here):
            found.append(Difference("not listed", *told))
        elif entries and any(s.title and not same_title(titles[0], s.title) for s in here):
            found.append(Difference("title differs", *told))
    return found


def same_title(one: str, other: str) -> bool:
    """Whether two readings are of one title: a letter in twelve may differ, a digit or a letter alone may not."""
    first, second = squeezed(one), squeezed(other)
    if first == second:
        return True
    alone = [re.findall(r"\d+|(?<!\w)[^\W\d_](?!\w)", s.casefold()) for s in (one, other)]
    return alone[0] == alone[1] and _edits(first, second) <= max(len(first), len(second)) // 12


def _is_twice(sheets: list[Sheet]) -> bool:
    """Whether two of `sheets`, which bear one number, are not copies or revisions of one another."""
    for k, one in enumerate(sheets):
        for other in sheets[k + 1 :]:
            differ = bool(one.title and other.title) and not same_title(one.title or "", other.title or "")
            if one.revision == other.revision and (differ or one.file == other.file):
                return True
    return False


def _key(number: str) -> str:
    """A number as numbers are compared: without gaps, and with digits for the letters that look like them."""
    compact = squeezed(number)
    letters = re.match(r"[a-z]*", compact)
    head = letters[0] if letters and len(letters[0]) < len(compact) else ""
    return head + compact[len(head) :].translate(_READ_AS)


def _is_lettered(string: str) -> bool:
    return is_number(mended_number(string))


def _is_loose(string: str) -> bool:
    return bool(_LOOSE.fullmatch(string))


def _row(text: Text, shape: Callable[[str], bool]) -> _Row | None:
    string = text.string.strip()
    if shape(string):
        return _Row(mended_number(string), text, "")
    both = _BOTH.fullmatch(string)
    if both and shape(both[1]) and accepts("title", both[2]):
        return _Row(mended_number(both[1]), text, both[2].strip())
    return None


def _columns(rows: list[_Row]) -> list[list[_Row]]:
    """Rows whose numbers start under one another, close together, from the top."""
    columns: list[list[_Row]] = []
    for row in sorted(rows, key=lambda r: -r.text.y):
        high = size(row.text)
        for column in columns:
            last = column[-1].text
            near = abs(last.box[0] - row.text.box[0]) < 1.6 * high and 0.8 * high < last.y - row.text.y < 9 * high
            if near and 0.55 < size(last) / high < 1.8:
                column.append(row)
                break
        else:
            columns.append([row])
    return [column for column in columns if len(column) >= 2]


def _entries(column: list[_Row], columns: list[list[_Row]], texts: list[Text]) -> list[tuple[str, str]]:
    """Number and title of the rows that have one: the words right of the number, and what goes on below them."""
    high = median(size(row.text) for row in column)
    lean = _lean(column)
    taken = {id(row.text) for other in columns for row in other}
    edges = [min(r.text.box[0] for r in other) for other in columns]
    left = max(row.text.box[2] for row in column)
    right = min((edge for edge in edges if edge > left + 3 * high), default=float("inf"))
    words = [t for t in texts if id(t) not in taken and t.box[0] < right and accepts("title", t.string.ljust(4, "."))]
    entries: list[tuple[str, str]] = []
    for row, below in zip(column, [*column[1:], None], strict=True):
        here = row.text
        line = sorted(
            (t for t in words if t.box[0] > here.box[0] and abs(t.y - here.y - lean * (t.x - here.x)) < 0.7 * high),
            key=lambda t: t.box[0],
        )
        title, start = row.title, here
        if not title:
            line = [t for t in line if t.box[0] > here.box[2] - 0.3 * high]
            if not line:
                continue
            title, start = line[0].string.strip(), line[0]
            for before, after in pairwise(line):
                if after.box[0] - before.box[2] > 1.2 * high:
                    break
                title += " " + after.string.strip()
        floor = below.text.y if below else here.y - 2.4 * high
        more = [
            t
            for t in words
            if abs(t.box[0] - start.box[0]) < 1.5 * high
            and floor + 0.6 * high < t.y < here.y - 0.7 * high
            and not row.title
        ]
        title = " ".join([title, *(t.string.strip() for t in sorted(more, key=lambda t: -t.y))])
        entries.append((row.number, respaced(title) if start.source == "ocr" else title))
    return entries


def _lean(column: list[_Row]) -> float:
    """The slope of the lines of a picture that is a little askew, from how the numbers' starts wander downwards."""
    first, last = column[0].text, column[-1].text
    if first.source != "ocr" or len(column) < 3:
        return 0.0
    return max(-0.05, min(0.05, (last.box[0] - first.box[0]) / (first.y - last.y)))


def _is_headed(column: list[_Row], texts: list[Text]) -> bool:
    """Whether a column of numbers stands under the heading of a list of drawings, or a head that names its columns."""
    first = column[0].text
    pitch = median(a.text.y - b.text.y for a, b in pairwise(column))
    over = [
        t
        for t in texts
        if 0 < t.y - first.y < 5 * pitch + 3 * t.height and abs(t.box[0] - first.box[0]) < 60 * size(first)
    ]
    headings = [squeezed(word) for word in table("words.json")["index"]]
    if any(word in squeezed(t.string) for t in over for word in headings):
        return True
    head = [c for c in find_captions(over) if c.text.y - first.y < 2.5 * pitch and not c.value]
    numbers = [c for c in head if c.field == "number" and abs(c.text.box[0] - first.box[0]) < 6 * size(first)]
    return any(c.field == "title" and abs(c.text.y - n.text.y) < 1.5 * size(n.text) for c in head for n in numbers)


def _names_drawings(entries: list[tuple[str, str]]) -> bool:
    """Whether most rows without a heading name kinds of sheets, each its own: a door schedule repeats its storeys."""
    titles = [title for _, title in entries]
    kinds = sum(names_kind(title) for title in titles)
    return len(titles) >= 3 and kinds >= 0.6 * len(titles) and len(set(titles)) >= 0.7 * len(titles)


def _side_by_side(one: list[_Row], other: list[_Row]) -> bool:
    """Whether two columns are parts of one list: their rows lie on the same lines."""
    return one is not other and one[0].text.y > other[-1].text.y and other[0].text.y > one[-1].text.y


def _edits(one: str, other: str) -> int:
    """How many letters to change, add or drop to turn `one` into `other`."""
    costs = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, costs[0] = costs[0], i
        for j, b in enumerate(other, start=1):
            before, costs[j] = costs[j], min(costs[j] + 1, costs[j - 1] + 1, before + (a != b))
    return costs[-1]
