"""A client's view of the cloud. One file a probe, found by module name: there is no list to edit.

A probe makes ONE request on ONE fresh connection, and never a second try: retries hide outages. When to start,
how long to wait and what to write down is the prober's business (`fournines.prove.prober`).

Good is the right status with the right body. Everything else raises ProbeError. Deadlines are applied from
outside, by cancelling.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import ClassVar

from fournines.probes._http import Answer, Api, ProbeError, Session, describe
from fournines.seam import instances

__all__ = ["Answer", "Api", "Probe", "ProbeError", "Session", "catalogue", "describe"]


class Probe(ABC):
    """One kind of request that a client makes. Instances hold no state."""

    name: ClassVar[str]
    """Its column in the budget table (`fournines.prove.budgets`)."""
    service: ClassVar[str]
    """The service that it asks, and so must be in the cloud."""
    interval_s: ClassVar[float]
    """Seconds between two intended starts."""
    deadline_s: ClassVar[float]
    """Seconds from the intended start after which even a right answer is too late."""
    writes: ClassVar[bool] = False
    """It needs the database to commit; its ids are acknowledged writes."""

    @abstractmethod
    async def once(self, session: Session, seq: int) -> str | None:
        """One request. `seq` counts from 0 and is unique in a run.

        Returns the id of what the cloud acknowledged, for the audits, or None. Raises ProbeError, or
        aiohttp.ClientError and OSError as the connection gave them.
        """


@cache
def catalogue() -> Mapping[str, Probe]:
    """Every probe of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Probe)
