"""What one drill came to, from what lies in its folder. Pure.

ok         every audit is ok, and the measurement counts
fail       an audit saw what must never be: a violation, whatever else
void       nothing measured in it counts
unknown    an audit could not look everywhere
error      it did not end in a report
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

Result = Literal["ok", "fail", "void", "unknown", "error"]


@dataclass(frozen=True, slots=True)
class Worst:
    """The longest outage that any probe saw."""

    probe: str
    upper_s: float | None
    """None: nobody saw its end."""
    budget_s: float | None
    """None: its class has no number."""

    @property
    def length(self) -> float:
        return inf if self.upper_s is None else self.upper_s

    def as_json(self) -> dict[str, Any]:
        return {"probe": self.probe, "upper_s": self.upper_s, "budget_s": self.budget_s}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One drill that is over."""

    number: int
    fault: str
    target: str
    hosts: tuple[str, ...]
    result: Result
    why: str = ""
    """What was violated or not known, why the measurement is void, or the error."""
    worst: Worst | None = None
    over: tuple[str, ...] = ()
    """Probes whose outage was longer than their budget."""
    audits: Mapping[str, int]
    """Verdict -> how many audits."""
    measured: bool
    """Its outages count, whatever audits say."""
    seconds: float
    """From its plan to its end."""

    @property
    def counts(self) -> bool:
        """Whether it says anything of the cloud."""
        return self.result in ("ok", "fail")

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "fault": self.fault,
            "target": self.target,
            "hosts": list(self.hosts),
            "result": self.result,
            "why": self.why,
            "worst": self.worst and self.worst.as_json(),
            "over_budget": list(self.over),
            "audits": dict(self.audits),
            "seconds": round(self.seconds, 1),
        }


def of_report(plan: Mapping[str, Any], report: Mapping[str, Any], seconds: float) -> Outcome:
    """Of a drill with a report."""
    audits: list[Mapping[str, Any]] = report["audits"]
    void: list[str] = report["void"]
    failed = [f"{each['name']}: {each['detail']}" for each in audits if each["verdict"] == "fail"]
    unknown = [f"{each['name']}: {each['detail']}" for each in audits if each["verdict"] != "ok"]
    result: Result = "fail" if failed else "void" if void else "unknown" if unknown else "ok"
    probes: list[Mapping[str, Any]] = report["probes"]
    worst = [Worst(each["name"], each["outage"]["upper_s"], each["budget_s"]) for each in probes]
    return Outcome(
        number=plan["number"],
        fault=plan["fault"],
        target=plan["target"],
        hosts=tuple(report["hosts"]),
        result=result,
        why="; ".join(failed or void or unknown),
        worst=max(worst, key=lambda each: each.length, default=None),
        over=tuple(each["name"] for each in probes if each["budget_kept"] is False),
        audits=Counter(str(each["verdict"]) for each in audits),
        measured=not void,
        seconds=seconds,
    )


def of_error(plan: Mapping[str, Any], error: Mapping[str, Any], seconds: float) -> Outcome:
    """Of a drill that ended without a report."""
    return Outcome(
        number=plan["number"],
        fault=plan["fault"],
        target=plan["target"],
        hosts=tuple(plan["hosts"]),
        result="error",
        why=f"{error['kind']}: {error['message']}",
        audits={},
        measured=False,
        seconds=seconds,
    )
