"""How much anonymous memory this process held at its highest inside a block, as the kernel marked it.

The kernel keeps one high-water mark a process. Every look at it is told to all blocks that are being watched before the
mark is renewed, so blocks may lie within each other. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from planroom.memory.machine import PROC

_RENEW_PEAK = "5"  # what clear_refs takes to forget the high-water mark


class Growth:
    """A watch over anonymous memory from when it is made: bytes held then, and at the highest since, as last looked."""

    def __init__(self) -> None:
        self.held_bytes = self.top_bytes = look()
        _watching.append(self)

    @property
    def peak_bytes(self) -> int:
        """Bytes grown by at the highest."""
        return self.top_bytes - self.held_bytes

    def end(self) -> None:
        """Look for the last time. Harmless when repeated."""
        if self in _watching:
            look()
            _watching.remove(self)


_watching: list[Growth] = []


def look() -> int:
    """Anonymous bytes held now; tells every watch what was held at the highest since the last look.

    Pages mapped from files are taken off as they are now, which is all of them unless some were unmapped since. Where
    the kernel's mark cannot be renewed, the highest is what is held now.
    """
    top, held = _resident()
    renewed = True
    try:
        (PROC / "self/clear_refs").write_text(_RENEW_PEAK)
    except OSError:  # not every kernel has it, and a container may mount /proc read-only
        renewed = False
    for growth in _watching:
        growth.top_bytes = max(growth.top_bytes, top if renewed else held)
    return held


@contextmanager
def watch_growth() -> Iterator[Growth]:
    """A `Growth` that ends with the block."""
    growth = Growth()
    try:
        yield growth
    finally:
        growth.end()


def _resident() -> tuple[int, int]:
    """Anonymous bytes at the mark, and now."""
    fields: dict[bytes, int] = {}
    for line in (PROC / "self/status").read_bytes().splitlines():
        name, _, rest = line.partition(b":")
        if name in (b"VmHWM", b"VmRSS", b"RssFile", b"RssShmem"):
            fields[name] = int(rest.split()[0]) * 1024
    mapped = fields[b"RssFile"] + fields[b"RssShmem"]
    return max(0, fields[b"VmHWM"] - mapped), max(0, fields[b"VmRSS"] - mapped)
