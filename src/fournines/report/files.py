"""What the JSON files of a folder of evidence must look like. Keys that are not named here are left alone."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from fournines.prove.audits import Outcome


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class TimesFile(_File):
    """Seconds from the first intended start."""

    inject_s: float
    injected_s: float
    heal_s: float
    end_s: float


class BoundsFile(_File):
    lower_s: float
    upper_s: float | None


class ProbeFile(_File):
    name: str
    service: str
    budget_s: float | None
    bound_s: float | None
    interval_s: float
    outage: BoundsFile
    """What the drill itself said: compared with what its samples say."""


class AuditFile(_File):
    name: str
    verdict: Outcome
    detail: str


class NoiseFile(_File):
    starts: int
    late_p99_s: float
    late_max_s: float


class ReportFile(_File):
    """`report.json` of a drill."""

    drill: str
    letter: str = ""
    target: str
    hosts: tuple[str, ...]
    fidelity: str
    connections: str = "fresh"
    """None could be kept before this was written down."""
    probes: tuple[ProbeFile, ...]
    audits: tuple[AuditFile, ...]
    void: tuple[str, ...]
    notes: tuple[str, ...]
    times: TimesFile
    noise: NoiseFile


class ForecastFile(_File):
    bound_s: float | None = None
    budget_s: float | None = None
    column: str | None = None


class PlanFile(_File):
    """`plan.json`: written before the fault."""

    number: int
    fault: str
    letter: str
    target: str
    at: str
    hosts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    speed: float = 1.0
    hold_s: float | None = None
    predicted: Mapping[str, ForecastFile] = {}


class ErrorFile(_File):
    """`error.json`: why a drill has no report."""

    message: str
    kind: str = ""
    at: str = ""


class EndFile(_File):
    why: str
    at: str = ""


class AskedFile(_File):
    drills: int | None = None
    seconds: float | None = None
    faults: tuple[str, ...] = ()


class CauseFile(_File):
    what: str
    minutes_per_year: float
    fix: str | None = None


class PredictedFile(_File):
    """One user-visible service, as `nines predict --json` tells it."""

    name: str
    availability: float
    downtime_minutes_per_year: float
    p_sla_met: float | None = None
    causes: tuple[CauseFile, ...] = ()


class PredictionsFile(_File):
    services: tuple[PredictedFile, ...] = ()


class CampaignFile(_File):
    """`campaign.json`: written once, when a campaign begins."""

    cloud: str
    fidelity: str
    connections: str = "fresh"
    sla: float
    started: str
    seed: int | None = None
    nines: str = ""
    configuration: str = ""
    asked: AskedFile = AskedFile()
    versions: Mapping[str, Mapping[str, str]] = {}
    predicted: PredictionsFile = PredictionsFile()


class DoneFile(_File):
    """A line of `faults.jsonl`: what was done to the cloud, and when."""

    time: float
    utc: str
    what: str
