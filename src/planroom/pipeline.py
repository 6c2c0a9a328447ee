"""The order of the work; the only module that knows it.

    files -> documents -> (in a child each: read -> scale -> detect -> label) -> sheets -> group -> take off -> report

`read_sheets` runs in a reader child and keeps each finished sheet on disk; `analyze` runs in the parent, starts a child for
every document that is not finished yet, and measures what they found. Every stage takes its bytes from a ledger.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from planroom.config import Settings
from planroom.detect import vectors
from planroom.errors import DiskFull, Fault, NothingToRead, PlanroomError
from planroom.ingest import documents, dxf, image, pdf
from planroom.ingest.worker import Cancelled, run_growing
from planroom.measure.corrections import apply_corrections
from planroom.measure.sets import group_sheets
from planroom.measure.takeoff import take_off
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.manager import MemoryManager
from planroom.records import Document, Page, Report, Scale, Sheet
from planroom.sheet.heights import read_heights
from planroom.sheet.legend import read_legend, set_status
from planroom.sheet.rooms import count, label_rooms
from planroom.sheet.scale import find_scale, is_imperial
from planroom.sheet.text import join_runs
from planroom.sheet.titleblock import TitleBlock, read_title_block
from planroom.store.files import atomic_path
from planroom.store.results import ResultStore, load_sheet, mark_whole, save_sheet, saved_pages, whole

Emit = Callable[[dict[str, Any]], None]
_START_BYTES = 150 << 20  # a reader with its libraries mapped, measured
PARENT_BYTES = 96 << 20  # what the parent may grow by outside any lease: report objects, buffers
_NO_PLAN = ("cover", "schedule", "elevation", "section", "detail")


class Step(NamedTuple):
    """How far a document is: its stage and the share of it that is done."""

    file: str
    stage: str
    share: float


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
    store = ResultStore(settings.cache_folder, settings.cache_bytes)
    report = Report(faults=faults, units=settings.units)
    for sheets, failures, facts in _read_all(found, settings, manager, store, progress):
        report.sheets.extend(sheets)
        report.faults.extend(failures)
        report.timings.extend(facts)
    store.trim()
    measure(report, settings)
    return report


def measure(report: Report, settings: Settings) -> None:
    """Apply the corrections, group the sheets, and fill in the quantities."""
    start_s = time.monotonic()
    report.sheets = [s for s in report.sheets if not settings.sheets or _is_named(s, settings.sheets)]
    apply_corrections(report.sheets, settings.corrections)
    report.groups = group_sheets(report.sheets)
    report.quantities = take_off(report.sheets, report.groups, settings.height_m)
    report.timings.append({"stage": "measure", "wall_s": round(time.monotonic() - start_s, 4)})


def _is_named(sheet: Sheet, wanted: tuple[str, ...]) -> bool:
    return bool({sheet.number, sheet.id, sheet.name, str(sheet.page + 1)} & set(wanted))


_Read = tuple[list[Sheet], list[Fault], list[dict[str, Any]]]


def _read_all(
    found: list[Document],
    settings: Settings,
    manager: MemoryManager,
    store: ResultStore,
    progress: Callable[[Step], None],
) -> Iterator[_Read]:
    """The sheets, faults and timings of each document, in order; some documents are read side by side."""
    cancelled = threading.Event()
    with ThreadPoolExecutor(max(1, settings.readers), thread_name_prefix="planroom-reader") as pool:
        waiting = [
            pool.submit(_read_document, document, settings, manager, store, progress, cancelled) for document in found
        ]
        try:
            for future in waiting:
                yield future.result()
        except BaseException:
            cancelled.set()
            for future in waiting:
                future.cancel()
            raise


def _read_document(
    document: Document,
    settings: Settings,
    manager: MemoryManager,
    store: ResultStore,
    progress: Callable[[Step], None],
    cancelled: threading.Event,
) -> _Read:
    """One document from the store, or read in a child and kept there."""
    scales = settings.scales | _corrected_scales(settings, document)
    told = {"kind": document.kind, "picture_px": settings.picture_px, "scales": scales}
    folder = store.folder(document.sha256, told)
    known = None if settings.fresh else whole(folder)
    failures: list[Fault] = []
    facts: list[dict[str, Any]] = []
    if known is None:
        stage, page = "read", 0
        done = [] if settings.fresh else saved_pages(folder)

        def listen(event: dict[str, Any]) -> None:
            nonlocal stage, page
            page = event.get("page", page)
            stage = event.get("stage", stage)
            progress(Step(document.path, stage, float(event.get("share", 0.0))))

        arguments = told | {
            "path": document.path,
            "sha256": document.sha256,
            "folder": str(folder),
            "password": settings.password,
            "done": done,
        }
        try:
            if cancelled.is_set():
                raise Cancelled
            known, run = run_growing(
                "planroom.pipeline:read_sheets",
                arguments,
                manager=manager,
                first_bytes=min(first_bytes(document), manager.capacity_bytes),
                most_bytes=manager.capacity_bytes,
                clock_s=settings.seconds,
                on_event=listen,
                cancelled=cancelled,
            )
            mark_whole(folder, known)
            facts.append(
                {
                    "file": document.path,
                    "stage": "reader",
                    "wall_s": round(run.wall_s, 3),
                    "cpu_s": round(run.cpu_s, 3),
                    "leased_bytes": run.leased_bytes,
                    "peak_bytes": run.peak_anonymous_bytes,
                    "retried": run.retried,
                }
            )
        except PlanroomError as error:
            if isinstance(error, DiskFull):
                raise
            several = document.kind in ("pdf", "image") and page > 0
            failures.append(error.fault(document.path, stage, page if several else None))
    sheets = [replace(load_sheet(folder, p), file=document.path) for p in saved_pages(folder)]
    for sheet in sheets:
        facts.extend({"file": sheet.file, "page": sheet.page, **timing} for timing in sheet.timings)
    if known is not None and not sheets:
        failures.append(Fault("E203", document.path, None, "read", "holds no sheet", "check that it holds a drawing"))
    failures.extend(Fault(**fault) for fault in (known or {}).get("faults", []))
    progress(Step(document.path, "done", 1.0))
    return sheets, failures, facts


def _corrected_scales(settings: Settings, document: Document) -> dict[str, float]:
    own = document.sha256[:12]
    return {
        sheet: float(entry["scale"])
        for sheet, entry in settings.corrections.items()
        if sheet.startswith(own) and "scale" in entry
    }


def first_bytes(document: Document) -> int:
    """The lease that a document's reader starts with; run once more under all there is where it was too small."""
    size = document.size_bytes
    reading = {
        "pdf": pdf.lease_bytes(size) + 140_000_000,
        "dxf": dxf.lease_bytes(size) + 120_000_000,
        "image": 200_000_000,
        "ifc": 450_000_000 + 12 * size,
    }[document.kind]
    return _START_BYTES + reading


# ---- in the reader child ----------------------------------------------------------------------------------------------


def read_sheets(arguments: dict[str, Any], emit: Emit, ledger: MemoryManager) -> dict[str, Any]:
    """Read every page of a document that is not in `done`, and keep each as a sheet in `folder`."""
    cv2.setNumThreads(1)
    path, folder = Path(arguments["path"]), Path(arguments["folder"])
    at = {"page": 0}

    def progress(stage: str, share: float) -> None:
        emit({"event": "progress", "stage": stage, "share": share, "page": at["page"]})

    skip = frozenset(arguments["done"])
    faults: list[dict[str, Any]] = []
    pages = _open(arguments, path, progress, ledger, skip)
    clock = _Clock(ledger)
    while True:
        with clock.stage("read", 0):
            page = next(pages, None)
        if page is None:
            break
        at["page"] = page.index
        sheet = read_sheet(page, arguments, clock, progress)
        sheet.timings = clock.take()
        with clock.stage("keep", page.picture_bgr.nbytes):
            _keep(page, sheet, folder)
        emit({"event": "sheet", "stage": "read", "page": page.index + 1})
        at["page"] = page.index + 1
    return {"faults": faults}


def _open(
    arguments: dict[str, Any],
    path: Path,
    progress: Callable[[str, float], None],
    ledger: MemoryManager,
    skip: frozenset[int],
) -> Iterator[Page]:
    common: dict[str, Any] = {
        "picture_px": arguments["picture_px"],
        "ledger": ledger,
        "progress": progress,
        "pages": _AllBut(skip) if skip else None,
    }
    match arguments["kind"]:
        case "pdf":
            return pdf.read_pdf(path, password=arguments["password"], **common)
        case "dxf":
            return dxf.read_dxf(path, **common)
        case "ifc":
            from planroom.ingest import ifc  # the extra's kernel takes half a second to load

            return ifc.read_ifc(path, **common)
        case _:
            return image.read_image(path, **common)


class _AllBut(frozenset[int]):
    """The pages that are not in the set."""

    def __contains__(self, page: object) -> bool:
        return not super().__contains__(page)


def read_sheet(page: Page, arguments: dict[str, Any], clock: _Clock, progress: Callable[[str, float], None]) -> Sheet:
    """One page as a sheet: title block, scale, elements, labels, status, counts."""
    with clock.stage("sheet", 400 * len(page.linework.segments_xyxy) + 4000 * len(page.linework.texts) + 8_000_000):
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
        doors = vectors.guess_scale(page.linework)
        sheet.scale = _scale(page, sheet, texts, arguments["scales"], doors)
        if sheet.kind == "section":
            sheet.heights = read_heights(texts)
    if page.elements is not None:
        sheet.elements = page.elements
    elif sheet.kind not in _NO_PLAN:
        m_per_unit = (sheet.scale.m_per_unit if sheet.scale else None) or doors
        if m_per_unit is not None and len(page.linework.segments_xyxy):
            with clock.stage("detect", vectors.lease_bytes(page.linework)):
                sheet.elements = vectors.find_elements(page, m_per_unit, progress)
                label_rooms(sheet.elements, texts, m_per_unit)
                set_status(sheet.elements, page.linework, read_legend(page.linework, texts, m_per_unit))
    for element in sheet.elements:
        element.id = f"{sheet.id}.{element.id}"
    sheet.counts = count(sheet.elements)
    return sheet


def _title_block(page: Page, texts: list[Any]) -> TitleBlock:
    if page.elements is not None:
        return TitleBlock(None, page.title, None, "architecture", "plan", "general", page.storey)
    return read_title_block(texts, page.extent, imperial=is_imperial(texts))


def _scale(page: Page, sheet: Sheet, texts: list[Any], scales: dict[str, float], doors: float | None) -> Scale | None:
    """What a person says comes first, then what the sheet shows."""
    for name in (sheet.id, sheet.number, sheet.name, "*"):
        if name in scales and page.paper_unit_m:
            return Scale(scales[name], scales[name] * page.paper_unit_m, "measured", "given by hand")
        if name in scales:
            return Scale(
                scales[name], page.unit_m, "measured" if page.unit_m else "withheld", "given by hand, no paper size"
            )
    if page.elements is not None:
        return Scale(None, page.unit_m, "measured", "the model's own units")
    if sheet.kind in ("cover", "schedule"):
        return None
    return find_scale(page, texts, doors)


def _keep(page: Page, sheet: Sheet, folder: Path) -> None:
    with atomic_path(folder / sheet.picture) as part:
        _, data = cv2.imencode(".png", page.picture_bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
        part.write_bytes(data.tobytes())
    save_sheet(folder, sheet)


class _Clock:
    """Seconds, leased bytes and anonymous growth of each stage of a sheet."""

    def __init__(self, ledger: MemoryManager):
        self._ledger = ledger
        self._rows: list[dict[str, Any]] = []

    @contextmanager
    def stage(self, name: str, lease_bytes: int) -> Iterator[None]:
        """A stage under its lease."""
        start_s, before = time.monotonic(), own_anonymous_bytes()
        with self._ledger.lease(lease_bytes, name):
            yield
        self._rows.append(
            {
                "stage": name,
                "wall_s": round(time.monotonic() - start_s, 4),
                "leased_bytes": lease_bytes,
                "grown_bytes": max(0, own_anonymous_bytes() - before),
            }
        )

    def take(self) -> list[dict[str, Any]]:
        """The rows so far, forgotten here."""
        rows, self._rows = self._rows, []
        return rows
