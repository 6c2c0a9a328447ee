"""Output files that are either there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from planroom.errors import DiskFull, OutputNotWritable, PlanroomError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A free path beside `path` to write to; on a clean exit it becomes `path`, otherwise nothing of it stays.

    The folder is made if it is missing. Every OSError inside the block counts as the output's: open inputs before it.
    Raises DiskFull where there is no room, OutputNotWritable for whatever else the operating system refuses.
    """
    part = path.with_name(f".planroom-{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())  # some file systems find out only here that they are full
        part.replace(path)
    except PlanroomError:
        raise
    except OSError as error:
        kind = DiskFull if error.errno in _NO_ROOM else OutputNotWritable
        raise kind(error.strerror or str(error), place=str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
