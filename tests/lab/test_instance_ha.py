"""Guests outlive their host, and never run twice: the standing lab's guest, whose host dies, or is cut off, or whose
process is killed.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from ipaddress import IPv4Address
from typing import Any

import pytest
from standing_lab import Standing, of_guests

from fournines.demo.ask import ask
from fournines.errors import NinesError
from fournines.faults import named
from fournines.guest.status import GuestStatus
from fournines.prove.facts import guests

pytestmark = [
    pytest.mark.lab,
    of_guests,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

BOUND_S = 240
"""Many times what it takes; how long it takes is a drill's business."""


@pytest.fixture
def demo(standing: Standing) -> dict[str, Any]:
    """The guest, which runs."""
    return standing.json("demo")


def booted_anew(address: IPv4Address, before: GuestStatus) -> GuestStatus:
    """Its first answer after another boot, in which it knows who it is."""
    end, seen = time.monotonic() + BOUND_S, ""
    while time.monotonic() < end:
        try:
            found = ask(address, timeout=2)
            if found.boot_id != before.boot_id and found.uuid == before.uuid:
                return found
            seen = f"boot {found.boot_id} of {found.uuid}"
        except (OSError, NinesError) as error:
            seen = str(error)
        time.sleep(0.5)
    pytest.fail(f"no new boot of it within {BOUND_S} s; last seen: {seen}")


def counted(status: GuestStatus) -> int:
    assert status.counter is not None, "it has no disk"
    return status.counter


def processes(standing: Standing) -> Counter[str]:
    running, _ = guests(standing.views(), standing.cloud)
    return Counter(guest for found in running.values() for guest in found)


def well(standing: Standing) -> None:
    """By itself: nobody runs `up`."""
    end = time.monotonic() + BOUND_S
    while (done := standing.nines("status", exits=(0, 1))).returncode and time.monotonic() < end:
        time.sleep(2)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("fault", ["compute-power-loss", "compute-isolate"])
def test_the_guest_of_a_lost_host_runs_on_another_one_with_its_disk(
    standing: Standing, demo: dict[str, Any], fault: str
) -> None:
    address, host = IPv4Address(demo["address"]), standing.fleet[demo["host"]]
    before = ask(address, timeout=10)
    named(fault).inject([host])
    try:
        after = booted_anew(address, before)
        assert counted(after) >= counted(before), "it has another disk"
        assert processes(standing) == {demo["server"]: 1}
        assert standing.power(host.name).power() == "off", "it was moved from a host that might still run it"
    finally:
        named(fault).heal([host])
    well(standing)
    assert processes(standing) == {demo["server"]: 1}
    again = standing.json("demo")
    assert again["server"] == demo["server"]
    assert again["host"] != demo["host"]
    assert ask(address, timeout=10).boot_id == after.boot_id, "the return of its old host costs it nothing"


def test_a_guest_that_is_killed_is_started_again_where_it_was(standing: Standing, demo: dict[str, Any]) -> None:
    address, host = IPv4Address(demo["address"]), standing.fleet[demo["host"]]
    before = ask(address, timeout=10)
    named("instance-kill").inject([host])
    after = booted_anew(address, before)
    assert counted(after) >= counted(before)
    assert standing.json("demo")["host"] == demo["host"]
    assert processes(standing) == {demo["server"]: 1}
    well(standing)
