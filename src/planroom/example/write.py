"""Writing the example: the sheets as one PDF, the plans as DXF, and the truth beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from reportlab.pdfgen.canvas import Canvas as Page

from planroom.example.dimensions import Dimension
from planroom.example.dxf import DxfFile
from planroom.example.elevations import draw_elevations
from planroom.example.house import House, Opening, Storey, footprint
from planroom.example.mistakes import Errata, with_mistakes
from planroom.example.pdf import PdfCanvas
from planroom.example.plans import TEXT, Slips, View, draw_plan, draw_section_mark, plan_bounds, section_station_m
from planroom.example.scan import write_scan
from planroom.example.schedules import draw_cover, draw_schedules
from planroom.example.section import draw_section, section_bounds
from planroom.example.sheets import Label, Paper
from planroom.example.site import draw_site, site_bounds
from planroom.example.transform import cropped
from planroom.example.truth import DimensionTruth, SheetTruth, Truth, plan_elements
from planroom.example.variants import PAPERS, Variant
from planroom.example.walls import draw_legend
from planroom.units import POINT_M

SheetKind = Literal["cover", "site", "plan", "elevation", "section", "schedule"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One sheet of the list: its true number, what it shows and at which ratio."""

    number: str
    kind: SheetKind
    title: str
    ratio: int | None = None
    view: View | Literal[""] = ""
    storey: str = ""


def sheet_list(house: House, variant: Variant) -> list[Entry]:
    """The sheets of a set, in order."""
    words, scales = variant.words, variant.scales
    ground = words("storey 0")
    entries = [Entry("A-000", "cover", words("cover")), Entry("A-001", "site", words("site"), scales.site)]
    for index, storey in enumerate(house.storeys, start=1):
        title = words("plan").format(words(f"storey {storey.name}"))
        entries.append(Entry(f"A-10{index}", "plan", title, scales.plan, "general", storey.name))
    entries.append(Entry("A-111", "plan", words("enlarged").format(ground), scales.enlarged, "enlarged", "0"))
    view: View = "demolition" if any(w.status for w in house.storeys[0].walls) else "ceiling"
    number = "A-131" if view == "demolition" else "A-121"
    entries.append(Entry(number, "plan", words(view).format(ground), scales.plan, view, "0"))
    return [
        *entries,
        Entry("A-201", "elevation", words("elevations"), scales.elevation),
        Entry("A-301", "section", words("section"), scales.plan),
        Entry("A-601", "schedule", words("schedule")),
    ]


def marked(house: House, variant: Variant) -> House:
    """The house with a mark on every door and window that stays, one by one or by type, as the variant says."""
    prefixes = {"en": ("D", "W"), "de": ("T", "F"), "fr": ("P", "F"), "es": ("P", "V")}[variant.language]
    numbers: Counter[str] = Counter()
    types: dict[str, dict[tuple[str, float, float, int], str]] = {"door": {}, "window": {}}

    def mark(opening: Opening) -> str:
        if opening.kind == "opening" or opening.status == "demolished":
            return ""
        prefix = prefixes[opening.kind == "window"]
        if (variant.marks if opening.kind == "window" else variant.door_marks) == "type":
            known = types[opening.kind]
            size = (opening.type, opening.width_m, opening.height_m, opening.panes)
            return known.setdefault(size, f"{prefix}{len(known) + 1}")
        numbers[prefix] += 1
        return f"{prefix}{numbers[prefix]:02d}"

    storeys = tuple(replace(s, openings=tuple(replace(o, tag=mark(o)) for o in s.openings)) for s in house.storeys)
    return replace(house, storeys=storeys)


def write_set(folder: Path, variant: Variant, *, scan: bool = False, dxf: bool = True, mistakes: bool = False) -> Truth:
    """Write one set into `folder`, named after the variant: PDF, DXF for each storey, scan, truth; the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    if mistakes:  # they name one door by its mark
        variant = replace(variant, door_marks="instance")
    house, errata = marked(variant.house(), variant), Errata()
    entries = sheet_list(house, variant)
    if mistakes:
        other = next(e.number for e in entries if e.view in ("ceiling", "demolition"))
        house, errata = with_mistakes(house, variant, other, variant.jitter or 0)
    name = f"{variant.name}-mistakes" if mistakes else variant.name
    truth = Truth(name, variant, list(_write_pdf(folder / f"{name}.pdf", house, variant, entries, errata)))
    truth.mistakes = errata.mistakes
    truth.files.append(f"{name}.pdf")
    if dxf:
        for entry in (e for e in entries if e.view == "general"):
            path = folder / f"{name}-{entry.number}.dxf"
            _write_dxf(path, house, variant, entry, errata)
            truth.files.append(path.name)
    if scan:
        paths, skews_deg = write_scan(folder / f"{name}.pdf", seed=variant.jitter or 0)
        truth.files += [p.name for p in paths]
        for sheet, skew_deg in zip(truth.sheets, skews_deg, strict=True):
            sheet.skew_deg = round(skew_deg, 4)
    truth.save(folder / f"{name}.truth.json")
    return truth


def _label(entry: Entry, variant: Variant, errata: Errata) -> Label:
    scale = variant.words.scale(entry.ratio) if entry.ratio else variant.words("no scale")
    return Label(errata.numbers.get(entry.number, entry.number), entry.title, errata.scales.get(entry.number, scale))


def _write_pdf(
    path: Path, house: House, variant: Variant, entries: list[Entry], errata: Errata
) -> Iterator[SheetTruth]:
    """Draw each sheet on a page of its own; their truths."""
    page = Page(str(path), invariant=1)
    page.setTitle(variant.words("project name"))
    labels = [_label(entry, variant, errata) for entry in entries]
    for index, (entry, label) in enumerate(zip(entries, labels, strict=True)):
        paper = Paper(page, variant, label)
        sheet = SheetTruth(
            page=index,
            number=label.number,
            title=label.title,
            kind=entry.kind,
            view=entry.view,
            storey=entry.storey,
            ratio=entry.ratio,
            printed_scale=label.scale,
            m_per_pt=entry.ratio * POINT_M if entry.ratio else None,
            size_pt=paper.size_pt,
        )
        if entry.kind == "cover":
            sheet.tables = draw_cover(paper, variant, labels)
        elif entry.kind == "schedule":
            missing, widths = errata.missing_rows, errata.row_widths
            sheet.tables = draw_schedules(paper, house, variant, missing=missing, widths=widths)
        elif entry.kind == "elevation":
            sheet.elements = draw_elevations(paper, house, variant)
        else:
            _draw_model(paper, house, variant, entry, label, errata, sheet)
        page.showPage()
        yield sheet
    page.save()


def storey_of(house: House, entry: Entry) -> Storey:
    """The storey that a plan shows, cropped for an enlarged plan."""
    storey = next(s for s in house.storeys if s.name == entry.storey)
    return cropped(storey, house.enlarged) if entry.view == "enlarged" else storey


def _draw_model(
    paper: Paper, house: House, variant: Variant, entry: Entry, label: Label, errata: Errata, sheet: SheetTruth
) -> None:
    """Draw a sheet that shows the house at one scale, with its heading, scale bar and north arrow."""
    factor, ratio = paper.factor, entry.ratio or 1
    x0, y0, x1, y1 = paper.area
    if entry.kind == "site":
        canvas = paper.model(ratio, site_bounds(house))
        strings = draw_site(canvas, house, variant, factor)
    elif entry.kind == "section":
        canvas = paper.model(ratio, section_bounds(house))
        strings = draw_section(canvas, house, variant, factor)
        sheet.heights = {f"clear {s.name}": s.clear_m for s in house.storeys}
        sheet.heights |= {f"storey {s.name}": round(s.clear_m + house.slab_m, 5) for s in house.storeys}
    else:
        storey, view = storey_of(house, entry), entry.view or "general"
        canvas = paper.model(ratio, plan_bounds(storey))
        slips = _slips(entry, errata)
        strings = draw_plan(canvas, storey, variant, view, slips)
        if view == "general":
            paper.notes((x0 + 10 * factor, y1 - 15 * factor))
            draw_section_mark(canvas, storey.kept(), section_station_m(house), factor)
        if view == "demolition":
            draw_legend(paper.canvas, variant, (x0 + 10 * factor, y1 - 15 * factor), factor)
        sheet.elements = plan_elements(storey, variant, view, canvas.box_pt)
    sheet.dimensions = [_dimension(canvas, one) for one in strings]
    scale = f"{variant.words('scale')} {label.scale}" if label.scale else ""
    paper.heading(entry.title, scale, (x0 + 12 * factor, y0 + 16 * factor))
    if label.scale:
        paper.scale_bar(ratio, (x1 - 14 * factor, y0 + 8 * factor))
    if entry.kind != "section":
        paper.north_arrow(house.north_deg, (x1 - 16 * factor, y1 - 18 * factor))


def _slips(entry: Entry, errata: Errata) -> Slips:
    areas = errata.areas if entry.number == "A-101" else {}
    return Slips(errata.dimensions.get(entry.number, {}), areas)


def _dimension(canvas: PdfCanvas, one: Dimension) -> DimensionTruth:
    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = canvas.to_pt(point)
        return round(x, 3), round(y, 3)

    return DimensionTruth(one.text, round(one.value_m, 5), place(one.start), place(one.end), place(one.base), one.level)


def _write_dxf(path: Path, house: House, variant: Variant, entry: Entry, errata: Errata) -> None:
    """One storey's plan in model space, with its title under it."""
    ratio, factor = entry.ratio or 1, PAPERS[variant.paper][2]
    file = DxfFile(ratio, imperial=variant.units == "imperial", blocks=variant.door_blocks, text_factor=factor)
    storey = storey_of(house, entry)
    draw_plan(file.canvas, storey, variant, "general", _slips(entry, errata))
    x0, y0, _, _ = footprint(storey.kept()).bounds
    below = y0 - 45 * factor * file.canvas.mm
    label = _label(entry, variant, errata)
    file.canvas.text(f"{label.number}  {label.title}", (x0, below), 4.0 * factor, TEXT, align="left")
    file.save(path)
