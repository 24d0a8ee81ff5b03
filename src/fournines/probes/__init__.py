"""A client's view of the cloud. One file a probe, found by module name: there is no list to edit.

    ApiProbe    ONE request from this machine, and never a second try: retries hide outages. On a connection of its own,
                or on one that was kept open, as the drill's clients do (`_connections`). What is made on request may
                take several, each of them once, and looks for what they bring about
    HostProbe   a program on a host of the cloud, for what only its hosts reach: disks that wait instead of failing

When to start, how long to wait and what to write down is the prober's business: `fournines.prove.prober` for the
one, `probes/onhost/rhythm.py` for the other.

Of an API, good is the right status with the right body. Everything else raises ProbeError. Deadlines are applied
from outside, by cancelling.

Rhythm
------
A drill shares its cores with the lab that it measures, so what probes cost there is bounded: Keystone, on which all
else stands, is asked six times a second; each other API is read every second (the dashboard every two) and written
every two. A request costs the cloud 10 to 40 ms of a core (measured, load balancer and database included). The prober
spreads their starts. A token and a read of Keystone have 2 s; the other APIs, of which some answer one request at a
time, 5 s, as a dashboard has. A disk is written twice a second and read once. The demo's guest, whose
processor may be emulated, is asked seven times in two seconds.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from fournines.cloud.columns import Column
from fournines.cloud.model import Cloud, Host
from fournines.probes._connections import Connections
from fournines.probes._http import GUEST, Answer, Api, ProbeError, Session, describe
from fournines.probes._rows import Rows
from fournines.seam import instances

__all__ = [
    "GUEST",
    "Answer",
    "Api",
    "ApiProbe",
    "Column",
    "Connections",
    "HostProbe",
    "Probe",
    "ProbeError",
    "Rows",
    "Session",
    "api_probe",
    "catalogue",
    "describe",
]


class Probe(ABC):
    """One kind of request that a client makes. Instances hold no state."""

    name: ClassVar[str]
    service: ClassVar[str]
    """The service that it asks, and so must be in the cloud."""
    column: ClassVar[Column]
    """What it may cost."""
    through: ClassVar[tuple[Column, ...]] = ()
    """What its requests pass on their way: what that may cost, it may cost too."""
    interval_s: ClassVar[float]
    """Seconds between two intended starts."""
    deadline_s: ClassVar[float]
    """Seconds from the intended start after which even a right answer is too late."""
    stall_s: ClassVar[float | None] = None
    """Its requests wait and do not fail: one that took longer than this met a stall. None: the deadline says it all."""
    all_copies: ClassVar[bool] = False
    """It writes to disks, and every copy must have it before the answer."""
    rows: ClassVar[Rows | None] = None
    """Where its writes lie: it needs the database to commit, and its ids are acknowledged writes."""
    stores: ClassVar[bool] = False
    """Its writes are objects in the probes' bucket (`_objects`): the keys are acknowledged writes."""
    guest_path: ClassVar[str] = ""
    """It asks the demo's guest (`Api.guest`) for that, and is made only where there is one that knows it."""
    fetches: ClassVar[str | None] = None
    """Key of the object that it reads, there before its first request."""
    lasting: ClassVar[bool] = False
    """It makes guests, floating IPs or volumes, named by `_lasting.name_of`. They are removed when it has ended."""
    on_request: ClassVar[bool] = False
    """It is made only where somebody names it: it costs the cloud more than others may."""

    @property
    def columns(self) -> tuple[Column, ...]:
        return (self.column, *self.through)

    @property
    def writes(self) -> bool:
        """Its acknowledged writes are looked for afterwards."""
        return self.rows is not None or self.stores

    @property
    def commits(self) -> bool:
        """It needs the database to commit."""
        return self.rows is not None or self.lasting


class ApiProbe(Probe):
    """Made by this machine, over HTTPS."""

    @abstractmethod
    async def once(self, session: Session, seq: int) -> str | None:
        """One request. `seq` counts from 0 and is unique in a run.

        Returns the id of what the cloud acknowledged, for the audits, or None. Raises ProbeError, or
        aiohttp.ClientError and OSError as the connection gave them.
        """


class HostProbe(Probe):
    """Made by a host of the cloud: a program in `probes/onhost/` with the host's own libraries."""

    program: ClassVar[str]
    """Its module there."""

    @abstractmethod
    def clients(self, cloud: Cloud) -> Sequence[Host]:
        """The hosts that can make it, the preferred ones first."""

    @abstractmethod
    def request(self) -> Mapping[str, Any]:
        """What the program is told besides the rhythm."""


@cache
def catalogue() -> Mapping[str, Probe]:
    """Every probe of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Probe)


def api_probe(name: str) -> ApiProbe:
    """The probe of that name, which this machine makes. Raises TypeError when a host must."""
    probe = catalogue()[name]
    if not isinstance(probe, ApiProbe):
        raise TypeError(f"{name} is not made by this machine")
    return probe
