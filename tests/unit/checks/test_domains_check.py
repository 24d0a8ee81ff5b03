"""Failure domains that are not said, not apart, or not what their zones promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fournines.checks import Design, Finding
from fournines.checks.domains import Domains
from fournines.checks.fencing import Fencing
from fournines.checks.quorum import Quorum
from fournines.checks.strategies import Strategies
from fournines.cloud import load
from fournines.services import catalogue

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]

_NET = "roles: [network]\n    rack: r[1-3]"


def test_a_good_design_has_none(good: str, findings: Findings):
    assert [each for each in findings(good) if each.code.startswith("DOMAIN")] == []


def test_hosts_without_a_rack_have_nothing_else_either(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt((_NET, "roles: [network]")), "DOMAIN-UNKNOWN")
    assert (found.severity, found.subject) == ("warning", "net1, net2 and net3")
    assert "no rack and no feeds and no switches" in found.why
    assert "hosts.net1.rack" in found.fix
    assert found.loc == ("hosts", "net1", "rack")


@pytest.mark.parametrize(("key", "values"), [("feeds", "a, b"), ("switches", "s1, s2")])
def test_racks_without_feeds_or_switches(key: str, values: str, spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt((f"{key}: [{values}]", f"{key}: []")), "DOMAIN-UNKNOWN")
    assert found.subject == "ctl[1-3], net[1-3], sto[1-6] and cmp[1-6]"
    assert f"have no {key}:" in found.why
    assert "under `racks`" in found.fix
    assert found.loc == ("hosts", "ctl1", key)


def test_a_role_in_one_of_three_racks(spoilt: Spoilt, findings: Findings):
    text = spoilt((_NET, "roles: [network]\n    rack: r3"))
    (found,) = [each for each in findings(text) if each.subject == "rack r3"]
    assert (found.code, found.severity) == ("SPOF-RACK", "error")
    assert "role network (net1, net2 and net3) over r3, r1 and r2: hosts.net3.rack" in found.fix


def test_all_roles_in_the_only_rack(spoilt: Spoilt, findings: Findings):
    text = spoilt(
        *((f"rack: r{name}", "rack: r1") for name in ("[1-3]", "2", "3")),
        ("  r[1-3]: {feeds", "  r1: {feeds"),
        ("failure_domain: rack", "failure_domain: host"),
    )
    (found,) = findings(text, "SPOF-RACK")
    for role in ("control", "network", "compute", "storage"):
        assert f"role {role} (" in found.fix
    assert "declared under `racks`" in found.fix
    (why,) = findings(text, "QUORUM-DOMAIN")
    assert "clients" not in why.why, "what they miss is told once"


def test_where_every_copy_must_be_there_fewer_copies_are_the_fix(spoilt: Spoilt, findings: Findings):
    text = spoilt(("failure_domain: rack", "failure_domain: rack, min_size: 3"))
    found = findings(text, "SPOF-RACK")
    assert {each.subject for each in found} == {"rack r1", "rack r2", "rack r3"}
    assert {each.fix for each in found} == {"Set services.ceph.min_size to 2 of 3: now every copy must be there."}


def test_two_zones_on_one_feed(spoilt: Spoilt, findings: Findings):
    racks = "".join(
        f"  r{n}: {{feeds: [{feed}], switches: [s1, s2], zone: az{n}}}\n" for n, feed in enumerate("aab", 1)
    )
    text = spoilt(("  r[1-3]: {feeds: [a, b], switches: [s1, s2]}\n", racks))
    (found,) = findings(text, "DOMAIN-ZONE")
    assert (found.severity, found.subject) == ("warning", "feed a")
    assert "az1: cmp1 and cmp2; az2: cmp3 and cmp4" in found.why
    assert "cmp5" not in found.why
    assert found.loc == ("racks", "r2", "feeds")


def test_zones_with_two_feeds_each(spoilt: Spoilt, findings: Findings):
    racks = "".join(f"  r{n}: {{feeds: [a, b], switches: [s1, s2], zone: az{n}}}\n" for n in (1, 2, 3))
    assert not findings(spoilt(("  r[1-3]: {feeds: [a, b], switches: [s1, s2]}\n", racks)), "DOMAIN-ZONE")


def test_ten_thousand_hosts_are_looked_at_in_a_moment_and_told_in_a_line(tmp_path: Path, spoilt: Spoilt):
    text = spoilt(
        ("10.20.", "10.0."),
        ("0/24", "0/16"),
        *((f"10.0.{third}.[", f"10.{third}.0.[") for third in (0, 1, 2)),
        *((f"10.0.{third}.0/16", f"10.{third}.0.0/16") for third in (0, 1, 2)),
        ("10.0.9.", "10.9.9."),
        ("203.0.113.0/16", "203.0.113.0/24"),
        ("load:", f"{_many()}load:"),
    )
    file = tmp_path / "cloud.yaml"
    file.write_text(text)
    design = Design(load(file, catalogue()))
    assert len(design.cloud.hosts) > 10_000
    begun = time.process_time()
    found = [each for check in (Quorum(), Fencing(), Strategies(), Domains()) for each in check.check(design)]
    assert time.process_time() - begun < 5
    assert {each.code for each in found} == {"FENCE-COMPUTE", "FENCE-SHARED", "DOMAIN-UNKNOWN"}
    assert all(len(each.why) < 500 for each in found)


def _many() -> str:
    """10,000 compute hosts without rack and BMC."""
    return "".join(
        f"  many[{n * 250 + 10001}-{n * 250 + 10250}]:\n    roles: [compute]\n    networks: {{"
        + ", ".join(f'{name}: "10.{net}.{n + 1}.[1-250]"' for name, net in _NETS)
        + "}\n"
        for n in range(40)
    )


_NETS = (("management", 0), ("tunnel", 1), ("storage", 2))
