"""Outages anew from a drill's samples, with the functions that the drill itself used. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fournines.probes import catalogue
from fournines.prove.outages import Bounds, Outage
from fournines.prove.report import Marks, ProbeReport, judged
from fournines.prove.samples import Sample
from fournines.report.files import BoundsFile, ReportFile

_SAME_S = 0.002
"""Files hold milliseconds."""


def probes(said: ReportFile, samples: Sequence[Sample]) -> tuple[tuple[ProbeReport, ...], tuple[str, ...]]:
    """(what the samples say, outages in seconds from the fault; where the drill's own report says otherwise)."""
    t0 = min((sample.intended for sample in samples), default=0.0)
    times = said.times
    marks = Marks(t0 + times.inject_s, t0 + times.injected_s, t0 + times.heal_s, t0 + times.end_s)
    known = catalogue()
    found: list[ProbeReport] = []
    differs: list[str] = []
    for probe in said.probes:
        one = judged(
            name=probe.name,
            service=probe.service,
            stall_s=known[probe.name].stall_s if probe.name in known else None,
            samples=[sample for sample in samples if sample.probe == probe.name],
            marks=marks,
            interval_s=probe.interval_s,
            budget_s=probe.budget_s,
            bound_s=probe.bound_s,
        )
        if not _same(one.outage, probe.outage):
            differs.append(f"{probe.name}: {_told(one.outage)} by its samples, {_told(probe.outage)} by report.json")
        found.append(replace(one, outages=tuple(_since(each, marks.inject) for each in one.outages)))
    if strangers := sorted({sample.probe for sample in samples} - {probe.name for probe in said.probes}):
        differs.append(f"samples of {', '.join(strangers)}, of which report.json says nothing")
    return tuple(found), tuple(differs)


def _since(outage: Outage, instant: float) -> Outage:
    """The same, counted from there."""
    return replace(
        outage,
        first_bad=outage.first_bad - instant,
        last_bad=outage.last_bad - instant,
        last_good=None if outage.last_good is None else outage.last_good - instant,
        next_good=None if outage.next_good is None else outage.next_good - instant,
        known=outage.known - instant,
    )


def _same(mine: Bounds, said: BoundsFile) -> bool:
    if abs(mine.lower_s - said.lower_s) > _SAME_S:
        return False
    if mine.upper_s is None or said.upper_s is None:
        return mine.upper_s is said.upper_s
    return abs(mine.upper_s - said.upper_s) <= _SAME_S


def _told(bounds: Bounds | BoundsFile) -> str:
    upper = "?" if bounds.upper_s is None else f"{bounds.upper_s:.3f}"
    return f"{bounds.lower_s:.3f} to {upper} s"
