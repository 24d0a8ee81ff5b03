"""What must still be true after every drill. One file an audit, found by module name: there is no list to edit.

    ok         looked everywhere, and it is so
    fail       seen not to be so
    unknown    could not look everywhere: never ok

A request whose outcome the client does not know (deadline, connection lost) is neither lost nor kept.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

from fournines.cloud.model import Cloud
from fournines.errors import NinesError
from fournines.hosts import Fleet
from fournines.probes import Api
from fournines.prove.facts import Views
from fournines.prove.remote import Books
from fournines.seam import instances

Outcome = Literal["ok", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit says."""

    name: str
    verdict: Outcome
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "verdict": self.verdict, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What audits look at, taken after the cloud was given its time to recover."""

    cloud: Cloud
    fleet: Fleet
    views: Views
    acknowledged: Mapping[str, tuple[str, ...]]
    """Writing probe -> ids of the writes that the cloud acknowledged in this run; of every probe that made any try."""
    api: Api
    """Where its clients ask, and as whom."""
    books: tuple[Books, ...] = ()
    """Of the probes that wrote from a host."""


class Audit(ABC):
    name: ClassVar[str]
    service: ClassVar[str | None] = None
    """The service that it looks at, where not every cloud has it."""

    @abstractmethod
    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        """Verdict and detail. A NinesError raised here means that it could not look."""


def audit_all(evidence: Evidence) -> list[Verdict]:
    """The verdict of every audit that this cloud can have, in the order of their names."""
    there = [audit for audit in catalogue().values() if audit.service in (None, *evidence.cloud.services)]
    return [_audit(audit, evidence) for audit in there]


def _audit(audit: Audit, evidence: Evidence) -> Verdict:
    try:
        outcome, detail = audit.look(evidence)
    except NinesError as error:
        outcome, detail = "unknown", f"could not look: {error.message}"
    return Verdict(audit.name, outcome, detail)


@cache
def catalogue() -> Mapping[str, Audit]:
    """Every audit of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Audit)
