"""What drills of one kind came to, all together. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fournines.campaign.outcome import Outcome, Worst
from fournines.faults import recorded


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one kind of fault."""

    fault: str
    results: Mapping[str, int]
    """Result -> drills."""
    worst: Worst | None
    """The longest outage in any drill that was measured right; None: there is none."""
    p95_s: float | None
    """95 of 100 of those drills had no longer one (nearest rank of upper bounds); None: unknown, or there is none."""
    over: int
    """Drills in which a probe was out for longer than its budget."""

    @property
    def runs(self) -> int:
        return sum(self.results.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "fault": self.fault,
            "runs": self.runs,
            "results": dict(self.results),
            "worst": self.worst and self.worst.as_json(),
            "p95_s": self.p95_s,
            "over_budget": self.over,
        }


def tallies(outcomes: Iterable[Outcome]) -> list[Tally]:
    """One for each fault that was drilled, by name."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        known = recorded(outcome.fault, outcome.target)
        found.setdefault(known.kind if known else outcome.fault, []).append(outcome)
    return [_tally(fault, found[fault]) for fault in sorted(found)]


def _tally(fault: str, outcomes: Sequence[Outcome]) -> Tally:
    measured = [outcome for outcome in outcomes if outcome.measured and outcome.worst]
    worst = sorted((one.worst for one in measured if one.worst), key=lambda each: each.length)
    rank = math.ceil(0.95 * len(worst)) - 1
    return Tally(
        fault=fault,
        results=Counter(str(one.result) for one in outcomes),
        worst=worst[-1] if worst else None,
        p95_s=worst[rank].upper_s if worst else None,
        over=sum(bool(one.over) for one in measured),
    )
