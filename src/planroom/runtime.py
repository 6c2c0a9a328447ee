"""What all analyses of a process share: the ledger of a plan, the networks, the sheets that were read already.

Thread-safe.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from planroom.answers import Answers
from planroom.config import Settings
from planroom.engine.catalog import Catalog, open_catalog
from planroom.engine.eyes import TELL, Eyes, features_bytes, find_eyes, needed_bytes
from planroom.engine.ocr import TextReader
from planroom.engine.ocr_networks import check_networks
from planroom.errors import BudgetRefused, ModelError
from planroom.ingest.worker import kill_largest
from planroom.memory.caches.cache import CachePool
from planroom.memory.enforce import Enforcement, hold, own_anonymous_bytes
from planroom.memory.footprints import Footprints
from planroom.memory.guard import Guard, keep_few_heaps
from planroom.memory.manager import RESERVE, WORKING_MEMORY, MemoryManager
from planroom.memory.plans.parts import POOL_SHARES
from planroom.memory.plans.plan import Plan, Refusal
from planroom.memory.plans.planner import plan_memory
from planroom.store.results import ResultStore
from planroom.units import format_bytes

PARENT_BYTES: Final = 96 << 20  # what the parent may grow by outside any lease: report objects, buffers
DATA_CACHE: Final = "data_cache"
FEATURES: Final = "transformer_cache"
_CACHES: Final = tuple(name for name in POOL_SHARES if name != WORKING_MEMORY)


class Runtime:
    """A ledger, and what is held under it from one analysis to the next. Close it.

    slots: how many reader children may live at once. plan: where the ledger's pools come from; None where there is
    none: then there are no networks. footprints: what readers are expected to take.
    """

    def __init__(
        self,
        settings: Settings,
        manager: MemoryManager,
        *,
        plan: Plan | None = None,
        enforcement: Enforcement | None = None,
        footprints: Footprints | None = None,
    ):
        self.manager = manager
        self.plan = plan
        self.enforcement = enforcement
        self.footprints = footprints or Footprints()
        self.store = ResultStore(settings.cache_folder, settings.cache_bytes, fresh=settings.fresh)
        self.slots = threading.BoundedSemaphore(max(1, settings.readers))
        self.readings = CachePool(DATA_CACHE, _capacity_bytes(manager, DATA_CACHE), manager)
        self.features = CachePool(FEATURES, _capacity_bytes(manager, FEATURES), manager, weigh=features_bytes)
        self.guard = Guard([self.readings, self.features], manager.pools[WORKING_MEMORY])
        self._lock = threading.Lock()
        self._networks: TextReader | None = None
        self._eyes: Eyes | None = None
        self._blind: ModelError | None = None
        self._trouble: ModelError | None = None
        for cache in (self.features, self.readings):
            manager.pools[WORKING_MEMORY].on_need(cache.yield_bytes)

    def answers(self, needed: bool) -> Answers:
        """What answers children that ask for lettering; where they may ask, the networks are leased from now on.

        Leased before any reader is, so that no reader waits for bytes that another one holds.
        """
        with self._lock:
            if needed and self.plan is not None and self._networks is None and self._trouble is None:
                try:
                    check_networks()
                    self._networks = TextReader(self.manager, pool=RESERVE)
                except ModelError as error:
                    self._trouble = error
            if needed and self.plan is not None:
                self._open_eyes(open_catalog())
            return Answers(self._networks, self.store, self._trouble, self._eyes, self._blind)

    def _open_eyes(self, catalog: Catalog) -> None:
        """Have pictures looked at, where the networks for that find more than geometry, and the plan has room for them
        beside those that read lettering.
        """
        if self._eyes is not None or self._blind is not None or not catalog.models[TELL].used:
            return
        taken_bytes = self._networks.leased_bytes if self._networks is not None else 0
        try:
            if needed_bytes(*find_eyes(catalog)) <= self.manager.pools[RESERVE].most_bytes - taken_bytes:
                self._eyes = Eyes(self.manager, catalog, self.features)
        except ModelError as error:
            self._blind = error

    @property
    def most_reader_bytes(self) -> int:
        """The largest lease that a reader could ever have: a wait for more would have no end."""
        return self.manager.pools[WORKING_MEMORY].most_bytes

    def facts(self) -> dict[str, Any]:
        """What was given, leased and really used so far, and each pool of the ledger, in the report's form."""
        enforcement, pools = self.enforcement, self.manager.pools
        if enforcement is not None:
            enforcement.measure()
        told: dict[str, dict[str, Any]] = {
            name: {"capacity_bytes": pool.capacity_bytes + pool.lent_bytes, "peak_leased_bytes": pool.peak_leased_bytes}
            for name, pool in pools.items()
        }
        for cache in (self.features, self.readings):
            held = cache.stats()
            told.get(cache.name, {}).update(
                hits=held.hits + held.shared, misses=held.misses, saved_s=round(held.saved_s, 3)
            )
        return {
            "budget_bytes": enforcement.limit_bytes if enforcement else self.manager.capacity_bytes,
            "enforced": enforcement.enforced if enforcement else None,
            "peak_leased_bytes": self.manager.peak_leased_bytes,
            "peak_real_bytes": enforcement.peak_real_bytes if enforcement else None,
            "kernel_kills": enforcement.oom_kills if enforcement else 0,
            "pools": told,
        }

    def metrics(self) -> str:
        """The same and more, in the text format of Prometheus."""
        from planroom.memory.metrics import Collector, metrics_text  # half a second that few runs need

        planned_bytes = self.plan.total_bytes if self.plan else None
        collector = Collector(
            self.manager,
            caches=[self.features, self.readings],
            guard=self.guard,
            enforcement=self.enforcement,
            planned_bytes=planned_bytes,
        )
        return metrics_text(collector)

    def close(self) -> None:
        """Let go of the networks, of what was read and of what was seen."""
        with self._lock:
            networks, self._networks, self._eyes = (self._networks, self._eyes), None, None
        for one in networks:
            if one is not None:
                one.close()
        self.features.clear()
        self.readings.clear()


def _capacity_bytes(manager: MemoryManager, pool: str) -> int:
    return manager.pools[pool].capacity_bytes if pool in manager.pools else 0


@contextmanager
def open_runtime(settings: Settings, footprints: Footprints | None = None) -> Iterator[Runtime]:
    """A runtime under a plan of `settings.memory_bytes` for this process tree, which is held to them.

    Raises BudgetRefused where they do not suffice for a reader.
    """
    keep_few_heaps()
    with hold(settings.memory_bytes, on_over=kill_largest) as enforcement:
        planned = plan_memory(settings.memory_bytes, quantum=False, scope="process")
        plan = None if isinstance(planned, Refusal) else planned
        outside_bytes = own_anonymous_bytes() + PARENT_BYTES
        manager = MemoryManager(ledger_bytes(settings.memory_bytes, plan, outside_bytes))
        manager.lend(WORKING_MEMORY, [RESERVE, *_CACHES], yields=[FEATURES, DATA_CACHE])
        runtime = Runtime(settings, manager, plan=plan, enforcement=enforcement, footprints=footprints)
        stop = threading.Event()
        watch = runtime.guard.watch(stop)
        try:
            yield runtime
        finally:
            stop.set()
            watch.join()
            runtime.close()


def ledger_bytes(total_bytes: int, plan: Plan | None, outside_bytes: int) -> Mapping[str, int]:
    """The capacity of each pool of the ledger; with `outside_bytes`, which no lease covers, at most the total.

    A reader's libraries are part of its lease, so the plan's workers are part of working memory; runtime and buffers
    are outside. Without a plan all is working memory. Raises BudgetRefused where no byte is left for it.
    """
    if plan is None:
        sizes = {WORKING_MEMORY: total_bytes - outside_bytes}
    else:
        working = plan.pools[WORKING_MEMORY] + plan.system["workers"]
        planned_bytes = plan.system["runtime"] + plan.system["buffers"]
        sizes = dict(plan.pools) | {WORKING_MEMORY: working - max(0, outside_bytes - planned_bytes)}
        sizes[RESERVE] = sum(plan.vlm.values()) + sum(plan.models.values())
    if sizes[WORKING_MEMORY] < 1:
        raise BudgetRefused(
            f"{format_bytes(outside_bytes)} are needed beside the work, {format_bytes(total_bytes)} given"
        )
    return dict.fromkeys((RESERVE, *_CACHES), 0) | sizes
