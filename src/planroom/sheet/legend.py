"""New, existing and demolished: from a legend's samples and from layer names.

A legend pairs a sample of a wall with words ("WALL TO BE DEMOLISHED"). The sample's pens then say what is what, where
they differ from one another.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import shapely

from planroom.records import Element, Linework, Status, Style, Text

_WORDS: list[tuple[Status, re.Pattern[str]]] = [
    (
        "demolished",
        re.compile(
            r"demol|to be removed|abbruch|abriss|démoli|a démolir|à démolir|derrib|demoli|riv(?:s|ning|as)|puret|purku"
            r"|slop|te slopen",
            re.IGNORECASE,
        ),
    ),
    ("existing", re.compile(r"exist|bestand|vorhanden|esistent|befintlig|oleva|bestaand", re.IGNORECASE)),
    (
        "new",
        re.compile(r"\bnew\b|neubau|\bneu|nouve|\bneuf|nuev|nuov|\bnov[oa]s?\b|nytt|\bny\b|uusi|nieuw", re.IGNORECASE),
    ),
]
_WALL = re.compile(
    r"wall|wand|wände|mauer|mur|pared|parete|muro|muri|parede|vägg|seinä|muur|partition|tabique|cloison", re.IGNORECASE
)
_LAYERS: list[tuple[Status, re.Pattern[str]]] = [
    ("demolished", re.compile(r"(?:^|[^a-z])(?:demo|abbr|demol|riv|puret)", re.IGNORECASE)),
    ("existing", re.compile(r"(?:^|[^a-z])(?:exst|exist|best|etrm|bef)(?![a-z]*row)", re.IGNORECASE)),
    ("new", re.compile(r"(?:^|[^a-z])(?:newp|newl|neww|new|neu)(?:[^a-z]|$)", re.IGNORECASE)),
]
Pen = tuple[int, float, bool, bool]


def read_legend(linework: Linework, texts: list[Text]) -> dict[Pen, Status]:
    """What each pen means by the sheet's legend: pens drawn left of words such as EXISTING WALL.

    A pen that two meanings claim has none. Empty without a legend of at least two different meanings.
    """
    captions = [
        (t, s) for t in texts if _speaks_of_walls(t.string) and (s := _status_of(t.string)) and len(t.string) < 48
    ]
    if len({s for _, s in captions}) < 2 or len(linework.segments_xyxy) == 0:
        return {}
    tree = shapely.STRtree(shapely.linestrings(linework.segments_xyxy.reshape(-1, 2, 2)))
    fills = shapely.STRtree([shapely.Polygon(ring) for ring in linework.fills])
    claims: dict[Pen, Counter[Status]] = {}
    for text, status in captions:
        reach = 14 * text.height
        zone = shapely.box(text.box[0] - reach, text.y - 1.1 * text.height, text.box[0], text.y + 1.1 * text.height)
        paths = {int(linework.segment_path[k]) for k in tree.query(zone, predicate="contains_properly")}
        paths |= {int(linework.fill_path[k]) for k in fills.query(zone, predicate="intersects")}
        for pen in {pen_of(linework.styles[linework.path_style[p]]) for p in paths}:
            claims.setdefault(pen, Counter())[status] += 1
    meaning = {pen: next(iter(votes)) for pen, votes in claims.items() if len(votes) == 1}
    return meaning if len(set(meaning.values())) > 1 else {}


def pen_of(style: Style) -> Pen:
    """What can be told apart by eye: colour, width, dashes, fill."""
    return style.colour, round(style.width, 1), style.dashed, style.filled


def _speaks_of_walls(words: str) -> bool:
    """Whether a caption is about walls: it says so, or is a single word (BESTAND)."""
    return bool(_WALL.search(words)) or len(words.split()) == 1


def demolished_styles(linework: Linework, legend: dict[Pen, Status]) -> set[int]:
    """The styles (indices) that draw what will be demolished, by the legend or by their layer's name."""
    return {
        k
        for k, style in enumerate(linework.styles)
        if legend.get(pen_of(style)) == "demolished" or _LAYERS[0][1].search(style.layer)
    }


def _status_of(words: str) -> Status | None:
    return next((status for status, pattern in _WORDS if pattern.search(words)), None)


def set_status(elements: list[Element], linework: Linework, legend: dict[Pen, Status]) -> None:
    """Give walls their status from the pens that draw and fill them, or from layers; openings follow their wall."""
    layers = [next((s for s, p in _LAYERS if p.search(style.layer)), None) for style in linework.styles]
    if not legend and not any(layers):
        return
    style_of = linework.path_style
    fills = [
        k for k in range(len(linework.fills)) if pen_of(linework.styles[style_of[linework.fill_path[k]]]) in legend
    ]
    tree = shapely.STRtree([shapely.Polygon(linework.fills[k]) for k in fills])
    walls = [e for e in elements if e.kind == "wall"]
    for wall in walls:
        votes: Counter[Status] = Counter()
        for source in wall.sources:
            style = style_of[int(source.removeprefix("path:"))]
            said = legend.get(pen_of(linework.styles[style])) or layers[style]
            if said:
                votes[said] += 1
        middle = np.asarray(wall.outline).mean(0)
        for k in tree.query(shapely.Point(middle), predicate="intersects"):
            votes[legend[pen_of(linework.styles[style_of[linework.fill_path[fills[k]]]])]] += 3
        if votes:
            wall.status = votes.most_common(1)[0][0]
    _follow(elements, walls)


def _follow(elements: list[Element], walls: list[Element]) -> None:
    """Openings take the status of the wall that they lie in."""
    told = [w for w in walls if w.status]
    if not told:
        return
    tree = shapely.STRtree([shapely.Polygon(w.outline) for w in told])
    for element in elements:
        if element.kind in ("door", "window", "opening"):
            hit = tree.query(shapely.Point(np.asarray(element.outline).mean(0)), predicate="intersects")
            if len(hit):
                element.status = told[int(hit[0])].status
