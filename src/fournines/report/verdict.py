"""What was seen, per user-visible service and in one sentence. Pure.

Drills show how a cloud recovers, not how often it fails: no sentence here says more than what was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fournines.predict.visible import VISIBLE
from fournines.prove.audits import Verdict
from fournines.prove.outages import NONE, Bounds
from fournines.prove.report import ProbeReport
from fournines.report.evidence import Drill, Evidence, budget_kept
from fournines.report.files import PredictedFile

State = Literal["over", "unknown", "kept", "unlimited", "unmeasured"]
Tone = Literal["bad", "unsure", "good"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceVerdict:
    """One user-visible service over all drills that count and injure something."""

    name: str
    title: str
    probes: tuple[str, ...]
    drills: int
    """Of them, those that set it a budget; they are `kept`, `over` or `unknown`."""
    kept: int
    over: int
    unknown: int
    worst: Bounds
    """The longest outage of any probe, of those that have a budget."""
    worst_drill: int | None
    predicted: PredictedFile | None

    @property
    def state(self) -> State:
        if not self.probes:
            return "unmeasured"
        if self.over:
            return "over"
        if self.unknown:
            return "unknown"
        return "kept" if self.drills else "unlimited"


@dataclass(frozen=True, slots=True)
class Headline:
    tone: Tone
    title: str
    sentences: tuple[str, ...]


def services(evidence: Evidence) -> tuple[ServiceVerdict, ...]:
    """In the order of `nines predict`: those that were probed, and those that were predicted and not probed."""
    drills = [drill for drill in evidence.drills if drill.counts and drill.injures]
    predicted = {each.name: each for each in evidence.campaign.predicted.services} if evidence.campaign else {}
    found: list[ServiceVerdict] = []
    taken: set[str] = set()
    for visible in VISIBLE:
        # Of two that share a column the first is what probes ask for; the other one has none of its own.
        column = "" if visible.column in taken else visible.column
        taken.add(visible.column)
        one = _service(visible.name, visible.title, column, drills, predicted.get(visible.name))
        if one.probes or one.predicted:
            found.append(one)
    rest = sorted({column for drill in drills for column in drill.columns.values()} - taken)
    return (*found, *(_service(column, column, column, drills, None) for column in rest))


def _service(
    name: str, title: str, column: str, drills: Sequence[Drill], predicted: PredictedFile | None
) -> ServiceVerdict:
    counts = {"kept": 0, "over": 0, "unknown": 0}
    names: set[str] = set()
    worst, where = NONE, None
    for drill in drills:
        probes = [each for each in _probes(drill) if drill.columns.get(each.name) == column]
        names |= {each.name for each in probes}
        for each in probes:
            if each.budget_s is not None and each.outages and _longer(each.outage, worst):
                worst, where = each.outage, drill.number
        limited = [budget_kept(each) for each in probes if each.budget_s is not None]
        if limited:
            counts["over" if False in limited else "unknown" if None in limited else "kept"] += 1
    return ServiceVerdict(
        name=name,
        title=title,
        probes=tuple(sorted(names)),
        drills=sum(counts.values()),
        **counts,
        worst=worst,
        worst_drill=where,
        predicted=predicted,
    )


def _probes(drill: Drill) -> tuple[ProbeReport, ...]:
    return drill.measured.probes if drill.measured else ()


def _longer(one: Bounds, other: Bounds) -> bool:
    """Unknown is longer than any number."""

    def size(bounds: Bounds) -> tuple[bool, float]:
        return (bounds.upper_s is None, bounds.lower_s if bounds.upper_s is None else bounds.upper_s)

    return size(one) > size(other)


def count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def headline(evidence: Evidence, found: Sequence[ServiceVerdict]) -> Headline:
    """The verdict in plain words: checks before durations, unknown before good."""
    drills = [drill for drill in evidence.drills if drill.counts and drill.injures]
    failed = [drill for drill in evidence.drills if drill.standing == "failed"]
    broken = [drill for drill in evidence.drills if drill.broken]
    unsure = [drill for drill in drills if any(each.verdict == "unknown" for each in _audits(drill))]
    measured = [each for each in found if each.probes]
    over = [each for each in measured if each.state == "over"]
    unknown = [each for each in measured if each.unknown]
    rest: list[str] = []
    if failed:
        checks = sorted({each.name for drill in failed for each in _audits(drill) if each.verdict == "fail"})
        rest.append(
            f"In {_drills(failed)} a check failed: {', '.join(checks)}. That outweighs everything else on this page."
        )
    elif asked := sum(len(_audits(drill)) for drill in evidence.drills if not drill.broken):
        rest.append(f"No check failed ({count(asked, 'look')} after {count(len(evidence.drills), 'drill')}).")
    if drills:
        rest.append(_durations(len(drills), len(measured), over))
    if unknown:
        titles = ", ".join(each.title for each in unknown)
        rest.append(f"Unknown: the end of an outage was not seen for {titles}. Unknown is not counted as kept.")
    if unsure:
        rest.append(f"Unknown: in {_drills(unsure)} a check could not look everywhere.")
    if broken:
        rest.append(f"The evidence of {_drills(broken)} cannot be read.")
    rest.append("Drills show how this cloud recovers. How often things break in a year they cannot show.")
    if failed:
        return Headline("bad", "Not safe: a check failed", tuple(rest))
    if not drills:
        return Headline("unsure", "Nothing was measured that counts", tuple(rest))
    if over:
        short = f"{len(over)} of {count(len(measured), 'service')}"
        return Headline("bad", f"Too slow to recover: {short} over budget", tuple(rest))
    if unknown or unsure or broken:
        return Headline("unsure", "Within budget where it could be seen; not all could", tuple(rest))
    return Headline("good", "Every service was back within its budget", tuple(rest))


def _durations(drills: int, measured: int, over: Sequence[ServiceVerdict]) -> str:
    said = f"{count(drills, 'fault')} {'was' if drills == 1 else 'were'} injected while {count(measured, 'service')}"
    said += f" {'was' if measured == 1 else 'were'} asked without a pause."
    if not over:
        return said
    worst = ", ".join(f"{each.title} ({each.over} of {each.drills})" for each in over)
    return f"{said} Out for longer than the budget allows: {worst}."


def _audits(drill: Drill) -> tuple[Verdict, ...]:
    return drill.measured.audits if drill.measured else ()


def _drills(drills: Sequence[Drill]) -> str:
    numbers = [str(drill.number) for drill in drills]
    if len(numbers) > 6:
        return f"{len(numbers)} drills (first {numbers[0]})"
    return f"drill {numbers[0]}" if len(numbers) == 1 else f"drills {', '.join(numbers[:-1])} and {numbers[-1]}"
