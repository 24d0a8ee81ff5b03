"""What a drill is going to cost, said when all is known of it but the fault itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud
from fournines.faults import Fault
from fournines.probes import Probe
from fournines.prove.bounds import Part, bound
from fournines.prove.budgets import budget, classes
from fournines.prove.samples import Sample


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one probe: the longest outage that the timers allow, and that the class of the fault may cost, in seconds."""

    probe: Probe
    bound_s: float | None
    """None: it lasts until the heal, which no timer bounds."""
    budget_s: float | None
    """None: the class has no number."""

    def as_json(self) -> dict[str, Any]:
        return {
            "bound_s": None if self.bound_s is None else round(self.bound_s, 3),
            "budget_s": self.budget_s,
            "column": self.probe.column,
            "service": self.probe.service,
        }


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of a whole drill."""

    hosts: tuple[str, ...]
    roles: tuple[str, ...]
    """Of these hosts, sorted."""
    probes: tuple[Expected, ...]
    letter: Letter
    """Class of the fault as it is on these hosts."""

    def as_json(self) -> dict[str, Any]:
        predicted = {each.probe.name: each.as_json() for each in self.probes}
        return {"hosts": list(self.hosts), "roles": list(self.roles), "letter": self.letter, "predicted": predicted}


def forecast(
    cloud: Cloud,
    fault: Fault,
    hosts: tuple[str, ...],
    lost: frozenset[Part],
    probes: Sequence[Probe],
    baseline: Iterable[Sample],
) -> Forecast:
    """Of that fault on these hosts, which takes `lost` from the cloud, by how long requests took before it."""
    took: dict[str, list[float]] = {}
    for sample in baseline:
        if sample.ok:
            took.setdefault(sample.probe, []).append(sample.latency)
    letters = classes(fault, hosts, cloud)
    quiet: Mapping[str, float] = {name: median(each) for name, each in took.items()}
    expected: list[Expected] = []
    for probe in probes:
        most = bound(cloud.timers, met(lost, fault, probe, cloud), probe, quiet.get(probe.name, 0.0))
        expected.append(
            Expected(
                probe,
                most if (fault.bounded and not fault.blocks) or not most else None,
                budget(letters, probe.columns),
            )
        )
    roles = {role for name in hosts for role in cloud.host(name).roles}
    return Forecast(hosts, tuple(sorted(roles)), tuple(expected), fault.letter)


def met(lost: frozenset[Part], fault: Fault, probe: Probe, cloud: Cloud) -> frozenset[Part]:
    """What of it the probe's requests can meet. An API that hangs is met by who asks it, Keystone by everybody, for
    tokens; what takes its work from queues by requests that pass them; all else that hangs, as it serves its host."""
    if lost != frozenset[Part]({"hung"}):
        return lost

    def asked(part: Fault) -> bool:
        if part.letter == "E":
            return bool({"create", "attach"} & {*probe.columns})
        there = cloud.services.get(part.stops)
        return not (there and there.endpoints) or part.stops in ("keystone", probe.service)

    return lost if any(asked(part) for part, _ in fault.parts(())) else frozenset()
