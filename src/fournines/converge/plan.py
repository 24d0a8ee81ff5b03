"""What an apply would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fournines.converge.fitness import refuse_unfit
from fournines.converge.look import Change, HostLook, Seen, look, steps_of
from fournines.converge.steps import Stage
from fournines.hosts import Fleet


@dataclass(frozen=True, slots=True)
class PendingStep:
    """A step whose check says that it is not done."""

    service: str
    host: str
    name: str
    seen: str
    """What its check saw."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference between a cloud and its hosts."""

    changes: tuple[Change, ...]
    steps: tuple[PendingStep, ...]
    health: Mapping[str, Mapping[str, Seen]]
    """Host -> service -> what its health check said."""

    @property
    def empty(self) -> bool:
        """Nothing differs and every step is done."""
        return not self.changes and not self.steps

    @property
    def healthy(self) -> bool:
        return all(seen.ok for services in self.health.values() for seen in services.values())

    def __str__(self) -> str:
        """The changes in order, a diff below its change; what several hosts have alike is told once."""
        if self.empty:
            return "Nothing to do: all hosts are as declared.\n"
        lines: list[str] = []
        for hosts, change in _alike(self.changes):
            lines.append(f"{','.join(hosts)}  {change.service}: {change.action} {change.kind} {change.subject}")
            lines += [f"    {line}" for line in change.diff.splitlines()]
        lines += [f"{step.host}  {step.service}: step: {step.name}" for step in self.steps]
        hosts = {change.host for change in self.changes} | {step.host for step in self.steps}
        counts = [_count(len(self.changes), "change"), _count(len(self.steps), "step")]
        lines.append(f"{' and '.join(counts)} on {_count(len(hosts), 'host')}.")
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, Any]:
        """JSON-ready: {empty, healthy, changes: [...], steps: [...], health: {host: {service: {ok, ...}}}}."""
        return {
            "empty": self.empty,
            "healthy": self.healthy,
            "changes": [
                {
                    "host": change.host,
                    "service": change.service,
                    "kind": change.kind,
                    "subject": change.subject,
                    "action": change.action,
                    "diff": change.diff,
                }
                for change in self.changes
            ],
            "steps": [
                {"host": step.host, "service": step.service, "name": step.name, "seen": step.seen}
                for step in self.steps
            ],
            "health": {
                host: {
                    service: {"ok": seen.ok, "seen": seen.seen, "seconds": seen.seconds}
                    for service, seen in services.items()
                }
                for host, services in self.health.items()
            },
        }


def plan(stages: tuple[Stage, ...], fleet: Fleet) -> Plan:
    """Look at every host and tell what differs. Changes nothing.

    Raises HostError for a host that cannot be reached or is not fit, or whose service would ignore an option.
    """
    looks = look(stages, fleet)
    refuse_unfit(stages, looks)
    return plan_from(stages, looks)


def plan_from(stages: tuple[Stage, ...], looks: Mapping[str, HostLook]) -> Plan:
    """The plan that follows from these looks; changes in the order of the stages, then of hosts."""
    place = {stage.name: position for position, stage in enumerate(stages)}
    changes = sorted(
        (change for seen in looks.values() for change in seen.changes),
        key=lambda change: place.get(change.service, -1),
    )
    done = {index: seen for one in looks.values() for index, seen in one.done.items()}
    steps = tuple(
        PendingStep(stage, step.host, step.name, done[index].seen)
        for index, (stage, step) in enumerate(steps_of(stages))
        if not done[index].ok
    )
    return Plan(tuple(changes), steps, {host: seen.health for host, seen in looks.items()})


def _alike(changes: Iterable[Change]) -> list[tuple[list[str], Change]]:
    """Hosts with the same change, and that change."""
    groups: dict[tuple[str, ...], tuple[list[str], Change]] = {}
    for change in changes:
        key = (change.service, change.kind, change.subject, change.action, change.diff)
        groups.setdefault(key, ([], change))[0].append(change.host)
    return list(groups.values())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
