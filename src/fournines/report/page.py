"""The document as one HTML page that needs nothing else: style and pictures inside, no script, no address.

Everything that comes from evidence is escaped: details are what daemons said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import get_args

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from fournines import __version__
from fournines.prove.report import ProbeReport
from fournines.report import words
from fournines.report.document import Document
from fournines.report.draw import lanes, scatter, strips
from fournines.report.draw.keys import key
from fournines.report.evidence import Drill, Measured, Standing, budget_kept

OPEN = 8
"""Drills that are unfolded at most, those with a failed check apart: all of these are."""


def page(report: Document) -> str:
    """HTML, the same for the same document."""
    drills = report.evidence.drills
    standings = Counter(drill.standing for drill in drills)
    campaign = report.evidence.campaign
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            version=__version__,
            words=words,
            counted=sum(drill.counts for drill in drills),
            lost=_lost(drills),
            predicted=any(each.predicted for each in report.services),
            legend=[(kind, words.STANDING[kind], standings[kind]) for kind in get_args(Standing) if standings[kind]],
            opened=_opened(drills),
            versions=_versions(campaign.versions) if campaign else (),
            budget_kept=budget_kept,
            key=key,
            lane=_lane,
            together=_together,
            axis=lanes.axis,
            strip=strips.strip,
            ruler=strips.ruler,
            scatter=scatter.scatter,
        )
    )


@cache
def _environment() -> Environment:
    def load(name: str) -> str:
        return (resources.files("fournines.report") / "templates" / name).read_text(encoding="utf-8")

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def _lane(found: Measured, probe: ProbeReport, out: str) -> Markup:
    times = f", {words.count(len(probe.outages), 'outage')}" if len(probe.outages) > 1 else ""
    since = f", first {words.plain(probe.outages[0].first_bad)} s after the fault" if probe.outages else ""
    return lanes.lane(found, probe.outages, f"{probe.name}: out {out}{' s' if probe.outages else ''}{times}{since}")


def _together(found: Measured) -> Markup:
    """All probes in one lane."""
    every = [outage for probe in found.probes for outage in probe.outages]
    out = sum(bool(probe.outages) for probe in found.probes)
    return lanes.lane(found, every, f"{out} of {words.count(len(found.probes), 'probe')} had an outage")


def _lost(drills: Sequence[Drill]) -> list[str]:
    """`2 void`, `1 did not end`: why the others do not count."""
    counts = {
        "void": sum(drill.measured is not None and not drill.counts for drill in drills),
        "did not end": sum(drill.standing == "unfinished" for drill in drills),
        "broken": sum(drill.standing == "broken" for drill in drills),
    }
    return [f"{number} {name}" for name, number in counts.items() if number]


def _opened(drills: Sequence[Drill]) -> frozenset[int]:
    """Places of those that are unfolded: with a failed check, and some more, the worst standing first."""
    order = get_args(Standing)
    telling = sorted((order.index(drill.standing), place) for place, drill in enumerate(drills) if drill.measured)
    failed = {place for _, place in telling if drills[place].standing == "failed"}
    return frozenset(failed | {place for _, place in telling[:OPEN]})


def _versions(hosts: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str, str]]:
    """(package, version, hosts that have it)."""
    found: dict[tuple[str, str], list[str]] = {}
    for host, packages in sorted(hosts.items()):
        for package, version in packages.items():
            found.setdefault((package, version), []).append(host)
    return [(package, version, ", ".join(names)) for (package, version), names in sorted(found.items())]
