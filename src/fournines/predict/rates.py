"""How often parts fail: the documented figures of `rates.yaml`, and what the operator knows better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ruamel.yaml import YAML

from fournines.cloud.model import Cloud

YEAR_HOURS = 8760.0
Figure = Literal["per_year", "coverage", "repair_hours", "beta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One kind of part."""

    kind: str
    what: str
    per_year: float
    """Failures of one of them."""
    repair_hours: float
    """Mean time until one serves again, where people must act."""
    restart_seconds: float = 0.0
    """The same where it comes back by itself."""
    coverage: float = 0.0
    """Share of failures from which it comes back by itself; of `failover`: of failovers that succeed."""
    beta: float = 0.0
    """Share of failures that strike all of a group."""
    counted: bool = True
    range: tuple[float, float]
    """Low and high of `per_year`; of `failover`: of `coverage`. The same twice: it is not known to vary."""
    repair_range: tuple[float, float] = (0, 0)
    """The same of `repair_hours`."""
    beta_range: tuple[float, float] = (0, 0)
    """The same of `beta`."""
    basis: str
    source: str
    date: str
    own: bool = False
    """The operator's."""

    @property
    def down_hours(self) -> float:
        """Mean time from a failure until it serves again."""
        return self.coverage * self.restart_seconds / 3600 + (1 - self.coverage) * self.repair_hours

    @property
    def unavailability(self) -> float:
        """Share of the time in which one is down: alternately up and down, for long."""
        up = YEAR_HOURS / self.per_year if self.per_year else float("inf")
        return self.down_hours / (up + self.down_hours)

    @property
    def failures_per_year(self) -> float:
        """Failures that really happen in a year: none while it is down."""
        return self.per_year * (1 - self.unavailability)


_RANGES: Mapping[Figure, str] = {"per_year": "range", "repair_hours": "repair_range", "beta": "beta_range"}


def ranges_of(kind: str) -> Mapping[Figure, str]:
    """What of that kind has a range -> the range's name."""
    return {"coverage": "range", "repair_hours": "repair_range"} if kind == "failover" else _RANGES


@cache
def defaults() -> Mapping[str, Rate]:
    """`rates.yaml`, by kind."""
    yaml: Any = YAML(typ="safe", pure=True)
    found: Any = yaml.load(files("fournines.predict").joinpath("rates.yaml").read_text(encoding="utf-8"))
    return {kind: _rate(kind, dict(entry)) for kind, entry in found.items()}


def _rate(kind: str, entry: dict[str, Any]) -> Rate:
    per_year = YEAR_HOURS / entry.pop("mttf_hours") if "mttf_hours" in entry else entry.pop("per_year", 0.0)
    ranges = {key: (float(low), float(high)) for key in _RANGES.values() for low, high in [entry.pop(key, (0, 0))]}
    date = str(entry.pop("date"))
    return Rate(kind=kind, per_year=float(per_year), date=date, **ranges, **entry)


def rates(cloud: Cloud) -> Mapping[str, Rate]:
    """By kind, with what the cloud file says."""
    return {kind: _overridden(rate, cloud.rates.get(kind, {})) for kind, rate in defaults().items()}


def _overridden(rate: Rate, said: Mapping[str, Any]) -> Rate:
    if not said:
        return rate
    values: dict[str, Any] = {field.name: getattr(rate, field.name) for field in fields(rate)}
    values.update({key: value for key, value in said.items() if key != "mttf_hours"})
    if "mttf_hours" in said:
        values["per_year"] = YEAR_HOURS / said["mttf_hours"]
    # Beside a figure of his own our range says nothing.
    for figure, key in ranges_of(rate.kind).items():
        if key not in said and (figure in said or (figure == "per_year" and "mttf_hours" in said)):
            values[key] = (values[figure], values[figure])
    values.update(own=True, basis="yours", source="the cloud file")
    return Rate(**values)
