"""Metrics of real pools under a real ledger, as Prometheus' own parser reads them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from planroom.errors import BudgetRefused
from planroom.memory.caches.cache import CachePool
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import SpillTier
from planroom.memory.enforce import Enforcement
from planroom.memory.guard import Guard, Reading
from planroom.memory.leasestats import WAIT_BOUNDS_S, WaitTimes
from planroom.memory.machine import Machine, read_machine
from planroom.memory.manager import MemoryManager
from planroom.memory.metrics import CACHE, LEDGER, Collector, metrics_text

PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"
GROUPLESS = Machine(8 << 30, "none", None, None, None, 8 << 30)
MIB = 1 << 20
MEMORY_NAMES = ("planroom_memory_bytes", "planroom_memory_peak_bytes")


class Scrape:
    """One scrape, as it is parsed: figures by name and sorted labels."""

    def __init__(self, collector: Collector):
        self.families = {family.name: family for family in text_string_to_metric_families(metrics_text(collector))}
        samples = [sample for family in self.families.values() for sample in family.samples]
        self.figures = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
        assert len(self.figures) == len(samples)

    def get(self, name: str, **labels: str) -> float:
        return self.figures[name, tuple(sorted(labels.items()))]

    def buckets(self, pool: str, outcome: str) -> list[float]:
        bounds = [*map(str, WAIT_BOUNDS_S), "+Inf"]
        return [self.get("planroom_lease_wait_seconds_bucket", pool=pool, outcome=outcome, le=le) for le in bounds]


def family_rows(families: Iterable[Metric]) -> set[tuple[str, str, frozenset[str]]]:
    """Name as a sample shows it, type and labels of each family, which has to have samples."""
    return {
        (
            family.name + "_total" * (family.type == "counter"),
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels if label != "le"),
        )
        for family in families
    }


def page_rows() -> set[tuple[str, str, frozenset[str]]]:
    rows = re.findall(r"^\| `(planroom_\w+)` \| (\w+) \| ([^|]*) ?\| .+ \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {(name, kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def manager_with_cache(spill: SpillTier | None = None) -> tuple[MemoryManager, CachePool]:
    manager = MemoryManager({"working_memory": 1000, "data_cache": 500})
    return manager, CachePool("data_cache", 500, manager, spill=spill)


def guard_of(*caches: CachePool, admit: MemoryManager) -> tuple[Guard, list[float], list[float]]:
    """A guard, the part of RAM that it sees free, and its clock."""
    free, now_s = [0.5], [0.0]
    guard = Guard(
        caches,
        admit.pools["working_memory"],
        read=lambda: Reading(1000, round(1000 * free[0])),
        clock=lambda: now_s[0],
    )
    return guard, free, now_s


def may_make_groups() -> bool:
    group = read_machine().cgroup_path
    if group is None or not (group / "memory.limit_in_bytes").exists():
        return False
    probe = group / "planroom-probe-metrics"
    try:
        probe.mkdir()
    except OSError:
        return False
    probe.rmdir()
    return True


# ---- the page ----------------------------------------------------------------------------------------------


def test_the_page_lists_every_metric_and_no_other() -> None:
    manager, cache = manager_with_cache()
    guard, _, _ = guard_of(cache, admit=manager)
    collector = Collector(
        manager, caches=[cache], guard=guard, enforcement=Enforcement(MIB, GROUPLESS, None, 0), planned_bytes=1500
    )
    scraped = family_rows(Scrape(collector).families.values())

    assert len(scraped) > 20
    assert page_rows() == scraped
    assert {family.name for family in collector.describe()} == set(Scrape(collector).families)


def test_the_page_lists_every_bucket() -> None:
    told = re.search(r"Buckets end at ([\d., and]+) ms, and ([\d., and]+) s\.", PAGE.read_text("utf-8"))
    assert told

    milliseconds, seconds = (re.findall(r"\d+(?:\.\d+)?", part) for part in told.groups())
    assert [float(m) / 1000 for m in milliseconds] + [float(s) for s in seconds] == list(WAIT_BOUNDS_S)


# ---- caches ------------------------------------------------------------------------------------------------


def test_a_cache_tells_all_that_its_statistics_tell(tmp_path: Path) -> None:
    manager, cache = manager_with_cache(spill=SpillTier(tmp_path / "spill", MIB, RawCodec()))
    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get_or_compute(key, lambda: bytes(200), 2.0)
    with cache.pinned("d", lambda: bytes(300), 1.0):
        scrape = Scrape(Collector(manager, caches=[cache]))
        stats = cache.stats()

    told = {family.name: scrape.get(family.name, pool="data_cache") for family in CACHE}
    assert told == {family.name: getattr(stats, family.field) for family in CACHE}
    assert told["planroom_cache_pinned_bytes"] == 300
    assert told["planroom_cache_spill_hits_total"] == 1
    assert told["planroom_cache_saved_seconds_total"] == 6.0
    assert told["planroom_cache_hit_ratio"] == pytest.approx(3 / 7)
    assert told["planroom_cache_evictions_total"] > 0
    assert told["planroom_cache_spilled_bytes"] > 0
    assert scrape.families["planroom_cache_hits"].type == "counter"
    assert scrape.families["planroom_cache_used_bytes"].type == "gauge"


def test_each_cache_has_figures_of_its_own_and_names_must_differ() -> None:
    manager = MemoryManager({"data_cache": 500, "transformer_cache": 700})
    caches = [CachePool(name, pool.capacity_bytes, manager) for name, pool in manager.pools.items()]
    caches[0].get_or_compute("a", lambda: bytes(20))
    scrape = Scrape(Collector(manager, caches=caches))

    assert scrape.get("planroom_cache_capacity_bytes", pool="transformer_cache") == 700
    assert scrape.get("planroom_cache_used_bytes", pool="transformer_cache") == 0
    assert scrape.get("planroom_cache_used_bytes", pool="data_cache") == 20
    with pytest.raises(ValueError, match="two caches"):
        Collector(manager, caches=[caches[0], caches[0]])


# ---- the ledger --------------------------------------------------------------------------------------------


def test_a_ledger_tells_what_is_leased_waits_and_was_refused() -> None:
    manager = MemoryManager({"working_memory": 1000, "reserve": 300})
    held = manager.lease(900, "held")
    with pytest.raises(BudgetRefused):
        manager.lease(200, "now or never", wait_s=0)
    with pytest.raises(BudgetRefused):
        manager.lease(301, "never", pool="reserve")
    thread = threading.Thread(target=lambda: manager.lease(800, "waits").release())
    thread.start()
    while manager.pools["working_memory"].waiting < 1:
        time.sleep(0.0005)
    during = Scrape(Collector(manager))
    held.release()
    thread.join(20)
    after = Scrape(Collector(manager))

    told = {family.name: during.get(family.name, pool="working_memory") for family in LEDGER}
    assert told == {
        "planroom_ledger_capacity_bytes": 1000,
        "planroom_ledger_leased_bytes": 900,
        "planroom_ledger_leased_peak_bytes": 900,
        "planroom_lease_waiting": 1,
        "planroom_lease_waited_total": 2,
        "planroom_lease_refused_total": 1,
    }
    assert during.get("planroom_lease_refused_total", pool="reserve") == 1
    assert (during.buckets("working_memory", "refused")[-1], during.buckets("reserve", "refused")[-1]) == (1, 0)
    assert (during.buckets("working_memory", "granted")[-1], after.buckets("working_memory", "granted")[-1]) == (0, 1)
    assert after.get("planroom_lease_wait_seconds_sum", pool="working_memory", outcome="granted") > 0
    assert after.get("planroom_lease_waiting", pool="working_memory") == 0


def test_requests_that_fit_at_once_are_not_measured() -> None:
    manager = MemoryManager(1000)
    for _ in range(20):
        manager.lease(900, "fits").release()

    waits = manager.pools["working_memory"].stats().granted_waits
    assert waits.sum_s == sum(waits.counts) == 0


def test_the_time_in_which_others_make_room_counts_as_waiting() -> None:
    manager = MemoryManager(1000)
    held = manager.lease(900, "held")

    def make_room(missing_bytes: int) -> int:
        time.sleep(0.02)
        held.release()
        return missing_bytes

    manager.pools["working_memory"].on_need(make_room)
    manager.lease(500, "asks").release()

    waits = manager.pools["working_memory"].stats().granted_waits
    assert sum(waits.counts) == 1
    assert waits.sum_s >= 0.02


def test_a_wait_is_counted_in_the_bucket_that_it_does_not_exceed() -> None:
    waits = WaitTimes()
    for wait_s in (0.0, WAIT_BOUNDS_S[0], WAIT_BOUNDS_S[0] * 1.01, WAIT_BOUNDS_S[-1], WAIT_BOUNDS_S[-1] * 2):
        waits.add(wait_s)
    counted = waits.snapshot()

    assert (counted.counts[:2], counted.counts[-2:]) == ((2, 1), (1, 1))
    assert sum(counted.counts) == 5
    assert counted.sum_s == pytest.approx(2.01 * WAIT_BOUNDS_S[0] + 3 * WAIT_BOUNDS_S[-1])


def test_scrapes_beside_work_see_whole_figures_that_only_grow() -> None:
    manager, cache = manager_with_cache()
    stop = threading.Event()
    scrapes: list[Scrape] = []

    def work(seed: int) -> None:
        for number in range(300):
            with manager.lease(400 + seed, "work"):
                cache.get_or_compute(number % 9, lambda: bytes(100), 1.0)

    def scrape() -> None:
        while not stop.is_set():
            scrapes.append(Scrape(Collector(manager, caches=[cache])))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    scraper = threading.Thread(target=scrape)
    for thread in (scraper, *workers):
        thread.start()
    for thread in workers:
        thread.join(60)
    stop.set()
    scraper.join(60)
    scrapes.append(Scrape(Collector(manager, caches=[cache])))

    for earlier, later in pairwise(scrapes):
        fallen = [key for key, value in earlier.figures.items() if value > later.figures[key]]
        assert [key for key in fallen if key[0].endswith(("_total", "_bucket", "_count", "_sum"))] == []
    for one in scrapes:
        buckets = one.buckets("working_memory", "granted")
        assert buckets == sorted(buckets)
        assert one.get("planroom_lease_wait_seconds_count", pool="working_memory", outcome="granted") == buckets[-1]
        assert one.get("planroom_ledger_leased_bytes", pool="working_memory") <= 1000
    last = scrapes[-1]
    requests = [last.get(f"planroom_cache_{name}_total", pool="data_cache") for name in ("hits", "misses", "shared")]
    assert sum(requests) == 4 * 300
    assert last.get("planroom_memory_bytes", kind="leased") == last.get("planroom_cache_used_bytes", pool="data_cache")


# ---- the guard ---------------------------------------------------------------------------------------------


def test_the_guards_moves_are_counted_beyond_those_it_remembers() -> None:
    manager, cache = manager_with_cache()
    guard, free, now_s = guard_of(cache, admit=manager)
    for _ in range(600):
        free[0] = 0.05
        assert guard.step() == "back"
        now_s[0] += 1000
        free[0] = 0.5
        assert guard.step() == "grow"
        now_s[0] += 1000
    guard.step()
    scrape = Scrape(Collector(manager, guard=guard))

    assert len(guard.moves) == 1000
    assert scrape.get("planroom_guard_moves_total", move="back") == 600
    assert scrape.get("planroom_guard_moves_total", move="grow") == guard.moved["grow"] == 601


# ---- planned, leased, real ---------------------------------------------------------------------------------


def test_planned_leased_and_real_stand_beside_each_other() -> None:
    manager = MemoryManager({"working_memory": 1000, "reserve": 300})
    held = Enforcement(64 << 30, GROUPLESS, None, 0)
    collector = Collector(manager, enforcement=held, planned_bytes=1500)
    with manager.lease(700, "sheet"), manager.lease(300, "model", pool="reserve"):
        pass
    with manager.lease(100, "sheet"):
        scrape = Scrape(collector)

    now, peak = ({k: scrape.get(name, kind=k) for k in ("planned", "leased", "real")} for name in MEMORY_NAMES)
    assert (now["planned"], peak["planned"]) == (1500, 1500)
    assert (now["leased"], peak["leased"]) == (100, 1000)
    assert MIB < now["real"] <= peak["real"] == held.peak_real_bytes
    assert scrape.get("planroom_memory_limit_bytes", enforced="cooperative") == 64 << 30
    assert scrape.get("planroom_kernel_kills_total") == 0


def test_what_is_not_given_has_no_metrics() -> None:
    scrape = Scrape(Collector(MemoryManager(1000)))

    others = {key for key in scrape.figures if not key[0].startswith(("planroom_ledger_", "planroom_lease_"))}
    assert others == {(name, (("kind", "leased"),)) for name in MEMORY_NAMES}


def test_registering_reads_nothing_and_a_scrape_does() -> None:
    held = Enforcement(64 << 30, GROUPLESS, None, 0)
    registry = CollectorRegistry()
    registry.register(Collector(MemoryManager(1000), enforcement=held))
    before = held.peak_real_bytes

    assert registry.get_sample_value("planroom_memory_peak_bytes", {"kind": "real"})
    assert before == 0 < held.peak_real_bytes


KILLED = """
import json, subprocess, sys
from planroom.memory.enforce import hold
from planroom.memory.manager import MemoryManager
from planroom.memory.metrics import Collector, metrics_text
child = "open('/proc/self/oom_score_adj', 'w').write('800'); held = bytearray(b'x') * (400 << 20)"
with hold(256 << 20) as enforcement:
    collector = Collector(MemoryManager(1000), enforcement=enforcement)
    before = metrics_text(collector)
    subprocess.call([sys.executable, "-c", child])
    after = metrics_text(collector)
print(json.dumps([before, after, metrics_text(collector)]))
"""


@pytest.mark.skipif(not may_make_groups(), reason="no memory control group may be made here")
def test_kills_are_counted_and_the_peak_outlives_the_group() -> None:
    texts = json.loads(subprocess.check_output([sys.executable, "-c", KILLED], text=True, timeout=60))
    before, after, over = (
        {(s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(text) for s in f.samples}
        for text in texts
    )

    assert (before["planroom_kernel_kills_total",], after["planroom_kernel_kills_total",]) == (0, 1)
    assert after["planroom_memory_limit_bytes", "kernel"] == 256 * MIB
    assert MIB < after["planroom_memory_bytes", "real"] <= after["planroom_memory_peak_bytes", "real"] <= 256 * MIB
    assert ("planroom_memory_bytes", "real") not in over
    assert over["planroom_memory_peak_bytes", "real"] >= after["planroom_memory_peak_bytes", "real"]
