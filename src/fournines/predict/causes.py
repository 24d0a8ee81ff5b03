"""Why a user-visible service is down: what each kind of failure contributes to its year, and what to do about it.

Where several parts must be down at the same time, an outage is shared out among their kinds by criticality, so that
contributions add up to the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fournines.availability.streams import YEAR_S
from fournines.predict.analysis import Analysis
from fournines.predict.failovers import Loss
from fournines.predict.parts import Part


@dataclass(frozen=True, slots=True)
class Cause:
    what: str
    yearly_s: float
    """What it contributes to the mean year."""
    fix: str
    parts: tuple[str, ...] = ()
    """The parts of the fault tree that it is about, as their names; of a failover none."""


def causes(analysis: Analysis, losses: Iterable[Loss]) -> Sequence[Cause]:
    """All there are, the worst first."""
    found = [*_structure(analysis), *(cause for loss in losses for cause in _failover(loss))]
    return tuple(sorted((cause for cause in found if cause.yearly_s > 0), key=lambda cause: -cause.yearly_s))


def _structure(analysis: Analysis) -> Iterable[Cause]:
    parts, alone = analysis.structure.parts, frozenset(analysis.structure.singles)
    shares: dict[tuple[str, str], dict[str, float]] = {}
    for name, share in analysis.importance.criticality.items():
        if share:
            shares.setdefault(_called(parts[name], name in alone), {})[name] = share
    whole = math.fsum(math.fsum(each.values()) for each in shares.values())
    for (what, fix), each in shares.items():
        yield Cause(what, analysis.unavailability * YEAR_S * math.fsum(each.values()) / whole, fix, tuple(each))


def _called(part: Part, alone: bool) -> tuple[str, str]:
    """What to call it beside its likes, and what to do about it."""
    if part.kind == "group":
        return part.name, _APART
    if part.kind in ("site", "operator"):
        return part.name, _ELSEWHERE[part.kind]
    if alone:
        return f"{part.name}, alone", _SECOND[part.kind]
    likes = part.group or "hosts" if part.kind == "host" else _PLURAL.get(part.kind, f"{part.group} daemons")
    return f"too many {likes} down at once", _MORE


_DRILL = "drill it: each drill that goes well raises what you may put at rates.failover.coverage"
_FENCE = "a `bmc` for each of its hosts: nothing takes over from a host that may still be alive"
_APART = "let nothing reach all of them at the same time: change and update one by one, keep them in different racks"
_MORE = "one more of them, or a shorter repair (spare parts, somebody on call)"
_PLURAL = {"disk": "disks", "rack": "racks", "feed": "feeds", "switch": "switches"}
_SECOND = {
    "host": "one more host with its roles",
    "daemon": "one more host that runs it",
    "disk": "a copy elsewhere",
    "rack": "spread its hosts over more racks",
    "feed": "a second feed to every rack",
    "switch": "a second switch to every rack",
}
_ELSEWHERE = {
    "site": "a second region at another site",
    "operator": "changes reviewed, rehearsed in a lab, one host at a time",
}


def _failover(loss: Loss) -> Iterable[Cause]:
    yearly = loss.per_year * loss.share
    yield Cause(
        f"{loss.service} takes over from lost {loss.what}, {loss.seconds:.1f} s each",
        yearly * loss.coverage * loss.seconds,
        "shorter timers, as far as false alarms allow",
    )
    yield Cause(
        f"{loss.service} does not take over from lost {loss.what}",
        yearly * (1 - loss.coverage) * loss.failed_seconds,
        _DRILL if loss.coverage else _FENCE,
    )
