"""The cover with its list of sheets, and the schedules: doors, windows, and the finishes of the rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from planroom.example.house import House, Opening, room_shape
from planroom.example.sheets import TEXT, Label, Paper
from planroom.example.tables import TableText, TableTruth, draw_table, height_mm
from planroom.example.variants import Variant

_GAP_MM: Final = 15.0
# en, de, fr, es: heads and entries that only the schedules print
_HEADS: Final[dict[str, tuple[str, str, str, str]]] = {
    "size": ("SIZE", "LICHTMASS", "DIMENSIONS", "MEDIDAS"),
    "finish schedule": ("ROOM FINISH SCHEDULE", "RAUMBUCH", "TABLEAU DES FINITIONS", "CUADRO DE ACABADOS"),
    "number": ("NO.", "NR.", "N°", "N.º"),
    "room": ("ROOM", "RAUM", "LOCAL", "LOCAL"),
    "floor": ("FLOOR", "BODEN", "SOL", "SUELO"),
    "wall": ("WALLS", "WAND", "MURS", "PAREDES"),
    "ceiling": ("CEILING", "DECKE", "PLAFOND", "TECHO"),
    "area": ("AREA", "FLÄCHE", "SURFACE", "SUPERFICIE"),
    "tiles": ("PORCELAIN TILE", "Feinsteinzeug", "carrelage", "gres porcelánico"),
    "wood": ("OAK PLANK", "Eichenparkett", "parquet chêne", "tarima de roble"),
    "screed": ("SEALED CONCRETE", "Estrich versiegelt", "béton ciré", "hormigón pulido"),
    "paint": ("PT-1", "Anstrich", "peinture", "pintura"),
    "tiled": ("CT-2 TO 2100", "Fliesen bis 2,10", "faïence", "alicatado"),
    "board": ("GYP. BD.", "GK-Decke", "BA13 peint", "placa de yeso"),
    "seal": (
        "30 min, self-closing, smoke seal on all sides",
        "T30 rauchdicht mit Obentürschließer und Absenkdichtung",
        "EI 30, ferme-porte et joint anti-fumée périphérique",
        "EI2 30-C5, cierrapuertas y junta perimetral de humo",
    ),
    "glazed": ("glazed", "mit Glasausschnitt", "vitrée", "acristalada"),
}
_COLUMN: Final = {"en": 0, "de": 1, "fr": 2, "es": 3}
_FLOORS: Final = {"garage": "screed", "storage": "screed", "utility": "tiles", "kitchen": "tiles", "toilet": "tiles"}
_WET: Final = ("toilet", "bathroom", "ensuite")


def draw_cover(paper: Paper, variant: Variant, sheets: Sequence[Label]) -> list[TableTruth]:
    """The project's name over the list of sheets, which is returned."""
    words, factor = variant.words, paper.factor
    x0, _, x1, y1 = paper.area
    paper.canvas.text(words("project name"), ((x0 + x1) / 2, y1 - 45 * factor), 12 * factor, TEXT)
    paper.canvas.text(words("client name"), ((x0 + x1) / 2, y1 - 70 * factor), 6 * factor, TEXT)
    rows = [[s.number, s.title, s.scale] for s in sheets]
    head = [words("sheet"), words("title"), words("scale")]
    index = TableText("other", words("index"), head, rows, [40, 170, 60])
    return [draw_table(paper, index, (x0 + 60 * factor, y1 - 110 * factor))[0]]


def tagged(house: House) -> list[tuple[str, Opening]]:
    """Every opening that carries a mark, with the name of its storey, in the order of the sheets."""
    return [(s.name, o) for s in house.storeys for o in s.kept().openings if o.tag]


def draw_schedules(
    paper: Paper, house: House, variant: Variant, *, missing: Collection[str], widths: Mapping[str, float]
) -> list[TableTruth]:
    """The tables: a row for each mark, with how many openings bear it; `missing` and `widths` are planted mistakes."""
    factor, (x0, y0, x1, y1) = paper.factor, paper.area
    kept = [(storey, o) for storey, o in tagged(house) if o.tag not in missing]
    doors, windows = _doors(kept, variant, widths), _windows(kept, variant, widths)
    left = x0 + _GAP_MM * factor
    needed = left + (sum(doors.widths_mm) + _GAP_MM) * factor
    beside = max((x0 + x1) / 2 + 10 * factor, needed)
    beside = min(beside, x1 - (sum(windows.widths_mm) + 2) * factor)
    if beside < needed - _GAP_MM * factor:
        raise ValueError(f"the schedules do not fit side by side on {variant.paper}")
    top = y1 - 20 * factor
    places = [(doors, left, [doors]), (windows, beside, [windows])]
    if variant.tables.finishes:
        finishes = _finishes(house, variant)
        under = 0 if len(doors.rows) <= len(windows.rows) and sum(finishes.widths_mm) * factor < beside - left else 1
        places[under][2].append(finishes)
    row_mm = variant.tables.row_mm
    while max(sum(height_mm(paper, t, row_mm) + _GAP_MM * factor for t in column) for *_, column in places) > top - y0:
        row_mm -= 0.25
    drawn = []
    for _, x, column in places:
        level = top
        for table in column:
            truth, bottom = draw_table(paper, table, (x, level), row_mm=row_mm)
            drawn.append(truth)
            level = bottom - (_GAP_MM + 8) * factor
    return drawn


def _says(variant: Variant, key: str) -> str:
    return _HEADS[key][_COLUMN[variant.language]]


def _size_group(variant: Variant) -> tuple[str, int, int]:
    """The head over width and height, where the style has one: only a rule can show what it stands over."""
    style = variant.tables
    return (_says(variant, "size"), 3, 5) if style.sizes_grouped and style.rules != "none" else ("", 0, 0)


def _doors(kept: list[tuple[str, Opening]], variant: Variant, widths: Mapping[str, float]) -> TableText:
    words, by_type = variant.words, variant.door_marks == "type"
    doors = [(storey, o) for storey, o in kept if o.kind == "door"]
    quantity = Counter(o.tag for _, o in doors)
    first = {o.tag: (storey, o) for storey, o in reversed(doors)}
    rows = [
        [
            tag,
            str(quantity[tag]) if by_type else words(f"storey {storey}"),
            words(f"type {o.type}"),
            words.length(widths.get(tag, o.width_m)),
            words.length(o.height_m),
            _remark(o, variant) if variant.tables.remarks else "",
        ]
        for tag, (storey, o) in sorted(first.items())
    ]
    keys = ("mark", "quantity" if by_type else "level", "type", "width", "height", "remarks")
    group = _size_group(variant)
    remarks_mm = 34 if variant.paper == "TABLOID" else 60  # its title block stands in the way
    columns = [22, 24 if by_type else 52, 46, 36, 36, remarks_mm]
    return TableText("door", words("door schedule"), [words(k) for k in keys], rows, columns, group)


def _remark(door: Opening, variant: Variant) -> str:
    return {"single": "", "garage": _says(variant, "seal"), "double": _says(variant, "glazed")}.get(door.type, "")


def _windows(kept: list[tuple[str, Opening]], variant: Variant, widths: Mapping[str, float]) -> TableText:
    words = variant.words
    windows = [(storey, o) for storey, o in kept if o.kind == "window"]
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
    group = _size_group(variant)
    return TableText("window", words("window schedule"), head, rows, [22, 24, 42, 36, 36, 36], group)


def _finishes(house: House, variant: Variant) -> TableText:
    rows = []
    for storey in house.storeys:
        for room in storey.kept().rooms:
            floor = "tiles" if room.use in _WET else _FLOORS.get(room.use, "wood")
            wall = "tiled" if room.use in _WET else "paint"
            area = variant.words.area(room_shape(storey.kept(), room).area)
            finish = [_says(variant, key) for key in (floor, wall, "board")]
            rows.append([room.number, variant.words(room.use), *finish, area])
    head = [_says(variant, key) for key in ("number", "room", "floor", "wall", "ceiling", "area")]
    return TableText("finish", _says(variant, "finish schedule"), head, rows, [16, 40, 42, 36, 32, 28])
