"""Have a cloud stand: its lab's hosts on, all that is declared on them, every API proved, a guest that answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from fournines import demo, lab
from fournines.cli import build
from fournines.cli.build import Built
from fournines.cli.clouds import load
from fournines.cloud import Cloud
from fournines.converge import deploy
from fournines.converge.events import Event, Observer
from fournines.demo.ensure import ensure
from fournines.demo.find import Guest
from fournines.errors import HostError, SpecError, WaitError
from fournines.hosts.fleet import fleet
from fournines.state import State

ATTEMPTS = 3
OFF_WITHIN_S = 5.0
"""How long a lab's host takes at most from its first killed process to being off, on a busy machine too."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A cloud that stands."""

    built: Built
    guest: Guest | None
    seconds: float
    """From the start to the last answer awaited: that of the guest, where there is one."""

    def as_json(self) -> dict[str, Any]:
        seconds = round(self.seconds, 3)
        guest = self.guest and {"url": self.guest.url, "host": self.guest.host, "seconds": seconds}
        return self.built.as_json() | {"guest": guest, "seconds": seconds}

    def text(self) -> str:
        cloud = self.built.cloud
        verified = [each for each in self.built.verified or () if each.ok]
        guest = f"; the guest on {self.guest.host} answers over TCP" if self.guest else ""
        return (
            f"{self.built.text()}\n{cloud.name} is up after {self.seconds:.1f} s: {len(cloud.hosts)} hosts, "
            f"{len(cloud.services)} services, {len(verified)} APIs verified{guest}."
        )


def stand(cloud: Cloud, state: State, observer: Observer, began: float, *, guest: bool) -> Standing:
    """Safe to repeat. The caller holds the lock. Raises HostError, WaitError, NinesError.

    `began` is when the clock of the figures started. `guest`: a lab ends with one, where it has hosts for it.
    """
    built, answering = _attempt(cloud, state, observer, guest and cloud.provider == "lab" and demo.possible(cloud))
    return Standing(built, answering, time.monotonic() - began)


def _attempt(
    cloud: Cloud, state: State, observer: Observer, guest: bool, left: int = ATTEMPTS
) -> tuple[Built, Guest | None]:
    """Again where a host went off on the way: peers that had lost it fence it, also when it has just come back."""
    try:
        if cloud.provider == "lab":
            lab.up(cloud, deploy.packages(cloud), deploy.masked(cloud), state, observer, _small)
        built = build.build(cloud, state, fleet(cloud, state), observer, always_prove=True)
        return built, ensure(cloud, state, observer) if guest else None
    except (HostError, WaitError) as error:
        off = _went_off(state)
        if not off or left == 1:
            raise
        observer(Event("note", "hosts", f"{', '.join(off)} went off, fenced perhaps: on again; {error.message}"))
        return _attempt(cloud, state, observer, guest, left - 1)


def _small() -> Cloud | None:
    """What is proposed where this machine has too little memory."""
    try:
        return load("small")
    except SpecError:
        return None


def _went_off(state: State) -> list[str]:
    """The lab's hosts that are off. One whose processes were just killed under us is so a moment later."""
    from fournines import lab

    end = time.monotonic() + OFF_WITHIN_S
    while True:
        off = [name for name, power in lab.running(state).items() if power == "off"]
        if off or time.monotonic() >= end:
            return off
        time.sleep(0.1)
