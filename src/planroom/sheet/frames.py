"""Where tables stand on a sheet: the rules that end alike, and lines of known heads, show their heads and bodies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Final

from planroom.records import Text
from planroom.sheet.cells import as_lines
from planroom.sheet.grids import Band, Frame, Rule, Rules, alike
from planroom.sheet.headings import column_name, count_known
from planroom.sheet.text import join_runs

_HEAD_LETTERS: Final = 10  # a band of heads is no higher than so many letters
_TITLE_BLOCK: Final = {"date", "scale"}  # heads that stand over one line of values there


def find_frames(rules: Rules, texts: list[Text], letter: float) -> list[tuple[int, Frame]]:
    """Where tables may stand, the surest first, with how many of their heads are known; they may overlap."""
    ruled = [f for group in alike(rules.level, letter) for f in _ruled_frames(group, texts, letter)]
    ruled.sort(key=lambda f: -f[0])
    named = [f for f in ruled if f[0]]
    return [*named, *_open_frames(texts, letter), *ruled[len(named) :]]


def _ruled_frames(group: list[Rule], texts: list[Text], letter: float) -> Iterator[tuple[int, Frame]]:
    """The tables that rules which end alike hold, each with how many of its heads are known (0: a table of no kind)."""
    left, right = group[0].start, group[0].end
    inside = [t for t in texts if left < t.x < right and group[-1].at < t.y < group[0].at + _HEAD_LETTERS * letter]
    if len(inside) < 4:
        return
    bands = [Band(group[0].at + 3 * letter, group[0].at)]  # heads may stand on the first rule
    for rule in group[1:]:
        if bands[-1].bottom - rule.at > 0.9 * letter:
            bands.append(Band(bands[-1].bottom, rule.at))
    held = [join_runs([t for t in inside if band.holds(t)]) for band in bands]
    low = [band.top - band.bottom < _HEAD_LETTERS * letter for band in bands]
    known = [count_known(t.string for t in texts) if is_low else 0 for texts, is_low in zip(held, low, strict=True)]
    heads = [k for k, n in enumerate(known) if n >= 2]
    if not heads:
        first = next((k for k in range(1, len(bands)) if len(held[k]) > 1), len(bands))
        if first < len(bands) - 1 and all(low[first:]):
            yield 0, Frame(left, right, bands[first], bands[first + 1 :])
        return
    for head, following in pairwise([*heads, len(bands)]):
        gap = following < len(bands) and len(held[following - 1]) < 2  # holds the next table's title, or nothing
        body = bands[head + 1 : following - gap]
        if any(held[head + 1 : following - gap]):
            if len(body) == 1 and body[0].top - body[0].bottom > _HEAD_LETTERS * letter:
                last, _ = _follow(body[0].top, as_lines(held[head + 1], letter), letter)
                body = [Band(body[0].top, max(body[0].bottom, last - 2 * letter))]
            own = [r for r in group if body[-1].bottom - letter < r.at < bands[head].top + letter]
            ends = median(r.start for r in own), median(r.end for r in own)  # those of the next table may differ
            yield known[head], Frame(*ends, bands[head], body)


def _open_frames(texts: list[Text], letter: float) -> Iterator[tuple[int, Frame]]:
    """Tables without rules: a line of three known heads, and the lines below it for as long as they follow closely."""
    lines = as_lines(join_runs(texts), letter)
    for k, line in enumerate(lines):
        for heads in _runs(line, letter):
            known = count_known(t.string for t in heads)
            if known < 3:
                continue
            left, right = heads[0].box[0] - 2 * letter, heads[-1].box[2] + 8 * letter
            beside = [t.box[0] for t in line if t.box[0] > heads[-1].box[2]]
            right = min([right, *(x - letter for x in beside)])
            below = [[t for t in each if left < t.box[0] and t.x < right] for each in lines[k + 1 :]]
            below = [each for each in below if each]
            ends, rows = _follow(heads[0].y, below, letter)
            names = {column_name(t.string) for t in heads}
            if rows > (2 if names >= _TITLE_BLOCK else 0):
                held = [*heads, *(t for each in below[:rows] for t in each)]
                left, right = min(t.box[0] for t in held) - letter, max(t.box[2] for t in held) + letter
                head = Band(heads[0].y + 1.2 * letter, heads[0].y - letter)
                yield known, Frame(left, right, head, [Band(head.bottom, ends - letter)])


def _follow(level: float, lines: list[list[Text]], letter: float) -> tuple[float, int]:
    """Where the last of the lines stands that follow `level` closely, and how many they are."""
    step, ends = 0.0, level
    for count, line in enumerate(lines):
        gap = ends - line[0].y
        if gap > max(5 * letter, 1.8 * step) or count_known(t.string for t in line) >= 3:
            return ends, count
        step, ends = max(step, gap), line[0].y
    return ends, len(lines)


def _runs(line: list[Text], letter: float) -> Iterator[list[Text]]:
    """The phrases of a line, parted where the first known head comes again, and before unknown ones far off."""
    run: list[Text] = []
    first = ""
    for text in sorted(line, key=lambda t: t.box[0]):
        name = column_name(text.string)
        if run and ((first and name == first) or (not name and text.box[0] - run[-1].box[2] > 30 * letter)):
            yield run
            run, first = [], ""
        run.append(text)
        first = first or name
    if run:
        yield run
