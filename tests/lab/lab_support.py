"""A small cloud without services for the lab's own tests; as a program, `up NAME NUMBER` in a process to be killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from fournines import lab
from fournines.cloud.model import Bmc, Cloud, Host, Network, Ssh
from fournines.converge.events import silent
from fournines.lab.names import Names
from fournines.state import State

NETWORKS = ("management", "tunnel", "storage", "external")
PACKAGES = ("fence-agents-redfish",)
"""The agent under test; no service."""


def cloud(name: str, number: int, hosts: int = 3, key: Path | None = None) -> Cloud:
    """A cloud in 10.NUMBER.0.0/16; with a key, one that is reached by ssh."""
    networks = {
        network: Network(network, IPv4Network(f"10.{number}.{i}.0/24"), None, IPv4Address(f"10.{number}.{i}.1"), 1500)
        for i, network in enumerate(NETWORKS)
    }
    made = tuple(
        Host(
            name=f"c{index}",
            index=index,
            roles=frozenset({"control"}),
            rack=None,
            zone="nova",
            feeds=(),
            switches=(),
            addresses={network: IPv4Address(f"10.{number}.{i}.{10 + index}") for i, network in enumerate(NETWORKS)},
            bmc=Bmc(f"10.{number}.0.1", 6230 + index, f"/redfish/v1/Systems/c{index}", "nines", None),
            ssh=Ssh(f"10.{number}.0.{10 + index}", 22, "root", str(key)) if key else None,
        )
        for index in range(1, hosts + 1)
    )
    return Cloud(name, "RegionOne", "cell1", 0.999, "ssh" if key else "lab", networks, made, {})


def traces(root: Path, labs: Sequence[str]) -> list[str]:
    """What these labs of that state folder left on this machine, searched for without the lab's own code for it."""
    names = [Names(lab, root) for lab in labs]
    prefix = names[0].prefix
    assert prefix.startswith("nines-"), "a state folder of the test's own"

    def lines(*argv: str) -> list[str]:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()

    links = [line.split(":")[1].split("@")[0].strip() for line in lines("ip", "-o", "link")]
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return [
        *(line for line in lines("ip", "netns") if line.startswith(prefix)),
        *(link for link in links if any(one.owns_link(link) for one in names)),
        *(line for line in mounts if prefix in line or f"{root}/" in line),
        *(str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{prefix}*")),
        *(str(path) for path in Path("/run/systemd/nspawn").glob(f"*/{prefix}*")),
        *_processes(prefix, str(root)),
    ]


def _processes(prefix: str, root: str) -> list[str]:
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            inside = f"/{prefix}." in (path / "cgroup").read_text()
            words = (path / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if inside or root in words:
            found.append(f"{path.name}: {words}")
    return found


if __name__ == "__main__":
    verb, name, number = sys.argv[1:]
    if verb == "up":
        lab.up(cloud(name, int(number)), PACKAGES, (), State(name), silent)
    else:
        lab.down(name, State(name), silent)
