"""What a cache tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStats:
    """A pool at one moment; counts since it was made.

    hits: in RAM. spill_hits: read from disk. shared: waited for another thread's value. misses: made. refused: made and
    not taken in, for it was outbid, too large, or not granted. age_at_eviction_s: mean time since the last use.
    saved_s: seconds of making that hits spared. spilled_bytes: on disk now.
    """

    name: str
    capacity_bytes: int
    used_bytes: int
    pinned_bytes: int
    entries: int
    hits: int
    spill_hits: int
    shared: int
    misses: int
    refused: int
    evictions: int
    age_at_eviction_s: float
    spilled_bytes: int
    saved_s: float

    @property
    def hit_ratio(self) -> float:
        """The part of requests that made nothing; 0 before the first."""
        spared = self.hits + self.spill_hits + self.shared
        return spared / (spared + self.misses) if spared + self.misses else 0.0
