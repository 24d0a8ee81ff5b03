"""All that a campaign's drills say, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fournines.posterior.classes import Drilled, drilled
from fournines.posterior.cuts import Covered, covered
from fournines.posterior.event_rates import Counted, EventRate, event_rate
from fournines.posterior.model import Design
from fournines.posterior.observation import Observation
from fournines.posterior.services import Service, Worlds, service
from fournines.posterior.takeovers import spoken
from fournines.posterior.trial import Tally, Trial, trials
from fournines.predict.rates import Rate

WORLDS = 1000


@dataclass(frozen=True, slots=True)
class Posterior:
    """Of one cloud as it is configured and hosted now."""

    cloud: str
    configuration: str
    fidelity: str
    """What all figures of services are of; empty: nothing was drilled."""
    connections: str
    """Likewise."""
    tally: Tally
    """Of drills that injure something."""
    unknown: tuple[tuple[str, str], ...]
    """(drill, why): how it ended is not known."""
    classes: tuple[Drilled, ...]
    """Of all configurations, fidelities and connections that there were."""
    rates: tuple[EventRate, ...]
    services: tuple[Service, ...]
    cuts: tuple[Covered, ...]
    worlds: int
    seed: int

    def as_json(self) -> Mapping[str, Any]:
        """The same input gives the same bytes. Probabilities are of what is assumed here, never proofs."""
        return {
            "cloud": self.cloud,
            "configuration": self.configuration,
            "fidelity": self.fidelity,
            "connections": self.connections,
            "worlds": self.worlds,
            "seed": self.seed,
            "drills": {"worked": self.tally.worked, "failed": self.tally.failed, "unknown": self.tally.unknown},
            "unknown": [{"drill": drill, "why": why} for drill, why in self.unknown],
            "services": [each.as_json() for each in self.services],
            "classes": [each.as_json() for each in self.classes],
            "rates": [each.as_json() for each in self.rates],
            "cut_sets": [each.as_json() for each in self.cuts],
        }


def posterior(
    observations: Iterable[Observation],
    design: Design,
    rates: Mapping[str, Rate],
    counted: Mapping[str, Counted] | None = None,
    *,
    configuration: str | None = None,
    worlds: int = WORLDS,
    seed: int = 0,
) -> Posterior:
    """`rates`: as `fournines.predict.rates.rates` gives them for the cloud; `counted`: kind of part -> failures that
    the operator saw. Figures of services are of drills of one configuration (None: that of the last drill) and of that
    drill's fidelity and connections. Takes some seconds for a cloud that offers everything.
    """
    found = list(observations)
    drills = trials(found)
    counts = counted or {}
    known = {
        kind: event_rate(rate, counts.get(kind)) for kind, rate in rates.items() if rate.counted and kind != "failover"
    }
    alike = _alike(drills, configuration)
    takeovers = {each.key: each for model in design.models for each in model.takeovers}
    drawn = Worlds(
        {kind: rate.factors(worlds, seed) for kind, rate in known.items()},
        {key: spoken(each, alike) for key, each in takeovers.items()},
        design.failover,
        worlds,
        seed,
    )
    bases = {kind: rate.basis for kind, rate in known.items()}
    return Posterior(
        cloud=design.cloud,
        configuration=alike[-1].of.configuration if alike else configuration or "",
        fidelity=alike[-1].of.fidelity if alike else "",
        connections=alike[-1].of.connections if alike else "",
        tally=Tally.of(trial for trial in drills if trial.fault.letter != "-"),
        unknown=tuple((trial.drill, trial.why) for trial in drills if trial.recovered is None),
        classes=tuple(drilled(drills, seed)),
        rates=tuple(known.values()),
        services=tuple(service(model, drawn, bases) for model in design.models),
        cuts=tuple(covered(design, alike)),
        worlds=worlds,
        seed=seed,
    )


def _alike(drills: Iterable[Trial], configuration: str | None) -> list[Trial]:
    """Those of one configuration, of one fidelity and of clients that connected alike."""
    of = [trial for trial in drills if configuration in (None, trial.of.configuration)]
    if not of:
        return []

    def circumstances(trial: Trial) -> tuple[str, str, str]:
        return trial.of.configuration, trial.of.fidelity, trial.of.connections

    return [trial for trial in of if circumstances(trial) == circumstances(of[-1])]
