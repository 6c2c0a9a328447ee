"""A plan as a picture: the design that left nothing over, and where the bytes go now, as two stacked columns.

The same few strokes make an SVG or a PNG, so that neither needs a plotting library.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, Protocol
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from planroom.errors import UsageError
from planroom.memory.plans.parts import BEFORE_BYTES
from planroom.memory.plans.plan import Plan, Refusal
from planroom.units import format_bytes

_WIDTH, _HEIGHT = 1000, 640
_TOP, _BOTTOM = 130, 600
_COLUMN: Final = 150
_LEFTS: Final = (60, 560)
_LABEL_STEP: Final = 34  # two lines of a label
_SHARP: Final = 2  # pixels of a PNG for each unit
_INK, _PALE, _OVER = "#222222", "#666666", "#c62828"
_COLOURS: Final = {
    "system": "#8d8d8d",
    "networks for lettering": "#c9b7a0",
    "task models": "#b5b5b5",
    "vision-language model": "#d9d9d9",
    "working_memory": "#e9a23b",
    "data_cache": "#4f9d69",
    "quantum_state_cache": "#9fc5e8",
    "transformer_cache": "#3d6fa5",
}


class _Pen(Protocol):
    """What both kinds of picture can draw; units from the upper left corner."""

    def box(self, x: float, y: float, width: float, height: float, fill: str, edge: str) -> None: ...

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None: ...

    def text(self, x: float, y: float, words: str, size: int, colour: str) -> None: ...

    def content(self) -> bytes:
        """The whole file."""


class _Segment(NamedTuple):
    """A piece of a column. over: beyond the total, so it does not exist."""

    name: str
    size_bytes: int
    over: bool = False


def draw_plot(planned: Plan | Refusal, kind: str) -> bytes:
    """The picture as a file's content. kind: ".svg" or ".png". Raises UsageError for any other."""
    if kind not in _PENS:
        raise UsageError(f"no plot can be drawn as {kind!r}", hint="name a file that ends in .svg or .png")
    pen = _PENS[kind]()
    _draw(pen, planned)
    return pen.content()


def _draw(pen: _Pen, planned: Plan | Refusal) -> None:
    plan = planned.needed if isinstance(planned, Refusal) else planned
    total = planned.total_bytes
    before = [_Segment(name, size * total // sum(BEFORE_BYTES.values())) for name, size in _rising(BEFORE_BYTES)]
    before.append(_Segment("models and system", plan.reserve_bytes, over=True))
    after = list(_split(plan, total))
    highest = max(sum(segment.size_bytes for segment in column) for column in (before, after))
    words = "refused" if isinstance(planned, Refusal) else "fits"
    pen.text(60, 44, f"{format_bytes(total)}, {plan.scope}, profile {plan.profile}: {words}", 20, _INK)
    pen.text(60, 66, plan.configuration.words(), 12, _PALE)
    heads = ("Before: all of it to four pools", "Planned: reserve first, then pools")
    if isinstance(planned, Refusal):
        heads = (heads[0], f"Asked for: {format_bytes(planned.shortfall_bytes)} too much")
    for left, head, column in zip(_LEFTS, heads, (before, after), strict=True):
        pen.text(left, _TOP - 34, head, 14, _INK)
        _draw_column(pen, left, column, highest)
    y = _BOTTOM - (_BOTTOM - _TOP) * total / highest
    for left in _LEFTS:
        pen.line(left - 30, y, left + _COLUMN + 8, y, _OVER)
    pen.text(60, _BOTTOM + 24, f"The red line is all there is: {format_bytes(total)}.", 12, _OVER)


def _rising(pools: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The pools from the bottom up, in the order of the colours."""
    return ((name, pools[name]) for name in _COLOURS if name in pools)


def _split(plan: Plan, total_bytes: int) -> Iterator[_Segment]:
    """The plan from the bottom up; a piece that the total cuts becomes two."""
    parts = {
        "system": sum(plan.system.values()),
        "networks for lettering": plan.models.get("ocr", 0),
        "task models": sum(plan.models.values()) - plan.models.get("ocr", 0),
        "vision-language model": sum(plan.vlm.values()),
        **dict(_rising(plan.pools)),
    }
    left = total_bytes
    for name, size in parts.items():
        inside = min(size, left)
        left -= inside
        if inside:
            yield _Segment(name, inside)
        if size > inside:
            yield _Segment(name, size - inside, over=True)


def _draw_column(pen: _Pen, left: float, column: list[_Segment], highest: int) -> None:
    scale = (_BOTTOM - _TOP) / highest
    floor, label_floor = float(_BOTTOM), float(_BOTTOM + _LABEL_STEP)
    for segment in column:
        height = segment.size_bytes * scale
        fill = "#ffffff" if segment.over else _COLOURS[segment.name]
        pen.box(left, floor - height, _COLUMN, height, fill, _OVER if segment.over else "#ffffff")
        middle = floor - height / 2
        label = min(middle, label_floor - _LABEL_STEP)  # labels of thin pieces stand above each other
        pen.line(left + _COLUMN, middle, left + _COLUMN + 18, label, _PALE)
        words = f"{segment.name}: no room" if segment.over else segment.name
        pen.text(left + _COLUMN + 24, label - 2, words, 13, _OVER if segment.over else _INK)
        pen.text(left + _COLUMN + 24, label + 13, format_bytes(segment.size_bytes), 12, _PALE)
        floor, label_floor = floor - height, label


class _Svg:
    """A pen that writes SVG."""

    def __init__(self) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" font-family="Helvetica, Arial, sans-serif">',
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        ]

    def box(self, x: float, y: float, width: float, height: float, fill: str, edge: str) -> None:
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{edge}"/>'
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        self._parts.append(f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{colour}"/>')

    def text(self, x: float, y: float, words: str, size: int, colour: str) -> None:
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}">{escape(words)}</text>')

    def content(self) -> bytes:
        """The whole file."""
        return "\n".join([*self._parts, "</svg>\n"]).encode()


class _Png:
    """A pen that paints pixels, in the font that Pillow brings."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (_WIDTH * _SHARP, _HEIGHT * _SHARP), "#ffffff")
        self._draw = ImageDraw.Draw(self._image)

    def box(self, x: float, y: float, width: float, height: float, fill: str, edge: str) -> None:
        self._draw.rectangle(
            [(x * _SHARP, y * _SHARP), ((x + width) * _SHARP, (y + height) * _SHARP)], fill, edge, _SHARP
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        self._draw.line([(x0 * _SHARP, y0 * _SHARP), (x1 * _SHARP, y1 * _SHARP)], colour, _SHARP)

    def text(self, x: float, y: float, words: str, size: int, colour: str) -> None:
        font = ImageFont.load_default(size * _SHARP)
        self._draw.text((x * _SHARP, y * _SHARP), words, colour, font, anchor="ls")

    def content(self) -> bytes:
        """The whole file."""
        file = io.BytesIO()
        self._image.save(file, "PNG", optimize=True)
        return file.getvalue()


_PENS: Final[dict[str, type[_Svg | _Png]]] = {".svg": _Svg, ".png": _Png}
