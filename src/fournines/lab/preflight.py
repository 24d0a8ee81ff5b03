"""Can this machine carry the lab? Asked before anything is made, and answered all at once.

What can be tried is tried, in namespaces that vanish with the trial: an overlay with a whiteout on the file system
of the state folder, a bridge, a veth. The rest is compared: memory, disk, programs, capabilities, routes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fournines.cloud.model import Cloud, Host
from fournines.errors import NinesError, PreflightError
from fournines.lab import image, network
from fournines.lab.cgroups import Group, hierarchies
from fournines.lab.machine import Machine
from fournines.lab.names import Names
from fournines.state import State, state_root

Smaller = Callable[[], Cloud | None]
"""A cloud to propose where memory is too small for the one that is wanted; None: there is none."""

_MB = 2**20
# By role, as PSS on labs: a controller 2.7 to 2.9 GB, a network host with one router 1.0 to 1.5, a storage host of two
# disks 0.28 to 0.44, a compute host 0.53 and 0.17 more for a guest, a host without services 15 MiB (30 MiB of cgroup).
_ROLE_MB = {"control": 2750, "network": 1250, "compute": 700, "storage": 100}
_BARE_MB = 60
_DISK_MB = 150
_SPARE_MB = 400
# Measured: 0.17 GB for the base alone, 2.1 GB and 0.35 GB of packages with every service of the control plane.
_IMAGE_MB, _SERVICES_MB = 500, 3000
_NODE_MB = 600

_PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "setsid": "util-linux",
    "unshare": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
_BUILD_PROGRAMS = {"mmdebstrap": "mmdebstrap", "dpkg-divert": "dpkg", "chroot": "coreutils"}
_CAPABILITIES = {
    0: "CAP_CHOWN",
    5: "CAP_KILL",
    7: "CAP_SETUID",
    12: "CAP_NET_ADMIN",
    18: "CAP_SYS_CHROOT",
    21: "CAP_SYS_ADMIN",
    27: "CAP_MKNOD",
    31: "CAP_SETFCAP",
}

_TRIAL = """
cd "$1" || exit 1
try() { name=$1; shift; "$@" >out 2>&1 || echo "$name: $(tail -n 1 out)"; }
mkdir -p lower upper work merged; : >lower/file
try "overlay file systems" mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
try "overlay whiteouts" rm merged/file
try "device nodes in the state folder" mknod upper/whiteout c 0 0
try "tmpfs" mount -t tmpfs tmpfs merged
try "network bridges" ip link add trial type bridge
try "veth pairs" ip link add trial0 type veth peer name trial1
exit 0
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that this machine lacks."""

    what: str
    remedy: str


def memory_mb(cloud: Cloud, hosts: Iterable[Host]) -> int:
    """What these hosts of the cloud are expected to take, in MiB: an estimate by their roles."""
    serving = {host.name for placement in cloud.services.values() for host in placement.hosts}
    return _SPARE_MB + sum(_host_mb(host) if host.name in serving else _BARE_MB for host in hosts)


def _host_mb(host: Host) -> int:
    return sum(_ROLE_MB[role] for role in host.roles) + len(host.disks) * _DISK_MB


def check(cloud: Cloud, state: State, wanted: image.Recipe, smaller: Smaller = lambda: None) -> list[Problem]:
    """Everything that this machine lacks for that cloud's lab, given what of it runs already. Changes nothing."""
    built = image.path_of(wanted).is_dir()
    off = [host for host in cloud.hosts if not _runs(state, host.name)]
    missing = [
        *_programs({} if built else _BUILD_PROGRAMS),
        *_memory(cloud, off, available_memory_mb(Path("/proc/meminfo").read_text()), smaller),
        *_disk(cloud, off, state, built),
    ]
    if "management" in cloud.networks and cloud.networks["management"].gateway is None:
        missing.append(
            Problem(
                "the management network has no gateway: this machine needs an address there to reach the hosts",
                "give networks.management a gateway",
            )
        )
    if os.geteuid() != 0:
        return [Problem("it needs root", "run it as root"), *missing]
    if lacking := missing_capabilities(Path("/proc/self/status").read_text()):
        missing.append(
            Problem(
                f"root lacks the capabilities {', '.join(lacking)}",
                "run it on a machine, or in a container that is given them (docker run --privileged)",
            )
        )
    missing += _trial(state.lab / ".preflight")
    missing += _cgroups(state)
    if shutil.which("ip"):
        missing += [
            Problem(text, "give the network another cidr, or take the other one down")
            for text in network.conflicts(Names.of(state), cloud.networks.values())
        ]
    return missing


def require(cloud: Cloud, state: State, wanted: image.Recipe, smaller: Smaller = lambda: None) -> None:
    """Raises PreflightError that names every problem at once, and what works without a lab."""
    if problems := check(cloud, state, wanted, smaller):
        lines = [f"  - {problem.what}\n      {problem.remedy}" for problem in problems]
        raise PreflightError(
            f"this machine cannot carry the lab {cloud.name}:\n" + "\n".join(lines),
            "without a lab these still work: nines schema, nines plan and apply on hosts of the ssh provider, "
            "and the tests that need no root",
        )


def _programs(more: dict[str, str]) -> Iterable[Problem]:
    lacking = {name: package for name, package in {**_PROGRAMS, **more}.items() if not shutil.which(name)}
    if lacking:
        packages = " ".join(sorted(set(lacking.values())))
        yield Problem(f"programs are missing: {', '.join(sorted(lacking))}", f"apt-get install {packages}")


def _memory(cloud: Cloud, off: Sequence[Host], free: int, smaller: Smaller) -> Iterable[Problem]:
    if not off or free >= (need := memory_mb(cloud, off)):
        return
    remedy = f"free {need - free} MiB, or declare fewer hosts"
    other = smaller()
    if other and other.name != cloud.name and (its := memory_mb(other, other.hosts)) < need:
        remedy = (
            f"nines up {other.name}: its {len(other.hosts)} hosts need about {its} MiB"
            if its <= free
            else f"free {need - free} MiB, or {its - free} MiB for the smaller one: nines up {other.name}"
        )
    yield Problem(f"{len(off)} hosts need about {need} MiB of memory, {free} MiB are available", remedy)


def _disk(cloud: Cloud, off: Iterable[Host], state: State, built: bool) -> Iterable[Problem]:
    fresh = [host for host in off if not (state.lab / "hosts" / host.name / "upper").is_dir()]
    need = len(fresh) * _NODE_MB + (0 if built else _SERVICES_MB if cloud.services else _IMAGE_MB)
    free = shutil.disk_usage(_existing(state_root())).free // _MB
    if free < need:
        yield Problem(
            f"{state_root()} needs about {need} MiB of disk, {free} MiB are free",
            "free some, or set NINES_STATE to a folder on a larger disk",
        )


def _runs(state: State, host: str) -> bool:
    try:
        return Machine.of(state, host).power() == "on"
    except NinesError:
        return False


def available_memory_mb(meminfo: str) -> int:
    """MemAvailable in the text of /proc/meminfo, in MiB."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def missing_capabilities(status: str) -> list[str]:
    """Those that a lab needs and the process of that /proc/PID/status has not."""
    held = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)
    return [name for bit, name in sorted(_CAPABILITIES.items()) if not held >> bit & 1]


def _trial(folder: Path) -> Iterable[Problem]:
    """Where the hosts' layers will be. The caller holds the cloud's lock: what a killed trial left is removed."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        done = subprocess.run(
            [
                *("unshare", "--mount", "--propagation", "private", "--net", "--pid", "--ipc", "--uts", "--cgroup"),
                *("--fork", "--kill-child", "sh", "-c", _TRIAL, "nines", str(folder)),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Problem(f"cannot try out namespaces and mounts in {folder}: {error}", "see the message")
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        yield Problem(
            f"cannot make namespaces: {done.stderr.strip()[-300:]}",
            "the kernel needs mount, network, pid, ipc, uts and cgroup namespaces, and root the right to make them",
        )
    for line in done.stdout.splitlines():
        yield Problem(f"does not work here: {line}", "the kernel needs it, and root the right to use it")


def _cgroups(state: State) -> Iterable[Problem]:
    try:
        trial = Group(Names.of(state).trial_group)
        trial.create()
        has_events = (hierarchies().unified / trial.path / "cgroup.events").exists()
        trial.remove()
    except NinesError as error:
        yield Problem(error.message, error.remedy)
        return
    except OSError as error:
        yield Problem(f"cannot make a cgroup: {error}", "remount the cgroup file systems writable")
        return
    if not has_events:
        yield Problem("the unified cgroup hierarchy has no cgroup.events", "run a kernel of Debian 12 or newer")
