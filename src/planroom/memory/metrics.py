"""What the ledger, the caches, the guard and the kernel's limit tell, as Prometheus metrics.

A collector belongs to no global registry: register it where it is served, or print it with `metrics_text`. Nothing is
counted for it and nothing runs between two scrapes; a scrape reads snapshots of what is counted anyway. Parts that are
not given have no metrics. docs/reference/metrics.md lists all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as PrometheusCollector
from prometheus_client.registry import CollectorRegistry

from planroom.memory.caches.cache import CachePool
from planroom.memory.enforce import Enforcement
from planroom.memory.guard import Guard
from planroom.memory.leasestats import WAIT_BOUNDS_S, Waits
from planroom.memory.manager import MemoryManager

_POOL: Final = ("pool",)


class Family(NamedTuple):
    """A metric family; one whose name ends in `_total` is a counter, else a gauge. field: of the stats it shows."""

    name: str
    labels: tuple[str, ...]
    what: str
    field: str = ""


CACHE: Final = (
    Family("planroom_cache_capacity_bytes", _POOL, "Bytes that the cache may hold.", "capacity_bytes"),
    Family("planroom_cache_used_bytes", _POOL, "Bytes of the values in RAM.", "used_bytes"),
    Family("planroom_cache_pinned_bytes", _POOL, "Bytes of the values in use, which stay.", "pinned_bytes"),
    Family("planroom_cache_entries", _POOL, "Values in RAM.", "entries"),
    Family("planroom_cache_hits_total", _POOL, "Requests answered from RAM.", "hits"),
    Family("planroom_cache_spill_hits_total", _POOL, "Requests answered from disk.", "spill_hits"),
    Family("planroom_cache_shared_total", _POOL, "Requests that got a value another thread was making.", "shared"),
    Family("planroom_cache_misses_total", _POOL, "Values made, for they were nowhere.", "misses"),
    Family("planroom_cache_refused_total", _POOL, "Values made and not taken in.", "refused"),
    Family("planroom_cache_hit_ratio", _POOL, "Part of requests that made nothing; 0 before the first.", "hit_ratio"),
    Family("planroom_cache_evictions_total", _POOL, "Values that had to leave RAM.", "evictions"),
    Family(
        "planroom_cache_eviction_age_seconds",
        _POOL,
        "Mean time since the last use, of values evicted so far.",
        "age_at_eviction_s",
    ),
    Family("planroom_cache_spilled_bytes", _POOL, "Bytes on disk, in whole blocks.", "spilled_bytes"),
    Family("planroom_cache_saved_seconds_total", _POOL, "Seconds of making values that hits spared.", "saved_s"),
)
LEDGER: Final = (
    Family("planroom_ledger_capacity_bytes", _POOL, "Bytes that may be leased.", "capacity_bytes"),
    Family("planroom_ledger_leased_bytes", _POOL, "Bytes leased now.", "leased_bytes"),
    Family("planroom_ledger_leased_peak_bytes", _POOL, "Most bytes leased at one moment.", "peak_leased_bytes"),
    Family("planroom_lease_waiting", _POOL, "Requests for bytes that wait now.", "waiting"),
    Family("planroom_lease_waited_total", _POOL, "Requests for bytes that had to wait.", "waited"),
    Family("planroom_lease_refused_total", _POOL, "Requests for bytes that were refused.", "refused"),
)
WAITS: Final = Family(
    "planroom_lease_wait_seconds",
    ("pool", "outcome"),
    "Seconds from asking to the grant or the refusal, of requests for bytes that did not fit at once.",
)
MOVES: Final = Family("planroom_guard_moves_total", ("move",), "Times that the guard had caches give back or grow.")
MEMORY: Final = Family("planroom_memory_bytes", ("kind",), "Bytes planned, leased, and really held by the processes.")
PEAK: Final = Family("planroom_memory_peak_bytes", ("kind",), "The most of each at one moment.")
LIMIT: Final = Family("planroom_memory_limit_bytes", ("enforced",), "Bytes that the process tree is held to, and how.")
KILLS: Final = Family("planroom_kernel_kills_total", (), "Processes that the kernel killed for memory.")


class Collector(PrometheusCollector):
    """All metrics of one ledger and what belongs to it, read anew at each `collect`.

    caches: pools of different names; raises ValueError otherwise. planned_bytes: what the plan gave to all of it.
    Thread-safe, and may be scraped from several threads; no lock is held from one part to the next, so figures of two
    parts may be some microseconds apart.
    """

    def __init__(
        self,
        manager: MemoryManager,
        *,
        caches: Iterable[CachePool] = (),
        guard: Guard | None = None,
        enforcement: Enforcement | None = None,
        planned_bytes: int | None = None,
    ):
        self._manager = manager
        self._caches = tuple(caches)
        self._guard = guard
        self._enforcement = enforcement
        self._planned_bytes = planned_bytes
        names = [cache.name for cache in self._caches]
        if len(set(names)) < len(names):
            raise ValueError(f"two caches of one name among {', '.join(names)}")

    def describe(self) -> Iterator[Metric]:
        """Every family that a collector can have, without figures: registering one reads nothing."""
        for family in (*CACHE, *LEDGER, MOVES, MEMORY, PEAK, LIMIT, KILLS):
            yield _empty(family)
        yield HistogramMetricFamily(WAITS.name, WAITS.what, labels=WAITS.labels)

    def collect(self) -> Iterator[Metric]:
        """The families that have figures, as they are now."""
        caches = [cache.stats() for cache in self._caches]
        for family in CACHE if caches else ():
            yield _filled(family, [((one.name,), getattr(one, family.field)) for one in caches])
        pools = [pool.stats() for pool in self._manager.pools.values()]
        for family in LEDGER:
            yield _filled(family, [((one.name,), getattr(one, family.field)) for one in pools])
        waits = HistogramMetricFamily(WAITS.name, WAITS.what, labels=WAITS.labels)
        for one in pools:
            _add_waits(waits, (one.name, "granted"), one.granted_waits)
            _add_waits(waits, (one.name, "refused"), one.refused_waits)
        yield waits
        if self._guard is not None:
            yield _filled(MOVES, [((move,), self._guard.moved[move]) for move in ("back", "grow")])
        yield from self._compared()

    def _compared(self) -> Iterator[Metric]:
        """Planned, leased and real beside each other, and how the limit was kept."""
        now: dict[str, int] = {}
        peak: dict[str, int] = {}
        if self._planned_bytes is not None:
            now["planned"] = peak["planned"] = self._planned_bytes
        now["leased"], peak["leased"] = self._manager.leased_bytes, self._manager.peak_leased_bytes
        held = self._enforcement
        if held is not None:
            with suppress(FileNotFoundError):  # the control group goes with the end of `hold`; the peak stays known
                now["real"] = held.measure()
            peak["real"] = held.peak_real_bytes
        yield _filled(MEMORY, [((kind,), size_bytes) for kind, size_bytes in now.items()])
        yield _filled(PEAK, [((kind,), size_bytes) for kind, size_bytes in peak.items()])
        if held is not None:
            yield _filled(LIMIT, [((held.enforced,), held.limit_bytes)])
            yield _filled(KILLS, [((), held.oom_kills)])


def metrics_text(collector: Collector) -> str:
    """All metrics as they are now, in Prometheus' text format: what an endpoint or a textfile is to hold."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode("utf-8")


def _empty(family: Family) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if family.name.endswith("_total") else GaugeMetricFamily
    return kind(family.name, family.what, labels=family.labels)


def _filled(family: Family, samples: Iterable[tuple[Sequence[str], float]]) -> Metric:
    metric = _empty(family)
    for labels, value in samples:
        metric.add_metric(labels, value)
    return metric


def _add_waits(metric: HistogramMetricFamily, labels: tuple[str, str], waits: Waits) -> None:
    """Prometheus' buckets count all up to their bound, ours only what is between two."""
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, WAIT_BOUNDS_S), "+Inf"), waits.counts, strict=True):
        total += count
        buckets.append((bound, total))
    metric.add_metric(labels, buckets, waits.sum_s)
