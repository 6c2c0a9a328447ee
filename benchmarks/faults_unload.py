"""Whether unloading networks gives their real memory back: at once, and after a hundred times.

The process is the program's own parent: its modules, and every module that one reading leaves behind, are imported
before the first network is loaded. Anonymous memory is judged against that state. CPython's table of interned strings
is made to double before that: it does so once in a while whatever runs, and would look like a leak.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from control_groups import hear, start
from faults_figures import Figure

CYCLES: Final = 100
MARKS: Final = (1, 10, 50, 100)
MOST_MS: Final = 300
NEAR: Final = 5.0  # per cent over what the libraries hold
DRIFT: Final = 2.0  # per cent between the first and the last unload
_PROGRAM: Final = ("planroom.cli", "planroom.pipeline", "planroom.publish", "planroom.readers", "planroom.engine.ocr")
_PICTURES: Final = Path(__file__).parents[2] / "shared" / "data" / "counts" / "images"
_ROWS: Final = 100
_INTERNED: Final = 60_000  # strings, enough for the table to double
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_MIB: Final = 1 << 20


def figures() -> Iterator[Figure]:
    """The figures, as they are seen."""
    with tempfile.TemporaryDirectory() as folder:
        picture = _draw(Path(folder))
        modules = Path(folder) / "modules.json"
        once = start("faults_unload:read_once", picture, modules)
        hear(once)
        once.wait()
        own = json.loads(hear(start("faults_unload:run_one_node", modules)))
        child = start("faults_unload:cycle", picture, modules)
        seen = json.loads(hear(child))
        yield from _told(seen, own)
        courses = {number: json.loads(hear(child)) for number in MARKS}
        child.wait()
    for number, course in courses.items():
        yield Figure(f"held after unload {number}", course["held"] / _MIB, "MiB")
    first, last = courses[MARKS[0]], courses[MARKS[-1]]
    drift = abs(last["held"] - first["held"]) / first["held"] * 100
    yield Figure(f"drift from unload {MARKS[0]} to {MARKS[-1]}", drift, "%", most=DRIFT)
    yield Figure(f"address space for data, unload {MARKS[0]}", first["data"] / _MIB, "MiB")
    yield Figure(f"address space for data, unload {MARKS[-1]}", last["data"] / _MIB, "MiB")


def _told(seen: dict[str, Any], own: dict[str, int]) -> Iterator[Figure]:
    yield Figure("held by the interpreter and this benchmark", seen["bare"] / _MIB, "MiB")
    yield Figure("held after all imports, before the first network", seen["imported"] / _MIB, "MiB")
    yield Figure(f"held with both networks run ({seen['lines']} lines read)", seen["loaded"] / _MIB, "MiB")
    yield Figure("held after close()", seen["closed"] / _MIB, "MiB")
    yield Figure(f"held {MOST_MS} ms after close() began", seen["settled"] / _MIB, "MiB")
    yield Figure("close() took", seen["close_ms"], "ms", most=MOST_MS)
    over = seen["settled"] - seen["imported"]
    yield Figure("of what the networks took, came back", 100 * (1 - over / (seen["loaded"] - seen["imported"])), "%")
    yield Figure("over the imports, after the first unload", over / seen["imported"] * 100, "%", most=NEAR)
    kept = own["after"] - own["before"]
    yield Figure("  of that, what ONNX Runtime keeps once it ran any network (one node)", kept / _MIB, "MiB")
    yield Figure("  over the imports without it", (over - kept) / (seen["imported"] + kept) * 100, "%")


def _draw(folder: Path) -> Path:
    """A real picture with lettering, small, or where there is none a drawn one."""
    import cv2
    import numpy as np

    path = folder / "picture.png"
    real = sorted(_PICTURES.glob("*.png"), key=lambda one: one.stat().st_size)
    if real:
        picture = cv2.imread(str(real[0]), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        picture = picture[:_ROWS]
    else:
        picture = np.full((_ROWS, 600), 255, np.uint8)
        for row, words in enumerate(("KITCHEN 12.50 m2", "BATHROOM 4.10 m2", "3.65 m   4.74 m")):
            cv2.putText(picture, words, (30, 45 + 45 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    cv2.imwrite(str(path), picture)
    return path


# ---- what runs in processes of its own -----------------------------------------------------------------------------


def read_once(picture: str, modules: str) -> None:
    """Read the picture, and tell which modules that leaves imported."""
    _import(list(_PROGRAM))
    _read(picture)
    Path(modules).write_text(json.dumps(list(sys.modules)))
    print("done", flush=True)


def run_one_node(modules: str) -> None:
    """Tell what ONNX Runtime holds more once a network of one node ran and went."""
    _import(json.loads(Path(modules).read_text()))
    import numpy as np
    import onnxruntime

    before = _settled()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(_one_node(), options, providers=["CPUExecutionProvider"])
    session.run(None, {"x": np.zeros(1, np.float32)})
    del session
    print(json.dumps({"before": before, "after": _settled()}), flush=True)


def cycle(picture: str, modules: str) -> None:
    """Load, read and unload, again and again, and tell what is held."""
    bare = _held()
    _import(json.loads(Path(modules).read_text()))
    imported = _settled()
    for number in range(1, CYCLES + 1):
        lines, loaded, close_s, closed = _read(picture)
        if number == 1:
            time.sleep(max(0.0, MOST_MS / 1000 - close_s))
            seen = {"bare": bare, "imported": imported, "loaded": loaded, "closed": closed, "settled": _held()}
            print(json.dumps(seen | {"lines": lines, "close_ms": close_s * 1000}), flush=True)
        if number in MARKS:
            print(json.dumps({"held": _held(), "data": _data()}), flush=True)


def _read(picture: str) -> tuple[int, int, float, int]:
    """Lines read; bytes held while the networks are loaded; seconds that closing took; bytes held then."""
    import cv2
    import numpy as np

    from planroom.engine.ocr import TextReader
    from planroom.engine.pictures import GreyArray
    from planroom.memory.manager import MemoryManager

    grey = GreyArray(np.asarray(cv2.imread(picture, cv2.IMREAD_GRAYSCALE), np.uint8))
    reader = TextReader(MemoryManager(2 << 30))
    lines = len(reader.read(grey, lambda _: None).lines)
    if not lines:
        raise SystemExit("nothing was read: only one of the networks ran")
    loaded = _held()
    start_s = time.monotonic()
    reader.close()
    return lines, loaded, time.monotonic() - start_s, _held()


def _import(names: list[str]) -> None:
    import importlib

    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:  # a library's inner module that has no file of its own
            continue


def _settled() -> int:
    """Bytes held once garbage is collected and free memory given back: the least they can be."""
    import gc

    from planroom.memory.guard import return_to_kernel

    for number in range(_INTERNED):
        sys.intern(f"one of many {number}")  # goes at once, and leaves its place in the table used
    gc.collect()
    return_to_kernel()
    return _held()


def _held() -> int:
    """Anonymous bytes of this process now."""
    _, resident, mapped, *_ = _statm()
    return (resident - mapped) * _PAGE_BYTES


def _data() -> int:
    """Bytes of address space for data."""
    return _statm()[5] * _PAGE_BYTES


def _statm() -> list[int]:
    return [int(word) for word in Path("/proc/self/statm").read_bytes().split()]


def _one_node() -> bytes:
    """A network that gives back one number, in ONNX's own encoding."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    one_float = field(1, b"\x08\x01" + field(2, field(1, b"\x08\x01")))  # element type float, one dimension of 1
    node = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Identity"))
    ends = [field(number, field(1, name) + field(2, one_float)) for number, name in ((11, b"x"), (12, b"y"))]
    return b"\x08\x08" + field(7, node + field(2, b"one") + b"".join(ends)) + field(8, b"\x10\x0d")
