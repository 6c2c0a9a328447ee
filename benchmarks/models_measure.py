"""What one variant takes: each in a process of its own, so that nothing else's memory is counted with it.

`calibrate` loads it without a ledger and says what it takes; `lease` runs it under a ledger that was told so, and says
what was planned, leased and really taken.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planroom.engine.catalog import Footprint, Variant, open_catalog, read_variants
from planroom.engine.residency import Residency
from planroom.engine.session import Session
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.guard import map_large_blocks, return_to_kernel
from planroom.memory.manager import RESERVE, MemoryManager

SAMPLE_S: Final = 0.001
BATCHES: Final = (1, 4)
RUNS: Final = 5
RUNS_FULL: Final = 2
OUTSIDE_BYTES: Final = 64 << 20  # what the process may hold beside the ledger
SPARE: Final = 1.01  # over what was measured, of the footprint that goes into a list
Inputs = dict[str, NDArray[Any]]


class Peak:
    """The most anonymous memory of this process while it was watched."""

    def __init__(self) -> None:
        self.size_bytes = own_anonymous_bytes()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at it all the while."""
        stop = threading.Event()
        thread = threading.Thread(target=self._look, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _look(self, stop: threading.Event) -> None:
        while not stop.wait(SAMPLE_S):
            self.size_bytes = max(self.size_bytes, own_anonymous_bytes())


def make_inputs(session: Session, sizes: dict[str, int], batch: int) -> Inputs:
    """Normal features, and all of every set present; the same each time."""
    random = np.random.default_rng(0)
    made: Inputs = {}
    for name, shape in session.inputs.items():
        axes = [batch if axis == "batch" else sizes[axis] if isinstance(axis, str) else axis for axis in shape.axes]
        made[name] = np.ones(axes, np.float32) if "present" in name else random.normal(size=axes).astype(np.float32)
    return made


def calibrate(folder: str, name: str, precision: str, threads: str, outputs: str) -> None:
    """Say what the variant takes, alone and without a ledger; its outputs on one input go to the file `outputs`."""
    variant, sizes = find(folder, name, precision)
    import onnxruntime  # its own memory is the process's, not the variant's

    del onnxruntime
    return_to_kernel()
    map_large_blocks()
    runs = RUNS_FULL if variant.scale == "full" else RUNS
    start_s = time.perf_counter()
    session = Session(variant, int(threads))
    load_s = time.perf_counter() - start_s
    del session  # what the runtime makes once stays, and is the process's
    return_to_kernel()
    base = own_anonymous_bytes()
    session = Session(variant, int(threads))
    return_to_kernel()
    resident = own_anonymous_bytes() - base
    peaks: dict[int, int] = {}
    seconds = {}
    for batch in BATCHES:
        inputs = make_inputs(session, sizes, batch)
        input_bytes = sum(array.nbytes for array in inputs.values())
        peak = Peak()
        with peak.watched():  # the first run of a shape takes more than those after it
            made = session.run(inputs)
            if batch == 1:
                np.savez(outputs, **made)  # type: ignore[arg-type]
            del made
            seconds[batch] = statistics.median(_timed(session, inputs) for _ in range(runs if batch == 1 else 1))
        peaks[input_bytes] = peak.size_bytes - base - input_bytes
        return_to_kernel()
        resident = max(resident, own_anonymous_bytes() - base - input_bytes)
        del inputs
    works = {size: max(0, peak - resident) for size, peak in peaks.items()}
    _say(
        {
            "resident_bytes": resident,
            "works": list(works.items()),
            "peak_bytes": max(resident, next(iter(peaks.values()))),  # of a batch of one
            "ms": seconds[1] * 1000,
            "batch_ms": seconds[BATCHES[-1]] * 1000,
            "load_ms": load_s * 1000,
            "file_bytes": _file_bytes(),
        }
    )


def load(folder: str, name: str, precision: str, threads: str) -> None:
    """Say how many milliseconds a load takes now, with the check of its files."""
    variant, _ = find(folder, name, precision)
    import onnxruntime

    del onnxruntime
    start_s = time.perf_counter()
    Session(variant, int(threads))
    _say({"load_ms": (time.perf_counter() - start_s) * 1000})


def lease(folder: str, name: str, precision: str, threads: str, footprint: str) -> None:
    """Run it, one input and four at a time, under a ledger that expects `footprint`; say what was planned, leased and
    taken, and how it unloads.
    """
    variant, sizes = find(folder, name, precision)
    import onnxruntime

    del onnxruntime
    variant = Variant(**{**variant.__dict__, "measured": Footprint(*json.loads(footprint))})
    manager = MemoryManager({RESERVE: 64 << 30})
    residency = Residency(manager, threads=int(threads))
    variant.check()
    with residency.use(variant, 0) as session:
        given = [make_inputs(session, sizes, batch) for batch in BATCHES]
    residency.unload_bytes(1)
    base = own_anonymous_bytes()
    largest = max(sum(array.nbytes for array in inputs.values()) for inputs in given)
    planned = variant.footprint.resident_bytes + variant.footprint.work_on(largest)
    manager.renew_peak()
    peak = Peak()
    with peak.watched():
        for inputs in given:
            for _ in range(2):
                residency.run(variant, inputs)
    unload_s = time.perf_counter()
    mapped = _file_bytes()
    residency.close()
    unload_s = time.perf_counter() - unload_s
    _say(
        {
            "planned": planned,
            "leased": manager.peak_leased_bytes,
            "anonymous": peak.size_bytes - base,
            "file_bytes": mapped,
            "left": own_anonymous_bytes() - base,
            "unload_ms": unload_s * 1000,
        }
    )


def serve(folder: str, names: str, precision: str, threads: str, limit_bytes: str) -> None:
    """Run every model twice, one after the other, under a ledger of the group's limit less what is held already."""
    import onnxruntime

    del onnxruntime
    manager = MemoryManager({RESERVE: int(limit_bytes) - own_anonymous_bytes() - OUTSIDE_BYTES})
    residency = Residency(manager, threads=int(threads))
    peak, done, took = Peak(), 0, []
    with peak.watched():
        for name in 2 * names.split(","):
            variant, sizes = find(folder, name, precision)
            start_s = time.perf_counter()
            with residency.use(variant, 0) as session:
                inputs = make_inputs(session, sizes, 1)
            took.append(time.perf_counter() - start_s)
            residency.run(variant, inputs)
            done += 1
    leased = manager.peak_leased_bytes
    held = len(residency.resident)
    residency.close()
    _say(
        {
            "asked": 2 * len(names.split(",")),
            "done": done,
            "leased": leased,
            "anonymous": peak.size_bytes,
            "loads": residency.loads,
            "resident_at_the_end": held,
            "slowest_load_s": round(max(took), 2),
            "leased_after": manager.leased_bytes,
        }
    )


def to_footprint(told: dict[str, Any]) -> Footprint:
    """The line through what was seen at two sizes, a little above it."""
    (small, little), (large, much) = told["works"]
    slope = max(0.0, (much - little) / (large - small))
    fixed = max(0, little - slope * small)
    return Footprint(round(told["resident_bytes"] * SPARE), round(fixed * SPARE), slope * SPARE)


def find(folder: str, name: str, precision: str) -> tuple[Variant, dict[str, int]]:
    """The variant, and how long its varying axes are when it is measured."""
    variant = open_catalog(Path(folder)).find(name, precision)
    listed = json.loads((Path(folder) / "models.json").read_text())["models"]
    sizes = next(one["sizes"] for one in listed if one["name"] == name and one["precision"] == precision)
    assert variant in list(read_variants(Path(folder)))
    return variant, sizes


def _timed(session: Session, inputs: Inputs) -> float:
    start_s = time.perf_counter()
    session.run(inputs)
    return time.perf_counter() - start_s


def _file_bytes() -> int:
    """Resident pages of files: mapped weights, libraries; the kernel takes them back whenever it likes."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[2]) * os.sysconf("SC_PAGE_SIZE")


def _say(told: dict[str, Any]) -> None:
    print(json.dumps(told))
    sys.stdout.flush()
