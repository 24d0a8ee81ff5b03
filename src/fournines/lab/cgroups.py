"""One cgroup a host: what is in it is the host, so nothing else has to remember its processes.

Processes are found and killed through the unified hierarchy, wherever it is mounted. Where the machine still has
the v1 `cpu`, `cpuacct` and `memory` hierarchies, a host joins those as well: with them, v2 has none of these.

Hosts share the cores fairly, as hosts: one that starts forty daemons must not starve another's one, which on real
machines it could not.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from fournines.errors import NinesError

BOOT = "boot"
"""Leaf in which a host's systemd-nspawn starts; it keeps itself in `supervisor` and the host in `payload` there."""
EXEC = "exec"
"""Leaf of commands that are run in the host from outside."""
JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 125; shift; done; shift; exec "$@"'
"""Shell that joins the cgroups of these files, then runs what follows `--`: before anything else, so that every page
and every second counts."""
_LEGACY = ("cpu", "cpuacct", "memory")


@dataclass(frozen=True, slots=True)
class Hierarchies:
    unified: Path
    accounting: dict[str, Path]
    """v1 controller -> mount point; empty where the unified hierarchy has them."""
    legacy: tuple[Path, ...] = ()
    """Every v1 mount point: systemd-nspawn makes cgroups of the same path in `name=systemd` by itself."""


def parse_mounts(mounts: str) -> Hierarchies | None:
    """Hierarchies in the text of /proc/self/mounts, or None without a unified one."""
    unified: Path | None = None
    accounting: dict[str, Path] = {}
    legacy: list[Path] = []
    for line in mounts.splitlines():
        _, path, kind, options, *_ = line.split()
        if kind == "cgroup2" and unified is None:
            unified = Path(path)
        if kind == "cgroup":
            legacy.append(Path(path))
            for controller in set(_LEGACY) & set(options.split(",")):
                accounting.setdefault(controller, Path(path))
    return None if unified is None else Hierarchies(unified, accounting, tuple(legacy))


@functools.cache
def hierarchies() -> Hierarchies:
    """Those of this machine. Raises NinesError without a mounted unified hierarchy."""
    found = parse_mounts(Path("/proc/self/mounts").read_text())
    if found is None:
        raise NinesError(
            "no cgroup2 file system is mounted",
            "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
        )
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """A cgroup by its path below each hierarchy's mount point, such as `nines.lab/host.c1`."""

    path: str

    @property
    def unified(self) -> Path:
        return hierarchies().unified / self.path

    @property
    def folders(self) -> list[Path]:
        """Those that its processes join, one in each hierarchy, the unified one first."""
        return [self.unified, *(mount / self.path for mount in hierarchies().accounting.values())]

    def existing(self) -> list[Path]:
        """Wherever there is one of its path now."""
        mounts = [hierarchies().unified, *hierarchies().legacy]
        return [mount / self.path for mount in mounts if (mount / self.path).is_dir()]

    def create(self, leaf: str = "") -> list[Path]:
        """Make it and return the files that a process writes its pid to. In the unified hierarchy it joins `leaf`:
        a cgroup with controllers holds no processes itself.

        A whole lab has the weight of one process beside it. With more, the kernel's threads, which are such processes,
        wait for a processor when the lab fills all, again and again for each write that is on its way to the disk."""
        if not hierarchies().accounting:
            self._delegate()
        files: list[Path] = []
        for folder in self.folders:
            joined = folder / leaf if leaf and folder == self.unified else folder
            joined.mkdir(parents=True, exist_ok=True)
            files.append(joined / "cgroup.procs")
        return files

    def _delegate(self) -> None:
        folder = hierarchies().unified
        for part in Path(self.path).parts:
            for controller in ("cpu", "memory", "pids"):
                # Missing where a container manager did not delegate it: then memory is PSS alone.
                with contextlib.suppress(OSError):
                    (folder / "cgroup.subtree_control").write_text(f"+{controller}")
            folder /= part
            folder.mkdir(exist_ok=True)

    def pids(self) -> list[int]:
        """Every process in it and below, zombies aside."""
        found: list[int] = []
        for folder, _, _ in os.walk(self.unified):
            with contextlib.suppress(OSError):
                found += map(int, Path(folder, "cgroup.procs").read_text().split())
        return found

    def populated(self) -> bool:
        try:
            events = (self.unified / "cgroup.events").read_text()
        except OSError:
            return False
        return "populated 1" in events.splitlines()

    def leader(self) -> int | None:
        """Pid of the init inside, as this machine sees it."""
        payload = self.unified / BOOT / "payload"
        scope = payload / "init.scope"
        # It moves from the one to the other, perhaps between two looks: twice at where it goes.
        for folder in (scope, payload, scope):
            for pid in self._listed(folder):
                if _pids_in_namespaces(pid)[1:] == [1]:
                    return pid
        # Nested below another container, or an init that moved itself elsewhere: the outermost pid 1.
        inits = [(len(seen), pid) for pid in self.pids() if len(seen := _pids_in_namespaces(pid)) > 1 and seen[-1] == 1]
        return min(inits)[1] if inits else None

    @staticmethod
    def _listed(folder: Path) -> list[int]:
        try:
            return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        except OSError:
            return []

    def kill(self, bound: float = 10) -> None:
        """SIGKILL everything in it at once and return when nothing is left. Raises NinesError after `bound` s."""
        end = time.monotonic() + bound
        while self.populated():
            try:
                (self.unified / "cgroup.kill").write_text("1")
            except OSError:
                # Before Linux 5.14. The pids were just read from a cgroup that only this lab's processes join.
                for pid in self.pids():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            for _ in range(50):
                if not self.populated():
                    return
                if time.monotonic() > end:
                    left = ", ".join(f"{pid} ({_state(pid)})" for pid in self.pids()[:8])
                    raise NinesError(f"{self.path}: processes survive SIGKILL for {bound:g} s: {left}")
                time.sleep(0.002)

    def remove(self, bound: float = 10) -> None:
        """Kill what is in it and remove it from every hierarchy."""
        self.kill(bound)
        end = time.monotonic() + bound
        for top in self.existing():
            for folder, _, _ in os.walk(top, topdown=False):
                while True:
                    try:
                        os.rmdir(folder)
                    except FileNotFoundError:
                        pass
                    except OSError as error:
                        # Dying processes leave a v1 hierarchy a little later than the unified one; and what a killed
                        # run was just starting joins late.
                        if time.monotonic() > end:
                            raise NinesError(f"cannot remove the cgroup {folder}: {error}") from error
                        self.kill(bound)
                        time.sleep(0.01)
                        continue
                    break

    def cpu_seconds(self) -> float:
        """CPU time used since it was made; 0 when it does not exist."""
        try:
            if "cpuacct" in hierarchies().accounting:
                usage = hierarchies().accounting["cpuacct"] / self.path / "cpuacct.usage"
                return int(usage.read_text()) / 1e9
            return _table(self.unified / "cpu.stat").get("usage_usec", 0) / 1e6
        except OSError:
            return 0.0

    def memory_bytes(self) -> tuple[int, int]:
        """Bytes charged in all, and of these what cannot be dropped (anonymous and shared); 0 when unknown."""
        try:
            if "memory" in hierarchies().accounting:
                folder = hierarchies().accounting["memory"] / self.path
                stat = _table(folder / "memory.stat")
                held = stat.get("total_rss", 0) + stat.get("total_shmem", 0)
                return int((folder / "memory.usage_in_bytes").read_text()), held
            stat = _table(self.unified / "memory.stat")
            return int((self.unified / "memory.current").read_text()), stat.get("anon", 0) + stat.get("shmem", 0)
        except OSError:
            return 0, 0

    def pss_bytes(self) -> int:
        """Proportional set size of every process in it."""
        total = 0
        for pid in self.pids():
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total * 1024


def start_time(pid: int) -> str:
    """In clock ticks since this machine's boot: with the pid, one process and no other."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _pids_in_namespaces(pid: int) -> list[int]:
    """The process's pid in each nested pid namespace, outermost first."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return []
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return [int(word) for word in line.split()[1:]]
    return []


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def _table(path: Path) -> dict[str, int]:
    return {key: int(value) for key, value in (line.split()[:2] for line in path.read_text().splitlines())}
