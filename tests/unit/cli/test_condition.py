"""What `nines status` says, for recorded views."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fournines.cli import condition
from fournines.cli.clouds import load
from fournines.cloud.model import Cloud
from fournines.converge.inspect import HostView, ServiceView
from fournines.converge.look import Seen
from fournines.state import State

PACEMAKER = {"vip": False, "quorate": True, "online": ["c1", "c2", "c3"]}
GALERA = {"status": "Primary", "uuid": "u", "conf_id": 3, "size": 3, "state": "Synced", "ready": True, "writer": "c1"}
ETCD = {"members": ["c1", "c2", "c3"], "leader": "c2", "term": 2, "megabytes": 0.1, "errors": []}
CEPH = {
    "state": "peon",
    "leader": "s1",
    "quorum": ["s1", "s2", "s3"],
    "health": "HEALTH_OK",
    "warnings": [],
    "pgs": {"active+clean": 25},
    "bytes": 48 << 30,
    "used": 2 << 30,
    "fits": None,
    "clients": {"client.4217": "client.cinder"},
}
CONTROL, STORAGE, OTHERS = ("c1", "c2", "c3"), ("s1", "s2", "s3"), ("n1", "n2", "g1", "g2")
HOSTS = (*CONTROL, *STORAGE, *OTHERS)
RABBITMQ = {"running": ["c1", "c2", "c3"], "partitions": []}


@dataclass
class Switched:
    """A host with a switch."""

    name: str
    state: str = "on"

    def argv(self, command: object) -> list[str]:
        raise NotImplementedError

    def power(self) -> str:
        return self.state

    def power_on(self) -> None:
        raise NotImplementedError

    def power_off(self) -> None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return load("lab")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    return State("lab")


def member(facts: Mapping[str, Any] | None = None, ok: bool = True, seen: str = "") -> ServiceView:
    return ServiceView(Seen(ok, seen, 0.1), facts, "")


def well(name: str) -> HostView:
    if name in STORAGE:
        return storage()
    if name in OTHERS:
        return HostView(True, "", {"openvswitch": member(), "neutron-openvswitch": member()})
    services = {
        "pacemaker": member(PACEMAKER | {"vip": name == "c2"}),
        "galera": member(GALERA),
        "rabbitmq": member(RABBITMQ),
        "etcd": member(ETCD),
        "haproxy-local": member({"galera": 1, "etcd": 3}),
        "memcached": ServiceView(None, None, ""),
        "keystone": member(),
    }
    return HostView(True, "", services)


def storage(slow: tuple[dict[str, Any], ...] = (), **ceph: Any) -> HostView:
    osds = member({"up": [0, 1], "down": [], "slow": list(slow)})
    return HostView(True, "", {"ceph": member(CEPH | ceph), "ceph-mgr": member(), "ceph-osd": osds})


GONE = HostView(False, "no answer within 10 s", {})


def views(**others: HostView) -> dict[str, HostView]:
    return {name: others.get(name, well(name)) for name in HOSTS}


def drawn(found: Mapping[str, Any], width: int = 80) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), highlight=False)
    condition.draw(found, console)
    return console.export_text()


def of(cloud: Cloud, state: State, seen: dict[str, HostView], off: str = "") -> dict[str, Any]:
    seen = {name: seen.get(name, well(name)) for name in HOSTS}
    fleet: Any = {name: Switched(name, "off" if name == off else "on") for name in seen}
    return condition.of(cloud, state, fleet, seen)


def test_all_well(cloud: Cloud, state: State) -> None:
    state.clouds_yaml.write_text("")
    found = of(cloud, state, views())
    assert (found["ok"], found["problems"]) == (True, [])
    assert found["vip"] == {"address": "10.71.0.10", "holders": ["c2"]}
    assert found["clouds_yaml"] == str(state.clouds_yaml)
    assert {name: (each["ok"], each["members"]) for name, each in found["quorum"].items()} == {
        "pacemaker": (True, 3),
        "galera": (True, 3),
        "rabbitmq": (True, 3),
        "etcd": (True, 3),
        "ceph": (True, 3),
    }
    assert found["hosts"]["c1"]["power"] == "on"
    assert found["hosts"]["c1"]["services"]["memcached"]["ok"] is None
    assert found["hosts"]["c1"]["bmc"].endswith("/redfish/v1/Systems/c1")
    assert json.loads(json.dumps(found)) == found
    text = drawn(found)
    assert max(len(line) for line in text.splitlines() if "OS_CLIENT_CONFIG_FILE" not in line) <= 80
    assert "lab is well." in text
    assert "writer c1" in text


def test_one_host_without_power_leaves_quorum(cloud: Cloud, state: State) -> None:
    two = ["c1", "c2"]
    left = {
        name: HostView(
            True,
            "",
            {
                "pacemaker": member(PACEMAKER | {"online": two, "vip": name == "c2"}),
                "galera": member(GALERA),
                "rabbitmq": member(RABBITMQ | {"running": two}),
                "etcd": member(ETCD),
            },
        )
        for name in two
    }
    found = of(cloud, state, views(c3=GONE, **left), off="c3")
    assert found["problems"] == ["c3 is powered off"]
    assert not found["ok"]
    assert [each["ok"] for each in found["quorum"].values()] == [True] * 5
    assert "c3 is powered off" in drawn(found)


@pytest.mark.parametrize(("holding", "said"), [((), "no host"), (("c1", "c3"), "c1 and c3")])
def test_the_vip_is_on_one_host(cloud: Cloud, state: State, holding: tuple[str, ...], said: str) -> None:
    seen = {
        name: HostView(
            True, "", dict(well(name).services) | {"pacemaker": member(PACEMAKER | {"vip": name in holding})}
        )
        for name in ("c1", "c2", "c3")
    }
    assert of(cloud, state, seen)["problems"] == [f"the VIP 10.71.0.10 is on {said}"]


@pytest.mark.parametrize(
    ("service", "facts"),
    [
        ("pacemaker", {"vip": False, "quorate": False, "online": ["c1"]}),
        ("galera", GALERA | {"status": "non-Primary"}),
        ("galera", {"error": "cannot connect"}),
        ("rabbitmq", {"running": ["c1"], "partitions": []}),
        ("rabbitmq", {"running": [], "partitions": []}),
        ("etcd", ETCD | {"leader": None, "errors": ["etcdserver: no leader"]}),
    ],
)
def test_a_lost_quorum_is_told(cloud: Cloud, state: State, service: str, facts: dict[str, Any]) -> None:
    seen = {
        name: HostView(True, "", dict(well(name).services) | {service: member(facts)}) for name in ("c1", "c2", "c3")
    }
    found = of(cloud, state, seen)
    assert not found["ok"]
    assert not found["quorum"][service]["ok"]


def test_two_primary_components_are_no_quorum(cloud: Cloud, state: State) -> None:
    alone = HostView(True, "", dict(well("c3").services) | {"galera": member(GALERA | {"uuid": "another"})})
    assert of(cloud, state, views(c3=alone))["quorum"]["galera"]["detail"] == "2 primary components"


def test_a_host_that_reaches_no_member_by_its_own_proxy_is_told(cloud: Cloud, state: State) -> None:
    cut = HostView(True, "", dict(well("c1").services) | {"haproxy-local": member({"galera": 0, "etcd": 2})})
    assert of(cloud, state, views(c1=cut))["problems"] == ["c1: no way to galera through haproxy-local"]


def test_what_is_not_healthy_is_told_with_what_was_seen(cloud: Cloud, state: State) -> None:
    sick = HostView(True, "", dict(well("c1").services) | {"keystone": member(ok=False, seen="status 503\nbad")})
    found = of(cloud, state, views(c1=sick))
    assert found["problems"] == ["keystone on c1 is not healthy: status 503 bad"]
    assert "NOT HEALTHY" in drawn(found, width=150)
    assert "keystone" in drawn(found)


def test_room_after_a_failure_and_who_suffers_are_told(cloud: Cloud, state: State) -> None:
    found = of(cloud, state, views())
    assert found["remarks"] == [
        "ceph: HEALTH_OK; placement groups: 25 active+clean",
        "ceph: 2.0 of 48.0 GiB used; no host to spare: the copies of a dead one are not made again until it is back",
    ]
    waits = {"client": "client.4217", "address": "10.71.2.12", "seconds": 31.4, "what": "osd_op(...)"}
    sick = storage((waits,), health="HEALTH_WARN", warnings=["OSD_DOWN: 1 osds down"], fits=False)
    found = of(cloud, state, views(s1=sick))
    assert found["problems"] == [
        "ceph: OSD_DOWN: 1 osds down",
        "ceph: 2.0 of 48.0 GiB used; when a host dies, its copies do NOT fit on the others: add disks",
        "ceph: client.cinder on c2 waits for 1 requests, the oldest for 31 s",
    ]
    text = drawn(found)
    assert max(len(line) for line in text.splitlines() if not line.startswith("ceph: ")) <= 80


def test_many_hosts_go_down_the_page(cloud: Cloud, state: State) -> None:
    found = of(cloud, state, views())
    found["hosts"] = {f"compute{number}": found["hosts"]["c1"] for number in range(30)}
    text = drawn(found)
    assert "compute29" in text
    assert max(len(line) for line in text.splitlines() if "OS_CLIENT_CONFIG_FILE" not in line) <= 80


def test_nothing_is_reachable(cloud: Cloud, state: State) -> None:
    found = of(cloud, state, dict.fromkeys(HOSTS, GONE))
    assert not found["ok"]
    assert "the VIP 10.71.0.10 is on no host" in found["problems"]
    assert found["clouds_yaml"] is None
    drawn(found)


def shown(state: State, *names: str) -> dict[str, Seen]:
    """What a host shows that has what the vault holds."""
    held = state.vault().certificates()
    return {
        name: Seen(
            True,
            json.dumps(
                {
                    "not_after": held[name].not_valid_after_utc.timestamp(),
                    "serial": f"{held[name].serial_number:X}",
                }
            ),
            0.1,
        )
        for name in names
    }


def showing(state: State, **others: dict[str, Seen]) -> dict[str, HostView]:
    """All well, the vault holding certificates that end within a year and hosts showing them."""
    vault = state.vault()
    names = ["api", *(f"{service}-{host}" for service in ("galera", "rabbitmq") for host in ("c1", "c2", "c3"))]
    for name in names:
        vault.certificate(name, [name])
    return {
        host: replace(
            well(host),
            certificates=shown(state, "api", f"galera-{host}", f"rabbitmq-{host}") | others.get(host, {}),
        )
        for host in ("c1", "c2", "c3")
    }


def test_certificates_are_listed_with_the_days_they_have_left(cloud: Cloud, state: State) -> None:
    found = of(cloud, state, showing(state))
    assert found["problems"] == []
    listed = found["certificates"]
    assert list(listed)[:4] == ["ca", "api", "etcd-c1", "etcd-c2"]
    assert listed["api"]["hosts"] == ["c1", "c2", "c3"]
    assert listed["galera-c2"]["hosts"] == ["c2"]
    assert (listed["api"]["days_left"], listed["ca"]["days_left"]) == (396, 3649)
    assert json.loads(json.dumps(found)) == found
    assert "certificates: 8, api ends first, in 396 days" in drawn(found)


def test_a_certificate_near_its_end_is_a_problem(cloud: Cloud, state: State) -> None:
    soon = json.dumps({"not_after": time.time() + 10.5 * 86400, "serial": "1"})
    found = of(cloud, state, showing(state, c2={"galera-c2": Seen(True, soon, 0.1)}))
    assert found["certificates"]["galera-c2"]["days_left"] == 10, "what a host shows counts, not what the vault holds"
    assert found["problems"] == [
        "c2 shows another certificate galera-c2 than the vault's: nines apply",
        "the certificate galera-c2 ends in 10 days: nines apply",
    ]


def test_a_certificate_that_cannot_be_trusted_is_a_problem_of_a_healthy_service_only(
    cloud: Cloud, state: State
) -> None:
    bad = {"rabbitmq-c3": Seen(False, "CERTIFICATE_VERIFY_FAILED", 0.1)}
    seen = showing(state, c3=bad)
    assert of(cloud, state, seen)["problems"] == ["c3 shows no good certificate rabbitmq-c3: CERTIFICATE_VERIFY_FAILED"]
    services = dict(seen["c3"].services) | {"rabbitmq": member(RABBITMQ, ok=False, seen="refused")}
    seen["c3"] = replace(seen["c3"], services=services)
    assert of(cloud, state, seen)["problems"] == ["rabbitmq on c3 is not healthy: refused"]
