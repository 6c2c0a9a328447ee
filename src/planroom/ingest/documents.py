"""Paths into documents: folders walked, kinds told by content, hashes taken, and a fault for everything unreadable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from planroom.errors import (
    EmptyFile,
    Fault,
    MislabelledFile,
    NothingToRead,
    PlanroomError,
    UnreadableFile,
    UnsupportedFile,
)
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

    Files named outright must be drawings. In folders other files are passed over; a folder without any drawing is a
    fault. Links are followed, loops once.
    """
    documents: list[Document] = []
    faults: list[Fault] = []
    seen: set[Path] = set()
    for path in paths:
        n_drawings = n_faults = 0
        for file, error in _files(path):
            try:
                if error is not None:
                    raise UnreadableFile(error.strerror or "cannot be read") from error
                real = file.resolve()
                if file != path and not _is_drawing(file):
                    continue
                n_drawings += 1
                if real not in seen:
                    seen.add(real)
                    documents.append(read_document(file))
            except PlanroomError as refusal:
                n_faults += 1
                faults.append(refusal.fault(shown(file), "ingest"))
            except RuntimeError:  # how resolve() of Python 3.11 and 3.12 tells a loop
                n_faults += 1
                faults.append(UnreadableFile("is a link that leads to itself").fault(shown(file), "ingest"))
        if n_drawings == n_faults == 0:
            faults.append(NothingToRead("holds no drawing").fault(shown(path), "ingest"))
    return documents, faults


def shown(path: Path | str) -> str:
    """A path as reports show it: what breaks lines or no encoding can hold is spelt out, as in \\n and \\xff."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def plain_path(path: str) -> Iterator[Path]:
    """A path to the same file that every library can open: some take no names that are not UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        with TemporaryDirectory(prefix="planroom-") as folder:
            link = Path(folder, "drawing" + Path(path).suffix.encode("ascii", "ignore").decode())
            link.symlink_to(Path(path).absolute())
            yield link
    else:
        yield Path(path)


def _files(path: Path) -> Iterator[tuple[Path, OSError | None]]:
    """The files under `path`, and the places that could not be looked into."""
    try:
        if not path.is_dir():
            yield path, None
            return
    except OSError as error:  # a name too long, a folder above it that is closed to us
        yield path, error
        return
    visited: set[Path] = set()
    refused: list[OSError] = []
    for folder, folders, names in os.walk(path, followlinks=True, onerror=refused.append):
        real = Path(folder).resolve()
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(folder, name), None
    for refusal in refused:
        yield Path(refusal.filename or path), refusal


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
    return Document(str(file), kind, digest.hexdigest(), size, shown(file))


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
