"""One computation that several threads want: the first makes the value, the others wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Final

from planroom.errors import ResourceError, WaitEnded

if TYPE_CHECKING:
    from planroom.memory.caches.residents import Entry

_EVERY_S: Final = 0.05  # how soon a wait is stopped


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

    def wait(self, key: Hashable, wait_s: float | None, stop: threading.Event | None = None) -> None:
        """Return when it is over. Raises WaitEnded after `wait_s` or when `stop` is set, ResourceError at once where
        it would wait for itself.
        """
        if self.thread == threading.get_ident() and not self.is_over:
            raise ResourceError(
                f"making {key!r} asks for itself", hint="this is a defect of planroom: please report it"
            )
        since_s = time.monotonic()
        while True:
            left_s = None if wait_s is None else max(0.0, wait_s - (time.monotonic() - since_s))
            if self._landed.wait(left_s if stop is None else min(_EVERY_S, _EVERY_S if left_s is None else left_s)):
                return
            if left_s == 0.0 or (stop is not None and stop.is_set()):
                waited_s = time.monotonic() - since_s
                raise WaitEnded(f"waited {waited_s:.3g} s for {key!r}, which another thread makes")
