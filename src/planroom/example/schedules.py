"""The cover with its list of sheets, and the door and window schedules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from planroom.example.house import House, Opening
from planroom.example.sheets import TEXT, Label, Paper
from planroom.example.variants import Variant


def draw_cover(paper: Paper, variant: Variant, sheets: Sequence[Label]) -> None:
    """The project's name over the list of sheets."""
    words, factor = variant.words, paper.factor
    x0, _, x1, y1 = paper.area
    paper.canvas.text(words("project name"), ((x0 + x1) / 2, y1 - 45 * factor), 12 * factor, TEXT)
    paper.canvas.text(words("client name"), ((x0 + x1) / 2, y1 - 70 * factor), 6 * factor, TEXT)
    rows = [[s.number, s.title, s.scale] for s in sheets]
    head = [words("sheet"), words("title"), words("scale")]
    paper.table(words("index"), head, rows, [40, 170, 60], (x0 + 60 * factor, y1 - 110 * factor))


def tagged(house: House) -> list[tuple[str, Opening]]:
    """Every opening that carries a mark, with the name of its storey, in the order of the sheets."""
    return [(s.name, o) for s in house.storeys for o in s.kept().openings if o.tag]


def draw_schedules(
    paper: Paper, house: House, variant: Variant, *, missing: Collection[str], widths: Mapping[str, float]
) -> None:
    """Both tables: a row for each mark, with how many windows bear it; `missing` and `widths` are planted mistakes."""
    words = variant.words
    x0, _, x1, y1 = paper.area
    doors = [(storey, o) for storey, o in tagged(house) if o.kind == "door" and o.tag not in missing]
    rows = [
        [
            o.tag,
            words(f"storey {storey}"),
            words(f"type {o.type}"),
            words.length(widths.get(o.tag, o.width_m)),
            words.length(o.height_m),
            "",
        ]
        for storey, o in doors
    ]
    head = [words(key) for key in ("mark", "level", "type", "width", "height", "remarks")]
    top = y1 - 20 * paper.factor
    paper.table(words("door schedule"), head, rows, [22, 52, 46, 36, 36, 60], (x0 + 15 * paper.factor, top))

    windows = [(storey, o) for storey, o in tagged(house) if o.kind == "window" and o.tag not in missing]
    quantity = Counter(o.tag for _, o in windows)
    first = {o.tag: (storey, o) for storey, o in reversed(windows)}
    rows = [
        [
            tag,
            str(quantity[tag]),
            words("type window"),
            words.length(widths.get(tag, o.width_m)),
            words.length(o.height_m),
            words.length(o.sill_m),
        ]
        for tag, (_, o) in sorted(first.items())
    ]
    head = [words(key) for key in ("mark", "quantity", "type", "width", "height", "sill")]
    left = (x0 + x1) / 2 + 10 * paper.factor
    paper.table(words("window schedule"), head, rows, [22, 24, 42, 36, 36, 36], (left, top))
