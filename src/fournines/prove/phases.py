"""How long the parts of a drill last, by the samples that come meanwhile.

A part is over when its time has passed and every probe has spoken of it: a request that began in it has ended. What is
asked twice a second has spoken long before; for a request that takes a minute the part lasts until then, and for none
longer than its probe may take to begin and end one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fournines.prove.fleet import ProbeFleet
from fournines.prove.prober import Beat
from fournines.prove.samples import Sample
from fournines.prove.windows import Windows

TELL_EVERY_S = 1.0
_TICK_S = 0.1


@dataclass(slots=True, kw_only=True)
class Phases:
    """Of a drill whose probes run."""

    probing: ProbeFleet
    beats: Sequence[Beat]
    """Of every probe, here and on hosts."""
    windows: Windows
    tell: Callable[..., None]
    """Stage, what happened, how long it took: as events have them."""
    seen: list[Sample] = field(default_factory=list[Sample])
    """In the order of their ends."""

    def follow(self) -> None:
        """Take in what has ended meanwhile. Raises DrillError when a prober is dead."""
        self.seen.extend(self.probing.new_samples())

    def last(self, stage: str, seconds: float, since: float, spoken: bool = True) -> None:
        """The part that began at `since` has passed. `spoken`: and every probe has spoken of it."""
        began, until = time.monotonic(), since + seconds
        self.tell("start", stage)
        self.follow()
        while (now := time.monotonic()) < until or (spoken and now < until + self._slowest and self._silent(since)):
            time.sleep(_TICK_S if now >= until else min(_TICK_S, until - now))
            self.follow()
        self.tell("done", stage, seconds=time.monotonic() - began)

    def steady(self, since: float, failover: float) -> bool:
        """No probe has had a bad request for long enough, the last word of each since the fault is good, and `failover`
        has passed, which timers may take. False: that did not come about in time.

        Judged by completed requests: one that still hangs becomes bad within its deadline, and then counts.
        """
        if failover == 0:
            self.last("steady", self.windows.steady, since)
            return True
        deadline = since + self.patience(failover)
        tell = since
        while True:
            self.follow()
            now = time.monotonic()
            last_bad = max([sample.end for sample in self.seen if not sample.ok and sample.end >= since], default=since)
            if now >= max(last_bad, since + failover) + self.windows.steady and not self._silent(since, good=True):
                self.tell("done", "steady", seconds=now - since)
                return True
            if now >= deadline:
                self.tell("note", "steady", "not served again in time: healing", seconds=now - since)
                return False
            if now >= tell:
                text = f"{now - last_bad:.0f} s without a bad request" if last_bad > since else "no request failed yet"
                self.tell("wait", "steady", text, seconds=now - since)
                tell = now + TELL_EVERY_S
            time.sleep(_TICK_S)

    def patience(self, failover: float) -> float:
        """Seconds that `steady` may take: enough for a request of each probe that begins once all is back."""
        return max(self.windows.served, failover + self._slowest)

    @property
    def _slowest(self) -> float:
        return max(beat.interval_s + beat.deadline_s for beat in self.beats)

    def _silent(self, since: float, *, good: bool = False) -> set[str]:
        """Probes of which no request that began later has ended; or `good`, whose last such one was bad."""
        last: dict[str, Sample] = {}
        for sample in self.seen:
            if sample.intended >= since and sample.intended >= last.get(sample.probe, sample).intended:
                last[sample.probe] = sample
        return {beat.probe for beat in self.beats} - {name for name, one in last.items() if one.ok or not good}
