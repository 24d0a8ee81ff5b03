"""A whole drill of block storage: the real probers and programs; hosts and librbd are stand-ins."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from little_ceph import ClientHost, LittleCeph
from little_cloud import LittleCloud, Member
from test_drill_run import cloud, run_of, views

from fournines.cloud.model import Placement
from fournines.cloud.strategies import QUORUM
from fournines.converge.inspect import HostView, ServiceView
from fournines.converge.look import Seen
from fournines.faults import Fault
from fournines.hosts import Host as Reached
from fournines.prove.drill import Run
from fournines.prove.windows import Windows

STORAGE = ("s1", "s2", "s3")


@dataclass
class Stands(Fault):
    """Nothing is answered for some seconds, or until it is healed."""

    name = "stands"
    letter = "F"
    silences = True
    target = "storage"
    ceph: LittleCeph
    seconds: float = 0.0
    struck: list[list[str]] = field(default_factory=list[list[str]])

    def inject(self, targets: Sequence[Reached]) -> None:
        self.struck.append([host.name for host in targets])
        self.ceph.become("blocked")
        if self.seconds:
            threading.Timer(self.seconds, lambda: self.ceph.become("up")).start()

    def heal(self, targets: Sequence[Reached]) -> None:
        self.ceph.become("up")


@dataclass
class StandsUntilHealed(Stands):
    name = "stands-until-healed"
    letter = "Q"
    target = "storage:2"
    blocks = True


class Both:
    """A controller: a database member and a client of the disks."""

    def __init__(self, name: str, keystone: LittleCloud, ceph: LittleCeph) -> None:
        self.name = name
        self._member = Member(name, keystone.tables.folder)
        self._client = ClientHost(name, ceph)

    def argv(self, command: Sequence[str]) -> list[str]:
        mine = command[0] == "mariadb" or command[:2] == ("python3", "-")
        return (self._member if mine else self._client).argv(command)


def seen() -> Mapping[str, HostView]:
    well = HostView(True, "", {name: ServiceView(Seen(True, "", 0.1), {}, "") for name in ("ceph", "ceph-osd")})
    return {**views(), **dict.fromkeys(STORAGE, well)}


def drilled(keystone: LittleCloud, ceph: LittleCeph, folder: Path, fault: Stands, **windows: float) -> dict[str, Any]:
    here = cloud()
    control = tuple(replace(host, roles=frozenset({"control"})) for host in here.hosts)
    storage = tuple(replace(here.hosts[0], name=name, roles=frozenset({"storage"})) for name in STORAGE)
    services = {name: Placement(name, QUORUM, storage, (), ()) for name in ("ceph", "ceph-osd")}
    fleet = {host.name: Both(host.name, keystone, ceph) for host in (*control, *storage)}
    run: Run = run_of(
        keystone,
        folder,
        fault,
        fault.target,
        cloud=replace(here, hosts=(*control, *storage), services={**here.services, **services}),
        fleet=fleet,
        look=seen,
        windows=Windows(baseline=3, steady=2, healthy=10, failback=3, **windows),
    )
    report = run()
    if report.void:
        pytest.skip(f"this machine stood still: {report.void}")
    assert report.text()
    return report.as_json()


def test_a_storage_host_that_is_lost(keystone: LittleCloud, tmp_path: Path) -> None:
    ceph = LittleCeph(tmp_path / "ceph")
    fault = Stands(ceph, seconds=6)
    data = drilled(keystone, ceph, tmp_path / "results", fault)
    assert fault.struck == [["s1"]]
    probes = {probe["name"]: probe for probe in data["probes"]}
    for name in ("block-write", "block-read"):
        outage = probes[name]["phases"]["fault"]["outage"]
        assert outage["lower_s"] <= 6.5
        assert 6 <= outage["upper_s"] < 60
        assert probes[name]["kinds"] == {"deadline": probes[name]["errors"]}
        assert probes[name]["budget_s"] == 30
        assert probes[name]["bound_s"] > 6
    assert probes["token"]["bound_s"] == 0, "the APIs do not stand on it"
    audits = {audit["name"]: audit["verdict"] for audit in data["audits"]}
    assert audits["acknowledged-blocks"] == "ok"
    assert "blocked-and-resumed" not in audits
    assert ceph.images() == [], "the probes' images are removed"


def test_two_storage_hosts_that_are_lost(keystone: LittleCloud, tmp_path: Path) -> None:
    """Standing still is what is asked of them; that nothing is lost, and that they go on."""
    ceph = LittleCeph(tmp_path / "ceph")
    (ceph.folder / "volumes" / "fournines-probe-of-a-killed-drill").touch()
    fault = StandsUntilHealed(ceph)
    data = drilled(keystone, ceph, tmp_path / "results", fault, blocked=5)
    assert fault.struck == [["s1", "s2"]]
    probes = {probe["name"]: probe for probe in data["probes"]}
    write = probes["block-write"]
    assert (write["budget_s"], write["bound_s"], write["budget_kept"], write["bound_held"]) == (None, None, None, None)
    assert write["phases"]["fault"]["outage"]["lower_s"] >= 4
    assert set(probes["token"]["kinds"]) <= {"deadline"}
    audits = {audit["name"]: audit for audit in data["audits"]}
    assert {audit["verdict"] for audit in audits.values()} == {"ok"}
    assert "stood still for 5 s" in audits["blocked-and-resumed"]["detail"]
    assert ceph.images() == []
