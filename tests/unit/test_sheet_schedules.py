"""Tables read cell by cell: the example's exactly, and by hand what its styles do not show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from planroom.example import VARIANTS, Variant, random_variant, write_set
from planroom.example.tables import TableTruth
from planroom.ingest.linework import LineworkBuilder
from planroom.ingest.pdf import read_pdf
from planroom.memory.manager import MemoryManager
from planroom.records import Page, Style, Text
from planroom.sheet.headings import column_name, count_known, kinds_named
from planroom.sheet.rereading import BoxPx, CellReader
from planroom.sheet.schedules import Table, count_pieces, read_schedules, schedule_counts

PEN = Style("", "", 0, 0.5, False, False)
LETTER = 5.0
DOORS = [["MARK", "TYPE", "WIDTH", "HEIGHT"], ["D1", "SINGLE", "885", "2100"], ["D2", "PAIR", "1500", "2100"]]
WIDTHS = [60.0, 90.0, 60.0, 60.0]
STEP = 16.0


class Drawn:
    """A sheet to draw tables on: rules and runs of text."""

    def __init__(self) -> None:
        self.builder = LineworkBuilder()
        self.builder.path(PEN)
        self.texts: list[Text] = []

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.builder.line(x0, y0, x1, y1)

    def say(self, string: str, x: float, y: float, source: str = "text layer") -> None:
        """A run that starts at x, its middle at level y."""
        box = (x, y - LETTER / 2, x + 0.8 * LETTER * len(string), y + LETTER / 2)
        self.texts.append(Text(string, (box[0] + box[2]) / 2, y, box, LETTER, 0.0, source, 0.9))

    def table(
        self,
        rows: Sequence[Sequence[str]],
        *,
        at: tuple[float, float] = (100.0, 500.0),
        widths: Sequence[float] = WIDTHS,
        level: bool = True,
        upright: bool = True,
        source: str = "text layer",
    ) -> None:
        """Rows under each other, the first of them heads, with a grid or a part of it."""
        x, y = at
        edges = [x + sum(widths[:k]) for k in range(len(widths) + 1)]
        for k in range(len(rows) + 1):
            if level or k in (0, 1, len(rows)):
                self.line(edges[0], y - k * STEP, edges[-1], y - k * STEP)
        for edge in edges if upright else ():
            self.line(edge, y, edge, y - len(rows) * STEP)
        for k, row in enumerate(rows):
            for edge, cell in zip(edges, row, strict=False):
                if cell:
                    self.say(cell, edge + 4, y - (k + 0.5) * STEP, source)

    def read(self, **options: Any) -> list[Table]:
        return read_schedules(self.builder.build(), self.texts, **options)


def cells(table: Table) -> list[list[str]]:
    return [[c.header for c in table.columns], *([cell.text for cell in row] for row in table.rows)]


def page_of(path: Path, index: int) -> Page:
    ledger = MemoryManager(1 << 30)
    return next(read_pdf(path, picture_px=100, ledger=ledger, progress=lambda *_: None, pages=[index]))


def truth_of(table: TableTruth) -> tuple[str, str, list[list[str]]]:
    return table.kind, table.title, [table.header, *table.rows]


@pytest.mark.parametrize("variant", [*VARIANTS, *(random_variant(seed) for seed in range(8))], ids=lambda v: v.name)
def test_every_table_of_the_example_is_read_exactly(tmp_path: Path, variant: Variant) -> None:
    truth = write_set(tmp_path, variant, dxf=False)
    pages = read_pdf(
        tmp_path / f"{variant.name}.pdf",
        picture_px=100,
        ledger=MemoryManager(1 << 30),
        progress=lambda *_: None,
    )
    found = [read_schedules(page.linework, page.linework.texts) for page in pages]

    for tables, sheet in zip(found, truth.sheets, strict=True):
        read = sorted((t.kind, t.title, cells(t)) for t in tables)
        assert read == sorted(truth_of(t) for t in sheet.tables)
    counts = schedule_counts(table for tables in found for table in tables)
    assert counts == {kind: truth.totals()[kind] for kind in ("door", "window")}


@pytest.mark.parametrize(("level", "upright"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_grid_may_be_whole_or_in_part(level: bool, upright: bool) -> None:
    sheet = Drawn()
    sheet.table(DOORS, level=level, upright=upright)
    sheet.say("DOOR SCHEDULE", 100, 512)
    (table,) = sheet.read()

    assert table.kind == "door"
    assert table.title == "DOOR SCHEDULE"
    assert cells(table) == DOORS
    assert [c.name for c in table.columns] == ["mark", "type", "width", "height"]


def test_a_table_needs_no_rules_at_all() -> None:
    sheet = Drawn()
    for k, row in enumerate(DOORS):
        for x, cell in zip((100, 160, 250, 310), row, strict=True):
            sheet.say(cell, x, 500 - k * STEP)
    sheet.say("DOORS", 100, 514)
    sheet.say("SEE ALSO THE NOTES ON SHEET 1", 100, 300)
    (table,) = sheet.read()

    assert (table.kind, cells(table)) == ("door", DOORS)


def test_a_column_whose_head_was_not_read_is_one_all_the_same() -> None:
    rows = [[*DOORS[0][:3], ""], *DOORS[1:], ["D3", "SINGLE", "760", "2260"]]
    sheet = Drawn()
    sheet.table(rows, level=False, upright=False, source="ocr")
    (table,) = sheet.read()

    assert cells(table) == rows


def test_rules_may_be_in_pieces_or_filled_areas() -> None:
    sheet = Drawn()
    for k in range(4):
        for x in (100, 190, 280):
            sheet.line(x + 2, 500 - k * STEP + 0.4 * (x > 150), x + 88, 500 - k * STEP)
    for x in (100, 160, 250, 310, 370):
        sheet.builder.fill(np.array([(x, 500), (x + 0.7, 500), (x + 0.7, 452), (x, 452)], np.float64))
    for k, row in enumerate(DOORS):
        for x, cell in zip((100, 160, 250, 310), row, strict=True):
            sheet.say(cell, x + 4, 500 - (k + 0.5) * STEP)
    (table,) = sheet.read()

    assert cells(table) == DOORS


def test_words_of_one_cell_are_joined_and_lines_of_it_follow() -> None:
    sheet = Drawn()
    sheet.table([*DOORS[:2], ["D2", "", "1500", "2100"]])
    sheet.say("PAIR", 164, 464)
    sheet.say("OF", 164 + 17.5, 464)
    sheet.say("LEAVES", 164, 457)
    (table,) = sheet.read()

    assert cells(table)[2] == ["D2", "PAIR OF LEAVES", "1500", "2100"]


def test_readings_over_a_rule_are_cut_at_it() -> None:
    sheet = Drawn()
    sheet.table([*DOORS[:2], ["", "", "", "2100"]], source="ocr")
    sheet.texts.append(Text("D2 PAIR 1500", 185, 460, (104, 456, 274, 464), LETTER, 0.0, "ocr", 0.8))
    (table,) = sheet.read()

    assert table.source == "ocr"
    assert cells(table)[2] == ["D2", "PAIR", "1500", "2100"]


def test_a_line_of_the_drawing_through_the_table_parts_no_column() -> None:
    sheet = Drawn()
    sheet.table(DOORS)
    sheet.line(230, 700, 230, 300)
    (table,) = sheet.read()

    assert cells(table) == DOORS


def test_heads_of_groups_stand_over_their_columns_only() -> None:
    sheet = Drawn()
    sheet.table([["", "WIDTH", "HEIGHT", "TYPE", "GLASS"], ["D1", "885", "2100", "A", "NONE"]], widths=[60] * 5)
    for x0, x1 in ((100, 100), (160, 400)):
        sheet.line(x0, 500 + STEP, x1, 500 + STEP)
    sheet.line(100, 516, 400, 516)
    for x in (100, 160, 280, 400):
        sheet.line(x, 500, x, 516)
    sheet.builder = cleared(sheet, 500.0, 100.0, 160.0)
    sheet.say("MARK", 104, 500)
    sheet.say("LEAF", 200, 508)
    sheet.say("FRAME", 320, 508)
    (table,) = sheet.read()

    assert cells(table)[0] == ["MARK", "LEAF WIDTH", "LEAF HEIGHT", "FRAME TYPE", "FRAME GLASS"]
    assert [c.name for c in table.columns] == ["mark", "width", "height", "type", "glazing"]


def cleared(sheet: Drawn, y: float, x0: float, x1: float) -> LineworkBuilder:
    """The sheet's lines without the level one at y between x0 and x1."""
    builder = LineworkBuilder()
    builder.path(PEN)
    for a, b, c, d in sheet.builder.build().segments_xyxy.tolist():
        start = x1 if (b, d) == (y, y) and a < x1 <= c and a >= x0 else a
        builder.line(start, b, c, d)
    return builder


def test_two_tables_one_over_the_other_stay_apart() -> None:
    windows = [["MARK", "QTY", "WIDTH", "SILL"], ["W1", "2", "1200", "760"], ["W2", "1", "600", "1500"]]
    sheet = Drawn()
    sheet.table(DOORS)
    sheet.say("DOOR SCHEDULE", 100, 508)
    sheet.table(windows, at=(100.0, 420.0))
    sheet.say("WINDOW SCHEDULE", 100, 428)
    doors, other = sheet.read()

    assert (doors.title, cells(doors)) == ("DOOR SCHEDULE", DOORS)
    assert (other.kind, other.title, cells(other)) == ("window", "WINDOW SCHEDULE", windows)


def test_a_table_printed_in_two_halves_is_one() -> None:
    rows = [[*DOORS[0], *DOORS[0]], [*DOORS[1], "D3", "SINGLE", "760", "2100"], [*DOORS[2], "", "", "", ""]]
    sheet = Drawn()
    sheet.table(rows, widths=[*WIDTHS, *WIDTHS])
    (table,) = sheet.read()

    assert cells(table) == [*DOORS, ["D3", "SINGLE", "760", "2100"]]


def test_the_storey_is_no_finish_of_a_floor() -> None:
    sheet = Drawn()
    sheet.table([["DOOR NO.", "FLOOR", "WIDTH", "HEIGHT"], *DOORS[1:]])
    (table,) = sheet.read()

    assert table.kind == "door"
    assert [c.name for c in table.columns] == ["mark", "level", "width", "height"]


def test_finishes_are_known_by_their_surfaces() -> None:
    rows = [["NO.", "ROOM", "FLOOR", "CEILING"], ["001", "HALL", "OAK", "PAINT"], ["002", "BATH", "TILE", "PAINT"]]
    sheet = Drawn()
    sheet.table(rows)
    (table,) = sheet.read()

    assert table.kind == "finish"
    assert [c.name for c in table.columns] == ["mark", "room", "floor", "ceiling"]


def test_a_table_of_unknown_heads_is_read_too() -> None:
    rows = [["STRUCTURE", "EXISTING", "NEW"], ["HOUSE", "120 SF", "80 SF"], ["GARAGE", "40 SF", "0 SF"]]
    sheet = Drawn()
    sheet.table(rows, widths=[90, 80, 60])
    (table,) = sheet.read()

    assert (table.kind, cells(table)) == ("other", rows)


def test_a_title_block_and_notes_between_lines_are_no_tables() -> None:
    block = Drawn()
    for k, (caption, value) in enumerate([("TITLE", "PLAN"), ("SCALE", "1:50"), ("DATE", "2024"), ("SHEET", "A-1")]):
        block.line(100 + 90 * k, 500, 100 + 90 * k, 440)
        block.say(caption, 104 + 90 * k, 490)
        block.say(value, 104 + 90 * k, 470)
    notes = Drawn()
    notes.table(
        [["GENERAL NOTES"], ["1. DO NOT SCALE FROM THIS DRAWING"], ["2. CHECK ALL SIZES ON SITE"]], widths=[300]
    )

    assert block.read() == []
    assert notes.read() == []


@pytest.mark.parametrize(
    "heads",
    [
        ("MARK", "QTY", "WIDTH", "HEIGHT"),
        ("Nr.", "Anzahl", "Breite", "Höhe"),
        ("Repère", "Qté", "Largeur", "Hauteur"),
        ("REF.", "CANT.", "ANCHO", "ALTO"),
        ("Sigla", "Quantità", "Larghezza", "Altezza"),
        ("Código", "Quantidade", "Largura", "Altura"),
        ("Merk", "Aantal", "Breedte", "Hoogte"),
        ("Littera", "Antal", "Bredd", "Höjd"),
        ("Tunnus", "Määrä", "Leveys", "Korkeus"),
        ("Symbol", "Ilość", "Szerokość", "Wysokość"),
    ],
)
def test_heads_are_known_in_ten_languages(heads: tuple[str, ...]) -> None:
    assert [column_name(head) for head in heads] == ["mark", "quantity", "width", "height"]
    assert count_known(heads) == 4


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("DOOR WIDTH (mm)", "width"),
        ("FIRERATING", "fire"),
        ("BEMERKUNC", "remarks"),
        ("HARDWARE SET", "hardware"),
        ("VIEW", ""),
    ],
)
def test_heads_are_known_by_their_words_and_but_for_a_letter(head: str, name: str) -> None:
    assert column_name(head) == name


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("DOOR SCHEDULE", {"door"}),
        ("DOORSCHEDULE", {"door"}),
        ("TABLEAUDESPORTES", {"door"}),
        ("FENSTERLISTE", {"window"}),
        ("Raumbuch", {"finish"}),
        ("DRAWING LIST", set()),
        ("DOOR & WINDOW SCHEDULES", {"door", "window"}),
    ],
)
def test_titles_name_the_kind(title: str, kinds: set[str]) -> None:
    assert kinds_named(title) == kinds


def test_rows_are_no_heads() -> None:
    assert count_known(["A-000", "COVER SHEET", "NOT TO SCALE"]) == 0
    assert count_known(["001", "FOYER", "OAK PLANK", "PT-1", "GYP. BD.", "215 SF"]) == 0
    assert count_known(["REV", "B"]) == 0


# ---- how many pieces -----------------------------------------------------------------------------------------------


def counted(rows: list[list[str]], title: str = "DOOR SCHEDULE") -> tuple[int | None, str]:
    sheet = Drawn()
    sheet.table(rows)
    sheet.say(title, 100, 508)
    (count,) = count_pieces(sheet.read()).values()
    return count.pieces, count.note


def test_quantities_are_added_up() -> None:
    rows = [["MARK", "QTY", "WIDTH", "HEIGHT"], ["A", "3", "885", "2100"], ["B", "2 Stk", "760", "2100"]]

    assert counted(rows) == (5, "")


def test_a_quantity_that_cannot_be_read_is_told() -> None:
    rows = [["MARK", "QTY", "WIDTH", "HEIGHT"], ["A", "3", "885", "2100"], ["B", "", "760", "2100"]]
    pieces, note = counted(rows)

    assert pieces == 4
    assert "B" in note


def test_a_mark_counts_once_and_lines_between_rows_do_not() -> None:
    rows = [*DOORS, ["FIRST FLOOR", "", "", ""], ["D2", "PAIR", "1500", "2100"], ["D3", "SINGLE", "760", "2100"]]
    pieces, note = counted(rows)

    assert pieces == 3
    assert "taken for one piece" in note


def test_types_without_quantities_give_no_count() -> None:
    sheet = Drawn()
    sheet.table([["MARK", "TYPE", "WIDTH", "HEIGHT"], ["A", "SINGLE", "885", "2100"], ["B", "PAIR", "1500", "2100"]])
    sheet.say("DOOR SCHEDULE", 100, 508)
    tables = sheet.read()

    assert schedule_counts(tables) == {}
    assert "types" in count_pieces(tables)["door"].note


# ---- scans ---------------------------------------------------------------------------------------------------------


def pictured(texts: Sequence[tuple[str, float, float]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Grey pixels, 600 high, with letters drawn from (x, y) on, y up."""
    grey = np.full((600, 600), 240, np.uint8)
    for string, x, y in texts:
        cv2.putText(grey, string, (int(x), int(600 - y + 2)), cv2.FONT_HERSHEY_PLAIN, 0.5, 30, 1)
    return grey


def test_cells_of_a_scan_are_read_by_themselves() -> None:
    sheet = Drawn()
    sheet.table([DOORS[0], ["D1", "SINGLE", "0.76", "2,10"], ["D2", "", "0,88", "2,10"]], source="ocr")
    ink = [(t.string, t.box[0], t.y) for t in sheet.texts]
    asked: list[BoxPx] = []

    def recognise(boxes: list[BoxPx]) -> list[tuple[str, float]]:
        asked.extend(boxes)
        said = [*DOORS[0], "D1", "SINGIE", "0.76", "2,10", "D2", "1", "0,88", "2,10"]
        return [(string, 0.4 if string == "SINGIE" else 0.9) for string in said]

    grey = pictured([*ink, ("1", 164.0, 460.0)])
    (table,) = sheet.read(reader=CellReader(grey, (0.0, 600.0), 1.0, recognise))

    assert len(asked) == 12  # the one empty cell has ink now
    assert cells(table)[1] == ["D1", "SINGLE", "0,76", "2,10"]  # the surer reading, the table's decimal mark
    assert cells(table)[2][:2] == ["D2", "1"]
    x0, y0, x1, y1 = asked[9]
    assert x0 < 164 < x1 < 180
    assert y0 < 600 - 460 < y1


def test_a_traced_table_is_read_like_a_drawn_one(tmp_path: Path) -> None:
    from planroom.ingest.trace import trace

    variant = next(v for v in VARIANTS if v.name == "base-a3")
    truth = write_set(tmp_path, variant, dxf=False)
    (index,) = (s.page for s in truth.sheets if s.kind == "schedule")
    page = page_of(tmp_path / "base-a3.pdf", index)
    picture = scanned(page, truth.sheets[index].size_pt)
    factor = picture.shape[1] / page.extent[2]
    texts = [at_pixels(text, factor) for text in page.linework.texts]
    tables = read_schedules(trace(picture), texts)

    read = sorted((t.kind, cells(t)) for t in tables)
    assert read == sorted((t.kind, [t.header, *t.rows]) for t in truth.sheets[index].tables)


def scanned(page: Page, size_pt: tuple[float, float]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The page's lines in grey at 200 dots an inch, a little noisy."""
    factor = 200 / 72
    grey = np.full((round(size_pt[1] * factor), round(size_pt[0] * factor)), 235, np.uint8)
    for x0, y0, x1, y1 in page.linework.segments_xyxy * factor:
        start, end = (round(x0), round(grey.shape[0] - y0)), (round(x1), round(grey.shape[0] - y1))
        cv2.line(grey, start, end, 40, 2, cv2.LINE_AA)
    noise = np.random.default_rng(0).normal(0, 5, grey.shape)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


def at_pixels(text: Text, factor: float) -> Text:
    x0, y0, x1, y1 = (v * factor for v in text.box)
    return text._replace(
        x=text.x * factor, y=text.y * factor, box=(x0, y0, x1, y1), height=text.height * factor, source="ocr"
    )


def test_nothing_is_found_where_nothing_is_written() -> None:
    assert read_schedules(Drawn().builder.build(), []) == []


def test_a_table_is_plain_data_for_the_report() -> None:
    sheet = Drawn()
    sheet.table(DOORS)
    plain = sheet.read()[0].as_json()

    assert plain["columns"][0] == {"name": "mark", "header": "MARK"}
    assert plain["rows"][0][0] == {"text": "D1", "box": [100.0, 468.0, 160.0, 484.0]}
    assert plain["source"] == "text layer"
