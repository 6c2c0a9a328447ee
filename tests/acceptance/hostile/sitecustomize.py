"""Makes the reader of PDFs misbehave for files of certain names; Python imports this where PYTHONPATH leads to it.

Only in the reader child: the program itself is the real one, untouched, and so is all that holds the child.
abort.pdf, allocate.pdf, spin.pdf: at once. abort-on-3.pdf: on its third page. abort-from-2.pdf: on every page but one.
slow.pdf: as always, with a pause before each page.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def _misbehave(name: str) -> None:
    if name == "abort":
        os.abort()
    held = []
    while name == "allocate":
        held.append(bytearray(b"x") * (1 << 24))
    while name == "spin":
        pass


if "planroom.ingest.child" in sys.orig_argv:
    from planroom.ingest import pdf

    _load = pdf._read_page
    _read = pdf.read_pdf

    def read_pdf(path: Path, **told: Any) -> Iterator[Any]:
        _misbehave(path.stem)
        return _read(path, **told)

    def read_page(document: Any, index: int, *rest: Any) -> Any:
        name = Path(document._input).stem
        if (name == "abort-on-3" and index == 2) or (name == "abort-from-2" and index > 0):
            os.abort()
        if name == "slow":
            time.sleep(0.5)
        return _load(document, index, *rest)

    pdf.read_pdf = read_pdf
    pdf._read_page = read_page  # type: ignore[assignment]  # takes whatever it passes on
