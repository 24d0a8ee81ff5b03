"""Room for the guests of what is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fournines.checks import Finding

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]


def test_the_good_design_has_room(good: str, findings: Findings) -> None:
    for code in ("CAPACITY-GUESTS", "CAPACITY-ONE-COMPUTE", "CAPACITY-UNKNOWN"):
        assert not findings(good, code)


# A rack of three has 2 x 32 cores at 4 vCPUs each, and 2 x (256 - 1) GB.
@pytest.mark.parametrize(
    ("old", "fits", "too_many", "told"),
    [
        ("guest_vcpus: 300", 512, 513, "513 vCPUs, and without rack r1 there is room for 512 of 768"),
        ("guest_memory_gigabytes: 800", 1020, 1021, "1021 GB of memory, and without rack r1 there is room for 1020"),
    ],
)
def test_guests_of_a_rack_that_fit_nowhere(
    spoilt: Spoilt, findings: Findings, old: str, fits: int, too_many: int, told: str
) -> None:
    key = old.split(":")[0]
    assert not findings(spoilt((old, f"{key}: {fits}")), "CAPACITY-GUESTS")
    (found,) = findings(spoilt((old, f"{key}: {too_many}")), "CAPACITY-GUESTS")
    assert (found.severity, found.subject, found.loc) == ("error", "rack r1", ("load", key))
    assert told in found.why


def test_what_the_host_keeps_and_the_ratio_are_those_of_the_spec(spoilt: Spoilt, findings: Findings) -> None:
    more = ("services:\n", "services:\n  nova-compute: {cpu_allocation_ratio: 2, reserved_memory_megabytes: 65536}\n")
    (found,) = findings(spoilt(more), "CAPACITY-GUESTS")
    assert "room for 256 of 384" in found.why
    assert "room for 768 of 1152" in found.why


def test_guests_that_do_not_even_fit_into_all(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(("guest_vcpus: 300", "guest_vcpus: 900")), "CAPACITY-GUESTS")
    assert found.subject == "compute hosts"
    assert "all 6 together have room for 768" in found.why


def test_in_one_rack_a_host_is_what_may_be_lost(good: str, findings: Findings) -> None:
    text = good.replace("roles: [compute]\n    rack: r2", "roles: [compute]\n    rack: r1")
    text = text.replace("roles: [compute]\n    rack: r3", "roles: [compute]\n    rack: r1")
    assert not findings(text.replace("guest_vcpus: 300", "guest_vcpus: 640"), "CAPACITY-GUESTS")
    (found,) = findings(text.replace("guest_vcpus: 300", "guest_vcpus: 641"), "CAPACITY-GUESTS")
    assert found.subject == "host cmp1"


def test_one_compute_host(good: str, findings: Findings) -> None:
    (found,) = findings(one_compute(good), "CAPACITY-ONE-COMPUTE")
    assert (found.severity, found.subject, found.loc) == ("warning", "host cmp1", ("hosts", "cmp1", "roles"))
    assert not findings(one_compute(good).replace("guest_vcpus: 300", "guest_vcpus: 128"), "CAPACITY-ONE-COMPUTE")[1:]


def one_compute(good: str) -> str:
    first, _, rest = good.partition("  cmp[3-4]:")
    return (first + rest[rest.index("load:") :]).replace("cmp[1-2]", "cmp[1-1]").replace("[41-42]", "[41-41]")


def test_what_was_not_checked_is_said(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(("guest_vcpus: 300, ", ""), ("    memory_gigabytes: 256\n", "")), "CAPACITY-UNKNOWN")
    assert (found.severity, found.loc) == ("note", ("load",))
    assert "load.guest_vcpus; memory_gigabytes of cmp[1-6]" in found.why
