"""Galera's members as they mend themselves, on the standing lab."""

from __future__ import annotations

import os
import time

import pytest
from standing_lab import Standing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


def status(standing: Standing, host: str) -> str:
    """As its health server tells it: also while mariadbd does not run."""
    return standing.on(host, "sh", "-c", "curl -s http://$(hostname):9200/").strip()


def test_a_member_that_left_the_group_for_good_comes_back_by_itself(standing: Standing) -> None:
    """Galera leaves one so when it could not hand over all that it had missed ("node restart required")."""
    assert status(standing, "c3") == "running Primary Synced"
    standing.on("c3", "mariadb", "-e", "SET GLOBAL wsrep_cluster_address = ''")
    assert "Disconnected" in status(standing, "c3")
    end = time.monotonic() + 120
    while status(standing, "c3") != "running Primary Synced":
        assert time.monotonic() < end, status(standing, "c3")
        time.sleep(0.5)
    assert standing.json("status")["ok"]
