"""What of a cloud can fail by itself: the basic events of its fault trees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fournines.predict.rates import Rate

Kind = Literal["host", "daemon", "disk", "rack", "feed", "switch", "group", "site", "operator"]

_RATES: Mapping[str, tuple[str, ...]] = {"host": ("hardware", "system")}
"""Kind of part -> the rates that it fails by, where that is not the one of its own name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part, or with `kind` group what strikes all parts of a group at the same time."""

    name: str
    """Unique in the cloud, for people: `host c1`, `galera on c1`, `feed a`, `all of galera at once`."""
    kind: Kind
    group: str
    """Whom it fails together with: `control hosts`, `galera`; empty: nobody."""
    loc: tuple[str, ...]
    """Where the spec speaks of it."""
    of: Kind | None = None
    """Of a group: the kind of its parts."""
    host: str = ""
    """The one that it is, or is on."""

    def unavailability(self, rates: Mapping[str, Rate]) -> float:
        """Share of the time in which it is down."""
        shares = [self._share(rate) * rate.unavailability for rate in self.rates(rates)]
        return -math.expm1(sum(math.log1p(-share) if share < 1 else -math.inf for share in shares))

    def per_year(self, rates: Mapping[str, Rate]) -> float:
        """How often it fails in a year."""
        return math.fsum(self._share(rate) * rate.failures_per_year for rate in self.rates(rates))

    def rates(self, rates: Mapping[str, Rate]) -> tuple[Rate, ...]:
        """Those of `rates` that it fails by."""
        kind = self.of or self.kind
        return tuple(rates[name] for name in _RATES.get(kind, (kind,)))

    def _share(self, rate: Rate) -> float:
        """Of the failures of such a part: those of it alone, or those of all its group."""
        if not rate.counted:
            return 0.0
        if self.kind == "group":
            return rate.beta
        return 1 - rate.beta if self.group else 1.0


SITE = Part("the whole site", "site", "", ())
PEOPLE = Part("a human error that stops the cloud", "operator", "", ())
