"""What a view from below cannot show, from the plan that counts: whether a head has a door or a window under it."""

from __future__ import annotations

from typing import Any

import numpy as np

from planroom.records import Element, Floats, Sheet

_NEAR_M = 0.35
_ROUGHLY_M = 0.6  # scans lie a little askew
_FEWEST = 3  # openings that must lie on each other
_MOST_VOTERS = 300
_KINDS = ("door", "window", "opening")


def settle_heads(sheets: list[Sheet], groups: list[dict[str, Any]]) -> None:
    """Give the openings of ceiling plans the kind that the same storey's counted plan shows at the same place.

    The two are laid over each other so that most openings meet; where hardly any do, or either sheet has no scale,
    nothing changes.
    """
    by_id = {sheet.id: sheet for sheet in sheets}
    for group in groups:
        plan = by_id.get(group["counts"] or "")
        for sheet in (by_id[name] for name in group["sheets"] if name in by_id):
            if plan is not None and sheet.view == "ceiling" and plan.view == "general":
                _settle(sheet, plan)


def _settle(ceiling: Sheet, plan: Sheet) -> None:
    heads = [e for e in ceiling.elements if e.kind in _KINDS]
    known = [e for e in plan.elements if e.kind in _KINDS]
    here, there = _places(ceiling, heads), _places(plan, known)
    if here is None or there is None:
        return
    here = _laid_over(here, there)
    if here is None:
        return
    for head, place in zip(heads, here, strict=True):
        distance = np.hypot(*(there - place).T)
        nearest = known[int(np.argmin(distance))]
        if distance.min() < _NEAR_M and head.kind != nearest.kind:
            ceiling.recount(head.kind, -1)
            ceiling.recount(nearest.kind, 1)
            head.kind = nearest.kind


def _places(sheet: Sheet, elements: list[Element]) -> Floats | None:
    """Middles (N, 2) of `elements` in metres; None where the sheet has none or no scale."""
    m_per_unit = sheet.scale.rough_m_per_unit if sheet.scale else None
    if not elements or m_per_unit is None:
        return None
    return np.array([e.outline.mean(0) for e in elements]) * m_per_unit


def _stride(places: Floats) -> int:
    """Every how manieth of the places votes."""
    return 1 + len(places) // _MOST_VOTERS


def _laid_over(here: Floats, there: Floats) -> Floats | None:
    """Places `here` (N, 2) shifted and turned onto `there` (M, 2); None where too few meet."""
    shifts = (there[None, :: _stride(there)] - here[:: _stride(here), None]).reshape(-1, 2)
    _, cell, votes = np.unique(np.round(shifts / _ROUGHLY_M), axis=0, return_inverse=True, return_counts=True)
    shift = shifts[cell.ravel() == int(np.argmax(votes))].mean(0)
    placed = here + shifts[np.hypot(*(shifts - shift).T) < _ROUGHLY_M].mean(0)
    for reach in (_ROUGHLY_M, _NEAR_M):
        apart = np.hypot(*(placed[:, None] - there[None]).transpose(2, 0, 1))
        nearest = apart.argmin(1)
        met = apart.min(1) < reach
        if met.sum() < min(_FEWEST, len(there)):
            return None
        a, b = placed[met], there[nearest[met]]
        middle_a, middle_b = a.mean(0), b.mean(0)
        # the turn that brings both closest (Kabsch, 1976)
        spread = (a - middle_a).T @ (b - middle_b)
        turn = np.arctan2(spread[0, 1] - spread[1, 0], spread[0, 0] + spread[1, 1])
        cos, sin = np.cos(turn), np.sin(turn)
        placed = (placed - middle_a) @ np.array([[cos, sin], [-sin, cos]]) + middle_b
    return np.asarray(placed)
