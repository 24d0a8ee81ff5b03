"""Exactly one host carries the VIP."""

from __future__ import annotations

from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.facts import vip_holders


class OneVipHolder(Audit):
    name = "one-vip-holder"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        holders, unseen = vip_holders(evidence.views, evidence.cloud)
        if len(holders) > 1:
            return "fail", f"{' and '.join(holders)} carry {evidence.cloud.vip} at the same time"
        if unseen:
            found = f"{holders[0]} carries it" if holders else "nobody seen carrying it"
            return "unknown", f"could not look on {', '.join(unseen)}; {found}"
        if not holders:
            return "fail", f"no host carries {evidence.cloud.vip}"
        return "ok", f"{holders[0]} carries {evidence.cloud.vip}"
