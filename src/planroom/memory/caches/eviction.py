"""What a cache gives up first: the entry that saves the fewest seconds for each byte it holds.

The order is GreedyDual-Size-Frequency with three changes, each of which won on both traces of benchmarks/cache.py:
a use counts half less (a first use is weak evidence: what was seen once leaves before what came back), the count is
squared (what came back twice is much likelier to come again), and the count of an evicted entry is remembered for as
many keys as there are entries, so that what comes back soon after is not new.

    worth = inflation + (uses - 1/2)^2 * cost_s / size_bytes

*Inflation* is the worth of the last entry evicted. It rises, so what is not used any more sinks under newcomers.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

MOST_USES: Final = 16  # counted so far: a past favourite is forgotten in a bounded number of evictions


class Node:
    """One entry's place in the order; caches derive their entries from it. cost_s: seconds to make it again."""

    __slots__ = ("cost_s", "key", "queued", "size_bytes", "tick", "uses", "worth")

    def __init__(self, key: Hashable, size_bytes: int, cost_s: float):
        self.key = key
        self.size_bytes = size_bytes
        self.cost_s = cost_s
        self.uses = 0
        self.worth = 0.0
        self.tick = 0
        self.queued = False


N = TypeVar("N", bound=Node)


class WorthOrder(Generic[N]):
    """Nodes by worth; among equals the longest unused first. Not thread-safe: its cache has a lock.

    A use costs no search: it raises the node's worth, and the heap finds out when the node comes to its top. What must
    stay when it comes up, its cache sets aside (`pop` hands out a node once) and queues again with `put_back`.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, N]] = []
        self._past_uses: OrderedDict[Hashable, int] = OrderedDict()
        self._inflation = 0.0
        self._tick = 0
        self._queued = 0

    def __len__(self) -> int:
        return self._queued

    def add(self, node: N) -> None:
        """Put a new node in; its uses go on from where they were, if it was evicted a short while ago."""
        node.uses = self._past_uses.pop(node.key, 0)
        self.use(node)
        self.put_back(node)

    def use(self, node: Node) -> None:
        """Count a use of a node that is in, or set aside."""
        node.uses = uses = min(node.uses + 1, MOST_USES)
        self._tick += 1
        node.tick = self._tick
        node.worth = self._inflation + (uses - 0.5) ** 2 * node.cost_s / (node.size_bytes or 1)

    def put_back(self, node: N) -> None:
        """Queue a node that `pop` handed out, or a new one; its uses stay."""
        if not node.queued:
            node.queued = True
            self._queued += 1
            heapq.heappush(self._heap, (node.worth, node.tick, node))

    def pop(self) -> N | None:
        """The node of least worth, no longer queued; None when there is none."""
        heap = self._heap
        while heap:
            _, tick, node = heap[0]
            if not node.queued or tick != node.tick:  # left, or used since: where it stands now is known only here
                if node.queued:
                    heapq.heapreplace(heap, (node.worth, node.tick, node))
                else:
                    heapq.heappop(heap)
                continue
            heapq.heappop(heap)
            node.queued = False
            self._queued -= 1
            return node
        return None

    def evicted(self, node: Node) -> None:
        """Take note that a node from `pop` is gone for want of room: it sets the inflation, its uses are kept."""
        self._inflation = max(self._inflation, node.worth)
        self._past_uses[node.key] = node.uses
        while len(self._past_uses) > self._queued + 1:
            self._past_uses.popitem(last=False)

    def remove(self, node: Node) -> None:
        """Take a node out that was not evicted; its uses are forgotten."""
        if node.queued:
            node.queued = False
            self._queued -= 1
            if len(self._heap) > 2 * self._queued + 16:  # those that left must not fill the heap
                self._heap = [(one.worth, one.tick, one) for _, _, one in self._heap if one.queued]
                heapq.heapify(self._heap)
