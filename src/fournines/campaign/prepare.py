"""A real cloud under a campaign: what is written down before the first drill, and what the drills work with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fournines import __version__
from fournines.campaign import logs
from fournines.campaign.choice import Choice, Planned
from fournines.campaign.evidence import configuration, predicted, versions
from fournines.campaign.folder import DrillFolder, Folder
from fournines.campaign.kinds import Kind, kinds
from fournines.campaign.outcome import Outcome
from fournines.campaign.run import Asked, Campaign, tidy
from fournines.cloud.model import Cloud
from fournines.converge import deploy
from fournines.converge.events import Event, Observer
from fournines.converge.inspect import inspect
from fournines.converge.journal import journaled
from fournines.converge.look import look
from fournines.errors import DrillError
from fournines.faults import Fault, catalogue, named
from fournines.hosts import Fleet
from fournines.maintain import in_maintenance
from fournines.probes import Connections
from fournines.prove.asked import probes_of
from fournines.prove.drill import drill
from fournines.prove.facts import Views, in_short, troubles
from fournines.prove.targets import LEADERS, NOWHERE, means, resolve
from fournines.prove.windows import Windows
from fournines.state import State

_LOOK_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Site:
    """The cloud, as campaigns reach it."""

    cloud: Cloud
    fleet: Fleet
    state: State
    observer: Observer

    def begin(
        self,
        spec: str,
        asked: Asked,
        seed: int,
        faults: Sequence[str] | None,
        double: bool,
        connections: Connections = "fresh",
        requested: Sequence[str] = (),
    ) -> Folder:
        """Look at the whole cloud and write down what a new campaign stands on. `spec`: the cloud file's text.
        `double`: some drills are of two faults. `connections`: of the clients of all drills. `requested`: names of
        probes that are made on request alone.

        Raises DrillError (no such fault or probe, none is possible, the cloud is not healthy), HostError, LockedError.
        """
        probes_of(self.cloud, requested)
        chosen = [named(name) for name in dict.fromkeys(faults)] if faults else list(catalogue().values())
        with self.state.lock("prove"):
            if left := Folder.unended(self.state.results):
                with left.held():
                    tidy(left, self.heal)
            views = self._await_healthy()
            self._tell("start", "look", "what the cloud is made of, and which faults its hosts can suffer")
            stages = deploy.stages(self.cloud, self.state.vault())
            looked = look(stages, self.fleet)
            found, left_out = kinds(self.cloud, chosen, lambda fault, target: self._able(fault, target, views))
            if not found:
                why = "; ".join(dict.fromkeys(f"{each.fault}: {each.why}" for each in left_out))
                raise DrillError(f"nothing can be drilled here: {why}")
            self._tell("done", "look")
        self._tell("start", "predict")
        about = {
            "cloud": self.cloud.name,
            "fidelity": self.cloud.fidelity,
            "connections": connections,
            "sla": self.cloud.sla,
            "seed": seed,
            "double": double,
            "probes": [*requested],
            "asked": {"drills": asked.drills, "seconds": asked.seconds, "faults": [each.name for each in chosen]},
            "kinds": [each.as_json() for each in found],
            "not_possible": [each.as_json() for each in left_out],
            "configuration": configuration(stages),
            "nines": __version__,
            "versions": versions(looked),
            "spec": spec,
            "predicted": predicted(self.cloud),
        }
        self._tell("done", "predict")
        return Folder.new(self.state.results, about)

    def resume(self) -> Folder:
        """The newest campaign that has not ended. Raises DrillError when there is none, or when it is of another
        configuration than the cloud has now; LockedError."""
        folder = Folder.unended(self.state.results)
        if folder is None:
            raise DrillError(f"no campaign of {self.cloud.name} waits to be resumed", "begin one without --resume")
        with self.state.lock("prove"):
            now = configuration(deploy.stages(self.cloud, self.state.vault()))
        if now != folder.about["configuration"]:
            raise DrillError(
                f"{folder.path.name} was begun with another configuration than the cloud has now",
                "begin another one: results of two configurations do not add up",
            )
        return folder

    def campaign(self, folder: Folder, tell: Callable[[Outcome], None]) -> Campaign:
        """What goes on in that folder."""
        about = folder.about
        found = [Kind.parse(each) for each in about["kinds"]]
        return Campaign(
            folder=folder,
            choice=Choice(about["seed"], found, self.cloud.timers, about.get("double", False)),
            asked=Asked(about["asked"]["drills"], about["asked"]["seconds"]),
            drill=partial(self._drill, folder.connections, about.get("probes", ())),
            heal=self._heal_locked,
            keep_logs=self._keep_logs,
            tell=tell,
        )

    def heal(self, fault: str, target: str) -> None:
        """On every host. The caller holds the cloud's lock. Raises HostError."""
        self._tell("start", "heal", fault)
        named(fault).aimed(target).heal([self.fleet[host.name] for host in self.cloud.hosts])
        self._tell("done", "heal", fault)

    def _heal_locked(self, fault: str, target: str) -> None:
        with self.state.lock("prove"):
            self.heal(fault, target)

    def _drill(self, connections: Connections, requested: Sequence[str], planned: Planned, folder: DrillFolder) -> None:
        fault = named(planned.fault)
        with journaled(self.observer, folder.path / "events.jsonl") as observer:
            drill(
                self.cloud,
                self.fleet,
                self.state,
                fault,
                planned.target,
                observer,
                planned.windows,
                planned.speed,
                folder.results,
                folder.foretell,
                lambda views: in_maintenance(self.cloud, views),
                connections,
                requested,
            )

    def _keep_logs(self, folder: DrillFolder, since: float, until: float) -> None:
        struck = set(folder.plan["hosts"])
        names = [host.name for host in self.cloud.hosts if host.name in struck or "control" in host.roles]
        self._tell("start", "logs", f"of {', '.join(names)}")
        logs.keep(self.cloud, self.fleet, names, since, until, folder.path / "logs")
        self._tell("done", "logs")

    def _able(self, fault: Fault, target: str, views: Views) -> None:
        if target == NOWHERE:
            return
        names: Sequence[str] = resolve(target, views, self.cloud)
        if target in LEADERS:
            # Whoever leads by then.
            names = [host.name for host in self.cloud.services[LEADERS[target].service].hosts]
        equipped = fault.aimed(target).equipped(means(self.cloud, self.fleet, self.state.vault(), views), names)
        equipped.possible([self.fleet[name] for name in names])

    def _await_healthy(self) -> Views:
        """What is seen when all is well. Raises DrillError when that takes longer than a drill would wait."""
        began, limit = time.monotonic(), Windows().healthy
        while found := troubles(views := inspect(self.cloud, self.fleet), self.cloud):
            passed = time.monotonic() - began
            if passed >= limit:
                raise DrillError(
                    f"not healthy after {limit:g} s, so no campaign is begun: {'; '.join(map(str, found))}",
                    "see nines status; nines up repairs",
                )
            self._tell("wait", "ready", in_short(found), passed)
            time.sleep(_LOOK_EVERY_S)
        return views

    def _tell(self, kind: Any, stage: str, text: str = "", seconds: float | None = None) -> None:
        self.observer(Event(kind, stage, text, seconds=seconds))
