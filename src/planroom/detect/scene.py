"""A sheet in metres, ready to be searched: lettering set aside, arcs found, lines merged, layers understood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planroom.detect.layers import meaning_of
from planroom.detect.lines import Bools, Lines, bent_arcs, merge_lines
from planroom.records import Floats, Ints, Page, Style, Text


@dataclass(slots=True)
class Scene:
    """A sheet in metres: pieces, arcs and texts, the paths that they belong to, and what its styles mean."""

    segments: Floats
    segment_path: Ints
    arcs: Floats
    arc_path: Ints
    lines: Lines
    meanings: list[str]
    styles: list[Style]
    style_of_path: Ints
    texts: list[Text]


def set_scene(page: Page, m_per_unit: float, origin: Floats) -> Scene:
    """The page's linework in metres, its corner `origin` (2,) at (0, 0)."""
    work = page.linework
    segments = (work.segments_xyxy - np.tile(origin, 2)) * m_per_unit
    arcs = work.arcs.copy()
    arcs[:, :2] = (arcs[:, :2] - origin) * m_per_unit
    arcs[:, 2] *= m_per_unit
    bent, bent_path, used = bent_arcs(segments, work.segment_path)
    meanings: list[str] = [(meaning_of(s.block) if s.block else "") or meaning_of(s.layer) for s in work.styles]
    style_of = work.path_style[work.segment_path] if len(segments) else np.zeros(0, np.int32)
    straight = ~used & ~_lettering(segments, work.segment_path, work.n_paths)
    lines = merge_lines(segments[straight], style_of[straight])
    lines.pieces = np.flatnonzero(straight).astype(np.int32)[lines.pieces]
    texts = [
        t._replace(x=(t.x - origin[0]) * m_per_unit, y=(t.y - origin[1]) * m_per_unit, height=t.height * m_per_unit)
        for t in work.texts
    ]
    return Scene(
        segments,
        work.segment_path,
        np.concatenate([arcs, bent]),
        np.concatenate([work.arc_path, bent_path]),
        lines,
        meanings,
        work.styles,
        work.path_style,
        texts,
    )


def _lettering(segments: Floats, paths: Ints, n_paths: int) -> Bools:
    """Which pieces (N,) are strokes or outlines of letters: paths of many pieces, all of them short."""
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    longest = np.zeros(n_paths)
    np.maximum.at(longest, paths, length)
    pieces = np.bincount(paths, minlength=n_paths)
    return np.asarray(((pieces >= 8) & (longest < 0.3))[paths])


def says_other(scene: Scene) -> Bools:
    """Which styles (S,) are named after what is neither wall nor opening."""
    return np.array([m in ("other", "stair") for m in scene.meanings], bool)
