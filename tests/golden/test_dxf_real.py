"""The two real DXF plans against what a person counts on them.

How many there are was counted by eye on the drawings. The places, in drawing units, were then taken from what was
found, each looked at on the pictures beside this file, which show them ringed; so they tell a change from the eye's
count, and are no independent measurement of where an opening lies. These two plans were developed on.

The rule of counting: a door is an opening with a leaf, a track or a door's size code, a pair of leaves once (D17 of the
house has only its code, 2668). A window is, on the house, each coded unit; on the villa, whose glazing turns corners,
each straight run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planroom.memory.manager import MemoryManager
from planroom.reading import read_sheets
from planroom.records import Sheet
from planroom.store.results import load_sheet

DATA = Path(__file__).parents[3] / "shared" / "data" / "dxf"
Places = list[tuple[float, float]]

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real drawings in ../shared/data/dxf are absent"),
]

HOUSE: dict[str, Places] = {
    "door": [
        (-247, 42),
        (-67, 42),
        (-594, 127),
        (-499, 127),
        (-458, 127),
        (-309, 109),
        (-497, 171),
        (-92, 107),
        (-520, 149),
        (-343, 171),
        (-433, 272),
        (-86, -214),
        (-389, 293),
        (-159, 107),
        (-561, 344),
        (44, 261),
        (-477, 293),
        (-433, 171),
        (-345, 41),
    ],
    "window": [(-562, -10), (-408, -34), (-286, 42), (-357, 344), (-185, 344), (-83, 344), (21, 344), (44, 110)],
}
VILLA: dict[str, Places] = {
    "door": [(23.2, 18.6), (13.3, 25.7)],
    "window": [
        (15.5, 20.4),
        (12.5, 19.7),
        (25.2, 13.0),
        (21.9, 9.4),
        (18.4, 8.4),
        (23.6, 12.2),
        (23.6, 10.3),
        (13.6, 19.2),
        (14.8, 10.5),
        (14.5, 14.9),
    ],
}


def sheet_of(name: str, folder: Path) -> Sheet:
    """The drawing read through the same function that the reader child runs."""
    arguments = {
        "path": str(DATA / name),
        "kind": "dxf",
        "sha256": "0" * 64,
        "folder": str(folder),
        "password": "",
        "picture_px": 1200,
        "scales": {},
        "lost": [],
        "letters": False,
        "unread": "",
        "sight": "",
    }
    read_sheets(arguments, lambda _: None, MemoryManager(1 << 30))
    return load_sheet(folder, 0)


def missed_and_false(sheet: Sheet, kind: str, places: Places, reach: float) -> tuple[int, int]:
    """How many places no element of the kind stands at, and how many elements stand at no place; each used once."""
    found = [np.asarray(e.outline).mean(0) for e in sheet.elements if e.kind == kind]
    missed = 0
    for place in places:
        near = [i for i, at in enumerate(found) if np.hypot(*(at - place)) < reach]
        if near:
            found.pop(near[0])
        else:
            missed += 1
    return missed, len(found)


@pytest.mark.parametrize(
    ("name", "truth", "reach"),
    [("house-floorplan.dxf", HOUSE, 20.0), ("Ceco.NET-Architecture-Tm-53.dxf", VILLA, 0.5)],
)
@pytest.mark.parametrize("kind", ["door", "window"])
def test_openings_are_found(name: str, truth: dict[str, Places], reach: float, kind: str, tmp_path: Path) -> None:
    places = truth[kind]

    missed, false = missed_and_false(sheet_of(name, tmp_path), kind, places, reach)

    assert missed <= 0.1 * len(places)
    assert false <= 0.1 * len(places)


def test_a_wrong_unit_in_the_header_is_overruled_by_the_dimensions(tmp_path: Path) -> None:
    sheet = sheet_of("house-floorplan.dxf", tmp_path)

    assert sheet.scale is not None
    assert sheet.scale.state == "measured"
    assert sheet.scale.m_per_unit == pytest.approx(0.0254)
    assert "$INSUNITS 4" in sheet.scale.evidence


def test_rooms_carry_the_drawing_s_names(tmp_path: Path) -> None:
    sheet = sheet_of("house-floorplan.dxf", tmp_path)

    names = {e.traits.get("name", "") for e in sheet.elements if e.kind == "room"}

    assert {"MASTER BEDROOM", "BEDROOM 2", "BEDROOM 3", "MSTR. BATH", "TOIL.", "BATH", "2 CAR GARAGE"} <= names
    assert (sheet.counts["bedroom"], sheet.counts["toilet"]) == (3, 3)


def test_pictures_of_the_truth_are_beside_the_test() -> None:
    pictures = {file.stem for file in (Path(__file__).parent / "pictures").glob("*.png")}

    assert {"house-floorplan", "villa"} <= pictures
