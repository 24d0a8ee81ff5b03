"""Galera: every member is in one and the same primary component."""

from __future__ import annotations

from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.facts import GALERA, facts

_KEYS = ("status", "uuid", "conf_id", "size")


class OnePrimaryComponent(Audit):
    name = "one-primary-component"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        members = [host.name for host in evidence.cloud.services[GALERA].hosts]
        said = {name: facts(evidence.views, name, GALERA) for name in members}
        known = {name: fact for name, fact in said.items() if fact and all(fact.get(k) is not None for k in _KEYS)}
        primary = {name: fact for name, fact in known.items() if fact["status"] == "Primary"}
        components = {(fact["uuid"], fact["conf_id"]) for fact in primary.values()}
        if len(components) > 1:
            listed = "; ".join(f"{name} in {fact['uuid']}:{fact['conf_id']}" for name, fact in primary.items())
            return "fail", f"{len(components)} primary components: {listed}"
        if unseen := [name for name in members if name not in known]:
            return "unknown", f"could not look on {', '.join(unseen)}"
        if outside := [name for name in members if name not in primary]:
            listed = ", ".join(f"{name} ({known[name]['status']})" for name in outside)
            return "fail", f"not in the primary component: {listed}"
        if odd := [name for name, fact in primary.items() if fact["size"] != len(members)]:
            listed = ", ".join(f"{name} counts {known[name]['size']}" for name in odd)
            return "fail", f"of {len(members)} members {listed}"
        return "ok", f"{', '.join(members)} in one component"
