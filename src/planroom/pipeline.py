"""The order of the work; the only module that knows it.

    files -> documents -> (in a child each: read -> scale -> detect -> label) -> sheets -> group -> take off -> report

`read_sheets` runs in a reader child and keeps each finished sheet on disk; `analyze` runs in the parent, has a child
started for every document that is not finished yet (`planroom.readers`), and measures what they found. Every stage
takes its bytes from a ledger.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from planroom.config import Settings
from planroom.detect import vectors
from planroom.errors import BudgetRefused, NothingToRead, OutputError, PlanroomError, UnreadableFile, UsageError
from planroom.ingest import documents
from planroom.measure.corrections import apply_corrections
from planroom.measure.sets import group_sheets
from planroom.measure.takeoff import take_off
from planroom.measure.views import settle_heads
from planroom.memory.growth import watch_growth
from planroom.memory.manager import MemoryManager
from planroom.readers import Step, read_all
from planroom.records import Page, Report, Scale, Sheet
from planroom.sheet.heights import read_heights
from planroom.sheet.legend import demolished_styles, read_legend, set_status
from planroom.sheet.rooms import count, label_rooms, name_uses, shows_rooms
from planroom.sheet.scale import find_scale, is_imperial
from planroom.sheet.tags import tag_openings
from planroom.sheet.text import join_runs
from planroom.sheet.titleblock import TitleBlock, read_title_block
from planroom.store.files import atomic_path
from planroom.store.results import ResultStore, save_sheet, saved_pages

Emit = Callable[[dict[str, Any]], None]
_SHEET_BYTES = 6_000_000
_KEEP_BYTES = 2_000_000
_ELEMENT_BYTES = 12_000  # of a sheet's JSON while it is written
_QUANTITIES_BYTES = 2_000  # what measuring makes of an element
PARENT_BYTES = 96 << 20  # what the parent may grow by outside any lease: report objects, buffers
_PAGED = ("pdf", "image")  # read page by page, in order; the others are read whole
_NO_PLAN = ("cover", "schedule", "elevation", "section", "detail", "site")


def analyze(
    paths: Sequence[Path],
    settings: Settings,
    manager: MemoryManager,
    progress: Callable[[Step], None],
) -> Report:
    """Everything that `paths` hold, read, found and measured. Each input ends in `sheets` or in `faults`.

    Raises NothingToRead where no file was named or found at all; KeyboardInterrupt leaves finished sheets in the store.
    """
    found, faults = documents.find_documents(paths)
    if not found and not faults:
        raise NothingToRead("there is no drawing here", place=", ".join(map(str, paths)))
    store = ResultStore(settings.cache_folder, settings.cache_bytes, fresh=settings.fresh)
    report = Report(faults=faults, units=settings.units, paths={document.name: document.path for document in found})
    for reading in read_all(found, settings, manager, store, "planroom.pipeline:read_sheets", progress):
        report.sheets.extend(reading.sheets)
        report.faults.extend(reading.faults)
        report.timings.extend(reading.timings)
    store.trim()
    elements = sum(len(sheet.elements) for sheet in report.sheets)
    with manager.lease(min(2_000_000 + _QUANTITIES_BYTES * elements, manager.capacity_bytes), "measure"):
        measure(report, settings)
    return report


def measure(report: Report, settings: Settings) -> None:
    """Apply the corrections, group the sheets, and fill in the quantities.

    Raises UsageError where sheets were asked for, or given a scale, by names that none of them has.
    """
    start_s = time.monotonic()
    if settings.sheets and report.sheets:
        named = [sheet for sheet in report.sheets if _is_named(sheet, settings.sheets)]
        if not named:
            there = ", ".join(sheet.number or sheet.name for sheet in report.sheets[:20])
            raise UsageError(
                f"--sheets {','.join(settings.sheets)}: no sheet has such a name", hint=f"there are {there}"
            )
        report.sheets = named
    unknown = [n for n in settings.scales if n != "*" and not any(_is_named(s, (n,)) for s in report.sheets)]
    if unknown and report.sheets:
        raise UsageError(f"--scale {unknown[0]}=…: no sheet has such a name")
    apply_corrections(report.sheets, settings.corrections)
    report.groups = group_sheets(report.sheets)
    settle_heads(report.sheets, report.groups)
    report.quantities = take_off(report.sheets, report.groups, settings.height_m, settings.units)
    report.timings.append({"stage": "measure", "wall_s": round(time.monotonic() - start_s, 4)})


def _is_named(sheet: Sheet, wanted: tuple[str, ...]) -> bool:
    return bool({sheet.number, sheet.id, sheet.name, str(sheet.page + 1)} & set(wanted))


# ---- in the reader child -----------------------------------------------------------------------------------------


def read_sheets(arguments: dict[str, Any], emit: Emit, ledger: MemoryManager) -> dict[str, Any]:
    """Read every page that is neither in `folder` nor in `lost`, and keep each as a sheet in `folder`.

    A page that cannot be read becomes an event "fault", and the next one is read. Events carry "page" from when a
    reader begins with a page until it is done. Raises what concerns the whole document, and what more bytes might mend.
    """
    cv2.setNumThreads(1)
    path, folder = Path(arguments["path"]), Path(arguments["folder"])
    clock = _Clock(ledger)
    at: int | None = None

    def progress(stage: str, share: float) -> None:
        nonlocal at
        if at is None and arguments["kind"] in _PAGED:
            at = next(index for index in itertools.count() if index not in skip)
        emit({"event": "progress", "stage": stage, "share": share, "page": at})

    skip = {*saved_pages(folder), *arguments["lost"]}
    pages = _open(arguments, path, progress, ledger, skip)
    while True:
        try:
            with clock.stage("read", 0):
                page = next(pages, None)
            if page is None:
                return {}
            clock.note("paths", page.linework.n_paths)
            with ledger.lease(_page_bytes(page), f"page {page.index + 1} while it is worked on"):
                sheet = read_sheet(page, arguments, clock, progress)
                with clock.stage("keep", _KEEP_BYTES + 5 * page.picture_bgr.nbytes // 4):
                    _keep_picture(page, folder / sheet.picture)
                sheet.timings = clock.take()
                with ledger.lease(_KEEP_BYTES + _ELEMENT_BYTES * len(sheet.elements), "the sheet's elements"):
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
            pages = _open(arguments, path, progress, ledger, skip)


def _page_bytes(page: Page) -> int:
    """What a page holds from when it was read until it is kept."""
    work = page.linework
    pieces = 36 * len(work.segments_xyxy) + 44 * len(work.arcs) + 4 * work.n_paths + 300 * len(work.fills)
    return page.picture_bgr.nbytes + pieces + 16 * sum(map(len, work.fills)) + 900 * len(work.texts)


def _is_no_room(error: PlanroomError) -> bool:
    return isinstance(error, BudgetRefused) or isinstance(error.__cause__, BudgetRefused)


def _words(error: PlanroomError) -> dict[str, str]:
    return {"message": error.message, "hint": error.advice}


def _open(
    arguments: dict[str, Any],
    path: Path,
    progress: Callable[[str, float], None],
    ledger: MemoryManager,
    skip: set[int],
) -> Iterator[Page]:
    if not path.is_file():
        raise UnreadableFile("is no longer there")
    common: dict[str, Any] = {
        "picture_px": arguments["picture_px"],
        "ledger": ledger,
        "progress": progress,
        "pages": _AllBut(skip),
    }
    match arguments["kind"]:
        case "pdf":
            from planroom.ingest import pdf  # each reader brings its libraries, and a child needs one of them

            return pdf.read_pdf(path, password=arguments["password"], **common)
        case "dxf":
            from planroom.ingest import dxf

            return dxf.read_dxf(path, **common)
        case "ifc":
            from planroom.ingest import ifc

            return ifc.read_ifc(path, **common)
        case _:
            from planroom.ingest import image

            return image.read_image(path, **common)


class _AllBut(frozenset[int]):
    """The pages that are not in the set."""

    def __contains__(self, page: object) -> bool:
        return not super().__contains__(page)


def read_sheet(page: Page, arguments: dict[str, Any], clock: _Clock, progress: Callable[[str, float], None]) -> Sheet:
    """One page as a sheet: title block, scale, elements, labels, status, counts."""
    work = page.linework
    with clock.stage("sheet", _SHEET_BYTES + 800 * len(work.segments_xyxy) + 2500 * len(work.texts)):
        progress("sheet", 0.0)
        texts = join_runs(page.linework.texts)
        block = _title_block(page, texts)
        sheet = Sheet(
            id=f"{arguments['sha256'][:12]}-{page.index + 1}",
            file=arguments["path"],
            page=page.index,
            name=page.name,
            width_px=page.picture_bgr.shape[1],
            height_px=page.picture_bgr.shape[0],
            extent=page.extent,
            picture=f"{page.index}.png",
            number=block.number,
            title=block.title,
            kind=block.kind,
            view=block.view,
            storey=page.storey or block.storey,
            discipline=block.discipline,
            revision=block.revision,
            heights=page.heights,
        )
        doors = vectors.guess_scale(page.linework, page.paper_unit_m)
        sheet.scale = _scale(page, sheet, texts, arguments["scales"], doors)
        if sheet.kind == "section":
            sheet.heights = read_heights(texts)
    if page.elements is not None:
        sheet.elements = page.elements
        name_uses(sheet.elements)
    elif sheet.kind not in _NO_PLAN:
        # doors tell walls from furniture better than a scale that contradicts the drawing
        doubted = doors is not None and sheet.scale is not None and "against the sheet" in sheet.scale.evidence
        m_per_unit = doors if doubted else (sheet.scale.m_per_unit if sheet.scale else None) or doors
        if m_per_unit is not None and len(page.linework.segments_xyxy):
            with clock.stage("detect", vectors.lease_bytes(page.linework)):
                legend = read_legend(page.linework, texts)
                gone = demolished_styles(page.linework, legend)
                sheet.elements = vectors.find_elements(page, m_per_unit, progress, view=sheet.view, gone=gone)
                label_rooms(sheet.elements, texts, m_per_unit)
                if sheet.kind == "unknown" and page.paper_unit_m and not shows_rooms(sheet.elements):
                    sheet.elements = []
                tag_openings(sheet.elements, texts, m_per_unit)
                set_status(sheet.elements, page.linework, legend)
    for element in sheet.elements:
        element.id = f"{sheet.id}.{element.id}"
    sheet.counts = count(sheet.elements)
    sheet.remark = _remark(page, sheet)
    return sheet


def _remark(page: Page, sheet: Sheet) -> str:
    """Why nothing was found on a sheet, in words for whoever looks for its numbers; "" where nothing needs saying."""
    if sheet.elements or sheet.kind in _NO_PLAN:
        return ""
    if len(page.linework.segments_xyxy) == 0:
        return "a picture without lines: scans and photos are shown, but not read yet"
    if not page.linework.texts:
        return "its lettering is drawn as lines, so neither title nor scale could be read: nothing was counted"
    if sheet.kind == "unknown":
        return "it names no kind of sheet and shows no floor plan that could be told"
    return "no wall with a door or a window in it was found"


def _title_block(page: Page, texts: list[Any]) -> TitleBlock:
    if page.elements is not None:
        return TitleBlock(None, page.title, None, "architecture", "plan", "general", page.storey)
    return read_title_block(texts, page.extent, imperial=is_imperial(texts))


def _scale(page: Page, sheet: Sheet, texts: list[Any], scales: dict[str, float], doors: float | None) -> Scale | None:
    """What the sheet shows, or what a person says of it: a ratio of paper, which says nothing of a model's own units.

    The printed ratio stays what is printed; a contradiction is named, and the person is believed.
    """
    if page.elements is not None:
        return Scale(None, page.unit_m, "measured", "the model's own units")
    shown = None if sheet.kind in ("cover", "schedule") else find_scale(page, texts, doors)
    given = next((scales[n] for n in (sheet.id, sheet.number, sheet.name, "*") if n in scales), None)
    if given is None or page.paper_unit_m is None:
        return shown
    m_per_unit = given * page.paper_unit_m
    evidence = f"1:{given:g} given by hand"
    if shown is None or shown.m_per_unit is None or abs(shown.m_per_unit / m_per_unit - 1) < 0.02:
        return Scale(shown.ratio if shown else None, m_per_unit, "measured", evidence)
    return Scale(shown.ratio, m_per_unit, "estimated", f"{evidence}, against the sheet: {shown.evidence}")


def _keep_picture(page: Page, path: Path) -> None:
    with atomic_path(path) as part:
        _, data = cv2.imencode(".png", page.picture_bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
        part.write_bytes(data.data)


class _Clock:
    """Seconds, and what was leased and grown by at its highest, of each stage of a sheet."""

    def __init__(self, ledger: MemoryManager):
        self._ledger = ledger
        self._rows: list[dict[str, Any]] = []

    @contextmanager
    def stage(self, name: str, lease_bytes: int) -> Iterator[None]:
        """A stage under its lease, beside those that readers take themselves."""
        start_s, start_cpu_s, held_bytes = time.monotonic(), time.process_time(), self._ledger.leased_bytes
        self._ledger.renew_peak()
        with self._ledger.lease(lease_bytes, name), watch_growth() as growth:
            yield
        self._rows.append(
            {
                "stage": name,
                "wall_s": round(time.monotonic() - start_s, 4),
                "cpu_s": round(time.process_time() - start_cpu_s, 4),
                "leased_bytes": self._ledger.peak_leased_bytes - held_bytes,
                "grown_bytes": growth.peak_bytes,
            }
        )

    def note(self, name: str, value: int) -> None:
        """Add a figure to the last stage's row."""
        self._rows[-1][name] = value

    def take(self) -> list[dict[str, Any]]:
        """The rows so far, forgotten here."""
        rows, self._rows = self._rows, []
        return rows
