"""A cloud's predictions -> the plain data that posteriors are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fournines.availability.cut_sets import CutSet
from fournines.cloud.model import Cloud, Host
from fournines.posterior.model import Cut, Design, Model, Takeover
from fournines.predict.failovers import Loss
from fournines.predict.parts import Part
from fournines.predict.prediction import Prediction, predict
from fournines.predict.rates import Rate

CUTS = 200
"""Of each service, the likeliest: they say how its structure follows the rates."""
_SILENT = frozenset({"host", "rack", "feed", "switch"})
"""Kinds of parts with which hosts go silent."""


def design(cloud: Cloud) -> Design:
    """Raises NinesError where a cloud is too large for an exact prediction. Simulates nothing."""
    found = list(predict(cloud))
    rate = found[0].analysis.rates["failover"] if found else None
    return Design(
        cloud.name,
        tuple(_model(each) for each in found),
        {host.name: frozenset(host.roles) for host in cloud.hosts},
        (rate.coverage, *rate.range) if rate else (0.0, 0.0, 0.0),
        rate.basis if rate else "",
    )


def _model(prediction: Prediction) -> Model:
    analysis, cloud = prediction.analysis, prediction.cloud
    structure = prediction.streams[0]
    parts = analysis.structure.parts
    kinds = _Kinds(analysis.rates, Part.unavailability)
    return Model(
        prediction.name,
        analysis.visible.title,
        analysis.visible.column,
        prediction.budget_s,
        structure.per_year,
        structure.mean_s,
        tuple(_takeover(loss, prediction) for loss in prediction.losses),
        tuple(_cut(found, parts, cloud, kinds) for found in analysis.likeliest(CUTS)),
    )


class _Kinds:
    """Shares of the rates by which parts fail, of whatever is asked of a part."""

    def __init__(self, rates: Mapping[str, Rate], ask: Callable[[Part, Mapping[str, Rate]], float]) -> None:
        self.rates, self.ask = rates, ask
        self.off = {kind: replace(rate, counted=False) for kind, rate in rates.items()}
        self.known: dict[tuple[str, str | None, bool], Mapping[str, float]] = {}

    def of(self, part: Part) -> Mapping[str, float]:
        """Rate -> what the part has by it alone. All parts of a kind have the same."""
        key = part.kind, part.of, bool(part.group)
        if key not in self.known:
            self.known[key] = {
                rate.kind: self.ask(part, {**self.off, rate.kind: rate}) for rate in part.rates(self.rates)
            }
        return self.known[key]


def _shares(found: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    sums: dict[str, float] = {}
    for each in found:
        for kind, value in each.items():
            sums[kind] = sums.get(kind, 0.0) + value
    whole = sum(sums.values())
    return {kind: value / whole for kind, value in sorted(sums.items()) if value} if whole else {}


def _takeover(loss: Loss, prediction: Prediction) -> Takeover:
    analysis = prediction.analysis
    placement = next(each for each in analysis.structure.stands_on if each.name == loss.service)
    parts, kinds = analysis.structure.parts, _Kinds(analysis.rates, Part.per_year)
    lost = {
        name: parts[name]
        for names in analysis.structure.members[loss.service]
        for name in names
        if name in parts and (parts[name].kind == "host") == (loss.what == "hosts")
    }
    return Takeover(
        loss.service,
        loss.what,
        loss.per_year,
        loss.seconds,
        loss.coverage,
        loss.failed_seconds,
        loss.share,
        placement.failover is not None and placement.failover.of == "each",
        frozenset(host.name for host in placement.hosts),
        _shares(kinds.of(part) for part in lost.values()),
    )


def _cut(found: CutSet, parts: Mapping[str, Part], cloud: Cloud, kinds: _Kinds) -> Cut:
    own = [parts[name] for name in found.events]
    silent = frozenset(host.name for host in cloud.hosts if _silent(host, own, parts))
    daemons = frozenset(
        (part.loc[-1], each.host)
        for part in own
        if "daemon" in (part.kind, part.of)
        for each in (parts.values() if part.kind == "group" else [part])
        if each.kind == "daemon" and each.loc == part.loc
    )
    return Cut(
        found.events,
        found.probability,
        tuple(_shares([kinds.of(part)]) for part in own),
        silent,
        frozenset((service, host) for service, host in daemons if host not in silent),
        all("daemon" in (part.kind, part.of) or _SILENT & {part.kind, part.of} for part in own),
    )


def _silent(host: Host, lost: Iterable[Part], parts: Mapping[str, Part]) -> bool:
    """Whether it is down with these parts: itself, its rack, all its feeds or switches, or all its likes."""
    gone = {part.name for part in lost}
    groups = {(part.of, part.group) for part in lost if part.kind == "group"}
    mine = parts.get(f"host {host.name}")
    return (
        f"host {host.name}" in gone
        or f"rack {host.rack}" in gone
        or (mine is not None and ("host", mine.group) in groups)
        or any(
            own and (all(f"{kind} {name}" in gone for name in own) or any(of == kind for of, _ in groups))
            for kind, own in (("feed", host.feeds), ("switch", host.switches))
        )
    )
