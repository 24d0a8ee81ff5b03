"""Majorities: one, two, even or many voters, and voters that fail together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fournines.checks import Design, Finding
from fournines.checks.quorum import Quorum
from fournines.cloud import load
from fournines.services import catalogue

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]

_CONTROLLERS = "corosync, etcd, galera, pacemaker and rabbitmq"


def controllers(number: int) -> tuple[tuple[str, str], ...]:
    """What makes so many controllers of the good design's three, each in a rack of its own."""
    names, racks, last = f"ctl[1-{number}]", f"r[1-{number}]", f"[11-{10 + number}]"
    if number == 1:
        names, racks, last = "ctl1", "r1", "11"
    return (
        ("ctl[1-3]:\n    roles: [control]\n    rack: r[1-3]", f"{names}:\n    roles: [control]\n    rack: {racks}"),
        ("  r[1-3]: {feeds", f"  r[1-{max(number, 3)}]: {{feeds"),
        ("[11-13]", last),
    )


def test_a_good_design_has_none(good: str, findings: Findings):
    assert [each for each in findings(good) if each.code.startswith("QUORUM")] == []


def test_one_voter(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt(*controllers(1)), "QUORUM-ONE")
    assert (found.severity, found.subject) == ("error", _CONTROLLERS)
    assert "ctl1 is the only voter" in found.why
    assert "a token" in found.why
    assert "Give 2 more hosts the role control" in found.fix
    assert found.loc == ("hosts", "ctl1", "roles")


def test_two_voters(spoilt: Spoilt, findings: Findings):
    text = spoilt(*controllers(2))
    (found,) = findings(text, "QUORUM-TWO")
    assert (found.severity, found.subject) == ("error", _CONTROLLERS)
    assert "ctl1 and ctl2" in found.why
    assert "two_node" in found.why
    assert "Give 1 more host the role control" in found.fix
    assert found.loc == ("hosts", "ctl2", "roles")
    assert not findings(text, "QUORUM-ONE")
    assert not findings(text, "QUORUM-EVEN")
    assert not findings(text, "QUORUM-DOMAIN"), "each rack has one of them, which is told once"


def test_two_active_backup_hosts_of_a_database_are_no_voters_for_it(spoilt: Spoilt, findings: Findings):
    text = spoilt(*controllers(2), ("services:", "services:\n  galera: {strategy: active-backup}"))
    (found,) = findings(text, "QUORUM-TWO")
    assert "galera" not in found.subject


def test_four_voters_are_even(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt(*controllers(4)), "QUORUM-EVEN")
    assert (found.severity, found.subject) == ("warning", _CONTROLLERS)
    assert "ctl1, ctl2, ctl3 and ctl4: 1 may be lost, as with 3" in found.why
    assert "halves of 2" in found.why
    assert found.loc == ("hosts", "ctl4", "roles")


def test_a_tie_breaker_is_one_more_voter_of_who_has_it(spoilt: Spoilt, findings: Findings):
    voted = "services:\n  corosync: {tie_breaker: net3}\n  galera: {tie_breaker: net3}\n"
    for number, code, without in ((2, "QUORUM-TWO", "net3"), (4, "QUORUM-EVEN", "net3")):
        (found,) = findings(spoilt(*controllers(number), ("services:\n", voted)), code)
        assert found.subject == "etcd and rabbitmq"
        assert without not in found.why
    (found,) = findings(spoilt(("services:\n", voted)), "QUORUM-EVEN")
    assert found.subject == "corosync, galera and pacemaker", "four now"


def test_a_tie_breaker_in_a_voters_rack_makes_that_a_majority(spoilt: Spoilt, findings: Findings):
    two = controllers(2)
    for host, alone in (("net3", True), ("net1", False)):
        text = spoilt(*two, ("services:\n", f"services:\n  galera: {{tie_breaker: {host}}}\n"))
        found = [each for each in findings(text, "QUORUM-DOMAIN") if "galera" in each.why]
        assert (not found) == alone, host


def test_mons_are_an_odd_number_of_however_many_hosts(good: str, findings: Findings):
    assert "sto[5-6]" in good
    assert not findings(good, "QUORUM-EVEN")


@pytest.mark.parametrize(("number", "many"), [(5, False), (7, False), (9, True)])
def test_many_voters(number: int, many: bool, spoilt: Spoilt, tmp_path: Path):
    file = tmp_path / "cloud.yaml"
    file.write_text(spoilt(*controllers(number)))
    # This family alone: others solve fault trees, which are large here.
    found = [each for each in Quorum().check(Design(load(file, catalogue()))) if each.code == "QUORUM-MANY"]
    assert len(found) == many
    if many:
        assert found[0].severity == "note"
        assert "9 voters, ctl[1-9]" in found[0].why
        assert "wait for 5 of them" in found[0].why


def test_a_majority_in_one_rack(spoilt: Spoilt, findings: Findings):
    text = spoilt(("roles: [control]\n    rack: r[1-3]", "roles: [control]\n    rack: r2"))
    (found,) = findings(text, "QUORUM-DOMAIN")
    assert (found.severity, found.subject) == ("error", "rack r2")
    assert f"ctl1, ctl2 and ctl3, all 3 voters of {_CONTROLLERS}" in found.why
    assert "over 3 racks or more, at most 1 in each" in found.fix
    assert found.loc == ("hosts", "ctl1", "rack")


def test_only_one_rack_is_declared(spoilt: Spoilt, findings: Findings):
    text = spoilt(
        *((f"rack: r{name}", "rack: r1") for name in ("[1-3]", "2", "3")),
        ("  r[1-3]: {feeds", "  r1: {feeds"),
        ("failure_domain: rack", "failure_domain: host"),
    )
    (found,) = findings(text, "QUORUM-DOMAIN")
    assert found.subject == "rack r1"
    assert "all 3 voters of corosync" in found.why
    assert "all 5 voters of ceph" in found.why, "one rack is one finding"
    assert "declare more under `racks`" in found.fix


def test_half_of_an_even_number_in_one_rack(spoilt: Spoilt, findings: Findings):
    one, *others = controllers(4)
    text = spoilt((one[0], one[1].replace("r[1-4]", "r1")), *others)
    assert [each.subject for each in findings(text, "QUORUM-DOMAIN")] == ["rack r1"]


@pytest.mark.parametrize(
    ("key", "part", "words"),
    [("feeds", "feed a", "with no other power than"), ("switches", "switch s1", "with no other network than")],
)
def test_a_majority_on_one_feed_or_switch(key: str, part: str, words: str, spoilt: Spoilt, findings: Findings):
    text = spoilt(("roles: [control]", f"roles: [control]\n    {key}: [{part.split()[1]}]"))
    (found,) = findings(text, "QUORUM-DOMAIN")
    assert (found.severity, found.subject) == ("error", part)
    assert f"{words} {part}: ctl1, ctl2 and ctl3" in found.why
    assert f"Give ctl1, ctl2 and ctl3 two {key} each" in found.fix
    assert found.loc == ("hosts", "ctl1", key)


def test_a_second_feed_is_enough(spoilt: Spoilt, findings: Findings):
    text = spoilt(("  r[1-3]: {feeds: [a, b]", "  r[1-2]: {feeds: [a, b]}\n  r3: {feeds: [a]"))
    assert not findings(text, "QUORUM-DOMAIN")
