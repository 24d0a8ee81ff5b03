"""No guest runs twice: on all hosts together there is one process for each id."""

from __future__ import annotations

from collections import Counter

from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.facts import AGENT, guests


class OneProcessAGuest(Audit):
    name = "one-process-a-guest"
    service = AGENT

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        running, unseen = guests(evidence.views, evidence.cloud)
        counted = Counter(guest for found in running.values() for guest in found)
        twice = [guest for guest, number in counted.items() if number > 1]
        if twice:
            where = "; ".join(
                f"{guest} on {', '.join(host for host, found in running.items() if guest in found)}" for guest in twice
            )
            return "fail", f"more than one process: {where}"
        if unseen:
            return "unknown", f"could not look on {', '.join(unseen)}"
        return "ok", f"{len(counted)} guests, a process each"
