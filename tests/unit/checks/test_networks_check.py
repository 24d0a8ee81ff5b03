"""Links, packet sizes, shared networks and addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fournines.checks import Finding

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]
SMALL = Path(__file__).parents[3] / "clouds/small.yaml"


def test_the_good_design_has_none_of_these(good: str, findings: Findings) -> None:
    assert not [each for each in findings(good) if each.code.startswith("NET-")]


def test_a_trunk_on_one_switch(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(("  net[1-3]:\n", "  net[1-3]:\n    switches: [s1]\n")), "NET-ONE-LINK")
    assert (found.severity, found.subject) == ("error", "network management")
    assert "net1, net2 and net3 of its 18 hosts are on it by switch s1 only" in found.why
    assert found.loc == ("networks", "management", "trunk")


def test_a_network_that_is_no_trunk_may_have_one_switch(spoilt: Spoilt, findings: Findings) -> None:
    text = spoilt(("  net[1-3]:\n", "  net[1-3]:\n    switches: [s1]\n"), (", trunk: true", ""))
    assert not findings(text, "NET-ONE-LINK")


@pytest.mark.parametrize(
    ("mtu", "severity", "guests"),
    [(1329, "error", 1279), (1330, "warning", 1280), (1500, "warning", 1450), (1550, None, 1500)],
)
def test_packets_of_guests(spoilt: Spoilt, findings: Findings, mtu: int, severity: str | None, guests: int) -> None:
    tunnel = "tunnel: {cidr: 10.20.1.0/24, mtu: "
    found = findings(spoilt((tunnel + "9000", f"{tunnel}{mtu}")), "NET-MTU")
    assert [each.severity for each in found] == ([severity] if severity else [])
    for each in found:
        assert (each.subject, each.loc) == ("network tunnel", ("networks", "tunnel", "mtu"))
        assert f"leave guests {guests}" in each.why


def test_in_a_lab_small_packets_are_a_note(findings: Findings) -> None:
    assert [each.severity for each in findings(SMALL.read_text(), "NET-MTU")] == ["note"]


def without_storage(good: str) -> str:
    lines = [line for line in good.splitlines(keepends=True) if not line.startswith("  storage: {cidr")]
    text = "".join(lines)
    for addresses in ("11-13", "31-32", "33-34", "35-36", "41-42", "43-44", "45-46"):
        text = text.replace(f', storage: "10.20.2.[{addresses}]"', "")
    return text


def test_storage_on_the_management_network(good: str, findings: Findings) -> None:
    (found,) = findings(without_storage(good), "NET-STORAGE-SHARED")
    assert (found.severity, found.subject) == ("warning", "network management")
    assert "12 disks of 6 storage hosts" in found.why


@pytest.mark.parametrize(("prefix", "left"), [(26, None), (27, 26), (28, None)])
def test_addresses_for_floating_ips(spoilt: Spoilt, findings: Findings, prefix: int, left: int | None) -> None:
    hosts = ("203.0.113.[21-23]", "203.0.113.[2-4]")
    found = findings(spoilt(hosts, ("203.0.113.0/24", f"203.0.113.0/{prefix}")), "NET-EXTERNAL-SMALL")
    assert len(found) == (prefix == 28)
    for each in found:
        assert (each.severity, each.loc) == ("warning", ("networks", "external", "cidr"))
        assert "203.0.113.0/28 has 10 addresses left" in each.why
    assert left is None or not found


def test_one_network_that_controllers_share(spoilt: Spoilt, findings: Findings) -> None:
    one = (', storage: "10.20.2.[11-13]", tunnel: "10.20.1.[11-13]"', "")
    # Ceph's clients need the storage network: a cloud without Ceph here.
    text = spoilt(one)
    hosts, _, rest = text.partition("  sto[1-2]:")
    text = (hosts + rest[rest.index("  cmp[1-2]:") :]).replace("services:\n  ceph: {failure_domain: rack}\n", "")
    (found,) = findings(text, "NET-ONE-KNET-LINK")
    assert (found.severity, found.subject) == ("note", "corosync"), "its links are doubled"
    (found,) = findings(text.replace(", trunk: true", ""), "NET-ONE-KNET-LINK")
    assert (found.severity, found.loc) == ("warning", ("hosts", "ctl1", "networks"))
    assert "ctl1, ctl2 and ctl3 share the network management only" in found.why
