"""Houses made of other houses: moved, mirrored, turned or cut to a part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from shapely import Point as ShapelyPoint
from shapely import box, union_all

from planroom.example.house import House, Point, Storey, room_shape
from planroom.units import INCH_M


def transformed(house: House, move: Callable[[Point], Point], *, mirrored: bool, turn_deg: float) -> House:
    """The house with every point moved; `mirrored` and `turn_deg` say what `move` does to directions."""

    def angle(degrees: float) -> float:
        return (180 - degrees if mirrored else degrees) + turn_deg

    storeys = []
    for storey in house.storeys:
        walls = {w.id: replace(w, start=move(w.start), end=move(w.end)) for w in storey.walls}
        openings = []
        for o in storey.openings:
            centre_m = math.dist(walls[o.wall].start, move(storey.wall(o.wall).at(o.centre_m)))
            openings.append(replace(o, centre_m=round(centre_m, 6), flip_y=o.flip_y != mirrored))
        storeys.append(
            replace(
                storey,
                walls=tuple(walls.values()),
                openings=tuple(openings),
                rooms=tuple(replace(r, label=move(r.label)) for r in storey.rooms),
                fixtures=tuple(replace(f, at=move(f.at), angle_deg=angle(f.angle_deg)) for f in storey.fixtures),
            )
        )
    return replace(house, storeys=tuple(storeys), north_deg=angle(house.north_deg))


def cropped(storey: Storey, rooms: Iterable[str], margin_m: float = 0.6) -> Storey:
    """The part of a storey around some of its rooms; walls end where the crop, or an opening cut by it, ends them."""
    storey = storey.kept()
    inside = [r for r in storey.rooms if r.number in set(rooms)]
    window = box(*union_all([room_shape(storey, r) for r in inside]).bounds).buffer(margin_m, join_style="mitre")
    walls, openings = [], []
    for wall in storey.walls:
        part = wall.strip(0, wall.length_m, 1e-6).intersection(window)
        if part.area < 1e-9:
            continue
        stations = [math.dist(wall.start, p) for p in part.exterior.coords]
        low, high = min(stations), max(stations)
        held = []
        for o in (o for o in storey.openings if o.wall == wall.id):
            left, right = o.centre_m - o.width_m / 2, o.centre_m + o.width_m / 2
            if low <= left and right <= high:
                held.append(o)
            elif left < low < right:
                low = right
            elif left < high < right:
                high = left
        low, high = round(low, 5), round(high, 5)
        walls.append(replace(wall, start=wall.at(low), end=wall.at(high)))
        openings += [replace(o, centre_m=o.centre_m - low) for o in held]
    fixtures = tuple(f for f in storey.fixtures if window.contains(ShapelyPoint(f.at)))
    return replace(storey, walls=tuple(walls), openings=tuple(openings), rooms=tuple(inside), fixtures=fixtures)


def in_inches(house: House) -> House:
    """The house on a grid of inches: axes and openings on two, wall thicknesses on half an inch."""

    def snap(value_m: float, inches: float) -> float:
        return round(round(value_m / (inches * INCH_M)) * inches * INCH_M, 6)

    moved = transformed(house, lambda p: (snap(p[0], 2), snap(p[1], 2)), mirrored=False, turn_deg=0.0)
    storeys = []
    for storey in moved.storeys:
        walls = tuple(replace(w, thickness_m=snap(w.thickness_m, 0.5)) for w in storey.walls)
        openings = tuple(
            replace(
                o,
                centre_m=snap(o.centre_m, 2),
                width_m=snap(o.width_m, 2),
                height_m=snap(o.height_m, 2),
                sill_m=snap(o.sill_m, 2),
            )
            for o in storey.openings
        )
        floor_m, clear_m = snap(storey.floor_m, 1), snap(storey.clear_m, 1)
        storeys.append(replace(storey, walls=walls, openings=openings, floor_m=floor_m, clear_m=clear_m))
    rise = storeys[-1].floor_m - storeys[0].floor_m - storeys[0].clear_m
    return replace(moved, storeys=tuple(storeys), slab_m=round(rise, 6) if len(storeys) > 1 else snap(moved.slab_m, 1))
