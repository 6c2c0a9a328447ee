"""What a view from below cannot show, from the plan that counts: whether a door head has a leaf under it."""

from __future__ import annotations

from typing import Any

import numpy as np

from planroom.records import Element, Floats, Sheet

_NEAR_M = 0.35


def settle_heads(sheets: list[Sheet], groups: list[dict[str, Any]]) -> None:
    """Give the openings of ceiling plans the kind that the same storey's counted plan shows at the same place.

    The two are laid over each other by the lower left corners of their walls; where no opening lies near, or either
    sheet has no scale, nothing changes.
    """
    by_id = {sheet.id: sheet for sheet in sheets}
    for group in groups:
        plan = by_id.get(group["counts"] or "")
        for sheet in (by_id[name] for name in group["sheets"] if name in by_id):
            if plan is not None and sheet.view == "ceiling" and plan.view == "general":
                _settle(sheet, plan)


def _settle(ceiling: Sheet, plan: Sheet) -> None:
    heads = [e for e in ceiling.elements if e.kind in ("door", "opening")]
    known = [e for e in plan.elements if e.kind in ("door", "opening")]
    here, there = _places(ceiling, heads), _places(plan, known)
    if here is None or there is None:
        return
    for head, place in zip(heads, here, strict=True):
        distance = np.hypot(*(there - place).T)
        nearest = known[int(np.argmin(distance))]
        if distance.min() < _NEAR_M and head.kind != nearest.kind:
            ceiling.counts[head.kind] -= 1
            ceiling.counts[nearest.kind] = ceiling.counts.get(nearest.kind, 0) + 1
            head.kind = nearest.kind


def _places(sheet: Sheet, elements: list[Element]) -> Floats | None:
    """Middles (N, 2) of `elements` in metres from the lower left corner of the sheet's walls."""
    walls = [e.outline for e in sheet.elements if e.kind == "wall"]
    if not elements or not walls or sheet.scale is None or sheet.scale.m_per_unit is None:
        return None
    corner = np.concatenate(walls).min(0)
    middles: Floats = np.array([e.outline.mean(0) for e in elements])
    return np.asarray((middles - corner) * sheet.scale.m_per_unit)
