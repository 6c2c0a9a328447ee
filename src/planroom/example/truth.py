"""What a drawn set holds, exactly: the truth beside the drawing.

`counts` are the elements drawn on a sheet, one for each whatever its status; `totals` take every storey once, from its
general plan, without what is demolished. A wall is one straight piece of axis as in the tables of `layouts` (on an
enlarged plan: what of it is inside the crop), whatever joins it along the way.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from planroom.example.canvas import Extent
from planroom.example.house import Box, Opening, Storey, footing, gap, room_shape
from planroom.example.plans import View, place_opening
from planroom.example.tables import TableTruth
from planroom.example.variants import Variant
from planroom.records import Status

BEDROOMS: Final = frozenset({"bedroom"})
TOILETS: Final = frozenset({"toilet", "ensuite", "bathroom"})


@dataclass(frozen=True, slots=True)
class ElementTruth:
    """One thing on a sheet. box_m in the drawing's metres, box_pt in page points, y up; gap_m: the hole in the wall.

    drawn: "plan" with all its lines, "head" as the two lines of a door's head, "elevation" seen from outside.
    """

    id: str
    kind: str
    type: str
    box_m: Box
    box_pt: Box
    status: Status | None = None
    drawn: str = "plan"
    tag: str | None = None
    storey: str | None = None
    width_m: float | None = None
    height_m: float | None = None
    gap_m: Box | None = None
    length_m: float | None = None
    thickness_m: float | None = None
    name: str | None = None
    number: str | None = None
    use: str | None = None
    area_m2: float | None = None
    perimeter_m: float | None = None


@dataclass(frozen=True, slots=True)
class DimensionTruth:
    """A printed dimension: its text, the true distance, its ends and its line in page points, whether that is level."""

    text: str
    value_m: float
    start_pt: tuple[float, float]
    end_pt: tuple[float, float]
    base_pt: tuple[float, float]
    level: bool


@dataclass(slots=True)
class SheetTruth:
    """One page. ratio: what the drawing is really drawn at; printed_scale: what the title block says.

    skew_deg: by how much its scan is turned about the middle, counter-clockwise.
    """

    page: int
    number: str
    title: str
    kind: str
    view: str
    storey: str
    ratio: int | None
    printed_scale: str
    m_per_pt: float | None
    size_pt: tuple[float, float]
    elements: list[ElementTruth] = field(default_factory=list)
    dimensions: list[DimensionTruth] = field(default_factory=list)
    heights: dict[str, float] = field(default_factory=dict)
    tables: list[TableTruth] = field(default_factory=list)
    skew_deg: float | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind, with the rooms for sleeping and those with a toilet."""
        counts = Counter(dict.fromkeys(("door", "window", "opening", "room", "bedroom", "toilet", "wall"), 0))
        counts.update(e.kind for e in self.elements)
        counts["bedroom"] = sum(e.use in BEDROOMS for e in self.elements)
        counts["toilet"] = sum(e.use in TOILETS for e in self.elements)
        return dict(counts)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that was drawn wrongly on purpose: what kind, on which sheet, about what, printed and true."""

    kind: str
    sheet: str
    subject: str
    printed: str
    true: str


@dataclass(slots=True)
class Truth:
    """The truth of one set."""

    name: str
    variant: Variant
    sheets: list[SheetTruth]
    mistakes: list[Mistake] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def totals(self) -> dict[str, Any]:
        """The set's numbers, each storey once: doors, windows, openings, rooms, and wall length per thickness."""
        plans = [s for s in self.sheets if s.kind == "plan" and s.view == "general"]
        kept = [e for s in plans for e in s.elements if e.status != "demolished"]
        lengths: dict[str, float] = defaultdict(float)
        for wall in (e for e in kept if e.kind == "wall"):
            lengths[f"{wall.thickness_m:.3f}"] += wall.length_m or 0.0
        totals: dict[str, Any] = {k: sum(e.kind == k for e in kept) for k in ("door", "window", "opening", "room")}
        totals["bedroom"] = sum(e.use in BEDROOMS for e in kept)
        totals["toilet"] = sum(e.use in TOILETS for e in kept)
        totals["wall"] = sum(e.kind == "wall" for e in kept)
        totals["area_m2"] = round(sum(e.area_m2 or 0.0 for e in kept), 4)
        totals["wall_length_m"] = {k: round(v, 4) for k, v in sorted(lengths.items())}
        return totals

    def as_json(self) -> dict[str, Any]:
        """The truth as plain data, without what does not apply."""
        sheets = []
        for sheet in self.sheets:
            plain = asdict(sheet) | {"counts": sheet.counts}
            plain["elements"] = [{k: v for k, v in e.items() if v is not None} for e in plain["elements"]]
            sheets.append(plain)
        return {
            "name": self.name,
            "variant": asdict(self.variant),
            "sheets": sheets,
            "totals": self.totals(),
            "mistakes": [asdict(m) for m in self.mistakes],
            "files": self.files,
        }

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _rounded(bounds: tuple[float, ...]) -> Box:
    x0, y0, x1, y1 = (round(v, 5) for v in bounds)
    return x0, y0, x1, y1


def plan_elements(storey: Storey, variant: Variant, view: View, to_pt: Callable[[Box], Box]) -> list[ElementTruth]:
    """Everything that `draw_plan` draws of a storey in this view."""
    if view != "demolition":
        storey = storey.kept()
    elements = []
    for wall in storey.walls:
        bounds = _rounded(footing(storey, wall).bounds)
        elements.append(
            ElementTruth(
                f"{storey.name}/{wall.id}",
                "wall",
                "straight",
                bounds,
                to_pt(bounds),
                wall.status,
                storey=storey.name,
                length_m=round(wall.length_m, 5),
                thickness_m=wall.thickness_m,
            )
        )
    for opening in storey.openings:
        head = view == "ceiling" and opening.kind != "window"
        bounds = _rounded(opening_bounds(storey, opening, variant, ceiling=view == "ceiling"))
        elements.append(
            ElementTruth(
                f"{storey.name}/{opening.id}",
                opening.kind,
                opening.type,
                bounds,
                to_pt(bounds),
                opening.status,
                drawn="head" if head else "plan",
                tag=opening.tag or None,
                storey=storey.name,
                width_m=opening.width_m,
                height_m=opening.height_m,
                gap_m=_rounded(gap(storey, opening).bounds),
            )
        )
    for room in storey.rooms if view != "demolition" else storey.kept().rooms:
        shape = room_shape(storey, room)
        bounds = _rounded(shape.bounds)
        elements.append(
            ElementTruth(
                f"{storey.name}/{room.number}",
                "room",
                "room",
                bounds,
                to_pt(bounds),
                storey=storey.name,
                name=variant.words(room.use),
                number=room.number,
                use=room.use,
                area_m2=round(shape.area, 5),
                perimeter_m=round(shape.length, 5),
            )
        )
    return elements


def opening_bounds(storey: Storey, opening: Opening, variant: Variant, *, ceiling: bool = False) -> Box:
    """The box of an opening's symbol together with its hole in the wall, in metres."""
    extent = Extent()
    place_opening(extent, storey, opening, variant, ceiling=ceiling)
    hole = gap(storey, opening).bounds
    drawn = extent.bounds
    return min(hole[0], drawn[0]), min(hole[1], drawn[1]), max(hole[2], drawn[2]), max(hole[3], drawn[3])
