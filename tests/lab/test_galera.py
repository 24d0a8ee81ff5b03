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
    standing.well()


_CUT = "nines_test_galera"
_APART = f"""table inet {_CUT} {{
  chain input {{
    type filter hook input priority raw - 10; policy accept;
    iif lo accept
    tcp dport 4567 drop
    tcp sport 4567 drop
  }}
}}
"""
"""Members do not hear each other; everything else goes on."""


def awaited(standing: Standing, hosts: list[str], wanted: str) -> None:
    end = time.monotonic() + 180
    for host in hosts:
        while wanted not in (said := status(standing, host)):
            assert time.monotonic() < end, f"{host}: {said}"
            time.sleep(0.5)


def test_two_of_three_go_on_without_one_that_is_off_when_all_had_lost_each_other(standing: Standing) -> None:
    """Galera by itself waits for the third. Seen on a lab that stood still for four seconds, when one was fenced."""
    every, left = ["c1", "c2", "c3"], ["c2", "c3"]
    try:
        for host in every:
            standing.on(host, "nft", "-f", "-", stdin=_APART)
        awaited(standing, every, "non-Primary")
        standing.power("c1").power_off()
        for host in left:
            standing.on(host, "nft", "delete", "table", "inet", _CUT)
        awaited(standing, left, "running Primary Synced")
        assert "more than half without c1" in standing.on("c2", "journalctl", "-u", "galera-member", "-n", "200") + (
            standing.on("c3", "journalctl", "-u", "galera-member", "-n", "200")
        )
    finally:
        # The table is gone with its power.
        standing.power("c1").power_off()
        for host in left:
            standing.on(host, "sh", "-c", f"nft delete table inet {_CUT} 2> /dev/null || true")
        standing.nines("up", "--no-guest", timeout=900)
    assert status(standing, "c1") == "running Primary Synced"
    count = "SELECT COUNT(*) FROM keystone.project"
    assert len({standing.on(host, "mariadb", "-N", "-e", count) for host in every}) == 1
