"""What a folder of evidence says, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fournines.faults import recorded
from fournines.prove.audits import Verdict
from fournines.prove.report import ProbeReport
from fournines.report.files import CampaignFile, EndFile, NoiseFile

NOTHING = "-"
"""Class of faults that injure nothing: what is seen then is the measurement's own noise."""

Standing = Literal["failed", "broken", "unfinished", "void", "over", "unknown", "kept"]
"""What one drill comes to, the worst first.

failed       a check saw what must never be
broken       its evidence cannot be read
unfinished   it did not end
void         the measurement does not count
over         a probe was out for longer than the budget of the fault's class
unknown      the end of an outage was not seen, or a check could not look
kept         within budget, every check ok
"""


def budget_kept(probe: ProbeReport) -> bool | None:
    """As `ProbeReport.budget_kept`; but an outage without a seen end has broken its budget once it lasted longer."""
    if probe.budget_s is not None and probe.outage.lower_s > probe.budget_s:
        return False
    return probe.budget_kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a drill measured. Times in seconds from the fault."""

    begin_s: float
    """Of the recording: negative."""
    injected_s: float
    heal_s: float
    end_s: float
    healthy_s: float | None
    """When every service was healthy again; None: not within the drill."""
    probes: tuple[ProbeReport, ...]
    """Computed from the samples; `outages` counted from the fault too."""
    audits: tuple[Verdict, ...]
    void: tuple[str, ...]
    notes: tuple[str, ...]
    differs: tuple[str, ...]
    """Where report.json says something else than the samples."""
    noise: NoiseFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    number: int
    fault: str
    letter: str
    """Class of the fault; empty where it is not known."""
    target: str
    hosts: tuple[str, ...]
    at: str
    """UTC of its plan or of the fault; empty where neither was written down."""
    columns: Mapping[str, str]
    """Probe -> column of the budgets: the user-visible service that it stands for."""
    forecasts: Mapping[str, float]
    """Probe -> seconds that the timers allow, written down before the fault; only those that the fault touches."""
    measured: Measured | None
    why: str = ""
    """Without a measurement: what is known of the reason."""
    broken: bool = False
    """The evidence is there and cannot be read."""
    logs: int = 0
    """Daemons' logs that were kept."""

    @property
    def kind(self) -> str:
        """What it is counted with: of a daemon's fault the daemon belongs to it."""
        known = recorded(self.fault, self.target)
        return known.kind if known else self.fault

    @property
    def injures(self) -> bool:
        return self.letter != NOTHING

    @property
    def counts(self) -> bool:
        """Its durations do. A check that failed counts whatever else is wrong with the drill."""
        return self.measured is not None and not self.measured.void

    @property
    def standing(self) -> Standing:
        found = self.measured
        if found is None:
            return "broken" if self.broken else "unfinished"
        if any(audit.verdict == "fail" for audit in found.audits):
            return "failed"
        if found.void:
            return "void"
        if any(budget_kept(probe) is False for probe in found.probes):
            return "over"
        unseen = any(probe.outage.upper_s is None for probe in found.probes)
        return "unknown" if unseen or any(audit.verdict == "unknown" for audit in found.audits) else "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One folder: a campaign, or a drill by itself (no `campaign`)."""

    campaign: CampaignFile | None
    end: EndFile | None
    drills: tuple[Drill, ...]
    """In the order of their folders."""
    fidelities: tuple[str, ...]
    """Of the hosts; more than one where drills disagree."""
    connections: tuple[str, ...]
    """Of the APIs' clients; likewise."""
    digest: str
    """SHA-256 of all that was read."""
    files: int
    requests: int
