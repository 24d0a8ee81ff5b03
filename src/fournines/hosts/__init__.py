"""Host providers: an argv prefix, and power where there is a switch for it. One file a provider.

    provider   commands run by          power
    nspawn     nsenter into the host    the lab's own switch (SIGKILL of its PID 1 and of everything in it)
    ssh        ssh                      the host's BMC, where it has one

Nothing here knows a service.
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from fournines.errors import HostError

PowerState = Literal["on", "off"]


class Host(Protocol):
    """Where commands can be run."""

    @property
    def name(self) -> str: ...

    def argv(self, command: Sequence[str]) -> list[str]:
        """The local argument vector that runs `command` on the host. Raises HostError when it is known to be down."""
        ...


@runtime_checkable
class Remote(Protocol):
    """A host on which a terminal must be asked for."""

    def terminal(self, command: Sequence[str]) -> list[str]:
        """As `argv`, for a person at a terminal."""
        ...


@runtime_checkable
class Power(Protocol):
    """A host whose power can be switched. Both calls are safe to repeat and return when it is so."""

    def power(self) -> PowerState: ...
    def power_on(self) -> None: ...
    def power_off(self) -> None: ...


@runtime_checkable
class Mains(Protocol):
    """A host whose supply can be cut, so that its own BMC cannot start it either (a fence that reboots would)."""

    def cut_mains(self) -> None: ...
    def restore_mains(self) -> None: ...


@runtime_checkable
class Links(Protocol):
    """A host that can be cut off from networks. Both calls are safe to repeat and return when it is so."""

    def cut_links(self, healed_after: float, networks: Collection[str] = ()) -> None:
        """Cut its links to these networks, all of them without any. What restores them after so many seconds is armed
        before, and needs nobody."""
        ...

    def restore_links(self) -> None: ...


Fleet = Mapping[str, Host]
"""Host name -> host."""


def run(host: Host, command: Sequence[str], *, stdin: str = "", timeout: float = 60) -> str:
    """Run a command on a host and return its standard output.

    Raises HostError when it exits non-zero (with the end of what it printed) or takes longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(
            host.argv(command),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HostError(host.name, f"no end after {timeout:g} s: {' '.join(command)[:200]}") from None
    except OSError as error:
        raise HostError(host.name, f"cannot run {command[0]}: {error}") from error
    if done.returncode:
        seen = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise HostError(host.name, f"exit {done.returncode}: {' '.join(command)[:200]}\n{seen}")
    return done.stdout
