"""What RAM there is for this process and who uses it, as the kernel tells it.

Glossary. *Group*: the folder of the memory controller's control group that this process runs in. *Real bytes*:
anonymous plus shared memory. Page cache is the kernel's to drop at any moment and never counts. *Hybrid*: controllers
mounted as v1 with a v2 tree beside them; memory may be in either.

Every function takes the roots of the two file systems, so that a folder with the same files stands in for them.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

CgroupKind = Literal["v1", "v2", "hybrid", "none"]
CGROUP: Final = Path("/sys/fs/cgroup")
PROC: Final = Path("/proc")
V1_LIMIT: Final = "memory.limit_in_bytes"
V2_LIMIT: Final = "memory.max"
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_UNLIMITED: Final = 1 << 60  # v1 writes "no limit" as the largest page-aligned number


@dataclass(frozen=True, slots=True)
class Machine:
    """The RAM within reach.

    cgroup_path: this process's group, None without a memory controller. group_limit_bytes: the tightest limit of that
    group and its ancestors; limit_bytes: the same with RLIMIT_AS and RLIMIT_DATA; None where unlimited.
    available_bytes: what could be taken now without swapping or meeting a group's limit.
    """

    physical_bytes: int
    cgroup: CgroupKind
    cgroup_path: Path | None
    group_limit_bytes: int | None
    limit_bytes: int | None
    available_bytes: int

    def is_held_to(self, limit_bytes: int) -> bool:
        """Whether the group around this process is as tight as that already."""
        return self.group_limit_bytes is not None and self.group_limit_bytes <= limit_bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What a group and its descendants use. peak_bytes is the kernel's and includes cache; None where it keeps none."""

    anonymous_bytes: int
    shared_bytes: int
    cache_bytes: int
    peak_bytes: int | None
    oom_kills: int

    @property
    def real_bytes(self) -> int:
        """Anonymous plus shared."""
        return self.anonymous_bytes + self.shared_bytes


class ProcessBytes(NamedTuple):
    """One process: resident anonymous and shared memory, and the address space that RLIMIT_DATA limits, with stack."""

    anonymous: int
    shared: int
    data: int


def read_machine(root: Path = CGROUP, proc: Path = PROC) -> Machine:
    """The RAM of this machine as far as this process may use it."""
    memory = _numbers((proc / "meminfo").read_text())
    physical = memory["MemTotal:"] * 1024
    available = memory.get("MemAvailable:", memory["MemFree:"]) * 1024
    kind, folders = _find_group(root, proc)
    limits = []
    for folder in folders:
        limit = group_limit(folder)
        if limit is not None:
            limits.append(limit)
            available = min(available, max(0, limit - usage(folder).real_bytes))
    group_limit_bytes = min(limits, default=None)
    rlimits = (resource.getrlimit(which)[0] for which in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    limits += [limit for limit in rlimits if limit != resource.RLIM_INFINITY]
    return Machine(
        physical, kind, folders[0] if folders else None, group_limit_bytes, min(limits, default=None), available
    )


def group_limit(group: Path) -> int | None:
    """The limit of a group, None where it has none; on v1 also that of ancestors which are not mounted here."""
    try:
        text = (group / V1_LIMIT).read_text()
        limit = min(int(text), _numbers(_find_text(group / "memory.stat")).get("hierarchical_memory_limit", _UNLIMITED))
    except FileNotFoundError:
        try:
            text = (group / V2_LIMIT).read_text()
        except FileNotFoundError:  # the root group of v2
            return None
        limit = _UNLIMITED if text.strip() == "max" else int(text)
    return limit if limit < _UNLIMITED else None


def usage(group: Path) -> Usage:
    """What `group` and its descendants use now. Raises FileNotFoundError where the group is gone."""
    stat = _numbers((group / "memory.stat").read_text())
    if "total_rss" in stat:
        files = stat.get("total_inactive_file", 0) + stat.get("total_active_file", 0)
        shared = stat.get("total_shmem", max(0, stat["total_cache"] - files))  # kernels before 4.12 do not name it
        return Usage(
            anonymous_bytes=stat["total_rss"],
            shared_bytes=shared,
            cache_bytes=max(0, stat["total_cache"] - shared),
            peak_bytes=_find_number(group / "memory.max_usage_in_bytes"),
            oom_kills=_numbers(_find_text(group / "memory.oom_control")).get("oom_kill", 0),
        )
    return Usage(
        anonymous_bytes=stat["anon"],
        shared_bytes=stat["shmem"],
        cache_bytes=max(0, stat["file"] - stat["shmem"]),
        peak_bytes=_find_number(group / "memory.peak"),
        oom_kills=_numbers(_find_text(group / "memory.events")).get("oom_kill", 0),
    )


def find_process_bytes(pid: int, proc: Path = PROC) -> ProcessBytes | None:
    """What a process holds, None where it is gone. Pages that two processes share count in both."""
    try:
        statm = (proc / str(pid) / "statm").read_bytes().split()
        status = (proc / str(pid) / "status").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    _, _, shmem = status.partition(b"RssShmem:")
    resident, mapped, data = int(statm[1]), int(statm[2]), int(statm[5])
    return ProcessBytes(
        anonymous=max(0, resident - mapped) * PAGE_BYTES,
        shared=int(shmem.split(maxsplit=1)[0]) * 1024 if shmem else 0,
        data=data * PAGE_BYTES,
    )


def find_tree(pid: int, proc: Path = PROC) -> list[int]:
    """`pid` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for name in os.listdir(proc):  # noqa: PTH208 (a sampler's inner loop)
        if name.isdigit():
            try:
                stat = (proc / name / "stat").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parent = int(stat[stat.rindex(b")") + 1 :].split()[1])  # a command's name may hold blanks and brackets
            children.setdefault(parent, []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def real_bytes(pids: Iterable[int], proc: Path = PROC) -> int:
    """Anonymous plus shared memory of some processes; a page in two of them counts twice, so never too little."""
    held = (find_process_bytes(pid, proc) for pid in pids)
    return sum(one.anonymous + one.shared for one in held if one)


class _Mount(NamedTuple):
    """One line of mountinfo: which folder of the hierarchy is mounted where."""

    inner: str
    point: Path
    kind: str
    options: frozenset[str]


def _find_group(root: Path, proc: Path) -> tuple[CgroupKind, list[Path]]:
    """The kind of hierarchy, and this process's memory group followed by its visible ancestors."""
    mounts = list(_mounts(root, proc))
    older = [mount for mount in mounts if mount.kind == "cgroup"]
    newer = next((mount for mount in mounts if mount.kind == "cgroup2"), None)
    paths: dict[str, str] = {}
    for line in _find_text(proc / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    memory = next((mount for mount in older if "memory" in mount.options), None)
    if memory and "memory" in paths:
        return ("hybrid" if newer else "v1"), _lineage(memory, paths["memory"])
    if newer and "" in paths:
        # A group without the controller is accounted in its nearest ancestor that has it.
        folders = [folder for folder in _lineage(newer, paths[""]) if (folder / "memory.stat").exists()]
        if folders:
            return ("hybrid" if older else "v2"), folders
    return "none", []


def _mounts(root: Path, proc: Path) -> Iterator[_Mount]:
    for line in _find_text(proc / "self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        _, _, _, inner, point, *_ = left.split(" ")
        kind, _, options = right.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            folder = Path(point.replace("\\040", " "))
            if folder.is_relative_to(CGROUP):
                folder = root / folder.relative_to(CGROUP)
            yield _Mount(inner, folder, kind, frozenset(options.split(",")))


def _lineage(mount: _Mount, path: str) -> list[Path]:
    """The group `path` and its ancestors up to the mount; only the mount where a namespace hides the group."""
    if ".." in path or not Path(path).is_relative_to(mount.inner):
        return [mount.point]
    relative = Path(path).relative_to(mount.inner)
    folders = [mount.point / relative, *(mount.point / parent for parent in relative.parents)]
    return [folder for folder in dict.fromkeys(folders) if folder.exists()]


def _numbers(text: str) -> dict[str, int]:
    """Lines of "name number ..." as a mapping."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) > 1 and pair[1].isdigit()}


def _find_number(path: Path) -> int | None:
    text = _find_text(path).strip()
    return int(text) if text.isdigit() else None


def _find_text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
