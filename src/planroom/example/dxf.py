"""Drawing in the model space of a DXF file, in real-world units, with real arcs, dimensions, hatches and blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ezdxf
from ezdxf import units
from ezdxf.enums import TextEntityAlignment

from planroom.example.canvas import Align, Canvas, Pen, Placed, Rings
from planroom.example.house import Frame, Point
from planroom.units import INCH_M

_LAYERS: Final = {
    "A-WALL": 7,
    "A-WALL-PATT": 8,
    "A-WALL-DEMO": 1,
    "A-DOOR": 3,
    "A-GLAZ": 4,
    "A-FLOR-STRS": 6,
    "A-FLOR-PFIX": 5,
    "A-FURN": 8,
    "A-CLNG": 30,
    "A-ANNO-DIMS": 1,
    "A-ANNO-TEXT": 7,
    "A-ANNO-SYMB": 2,
}
_ALIGN: Final = {
    "left": TextEntityAlignment.MIDDLE_LEFT,
    "middle": TextEntityAlignment.MIDDLE_CENTER,
    "right": TextEntityAlignment.MIDDLE_RIGHT,
}
_DIMSTYLE: Final = "PLAN"


class DxfFile:
    """A DXF R2010 document for one plan: metres, or inches where `imperial`; blocks for symbols where asked."""

    def __init__(self, ratio: int, *, imperial: bool, blocks: bool, text_factor: float):
        self.unit = 1 / INCH_M if imperial else 1.0
        self.blocks = blocks
        with _without_clock():
            self.document: Any = ezdxf.new("R2010", setup=True)
        self.document.units = units.IN if imperial else units.M
        self.document.header["$MEASUREMENT"] = 0 if imperial else 1
        for name, colour in _LAYERS.items():
            self.document.layers.add(name, color=colour)
        mm = ratio / 1000 * self.unit
        style = self.document.dimstyles.duplicate_entry("EZDXF", _DIMSTYLE)
        style.dxf.dimtxt = 2.0 * text_factor * mm
        style.dxf.dimtsz = 1.0 * mm
        style.dxf.dimexo = 1.5 * mm
        style.dxf.dimexe = 1.5 * mm
        style.dxf.dimgap = 0.6 * mm
        style.dxf.dimscale = 1.0
        style.dxf.dimtad = 1
        self.canvas = DxfCanvas(self, self.document.modelspace(), ratio / 1000)

    def save(self, path: Path) -> None:
        """Write the file, the same bytes for the same drawing."""
        with _without_clock():
            self.document.saveas(path)


@contextmanager
def _without_clock() -> Iterator[None]:
    """While it is open, ezdxf stamps no times and no random ids into what it makes."""
    before = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = before


class DxfCanvas:
    """A layout of a DXF file; drawn in metres, stored in the file's unit."""

    def __init__(self, file: DxfFile, layout: Any, mm: float):
        self._file = file
        self._layout = layout
        self.mm = mm

    def _at(self, point: Point) -> Point:
        return point[0] * self._file.unit, point[1] * self._file.unit

    def _look(self, pen: Pen) -> dict[str, Any]:
        look: dict[str, Any] = {"layer": pen.layer, "lineweight": round(pen.width_mm * 100)}
        if pen.dash_mm:
            look |= {"linetype": "DASHED", "ltscale": pen.dash_mm[0] * self.mm * self._file.unit / 0.5}
        if pen.colour:
            look["true_color"] = pen.colour
        return look

    def line(self, start: Point, end: Point, pen: Pen) -> None:
        """A LINE."""
        self._layout.add_line(self._at(start), self._at(end), self._look(pen))

    def polyline(self, points: Sequence[Point], pen: Pen, *, closed: bool = False) -> None:
        """An LWPOLYLINE."""
        self._layout.add_lwpolyline([self._at(p) for p in points], close=closed, dxfattribs=self._look(pen))

    def _hatch(self, rings: Rings, pen: Pen) -> Any:
        hatch = self._layout.add_hatch(dxfattribs={"layer": pen.layer})
        if pen.colour:
            hatch.rgb = (pen.colour >> 16, pen.colour >> 8 & 255, pen.colour & 255)
        for index, ring in enumerate(rings):
            hatch.paths.add_polyline_path([self._at(p) for p in ring], is_closed=True, flags=16 if index else 1)
        return hatch

    def fill(self, rings: Rings, pen: Pen) -> None:
        """A solid HATCH."""
        self._hatch(rings, pen)

    def hatch(self, rings: Rings, spacing_mm: float, pen: Pen) -> None:
        """A HATCH of one family of lines."""
        # ANSI31 lies 3.175 units apart at scale 1
        self._hatch(rings, pen).set_pattern_fill("ANSI31", scale=spacing_mm * self.mm * self._file.unit / 3.175)

    def arc(self, centre: Point, radius: float, start_deg: float, sweep_deg: float, pen: Pen) -> None:
        """An ARC or CIRCLE."""
        r, look = radius * self._file.unit, self._look(pen)
        if sweep_deg == 360:
            self._layout.add_circle(self._at(centre), r, look)
        else:
            self._layout.add_arc(self._at(centre), r, start_deg, start_deg + sweep_deg, dxfattribs=look)

    def text(
        self, string: str, at: Point, height_mm: float, pen: Pen, *, angle_deg: float = 0.0, align: Align = "middle"
    ) -> None:
        """A TEXT."""
        height = height_mm * self.mm * self._file.unit
        text = self._layout.add_text(string, height=height, rotation=angle_deg, dxfattribs={"layer": pen.layer})
        text.set_placement(self._at(at), align=_ALIGN[align])

    def dimension(
        self, start: Point, end: Point, base: Point, string: str, height_mm: float, pen: Pen, *, level: bool
    ) -> None:
        """A linear DIMENSION with its text written out."""
        del height_mm  # the dimension style's
        self._layout.add_linear_dim(
            base=self._at(base),
            p1=self._at(start),
            p2=self._at(end),
            angle=0 if level else 90,
            text=string,
            dimstyle=_DIMSTYLE,
            dxfattribs={"layer": pen.layer},
        ).render()

    def symbol(self, name: str, layer: str, frame: Frame, draw: Callable[[Canvas], None]) -> None:
        """An INSERT of the block `name`, made at its first use, where the file has blocks; else its entities."""
        if not self._file.blocks:
            draw(Placed(self, frame))
            return
        if name not in self._file.document.blocks:
            draw(DxfCanvas(self._file, self._file.document.blocks.new(name), self.mm))
        self._layout.add_blockref(
            name,
            self._at(frame.origin),
            {
                "layer": layer,
                "rotation": frame.angle_deg,
                "xscale": -1 if frame.flip_x else 1,
                "yscale": -1 if frame.flip_y else 1,
            },
        )
