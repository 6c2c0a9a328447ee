"""Floor plans drawn at random, with all that is true of them, to teach the vision networks. See `draw_sheet`."""

from .sheet import draw_sheet
from .truth import DOORS, Drawing, Element, Kind, Use

__all__ = ["DOORS", "Drawing", "Element", "Kind", "Use", "draw_sheet"]
