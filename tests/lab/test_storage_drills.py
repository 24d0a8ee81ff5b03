"""Drills of block storage on the standing lab, where it has some: disks stand still for a while, and lose nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest
from standing_lab import Standing
from test_drills import measured

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


@pytest.fixture
def stored(standing: Standing) -> Standing:
    if "ceph-osd" not in standing.cloud.services:
        pytest.skip("this lab has no block storage")
    return standing


def drilled(stored: Standing, drill: str) -> dict[str, dict[str, Any]]:
    """The probes of that drill by name. No audit was anything but ok, and no API that stores nothing noticed: none was
    refused or answered wrongly, none was out while hosts were away for longer than a null drill shows on a busy
    machine (their return takes all cores)."""
    report = measured(stored, drill)
    audits = {audit["name"]: audit for audit in report["audits"]}
    assert {audit["verdict"] for audit in audits.values()} == {"ok"}, audits
    assert "acknowledged-blocks" in audits
    probes = {probe["name"]: probe for probe in report["probes"]}
    for name in ("token", "read", "write"):
        assert set(probes[name]["kinds"]) <= {"deadline"}, probes[name]
        assert probes[name]["phases"]["fault"]["outage"]["lower_s"] < 2, probes[name]
    return probes


@pytest.mark.parametrize(
    ("drill", "seconds"),
    [
        # What it costs is told by `scripts/bench storage`; a busy machine adds a second or two. These are what it would
        # cost at least if the mechanism did not work.
        ("osd-kill", 6),  # Its neighbours would wait for its heartbeats, not hear a refusal.
        ("storage-host-power-loss", 20),  # Ceph's own grace.
        ("storage-host-isolate", 20),
        ("mon-leader-kill", 4),  # A lease and an election: disks would stand on the monitors.
    ],
)
def test_disks_stand_still_no_longer_than(stored: Standing, drill: str, seconds: float):
    probes = drilled(stored, drill)
    for name in ("block-write", "block-read"):
        assert probes[name]["outage"]["upper_s"] is not None
        assert probes[name]["outage"]["upper_s"] <= seconds
    if "host" in drill:
        assert probes["block-write"]["errors"] > 0, "a copy of every block was there: somebody must have noticed"


def test_two_storage_hosts_block_and_lose_nothing(stored: Standing):
    probes = drilled(stored, "two-storage-hosts")
    assert probes["block-write"]["phases"]["fault"]["outage"]["lower_s"] > 20
    assert probes["block-write"]["outage"]["upper_s"] is not None, "it went on by itself"
