"""All that a report says, before it is drawn; its `as_json` is what `nines report --json` prints (docs/report.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fournines.posterior.cuts import Covered
from fournines.posterior.posterior import Posterior
from fournines.posterior.services import Service
from fournines.prove.outages import Bounds, Outage
from fournines.prove.report import ProbeReport
from fournines.report.checks import Check, checks
from fournines.report.classes import FaultClass, classes
from fournines.report.evidence import Drill, Evidence, budget_kept
from fournines.report.forecast import Calibration, calibration
from fournines.report.verdict import Headline, ServiceVerdict, headline, services
from fournines.report.weak import Weakness, weaknesses

FORMAT = 1
LIKELIEST = 20
"""So many cut sets are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    evidence: Evidence
    headline: Headline
    services: tuple[ServiceVerdict, ...]
    classes: tuple[FaultClass, ...]
    calibration: Calibration
    checks: tuple[Check, ...]
    weak: tuple[Weakness, ...]
    year: Posterior | None
    """None: nobody computed it."""

    @property
    def violated(self) -> bool:
        """A check failed: whatever the uptime, the report is not good."""
        return any(check.fail for check in self.checks)

    @property
    def cuts(self) -> Sequence[Covered]:
        """What takes a service down together, the likeliest."""
        return self.year.cuts[:LIKELIEST] if self.year else ()

    def as_json(self) -> dict[str, Any]:
        evidence, campaign = self.evidence, self.evidence.campaign
        return {
            "format": FORMAT,
            "cloud": campaign.cloud if campaign else None,
            "fidelity": list(evidence.fidelities),
            "connections": list(evidence.connections),
            "campaign": campaign.model_dump(mode="json", exclude={"predicted", "cloud", "fidelity", "connections"})
            if campaign
            else None,
            "end": evidence.end.model_dump(mode="json") if evidence.end else None,
            "verdict": {
                "tone": self.headline.tone,
                "title": self.headline.title,
                "sentences": list(self.headline.sentences),
            },
            "standing": dict(sorted(Counter(drill.standing for drill in evidence.drills).items())),
            "services": [_service(each) for each in self.services],
            "classes": [_class(each) for each in self.classes],
            "calibration": {
                "held": self.calibration.count(True),
                "longer": self.calibration.count(False),
                "cannot_tell": self.calibration.count(None),
                "median_ratio": _round(self.calibration.ratio),
                "points": [
                    {
                        "drill": point.drill,
                        "probe": point.probe,
                        "predicted_s": _round(point.predicted_s),
                        **Bounds(point.lower_s, point.upper_s).as_json(),
                    }
                    for point in self.calibration.points
                ],
            },
            "checks": [
                {
                    "name": check.name,
                    "ok": check.ok,
                    "fail": check.fail,
                    "unknown": check.unknown,
                    "told": [{"drill": n, "verdict": outcome, "detail": text} for n, outcome, text in check.told],
                }
                for check in self.checks
            ],
            "weak": [{"what": each.what, "why": each.why} for each in self.weak],
            "year": {
                "services": [_odds(each) for each in self.year.services],
                "cuts": [_cut(each) for each in self.cuts],
            }
            if self.year
            else None,
            "drills": [_drill(each) for each in evidence.drills],
            "evidence": {"sha256": evidence.digest, "files": evidence.files, "requests": evidence.requests},
        }


def document(evidence: Evidence, year: Posterior | None = None) -> Document:
    found = services(evidence)
    fit = calibration(evidence.drills)
    return Document(
        evidence=evidence,
        headline=headline(evidence, found),
        services=found,
        classes=classes(evidence.drills),
        calibration=fit,
        checks=checks(evidence.drills),
        weak=weaknesses(evidence, found, fit),
        year=year,
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _service(each: ServiceVerdict) -> dict[str, Any]:
    return {
        "name": each.name,
        "title": each.title,
        "state": each.state,
        "probes": list(each.probes),
        "drills": each.drills,
        "kept": each.kept,
        "over": each.over,
        "unknown": each.unknown,
        "worst": each.worst.as_json(),
        "worst_drill": each.worst_drill,
        "predicted": each.predicted.model_dump(mode="json", exclude={"causes", "name"}) if each.predicted else None,
    }


def _odds(service: Service) -> dict[str, Any]:
    return {
        "name": service.title,
        "p_sla_met": service.met.mean,
        "interval_95": [service.met.low, service.met.high],
        "p_if_nothing_were_drilled": service.met_assumed,
        "weakest": service.influences[0].name if service.influences else "",
    }


def _cut(cut: Covered) -> dict[str, Any]:
    return {
        "parts": list(cut.parts),
        "probability": cut.probability,
        "services": list(cut.services),
        "drills": list(cut.drills),
        "alike": list(cut.alike),
    }


def _class(each: FaultClass) -> dict[str, Any]:
    return {
        "letter": each.letter,
        "title": each.title,
        "drills": each.drills,
        "faults": dict(each.faults),
        "probes": [
            {
                "name": probe.name,
                "drills": len(probe.values),
                "seen": probe.seen,
                "over": probe.over,
                "median_s": _round(probe.median),
                "p95_s": _round(probe.p95),
                "worst_s": _round(probe.worst),
                "budget_s": list(probe.budgets) if probe.budgets else None,
                "bound_s": list(probe.bounds) if probe.bounds else None,
                "median_to_bound": _round(probe.ratio),
            }
            for probe in each.probes
        ],
    }


def _drill(each: Drill) -> dict[str, Any]:
    found = each.measured
    told: dict[str, Any] = {
        "number": each.number,
        "fault": each.fault,
        "class": each.letter,
        "target": each.target,
        "hosts": list(each.hosts),
        "at": each.at,
        "standing": each.standing,
        "why": each.why,
    }
    if found is None:
        return told
    return told | {
        "begin_s": _round(found.begin_s),
        "heal_s": _round(found.heal_s),
        "healthy_s": _round(found.healthy_s),
        "end_s": _round(found.end_s),
        "void": list(found.void),
        "notes": list(found.notes),
        "differs": list(found.differs),
        "checks": [audit.as_json() for audit in found.audits],
        "probes": [_probe(probe, each) for probe in found.probes],
    }


def _probe(probe: ProbeReport, drill: Drill) -> dict[str, Any]:
    return {
        "name": probe.name,
        "column": drill.columns.get(probe.name),
        "requests": probe.requests,
        "errors": probe.errors,
        "outage": probe.outage.as_json(),
        "budget_s": probe.budget_s,
        "budget_kept": budget_kept(probe),
        "bound_s": probe.bound_s,
        "bound_held": probe.bound_held,
        "predicted_s": drill.forecasts.get(probe.name),
        "outages": [_outage(each) for each in probe.outages],
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        **Bounds(outage.lower_s, outage.upper_s).as_json(),
        "first_bad_s": _round(outage.first_bad),
        "last_bad_s": _round(outage.last_bad),
        "bad": outage.bad,
        "slow": outage.slow,
    }
