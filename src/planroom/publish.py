"""A report into the files that people open: JSON, HTML, XLSX, and a marked-up PDF for every document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from planroom.config import Settings
from planroom.errors import OutputError, PlanroomError
from planroom.ingest.documents import plain_path
from planroom.ingest.worker import Facts, run_growing
from planroom.memory.manager import MemoryManager
from planroom.records import Finding, Report, Sheet
from planroom.report import determination, gaeb, html, json, markup, xlsx
from planroom.runtime import Runtime
from planroom.store.files import as_output_error, remove_stale, staged_folder
from planroom.store.results import load_sheet

_MARKED = ".marked.pdf"
_STEM_BYTES = 200  # file systems take names of 255 bytes


def check_out(out: Path) -> None:
    """Make sure, before any work, that results can be written there. Raises OutputNotWritable or DiskFull."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_stale(out)
        with staged_folder(out) as stage:
            (stage / ".probe").write_bytes(b"planroom")
            (stage / ".probe").unlink()
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise as_output_error(error, out) from error


def publish(
    report: Report, out: Path, settings: Settings, runtime: Runtime, progress: Callable[[str, float], None]
) -> list[Path]:
    """Write all outputs into `out`, all of them or none; returns their paths, the HTML page first.

    report.json is written last, so that it names every fault of the other outputs too.
    """
    with staged_folder(out) as stage:
        written = [out / f.relative_to(stage) for f in _write(report, stage, settings, runtime, progress)]
    for old in (out / "marked-up").glob(f"*{_MARKED}"):
        if old not in written:  # of a document that the last run into this folder had and this one has not
            old.unlink(missing_ok=True)
    return written


def _write(
    report: Report, stage: Path, settings: Settings, runtime: Runtime, progress: Callable[[str, float], None]
) -> list[Path]:
    files = sorted({sheet.file for sheet in report.sheets})
    marked: list[Path] = []
    names: set[str] = set()
    for i, file in enumerate(files):
        progress("mark up", i / max(1, len(files)))
        sheets = [s for s in report.sheets if s.file == file]
        target = stage / "marked-up" / _free_name(Path(file).stem, names)
        try:
            facts = _mark_up(report.paths[file], sheets, _findings(report, sheets), target, settings, runtime)
            report.timings.append({"file": file} | facts.as_timing("mark up"))
            marked.append(target)
        except OutputError:
            raise
        except PlanroomError as error:
            report.faults.append(error.fault(file, "mark up"))
    progress("report", 0.5)
    page, book = stage / "report.html", stage / "takeoff.xlsx"
    with runtime.manager.lease_at_most(html.lease_bytes(report), "the HTML report"):
        html.write_html(report, page)
    with runtime.manager.lease_at_most(xlsx.lease_bytes(report), "the workbook"):
        xlsx.write_xlsx(report, book)
    with runtime.manager.lease_at_most(json.lease_bytes(report), "the JSON report"):
        json.write_json(report, stage / "report.json")
    exchanged = [_exchange(report, phase, stage, settings, runtime) for phase in settings.gaeb]
    progress("report", 1.0)
    return [page, stage / "report.json", book, *exchanged, *marked]


def _exchange(report: Report, phase: str, stage: Path, settings: Settings, runtime: Runtime) -> Path:
    """The bill, or what its quantities add up from, as the GAEB file of a phase."""
    path = stage / f"bill.{phase.lower()}"
    project = next((sheet.project for sheet in report.sheets if sheet.project), "")
    if phase == determination.PHASE:
        with runtime.manager.lease_at_most(determination.lease_bytes(report), "the quantity determination"):
            determination.write_determination(report, path, project=project)
    else:
        with runtime.manager.lease_at_most(gaeb.lease_bytes(report.bill), "the GAEB file"):
            gaeb.write_gaeb(report.bill, path, phase, project=project, currency=settings.currency)
    return path


def _free_name(stem: str, names: set[str]) -> str:
    """A name that no other document of the set has taken: same-named files never share an output."""
    stem = stem.replace("\\", "_").encode()[:_STEM_BYTES].decode("utf-8", "ignore")
    name, i = f"{stem}{_MARKED}", 2
    while name.lower() in names:
        name, i = f"{stem}-{i}{_MARKED}", i + 1
    names.add(name.lower())
    return name


def _findings(report: Report, sheets: list[Sheet]) -> list[Finding]:
    """What is wrong on some of its sheets."""
    own = {sheet.id for sheet in sheets}
    return [finding for finding in report.findings if finding.sheet in own]


def _mark_up(
    file: str, sheets: list[Sheet], findings: list[Finding], target: Path, settings: Settings, runtime: Runtime
) -> Facts:
    """The document with its elements and findings drawn over it, made in a child: the source is parsed again."""
    with plain_path(file) as path:
        source = path if path.suffix.lower() == ".pdf" else None
        footprints, most_bytes = runtime.footprints, runtime.most_reader_bytes
        bound_bytes = markup.lease_bytes(source, sheets, findings)
        first = footprints.start_bytes("mark up", 0) + footprints.growth_bytes("mark up", bound_bytes)
        _, facts = run_growing(
            "planroom.publish:mark_up",
            {
                "source": str(source) if source else None,
                "sheets": [(sheet.picture, sheet.id) for sheet in sheets],
                "elements": {sheet.id: _changed(sheet) for sheet in sheets},
                "findings": [asdict(finding) for finding in findings],
                "target": str(target),
                "password": settings.password,
                "units": settings.units,
            },
            manager=runtime.manager,
            first_bytes=min(first, most_bytes),
            most_bytes=most_bytes,
            clock_s=settings.seconds,
            on_event=lambda _: None,
            footprints=footprints,
        )
    return facts


def _changed(sheet: Sheet) -> dict[str, str]:
    """Kinds by element id, as they stand after corrections; what is missing was removed."""
    return {element.id: element.kind for element in sheet.elements}


def mark_up(arguments: dict[str, Any], emit: Callable[[dict[str, Any]], None], ledger: MemoryManager) -> dict[str, Any]:
    """Child entry: write the marked-up PDF of one document from its kept sheets."""
    sheets = []
    for picture, sheet_id in arguments["sheets"]:
        sheet = load_sheet(Path(picture).parent, int(Path(picture).stem), sheet_id)
        kinds = arguments["elements"][sheet.id]
        sheet.elements = [e for e in sheet.elements if e.id in kinds]
        for element in sheet.elements:
            element.kind = kinds[element.id]
        sheets.append(sheet)
    source = Path(arguments["source"]) if arguments["source"] else None
    findings = [Finding(**finding) for finding in arguments["findings"]]
    with ledger.lease_at_most(markup.lease_bytes(source, sheets, findings), "the marked-up PDF", stage="mark up"):
        markup.write_markup(
            source, sheets, Path(arguments["target"]), findings=findings, password=arguments["password"],
            system=arguments["units"],
        )  # fmt: skip
    emit({"event": "sheet"})
    return {}
