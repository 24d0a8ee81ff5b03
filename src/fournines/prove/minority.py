"""Whoever is cut off with no majority of a service's members must accept nothing.

While the fault lasts, those members are asked again and again to accept something, by the operator's way in, which
no fault cuts: `fournines.services.Trial` says what. One that was fenced meanwhile accepts nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from fournines.cloud.model import Cloud
from fournines.errors import HostError
from fournines.faults import Cut, Fault
from fournines.hosts import Fleet, Host, Power, run
from fournines.prove.audits import Verdict
from fournines.services import Trial, catalogue

NAME = "minority-accepts-nothing"
_EVERY_S = 3.0
_OFF_WITHIN_S = 2.0
"""A host that is just being switched off loses our command before its switch says so."""
_ANSWER_S = 20.0
"""A trial takes no longer than 5 s, once it runs: a busy host may start it late."""

Member = tuple[str, str]
"""Service, host."""
Came = Literal["accepted", "refused", "off", "unknown"]
"""Refused: or no answer in time. Off: its host has no power."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one trial."""

    service: str
    host: str
    came: Came
    seen: str
    after_s: float
    """Since the fault, when it was begun."""

    @property
    def member(self) -> Member:
        return self.service, self.host


def cut_by(fault: Fault, names: Sequence[str]) -> tuple[Cut, Sequence[str]]:
    """How a fault that strikes these hosts separates which of them. Of two at a time a host that is silenced counts as
    separated too; where one of them leaves its targets together nothing is known of both."""
    acting = [(part, own) for part, own in fault.parts(names) if part.cuts or part.silences]
    kinds: set[Cut] = {part.cuts for part, _ in acting}
    cut: Cut = next(iter(kinds), None)
    if len(acting) > 1:
        cut = "apart" if "apart" in kinds and "together" not in kinds else None
    return cut, [name for _, own in acting for name in own]


def left_behind(cut: Cut, targets: Sequence[str], members: Sequence[str]) -> tuple[str, ...]:
    """Of a service's members those that reach no majority of them."""
    if cut is None:
        return ()
    rest = {name for name in members if name not in targets}
    islands = [{*targets}, rest] if cut == "together" else [*({name} for name in targets), rest]
    small = [island for island in islands if 2 * len(island & {*members}) <= len(members)]
    return tuple(name for name in members if any(name in island for island in small))


def trials(cut: Cut, targets: Sequence[str], cloud: Cloud) -> Mapping[Member, Trial]:
    """What must be tried where, while such a fault strikes these hosts."""
    found: dict[Member, Trial] = {}
    for name, placement in cloud.services.items():
        service = catalogue().get(name)
        if service is None or placement.strategy.alive != "majority":
            continue
        for host in left_behind(cut, targets, [each.name for each in placement.hosts]):
            if trial := service.trial(cloud, cloud.host(host)):
                found[name, host] = trial
    return found


def judge(tried: Iterable[Tried], wanted: Collection[Member] = ()) -> Verdict | None:
    """`wanted`: whom to try at all. None: nobody, nobody having been left behind."""
    found = list(tried)
    if not found and not wanted:
        return None
    if wrong := [each for each in found if each.came == "accepted"]:
        such = [f"{each.service} on {each.host} {each.after_s:.0f} s after the fault ({each.seen})" for each in wrong]
        return Verdict(NAME, "fail", f"accepted {len(wrong)} times without a majority: {'; '.join(such[:3])}")
    known = {each.member for each in found if each.came in ("refused", "off")}
    off = {each.host for each in found if each.came == "off"}
    dark = {each: "it was healed too soon" for each in wanted if each not in known and each[1] not in off}
    dark |= {each.member: each.seen for each in found if each.member not in known}
    if dark:
        such = "; ".join(f"{service} on {host}: {why}" for (service, host), why in sorted(dark.items()))
        return Verdict(NAME, "unknown", f"could not be tried: {such}")
    return Verdict(NAME, "ok", "; ".join(_told(host, found) for host in sorted({each.host for each in found})))


def _told(host: str, found: Iterable[Tried]) -> str:
    here = [each for each in found if each.host == host]
    refused = [each.service for each in here if each.came == "refused"]
    off = [each.after_s for each in here if each.came == "off"]
    words = [f"{len(refused)} trials, none accepted ({', '.join(sorted({*refused}))})"] if refused else []
    words += [f"found off {min(off):.0f} s after the fault"] if off else []
    return f"{host}: {', '.join(words)}"


class Watch:
    """A block in which all of it is tried, each by a thread of its own.

    An error leaves it at once, for then the fault must be healed; else it waits for trials that are under way: one
    that is answered after the heal would say nothing.
    """

    def __init__(self, wanted: Mapping[Member, Trial], fleet: Fleet) -> None:
        self._fleet = fleet
        self._wanted = wanted
        self._began = time.monotonic()
        self._end = threading.Event()
        self._tried: list[Tried] = []
        self._lost: set[str] = set()
        """Hosts that did not answer once. One that was fenced may come back without what was done to it."""
        self._threads = [
            threading.Thread(target=self._follow, args=(service, host, trial), daemon=True)
            for (service, host), trial in wanted.items()
        ]

    def __enter__(self) -> Watch:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end.set()
        if kind is None:
            for thread in self._threads:
                thread.join()

    def lacks(self) -> list[Member]:
        """Whose trial is still to come, on a host that answers: before it the fault must not be healed."""
        passed, tried = time.monotonic() - self._began, {each.member for each in [*self._tried]}
        return [
            member
            for member, trial in self._wanted.items()
            if member not in tried and member[1] not in self._lost and passed < trial.after_s + _ANSWER_S
        ]

    def verdicts(self) -> list[Verdict]:
        """One, or none where nobody was left behind."""
        verdict = judge(self._tried, self._wanted)
        return [verdict] if verdict else []

    def _follow(self, service: str, name: str, trial: Trial) -> None:
        pause = trial.after_s
        while not self._end.wait(pause) and name not in self._lost:
            pause = _EVERY_S
            after = time.monotonic() - self._began
            try:
                came, seen = attempt(self._fleet[name], trial)
            except HostError as error:
                self._lost.add(name)
                came, seen = ("off", "it is off") if _off(self._fleet[name]) else ("unknown", _last_line(error))
            self._tried.append(Tried(service, name, came, seen, after))


def attempt(host: Host, trial: Trial) -> tuple[Came, str]:
    """One trial, and what was seen. Raises HostError when the host does not answer."""
    command = trial.command
    said = run(host, command.argv, stdin=command.stdin, timeout=_ANSWER_S)
    try:
        answer = json.loads(said)
        accepted, seen = answer["accepted"], str(answer["seen"])
    except (ValueError, KeyError, TypeError):
        return "unknown", f"this is no answer: {said.strip()[-100:]}"
    return ("unknown" if accepted is None else "accepted" if accepted else "refused"), seen


def _last_line(error: HostError) -> str:
    return error.message.splitlines()[-1][:200]


def _off(host: Host) -> bool:
    """Whether its power is off, or is being switched off just now."""
    until = time.monotonic() + _OFF_WITHIN_S
    while isinstance(host, Power):
        try:
            if host.power() == "off":
                return True
        except HostError:
            pass
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)
    return False
