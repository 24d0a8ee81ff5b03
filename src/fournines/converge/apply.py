"""Remove the difference between the declared stages and the hosts.

    look     all hosts at once; nothing differs, all steps done, all healthy: that was it
    write    all hosts at once: packages, files, masks ...; nothing is started or stopped
    stages   in the order of their needs, independent ones at once (see `rollout.py`)

Killed at any moment and repeated, it goes on where the hosts are: what is stale is known on the host itself.
"""

from __future__ import annotations

import graphlib
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from fournines.converge.events import Event, Observer
from fournines.converge.fitness import mixed_versions, refuse, refuse_unfit
from fournines.converge.journal import journaled
from fournines.converge.look import AGENT, Change, HostLook, Wanted, look, steps_of, wanted_of
from fournines.converge.plan import Plan, plan_from
from fournines.converge.rollout import Done, Rollout
from fournines.converge.steps import Stage
from fournines.converge.transport import call, pick, together, united
from fournines.errors import NinesError
from fournines.hosts import Fleet

WRITE_TIMEOUT = 3600.0
"""Seconds for one host; only packages take long, and each of their programs has its own bound."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply did."""

    changes: tuple[Change, ...]
    """Written differences; starts and stops aside."""
    moved: tuple[tuple[str, str, str], ...]
    """(host, unit, action): start, restart, reload, stop."""
    steps: tuple[tuple[str, str], ...]
    """(host, step) of those that were run."""
    seconds: float

    @property
    def changed(self) -> bool:
        return bool(self.changes or self.moved or self.steps)


@dataclass(slots=True)
class _Written:
    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = field(default_factory=tuple[Change, ...])
    versions: Mapping[str, str] = field(default_factory=dict[str, str])


def apply(stages: tuple[Stage, ...], fleet: Fleet, observer: Observer, journal: Path) -> Outcome:
    """Make every host as declared. The caller holds the cloud's lock.

    Raises HostError (a host cannot be reached, a program failed), WaitError (a bound ran out: who, for what, last
    seen) or NinesError (stages that need each other). After a failure no new stage starts; those under way end.
    """
    began = time.monotonic()
    with journaled(observer, journal) as tell:
        tell(Event("start", "apply"))
        try:
            outcome = _apply(stages, fleet, tell, began)
        except NinesError as error:
            tell(Event("fail", "apply", error.message, seconds=time.monotonic() - began))
            raise
        text = "done" if outcome.changed else "nothing to do"
        tell(Event("done", "apply", text, seconds=outcome.seconds))
        return outcome


def _apply(stages: tuple[Stage, ...], fleet: Fleet, tell: Observer, began: float) -> Outcome:
    order = _order(stages)
    looks = look(stages, fleet)
    refuse_unfit(stages, looks)
    seen = plan_from(stages, looks)
    tell(Event("done", "look", _summary(seen), seconds=time.monotonic() - began))
    if seen.empty and seen.healthy:
        return Outcome((), (), (), time.monotonic() - began)
    written = _write(wanted_of(stages), looks, fleet, tell)
    # What was installed just now may be another version than elsewhere.
    refuse(mixed_versions(stages, {host: one.versions for host, one in written.items()}))
    left = [change for one in written.values() for change in one.left]
    done = _walk(stages, order, left, looks, fleet, tell)
    return Outcome(
        changes=tuple(change for one in written.values() for change in one.changes),
        moved=tuple(move for one in done for move in one.moved),
        steps=tuple(step for one in done for step in one.steps),
        seconds=time.monotonic() - began,
    )


def _summary(seen: Plan) -> str:
    sick = sum(not one.ok for services in seen.health.values() for one in services.values())
    return f"{len(seen.changes)} differences, {len(seen.steps)} steps to do, {sick} not healthy"


def _order(stages: tuple[Stage, ...]) -> graphlib.TopologicalSorter[str]:
    names = {stage.name for stage in stages}
    for stage in stages:
        for name in stage.after:
            if name not in names:
                raise NinesError(f"{stage.name} comes after {name}, which is not deployed")
    order = graphlib.TopologicalSorter({stage.name: stage.after for stage in stages})
    try:
        order.prepare()
    except graphlib.CycleError as error:
        raise NinesError(f"these stages need each other: {' -> '.join(error.args[1])}") from None
    return order


def _write(
    wanted: Mapping[str, Wanted], looks: Mapping[str, HostLook], fleet: Fleet, tell: Observer
) -> dict[str, _Written]:
    def on(name: str) -> _Written:
        changes = looks[name].changes
        if all(change.moves for change in changes):
            return _Written(left=changes, versions=looks[name].versions)
        began = time.monotonic()
        tell(Event("start", "write", host=name))

        def progress(text: str, seconds: float) -> None:
            tell(Event("wait", "write", text, name, seconds))

        request = {"op": "write", "resources": wanted[name].data()}
        answer = call(pick(fleet, name), request, timeout=WRITE_TIMEOUT, progress=progress)
        did = wanted[name].changes(answer["did"])
        for change in did:
            tell(Event("change", _stage_of(change), f"{change.action} {change.kind} {change.subject}", name))
        tell(Event("done", "write", f"{len(did)} changes", name, time.monotonic() - began))
        return _Written(did, wanted[name].changes(answer["left"]), answer["versions"])

    return together({name: lambda n=name: on(n) for name in looks})


def _stage_of(change: Change) -> str:
    return "write" if change.service == AGENT else change.service


def _walk(
    stages: tuple[Stage, ...],
    order: graphlib.TopologicalSorter[str],
    left: list[Change],
    looks: Mapping[str, HostLook],
    fleet: Fleet,
    tell: Observer,
) -> list[Done]:
    """Walk the stages, each as soon as those before it are complete."""
    by_name = {stage.name: stage for stage in stages}
    idle = {stage.name for stage in stages if _settled(stage, stages, left, looks)}
    done: dict[str, Done] = {}
    errors: list[NinesError] = []
    with ThreadPoolExecutor(max(1, len(stages))) as pool:
        running: dict[Future[Done], str] = {}
        while order.is_active() and (running or not errors):
            for name in () if errors else order.get_ready():
                stage = by_name[name]
                # Where nothing below moved either, the first look still holds.
                if name in idle and not any(done[before].acted for before in stage.after):
                    done[name] = Done()
                    order.done(name)
                    continue
                mine = [change for change in left if change.service == name]
                running[pool.submit(Rollout(stage, mine, fleet, tell).run)] = name
            if not running:
                continue
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                error = future.exception()
                if error is None:
                    done[name] = future.result()
                    order.done(name)
                elif isinstance(error, NinesError):
                    errors.append(error)
                else:
                    raise error
    if errors:
        raise united(errors)
    return list(done.values())


def _settled(stage: Stage, stages: tuple[Stage, ...], left: list[Change], looks: Mapping[str, HostLook]) -> bool:
    """Nothing of it is to be started, every step is done, every member is healthy."""
    if any(change.service == stage.name for change in left):
        return False
    if any(not looks[part.host].health[stage.name].ok for part in stage.parts if part.health is not None):
        return False
    steps = enumerate(steps_of(stages))
    return all(looks[step.host].done[index].ok for index, (name, step) in steps if name == stage.name)
