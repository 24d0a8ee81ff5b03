"""A campaign's parts for tests: kinds as a lab has them, and a stand-in for the drill that only leaves a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fournines.campaign.choice import Choice, Planned
from fournines.campaign.folder import DrillFolder, Folder
from fournines.campaign.kinds import Kind
from fournines.cloud.timers import LAB

KINDS = (
    Kind("null", ("none",)),
    Kind("osd-kill", (), ("s1", "s2", "s3")),
    Kind("power-loss", ("vip", "writer"), ("c1", "c2", "c3")),
    Kind("two-storage-hosts", (), ("s1", "s2", "s3"), 2),
)


def about(seed: int = 7) -> dict[str, Any]:
    return {"cloud": "lab", "seed": seed, "kinds": [kind.as_json() for kind in KINDS], "not_possible": []}


def begun(results: Path, seed: int = 7) -> Folder:
    return Folder.new(results, about(seed))


def choice(seed: int = 7) -> Choice:
    return Choice(seed, KINDS, LAB)


def report(verdict: str = "ok", void: str = "", upper: float | None = 2.5, budget: float | None = 15) -> dict[str, Any]:
    kept = None if upper is None or budget is None else upper <= budget
    probe = {"name": "token", "outage": {"lower_s": 1.0, "upper_s": upper}, "budget_s": budget, "budget_kept": kept}
    audits = [{"name": "recovered", "verdict": "ok", "detail": "well"}]
    audits.append({"name": "one-vip-holder", "verdict": verdict, "detail": "c1 and c2"})
    return {"hosts": ["c1"], "probes": [probe], "audits": audits, "void": [void] if void else []}


def leave(drill: DrillFolder, what: dict[str, Any]) -> None:
    drill.results.write_report(what)


def drilled(planned: Planned, drill: DrillFolder) -> None:
    """All is well."""
    assert json.loads((drill.path / "plan.json").read_text())["number"] == planned.number
    leave(drill, report())
