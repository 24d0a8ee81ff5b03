"""Nothing is left of guests that are no more: no process, no allocation in Placement, no port, no attached volume."""

from __future__ import annotations

from collections.abc import Collection

from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.audits._guests import Running, settled_guests
from fournines.prove.facts import AGENT
from fournines.prove.inventory import Inventory


class NoOrphans(Audit):
    name = "no-orphans"
    service = AGENT

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        return settled_guests(evidence, judge)


def judge(said: Inventory, running: Running, unseen: Collection[str]) -> tuple[Outcome, str]:
    """`unseen`: hosts of which nobody knows what runs there."""
    known = {server.id for server in said.servers}
    processes = [(f"a process on {host}", each) for host, ids in running.items() for each in ids]
    # While a guest moves, what it has on its former host is in the name of the migration.
    allocations = [
        (f"an allocation on {' and '.join(sorted(held))}", each)
        for each, held in said.allocations.items()
        if each not in said.migrations
    ]
    ports = [(f"port {port.id}", port.server) for port in said.ports]
    attachments = [(f"an attachment of volume {what}", server) for what, server in said.attachments.items()]
    found = [*processes, *allocations, *ports, *attachments]
    if left := [f"{what} of {server}" for what, server in found if server not in known]:
        more = f"; and {len(left) - 5} more" if len(left) > 5 else ""
        return "fail", f"in Nova there is no such guest: {'; '.join(left[:5])}{more}"
    if unseen:
        return "unknown", f"could not look on {', '.join(unseen)}"
    return "ok", (
        f"{len(processes)} processes, {len(allocations)} allocations, {len(ports)} ports,"
        f" {len(attachments)} attached volumes: each of one of {len(known)} guests"
    )
