"""The folder that a cache spills to: held by one process at a time, of one format, with nothing else in it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from planroom.errors import DiskFull, OutputError, OutputNotWritable
from planroom.memory.caches.entryfile import Title, key_bytes, peek

FORMAT: Final = "planroom spill 1\n"
BLOCK_BYTES: Final = 4096
OWN_BYTES: Final = 4 * BLOCK_BYTES  # the folder, its lock, its format, and the format while it is renewed
_HINT: Final = "name another folder for spilled entries"


class SpillFolder:
    """`path`, made if it is missing and kept from other processes until it is closed, however this one ends.

    warm: whole entries of an earlier run stay, if they are of this format; otherwise it starts empty.
    Raises OutputNotWritable where another process has it, it holds other files or cannot be written; DiskFull.
    """

    def __init__(self, path: Path, *, warm: bool):
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._held = _hold(path)
            try:
                self._take_over(warm)
            except BaseException:
                self.close()
                raise
        except OutputError:
            raise
        except OSError as error:
            kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else OutputNotWritable
            raise kind(error.strerror or str(error), place=str(path), hint=_HINT) from error

    @property
    def is_open(self) -> bool:
        """Whether this process still has the folder."""
        return self._held >= 0

    def close(self) -> None:
        """Let another process have the folder; the files stay. Harmless when repeated."""
        held, self._held = self._held, -1
        if held >= 0:
            os.close(held)

    def entry_path(self, key: str) -> Path:
        """Where the entry of `key` belongs."""
        return self.path / f"{hashlib.blake2s(key_bytes(key), digest_size=16).hexdigest()}.spill"

    def find_entries(self) -> Iterator[tuple[Path, Title]]:
        """Entries of an earlier run that look whole, oldest first; others are removed. Raises OSError."""
        for path in sorted(self.path.glob("*.spill"), key=lambda path: path.stat().st_mtime_ns):
            title = peek(path)
            if title and path == self.entry_path(title.key):
                yield path, title
            else:
                path.unlink()

    def _take_over(self, warm: bool) -> None:
        form, fresh = self.path / "format", self.path / "format.part"
        theirs = form.read_text("utf-8", errors="replace") if form.exists() else None
        if theirs is None and any(item.name not in ("lock", fresh.name) for item in self.path.iterdir()):
            raise OutputNotWritable("the folder holds other files", place=str(self.path), hint=_HINT)
        for part in self.path.glob("*.part"):
            part.unlink()
        if theirs != FORMAT or not warm:
            for path in self.path.glob("*.spill"):
                path.unlink()
        if theirs != FORMAT:
            fresh.write_text(FORMAT, "utf-8")
            fresh.replace(form)


def in_blocks(size_bytes: int) -> int:
    """What a file of `size_bytes` takes on disk."""
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES


def unlink(path: Path) -> bool:
    """Whether there is no such file now."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _hold(folder: Path) -> int:
    """A descriptor whose lock the kernel drops when this process ends."""
    held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        busy = error.errno in (errno.EWOULDBLOCK, errno.EACCES)
        message = "another run uses the folder" if busy else "the folder cannot be locked"
        raise OutputNotWritable(message, place=str(folder), hint=_HINT) from error
    return held
