"""The records that travel through the pipeline, one way: Document -> Linework -> Sheet(Elements) -> Quantity -> Report.

Frames: a *sheet unit* is a PDF point, a DXF drawing unit, an IFC metre or an image pixel, y up (images: y up too, so
that one rule turns units into pixels). A *pixel* is one of the sheet's picture, y down. `Sheet.to_px` and `from_px`
are the only way between. Metres exist only where a scale does: `Scale.m_per_unit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planroom.amounts import Amount
from planroom.errors import Fault

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
State = Literal["measured", "estimated", "withheld"]
Status = Literal["new", "existing", "demolished"]
FileKind = Literal["pdf", "image", "dxf", "ifc"]
Channels = dict[str, dict[str, int]]  # a count by channel, then by kind
CHANNEL_WORDS: Final = {"geometry": "lines", "pixels": "pixels", "tags": "tags", "text": "labels"}
"""What people call the channels."""


@dataclass(frozen=True, slots=True)
class Document:
    """One input file: where it lies, as which kind it is read, and the SHA-256 that keys everything about it.

    name: the path as reports show it, on one line and in characters that any file can hold.
    """

    path: str
    kind: FileKind
    sha256: str
    size_bytes: int
    name: str


class Style(NamedTuple):
    """How a path is drawn. `colour` is 0xRRGGBB, `width` in sheet units, `layer` and `block` empty where unknown."""

    layer: str
    block: str
    colour: int
    width: float
    dashed: bool
    filled: bool


class Text(NamedTuple):
    """One run of text: centre and box in sheet units, height of a capital, angle in degrees counter-clockwise.

    score: how sure the reading is, 1.0 where the file itself holds the letters.
    """

    string: str
    x: float
    y: float
    box: tuple[float, float, float, float]
    height: float
    angle: float
    source: str  # "text layer", "entity", "ocr"
    score: float = 1.0


@dataclass(slots=True)
class Linework:
    """A sheet's vectors as a struct of arrays, in sheet units.

    segments_xyxy (N, 4) straight pieces; segment_path (N,) the path that each belongs to.
    arcs (M, 5) cx, cy, radius, start angle, sweep in radians (sweep > 0, counter-clockwise); arc_path (M,).
    fills: closed rings (K, 2) of filled areas, with fill_path (F,).
    path_style (P,) index into styles.
    """

    segments_xyxy: Floats
    segment_path: Ints
    arcs: Floats
    arc_path: Ints
    fills: list[Floats]
    fill_path: Ints
    path_style: Ints
    styles: list[Style]
    texts: list[Text]

    @property
    def n_paths(self) -> int:
        """How many drawing operations or entities the sheet holds."""
        return len(self.path_style)


@dataclass(slots=True)
class Page:
    """What a reader yields for one sheet: its extent, its vectors and its picture.

    extent: x0, y0, x1, y1 in sheet units. unit_m: metres of the real world in a sheet unit where the file states it
    (DXF, IFC), else None. picture_bgr (H, W, 3) uint8.
    paper_unit_m: metres of paper in a unit (a PDF point), else None. grey (H, W) uint8: the whole extent as pixels,
    where letters have to be read off it; None where the file holds them. is_scan: whether its lines are pixels too, so
    that linework holds only what was traced. elements: set by readers of models (IFC), where
    nothing has to be found in linework; None asks for detection. storey, title: set by readers that know them.
    """

    index: int
    name: str
    extent: tuple[float, float, float, float]
    linework: Linework
    picture_bgr: NDArray[np.uint8]
    unit_m: float | None = None
    paper_unit_m: float | None = None
    unit_evidence: str = ""
    grey: NDArray[np.uint8] | None = None
    is_scan: bool = False
    elements: list[Element] | None = None
    storey: str = ""
    title: str | None = None
    heights: dict[str, float] = field(default_factory=dict)

    @property
    def made_of(self) -> Literal["pixels", "vectors", "model"]:
        """What its lines come from."""
        return "pixels" if self.is_scan else "vectors" if self.elements is None else "model"


@dataclass(slots=True)
class Scale:
    """How a sheet unit becomes metres, and why we believe it.

    ratio: what the sheet prints (50.0 for 1:50), always reported. m_per_unit: what measuring uses, None where withheld.
    drawn_m_per_unit: what dimensions or a bar say where they are not believed: to search by, not to measure.
    """

    ratio: float | None
    m_per_unit: float | None
    state: State
    evidence: str
    drawn_m_per_unit: float | None = None

    @property
    def rough_m_per_unit(self) -> float | None:
        """What elements are searched by: the scale, else what is drawn."""
        return self.m_per_unit or self.drawn_m_per_unit


@dataclass(slots=True)
class Element:
    """One thing found on a sheet.

    kind: wall, door, window, opening, room, stair, fixture. outline (K, 2) ring in sheet units, not repeated at the
    end; empty where the element was not drawn (an IFC door without geometry). sizes: in sheet units (length, thickness,
    width, height) or sheet units squared (area); measuring turns them into metres. stated: what the file itself says,
    in SI (area_m2, width_m, height_m, perimeter_m). lines (L, 4): the pieces of linework that it came from, at most
    64. traits: subtype, number, name, use and whatever else words describe.
    """

    id: str
    kind: str
    outline: Floats
    confidence: float
    lines: Floats
    sources: list[str]
    status: Status | None = None
    sizes: dict[str, float] = field(default_factory=dict)
    stated: dict[str, float] = field(default_factory=dict)
    traits: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Dimension:
    """A dimension string: what it says, and the line that it says it of.

    value_m: what the text means. length_m: what the line measures by the scale that most dimensions of its drawing
    agree on. agrees: whether both are one, but for rounding and drawing. ends: of the line, x0, y0, x1, y1, and box: of
    the text, in sheet units. is_marked: whether the line is drawn, with ticks, dots or arrowheads at both ends.
    score: how surely the text was read, 1.0 where the file itself holds it.
    """

    id: str
    text: str
    value_m: float
    length_m: float
    agrees: bool
    ends: tuple[float, float, float, float]
    box: tuple[float, float, float, float]
    is_marked: bool
    score: float = 1.0


@dataclass(slots=True)
class Sheet:
    """One drawing sheet, read: what it says of itself and what was found on it.

    id: twelve digits of the file's hash and the page, so two files with one name never share anything.
    kind: plan, elevation, section, detail, schedule, site, cover, unknown.
    view: what a plan shows: general, enlarged, ceiling, demolition, furniture, electrical, roof, foundation, or "".
    storey: a normal name of the level ("0", "1", "-1", "roof"), "" where unknown. remark: why nothing, or less than one
    would expect, was found. viewports, schedules: the drawings and the tables on it, boxes in sheet units. listed: what
    a list of drawings on it names, as [number, title].
    """

    id: str
    file: str
    page: int
    name: str
    width_px: int
    height_px: int
    extent: tuple[float, float, float, float]
    picture: str  # path of the PNG
    number: str | None = None
    title: str | None = None
    kind: str = "unknown"
    view: str = ""
    storey: str = ""
    discipline: str | None = None
    revision: str | None = None
    date: str | None = None
    project: str | None = None
    client: str | None = None
    scale: Scale | None = None
    viewports: list[dict[str, Any]] = field(default_factory=list)
    schedules: list[dict[str, Any]] = field(default_factory=list)
    listed: list[list[str]] = field(default_factory=list)
    dimensions: list[Dimension] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    heights: dict[str, float] = field(default_factory=dict)  # clear or storey heights read off the sheet, in metres
    timings: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)  # what each count likely lies between
    chances: dict[str, float] = field(default_factory=dict)  # that a count is right, by how sure what was seen is
    channels: Channels = field(default_factory=dict)  # what each channel by itself counted
    given: list[str] = field(default_factory=list)  # kinds that a person counted
    remark: str = ""

    @property
    def px_per_unit(self) -> float:
        """Pixels of the picture in a sheet unit."""
        return self.width_px / (self.extent[2] - self.extent[0])

    def to_px(self, points: Floats) -> Floats:
        """Points (K, 2) of sheet units as pixels (K, 2), y down."""
        x0, _, _, y1 = self.extent
        return (points - (x0, y1)) * (self.px_per_unit, -self.px_per_unit)

    def from_px(self, points: Floats) -> Floats:
        """Pixels (K, 2), y down, as points (K, 2) of sheet units."""
        x0, _, _, y1 = self.extent
        return points / (self.px_per_unit, -self.px_per_unit) + (x0, y1)

    def recount(self, kind: str, many: int) -> None:
        """Count so many more of a kind, or fewer, and move what the count lies between with it."""
        self.counts[kind] = max(0, self.counts.get(kind, 0) + many)
        drawn = self.channels.get("pixels") or self.channels.get("geometry", {})
        if kind in drawn:
            drawn[kind] = max(0, drawn[kind] + many)
        if kind in self.ranges:
            low, high = self.ranges[kind]
            self.ranges[kind] = max(0, low + many), max(0, high + many)

    def rename(self, sheet_id: str) -> None:
        """Bear another id, the elements too: a second copy of one document."""
        for element in self.elements:
            element.id = sheet_id + element.id.removeprefix(self.id)
        for dimension in self.dimensions:
            dimension.id = sheet_id + dimension.id.removeprefix(self.id)
        self.id = sheet_id


@dataclass(slots=True)
class Quantity:
    """A number with its state and the elements it rests on.

    value and interval are None where withheld, and `reason` says why. sources: ids of elements (of quantities, for a
    total). sheet: the sheet's id, None for a total over the set. stated: the same number as the drawing prints it.
    confidence: the chance that a count is exact, an area within two per cent; None where that was not counted out.
    channels: what lines, pixels, tags, labels, the printed area say, each by itself.
    """

    id: str
    item: str
    measure: Literal["count", "length", "area", "perimeter", "width", "height", "surface", "volume"]
    unit: str
    value: float | None
    state: State
    sheet: str | None
    sources: list[str]
    interval: tuple[float, float] | None = None
    reason: str | None = None
    stated: float | None = None
    note: str = ""
    total: bool = False
    confidence: float | None = None
    channels: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deduction:
    """What became of an opening where it was measured over or deducted: its size in the line's unit.

    of: id of the wall or the room that it is an opening of. deducted: None where its size does not tell. source: the
    clause. factors: what is multiplied to its size, in metres. taken: what of it the line's number is without.
    """

    element: str
    of: str
    size: Amount
    deducted: bool | None
    source: str
    factors: tuple[float, ...]
    taken: Amount


@dataclass(slots=True)
class BillLine:
    """A line of the bill of quantities, in SI.

    number: section and place in it ("02.0010"). gross: nothing deducted; net: every opening; ruled: what the trade's
    rule deducts, which is what is billed; all None where withheld, and `reason` says why. rule: the clause. sources:
    ids of elements. factors: of each source, what is multiplied to what it gives, in metres, m² or m³; none where
    withheld. codes: numbers of its cost group by system: din276, uniformat, masterformat.
    unit_price: of an offer that was given, before tax.
    """

    id: str
    number: str
    section: str
    title: str
    unit: str
    state: State
    trade: str
    rule: str
    codes: dict[str, str]
    sources: list[str]
    gross: Amount | None = None
    net: Amount | None = None
    ruled: Amount | None = None
    unit_price: Decimal | None = None
    reason: str | None = None
    deductions: list[Deduction] = field(default_factory=list)
    factors: list[tuple[float, ...]] = field(default_factory=list)


@dataclass(slots=True)
class Bill:
    """A bill of quantities: the template that it follows, and the edition of the rules by which it was measured.

    currency: of its prices, "" where none were given.
    """

    name: str
    rules: str
    lines: list[BillLine] = field(default_factory=list)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong on the drawing, or that its channels tell differently: to be checked by a person."""

    code: str
    severity: Literal["error", "warning", "note"]
    sheet: str
    box_px: tuple[float, float, float, float] | None
    message: str
    sources: list[str]


@dataclass(slots=True)
class Report:
    """All that a run found, as every output shows it."""

    sheets: list[Sheet] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    bill: Bill = field(default_factory=lambda: Bill("", ""))
    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    timings: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    units: Literal["metric", "imperial"] = "metric"
    paths: dict[str, str] = field(default_factory=dict)  # of each document that was read, by the name shown

    @property
    def status(self) -> Literal["complete", "partial"]:
        """`partial` as soon as one part failed."""
        return "partial" if self.faults else "complete"
