"""One look at every host: what differs from the stages, which steps are done, who is healthy."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fournines.converge.resources import Resource
from fournines.converge.steps import Check, Stage, Step
from fournines.converge.transport import call, pick, together
from fournines.hosts import Fleet

LOOK_TIMEOUT = 60.0
AGENT = "host"
"""Owner of changes that belong to no service: systemd to be reloaded, a policy left over."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check said."""

    ok: bool
    seen: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a host and what is wanted."""

    host: str
    service: str
    kind: str
    subject: str
    """A path, a unit's, package's or user's name, a kernel setting."""
    action: str
    """create, update, remove; for units enable, disable, mask, unmask, start, restart, reload, stop."""
    diff: str
    """Unified diff or a remark, secrets masked; may be empty."""

    @property
    def moves(self) -> bool:
        """Starts or stops something."""
        return self.kind == "unit" and self.action in ("start", "restart", "reload", "stop")


@dataclass(frozen=True, slots=True)
class Room:
    """One file system that something of ours lies on."""

    path: str
    """Its mount point."""
    bytes: int
    """Free ones."""
    inodes: int | None
    """Free ones; None where it has no such limit."""
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostLook:
    """What was seen on one host."""

    changes: tuple[Change, ...]
    health: Mapping[str, Seen]
    """By stage; only stages with a health check there."""
    done: Mapping[int, Seen]
    """By position in `steps_of(stages)`; only steps of this host."""
    seconds: float
    clock_off: float = 0.0
    """Seconds that its clock is ahead of this machine's at least, less than 0 when behind; 0 when they may agree."""
    room: tuple[Room, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the installed packages among those that are wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that is wanted of one host, in the stages' order, each thing once."""

    host: str
    resources: tuple[Resource, ...]
    owners: tuple[str, ...]
    """Stage of each resource."""

    def data(self) -> list[dict[str, Any]]:
        """As the agent takes them: each with the service that it is of."""
        return [
            {**resource.as_data(), "service": owner}
            for resource, owner in zip(self.resources, self.owners, strict=True)
        ]

    def changes(self, found: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
        """The agent's answer with names of services."""
        return tuple(
            Change(
                host=self.host,
                service=AGENT if change["index"] is None else self.owners[int(change["index"])],
                kind=str(change["kind"]),
                subject=str(change["subject"]),
                action=str(change["action"]),
                diff=str(change["diff"]),
            )
            for change in found
        )


def wanted_of(stages: Iterable[Stage]) -> dict[str, Wanted]:
    """What is wanted of each host, by host. What two stages declare alike belongs to the first."""
    found: dict[str, dict[Resource, str]] = {}
    for stage in stages:
        for part in stage.parts:
            on_host = found.setdefault(part.host, {})
            for resource in part.resources:
                on_host.setdefault(resource, stage.name)
        for step in stage.steps:
            found.setdefault(step.host, {})
    return {host: Wanted(host, tuple(owned), tuple(owned.values())) for host, owned in found.items()}


def steps_of(stages: Iterable[Stage]) -> tuple[tuple[str, Step], ...]:
    """Every step with its stage's name, in order."""
    return tuple((stage.name, step) for stage in stages for step in stage.steps)


def look(stages: tuple[Stage, ...], fleet: Fleet) -> dict[str, HostLook]:
    """Look at all hosts at once, one agent run each. Raises HostError."""
    wanted = wanted_of(stages)
    return together({name: lambda w=one: _look(w, stages, fleet) for name, one in wanted.items()})


def _look(wanted: Wanted, stages: tuple[Stage, ...], fleet: Fleet) -> HostLook:
    checks: dict[str, Check] = {}
    for stage in stages:
        for part in stage.parts:
            if part.host == wanted.host and part.health is not None:
                checks[f"health {stage.name}"] = part.health
    for index, (_, step) in enumerate(steps_of(stages)):
        if step.host == wanted.host:
            checks[f"step {index}"] = step.done
    sent = time.time()
    answer = call(
        pick(fleet, wanted.host),
        {
            "op": "look",
            "resources": wanted.data(),
            "checks": {name: check.as_data() for name, check in checks.items()},
            "limit": LOOK_TIMEOUT / 2,
        },
        timeout=LOOK_TIMEOUT,
    )
    received = time.time()
    seen = {name: Seen(**value) for name, value in answer["checks"].items()}
    return HostLook(
        changes=wanted.changes(answer["changes"]),
        health={name.removeprefix("health "): value for name, value in seen.items() if name.startswith("health ")},
        done={int(name.removeprefix("step ")): value for name, value in seen.items() if name.startswith("step ")},
        seconds=float(answer["seconds"]),
        clock_off=clock_off(sent, received, *answer["clock"]),
        room=tuple(Room(one["path"], one["bytes"], one["inodes"], tuple(one["services"])) for one in answer["room"]),
        versions=answer["versions"],
    )


def clock_off(sent: float, received: float, began: float, ended: float) -> float:
    """Between what two clocks said: the agent began after it was sent for, and ended before its answer was there. So
    a slow way makes this smaller, never larger."""
    if began < sent:
        return began - sent
    return max(0.0, ended - received)
