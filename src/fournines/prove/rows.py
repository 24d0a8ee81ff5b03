"""What probes wrote, as the database members have it; and its removal."""

from __future__ import annotations

from collections.abc import Iterable

from fournines import hosts
from fournines.hosts import Host
from fournines.probes import Probe

_CLIENT = ("mariadb", "-N", "-B", "--connect-timeout=5")
# The member answers after it has applied what the cluster had committed when we asked.
_WAIT = "SET SESSION wsrep_sync_wait = 1;"


def ids(member: Host, probes: Iterable[Probe]) -> dict[str, set[str]]:
    """Writing probe -> ids of its rows on that member. Raises HostError."""
    asked = {probe.name: probe.rows for probe in probes if probe.rows}
    said = _sql(member, _WAIT, *(rows.select(name) for name, rows in asked.items()))
    found: dict[str, set[str]] = {name: set() for name in asked}
    for line in said.splitlines():
        name, _, row = line.partition("\t")
        found[name].add(row)
    return found


def remove(member: Host, probes: Iterable[Probe]) -> int:
    """Delete every row that these probes ever made, through that member; how many there were. Raises HostError."""
    count = "SELECT ROW_COUNT();"
    statements = [rows.delete() + count for probe in probes if (rows := probe.rows)]
    return sum(int(line) for line in _sql(member, *statements).split())


def _sql(member: Host, *statements: str) -> str:
    return hosts.run(member, list(_CLIENT), stdin="\n".join(statements) + "\n", timeout=60)
