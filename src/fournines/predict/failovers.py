"""What failing over costs a user-visible service: while enough members live, each loss of the one that is active, or of
one that has copies, keeps clients waiting for as long as the configured timers allow; and some failovers fail.

    seconds a year = losses a year x (coverage x bound + (1 - coverage) x until somebody has acted)

The bound is the upper one, so this overrates; two failovers of one host (VIP and writer) are both charged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fournines.cloud.model import Cloud, Failover, Placement
from fournines.predict.analysis import Analysis
from fournines.predict.rates import Rate
from fournines.services import catalogue


@dataclass(frozen=True, slots=True)
class Loss:
    """Failovers of one service that clients of a user-visible one feel."""

    service: str
    what: str
    """Whose loss: `hosts` or `daemons`."""
    per_year: float
    seconds: float
    """The bound for one that succeeds."""
    coverage: float
    failed_seconds: float
    """Mean time that one costs which does not."""
    share: float = 1.0
    """Of the clients that wait: those who want data with a copy there."""

    @property
    def yearly_s(self) -> float:
        """Mean seconds a year, of those that succeed and of those that do not."""
        one = self.coverage * self.seconds + (1 - self.coverage) * self.failed_seconds
        return self.per_year * self.share * one


def losses(analysis: Analysis, cloud: Cloud) -> Iterator[Loss]:
    """Of every service that this one stands on and whose failovers cost something."""
    rate = analysis.rates["failover"]
    for placement in analysis.structure.stands_on if rate.counted else ():
        if placement.failover and len(placement.hosts) > 1:
            yield from _of(placement, placement.failover, analysis, cloud, rate)


def _of(placement: Placement, failover: Failover, analysis: Analysis, cloud: Cloud, rate: Rate) -> Iterator[Loss]:
    copies = catalogue()[placement.name].spread(cloud).copies
    share = min(1.0, copies / len(placement.hosts)) if copies else 1.0
    killed = failover.timer if failover.killed is None else failover.killed
    for what, timer in (("hosts", failover.timer), ("daemons", killed)):
        if not timer:
            continue
        yearly = _per_year(placement, analysis, hosts=what == "hosts", each=failover.of == "each")
        seconds = float(getattr(cloud.timers, timer)())
        # Pacemaker takes over from a silent host only once it has been fenced.
        fenced = failover.fenced or placement.strategy.supervisor == "pacemaker"
        safe = what == "daemons" or not fenced or all(host.bmc for host in placement.hosts)
        # Daemons that nobody takes over from come back by themselves, most of them.
        back = rate.repair_hours if what == "hosts" else min(rate.repair_hours, analysis.rates["daemon"].down_hours)
        yield Loss(placement.name, what, yearly, seconds, rate.coverage if safe else 0.0, back * 3600, share)


def _per_year(placement: Placement, analysis: Analysis, *, hosts: bool, each: bool) -> float:
    """Losses a year: of all members, or of the one that is active, which may be any of them."""
    parts = analysis.structure.parts
    once: Mapping[str, float] = {
        name: analysis.per_year(parts[name])
        for names in analysis.structure.members[placement.name]
        for name in names
        if name in parts and (parts[name].kind == "host") == hosts
    }
    total = math.fsum(once.values())
    return total if each else total / len(placement.hosts)
