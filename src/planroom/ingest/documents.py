"""Paths into documents: folders walked, kinds told by content, hashes taken, and a fault for everything unreadable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from planroom.errors import EmptyFile, Fault, MislabelledFile, PlanroomError, UnreadableFile, UnsupportedFile
from planroom.records import Document, FileKind

_KINDS: dict[str, FileKind] = {
    ".pdf": "pdf",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".dxf": "dxf",
    ".ifc": "ifc",
}
_HINTS = {
    ".dwg": "save it as DXF in the program that made it, or convert it with the free ODA File Converter",
    ".ifczip": "unpack it first",
    ".ifcxml": "export it as .ifc (STEP)",
    ".rvt": "export it as IFC or PDF",
    ".dgn": "export it as DXF or PDF",
    ".dwf": "export it as PDF",
    ".dwfx": "export it as PDF",
    ".zip": "unpack it first",
}


def find_documents(paths: Sequence[Path]) -> tuple[list[Document], list[Fault]]:
    """Every drawing under `paths`, in order and each once, and a fault for each that cannot be read.

    Files named outright must be drawings; in folders other files are passed over. Links are followed, loops once.
    """
    documents: list[Document] = []
    faults: list[Fault] = []
    seen: set[Path] = set()
    for path in paths:
        for file, named in _files(path, faults):
            real = file.resolve()
            if real in seen or (not named and not _is_drawing(file)):
                continue
            seen.add(real)
            try:
                documents.append(read_document(file))
            except PlanroomError as error:
                faults.append(error.fault(str(file), "ingest"))
    return documents, faults


def _files(path: Path, faults: list[Fault]) -> Iterator[tuple[Path, bool]]:
    if not path.is_dir():
        yield path, True
        return

    def refuse(error: OSError) -> None:
        place = str(error.filename or path)
        faults.append(UnreadableFile(error.strerror or "cannot be read").fault(place, "ingest"))

    visited: set[Path] = set()
    for folder, folders, names in os.walk(path, followlinks=True, onerror=refuse):
        real = Path(folder).resolve()
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder, name), False


def _is_drawing(file: Path) -> bool:
    return file.suffix.lower() in _KINDS or file.suffix.lower() in _HINTS


def read_document(file: Path) -> Document:
    """`file` as a document. Raises UnreadableFile, EmptyFile, UnsupportedFile or MislabelledFile."""
    suffix = file.suffix.lower()
    try:
        if not file.is_file():
            raise UnreadableFile("does not exist" if not file.exists() else "is no regular file")
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(1024)
            if size == 0:
                raise EmptyFile("the file is empty")
            if head.startswith(b"AC10") or suffix == ".dwg":
                raise UnsupportedFile("is a DWG, which has no open reader", hint=_HINTS[".dwg"])
            if suffix not in _KINDS:
                raise UnsupportedFile(f"{suffix or 'a file without an ending'} is not read", hint=_HINTS.get(suffix))
            digest = hashlib.sha256(head)
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        if isinstance(error, PlanroomError):
            raise
        raise UnreadableFile(error.strerror or str(error)) from error
    kind = _KINDS[suffix]
    _check_head(kind, head)
    return Document(str(file), kind, digest.hexdigest(), size)


def _check_head(kind: FileKind, head: bytes) -> None:
    says: FileKind | None = None
    if b"%PDF-" in head:
        says = "pdf"
    elif head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        says = "image"
    elif b"ISO-10303-21" in head:
        says = "ifc"
    if says is not None and says != kind:
        raise MislabelledFile(f"is named as {kind} but holds {says}")
    if says is None and kind in ("pdf", "ifc", "image"):
        text = not any(byte < 9 for byte in head)
        raise MislabelledFile(f"is named as {kind} but holds " + ("plain text" if text else "something else"))
