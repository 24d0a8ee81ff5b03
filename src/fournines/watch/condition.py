"""Whether a probe is served, and since when: outages as `fournines.prove.outages` defines them, sample by sample. Pure.

Samples come in the order of completion; outages are defined in the order of intended starts. The two differ just when
it matters: what hung when a service came back ends as bad after the first good answer, and would look like
a second outage. So a sample waits for those that were to start before it, none of which is open for longer than its
deadline.

Seconds are those of the samples' clock (CLOCK_MONOTONIC).

Invariants (tests/unit/watch/test_watch_condition.py)
-----------------------------------------------
1. Whatever the order of completion, `begun` is the number of outages that `prove.outages.outages` finds.
2. In an outage without an end, `outage_s` counts from where that one's upper bound does: the last good start.
3. Samples that wait are never more than `HELD`.
"""

from __future__ import annotations

from fournines.prove.samples import Sample
from fournines.watch.outcome import Outcome

HELD = 10_000


class Condition:
    """Of one probe."""

    def __init__(self, since: float) -> None:
        self.begun = 0
        """Outages so far, a standing one included."""
        self._answered = since
        self._last_good: float | None = None
        self._unserved_since: float | None = None
        self._next = 0
        self._held: dict[int, tuple[Sample, Outcome]] = {}

    def add(self, sample: Sample, outcome: Outcome) -> None:
        """In the order of completion."""
        if outcome == "ok":
            self._answered = max(self._answered, sample.end)
        if sample.seq < self._next:
            return
        self._held[sample.seq] = sample, outcome
        if len(self._held) > HELD:
            # A prober leaves no start out; if one ever did, waiting for it for ever would be worse.
            self._next = min(self._held)
        while self._next in self._held:
            self._take(*self._held.pop(self._next))
            self._next += 1

    def age_s(self, now: float) -> float:
        """Since the last good answer; where none came yet, since the beginning: at least so long."""
        return max(0.0, now - self._answered)

    def outage_s(self, now: float) -> float:
        """Of the standing outage, from the last good request's start (without one: the first bad one's); else 0."""
        since = self._unserved_since
        return 0.0 if since is None else max(0.0, now - since)

    def _take(self, sample: Sample, outcome: Outcome) -> None:
        """In the order of intended starts."""
        match outcome:
            case "ok":
                self._last_good, self._unserved_since = sample.intended, None
            case "slow" | "error" if self._unserved_since is None:
                self.begun += 1
                self._unserved_since = sample.intended if self._last_good is None else self._last_good
            case _:
                pass
