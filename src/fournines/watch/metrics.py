"""What standing probes saw, in Prometheus' words.

Counters end in _total, times are seconds, and every series that rules read is there from the first scrape, at 0: a
counter that appears with its first error would hide that error from `rate`. That is why kinds of errors have a counter
of their own.

Labels are names of the cloud file and of probes, outcomes, and kinds of errors, of which a probe has at
most `KINDS`. What a server said, an address or an id is never one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from fournines import __version__
from fournines.probes import Probe
from fournines.prove.samples import Sample
from fournines.watch.condition import Condition
from fournines.watch.outcome import OUTCOMES, Outcome, outcome

LABELS = ("cloud", "probe", "service", "column")
KINDS = 16
"""Of errors told apart, for each probe; what comes later is `other`."""
OTHER = "other"
_FAST_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_LATENESS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.5)


def buckets(deadlines_s: Iterable[float]) -> tuple[float, ...]:
    """Upper bounds in seconds: each deadline is one, and the greatest is the last: no good answer took longer."""
    deadlines = set(deadlines_s)
    return tuple(sorted({bound for bound in _FAST_S if bound < max(deadlines)} | deadlines))


class Metrics:
    """Of one cloud's probes. `take` from one thread; scrapes may come from others."""

    def __init__(self, cloud: str, probes: Collection[Probe], clock: Callable[[], float] = time.monotonic) -> None:
        # Otherwise each counter brings a second series, with the time when it was made.
        disable_created_metrics()
        self.registry = registry = CollectorRegistry()
        self._families = families = _Families(registry, buckets(probe.deadline_s for probe in probes))
        self._lateness = families.lateness.labels(cloud)
        self._probes = {probe.name: _ProbeMetrics(cloud, probe, families, clock) for probe in probes}
        ProcessCollector(registry=registry)

    def take(self, sample: Sample) -> None:
        """In the order of completion."""
        self._lateness.observe(max(0.0, sample.start - sample.intended))
        self._probes[sample.probe].take(sample)


class _Families:
    """Each metric, for all probes."""

    def __init__(self, registry: CollectorRegistry, bounds: tuple[float, ...]) -> None:
        self.requests = Counter(
            "fournines_probe_requests",
            "Requests: ok; slow, not answered within the deadline; error; unknown, the prober itself was late.",
            (*LABELS, "outcome"),
            registry=registry,
        )
        self.errors = Counter(
            "fournines_probe_errors",
            "Requests with the outcome error, by kind.",
            (*LABELS, "kind"),
            registry=registry,
        )
        self.latency = Histogram(
            "fournines_probe_latency_seconds",
            "Of good answers, from the moment when the request had to start.",
            LABELS,
            buckets=bounds,
            registry=registry,
        )
        self.age = Gauge(
            "fournines_probe_last_good_age_seconds",
            "Since the last good answer; none yet: since the watch began.",
            LABELS,
            registry=registry,
        )
        self.outages = Counter(
            "fournines_probe_outages",
            "Outages that began: runs of bad requests, in the order of their intended starts.",
            LABELS,
            registry=registry,
        )
        self.outage = Gauge(
            "fournines_probe_outage_seconds",
            "Of the standing outage, from the start of the last good request; 0: served.",
            LABELS,
            registry=registry,
        )
        self.lateness = Histogram(
            "fournines_prober_lateness_seconds",
            "How late the prober was with what it had to start.",
            ("cloud",),
            buckets=_LATENESS_S,
            registry=registry,
        )
        Info("fournines_build", "The nines that watches.", registry=registry).info({"version": __version__})


class _ProbeMetrics:
    """What one probe adds to them."""

    def __init__(self, cloud: str, probe: Probe, families: _Families, clock: Callable[[], float]) -> None:
        labels = (cloud, probe.name, probe.service, probe.column)
        self._deadline_s = probe.deadline_s
        self._condition = condition = Condition(clock())
        self._requests: dict[Outcome, Counter] = {each: families.requests.labels(*labels, each) for each in OUTCOMES}
        self._latency = families.latency.labels(*labels)
        self._outages = families.outages.labels(*labels)
        self._kinds: dict[str, Counter] = {}
        self._errors = families.errors
        self._labels = labels
        families.age.labels(*labels).set_function(lambda: condition.age_s(clock()))
        families.outage.labels(*labels).set_function(lambda: condition.outage_s(clock()))

    def take(self, sample: Sample) -> None:
        found = outcome(sample, self._deadline_s)
        self._requests[found].inc()
        if found == "ok":
            self._latency.observe(sample.latency)
        if found == "error":
            self._error(sample.error or OTHER).inc()
        before = self._condition.begun
        self._condition.add(sample, found)
        self._outages.inc(self._condition.begun - before)

    def _error(self, kind: str) -> Counter:
        if kind not in self._kinds and len(self._kinds) >= KINDS - 1:
            kind = OTHER
        if kind not in self._kinds:
            self._kinds[kind] = self._errors.labels(*self._labels, kind)
        return self._kinds[kind]
