"""Reports made by hand, with drawn pictures, that the tests of all outputs share."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from planroom.errors import Fault
from planroom.records import Element, Finding, Quantity, Report, Scale, Sheet, State

WIDTH_PT, HEIGHT_PT = 1190.0, 842.0
M_PER_PT = 0.0254 / 72 * 50
HOSTILE = '</script><script>alert("x")</script> & Söhne'
FORMULA = '=HYPERLINK("http://example.org","Bath")\x07'


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)


def element(key: str, kind: str, outline: np.ndarray, sizes: dict[str, float], **traits: str) -> Element:
    lines = np.hstack([outline, np.roll(outline, -1, axis=0)])
    return Element(key, kind, outline, 0.9, lines, ["vector:1"], "new", sizes, {}, traits)


def house(prefix: str, x: float = 150, y: float = 120) -> list[Element]:
    """Four walls, two rooms, two doors, a window and an opening, in points."""
    w, h = 880.0, 600.0
    walls = [(x, y, x + w, y + 17), (x, y + h - 17, x + w, y + h), (x, y + 17, x + 17, y + h - 17)]
    walls += [(x + w - 17, y + 17, x + w, y + h - 17), (x + 430, y + 17, x + 437, y + h - 17)]
    found = [
        element(f"{prefix}-w{i}", "wall", box(*at), {"length": max(at[2] - at[0], at[3] - at[1])})
        for i, at in enumerate(walls)
    ]
    rooms = [(x + 17, y + 17, x + 430, y + h - 17), (x + 437, y + 17, x + w - 17, y + h - 17)]
    for i, (at, name) in enumerate(zip(rooms, ("Küche", FORMULA), strict=True)):
        size = {"area": (at[2] - at[0]) * (at[3] - at[1]), "perimeter": 2 * (at[2] - at[0] + at[3] - at[1])}
        found.append(element(f"{prefix}-r{i}", "room", box(*at), size, number=f"0.0{i + 1}", name=name))
    found += [
        element(f"{prefix}-d0", "door", box(x + 425, y + 200, x + 490, y + 265), {"width": 50.2}, tag="D1"),
        element(f"{prefix}-d1", "door", box(x + 100, y, x + 165, y + 70), {"width": 57.3}, tag="D2", subtype="swing"),
        element(f"{prefix}-o0", "window", box(x + 600, y, x + 700, y + 17), {"width": 100.0, "height": 70.0}),
        element(f"{prefix}-p0", "opening", box(x + 425, y + 420, x + 442, y + 480), {"width": 60.0}),
    ]
    return found


def sheet(folder: Path, name: str, elements: list[Element], scale: Scale | None, **facts: object) -> Sheet:
    made = Sheet(
        id=f"abc123456789-{name}",
        file="plans.pdf",
        page=0,
        name=name,
        width_px=2479,
        height_px=1754,
        extent=(0.0, 0.0, WIDTH_PT, HEIGHT_PT),
        picture=str(folder / f"{name}.png"),
        number=name,
        elements=elements,
        scale=scale,
    )
    for key, value in facts.items():
        setattr(made, key, value)
    pixels = np.full((made.height_px, made.width_px, 3), 255, np.uint8)
    cv2.rectangle(pixels, (40, 40), (made.width_px - 40, made.height_px - 40), (0, 0, 0), 3)
    for thing in elements:
        if thing.kind != "room" and thing.outline.size:
            ring = np.rint(made.to_px(thing.outline)).astype(np.int32)
            cv2.polylines(pixels, [ring], isClosed=True, color=(60, 60, 60), thickness=3)
    cv2.putText(pixels, f"{name}  1:50", (1900, 1680), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (0, 0, 0), 3)
    cv2.imwrite(made.picture, pixels)
    return made


def quantities(made: Sheet, note: str = "") -> list[Quantity]:
    """One count a kind, one length of walls, one area a room."""
    found = []
    for kind in ("door", "window"):
        ids = [thing.id for thing in made.elements if thing.kind == kind]
        found.append(
            Quantity(f"{made.name}-{kind}", kind, "count", "pcs", float(len(ids)), "measured", made.id, ids, note=note)
        )
    walls = [thing for thing in made.elements if thing.kind == "wall"]
    length = sum(thing.sizes["length"] for thing in walls) * M_PER_PT
    found.append(
        Quantity(
            f"{made.name}-walls", "wall", "length", "m", length, "estimated", made.id, [thing.id for thing in walls],
            (length * 0.98, length * 1.02), note=note,
        )
    )  # fmt: skip
    for room in (thing for thing in made.elements if thing.kind == "room"):
        area = room.sizes["area"] * M_PER_PT**2
        found.append(
            Quantity(
                f"{room.id}-area", "room", "area", "m2", area, "measured", made.id, [room.id],
                (area * 0.995, area * 1.005), stated=round(area, 1), note=note,
            )
        )  # fmt: skip
    return found


def small_report(folder: Path) -> Report:
    """Three sheets: a plan that counts, an enlarged plan that repeats it, an elevation without a scale."""
    measured = Scale(50.0, M_PER_PT, "measured", "printed 1:50, scale bar agrees within 0.2 %")
    plan = sheet(folder, "A-101", house("a"), measured, title="GROUND FLOOR", kind="plan", storey="0",
                 counts={"door": 2, "window": 1, "room": 2, "wall": 5})  # fmt: skip
    part = sheet(folder, "A-111", house("b"), measured, title=HOSTILE, kind="plan", view="enlarged", storey="0", page=1)
    view = sheet(folder, "A-201", [element("c-o", "window", box(400, 300, 500, 420), {"width": 100.0})],
                 None, title="SOUTH ELEVATION", kind="elevation", page=2)  # fmt: skip
    counted, repeated = quantities(plan), quantities(part, note="repeats storey 0 of A-101, not in the total")
    withheld = Quantity("c-area", "facade", "area", "m2", None, "withheld", view.id, ["c-o"], reason="no scale")
    return Report(
        sheets=[plan, part, view],
        quantities=[*_totals(counted), *counted, *repeated, withheld],
        findings=[Finding("F101", "warning", plan.id, (700.0, 500.0, 1100.0, 900.0), HOSTILE, ["a-d0"])],
        faults=[Fault("E102", "broken.pdf", None, "ingest", "the file ends at byte 120", "export it again")],
        memory={"budget_bytes": 2 * 1024**3, "enforced": "kernel", "peak_leased_bytes": 700_000_000,
                "peak_real_bytes": 512_000_000, "pools": {}},
        timings=[{"stage": "ingest", "sheet": "A-101", "seconds": 0.8123}, {"stage": "detect", "seconds": 1.2}],
        groups=[{"storey": "0", "sheets": [plan.id, part.id], "note": "same storey, counted on A-101"}],
    )  # fmt: skip


def _totals(counted: list[Quantity]) -> list[Quantity]:
    found = []
    for item, measure in dict.fromkeys((detail.item, detail.measure) for detail in counted):
        own = [detail for detail in counted if (detail.item, detail.measure) == (item, measure)]
        value = sum(detail.value or 0.0 for detail in own)
        state: State = "estimated" if any(detail.state == "estimated" for detail in own) else "measured"
        found.append(
            Quantity(f"total-{item}-{measure}", item, measure, own[0].unit, value, state, None,
                     [detail.id for detail in own], total=True)
        )  # fmt: skip
    return found


def large_report(folder: Path, n_elements: int = 3000) -> Report:
    """One sheet with that many small walls in a grid, one length quantity each, one total."""
    across = 75
    walls = []
    for i in range(n_elements):
        x, y = 20 + (i % across) * 15.0, 20 + (i // across) * 19.0
        walls.append(element(f"w{i}", "wall", box(x, y, x + 12, y + 3), {"length": 12.0}, number=str(i)))
    made = sheet(folder, "L-1", walls, Scale(50.0, M_PER_PT, "measured", "printed"), kind="plan")
    details = [
        Quantity(f"q{i}", "wall", "length", "m", 12 * M_PER_PT, "measured", made.id, [wall.id])
        for i, wall in enumerate(walls)
    ]
    return Report(sheets=[made], quantities=[*_totals(details), *details])
