"""Copies of data: how many, where, and whether they fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.checks import Finding
from fournines.checks.ceph import room

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]
CHOICE = "ceph: {failure_domain: rack}"
LAB = Path(__file__).parents[3] / "clouds/lab.yaml"


def chosen(words: str) -> tuple[str, str]:
    return CHOICE, f"ceph: {{{words}}}"


def test_the_good_design_has_only_the_note_that_nothing_is_to_spare(good: str, findings: Findings) -> None:
    found = [each for each in findings(good) if each.code.startswith("CEPH-")]
    assert [(each.code, each.severity, each.subject) for each in found] == [("CEPH-NO-SPARE", "note", "ceph")]
    assert "3 copies in 3 racks (r1, r2 and r3)" in found[0].why
    assert "the next loss stops I/O" in found[0].why
    assert found[0].loc == ("services", "ceph", "failure_domain")


def test_a_write_that_one_disk_has(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(chosen("failure_domain: rack, min_size: 1")), "CEPH-MIN-SIZE")
    assert (found.severity, found.loc) == ("error", ("services", "ceph", "min_size"))
    assert "1 of 3 copies" in found.why
    assert found.fix == "Set services.ceph.min_size to 2."


@pytest.mark.parametrize(
    ("size", "least", "severity"), [(4, 2, "warning"), (4, 3, None), (5, 2, "warning"), (5, 3, None), (2, 2, None)]
)
def test_half_of_the_copies(spoilt: Spoilt, findings: Findings, size: int, least: int, severity: str | None) -> None:
    found = findings(spoilt(chosen(f"size: {size}, min_size: {least}")), "CEPH-MIN-SIZE")
    assert [each.severity for each in found] == ([severity] if severity else [])


@pytest.mark.parametrize(("size", "least", "found"), [(3, 3, 1), (4, 4, 1), (3, 2, 0), (5, 4, 0), (2, 2, 0)])
def test_every_copy_must_be_there(spoilt: Spoilt, findings: Findings, size: int, least: int, found: int) -> None:
    """Of two copies both: that has a name of its own."""
    told = findings(spoilt(chosen(f"size: {size}, min_size: {least}")), "CEPH-MIN-ALL")
    assert len(told) == found
    for each in told:
        assert (each.severity, each.loc) == ("error", ("services", "ceph", "min_size"))
        assert each.fix == f"Set services.ceph.min_size to {size // 2 + 1}."


@pytest.mark.parametrize(("least", "then"), [(1, "which still takes writes"), (2, "stops I/O")])
def test_two_copies(spoilt: Spoilt, findings: Findings, least: int, then: str) -> None:
    (found,) = findings(spoilt(chosen(f"failure_domain: rack, size: 2, min_size: {least}")), "CEPH-SIZE")
    assert (found.severity, found.subject, found.loc) == ("error", "ceph", ("services", "ceph", "size"))
    assert then in found.why


def test_a_failure_domain_to_spare(spoilt: Spoilt, findings: Findings) -> None:
    assert not findings(spoilt(chosen("failure_domain: host")), "CEPH-NO-SPARE"), "six hosts for three copies"
    assert findings(spoilt(chosen("failure_domain: host, size: 6, min_size: 4")), "CEPH-NO-SPARE")


def test_copies_that_may_share_a_rack(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(chosen("failure_domain: host")), "CEPH-DOMAIN")
    assert (found.severity, found.subject) == ("warning", "racks r1, r2 and r3")
    assert "2 copies may lie in r1; when it loses power, I/O on what has only 1 of 3 copies left stops" in found.why
    assert found.loc == ("services", "ceph", "failure_domain")


def test_one_storage_host_a_rack_is_as_good_as_racks(findings: Findings) -> None:
    assert not findings(LAB.read_text(), "CEPH-DOMAIN")


def test_racks_are_not_asked_for_where_there_are_too_few(spoilt: Spoilt, findings: Findings) -> None:
    two = spoilt(chosen("failure_domain: host"), ("  sto[5-6]:\n    roles: [storage]\n    rack: r3", SIX_IN_R1))
    assert not findings(two, "CEPH-DOMAIN")


SIX_IN_R1 = "  sto[5-6]:\n    roles: [storage]\n    rack: r1"


@pytest.mark.parametrize(("stored", "found"), [(13600, 0), (13601, 1)])
def test_each_rack_must_hold_a_copy_of_everything(spoilt: Spoilt, findings: Findings, stored: int, found: int) -> None:
    told = findings(spoilt(("stored_gigabytes: 4000", f"stored_gigabytes: {stored}")), "CEPH-CAPACITY")
    assert len(told) == found
    for each in told:
        assert (each.severity, each.loc) == ("error", ("load", "stored_gigabytes"))
        assert "13601 GB are to be stored in 3 copies" in each.why
        assert "room for 13600 GB of data" in each.why


@pytest.mark.parametrize(("stored", "found"), [(11333, 0), (11334, 1)])
def test_what_is_left_after_a_host_must_do_where_there_are_some_to_spare(
    spoilt: Spoilt, findings: Findings, stored: int, found: int
) -> None:
    # Five hosts with 8000 GB are left: 40000 GB * 0.85 / 3.
    text = spoilt(chosen("failure_domain: host"), ("stored_gigabytes: 4000", f"stored_gigabytes: {stored}"))
    told = findings(text, "CEPH-CAPACITY")
    assert len(told) == found
    assert all("when host sto1 (8000 GB) is lost, the other 5 have room for 11333.3 GB" in each.why for each in told)


def test_disks_of_very_different_sizes(spoilt: Spoilt, findings: Findings) -> None:
    one = '10.20.2.[31-32]"}\n    disks: {d1: {device: /dev/sda, gigabytes: 4000}, d2: {device: /dev/sdb, gigabytes: '
    (found,) = findings(spoilt((one + "4000}", one + "24000}")), "CEPH-UNEVEN")
    assert (found.severity, found.subject) == ("warning", "rack r1")
    assert "r1 has 56000 GB, a rack has 29333.3 GB on average" in found.why
    assert "40000 of 88000 GB are of no use for 3 copies" in found.why
    less = one.replace("4000", "500")
    (found,) = findings(spoilt((one + "4000}", less + "500}")), "CEPH-UNEVEN")
    assert found.subject == "rack r1"
    assert "it is full first" in found.why


def test_what_was_not_checked_is_said(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(("stored_gigabytes: 4000, ", "")), "CEPH-ROOM-UNKNOWN")
    assert (found.severity, found.loc) == ("note", ("load",))
    (found,) = findings(
        spoilt(("d2: {device: /dev/sdb, gigabytes: 4000}", "d2: {device: /dev/sdb}")), "CEPH-ROOM-UNKNOWN"
    )
    assert "`gigabytes` of disks of sto[1-6]" in found.why
    assert found.loc == ("hosts", "sto1", "disks")


def test_a_cloud_without_ceph_is_passed_over(good: str, findings: Findings) -> None:
    hosts, _, rest = good.partition("  sto[1-2]:")
    text = hosts + rest[rest.index("  cmp[1-2]:") :]
    text = text.replace("services:\n  ceph: {failure_domain: rack}\n", "")
    assert not [each for each in findings(text) if each.code.startswith("CEPH-")]


@given(
    st.lists(st.integers(min_value=0, max_value=1000), min_size=1, max_size=8), st.integers(min_value=1, max_value=6)
)
def test_room_is_the_most_that_fits(capacities: list[int], copies: int) -> None:
    most = room(capacities, copies)

    def fits(data: float) -> bool:
        return sum(min(capacity, data) for capacity in capacities) >= copies * data - 1e-6

    assert fits(most)
    assert not fits(most + 0.01)
