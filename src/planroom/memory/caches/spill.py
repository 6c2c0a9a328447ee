"""The second tier of a cache: a folder of entries, each in a file that is whole or not believed.

A failure of the disk never reaches who asks for a value: the entry is absent and is made again. After a failed write,
and while the disk is slower than making the values anew, the tier rests, so that a full or slow disk costs little.

The folder belongs to one process at a time; what it takes on disk, in whole blocks, never passes the cap.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from planroom.errors import BudgetRefused, OutputNotWritable
from planroom.memory.caches import entryfile
from planroom.memory.caches.entryfile import Codec, Damaged, Title
from planroom.memory.caches.eviction import Node, WorthOrder
from planroom.memory.caches.spillfolder import BLOCK_BYTES, OWN_BYTES, SpillFolder, in_blocks, unlink
from planroom.units import format_bytes

REST_S: Final = 30.0
_NOMINAL_S_PER_BYTE: Final = 1 / 200e6  # of a disk not measured yet


@dataclass(frozen=True, slots=True)
class SpillStats:
    """The tier at one moment; counts since it was opened. used_bytes: whole blocks. damaged: files not believed."""

    cap_bytes: int
    used_bytes: int
    entries: int
    reads: int
    writes: int
    failed_writes: int
    damaged: int


class _Kept(Node):
    """One file; its size in the order is what it takes on disk."""

    __slots__ = ("path", "title")

    def __init__(self, title: Title, path: Path):
        super().__init__(title.key, in_blocks(title.file_bytes), title.cost_s)
        self.title = title
        self.path = path


class SpillTier:
    """A folder of at most `cap_bytes`, which gives up first what saves the fewest seconds a byte.

    compress: lz4; pays for pictures, not for floating point. warm: entries of an earlier run stay
    (their keys must name their content). A folder of another format starts empty; one with other files is refused.
    Raises OutputNotWritable, DiskFull or BudgetRefused where it cannot be opened.
    Thread-safe; no lock is held while bytes move.
    """

    def __init__(
        self,
        folder: Path,
        cap_bytes: int,
        codec: Codec,
        *,
        compress: bool = False,
        warm: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ):
        if cap_bytes < OWN_BYTES + BLOCK_BYTES:
            raise BudgetRefused(f"{format_bytes(cap_bytes)} on disk hold no entry", hint="give it more, or no folder")
        self.cap_bytes = cap_bytes
        self._codec = codec
        self._compress = compress
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._order: WorthOrder[_Kept] = WorthOrder()
        self._writing: dict[str, bool] = {}  # whether the file is still wanted
        self._used = OWN_BYTES
        self._s_per_byte = _NOMINAL_S_PER_BYTE
        self._tried_at = self._rests_until = -math.inf
        self._reads = self._writes = self._failed = self._damaged = 0
        self._folder = SpillFolder(folder, warm=warm)
        try:
            for path, title in self._folder.find_entries():
                if self._make_room(in_blocks(title.file_bytes)):
                    self._keep(_Kept(title, path))
                elif not unlink(path):
                    raise OutputNotWritable("entries beyond its cap cannot be removed", place=str(folder))
        except OSError as error:
            self._folder.close()
            if isinstance(error, OutputNotWritable):
                raise
            raise OutputNotWritable(error.strerror or str(error), place=str(folder)) from error

    def close(self) -> None:
        """Let another process have the folder; the files stay. Harmless when repeated."""
        self._folder.close()

    def find(self, key: str) -> Title | None:
        """What lies under `key`; None where nothing does, or reading it would take longer than making it again."""
        with self._lock:
            kept = self._kept.get(key)
            return kept.title if kept and self._is_quick(kept.title.raw_bytes, kept.cost_s) else None

    def read(self, key: str) -> Any | None:
        """The value under `key`, exactly as written, or None. The caller holds a lease of `find(key).size_bytes`."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._order.use(kept)
            self._tried_at = start_s = self._clock()
        try:
            told, raw = entryfile.load(kept.path, kept.title)
        except (OSError, Damaged):
            self._drop(kept, damaged=True)
            return None
        with self._lock:
            self._reads += 1
            self._measured(len(raw), start_s)
        return self._codec.decode(told, raw)

    def write(self, key: str, value: Any, *, cost_s: float, size_bytes: int) -> bool:
        """Whether the value is on disk now. False: not worth it, not to be encoded, or the disk did not take it.

        size_bytes: what it weighs in RAM, which `find` tells later.
        """
        encoded = self._codec.encode(value)
        if encoded is None:
            return False
        told, raw = encoded
        most = in_blocks(entryfile.most_bytes(key, told, raw.nbytes))
        with self._lock:
            if key in self._kept:
                return True
            if key in self._writing or not self._accepts(raw.nbytes, cost_s) or not self._make_room(most):
                return False
            self._used += most
            self._writing[key] = True
            self._tried_at = start_s = self._clock()
        title: Title | None = None
        path = self._folder.entry_path(key)
        try:
            title = entryfile.store(path, key, told, raw, cost_s=cost_s, size_bytes=size_bytes, compress=self._compress)
        except OSError:
            return False
        finally:
            with self._lock:
                self._settle(key, path, most, title, start_s)
        return True

    def remove(self, key: str) -> None:
        """Forget `key`, also where it is being written."""
        with self._lock:
            if key in self._writing:
                self._writing[key] = False
            kept = self._kept.get(key)
        if kept is not None:
            self._drop(kept)

    def stats(self) -> SpillStats:
        """A snapshot."""
        with self._lock:
            counts = (self._reads, self._writes, self._failed, self._damaged)
            return SpillStats(self.cap_bytes, self._used, len(self._kept), *counts)

    def _accepts(self, raw_bytes: int, cost_s: float) -> bool:
        open_now = self._folder.is_open and self._clock() >= self._rests_until
        return open_now and self._is_quick(2 * raw_bytes, cost_s)  # it is written now and read later

    def _is_quick(self, moved_bytes: int, cost_s: float) -> bool:
        """Whether moving so many bytes beats making the value; a disk found too slow is tried again after a rest."""
        if moved_bytes * self._s_per_byte <= cost_s:
            return True
        return moved_bytes * _NOMINAL_S_PER_BYTE <= cost_s and self._clock() - self._tried_at >= REST_S

    def _measured(self, moved_bytes: int, start_s: float) -> None:
        if moved_bytes >= BLOCK_BYTES:  # with fewer, opening is all that is measured
            seen = (self._clock() - start_s) / moved_bytes
            # One quick move shows that the disk is well again; one slow one may have been an accident.
            self._s_per_byte = min(seen, self._s_per_byte + (seen - self._s_per_byte) / 4)

    def _make_room(self, size_bytes: int) -> bool:
        while size_bytes <= self.cap_bytes - OWN_BYTES and self._used + size_bytes > self.cap_bytes:
            worst = self._order.pop()
            if worst is None:
                return False
            if not unlink(worst.path):  # still on disk, so still counted
                self._order.put_back(worst)
                return False
            self._order.evicted(worst)
            del self._kept[worst.title.key]
            self._used -= worst.size_bytes
        return self._used + size_bytes <= self.cap_bytes

    def _settle(self, key: str, path: Path, most: int, title: Title | None, start_s: float) -> None:
        """Count what a write came to, in place of what was set aside for it."""
        wanted = self._writing.pop(key)
        if title is None:
            self._failed += 1
            self._rests_until = self._clock() + REST_S
            if unlink(entryfile.part_path(path)):  # else it takes room until the folder is opened again
                self._used -= most
            return
        self._used -= most
        self._writes += 1
        self._measured(title.raw_bytes, start_s)
        if wanted or not unlink(path):
            self._keep(_Kept(title, path))

    def _keep(self, kept: _Kept) -> None:
        self._kept[kept.title.key] = kept
        self._used += kept.size_bytes
        self._order.add(kept)

    def _drop(self, kept: _Kept, *, damaged: bool = False) -> None:
        with self._lock:
            if self._kept.get(kept.title.key) is not kept:  # evicted meanwhile, which is no damage
                return
            self._damaged += damaged
            if unlink(kept.path):
                del self._kept[kept.title.key]
                self._order.remove(kept)
                self._used -= kept.size_bytes
