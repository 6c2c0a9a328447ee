"""The plan picture of a storey: what a draughtsman would draw of its elements, cut at breast height.

Frames: world metres in, pixels of the picture out (y down), the same rule as `Sheet.to_px`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from planroom.ingest.ifc_geometry import Body
from planroom.ingest.ifc_mesh import cut, polygons_of
from planroom.records import Floats

CUT_M: Final = 1.2  # the height above the floor at which walls are cut, as on drawn plans

_INK: Final = (40, 40, 40)
_WALL: Final = (150, 150, 150)
_THIN: Final = (150, 150, 150)
_ROOM: Final = (250, 247, 244)
_PAPER: Final = (255, 255, 255)
_SHIFT: Final = 4  # OpenCV's fixed point: sixteenths of a pixel
_TREAD_M: Final = 0.02
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


class Drawn(NamedTuple):
    """One element to draw: its kind, its body, its subtype and the lines of its label."""

    kind: str
    body: Body
    subtype: str
    label: tuple[str, ...]


class Paper:
    """A white picture on which world metres are drawn."""

    def __init__(self, extent: tuple[float, float, float, float], width_px: int, height_px: int):
        self.picture_bgr: NDArray[np.uint8] = np.full((height_px, width_px, 3), 255, dtype=np.uint8)
        self.px_per_m = width_px / (extent[2] - extent[0])
        self._corner = np.array([extent[0], extent[3]])
        self._pen = max(1, round(max(width_px, height_px) / 1200))

    def fill(self, shape: BaseGeometry, colour: tuple[int, int, int]) -> None:
        """Fill polygons, their holes left open."""
        for part in polygons_of(shape):
            rings = [self._fixed(np.array(ring.coords)) for ring in (part.exterior, *part.interiors)]
            cv2.fillPoly(self.picture_bgr, rings, colour, cv2.LINE_AA, _SHIFT)

    def stroke(self, shape: BaseGeometry, colour: tuple[int, int, int], weight: int = 1) -> None:
        """Draw the rings of polygons."""
        for part in polygons_of(shape):
            for ring in (part.exterior, *part.interiors):
                self.line(np.array(ring.coords), colour, weight)

    def line(self, points: Floats, colour: tuple[int, int, int], weight: int = 1) -> None:
        """Draw an open line through points (K, 2)."""
        cv2.polylines(self.picture_bgr, [self._fixed(points)], False, colour, weight * self._pen, cv2.LINE_AA, _SHIFT)

    def write(self, lines: Iterable[str], x: float, y: float, room_m: float) -> None:
        """Write lines centred on a point, small enough for `room_m`; nothing where that would be illegible."""
        texts = [_ascii(line) for line in lines if line]
        widest = max((cv2.getTextSize(text, _FONT, 1.0, 1)[0][0] for text in texts), default=0)
        if not widest:
            return
        scale = min(0.55 * self._pen, 0.9 * room_m * self.px_per_m / widest)
        if scale < 0.2:
            return
        pitch = 34 * scale
        cx, cy = (np.array([x, y]) - self._corner) * (self.px_per_m, -self.px_per_m)
        for row, text in enumerate(texts):
            width = cv2.getTextSize(text, _FONT, scale, 1)[0][0]
            at = (round(cx - width / 2), round(cy + pitch * (row - len(texts) / 2 + 0.8)))
            cv2.putText(self.picture_bgr, text, at, _FONT, scale, _INK, max(1, round(1.5 * scale)), cv2.LINE_AA)

    def _fixed(self, points: Floats) -> NDArray[np.int32]:
        scale = self.px_per_m * (1 << _SHIFT)
        fixed: NDArray[np.int32] = np.round((points - self._corner) * (scale, -scale)).astype(np.int32)
        return fixed


def draw_plan(paper: Paper, elements: list[Drawn], floor_m: float) -> None:
    """Draw a storey on `paper`: floors, stairs, cut walls, then windows, doors and names over them."""
    of = {kind: [one for one in elements if one.kind == kind] for kind in ("room", "stair", "wall", "window", "door")}
    for room in of["room"]:
        paper.fill(room.body.footprint, _ROOM)
        paper.stroke(room.body.footprint, _THIN)
    for stair in of["stair"]:
        _draw_stair(paper, stair.body)
    sections = [(wall, cut(wall.body.mesh, floor_m + CUT_M)) for wall in of["wall"]]
    for wall, section in sections:
        if section.is_empty:  # below or above the cut: only seen
            paper.stroke(wall.body.footprint, _THIN)
    for _, section in sections:
        paper.fill(section, _WALL)
        paper.stroke(section, _INK)
    for window in of["window"]:
        _draw_window(paper, window.body)
    for door in of["door"]:
        _draw_door(paper, door.body, door.subtype)
    for room in of["room"]:
        _write_label(paper, room)


def _draw_stair(paper: Paper, body: Body) -> None:
    """The outline of every tread: the level faces that look up, height by height."""
    corners = body.mesh.corners()
    level = corners[np.ptp(corners[:, :, 2], axis=1) < _TREAD_M / 4]
    steps = np.round(level[:, 0, 2] / _TREAD_M)
    for step in np.unique(steps):
        paper.stroke(shapely.union_all(shapely.polygons(level[steps == step][:, :, :2]), grid_size=1e-4), _THIN)
    paper.stroke(body.footprint, _INK)


def _draw_window(paper: Paper, body: Body) -> None:
    """A frame with two panes of glass in it."""
    if body.box is None:
        return
    frame = shapely.polygons(body.box)
    paper.fill(frame, _PAPER)
    paper.stroke(frame, _INK)
    left, right = body.box[[0, 3]], body.box[[1, 2]]
    for share in (0.4, 0.6):
        paper.line(np.array([left[0] + share * (left[1] - left[0]), right[0] + share * (right[1] - right[0])]), _INK)


def _draw_door(paper: Paper, body: Body, subtype: str) -> None:
    """The opening with its leaves: swung open by 90 degrees with their arcs, or slid along it.

    IFC's rule: leaves open towards the local +y, left and right as seen looking that way.
    """
    if body.box is None:
        return
    near, far, _, behind = body.box
    along, across = far - near, behind - near
    width = float(np.hypot(*along))
    if width == 0:
        return
    paper.fill(shapely.polygons(body.box), _PAPER)
    for jamb in (near, far):
        paper.line(np.array([jamb, jamb + across]), _INK)
    start, end = near + across / 2, far + across / 2
    if "swing" not in subtype and "swinging" not in subtype and subtype not in ("", "door"):
        paper.line(np.array([start, end]), _INK)
        paper.line(np.array([start + across / 4, (start + end) / 2 + across / 4]), _INK, 2)
        return
    # "double door" has two leaves; "double swing" is one leaf that opens both ways.
    hinges = [(start, 0.5), (end, 0.5)] if "double door" in subtype else [(end if "right" in subtype else start, 1.0)]
    depth = np.hypot(*across)
    out = across / depth if depth else np.array([-along[1], along[0]]) / width
    for hinge, share in hinges:
        inward = (along if hinge is start else -along) / width
        turn = np.linspace(0.0, np.pi / 2, 24)[:, None]
        arc = hinge + share * width * (np.cos(turn) * inward + np.sin(turn) * out)
        paper.line(arc, _THIN)
        paper.line(np.array([hinge, arc[-1]]), _INK, 2)


def _write_label(paper: Paper, room: Drawn) -> None:
    parts = polygons_of(room.body.footprint)
    if not parts:
        return
    largest = max(parts, key=lambda part: part.area)
    point = largest.centroid if largest.contains(largest.centroid) else largest.representative_point()
    chord = shapely.linestrings([(largest.bounds[0], point.y), (largest.bounds[2], point.y)])
    inside = [piece for piece in shapely.get_parts(largest.intersection(chord)) if piece.distance(point) < 1e-6]
    paper.write(room.label, point.x, point.y, max((piece.length for piece in inside), default=0.0))


def _ascii(text: str) -> str:
    """The text without accents: OpenCV's fonts hold ASCII only."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("²", "2"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).encode("ascii", "replace").decode()
