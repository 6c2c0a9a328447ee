"""What `planroom budget` is asked, checked, and what it warns of beside the plan."""

from __future__ import annotations

from importlib.util import find_spec

from planroom.errors import UsageError
from planroom.memory.machine import Machine
from planroom.memory.plans.parts import POOL_SHARES, QUANTUM, Scope
from planroom.units import format_bytes, parse_bytes


def has_quantum() -> bool:
    """Whether the quantum extra is installed."""
    return find_spec("qulacs") is not None


def choose_quantum(asked: bool | None, profile: str, pools: dict[str, int]) -> bool:
    """Whether the plan has a cache for quantum states: as asked for; else named profiles have one, for they are the
    design's, and auto goes by what is installed. Raises UsageError where a pool contradicts that.
    """
    if asked is False and pools.get(QUANTUM):
        raise UsageError(f"--without-quantum, and {QUANTUM} among --pools", hint="leave one of them out")
    return (profile != "auto" or has_quantum()) if asked is None else asked


def parse_pools(text: str) -> dict[str, int]:
    """The sizes in "transformer_cache=128GiB,data_cache=0". Raises UsageError."""
    sizes: dict[str, int] = {}
    for part in text.split(",") if text.strip() else ():
        name, equals, size = (word.strip() for word in part.partition("="))
        if name not in POOL_SHARES:
            raise UsageError(f"--pools: there is no pool {name!r}", hint=f"the pools are {', '.join(POOL_SHARES)}")
        if not equals or name in sizes:
            raise UsageError(
                f"--pools: {name} {'is named twice' if equals else 'has no size'}", hint=f"write it like {name}=128GiB"
            )
        sizes[name] = 0 if size == "0" else parse_bytes(size)
    return sizes


def find_warnings(total_bytes: int, scope: Scope, machine: Machine, pools: dict[str, int]) -> list[str]:
    """What is odd about planning so much here; none of it is a reason to refuse a what-if."""
    there = machine.physical_bytes
    warnings = []
    if total_bytes > there:
        warnings.append(f"this machine has {format_bytes(there)}: a plan for another one")
    elif scope == "machine" and machine.limit_bytes is not None and machine.limit_bytes < total_bytes:
        limit = format_bytes(machine.limit_bytes)
        warnings.append(f"processes are held to {limit} here: plan that with --process")
    elif scope == "process" and total_bytes > machine.available_bytes:
        warnings.append(f"{format_bytes(machine.available_bytes)} could be taken now, others hold the rest")
    if pools.get(QUANTUM) and not has_quantum():
        warnings.append(f"{QUANTUM} was given a size, but the quantum extra is not installed")
    return warnings
