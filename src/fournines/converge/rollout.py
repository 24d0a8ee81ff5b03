"""One stage on its hosts: what is done before, start what does not run, restart what is stale one at a time, what is
done after.

A member is one `HostPart`. It is stale when a file that a running unit of it reads has changed. A stale member is
touched only while all other members are healthy. One exception: members that are stale and do not get healthy by
themselves come first, and do not wait for each other: a wrong file on all of them is mended by restarting them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fournines.converge.events import Event, Observer
from fournines.converge.kept import Kept
from fournines.converge.look import Change
from fournines.converge.resources import Unit
from fournines.converge.steps import Command, HostPart, Stage, Step
from fournines.converge.transport import Progress, call, pick, together
from fournines.errors import HostError, WaitError
from fournines.hosts import Fleet

Kind = Literal["start", "wait", "done", "fail", "change", "note"]
_SPARE = 200.0
"""Seconds beyond an operation's own bound: the agent waits up to 180 s for one of a killed run."""


@dataclass(slots=True)
class Done:
    """What a stage did."""

    moved: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """(host, unit, action)."""
    steps: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(host, step)."""

    @property
    def acted(self) -> bool:
        return bool(self.moved or self.steps)


class Rollout:
    """One run of one stage. `changes` are the starts and stops that it still needs."""

    def __init__(self, stage: Stage, changes: Iterable[Change], fleet: Fleet, tell: Observer) -> None:
        self._stage = stage
        self._fleet = fleet
        self._tell = tell
        self._done = Done()
        self._moves: dict[str, dict[str, str]] = {part.host: {} for part in stage.parts}
        for change in changes:
            self._moves[change.host][change.subject] = change.action

    def run(self) -> Done:
        """Bring the stage to its end. Raises HostError and WaitError."""
        began = time.monotonic()
        self._say("start")
        try:
            self._steps("before")
            self._start()
            self._restart()
            self._steps("after")
        except (HostError, WaitError) as error:
            self._say("fail", error.message, seconds=time.monotonic() - began)
            raise
        self._say("done", seconds=time.monotonic() - began)
        return self._done

    # --- members ---

    def _start(self) -> None:
        """Start what does not run and stop what must not; every member that is not stale is healthy then."""
        if self._stage.start == "serial":
            for part in self._stage.parts:
                if self._moves_of(part, "start", "stop"):
                    self._start_one(part)
        self._each(self._stage.parts, self._start_one)

    def _start_one(self, part: HostPart) -> None:
        if moves := self._moves_of(part, "start", "stop"):
            self._move(part, moves)
        if not self._moves_of(part, "restart", "reload"):
            self._await_health(part)
            self._say("done", "healthy", part.host)

    def _moves_of(self, part: HostPart, *actions: str) -> dict[str, str]:
        """Units of a member that still need one of these."""
        return {unit: action for unit, action in self._moves[part.host].items() if action in actions}

    def _restart(self) -> None:
        stale = [part for part in self._stage.parts if self._moves_of(part, "restart", "reload")]
        if not stale:
            return
        sick = {part.host for part, healthy in self._each(stale, self._gets_healthy) if not healthy}
        if sick:
            self._say("note", f"first those that are stale and not healthy: {', '.join(sorted(sick))}")
        # Sorting is stable: among equals it stays the rolling order.
        for part in sorted(stale, key=lambda part: part.host not in sick):
            sick.discard(part.host)
            others = [other for other in self._stage.parts if other is not part and other.host not in sick]
            self._each(others, self._await_health)
            self._move(part, self._moves_of(part, "restart", "reload"))
            self._await_health(part)
            self._say("done", "healthy", part.host)

    def _move(self, part: HostPart, moves: dict[str, str]) -> None:
        """Start, stop, restart or reload units of one member."""
        began = time.monotonic()
        declared = {unit.name: unit for unit in part.resources if isinstance(unit, Unit)}
        units = [
            {
                "name": name,
                "action": action,
                "reads": list(declared[name].reads),
                "reload_reads": list(declared[name].reload_reads),
            }
            for name, action in moves.items()
        ]
        doing = ", ".join(f"{action} {unit}" for unit, action in moves.items())
        check = part.health.as_data() if part.health else None
        request = {"op": "units", "units": units, "timeout": self._stage.bound, "check": check}
        answer = self._call(part.host, request, len(moves) * self._stage.bound, self._waiting(part.host, doing))
        for unit in answer["failed"]:
            self._refuse_taken_ports(part.host, f"cannot {unit['action']} {unit['name']}", unit["holders"])
            journal = "".join(f"\n  {line}" for line in unit["journal"])
            raise HostError(
                part.host,
                f"{self._stage.name}: cannot {unit['action']} {unit['name']}: {unit['said']}{journal}",
                f"nines logs {part.host} {self._stage.name}",
            )
        for unit, became in answer["did"].items():
            if became == "stale":
                # Somebody started it with older files since we looked: its turn is in the rolling restart.
                self._moves[part.host][unit] = "restart"
            else:
                self._moves[part.host].pop(unit, None)
                if became != "already":
                    self._done.moved.append((part.host, unit, became))
                    self._say("change", f"{became} {unit}", part.host, time.monotonic() - began)

    def _await_health(self, part: HostPart) -> None:
        """Raises WaitError when the member is not healthy within the stage's bound."""
        if part.health is None:
            return
        result = self._wait(part)
        if not result["ok"]:
            self._refuse_taken_ports(part.host, f"no sign of {part.health.awaits}", result["holders"])
            raise WaitError(
                f"{part.host}: waited {self._stage.bound:g} s for {part.health.awaits} ({self._stage.name}); "
                f"last seen: {_short(result['seen'])}",
                f"nines logs {part.host} {self._stage.name}",
            )

    def _refuse_taken_ports(self, host: str, what: str, holders: Sequence[Mapping[str, Any]]) -> None:
        """Raises HostError when a process that is none of ours has a port that ours needs."""
        if not holders:
            return
        told = [
            f"port {one['port']} of {one['address']} is held by {one['program']} (pid {one['pid']}, "
            f"{one['unit'] or 'no unit'})"
            for one in holders
        ]
        ends = [f"systemctl disable --now {one['unit']}" if one["unit"] else f"kill {one['pid']}" for one in holders]
        raise HostError(
            host,
            f"{self._stage.name}: {what}: {'; '.join(told)}",
            f"end it on {host} ({'; '.join(ends)}), then run it again",
        )

    def _gets_healthy(self, part: HostPart) -> bool:
        return part.health is None or bool(self._wait(part)["ok"])

    def _wait(self, part: HostPart) -> dict[str, Any]:
        assert part.health is not None  # noqa: S101
        units = [resource.name for resource in part.resources if isinstance(resource, Unit)]
        request = {"op": "wait", "check": part.health.as_data(), "bound": self._stage.bound, "units": units}
        return self._call(part.host, request, self._stage.bound, self._waiting(part.host, part.health.awaits))

    # --- steps ---

    def _steps(self, when: str) -> None:
        wanted = (step for step in self._stage.steps if step.when == when)
        # The same thing on several hosts is done on all at once.
        for _, group in itertools.groupby(wanted, key=lambda step: step.name):
            steps = {step.host: step for step in group}
            together({host: lambda s=step: self._step(s) for host, step in steps.items()})

    def _step(self, step: Step) -> None:
        began = time.monotonic()
        kept = Kept(step.keep, pick(self._fleet, step.host)) if step.keep else None
        command = (kept and kept.given()) or step.run
        answer = self._run(step, command)
        if answer["exit"] != 0 and command is not step.run:
            self._say("note", f"{step.name}: what was kept cannot be used, so from the start", step.host)
            command = step.run
            answer = self._run(step, command)
        for pause in step.again:
            if answer["done"]["ok"] or answer["exit"] in (0, None):
                break
            self._say("note", f"{step.name}: {_failure(step, answer)}; again in {pause:g} s", step.host)
            time.sleep(pause)
            answer = self._run(step, command)
        if answer["skipped"]:
            return
        if not answer["done"]["ok"]:
            where = f"{self._stage.name}: {step.name}"
            logs = f"nines logs {step.host} {self._stage.name}"
            if answer["exit"] != 0:
                raise HostError(step.host, f"{where}: {_failure(step, answer, 1500)}", logs)
            raise WaitError(
                f"{step.host}: {where}: it ran, then waited {step.bound:g} s for {step.done.awaits}; "
                f"last seen: {_short(answer['done']['seen'])}",
                logs,
            )
        if kept and command is step.run:
            kept.save()
        self._done.steps.append((step.host, step.name))
        self._say("change", step.name, step.host, time.monotonic() - began)

    def _run(self, step: Step, command: Command) -> dict[str, Any]:
        request = {
            "op": "run",
            "name": f"{self._stage.name} {step.name}",
            "command": command.as_data(),
            "done": step.done.as_data(),
            "bound": step.bound,
        }
        return self._call(step.host, request, command.timeout + step.bound, self._waiting(step.host, step.name))

    # --- telling and calling ---

    def _each(self, parts: Sequence[HostPart], work: Callable[[HostPart], Any]) -> list[tuple[HostPart, Any]]:
        results = together({part.host: lambda p=part: work(p) for part in parts})
        return [(part, results[part.host]) for part in parts]

    def _call(self, host: str, request: dict[str, Any], bound: float, progress: Progress) -> dict[str, Any]:
        return call(pick(self._fleet, host), request, timeout=bound + _SPARE, progress=progress)

    def _waiting(self, host: str, what: str) -> Progress:
        def progress(text: str, seconds: float) -> None:
            self._say("wait", f"{what}; last seen: {_short(text)}", host, seconds)

        return progress

    def _say(self, kind: Kind, text: str = "", host: str | None = None, seconds: float | None = None) -> None:
        self._tell(Event(kind, self._stage.name, text, host, seconds))


def _failure(step: Step, answer: Mapping[str, Any], length: int = 300) -> str:
    """How a run ended, and at most so many of the last characters that it said."""
    how = f"no end after {step.run.timeout:g} s" if answer["exit"] is None else f"exit {answer['exit']}"
    return f"{how}: {(answer['stderr'].strip() or answer['stdout'].strip())[-length:]}"


def _short(seen: object) -> str:
    """On one line, at most 300 characters."""
    text = " ".join(str(seen).split())
    return (text[:300] + " ...") if len(text) > 300 else text or "nothing"
