"""Fencing: no BMC, one that dies with its host, one that is reached through its host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fournines.checks import Finding

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]

_LAB = Path(__file__).parents[3] / "clouds/lab.yaml"
_REST = "system: /redfish/v1/Systems/1, username: f, password_file: /etc/p"


def bmc(address: str, more: str = ", switches: [oob]") -> str:
    """A bmc line as good.yaml has it."""
    return f'    bmc: {{address: "{address}", {_REST}{more}}}\n'


_CTL = bmc("10.20.9.[11-13]")
_CMP = [bmc(f"10.20.9.[{first}-{first + 1}]") for first in (41, 43, 45)]


def test_a_good_design_has_a_note_only(good: str, findings: Findings):
    (found,) = [each for each in findings(good) if each.code.startswith("FENCE")]
    assert (found.code, found.severity, found.subject) == ("FENCE-SHARED", "note", "switch oob")
    assert "ctl1" in found.why or "ctl[1-3]" in found.why
    assert found.loc == ("hosts", "ctl1", "bmc", "switches")


def test_the_bmcs_of_controllers_on_a_switch_of_their_own(spoilt: Spoilt, findings: Findings):
    two = ("s2, oob]", "s2, oob, oob2]")
    other = (_CTL, _CTL.replace("switches: [oob]", "switches: [oob2]"))
    (found,) = findings(spoilt(two, other), "FENCE-SHARED")
    assert found.subject == "switch oob2", "of compute hosts those of another one are fenced meanwhile"
    assert "none of these can be fenced" in found.why
    assert not findings(spoilt(two, ("switches: [oob]}", "switches: [oob, oob2]}")), "FENCE-SHARED")


def test_bmcs_on_one_of_their_hosts_two_switches(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt(("switches: [oob]}", "switches: [s1]}")), "FENCE-SHARED")
    assert found.subject == "switch s1"


def test_all_bmcs_on_one_feed(spoilt: Spoilt, findings: Findings):
    text = spoilt(("switches: [oob]}", "switches: [oob], feeds: [b]}"))
    assert {each.subject for each in findings(text, "FENCE-SHARED")} == {"switch oob", "feed b"}


def test_controllers_without_any_bmc(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt((_CTL, "")), "FENCE-NONE")
    assert (found.severity, found.subject) == ("error", "ctl1, ctl2 and ctl3")
    assert "the VIP never comes up" in found.why
    assert "a token" in found.why
    assert found.loc == ("hosts", "ctl1", "bmc")


def test_one_controller_without_bmc(spoilt: Spoilt, findings: Findings):
    old = '  ctl[1-3]:\n    roles: [control]\n    rack: r[1-3]\n    networks: {management: "10.20.0.[11-13]", '
    both = old.replace("[1-3]", "[1-2]").replace("[11-13]", "[11-12]")
    alone = (
        "  ctl3:\n    roles: [control]\n    rack: r3\n"
        "    networks: {management: 10.20.0.13, storage: 10.20.2.13, tunnel: 10.20.1.13}\n"
    )
    text = spoilt((old, alone + both), ("[11-13]", "[11-12]"))
    (found,) = findings(text, "FENCE-NONE")
    assert (found.severity, found.subject) == ("error", "ctl3")
    assert "nobody can confirm that it is dead" in found.why
    assert found.loc == ("hosts", "ctl3", "bmc")


def test_compute_hosts_without_bmc_are_one_finding(spoilt: Spoilt, findings: Findings):
    text = spoilt(*((each, "") for each in _CMP))
    (found,) = findings(text, "FENCE-COMPUTE")
    assert (found.severity, found.subject) == ("warning", "cmp[1-6]")
    assert "guests cannot be started elsewhere" in found.why
    assert found.loc == ("hosts", "cmp1", "bmc")
    assert not findings(text, "FENCE-NONE")


@pytest.mark.parametrize("first", [21, 31])
def test_nobody_fences_network_and_storage_hosts(first: int, spoilt: Spoilt, findings: Findings):
    last = 23 if first == 21 else 32
    text = spoilt((bmc(f"10.20.9.[{first}-{last}]"), ""))
    assert {each.code for each in findings(text) if each.code.startswith("FENCE")} == {"FENCE-SHARED"}


def test_a_lab_makes_its_bmcs(findings: Findings):
    assert not [each for each in findings(_LAB.read_text()) if each.code.startswith("FENCE")]


@pytest.mark.parametrize(("role", "severity"), [("control", "error"), ("compute", "warning")])
def test_a_bmc_on_its_hosts_only_feed(role: str, severity: str, spoilt: Spoilt, findings: Findings):
    text = spoilt((f"roles: [{role}]", f"roles: [{role}]\n    feeds: [b]"))
    (found,) = findings(text, "FENCE-FEED")
    hosts, first = ("ctl1, ctl2 and ctl3", "ctl1") if role == "control" else ("cmp[1-6]", "cmp1")
    assert (found.severity, found.subject) == (severity, f"{hosts} on feed b")
    assert "cannot be confirmed dead" in found.why
    assert ("a token" in found.why) == (role == "control")
    assert found.loc == ("hosts", first, "bmc", "feeds")


def test_a_bmc_on_another_feed_than_its_host(spoilt: Spoilt, findings: Findings):
    text = spoilt(
        ("roles: [control]", "roles: [control]\n    feeds: [b]"), (_CTL, _CTL.replace("[oob]}", "[oob], feeds: [a]}"))
    )
    assert not findings(text, "FENCE-FEED")


def test_a_bmc_on_one_of_its_hosts_two_feeds(spoilt: Spoilt, findings: Findings):
    assert not findings(spoilt((_CTL, _CTL.replace("[oob]}", "[oob], feeds: [a]}"))), "FENCE-FEED")


@pytest.mark.parametrize(
    ("address", "owner"), [("10.20.0.[11-13]", "its host's own"), ("10.20.0.[21-23]", "net1's"), ("ctl[1-3]", "own")]
)
def test_a_bmc_at_a_hosts_address(address: str, owner: str, spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt((_CTL, bmc(address))), "FENCE-PATH")
    assert (found.severity, found.subject) == ("error", "BMC of ctl1, ctl2 and ctl3")
    assert owner in found.why
    assert found.loc == ("hosts", "ctl1", "bmc", "address")


def test_a_bmc_by_its_hosts_only_switch(spoilt: Spoilt, findings: Findings):
    text = spoilt(
        ("roles: [control]", "roles: [control]\n    switches: [s1]"),
        (_CTL, bmc("10.20.0.[61-63]", more="")),
    )
    (found,) = findings(text, "FENCE-PATH")
    assert (found.severity, found.subject) == ("warning", "ctl1, ctl2 and ctl3 on switch s1")
    assert "the cloud's own management network" in found.why
    assert found.loc == ("hosts", "ctl1", "bmc", "switches")


def test_a_bmc_by_another_switch_than_its_host(spoilt: Spoilt, findings: Findings):
    text = spoilt(("roles: [control]", "roles: [control]\n    switches: [s1]"))
    assert not findings(text, "FENCE-PATH")


def test_a_bmc_by_both_of_its_hosts_switches(spoilt: Spoilt, findings: Findings):
    assert not findings(spoilt((_CTL, bmc("10.20.0.[61-63]", more=""))), "FENCE-PATH")
