"""Every acknowledged object can be read, and holds what was stored."""

from __future__ import annotations

from fournines.probes import catalogue
from fournines.prove import objects
from fournines.prove.audits import Audit, Evidence, Outcome


class AcknowledgedObjects(Audit):
    name = "acknowledged-objects"
    service = "radosgw"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        keys = [key for name, acks in evidence.acknowledged.items() if catalogue()[name].stores for key in acks]
        if not keys:
            return "unknown", "no object was acknowledged in this run: nothing to look for"
        if lost := objects.lost(evidence.api, keys):
            such = min(lost)
            return "fail", f"of {len(keys)} acknowledged objects {len(lost)} are lost, such as {such}: {lost[such]}"
        return "ok", f"all {len(keys)} read back"
