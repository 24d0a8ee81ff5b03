"""Who is aimed at, who is awaited, and what audits say: could not look is never ok."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from views import GONE, cloud, galera, host, member, well, with_facts

from fournines.cloud.model import Cloud, Placement
from fournines.cloud.strategies import QUORUM
from fournines.converge.inspect import HostView
from fournines.errors import DrillError, HostError
from fournines.faults import named
from fournines.probes import Api
from fournines.prove.audits import Evidence, Verdict, audit_all, catalogue
from fournines.prove.facts import Trouble, carried, in_short, struck, unhealthy
from fournines.prove.remote import Books
from fournines.prove.targets import resolve

CLOUD = cloud()
NOBODY = Api(endpoints={}, ca_file="", username="", password="", project="")


@dataclass
class Client:
    """A host on which `mariadb` prints the ids in a file."""

    name: str
    ids: Path

    def argv(self, command: Sequence[str]) -> list[str]:
        assert command[0] == "mariadb"
        if not self.ids.exists():
            raise HostError(self.name, "is off")
        return [
            sys.executable,
            "-c",
            "import sys; sys.stdin.read(); print(open(sys.argv[1]).read(), end='')",
            str(self.ids),
        ]


def judge(
    name: str, views: Mapping[str, HostView], fleet: Mapping[str, Client] | None = None, **acks: tuple[str, ...]
) -> Verdict:
    ids = {probe.replace("_", "-"): ids for probe, ids in acks.items()}
    evidence = Evidence(CLOUD, fleet or {}, views, ids, NOBODY)
    outcome, detail = catalogue()[name].look(evidence)
    return Verdict(name, outcome, detail)


def test_targets() -> None:
    views = well(vip="c2", writer="c1")
    assert resolve("vip", views, CLOUD) == ("c2",)
    assert resolve("writer", views, CLOUD) == ("c1",)
    assert resolve("c3", views, CLOUD) == ("c3",)
    assert carried(("c2",), views, CLOUD) == {"vip", "member"}
    assert carried(("c1",), views, CLOUD) == {"writer", "member"}
    assert carried(("c3",), views, CLOUD) == {"member"}
    assert carried((), views, CLOUD) == frozenset()


def stored(leader: str = "s2", hosts: int = 3) -> tuple[Cloud, dict[str, HostView]]:
    """The same cloud with so many storage hosts, of which that one leads the monitors."""
    names = [f"s{n}" for n in range(1, hosts + 1)]
    storage = tuple(
        replace(CLOUD.hosts[0], name=name, index=9 + n, roles=frozenset({"storage"})) for n, name in enumerate(names)
    )
    services = {name: Placement(name, QUORUM, storage, (), ()) for name in ("ceph", "ceph-osd")}
    mon = {"state": "peon", "leader": leader, "quorum": names}
    views = {name: host(ceph=member(mon), ceph_osd=member({"up": [0], "down": []})) for name in names}
    larger = replace(CLOUD, hosts=(*CLOUD.hosts, *storage), services={**CLOUD.services, **services})
    return larger, {**well(), **views}


def test_targets_among_storage_hosts() -> None:
    cloud, views = stored()
    assert resolve("mon-leader", views, cloud) == ("s2",)
    assert resolve("storage", views, cloud) == ("s1",)
    for target in ("storage:2", "storage:majority"):
        assert resolve(target, views, cloud) == ("s1", "s2")
    assert resolve("storage:minority", views, cloud) == resolve("storage:one", views, cloud) == ("s1",)
    assert resolve("control:all", views, cloud) == ("c1", "c2", "c3")
    assert resolve("s3,s1", views, cloud) == ("s1", "s3"), "in the spec's order"
    for target in ("storage:0", "storage:4", "storage:few", "compute", "network:all"):
        with pytest.raises(DrillError, match=f"cannot aim at {target}"):
            resolve(target, views, cloud)
    with pytest.raises(DrillError, match="no host says"):
        resolve("mon-leader", {**views, "s1": GONE, "s2": GONE, "s3": GONE}, cloud)
    with pytest.raises(DrillError, match="s1 and s2"):
        resolve("mon-leader", {**views, "s3": host(ceph=member({"leader": "s1"}))}, cloud)
    with pytest.raises(DrillError, match="no host says"):
        resolve("mon-leader", well(), CLOUD)


def test_what_storage_hosts_carry() -> None:
    cloud, views = stored()
    assert carried(("s1",), views, cloud) == {"osds", "copies"}, "no VIP and no database: no API may notice"
    assert carried(("s1",), views, stored(hosts=5)[0]) == {"osds"}
    assert struck(named("osd-kill"), ("s1",), views, cloud) == {"osd"}
    assert struck(named("mon-leader-kill"), ("s2",), views, cloud) == frozenset()
    assert struck(named("storage-host-isolate"), ("s1",), views, cloud) == {"osds", "copies"}


def test_what_a_switch_carries() -> None:
    services = {**CLOUD.services, "neutron-l3": Placement("neutron-l3", QUORUM, CLOUD.hosts, (), ())}
    cloud = replace(CLOUD, services=services)
    routers = {
        name: host(**{"neutron-l3": member({"ready": ["r"], "active": ["r"] if name == "c2" else []})})
        for name in ("c1", "c2", "c3")
    }
    assert struck(named("ovs-kill"), ("c2",), routers, cloud) == {"router"}, "another host routes after VRRP's timers"
    assert struck(named("ovs-kill"), ("c1",), routers, cloud) == frozenset()
    assert struck(named("l3-agent-kill"), ("c2",), routers, cloud) == frozenset()


@pytest.mark.parametrize(("agents", "lost"), [(1, {"dhcp"}), (2, set[str]())])
def test_a_network_s_only_dhcp_agent_is_lost_with_its_host(agents: int, lost: set[str]) -> None:
    """Of two each answers. Its process alone is not what answers."""
    options = {"dhcp_agents_per_network": agents}
    dhcp = Placement("neutron-dhcp", QUORUM, CLOUD.hosts[:2], (), ())
    servers = Placement("neutron", QUORUM, CLOUD.hosts, (), (), options=options)
    cloud = replace(CLOUD, services={"neutron-dhcp": dhcp, "neutron": servers, **CLOUD.services})
    assert struck(named("network-node-power-loss"), ("c2",), well(), cloud) - {"member"} == lost
    assert struck(named("ovs-kill"), ("c2",), well(), cloud) == lost
    assert struck(named("network-node-power-loss"), ("c3",), well(), cloud) == {"member"}
    assert struck(named("dhcp-agent-kill"), ("c2",), well(), cloud) == set()


def hosting(**running: list[str]) -> tuple[Cloud, dict[str, HostView]]:
    """Three hosts for guests, and what runs on each."""
    agents = Placement("compute-agent", QUORUM, CLOUD.hosts, (), ())
    found = {name: host(**{"compute-agent": member({"running": running.get(name, [])})}) for name in ("c1", "c2", "c3")}
    return replace(CLOUD, services={**CLOUD.services, "compute-agent": agents}), found


def test_who_runs_guests_is_aimed_at_and_loses_them_to_others() -> None:
    cloud, views = hosting(c2=["a", "b"], c3=["c"])
    assert resolve("guests", views, cloud) == ("c2",)
    assert struck(named("compute-power-loss"), ("c2",), views, cloud) == {"member", "guests"}
    assert struck(named("compute-power-loss"), ("c1",), views, cloud) == {"member"}, "nobody runs there"
    everywhere = ("c1", "c2", "c3")
    assert "guests" not in struck(named("compute-power-loss"), everywhere, views, cloud), "nobody can take them"
    with pytest.raises(DrillError, match="guests"):
        resolve("guests", hosting()[1], cloud)


@pytest.mark.parametrize(
    ("running", "outcome"),
    [
        ({"c1": ["a"], "c2": ["b"]}, "ok"),
        ({}, "ok"),
        ({"c1": ["a"], "c2": ["a", "b"]}, "fail"),
        ({"c3": ["a", "a"]}, "fail"),
    ],
)
def test_no_guest_may_have_two_processes(running: dict[str, list[str]], outcome: str) -> None:
    cloud, views = hosting(**running)
    evidence = Evidence(cloud, {}, views, {}, NOBODY)
    look = catalogue()["one-process-a-guest"].look
    assert look(evidence)[0] == outcome
    unseen = replace(evidence, views={**views, "c3": GONE})
    still_bad = outcome == "fail" and "c3" not in running
    assert look(unseen)[0] == ("fail" if still_bad else "unknown")


@dataclass
class Reader:
    """A client host whose program says what is in a file."""

    name: str
    says: Mapping[str, object] | None

    def argv(self, command: Sequence[str]) -> list[str]:
        if self.says is None:
            raise HostError(self.name, "is off")
        return [sys.executable, "-c", "import sys; sys.stdin.read(); print(sys.argv[1])", json.dumps(self.says)]


def test_acknowledged_blocks() -> None:
    cloud, views = stored()
    request = {"image": "i", "run": "00" * 16, "depth": 512}
    books = Books(probe="block-write", host="c1", request=request, entries=((0, 7, 7), (1, 7, 8)))
    good: Mapping[str, object] = {"looked": 2, "acked": 2, "bad": 0, "such": []}
    lost: Mapping[str, object] = {"looked": 2, "acked": 2, "bad": 1, "such": ["slot 0: holds 6"]}

    def look(*books: Books, **says: Mapping[str, object] | None) -> tuple[str, str]:
        fleet = {name: Reader(name, says.get(name)) for name in ("c1", "c2", "c3")}
        return catalogue()["acknowledged-blocks"].look(Evidence(cloud, fleet, views, {}, NOBODY, books))

    assert look(books, c1=lost, c2=good, c3=lost) == ("ok", "all 2 blocks of c1, read by c2"), (
        "not by the writer's host"
    )
    assert look(books, c1=good) == ("ok", "all 2 blocks of c1, read by c1"), "where there is no other"
    assert look(books, c2=lost) == ("fail", "1 of 2 blocks are wrong on c2: slot 0: holds 6")
    assert look(books)[0] == "unknown"
    assert look()[0] == "unknown"
    assert look(replace(books, entries=((0, -1, 3),)), c2=good)[0] == "unknown", "nothing acknowledged, nothing audited"


def test_members_of_a_service_are_aimed_at() -> None:
    views = well(vip="c2", writer="c3")
    assert resolve("galera", views, CLOUD) == resolve("mariadb:one", views, CLOUD) == ("c1",)
    assert resolve("galera:primary", views, CLOUD) == resolve("mariadb:primary", views, CLOUD) == ("c3",)
    assert resolve("pacemaker:primary", views, CLOUD) == ("c2",)
    assert resolve("keystone:majority", views, CLOUD) == ("c1", "c2")
    with pytest.raises(DrillError, match="no host of keystone is more than the others"):
        resolve("keystone:primary", views, CLOUD)
    with pytest.raises(DrillError, match="no such target: glance"):
        resolve("glance", views, CLOUD)


def test_racks_and_feeds_are_aimed_at() -> None:
    placed = [("r1", ("a",)), ("r1", ("a", "b")), ("r2", ("b",))]
    hosts = tuple(
        replace(host, rack=rack, feeds=feeds) for host, (rack, feeds) in zip(CLOUD.hosts, placed, strict=True)
    )
    cloud = replace(CLOUD, hosts=hosts)
    assert resolve("r1:all", well(), cloud) == ("c1", "c2")
    assert resolve("a:all", well(), cloud) == ("c1",), "the other one has a second feed"
    assert resolve("control:all", well(), cloud) == ("c1", "c2", "c3")


def test_what_one_daemon_takes_with_it() -> None:
    views = well(vip="c2", writer="c1")

    def lost(fault: str, target: str, host: str) -> set[str]:
        return {*struck(named(fault).aimed(target), (host,), views, CLOUD)}

    assert lost("kill", "galera:primary", "c1") == {"writer", "member"}
    assert lost("freeze", "mariadb", "c1") == {"writer", "member", "hung"}
    assert lost("kill", "galera", "c3") == {"member"}
    assert lost("kill", "galera-member", "c1") == set(), "the program beside it"
    assert lost("kill", "haproxy:primary", "c2") == lost("freeze", "haproxy", "c2") == {"balancer"}
    assert lost("kill", "haproxy", "c1") == set()
    assert lost("kill", "corosync", "c2") == {"vip", "member"}, "it is fenced"
    assert lost("kill", "keystone", "c2") == set()
    assert lost("freeze", "keystone", "c2") == {"hung"}
    assert lost("freeze", "rabbitmq", "c2") == {"broker"}


def test_bad_targets_are_refused_with_what_there_is() -> None:
    with pytest.raises(DrillError, match=r"c9.*vip, writer, control, c1, c2, c3, and every service and daemon"):
        resolve("c9", well(), CLOUD)
    with pytest.raises(DrillError) as caught:
        resolve("writr", well(), CLOUD)
    assert caught.value.remedy == "did you mean writer?"
    with pytest.raises(DrillError, match="no host says"):
        resolve("vip", well(vip="nobody"), CLOUD)
    with pytest.raises(DrillError, match="c1 and c2"):
        resolve("writer", with_facts(well(), "c2", "galera", galera(writer="c2")), CLOUD)


def test_who_is_not_well() -> None:
    assert unhealthy(well(), CLOUD) == []
    broken = host(pacemaker=member(), galera=member(ok=False, seen="Joining\n"))
    views = {"c1": well()["c1"], "c2": broken, "c3": GONE}
    said = ["galera on c2: Joining", "keystone on c2: not seen", "c3 does not answer: is off"]
    assert unhealthy(views, CLOUD) == said
    del views["c3"]
    assert unhealthy(views, CLOUD) == [*said[:2], "c3 does not answer"]


def test_many_who_are_not_well_are_told_in_short() -> None:
    assert in_short([]) == ""
    assert in_short([Trouble("c2", "galera", "Joining")]) == "galera on c2: Joining"
    assert in_short([Trouble("c3", "", "is off")]) == "c3 does not answer: is off"
    found = [
        Trouble("c1", "galera", "down: (2013, ...)"),
        Trouble("c1", "nova", "500"),
        Trouble("c2", "galera", "down"),
    ]
    assert in_short([*found, Trouble("c3", "", "is off")]) == "c3; galera on c1, c2; nova on c1"


def test_one_vip_holder() -> None:
    assert judge("one-vip-holder", well()).verdict == "ok"
    two = with_facts(well(), "c2", "pacemaker", {"vip": True})
    assert judge("one-vip-holder", two).verdict == "fail"
    assert judge("one-vip-holder", {**two, "c3": GONE}).verdict == "fail", "two seen are two, whoever was not seen"
    assert judge("one-vip-holder", well(vip="nobody")).verdict == "fail"
    for blind in ({**well(), "c3": GONE}, with_facts(well(), "c3", "pacemaker", None), {"c1": well()["c1"]}):
        assert judge("one-vip-holder", blind).verdict == "unknown"


def test_one_primary_component() -> None:
    name = "one-primary-component"
    assert judge(name, well()).verdict == "ok"
    split = with_facts(well(), "c3", "galera", galera(uuid="other"))
    assert judge(name, split).verdict == "fail"
    assert judge(name, {**split, "c1": GONE}).verdict == "fail"
    assert judge(name, with_facts(well(), "c3", "galera", galera(conf_id=4))).verdict == "fail"
    assert judge(name, with_facts(well(), "c3", "galera", galera(status="non-Primary"))).verdict == "fail"
    alone = {one: with_facts(well(), one, "galera", galera(size=2))[one] for one in ("c1", "c2", "c3")}
    assert judge(name, alone).verdict == "fail"
    assert judge(name, {**well(), "c3": GONE}).verdict == "unknown"
    assert judge(name, with_facts(well(), "c3", "galera", galera(status=None))).verdict == "unknown"


def test_acknowledged_writes(tmp_path: Path) -> None:
    audit = "acknowledged-writes"
    fleet = {name: Client(name, tmp_path / name) for name in ("c1", "c2", "c3")}
    whole = "write\ta\nwrite\tb\nvolume-write\tb\nwrite\tof-unknown-outcome\n"
    for one in fleet.values():
        one.ids.write_text(whole)
    both = {"write": ("a", "b"), "volume_write": ("b",)}
    found = judge(audit, well(), fleet, **both)
    assert (found.verdict, found.detail) == ("ok", "all 3 of 2 probes on each of c1, c2, c3")
    fleet["c2"].ids.write_text("write\ta\nvolume-write\tb\n")
    lost = judge(audit, well(), fleet, **both)
    assert lost.verdict == "fail"
    assert "1 of write on c2, such as b" in lost.detail, "another probe's row of that id is another"
    fleet["c3"].ids.unlink()
    assert judge(audit, well(), fleet, **both).verdict == "fail", "lost is lost, whoever was not seen"
    fleet["c2"].ids.write_text(whole)
    blind = judge(audit, well(), fleet, **both)
    assert blind.verdict == "unknown"
    assert "c3" in blind.detail
    fleet["c3"].ids.write_text(whole)
    idle = judge(audit, well(), fleet, write=("a",), volume_write=())
    assert idle.verdict == "unknown", "nothing acknowledged is nothing audited"
    assert "volume-write" in idle.detail
    for one in fleet.values():
        one.ids.write_text("")
    assert judge(audit, well(), fleet).verdict == "unknown", "no probe wrote"


def test_a_client_that_fails_is_unknown(tmp_path: Path) -> None:
    """The SQL client exits non-zero: nothing was seen."""

    class Broken(Client):
        def argv(self, command: Sequence[str]) -> list[str]:
            return [sys.executable, "-c", "import sys; sys.exit('ERROR 2002: no socket')"]

    fleet = {name: Broken(name, tmp_path) for name in ("c1", "c2", "c3")}
    verdicts = audit_all(Evidence(CLOUD, fleet, well(), {"write": ("a",)}, NOBODY))
    there = [name for name, audit in catalogue().items() if audit.service is None]
    assert [verdict.name for verdict in verdicts] == there, "and none of a service that the cloud has not"
    assert {verdict.name: verdict.verdict for verdict in verdicts}["acknowledged-writes"] == "unknown"
