"""Numbers as people read them. Unknown is `?`, never zero."""

from __future__ import annotations

from fournines.prove.outages import Bounds
from fournines.report.evidence import Drill, Standing
from fournines.report.verdict import ServiceVerdict, count

__all__ = [
    "STANDING",
    "bounds",
    "count",
    "minutes",
    "nines",
    "plain",
    "seconds",
    "service",
    "span",
    "standing",
    "when",
    "worst",
]

STANDING: dict[Standing, str] = {
    "failed": "a check failed",
    "broken": "evidence broken",
    "unfinished": "did not end",
    "void": "void, not counted",
    "over": "over budget",
    "unknown": "unknown",
    "kept": "within budget",
}


def plain(value: float) -> str:
    """Three figures are enough."""
    return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}" if abs(value) < 99.95 else f"{value:.0f}"


def seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{plain(value)} s" if value else "0 s"


def bounds(found: Bounds) -> str:
    """`3.45 to 5.00`; `3.45 to ?`; nothing where there was no outage."""
    if found.upper_s is None:
        return f"{plain(found.lower_s)} to ?"
    return f"{plain(found.lower_s)} to {plain(found.upper_s)}" if found.upper_s else "none"


def span(found: tuple[float, float] | None) -> str:
    if found is None:
        return "no number"
    low, high = (f"{value:.4g}" for value in found)
    return f"{low} s" if low == high else f"{low} to {high} s"


def minutes(value: float) -> str:
    return f"{value:.1f} min" if value < 1000 else f"{value:,.0f} min"


def nines(availability: float) -> str:
    return f"{availability * 100:.4f} %"


def when(utc: str) -> str:
    """`2026-11-22 04:50 UTC` of an ISO time; anything else as it is."""
    return f"{utc[:10]} {utc[11:16]} UTC" if len(utc) >= 16 and utc[10] == "T" else utc


def standing(drill: Drill) -> str:
    return STANDING[drill.standing]


def service(found: ServiceVerdict) -> str:
    """The verdict in a few words."""
    told = f"{found.kept} of {found.drills}"
    return {
        "over": f"over budget in {found.over} of {found.drills}",
        "unknown": f"unknown in {found.unknown} of {found.drills}",
        "kept": f"within budget in {told}",
        "unlimited": "no budget is set",
        "unmeasured": "not measured",
    }[found.state]


def worst(drill: Drill) -> str:
    """The longest outage of any probe: `token 3.45 to 5.00 s`."""
    probes = [probe for probe in drill.measured.probes if probe.outages] if drill.measured else []
    if not probes:
        return "no outage seen"
    longest = max(
        probes, key=lambda probe: (probe.outage.upper_s is None, probe.outage.upper_s or probe.outage.lower_s)
    )
    return f"{longest.name} {bounds(longest.outage)} s"
