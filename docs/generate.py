"""Writes docs/reference from the code itself: errors, command line, report.json, room words.

    python docs/generate.py

A test fails while a page differs from what this writes, and where a field of the report has no words here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import typer

from planroom import errors
from planroom.amounts import exactly
from planroom.cli import app
from planroom.records import Bill, BillLine, Deduction, Dimension, Element, Finding, Quantity, Report, Scale, Sheet
from planroom.report.json import SCHEMA, as_json

REFERENCE = Path(__file__).parent / "reference"
_HEAD = "<!-- written by docs/generate.py: change the code, then `make docs` -->\n\n"
_EXITS = {
    0: "complete",
    1: "a defect of planroom",
    2: "what was asked for makes no sense",
    3: "partial: some inputs are in `faults`",
    4: "no input could be read",
    5: "refused by the budget, or bytes or seconds ran out",
    6: "the output cannot be written",
    7: "a model's weights are missing or damaged",
    130: "interrupted; the next run goes on where this one ended",
    143: "ended by SIGTERM; the same",
}

# what every field of report.json means; [] is an item of a list, {} the value of a key that depends on the drawing
FIELDS = {
    "schema": "version of this format; it grows when a field changes its meaning, not when one is added",
    "status": "`complete`, or `partial` as soon as `faults` holds something",
    "units": "`metric` or `imperial`: the system of every quantity",
    "sheets[].id": "twelve digits of the file's SHA-256, and the page from 1; the same for the same content",
    "sheets[].file": "the file, as it was named",
    "sheets[].page": "page in the file, from 0",
    "sheets[].name": "page label, layout or storey name in the file",
    "sheets[].width_px": "width of the sheet's picture; all pixels below are its",
    "sheets[].height_px": "height of the sheet's picture",
    "sheets[].number": "sheet number in the title block, or null",
    "sheets[].title": "title in the title block, or null",
    "sheets[].kind": "`plan`, `elevation`, `section`, `detail`, `schedule`, `site`, `cover` or `unknown`",
    "sheets[].view": "what a plan shows: `general`, `enlarged`, `ceiling`, `demolition`, …; empty if it is no plan",
    "sheets[].storey": "level as a normal name: `0` ground floor, `1`, `-1`, `roof`, …; empty where unknown",
    "sheets[].discipline": "`architecture`, `structure`, …, or null",
    "sheets[].remark": "why nothing, or less than one would expect, was found; empty otherwise",
    "sheets[].revision": "revision in the title block, or null",
    "sheets[].date": "date in the title block as printed, or null",
    "sheets[].project": "project in the title block, or null",
    "sheets[].client": "client or owner in the title block, or null",
    "sheets[].grouping": "why the sheet counts, or which one counts instead",
    "sheets[].scale.ratio": "what the sheet prints: 50.0 for 1:50; null where it prints none. `scale` itself is null "
    "where the sheet says nothing of a scale",
    "sheets[].scale.m_per_px": "metres in a pixel, as used for measuring; null where withheld",
    "sheets[].scale.state": "`measured`, `estimated` or `withheld`",
    "sheets[].scale.evidence": "what speaks for it, in words",
    "sheets[].viewports[].title": "title of one of several drawings on the sheet",
    "sheets[].viewports[].ratio": "the scale printed under it, or null",
    "sheets[].viewports[].state": "as for `scale`",
    "sheets[].viewports[].evidence": "as for `scale`",
    "sheets[].viewports[].box_px": "the part of the sheet that is its",
    "sheets[].viewports[].m_per_px": "metres in a pixel there; null where withheld",
    "sheets[].schedules[].kind": "`door`, `window`, `finish` or `other`",
    "sheets[].schedules[].title": "what stands over the table",
    "sheets[].schedules[].box_px": "where it stands",
    "sheets[].schedules[].columns[].name": "what the column holds, in one language: `mark`, `width`, …; empty: unknown",
    "sheets[].schedules[].columns[].header": "its head as printed",
    "sheets[].schedules[].rows[][].text": "what a cell says; cells from left to right, rows from the top",
    "sheets[].schedules[].rows[][].box_px": "where the cell lies",
    "sheets[].schedules[].source": "`text layer` or `ocr`",
    "sheets[].dimensions[].id": "the sheet's id, then a number",
    "sheets[].dimensions[].text": "a dimension string as printed",
    "sheets[].dimensions[].value_m": "what it says, in metres",
    "sheets[].dimensions[].off_m": "what it says, less what its line measures by the scale that most dimensions agree "
    "on, in metres",
    "sheets[].dimensions[].agrees": "whether that is no more than rounding and drawing explain",
    "sheets[].dimensions[].marked": "whether the line bears ticks, dots or arrowheads at both ends for sure",
    "sheets[].dimensions[].score": "how surely it was read, 0 to 1; 1 where the file itself holds the letters",
    "sheets[].dimensions[].line_px": "x0, y0, x1, y1: the ends of its line",
    "sheets[].dimensions[].box_px": "where the text stands",
    "sheets[].listed[][]": "number and title of a drawing that a list on this sheet names",
    "sheets[].heights_m.{}": "heights in metres read off the sheet, by what they are",
    "sheets[].counts.{}": "best single guess by kind, an integer: door, window, opening, room, bedroom, toilet, wall",
    "sheets[].ranges.{}": "of kinds that were seen on a scan: [low, high], what the count likely lies between",
    "sheets[].chances.{}": "of kinds that were seen on a scan: the chance that the count is exact",
    "sheets[].channels.{}": "by channel (`geometry`, `pixels`, `tags`, `text`) what it alone counts, by kind",
    "sheets[].elements[].id": "the sheet's id, then a name that follows from kind and place",
    "sheets[].elements[].kind": "`wall`, `door`, `window`, `opening` (without leaf), `room`, `stair` or `fixture`",
    "sheets[].elements[].box_px": "x0, y0, x1, y1 in pixels, y down; null where it is not drawn",
    "sheets[].elements[].box_m": "x0, y0, x1, y1 in metres, y up; null without a scale",
    "sheets[].elements[].outline_px": "its ring in pixels: [[x, y], …]",
    "sheets[].elements[].lines_px": "the linework that it came from, at most 64 pieces: [[x0, y0, x1, y1], …]",
    "sheets[].elements[].status": "`new`, `existing`, `demolished` or null",
    "sheets[].elements[].confidence": "0 to 1",
    "sheets[].elements[].sizes.{}": "length, thickness, width, …, area in the sheet's own units",
    "sheets[].elements[].stated.{}": "what the drawing itself says of it, in metres and square metres",
    "sheets[].elements[].traits.{}": "words that describe it: name, number, use, subtype, tag, …",
    "sheets[].elements[].sources[]": "where in the file it came from",
    "sheets[].timings": "the rows of `timings` for this sheet's stages, without file and page",
    "quantities[].id": "sheet, element or class, and measure; `total:…` for a total",
    "quantities[].item": "what is measured, for people",
    "quantities[].measure": "`count`, `length`, `area`, `perimeter`, `width`, `height`, `surface` or `volume`",
    "quantities[].value": "the number in `unit`; null where withheld",
    "quantities[].interval": "[low, high] that the value should lie in; null where withheld",
    "quantities[].unit": "`pcs`, `m`, `m2`, `m3`, or `ft`, `ft2`, `ft3`",
    "quantities[].state": "`measured`, `estimated` or `withheld`",
    "quantities[].reason": "why it is withheld or only estimated; else null",
    "quantities[].sheet": "id of its sheet; null for a total",
    "quantities[].sources[]": "ids of the elements that it rests on; of quantities, for a total",
    "quantities[].stated": "the same number as the drawing prints it, or null",
    "quantities[].confidence": "the chance, 0 to 1, that a count is exact or a room's area within 2 %: as often as "
    "such numbers were right on drawn sheets; null of other quantities",
    "quantities[].channels.{}": "what each channel alone says of it: `geometry`, `pixels`, `tags`, `text`",
    "quantities[].note": "where a height came from, why it is not in a total",
    "quantities[].total": "whether it is a total over the set",
    "quantities[].counted": "whether a total contains it, or it is one",
    "bill.name": "the template that the bill of quantities follows",
    "bill.rules": "name and edition of the measurement rules",
    "bill.currency": "of its prices; empty where none were given",
    "bill.lines[].id": "`bill:`, the item's key, and what its lines are split by",
    "bill.lines[].number": "section and place in it: `02.0010`",
    "bill.lines[].section": "the section's name",
    "bill.lines[].title": "what is to be done, for people",
    "bill.lines[].unit": "as of quantities",
    "bill.lines[].gross.value": "with nothing deducted; `gross`, `net` and `ruled` are null where the line is withheld",
    "bill.lines[].gross.interval": "[low, high] that it should lie in",
    "bill.lines[].net.value": "with every opening deducted",
    "bill.lines[].net.interval": "[low, high] that it should lie in",
    "bill.lines[].ruled.value": "what is billed: with those openings deducted that the trade's rule deducts",
    "bill.lines[].ruled.interval": "[low, high] that it should lie in",
    "bill.lines[].unit_price": "of the offer that was given with --prices; else null",
    "bill.lines[].state": "`measured`, `estimated` or `withheld`, of `ruled`",
    "bill.lines[].reason": "why it is withheld or only estimated; else null",
    "bill.lines[].trade": "the trade whose rule it is measured by",
    "bill.lines[].rule": "the clause",
    "bill.lines[].codes.{}": "numbers of its cost group: `din276`, `uniformat`, `masterformat`",
    "bill.lines[].sources[]": "ids of the elements that it rests on",
    "bill.lines[].factors_m": "of each source, what is multiplied to what it gives: metres, or m² of an area",
    "bill.lines[].deductions[].element": "id of the opening",
    "bill.lines[].deductions[].of": "id of the wall or the room that it is an opening of",
    "bill.lines[].deductions[].size.value": "its size in the line's unit",
    "bill.lines[].deductions[].size.interval": "[low, high] that it should lie in",
    "bill.lines[].deductions[].deducted": "whether `ruled` is without it; null where its size does not tell",
    "bill.lines[].deductions[].source": "the clause",
    "bill.lines[].deductions[].factors_m": "what is multiplied to its size, in metres",
    "findings[].code": "which mistake: `count-differs`, `dimension-differs`, `dimension-sum`, `index-…`, "
    "`schedule-size-differs`",
    "findings[].severity": "`error`, `warning` or `note`",
    "findings[].sheet": "id of the sheet",
    "findings[].box_px": "where, in pixels; null for the whole sheet",
    "findings[].message": "what is wrong, in words",
    "findings[].sources[]": "ids of the elements, dimensions or sheets concerned",
    "bid": "null: comes with prices",
    "schedule": "null: comes with activities",
    "decision": "null: comes with decisions",
    "faults[].code": "see [errors](errors.md)",
    "faults[].file": "the file that failed",
    "faults[].page": "page from 0; null for the whole file",
    "faults[].stage": "the stage that it was in",
    "faults[].message": "what happened",
    "faults[].hint": "what to do",
    "groups[].storey": "level that the group's sheets show",
    "groups[].sheets[]": "ids of the sheets that show it",
    "groups[].counts": "id of the one that is counted; null where none is",
    "groups[].doubt": "whether sheets of one revision disagree on what they count",
    "groups[].note": "why",
    "timings[].stage": "`reader`, `mark up`, `read`, `clean`, `letters`, `trace`, `sheet`, `schedules`, `look`, "
    "`detect`, `keep`, `measure`",
    "timings[].file": "the file; absent for the stages of the whole set",
    "timings[].page": "page from 0; absent for the stages of the whole file",
    "timings[].wall_s": "seconds; of the earlier run, where the sheet was kept from one",
    "timings[].paths": "drawing operations or entities on the sheet",
    "timings[].cpu_s": "CPU seconds",
    "timings[].leased_bytes": "bytes that the stage leased",
    "timings[].grown_bytes": "anonymous memory that it grew by at its highest",
    "timings[].peak_bytes": "most anonymous memory of the reader child",
    "timings[].retried": "how often the child was begun anew under a larger lease",
    "timings[].leases": "a lease of the child: stage, its bound, bytes held when it began, expected and really held at "
    "the highest",
    "memory.budget_bytes": "what `--memory` gave",
    "memory.enforced": "`kernel` (a control group holds the limit) or `cooperative` (planroom holds it)",
    "memory.peak_leased_bytes": "most bytes leased at one moment",
    "memory.peak_real_bytes": "most anonymous plus shared memory of all processes together",
    "memory.kernel_kills": "processes that the kernel killed for memory",
    "memory.pools.{}.capacity_bytes": "what the plan gives the pool",
    "memory.pools.{}.peak_leased_bytes": "most bytes leased from it at one moment, what it borrowed from others too",
    "memory.pools.{}.hits": "of a cache: values that were there, or that another request was just making",
    "memory.pools.{}.misses": "of a cache: values that were made",
    "memory.pools.{}.saved_s": "of a cache: seconds of making values that hits saved",
}


def pages() -> dict[str, str]:
    """Every generated page by its name in docs/reference."""
    return {
        "errors.md": _HEAD + _errors(),
        "cli.md": _HEAD + _cli(),
        "report-json.md": _HEAD + _report(),
        "room-words.md": _HEAD + _room_words(),
    }


def _errors() -> str:
    lines = [
        "# Errors",
        "",
        "What planroom says when a file or a run fails: a code, the place, what happened and a hint, in one line. "
        "Where only a part failed, the same stands in the report's `faults`, the rest is done, and the run is "
        "`partial`. What is wrong *on a drawing* is a finding and not in this list.",
        "",
        "| code | name | what happened | hint | exit | HTTP |",
        "|---|---|---|---|---|---|",
    ]
    for kind in sorted(error_kinds(), key=lambda kind: kind.code):
        what = (kind.__doc__ or "").partition("\n")[0]
        lines.append(
            f"| {kind.code} | {kind.__name__} | {_cell(what)} | {_cell(kind.hint)} "
            f"| {kind.exit_code} | {kind.http_status} |"
        )
    lines += [
        "",
        "The codes that end in 00, and E000, name families; they are never shown. A fault's hint may be more precise "
        "than the one here.",
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in _EXITS.items()),
    ]
    return "\n".join(lines) + "\n"


def error_kinds(root: type[errors.PlanroomError] = errors.PlanroomError) -> Iterator[type[errors.PlanroomError]]:
    """`root` and every error below it."""
    yield root
    for kind in root.__subclasses__():
        yield from error_kinds(kind)


def _cli() -> str:
    lines = ["# Command line", "", "`planroom --version` prints the version; `planroom COMMAND --help` prints this."]
    for name, command in commands().items():
        lines += ["", f"## planroom {name}", "", _cell(str(command.help).partition("\n")[0])]
        lines += ["", "| option | default | what |", "|---|---|---|"]
        for parameter in command.params:
            option = parameter.param_type_name == "option"
            called = ", ".join(f"`{flag}`" for flag in parameter.opts) if option else f"`{parameter.name.upper()}`"
            default = "" if parameter.default in (None, "", False) else f"`{parameter.default}`"
            lines.append(f"| {called} | {default} | {_cell(parameter.help)} |")
    lines += [
        "",
        "## Environment",
        "",
        "| variable | what |",
        "|---|---|",
        "| `PLANROOM_CACHE` | folder that keeps finished sheets between runs; default `planroom` in the user's cache |",
        "",
        "What the program's end means is listed with the [errors](errors.md#exit-codes).",
    ]
    return "\n".join(lines) + "\n"


def commands() -> dict[str, Any]:
    """The commands by name, as typer builds them."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def _report() -> str:
    lines = [
        "# report.json",
        "",
        f"Schema {SCHEMA}. Names stay and fields may be added. `[]` stands for each item of a list, `{{}}` for each "
        "key of an object whose keys depend on the drawing.",
        "",
        "| field | meaning |",
        "|---|---|",
        *(f"| `{name}` | {_cell(meaning)} |" for name, meaning in FIELDS.items()),
    ]
    return "\n".join(lines) + "\n"


def report_fields() -> set[str]:
    """The names of all fields that a report can have, found by writing one that has everything."""
    points = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])
    element = Element("e", "door", points, 1.0, np.zeros((1, 4)), ["s"], None, {"k": 1.0}, {"k": 1.0}, {"k": "v"})
    sheet = Sheet("s", "f", 0, "n", 10, 10, (0.0, 0.0, 1.0, 1.0), "p", scale=Scale(50.0, 1.0, "measured", "e"))
    sheet.elements, sheet.counts, sheet.heights = [element], {"k": 1}, {"k": 2.5}
    sheet.ranges, sheet.chances, sheet.channels = {"k": (0, 2)}, {"k": 0.5}, {"geometry": {"k": 1}}
    sheet.dimensions = [Dimension("d", "1.00", 1.0, 1.0, True, (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.0, 1.0), True)]
    box = (0.0, 0.0, 1.0, 1.0)
    scaled = {"title": "t", "ratio": 50.0, "box": box, "m_per_unit": 1.0, "state": "measured", "evidence": "e"}
    table = {"kind": "door", "title": "t", "box": box, "columns": [{"name": "n", "header": "h"}], "source": "ocr"}
    sheet.viewports, sheet.listed = [scaled], [["A-101", "t"]]
    sheet.schedules = [table | {"rows": [[{"text": "t", "box": box}]]}]
    one = exactly(1.0)
    line = BillLine("b", "01.0010", "s", "t", "m2", "measured", "t", "r", {"din276": "331"}, ["e"], one, one, one)
    line.factors = [(1.0,)]
    line.deductions = [Deduction("e", "w", one, True, "r", (1.0,), one)]
    report = Report(
        sheets=[sheet],
        quantities=[Quantity("q", "i", "area", "m2", 1.0, "measured", "s", ["e"], (0.9, 1.1), channels={"text": 1.0})],
        bill=Bill("b", "r", [line]),
        findings=[Finding("c", "note", "s", (0.0, 0.0, 1.0, 1.0), "m", ["e"])],
        faults=[errors.Fault("E101", "f", 0, "s", "m", "h")],
        groups=[{"storey": "", "sheets": ["s"], "counts": "s", "note": "", "doubt": False}],
        timings=[dict.fromkeys((*_STAGE, *_READER), 0) | {"leases": [["s", 0, 0, 0, 0]]}],
        memory={"kernel_kills": 0, "pools": {"data_cache": dict.fromkeys(_POOL, 0)}},
    )
    return set(find_fields(as_json(report)))


# what the pipeline notes of a stage and of a reader child
_STAGE = ("stage", "file", "page", "wall_s", "leased_bytes", "grown_bytes", "paths")
_READER = ("cpu_s", "peak_bytes", "retried", "leases")
_POOL = ("capacity_bytes", "peak_leased_bytes", "hits", "misses", "saved_s")
_KEYED = ("counts", "ranges", "chances", "channels", "heights_m", "sizes", "stated", "traits", "codes")
_WHOLE = ("leases", "box_px", "box_m", "outline_px", "line_px", "lines_px", "interval", "factors_m")


def find_fields(report: dict[str, Any]) -> Iterator[str]:
    """The names of the fields that a written report has, with repetitions; of an empty list or object its own name."""
    yield from _paths(report, "")


def _paths(value: Any, at: str) -> Iterator[str]:
    last = at.rpartition(".")[2]
    if isinstance(value, dict) and value and last in _KEYED:
        yield f"{at}.{{}}"
    elif isinstance(value, dict) and last == "pools":
        for item in value.values():
            yield from _paths(item, f"{at}.{{}}")
    elif isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _paths(item, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and value and last not in _WHOLE and at != "sheets[].timings":
        for item in value:
            yield from _paths(item, f"{at}[]")
    else:
        yield at


def _room_words() -> str:
    table: dict[str, list[str]] = json.loads(files("planroom.sheet").joinpath("rooms.json").read_text("utf-8"))
    lines = [
        "# Room words",
        "",
        "Words and abbreviations that tell a room's use from its label, in English, German, French, Finnish, Swedish, "
        "Spanish, Italian, Portuguese and Dutch. Case and accents do not matter; the longest known phrase wins. The "
        "table is `src/planroom/sheet/rooms.json`: a word that is missing is added there. `bedroom` makes the count of "
        "bedrooms, `toilet` and `bathroom` that of rooms with a toilet.",
        "",
        "| use | words |",
        "|---|---|",
        *(f"| {use} | {_cell(', '.join(words))} |" for use, words in table.items()),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
