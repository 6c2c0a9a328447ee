from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from planroom.memory.machine import Usage, find_process_bytes, find_tree, read_machine, real_bytes, usage

GIB = 1 << 30
MIB = 1 << 20
NO_LIMIT = 9223372036854771712
V1_MOUNT = "35 31 0:32 {inner} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
V2_MOUNT = "41 31 0:38 {inner} {point} rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
OTHER = "23 1 254:0 / / rw,relatime - ext4 /dev/root rw\n36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"


class Tree:
    """A folder that stands in for /proc and /sys/fs/cgroup."""

    def __init__(self, folder: Path):
        self.root, self.proc = folder / "cgroup", folder / "proc"
        (self.proc / "self").mkdir(parents=True)
        (self.proc / "meminfo").write_text("MemTotal: 8388608 kB\nMemFree: 1000 kB\nMemAvailable: 6291456 kB\n")

    def say(self, cgroup: str, mountinfo: str) -> None:
        (self.proc / "self/cgroup").write_text(cgroup)
        (self.proc / "self/mountinfo").write_text(mountinfo)

    def add_v1(self, path: str, limit: int, rss: int = 0, hierarchical: int = NO_LIMIT) -> Path:
        group = self.root / "memory" / path
        group.mkdir(parents=True, exist_ok=True)
        (group / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (group / "memory.max_usage_in_bytes").write_text("777\n")
        (group / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
        (group / "memory.stat").write_text(
            f"rss 1\nhierarchical_memory_limit {hierarchical}\ntotal_cache 500\ntotal_rss {rss}\n"
            "total_shmem 40\ntotal_inactive_file 300\ntotal_active_file 160\n"
        )
        return group

    def add_v2(self, path: str, limit: str, anon: int = 0) -> Path:
        group = self.root / path
        group.mkdir(parents=True, exist_ok=True)
        (group / "memory.max").write_text(f"{limit}\n")
        (group / "memory.current").write_text("1000\n")
        (group / "memory.peak").write_text("888\n")
        (group / "memory.events").write_text("low 0\nhigh 0\nmax 5\noom 1\noom_kill 3\n")
        (group / "memory.stat").write_text(f"anon {anon}\nfile 900\nkernel 5\nshmem 70\n")
        return group


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_v1(tree: Tree) -> None:
    tree.say("5:devices:/x\n4:memory:/a/b\n", OTHER + V1_MOUNT.format(inner="/"))
    tree.add_v1("", NO_LIMIT)
    tree.add_v1("a", 2 * GIB)
    group = tree.add_v1("a/b", 3 * GIB, rss=GIB)
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup == "v1"
    assert machine.cgroup_path == group
    assert machine.physical_bytes == 8 * GIB
    assert machine.group_limit_bytes == machine.limit_bytes == 2 * GIB
    assert machine.available_bytes == 2 * GIB - 40  # three levels: 8 GiB, 2 GiB with nothing but shmem, 3 GiB
    assert machine.is_held_to(2 * GIB)
    assert not machine.is_held_to(2 * GIB - 1)


def test_v1_limit_of_an_ancestor_out_of_sight(tree: Tree) -> None:
    tree.say("4:memory:/docker/abc\n", V1_MOUNT.format(inner="/docker/abc"))
    group = tree.add_v1("", NO_LIMIT, hierarchical=GIB)
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup_path == group
    assert machine.limit_bytes == GIB


def test_hybrid_with_memory_in_v1(tree: Tree) -> None:
    unified = V2_MOUNT.format(inner="/", point="/sys/fs/cgroup/unified")
    tree.say("4:memory:/a\n9:name=systemd:/\n0::/\n", OTHER + V1_MOUNT.format(inner="/") + unified)
    tree.add_v1("", NO_LIMIT)
    group = tree.add_v1("a", NO_LIMIT)
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup == "hybrid"
    assert machine.cgroup_path == group
    assert machine.limit_bytes is None
    assert machine.available_bytes == 6 * GIB


def test_hybrid_with_memory_in_v2(tree: Tree) -> None:
    tree.say("8:pids:/\n0::/a\n", OTHER + V2_MOUNT.format(inner="/", point="/sys/fs/cgroup/unified"))
    group = tree.add_v2("unified/a", str(GIB))
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup == "hybrid"
    assert machine.cgroup_path == group
    assert machine.limit_bytes == GIB


def test_v2(tree: Tree) -> None:
    tree.say("0::/user.slice/app.scope\n", V2_MOUNT.format(inner="/", point="/sys/fs/cgroup"))
    tree.root.mkdir()
    tree.add_v2("user.slice", str(4 * GIB), anon=3 * GIB)
    group = tree.add_v2("user.slice/app.scope", "max")
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup == "v2"
    assert machine.cgroup_path == group
    assert machine.limit_bytes == 4 * GIB
    assert machine.available_bytes == GIB - 70


def test_v2_controller_only_in_an_ancestor(tree: Tree) -> None:
    tree.say("0::/a/b\n", V2_MOUNT.format(inner="/", point="/sys/fs/cgroup"))
    group = tree.add_v2("a", str(GIB))
    (group / "b").mkdir()
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup_path == group
    assert machine.limit_bytes == GIB


def test_v2_group_that_a_namespace_hides(tree: Tree) -> None:
    tree.say("0::/../sibling\n", V2_MOUNT.format(inner="/", point="/sys/fs/cgroup"))
    tree.add_v2(".", str(GIB))
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup_path == tree.root
    assert machine.limit_bytes == GIB


@pytest.mark.parametrize("cgroup", ["", "8:pids:/\n0::/\n"])
def test_no_memory_controller(tree: Tree, cgroup: str) -> None:
    tree.say(cgroup, OTHER + V2_MOUNT.format(inner="/", point="/sys/fs/cgroup/unified"))
    machine = read_machine(tree.root, tree.proc)

    assert machine.cgroup == "none"
    assert machine.cgroup_path is None
    assert machine.available_bytes == 6 * GIB


def test_a_kernel_without_groups(tree: Tree) -> None:
    assert read_machine(tree.root, tree.proc).cgroup == "none"


def test_rlimit_counts(tree: Tree) -> None:
    code = (
        "import resource, sys, pathlib; from planroom.memory.machine import read_machine;"
        "resource.setrlimit(resource.RLIMIT_DATA, (1 << 29, 1 << 29));"
        "print(read_machine(*map(pathlib.Path, sys.argv[1:])).limit_bytes)"
    )
    limit = int(subprocess.check_output([sys.executable, "-c", code, tree.root, tree.proc]))

    assert limit == 1 << 29


def test_usage_of_v1(tree: Tree) -> None:
    group = tree.add_v1("a", GIB, rss=100)

    assert usage(group) == Usage(anonymous_bytes=100, shared_bytes=40, cache_bytes=460, peak_bytes=777, oom_kills=2)
    assert usage(group).real_bytes == 140


def test_usage_of_v1_that_does_not_name_shared_memory(tree: Tree) -> None:
    group = tree.add_v1("a", GIB, rss=100)
    stat = (group / "memory.stat").read_text().replace("total_shmem 40\n", "")
    (group / "memory.stat").write_text(stat)

    assert usage(group).shared_bytes == 40
    assert usage(group).cache_bytes == 460


def test_usage_of_v2(tree: Tree) -> None:
    group = tree.add_v2("a", "max", anon=100)

    assert usage(group) == Usage(anonymous_bytes=100, shared_bytes=70, cache_bytes=830, peak_bytes=888, oom_kills=3)


def test_usage_of_a_group_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        usage(tmp_path / "gone")


def test_this_machine() -> None:
    machine = read_machine()

    assert machine.physical_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < machine.available_bytes <= machine.physical_bytes


def test_process_tree() -> None:
    code = "import time; held = bytearray(b'x') * (64 << 20); print('there', flush=True); time.sleep(100)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        pids = find_tree(os.getpid())
        held = find_process_bytes(child.pid)
        together = real_bytes([os.getpid(), child.pid])
        child.kill()

    assert {os.getpid(), child.pid} <= set(pids)
    assert held
    assert 64 * MIB <= held.anonymous < 80 * MIB
    assert held.data >= held.anonymous
    assert together > held.anonymous
    assert find_process_bytes(child.pid) is None
    assert child.pid not in find_tree(os.getpid())
