"""Each router is active on exactly one of the hosts that have it ready."""

from __future__ import annotations

from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.facts import L3, routers


class OneActiveRouter(Audit):
    name = "one-active-router"
    service = L3

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        active, unseen = routers(evidence.views, evidence.cloud)
        if twice := {router: hosts for router, hosts in active.items() if len(hosts) > 1}:
            return "fail", "; ".join(f"{router} is active on {' and '.join(hosts)}" for router, hosts in twice.items())
        if unseen:
            return "unknown", f"could not look on {', '.join(unseen)}"
        if nowhere := [router for router, hosts in active.items() if not hosts]:
            return "fail", f"active nowhere: {', '.join(nowhere)}"
        return "ok", ", ".join(f"{router} on {hosts[0]}" for router, hosts in active.items()) or "there is no router"
