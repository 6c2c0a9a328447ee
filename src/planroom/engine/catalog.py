"""The sixteen models: what each is for, what it must beat, which files it has, and what it was measured to take.

Glossary. *Precision*: a form of the same model, fp32 or smaller. *Variant*: one model in one precision, its files and
their hashes. *Resident*: anonymous bytes of a loaded variant that runs nothing. *Work*: what a run takes on top.

What people wrote is in `models.json` beside this file; what was measured is in `memory/plans/networks.json`, where the
planner finds it too. A folder of weights lists its variants in a `models.json` of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from planroom.errors import ModelDamaged, ModelMissing, UnknownModel

Precision = Literal["fp32", "int8", "int4", "pruned", "int8+pruned", "int4+pruned"]
Scale = Literal["compact", "full"]
PRECISIONS: Final[tuple[Precision, ...]] = ("fp32", "int8", "int4", "pruned", "int8+pruned", "int4+pruned")
MAPPED_FROM_BYTES: Final = 256 << 20  # fp32 weights larger than this stay in their file, mapped and reclaimable
_LIST: Final = "models.json"
_LIBRARY_BYTES: Final = 8 << 20  # of a session beside its weights, where nothing was measured
_GRAPH_FACTOR: Final = 6  # bytes of a loaded graph for each of its file's
_WORK_FACTOR: Final = 32  # bytes of work for each byte of input, where nothing was measured
_HASHED_BYTES: Final = 1 << 20


class Footprint(NamedTuple):
    """Anonymous bytes: resident, and of the work on inputs of so many bytes."""

    resident_bytes: int
    work_bytes: int
    work_per_input: float

    def work_on(self, input_bytes: int) -> int:
        """What a run on inputs of so many bytes takes."""
        return self.work_bytes + round(self.work_per_input * input_bytes)


@dataclass(frozen=True)
class Variant:
    """One model in one precision: the graph is the first of its files. most_batch: inputs of one run, at most."""

    name: str
    precision: Precision
    scale: Scale
    folder: Path
    hashes: Mapping[str, str]
    parameters: int | None = None
    size_bytes: int = 0
    measured: Footprint | None = None
    seconds: float | None = None  # that loading it took when it was measured
    most_batch: int = 4

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by."""
        return self.name, self.precision

    @property
    def graph(self) -> Path:
        """The file that a session is opened with."""
        return self.folder / next(iter(self.hashes))

    @property
    def is_mapped(self) -> bool:
        """Whether its weights stay in their file: never for INT4, which is a hundred times slower so."""
        return self.precision in ("fp32", "pruned") and self.size_bytes >= MAPPED_FROM_BYTES

    @property
    def footprint(self) -> Footprint:
        """What was measured; where nothing was, what its files let expect."""
        if self.measured is not None:
            return self.measured
        graph_bytes = self.graph.stat().st_size if self.graph.exists() else 0
        weights = 0 if self.is_mapped else self.size_bytes
        return Footprint(_LIBRARY_BYTES + weights + _GRAPH_FACTOR * graph_bytes, _LIBRARY_BYTES, _WORK_FACTOR)

    def check(self) -> None:
        """Raises ModelMissing where a file is not there, ModelDamaged where it is not the one that was listed."""
        for name, sha256 in self.hashes.items():
            path = self.folder / name
            try:
                status = path.stat()
                found = _sha256(path, status.st_size, status.st_mtime_ns, status.st_ino)
            except OSError as error:
                raise ModelMissing(f"{self.name} ({self.precision}) has no {name}", place=str(path)) from error
            if found != sha256:
                raise ModelDamaged(f"{name} is not the file that {self.name} ({self.precision}) lists", place=str(path))


@dataclass(frozen=True)
class Model:
    """One of the sixteen, in the words of `models.json`, with its variants."""

    name: str
    role: str
    metric: str
    baseline: str
    licence: str
    training_data: str
    inputs: str
    outputs: str
    score: float | None = None
    baseline_score: float | None = None
    used: bool = False
    variants: Mapping[Precision, Variant] = field(default_factory=dict)


class Catalog:
    """The models of `models.json`, and the variants whose files lie in a folder of weights."""

    def __init__(self, models: Iterable[Model]):
        self.models = {model.name: model for model in models}

    def find(self, name: str, precision: str) -> Variant:
        """One variant. Raises UnknownModel for names that mean nothing, ModelMissing where it has no weights."""
        if name not in self.models:
            raise UnknownModel(f"there is no model {name!r}", hint=f"one of {', '.join(self.models)}")
        if precision not in PRECISIONS:
            raise UnknownModel(f"there is no precision {precision!r}", hint=f"one of {', '.join(PRECISIONS)}")
        found = self.models[name].variants.get(precision)
        if found is None:
            raise ModelMissing(f"{name} has no weights in {precision}", place=name)
        return found


def choose_precision(precision: str, pruned: bool) -> Precision:
    """The form of a model that a plan's configuration holds. Raises UnknownModel where there is none."""
    wanted = f"{precision}+pruned" if pruned else precision
    found = "pruned" if wanted == "fp32+pruned" else wanted
    for one in PRECISIONS:
        if one == found:
            return one
    raise UnknownModel(f"there is no precision {wanted!r}", hint=f"one of {', '.join(PRECISIONS)}")


def shipped_weights() -> Path:
    """The folder of weights that comes with planroom."""
    return Path(str(files("planroom.engine") / "weights"))


def open_catalog(folder: Path | None = None) -> Catalog:
    """The catalog with the weights of `folder`, or with those that are shipped.

    Raises ModelDamaged where the folder's list cannot be read.
    """
    folder = folder or shipped_weights()
    variants = list(read_variants(folder))
    return Catalog(
        Model(**written, variants={v.precision: v for v in variants if v.name == written["name"]})
        for written in json.loads((files("planroom.engine") / _LIST).read_text("utf-8"))
    )


def read_variants(folder: Path) -> Iterable[Variant]:
    """What `folder` lists; nothing where it has no list. Raises ModelDamaged where the list cannot be read."""
    path = folder / _LIST
    if not path.is_file():
        return
    try:
        for one in json.loads(path.read_text("utf-8"))["models"]:
            yield _variant(one, folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelDamaged("the list of weights cannot be read", place=str(path)) from error


def _variant(listed: dict[str, Any], folder: Path) -> Variant:
    footprint = listed.get("footprint")
    hashes = {Path(name).name: str(sha256) for name, sha256 in listed["files"].items()}
    size_bytes, precision, scale = int(listed["bytes"]), listed["precision"], listed["scale"]
    if not hashes or size_bytes < 0 or precision not in PRECISIONS or scale not in get_args(Scale):
        raise ValueError(f"{listed['name']} is listed with {precision!r} at {scale!r}, {size_bytes} bytes")
    return Variant(
        name=str(listed["name"]),
        precision=precision,
        scale=scale,
        folder=folder,
        hashes=hashes,
        parameters=int(listed["parameters"]),
        size_bytes=size_bytes,
        measured=Footprint(*footprint) if footprint else None,
        seconds=listed.get("load_s"),
    )


@cache
def _sha256(path: Path, size: int, changed_ns: int, inode: int) -> str:  # noqa: ARG001 (what tells a changed file)
    digest = hashlib.sha256()
    buffer = bytearray(_HASHED_BYTES)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(memoryview(buffer)[:count])
    return digest.hexdigest()
