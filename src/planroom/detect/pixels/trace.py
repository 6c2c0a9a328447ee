"""A sheet's pixels as linework: lines, arcs, leaves and edges of solid walls.

Works in pixels of a canvas on which doors are about as wide on every sheet, so that one set of thresholds serves all;
what leaves is in pixels of the picture, y up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planroom.detect.pixels.ink import Ink, find_ink, length_of, resized, turned, wipe
from planroom.detect.pixels.lines import level_lines, oblique_lines, sort_pens, unexplained
from planroom.detect.pixels.solid import drop_leaves, hatched, solid_edges, stroke_edges
from planroom.detect.pixels.swings import trace_swings
from planroom.records import Linework, Style, Text

Grey = NDArray[np.uint8]
_USUAL_DOORS_ACROSS = 24  # a sheet, where none is drawn with its swing
_MOST_DOORS_ACROSS = 90  # less is hatch
_TEXT_HEIGHTS = 5.5  # a door is so many letters wide, roughly
_DOOR_PX = 100.0  # on the canvas
_FIRST_PX = 2600
_MOST_PIXELS = 14e6  # of the canvas
_MOST_FACTOR = 4.0
_BYTES_PER_PIXEL = 28  # of the canvas, in the worst case: noise
_THICK_SHARE = 0.35  # of the edges of solid walls


def lease_bytes(pixels: int) -> int:
    """Anonymous bytes that finding elements in a grey picture of `pixels` takes: its canvas, measured."""
    return 40_000_000 + round(_BYTES_PER_PIXEL * min(_MOST_PIXELS, _MOST_FACTOR**2 * pixels))


def find_door_px(grey: Grey, texts: list[Text]) -> float:
    """How wide the usual door is, from the leaves that are drawn; a guess where there are too few."""
    height, width = grey.shape
    factor = float(np.clip(_FIRST_PX / max(height, width), min(1.0, (_MOST_PIXELS / grey.size) ** 0.5), 3.0))
    canvas = resized(grey, factor)
    ink = find_ink(canvas)
    wipe(ink.strokes, texts, height, factor)
    leaves = trace_swings(ink.drawn, ink.drawn, ink.solid)[1]
    length = np.hypot(*(leaves[:, 2:] - leaves[:, :2]).T) / factor
    length = length[length > max(height, width) / _MOST_DOORS_ACROSS]
    if len(length) < 2:
        heights = [t.height for t in texts if t.height > 0]
        return _TEXT_HEIGHTS * float(np.median(heights)) if heights else float(max(grey.shape)) / _USUAL_DOORS_ACROSS
    spread = length[None, :] / length[:, None]
    votes = ((spread > 0.8) & (spread < 1.25)) @ length  # the long ones are less likely letters and hatches
    return float(np.median(length[votes == votes.max()]))


def canvas_factor(shape: tuple[int, ...], door_px: float) -> float:
    """How many times as large as the picture the canvas is."""
    return float(np.clip(_DOOR_PX / door_px, 0.2, min(_MOST_FACTOR, (_MOST_PIXELS / (shape[0] * shape[1])) ** 0.5)))


def trace(grey: Grey, texts: list[Text], door_px: float) -> Linework:
    """Lines, arcs and edges of solid walls as linework in the picture's own pixels, y up."""
    height = grey.shape[0]
    factor = canvas_factor(grey.shape, door_px)
    ink = find_ink(resized(grey, factor), with_rim=True)
    lettered = np.zeros_like(ink.solid)
    wipe(lettered, texts, height, factor, 1)
    flat, flat_pen = level_lines(ink, lettered)
    upright, upright_pen = level_lines(Ink(turned(ink.strokes), turned(ink.solid), ink.least), turned(lettered))
    upright = upright[:, [1, 0, 3, 2]]
    ink.strokes[lettered > 0] = 0
    filled = hatched(ink.drawn, lettered, flat, upright)
    ink.strokes[filled > 0] = 0
    rest = unexplained(ink, np.concatenate([flat, upright]))
    oblique = oblique_lines(ink, rest)
    arcs, leaves = trace_swings(ink.drawn, rest, ink.solid | filled)
    drop_leaves(ink.solid, leaves, lettered)
    rim_px = ink.rim_px if ink.solid.sum() > filled.sum() else 0.0  # a hatch ends at the lines round it
    ink.solid |= filled
    edges = solid_edges(ink.solid, rim_px)
    straights = np.concatenate([flat, upright])
    swap, frame_px = [1, 0, 3, 2], float(max(ink.solid.shape))
    thick = np.concatenate(
        [
            stroke_edges(flat, flat_pen, frame_px, ink.solid.shape[0]),
            stroke_edges(upright[:, swap], upright_pen, frame_px, ink.solid.shape[1])[:, swap],
        ]
    )
    if length_of(thick) > _THICK_SHARE * length_of(edges):  # else they are glass and leaves in solid walls
        edges = np.concatenate([edges, thick])
    segments = np.concatenate([straights, oblique, leaves, edges])
    drawn_by = sort_pens(
        np.concatenate([flat_pen, upright_pen]), np.abs(straights[:, 2:] - straights[:, :2]).max(1, initial=0)
    )
    light, solid = 0, int(drawn_by.max(initial=0)) + 1
    pens = np.concatenate([drawn_by, np.full(len(oblique) + len(leaves), light), np.full(len(edges), solid)])
    segments[:, [1, 3]] = height * factor - segments[:, [1, 3]]
    arcs[:, 1] = height * factor - arcs[:, 1]
    arcs[:, 3] = -arcs[:, 3] - arcs[:, 4]
    arcs[:, :3] /= factor
    styles = [Style("", "", 0, 2.0**k, False, False) for k in range(solid + 1)]
    return Linework(
        segments / factor,
        pens.astype(np.int32),
        arcs,
        np.full(len(arcs), solid + 1, np.int32),
        [],
        np.zeros(0, np.int32),
        np.array([*range(solid + 1), light], np.int32),
        styles,
        texts,
    )
