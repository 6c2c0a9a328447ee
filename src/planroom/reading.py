"""A document into sheets, in the order of its stages: what a reader child does.

    read -> letters -> title -> scale -> tables -> detect -> label -> keep

Each finished sheet is kept on disk. Lettering that is drawn or scanned is read in the parent, which is asked for it
(`planroom.answers`). Every stage takes its bytes from a ledger.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from planroom.detect import raster, seen, vectors
from planroom.detect.pixels import trace as pixels
from planroom.engine.vision import Seen
from planroom.errors import BudgetRefused, OutputError, PlanroomError, ReaderOverBytes
from planroom.ingest import scan, trace
from planroom.memory.manager import MemoryManager
from planroom.pages import Clock, keep_picture, open_pages, page_bytes
from planroom.records import Element, Page, Scale, Sheet, Text
from planroom.sheet.chains import find_differing
from planroom.sheet.channels import hear_channels
from planroom.sheet.dimensions import Lettered, find_lettered, is_imperial, read_dimensions
from planroom.sheet.heights import read_heights
from planroom.sheet.index import read_index
from planroom.sheet.labels import count_labels, doubt_rooms, names_rooms, number_rooms
from planroom.sheet.legend import demolished_styles, read_legend, set_status
from planroom.sheet.lettering import add_texts, as_texts
from planroom.sheet.rereading import CellReader
from planroom.sheet.rooms import count, label_rooms, name_uses, shows_rooms
from planroom.sheet.scale import find_scale
from planroom.sheet.schedules import read_schedules
from planroom.sheet.tags import settle_by_tags, tag_openings
from planroom.sheet.text import join_runs
from planroom.sheet.titleblock import TitleBlock, read_title_block
from planroom.sheet.upright import Upright, upright_frame
from planroom.sheet.viewports import find_viewports
from planroom.store.results import GREY_NAME, SEEN_NAME, TEXT_NAME, save_sheet, saved_pages

Emit = Callable[[dict[str, Any]], Any]
Progress = Callable[[str, float], None]
Grey = NDArray[np.uint8]
Ask = Callable[[dict[str, Any]], Any]  # sends a question to the parent, and returns its answer
_READ_BYTES = 12_000_000  # beside what readers lease themselves: their libraries, a page before its objects are counted
_SHEET_BYTES = 26_000_000
_KEEP_BYTES = 6_000_000
_LETTERS_BYTES = 8_000_000  # what was read, as text
_SEEN_BYTES = 4_000_000  # what was seen, beside its masks
_SEEN_SHARE = 7  # bytes of masks, packed and not, for each pixel of a picture that is looked at enlarged
_ELEMENT_BYTES = 12_000  # of a sheet's JSON while it is written
_PAGED = ("pdf", "image")  # read page by page, in order; the others are read whole
_UNKNOWN_M_PER_PX = 0.01  # where a scan shows neither scale nor doors: labels reach a little further or less
_MOST_NAMED = 3  # dimensions that speak against a scale, in its evidence
_NO_PLAN = ("cover", "schedule", "elevation", "section", "detail", "site")


def read_sheets(arguments: dict[str, Any], emit: Emit, ledger: MemoryManager) -> dict[str, Any]:
    """Read every page that is neither in `folder` nor in `lost`, and keep each as a sheet in `folder`.

    A page that cannot be read becomes an event "fault", and the next one is read. Events carry "page" from when a
    reader begins with a page until it is done. Raises what concerns the whole document, and what more bytes might mend.
    """
    cv2.setNumThreads(1)
    path, folder = Path(arguments["path"]), Path(arguments["folder"])
    clock = Clock(ledger)
    at: int | None = None

    def progress(stage: str, share: float) -> None:
        nonlocal at
        if at is None and arguments["kind"] in _PAGED:
            at = next(index for index in itertools.count() if index not in skip)
        emit({"event": "progress", "stage": stage, "share": share, "page": at})

    def ask(question: dict[str, Any]) -> Any:
        return emit({"event": "ask", "stage": "letters", "page": at} | question)

    skip = {*saved_pages(folder), *arguments["lost"]}
    pages = open_pages(arguments, path, progress, ledger, skip)
    while True:
        try:
            with clock.stage("read", _READ_BYTES, arguments["kind"]):
                page = next(pages, None)
            if page is None:
                return {}
            clock.note("paths", page.linework.n_paths)
            with ledger.lease(page_bytes(page), f"page {page.index + 1} while it is worked on", stage="page held"):
                sheet = read_sheet(page, arguments, clock, progress, ask)
                with clock.stage("keep", _KEEP_BYTES + 2 * page.picture_bgr.nbytes):
                    keep_picture(page, folder / sheet.picture)
                sheet.timings = clock.take()
                with ledger.lease(
                    _KEEP_BYTES + _ELEMENT_BYTES * len(sheet.elements), "the sheet's elements", stage="keep elements"
                ):
                    save_sheet(folder, sheet)
            skip.add(page.index)
            at = None
            emit({"event": "sheet"})
            del page, sheet  # before the next one is read beside them
        except PlanroomError as error:
            if at is None or isinstance(error, OutputError) or _is_no_room(error):
                raise
            emit({"event": "fault", "page": at, "stage": "read", "code": error.code} | _words(error))
            skip.add(at)
            at = None
            emit({"event": "sheet"})
            pages = open_pages(arguments, path, progress, ledger, skip)


def _is_no_room(error: PlanroomError) -> bool:
    return any(isinstance(one, BudgetRefused | ReaderOverBytes) for one in (error, error.__cause__))


def _words(error: PlanroomError) -> dict[str, str]:
    return {"message": error.message, "hint": error.advice}


def read_sheet(page: Page, arguments: dict[str, Any], clock: Clock, progress: Progress, ask: Ask) -> Sheet:
    """One page as a sheet: lettering, title block, scale, elements, labels, status, counts."""
    sheet = Sheet(
        id=f"{arguments['sha256'][:12]}-{page.index + 1}",
        file=arguments["path"],
        page=page.index,
        name=page.name,
        width_px=page.picture_bgr.shape[1],
        height_px=page.picture_bgr.shape[0],
        extent=page.extent,
        picture=f"{page.index}.png",
        heights=page.heights,
    )
    page, texts, upright = _lettered(page, arguments, clock, progress, ask)
    work = page.linework
    with clock.stage("sheet", _SHEET_BYTES + 800 * len(work.segments_xyxy) + 2500 * len(texts), page.made_of):
        progress("sheet", 0.0)
        _read_title(sheet, page, texts)
        doors = None if page.is_scan else vectors.guess_scale(work, page.paper_unit_m)
        lettered = find_lettered(work, texts) if page.elements is None else []
        sheet.scale = _scale(page, sheet, texts, lettered, arguments["scales"], doors)
        if page.elements is None:
            sheet.viewports = find_viewports(page, texts, lettered)
            sheet.dimensions = read_dimensions(lettered, sheet.scale, sheet.viewports, imperial=is_imperial(texts))
            _name_differing(sheet)
        if sheet.kind == "section":
            sheet.heights = read_heights(texts)
    if page.elements is None:
        with clock.stage("schedules", _SHEET_BYTES + 800 * len(work.segments_xyxy) + 2500 * len(texts), page.made_of):
            sheet.schedules = _read_schedules(page, texts, arguments, ask)
    if page.elements is not None:
        sheet.elements = page.elements
        name_uses(sheet.elements)
    elif sheet.kind not in _NO_PLAN and page.is_scan:
        _find_on_scan(sheet, page, texts, arguments, clock, progress, ask)
    elif sheet.kind not in _NO_PLAN:
        _find_on_linework(sheet, page, texts, doors, clock, progress)
    sheet.counts = count(sheet.elements)
    if page.is_scan and (sheet.elements or (sheet.kind not in _NO_PLAN and names_rooms(texts))):
        sheet.counts |= count_labels(texts, sheet.elements)
    sheet.remark = _remark(page, sheet, texts, unread=arguments["unread"])
    if upright is not None:
        _put_back(sheet, upright)
    for element in sheet.elements:
        element.id = f"{sheet.id}.{element.id}"
    for dimension in sheet.dimensions:
        dimension.id = f"{sheet.id}.{dimension.id}"
    return sheet


def _lettered(
    page: Page, arguments: dict[str, Any], clock: Clock, progress: Progress, ask: Ask
) -> tuple[Page, list[Text], Upright | None]:
    """The page with all its texts; a scan as its picture made level and upright, with its lines traced, and the way
    back from that to the page.
    """
    if page.grey is None:
        return page, join_runs(page.linework.texts), None
    if not page.is_scan:
        lines, _ = _read_letters(page.grey, arguments, clock, progress, ask)
        on_sheet = upright_frame(page.grey.shape[1], page.grey.shape[0], 0.0, 0, page.extent)
        read = on_sheet.place_texts(as_texts(lines, page.grey.shape))
        return page, add_texts(join_runs(page.linework.texts), read), None
    with clock.stage("clean", scan.lease_bytes(page.grey.size)):
        progress("clean", 0.0)
        cleaned = scan.clean_scan(page.grey)
    height_px, width_px = page.grey.shape
    lines, turn_deg = _read_letters(cleaned.grey, arguments, clock, progress, ask) if cleaned.is_drawing else ([], 0)
    grey = np.ascontiguousarray(np.rot90(cleaned.grey, turn_deg // 90))
    upright = upright_frame(width_px, height_px, cleaned.skew_deg, turn_deg, page.extent)
    texts = as_texts(lines, (height_px, width_px), turn_deg)
    with clock.stage("trace", trace.lease_bytes(grey.size)):
        linework = trace.trace(grey, [text.box for text in texts]) if cleaned.is_drawing else page.linework
    linework.texts = texts
    paper_unit_m = None if page.paper_unit_m is None else page.paper_unit_m * upright.unit_per_px
    extent = (0.0, 0.0, float(grey.shape[1]), float(grey.shape[0]))
    page = replace(page, grey=grey if cleaned.is_drawing else None, linework=linework, extent=extent)
    page.paper_unit_m = paper_unit_m
    return page, texts, upright


def _read_letters(
    grey: Grey, arguments: dict[str, Any], clock: Clock, progress: Progress, ask: Ask
) -> tuple[list[Any], int]:
    """Lines read off the picture, and the degrees that it must be turned by; nothing where no room for that was."""
    with clock.stage("letters", _LETTERS_BYTES):
        progress("letters", 0.0)
        told = _ask_about(grey, arguments, ask)
    return told.get("lines", []), int(told.get("turn_deg", 0))


def _ask_about(grey: Grey, arguments: dict[str, Any], ask: Ask, **more: Any) -> dict[str, Any]:
    """What the parent reads off the picture; empty where it has no room for that."""
    said = _answer_about(grey, TEXT_NAME, arguments, ask, more) if arguments["letters"] else None
    return json.loads(said) if said else {}


def _look_at(grey: Grey, arguments: dict[str, Any], ask: Ask) -> Seen | None:
    """What the parent sees on the picture; None where it has no eyes, or no room for them."""
    said = _answer_about(grey, SEEN_NAME, arguments, ask, {"about": "look"}) if arguments["sight"] else None
    return Seen.from_bytes(said) if said else None


def _answer_about(grey: Grey, name: str, arguments: dict[str, Any], ask: Ask, more: dict[str, Any]) -> bytes | None:
    """The file that the parent puts beside the picture that it is asked about; None where it cannot answer."""
    folder = Path(arguments["folder"])
    with (folder / GREY_NAME).open("wb") as file:
        file.write(grey.data)
    if not ask({"height_px": grey.shape[0], "width_px": grey.shape[1]} | more)["read"]:
        return None
    said = (folder / name).read_bytes()
    (folder / name).unlink()
    return said


def _read_title(sheet: Sheet, page: Page, texts: list[Text]) -> None:
    block = _title_block(page, texts)
    sheet.number, sheet.title, sheet.revision = block.number, block.title, block.revision
    sheet.date, sheet.project, sheet.client = block.date, block.project, block.client
    sheet.kind, sheet.view, sheet.discipline = block.kind, block.view, block.discipline
    sheet.storey = page.storey or block.storey
    if sheet.kind == "cover":
        sheet.listed = [list(row) for row in read_index(texts)]


def _read_schedules(page: Page, texts: list[Text], arguments: dict[str, Any], ask: Ask) -> list[dict[str, Any]]:
    """The tables of a sheet as plain data; cells that are pixels are read once more, each by itself."""
    grey, reader = page.grey, None
    if grey is not None and arguments["letters"]:
        x0, _, x1, y1 = page.extent

        def recognise(boxes: list[tuple[int, int, int, int]]) -> list[tuple[str, float]]:
            told = _ask_about(grey, arguments, ask, boxes=boxes) if boxes else {}
            return [(str(string), float(score)) for string, score in told.get("lines", [["", 0.0]] * len(boxes))]

        reader = CellReader(grey, (x0, y1), grey.shape[1] / (x1 - x0), recognise)
    runs = texts if page.is_scan else page.linework.texts + [text for text in texts if text.source == "ocr"]
    return [table.as_json() for table in read_schedules(page.linework, runs, reader=reader)]


def _find_on_scan(
    sheet: Sheet,
    page: Page,
    texts: list[Text],
    arguments: dict[str, Any],
    clock: Clock,
    progress: Progress,
    ask: Ask,
) -> None:
    if page.grey is None:
        return
    m_per_px = sheet.scale.rough_m_per_unit if sheet.scale else None
    sight = None
    if sheet.scale is None or sheet.scale.state != "measured":  # geometry that knows how wide doors are reads better
        with clock.stage("look", _SEEN_BYTES + _SEEN_SHARE * page.grey.size):
            progress("look", 0.0)
            sight = _look_at(page.grey, arguments, ask)
    with clock.stage("detect", pixels.lease_bytes(page.grey.size), page.made_of):
        sheet.elements = traced = raster.find_elements(page.grey, texts, progress, view=sheet.view, m_per_px=m_per_px)
        if sight is not None:
            found = seen.find_elements(page.grey, sight, traced, texts, m_per_px=m_per_px)
            sheet.elements, sheet.ranges, sheet.chances = found
        m_per_px = m_per_px or _usual_door(sheet.elements) or _UNKNOWN_M_PER_PX
        _label(sheet, page, texts, m_per_px)
        if sight is None:
            settle_by_tags(sheet.elements, m_per_px)
        if not sheet.elements:
            sheet.ranges, sheet.chances = {}, {}
        sheet.channels = hear_channels(sheet.elements, texts, sheet.schedules, None if sight is None else traced)


def _find_on_linework(
    sheet: Sheet, page: Page, texts: list[Text], doors: float | None, clock: Clock, progress: Progress
) -> None:
    # doors tell better than a scale that contradicts the drawing
    doubted = doors is not None and sheet.scale is not None and "against the sheet" in sheet.scale.evidence
    m_per_unit = doors if doubted else (sheet.scale.rough_m_per_unit if sheet.scale else None) or doors
    work = page.linework
    if m_per_unit is None or not len(work.segments_xyxy):
        return
    with clock.stage("detect", vectors.lease_bytes(work), page.made_of):
        legend = read_legend(work, texts)
        gone = demolished_styles(work, legend)
        sheet.elements = vectors.find_elements(page, m_per_unit, progress, view=sheet.view, gone=gone)
        _label(sheet, page, texts, m_per_unit)
        set_status(sheet.elements, work, legend)
        sheet.channels = hear_channels(sheet.elements, texts, sheet.schedules)


def _label(sheet: Sheet, page: Page, texts: list[Text], m_per_unit: float) -> None:
    label_rooms(sheet.elements, texts, m_per_unit)
    if sheet.kind == "unknown" and (page.is_scan or page.paper_unit_m):
        labelled = page.is_scan and names_rooms(texts)
        if not labelled and not shows_rooms(sheet.elements):
            sheet.elements = []
    tag_openings(sheet.elements, texts, m_per_unit)
    if page.is_scan:
        number_rooms(sheet.elements, texts)
        doubt_rooms(sheet.elements, texts)


def _usual_door(elements: list[Element]) -> float | None:
    """Metres in a pixel if the doors among `elements` are as wide as doors usually are."""
    widths = [e.sizes["width"] for e in elements if e.kind == "door" and e.sizes.get("width")]
    return vectors.USUAL_DOOR_M / float(np.median(widths)) if widths else None


def _put_back(sheet: Sheet, upright: Upright) -> None:
    """What was measured in the upright picture, in units of the sheet as its file holds it."""
    upright.place(sheet.elements)
    for viewport in sheet.viewports:
        if viewport["m_per_unit"] is not None:
            viewport["m_per_unit"] /= upright.unit_per_px
    upright.place_dimensions(sheet.dimensions)
    upright.place_boxes([sheet.viewports, sheet.schedules])
    scale = sheet.scale
    if scale is not None and scale.m_per_unit is not None:
        scale.m_per_unit /= upright.unit_per_px
    if scale is not None and scale.drawn_m_per_unit is not None:
        scale.drawn_m_per_unit /= upright.unit_per_px


def _remark(page: Page, sheet: Sheet, texts: list[Text], *, unread: str) -> str:
    """Why nothing was found on a sheet, in words for whoever looks for its numbers; "" where nothing needs saying.

    unread: why no lettering could be read off pictures in this run; "" where it could.
    """
    if page.grey is not None and unread:
        return unread
    if sheet.elements or sheet.kind in _NO_PLAN:
        return ""
    if page.is_scan and page.grey is None:
        return "a photograph or a picture without ink on paper: nothing was read"
    if page.grey is not None and not texts:
        return "no lettering could be read off it: neither its title nor its scale is known"
    if sheet.kind == "unknown":
        return "it names no kind of sheet and shows no floor plan that could be told"
    return "no wall with a door or a window in it was found"


def _title_block(page: Page, texts: list[Text]) -> TitleBlock:
    if page.elements is not None:
        return TitleBlock(None, page.title, None, "architecture", "plan", "general", page.storey)
    return read_title_block(texts, page.extent, imperial=is_imperial(texts))


def _name_differing(sheet: Sheet) -> None:
    """Say in the evidence of a scale that rests on dimensions which few of them speak against it."""
    differing = [one.text for one in find_differing(sheet.dimensions)]
    if differing and len(differing) <= _MOST_NAMED and sheet.scale and "dimensions" in sheet.scale.evidence:
        sheet.scale.evidence += f"; not {' and '.join(differing)}"


def _scale(
    page: Page,
    sheet: Sheet,
    texts: list[Text],
    lettered: list[Lettered],
    scales: dict[str, float],
    doors: float | None,
) -> Scale | None:
    """What the sheet shows, or what a person says of it: a ratio of paper, which says nothing of a model's own units.

    The printed ratio stays what is printed; a contradiction is named, and the person is believed.
    """
    if page.elements is not None:
        return Scale(None, page.unit_m, "measured", "the model's own units")
    shown = None if sheet.kind in ("cover", "schedule") else find_scale(page, texts, doors, lettered)
    given = next((scales[n] for n in (sheet.id, sheet.number, sheet.name, "*") if n in scales), None)
    if given is None or page.paper_unit_m is None:
        return shown
    m_per_unit = given * page.paper_unit_m
    evidence = f"1:{given:g} given by hand"
    if shown is None or shown.m_per_unit is None or abs(shown.m_per_unit / m_per_unit - 1) < 0.02:
        return Scale(shown.ratio if shown else None, m_per_unit, "measured", evidence)
    return Scale(shown.ratio, m_per_unit, "estimated", f"{evidence}, against the sheet: {shown.evidence}")
