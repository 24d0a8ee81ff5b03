"""What a drill says, as data (the `--json` contract) and as text."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from fournines.cloud.columns import Letter
from fournines.cloud.timers import Timers
from fournines.errors import DrillError
from fournines.probes import Connections, Probe
from fournines.prove.audits import Verdict
from fournines.prove.bounds import Part, bound
from fournines.prove.budgets import budget
from fournines.prove.outages import Bounds, Outage, between, held, outages, union, worst
from fournines.prove.samples import Noise, Sample

Phase = Literal["baseline", "fault", "failback"]


@dataclass(frozen=True, slots=True)
class Marks:
    """When what was done, in seconds of the samples' clock. Phases end where the next one begins."""

    inject: float
    injected: float
    """When the fault was complete."""
    heal: float
    end: float

    def spans(self) -> dict[Phase, tuple[float, float]]:
        infinite = float("inf")
        return {
            "baseline": (-infinite, self.inject),
            "fault": (self.inject, self.heal),
            "failback": (self.heal, infinite),
        }


@dataclass(frozen=True, slots=True)
class PhaseReport:
    outage: Bounds
    """The worst one."""
    union: Bounds
    """All of them together."""
    outages: int

    def as_json(self) -> dict[str, Any]:
        return {"outages": self.outages, "outage": self.outage.as_json(), "union": self.union.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """One probe's view of the whole drill."""

    name: str
    service: str
    requests: int
    errors: int
    """Requests that were not good, `slow` among them."""
    slow: int
    """Those of them that ran into their deadline: neither answered nor refused."""
    outage: Bounds
    """The worst outage of the drill: this is what is charged."""
    budget_s: float | None
    bound_s: float | None
    """None: it must last until the heal, which no timer bounds."""
    interval_s: float
    """An outage shorter than this may go unseen."""
    request_s: float
    """Median of good requests at baseline."""
    kinds: Mapping[str, int]
    outages: tuple[Outage, ...]
    phases: Mapping[Phase, PhaseReport]

    @property
    def budget_kept(self) -> bool | None:
        """In every phase, upper bound against budget; None: unknown, or the class has no number."""
        if self.budget_s is None or self.outage.upper_s is None:
            return None
        return self.outage.upper_s <= self.budget_s

    @property
    def bound_held(self) -> bool | None:
        """After the fault; None: the measurement cannot tell, or there is no bound."""
        if self.bound_s is None:
            return None
        return self.phases["fault"].outage.within(self.bound_s)

    def as_json(self, t0: float) -> dict[str, Any]:
        def at(time: float | None) -> float | None:
            return None if time is None else round(time - t0, 3)

        return {
            "name": self.name,
            "service": self.service,
            "requests": self.requests,
            "errors": self.errors,
            "outage": self.outage.as_json(),
            "budget_s": self.budget_s,
            "bound_s": None if self.bound_s is None else round(self.bound_s, 3),
            "slow": self.slow,
            "interval_s": self.interval_s,
            "request_s": round(self.request_s, 4),
            "budget_kept": self.budget_kept,
            "bound_held": self.bound_held,
            "kinds": dict(self.kinds),
            "phases": {name: phase.as_json() for name, phase in self.phases.items()},
            "outages": [
                {
                    **Bounds(outage.lower_s, outage.upper_s).as_json(),
                    "first_bad": at(outage.first_bad),
                    "last_bad": at(outage.last_bad),
                    "bad": outage.bad,
                    "slow": outage.slow,
                }
                for outage in self.outages
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a drill says. Times in `as_json` count from the first intended start."""

    drill: str
    letter: Letter
    """Class of the fault as it struck: of two at a time that is known only then."""
    target: str
    hosts: tuple[str, ...]
    fidelity: str
    connections: Connections
    """How the APIs' clients connected; the guest's never keep theirs."""
    probes: tuple[ProbeReport, ...]
    audits: tuple[Verdict, ...]
    noise: Noise
    void: tuple[str, ...]
    """Why nothing measured here counts; empty when it does."""
    notes: tuple[str, ...]
    marks: Marks
    t0: float
    results: str
    """Folder of the evidence."""

    @property
    def ok(self) -> bool:
        """Every audit is ok and the measurement counts."""
        return not self.void and all(audit.verdict == "ok" for audit in self.audits)

    @property
    def exit_code(self) -> int:
        """0 ok; 1 an audit is not ok; 7 (as DrillError) the measurement is void."""
        if self.void:
            return DrillError.exit_code
        return 0 if self.ok else 1

    def as_json(self) -> dict[str, Any]:
        return {
            "drill": self.drill,
            "target": self.target,
            "fidelity": self.fidelity,
            "probes": [probe.as_json(self.t0) for probe in self.probes],
            "audits": [audit.as_json() for audit in self.audits],
            "letter": self.letter,
            "hosts": list(self.hosts),
            "connections": self.connections,
            "void": list(self.void),
            "notes": list(self.notes),
            "times": {
                "inject_s": round(self.marks.inject - self.t0, 3),
                "injected_s": round(self.marks.injected - self.t0, 3),
                "heal_s": round(self.marks.heal - self.t0, 3),
                "end_s": round(self.marks.end - self.t0, 3),
            },
            "noise": {
                "starts": self.noise.starts,
                "late_p99_s": round(self.noise.p99_s, 4),
                "late_max_s": round(self.noise.max_s, 4),
                "stalls": len(self.noise.stalls),
                "open_max": self.noise.open_max,
                "clock_s": round(self.noise.clock_s, 6),
                "cpu_s": self.noise.cpu_s,
            },
            "results": self.results,
        }

    def text(self, width: int = 80, color: bool = False) -> str:
        """For people."""
        return _text(self, width, color)


def probe_report(
    probe: Probe,
    samples: Sequence[Sample],
    marks: Marks,
    letters: Collection[Letter],
    timers: Timers,
    lost: Collection[Part],
    interval_s: float,
    bounded: bool = True,
) -> ProbeReport:
    """One probe's samples, judged. Pure. `bounded`: timers end what it costs, not the heal."""
    most = bound(timers, lost, probe, quiet(samples, marks))
    return judged(
        name=probe.name,
        service=probe.service,
        stall_s=probe.stall_s,
        samples=samples,
        marks=marks,
        interval_s=interval_s,
        budget_s=budget(letters, probe.columns),
        bound_s=most if bounded or not most else None,
    )


def quiet(samples: Sequence[Sample], marks: Marks) -> float:
    """Seconds that one probe's request takes before the fault: the median of the good ones, 0 without any."""
    found = [sample.latency for sample in samples if sample.ok and sample.end < marks.inject]
    return median(found) if found else 0.0


def judged(
    *,
    name: str,
    service: str,
    stall_s: float | None,
    samples: Sequence[Sample],
    marks: Marks,
    interval_s: float,
    budget_s: float | None,
    bound_s: float | None,
) -> ProbeReport:
    """One probe's samples against what was allowed. Pure: the evidence of a drill is all that it takes.

    `stall_s`: as `Probe.stall_s`.
    """
    request_s = quiet(samples, marks)
    found = outages(samples if stall_s is None else held(samples, stall_s), request_s)
    phases: dict[Phase, PhaseReport] = {}
    for phase, (start, end) in marks.spans().items():
        here = between(found, start, end)
        phases[phase] = PhaseReport(worst(here), union(here), len(here))
    bad = [sample for sample in samples if not sample.ok]
    return ProbeReport(
        name=name,
        service=service,
        requests=len(samples),
        errors=len(bad),
        slow=sum(sample.slow for sample in bad),
        outage=worst(found),
        budget_s=budget_s,
        bound_s=bound_s,
        interval_s=interval_s,
        request_s=request_s,
        kinds=Counter(sample.error or "?" for sample in bad),
        outages=tuple(found),
        phases=phases,
    )


def doubts(
    probes: Sequence[ProbeReport],
    samples: Sequence[Sample],
    noise: Noise,
    stall_limit_s: float,
    marks: Marks,
    least: Mapping[str, float],
) -> list[str]:
    """Why the measurement does not count. Pure. `least`: `bounds.floor` of each probe, 0 where any outage may be.

    Judged by answers, not by outages: a request with a long deadline may ride out a failover and never be bad.
    """
    reasons = noise.void(stall_limit_s)
    for probe in probes:
        numbers = sorted(sample.seq for sample in samples if sample.probe == probe.name)
        if not numbers:
            reasons.append(f"{probe.name}: not one request was made")
        elif numbers != list(range(len(numbers))):
            reasons.append(f"{probe.name}: samples are missing")
        least_s = least.get(probe.name, 0.0)
        back = marks.inject + least_s
        early = [one.end for one in samples if one.probe == probe.name and one.ok and marks.injected < one.end < back]
        if early:
            reasons.append(
                f"{probe.name}: answered {early[0] - marks.inject:.2f} s after the fault, but what it lost cannot be "
                f"back within {least_s:.2f} s: the fault did not happen, or a clock is wrong"
            )
    return reasons


def _seconds(value: float | None) -> str:
    """At most five characters up to a quarter of an hour: the table must stay narrow in the worst case."""
    return "?" if value is None else f"{value:.{2 if value < 99.9 else 1}f}"


def _bounds(outage: Bounds) -> str:
    return f"{_seconds(outage.lower_s)} - {_seconds(outage.upper_s)}"


def _each(report: Report, count: Callable[[ProbeReport], int]) -> str:
    """`token 3, read 2`: of each probe that has any."""
    return ", ".join(f"{probe.name} {number}" for probe in report.probes if (number := count(probe)))


def _text(report: Report, width: int, color: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=color, no_color=not color, highlight=False, emoji=False)
    where = f" of {report.target} ({', '.join(report.hosts)})" if report.hosts else ""
    console.print(f"drill {report.drill}{where}, fidelity: {report.fidelity}", markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("probe", no_wrap=True)
    for heading in ("requests", "errors", "outage s", "fail-back s", "budget", "bound"):
        table.add_column(heading, justify="right", no_wrap=True)
    for probe in report.probes:
        style = {True: "green", False: "red", None: "yellow"}[probe.budget_kept]
        table.add_row(
            probe.name,
            str(probe.requests),
            str(probe.errors),
            f"[{style}]{_bounds(probe.outage)}[/]",
            _bounds(probe.phases["failback"].outage),
            "-" if probe.budget_s is None else f"{probe.budget_s:g}",
            "-" if probe.bound_s is None else f"{probe.bound_s:.2f}",
        )
    console.print(table)
    kinds = sorted({kind for probe in report.probes for kind in probe.kinds})
    for kind in kinds:
        console.print(f"{kind}: {_each(report, lambda probe, kind=kind: probe.kinds.get(kind, 0))}", markup=False)
    if flapping := _each(report, lambda probe: len(probe.outages) if len(probe.outages) > 1 else 0):
        console.print(f"more than one outage: {flapping}", markup=False)
    if any(probe.bound_held is False for probe in report.probes):
        late = ", ".join(probe.name for probe in report.probes if probe.bound_held is False)
        console.print(f"longer than the configured timers allow: {late}", markup=False)
    intervals = sorted({probe.interval_s for probe in report.probes})
    shortest = "; ".join(
        f"{interval:g} s {', '.join(probe.name for probe in report.probes if probe.interval_s == interval)}"
        for interval in intervals
    )
    console.print(
        f"outage: at least - at most, the worst one. Unseen may go what is shorter than: {shortest}.\n"
        f"prober: {report.noise.starts} starts on {report.connections} connections, "
        f"{report.noise.p99_s * 1000:.0f} ms late (99 %), {report.noise.max_s * 1000:.0f} ms at most",
        markup=False,
    )
    audits = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for audit in report.audits:
        style = {"ok": "green", "fail": "red", "unknown": "yellow"}[audit.verdict]
        audits.add_row("audit", audit.name, f"[{style}]{audit.verdict}[/]", audit.detail.replace("[", r"\["))
    console.print(audits)
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    for reason in report.void:
        console.print(f"VOID: {reason}", markup=False)
    console.print(f"evidence: {report.results}", markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
