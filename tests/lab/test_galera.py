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
    process = standing.main_process("c3", "mariadb.service")
    standing.on("c3", "mariadb", "-e", "SET GLOBAL wsrep_cluster_address = ''")
    # It leaves in steps ("non-Primary Synced" is one), and for good: only another process is a member again.
    end = time.monotonic() + 120
    while (
        standing.main_process("c3", "mariadb.service") == process or status(standing, "c3") != "running Primary Synced"
    ):
        assert time.monotonic() < end, status(standing, "c3")
        time.sleep(0.5)
    standing.well()


_STUCK = "/run/systemd/system/mariadb.service.d/nines-test.conf"
# What Galera did on busy cores after a blackout: it had joined a group that was no more, and waited.
_SLEEPS = f"""
systemctl stop mariadb
mkdir -p $(dirname {_STUCK})
printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/sleep infinity\\n' > {_STUCK}
systemctl daemon-reload
systemctl start --no-block mariadb
"""
_WAKES = f"rm -f {_STUCK}; systemctl daemon-reload; systemctl kill --signal=KILL mariadb"


def until_all(standing: Standing, hosts: tuple[str, ...], wanted: str, within_s: float) -> None:
    end = time.monotonic() + within_s
    while (seen := {host: status(standing, host) for host in hosts}) != dict.fromkeys(hosts, wanted):
        assert time.monotonic() < end, seen
        time.sleep(0.5)


def test_nobody_waits_for_a_member_that_joins_a_group_that_is_no_more(standing: Standing) -> None:
    """The others may not found one while a member starts, and it waited for them: for ever."""
    try:
        standing.on("c2", "sh", "-ec", _SLEEPS)
        until_all(standing, ("c2",), "starting", 60)
        process = standing.main_process("c2", "mariadb.service")
        time.sleep(40)
        assert standing.main_process("c2", "mariadb.service") == process, (
            "ended, while there was a group that it could join"
        )
        for host in ("c1", "c3"):
            standing.on(host, "systemctl", "kill", "--signal=KILL", "mariadb")
        until_all(standing, ("c1", "c3"), "running Primary Synced", 240)
    finally:
        standing.on("c2", "sh", "-ec", _WAKES)
    until_all(standing, ("c1", "c2", "c3"), "running Primary Synced", 240)
    standing.well()


_CUT = "nines_test_galera"
_SESSION = "nines-test-session"
_OPEN = """
(echo "{first} BEGIN; INSERT INTO config_register VALUES ('nines-test', 'x'); SELECT CONNECTION_ID();"; sleep 600) |
    mariadb --defaults-extra-file=/run/{unit}.cnf -h 127.0.0.1 --skip-ssl -N -n keystone > /run/{unit} 2>&1
"""
_MUTE = """table inet {table} {{
  chain output {{
    type filter hook output priority raw - 10; policy accept;
    tcp sport {port} drop
  }}
}}
"""


def transaction(standing: Standing, host: str, first: str) -> tuple[str, str, str]:
    """One that has written, and says no more: (the writer, its session there, its port on that host)."""
    login = f"[client]\nuser = keystone\npassword = {standing.state.vault().password('database keystone')}\n"
    standing.on(host, "sh", "-c", f"umask 77; cat > /run/{_SESSION}.cnf", stdin=login)
    standing.on(
        host, "systemd-run", "--collect", "--unit", _SESSION, "sh", "-c", _OPEN.format(unit=_SESSION, first=first)
    )
    end = time.monotonic() + 60
    while not (session := standing.on(host, "cat", f"/run/{_SESSION}").strip()).isdigit():
        assert time.monotonic() < end, session
        time.sleep(0.2)
    for writer in ("c1", "c2", "c3"):
        query = f"SELECT host FROM information_schema.processlist WHERE id = {session} AND user = 'keystone'"
        if client := standing.on(writer, "mariadb", "-N", "-e", query).strip():
            return writer, session, client.rpartition(":")[2]
    raise AssertionError(f"nobody has session {session}")


def written(standing: Standing, writer: str, session: str) -> int:
    """Rows that the transaction of that session has locked by writing them; 0: there is none any more."""
    query = f"SELECT SUM(trx_rows_modified) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = {session}"
    return int(standing.on(writer, "mariadb", "-N", "-e", query).strip().replace("NULL", "0"))


@pytest.mark.parametrize("gone", [True, False], ids=["gone without a word", "hangs"])
def test_a_client_does_not_hold_its_locks_for_ever(standing: Standing, gone: bool) -> None:
    """Seen for 17 minutes, after three of ten packets to the writer had been lost: its proxy's goodbye was one."""
    host = "c3"
    try:
        # Whom the network tells of is not left to the other rule.
        own = "SET SESSION idle_write_transaction_timeout = 0;" if gone else ""
        writer, session, port = transaction(standing, host, own)
        assert written(standing, writer, session) == 1
        if gone:
            standing.on(host, "nft", "-f", "-", stdin=_MUTE.format(table=_CUT, port=port))
            standing.on(host, "systemctl", "kill", "--signal", "KILL", _SESSION)
        end = time.monotonic() + 90
        while written(standing, writer, session):
            assert time.monotonic() < end, f"session {session} on {writer} still holds its locks"
            time.sleep(0.5)
    finally:
        clean = f"systemctl stop {_SESSION}; rm -f /run/{_SESSION} /run/{_SESSION}.cnf; nft delete table inet {_CUT}"
        standing.on(host, "sh", "-c", f"{clean} 2> /dev/null; true")
    standing.well()


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
