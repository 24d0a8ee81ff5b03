"""A folder of evidence, of a campaign or of one drill -> observations. The only place here that reads files.

A drill counts when it ended in a report whose measurement counts. Whether a probe's service came back without help:

    no       it was out at the end, or from the fault until it was healed; or any audit failed: somebody had to act
    unknown  the drill did not end, its measurement is void, its recording starts bad, it was flapping when the drill
             had waited long enough and healed; or nobody knows whether the cloud was well afterwards
    yes      otherwise, however long it took
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fournines import faults, probes
from fournines.cloud.columns import Column
from fournines.errors import NinesError
from fournines.posterior.observation import Class, Observation
from fournines.prove.outages import NONE, Bounds
from fournines.services import daemons

STEADY_S = 10.0
"""A drill heals when it saw so long no bad request, or has waited long enough."""
_WELL = ("recovered", "round-trips")
"""Audits that say whether the cloud was well afterwards."""

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a folder holds."""

    observations: tuple[Observation, ...]
    spec: str | None
    """The cloud file, whole; None: not recorded, as in the folder of a single drill."""


def read(folder: Path) -> Evidence:
    """Raises NinesError for a folder that is none, and for a file in it that cannot be read."""
    campaign = _json(folder / "campaign.json")
    if campaign is None:
        if _json(folder / "report.json") is None:
            raise NinesError(f"{folder} holds no campaign, and no drill that ended", "see nines prove --help")
        return Evidence(tuple(_drill(folder, {})), None)
    drills = sorted(each for each in (folder / "drills").glob("*") if each.is_dir())
    return Evidence(tuple(seen for each in drills for seen in _drill(each, campaign)), campaign.get("spec"))


def _json(file: Path) -> Data | None:
    """None: there is no such file."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise NinesError(f"cannot read {file}: {error}") from None


def _drill(folder: Path, campaign: Data) -> Iterator[Observation]:
    plan, report, error = (_json(folder / f"{name}.json") for name in ("plan", "report", "error"))
    plan = plan or {}
    told = report or {}
    base = _base(folder.name, plan, told, campaign)
    if report is None or told["void"]:
        why = "; ".join(told["void"]) if report else error["message"] if error else "it did not end"
        base = replace(base, why=f"void: {why}" if report else why)
        planned: Mapping[str, Data] = plan.get("predicted") or {}
        for name, predicted in planned.items():
            yield replace(
                base,
                probe=name,
                column=predicted.get("column") or _column(name),
                service=predicted.get("service", ""),
                budget_s=predicted.get("budget_s"),
                bound_s=predicted.get("bound_s"),
            )
        if not planned:
            yield base
        return
    for probe in told["probes"]:
        yield _seen(base, probe, told, plan)


def _base(name: str, plan: Data, report: Data, campaign: Data) -> Observation:
    """What all probes of a drill have in common."""
    fault: str = plan.get("fault") or report.get("drill") or name.partition("-")[2] or name
    aim: str = plan.get("target") or report.get("target", "")
    known = faults.recorded(fault, aim)
    subject, _, member = aim.partition(":")
    target = daemons()[subject][0].primary if member == "primary" and subject in daemons() else aim
    of = Class(
        known.kind if known else fault,
        tuple(sorted(set(plan.get("roles", ())))),
        campaign.get("configuration", ""),
        report.get("fidelity") or campaign.get("fidelity", ""),
        # None could be kept before this was written down.
        report.get("connections") or campaign.get("connections", "fresh"),
    )
    letter = report.get("letter") or plan.get("letter") or (known.letter if known else "?")
    return Observation(
        drill=name,
        of=of,
        letter=letter,
        target=target,
        hosts=tuple(report.get("hosts") or plan.get("hosts", ())),
        silences=known is not None and known.silences,
        stops=known.stops if known else "",
        # Two faults together may be too much where each of them is not.
        blocks=letter == "X" or (known is not None and known.blocks),
    )


def _column(probe: str) -> Column | None:
    known = probes.catalogue().get(probe)
    return known.column if known else None


def _bounds(said: Data) -> Bounds:
    return Bounds(said["lower_s"], said["upper_s"])


def _seen(base: Observation, probe: Data, report: Data, plan: Data) -> Observation:
    predicted: Mapping[str, Data] = plan.get("predicted") or {}
    planned = predicted.get(probe["name"], {})
    phases: Data = probe["phases"]
    unions = [_bounds(phases[name]["union"]) if name in phases else NONE for name in ("fault", "failback")]
    uppers = [each.upper_s for each in unions]
    total = Bounds(
        sum(each.lower_s for each in unions),
        None if None in uppers else sum(each for each in uppers if each is not None),
    )
    recovered, why = _judged(probe["outages"], report, base.blocks)
    return replace(
        base,
        probe=probe["name"],
        column=planned.get("column") or _column(probe["name"]),
        service=probe["service"],
        outage=_bounds(probe["outage"]),
        total=total,
        budget_s=probe["budget_s"],
        # As it was written down before the fault, where it was.
        bound_s=planned.get("bound_s", probe["bound_s"]),
        recovered=recovered,
        why=why,
    )


def _judged(outages: Sequence[Data], report: Data, blocks: bool) -> tuple[bool | None, str]:
    """(did it come back without help, why not or why that is unknown)."""
    inject, heal = report["times"]["inject_s"], report["times"]["heal_s"]
    audits: Sequence[Data] = report["audits"]
    for audit in audits:
        if audit["verdict"] == "fail":
            return False, f"{audit['name']}: {audit['detail']}"
    after = [each for each in outages if each["first_bad"] >= inject]
    if any(each["upper_s"] is None for each in after):
        return False, "not served again"
    if not blocks and any(each["first_bad"] < heal <= each["last_bad"] for each in after):
        return False, "served again only once it was healed"
    if any(each["upper_s"] is None for each in outages):
        return None, "its recording starts bad"
    if any(note.startswith("not served for") for note in report["notes"]) and any(
        heal - STEADY_S <= each["last_bad"] < heal for each in after
    ):
        return None, "it was flapping when it was healed"
    doubtful = [audit["name"] for audit in audits if audit["verdict"] != "ok" and audit["name"] in _WELL]
    return (None, f"unknown: {', '.join(doubtful)}") if doubtful else (True, "")
