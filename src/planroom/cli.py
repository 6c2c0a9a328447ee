"""The command line: parses what was asked, holds the process to its bytes, shows progress, ends with a fitting code.

Exit codes: 0 complete, 3 partial, 4 no input could be read, 2 bad usage, 5 refused by the budget, 6 output not
writable, 7 a model cannot be used, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
import typer.core
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from planroom import __version__
from planroom.config import DEFAULT_MEMORY_BYTES, LEAST_MEMORY_BYTES, Settings
from planroom.errors import BudgetRefused, OutputNotWritable, PlanroomError, UsageError
from planroom.ingest.worker import Cancelled
from planroom.memory.machine import read_machine
from planroom.store.files import as_output_error, atomic_path
from planroom.units import UnitSystem, format_bytes, parse_bytes, parse_lengths, parse_scale

if TYPE_CHECKING:  # what the work itself needs is loaded when there is work: help and wrong usage answer at once
    from planroom.memory.plans.parts import Profile, Scope
    from planroom.readers import Step
    from planroom.records import Report

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Reads construction drawings inside the RAM it is given and turns them into traced quantities.

    Example: planroom analyze plans/ --out takeoff --memory 2GiB""",
)
_stderr = Console(stderr=True)
_ANALYZE_HELP = """Take off drawings: PDF, PNG/JPEG/TIFF, DXF, IFC, or folders of them.

Examples:

    planroom analyze plans/ --memory 2GiB

    planroom analyze A-101.pdf A-102.pdf --out takeoff --height 2.60

    planroom analyze scan.pdf --scale A-101=1:50 --units imperial

    planroom analyze plans.pdf --json - | jq .status

Exit codes: 0 complete, 3 partial (see faults), 4 no input could be read, 2 bad usage, 5 refused by the budget,
6 output not writable, 130 interrupted (the next run goes on where this one ended).
"""


_EXPLAIN_HELP = """Walk from a number down to the lines that it came from, in print and on the sheets.

Examples:

    planroom explain 02.0010

    planroom explain total:doors:count --run takeoff --picture doors.png

Blue is what the number rests on, red what is deducted of it, green what is measured over, amber what may be either.
"""
_FILL_HELP = """Put a run's numbers into your own workbook, where a cell asks for one; all else stays as it is.

A cell asks with {{02.0010}} (a line of the bill), {{bill:wall-paint.net}} (gross, net, low, high, unit, state, title of
it), {{total:doors:count}} (any quantity of report.json). What is withheld becomes #N/A.

Examples:

    planroom fill estimate.xlsx

    planroom fill estimate.xlsx --run takeoff --out estimate-mill-lane.xlsx
"""
_GAEB_HELP = """Show a GAEB file: its positions, its totals checked to the cent, the rows of a quantity determination.

Examples:

    planroom gaeb tender.x83

    planroom gaeb offer.x84 --tender tender.x83 --json

    planroom gaeb bill.x31 --tender bill.x83

Exit codes: 0 it adds up, 2 bad usage, 4 it does not, or is no GAEB file.
"""
_BUDGET_HELP = """Plan memory: where every byte goes, or why it does not suffice and what would help.

Examples:

    planroom budget

    planroom budget --process 2GiB

    planroom budget --memory 512GiB --profile production --plot budget.svg

    planroom budget --memory 64GiB --vlm small --precision int4 --json

Exit codes: 0 it fits, 2 bad usage, 5 refused (see remedies).
"""
_MODELS_HELP = """Say which models there are: what for, how large and fast in each precision, how good, whether used.

Examples:

    planroom models

    planroom models --json | jq '.[] | {name, used, score, baseline_score}'

    planroom models --weights build/models/full

Exit codes: 0 listed, 2 bad usage, 7 the folder has no list of weights, or one that cannot be read.
"""
_BENCH_HELP = """Run benchmarks of the checkout that this program was installed from; what follows -- is theirs.

Examples:

    planroom bench --list

    planroom bench memory cache --json

    planroom bench scaling -- --runs 1 --kinds pdf

Exit codes: the worst of the benchmarks' (0 within every bound, 1 not), 2 bad usage, 130 interrupted.
"""


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        print(f"planroom {__version__}")
        raise typer.Exit


@app.command("analyze", help=_ANALYZE_HELP)
def _analyze(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Drawings and folders; links are followed.")],
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("planroom-out"),
    memory: Annotated[str, typer.Option(help="Bytes for the whole process tree, like 2GiB.")] = "2GiB",
    profile: Annotated[str, typer.Option(help="auto; other profiles come with the models.")] = "auto",
    json_to: Annotated[str, typer.Option("--json", help="Also write the JSON report to FILE, or - for stdout.")] = "",
    timings: Annotated[bool, typer.Option("--timings", help="Print seconds and bytes per stage.")] = False,
    metrics: Annotated[Path | None, typer.Option(help="Write Prometheus metrics of the run to FILE.")] = None,
    sheets: Annotated[str, typer.Option(help="Only these sheets: numbers, ids or pages, with commas.")] = "",
    scale: Annotated[list[str] | None, typer.Option(help="SHEET=1:50, or 1:50 for every sheet; repeatable.")] = None,
    height: Annotated[str, typer.Option(help="Clear height where no drawing tells one: 2.60 or 8'-0\".")] = "",
    corrections: Annotated[Path | None, typer.Option(help="Corrections by sheet id (JSON).")] = None,
    units: Annotated[str, typer.Option(help="metric or imperial.")] = "metric",
    rules: Annotated[str, typer.Option(help="Measurement rules: a TOML file, vob-c or us-net.")] = "",
    bill: Annotated[str, typer.Option(help="What the bill of quantities lists: a TOML file, or house.")] = "",
    gaeb: Annotated[str, typer.Option(help="Write the bill as GAEB too: X31, X81, X82, X83, with commas.")] = "",
    prices: Annotated[Path | None, typer.Option(help="Unit prices from an offer or estimate: X82, X84.")] = None,
    tender: Annotated[Path | None, typer.Option(help="The tender that an X84 answers: it has the titles.")] = None,
    password: Annotated[str, typer.Option(help="Password of encrypted PDFs.")] = "",
    seconds: Annotated[float, typer.Option(help="Clock for one sheet.", min=1.0)] = 60.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Read everything again, whatever earlier runs kept.")] = False,
) -> None:
    from planroom.measure.bill import find_tables
    from planroom.measure.corrections import read_corrections
    from planroom.tender import parse_phases, read_prices

    if units not in ("metric", "imperial"):
        raise UsageError(f"--units {units}: metric or imperial")
    if profile != "auto":
        raise UsageError(f"--profile {profile}: only auto, as long as no models are installed")
    system: UnitSystem = "imperial" if units == "imperial" else "metric"
    told_prices, currency = read_prices(prices, tender)
    phases = parse_phases(gaeb)
    if "X82" in phases and not told_prices:
        raise UsageError("--gaeb X82 is an estimate with prices", hint="give them with --prices, or write X81 or X83")
    settings = Settings(
        memory_bytes=_memory(memory),
        units=system,
        sheets=tuple(s.strip() for s in sheets.split(",") if s.strip()),
        scales=dict(_scale(s) for s in scale or []),
        height_m=_height(height) if height else None,
        corrections=read_corrections(corrections) if corrections else {},
        rules=rules,
        template=bill,
        prices=told_prices,
        currency=currency,
        gaeb=phases,
        password=password,
        seconds=seconds,
        fresh=fresh,
    )
    find_tables(rules, bill, system)  # what is wrong with them is told before any work
    raise typer.Exit(_run(paths, out, settings, json_to, timings, metrics))


@app.command("fill", help=_FILL_HELP)
def _fill(
    book: Annotated[Path, typer.Argument(metavar="BOOK", help="Your workbook: .xlsx, .xlsm.")],
    run: Annotated[Path, typer.Option(help="Folder that analyze wrote.")] = Path("planroom-out"),
    out: Annotated[Path | None, typer.Option(help="The filled workbook; default: BOOK-filled beside it.")] = None,
) -> None:
    from planroom.kept import KeptReport
    from planroom.report.fill import WITHHELD, fill_workbook

    target = out or book.with_stem(f"{book.stem}-filled")
    if target.resolve() == book.resolve():
        raise UsageError("--out names the workbook itself", hint="yours stays as it is: name another file")
    _check_file(target, "name a file after --out")
    filled = fill_workbook(book, target, KeptReport(run).value)
    withheld = sum(value == WITHHELD for _, value in filled.cells.values())
    print(f"{target}: {len(filled.cells)} cells filled" + (f", {withheld} of them withheld" if withheld else ""))


@app.command("gaeb", help=_GAEB_HELP)
def _gaeb(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="X31, X81, X82, X83 or X84.")],
    tender: Annotated[
        Path | None, typer.Option(help="The tender that an X84 answers, or whose quantities an X31 tells.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; money and quantities as text.")] = False,
) -> None:
    from planroom.tender import describe_tender, read_tender, show_tender

    found = read_tender(path, tender)
    if as_json:
        print(json.dumps(describe_tender(found), indent=2, ensure_ascii=False), flush=True)
    else:
        show_tender(Console(), found)


@app.command("explain", help=_EXPLAIN_HELP)
def _explain(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="A bill's number, or an id of report.json.")],
    run: Annotated[Path, typer.Option(help="Folder that analyze wrote.")] = Path("planroom-out"),
    picture: Annotated[Path | None, typer.Option(help="Draw it into FILE.png; more sheets into FILE-2.png, …")] = None,
) -> None:
    from planroom.explain import Explainer
    from planroom.kept import KeptReport

    if picture is not None:
        _check_file(picture, "name a PNG after --picture")
    explainer = Explainer(KeptReport(run))
    way = explainer.explain(wanted)
    Console().print(way.tree)
    for path in explainer.draw(way, picture) if picture is not None else ():
        _stderr.print(f"drawn: {path}", highlight=False, soft_wrap=True)


@app.command("demo")
def _demo(
    out: Annotated[Path, typer.Option(help="Folder for the example set and its reports.")] = Path("demo"),
    memory: Annotated[str, typer.Option(help="Bytes for the whole process tree.")] = "2GiB",
) -> None:
    """Draw the example plan set, take it off, and say where the report lies.

    Example: planroom demo --memory 1GiB
    """
    from planroom.example import VARIANTS, write_set  # only the demo draws
    from planroom.publish import check_out

    check_out(out)
    plans = out / "plans"
    shutil.rmtree(plans, ignore_errors=True)
    write_set(plans, VARIANTS[0], dxf=False)
    raise typer.Exit(_run([plans / f"{VARIANTS[0].name}.pdf"], out, Settings(memory_bytes=_memory(memory)), "", False))


@app.command("budget", help=_BUDGET_HELP)
def _budget(
    memory: Annotated[str, typer.Option(help="A whole machine of this size; default: this machine's RAM.")] = "",
    process: Annotated[str, typer.Option(help="One process tree of this size, from 1GiB up.")] = "",
    profile: Annotated[str, typer.Option(help="auto, production, max-speed or max-accuracy.")] = "auto",
    pools: Annotated[str, typer.Option(help="Sizes of some or all pools: transformer_cache=128GiB,...")] = "",
    models: Annotated[str, typer.Option(help="What if: full or compact task models.")] = "",
    vlm: Annotated[str, typer.Option(help="What if: a full, small or none as vision-language model.")] = "",
    precision: Annotated[str, typer.Option(help="What if: weights as fp32, int8 or int4.")] = "",
    prune: Annotated[bool | None, typer.Option("--prune/--no-prune", help="What if: 30 % of weights pruned.")] = None,
    on_demand: Annotated[
        bool | None,
        typer.Option(
            "--on-demand/--all-resident", help="What if: all but Vision, Quantity, Error loaded on first use."
        ),
    ] = None,
    quantum: Annotated[
        bool | None,
        typer.Option("--with-quantum/--without-quantum", help="What if: a cache for quantum states, or none."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON, in bytes.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw before and after into FILE.svg or FILE.png.")] = None,
) -> None:
    from planroom.budget import choose_quantum, find_warnings, parse_pools
    from planroom.budget_table import show_budget
    from planroom.memory.plans.plan import Refusal
    from planroom.memory.plans.planner import plan_memory
    from planroom.memory.plans.plot import draw_plot
    from planroom.memory.plans.reserve import Levers

    if memory and process:
        raise UsageError("both --memory and --process", hint="plan a whole machine or one process tree")
    machine = read_machine()
    total_bytes = parse_bytes(memory or process) if memory or process else machine.physical_bytes
    given: dict[str, Any] = {"scale": models or None, "vlm": vlm or None, "precision": precision or None}
    levers = Levers(**given, pruned=prune, on_demand=on_demand)
    sizes = parse_pools(pools)
    scope: Scope = "process" if process else "machine"
    quantum = choose_quantum(quantum, profile, sizes)
    planned = plan_memory(
        total_bytes, scope=scope, profile=cast("Profile", profile), quantum=quantum, levers=levers, pools=sizes
    )
    if plot:
        picture = draw_plot(planned, plot.suffix.lower())
        with atomic_path(plot) as part:
            part.write_bytes(picture)
    warnings = find_warnings(total_bytes, scope, machine, sizes)
    for warning in warnings:
        _stderr.print(f"[yellow]warning[/] {escape(warning)}", highlight=False, soft_wrap=True)
    if as_json:
        print(json.dumps(planned.as_json() | {"warnings": warnings}, indent=2, allow_nan=False), flush=True)
    else:
        show_budget(Console(), planned)
    if isinstance(planned, Refusal):
        raise planned.error()


@app.command("models", help=_MODELS_HELP)
def _models(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list; what was not measured is null.")] = False,
    weights: Annotated[Path | None, typer.Option(help="Folder of exported weights, instead of those shipped.")] = None,
) -> None:
    from planroom.models import describe_models
    from planroom.models_table import show_models

    entries = describe_models(weights)
    if as_json:
        print(json.dumps(entries, indent=2, allow_nan=False), flush=True)
    else:
        show_models(Console(), entries)


class _WithRest(typer.core.TyperCommand):
    """A command that leaves what stands after `--` to others, as `context.obj`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what stands before it."""
        end = args.index("--") if "--" in args else len(args)
        ctx.obj = args[end + 1 :]
        return super().parse_args(ctx, args[:end])


@app.command("bench", help=_BENCH_HELP, cls=_WithRest)
def _bench(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Run these, one after the other.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Say which there are and what each measures.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document for all of them.")] = False,
) -> None:
    from planroom.bench import get_folder, list_lines, run_benchmarks

    folder = get_folder()
    if listed:
        print("\n".join(list_lines(folder)))
        return
    if not names:
        raise UsageError("which benchmark?", hint="see planroom bench --list")
    raise typer.Exit(run_benchmarks(folder, names, context.obj, as_json=as_json))


def _memory(text: str) -> int:
    size = parse_bytes(text)
    if size < LEAST_MEMORY_BYTES:
        raise BudgetRefused(
            f"{format_bytes(size)} are too few for a reader and its libraries",
            hint=f"at least {format_bytes(LEAST_MEMORY_BYTES)}; the default is {format_bytes(DEFAULT_MEMORY_BYTES)}",
        )
    machine = read_machine()
    there = min(machine.physical_bytes, machine.limit_bytes or machine.physical_bytes)
    if size > there:
        raise BudgetRefused(
            f"{format_bytes(size)} were given, {format_bytes(there)} are there for this process",
            hint=f"give --memory {there >> 20}MiB or less",
        )
    return size


def _scale(text: str) -> tuple[str, float]:
    sheet, equals, ratio = text.partition("=")
    if not equals or sheet.strip().startswith("1:") or '"' in sheet:
        return "*", parse_scale(text)
    return sheet.strip(), parse_scale(ratio)


def _height(text: str) -> float:
    values = [v for v in parse_lengths(text) if 1.5 <= v <= 30]
    if not values:
        raise UsageError(f"--height {text}: is no clear height", hint="write it like 2.60 or 8'-0\"")
    return values[0]


def _run(
    paths: list[Path], out: Path, settings: Settings, json_to: str, timings: bool, metrics: Path | None = None
) -> int:
    """Analyse, publish and show; returns the exit code."""
    from planroom.pipeline import analyze
    from planroom.publish import check_out, publish
    from planroom.readers import Step
    from planroom.runtime import open_runtime
    from planroom.takeoff_table import show_takeoff, show_timings

    check_out(out)
    if json_to not in ("", "-"):
        _check_file(Path(json_to), "name a file after --json, or - for standard output")
    if metrics is not None:
        _check_file(metrics, "name a file after --metrics")
    started_s = time.monotonic()
    console = Console(stderr=json_to == "-")
    try:
        with open_runtime(settings) as runtime:
            with _bars() as progress:
                report = analyze(paths, settings, runtime, progress)
                report.memory = runtime.facts()
                written = publish(report, out, settings, runtime, lambda stage, share: progress(Step("", stage, share)))
            report.memory = runtime.facts()
            if metrics is not None:
                _write_text(metrics, runtime.metrics())
    except (KeyboardInterrupt, Cancelled) as stop:
        _stderr.print("interrupted; sheets that were finished are kept, the next run goes on from there")
        return _exit_code(stop)
    if json_to:
        _write_json(report, json_to)
    show_takeoff(console, report, written, time.monotonic() - started_s)
    if timings:
        show_timings(console, report)
    if not report.sheets and report.faults:
        return 4
    return 3 if report.faults else 0


def _check_file(path: Path, hint: str) -> None:
    """Make sure, before any work, that a file can be written there."""
    from planroom.publish import check_out

    if path.is_dir():
        raise OutputNotWritable("is a folder", place=str(path), hint=hint)
    check_out(path.parent)


def _write_text(path: Path, text: str) -> None:
    with atomic_path(path) as part:
        part.write_text(text, "utf-8")


@contextmanager
def _bars() -> Iterator[Callable[[Step], None]]:
    """A bar for each file in work, its stage beside it; on a pipe, nothing."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[stage]:<8}"),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=_stderr,
        transient=True,
        disable=not _stderr.is_terminal,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(step: Step) -> None:
            if step.file not in tasks:
                tasks[step.file] = bars.add_task(escape(Path(step.file).name) or "reports", total=1.0, stage="")
            bars.update(tasks[step.file], completed=step.share, stage=step.stage)

        yield progress


def _write_json(report: Report, json_to: str) -> None:
    from planroom.report.json import as_json, write_json

    if json_to == "-":
        try:
            json.dump(as_json(report), sys.stdout, ensure_ascii=True, allow_nan=False)
            print(flush=True)
        except BrokenPipeError:
            raise  # whoever read it has gone and misses nothing: Typer ends the program quietly
        except OSError as error:
            raise as_output_error(error, Path("standard output")) from error
    else:
        write_json(report, Path(json_to))


class _Terminated(KeyboardInterrupt):
    """A signal that asks the process to end: taken like Ctrl-C, so that nothing of it stays behind."""

    def __init__(self, number: int):
        super().__init__()
        self.exit_code = 128 + number


def _terminate(number: int, _: FrameType | None) -> None:
    raise _Terminated(number)


def _exit_code(stop: BaseException) -> int:
    return stop.exit_code if isinstance(stop, _Terminated) else 130


def main() -> None:
    """Run the command line; every PlanroomError ends as one line with its code, place and hint."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        app()
    except PlanroomError as error:
        _stderr.print(f"[red]error[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt as stop:
        sys.exit(_exit_code(stop))
