"""Samples -> outages. Pure.

Definitions
-----------
A request is *good* when it got the right answer within its deadline; everything else is *bad*. Let D be the set
of instants at which a request, had one been intended then, would have been bad. D is what a client suffers. Samples
show D at the intended starts only, so an outage is an interval known by two bounds:

    good   g0 .......... first bad ========== last bad .......... g1 ---- g1's end   good
                             |<---- lower ---->|
           |<------------------------- upper ------------------------------->|

* An *outage* is a maximal run of bad samples, in the order of their intended starts.
* *lower* is first bad start to last bad start: D was seen at both ends.
* *upper* is the start of the last good request before, to the **end** of the next good one after: D was seen to be
  over at that request's start, and a client held its answer at its end. The end also covers a service
  which, when it comes back, still answers requests that waited for it.
* One good sample ends an outage: flapping is many outages. `union` says what they come to.
* Requests to a disk wait and do not fail. For them D is the set of instants at which it stood still (`held`: bad
  is what waited longer than a limit that no healthy disk needs), and an answer that came at last says more:
  nothing was served from that request's start until then. So *lower* is no less than the longest such wait, the
  time of a quiet request taken off, and *upper* reaches no less far than the last such answer.
* A run of bad samples at the edge of a recording has no good one on that side: its upper bound is unknown
  (None), never zero and never the edge. Unknown is worse than any number.

Invariants (tests/unit/prove/test_outages.py)
---------------------------------------------
1. lower <= length of the hull of D between the two neighbouring good starts <= upper.
2. lower <= upper, both >= 0; a single bad sample has lower 0 and upper > 0.
3. Every bad sample is in exactly one outage; no good one is in any.
4. The order of the input does not matter (open loop: ends are not in the order of starts).
5. What no sample saw is not an outage: shorter than an interval may go unseen. The report names the interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fournines.prove.samples import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A maximal run of bad samples of one probe. Seconds of the samples' clock."""

    first_bad: float
    last_bad: float
    last_good: float | None
    """Start of the last good request before; None: the recording starts bad."""
    next_good: float | None
    """End of the next good request after; None: the recording ends bad."""
    known: float
    """End of the first bad request: when the outage became known. It belongs to the phase of that instant."""
    bad: int
    slow: int
    """How many of the bad ones ran into their deadline."""
    stood: float = 0.0
    """The longest wait of one of them for its answer, less what it takes when all is quiet; 0 where none waits."""

    @property
    def lower_s(self) -> float:
        return max(self.last_bad - self.first_bad, self.stood)

    @property
    def upper_s(self) -> float | None:
        if self.last_good is None or self.next_good is None:
            return None
        return self.next_good - self.last_good


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long, at least and at most, in seconds; None: at most is unknown."""

    lower_s: float
    upper_s: float | None

    def within(self, limit_s: float) -> bool | None:
        """None: the measurement cannot tell."""
        if self.upper_s is not None and self.upper_s <= limit_s:
            return True
        return False if self.lower_s > limit_s else None

    def as_json(self) -> dict[str, float | None]:
        upper = None if self.upper_s is None else round(self.upper_s, 3)
        return {"lower_s": round(self.lower_s, 3), "upper_s": upper}


NONE = Bounds(0.0, 0.0)
"""No outage was seen."""


def held(samples: Iterable[Sample], limit_s: float) -> list[Sample]:
    """The same, but an answer that took longer than `limit_s` is bad and late."""
    return [
        replace(sample, ok=False, late=sample.end) if sample.ok and sample.waited > limit_s else sample
        for sample in samples
    ]


def outages(samples: Iterable[Sample], quiet_s: float = 0.0) -> list[Outage]:
    """The outages in one probe's samples, in order of time.

    `quiet_s`: what a request takes when all is quiet, where there are late answers.
    """
    found: list[Outage] = []
    last_good: Sample | None = None
    current: Outage | None = None
    answered = float("-inf")
    for sample in sorted(samples, key=lambda sample: (sample.intended, sample.seq)):
        if sample.ok:
            if current is not None:
                found.append(replace(current, next_good=max(sample.end, answered)))
                current, answered = None, float("-inf")
            last_good = sample
        elif current is None:
            current = Outage(
                first_bad=sample.intended,
                last_bad=sample.intended,
                last_good=None if last_good is None else last_good.intended,
                next_good=None,
                known=sample.end,
                bad=1,
                slow=int(sample.slow),
                stood=_stood(sample, quiet_s),
            )
        else:
            current = replace(
                current,
                last_bad=sample.intended,
                bad=current.bad + 1,
                slow=current.slow + int(sample.slow),
                stood=max(current.stood, _stood(sample, quiet_s)),
            )
        if not sample.ok and sample.late is not None:
            answered = max(answered, sample.late)
    if current is not None:
        found.append(current)
    return found


def _stood(sample: Sample, quiet_s: float) -> float:
    return 0.0 if sample.late is None else max(0.0, sample.waited - quiet_s)


def worst(found: Sequence[Outage]) -> Bounds:
    """Bounds of the one outage that is charged: the largest upper bound, unknown above all."""
    if not found:
        return NONE
    charged = max(found, key=lambda outage: (outage.upper_s is None, outage.upper_s or outage.lower_s))
    return Bounds(charged.lower_s, charged.upper_s)


def union(found: Sequence[Outage]) -> Bounds:
    """All of them together: the sum of the lower bounds; the upper intervals, counted once where they overlap."""
    lower = sum(outage.lower_s for outage in found)
    upper, reached = 0.0, float("-inf")
    for outage in sorted(found, key=lambda outage: outage.first_bad):
        if outage.last_good is None or outage.next_good is None:
            return Bounds(lower, None)
        start = max(outage.last_good, reached)
        upper += max(0.0, outage.next_good - start)
        reached = max(reached, outage.next_good)
    return Bounds(lower, upper)


def between(found: Iterable[Outage], start: float, end: float) -> list[Outage]:
    """Those that became known in [start, end): a request under way when a fault strikes belongs to the fault."""
    return [outage for outage in found if start <= outage.known < end]
