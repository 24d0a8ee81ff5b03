"""Every acknowledged block is on the disks, whole, in its slot, and no newer than what was written.

Read through another client than the writer's where there is one: that shares no memory with it.
"""

from __future__ import annotations

from fournines.errors import HostError
from fournines.probes import HostProbe, catalogue
from fournines.prove import blocks
from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.remote import Books


class AcknowledgedBlocks(Audit):
    name = "acknowledged-blocks"
    service = "ceph-osd"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        if not any(acked >= 0 for each in evidence.books for _, acked, _ in each.entries):
            return "unknown", "no block was acknowledged in this run: nothing to look for"
        found = [_read(each, evidence) for each in evidence.books]
        details = "; ".join(detail for _, detail in found)
        outcomes = {outcome for outcome, _ in found}
        return "fail" if "fail" in outcomes else "unknown" if "unknown" in outcomes else "ok", details


def _read(books: Books, evidence: Evidence) -> tuple[Outcome, str]:
    """By the first client that can."""
    refused: list[str] = []
    for name in _readers(books, evidence):
        try:
            seen = blocks.verify(evidence.fleet[name], books)
        except HostError as error:
            refused.append(f"{name} ({error.message.splitlines()[-1][:120]})")
            continue
        if seen["bad"]:
            return "fail", f"{seen['bad']} of {seen['looked']} blocks are wrong on {name}: {'; '.join(seen['such'])}"
        return "ok", f"all {seen['acked']} blocks of {books.host}, read by {name}"
    return "unknown", f"could not read on {', '.join(refused) or 'any host'}"


def _readers(books: Books, evidence: Evidence) -> list[str]:
    """Clients, the writer's host last."""
    probe = catalogue()[books.probe]
    clients = probe.clients(evidence.cloud) if isinstance(probe, HostProbe) else ()
    return sorted((host.name for host in clients), key=lambda name: name == books.host)
