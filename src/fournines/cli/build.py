"""What `up` and `apply` share: remove the difference, write clouds.yaml, prove it with a token, say what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.apply import Outcome
from fournines.converge.events import Observer
from fournines.hosts import Fleet
from fournines.state import State


@dataclass(frozen=True, slots=True)
class Built:
    """A cloud that is as declared."""

    cloud: Cloud
    state: State
    outcome: Outcome
    token_s: float | None
    """Seconds of one token round trip; None: nothing was changed, none was made."""

    def as_json(self) -> dict[str, Any]:
        outcome = self.outcome
        return {
            "cloud": self.cloud.name,
            "changed": outcome.changed,
            "changes": [
                {"host": each.host, "service": each.service, "kind": each.kind}
                | {"subject": each.subject, "action": each.action}
                for each in outcome.changes
            ],
            "moved": [{"host": host, "unit": unit, "action": action} for host, unit, action in outcome.moved],
            "steps": [{"host": host, "name": name} for host, name in outcome.steps],
            "seconds": round(outcome.seconds, 3),
            "token_s": None if self.token_s is None else round(self.token_s, 3),
            "clouds_yaml": str(self.state.clouds_yaml),
        }

    def text(self) -> str:
        outcome = self.outcome
        if not outcome.changed:
            return f"{self.cloud.name}: nothing to do, looked in {outcome.seconds:.1f} s."
        did = f"{len(outcome.changes)} changes, {len(outcome.moved)} units started or restarted"
        return f"{self.cloud.name}: {did}, {len(outcome.steps)} steps, in {outcome.seconds:.1f} s."


def build(cloud: Cloud, state: State, fleet: Fleet, observer: Observer, *, always_prove: bool) -> Built:
    """The caller holds the lock. Raises HostError, WaitError, NinesError."""
    from fournines.converge import clouds_yaml, deploy, verify
    from fournines.converge.apply import apply

    vault = state.vault()
    outcome = apply(deploy.stages(cloud, vault), fleet, observer, state.journal)
    clouds_yaml.write(cloud, state)
    token_s = verify.token_round_trip(cloud, vault, observer) if always_prove or outcome.changed else None
    return Built(cloud, state, outcome, token_s)
