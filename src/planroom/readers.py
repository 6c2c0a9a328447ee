"""Documents into sheets, each read in a child process, with what was finished before taken from the store.

A document that breaks its reader on one page loses that page: a new child goes on after it, a few times. What the pages
before it gave is kept in every case.

Thread-safe: documents are read side by side by a few threads; copies of one document wait for each other.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from planroom.answers import Answers
from planroom.config import Settings
from planroom.engine.ocr import MODEL_BYTES, WORK_BYTES, TextReader
from planroom.errors import Fault, NoSheet, OutputError, PlanroomError, ReaderCrashed
from planroom.ingest import documents
from planroom.ingest.protocol import Event, is_ask
from planroom.ingest.worker import Cancelled, Facts, run_growing
from planroom.memory.manager import MemoryManager
from planroom.records import Document, Sheet
from planroom.store.results import ResultStore, as_cache_error, find_sheet, mark_whole, saved_pages, whole

MOST_RESTARTS: Final = 5
_START_BYTES: Final = 150 << 20  # a reader with its libraries mapped, measured
_LEAST_READER_BYTES: Final = 330 << 20  # with less beside the networks no sheet of letter size could be read
_PICTURED: Final = ("pdf", "image")  # may hold lettering as pixels or outlines


class Step(NamedTuple):
    """How far a document is: its stage and the share of it that is done."""

    file: str
    stage: str
    share: float


Progress = Callable[[Step], None]


class Reading(NamedTuple):
    """What came of one document."""

    sheets: list[Sheet]
    faults: list[Fault]
    timings: list[dict[str, Any]]


def read_all(
    found: list[Document],
    settings: Settings,
    manager: MemoryManager,
    store: ResultStore,
    entry: str,
    progress: Progress,
) -> Iterator[Reading]:
    """The reading of each document, in order. `entry` is the child's function ("module:function").

    Closing the iterator, or an error in it, ends every child. Raises OutputError where the store cannot be written.
    """
    with ExitStack() as stack:
        networks = _networks(found, manager)
        if networks is not None:
            stack.callback(networks.close)
        most_bytes = manager.capacity_bytes - (networks.leased_bytes if networks else 0)
        reader = _Reader(settings, manager, most_bytes, store, Answers(networks, store), entry, progress)
        pool = stack.enter_context(ThreadPoolExecutor(max(1, settings.readers), thread_name_prefix="planroom-reader"))
        waiting = [pool.submit(reader.read, document, copy) for document, copy in _numbered(found)]
        try:
            for future in waiting:
                yield future.result()
        except BaseException:
            reader.cancelled.set()
            for future in waiting:
                future.cancel()
            raise


def _networks(found: list[Document], manager: MemoryManager) -> TextReader | None:
    """What reads lettering, leased before any reader is, so that no reader waits for bytes that another one holds.

    None where no document may need it, or where it would leave no room for readers.
    """
    needed = MODEL_BYTES + WORK_BYTES + _LEAST_READER_BYTES
    if manager.capacity_bytes < needed or all(document.kind not in _PICTURED for document in found):
        return None
    return TextReader(manager)


def first_bytes(document: Document) -> int:
    """The lease that a document's reader starts with; run once more under all there is where it was too small."""
    size = document.size_bytes
    reading = {
        "pdf": 200_000_000 + 3 * size,
        "dxf": 120_000_000 + 14 * size,
        "image": 450_000_000,
        "ifc": 450_000_000 + 12 * size,
    }[document.kind]
    return _START_BYTES + reading


def _numbered(found: list[Document]) -> Iterator[tuple[Document, int]]:
    """Each document with how many of the same content came before it."""
    seen: dict[str, int] = defaultdict(int)
    for document in found:
        yield document, seen[document.sha256]
        seen[document.sha256] += 1


class _Reader:
    """Reads documents; every thread uses the same one."""

    def __init__(
        self,
        settings: Settings,
        manager: MemoryManager,
        most_bytes: int,
        store: ResultStore,
        answers: Answers,
        entry: str,
        progress: Progress,
    ):
        self.cancelled = threading.Event()
        self._settings = settings
        self._manager = manager
        self._most_bytes = most_bytes  # what is left beside the networks: a wait for more would have no end
        self._store = store
        self._answers = answers
        self._entry = entry
        self._progress = progress
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def read(self, document: Document, copy: int) -> Reading:
        """One document from the store, or read in children and kept there; the `copy`-th of the same content."""
        settings = self._settings
        told: dict[str, Any] = {
            "kind": document.kind,
            "picture_px": settings.picture_px,
            "scales": settings.scales | _corrected_scales(settings, document),
            "password": settings.password if document.kind == "pdf" else "",
            "letters": self._answers.can_read,
        }
        try:
            with self._turns[document.sha256]:
                folder = self._store.folder(document.sha256, told)
                reading = self._read(document, told, folder, copy)
        except OutputError as error:
            raise as_cache_error(error) from None
        self._progress(Step(document.name, "done", 1.0))
        return reading

    def _read(self, document: Document, told: dict[str, Any], folder: Path, copy: int) -> Reading:
        kept = self._kept(document, folder, copy)
        known = whole(folder)
        faults: list[Fault] = []
        timings: list[dict[str, Any]] = []
        if known is not None:
            faults = [Fault(**fault | {"file": document.name}) for fault in known["faults"]]
        else:
            with documents.plain_path(document.path) as path:
                arguments = told | {"path": str(path), "sha256": document.sha256, "folder": str(folder)}
                said, ended, timings = self._read_on(document, arguments)
            kept = self._kept(document, folder, copy)
            faults = [*said, *ended]
            if not ended:  # what ends a child may go well another time, with more bytes or seconds
                mark_whole(folder, {"pages": sorted(kept), "faults": [fault.as_json() for fault in said]})
        if not kept and not faults:
            faults.append(NoSheet("holds no sheet").fault(document.name, "read"))
        for sheet in kept.values():
            timings.extend({"file": sheet.file, "page": sheet.page, **timing} for timing in sheet.timings)
        return Reading(list(kept.values()), sorted(faults, key=lambda fault: fault.page or 0), timings)

    def _kept(self, document: Document, folder: Path, copy: int) -> dict[int, Sheet]:
        """The sheets that the store has whole, by page; what is damaged there is dropped."""
        suffix = f"~{copy + 1}" if copy else ""
        found = {}
        for page in saved_pages(folder):
            sheet = find_sheet(folder, page, f"{document.sha256[:12]}-{page + 1}{suffix}")
            if sheet is not None:
                found[page] = replace(sheet, file=document.name)
        return found

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
                return list(said.values()), ended, [_timing(document, facts)]

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
        if self.cancelled.is_set():
            raise Cancelled
        _, facts = run_growing(
            self._entry,
            arguments,
            manager=self._manager,
            first_bytes=min(first_bytes(document), self._most_bytes),
            most_bytes=self._most_bytes,
            clock_s=self._settings.seconds,
            on_event=watch.hear,
            cancelled=self.cancelled,
        )
        return facts


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


def _timing(document: Document, facts: Facts) -> dict[str, Any]:
    return {
        "file": document.name,
        "stage": "reader",
        "wall_s": round(facts.wall_s, 3),
        "cpu_s": round(facts.cpu_s, 3),
        "leased_bytes": facts.leased_bytes,
        "peak_bytes": facts.peak_anonymous_bytes,
        "retried": facts.retried,
    }


def _corrected_scales(settings: Settings, document: Document) -> dict[str, float]:
    own = document.sha256[:12]
    return {
        sheet: float(entry["scale"])
        for sheet, entry in settings.corrections.items()
        if sheet.startswith(own) and "scale" in entry
    }
