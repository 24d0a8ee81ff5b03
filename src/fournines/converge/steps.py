"""What cannot be said as the state of one host: plain data too, so that `plan` can show it.

A `Check` is evaluated by the agent on a host: is it so, and what was seen? A `Step` is run on one host when
its check says no, and then awaited. A `Stage` is one service's part of a deployment.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from fournines.converge.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question to a host. `awaits` completes the sentence "waiting for ..."."""

    kind: ClassVar[str] = ""
    awaits: str
    units: tuple[str, ...] = ()
    """Units of the host that must have started besides: what they do is not asked."""

    def as_data(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Http(Check):
    """A GET from the host itself answers with one of these statuses, and says that."""

    kind = "http"
    url: str
    status: tuple[int, ...] = (200,)
    says: str = ""
    """In the first 2048 bytes of the answer."""
    timeout: float = 3
    """Seconds for one try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp(Check):
    """A TCP connection from the host itself is accepted."""

    kind = "tcp"
    address: str
    port: int
    timeout: float = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls(Check):
    """A TLS server shows a certificate that the host trusts and that names `address`.

    What was seen is JSON: {not_after: seconds since the epoch, serial: upper-case hexadecimal digits}.
    """

    kind = "tls"
    address: str
    port: int
    own: str = ""
    """PEM file on the host, chain and key, to show to a server that asks for one."""
    timeout: float = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Check):
    """A program on the host exits 0. What it prints is what was seen.

    Secrets go in by `stdin`, never by `argv`; with `secret` neither stdin nor output is ever shown.
    """

    kind = "command"
    argv: tuple[str, ...]
    stdin: str = ""
    timeout: float = 10
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A step's result, kept on this machine and given to the next cloud in place of running the step.

    Nothing secret: every cloud of this state folder may be given it.
    """

    name: str
    key: Command
    """Prints all that the result depends on."""
    save: Command
    """Prints the result after the step has run; nothing when there is nothing to keep."""
    load: Command
    """Takes the result by standard input. When it fails, the step is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Done once for the whole cloud, on one host."""

    name: str
    """In the imperative, such as `create the keystone database`."""
    host: str
    done: Check
    run: Command
    """Its own `timeout` bounds the run."""
    bound: float = 60
    """Seconds until `done` must hold after the run."""
    when: Literal["before", "after"] = "after"
    """Before or after the stage's units are started."""
    keep: Keep | None = None
    again: tuple[float, ...] = (2, 10)
    """Seconds before each further try of a run that failed: the database or broker it works on may just change hands.
    A run that was ended by its timeout is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPart:
    """One service on one host."""

    host: str
    resources: tuple[Resource, ...]
    health: Check | None
    """Holds when this member serves. Awaited after each start and before the next member is touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One service on all its hosts.

    `parts` are in rolling order: a rolling restart walks them from first to last (the database writer last).
    """

    name: str
    after: tuple[str, ...]
    """Names of the stages that must be complete before this one starts its units."""
    parts: tuple[HostPart, ...]
    steps: tuple[Step, ...] = ()
    bound: float = 120
    """Seconds for a member's health after its start."""
    start: Literal["parallel", "serial"] = "parallel"
    """How members that are not running are started; running ones are always restarted one at a time."""
