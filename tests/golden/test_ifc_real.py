from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from planroom.ingest.ifc import read_ifc
from planroom.memory.manager import MemoryManager
from planroom.records import Element, Page

pytest.importorskip("ifcopenshell")

DATA = Path(__file__).parents[3] / "shared" / "data" / "ifc"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real models in ../shared/data/ifc are absent"),
]

# Rooms of the duplex that are no prisms, or that are no rooms: stairs cut into them or their ceilings step.
SHAPED = ("A105", "B105", "A201", "B201", "R301")

KINDS = ("door", "window", "room", "wall")


@pytest.fixture(scope="module", params=["AC20-FZK-Haus", "duplex", "Ifc4_SampleHouse", "IfcOpenHouse_IFC4"])
def model(request: pytest.FixtureRequest) -> tuple[str, list[Page]]:
    name = str(request.param)
    ledger = MemoryManager(1 << 30)
    return name, list(read_ifc(DATA / f"{name}.ifc", picture_px=800, ledger=ledger, progress=lambda *_: None))


def elements(pages: list[Page], kind: str) -> list[Element]:
    return [element for page in pages for element in page.elements or [] if element.kind == kind]


def test_counts_are_exact(model: tuple[str, list[Page]]) -> None:
    name, pages = model
    expected = {
        "AC20-FZK-Haus": (5, 11, 7, 13),
        "duplex": (14, 24, 21, 57),
        "Ifc4_SampleHouse": (3, 4, 4, 5),
        "IfcOpenHouse_IFC4": (1, 5, 0, 4),
    }

    assert tuple(len(elements(pages, kind)) for kind in KINDS) == expected[name]


def test_each_storey_is_a_page_with_its_level(model: tuple[str, list[Page]]) -> None:
    name, pages = model
    expected = {
        "AC20-FZK-Haus": [("Erdgeschoss", "0"), ("Dachgeschoss", "1")],
        "duplex": [("T/FDN", "-1"), ("Level 1", "0"), ("Level 2", "1"), ("Roof", "roof")],
        "Ifc4_SampleHouse": [("Ground Floor", "0"), ("Roof", "roof")],
        "IfcOpenHouse_IFC4": [("storey 1", "0")],
    }

    assert [(page.name, page.storey) for page in pages] == expected[name]


def test_every_element_has_geometry_inside_its_page(model: tuple[str, list[Page]]) -> None:
    _, pages = model
    ids = Counter(element.id for page in pages for element in page.elements or [])

    assert set(ids.values()) == {1}
    for page in pages:
        x0, y0, x1, y1 = page.extent
        for element in page.elements or []:
            assert len(element.outline) >= 3, element.id
            assert (element.outline > (x0, y0)).all() and (element.outline < (x1, y1)).all()


def test_room_areas_agree_with_the_base_quantities(model: tuple[str, list[Page]]) -> None:
    name, pages = model
    rooms = elements(pages, "room")

    for room in rooms:
        # The duplex states areas to the walls' axes, but volumes to their faces.
        if name == "duplex" and room.traits["number"] not in SHAPED:
            assert room.sizes["area"] * room.sizes["height"] == pytest.approx(room.stated["volume_m3"], rel=0.01)
        elif name != "duplex":
            assert room.sizes["area"] == pytest.approx(room.stated["area_m2"], rel=0.01)


def test_wall_sizes_agree_with_the_base_quantities(model: tuple[str, list[Page]]) -> None:
    name, pages = model
    if name != "AC20-FZK-Haus":
        pytest.skip("states no base quantities of walls, or those of the reference line")

    for wall in elements(pages, "wall"):
        assert wall.sizes["length"] == pytest.approx(wall.stated["length_m"], rel=0.005)
        assert wall.sizes["thickness"] == pytest.approx(wall.stated["thickness_m"], rel=0.005)
        assert wall.sizes["height"] == pytest.approx(wall.stated["height_m"], rel=0.005)
        assert wall.sizes["area_side"] == pytest.approx(wall.stated["area_side_m2"], rel=0.05)


def test_doors_and_windows_have_their_stated_width(model: tuple[str, list[Page]]) -> None:
    _, pages = model

    for element in elements(pages, "door") + elements(pages, "window"):
        if "Skylight" not in element.traits.get("name", ""):
            assert element.sizes["width"] == pytest.approx(element.stated["width_m"], rel=0.01)
            assert element.sizes["height"] == pytest.approx(element.stated["height_m"], rel=0.01)
