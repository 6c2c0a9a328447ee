"""What a cache holds in RAM, counted to the byte; who is where, and who has to go.

Glossary. *Arriving*: an entry that is in the order already and not settled yet; it may be *outbid*, which is how the
order declines to take it in. *Leaving*: chosen to go, still whole and leased, so that it can be called back. *Set
aside*: pinned when it came up; queued again when it is not pinned any more.

Not thread-safe: its cache has a lock.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol

from planroom.memory.caches.eviction import Node, WorthOrder


class Grant(Protocol):
    """Bytes that a ledger granted."""

    @property
    def size_bytes(self) -> int:
        """How many."""
        ...

    def release(self) -> None:
        """Give them back."""
        ...


class Entry(Node):
    """A value with its lease. removed: it was taken out by its key and goes as soon as nobody has it pinned."""

    __slots__ = ("lease", "leaves", "outbid", "pins", "removed", "settled", "used_at_s", "value")

    def __init__(self, key: Hashable, value: Any, size_bytes: int, cost_s: float):
        super().__init__(key, size_bytes, cost_s)
        self.value = value
        self.lease: Grant | None = None
        self.pins = 0
        self.leaves = self.outbid = self.removed = self.settled = False
        self.used_at_s = 0.0


class Residents:
    """Entries within `capacity_bytes`. used_bytes counts whatever has a lease or is about to get one."""

    def __init__(self, capacity_bytes: int):
        self.capacity_bytes = capacity_bytes
        self.used_bytes = 0
        self.pinned_bytes = 0
        self.present: dict[Hashable, Entry] = {}
        self.leaving: dict[Hashable, Entry] = {}
        self.order: WorthOrder[Entry] = WorthOrder()

    def arrive(self, entry: Entry) -> bool:
        """Whether `entry` may try to get in: not where pinned entries leave too little room for it."""
        if entry.size_bytes > self.capacity_bytes - self.pinned_bytes:
            return False
        self.order.add(entry)
        return True

    def reserve(self, entry: Entry) -> list[Entry] | None:
        """Nothing when room for `entry` is now counted as used, else who leaves for it; None where it cannot get in."""
        over = self.used_bytes + entry.size_bytes - self.capacity_bytes
        if not entry.outbid and over <= 0:
            self.used_bytes += entry.size_bytes
            return []
        victims = [] if entry.outbid else self.choose(over, entry)
        if victims:
            return victims
        self.order.remove(entry)
        return None

    def choose(self, wanted_bytes: int, arriving: Entry | None = None) -> list[Entry]:
        """Entries of least worth that leave, together `wanted_bytes` or all that may; fewer if `arriving` is outbid."""
        victims: list[Entry] = []
        while wanted_bytes > 0:
            entry = self.order.pop()
            if entry is None:
                break
            if entry.pins:
                continue
            if not entry.settled:
                entry.outbid = True
                self.order.evicted(entry)
                if entry is arriving:
                    break
                continue
            entry.leaves = True
            self.leaving[entry.key] = self.present.pop(entry.key)
            victims.append(entry)
            wanted_bytes -= entry.size_bytes
        return victims

    def settle(self, entry: Entry) -> None:
        """Let an entry that has its lease stay."""
        entry.settled = True
        self.present[entry.key] = entry
        if entry.pins:
            self.pinned_bytes += entry.size_bytes
        else:
            self.order.put_back(entry)

    def find(self, key: Hashable) -> Entry | None:
        """The entry under `key`, called back if it was leaving."""
        entry = self.present.get(key)
        if entry is None and self.leaving:
            entry = self.leaving.pop(key, None)
            if entry is not None:
                entry.leaves = False
                self.settle(entry)
        return entry

    def pin(self, entry: Entry) -> None:
        """Keep `entry` until it is unpinned as often."""
        if not entry.pins:
            self.pinned_bytes += entry.size_bytes
        entry.pins += 1

    def unpin(self, entry: Entry) -> None:
        """Take a pin off; the last one queues the entry again."""
        entry.pins -= 1
        if not entry.pins:
            self.pinned_bytes -= entry.size_bytes
            if not entry.removed:
                self.order.put_back(entry)

    def take_out(self, key: Hashable) -> Entry | None:
        """Put what is under `key` out of reach; returned where it is the caller's to release, now or when unpinned."""
        leaving = self.leaving.pop(key, None)  # whoever made it leave releases it
        entry = self.present.pop(key, None)
        for one in (leaving, entry):
            if one is not None:
                one.removed = True
                self.order.remove(one)
        return entry

    def has_left(self, entry: Entry) -> bool:
        """Whether `entry` is out now and the caller's to release; False where it was called back."""
        if not entry.leaves:
            return False
        entry.leaves = False
        if not entry.removed:
            del self.leaving[entry.key]
            self.order.evicted(entry)
        return True
