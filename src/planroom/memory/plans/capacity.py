"""How much work the pools of a plan hold: items beside a usual session's, and loads of several sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planroom.memory.plans.parts import ITEMS, TIERS, WORKING, Footprints


def capacity(pools: Mapping[str, int], workers_bytes: int, footprints: Footprints) -> dict[str, Any]:
    """What fits, in JSON's form: items with their factor over a usual session, readers at once, loads.

    turns: how many times working_memory is filled to get through a load; what does not fit at once waits.
    """
    told: dict[str, Any] = {}
    for name, item in ITEMS.items():
        count = pools[item.pool] // item.size_bytes
        told[name] = {
            "pool": item.pool,
            "item_bytes": item.size_bytes,
            "count": count,
            "typical": item.typical,
            "factor": round(count / item.typical, 2),
        }
    in_flight = max(1, pools[WORKING] // footprints.plan_bytes)
    told["readers"] = max(1, min(workers_bytes // footprints.reader_bytes, in_flight))
    told["tiers"] = [
        {
            "name": tier.name,
            "plans": tier.plans,
            "in_flight": min(tier.most_plans, in_flight),
            "turns": -(-tier.most_plans // in_flight),
            "claimed_hits_percent": tier.claimed_hits_percent,
            "claimed_ms": tier.claimed_ms,
        }
        for tier in TIERS
    ]
    return told
