"""Reads an IFC model: one page a storey, its elements measured from their solids.

Nothing is searched for in linework here: the model names its doors, windows, rooms, walls and stairs itself. What
stands on no storey comes on a last page "unplaced". Parsing and geometry run in native code that some files crash or
keep busy for ever: call this in a child process with limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from planroom.errors import (
    EmptyFile,
    MislabelledFile,
    MissingExtra,
    NoSheet,
    PlanroomError,
    ReaderFailed,
    TruncatedFile,
    UnreadableFile,
    UnsupportedFile,
)
from planroom.memory.manager import MemoryManager
from planroom.records import Element, Linework, Page

if TYPE_CHECKING:
    from planroom.ingest.ifc_geometry import Body, Kernel
    from planroom.ingest.ifc_model import Model, Storey
    from planroom.ingest.ifc_plan import Drawn

_MIB: Final = 1024**2
_EDGE_BYTES: Final = 64 * 1024  # how much of a file's start and end is looked at for its marks
_BATCH: Final = 16  # elements between two reports of progress
_MARGIN: Final = 0.06  # of the longer side
_MARGIN_M: Final = 1.5  # but never less: an entrance door swings out of the outline
_FLATTEST: Final = 6.0  # the longest side of a picture, in its shorter ones
_EMPTY_M: Final = 10.0  # the side of a storey on which nothing is drawn


def lease_bytes(file_size_bytes: int) -> int:
    """Anonymous bytes that opening a model of this size and meshing its elements one by one may take."""
    return 192 * _MIB + 10 * file_size_bytes


def read_ifc(
    path: Path,
    *,
    picture_px: int,
    ledger: MemoryManager,
    progress: Callable[[str, float], None],
    pages: Collection[int] | None = None,
) -> Iterator[Page]:
    """One page a storey from the lowest up, then "unplaced" where elements are left over.

    picture_px: pixels along the longer side of each picture. pages: which to yield, counted from 0; None for all.
    progress: called with what is being done and the share that is done. Leases `lease_bytes` for as long as it runs and
    each picture's bytes until the next page is asked for.
    Raises InputError for a file that is no readable IFC, NoSheet for one without a building, ReaderFailed for one that
    ifcopenshell gives up on, BudgetRefused, MissingExtra.
    """
    size_bytes = _check(path)
    try:
        from planroom.ingest.ifc_geometry import Kernel
        from planroom.ingest.ifc_model import open_model
    except ImportError as error:
        raise MissingExtra("reading IFC needs ifcopenshell", place=path.name) from error
    with ledger.lease(lease_bytes(size_bytes), "ifc model and geometry", stage="IFC opened"):
        progress("opening", 0.0)
        with _failures_mapped(path):
            model = open_model(path)
            storeys, ids, kernel = model.storeys(), model.ids(), Kernel(model)
        if not storeys:
            raise NoSheet("no storey and no element of a building in it", place=path.name)
        wanted = [at for at in range(len(storeys)) if pages is None or at in pages]
        names = _page_names(storeys)
        for done, at in enumerate(wanted):

            def report(share: float, done: int = done, name: str = names[at]) -> None:
                progress(name, (done + share) / len(wanted))

            with _failures_mapped(path):
                elements, bodies = _measured(model, kernel, storeys[at], ids, report)
                extent, width_px, height_px = _framed(bodies, picture_px)
            with ledger.lease(3 * width_px * height_px, "ifc picture", stage="IFC picture"):
                with _failures_mapped(path):
                    page = _page(at, names[at], storeys[at], elements, bodies, (extent, width_px, height_px))
                yield page
        progress("done", 1.0)


def _check(path: Path) -> int:
    """The file's size, once its first and last bytes show that it is a whole IFC file in text form."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_EDGE_BYTES)
            size_bytes = stream.seek(0, 2)
            stream.seek(max(0, size_bytes - _EDGE_BYTES))
            tail = stream.read(_EDGE_BYTES)
    except OSError as error:
        raise UnreadableFile(error.strerror or "cannot be read", place=path.name) from error
    if not head:
        raise EmptyFile("the file is empty", place=path.name)
    if head.startswith(b"PK\x03\x04"):
        raise UnsupportedFile("a zipped model", place=path.name, hint="unzip it and give the .ifc file inside")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise UnsupportedFile("a model in XML", place=path.name, hint="export it as .ifc in text form (STEP)")
    if b"ISO-10303-21" not in head[:4096]:
        raise MislabelledFile("the mark ISO-10303-21 of an IFC file is missing", place=path.name)
    if b"END-ISO-10303-21" not in tail:
        raise TruncatedFile("the mark END-ISO-10303-21 at its end is missing", place=path.name)
    return size_bytes


@contextmanager
def _failures_mapped(path: Path) -> Iterator[None]:
    """Whatever ifcopenshell raises inside becomes ReaderFailed; our own errors and a lack of memory pass."""
    try:
        yield
    except (PlanroomError, MemoryError):
        raise
    except Exception as error:  # the file's content decides which type the library's untyped layers raise
        if "bad_alloc" in str(error):
            raise MemoryError(str(error)) from error
        raise ReaderFailed(f"{type(error).__name__}: {error}", place=path.name) from error


def _measured(
    model: Model, kernel: Kernel, storey: Storey, ids: dict[int, str], report: Callable[[float], None]
) -> tuple[list[Element], list[Body | None]]:
    """The elements of a storey and, in the same order, their bodies (None: without usable geometry)."""
    from planroom.ingest.ifc_properties import property_sets, stated_of, status_of, traits_of

    elements: list[Element] = []
    bodies: list[Body | None] = []
    for at, (kind, product) in enumerate(storey.occurrences):
        if at % _BATCH == 0:
            report(at / len(storey.occurrences))
        sets = property_sets(product)
        body = kernel.body(kind, product)
        traits = traits_of(kind, product, sets)
        if body is None:
            traits["geometry"] = "failed" if product.Representation is not None else "none"
        elif body.note:
            traits["geometry"] = body.note
        element = Element(
            id=ids[product.id()],
            kind=kind,
            outline=np.empty((0, 2)) if body is None else body.outline(),
            confidence=1.0,
            lines=np.empty((0, 4)),
            sources=[f"ifc:{product.GlobalId}"],
            status=status_of(sets),
            sizes={} if body is None else dict(body.sizes),
            stated=stated_of(kind, product, sets, model.unit),
            traits=traits,
        )
        elements.append(element)
        bodies.append(body)
    return elements, bodies


def _framed(bodies: list[Body | None], picture_px: int) -> tuple[tuple[float, float, float, float], int, int]:
    """The extent around the bodies with a margin, and the picture's width and height."""
    bounds = np.array([body.footprint.bounds for body in bodies if body is not None and not body.footprint.is_empty])
    if len(bounds):
        low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    else:
        low, high = np.zeros(2), np.full(2, _EMPTY_M)
    longer = max(float((high - low).max()), 1.0)
    size = np.maximum(high - low, longer / _FLATTEST) + 2 * max(_MARGIN * longer, _MARGIN_M)
    width_px, height_px = (max(1, round(picture_px * float(side / size.max()))) for side in size)
    # Whole pixels are square only if the extent follows them, not the other way round.
    px_per_m = picture_px / float(size.max())
    half = np.array([width_px, height_px]) / px_per_m / 2
    (x0, y0), (x1, y1) = (low + high) / 2 - half, (low + high) / 2 + half
    return (float(x0), float(y0), float(x1), float(y1)), width_px, height_px


def _page(
    at: int,
    name: str,
    storey: Storey,
    elements: list[Element],
    bodies: list[Body | None],
    frame: tuple[tuple[float, float, float, float], int, int],
) -> Page:
    from planroom.ingest.ifc_plan import Drawn, Paper, draw_plan

    drawn = [
        Drawn(element.kind, body, element.traits.get("subtype", ""), _label(element))
        for element, body in zip(elements, bodies, strict=True)
        if body is not None
    ]
    paper = Paper(*frame)
    draw_plan(paper, drawn, _floor_m(drawn, storey.floor_m))
    heights = {} if storey.height_m is None else {"storey": storey.height_m}
    clear = [element.sizes["height"] for element in elements if element.kind == "room" and "height" in element.sizes]
    if clear:
        heights["clear"] = median(clear)
    return Page(
        index=at,
        name=name,
        extent=frame[0],
        linework=_no_linework(),
        picture_bgr=paper.picture_bgr,
        unit_m=1.0,
        unit_evidence="the model states its units",
        elements=elements,
        storey=storey.level,
        title=storey.name or None,
        heights=heights,
    )


def _floor_m(drawn: list[Drawn], stated_m: float) -> float:
    """The height of the floor in the world: where rooms, else doors, else walls begin, else the storey's elevation.

    Exporters disagree on what a storey's elevation is measured from; its elements stand where they stand.
    """
    for kind in ("room", "door", "wall"):
        lows = [one.body.low_m for one in drawn if one.kind == kind]
        if lows:
            return float(median(lows))
    return stated_m


def _label(element: Element) -> tuple[str, ...]:
    if element.kind != "room":
        return ()
    name, number = element.traits.get("name", ""), element.traits.get("number", "")
    area = f"{element.sizes['area']:.2f} m²" if "area" in element.sizes else ""
    return tuple(line for line in (name, number if number != name else "", area) if line)


def _page_names(storeys: list[Storey]) -> list[str]:
    """A name for each page, unlike any other: the storey's, with its building where two have the same."""
    names = [storey.name or f"storey {at + 1}" for at, storey in enumerate(storeys)]
    repeats = Counter(names)
    names = [
        f"{name} ({storey.building})" if repeats[name] > 1 and storey.building else name
        for name, storey in zip(names, storeys, strict=True)
    ]
    repeats = Counter(names)
    return [f"{name} ({at + 1})" if repeats[name] > 1 else name for at, name in enumerate(names)]


def _no_linework() -> Linework:
    none = np.empty(0, dtype=np.int32)
    return Linework(np.empty((0, 4)), none, np.empty((0, 5)), none, [], none, none, [], [])
