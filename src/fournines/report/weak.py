"""What the verdict stands on that nobody measured here, the weakest first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fournines.report.evidence import Evidence
from fournines.report.forecast import Calibration
from fournines.report.verdict import ServiceVerdict, count

FEW = 30
"""With so many drills of a kind and no failure, P(a year keeps 99.99 %) was 0.70 in a simulated year of 41 events
(field notes, "Predicting"); with fewer they say little."""


@dataclass(frozen=True, slots=True)
class Weakness:
    what: str
    why: str


def weaknesses(
    evidence: Evidence, services: Sequence[ServiceVerdict], calibration: Calibration
) -> tuple[Weakness, ...]:
    """Every one that the evidence itself gives away."""
    return tuple(_all(evidence, services, calibration))


def _all(evidence: Evidence, services: Sequence[ServiceVerdict], calibration: Calibration) -> Iterator[Weakness]:
    if missing := [each.title for each in services if each.state == "unmeasured"]:
        yield Weakness(f"Not measured: {', '.join(missing)}", "No probe asked for it in these drills.")
    counting = Counter(drill.fault for drill in evidence.drills if drill.counts)
    asked = evidence.campaign.asked.faults if evidence.campaign else ()
    if never := [fault for fault in asked if not counting[fault]]:
        yield Weakness(f"Never drilled: {', '.join(sorted(never))}", "Asked for, without a drill that counts.")
    injured = Counter(drill.kind for drill in evidence.drills if drill.counts and drill.injures)
    if few := [f"{fault} {number}" for fault, number in sorted(injured.items()) if number < FEW]:
        yield Weakness(
            f"Few drills of a kind: {', '.join(few)}",
            f"A failover that fails once in {FEW} times may well not have been seen yet.",
        )
    if longer := calibration.count(False):
        yield Weakness(
            f"{count(longer, 'outage')} longer than the timers allow",
            "Something takes time that no timer accounts for; predictions made of the timers are too short there.",
        )
    if odd := [drill.number for drill in evidence.drills if drill.measured and drill.measured.differs]:
        yield Weakness(
            f"Samples and report.json disagree in {count(len(odd), 'drill')} (first {odd[0]})",
            "This page follows the samples. Another version of nines judged them then, or a file was changed since.",
        )
    if "container" in evidence.fidelities:
        yield Weakness(
            "Hosts are containers on one machine",
            "One kernel, one clock, one page cache, shared cores: a disk that lies about fsync, a clock that jumps or "
            "a failing network card cannot show here.",
        )
    if len(evidence.fidelities) > 1:
        yield Weakness("Hosts of different kinds", "Results of containers and of metal stand on one page; part them.")
    if len(evidence.connections) > 1:
        yield Weakness("Clients of different kinds", "Fresh and kept connections stand on one page; part them.")
    yield Weakness(
        "How often parts fail",
        "Faults were injected on purpose. Yearly figures stand on rates from elsewhere: nines predict --rates.",
    )
    if undrilled := [told for each in services if each.state == "unmeasured" and (told := _costliest(each))]:
        yield Weakness("Predicted only, the costliest cause of each", "; ".join(undrilled) + ".")


def _costliest(service: ServiceVerdict) -> str:
    """`a volume: all storage hosts at once, 7.2 minutes a year`; empty without a prediction."""
    if service.predicted is None or not service.predicted.causes:
        return ""
    worst = max(service.predicted.causes, key=lambda cause: (cause.minutes_per_year, cause.what))
    return f"{service.title}: {worst.what}, {worst.minutes_per_year:.1f} minutes a year"
