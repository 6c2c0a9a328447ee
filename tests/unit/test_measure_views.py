"""What a ceiling plan cannot show, taken from the plan of its storey that lies under it."""

from __future__ import annotations

import numpy as np
import pytest

from planroom.measure.views import settle_heads
from planroom.records import Element, Scale, Sheet
from plans import element, ring, sheet

PLACES = ((1.0, 0.0), (4.2, 0.0), (9.5, 3.1), (0.0, 5.4), (6.3, 8.0))
TRUE = ("door", "window", "opening", "window", "door")


def openings(kinds: tuple[str, ...], skew_deg: float, unit_m: float) -> list[Element]:
    skew = np.radians(skew_deg)
    turn = np.array([[np.cos(skew), np.sin(skew)], [-np.sin(skew), np.cos(skew)]])
    found = []
    for key, (kind, (x, y)) in enumerate(zip(kinds, PLACES, strict=True)):
        made = element(str(key), kind)
        made.outline = ring(x, y, x + 0.9, y + 0.1) @ turn / unit_m + 300
        found.append(made)
    return found


def page(name: str, elements: list[Element], unit_m: float, view: str) -> Sheet:
    made = sheet(name, elements, Scale(None, unit_m, "measured", ""), view=view)
    made.counts = {kind: sum(e.kind == kind for e in elements) for kind in ("door", "window", "opening")}
    return made


@pytest.mark.parametrize("skew_deg", [0.0, 1.5, -1.5])
def test_heads_are_what_the_plan_below_them_shows_though_the_scan_lies_askew(skew_deg: float) -> None:
    plan = page("g", openings(TRUE, 0.0, 0.01), 0.01, "general")
    ceiling = page("c", openings(("opening",) * 5, skew_deg, 0.02), 0.02, "ceiling")

    settle_heads([plan, ceiling], [{"counts": "g", "sheets": ["g", "c"]}])

    assert [e.kind for e in ceiling.elements] == list(TRUE)
    assert ceiling.counts == plan.counts


def test_nothing_changes_where_the_two_do_not_meet() -> None:
    plan = page("g", openings(TRUE, 0.0, 0.01), 0.01, "general")
    ceiling = page("c", openings(("opening",) * 5, 90.0, 0.02), 0.02, "ceiling")

    settle_heads([plan, ceiling], [{"counts": "g", "sheets": ["g", "c"]}])

    assert {e.kind for e in ceiling.elements} == {"opening"}


def test_nothing_changes_without_a_scale() -> None:
    plan = page("g", openings(TRUE, 0.0, 0.01), 0.01, "general")
    ceiling = page("c", openings(("opening",) * 5, 0.0, 0.02), 0.02, "ceiling")
    ceiling.scale = None

    settle_heads([plan, ceiling], [{"counts": "g", "sheets": ["g", "c"]}])

    assert {e.kind for e in ceiling.elements} == {"opening"}
