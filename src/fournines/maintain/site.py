"""What duties work with: the cloud, its hosts, its APIs; and how they wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fournines.cloud.model import Cloud
from fournines.converge.events import Event, Observer
from fournines.converge.inspect import HostView, inspect
from fournines.converge.steps import Command
from fournines.converge.transport import pick
from fournines.errors import NinesError, WaitError
from fournines.hosts import Fleet, run
from fournines.prove.facts import unhealthy
from fournines.state import Vault
from fournines.verify.client import Client, clients, failures

ANSWER_S = 600.0
"""Until a host answers, and is well, after it was touched: a real one boots for minutes."""
_LONGEST_S = 7 * 86400.0
"""Of a maintenance; each wait in it has a bound of its own."""
_POLL_S = 1.0
_SILENT_S = 60.0
"""For how long an API may not answer well, while it is only asked."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """A cloud that is worked on."""

    cloud: Cloud
    fleet: Fleet
    vault: Vault
    observer: Observer

    def look(self, hosts: Collection[str] | None = None) -> Mapping[str, HostView]:
        """As `converge.inspect`."""
        return inspect(self.cloud, self.fleet, hosts)

    def client(self) -> Client:
        """The cloud's APIs. Its requests raise one of `verify.client.failures()`."""
        return clients(self.cloud, self.vault, time.monotonic() + _LONGEST_S)()

    def run(self, host: str, command: Command) -> str:
        """What it printed. Raises HostError."""
        return run(pick(self.fleet, host), command.argv, stdin=command.stdin, timeout=command.timeout)

    def note(self, stage: str, text: str, host: str | None = None) -> None:
        self.observer(Event("note", stage, text, host=host))

    def wait(self, stage: str, bound: float, left: Callable[[], str], remedy: str) -> None:
        """Until `left` says that nothing is left, as an empty text. It is told while it lasts, with the seconds.

        Raises WaitError with `remedy` after `bound` seconds.
        """
        began = time.monotonic()
        while text := left():
            passed = time.monotonic() - began
            if passed > bound:
                raise WaitError(f"{stage}: waited {passed:.0f} s in vain for {text}", remedy)
            self.observer(Event("wait", stage, text, seconds=passed))
            time.sleep(_POLL_S)

    def well(self, stage: str, host: str) -> None:
        """Until every service on that host is. Raises WaitError."""

        def left() -> str:
            return "; ".join(unhealthy(self.look([host]), self.cloud, host))

        remedy = f"mend it (nines status, nines logs {host}, nines apply), then run it again"
        self.wait(stage, ANSWER_S, left, remedy)


def asked(question: Callable[[], T]) -> T:
    """The answer to what only reads, asked again for a minute where an API does not answer well. Raises WaitError."""
    end = time.monotonic() + _SILENT_S
    while True:
        try:
            return question()
        except failures() as error:
            if time.monotonic() > end:
                raise WaitError(_said(error), "nines status; then run it again") from error
            time.sleep(_POLL_S)


def told_to(request: Callable[[], object]) -> None:
    """A request that changes something. Raises NinesError with what the API said."""
    try:
        request()
    except failures() as error:
        raise NinesError(_said(error), "nines status; then run it again") from error


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:400]
