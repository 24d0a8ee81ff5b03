"""What `up` and `apply` share: remove the difference, write clouds.yaml, prove each API, say what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.apply import Outcome
from fournines.converge.events import Observer
from fournines.hosts import Fleet
from fournines.state import State
from fournines.verify.run import Verified


@dataclass(frozen=True, slots=True)
class Built:
    """A cloud that is as declared."""

    cloud: Cloud
    state: State
    outcome: Outcome
    verified: tuple[Verified, ...] | None
    """Each API's round trip; None: nothing was changed, none was made."""

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
            "verified": None if self.verified is None else [each.as_json() for each in self.verified],
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
    from fournines.converge import clouds_yaml, deploy
    from fournines.converge.apply import apply
    from fournines.verify.run import proved, verify

    vault = state.vault()
    outcome = apply(deploy.stages(cloud, vault), fleet, observer, state.journal)
    clouds_yaml.write(cloud, state)
    verified = None
    if always_prove or outcome.changed:
        verified = verify(cloud, vault, observer)
        proved(verified)
    return Built(cloud, state, outcome, verified)
