"""The sixteen models as tables for people, on a rich console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from planroom.engine.catalog import PRECISIONS

LETTERING: Final = (
    "Lettering is read by two networks of rapidocr (PP-OCRv6 small, Apache-2.0), which are not among the sixteen."
)
_MIB: Final = 1 << 20
_NONE: Final = "–"
_NAME: Final = 32  # letters of the longest
_Entry = dict[str, Any]


def show_models(console: Console, entries: list[_Entry]) -> None:
    """Print what each model is for and how it is judged, what was measured of it, and who reads lettering."""
    console.print(_models_table(entries, console.width))
    console.print()
    measured = [entry for entry in entries if any(_known(entry, "bytes"))]
    if measured:
        console.print(_figures_table(measured))
        console.print()
    others = [entry["name"] for entry in entries if entry not in measured]
    if others:
        names = ", ".join(others) if measured else "any of them"
        console.print(f"No weights, and nothing measured, of {names}.", highlight=False)
    console.print(LETTERING, highlight=False)


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", show_edge=False, pad_edge=False
    )


def _models_table(entries: list[_Entry], width: int) -> Table:
    used = sum(entry["used"] for entry in entries)
    table = _table(f"Models, {used} of {len(entries)} used")
    table.add_column("Model", width=max(_NAME, width // 2 - 8))  # roles wrap, names never
    table.add_column("Size", no_wrap=True)
    table.add_column("Score, its baseline's below")
    table.add_column("Used", no_wrap=True)
    for entry in entries:
        table.add_row(
            f"[bold]{escape(entry['name'])}[/]\n{escape(entry['role'])}\n"
            f"[dim]{escape(entry['licence'])}; {_weights(entry['weights'])}[/]",
            "\n".join(filter(None, (entry["scale"], _count(entry["parameters"])))) or _NONE,
            f"{_score(entry['score'])} {escape(entry['metric'])}\n"
            f"[dim]{_score(entry['baseline_score'])} {escape(entry['baseline'])}[/]",
            "[green]yes[/]" if entry["used"] else "no",
            end_section=True,
        )
    return table


def _weights(precisions: list[str]) -> str:
    if len(precisions) == len(PRECISIONS):
        return "weights in all precisions"
    return f"weights: {', '.join(precisions)}" if precisions else "no weights"


def _figures_table(entries: list[_Entry]) -> Table:
    """Three lines a model: bytes of its weights, the most it took, and its time. A column for each precision."""
    table = _table("Measured, a run of one: weights and peak in MiB, time in ms")
    table.box, table.padding = SIMPLE_HEAD, (0, 0)  # six figures of six characters beside a long name
    table.add_column("Model", no_wrap=True)
    for precision in PRECISIONS:
        first, plus, second = precision.partition("+")
        table.add_column(f"{first}{plus}\n{second}" if plus else f"\n{first}", justify="right", no_wrap=True)
    for entry in entries:
        for head, cells in _figure_rows(entry):
            table.add_row(head, *cells)
    return table


def _figure_rows(entry: _Entry) -> Iterator[tuple[str, list[str]]]:
    words: dict[str, tuple[str, Callable[[float], str]]] = {
        "bytes": (f"[bold]{escape(entry['name'])}[/]", lambda size: _number(size / _MIB)),
        "peak_bytes": ("  peak", lambda size: _number(size / _MIB)),
        "ms": ("  ms", _number),
        "score": ("  score", lambda score: f"{score:.3f}"),
    }
    for key, (head, told) in words.items():
        if key == "bytes" or any(_known(entry, key)):
            values = [figures[key] for figures in entry["precisions"].values()]
            yield head, [_NONE if value is None else told(value) for value in values]


def _known(entry: _Entry, key: str) -> Iterator[bool]:
    return (figures[key] is not None for figures in entry["precisions"].values())


def _number(value: float) -> str:
    """At most six characters."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _count(parameters: int | None) -> str:
    if parameters is None:
        return ""
    return f"{parameters / 1e6:,.0f} M" if parameters >= 10_000_000 else f"{parameters / 1e6:.2f} M"


def _score(score: float | None) -> str:
    return _NONE if score is None else f"{score:.3f}"
