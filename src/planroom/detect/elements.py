"""Findings in metres as elements in sheet units, each with the pieces of linework that it came from."""

from __future__ import annotations

import hashlib

import numpy as np
import shapely

from planroom.detect.bands import Bands
from planroom.detect.openings import Opening
from planroom.detect.rooms import WallPiece
from planroom.detect.scene import Scene
from planroom.records import Element, Floats, Ints

MOST_LINES = 64


class ElementMaker:
    """Turns findings in metres into elements in sheet units."""

    def __init__(self, scene: Scene, origin: Floats, m_per_unit: float):
        self._scene = scene
        self._origin = origin
        self._scale = m_per_unit

    def wall(self, piece: WallPiece, bands: Bands) -> Element:
        """A wall with its length and thickness."""
        faces = bands.faces[piece.bands].ravel()
        return self._element(
            "wall",
            piece.ring,
            0.9,
            list(faces),
            [],
            [],
            {"length": piece.length_m, "thickness": piece.thickness_m},
            {},
        )

    def opening(self, opening: Opening) -> Element:
        """A door, window or plain opening with its clear width and what its code states."""
        element = self._element(
            opening.kind,
            opening.ring,
            opening.confidence,
            opening.lines,
            opening.arcs,
            opening.leaf_pieces,
            {"width": opening.width_m, "thickness": opening.thickness_m},
            {"subtype": opening.subtype} if opening.subtype else {},
        )
        if opening.code:
            element.traits["code"] = opening.code.string
            if opening.code.width_m and opening.code.height_m:
                element.stated |= {"width_m": opening.code.width_m, "height_m": opening.code.height_m}
        return element

    def room(self, room: shapely.Polygon) -> Element:
        """A room with its floor area and perimeter, islands in it taken off."""
        ring = np.array(room.exterior.coords)[:-1]
        return self._element("room", ring, 0.8, [], [], [], {"area": room.area, "perimeter": room.length}, {})

    def _element(
        self,
        kind: str,
        ring: Floats,
        confidence: float,
        lines: list[int],
        arcs: list[int],
        pieces: list[int],
        sizes: dict[str, float],
        traits: dict[str, str],
    ) -> Element:
        scene = self._scene
        every = [scene.lines.pieces[scene.lines.first_piece[k] : scene.lines.first_piece[k + 1]] for k in lines]
        used: Ints = np.unique(np.concatenate([*every, np.array(pieces, np.int32)])).astype(np.int32)
        paths = {int(scene.segment_path[k]) for k in used} | {int(scene.arc_path[a]) for a in arcs}
        outline = ring / self._scale + self._origin
        power = {"area": 2}
        return Element(
            id=element_id(kind, outline, self._scale),
            kind=kind,
            outline=outline,
            confidence=confidence,
            lines=np.round(scene.segments[used][:MOST_LINES] / self._scale + np.tile(self._origin, 2), 3)
            if len(used)
            else np.zeros((0, 4)),
            sources=[f"path:{p}" for p in sorted(paths)[:MOST_LINES]],
            sizes={name: value / self._scale ** power.get(name, 1) for name, value in sizes.items()},
            traits=traits,
        )


def element_id(kind: str, outline: Floats, m_per_unit: float) -> str:
    """A name that stays the same while the drawing does: the kind and where the element lies, to a few centimetres."""
    middle = np.round(outline.mean(0) * m_per_unit / 0.05).astype(int)
    span = np.round(np.ptp(outline, axis=0) * m_per_unit / 0.1).astype(int)
    digest = hashlib.blake2s(f"{kind}{middle.tolist()}{span.tolist()}".encode(), digest_size=4).hexdigest()
    return f"{kind[0]}{digest}"
