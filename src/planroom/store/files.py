"""Output files that are either there whole or not at all, one by one or all of a run's together."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from planroom.errors import DiskFull, OutputError, OutputNotWritable, PlanroomError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_STAGE = ".planroom-stage-"


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
        raise as_output_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """An empty folder inside `folder`; on a clean exit its files replace those of `folder`, otherwise nothing changes.

    Raises DiskFull or OutputNotWritable as `atomic_path` does.
    """
    stage = folder / f"{_STAGE}{os.getpid()}-{secrets.token_hex(6)}"
    try:
        stage.mkdir(parents=True)
        yield stage
        files = sorted(file for file in stage.rglob("*") if file.is_file())
        targets = [folder / file.relative_to(stage) for file in files]
        blocked = next((target for target in targets if target.is_dir()), None)
        if blocked is not None:  # found before the first file is replaced
            raise OutputNotWritable(os.strerror(errno.EISDIR), place=str(blocked))
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
    except OutputError as error:
        error.place = error.place.replace(str(stage), str(folder))
        raise
    except PlanroomError:
        raise
    except OSError as error:
        raise as_output_error(error, folder) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def remove_stale(folder: Path) -> None:
    """Remove what runs that were killed have left in `folder`; those still alive keep theirs."""
    for stage in folder.glob(f"{_STAGE}*-*"):
        pid = stage.name.removeprefix(_STAGE).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(stage, ignore_errors=True)


def as_output_error(error: OSError, place: Path) -> OutputError:
    """What the operating system refused, as one of ours."""
    kind = DiskFull if error.errno in _NO_ROOM else OutputNotWritable
    return kind(error.strerror or str(error), place=str(place))
