"""A whole drill with the real prober against a real HTTPS server. The cloud's hosts are stand-ins here: the lab
tests drill the real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from little_cloud import LittleCloud, Member

from fournines.cloud.model import Cloud, Endpoint, Host, Network, Placement
from fournines.cloud.strategies import ACTIVE_ACTIVE, QUORUM
from fournines.converge.events import silent
from fournines.converge.inspect import HostView, ServiceView
from fournines.converge.look import Seen
from fournines.errors import DrillError
from fournines.faults import Fault, named
from fournines.hosts import Host as Reached
from fournines.probes import Connections
from fournines.prove.drill import Run
from fournines.prove.forecast import Forecast
from fournines.prove.healed import always_healed
from fournines.prove.results import Results
from fournines.prove.targets import NOWHERE
from fournines.prove.windows import Windows
from fournines.verify.run import Verified

APIS = ("keystone", "glance", "horizon", "radosgw")
QUICK = Windows(baseline=3, steady=3, served=20, healthy=10, failback=3)
"""Room for the slowest probe, which makes a request every two seconds, and for what a busy machine tells late."""


@dataclass
class Stop(Fault):
    """The API refuses connections for two seconds and comes back by itself, as after a failover."""

    name = "stop"
    letter = "D"
    silences = True
    keystone: LittleCloud
    healed: int = 0
    truth: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def inject(self, targets: Sequence[Reached]) -> None:
        self.truth.append(self.keystone.become("refuse"))
        threading.Timer(2.4, lambda: self.truth.append(self.keystone.become("up"))).start()

    def heal(self, targets: Sequence[Reached]) -> None:
        self.healed += 1


def cloud() -> Cloud:
    address = {"management": IPv4Address("127.0.0.1")}
    hosts = tuple(Host(f"c{n}", n, frozenset(), None, "nova", (), (), address, None, None) for n in (1, 2, 3))
    network = Network("management", IPv4Network("127.0.0.0/8"), IPv4Address("127.0.0.1"), None, 1500)
    services = {
        "pacemaker": Placement("pacemaker", QUORUM, hosts, (), ()),
        "galera": Placement("galera", QUORUM, hosts, (), ()),
        **{name: Placement(name, ACTIVE_ACTIVE, hosts, (), (Endpoint(name, 5000),)) for name in APIS},
    }
    return Cloud("lab", "RegionOne", "cell1", 0.9999, "lab", {"management": network}, hosts, services)


def views(ok: bool = True) -> Mapping[str, HostView]:
    galera = {"status": "Primary", "uuid": "u", "conf_id": 3, "size": 3, "writer": "c2"}

    def member(facts: dict[str, Any] | None = None) -> ServiceView:
        return ServiceView(Seen(ok, "" if ok else "Joining", 0.1), facts, "")

    return {
        name: HostView(
            True,
            "",
            {"pacemaker": member({"vip": name == "c1"}), "galera": member(galera)} | {api: member() for api in APIS},
        )
        for name in ("c1", "c2", "c3")
    }


def run_of(keystone: LittleCloud, folder: Path, fault: Fault, target: str, **changed: Any) -> Run:
    known: dict[str, Any] = {
        "cloud": cloud(),
        "fleet": {name: Member(name, keystone.tables.folder) for name in ("c1", "c2", "c3")},
        "fault": fault,
        "target": target,
        "api": keystone.api(),
        "look": views,
        "verify": lambda: (Verified("keystone", True, "a token", 0.1),),
        "results": lambda: Results.new(folder, fault.name),
        "observer": silent,
        "windows": QUICK,
    }
    return Run(**(known | changed))


def test_a_drill(keystone: LittleCloud, tmp_path: Path) -> None:
    fault = Stop(keystone)
    # On the member alone: nothing that the drill could call too fast to be true.
    foretold: list[Forecast] = []
    report = run_of(keystone, tmp_path, fault, "c3", foretell=foretold.append)()
    (down_from, down_by), (up_from, up_by) = fault.truth
    data = report.as_json()
    assert list(data)[:5] == ["drill", "target", "fidelity", "probes", "audits"]
    assert data["connections"] == "fresh"
    assert (data["drill"], data["target"], data["fidelity"], data["hosts"]) == ("stop", "c3", "container", ["c3"])
    names = ["token", "read", "write", "image-read", "image-write", "dashboard", "s3-get", "s3-put"]
    assert [probe["name"] for probe in data["probes"]] == names, "in deployment order"
    for probe in data["probes"]:
        assert list(probe)[:7] == ["name", "service", "requests", "errors", "outage", "budget_s", "bound_s"]
        assert probe["requests"] > probe["errors"] > 0
        assert probe["outage"]["lower_s"] <= up_by - down_from + 0.5
        assert probe["outage"]["upper_s"] >= up_from - down_by
        assert probe["phases"]["fault"]["outage"] == probe["outage"]
        assert probe["phases"]["baseline"]["outages"] == probe["phases"]["failback"]["outages"] == 0
    verdicts = {audit["name"]: audit["verdict"] for audit in data["audits"]}
    names = ["acknowledged-objects", "acknowledged-writes", "one-primary-component", "one-vip-holder", "tables-equal"]
    assert verdicts == dict.fromkeys([*names, "recovered", "round-trips"], "ok")
    (said,) = foretold
    assert said.hosts == ("c3",)
    assert {each.probe.name: each.budget_s for each in said.probes} == {one.name: one.budget_s for one in report.probes}
    for each, one in zip(said.probes, report.probes, strict=True):
        assert each.bound_s == pytest.approx(one.bound_s, abs=0.05), "by the baseline, as the report"
    assert fault.healed >= 2
    assert keystone.tables.ids("write") | keystone.tables.ids("image-write") == set(), "the probes' rows are removed"
    assert (keystone.objects, keystone.keys) == (None, {}), "and their objects"
    latest = tmp_path / "latest"
    assert latest.is_symlink()
    assert json.loads((latest / "report.json").read_text()) == data
    marks = [json.loads(line)["what"] for line in (latest / "faults.jsonl").read_text().splitlines()]
    assert marks == ["inject", "injected", "heal", "healed", "healthy", "stop"]
    assert len((latest / "samples.jsonl").read_text().splitlines()) == sum(p["requests"] for p in data["probes"])
    text = report.text()
    assert max(len(line) for line in text.splitlines() if not line.startswith("evidence")) <= 80
    for word in ("token", "read", "write", "acknowledged-writes", "budget", "bound"):
        assert word in text
    if not report.void:  # a busy machine may stall the prober: then it says so, and that is right
        assert report.exit_code == 0


@pytest.mark.parametrize("connections", ["fresh", "kept"])
def test_null_shows_the_noise_and_breaks_nothing(
    connections: Connections, keystone: LittleCloud, tmp_path: Path
) -> None:
    report = run_of(keystone, tmp_path, named("null"), NOWHERE, connections=connections)()
    assert report.as_json()["connections"] == connections
    assert report.noise.starts == sum(probe.requests for probe in report.probes) > 0
    assert all(probe.bound_s == 0 and probe.budget_s == 0 and probe.errors == 0 for probe in report.probes)
    assert keystone.changes == []


def test_it_does_not_begin_on_a_sick_cloud(keystone: LittleCloud, tmp_path: Path) -> None:
    fault = Stop(keystone)
    windows = Windows(healthy=0.2)
    with pytest.raises(DrillError, match="galera on c1: Joining"):
        run_of(keystone, tmp_path, fault, "vip", look=lambda: views(ok=False), windows=windows)()
    assert fault.truth == []
    assert fault.healed == 2, "before, and on the way out"


def test_it_does_not_begin_while_a_host_is_in_maintenance(keystone: LittleCloud, tmp_path: Path) -> None:
    def aside(seen: Mapping[str, HostView]) -> list[str]:
        return [name for name in seen if name == "c2"]

    fault = Stop(keystone)
    with pytest.raises(DrillError, match="c2 is in maintenance") as caught:
        run_of(keystone, tmp_path, fault, "vip", aside=aside)()
    assert "nines maintain c2 --done" in str(caught.value.remedy)
    assert fault.truth == []
    assert fault.healed == 0, "it would switch on what was switched off"


def test_it_does_not_inject_after_a_dirty_baseline(keystone: LittleCloud, tmp_path: Path) -> None:
    fault = Stop(keystone)

    def observer(event: Any) -> None:
        if event.kind == "start" and event.stage == "baseline":
            keystone.become("error")

    with pytest.raises(DrillError, match=r"baseline is not clean.*status 503"):
        run_of(keystone, tmp_path, fault, "vip", observer=observer)()
    assert fault.truth == []


HEALS = """
import sys, time
from fournines.prove.healed import always_healed

def heal() -> None:
    print("healing", flush=True)
    time.sleep(0.5)
    print("healed", flush=True)

with always_healed(heal):
    print("injured", flush=True)
    time.sleep(60)
"""


def test_a_signal_heals_and_a_second_one_does_not_interrupt_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HEALS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "injured\n"
    os.kill(process.pid, signal.SIGTERM)
    assert process.stdout.readline() == "healing\n"
    os.kill(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=30)[0]
    assert rest == "healed\n"
    assert process.returncode != 0


def test_an_exception_heals() -> None:
    healed: list[float] = []
    with pytest.raises(RuntimeError, match="of the drill"), always_healed(lambda: healed.append(time.monotonic())):
        raise RuntimeError("of the drill")
    assert len(healed) == 1
