"""Timers against budgets, against clients and against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from fournines.checks import Finding
from fournines.cloud import load
from fournines.cloud.timers import LAB, METAL, Timers
from fournines.probes import catalogue as probes
from fournines.prove.bounds import Part, bound
from fournines.services import catalogue
from fournines.services.heat import Heat
from fournines.services.neutron import Neutron
from fournines.services.nova import Nova
from fournines.state import Vault

Findings = Callable[..., Sequence[Finding]]
SMALL = Path(__file__).parents[3] / "clouds/small.yaml"


def budgets(found: Sequence[Finding]) -> Mapping[str, Finding]:
    return {each.subject: each for each in found if each.code == "TIME-BUDGET"}


def test_the_lab_keeps_every_budget_but_that_of_an_api_that_hangs(good: str, findings: Findings) -> None:
    """A busy one must not be given up: three checks of five seconds have to fail."""
    for found in findings(SMALL.read_text()), findings(good, timers=LAB):
        (late,) = (each for each in found if each.code.startswith("TIME-"))
        assert (late.code, late.subject) == ("TIME-BUDGET", "class B")
        assert "18.1 s until HAProxy gives an API up that takes requests and answers none" in late.why
    quick = LAB.but({"api_check_fall": 1, "api_check_timeout": 2})
    assert not [each for each in findings(good, timers=quick) if each.code.startswith("TIME-")]


def test_real_hosts_exceed_some(good: str, findings: Findings) -> None:
    found = budgets(findings(good))
    assert set(found) == {"class B", "class C", "class D", "class F", "class H", "class O"}
    assert "12 s until another database member writes, when the writer hangs" in found["class C"].why
    assert {each.severity for each in found.values()} == {"warning"}
    assert {each.loc for each in found.values()} == {("provider", "kind")}
    assert "18.5 s until the host is fenced" in found["class D"].why
    assert "What shortens it: fence (by up to 8.5 s)" in found["class D"].why
    assert "the budget is 15 s (token, read, write, " in found["class D"].why


@pytest.mark.parametrize(
    ("changed", "letter", "told"),
    [
        ({"connect": 1.5}, "A", "1.5 s until the request goes to another server"),
        ({"monitor_interval": 25.5}, "B", "29.5 s until Pacemaker moves the VIP"),
        ({"api_check_interval": 30}, "B", "46.1 s until HAProxy gives an API up"),
        ({"evs_suspect": 8}, "C", "10 s until another database member writes"),
        ({"fence": 10}, "D", "15.8 s until the host is fenced"),
        ({"rabbit_ticktime": 30}, "E", "37.5 s until queues have leaders elsewhere"),
        ({"osd_heartbeat_grace": 24}, "F", "30.5 s until Ceph agrees"),
        ({"vrrp_advert": 2}, "G", "7.6 s until VRRP"),
        ({"osd_heartbeat_interval": 2}, "O", "3 s until its neighbours report"),
        ({"vrrp_advert": 2}, "S", "7.6 s until VRRP"),
    ],
)
def test_a_slow_timer_is_found_and_named(
    good: str, findings: Findings, changed: Mapping[str, float], letter: str, told: str
) -> None:
    found = budgets(findings(good, timers=LAB.but(changed)))[f"class {letter}"]
    assert told in found.why
    assert f"What shortens it: {next(iter(changed))}" in found.why


@pytest.mark.parametrize(
    ("letter", "lost", "probe"),
    [
        ("A", (), None),
        ("B", ("hung",), "token"),
        ("C", ("writer",), "token"),
        ("C", ("writer", "hung"), "token"),
        ("D", ("vip", "writer", "member"), "write"),
        ("F", ("osds",), "block_write"),
        ("G", ("router",), "guest_http"),
        ("S", ("router",), "guest_http"),
        ("O", ("osd",), "block_write"),
        ("H", ("guests",), "guest_http"),
    ],
)
def test_bounds_are_those_of_drills(
    good: str, findings: Findings, letter: str, lost: tuple[Part, ...], probe: str | None
) -> None:
    slow = METAL.but({"connect": 40, "vrrp_advert": 10, "osd_heartbeat_grace": 30, "guest_check_fall": 60})
    expected = bound(slow, lost, probes()[probe.replace("_", "-")], 0) if probe else slow.connect
    found = budgets(findings(good, timers=slow))[f"class {letter}"]
    assert f" {expected:.1f}".removesuffix(".0") + " s until" in found.why


def test_a_disk_that_moves_costs_what_its_takeover_does(good: str, findings: Findings) -> None:
    two = (
        good.replace("ctl[1-3]", "ctl[1-2]")
        .replace("[11-13]", "[11-12]")
        .replace("roles: [control]\n    rack: r[1-3]", "roles: [control]\n    rack: r[1-2]")
    )
    moved = "services:\n  galera: {strategy: active-backup}\n  rabbitmq: {strategy: active-backup}\n"
    text = two.replace("services:\n", moved)
    found = budgets(findings(text))
    assert "48.5 s until the database runs on another host" in found["class C"].why
    assert "the VIP moved with the database" in found["class D"].why
    assert "47.5 s until the broker runs on another host" in found["class E"].why
    clients = {each.subject: each for each in findings(text, "TIME-CLIENT")}
    assert "the broker is away for 47.5 s" in clients["rpc_response"].why
    assert "comes after up to 52.5 s (fence, disk_takeover)" in clients["agent_down"].why


@pytest.mark.parametrize(
    ("timers", "who", "told"),
    [
        (METAL.but({"database_read": 4}), "database_read", "commits wait for 5 s"),
        (METAL.but({"connect": 12}), "database_read", "tries a dead member for 12 s"),
        (METAL.but({"rabbit_ticktime": 25}), "rpc_response", "no leader for 31.2 s"),
        (METAL.but({"agent_down": 15}), "agent_down", "comes after up to 23.8 s (rabbit_ticktime)"),
        (METAL.but({"service_report": 10}), "service_down", "comes after up to 28.8 s (rabbit_ticktime)"),
        (METAL.but({"osd_heartbeat_grace": 290}), "HAProxy before glance and radosgw", "wait for up to 310 s"),
    ],
)
def test_a_client_that_gives_up_too_soon(good: str, findings: Findings, timers: Timers, who: str, told: str) -> None:
    found = {each.subject: each for each in findings(good, "TIME-CLIENT", timers)}
    assert found[who].severity == "warning"
    assert told in found[who].why
    assert not findings(good, "TIME-CLIENT")


def test_a_network_of_one_dhcp_agent_waits_until_another_is_given_it(good: str, findings: Findings) -> None:
    assert "class G" not in budgets(findings(good)), "two agents serve each network at the same time"
    alone = good.replace("services:\n", "services:\n  neutron: {dhcp_agents_per_network: 1}\n")
    found = budgets(findings(alone))["class G"]
    assert "62 s until another DHCP agent is given its networks, where the budget is 15 s (dhcp)" in found.why
    assert "What shortens it: agent_down" in found.why
    one_host = (
        alone.replace("net[1-3]", "net1").replace("[21-23]", "21").replace("r[1-3]\n    networks:", "r1\n    networks:")
    )
    assert "class G" not in budgets(findings(one_host)), "nobody else could be given it"


def test_how_long_calls_wait_is_as_rendered(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.read_text() + "services: {heat: {}}\n")
    cloud = load(file, catalogue())
    for service in (Nova(), Neutron(), Heat()):
        files = service.files(cloud, cloud.hosts[0], Vault(tmp_path))
        said = [sections["DEFAULT"]["rpc_response_timeout"] for sections in files.values() if "DEFAULT" in sections]
        assert said == [cloud.timers.rpc_response]


@pytest.mark.parametrize(
    ("late", "value", "early"),
    [
        ("corosync_consensus", 2.9, "1.2 x corosync_token (2.5 s)"),
        ("fence_timeout", 10, "fence (10 s)"),
        ("evs_inactive", 3, "evs_suspect (3 s)"),
        ("osd_heartbeat_grace", 6, "osd_heartbeat_interval (6 s)"),
        ("etcd_election", 0.4, "5 x etcd_heartbeat (0.1 s)"),
        ("agent_down", 9, "2 x agent_report (5 s)"),
        ("service_down", 9, "2 x service_report (5 s)"),
        ("database_read", 2, "database_connect (3 s)"),
        ("check_interval", 0.4, "check_fast_interval (0.5 s)"),
        ("api_check_interval", 0.4, "check_fast_interval (0.5 s)"),
    ],
)
def test_timers_that_contradict_each_other(good: str, findings: Findings, late: str, value: float, early: str) -> None:
    found = {each.subject: each for each in findings(good, "TIME-ORDER", METAL.but({late: value}))}
    assert (found[late].severity, found[late].loc) == ("error", ("timers", late))
    assert f"{late} ({value:g} s) must be" in found[late].why
    assert early in found[late].why
    assert not findings(good, "TIME-ORDER")
    assert not findings(good, "TIME-ORDER", LAB)
