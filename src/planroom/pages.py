"""A document's pages as its reader yields them, and what working on them takes: bytes, seconds, a picture to keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from planroom.errors import UnreadableFile
from planroom.memory.growth import watch_growth
from planroom.memory.manager import MemoryManager
from planroom.records import Page
from planroom.store.files import atomic_path


def open_pages(
    arguments: dict[str, Any],
    path: Path,
    progress: Callable[[str, float], None],
    ledger: MemoryManager,
    skip: set[int],
) -> Iterator[Page]:
    """Each page of the document at `path` but those in `skip`. Raises UnreadableFile where it is gone."""
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


def page_bytes(page: Page) -> int:
    """What a page holds from when it was read until it is kept."""
    work = page.linework
    pieces = 36 * len(work.segments_xyxy) + 44 * len(work.arcs) + 4 * work.n_paths + 300 * len(work.fills)
    pictures = page.picture_bgr.nbytes + (0 if page.grey is None else (3 if page.is_scan else 1) * page.grey.nbytes)
    return pictures + pieces + 16 * sum(map(len, work.fills)) + 900 * len(work.texts)


def keep_picture(page: Page, path: Path) -> None:
    """Write the page's picture as PNG, whole or not at all."""
    with atomic_path(path) as part:
        _, data = cv2.imencode(".png", page.picture_bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
        part.write_bytes(data.data)


class Clock:
    """Seconds, and what was leased and grown by at its highest, of each stage of a sheet."""

    def __init__(self, ledger: MemoryManager):
        self._ledger = ledger
        self._rows: list[dict[str, Any]] = []

    @contextmanager
    def stage(self, name: str, lease_bytes: int, kind: str = "") -> Iterator[None]:
        """A stage under its lease, beside those that readers take themselves. kind: what it works on, if it matters."""
        start_s, start_cpu_s, held_bytes = time.monotonic(), time.process_time(), self._ledger.leased_bytes
        self._ledger.renew_peak()
        with self._ledger.lease(lease_bytes, name, stage=f"{name} {kind}".strip()), watch_growth() as growth:
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
