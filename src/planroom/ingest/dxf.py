"""DXF model space into linework, text and a picture, with ezdxf.

Blocks are walked with their names kept, because a block called PUERTA says more than its lines. Pattern hatches keep
only their boundary: their lines carry no geometry and are what exhausts memory in other readers.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import ezdxf
import numpy as np
from ezdxf import recover
from ezdxf.entities import DXFEntity
from ezdxf.path import make_path

from planroom.errors import MislabelledFile, NoSheet, OversizedInput, ReaderFailed, TruncatedFile
from planroom.ingest.linework import LineworkBuilder
from planroom.ingest.paint import paint
from planroom.memory.manager import MemoryManager
from planroom.records import Floats, Linework, Page, Style, Text

_DEPTH = 8
_MAX_PIECES = 3_000_000
_PIECE_BYTES = 140  # coordinates, their doubles while joined, and ezdxf's virtual entities in flight
# drawing units of $INSUNITS in metres
_UNIT_M = {1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 7: 1000.0, 10: 0.9144, 14: 0.1, 21: 0.3048006096}
logging.getLogger("ezdxf").setLevel(logging.ERROR)


def lease_bytes(file_size_bytes: int) -> int:
    """Anonymous bytes that ezdxf takes for a file of that size: about 11 bytes of Python objects a byte of DXF."""
    return 30_000_000 + 13 * file_size_bytes


def read_dxf(
    path: Path,
    *,
    picture_px: int,
    ledger: MemoryManager,
    progress: Callable[[str, float], None],
    pages: Collection[int] | None = None,
) -> Iterator[Page]:
    """The model space as one `Page` in drawing units.

    Raises MislabelledFile, TruncatedFile or ReaderFailed where ezdxf cannot make sense of the file, NoSheet where the
    model space draws nothing.
    """
    if pages is not None and 0 not in pages:
        return
    progress("read", 0.0)
    yield _read_page(path, picture_px, ledger, progress)


def _read_page(path: Path, picture_px: int, ledger: MemoryManager, progress: Callable[[str, float], None]) -> Page:
    """The page; the document, which is many times as large, is gone when it is returned."""
    with ledger.lease(lease_bytes(path.stat().st_size), f"opening {path.name}", stage="DXF opened"):
        document = _open(path)
        builder = LineworkBuilder()
        walker = _Walker(document, builder)
        space = document.modelspace()
        total = max(1, len(space))
        for i, entity in enumerate(space):
            if i % 2000 == 0:
                progress("read", i / total)
            walker.walk(entity, None, "", 0)
        for layout in document.layouts:
            if layout.name != "Model":
                walker.layout_texts.extend(_plain(e) for e in layout if e.dxftype() in ("TEXT", "MTEXT"))
        unit_m = _UNIT_M.get(document.header.get("$INSUNITS", 0))
        if builder.n_pieces == 0:
            raise NoSheet("its model space draws no line")
        with ledger.lease(builder.n_pieces * _PIECE_BYTES, f"the linework of {path.name}", stage="DXF linework"):
            linework = builder.build()
            extent = drawn_extent(linework)
            progress("render", 0.0)
            width, height = extent[2] - extent[0], extent[3] - extent[1]
            pixels = picture_px * max(1, round(picture_px * min(width, height) / max(width, height)))
            with ledger.lease(pixels * 6, f"the picture of {path.name}", stage="DXF picture"):
                picture = paint(linework, extent, picture_px)
        return Page(
            index=0,
            name=space.name,
            extent=extent,
            linework=linework,
            picture_bgr=picture,
            unit_m=unit_m,
            unit_evidence=f"drawing units in the header ($INSUNITS {document.header.get('$INSUNITS', 0)})",
        )


def _open(path: Path) -> ezdxf.document.Drawing:
    head = path.open("rb").read(4096)
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    if not (head.startswith(b"AutoCAD Binary DXF") or text[:1] in (b"0", b"9")):
        raise MislabelledFile("is named .dxf but does not begin like a DXF")
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 256))
        if not file.read().rstrip(b" \r\n\t\0\x1a").endswith(b"EOF"):
            raise TruncatedFile("ends before its end mark")  # ezdxf would give what is there as if it were all
    try:
        return ezdxf.readfile(path)
    except (ezdxf.DXFError, UnicodeError, ValueError, KeyError, IndexError, AttributeError, TypeError):
        pass  # ezdxf raises these on damaged files; its recovery is slower and forgives more
    try:
        document, _ = recover.readfile(path)
    except ezdxf.DXFStructureError as error:
        raise TruncatedFile(f"its structure is broken: {error}") from error
    except (ezdxf.DXFError, UnicodeError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise ReaderFailed(f"ezdxf gave up: {type(error).__name__}: {error}") from error
    return document


def _plain(entity: DXFEntity) -> str:
    return str(entity.plain_text())


class _Walker:
    """Turns entities into pieces; blocks recursively, with layer "0" and names inherited from the insert."""

    def __init__(self, document: ezdxf.document.Drawing, builder: LineworkBuilder):
        self.builder = builder
        self.layout_texts: list[str] = []
        self._hidden = {layer.dxf.name.lower() for layer in document.layers if layer.is_off() or layer.is_frozen()}
        self._colours = {layer.dxf.name.lower(): layer.color for layer in document.layers}
        self._linetypes = {layer.dxf.name.lower(): layer.dxf.linetype.lower() for layer in document.layers}
        self._patterned = {t.dxf.name.lower() for t in document.linetypes if t.pattern_tags.tags and _has_gap(t)}

    def walk(self, entity: DXFEntity, parent_layer: str | None, block: str, depth: int) -> None:
        layer = entity.dxf.get("layer", "0")
        if layer == "0" and parent_layer is not None:
            layer = parent_layer
        if layer.lower() in self._hidden or entity.dxf.get("invisible", 0):
            return
        if self.builder.n_pieces > _MAX_PIECES:
            raise OversizedInput(f"draws more than {_MAX_PIECES:,} lines", hint="purge it or split it by storey")
        kind = entity.dxftype()
        if kind == "INSERT" or kind == "DIMENSION" or kind == "LEADER" or kind == "MULTILEADER":
            self._walk_inside(entity, kind, layer, block, depth)
        elif kind in ("TEXT", "ATTRIB"):
            self._text(entity, str(entity.plain_text()), entity.dxf.get("rotation", 0.0), entity.dxf.height)
        elif kind == "MTEXT":
            self._text(
                entity, str(entity.plain_text()).replace("\n", " "), entity.get_rotation(), entity.dxf.char_height
            )
        else:
            self._draw(entity, kind, layer, block)

    def _walk_inside(self, entity: DXFEntity, kind: str, layer: str, block: str, depth: int) -> None:
        if depth >= _DEPTH:
            return
        name = entity.dxf.name if kind == "INSERT" else f"*{kind}"
        inserts: Iterable[DXFEntity] = entity.multi_insert() if kind == "INSERT" and entity.mcount > 1 else (entity,)
        for insert in inserts:
            try:
                for part in insert.virtual_entities():
                    self.walk(part, layer, block or name, depth + 1)
            except (ezdxf.DXFError, ZeroDivisionError, ValueError):
                continue  # a degenerate block (scale 0, missing definition) draws nothing
        if kind == "INSERT":
            for attribute in entity.attribs:
                self.walk(attribute, layer, block or name, depth + 1)

    def _style(self, entity: DXFEntity, layer: str, block: str, filled: bool) -> Style:
        colour = entity.dxf.get("color", 256)
        if colour in (0, 256):
            colour = self._colours.get(layer.lower(), 7)
        linetype = entity.dxf.get("linetype", "BYLAYER").lower()
        if linetype in ("bylayer", "byblock"):
            linetype = self._linetypes.get(layer.lower(), "continuous")
        width = max(0, entity.dxf.get("lineweight", 0))
        red, green, blue = ezdxf.colors.aci2rgb(min(255, max(1, abs(colour))))
        return Style(layer, block, red << 16 | green << 8 | blue, width / 100, linetype in self._patterned, filled)

    def _draw(self, entity: DXFEntity, kind: str, layer: str, block: str) -> None:
        builder = self.builder
        if kind == "LINE":
            builder.path(self._style(entity, layer, block, False))
            start, end = entity.dxf.start, entity.dxf.end
            builder.line(start.x, start.y, end.x, end.y)
        elif kind in ("ARC", "CIRCLE"):
            builder.path(self._style(entity, layer, block, False))
            self._circular(entity, kind)
        elif kind in ("LWPOLYLINE", "POLYLINE"):
            self._polyline(entity, layer, block)
        elif kind in ("HATCH", "MPOLYGON"):
            self._hatch(entity, layer, block)
        elif kind in ("SOLID", "TRACE", "3DFACE"):
            corners = [(v.x, v.y) for v in entity.wcs_vertices()]
            builder.path(self._style(entity, layer, block, kind != "3DFACE"))
            builder.polyline(corners, closed=True)
            if kind != "3DFACE":
                builder.fill(np.array(corners, np.float64))
        elif kind in ("ELLIPSE", "SPLINE", "HELIX"):
            builder.path(self._style(entity, layer, block, False))
            path = make_path(entity)
            extent = max(path.start.distance(path.end), 1e-9)
            builder.polyline([(v.x, v.y) for v in path.flattening(extent / 50, segments=4)], closed=False)

    def _circular(self, entity: DXFEntity, kind: str) -> None:
        ocs = entity.ocs()
        centre = ocs.to_wcs(entity.dxf.center)
        if kind == "CIRCLE":
            self.builder.arc(centre.x, centre.y, entity.dxf.radius, 0.0, math.tau)
            return
        start, end = math.radians(entity.dxf.start_angle), math.radians(entity.dxf.end_angle)
        if entity.dxf.extrusion.z < 0:  # mirrored: the arc runs the other way round
            start, end = math.pi - end, math.pi - start
        self.builder.arc(centre.x, centre.y, entity.dxf.radius, start % math.tau, (end - start) % math.tau or math.tau)

    def _polyline(self, entity: DXFEntity, layer: str, block: str) -> None:
        self.builder.path(self._style(entity, layer, block, False))
        if entity.dxftype() == "POLYLINE" and not (entity.is_2d_polyline or entity.is_3d_polyline):
            return  # meshes are models, not drawings
        for part in entity.virtual_entities():
            if part.dxftype() == "LINE":
                start, end = part.dxf.start, part.dxf.end
                self.builder.line(start.x, start.y, end.x, end.y)
            elif part.dxftype() == "ARC":
                self._circular(part, "ARC")

    def _hatch(self, entity: DXFEntity, layer: str, block: str) -> None:
        style = self._style(entity, layer, block, True)
        for path in entity.paths.rendering_paths(entity.dxf.get("hatch_style", 0)):
            rings = _boundary(path)
            if len(rings) < 3:
                continue
            self.builder.path(style)
            # the boundary of a hatch is not drawn; its ring alone says what is filled
            self.builder.fill(np.array(rings, np.float64))

    def _text(self, entity: DXFEntity, string: str, rotation: float, height: float) -> None:
        string = string.strip()
        if not string or height <= 0:
            return
        if entity.dxftype() == "MTEXT":
            at, (across, up) = entity.dxf.insert, _mtext_anchor(entity.dxf.get("attachment_point", 1))
        else:
            at, across, up = _text_anchor(entity)
        length = 0.62 * height * len(string)
        angle = math.radians(rotation)
        ux, uy = math.cos(angle), math.sin(angle)
        x = at.x + ux * (0.5 - across) * length - uy * (0.5 - up) * height
        y = at.y + uy * (0.5 - across) * length + ux * (0.5 - up) * height
        wide = (abs(ux) * length + abs(uy) * height) / 2
        high = (abs(uy) * length + abs(ux) * height) / 2
        box = (x - wide, y - high, x + wide, y + high)
        self.builder.texts.append(Text(string, x, y, box, height, rotation % 360, "entity"))


def _has_gap(linetype: DXFEntity) -> bool:
    return any(tag.code == 49 and tag.value < 0 for tag in linetype.pattern_tags.tags)


def _boundary(path: object) -> list[tuple[float, float]]:
    vertices = getattr(path, "vertices", None)
    if vertices is not None:
        return [(v[0], v[1]) for v in vertices]
    points: list[tuple[float, float]] = []
    for edge in path.edges:  # type: ignore[attr-defined]  # ezdxf's edge paths have no common protocol
        if edge.EDGE_TYPE == "LineEdge":
            points.append((edge.start.x, edge.start.y))
        elif edge.EDGE_TYPE == "ArcEdge":
            angles = np.linspace(math.radians(edge.start_angle), math.radians(edge.end_angle), 9)
            points.extend(
                (edge.center.x + edge.radius * math.cos(a), edge.center.y + edge.radius * math.sin(a)) for a in angles
            )
    return points


def _text_anchor(entity: DXFEntity) -> tuple[ezdxf.math.Vec3, float, float]:
    across = {0: 0.0, 1: 0.5, 2: 1.0, 3: 0.5, 4: 0.5, 5: 0.5}.get(entity.dxf.get("halign", 0), 0.0)
    up = {0: 0.0, 1: 0.0, 2: 0.5, 3: 1.0}.get(entity.dxf.get("valign", 0), 0.0)
    moved = entity.dxf.get("halign", 0) or entity.dxf.get("valign", 0)
    at = entity.dxf.get("align_point") if moved else None
    return at if at is not None else entity.dxf.insert, across, up


def _mtext_anchor(attachment: int) -> tuple[float, float]:
    return (0.0, 0.5, 1.0)[(attachment - 1) % 3], (1.0, 0.5, 0.0)[(attachment - 1) // 3 % 3]


def drawn_extent(linework: Linework) -> tuple[float, float, float, float]:
    """The box of what is drawn, with a margin; far strays (a point at the origin, a lost block) are left out."""
    points: Floats = linework.segments_xyxy.reshape(-1, 2)
    if len(linework.arcs):
        c, r = linework.arcs[:, :2], linework.arcs[:, 2:3]
        points = np.concatenate([points, c - r, c + r])
    points = points[np.isfinite(points).all(1)]
    if len(points) == 0:
        raise NoSheet("its lines have no finite coordinates")
    low, high = points.min(0), points.max(0)
    inner_low, inner_high = np.quantile(points, 0.005, axis=0), np.quantile(points, 0.995, axis=0)
    core = np.maximum(inner_high - inner_low, 1e-9)
    if ((high - low) > 5 * core).any():
        low, high = np.maximum(low, inner_low - 0.3 * core), np.minimum(high, inner_high + 0.3 * core)
    margin = 0.03 * max(float((high - low).max()), 1e-6)
    return float(low[0] - margin), float(low[1] - margin), float(high[0] + margin), float(high[1] + margin)
