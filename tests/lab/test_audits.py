"""Audits see what is really wrong, on the standing lab: each defect is put in by the members' own means."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from standing_lab import Standing

from fournines.prove.asked import admin_of
from fournines.prove.audits import Evidence, Outcome, catalogue
from fournines.prove.audits.quorum_queues_whole import judge as judge_queues
from fournines.prove.facts import unhealthy
from fournines.prove.minority import Watch, attempt, trials
from fournines.services import rabbitmq

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

_SCRATCH = "fournines_scratch"
_PEERS = "{ 4567, 25672, 2380 }"
"""Where Galera, RabbitMQ and etcd speak to their peers. Corosync does elsewhere: nobody is fenced."""
_CUT = f"""
systemd-run --quiet --collect --unit=nines-test-cut --on-active=120 nft delete table inet nines_test_cut
nft -f - <<EOF
table inet nines_test_cut {{
  chain in {{
    type filter hook input priority raw - 10; policy accept;
    iif lo accept
    tcp dport {_PEERS} drop
    tcp sport {_PEERS} drop
  }}
  chain out {{
    type filter hook output priority raw - 10; policy accept;
    oif lo accept
    tcp dport {_PEERS} drop
    tcp sport {_PEERS} drop
  }}
}}
EOF
"""


def look(standing: Standing, audit: str) -> tuple[Outcome, str]:
    api = admin_of(standing.cloud, standing.state.vault())
    return catalogue()[audit].look(Evidence(standing.cloud, standing.fleet, standing.views(), {}, api))


def alone(standing: Standing, host: str, statement: str) -> None:
    """On that member, and not replicated."""
    standing.on(host, "mariadb", stdin=f"SET SESSION wsrep_on = 0; {statement}")


@pytest.fixture
def scratch(standing: Standing) -> Generator[str]:
    """A table of three rows on every member."""
    drop = f"DROP DATABASE IF EXISTS {_SCRATCH};"
    try:
        standing.on("c1", "mariadb", stdin=f"{drop} CREATE DATABASE {_SCRATCH}")
        standing.on("c1", "mariadb", _SCRATCH, stdin="CREATE TABLE t (id INT PRIMARY KEY, word VARCHAR(9))")
        standing.on("c1", "mariadb", _SCRATCH, stdin="INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL)")
        yield f"{_SCRATCH}.t"
    finally:
        standing.on("c1", "mariadb", stdin=drop)


def test_a_row_that_one_member_has_alone_is_seen(standing: Standing, scratch: str) -> None:
    assert look(standing, "tables-equal")[0] == "ok"
    alone(standing, "c2", f"INSERT INTO {scratch} VALUES (4, 'c')")
    assert look(standing, "tables-equal") == ("fail", f"{scratch} on c2 against c1: rows more: 1")
    alone(standing, "c2", f"DELETE FROM {scratch} WHERE id = 4; UPDATE {scratch} SET word = 'NULL' WHERE id = 3")
    assert look(standing, "tables-equal") == ("fail", f"{scratch} on c2 against c1: other contents: 1")
    alone(standing, "c2", f"UPDATE {scratch} SET word = NULL WHERE id = 3")
    assert look(standing, "tables-equal")[0] == "ok"


def test_a_queue_without_a_member_is_seen_and_made_whole_by_rabbitmq(standing: Standing) -> None:
    brokers = [host.name for host in standing.cloud.services["rabbitmq"].hosts]
    queue = f'<<"fournines.check.{standing.cloud.host("c1").management}">>'
    source = rabbitmq.queues("c1").stdin.partition("if __name__")[0]
    gone = f"rpc:call('rabbit@c1', rabbit_quorum_queue, delete_member, [<<\"/\">>, {queue}, 'rabbit@c3'], 15000)"
    standing.on("c1", "python3", "-", stdin=f'{source}\nprint(evaluate("rabbit@c1", """ok = {gone}""", 25))')
    said = standing.on("c1", *rabbitmq.queues("c1").argv, stdin=rabbitmq.queues("c1").stdin)
    outcome, detail = judge_queues(json.loads(said), brokers)
    assert outcome == "fail"
    assert "no member on c3" in detail
    outcome, detail = look(standing, "quorum-queues-whole")
    assert outcome == "ok", detail


@contextmanager
def without_peers(standing: Standing, host: str) -> Generator[None]:
    standing.on(host, "sh", "-ec", _CUT)
    try:
        yield
    finally:
        standing.on(host, "sh", "-c", "nft delete table inet nines_test_cut; systemctl stop nines-test-cut.timer")
        # Peers that were parted for less than RabbitMQ takes to notice everywhere stay parted until one starts anew.
        standing.on(host, "systemctl", "restart", "rabbitmq-server")


def test_a_member_accepts_what_it_is_given_and_nothing_once_it_is_alone(standing: Standing) -> None:
    wanted = {member: trial for member, trial in trials("apart", ("c3",), standing.cloud).items() if not trial.after_s}
    assert {service for service, _ in wanted} == {"etcd", "galera", "rabbitmq"}
    host = standing.fleet["c3"]
    assert {attempt(host, trial)[0] for trial in wanted.values()} == {"accepted"}, "else a refusal would say nothing"
    with without_peers(standing, "c3"), Watch(wanted, standing.fleet) as watch:
        time.sleep(20)
    (verdict,) = watch.verdicts()
    assert verdict.verdict == "ok", verdict.detail
    assert verdict.detail.endswith("none accepted (etcd, galera, rabbitmq)"), "it was asked, for nobody fenced it"
    end = time.monotonic() + 180
    while sick := unhealthy(standing.views(), standing.cloud):
        assert time.monotonic() < end, sick
        time.sleep(2)
    assert look(standing, "tables-equal")[0] == "ok"
