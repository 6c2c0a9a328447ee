"""A sheet's linework into elements: walls, doors, windows, openings and rooms, each with the lines it came from.

Works in metres, shifted to the sheet's corner; what leaves is in sheet units. Scale only sets what counts as a wall's
thickness or a door's width, so a rough one (from the doors themselves) does where none is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import shapely

from planroom.detect.bands import Bands, Polygons
from planroom.detect.clashes import distinct
from planroom.detect.codes import read_codes
from planroom.detect.elements import MOST_LINES, ElementMaker
from planroom.detect.gaps import cut_gaps, find_gaps
from planroom.detect.lines import Bools, bent_arcs
from planroom.detect.openings import Opening, read_gaps
from planroom.detect.rooms import find_rooms, find_wall_pieces, solid
from planroom.detect.scene import Scene, says_other, set_scene
from planroom.detect.standing import believable, find_blocks, find_cores, find_junctions, rooted, standing
from planroom.detect.strays import glazing, inset_windows, loose_doors
from planroom.detect.swings import Swing, find_swings, swing_radius_unit
from planroom.detect.walls import find_bands, find_faces, layers_name_walls
from planroom.records import Element, Ints, Linework, Page

USUAL_DOOR_M = 0.85
_RATIOS = (15, 220)
_BYTES_PER_SEGMENT = 900


def lease_bytes(linework: Linework) -> int:
    """Anonymous bytes that finding elements in `linework` takes, measured over drawn and real sheets."""
    return 8_000_000 + _BYTES_PER_SEGMENT * (len(linework.segments_xyxy) + 4 * len(linework.arcs))


def guess_scale(linework: Linework, paper_unit_m: float | None = None) -> float | None:
    """Metres in a sheet unit if the doors are as wide as doors usually are; None where no door swing is drawn.

    paper_unit_m: metres of paper in a unit; then only scales that plans are drawn in are believed.
    """
    arcs, _, _ = bent_arcs(linework.segments_xyxy, linework.segment_path)
    arcs = np.concatenate([linework.arcs, arcs])
    if paper_unit_m is not None:
        least, most = (USUAL_DOOR_M / ratio / paper_unit_m for ratio in (_RATIOS[1], _RATIOS[0]))
        arcs = arcs[(arcs[:, 2] > least) & (arcs[:, 2] < most)]
    radius = swing_radius_unit(arcs, linework.segments_xyxy)
    return None if radius is None else USUAL_DOOR_M / radius


def find_elements(
    page: Page,
    m_per_unit: float,
    progress: Callable[[str, float], None],
    *,
    view: str = "",
    gone: Collection[int] = (),
) -> list[Element]:
    """Elements of a page in sheet units: walls, then openings, then rooms.

    view: what kind of plan it is, as in `Sheet`. gone: styles (indices) that draw what will be demolished; rooms are
    those that remain without it.
    """
    origin = np.array(page.extent[:2])
    scene = set_scene(page, m_per_unit, origin)
    width_m, height_m = (float(v) for v in (np.array(page.extent[2:]) - origin) * m_per_unit)
    progress("detect", 0.2)
    faces = find_faces(scene.lines, scene.styles, (0.0, 0.0, width_m, height_m))
    swings, swing_styles = _find_swings(scene)
    leaves = [way for s in swings for way in (s, s.flipped()) if way.leaf]
    doors = np.array([(s.hinge, s.latch) for s in leaves]).reshape(-1, 2, 2)
    bands = find_bands(scene.lines, faces, scene.styles, doors)
    progress("detect", 0.4)
    named = layers_name_walls(scene.lines, scene.styles)
    words = np.array([(t.x, t.y) for t in scene.texts])
    patches = find_junctions(bands)
    blocks = find_blocks(scene.lines, faces, bands, words) if named else find_cores(scene.lines, bands, patches, words)
    openings = _find_openings(scene, bands, np.concatenate([patches, blocks]), swings, swing_styles, view)
    shown = [o for o in openings if o.kind != "opening"]
    sure = np.array([o.confidence > 0.84 for o in shown], bool)
    kept = bands.take(believable(bands, np.array([o.thickness_m for o in shown])[sure]))
    if not named:
        rings = np.array([o.ring for o in shown]).reshape(-1, 4, 2)
        kept = kept.take(rooted(kept, find_junctions(kept), rings, sure))
    if len(kept) < len(bands):
        bands = kept
        patches = np.concatenate([find_junctions(bands), blocks])
        openings = _find_openings(scene, bands, patches, swings, swing_styles, view)
    progress("detect", 0.7)
    bands = bands.take(standing(bands, openings, named))
    closed = solid(bands, np.concatenate([find_junctions(bands), blocks]), openings)
    rooms = find_rooms(_without(gone, scene, bands, blocks, openings) if gone else closed)
    pieces = find_wall_pieces(bands, closed)
    progress("detect", 1.0)
    make = ElementMaker(scene, origin, m_per_unit)
    found = [make.wall(piece, bands) for piece in pieces]
    found += [make.opening(opening) for opening in openings]
    spaces = [make.room(room) for room in rooms]
    _lend_lines(spaces + [e for e in found if e.kind == "opening" and not e.sources], found, 0.03 / m_per_unit)
    return found + spaces


def _lend_lines(bare: list[Element], drawn: list[Element], reach: float) -> None:
    """Give elements that no line draws (rooms, empty openings) the lines of the walls and openings on their edge."""
    lenders = [e for e in drawn if e.sources]
    tree = shapely.STRtree([shapely.Polygon(e.outline) for e in lenders])
    for element in bare:
        ring = shapely.Polygon(element.outline).buffer(reach)
        near = [lenders[k] for k in sorted(tree.query(ring, predicate="intersects").tolist())]
        element.sources = list(dict.fromkeys(s for e in near for s in e.sources))[:MOST_LINES]
        element.lines = np.concatenate([element.lines, *(e.lines for e in near)])[:MOST_LINES]


def _find_swings(scene: Scene) -> tuple[list[Swing], Ints]:
    """Swings, their arcs numbered as in the scene, and the style of each arc of the scene."""
    style = scene.style_of_path[scene.arc_path] if len(scene.arcs) else np.zeros(0, np.int32)
    index = np.flatnonzero(~says_other(scene)[style])
    swings = [replace(s, arc=int(index[s.arc])) for s in find_swings(scene.arcs[index], scene.segments)]
    return swings, style


def _find_openings(
    scene: Scene, bands: Bands, patches: Polygons, swings: list[Swing], swing_styles: Ints, view: str
) -> list[Opening]:
    dashed = np.array([s.dashed for s in scene.styles], bool)
    lines = scene.lines
    drawn = ~says_other(scene) & ~dashed
    usable = np.flatnonzero(drawn[lines.style]).astype(np.int32) if len(lines) else np.zeros(0, np.int32)
    cells = cut_gaps(find_gaps(bands, patches), lines, usable)
    openings, loose = read_gaps(cells, swings, read_codes(scene.texts), lines, scene.meanings, heads=view == "ceiling")
    says_door = [scene.meanings[swing_styles[s.arc]] in ("door", "opening") for s in loose]
    openings += loose_doors(loose, bands, says_door)
    openings += inset_windows(bands, lines, usable, scene.meanings, openings)
    openings += glazing(lines, usable, scene.meanings, openings, bands, patches)
    return distinct(openings)


def _without(
    gone: Collection[int], scene: Scene, bands: Bands, blocks: Polygons, openings: list[Opening]
) -> shapely.Geometry:
    """What stands once the walls drawn in the styles `gone`, and the openings in them, are demolished."""
    falls: Bools = np.asarray(np.isin(scene.lines.style[bands.faces], list(gone)).all(1))
    fallen = shapely.union_all(shapely.buffer(bands.polygons()[falls], 0.05, join_style="mitre"))
    stays = bands.take(~falls)
    kept = [o for o in openings if not shapely.Polygon(o.ring).intersects(fallen) or _holds(stays, o)]
    return solid(stays, np.concatenate([find_junctions(stays), blocks]), kept)


def _holds(bands: Bands, opening: Opening) -> bool:
    """Whether a band in line with the opening stands at one of its ends."""
    ring = shapely.Polygon(opening.ring).buffer(0.05, join_style="mitre")
    along = opening.ring[1] - opening.ring[0]
    for k in shapely.STRtree(bands.polygons()).query(ring, predicate="intersects"):
        axis = bands.axes[bands.direction[k]]
        if abs(axis[0] * along[1] - axis[1] * along[0]) < 0.05 * np.hypot(*along):
            return True
    return False
