"""A host's links are cut and restored, with and without whoever cut them. Real namespaces; no host is started."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Generator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from fournines.cloud.model import Network
from fournines.lab import links, network
from fournines.lab.cgroups import Group
from fournines.lab.names import Names
from fournines.lab.network import Nic

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root"),
]
KNOCK = """
import socket
try:
    socket.create_connection(("10.99.2.1", 9), 1)
except ConnectionRefusedError:
    pass  # by a kernel that was reached
"""
NETWORKS = {"storage": Network("storage", IPv4Network("10.99.2.0/24"), None, None, 1500)}


class Pair:
    """Two hosts' namespaces on one network, and the folder of the first one."""

    def __init__(self, folder: Path) -> None:
        self.names = Names("links", folder)
        self.lock, self.note = folder / "power.lock", folder / "links-cut"
        self.lock.touch()
        network.ensure_fabric(self.names, NETWORKS.values())
        self.nics = self._plug("a", "10.99.2.1")
        self._plug("b", "10.99.2.2")

    def _plug(self, host: str, address: str) -> tuple[Nic, ...]:
        nics = network.nics(self.names, NETWORKS, host, {"storage": IPv4Address(address)})
        network.plug(self.names, host, nics, None)
        return nics

    def reaches(self) -> bool:
        done = subprocess.run(
            ["ip", "netns", "exec", self.names.netns("b"), sys.executable, "-c", KNOCK],
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def cut(self, healed_after: float) -> None:
        links.cut(self.names, "a", self.nics, self.lock, self.note, healed_after)

    def restore(self) -> None:
        links.restore(self.names, "a", self.nics, self.note)

    def await_reached(self) -> None:
        end = time.monotonic() + 20
        while not self.reaches():
            assert time.monotonic() < end


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    made = Pair(tmp_path)
    try:
        yield made
    finally:
        Group(made.names.scope).remove()
        network.remove(made.names)


def test_cut_and_restored(pair: Pair) -> None:
    pair.await_reached()
    pair.cut(600)
    pair.cut(600)
    assert not pair.reaches()
    assert Group(pair.names.links_group("a")).populated(), "what restores them is armed"
    pair.restore()
    pair.restore()
    pair.await_reached()
    assert not Group(pair.names.links_group("a")).existing()
    assert not pair.note.exists()


def test_they_are_restored_by_nobody(pair: Pair) -> None:
    pair.await_reached()
    pair.cut(1.5)
    assert not pair.reaches()
    pair.await_reached()
    end = time.monotonic() + 10
    while pair.note.exists():
        assert time.monotonic() < end


def test_never_while_its_power_is_switched(pair: Pair) -> None:
    with pair.lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        pair.cut(0.1)
        time.sleep(1)
        assert not pair.reaches()
    pair.await_reached()
