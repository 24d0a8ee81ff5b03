"""Each host's firewall, tried from network namespaces that are on the lab's networks and are none of its hosts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from dataclasses import dataclass

import pytest
from standing_lab import Standing

from fournines.cloud.model import Role
from fournines.lab.names import Names, nic

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

TRY = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def one(target):
    try:
        socket.create_connection(target, 1.5).close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silent"
targets = [tuple(target) for target in json.load(sys.stdin)]
with ThreadPoolExecutor(64) as pool:
    print(json.dumps(list(pool.map(one, targets))))
"""

# A socket that believes it has been connected for long, as a client of a VIP whose holder has died.
LONG_CONNECTED = """
import socket, sys
TCP_REPAIR = 19
with socket.socket() as link:
    link.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    link.connect((sys.argv[1], int(sys.argv[2])))
    link.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
    link.settimeout(3)
    try:
        link.send(b"x")
        link.recv(1)
    except ConnectionResetError:
        print("reset")
    except TimeoutError:
        print("silence")
"""


LISTENS: dict[Role, set[int]] = {
    "control": {2379, 2380, 3306, 4567, 5000, 9200, 25672},
    "network": set(),
    "storage": {3300},
    "compute": {16514},
}
"""Ports that hosts of a role have open for others, among more."""
NOBODYS = 9
"""No daemon listens there."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=30)


@dataclass(frozen=True)
class Stranger:
    """A machine on one network that is none of the cloud's."""

    netns: str

    def python(self, program: str, *words: str, stdin: str = "") -> str:
        return subprocess.run(
            ["ip", "netns", "exec", self.netns, "python3", "-c", program, *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout

    def tries(self, address: str, ports: set[int]) -> dict[int, str]:
        """Port -> open, refused or silent."""
        targets = [(address, port) for port in sorted(ports)]
        return dict(zip(sorted(ports), json.loads(self.python(TRY, stdin=json.dumps(targets))), strict=True))


@pytest.fixture(scope="module")
def strangers(built: Standing) -> Generator[dict[str, Stranger]]:
    """One on each network, with the subnet's last address."""
    names, made = Names.of(built.state), dict[str, Stranger]()
    for network, its in built.cloud.networks.items():
        netns, port = names.netns(f"stranger-{network[:4]}"), f"st_{network[:8]}"
        ip("netns", "add", netns)
        made[network] = Stranger(netns)
        ip("-netns", netns, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", names.fabric)
        ip("-netns", netns, "address", "add", f"{its.cidr.broadcast_address - 1}/{its.cidr.prefixlen}", "dev", "eth0")
        ip("-netns", netns, "link", "set", "eth0", "up")
        ip("-netns", names.fabric, "link", "set", port, "master", nic(network), "up")
    yield made
    for stranger in made.values():
        ip("netns", "del", stranger.netns)


def listening(standing: Standing, host: str) -> set[int]:
    """TCP ports that are open on addresses other than the host's own loopback, by the kernel's word."""
    lines = standing.on(host, "ss", "-Htln").splitlines()
    return {int(line.split()[3].rsplit(":", 1)[1]) for line in lines if not line.split()[3].startswith("127.")}


@pytest.mark.parametrize("network", ["external", "tunnel", "storage"])
def test_other_networks_reach_nothing_and_hear_nothing(
    standing: Standing, strangers: dict[str, Stranger], network: str
) -> None:
    cloud, stranger = standing.cloud, strangers[network]
    for host in (host for host in cloud.hosts if network in host.addresses):
        ports = listening(standing, host.name)
        assert ports >= {22}.union(*(LISTENS[role] for role in host.roles))
        own = str(host.addresses[network])
        assert set(stranger.tries(own, ports).values()) == {"silent"}
        # A neighbour may send packets for any address of the host to this interface.
        ip("-netns", stranger.netns, "route", "replace", host.management, "via", own)
        assert set(stranger.tries(host.management, ports).values()) == {"silent"}


def test_silence_is_the_firewalls_doing(standing: Standing, strangers: dict[str, Stranger]) -> None:
    """Guards the test above: without the rules the same stranger gets in."""
    host = standing.cloud.host("c3")
    own = str(host.addresses["external"])
    standing.on("c3", "systemctl", "stop", "fournines-firewall.service")
    try:
        assert strangers["external"].tries(own, {22}) == {22: "open"}
    finally:
        standing.on("c3", "systemctl", "start", "fournines-firewall.service")
    assert strangers["external"].tries(own, {22}) == {22: "silent"}


def test_the_management_network_reaches_what_is_published_and_is_refused_the_rest_at_once(
    standing: Standing, strangers: dict[str, Stranger]
) -> None:
    cloud, stranger = standing.cloud, strangers["management"]
    published = {port for each in cloud.endpoints.values() for port in each.vip_ports if each.public}
    assert set(stranger.tries(cloud.vip, published).values()) == {"open"}
    internal = {port for each in cloud.endpoints.values() for port in each.vip_ports if not each.public}
    assert set(stranger.tries(cloud.vip, internal).values()) <= {"refused"}
    for host in cloud.hosts:
        seen = stranger.tries(host.management, {*listening(standing, host.name), NOBODYS})
        assert seen.pop(22) == "open"
        assert set(seen.values()) == {"refused"}


def test_hosts_of_the_cloud_reach_each_others_members(standing: Standing) -> None:
    ports = listening(standing, "c2") - {22}
    targets = [(standing.cloud.host("c2").management, port) for port in sorted(ports)]
    seen = json.loads(standing.on("c1", "python3", "-c", TRY, stdin=json.dumps(targets)))
    by_port = dict(zip(sorted(ports), seen, strict=True))
    for port in (2379, 2380, 2381, 3306, 4567, 5000, 9200, 25672):
        assert by_port[port] == "open", by_port


def test_a_client_of_a_vip_that_has_moved_is_reset_at_once(standing: Standing, strangers: dict[str, Stranger]) -> None:
    """The new holder knows nothing of the connection; without an answer its client would wait for 13 s and more."""
    cloud = standing.cloud
    told = strangers["management"].python(LONG_CONNECTED, cloud.vip, str(cloud.endpoints["keystone"].vip_port))
    assert told.strip() == "reset"


def test_rules_return_and_connections_live_on(standing: Standing) -> None:
    """Somebody takes our rules out of the kernel: `plan` shows it, `apply` mends it, and the database loses no peer."""

    def peers() -> set[str]:
        return {
            " ".join(line.split()[3:5])
            for line in standing.on("c2", "ss", "-Htn", "sport = 4567 or dport = 4567").splitlines()
        }

    before = peers()
    assert before
    standing.on("c2", "nft", "delete", "table", "inet", "fournines")
    assert [step["name"] for step in standing.json("plan")["steps"]] == ["load the firewall"]
    applied = standing.json("apply")
    assert applied["steps"] == [{"host": "c2", "name": "load the firewall"}]
    assert standing.json("plan")["steps"] == []
    assert peers() == before
