from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bad_ifc import write_endless_ifc
from planroom import errors
from planroom.ingest.ifc import lease_bytes, read_ifc
from planroom.memory.manager import MemoryManager
from planroom.records import Element, Page

ifcopenshell = pytest.importorskip("ifcopenshell")

GUID = "0YvctVUKr0kugbFTf53O{:02d}".format

HEAD = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION((''),'2;1');
FILE_NAME('house.ifc','2024-01-01T00:00:00',(''),(''),'','','');
FILE_SCHEMA(('{schema}'));
ENDSEC;
DATA;
#1=IFCCARTESIANPOINT((0.,0.,0.));
#2=IFCAXIS2PLACEMENT3D(#1,$,$);
#3=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#2,$);
#4={unit};
#5=IFCUNITASSIGNMENT((#4));
#6=IFCPROJECT('0YvctVUKr0kugbFTf53O01',$,'p',$,$,$,$,(#3),#5);
#7=IFCLOCALPLACEMENT($,#2);
#8=IFCBUILDING('0YvctVUKr0kugbFTf53O02',$,'b',$,$,#7,$,$,.ELEMENT.,$,$,$);
#9=IFCRELAGGREGATES('0YvctVUKr0kugbFTf53O03',$,$,$,#6,(#8));
#10=IFCDIRECTION((0.,0.,1.));
#11=IFCCARTESIANPOINT((0.,0.));
#12=IFCAXIS2PLACEMENT2D(#11,$);
"""
METRE = "IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.)"
MILLIMETRE = "IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.)"
FOOT = (
    "IFCCONVERSIONBASEDUNIT(#900,.LENGTHUNIT.,'FOOT',#901);\n#900=IFCDIMENSIONALEXPONENTS(1,0,0,0,0,0,0);\n"
    "#901=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(0.3048),#902);\n#902=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.)"
)


class House:
    """Writes small IFC4 models: lines of STEP with running numbers; lengths in the model's own unit."""

    def __init__(self, unit: str = METRE, schema: str = "IFC4"):
        self._head = HEAD.format(schema=schema, unit=unit)
        self._lines: list[str] = []
        self._next = 1000
        self._guid = 10

    def add(self, text: str) -> int:
        self._next += 1
        self._lines.append(f"#{self._next}={text};")
        return self._next

    def guid(self) -> str:
        self._guid += 1
        return GUID(self._guid)

    def placed(self, x: float, y: float, z: float) -> int:
        point = self.add(f"IFCCARTESIANPOINT(({x:.6f},{y:.6f},{z:.6f}))")
        return self.add(f"IFCLOCALPLACEMENT(#7,#{self.add(f'IFCAXIS2PLACEMENT3D(#{point},$,$)')})")

    def prism(self, profile: int, height: float) -> int:
        solid = self.add(f"IFCEXTRUDEDAREASOLID(#{profile},#2,#10,{height:.6f})")
        shape = self.add(f"IFCSHAPEREPRESENTATION(#3,'Body','SweptSolid',(#{solid}))")
        return self.add(f"IFCPRODUCTDEFINITIONSHAPE($,$,(#{shape}))")

    def polygon(self, points: list[tuple[float, float]]) -> int:
        numbers = [self.add(f"IFCCARTESIANPOINT(({x:.6f},{y:.6f}))") for x, y in [*points, points[0]]]
        curve = self.add(f"IFCPOLYLINE(({','.join(f'#{n}' for n in numbers)}))")
        return self.add(f"IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#{curve})")

    def box(self, width: float, depth: float, height: float) -> int:
        return self.prism(self.polygon([(0, 0), (width, 0), (width, depth), (0, depth)]), height)

    def storey(self, name: str, z: float, building: int = 8) -> int:
        number = self.add(
            f"IFCBUILDINGSTOREY('{self.guid()}',$,'{name}',$,$,#{self.placed(0, 0, z)},$,$,.ELEMENT.,{z:.6f})"
        )
        self.relate("IFCRELAGGREGATES", building, [number])
        return number

    def wall(self, shape: int | str = "$", at: tuple[float, float, float] = (0, 0, 0)) -> int:
        body = shape if shape == "$" else f"#{shape}"
        return self.add(f"IFCWALL('{self.guid()}',$,'w',$,$,#{self.placed(*at)},{body},$,$)")

    def door(self, shape: int | str = "$", size: tuple[float, float] = (1, 2), kind: str = "SINGLE_SWING_LEFT") -> int:
        body = shape if shape == "$" else f"#{shape}"
        sizes = f"{size[1]:.6f},{size[0]:.6f}"
        return self.add(
            f"IFCDOOR('{self.guid()}',$,'d',$,$,#{self.placed(0, 0, 0)},{body},$,{sizes},.DOOR.,.{kind}.,$)"
        )

    def space(self, shape: int | str = "$", name: str = "1", long_name: str = "Kitchen") -> int:
        body = shape if shape == "$" else f"#{shape}"
        place = self.placed(0, 0, 0)
        return self.add(
            f"IFCSPACE('{self.guid()}',$,'{name}',$,$,#{place},{body},'{long_name}',.ELEMENT.,.INTERNAL.,$)"
        )

    def relate(self, relation: str, parent: int, children: list[int]) -> None:
        many = ",".join(f"#{child}" for child in children)
        if relation == "IFCRELCONTAINEDINSPATIALSTRUCTURE":
            self.add(f"{relation}('{self.guid()}',$,$,$,({many}),#{parent})")
        elif relation in ("IFCRELFILLSELEMENT", "IFCRELVOIDSELEMENT"):
            self.add(f"{relation}('{self.guid()}',$,$,$,#{parent},{many})")
        else:
            self.add(f"{relation}('{self.guid()}',$,$,$,#{parent},({many}))")

    def contain(self, storey: int, *elements: int) -> None:
        self.relate("IFCRELCONTAINEDINSPATIALSTRUCTURE", storey, list(elements))

    def write(self, folder: Path) -> Path:
        path = folder / "house.ifc"
        path.write_text(self._head + "\n".join(self._lines) + "\nENDSEC;\nEND-ISO-10303-21;\n", encoding="utf-8")
        return path


def read(path: Path, **more: object) -> list[Page]:
    ledger = MemoryManager(1 << 30)
    pages = list(read_ifc(path, picture_px=400, ledger=ledger, progress=lambda *_: None, **more))  # type: ignore[arg-type]

    assert ledger.leased_bytes == 0
    return pages


def only(page: Page, kind: str) -> Element:
    (found,) = [element for element in page.elements or [] if element.kind == kind]
    return found


@pytest.mark.parametrize(("unit", "metre"), [(METRE, 1.0), (MILLIMETRE, 1000.0), (FOOT, 1 / 0.3048)])
def test_everything_comes_in_metres_whatever_the_models_unit(tmp_path: Path, unit: str, metre: float) -> None:
    house = House(unit)
    storey = house.storey("Level 0", 0)
    wall = house.wall(house.box(5 * metre, 0.3 * metre, 2.5 * metre), at=(2 * metre, 1 * metre, 0))
    house.contain(storey, wall, house.door(house.box(metre, 0.1 * metre, 2 * metre), size=(metre, 2 * metre)))
    (page,) = read(house.write(tmp_path))
    wall_read, door = only(page, "wall"), only(page, "door")

    assert page.unit_m == 1.0
    assert wall_read.sizes == pytest.approx(
        {"length": 5, "thickness": 0.3, "height": 2.5, "area_side": 12.5, "area_side_net": 12.5}, rel=1e-6
    )
    assert wall_read.outline.min(axis=0) == pytest.approx([2, 1])
    assert wall_read.outline.max(axis=0) == pytest.approx([7, 1.3])
    assert door.sizes == pytest.approx({"width": 1, "height": 2})
    assert door.stated == pytest.approx({"width_m": 1, "height_m": 2})
    assert door.traits["subtype"] == "single swing left"


def test_a_rooms_area_is_that_of_its_floor(tmp_path: Path) -> None:
    house = House()
    storey = house.storey("Level 0", 0)
    shape = house.prism(house.polygon([(0, 0), (6, 0), (6, 2), (3, 2), (3, 5), (0, 5)]), 2.6)
    house.relate("IFCRELAGGREGATES", storey, [house.space(shape, "101", r"K\X2\00FC\X0\che")])
    (page,) = read(house.write(tmp_path))
    room = only(page, "room")

    assert room.sizes == pytest.approx({"area": 21, "perimeter": 22, "height": 2.6})
    assert len(room.outline) == 6
    assert room.traits["name"] == "Küche" and room.traits["number"] == "101"
    assert room.sources == [f"ifc:{room.id}"]
    assert page.heights["clear"] == pytest.approx(2.6)


def test_a_curved_wall_has_the_length_of_its_axis(tmp_path: Path) -> None:
    house = House()
    storey = house.storey("Level 0", 0)
    turn = np.linspace(0, np.pi / 2, 200)
    outer = [(5.1 * float(np.cos(a)), 5.1 * float(np.sin(a))) for a in turn]
    inner = [(4.9 * float(np.cos(a)), 4.9 * float(np.sin(a))) for a in turn[::-1]]
    house.contain(storey, house.wall(house.prism(house.polygon(outer + inner), 3)))
    (page,) = read(house.write(tmp_path))
    wall = only(page, "wall")

    assert wall.sizes["length"] == pytest.approx(5 * np.pi / 2, rel=1e-3)
    assert wall.sizes["thickness"] == pytest.approx(0.2, rel=1e-3)
    assert wall.sizes["area_side"] == pytest.approx(3 * 5 * np.pi / 2, rel=1e-3)


def test_an_opening_takes_from_the_net_side_area_and_brings_its_door_to_the_walls_storey(tmp_path: Path) -> None:
    house = House()
    storey = house.storey("Level 0", 0)
    wall = house.wall(house.box(4, 0.2, 3))
    hole = house.add(f"IFCOPENINGELEMENT('{house.guid()}',$,$,$,$,#7,#{house.box(1, 0.2, 2)},$,$)")
    door = house.door()
    house.relate("IFCRELVOIDSELEMENT", wall, [hole])
    house.relate("IFCRELFILLSELEMENT", hole, [door])
    house.contain(storey, wall)
    (page,) = read(house.write(tmp_path))

    assert only(page, "wall").sizes["area_side"] == pytest.approx(12)
    assert only(page, "wall").sizes["area_side_net"] == pytest.approx(10)
    assert only(page, "door").sizes == pytest.approx({"width": 1, "height": 2})
    assert only(page, "door").traits["geometry"] == "opening"


def test_parts_stand_on_their_wholes_storey_and_the_rest_is_unplaced(tmp_path: Path) -> None:
    house = House()
    storey = house.storey("Level 0", 0)
    facade = house.add(f"IFCCURTAINWALL('{house.guid()}',$,$,$,$,#7,$,$,$)")
    house.contain(storey, facade)
    house.relate("IFCRELAGGREGATES", facade, [house.door()])
    house.contain(8, house.wall())
    house.door()
    placed, unplaced = read(house.write(tmp_path))

    assert [element.kind for element in placed.elements or []] == ["door"]
    assert Counter(element.kind for element in unplaced.elements or []) == {"wall": 1, "door": 1}
    assert unplaced.name == "unplaced"
    assert {element.traits["geometry"] for element in unplaced.elements or []} == {"none"}


def test_a_wall_of_parts_is_measured_by_its_parts(tmp_path: Path) -> None:
    house = House()
    storey = house.storey("Level 0", 0)
    wall = house.wall()
    shapes = [(house.box(4, 0.1, 3), 0.0), (house.box(4, 0.2, 3), 0.1)]
    layers = [
        house.add(f"IFCBUILDINGELEMENTPART('{house.guid()}',$,$,$,$,#{house.placed(0, y, 0)},#{shape},$,$)")
        for shape, y in shapes
    ]
    house.relate("IFCRELAGGREGATES", wall, layers)
    house.contain(storey, wall)
    (page,) = read(house.write(tmp_path))

    assert only(page, "wall").sizes["thickness"] == pytest.approx(0.3)
    assert only(page, "wall").sizes["area_side"] == pytest.approx(12)


def test_an_element_whose_geometry_fails_is_counted_all_the_same(tmp_path: Path) -> None:
    house = House()
    storey = house.storey("Level 0", 0)
    house.contain(storey, house.wall(house.prism(house.polygon([(0, 0), (1, 0), (2, 0)]), 3)))
    (page,) = read(house.write(tmp_path))
    wall = only(page, "wall")

    assert wall.traits["geometry"] == "failed"
    assert wall.outline.shape == (0, 2) and wall.sizes == {}


def test_storeys_come_from_below_with_levels_counted_from_the_ground(tmp_path: Path) -> None:
    house = House()
    for name, z in (("Roof", 6.0), ("Basement", -3.0), ("Ground floor", 0.1), ("First floor", 3.1), ("Datum", 1.0)):
        storey = house.storey(name, z)
        if name != "Datum":
            house.contain(storey, house.wall())
    pages = read(house.write(tmp_path))

    assert [page.name for page in pages] == ["Basement", "Ground floor", "Datum", "First floor", "Roof"]
    assert [page.storey for page in pages] == ["-1", "0", "", "1", "roof"]
    assert pages[0].heights == pytest.approx({"storey": 3.1})
    assert [page.index for page in pages] == list(range(5))


def test_only_the_pages_asked_for_are_read(tmp_path: Path) -> None:
    house = House()
    for z in (0, 3, 6):
        house.contain(house.storey("Level", z), house.wall())
    pages = read(house.write(tmp_path), pages={1})

    assert [page.index for page in pages] == [1]
    assert pages[0].name == "Level (#8) (2)"


def test_status_comes_from_the_common_property_set(tmp_path: Path) -> None:
    house = House()
    wall = house.wall()
    house.contain(house.storey("Level 0", 0), wall)
    value = house.add("IFCPROPERTYENUMERATEDVALUE('Status',$,(IFCLABEL('DEMOLISH')),$)")
    external = house.add("IFCPROPERTYSINGLEVALUE('IsExternal',$,IFCBOOLEAN(.T.),$)")
    common = house.add(f"IFCPROPERTYSET('{house.guid()}',$,'Pset_WallCommon',$,(#{value},#{external}))")
    house.add(f"IFCRELDEFINESBYPROPERTIES('{house.guid()}',$,$,$,(#{wall}),#{common})")
    (page,) = read(house.write(tmp_path))

    assert only(page, "wall").status == "demolished"
    assert only(page, "wall").traits["is_external"] == "true"


def test_repeated_global_ids_still_make_one_id_each(tmp_path: Path) -> None:
    house = House()
    walls = []
    for _ in range(3):
        walls.append(house.wall())
        house._guid -= 1
    house._guid += 1
    house.contain(house.storey("Level 0", 0), *walls)
    (page,) = read(house.write(tmp_path))
    ids = [element.id for element in page.elements or []]

    assert ids == [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"]


def test_the_picture_shows_the_wall_where_its_outline_lies(tmp_path: Path) -> None:
    house = House()
    house.contain(house.storey("Level 0", 0), house.wall(house.box(5, 0.5, 2.5), at=(100_000, 500_000, 30)))
    (page,) = read(house.write(tmp_path))
    x0, y0, x1, y1 = page.extent
    height, width = page.picture_bgr.shape[:2]
    px_per_m = width / (x1 - x0)
    row, column = round((y1 - 500_000.25) * px_per_m), round((100_002.5 - x0) * px_per_m)

    assert max(width, height) == 400
    assert px_per_m == pytest.approx(height / (y1 - y0))
    assert tuple(page.picture_bgr[row, column]) == (150, 150, 150)
    assert tuple(page.picture_bgr[2, 2]) == (255, 255, 255)


def test_a_surveyed_site_far_from_the_origin_is_measured_alike(tmp_path: Path) -> None:
    house = House()
    house.contain(house.storey("Level 0", 0), house.wall(house.box(5, 0.24, 2.5), at=(3_500_000, 5_800_000, 120)))
    (page,) = read(house.write(tmp_path))

    assert only(page, "wall").sizes["thickness"] == pytest.approx(0.24, abs=1e-4)
    assert only(page, "wall").sizes["area_side"] == pytest.approx(12.5, rel=1e-3)


@pytest.mark.parametrize("schema", ["IFC4X3", "IFC4X3_ADD2", "IFC4X3_RC4", "ifc4"])
def test_every_identifier_of_a_schema_is_read(tmp_path: Path, schema: str) -> None:
    house = House(schema=schema)
    house.contain(house.storey("Level 0", 0), house.wall(house.box(5, 0.3, 2.5)))
    (page,) = read(house.write(tmp_path))

    assert only(page, "wall").sizes["length"] == pytest.approx(5)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", errors.EmptyFile),
        (b"PK\x03\x04zipped", errors.UnsupportedFile),
        (b"<?xml version='1.0'?><ifcXML/>", errors.UnsupportedFile),
        (b"%PDF-1.7", errors.MislabelledFile),
        (b"ISO-10303-21;\nHEADER;\n", errors.TruncatedFile),
        (b"ISO-10303-21;\nrubbish\nEND-ISO-10303-21;\n", errors.ReaderFailed),
    ],
)
def test_a_file_that_is_no_readable_model_is_refused_by_name(
    tmp_path: Path, content: bytes, error: type[errors.PlanroomError]
) -> None:
    path = tmp_path / "model.ifc"
    path.write_bytes(content)

    with pytest.raises(error) as caught:
        read(path)
    assert caught.value.place == "model.ifc"


def test_an_unknown_schema_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(errors.UnsupportedFile, match="AUTOMOTIVE_DESIGN"):
        read(House(schema="AUTOMOTIVE_DESIGN").write(tmp_path))


def test_a_model_without_a_building_has_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(errors.NoSheet):
        read(House().write(tmp_path))


def test_a_placement_that_refers_to_itself_is_the_readers_failure(tmp_path: Path) -> None:
    house = House()
    own = house._next + 1
    house.add(f"IFCLOCALPLACEMENT(#{own},#2)")
    house.add(f"IFCBUILDINGSTOREY('{house.guid()}',$,'loop',$,$,#{own},$,$,.ELEMENT.,0.)")

    with pytest.raises(errors.ReaderFailed):
        read(house.write(tmp_path))


def test_a_model_that_does_not_fit_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    house = House()
    house.contain(house.storey("Level 0", 0), house.wall())
    path = house.write(tmp_path)
    ledger = MemoryManager(lease_bytes(path.stat().st_size) - 1)

    with pytest.raises(errors.BudgetRefused):
        next(read_ifc(path, picture_px=400, ledger=ledger, progress=lambda *_: None))
    assert ledger.peak_leased_bytes == 0


def test_progress_rises_to_its_end(tmp_path: Path) -> None:
    house = House()
    for z in (0, 3):
        house.contain(house.storey(f"Level {z}", z), *(house.wall() for _ in range(40)))
    told: list[tuple[str, float]] = []
    list(
        read_ifc(
            house.write(tmp_path),
            picture_px=100,
            ledger=MemoryManager(1 << 30),
            progress=lambda what, share: told.append((what, share)),
        )
    )
    shares = [share for _, share in told]

    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert {what for what, _ in told} >= {"Level 0", "Level 3"} and len(told) >= 8


def test_the_endless_model_is_whole_and_ends_where_it_holds_one_body(tmp_path: Path) -> None:
    (page,) = read(write_endless_ifc(tmp_path / "endless.ifc", n_bodies=1, n_spheres=2))

    assert page.name == "Level 0"
    assert [element.kind for element in page.elements or []] == ["wall"]
