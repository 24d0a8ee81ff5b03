from __future__ import annotations

from pathlib import Path

from fournines.lab.cgroups import Hierarchies, parse_mounts

HYBRID = """\
/dev/vda / ext4 rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
cgroup /sys/fs/cgroup/cpuacct cgroup rw,relatime,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
"""
JOINED = """\
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
"""


def test_a_machine_with_both_counts_by_version_1() -> None:
    cgroup = Path("/sys/fs/cgroup")
    assert parse_mounts(HYBRID) == Hierarchies(
        cgroup / "unified",
        {"cpu": cgroup / "cpu", "cpuacct": cgroup / "cpuacct", "memory": cgroup / "memory"},
        (cgroup / "cpu", cgroup / "cpuacct", cgroup / "memory"),
    )
    joined = cgroup / "cpu,cpuacct"
    assert parse_mounts(JOINED) == Hierarchies(cgroup / "unified", {"cpu": joined, "cpuacct": joined}, (joined,))


def test_a_machine_with_the_unified_hierarchy_alone() -> None:
    assert parse_mounts("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n") == Hierarchies(Path("/sys/fs/cgroup"), {})


def test_without_a_unified_hierarchy_there_is_none() -> None:
    assert parse_mounts("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n") is None
