"""Draws the plots of docs/why/memory.md from what the benchmarks printed.

    python benchmarks/thousand.py --json > thousand.json
    python benchmarks/memory.py --json > memory.json
    python docs/plots.py thousand.json memory.json rows.jsonl

Files are told by their names: `thousand*`: leased and real bytes over the time of both runs; `memory*`: tasks done,
seconds and kills of each runner; `*.jsonl`, the rows of benchmarks/footprints.py: expected against measured bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

FOLDER: Final = Path(__file__).parent / "img"
_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 740, 40, 260
_INK, _PALE, _RULE = "#222222", "#666666", "#dddddd"
_BLUE, _GREEN, _RED, _GREY = "#3d6fa5", "#4f9d69", "#c62828", "#b5b5b5"
_MIB: Final = 1 << 20


class Chart:
    """An SVG with axes; points in the units of the axes."""

    def __init__(self, title: str, x_to: float, y_to: float, x_name: str, y_name: str, *, x_marks: bool = True):
        self._x_to, self._y_to = x_to, y_to
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="12">',
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        ]
        self.write(_LEFT, 20, title, _INK, size=15)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            x, y = self._x(share * x_to), self._y(share * y_to)
            self._parts.append(f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="{_RULE}"/>')
            if x_marks:
                self.write(x, _BOTTOM + 16, f"{share * x_to:,.0f}", _PALE, anchor="middle")
            self.write(_LEFT - 6, y + 4, f"{share * y_to:,.0f}", _PALE, anchor="end")
        self.write(_RIGHT, _BOTTOM + 32, x_name, _PALE, anchor="end")
        self.write(_LEFT, _TOP - 6, y_name, _PALE)

    def line(self, points: Iterable[tuple[float, float]], colour: str) -> None:
        """Join points by a line."""
        path = "L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y in points)
        self._parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')

    def bar(self, x0: float, x1: float, y: float, colour: str) -> None:
        """A column from the floor up."""
        left, top = self._x(x0), self._y(y)
        size = f'width="{self._x(x1) - left:.1f}" height="{_BOTTOM - top:.1f}"'
        self._parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="{colour}"/>')

    def dot(self, x: float, y: float, colour: str) -> None:
        """One point."""
        self._parts.append(
            f'<circle cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="1.8" fill="{colour}" fill-opacity="0.5"/>'
        )

    def write(self, x: float, y: float, words: str, colour: str, *, size: int = 12, anchor: str = "start") -> None:
        """Words at a place of the picture."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def key(self, entries: Sequence[tuple[str, str]]) -> None:
        """What the colours mean."""
        x = _RIGHT - 130.0 * len(entries)
        for words, colour in entries:
            self._parts.append(f'<rect x="{x}" y="{_TOP - 16}" width="10" height="10" fill="{colour}"/>')
            self.write(x + 14, _TOP - 7, words, _INK)
            x += 130

    def save(self, path: Path) -> None:
        """Write the SVG."""
        path.write_text("\n".join([*self._parts, "</svg>\n"]), "utf-8")

    def _x(self, x: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * min(x, self._x_to) / self._x_to

    def _y(self, y: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * min(y, self._y_to) / self._y_to


def draw_thousand(path: Path) -> None:
    """What was leased and really held while the requests ran."""
    for row in json.loads(path.read_text("utf-8"))["results"]:
        limit_mib = row["limit_bytes"] / _MIB
        end_s = row["course"][-1][0]
        became = f"{row['lost']} lost, {row['kernel_kills']} kills"
        title = f"{row['tasks']} requests at once in {limit_mib:,.0f} MiB: {became}"
        chart = Chart(title, end_s, limit_mib * 1.05, "seconds", "MiB")
        chart.line([(0, limit_mib), (end_s, limit_mib)], _RED)
        chart.line([(t, leased / _MIB) for t, leased, _ in row["course"]], _GREY)
        chart.line([(t, real / _MIB) for t, _, real in row["course"]], _BLUE)
        chart.key([("limit", _RED), ("leased", _GREY), ("really held", _BLUE)])
        chart.save(FOLDER / f"memory-{row['part']}.svg")


def draw_runners(path: Path) -> None:
    """Who finished the sixty tasks."""
    document = json.loads(path.read_text("utf-8"))
    rows = document["results"]
    limit_mb = rows[0]["limit_bytes"] / 1e6
    chart = Chart(f"60 tasks of 200 MB in {limit_mb:,.0f} MB", len(rows), 72, "", "tasks done", x_marks=False)
    for place, row in enumerate(rows):
        at = place + 0.5
        chart.bar(at - 0.2, at + 0.2, row["done"], _GREEN)
        x = _LEFT + (_RIGHT - _LEFT) * at / len(rows)
        chart.write(x, _BOTTOM + 18, row["who"], _INK, anchor="middle")
        words = f"{row['done']} in {row['wall_s']:.0f} s, {row['kernel_kills']} kills"
        chart.write(x, _TOP + 10, words, _RED if row["done"] < 60 else _INK, anchor="middle", size=11)
    chart.save(FOLDER / "memory-runners.svg")


def draw_footprints(path: Path) -> None:
    """Each lease of a real file: expected by what was learnt of the others, against what it took."""
    import footprints

    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    points = list(footprints.held_against(rows))
    most = max(max(pair) for pair in points) / _MIB
    chart = Chart(f"{len(points):,} leases of real files", most, most, "MiB really held", "MiB expected")
    seen = {(round(peak / _MIB), round(expected / _MIB), expected < peak) for peak, expected in points}
    for peak_mib, expected_mib, is_under in sorted(seen):
        chart.dot(peak_mib, expected_mib, _RED if is_under else _BLUE)
    chart.line([(0, 0), (most, most)], _PALE)
    chart.key([("enough", _BLUE), ("too little", _RED)])
    chart.save(FOLDER / "memory-footprints.svg")


def main() -> None:
    """Draw what the files hold."""
    drawers: dict[str, Callable[[Path], Any]] = {"thousand": draw_thousand, "memory": draw_runners}
    for name in sys.argv[1:]:
        path = Path(name)
        draw = (
            draw_footprints
            if path.suffix == ".jsonl"
            else next(d for k, d in drawers.items() if path.name.startswith(k))
        )
        draw(path)


if __name__ == "__main__":
    main()
