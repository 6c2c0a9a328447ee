"""Disks that are small, or slow: file systems of the kernel's own, mounted for a while. Needs root and Linux."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_THROTTLES: Final = [Path(f"/sys/fs/cgroup/blkio/blkio.throttle.{way}_bps_device") for way in ("read", "write")]
_FORGET_EVERY_S: Final = 0.05


class NoDisk(OSError):
    """Such a disk cannot be made here."""


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A folder on a file system of `size_bytes` in RAM. Raises NoDisk."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", str(folder))
    try:
        yield folder
    finally:
        _run("umount", "-l", str(folder))


@contextmanager
def slow_disk(folder: Path, size_bytes: int) -> Iterator[tuple[Path, Callable[[int], None]]]:
    """A folder on a block device of its own, and what sets how many bytes a second that reads and writes (0: any).

    Writes go to the device before they return, and what was written is dropped from the page cache, so that reads come
    from the device as well. Raises NoDisk.
    """
    if not all(os.access(throttle, os.W_OK) for throttle in _THROTTLES):
        raise NoDisk("no block device can be slowed down")
    folder.mkdir()
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(size_bytes)
    _run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", str(image))
    device = _run("losetup", "--find", "--show", str(image))
    number = (Path("/sys/block") / Path(device).name / "dev").read_text().strip()

    def limit(bytes_per_s: int) -> None:
        for throttle in _THROTTLES:
            throttle.write_text(f"{number} {bytes_per_s}")

    stop = threading.Event()
    forgetter = threading.Thread(target=_forget, args=(folder, stop))
    try:
        _run("mount", "-o", "sync,dirsync", device, str(folder))
        forgetter.start()
        try:
            yield folder, limit
        finally:
            limit(0)
            stop.set()
            forgetter.join()
            _run("umount", str(folder))
    finally:
        _run("losetup", "--detach", device)


def _forget(folder: Path, stop: threading.Event) -> None:
    """Keep the files under `folder` out of the page cache."""
    while not stop.wait(_FORGET_EVERY_S):
        for path in folder.rglob("*"):
            with suppress(OSError):  # it may be gone by now
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(descriptor)


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDisk(f"{command[0]} failed: {getattr(error, 'stderr', '') or error}") from error
    return done.stdout.strip()
