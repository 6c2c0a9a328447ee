"""The drawings on one sheet: each title with the part of the sheet that belongs to it, and its own scale.

`planroom.sheet.layout` says which part of the sheet belongs to which title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from planroom.records import Page, Scale, Text
from planroom.sheet.bars import Bar, Box
from planroom.sheet.dimensions import Lettered, find_lettered
from planroom.sheet.evidence import Sayings, agree, hear, weigh
from planroom.sheet.layout import share_out
from planroom.sheet.notes import Note, names_drawing, title_block_box
from planroom.sheet.text import plain


@dataclass(slots=True)
class Drawing:
    """One drawing: its title and notes, its bars, its box, its share of the sheet's ink."""

    title: str
    anchor: Box
    notes: list[Note] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    box: Box = (0.0, 0.0, 0.0, 0.0)
    share: float = 0.0
    scale: Scale | None = None


def find_viewports(page: Page, texts: list[Text], lettered: list[Lettered] | None = None) -> list[dict[str, Any]]:
    """The drawings of a sheet as plain data: title, ratio, box in sheet units, m_per_unit, state, evidence.

    texts: joined runs. lettered: those that may be dimensions, where they were found before.
    """
    if page.paper_unit_m is None and page.unit_m is not None:
        return []  # a model has one scale
    lettered = find_lettered(page.linework, texts) if lettered is None else lettered
    return [_plain(drawing) for drawing in find_drawings(hear(page, texts, lettered))]


def find_drawings(said: Sayings) -> list[Drawing]:
    """The titled drawings of a sheet with their scales; a title without a note takes the title block's."""
    drawings = _titled(said)
    if not drawings:
        return []
    block = [n for n in said.notes if n.in_block and n.kind == "ratio"]
    parts = share_out(said.page, [d.anchor for d in drawings], title_block_box(said.texts, said.page.extent))
    for drawing, part in zip(drawings, parts, strict=True):
        drawing.box, drawing.share = part
    for drawing in drawings:
        notes = drawing.notes or block
        inside = [one for one in said.lettered if _holds(drawing.box, one.text.x, one.text.y)]
        drawing.scale = weigh(said, notes, drawing.bars, inside)
        if any(n.axis for n in drawing.notes) and {n.axis for n in said.notes} >= {"vertical"} and drawing.scale:
            words = f"{drawing.scale.evidence}; its heights have a scale of their own"
            drawing.scale = Scale(drawing.scale.ratio, None, "withheld", words)
    return drawings


def main_scale(said: Sayings, drawings: list[Drawing]) -> Scale | None:
    """The scale of a sheet whose drawings differ: its main drawing's, or withheld where none is main."""
    block = {r for n in said.notes if n.in_block and n.kind == "ratio" for r in n.ratios}
    named = [d for d in drawings if d.scale is not None]
    groups: list[list[Drawing]] = []
    for drawing in named:
        for group in groups:
            if _alike(drawing, group[0]):
                group.append(drawing)
                break
        else:
            groups.append([drawing])
    if not groups:
        return None
    told = ", ".join(sorted({f"1:{d.scale.ratio:g}" for d in named if d.scale and d.scale.ratio}))
    main = max(groups, key=lambda group: sum(d.share for d in group))
    share = sum(d.share for d in main)
    best = max(main, key=lambda d: d.share)
    ratio = best.scale.ratio if best.scale else None
    if block and not any(d.scale and d.scale.ratio in block for d in named):
        first = next(iter(block))
        return Scale(first, None, "withheld", f"the title block prints 1:{first:g} but the drawings {told or 'none'}")
    if best.scale and (share > 0.6 or (block and ratio in block)):
        words = (
            best.scale.evidence if len(groups) == 1 else f"{best.title or 'the main drawing'}: {best.scale.evidence}"
        )
        return Scale(ratio, best.scale.m_per_unit, best.scale.state, words)
    return Scale(ratio, None, "withheld", f"drawings at different scales ({told}), and none is the main one")


def _alike(one: Drawing, two: Drawing) -> bool:
    a, b = one.scale, two.scale
    if a is None or b is None or a.ratio != b.ratio:
        return False
    return a.m_per_unit is None or b.m_per_unit is None or agree(a.m_per_unit, b.m_per_unit)


def _plain(drawing: Drawing) -> dict[str, Any]:
    scale = drawing.scale
    return {
        "title": drawing.title,
        "ratio": scale.ratio if scale else None,
        "box": [round(float(v), 2) for v in drawing.box],
        "m_per_unit": scale.m_per_unit if scale else None,
        "state": scale.state if scale else "withheld",
        "evidence": scale.evidence if scale else "no scale printed or drawn",
    }


# ---- titles --------------------------------------------------------------------------------------------------------


def _titled(said: Sayings) -> list[Drawing]:
    """A drawing for each title outside the title block, with the notes and bars that stand by it."""
    block = title_block_box(said.texts, said.page.extent)
    notes = [n for n in said.notes if not n.in_block and not _holds(block, n.text.x, n.text.y)]
    upright = [t for t in said.texts if min(t.angle % 360, -t.angle % 360) < 3 and not _holds(block, t.x, t.y)]
    drawings: list[Drawing] = []
    by_title: dict[int, Drawing] = {}
    for note in sorted(notes, key=lambda n: -n.text.y):
        title = _title_of(note, upright, {id(n.text) for n in said.notes})
        bare = title is None and any(n is not note for n in notes)
        if bare and (note.axis or _by_bar(note, said.bars)):
            continue  # the caption of a bar, or the heights of a profile
        anchor = _joined(note.text.box, title.box if title else note.text.box)
        if title is not None and id(title) in by_title:
            by_title[id(title)].notes.append(note)
            continue
        top = title.box[3] if title else anchor[3]
        drawings.append(Drawing(_words(title) if title else "", (*anchor[:3], top), [note]))
        if title is not None:
            by_title[id(title)] = drawings[-1]
    if not drawings or any(n.in_block and n.ratios for n in said.notes):
        drawings += _unnoted(upright, [d.anchor for d in drawings], said.texts)
    for bar in said.bars:
        _give(bar, drawings, upright)
    return drawings if any(d.notes or d.bars for d in drawings) else []


def _unnoted(texts: list[Text], taken: list[Box], every: list[Text]) -> list[Drawing]:
    """Drawings whose titles have no scale note: tall phrases that name a drawing, beside the `taken` ones."""
    heights = sorted(t.height for t in every)
    least = 1.35 * heights[len(heights) // 2] if heights else 0.0
    drawings = []
    for text in texts:
        words = plain(text.string)
        titled = text.height > least and len(words.split()) <= 7 and words[-1:] != "." and names_drawing(words)
        if titled and not any(_touch(text.box, box, text.height) for box in taken):
            drawings.append(Drawing(_words(text), text.box))
    return drawings


def _title_of(note: Note, texts: list[Text], noted: set[int]) -> Text | None:
    """The title over a note: taller than it, or naming a drawing, not far above and in line with its beginning."""
    own = note.text
    if names_drawing(plain(own.string)):
        return own
    best: tuple[float, Text] | None = None
    for text in texts:
        above = text.y - own.y
        if id(text) in noted or not 0 < above < 9 * max(own.height, 0.7 * text.height):
            continue
        if sum(c.isalpha() for c in text.string) < 3:
            continue
        named = names_drawing(plain(text.string))
        if not named and text.height < 1.15 * own.height:
            continue
        aside = max(0.0, text.box[0] - own.box[2], own.box[0] - text.box[2])
        cost = above + 2 * aside + abs(text.box[0] - own.box[0]) * 0.3 - (4 * own.height if named else 0)
        if aside < 6 * own.height and (best is None or cost < best[0]):
            best = (cost, text)
    return best[1] if best else None


def _by_bar(note: Note, bars: list[Bar]) -> bool:
    y = note.text.y
    return any(b.box[0] < note.text.x < b.box[2] and abs(y - b.box[1]) < 6 * (b.box[3] - b.box[1]) for b in bars)


def _give(bar: Bar, drawings: list[Drawing], texts: list[Text]) -> None:
    """Add a bar to the drawing by whose title it stands, or to the only one; a title may have a bar and no note."""
    high = bar.box[3] - bar.box[1]
    x, y = (bar.box[0] + bar.box[2]) / 2, (bar.box[1] + bar.box[3]) / 2
    near = [d for d in drawings if _distance(d.anchor, x, y) < 8 * high]
    titles = [t for t in texts if 0 < t.y - y < 8 * high and names_drawing(plain(t.string)) and t.height > 0.6 * high]
    own = [t for t in titles if t.box[0] - high < x < t.box[2] + high and len(t.string.split()) <= 7]
    if near or (len(drawings) == 1 and not own):
        min(near or drawings, key=lambda d: _distance(d.anchor, x, y)).bars.append(bar)
    elif own:
        title = max(own, key=lambda t: t.height)
        drawings.append(Drawing(_words(title), _joined(title.box, bar.box), [], [bar]))


def _words(text: Text) -> str:
    return re.sub(r"\s+", " ", text.string).strip()


def _joined(one: Box, two: Box) -> Box:
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])


def _distance(box: Box, x: float, y: float) -> float:
    return max(box[0] - x, 0.0, x - box[2]) + max(box[1] - y, 0.0, y - box[3])


def _touch(one: Box, two: Box, reach: float) -> bool:
    level = one[0] < two[2] + reach and two[0] < one[2] + reach
    return level and one[1] < two[3] + reach and two[1] < one[3] + reach


def _holds(box: Box | None, x: float, y: float) -> bool:
    return box is not None and box[0] <= x <= box[2] and box[1] <= y <= box[3]
