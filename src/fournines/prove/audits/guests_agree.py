"""Of each guest all say the same: Nova where it is, libvirt that it runs there and nowhere else, Placement that it
holds something of that host alone, Neutron that its ports are bound there.
"""

from __future__ import annotations

from collections.abc import Collection

from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.audits._guests import Running, settled_guests
from fournines.prove.facts import AGENT
from fournines.prove.inventory import Inventory, Server

_RUNS = frozenset({"ACTIVE", "PAUSED", "RESCUE", "PASSWORD", "VERIFY_RESIZE"})
_STANDS = frozenset({"SHUTOFF", "SUSPENDED", "SHELVED", "SHELVED_OFFLOADED", "SOFT_DELETED"})
_FAILED = "ERROR"
"""It may run or not."""


class GuestsAgree(Audit):
    name = "guests-agree"
    service = AGENT

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        return settled_guests(evidence, judge)


def judge(said: Inventory, running: Running, unseen: Collection[str]) -> tuple[Outcome, str]:
    """`unseen`: hosts of which nobody knows what runs there."""
    busy = [each for each in said.servers if each.task or each.status not in {*_RUNS, *_STANDS, _FAILED}]
    still = [each for each in said.servers if each not in busy]
    wrong = [f"{each.text}: {', '.join(odd)}" for each in still if (odd := _odd(each, said, running, unseen))]
    if wrong:
        return "fail", f"{len(wrong)} of {len(said.servers)} guests: {'; '.join(wrong[:3])}"
    if unseen:
        return "unknown", f"could not look on {', '.join(unseen)}"
    if busy:
        such = ", ".join(f"{each.text} {each.status} {each.task or ''}".rstrip() for each in busy[:3])
        return "unknown", f"on their way: {such}"
    told = f"{len(still)} guests, of each of which Nova, libvirt, Placement and Neutron say the same"
    return "ok", told if still else "there is no guest"


def _odd(server: Server, said: Inventory, running: Running, unseen: Collection[str]) -> list[str]:
    """What others say of it, where that is not what Nova says."""
    found: list[str] = []
    there = [host for host, ids in running.items() if server.id in ids]
    wanted = [server.host] if server.status in _RUNS else []
    told = f"{server.status} on {server.host}" if server.host else f"{server.status} on no host"
    hidden = not there and server.host in unseen
    if server.status != _FAILED and there != wanted and not hidden:
        found.append(f"{told}, but its process is on {' and '.join(there) or 'no host'}")
    held = said.allocations.get(server.id, frozenset[str]())
    own = frozenset({server.node} if server.host and server.node else ())
    if held != own:
        found.append(f"{told}, but in Placement it holds {' and '.join(sorted(held)) or 'nothing'}")
    bound = {port.host for port in said.ports if port.server == server.id}
    if server.host and bound - {server.host}:
        elsewhere = " and ".join(sorted(host or "no host" for host in bound))
        found.append(f"{told}, but its ports are bound to {elsewhere}")
    return found
