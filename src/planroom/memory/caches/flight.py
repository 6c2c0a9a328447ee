"""One computation that several threads want: the first makes the value, the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from planroom.errors import ResourceError

if TYPE_CHECKING:
    from planroom.memory.caches.residents import Entry


class Flight:
    """A value on its way under one key. All but waiting happens under the lock of the cache it belongs to.

    pins: how many of those who want the value want it pinned. wanted: False once the key was removed meanwhile, so the
    value still goes to who asked and is not kept. error: what went wrong, for all who wait; None after an interruption,
    which is only the leader's: then those who wait begin anew.
    """

    __slots__ = ("_landed", "entry", "error", "failed", "is_over", "pins", "thread", "value", "wanted")

    def __init__(self) -> None:
        self._landed = threading.Event()
        self.thread = threading.get_ident()
        self.pins = 0
        self.wanted = True
        self.is_over = self.failed = False
        self.error: Exception | None = None
        self.value: Any = None
        self.entry: Entry | None = None

    def land(self, value: Any, entry: Entry | None) -> None:
        """Hand the value to all who wait; `entry` holds it in the cache, or nothing does."""
        self.value, self.entry, self.is_over = value, entry, True
        self._landed.set()

    def fail(self, error: BaseException) -> None:
        """Hand the error to all who wait."""
        self.error = error if isinstance(error, Exception) else None
        self.failed = self.is_over = True
        self._landed.set()

    def wait(self, key: Hashable, wait_s: float | None) -> None:
        """Return when it is over. Raises ResourceError after `wait_s`, or at once where it would wait for itself."""
        if self.thread == threading.get_ident() and not self.is_over:
            raise ResourceError(
                f"making {key!r} asks for itself", hint="this is a defect of planroom: please report it"
            )
        if not self._landed.wait(wait_s):
            raise ResourceError(f"waited {wait_s:g} s for {key!r}, which another thread makes", hint="try again later")
