"""What a prediction stands on, as plain data: sources of a service's outages, and what must be down at the same time.

`kinds` says which rates of the rates file a frequency or an unavailability comes from: kind -> share, together 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fournines.cloud.columns import Column


@dataclass(frozen=True, slots=True)
class Takeover:
    """Losses of one service's members that others take over from, as a user-visible service feels them."""

    service: str
    what: str
    """Whose loss: `hosts` or `daemons`."""
    per_year: float
    seconds: float
    """The bound for one that succeeds."""
    coverage: float
    """As predicted; 0: nobody may take over."""
    failed_seconds: float
    """Mean time that one costs which does not."""
    share: float
    """Of the clients that wait."""
    each: bool
    """Any member's loss costs it; else only that of the active one."""
    members: frozenset[str]
    """Hosts of the service."""
    kinds: Mapping[str, float]

    @property
    def key(self) -> tuple[str, str]:
        """The same for all user-visible services that feel it."""
        return self.service, self.what


@dataclass(frozen=True, slots=True)
class Cut:
    """A minimal cut set: with all of these down, and nothing else, the service is."""

    parts: tuple[str, ...]
    probability: float
    kinds: tuple[Mapping[str, float], ...]
    """Of each part."""
    hosts: frozenset[str]
    """That are down with these parts."""
    daemons: frozenset[tuple[str, str]]
    """(service, host) of those that are down on hosts which live."""
    drillable: bool
    """Taking these hosts and daemons is the same as losing the parts."""


@dataclass(frozen=True, slots=True)
class Model:
    """One user-visible service."""

    name: str
    title: str
    column: Column
    budget_s: float
    """Of a year."""
    per_year: float
    """How often too few parts are up."""
    mean_s: float
    """For how long."""
    takeovers: tuple[Takeover, ...]
    cuts: tuple[Cut, ...]
    """The likeliest first; of many not all."""


@dataclass(frozen=True, slots=True)
class Design:
    """A cloud, as far as drills and predictions speak of it."""

    cloud: str
    models: tuple[Model, ...]
    roles: Mapping[str, frozenset[str]]
    """Host -> its roles."""
    failover: tuple[float, float, float]
    """What the rates file says of coverage: mean, low, high."""
    failover_basis: str
