"""Documents into sheets, each read in a child process, with what was finished before taken from the store.

A document that breaks its reader on one page loses that page: a new child goes on after it, a few times. What the pages
before it gave is kept in every case.

Thread-safe: documents are read side by side by a few threads; copies of one document wait for each other.
"""

from __future__ import annotations

import pickle
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from planroom.config import Settings
from planroom.errors import Fault, NoSheet, OutputError, PlanroomError, ReaderCrashed, WaitEnded
from planroom.ingest import documents
from planroom.ingest.protocol import Event, is_ask
from planroom.ingest.worker import Cancelled, Facts, run_growing
from planroom.memory.footprints import Footprints
from planroom.records import Document, Sheet
from planroom.runtime import Runtime
from planroom.store.results import as_cache_error, find_sheet, mark_whole, saved_pages, whole

MOST_RESTARTS: Final = 5
_EVERY_S: Final = 0.05  # how soon a cancelled reader stops waiting
_PICTURED: Final = ("pdf", "image")  # may hold lettering as pixels or outlines


class Step(NamedTuple):
    """How far a document is: its stage and the share of it that is done."""

    file: str
    stage: str
    share: float


Progress = Callable[[Step], None]


class Reading(NamedTuple):
    """What came of one document. As it is kept, it bears the name of whoever asked for it first."""

    sheets: list[Sheet]
    faults: list[Fault]
    timings: list[dict[str, Any]]
    is_whole: bool  # nothing in it may go better another time

    def of(self, document: Document, copy: int, *, is_new: bool) -> Reading:
        """The same as that of `document`, the `copy`-th of the same content. is_new: it was read for this one."""
        sheets = [replace(sheet, file=document.name) for sheet in self.sheets]
        for sheet in sheets if copy else ():
            sheet.rename(f"{sheet.id}~{copy + 1}")
        return Reading(
            sheets,
            [replace(fault, file=document.name) for fault in self.faults],
            [{"file": document.name} | timing for timing in self.timings if is_new or "page" in timing],
            self.is_whole,
        )


def read_all(
    found: list[Document],
    settings: Settings,
    runtime: Runtime,
    entry: str,
    progress: Progress,
    stop: threading.Event | None = None,
) -> Iterator[Reading]:
    """The reading of each document, in order. `entry` is the child's function ("module:function"). stop: ends all.

    Closing the iterator, or an error in it, ends every child of these documents. Raises OutputError where the store
    cannot be written.
    """
    reader = _Reader(settings, runtime, any(document.kind in _PICTURED for document in found), entry, progress, stop)
    threads = min(max(1, settings.readers), max(1, len(found)))
    with ThreadPoolExecutor(threads, thread_name_prefix="planroom-reader") as pool:
        waiting = [pool.submit(reader.read, document, copy) for document, copy in _numbered(found)]
        try:
            for future in waiting:
                yield future.result()
        except BaseException:
            reader.cancelled.set()
            for future in waiting:
                future.cancel()
            raise


def first_bytes(document: Document, footprints: Footprints) -> int:
    """The lease that a document's reader starts with; it grows as the reader learns what is in the document."""
    return footprints.start_bytes(document.kind, document.size_bytes)


def _numbered(found: list[Document]) -> Iterator[tuple[Document, int]]:
    """Each document with how many of the same content came before it."""
    seen: dict[str, int] = defaultdict(int)
    for document in found:
        yield document, seen[document.sha256]
        seen[document.sha256] += 1


class _Either(threading.Event):
    """An event of its own that is also set while `other` is; waiting for it waits for its own alone."""

    def __init__(self, other: threading.Event | None):
        super().__init__()
        self._other = other

    def is_set(self) -> bool:
        """Whether one of them is."""
        return super().is_set() or (self._other is not None and self._other.is_set())


class _Reader:
    """Reads documents; every thread uses the same one."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        pictured: bool,
        entry: str,
        progress: Progress,
        stop: threading.Event | None,
    ):
        self.cancelled = _Either(stop)
        self._settings = settings
        self._runtime = runtime
        self._answers = runtime.answers(pictured)
        self._entry = entry
        self._progress = progress

    def read(self, document: Document, copy: int) -> Reading:
        """One document: as it was read before, or in children now; the `copy`-th of the same content.

        Of many who want the same document at once, one has it read.
        """
        told: dict[str, Any] = {
            "kind": document.kind,
            "picture_px": self._settings.picture_px,
            "scales": self._settings.scales | _corrected_scales(self._settings, document),
            "password": self._settings.password if document.kind == "pdf" else "",
            "letters": self._answers.can_read and document.kind in _PICTURED,
            "sight": self._answers.sight if document.kind in _PICTURED else "",
            "unread": self._answers.remark if document.kind in _PICTURED else "",
        }
        runtime = self._runtime
        made: list[bool] = []

        def make() -> bytes:
            made.append(True)
            return pickle.dumps(self._read(document, told, folder))

        try:
            folder = runtime.store.folder(document.sha256, told)
            while True:
                made.clear()
                kept = runtime.readings.get_or_compute(str(folder), make, stop=self.cancelled)
                reading: Reading = pickle.loads(kept)  # made by this process, and never on disk
                is_there = all(Path(sheet.picture).is_file() for sheet in reading.sheets)
                if not (reading.is_whole and is_there):
                    runtime.readings.remove(str(folder))
                if is_there:
                    break
        except WaitEnded:
            raise Cancelled from None
        except OutputError as error:
            raise as_cache_error(error) from None
        self._progress(Step(document.name, "done", 1.0))
        trouble = self._answers.trouble
        if trouble is not None and any(sheet.remark == told["unread"] for sheet in reading.sheets):
            reading = reading._replace(faults=[*reading.faults, trouble.fault(document.name, "letters")])
        blind = self._answers.blind
        if blind is not None and any(row["stage"] == "look" for sheet in reading.sheets for row in sheet.timings):
            reading = reading._replace(faults=[*reading.faults, blind.fault(document.name, "look")])
        return reading.of(document, copy, is_new=bool(made))

    def _read(self, document: Document, told: dict[str, Any], folder: Path) -> Reading:
        kept = _kept(folder)
        known = whole(folder)
        faults: list[Fault] = []
        ended: list[Fault] = []
        timings: list[dict[str, Any]] = []
        if known is not None:
            faults = [Fault(**fault) for fault in known["faults"]]
        else:
            with documents.plain_path(document.path) as path:
                arguments = told | {"path": str(path), "sha256": document.sha256, "folder": str(folder)}
                said, ended, timings = self._read_on(document, arguments)
            kept = _kept(folder)
            faults = [*said, *ended]
            if not ended:  # what ends a child may go well another time, with more bytes or seconds
                mark_whole(folder, {"pages": sorted(kept), "faults": [fault.as_json() for fault in said]})
        if not kept and not faults:
            faults.append(NoSheet("holds no sheet").fault(document.name, "read"))
        for sheet in kept.values():
            timings.extend({"page": sheet.page, **timing} for timing in sheet.timings)
        return Reading(list(kept.values()), sorted(faults, key=lambda fault: fault.page or 0), timings, not ended)

    def _read_on(
        self, document: Document, arguments: dict[str, Any]
    ) -> tuple[list[Fault], list[Fault], list[dict[str, Any]]]:
        """What the children said of pages that cannot be read, what ended children, and what the last one took."""
        said: dict[int, Fault] = {}
        ended: list[Fault] = []
        while True:
            watch = _Watch(document.name, self._progress, said, self._answer_in(Path(arguments["folder"])))
            lost = [fault.page for fault in (*said.values(), *ended)]
            try:
                facts = self._run_child(document, arguments | {"lost": lost}, watch)
            except OutputError:
                raise
            except PlanroomError as error:
                last = watch.page is None or len(ended) == MOST_RESTARTS
                if last and watch.page is not None:
                    error.message += "; the pages after it were not read"
                ended.append(error.fault(document.name, watch.stage, watch.page))
                if last:
                    return list(said.values()), ended, []
            else:
                return list(said.values()), ended, [facts.as_timing("reader")]

    def _answer_in(self, folder: Path) -> Callable[[Event, Callable[[float], None]], object]:
        """What answers the children that keep their sheets in `folder`, until all is cancelled."""

        def answer(event: Event, progress: Callable[[float], None]) -> object:
            def step(share: float) -> None:
                if self.cancelled.is_set():
                    raise Cancelled
                progress(share)

            return self._answers.answer(folder, event, step)

        return answer

    def _run_child(self, document: Document, arguments: dict[str, Any], watch: _Watch) -> Facts:
        most_bytes = self._runtime.most_reader_bytes
        with self._slot():
            _, facts = run_growing(
                self._entry,
                arguments,
                manager=self._runtime.manager,
                first_bytes=min(first_bytes(document, self._runtime.footprints), most_bytes),
                most_bytes=most_bytes,
                clock_s=self._settings.seconds,
                on_event=watch.hear,
                cancelled=self.cancelled,
                footprints=self._runtime.footprints,
            )
        return facts

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """A place among the readers that may live at once."""
        while not self._runtime.slots.acquire(timeout=_EVERY_S):
            if self.cancelled.is_set():
                raise Cancelled
        try:
            if self.cancelled.is_set():
                raise Cancelled
            yield
        finally:
            self._runtime.slots.release()


class _Watch:
    """Where a child is, by its own events: `page` is None while it works on no certain page."""

    def __init__(
        self,
        name: str,
        progress: Progress,
        said: dict[int, Fault],
        answer: Callable[[Event, Callable[[float], None]], object],
    ):
        self.stage = "read"
        self.page: int | None = None
        self._name = name
        self._progress = progress
        self._said = said
        self._answer = answer

    def hear(self, event: Event) -> object:
        """Take one event of the child; the answer, where it asks.

        Raises ReaderCrashed where it is not of the form that `read_sheets` sends.
        """
        try:
            self.stage = str(event.get("stage", "read"))
            self.page = None if event.get("page") is None else int(event["page"])
            if event["event"] == "fault" and self.page is not None:
                code, message, hint = (str(event[name]) for name in ("code", "message", "hint"))
                self._said[self.page] = Fault(code, self._name, self.page, self.stage, message, hint)
            self._progress(Step(self._name, self.stage, float(event.get("share", 0.0))))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ReaderCrashed("the reader broke its protocol") from error
        if not is_ask(event):
            return None
        return self._answer(event, lambda share: self._progress(Step(self._name, "letters", share)))


def _kept(folder: Path) -> dict[int, Sheet]:
    """The sheets that the store has whole, by page; what is damaged there is dropped."""
    found = {page: find_sheet(folder, page) for page in saved_pages(folder)}
    return {page: sheet for page, sheet in found.items() if sheet is not None}


def _corrected_scales(settings: Settings, document: Document) -> dict[str, float]:
    own = document.sha256[:12]
    return {
        sheet: float(entry["scale"])
        for sheet, entry in settings.corrections.items()
        if sheet.startswith(own) and "scale" in entry
    }
