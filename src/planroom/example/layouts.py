"""The layouts: tables of axes, openings, rooms and furniture in metres, north at the top."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from planroom.example.house import Fixture, House, Opening, OpeningType, Room, Storey, Wall
from planroom.records import Status

Layout = Literal["house", "bungalow", "conversion"]
WallRow = tuple[str, float, float, float, float, float]
# wall, type, x or y of the centre, width, height, sill or panes for windows, hinged at the low or high end, opening to
OpeningRow = tuple[str, OpeningType, float, float, float, str]
WindowRow = tuple[str, float, float, float, float, int]

OUTER: Final = 0.36
BEARING: Final = 0.17
LIGHT: Final = 0.11

_GROUND_WALLS: Final[tuple[WallRow, ...]] = (
    ("south", 0.0, 0.0, 12.6, 0.0, OUTER),
    ("north", 0.0, 9.6, 16.6, 9.6, OUTER),
    ("west", 0.0, 0.0, 0.0, 9.6, OUTER),
    ("east", 12.6, 0.0, 12.6, 9.6, OUTER),
    ("garage-south", 12.6, 2.6, 16.6, 2.6, OUTER),
    ("garage-east", 16.6, 2.6, 16.6, 9.6, OUTER),
    ("spine", 0.0, 4.8, 12.6, 4.8, BEARING),
    ("living-dining", 7.2, 0.0, 7.2, 4.8, BEARING),
    ("kitchen-hall", 4.0, 4.8, 4.0, 9.6, BEARING),
    ("hall-wc", 8.2, 4.8, 8.2, 9.6, LIGHT),
    ("wc-utility", 10.0, 4.8, 10.0, 9.6, LIGHT),
    ("wc-storage", 8.2, 6.9, 10.0, 6.9, LIGHT),
)
_GROUND_DOORS: Final[tuple[OpeningRow, ...]] = (
    ("north", "single", 7.1, 1.1, 2.26, "high S"),
    ("spine", "double", 6.1, 1.5, 2.1, "low S"),
    ("kitchen-hall", "single", 5.55, 0.885, 2.1, "low W"),
    ("spine", "pocket", 2.1, 0.9, 2.1, "low N"),
    ("hall-wc", "bifold", 5.85, 1.2, 2.1, "low W"),
    ("hall-wc", "single", 8.55, 0.76, 2.1, "low E"),
    ("spine", "single", 11.3, 0.885, 2.1, "low N"),
    ("east", "single", 5.7, 0.885, 2.1, "high W"),
    ("north", "garage", 14.6, 2.75, 2.25, "low S"),
    ("garage-south", "single", 15.6, 0.885, 2.1, "high N"),
    ("south", "sliding", 10.1, 2.4, 2.26, "low N"),
    ("living-dining", "cased", 2.6, 1.8, 2.26, "low E"),
)
_GROUND_WINDOWS: Final[tuple[WindowRow, ...]] = (
    ("south", 2.0, 1.8, 1.5, 0.76, 2),
    ("south", 5.2, 1.8, 1.5, 0.76, 2),
    ("west", 2.4, 1.2, 1.5, 0.76, 1),
    ("west", 7.2, 1.8, 1.2, 1.06, 3),
    ("north", 2.0, 1.2, 1.2, 1.06, 1),
    ("north", 9.1, 0.6, 0.6, 1.5, 1),
    ("north", 11.3, 0.9, 1.2, 1.06, 1),
    ("east", 1.3, 1.2, 1.5, 0.76, 1),
    ("garage-east", 6.0, 1.2, 0.6, 1.5, 2),
)
_GROUND_ROOMS: Final = (
    Room("001", "hall", (7.5, 7.0)),
    Room("002", "living", (4.4, 3.2)),
    Room("003", "dining", (9.9, 3.9)),
    Room("004", "kitchen", (2.2, 7.3)),
    Room("005", "storage", (9.1, 5.9)),
    Room("006", "toilet", (9.3, 7.5)),
    Room("007", "utility", (11.2, 7.5)),
    Room("008", "garage", (14.6, 7.8)),
)
_GROUND_FIXTURES: Final = (
    Fixture("stairs", (5.135, 9.42), -90.0, 2.1, 3.2),
    Fixture("counter", (0.18, 8.0), 0.0, 2.8, 0.6),
    Fixture("counter", (2.3, 9.42), -90.0, 3.2, 0.6),
    Fixture("sink", (0.18, 7.3), 0.0),
    Fixture("hob", (3.2, 9.42), -90.0),
    Fixture("toilet", (9.945, 8.4), 180.0),
    Fixture("basin", (8.6, 6.955), 90.0),
    Fixture("washer", (12.42, 8.9), 180.0),
    Fixture("washer", (12.42, 8.2), 180.0),
    Fixture("sofa", (0.18, 1.3), 0.0, 2.0, 0.9),
    Fixture("sofa", (3.0, 0.18), 90.0, 1.9, 0.9),
    Fixture("table", (2.4, 1.7), 0.0, 0.7, 1.1),
    Fixture("dining-table", (9.9, 1.3), 90.0, 1.9, 0.9),
    Fixture("car", (14.6, 3.1), 90.0, 1.8, 4.3),
)
_UPPER_WALLS: Final[tuple[WallRow, ...]] = (
    ("south", 0.0, 0.0, 12.6, 0.0, OUTER),
    ("north", 0.0, 9.6, 12.6, 9.6, OUTER),
    ("west", 0.0, 0.0, 0.0, 9.6, OUTER),
    ("east", 12.6, 0.0, 12.6, 9.6, OUTER),
    ("spine", 0.0, 4.8, 12.6, 4.8, BEARING),
    ("bedrooms-west", 5.6, 0.0, 5.6, 4.8, LIGHT),
    ("bedrooms-east", 9.2, 0.0, 9.2, 4.8, LIGHT),
    ("dressing-hall", 4.0, 4.8, 4.0, 9.6, BEARING),
    ("dressing-bath", 0.0, 6.7, 4.0, 6.7, LIGHT),
    ("hall-bath", 8.2, 6.2, 8.2, 9.6, LIGHT),
    ("bath-south", 8.2, 6.2, 12.6, 6.2, LIGHT),
    ("hall-storage", 10.6, 4.8, 10.6, 6.2, LIGHT),
)
_UPPER_DOORS: Final[tuple[OpeningRow, ...]] = (
    ("spine", "single", 4.8, 0.885, 2.1, "high S"),
    ("spine", "single", 8.0, 0.885, 2.1, "high S"),
    ("spine", "single", 9.95, 0.885, 2.1, "low S"),
    ("bath-south", "single", 9.1, 0.76, 2.1, "low N"),
    ("hall-storage", "single", 5.5, 0.76, 2.1, "low E"),
    ("spine", "sliding", 1.6, 1.5, 2.1, "low N"),
    ("dressing-bath", "pocket", 2.9, 0.8, 2.1, "low N"),
    ("south", "double", 2.8, 1.6, 2.26, "low N"),
)
_UPPER_WINDOWS: Final[tuple[WindowRow, ...]] = (
    ("south", 7.4, 1.8, 1.5, 0.76, 2),
    ("south", 11.0, 1.5, 1.5, 0.76, 2),
    ("west", 2.4, 1.2, 1.5, 0.76, 1),
    ("west", 8.2, 0.9, 1.2, 1.06, 1),
    ("north", 2.0, 0.9, 1.2, 1.06, 1),
    ("north", 7.2, 1.2, 1.2, 1.06, 1),
    ("north", 9.3, 0.9, 1.2, 1.06, 1),
    ("north", 11.4, 0.9, 1.2, 1.06, 1),
    ("east", 2.2, 1.2, 1.5, 0.76, 1),
)
_UPPER_ROOMS: Final = (
    Room("101", "hall", (7.3, 7.8)),
    Room("102", "bedroom", (4.0, 2.6)),
    Room("103", "bedroom", (7.4, 2.9)),
    Room("104", "bedroom", (11.6, 3.6)),
    Room("105", "bathroom", (10.7, 8.1)),
    Room("106", "storage", (11.75, 5.6)),
    Room("107", "dressing", (2.9, 5.6)),
    Room("108", "ensuite", (2.6, 7.9)),
)
_UPPER_FIXTURES: Final = (
    Fixture("stairs", (5.135, 9.42), -90.0, 2.1, 3.2),
    Fixture("bed", (0.18, 2.7), 0.0, 1.6, 2.05),
    Fixture("bed", (7.4, 0.18), 90.0, 0.9, 2.05),
    Fixture("bed", (9.9, 0.18), 90.0, 0.9, 2.05),
    Fixture("wardrobe", (5.655, 3.9), 0.0, 1.2, 0.6),
    Fixture("wardrobe", (0.18, 5.75), 0.0, 1.6, 0.6),
    Fixture("toilet", (1.0, 6.755), 90.0),
    Fixture("basin", (3.0, 9.42), -90.0),
    Fixture("shower", (0.18, 9.0), 0.0, 0.8, 0.8),
    Fixture("bath", (12.42, 8.5), 180.0, 1.75, 0.75),
    Fixture("toilet", (11.7, 6.255), 90.0),
    Fixture("basin", (8.255, 8.6), 0.0),
)
_BUNGALOW_WALLS: Final[tuple[WallRow, ...]] = (
    ("south", 0.0, 0.0, 14.0, 0.0, OUTER),
    ("west", 0.0, 0.0, 0.0, 10.8, OUTER),
    ("north", 0.0, 10.8, 8.6, 10.8, OUTER),
    ("inner-east", 8.6, 6.5, 8.6, 10.8, OUTER),
    ("inner-north", 8.6, 6.5, 14.0, 6.5, OUTER),
    ("east", 14.0, 0.0, 14.0, 6.5, OUTER),
    ("corridor-south", 0.0, 4.7, 14.0, 4.7, BEARING),
    ("corridor-north", 0.0, 6.5, 8.6, 6.5, BEARING),
    ("living-kitchen", 5.2, 6.5, 5.2, 10.8, BEARING),
    ("bedrooms", 4.2, 0.0, 4.2, 4.7, LIGHT),
    ("bedroom-bath", 7.8, 0.0, 7.8, 4.7, LIGHT),
    ("bath-toilet", 10.2, 0.0, 10.2, 4.7, LIGHT),
    ("toilet-utility", 11.8, 0.0, 11.8, 4.7, LIGHT),
    ("closet", 0.0, 3.95, 2.8, 3.95, LIGHT),
    ("closet-end", 2.8, 3.95, 2.8, 4.7, LIGHT),
)
_BUNGALOW_DOORS: Final[tuple[OpeningRow, ...]] = (
    ("inner-north", "single", 12.0, 1.1, 2.26, "low S"),
    ("corridor-north", "double", 3.4, 1.6, 2.1, "low N"),
    ("corridor-north", "cased", 7.3, 0.9, 2.1, "high N"),
    ("living-kitchen", "sliding", 8.6, 1.6, 2.1, "low W"),
    ("west", "sliding", 8.6, 2.4, 2.26, "low E"),
    ("corridor-south", "single", 3.5, 0.885, 2.1, "low S"),
    ("closet", "bifold", 1.5, 1.8, 2.1, "low S"),
    ("corridor-south", "single", 5.0, 0.885, 2.1, "low S"),
    ("corridor-south", "single", 8.5, 0.885, 2.1, "low S"),
    ("corridor-south", "pocket", 11.25, 0.76, 2.1, "low S"),
    ("corridor-south", "single", 13.2, 0.885, 2.1, "high S"),
    ("east", "single", 2.2, 0.885, 2.1, "low W"),
)
_BUNGALOW_WINDOWS: Final[tuple[WindowRow, ...]] = (
    ("south", 2.1, 1.8, 1.4, 0.86, 2),
    ("south", 6.0, 1.5, 1.4, 0.86, 2),
    ("south", 9.0, 0.9, 0.9, 1.36, 1),
    ("south", 11.0, 0.6, 0.6, 1.66, 1),
    ("south", 12.9, 0.9, 0.9, 1.36, 1),
    ("west", 2.0, 1.2, 1.4, 0.86, 1),
    ("west", 5.6, 0.9, 1.4, 0.86, 1),
    ("north", 2.6, 3.0, 1.4, 0.86, 3),
    ("north", 6.9, 1.5, 1.2, 1.06, 2),
    ("inner-east", 8.7, 1.2, 1.2, 1.06, 1),
    ("inner-north", 10.2, 1.2, 1.4, 0.86, 1),
    ("east", 5.6, 0.9, 1.4, 0.86, 1),
)
_BUNGALOW_ROOMS: Final = (
    Room("01", "hall", (8.4, 5.6)),
    Room("02", "living", (3.6, 9.2)),
    Room("03", "kitchen", (6.9, 8.2)),
    Room("04", "bedroom", (2.9, 2.2)),
    Room("05", "bedroom", (6.7, 2.6)),
    Room("06", "bathroom", (9.1, 2.7)),
    Room("07", "toilet", (11.0, 2.7)),
    Room("08", "utility", (12.9, 3.1)),
    Room("09", "closet", (2.35, 4.33)),
)
_BUNGALOW_FIXTURES: Final = (
    Fixture("bed", (0.18, 1.9), 0.0, 1.6, 2.05),
    Fixture("bed", (5.0, 0.18), 90.0, 0.9, 2.05),
    Fixture("bath", (10.145, 1.2), 180.0, 1.7, 0.75),
    Fixture("basin", (10.145, 3.4), 180.0),
    Fixture("toilet", (7.855, 1.2), 0.0),
    Fixture("toilet", (11.0, 0.18), 90.0),
    Fixture("basin", (11.745, 1.6), 180.0),
    Fixture("washer", (11.855, 0.7), 0.0),
    Fixture("washer", (11.855, 1.4), 0.0),
    Fixture("counter", (6.9, 10.62), -90.0, 2.9, 0.6),
    Fixture("counter", (8.42, 8.6), 180.0, 2.6, 0.6),
    Fixture("sink", (6.9, 10.62), -90.0),
    Fixture("hob", (8.42, 8.2), 180.0),
    Fixture("sofa", (3.8, 10.62), -90.0, 2.1, 0.9),
    Fixture("dining-table", (1.3, 9.3), 90.0, 1.7, 0.9),
)
# what a conversion keeps, builds and takes away, on the ground floor
_NEW_WALLS: Final = ("wc-utility", "wc-storage", "living-dining")
_DEMOLISHED_WALLS: Final[tuple[WallRow, ...]] = (
    ("old-parlour", 3.6, 0.0, 3.6, 4.8, LIGHT),
    ("old-pantry", 10.0, 2.9, 12.6, 2.9, LIGHT),
)
_DEMOLISHED_DOORS: Final[tuple[OpeningRow, ...]] = (
    ("old-parlour", "single", 1.7, 0.885, 2.1, "low W"),
    ("old-pantry", "single", 11.2, 0.76, 2.1, "low N"),
)


def _wall(row: WallRow, status: Status | None = None) -> Wall:
    name, x0, y0, x1, y1, thickness_m = row
    return Wall(name, (x0, y0), (x1, y1), thickness_m, status)


def _openings(
    walls: tuple[Wall, ...], doors: tuple[OpeningRow, ...], windows: tuple[WindowRow, ...]
) -> tuple[Opening, ...]:
    """Openings of the tables' rows: a position along the house's axis becomes one along the wall."""
    by_name = {w.id: w for w in walls}

    def along(name: str, place: float) -> float:
        wall = by_name[name]
        level = math.isclose(wall.start[1], wall.end[1])
        return round(place - wall.start[0 if level else 1], 6)

    made = []
    for index, (name, kind, place, width, height, hand) in enumerate(doors):
        hinge, side = hand.split()
        made.append(
            Opening(
                f"{name}-{index}",
                name,
                kind,
                along(name, place),
                width,
                height,
                flip_x=hinge == "high",
                flip_y=side in "SE",
                status=by_name[name].status,
            )
        )
    for index, (name, place, width, height, sill, panes) in enumerate(windows):
        status = by_name[name].status
        made.append(
            Opening(f"{name}-w{index}", name, "window", along(name, place), width, height, sill, panes, status=status)
        )
    return tuple(made)


def _storey(
    name: str,
    floor_m: float,
    clear_m: float,
    walls: tuple[WallRow, ...],
    doors: tuple[OpeningRow, ...],
    windows: tuple[WindowRow, ...],
    rooms: tuple[Room, ...],
    fixtures: tuple[Fixture, ...],
) -> Storey:
    built = tuple(_wall(row) for row in walls)
    return Storey(name, floor_m, clear_m, built, _openings(built, doors, windows), rooms, fixtures)


def _two_storeys() -> House:
    ground = _storey("0", 0.0, 2.6, _GROUND_WALLS, _GROUND_DOORS, _GROUND_WINDOWS, _GROUND_ROOMS, _GROUND_FIXTURES)
    upper = _storey("1", 2.9, 2.5, _UPPER_WALLS, _UPPER_DOORS, _UPPER_WINDOWS, _UPPER_ROOMS, _UPPER_FIXTURES)
    return House((ground, upper), 0.3, ("005", "006", "007"))


def _bungalow() -> House:
    ground = _storey(
        "0",
        0.0,
        2.6,
        _BUNGALOW_WALLS,
        _BUNGALOW_DOORS,
        _BUNGALOW_WINDOWS,
        _BUNGALOW_ROOMS,
        _BUNGALOW_FIXTURES,
    )
    return House((ground,), 0.3, ("06", "07", "08"))


def _conversion() -> House:
    """The two-storey house as a conversion: every wall and opening of the ground floor has a status."""
    house = _two_storeys()
    ground, upper = house.storeys
    walls = tuple(replace(w, status="new" if w.id in _NEW_WALLS else "existing") for w in ground.walls)
    gone = tuple(_wall(row, "demolished") for row in _DEMOLISHED_WALLS)
    status = {w.id: w.status for w in walls}
    openings = tuple(replace(o, status=status[o.wall]) for o in ground.openings)
    openings += _openings(gone, _DEMOLISHED_DOORS, ())
    return replace(house, storeys=(replace(ground, walls=walls + gone, openings=openings), upper))


LAYOUTS: Final[dict[Layout, Callable[[], House]]] = {
    "house": _two_storeys,
    "bungalow": _bungalow,
    "conversion": _conversion,
}
