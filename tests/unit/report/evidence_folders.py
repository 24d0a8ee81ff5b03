"""Makes folders of evidence as drills and campaigns do: with the real probes, timers, judgements and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fournines.cloud.timers import LAB
from fournines.faults import catalogue as faults
from fournines.probes import Connections
from fournines.probes import catalogue as probes
from fournines.prove.audits import Verdict
from fournines.prove.bounds import Part
from fournines.prove.report import Marks, Report, probe_report
from fournines.prove.results import Results
from fournines.prove.samples import Noise, Sample

SPEC = Path(__file__).parents[3] / "clouds/lab.yaml"
Down = Mapping[str, Sequence[tuple[float, float]]]
"""Probe -> when it is out, in seconds from the fault."""

LOST: frozenset[Part] = frozenset({"vip", "writer", "member"})
BEFORE_S, AFTER_S, HEAL_S = 8.0, 40.0, 20.0
GOOD = (Verdict("one-vip-holder", "ok", "c2 carries it"), Verdict("acknowledged-writes", "ok", "all 12"))


@dataclass(frozen=True, kw_only=True)
class Told:
    """A drill to be written down."""

    fault: str = "power-loss"
    target: str = "vip"
    hosts: tuple[str, ...] = ("c1",)
    probes: tuple[str, ...] = ("token", "read", "write")
    down: Down = field(default_factory=dict[str, Sequence[tuple[float, float]]])
    audits: tuple[Verdict, ...] = GOOD
    void: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = "deadline"
    connections: Connections = "fresh"
    clock: float = 1000.0
    """Of the machine, at the first start."""


def samples(told: Told) -> list[Sample]:
    """Open loop, as the prober writes them."""
    found: list[Sample] = []
    for name in told.probes:
        probe = probes()[name]
        for seq in range(int((BEFORE_S + AFTER_S) / probe.interval_s)):
            at = seq * probe.interval_s - BEFORE_S
            out = any(low <= at < high for low, high in told.down.get(name, ()))
            start = told.clock + BEFORE_S + at
            took = probe.deadline_s if out else 0.03
            found.append(
                Sample(
                    probe=name,
                    seq=seq,
                    intended=start,
                    start=start + 0.001,
                    end=start + took,
                    ok=not out,
                    error=told.error if out else None,
                )
            )
    return sorted(found, key=lambda one: (one.end, one.probe))


def marks(told: Told) -> Marks:
    inject = told.clock + BEFORE_S
    return Marks(inject, inject + 0.4, inject + HEAL_S, inject + AFTER_S)


def write_drill(folder: Path, told: Told) -> Report:
    """samples.jsonl, faults.jsonl and report.json."""
    folder.mkdir(parents=True, exist_ok=True)
    taken, at = samples(told), marks(told)
    (folder / "samples.jsonl").write_text("".join(one.as_line() + "\n" for one in taken))
    fault = faults()[told.fault]
    done = {"inject": at.inject, "injected": at.injected, "heal": at.heal, "healthy": at.heal + 9.0, "stop": at.end}
    write_lines(
        folder / "faults.jsonl",
        [{"time": time, "utc": "2026-11-22T04:50:08.000+00:00", "what": what} for what, time in done.items()],
    )
    lost = LOST if fault.silences else frozenset[Part]()
    report = Report(
        letter=fault.letter,
        drill=told.fault,
        target=told.target,
        hosts=told.hosts,
        fidelity="container",
        connections=told.connections,
        probes=tuple(
            probe_report(
                probes()[name],
                [one for one in taken if one.probe == name],
                at,
                {fault.letter},
                LAB,
                lost,
                probes()[name].interval_s,
            )
            for name in told.probes
        ),
        audits=told.audits,
        noise=Noise.of(taken),
        void=told.void,
        notes=told.notes,
        marks=at,
        t0=told.clock,
        results=str(folder),
    )
    Results(folder).write_report(report.as_json())
    return report


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def write_plan(folder: Path, number: int, told: Told, report: Report | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    predicted = {
        probe.name: {
            "bound_s": probe.bound_s,
            "budget_s": probe.budget_s,
            "column": probes()[probe.name].column,
            "service": probe.service,
        }
        for probe in (report.probes if report else ())
        if probe.bound_s
    }
    plan = {
        "number": number,
        "fault": told.fault,
        "letter": faults()[told.fault].letter,
        "target": told.target,
        "speed": 1.0,
        "hold_s": 10.0,
        "at": f"2026-11-22T04:{number % 60:02d}:00Z",
        "hosts": told.hosts,
        "roles": ["control"],
        "predicted": predicted,
    }
    (folder / "plan.json").write_text(json.dumps(plan))


def write_campaign(root: Path, drills: Sequence[Told | str], **changed: Any) -> Path:
    """A drill that is a string did not end: that is its error; an empty one left nothing but its plan."""
    for number, told in enumerate(drills, 1):
        name = "power-loss" if isinstance(told, str) else told.fault
        folder = root / "drills" / f"{number:04d}-{name}"
        if isinstance(told, str):
            write_plan(folder, number, Told())
            if told:
                error = {"message": told, "kind": "DrillError", "at": "2026-11-22T05:00:00Z"}
                (folder / "error.json").write_text(json.dumps(error))
        else:
            write_plan(folder, number, told, write_drill(folder, told))
    campaign = {
        "format": 1,
        "cloud": "lab",
        "fidelity": "container",
        "sla": 0.9999,
        "seed": 7,
        "started": "2026-11-22T04:50:00Z",
        "asked": {"drills": len(drills), "seconds": None, "faults": ["power-loss"]},
        "configuration": "0" * 64,
        "nines": "0.1.0",
        "versions": {"c1": {"mariadb-server": "1:11.8"}, "c2": {"mariadb-server": "1:11.8"}},
        "spec": SPEC.read_text(),
        "predicted": {
            "services": [
                {
                    "name": name,
                    "availability": 0.99997,
                    "downtime_minutes_per_year": 15.8,
                    "p_sla_met": 0.95,
                    "causes": [{"what": "all hosts at once", "minutes_per_year": 7.2, "fix": None}],
                }
                for name in ("token", "s3")
            ]
        },
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / "campaign.json").write_text(json.dumps(campaign | changed))
    return root
