"""Single points of failure of what users see."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fournines.checks import Finding

Findings = Callable[..., Sequence[Finding]]


def spofs(found: Sequence[Finding]) -> list[Finding]:
    return [each for each in found if each.code.startswith("SPOF-")]


def test_a_good_design_has_none(good: str, findings: Findings):
    assert spofs(findings(good)) == []


def test_the_only_network_host_and_what_goes_with_it(good: str, findings: Findings):
    text = good.replace("net[1-3]", "net1").replace("[21-23]", "21")
    text = re.sub(r"(  net1:\n    roles: \[network\]\n    rack: )r\[1-3\]", r"\1r2", text)
    host, rack = sorted(spofs(findings(text)), key=lambda each: each.code)
    assert (host.code, host.severity, host.subject, host.loc) == ("SPOF-HOST", "error", "host net1", ("hosts", "net1"))
    assert "guests by floating IP" in host.why
    assert "guests' addresses by DHCP" in host.why
    assert "a token" not in host.why, "controllers are three"
    assert (rack.code, rack.subject, rack.loc) == ("SPOF-RACK", "rack r2", ("racks", "r2"))


def test_one_finding_for_all_that_hang_on_one_feed(good: str, findings: Findings):
    text = good.replace("feeds: [a, b], switches: [s1, s2]", "feeds: [a], switches: [s1, s2]")
    (found,) = [each for each in spofs(findings(text)) if each.code == "SPOF-FEED"]
    assert found.subject == "feed a"
    for service in ("a token", "objects by S3", "guests by floating IP"):
        assert service in found.why


def test_one_of_two_hosts_without_a_second_switch_is_none(good: str, findings: Findings):
    """Where a role has other hosts, one that hangs on one switch is nobody's single point of failure."""
    text = good.replace(
        "  cmp[1-2]:\n    roles: [compute]\n", "  cmp[1-2]:\n    roles: [compute]\n    switches: [s1]\n"
    )
    assert text != good
    assert spofs(findings(text)) == []
