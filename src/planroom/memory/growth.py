"""How far this process's anonymous memory grew inside a block, at its highest, as the kernel marked it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from planroom.memory.machine import PROC

_RENEW_PEAK = "5"  # what clear_refs takes to forget the high-water mark


class Growth:
    """Bytes that a block grew by at its highest; set when the block ends."""

    def __init__(self) -> None:
        self.peak_bytes = 0


@contextmanager
def watch_growth() -> Iterator[Growth]:
    """A `Growth` that is filled when the block ends; one block at a time, for the kernel keeps one mark a process.

    Pages mapped from files are taken off as they are at the end, which is all of them unless the block unmaps some.
    Where the mark cannot be renewed, the growth is that from start to end.
    """
    growth = Growth()
    try:
        (PROC / "self/clear_refs").write_text(_RENEW_PEAK)
    except OSError:  # not every kernel has it, and a container may mount /proc read-only
        renewed = False
    else:
        renewed = True
    before = _resident()
    try:
        yield growth
    finally:
        after = _resident()
        mapped = after["RssFile"] - before["RssFile"]
        top = after["VmHWM"] - mapped if renewed else after["VmRSS"] - mapped
        growth.peak_bytes = max(0, top - before["VmRSS"])


def _resident() -> dict[str, int]:
    """What the kernel says of this process's resident memory, in bytes."""
    lines = (PROC / "self/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.startswith(("VmHWM:", "VmRSS:", "RssFile:")))
    return {field[0].rstrip(":"): int(field[1]) * 1024 for field in fields}
