"""What the caches are worth: hit ratios on public traces, moving bytes between pools, microseconds a call, the disk.

    python benchmarks/cache.py [--json] [--only policies|pools|calls|disk]

*policies*: object and byte hit ratio on the five rows of two traces, and on capacities that nothing was chosen on; the
same algorithms in libcachesim show that the traces are played right. *pools*: the two traces in two pools that swap
roles half-way. *calls*: time of one hit and of one miss that evicts. *disk*: megabytes a second to disk and back.
Exits with 1 where one of the five rows or a pair of pools is below its bound. Peers, where installed: libcachesim
cachetools moka-py cachebox theine lz4.
"""

from __future__ import annotations

import argparse
import json
import lzma
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

import cache_pools
from cache_policies import Planroom, find_module, find_policies
from memory_peaks import MACHINE
from planroom.memory.caches.entryfile import RawCodec
from planroom.memory.caches.spill import SpillTier

DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "traces"
CHOSEN_ON: Final = {"cloudPhysics": (0.05, 0.10), "adapt_size": (0.01, 0.05, 0.10)}
NOT_CHOSEN_ON: Final = {"cloudPhysics": (0.02, 0.20, 0.40), "adapt_size": (0.005, 0.02, 0.20)}
BYTE_MARGIN: Final = 0.02  # below S3-FIFO's byte hit ratio
AGREE: Final = 0.001
SAME: Final = {"LRU": "libcachesim LRU", "SIEVE": "libcachesim Sieve", "S3-FIFO": "libcachesim S3FIFO"}
SINGLE: Final = ("LRU", "SIEVE", "S3-FIFO", "libcachesim WTinyLFU", "libcachesim GDSF")
HELD_OUT: Final = ("planroom", "LRU", "SIEVE", "S3-FIFO", "libcachesim WTinyLFU", "libcachesim GDSF")
CALLS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests as (key, bytes), and the bytes of all its objects, each as first seen."""

    name: str
    requests: list[tuple[int, int]]
    footprint_bytes: int
    mean_bytes: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--only", choices=["policies", "pools", "calls", "disk"], help="one table")
    asked = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"the traces are not there: {DATA.name}")
    show: Callable[[str], None] = (lambda _line: None) if asked.json else (lambda line: print(line, flush=True))
    traces = read_traces()
    rows: list[dict[str, Any]] = []
    missed: list[str] = []
    if asked.only in (None, "policies"):
        rows += policies(traces, CHOSEN_ON, None, show)
        rows += policies(traces, NOT_CHOSEN_ON, HELD_OUT, show)
        missed += judge(rows, show)
    if asked.only in (None, "pools"):
        found = [row for part in (0.2, 0.3, 0.4) for row in cache_pools.swap_roles(*halves(traces), part)]
        missed += cache_pools.judge(found, show)
        rows += found
    if asked.only in (None, "calls"):
        rows += calls(show)
    if asked.only in (None, "disk"):
        rows += disk(show)
    if asked.json:
        print(json.dumps({"bench": "cache", "machine": MACHINE, "settings": {"calls": CALLS}, "results": rows}))
    for line in missed:
        print(f"MISSED: {line}", file=sys.stderr)
    return int(bool(missed))


def read_traces() -> list[Trace]:
    raw = (DATA / "cloudPhysicsIO.oracleGeneral.bin").read_bytes()
    block = [(key, size) for _, key, size, _ in struct.iter_unpack("<IQIq", raw)]
    lines = lzma.decompress((DATA / "adapt_size.request.trace.xz").read_bytes()).decode().splitlines()
    web = [(int(key), int(size)) for _, key, size in (line.split() for line in lines)]
    made = []
    for name, requests in (("cloudPhysics", block), ("adapt_size", web)):
        sizes: dict[int, int] = {}
        for key, size in requests:
            sizes.setdefault(key, size)
        footprint = sum(sizes.values())
        made.append(Trace(name, requests, footprint, footprint / len(sizes)))
    return made


def halves(traces: list[Trace]) -> tuple[list[tuple[int, int]], list[tuple[int, int]], int]:
    """The requests of both traces, with keys that do not meet, and their bytes together."""
    block, web = traces
    far = 1 << 40
    return [(key + far, size) for key, size in block.requests], web.requests, sum(t.footprint_bytes for t in traces)


def policies(
    traces: list[Trace],
    capacities: Mapping[str, tuple[float, ...]],
    names: tuple[str, ...] | None,
    show: Callable[[str], None],
) -> list[dict[str, Any]]:
    rows = []
    for trace in traces:
        for part in capacities[trace.name]:
            show(f"\n{trace.name}, capacity {part:.1%} of the footprint{'' if names is None else ' (not chosen on)'}")
            show(f"{'who':24} {'objects':>8} {'bytes':>8} {'seconds':>8}")
            for name, make in find_policies(trace.mean_bytes).items():
                if names is None or name in names:
                    rows.append(play(trace, part, name, make) | {"chosen_on": names is None})
                    row = rows[-1]
                    show(f"{name:24} {row['object_hits']:8.4f} {row['byte_hits']:8.4f} {row['wall_s']:8.1f}")
    return rows


def play(trace: Trace, part: float, name: str, make: Callable[[int], Any]) -> dict[str, Any]:
    """One policy over one trace."""
    policy = make(int(trace.footprint_bytes * part))
    hits = hit_bytes = asked_bytes = 0
    start_s = time.monotonic()
    for key, size_bytes in trace.requests:
        asked_bytes += size_bytes
        if policy.request(key, size_bytes):
            hits += 1
            hit_bytes += size_bytes
    return {
        "table": "policies",
        "who": name,
        "trace": trace.name,
        "capacity": part,
        "object_hits": round(hits / len(trace.requests), 4),
        "byte_hits": round(hit_bytes / asked_bytes, 4),
        "wall_s": round(time.monotonic() - start_s, 2),
    }


def judge(rows: list[dict[str, Any]], show: Callable[[str], None]) -> list[str]:
    """What is below its bound; the means are shown."""
    missed = []
    for chosen_on in (True, False):
        means: dict[str, float] = {}
        mine = [row for row in rows if row["chosen_on"] is chosen_on]
        found = {(row["who"], row["trace"], row["capacity"]): row for row in mine}
        show(f"\nmean object hit ratio{'' if chosen_on else ', capacities not chosen on'}")
        for name in dict.fromkeys(row["who"] for row in mine):
            means[name] = statistics.fmean(row["object_hits"] for row in mine if row["who"] == name)
            show(f"{name:24} {means[name]:.4f}")
        if not chosen_on:
            break  # shown beside the rest, without a bound
        best = max((name for name in SINGLE if name in means), key=lambda name: means[name])
        if means["planroom"] < means[best]:
            missed.append(f"mean object hits {means['planroom']:.4f}, {best} has {means[best]:.4f}")
        for (who, *row), seen in found.items():
            if who == "planroom" and seen["byte_hits"] < found["S3-FIFO", *row]["byte_hits"] - BYTE_MARGIN:
                missed.append(f"byte hits of {row}: {seen['byte_hits']}")
            twin = found.get((SAME.get(who, ""), *row))
            if twin and max(abs(seen[kind] - twin[kind]) for kind in ("object_hits", "byte_hits")) > AGREE:
                missed.append(f"{who} does not agree with libcachesim on {row}")
    return missed


def calls(show: Callable[[str], None]) -> list[dict[str, Any]]:
    """Time of single calls, the clock's own taken off: a hit, and a request that evicts about one entry."""
    show(f"\n{'microseconds a call':24} {'hit p50':>8} {'p99':>8} {'miss p50':>9} {'p99':>8}")
    rows = []
    made = {name: make for name, make in find_policies(1.0).items() if "libcachesim" not in name}
    made["planroom, balanced"] = lambda capacity: Planroom(capacity, balanced=True)
    for name, make in made.items():
        if name in ("LRU", "SIEVE", "S3-FIFO"):
            continue
        policy = make(10_000)
        for key in range(5_000):
            policy.request(key, 1)
        request = policy.pool_request if isinstance(policy, Planroom) else policy.request
        hit = times([partial(request, key % 4_000, 1) for key in range(CALLS)])
        miss = times([partial(request, 10_000 + key, 1) for key in range(CALLS)])
        row: dict[str, Any] = {"table": "calls", "who": name}
        for kind, took in (("hit", hit), ("miss", miss)):
            row |= {f"{kind}_p50_us": round(took[len(took) // 2], 2), f"{kind}_p99_us": round(took[-CALLS // 100], 2)}
        rows.append(row)
        values = list(row.values())[2:]
        show(f"{name:24} {values[0]:8} {values[1]:8} {values[2]:9} {values[3]:8}")
    return rows


def times(work: list[Callable[[], Any]]) -> list[float]:
    """Microseconds of each call, sorted, less the median of calling nothing."""
    clock = time.perf_counter_ns
    took = np.empty(len(work))
    nothing = np.empty(len(work))

    def empty() -> None:
        return

    for number, call in enumerate(work):
        start = clock()
        call()
        took[number] = clock() - start
        start = clock()
        empty()
        nothing[number] = clock() - start
    return [float(one) for one in np.sort(np.maximum(took - np.median(nothing), 0) / 1000)]


def disk(show: Callable[[str], None]) -> list[dict[str, Any]]:
    """Megabytes a second of values written and read back (from the page cache), and what they take."""
    draw = np.random.default_rng(0)
    picture = np.full((2500, 4000), 255, np.uint8)
    for x, y in zip(draw.integers(0, 4000, 400), draw.integers(0, 2500, 400), strict=True):
        picture[y, : x + 1] = picture[:y, x] = 0
    values: dict[str, np.ndarray[Any, Any]] = {
        "tensor 4 MB": draw.standard_normal((1024, 1024)).astype(np.float32),
        "sheet 10 MB": picture,
    }
    show(f"\n{'disk':36} {'write MB/s':>10} {'read MB/s':>10} {'of its size':>11}")
    rows = []
    for name, value in values.items():
        for way, compress in (("raw", False), ("lz4", True)):
            rows.append({"table": "disk", "who": "planroom", "value": name, "way": way} | through(value, compress))
        if lz4 := find_module("lz4.frame"):
            raw = value.tobytes()
            start_s = time.perf_counter()
            packed = lz4.compress(raw)
            packed_s, start_s = time.perf_counter() - start_s, time.perf_counter()
            lz4.decompress(packed)
            unpacked_s = time.perf_counter() - start_s
            speeds = {"write_mb_s": round(len(raw) / packed_s / 1e6), "read_mb_s": round(len(raw) / unpacked_s / 1e6)}
            row = {"table": "disk", "who": "lz4", "value": name, "way": "in memory only"}
            rows.append(row | speeds | {"part": round(len(packed) / len(raw), 3)})
    for row in rows:
        label = f"{row['who']}, {row['value']}, {row['way']}"
        show(f"{label:36} {row['write_mb_s']:10} {row['read_mb_s']:10} {row['part']:11}")
    return rows


def through(value: np.ndarray[Any, Any], compress: bool) -> dict[str, Any]:
    """A tier at work on copies of one value."""
    keys = [str(number) for number in range(16)]
    with tempfile.TemporaryDirectory() as folder:
        tier = SpillTier(Path(folder) / "spill", 1 << 30, RawCodec(), compress=compress)
        before = tier.stats().used_bytes
        start_s = time.perf_counter()
        for key in keys:
            tier.write(key, value, cost_s=1e6, size_bytes=value.nbytes)
        write_s, start_s = time.perf_counter() - start_s, time.perf_counter()
        for key in keys:
            assert tier.read(key) is not None
        read_s = time.perf_counter() - start_s
        used = tier.stats().used_bytes - before
        tier.close()
    moved = len(keys) * value.nbytes
    speeds = {"write_mb_s": round(moved / write_s / 1e6), "read_mb_s": round(moved / read_s / 1e6)}
    return speeds | {"part": round(used / moved, 3)}


if __name__ == "__main__":
    sys.exit(main())
