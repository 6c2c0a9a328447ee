"""The house's papers against the house: what is documented is there, what is there is documented."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from report_sample import small_report

import planroom
from planroom.measure.corrections import _ENTRIES, read_corrections
from planroom.report.json import write_json

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("decisions/*.md")])
SOURCES = sorted(
    file for folder in ("src", "tests", "benchmarks", "docs", "examples") for file in (ROOT / folder).rglob("*.py")
)
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ]+)( ;.*?)? \\$", re.MULTILINE)


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- reference ---------------------------------------------------------------------------------------------


def test_generated_pages_are_fresh(generate: ModuleType) -> None:
    stale = [
        name
        for name, text in generate.pages().items()
        if not (generate.REFERENCE / name).exists() or (generate.REFERENCE / name).read_text("utf-8") != text
    ]

    assert not stale, "run `make docs`"


def test_every_error_code_is_in_the_reference(generate: ModuleType) -> None:
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    kinds = list(generate.error_kinds())
    codes = [kind.code for kind in kinds]

    assert len(kinds) > 20
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if f"| {code} |" not in page] == []


def test_every_exit_code_is_explained(generate: ModuleType) -> None:
    used = {kind.exit_code for kind in generate.error_kinds()}

    assert used <= set(generate._EXITS)


def test_every_option_is_in_the_reference(generate: ModuleType) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    options = [
        (name, flag, parameter.help)
        for name, command in generate.commands().items()
        for parameter in command.params
        if parameter.param_type_name == "option"
        for flag in parameter.opts
    ]

    assert len(options) > 10
    assert [(name, flag) for name, flag, _ in options if f"`{flag}`" not in page] == []
    assert [(name, flag) for name, flag, words in options if not words] == []


def test_every_field_of_the_report_has_words(generate: ModuleType) -> None:
    assert generate.report_fields() ^ set(generate.FIELDS) == set()


def test_a_real_report_has_no_other_fields(generate: ModuleType, plan: Path, run_planroom: Callable[..., Any]) -> None:
    report = run_planroom("analyze", str(plan), "--timings").report

    assert report["quantities"] and report["timings"]
    assert [
        name
        for name in sorted(set(generate.find_fields(report)))
        if not any(known == name or known.startswith((f"{name}[]", f"{name}.")) for known in generate.FIELDS)
    ] == []


def test_every_correction_is_explained() -> None:
    page = (ROOT / "docs/how-to/corrections.md").read_text("utf-8")

    assert [entry for entry in sorted(_ENTRIES) if f"| `{entry}` |" not in page] == []


def test_the_corrections_shown_are_understood(tmp_path: Path) -> None:
    shown = re.findall(r"```json\n(.*?)```", (ROOT / "docs/how-to/corrections.md").read_text("utf-8"), re.DOTALL)
    file = tmp_path / "corrections.json"
    file.write_text(shown[0], "utf-8")

    (entry,) = read_corrections(file).values()

    assert set(entry) == _ENTRIES
    assert entry["scale"] == 50.0


# ---- links and places --------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def _links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    yield from re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _links(page):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.is_dir():
            waiting += page.glob("*.md")
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in _links(page) if "://" not in link]

    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "MODELS.md", "CONTRIBUTING.md"])
def test_named_source_files_exist(page: str) -> None:
    named = re.findall(
        r"`((?:src|tests|docs|requirements|decisions|examples|training|benchmarks)/[\w./*-]+)`",
        (ROOT / page).read_text("utf-8"),
    )

    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


def test_architecture_names_modules_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    package = ROOT / "src/planroom"
    elsewhere = ("docs/", "training/", "benchmarks/")
    named = [name for name in re.findall(r"`([\w/]+\.py)`", text) if not name.startswith(elsewhere)]

    assert len(named) > 20
    assert [name for name in named if not list(package.rglob(name))] == []


# ---- versions, locks, licences -----------------------------------------------------------------------------


def test_changelog_starts_with_this_version() -> None:
    versions = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert versions[0] == planroom.__version__ == project["version"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_name_no_place_and_pin_by_hash(lock: Path) -> None:
    text = lock.read_text("utf-8")
    odd = [
        line
        for line in text.splitlines()
        if not (_PIN.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line))
    ]

    assert len(_PIN.findall(text)) > 20
    assert odd == []


def test_the_tests_run_with_the_versions_of_the_demo() -> None:
    demo, dev = (
        set(_PIN.findall((ROOT / "requirements" / name).read_text("utf-8"))) for name in ("demo.lock", "dev.lock")
    )

    assert demo < dev


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[ ;<>=!~\[(]", requirement, maxsplit=1)[0]).lower()


def test_locks_hold_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    demo, dev = ({_name(pin) for pin, *_ in _PIN.findall(lock.read_text("utf-8"))} for lock in LOCKS)

    assert {_name(r) for r in project["dependencies"] + extras["ifc"]} <= demo
    assert {_name(r) for r in extras["dev"]} <= dev


def _runtime() -> Iterator[importlib.metadata.Distribution]:
    """planroom's requirements, the ifc extra's, and theirs in turn, as far as they are installed here."""
    seen = {"planroom"}
    waiting = [r for r in importlib.metadata.requires("planroom") or [] if 'extra == "dev"' not in r]
    while waiting:
        name = _name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform, or an extra that nobody asked for
        yield found
        waiting += [r for r in found.requires or [] if "extra ==" not in r]


def test_no_dependency_has_a_licence_that_would_bind_the_product() -> None:
    licences = {
        found.name: " ".join(
            [
                *(found.metadata.get_all("License-Expression") or []),
                *[words.partition("\n")[0] for words in found.metadata.get_all("License") or []],
                *[c for c in found.metadata.get_all("Classifier") or [] if c.startswith("License")],
            ]
        )
        for found in _runtime()
    }
    bound = re.compile(r"\bA?GPL|(?<!lesser )(?<!library )general public license", re.IGNORECASE)

    assert bound.search("GNU Affero General Public License v3") and bound.search("GPL-3.0-only")
    assert not bound.search("GNU Lesser General Public License v3 or later (LGPLv3+)")
    assert len(licences) > 12
    assert {name: words for name, words in licences.items() if bound.search(words)} == {}
    assert [name for name, words in licences.items() if not words.strip()] == []


# ---- code --------------------------------------------------------------------------------------------------


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if not ast.get_docstring(ast.parse(file.read_text("utf-8"))) and not file.name.startswith("test_")
    ]

    assert silent == []


def test_help_names_every_command_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony

    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    assert described == set(phony[1].split())


# ---- examples ----------------------------------------------------------------------------------------------


def test_example_corrections_are_understood() -> None:
    (entry,) = read_corrections(ROOT / "examples/corrections.json").values()

    assert entry["height_m"] == 2.6


def test_example_prints_the_rooms_of_a_report(tmp_path: Path) -> None:
    report = small_report(tmp_path)
    write_json(report, tmp_path / "report.json")

    run = subprocess.run(
        [sys.executable, ROOT / "examples/print_rooms.py", tmp_path / "report.json"],
        capture_output=True,
        text=True,
        check=True,
    )

    counted = {s for q in report.quantities if q.total for s in q.sources}
    areas = [q for q in report.quantities if q.measure == "area" and q.id in counted]
    assert [line.split("\t")[1] for line in run.stdout.splitlines()] == [q.item for q in areas]
    assert areas
