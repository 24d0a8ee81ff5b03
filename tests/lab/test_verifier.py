"""The verifier, tried by breaking in secret what keeps the cloud's promises: each of these is noticed.

What a cloud's file shows (min_size 1, two controllers, no BMC) `nines check` finds:
tests/unit/checks/test_mutations.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from standing_lab import Standing
from test_drills import measured

from fournines.faults import Fault
from fournines.hosts import Host, run
from fournines.prove.drill import drill
from fournines.prove.windows import Windows

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


def members(standing: Standing, service: str) -> list[str]:
    return [host.name for host in standing.cloud.services[service].hosts]


def test_a_database_that_keeps_its_log_in_memory_loses_what_it_acknowledged(standing: Standing):
    """One member's loss would be made good by another: all lose their power. Each reads its file when it starts again.
    Three times at most: by chance one had its log just written, for a reason of its own."""
    told: list[str] = []
    for _ in range(3):
        for name in members(standing, "galera"):
            held = "SET GLOBAL innodb_flush_log_at_trx_commit = 0; SET GLOBAL innodb_flush_log_at_timeout = 600;"
            standing.on(name, "mariadb", stdin=held)
        report = measured(standing, "power-loss", "--target", "galera:all")
        (audit,) = (audit for audit in report["audits"] if audit["name"] == "acknowledged-writes")
        if audit["verdict"] == "fail":
            return
        told.append(str(audit))
    pytest.fail("nothing was lost, or nobody noticed: " + "; ".join(told))


def test_fencing_that_somebody_has_switched_off_is_seen_and_switched_on(standing: Standing):
    (name, *_) = members(standing, "pacemaker")
    standing.on(name, "crm_attribute", "--type", "crm_config", "--name", "stonith-enabled", "--update", "false")
    assert standing.json("plan")["steps"] != []
    standing.nines("apply")
    query = ("crm_attribute", "--type", "crm_config", "--name", "stonith-enabled", "--query", "--quiet")
    assert standing.on(name, *query).strip() == "true"
    assert standing.json("plan")["steps"] == []


def test_health_checks_that_are_gone_leave_clients_with_a_frozen_writer(standing: Standing):
    """HAProxy takes a server without a check for one that serves: nobody leads the hosts' own daemons to another."""
    names = members(standing, "galera")
    for name in names:
        standing.on(name, "sed", "-i", "s/ check port [0-9]*//", "/etc/haproxy/local.cfg")
        standing.on(name, "systemctl", "reload", "haproxy-local.service")
    report = measured(standing, "freeze", "--target", f"mariadb:{names[0]}")
    (write,) = (probe for probe in report["probes"] if probe["name"] == "write")
    assert (write["bound_held"], write["budget_kept"]) == (False, False), write
    assert {change["subject"] for change in standing.json("plan")["changes"]} >= {"/etc/haproxy/local.cfg"}
    standing.nines("apply")
    assert standing.json("plan")["changes"] == []


class Unhealed(Fault):
    """memcached ends, and stays so."""

    name = "unhealed"
    letter = "A"
    stops = "memcached"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["systemctl", "stop", "memcached.service"])

    def heal(self, targets: Sequence[Host]) -> None:
        pass


def test_a_heal_that_did_not_happen_is_noticed(standing: Standing):
    report = drill(standing.cloud, standing.fleet, standing.state, Unhealed(), "c2", windows=Windows(healthy=60))
    assert {audit.name: audit.verdict for audit in report.audits}["recovered"] == "fail"
    standing.nines("up", "--no-guest")
    standing.well()
